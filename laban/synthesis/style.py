"""What can be done and how: the kinds of procedural interaction, their style parameters, and the space these span.

A kind has only those parameters that show in its motion; of the others a style carries the neutral value.
Kinds of contact have `gentleness` (how softly the people touch), the others `energy` (how large and lively the movement is).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from laban.data.clip import Clip
from laban.data.styles import StyleSpace

SOURCE = "procedural"
LICENCE = "Apache-2.0"
INTERACTION_SECONDS = 4.0
"""What the slowest interaction from afar takes; afterwards people only stand."""

VALUES: Mapping[str, tuple[Any, ...]] = {
    "speed": ("slow", "normal", "fast"),
    "energy": ("low", "normal", "high"),
    "gentleness": ("gentle", "normal", "forceful"),
    "distance": ("near", "far"),
    "hand": ("left", "right"),
    "starter": (0, 1),
    "repetitions": (1, 2, 3),
}
"""Parameter -> what it can be. `starter` is the number of the person who begins."""
NEUTRAL: Mapping[str, Any] = {
    "speed": "normal", "energy": "normal", "gentleness": "normal", "distance": "near", "hand": "right", "starter": 0, "repetitions": 1,
}  # fmt: skip
"""What a style carries of a parameter that its kind does not have."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One thing that people do."""

    name: str
    people: int = 2
    contact: bool = False
    """Whether bodies touch."""
    has: tuple[str, ...]
    """The parameters that show in its motion."""
    unseen: Mapping[str, Any]
    """The combination that is kept out of training: about a twelfth of the kind's styles."""


def _kind(name: str, has: str, *, people: int = 2, contact: bool = False, **unseen: Any) -> Kind:
    return Kind(name=name, people=people, contact=contact, has=tuple(has.split()), unseen=unseen)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind("handshake", "speed gentleness distance hand starter", contact=True, hand="left", speed="fast", distance="far"),
        _kind("high_five", "speed gentleness distance hand starter", contact=True, hand="left", speed="slow", distance="near"),
        _kind("push", "speed gentleness distance hand starter", contact=True, hand="left", gentleness="gentle", distance="far"),
        _kind("hug", "speed gentleness distance starter", contact=True, speed="fast", gentleness="forceful"),
        _kind("pat_back", "speed gentleness hand starter repetitions", contact=True, hand="left", speed="slow", repetitions=3),
        _kind("hand_over", "speed gentleness distance hand starter", contact=True, hand="left", speed="normal", distance="far"),
        _kind("arm_link", "speed energy hand starter", contact=True, hand="left", speed="slow"),
        _kind("punch_block", "speed energy hand starter repetitions", contact=True, hand="left", energy="high", repetitions=2),
        _kind("kick_dodge", "speed energy distance hand starter", hand="left", speed="fast", energy="low"),
        _kind("bow", "speed energy distance hand starter", hand="right", energy="high", distance="near"),
        _kind("wave", "speed energy distance hand starter repetitions", hand="left", speed="slow", repetitions=2),
        _kind("mirror_dance", "speed energy distance starter repetitions", energy="low", speed="fast"),
        _kind("follow", "speed energy distance starter", speed="slow", energy="high"),
        _kind("circle", "speed energy distance starter", speed="normal", energy="low"),
        _kind("approach", "speed energy distance starter", speed="fast", energy="high"),
        _kind("part", "speed energy distance starter", speed="slow", energy="low"),
        _kind("walk", "speed energy distance", people=1, speed="fast", energy="low"),
        _kind("stretch", "speed energy repetitions", people=1, speed="slow", energy="high"),
        _kind("ring", "speed energy distance", people=3, speed="normal", energy="high"),
        _kind("greet", "speed energy hand starter repetitions", people=3, hand="left", speed="slow", repetitions=2),
    )
}
PAIR_KINDS = tuple(kind.name for kind in KINDS.values() if kind.people == 2)


@dataclass(frozen=True, kw_only=True, order=True)
class Style:
    """What the people do and how."""

    kind: str
    speed: str = NEUTRAL["speed"]
    energy: str = NEUTRAL["energy"]
    gentleness: str = NEUTRAL["gentleness"]
    distance: str = NEUTRAL["distance"]
    """`near` or `far`, of where the people start; see the kind's choreography."""
    hand: str = NEUTRAL["hand"]
    """The hand that both use, that the starter acts with, or in a kick the leg."""
    starter: int = NEUTRAL["starter"]
    """Who begins; the other follows with a lag."""
    repetitions: int = NEUTRAL["repetitions"]

    @property
    def has(self) -> tuple[str, ...]:
        """The parameters that show in this kind's motion."""
        return KINDS[self.kind].has

    @property
    def unseen(self) -> bool:
        """Whether the combination is kept out of train, val and test."""
        return all(getattr(self, name) == value for name, value in KINDS[self.kind].unseen.items())

    def parameters(self) -> dict[str, Any]:
        """All but the kind, as a clip carries it: only what the kind has."""
        values = asdict(self)
        return {name: values[name] for name in self.has}

    @classmethod
    def of(cls, clip: Clip) -> Style | None:
        """The style that a clip was made with; None for capture."""
        if clip.source != SOURCE:
            return None
        whole: dict[str, Any] = {name: int(value) if name in ("starter", "repetitions") else value for name, value in clip.style.items()}
        return cls(**{**whole, "kind": clip.kind})


def all_styles(*, people: int | None = None) -> list[Style]:
    """Every combination of every kind, in a fixed order; only of kinds with so many people where that is given."""
    return [style for kind in KINDS.values() if people in (None, kind.people) for style in styles_of(kind.name)]


def styles_of(kind: str) -> list[Style]:
    """Every combination of one kind, in a fixed order."""
    has = KINDS[kind].has
    return [Style(kind=kind, **dict(zip(has, values, strict=True))) for values in itertools.product(*(VALUES[name] for name in has))]


def changed(style: Style, name: str, value: Any) -> Style:
    """The same style but for one parameter; raise `ValueError` where the kind does not have it."""
    if name not in style.has:
        raise ValueError(f"{style.kind} has no {name}; it has {', '.join(style.has)}")
    return replace(style, **{name: value})


def vocabulary() -> dict[str, StyleSpace]:
    """What the style of each kind may be, as it goes with the clips to their gate."""
    return {
        kind.name: StyleSpace(
            values={name: tuple(map(str, VALUES[name])) for name in kind.has},
            unseen={name: str(value) for name, value in kind.unseen.items()},
        )
        for kind in KINDS.values()
    }
