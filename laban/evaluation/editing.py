"""Editing: did what was asked for change, and only that, as read from the geometry of held-out conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from laban.data.clip import Clip
from laban.data.conversation import Conversation, Fact, Part, Turn
from laban.evaluation.sampler import Numbers, Sampler, summary
from laban.language.prompts import CodeBook
from laban.metrics.attributes import Probe, attributes_of
from laban.motion.features import frame_on_first

TASK = "editing"
NAME = f"{TASK}/{{conversation}}/{{repetition}}"


@dataclass(frozen=True)
class Edit:
    """A conversation up to where the assistant shows the changed motion."""

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
            yield Edit(conversation, fact, _shown(before[-1], find), _shown(part, find))
            return


def _shown(part: Part, find: Callable[[str], Clip]) -> Clip:
    """A clip with just the people of a part, in its order."""
    clip = find(part.clip)
    return replace(clip, positions=clip.positions[:, list(part.people)], root=None, offsets=None, rotations=None)


def editing(sampler: Sampler, probe: Probe, book: CodeBook, cases: Sequence[Edit]) -> tuple[dict[str, object], list[Conversation]]:
    """Success (share of the asked parameters that show their new value), locality (share of the others that kept theirs), and the
    conversations with the model's first answers in them."""
    asked = [book.messages(case.conversation)[: case.fact.turn] for case in cases]
    steps = 2 * max(round(case.target.seconds * book.steps_per_second) for case in cases)

    def measure(motions: Sequence[np.ndarray]) -> Numbers:
        return _right(cases, probe.read(attributes_of(motions, probe.fps), [case.target.kind for case in cases]))

    runs = []
    for repetition in range(sampler.repetitions):
        codes = sampler.answers(TASK, asked, repetition, people=2, steps=steps)
        motions = [sampler.chat.motion_tokenizer.decode_positions(own) for own in codes]
        for case, motion in zip(cases, motions, strict=True):
            name = NAME.format(conversation=case.conversation.id, repetition=repetition)
            sampler.keep(name, motion, case.target.captions[0].text, like=case.target)
        runs.append(measure(motions))
    rows = {
        "copy": measure([frame_on_first(case.source.positions) for case in cases]),
        "ground_truth": measure([frame_on_first(case.target.positions) for case in cases]),
    }
    return summary(runs, **rows), [_answered(case) for case in cases]


def _right(cases: Sequence[Edit], shown: Sequence[dict[str, str]]) -> Numbers:
    success: list[bool] = []
    locality: list[bool] = []
    for case, read in zip(cases, shown, strict=True):
        for name, value in case.fact.claims.items():
            if name in read:
                (success if name in case.fact.was else locality).append(read[name] == str(value))
    return {"success": float(np.mean(success)), "locality": float(np.mean(locality)) if locality else 1.0}


def _answered(case: Edit) -> Conversation:
    """The conversation up to the model's first answer, which stands where the written one stood."""
    name = NAME.format(conversation=case.conversation.id, repetition=0)
    answer = Turn(role="assistant", parts=(Part(type="motion", clip=name),))
    return replace(case.conversation, turns=(*case.conversation.turns[: case.fact.turn], answer), facts=(), source="model")
