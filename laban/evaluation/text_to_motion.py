"""Text to motion and back: does the motion show what the words say, and the words what the motion shows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from laban.evaluation.cases import Case
from laban.evaluation.sampler import Numbers, Sampler, summary
from laban.evaluators.contrastive import Evaluator
from laban.metrics.attributes import Probe, agreement, style_of
from laban.metrics.distribution import fid
from laban.metrics.physics import foot_skate_ratio
from laban.metrics.retrieval import mm_dist, r_precision
from laban.metrics.text import bleu, rouge_l
from laban.motion.features import frame_on_first

POOL = 32
TOP = 3


def text_to_motion(sampler: Sampler, judge: Evaluator, probe: Probe, cases: list[Case]) -> dict[str, object]:
    """Kind right, retrieval among all and among clips of one kind, style read from geometry, FID, feet that slide, length."""
    text = judge.embed_text([case.caption for case in cases])
    truth = [case.truth for case in cases]
    fps, kinds = cases[0].encoded.fps, [case.encoded.kind for case in cases]
    reference = judge.embed_motion(truth, fps)

    def measure(motions: list[np.ndarray], seed: int) -> Numbers:
        embedded = judge.embed_motion(motions, fps)
        found = judge.kind(motions)
        numbers = {
            "kind_accuracy": float(np.mean([one == other for one, other in zip(found, kinds, strict=True)])),
            "mm_dist": mm_dist(text, embedded),
            "foot_skate": float(np.mean([foot_skate_ratio(motion, fps=fps) for motion in motions])),
            "seconds": float(np.mean([len(motion) for motion in motions]) / fps),
        }
        numbers |= retrieval(text, embedded, seed) | within_kind(text, embedded, kinds, seed) | attributes_right(probe, motions, cases)
        with warnings.catch_warnings():  # said once, in the docs: fewer samples than dimensions
            warnings.simplefilter("ignore", RuntimeWarning)
            return numbers | ({"fid": fid(reference, embedded)} if len(motions) > 2 else {})

    runs = []
    for repetition in range(sampler.repetitions):
        codes = sampler.motions("t2m", cases, repetition, people=2)
        motions = [sampler.chat.motion_tokenizer.decode_positions(own) for own in codes]
        sampler.store("t2m", cases, repetition, motions)
        runs.append(measure(motions, sampler.seed + repetition))
    return summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions) for case in cases], sampler.seed),
        copy=measure([frame_on_first(case.nearest.positions) for case in cases], sampler.seed),
        majority=majority(probe, truth, cases),
        reconstruction=measure([sampler.chat.motion_tokenizer.decode_positions(case.encoded.codes) for case in cases], sampler.seed),
        ground_truth=measure(truth, sampler.seed),
    )


def motion_to_text(sampler: Sampler, judge: Evaluator, cases: list[Case]) -> dict[str, object]:
    """On raw captions: BLEU, ROUGE-L, and whether the motion is found from the text."""
    motion = judge.embed_motion([case.truth for case in cases], cases[0].encoded.fps)
    references = [list(case.encoded.captions) for case in cases]

    def measure(texts: list[str], seed: int) -> Numbers:
        numbers = {
            "bleu1": bleu(texts, references, order=1),
            "bleu4": bleu(texts, references, order=4),
            "rouge_l": rouge_l(texts, references),
        }
        return numbers | retrieval(judge.embed_text(texts), motion, seed)

    runs = [
        measure([text or "." for text in sampler.descriptions(cases, repetition)], sampler.seed + repetition)
        for repetition in range(sampler.repetitions)
    ]
    return summary(
        runs,
        chance=measure([case.chance.captions[0].text for case in cases], sampler.seed),
        ground_truth=measure([case.encoded.captions[-1] for case in cases], sampler.seed),
    )


def retrieval(text: np.ndarray, motion: np.ndarray, seed: int) -> Numbers:
    """R-precision of (N, E) embeddings in pools of 32; nothing where there are fewer."""
    if len(text) < POOL:
        return {}
    found = r_precision(text, motion, pool=POOL, top=TOP, seed=seed)
    return {f"r_precision_top{k + 1}": float(found[k]) for k in range(TOP)}


def within_kind(text: np.ndarray, motion: np.ndarray, kinds: Sequence[str], seed: int) -> Numbers:
    """R-precision in pools of 32 of one kind, which only style tells apart: mean over the kinds that fill a pool."""
    found = []
    for kind in sorted(set(kinds)):
        rows = [number for number, own in enumerate(kinds) if own == kind]
        if len(rows) >= POOL:
            found.append(r_precision(text[rows], motion[rows], pool=POOL, top=TOP, seed=seed)[TOP - 1])
    return {"r_precision_top3_within_kind": float(np.mean(found))} if found else {}


ATTRIBUTE, MAJORITY = "attribute_", "_majority"


def attributes_right(probe: Probe, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    """Share of motions whose geometry, read without any network, shows each style parameter as the case's style has it."""
    found = agreement(probe, motions, [style_of(case.clip) for case in cases])
    return {f"{ATTRIBUTE}{name}": share for name, share in found.items() if not name.endswith(MAJORITY)}


def majority(probe: Probe, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    """The same for whoever always says a kind's most frequent value."""
    found = agreement(probe, motions, [style_of(case.clip) for case in cases])
    return {f"{ATTRIBUTE}{name.removesuffix(MAJORITY)}": share for name, share in found.items() if name.endswith(MAJORITY)}
