"""The model's answers to held-out clips, and the motion that they are compared with, as batches to be stored.

Letters: `T` frames, `P` people, `S` steps, `D` residual depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from laban.evaluation.cases import CAPTURE, Drawn
from laban.evaluation.editing import Edit
from laban.evaluation.reasoning import Asking
from laban.evaluation.sampler import Sampler
from laban.evaluation.samples import CHANCE, CLIP, COPY, RECONSTRUCTION, TRUTH, Batch, Shelf, name_of, sample
from laban.language.prompts import CodeBook
from laban.motion.features import frame_on_first
from laban.tokenizer.autoencoder import MotionTokenizer

T2M, M2T, REACTION, PREDICTION, EDITING, REASONING = "t2m", "m2t", "reaction", "prediction", "editing", "reasoning"
SOURCE, TARGET = "source", "target"
"""Rows of an edit: what was shown before, and the written answer."""


def generate_samples(
    sampler: Sampler,
    shelf: Shelf,
    book: CodeBook,
    groups: Mapping[str, Sequence[Drawn]],
    edits: Mapping[str, Sequence[Edit]],
    questions: Mapping[str, Sequence[Asking]],
) -> None:
    """Everything that metrics read, a batch a task, group and repetition; batches that are on the shelf are not made again."""
    tokenizer = sampler.chat.motion_tokenizer
    for group, drawn in groups.items():
        shelf.put(f"{CLIP}-{group}", partial(compared, tokenizer, drawn))
    for split, asked in edits.items():
        shelf.put(f"{EDITING}-{split}", partial(_before_and_after, asked))
    for repetition in range(sampler.repetitions):
        for group, drawn in groups.items():
            for task, answer in _TASKS.items():
                # No retrieval number is claimed on a handful of captured trials, which mostly have no captions either.
                asked_about = [one for one in drawn if _asked(task, group, one)]
                if asked_about:
                    shelf.put(f"{task}-{group}-{repetition}", partial(answer, sampler, asked_about, repetition))
        for split, asked in edits.items():
            shelf.put(f"{EDITING}-{split}-{repetition}", partial(_edited, sampler, book, asked, repetition))
        for split, posed in questions.items():
            shelf.put(f"{REASONING}-{split}-{repetition}", partial(_reasoned, sampler, posed, repetition))


def _asked(task: str, group: str, one: Drawn) -> bool:
    if task in (T2M, M2T):
        return group != CAPTURE and bool(one.case.caption)
    return task != PREDICTION or one.case.cut > 0


def compared(tokenizer: MotionTokenizer, drawn: Sequence[Drawn]) -> Batch:
    """Truth, truth through the tokenizer, the clip with the nearest caption, and a random one."""
    clips = []
    for one in drawn:
        rows = {
            TRUTH: one.truth,
            RECONSTRUCTION: tokenizer.decode_positions(one.encoded.codes),
            COPY: frame_on_first(one.nearest.positions),
            CHANCE: frame_on_first(one.chance.positions),
        }
        clips += [
            sample(name_of(CLIP, one.case.id, row), motion, caption=one.case.caption, like=one.case, split=one.encoded.split)
            for row, motion in rows.items()
        ]
    return Batch(clips)


def _motions(task: str, drawn: Sequence[Drawn], repetition: int, motions: Sequence[np.ndarray | None]) -> Batch:
    return Batch(
        [
            sample(name_of(task, one.case.id, repetition), motion, caption=one.case.caption or task, like=one.case, split=one.encoded.split)
            for one, motion in zip(drawn, motions, strict=True)
            if motion is not None
        ]
    )


def _shown(sampler: Sampler, drawn: Sequence[Drawn], repetition: int) -> Batch:
    codes = sampler.motions(T2M, drawn, repetition, people=2)
    decode = sampler.chat.motion_tokenizer.decode_positions
    return _motions(T2M, drawn, repetition, [None if own is None else decode(own) for own in codes])


def _described(sampler: Sampler, drawn: Sequence[Drawn], repetition: int) -> Batch:
    texts = sampler.descriptions(drawn, repetition)
    return Batch(texts={name_of(M2T, one.case.id, repetition): text for one, text in zip(drawn, texts, strict=True)})


def _reacted(sampler: Sampler, drawn: Sequence[Drawn], repetition: int) -> Batch:
    """Decoded beside the given person, and kept without."""
    codes = sampler.motions(REACTION, drawn, repetition, people=1)
    decode = sampler.chat.motion_tokenizer.decode_positions
    motions = [
        None if own is None else decode(_side_by_side(one.encoded.codes[:, :1], own))[:, 1:] for one, own in zip(drawn, codes, strict=True)
    ]
    return _motions(REACTION, drawn, repetition, motions)


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    steps = min(len(first), len(second))
    return np.concatenate([first[:steps], second[:steps]], axis=1)


def _predicted(sampler: Sampler, drawn: Sequence[Drawn], repetition: int) -> Batch:
    """Kept with what was shown."""
    tokenizer = sampler.chat.motion_tokenizer
    codes = sampler.motions(PREDICTION, drawn, repetition, people=2)
    shown = [one.encoded.codes[: one.case.cut // tokenizer.config.downsample] for one in drawn]
    motions = [
        None if own is None else tokenizer.decode_positions(np.concatenate([given, own])) for given, own in zip(shown, codes, strict=True)
    ]
    return _motions(PREDICTION, drawn, repetition, motions)


_TASKS = {T2M: _shown, M2T: _described, REACTION: _reacted, PREDICTION: _predicted}


def _before_and_after(asked: Sequence[Edit]) -> Batch:
    return Batch(
        [
            sample(
                name_of(EDITING, one.case.id, row),
                frame_on_first(clip.positions),
                caption=clip.captions[0].text,
                like=clip,
                split=clip.split,
            )
            for one in asked
            for row, clip in ((SOURCE, one.source), (TARGET, one.target))
        ]
    )


def _edited(sampler: Sampler, book: CodeBook, asked: Sequence[Edit], repetition: int) -> Batch:
    messages = [book.messages(one.conversation)[: one.fact.turn] for one in asked]
    steps = 2 * max(round(one.target.seconds * book.steps_per_second) for one in asked)
    codes = sampler.answers(EDITING, messages, repetition, people=2, steps=steps)
    decode = sampler.chat.motion_tokenizer.decode_positions
    return Batch(
        [
            sample(
                name_of(EDITING, one.case.id, repetition), decode(own), caption=one.target.captions[0].text, like=one.target,
                split=one.target.split,
            )
            for one, own in zip(asked, codes, strict=True)
            if own is not None
        ]
    )  # fmt: skip


def _reasoned(sampler: Sampler, posed: Sequence[Asking], repetition: int) -> Batch:
    texts = sampler.say(REASONING, [one.messages for one in posed], repetition)
    return Batch(texts={name_of(REASONING, one.question.id, repetition): text for one, text in zip(posed, texts, strict=True)})
