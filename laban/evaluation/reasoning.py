"""Reasoning: questions about motion in held-out conversations whose true answers are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from laban.data.conversation import Conversation, Fact, Turn
from laban.evaluation.samples import Question
from laban.language.prompts import CodeBook, Message

TASK = "reasoning"
MOTION = "[motion]"


@dataclass(frozen=True)
class Asking:
    """A question with what the model is shown before it answers."""

    question: Question
    messages: Sequence[Message]


def askings(conversations: Iterable[Conversation], book: CodeBook, *, samples: int) -> list[Asking]:
    """One question, whose answer is text with known facts, of each of at most `samples` conversations, evenly chosen.

    The first of the first conversation, the second of the second … so that later questions, too, are asked.
    """
    able = [(one, facts) for one in conversations if (facts := [fact for fact in one.facts if _is_text(one, fact)])]
    places = np.linspace(0, len(able) - 1, min(samples, len(able))).astype(int)
    chosen = [(able[place][0], able[place][1][number % len(able[place][1])]) for number, place in enumerate(places)]
    return [Asking(_question(one, fact), book.messages(one)[: fact.turn]) for one, fact in chosen]


def _is_text(conversation: Conversation, fact: Fact) -> bool:
    parts = conversation.turns[fact.turn].parts
    return len(parts) == 1 and parts[0].type == "text"


def _question(conversation: Conversation, fact: Fact) -> Question:
    return Question(
        id=f"{conversation.id}-{fact.turn}",
        asked=tuple(_written(turn) for turn in conversation.turns[: fact.turn]),
        claims={name: str(value) for name, value in fact.claims.items()},
        written=_written(conversation.turns[fact.turn]),
    )


def _written(turn: Turn) -> str:
    return " ".join(part.text or MOTION for part in turn.parts)
