"""A conversation as it is being written: turns, and the facts that its answers must live up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from laban.data.conversation import Fact, Part, Turn
from laban.synthesis.style import Style

Claims = Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A part of an answer and what is known to be true of it."""

    part: Part
    claims: Claims = field(default_factory=dict)
    was: Claims = field(default_factory=dict)


def text(value: str) -> Part:
    """A part that is text."""
    return Part(type="text", text=value)


def motion(clip: str, people: tuple[int, ...], *, start_s: float = 0.0, end_s: float | None = None) -> Part:
    """A part that is motion of these people in this order."""
    return Part(type="motion", clip=clip, people=people, start_s=start_s, end_s=end_s)


def claims_of(style: Style, people: Sequence[int], names: Sequence[str] | None = None) -> dict[str, str | int]:
    """Kind and parameters, or those of them that are named; who starts is counted in the order in which people are shown."""
    whole = {"kind": style.kind, **style.parameters()}
    if "starter" in whole:
        whole["starter"] = list(people).index(style.starter)
    return {name: value for name, value in whole.items() if names is None or name in names}


class Talk:
    """Grows by an exchange at a time."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.facts: list[Fact] = []

    def add(self, asked: Sequence[Part], answered: Sequence[Part | Said]) -> None:
        """A question and its answer."""
        said = [one if isinstance(one, Said) else Said(part=one) for one in answered]
        self.turns.append(Turn(role="user", parts=tuple(asked)))
        number = len(self.turns)
        self.facts += [Fact(turn=number, part=place, claims=one.claims, was=one.was) for place, one in enumerate(said) if one.claims]
        self.turns.append(Turn(role="assistant", parts=tuple(one.part for one in said)))
