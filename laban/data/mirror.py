"""A clip seen in a mirror: left and right exchanged in motion, words and style alike.

Words that only look like sides stay (`leftover`, `upright`, `right away`, `left the room`). Which ones do is decided from the words
**around**, never from whether it says left or right, so that mirroring twice gives the text back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from laban.data.clip import Clip
from laban.motion.mirror import POINT, mirror_points, mirror_rotations

SUFFIX = "-mirrored"
"""What a mirrored clip's id ends with; mirrored again, it loses it."""

_REACH = 40
"""Letters before and after that are looked at; no context below is longer."""
_TURNING = (
    "turn|step|sidestep|look|lean|veer|swerve|pivot|rotate|spin|twist|tilt|sway|swing|shift|slide|glance|bend|move|fac(?:e|ing)"
    "|shuffle|hop|roll"
)
_SIDE = re.compile(
    r"(?<![a-z])(?P<side>left|right)(?P<end>(?:s|wards?|most|y|ies|ie|hand|handed|handedness|hander|handers|foot|footed|side)?)(?![a-z])",
    re.I,
)
_CLOCK = re.compile(r"(?<![a-z])(?P<counter>(?:counter|anti)[- ]?)?clock-?wise(?![a-z])", re.I)
_OWNED_BEFORE = re.compile(
    r"(?:\b(?:the|to|his|her|their|its|my|your|each|both|other|far|upper|lower|slightly)|'s|’s|(?:left|right),?\s+(?:and|or|to|then))\s+\Z",
    re.I,
)
_TURNING_BEFORE = re.compile(rf"\b(?:{_TURNING})(?:s|es|d|ed|ing|ning|ned|ting|ted|ping|ped|ling|led)?\s+\Z", re.I)
_ALL_BEFORE = re.compile(r"\ball[\s-]\Z", re.I)
_LEAVING_BEFORE = re.compile(r"\b(?:has|had|have|having)\s+(?:just\s+|already\s+)?\Z", re.I)
_NEVER = re.compile(r"[\s-](?:now|angle[sd]?|triangles?|side[\s-]up|moment|time)\b", re.I)
"""Before these there is no side, whatever stands on the other hand: `right now`, `a right angle`."""
_UNLESS_OWNED = re.compile(r"\s+(?:away(?!\s+from)|up\s+to)\b", re.I)
"""`steps right up to him`, but `raises his right up to the chin`."""
_UNLESS_TURNED = re.compile(
    r"\s+(?:after|afterwards|before|behind|beside|next\s+to|in\s+front|in\s+between|above|below|on\s+top|at|there|here|when|as|where|through"
    r"|the|alone|over|standing|him|them|empty)\b",
    re.I,
)
"""`right after him`, `left the room`, but `turns right after him`, `on his left the other stands`."""


def mirrored(clip: Clip) -> Clip:
    """The clip reflected at the plane x = 0; its group is kept, so that no split parts it from the original. Its own inverse."""
    return replace(
        clip,
        id=clip.id.removesuffix(SUFFIX) if clip.id.endswith(SUFFIX) else clip.id + SUFFIX,
        group=clip.group or clip.id,
        positions=mirror_points(clip.positions),
        root=None if clip.root is None else clip.root * np.array(POINT, clip.root.dtype),
        offsets=None if clip.offsets is None else mirror_points(clip.offsets),
        rotations=None if clip.rotations is None else mirror_rotations(clip.rotations),
        captions=tuple(replace(caption, text=mirror_text(caption.text)) for caption in clip.captions),
        style={name: mirror_text(value) if isinstance(value, str) else value for name, value in clip.style.items()},
    )


def mirror_text(text: str) -> str:
    """The text with left and right, clockwise and counterclockwise exchanged; the case of letters is kept.

    Its own inverse, but for spelling: however it was written (`counter-clockwise`, `anticlockwise`, `clock-wise`), `clockwise` and
    `counterclockwise` come out, and a word in MiXed case in small letters after its first.
    """
    return _CLOCK.sub(_other_way_round, _SIDE.sub(lambda found: _other_side(found, text), text))


def _other_side(found: re.Match[str], text: str) -> str:
    start, end = found.span()
    if not found["end"] and not _says_side(text[max(0, start - _REACH) : start], text[end : end + _REACH]):
        return found[0]
    return _cased("right" if found["side"].lower() == "left" else "left", found["side"]) + found["end"]


def _says_side(before: str, after: str) -> bool:
    if _NEVER.match(after) or _ALL_BEFORE.search(before):
        return False
    if _OWNED_BEFORE.search(before):
        return True
    if _UNLESS_OWNED.match(after) or (_LEAVING_BEFORE.search(before) and not re.match(r"[\s-]+[a-z]", after, re.I)):
        return False
    return bool(_TURNING_BEFORE.search(before)) or not _UNLESS_TURNED.match(after)


def _other_way_round(found: re.Match[str]) -> str:
    return _cased("clockwise" if found["counter"] else "counterclockwise", found[0])


def _cased(word: str, like: str) -> str:
    """`word` in capitals, capitalised or small as `like` is."""
    style: Callable[[str], str] = str.upper if like.isupper() else str.capitalize if like[0].isupper() else str.lower
    return style(word)
