"""The record of a conversation: turns made of parts, any number and order of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
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
class Conversation:
    """A session between a user and the assistant; the user begins and the two alternate."""

    id: str
    task: str
    split: str
    turns: tuple[Turn, ...]
    source: str = "grammar"

    def __post_init__(self) -> None:
        roles = [turn.role for turn in self.turns]
        if not roles or roles != [("user", "assistant")[number % 2] for number in range(len(roles))]:
            raise ValueError(f"conversation {self.id}: roles must alternate from user, not {roles}")

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
        return cls(**{**value, "turns": turns})


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
