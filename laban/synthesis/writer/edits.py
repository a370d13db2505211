"""What is asked for when a style is to become another, and how the two are told apart afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from laban.synthesis.phrases import PHRASES
from laban.synthesis.phrases.grammar import pick, say
from laban.synthesis.style import VALUES, Style
from laban.synthesis.writer.words import COUNTS, ORDINALS, VALUE, limb, space, subject

_TO: Mapping[str, Mapping[object, str]] = {
    "speed": {
        "slow": "[make it slow|do it slowly|give it a slow tempo]",
        "normal": "[bring it to normal speed|do it at a normal pace|give it a normal tempo]",
        "fast": "[make it fast|do it quickly|give it a fast tempo]",
    },
    "energy": {
        "low": "[put only little energy into it|make it low in energy|make the movement small and listless]",
        "normal": "[put ordinary energy into it|make it of medium energy]",
        "high": "[put great energy into it|make it energetic|make the movement large and lively]",
    },
    "gentleness": {
        "gentle": "[make it gentle|do it softly|make it soft and careful]",
        "normal": "[do it with ordinary force|make its force ordinary|use moderate force]",
        "forceful": "[make it forceful|put great force into it|do it with a lot of force]",
    },
    "repetitions": {
        1: "[do it just once|do it only one time|let it happen once]",
        2: "[do it twice|do it two times|let it happen twice]",
        3: "[do it three times|let it happen three times]",
    },
}
"""Parameter -> the value to come -> what is asked for. Of hand, starter and distance, see `_wish`."""
_BY: Mapping[str, Mapping[int, str]] = {
    "speed": {
        -2: "make it [much|a lot|far] slower", -1: "make it [slower|a little slower|one step slower|somewhat slower]",
        1: "make it [faster|a little faster|one step faster|somewhat faster]", 2: "make it [much|a lot|far] faster",
    },
    "energy": {
        -2: "make it [much|a lot|far] less energetic", -1: "make it [less energetic|a little less energetic|a bit calmer]",
        1: "make it [more energetic|a little more energetic|a bit livelier]", 2: "make it [much|a lot|far] more energetic",
    },
    "gentleness": {
        -2: "make it [much|a lot|far] gentler", -1: "make it [gentler|a little gentler|a bit softer]",
        1: "make it [more forceful|a little more forceful|a bit less gentle]", 2: "make it [much|a lot|far] more forceful",
    },
    "repetitions": {
        -2: "do it two times fewer", -1: "do it [one time fewer|once less]", 1: "do it [once more|one more time]",
        2: "do it [twice more|two more times]",
    },
}  # fmt: skip
"""Parameter -> steps on its scale -> what is asked for: a comparative is one step, a strong one two, so that each has one outcome."""
_CLOSER: Mapping[str, tuple[str, str]] = {
    "start": ("let them start closer together", "let them start farther apart"),
    "apart": ("let them dance closer together", "let them dance farther apart"),
    "behind": ("make the gap between them smaller", "make the gap between them larger"),
    "circle": ("make the circle smaller", "make the circle larger"),
    "ring": ("make the ring smaller", "make the ring larger"),
    "from": ("let them come from less far", "let them come from farther away"),
    "away": ("make the way shorter", "make the way longer"),
}
_NOUN = {"speed": "speed", "energy": "energy", "gentleness": "force"}


def differing(before: Style, after: Style) -> list[str]:
    """Names of the parameters that differ, in the order of the kind."""
    return [name for name in before.has if getattr(before, name) != getattr(after, name)]


def instruction(before: Style, after: Style, people: Sequence[int], rng: np.random.Generator) -> str:
    """A sentence that asks for all that differs and for nothing else; people are numbered in the order in which they are shown."""
    wishes = [_wish(before, after, name, people, rng) for name in differing(before, after)]
    if len(wishes) > 1 and rng.random() < 0.5:
        wishes.reverse()
    joint = pick(rng, (", and ", " and ", ", and also "))
    frame = pick(rng, ("{wish}.", "{wish}, please.", "[Now|Please|Next] {wish}.", "Can you {wish}?", "I would like a change: {wish}."))
    return say(frame, rng, wish=joint.join(wishes))


def _wish(before: Style, after: Style, name: str, people: Sequence[int], rng: np.random.Generator) -> str:
    """In the imperative."""
    old, new = getattr(before, name), getattr(after, name)
    if name == "starter":
        absolute = f"[let|have] the {ORDINALS[list(people).index(new)]} person [start|begin|go first]"
        relative = "[let the other one start|swap who begins|let the other person begin]"
        return _lower(absolute if len(people) != 2 or rng.random() < 0.5 else relative, rng)
    if name == "hand":
        what = limb(after)
        return _lower(f"[use the {new} {what}|do it with the {new} {what}|use the other {what}|change to the {new} {what}]", rng)
    if name == "distance":
        verb, where = space(after)
        near, far = _CLOSER[PHRASES[after.kind].near]
        relative = near if new == "near" else far
        return relative if rng.random() < 0.5 else f"let {subject(after).replace('they', 'them')} {verb} {where}"
    steps = VALUES[name].index(new) - VALUES[name].index(old)
    return _lower(_BY[name][steps] if rng.random() < 0.5 else _TO[name][new], rng)


def _lower(template: str, rng: np.random.Generator) -> str:
    said = say(template, rng)
    return said[0].lower() + said[1:]


def difference(before: Style, after: Style, people: Sequence[int], rng: np.random.Generator) -> str:
    """Sentences that tell all that differs, before and after."""
    told = [_told(before, after, name, people, rng) for name in differing(before, after)]
    return " ".join(told)


def _told(before: Style, after: Style, name: str, people: Sequence[int], rng: np.random.Generator) -> str:
    old, new = getattr(before, name), getattr(after, name)
    if name == "starter":
        first, second = (ORDINALS[list(people).index(person)] for person in (new, old))
        return say(f"[Now the {first} person starts, not the {second}|It was the {second} person who started; now it is the {first}].", rng)
    if name == "hand":
        what = limb(after)
        return say(f"[The {new} {what} is used instead of the {old} {what}|It was the {old} {what} and is now the {new} one].", rng)
    if name == "repetitions":
        return say(f"[It is done {COUNTS[new]} now, not {COUNTS[old]}|It was done {COUNTS[old]} and is now done {COUNTS[new]}].", rng)
    if name == "distance":
        verb, where = space(after)
        verb = verb if subject(after) == "they" else f"{verb}es"
        return say(f"[{subject(after)} {verb} {where} now|Now {subject(after)} {verb} {where}, not {space(before)[1]}].", rng)
    was, now = VALUE[name][old], VALUE[name][new]
    return say(
        f"[It was {was} and is {now} now|The {_NOUN[name]} has changed: it was {was}, and now it is {now}|It is {now} now, not {was}].", rng
    )
