"""Editing: did what was asked for change, and only that, as read from the geometry of held-out conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from laban.data.clip import Clip
from laban.data.conversation import Conversation, Fact, Part, Turn
from laban.evaluation.samples import EditCase, name_of
from laban.evaluation.table import Numbers

TASK = "editing"


@dataclass(frozen=True)
class Edit:
    """A conversation up to where the assistant shows the changed motion."""

    case: EditCase
    conversation: Conversation
    fact: Fact
    """Where the changed motion stands, and what it must show."""
    source: Clip
    """What was shown before, its people in the order shown."""
    target: Clip
    """The written answer, likewise."""


def edits(conversations: Iterable[Conversation], find: Callable[[str], Clip], *, samples: int) -> list[Edit]:
    """The first edit of each of at most `samples` conversations about two people, evenly chosen."""
    found = [edit for conversation in conversations for edit in _edits(conversation, find)]
    places = np.linspace(0, len(found) - 1, min(samples, len(found))).astype(int)
    return [found[place] for place in places]


def _edits(conversation: Conversation, find: Callable[[str], Clip]) -> Iterator[Edit]:
    """The first edit, if there is one."""
    for fact in conversation.facts:
        part = conversation.turns[fact.turn].parts[fact.part]
        before = [one for turn in conversation.turns[: fact.turn] for one in turn.parts if one.type == "motion"]
        if fact.was and part.type == "motion" and len(part.people) == 2 and before:
            source, target = _shown(before[-1], find), _shown(part, find)
            case = EditCase(
                id=conversation.id,
                kind=target.kind,
                claims={name: str(value) for name, value in fact.claims.items()},
                was={name: str(value) for name, value in fact.was.items()},
                source=source.id,
                target=target.id,
            )
            yield Edit(case, conversation, fact, source, target)
            return


def _shown(part: Part, find: Callable[[str], Clip]) -> Clip:
    """A clip with just the people of a part, in its order."""
    clip = find(part.clip)
    return replace(clip, positions=clip.positions[:, list(part.people)], root=None, offsets=None, rotations=None)


def answered(case: Edit) -> Conversation:
    """The conversation up to the model's first answer, which stands where the written one stood."""
    answer = Turn(role="assistant", parts=(Part(type="motion", clip=name_of(TASK, case.case.id, 0)),))
    return replace(case.conversation, turns=(*case.conversation.turns[: case.fact.turn], answer), facts=(), source="model")


def changed_and_kept(cases: Sequence[EditCase], shown: Sequence[dict[str, str]]) -> Numbers:
    """Success: share of the asked parameters that show their new value; locality: share of the others that kept theirs."""
    success: list[bool] = []
    locality: list[bool] = []
    for case, read in zip(cases, shown, strict=True):
        for name, value in case.claims.items():
            if name in read:
                (success if name in case.was else locality).append(read[name] == value)
    said = {"success": success, "locality": locality}
    numbers = {name: float(np.mean(right)) for name, right in said.items() if right}
    return numbers | ({"success_and_locality": numbers["success"] * numbers["locality"]} if len(numbers) == 2 else {})
