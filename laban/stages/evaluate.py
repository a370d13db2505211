"""Generate from held-out clips, store the samples, then measure them beside chance, the nearest training clip and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laban.data.artifact import Artifact, write_json
from laban.data.clip import Clip, ClipStore, write_clips
from laban.data.codes import EncodedClip, read_codes
from laban.data.conversation import CLIPS, Conversation, read_conversations, write_conversations
from laban.evaluation.cases import CAPTURE, TESTS, Case, held_out
from laban.evaluation.continuation import prediction, reaction
from laban.evaluation.editing import TASK as EDITING
from laban.evaluation.editing import editing, edits
from laban.evaluation.sampler import Sampler
from laban.evaluation.text_to_motion import POOL, motion_to_text, text_to_motion
from laban.evaluators.contrastive import Evaluator
from laban.language.chat import Chat
from laban.language.examples import code_book
from laban.metrics.attributes import Probe
from laban.metrics.protocol import Protocol
from laban.stages.contract import Gated, Work, stage

SAMPLES, TEXTS, PROTOCOL = "samples", "texts.json", "protocol.json"
MOST_PROBED = 3000
"""Training clips that the probe of style is fitted on."""
_NO_BODY: dict[str, Any] = {"root": None, "offsets": None, "rotations": None}


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """How much is generated, and how."""

    seed: int
    samples: int
    """held-out clips a split, at most"""
    repetitions: int
    """regenerations of the whole set; intervals are over them"""
    temperature: float
    top_p: float
    batch_size: int
    """prompts generated together"""


@stage(kind="evaluation")
def evaluate(
    settings: EvaluateSettings,
    model: Artifact,
    tokenizer: Gated,
    evaluator: Gated,
    clips: Gated,
    conversations: Gated,
    codes: Gated,
    work: Work,
) -> None:
    """Measure text-to-motion, motion-to-text, reaction, prediction and editing on held-out data; write samples, metrics, protocol."""
    chat, judge, store = Chat.load(model.path, tokenizer=tokenizer.path), Evaluator.load(evaluator.path), ClipStore(clips.path)
    encoded = list(read_codes(codes.path))
    groups = held_out(store, encoded, samples=settings.samples, seed=settings.seed)
    if not groups:
        raise ValueError(f"{clips.path} holds no two-person clip in a test split: there is nothing to evaluate on")
    made = ClipStore(conversations / CLIPS)
    probe = _probe(chat, encoded, (store, made))
    sampler = Sampler(
        chat,
        seed=settings.seed,
        repetitions=settings.repetitions,
        temperature=settings.temperature,
        top_p=settings.top_p,
        batch_size=settings.batch_size,
    )
    metrics: dict[str, dict[str, dict[str, object]]] = {}
    for group, cases in groups.items():
        for task, numbers in _measure(sampler, judge, probe, group, cases).items():
            metrics.setdefault(task, {})[group] = numbers
    talks = [talk for talk in read_conversations(conversations.path) if talk.task == EDITING and talk.split in TESTS]
    answered: list[Conversation] = []
    for split in TESTS:
        asked = edits([talk for talk in talks if talk.split == split], lambda name: _find(name, store, made), samples=settings.samples)
        if asked:
            metrics.setdefault(EDITING, {})[split], answers = editing(sampler, probe, code_book(encoded), asked)
            answered += answers
    write_json(work.output / "metrics.json", metrics)
    write_json(work.output / TEXTS, sampler.texts)
    write_clips(work.output / SAMPLES, sampler.stored)
    write_conversations(work.output, answered)
    protocols = {group: _protocol(settings, evaluator, clips, group, len(cases)).as_dict() for group, cases in groups.items()}
    write_json(work.output / PROTOCOL, protocols)


def _probe(chat: Chat, encoded: Sequence[EncodedClip], stores: Sequence[ClipStore]) -> Probe:
    """A probe fitted on training motion as it is and as the tokenizer gives it back.

    One that has seen clean motion alone takes the tokenizer's noise for speed and force, in truth as in what is generated.
    """
    codes = {row.id: row.codes for row in encoded if row.order == (0, 1)}
    clips = [clip for store in stores for clip in store.split("train") if clip.style and clip.id in codes]
    clips = [clips[place] for place in np.linspace(0, len(clips) - 1, min(MOST_PROBED, len(clips))).astype(int)]
    back = [replace(clip, positions=chat.motion_tokenizer.decode_positions(codes[clip.id]), **_NO_BODY) for clip in clips]
    return Probe.fit_clips([*clips, *back])


def _find(name: str, *stores: ClipStore) -> Clip:
    """The clip in whichever store holds it."""
    return next(store[name] for store in stores if name in store)


def _measure(sampler: Sampler, judge: Evaluator, probe: Probe, group: str, cases: list[Case]) -> Mapping[str, dict[str, object]]:
    """Task -> numbers of one group of held-out clips."""
    numbers = {"reaction": reaction(sampler, cases), "prediction": prediction(sampler, cases)}
    if group != CAPTURE and judge.kinds:  # no retrieval number is claimed on a handful of captured trials
        numbers |= {"t2m": text_to_motion(sampler, judge, probe, cases), "m2t": motion_to_text(sampler, judge, cases)}
    return numbers


def _protocol(settings: EvaluateSettings, evaluator: Artifact, clips: Artifact, group: str, samples: int) -> Protocol:
    return Protocol(
        evaluator=evaluator.hash,
        data=clips.hash,
        split=group,
        samples=samples,
        pool=POOL,
        length="own",
        repetitions=settings.repetitions,
        seeds=tuple(settings.seed + 1000 * repetition for repetition in range(settings.repetitions)),
    )


if __name__ == "__main__":
    evaluate.main()
