"""What a caption claims, read by a word list: the kind, how fast, with how much energy, how gently, from how far, which hand, how often.

The list was written for English sentences about people, and shares nothing with whatever wrote them, so that it can judge it. What
it cannot read it names: a word that it does not know, or a sentence that says two things at once. Who begins is not a word: it is
"one person" of the sentence, and the other person answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

_KINDS = (
    ("ring", r"three people .*\b(round|around|ring|chain|circle)\b"),
    ("greet", r"(three people|other two|one person of three|two others).*\b(wav\w+|greet\w*)|\bwav\w+.*(other two|two others)"),
    ("mirror_dance", r"\bmirror\w*|\bsways? (sideways|from side to side)|\bdanc\w+"),
    ("high_five", r"\bhigh[- ]fives?\b|\bclap palms\b"),
    ("handshake", r"\bhandshake\b|\bshakes? (hands|it|the)\b|\b(offers|extends|holds out) (their|the|one|a) (\w+ )?hand\b"),
    ("pat_back", r"\bpats?\b|\bpatting\b"),
    ("punch_block", r"\b(punch\w*|strikes?|parr\w+|blocks?|spar)\b"),
    ("kick_dodge", r"\b(kicks?|dodg\w+|evades?)\b"),
    ("push", r"\b(push\w*|shov\w+)\b"),
    ("hug", r"\b(hugs?|embrac\w+)\b"),
    ("hand_over", r"\bobject\b|\b(hands|passes) .* over\b"),
    ("arm_link", r"\b(links?|linked|hooks?|hooked|arm in arm)\b"),
    ("bow", r"\bbow\w*\b"),
    ("wave", r"\bwav\w+\b"),
    ("stretch", r"\bstretch\w*\b|\b(raises|lifts|lifting) both arms\b"),
    ("part", r"\baway (from the other|as well|too)\b|\bpart\b|\baway\b.*\bother person (walks|does)\b"),
    ("approach", r"\b(towards?|face to face|to meet)\b"),
    ("follow", r"\b(leads?|ahead|in front)\b.*\bfollows?\b|\bfollows?\b.*\b(leads?|ahead|in front)\b"),
    ("follow", r"\b(one after the other|leads the way|walks ahead)\b"),
    ("circle", r"\bcircle\b|\b(round|around) each other\b|\bopposite\b"),
    ("walk", r"\bwalks?\b"),
)  # fmt: skip
"""In this order: the first that fits. What only one kind's sentences say stands before what several say."""

_SPEED = {
    "slow": r"slow(ly)?|unhurried(ly)?|leisurely|taking (their|his|her) time|without haste",
    "normal": r"(normal|average|usual|ordinary|medium) (pace|speed|tempo)",
    "fast": r"fast|quick(ly)?|swift(ly)?|rapid(ly)?|brisk(ly)?|hurriedly|in a hurry",
}
_MANNER = r"(ordinary|moderate|medium)"
_GENTLENESS = {
    "gentle": r"gently|softly|lightly|loosely|carefully|tenderly|hardly gives way",
    "normal": rf"{_MANNER} (force|strength|firmness|pressure|effort)",
    "forceful": r"forcefully|vigorously|tightly|firmly|roughly|great force|hard thrust|staggers?|stumbles?",
}
_ENERGY = {
    "low": r"little energy|listless(ly)?|weakly|feebly|slightly|shallow(ly)?|little depth|small movements|hardly any"
    r"|low height|chest height",
    "normal": rf"{_MANNER} (energy|depth|height|swing|arm swing)|halfway|medium sized movements|(head|shoulder) height",
    "high": r"great energy|a lot of energy|energetic(ally)?|powerful(ly)?|deep bend|deep(ly)?|great depth|large movements|lively"
    r"|overhead|high up",
}
_DISTANCE = {
    "near": r"close together|(at|from) close range|(short|small) step|steps in|close to|close behind|closely behind"
    r"|(small|tight|narrow) (circle|ring)|short (distance|way)|nearby|(a )?few steps",
    "far": r"far apart|(at|from) a distance|far from|far away|some way (off|behind)|(far|well) behind"
    r"|(large|wide|big) (circle|ring)|long (distance|way)|many steps",
}
_HAND = {side: rf"{side} (hand|arm|leg|foot)" for side in ("left", "right")}
_REPETITIONS = {
    "1": r"once|a single time|one time",
    "2": r"twice|two times",
    "3": r"thrice|three times( in a row)?",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "speed": _SPEED,
    "gentleness": _GENTLENESS,
    "energy": _ENERGY,
    "distance": _DISTANCE,
    "hand": _HAND,
    "repetitions": _REPETITIONS,
}
_BY_KIND: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    # How far who is pushed gives way tells how hard the push is.
    "push": {"gentleness": {"gentle": r"sways", "normal": r"takes a step back"}},
}
_NO_ENERGY = frozenset({"handshake", "high_five", "push", "hug", "pat_back", "hand_over"})
"""Kinds of contact: how they are done is gentle or forceful."""
_PLAIN = """
a accepts across after again ahead all alone along also an and another answer answers any are arm arms around as at away back backs
backward backwards begin begins behind beside block blocking blocks both bow bowing bows by carries chain chest circle circles clap
claps clasped clasps come comes dance dances dancing do dodges does draw draws each embrace embraces evade evades evading every extends
face first fist fists five floor follow following follows for forearm forearms form forward from front give gives go goes grasps greet
greetings group guard hand hands handshake happen has have here high hold holds hooks hug hugging hugs image in into is it join joins
kick kicking kicks leading leads leaning leans leg let lets lift lifting lifts like line link linked links low lower lowering lowers
makes match matches meet meets middle mirror mirroring mirrors moved movement moves moving next no nobody object of off offering offers
on one only open opens opposite other other's others out over pace palm palms parries part passes past pat pats patting people person
person's place places position positions punch punches punching push pushed pushes pushing puts raise raised raises raising range
reaches reaching receives return returns ring round row same scene set sets shake shakes shaking share shove shoves side sides sideways
sink slap slaps somebody someone spar spot stand standing stands start starting starts stay stays step stepping steps straight stretch
stretches stretching strikes striking suit swaying sways swing swings take takes taking tempo that the their theirs them then there they
this three to together too toward towards turn turning turns two under until up upper upward use uses using walk walking walks wave
waves waving way well when where which while who whose with wrap wraps
"""
"""Words that claim nothing by themselves."""
_PLAIN_WORDS = frozenset(_PLAIN.split())


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a caption says, as far as it can be read."""

    said: Mapping[str, str]
    """Parameter -> value; `kind` too. What the caption does not say is absent."""
    unread: tuple[str, ...]
    """Words that the list does not know, and parameters of which two values are said, as `speed: fast, slow`."""


def claims(caption: str) -> Claims:
    """Read one caption."""
    text = " ".join(re.findall(r"[a-z']+|[,.;:]", caption.lower().replace("’", "'")))
    kind = next((name for name, pattern in _KINDS if re.search(pattern, text)), None)
    said = {} if kind is None else {"kind": kind}
    unread, rest = [] if kind else ["kind"], text
    for name, values in _patterns(kind).items():
        found = [value for value, pattern in values.items() if pattern.search(text)]
        if len(found) == 1:
            said[name] = found[0]
        elif found:
            unread.append(f"{name}: {', '.join(found)}")
        for pattern in values.values():
            rest = pattern.sub(" ", rest)
    unread += sorted({word for word in re.findall(r"[a-z']+", rest) if word not in _PLAIN_WORDS})
    return Claims(said=said, unread=tuple(unread))


@cache
def _patterns(kind: str | None) -> Mapping[str, Mapping[str, re.Pattern[str]]]:
    """Parameter -> value -> what says so, in sentences about this kind."""
    special = _BY_KIND.get(kind or "", {})
    names = [name for name in _WORDS if name != ("energy" if kind in _NO_ENERGY else "gentleness")]
    return {name: {value: _pattern(words, special.get(name, {}).get(value)) for value, words in _WORDS[name].items()} for name in names}


def _pattern(words: str, more: str | None) -> re.Pattern[str]:
    return re.compile(rf"\b({words}|{more})\b" if more else rf"\b({words})\b")
