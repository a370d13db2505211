"""The record of a conversation: turns made of parts, any number and order of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

CONVERSATIONS = "conversations.jsonl"
CLIPS = "clips"
"""Folder, beside the conversations, of the motion that was generated for them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a turn: text, or motion named by its clip."""

    type: Literal["text", "motion"]
    text: str = ""
    clip: str = ""
    people: tuple[int, ...] = (0, 1)
    """Which people of the clip are shown, in this order; motion is framed on the first one's first frame."""
    start_s: float = 0.0
    end_s: float | None = None
    """Seconds of the clip that are shown; None is its end."""
    learn: bool = True
    """Whether an assistant's part counts in the loss (wrong intermediate motions stay in context only)."""

    def __post_init__(self) -> None:
        if self.type not in ("text", "motion") or bool(self.text) == bool(self.clip) or (self.type == "text") != bool(self.text):
            raise ValueError(f"a part is text or motion and holds just that: {asdict(self)}")


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one side says at once."""

    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if self.role not in ("user", "assistant") or not self.parts:
            raise ValueError(f"a turn has a role (user, assistant) and at least one part: {self.role!r}, {len(self.parts)} parts")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What is known to be true of one part of an answer, so that another answer in its place can be judged.

    A motion part must show the claims, together with what was shown of the same clip where it completes that; a text part must say
    them. They are style parameters by name, and `kind`; `starter` is counted in the order in which the people are shown (0 the
    first). Of an edit, and of an answer to "what if", `was` holds the former values of what changes; the other claims must stay.
    """

    turn: int
    """Number of the assistant's turn, 1, 3, …"""
    part: int
    """Number of the part in that turn."""
    claims: Mapping[str, str | int]
    was: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.claims or not set(self.was) <= set(self.claims):
            raise ValueError(f"a fact claims something, and what was is among it: {dict(self.claims)}, was {dict(self.was)}")


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A session between a user and the assistant; the user begins and the two alternate."""

    id: str
    task: str
    split: str
    turns: tuple[Turn, ...]
    source: str = "grammar"
    facts: tuple[Fact, ...] = ()
    """None where nobody knows."""

    def __post_init__(self) -> None:
        roles = [turn.role for turn in self.turns]
        if not roles or roles != [("user", "assistant")[number % 2] for number in range(len(roles))]:
            raise ValueError(f"conversation {self.id}: roles must alternate from user, not {roles}")
        for fact in self.facts:
            if fact.turn % 2 == 0 or not 0 < fact.turn < len(roles) or not 0 <= fact.part < len(self.turns[fact.turn].parts):
                raise ValueError(f"conversation {self.id}: a fact is about part {fact.part} of turn {fact.turn}, which is no answer")

    def clips(self) -> set[str]:
        """Ids of the clips that are named."""
        return {part.clip for turn in self.turns for part in turn.parts if part.clip}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Conversation:
        """Raise `ValueError` or `TypeError` on what is not a conversation."""
        turns = tuple(
            Turn(role=turn["role"], parts=tuple(Part(**{**part, "people": tuple(part["people"])}) for part in turn["parts"]))
            for turn in value["turns"]
        )
        facts = tuple(Fact(**fact) for fact in value.get("facts", ()))
        return cls(**{**value, "turns": turns, "facts": facts})


def write_conversations(folder: Path, conversations: Iterable[Conversation]) -> int:
    """Write JSON lines; return how many."""
    count = 0
    with (folder / CONVERSATIONS).open("w", encoding="utf-8") as file:
        for conversation in conversations:
            file.write(json.dumps(conversation.as_dict(), sort_keys=True, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_conversations(folder: Path) -> Iterator[Conversation]:
    """Yield conversations; a bad line raises `ValueError` naming the file and line."""
    path = folder / CONVERSATIONS
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield Conversation.from_dict(json.loads(line))
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError(f"{path}:{number}: {error}") from error
