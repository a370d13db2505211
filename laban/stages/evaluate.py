"""Generate from held-out clips, store the samples, then measure them beside chance, the nearest training clip and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.artifact import Artifact
from laban.data.clip import Clip, ClipStore
from laban.data.codes import EncodedClip, read_codes
from laban.data.conversation import CLIPS, Conversation, read_conversations, write_conversations
from laban.evaluation import editing, reasoning
from laban.evaluation.cases import TESTS, held_out
from laban.evaluation.generation import generate_samples
from laban.evaluation.judging import Draws
from laban.evaluation.language_judge import LanguageJudge
from laban.evaluation.measure import Judges, judge_answers, measure_samples
from laban.evaluation.sampler import Sampler
from laban.evaluation.samples import Asked, Shelf
from laban.evaluation.scorers import States
from laban.evaluation.word_tasks import Scorers
from laban.evaluators.evaluator import Evaluator
from laban.language.chat import Chat
from laban.language.examples import code_book
from laban.metrics.attributes import Probe
from laban.stages.contract import Gated, Work, stage

MOST_PROBED = 1200
"""Training clips that the probe of style is fitted on: of 400 held-out clips it reads each parameter right in 98.8 % with 1,000 of them,
and with 2,046 in 98.8 %, too."""
_NO_BODY: dict[str, Any] = {"root": None, "offsets": None, "rotations": None}


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """How much is generated and how, and how it is measured; docs/metrics.md."""

    seed: int
    samples: int
    """held-out clips a split, at most; as many edits and questions"""
    repetitions: int
    """regenerations of the whole set; intervals are over them"""
    temperature: float
    top_p: float
    batch_size: int
    """prompts generated together"""
    metric_repetitions: int
    """draws of pools and of pairs for each regeneration"""
    scale: float
    """what embeddings are multiplied by before FID and diversity: 6 for InterGen's numbers, else 1"""
    bertscore_model: str
    """folder of a local Hugging Face encoder; empty: BERTScore is absent"""
    bertscore_layer: int
    """hidden layer that is read, 17 for roberta-large; -1: the last"""
    mauve_model: str
    """folder of a local Hugging Face model; empty: MAUVE is absent"""
    judge_endpoint: str
    """address of chat completions (`http…/v1`) that judge answers; empty: such scores are absent"""
    judge_model: str


@stage(kind="evaluation")
def evaluate(  # noqa: PLR0913 - an input is an argument
    settings: EvaluateSettings,
    model: Artifact,
    tokenizer: Gated,
    evaluator: Gated,
    judge: Gated,
    clips: Gated,
    conversations: Gated,
    codes: Gated,
    work: Work,
) -> None:
    """Answer held-out data in every task and store the answers; then measure what is stored: metrics, protocols, what is absent."""
    # First, so that a wrong setting is told before anything is generated.
    reader, scorers = _language_judge(settings), _scorers(settings)
    judges = Judges(
        evaluator=Evaluator.load(evaluator.path), evaluator_hash=evaluator.hash, judge=Evaluator.load(judge.path), judge_hash=judge.hash
    )
    _generate(settings, model, tokenizer, clips, conversations, codes, work)
    if reader is not None:
        judge_answers(work.output, reader)
    draws = Draws(seed=settings.seed, repetitions=settings.metric_repetitions, scale=settings.scale)
    measure_samples(work.output, judges, draws, scorers).save(work.output)


def _generate(
    settings: EvaluateSettings, model: Artifact, tokenizer: Artifact, clips: Artifact, conversations: Artifact, codes: Artifact, work: Work
) -> None:
    """Store everything that metrics read; answers that a killed evaluation left are taken up."""
    chat, store, made = Chat.load(model.path, tokenizer=tokenizer.path), ClipStore(clips.path), ClipStore(conversations.path / CLIPS)
    encoded = list(read_codes(codes.path))
    groups = held_out(store, encoded, samples=settings.samples, seed=settings.seed)
    if not groups:
        raise ValueError(f"{clips.path} holds no two-person clip in a test split: there is nothing to evaluate on")
    book = code_book(encoded)
    sampler = Sampler(
        chat,
        seed=settings.seed,
        repetitions=settings.repetitions,
        temperature=settings.temperature,
        top_p=settings.top_p,
        batch_size=settings.batch_size,
    )
    talks = [talk for talk in read_conversations(conversations.path) if talk.split in TESTS]
    edits = {
        split: changed
        for split in TESTS
        if (changed := editing.edits(_of(talks, editing.TASK, split), lambda name: _find(name, store, made), samples=settings.samples))
    }
    questions = {
        split: found for split in TESTS if (found := reasoning.askings(_of(talks, reasoning.TASK, split), book, samples=settings.samples))
    }
    shelf = Shelf(work.scratch / "samples")
    generate_samples(sampler, shelf, book, groups, edits, questions)
    shelf.deliver(work.output)
    Asked(
        data=clips.hash,
        repetitions=settings.repetitions,
        seeds=sampler.seeds,
        temperature=settings.temperature,
        top_p=settings.top_p,
        clips={group: tuple(one.case for one in drawn) for group, drawn in groups.items()},
        edits={split: tuple(one.case for one in found) for split, found in edits.items()},
        questions={split: tuple(one.question for one in found) for split, found in questions.items()},
    ).save(work.output)
    write_conversations(work.output, [editing.answered(one) for found in edits.values() for one in found])
    probe = _probe(chat, encoded, (store, made))
    if probe is not None:
        probe.save(work.output)


def _scorers(settings: EvaluateSettings) -> Scorers:
    """The language models that are named."""
    bert = States(Path(settings.bertscore_model), settings.bertscore_layer) if settings.bertscore_model else None
    return Scorers(bert=bert, mauve=States(Path(settings.mauve_model)) if settings.mauve_model else None)


def _language_judge(settings: EvaluateSettings) -> LanguageJudge | None:
    if not settings.judge_endpoint and not settings.judge_model:
        return None
    return LanguageJudge(endpoint=settings.judge_endpoint, model=settings.judge_model, seed=settings.seed)


def _probe(chat: Chat, encoded: Sequence[EncodedClip], stores: Sequence[ClipStore]) -> Probe | None:
    """A probe fitted on training motion as it is and as the tokenizer gives it back; None where no clip has a style.

    One that has seen clean motion alone takes the tokenizer's noise for speed and force, in truth as in what is generated.
    """
    codes = {row.id: row.codes for row in encoded if row.order == (0, 1)}
    clips = [clip for store in stores for clip in store.split("train") if clip.style and clip.id in codes]
    if not clips:
        return None
    clips = [clips[place] for place in np.linspace(0, len(clips) - 1, min(MOST_PROBED, len(clips))).astype(int)]
    back = [replace(clip, positions=chat.motion_tokenizer.decode_positions(codes[clip.id]), **_NO_BODY) for clip in clips]
    return Probe.fit_clips([*clips, *back])


def _of(talks: Sequence[Conversation], task: str, split: str) -> list[Conversation]:
    return [talk for talk in talks if talk.task == task and talk.split == split]


def _find(name: str, *stores: ClipStore) -> Clip:
    """The clip in whichever store holds it."""
    return next(store[name] for store in stores if name in store)


if __name__ == "__main__":
    evaluate.main()
