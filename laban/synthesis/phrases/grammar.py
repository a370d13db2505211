"""A small language for sentences: `[a|b]` is one of several wordings, `{slot}` is filled in by whoever says the sentence.

A wording may hold slots, but no further wordings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar

import numpy as np

_PIECE = re.compile(r"\[([^\]]*)\]|\{(\w+)\}|([^\[{]+)")
_Item = TypeVar("_Item")


def pick(rng: np.random.Generator, options: Sequence[_Item]) -> _Item:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


@cache
def _parsed(template: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Pieces: a slot's name and nothing, or no name and wordings."""
    found = _PIECE.findall(template)
    return tuple((slot, () if slot else tuple(choice.split("|")) if not plain else (plain,)) for choice, slot, plain in found)


@cache
def slots_of(template: str) -> tuple[str, ...]:
    """Names of the slots, in order; those of wordings too."""
    return tuple(re.findall(r"\{(\w+)\}", template))


def say(template: str, rng: np.random.Generator, **slots: str) -> str:
    """The template with one of its wordings and its slots filled in, tidied: a capital first, single blanks, none before a stop."""
    text = re.sub(" +([,.;:?])", r"\1", re.sub(" +", " ", _filled(template, rng, slots))).strip()
    text = re.sub(",+([,.;:])", r"\1", text)
    return text[0].upper() + text[1:]


def _filled(template: str, rng: np.random.Generator, slots: Mapping[str, str]) -> str:
    said = []
    for slot, options in _parsed(template):
        one = slots[slot] if slot else options[0] if len(options) == 1 else pick(rng, options)
        said.append(_filled(one, rng, slots) if not slot and len(options) > 1 and "{" in one else one)
    return "".join(said)


@dataclass(frozen=True, kw_only=True)
class Phrases:
    """How captions of one kind are worded."""

    templates: tuple[str, ...]
    """Sentences with slots; each can tell every parameter of the kind but who starts, which "one person" tells."""
    manner: Mapping[str, tuple[str, ...]]
    """How gentle or forceful, or of how much energy."""
    hand: str = "hand"
    """What `hand` means of the body."""
    near: str = "start"
    """What `distance` means: a key of `DISTANCE`."""
    gives: Mapping[str | None, tuple[str, ...]] | None = None
    """What the other person does, where that shows the manner too; None: nothing of the kind."""

    @cached_property
    def slots(self) -> Mapping[str, Mapping[object, tuple[str, ...]]]:
        """Slot -> value of its parameter -> phrases; for None the phrases that tell nothing."""
        hands = {side: (f"their {side} {self.hand}", f"the {side} {self.hand}") for side in ("left", "right")}
        return {
            "quick": QUICK, "pace": PACE, "times": TIMES, **DISTANCE[self.near], "manner": {**self.manner, None: ("",)},
            "hand": {**hands, None: (f"one {self.hand}", f"{'an' if self.hand[0] in 'aeiou' else 'a'} {self.hand}")},
            "gives": self.gives or {},
        }  # fmt: skip


QUICK: Mapping[object, tuple[str, ...]] = {
    "slow": ("slowly", "unhurriedly"), "fast": ("quickly", "swiftly", "rapidly", "briskly"), None: ("",),
}  # fmt: skip
PACE: Mapping[object, tuple[str, ...]] = {
    "slow": (", at a slow pace", ", at a leisurely pace", ", taking their time"),
    "normal": (", at a normal pace", ", at an average pace", ", at a normal speed", ", at the usual tempo"),
    "fast": (", at a fast pace", ", at a quick tempo", ", at a rapid pace"),
    None: ("",),
}
TIMES: Mapping[object, tuple[str, ...]] = {
    1: ("once", "a single time"), 2: ("twice", "two times"), 3: ("three times", "three times in a row"), None: ("",),
}  # fmt: skip
DISTANCE: Mapping[str, Mapping[str, Mapping[object, tuple[str, ...]]]] = {
    "start": {
        "setting": {
            "near": ("Two people stand close together.", "Two people face each other at close range.", "Two people begin close together."),
            "far": ("Two people start far apart.", "Two people face each other from a distance.", "Two people begin far from each other."),
            None: ("",),
        },
        "come": {
            "near": ("takes a short step forward and", "steps in and", "makes a short step in and"),
            "far": ("walks up from a distance and", "comes over from some way off and", "walks over from far away and"),
            None: ("",),
        },
    },
    "apart": {
        "setting": {
            "near": ("Two people face each other at close range.", "Two people stand close together, face to face."),
            "far": ("Two people face each other from a distance.", "Two people stand far apart, face to face."),
            None: ("",),
        },
        "where": {
            "near": (", close to them,", ", at close range,"),
            "far": (", far from them,", ", at a distance,", ", some way off,"), None: ("",),
        },
    },
    "behind": {
        "where": {
            "near": ("close behind", "closely behind", "only a short step behind"),
            "far": ("far behind", "well behind", "some way behind", "at a distance"), None: ("behind",),
        },
    },
    "circle": {
        "where": {
            "near": ("in a small circle", "in a tight circle", "in a narrow circle"),
            "far": ("in a large circle", "in a wide circle", "in a big circle"), None: ("in a circle",),
        },
    },
    "ring": {
        "where": {
            "near": ("in a small ring", "in a tight ring", "in a narrow ring"),
            "far": ("in a large ring", "in a wide ring", "in a big ring"), None: ("in a ring",),
        },
    },
    "from": {
        "where": {
            "near": ("from a short distance", "from nearby", "from close range"),
            "far": ("from far away", "from a long distance", "from a long way off"), None: ("",),
        },
    },
    "away": {
        "where": {
            "near": ("a few steps", "a short distance", "a short way"), "far": ("many steps", "a long distance", "a long way"), None: ("",),
        },
    },
}  # fmt: skip
FORCE: Mapping[str, tuple[str, ...]] = {
    "gentle": ("gently", "softly", "lightly"),
    "normal": ("with ordinary force", "with moderate force", "with medium strength"),
    "forceful": ("forcefully", "vigorously", "with great force"),
}
ENERGY: Mapping[str, tuple[str, ...]] = {
    "low": ("with little energy", "listlessly"),
    "normal": ("with ordinary energy", "with moderate energy", "with medium energy"),
    "high": ("with great energy", "energetically", "with a lot of energy"),
}
