"""Metrics of motion that the model answered with, read from stored samples: text to motion, reaction, prediction, editing.

Letters: `T` frames, `P` people. An answer that is missing or not finite has failed: it is counted (`failed`) and the numbers are of the
others. Every row, the model's and those to compare with, goes through the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from laban.evaluation import editing as edits
from laban.evaluation.cases import Case
from laban.evaluation.generation import EDITING, PREDICTION, REACTION, SOURCE, T2M, TARGET
from laban.evaluation.judging import Draws, Judge, Reference, of_one_caption, retrieval, says
from laban.evaluation.samples import CHANCE, CLIP, COPY, RECONSTRUCTION, TRUTH, EditCase, Samples
from laban.evaluation.table import Numbers, summary
from laban.metrics.attributes import KIND, Probe, agreement, attributes_of
from laban.metrics.physics import TOUCH_M, contact_f1, floor_penetration, foot_skate_ratio, least_gap, people_apart, touching
from laban.metrics.reconstruction import MM, acceleration_error, ade, fde, mpjpe, pa_mpjpe, published_displacement

ATTRIBUTE, MAJORITY = "attribute_", "_majority"
HELD_OUT_JUDGE = "judge_"
FAILED = "failed"
Motions = Sequence[np.ndarray | None]
Answer = tuple[dict[str, object], dict[str, str]]
"""A table's rows, and why a number is absent from them."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Who judges motion."""

    evaluator: Judge
    judge: Judge | None
    """A second one that nothing was trained, filtered or chosen by; its numbers begin with `judge_`."""
    probe: Probe | None
    draws: Draws

    @property
    def named(self) -> dict[str, Judge]:
        """Beginning of its numbers' names -> judge."""
        return {"": self.evaluator} | ({HELD_OUT_JUDGE: self.judge} if self.judge is not None else {})


def text_to_motion(samples: Samples, cases: Sequence[Case], panel: Panel) -> Answer:
    """Retrieval among all and among clips of one kind, FID, diversity, kind, style read from geometry, physics, length."""
    absent: dict[str, str] = {}
    embedded: dict[str, list[np.ndarray]] = {}
    text = {name: judge.embed_text([case.caption for case in cases]) for name, judge in panel.named.items()}
    truth = samples.motions(CLIP, cases, TRUTH)
    reference = {name: Reference(judge.embed_motion(_there(truth), cases[0].fps), panel.draws) for name, judge in panel.named.items()}

    def measure(motions: Motions, row: str = "") -> Numbers:
        ok = [number for number, motion in enumerate(motions) if motion is not None]
        numbers: Numbers = {FAILED: 1 - len(ok) / len(motions)}
        if not ok:
            return numbers
        own, shown = [cases[number] for number in ok], _there(motions)
        captions, kinds = [case.caption for case in own], [case.kind for case in own]
        for name, judge in panel.named.items():
            rows = judge.embed_motion(shown, own[0].fps)
            compared, missing = reference[name].compare(rows)
            said, why = says(text[name][ok], rows, captions, kinds, panel.draws)
            absent.update({f"{name}{metric}": reason for metric, reason in (missing | why).items()})
            found = said | compared | _kind_right(judge, shown, own)
            numbers |= {f"{name}{metric}": value for metric, value in found.items()}
            if not row:
                embedded.setdefault(name, []).append(rows)
        return numbers | _physics(shown, own[0].fps) | attributes_right(panel.probe, shown, own)

    runs = [measure(samples.motions(T2M, cases, row)) for row in range(samples.asked.repetitions)]
    for name, generations in embedded.items():
        several, why = of_one_caption(generations if all(len(one) == len(cases) for one in generations) else [], panel.draws)
        absent |= {f"{name}{metric}": reason for metric, reason in why.items()}
        runs = [run | {f"{name}{metric}": value for metric, value in several.items()} for run in runs]
    rows = {row: measure(samples.motions(CLIP, cases, row), row) for row in (CHANCE, COPY, RECONSTRUCTION)}
    compared = {"majority": majority(panel.probe, _there(truth), cases), "ground_truth": measure(truth, TRUTH)}
    return summary(runs, rows | compared), absent


def reaction(samples: Samples, cases: Sequence[Case], _: Panel) -> Answer:
    """Second person after the first, in the given person's frame, over the frames that both have; contact with the given person."""
    truth = _there(samples.motions(CLIP, cases, TRUTH))
    touched = [touching(true) for true in truth]

    def measure(motions: Motions) -> Numbers:
        ok = [number for number, motion in enumerate(motions) if motion is not None]
        numbers: Numbers = {FAILED: 1 - len(ok) / len(motions)}
        pairs = [_beside(truth[number], motions[number]) for number in ok]
        return numbers | (_reacted(pairs, [touched[number] for number in ok], cases[0].fps) if pairs else {})

    def second(row: str) -> Motions:
        return [None if motion is None else motion[:, 1:] for motion in samples.motions(CLIP, cases, row)]

    runs = [measure(samples.motions(REACTION, cases, row)) for row in range(samples.asked.repetitions)]
    rows = {row: measure(second(row)) for row in (CHANCE, COPY, RECONSTRUCTION)}
    table = summary(runs, rows | {"ground_truth": measure(second(TRUTH))})
    return table, {} if "contact_f1" in table else {"contact_f1": "nobody touches anybody, in the truth or in the answers"}


def _beside(truth: np.ndarray, motion: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The given person with the answer, and with the truth, over the frames that both have."""
    assert motion is not None
    shared = min(len(truth), len(motion))
    return np.concatenate([truth[:shared, :1], motion[:shared]], axis=1), truth[:shared]


def _reacted(pairs: Sequence[tuple[np.ndarray, np.ndarray]], touched: Sequence[np.ndarray], fps: float) -> Numbers:
    answers, truths = [answer[:, 1:] for answer, _ in pairs], [truth[:, 1:] for _, truth in pairs]
    both = list(zip(answers, truths, strict=True))
    numbers: dict[str, Any] = {
        "mpjpe_mm": np.mean([mpjpe(one, other, alignment="world") for one, other in both]),
        "mpjpe_root_mm": np.mean([mpjpe(one, other, alignment="root") for one, other in both]),
        "pa_mpjpe_mm": np.mean([pa_mpjpe(one, other) for one, other in both]),
    }
    long = [acceleration_error(one, other) for one, other in both if len(one) > 2]
    f1 = contact_f1(
        [touching(answer) for answer, _ in pairs], [one[: len(answer)] for one, (answer, _) in zip(touched, pairs, strict=True)]
    )
    numbers |= {"acceleration_mm": np.mean(long)} if long else {}
    numbers |= {} if f1 is None else {"contact_f1": f1}
    numbers["foot_skate"] = np.mean([foot_skate_ratio(answer, fps=fps) for answer in answers])
    return {name: float(value) for name, value in numbers.items()} | _between([answer for answer, _ in pairs])


def prediction(samples: Samples, cases: Sequence[Case], _: Panel) -> Answer:
    """Displacement over the frames that both have, after a quarter of the clip was shown; and as MotionGPT publishes it (`…_flat_mm`)."""
    cases = [case for case in cases if case.cut]
    if not cases:
        return {}, {PREDICTION: "no clip is long enough to be shown in part"}
    truth = _there(samples.motions(CLIP, cases, TRUTH))
    rest = [true[case.cut :] for true, case in zip(truth, cases, strict=True)]

    def measure(motions: Motions) -> Numbers:
        ok = [number for number, motion in enumerate(motions) if motion is not None and len(motion) > cases[number].cut]
        numbers: Numbers = {FAILED: 1 - len(ok) / len(motions)}
        if not ok:
            return numbers
        after = [motion[cases[number].cut :] for number in ok if (motion := motions[number]) is not None]
        true = [rest[number] for number in ok]
        cut = [(one[: len(other)], other[: len(one)]) for one, other in zip(after, true, strict=True)]
        predicted, target = [one for one, _ in cut], [other for _, other in cut]
        flat = published_displacement(after, true)
        return numbers | {
            "ade_mm": ade(predicted, target),
            "fde_mm": fde(predicted, target),
            "ade_flat_mm": flat[0],
            "fde_flat_mm": flat[1],
        }

    still = [np.concatenate([true[: case.cut], np.repeat(true[case.cut - 1 : case.cut], len(true) - case.cut, axis=0)])
             for true, case in zip(truth, cases, strict=True)]  # fmt: skip
    runs = [measure(samples.motions(PREDICTION, cases, row)) for row in range(samples.asked.repetitions)]
    rows = {row: measure(samples.motions(CLIP, cases, row)) for row in (CHANCE, RECONSTRUCTION)}
    return summary(runs, rows | {"stand_still": measure(still), "ground_truth": measure(truth)}), {}


def editing(samples: Samples, cases: Sequence[EditCase], panel: Panel) -> Answer:
    """Success and locality, read from geometry, and retrieval of the clips before and after among others: InterEdit (arXiv 2603.13082)."""
    absent: dict[str, str] = {}
    ends = {name: _there(samples.motions(EDITING, cases, name)) for name in (SOURCE, TARGET)}
    fps = samples.store[f"{EDITING}/{cases[0].id}/{TARGET}"].fps
    embedded = {(name, end): judge.embed_motion(motions, fps) for name, judge in panel.named.items() for end, motions in ends.items()}

    def measure(motions: Motions) -> Numbers:
        ok = [number for number, motion in enumerate(motions) if motion is not None]
        numbers: Numbers = {FAILED: 1 - len(ok) / len(motions)}
        if not ok:
            return numbers
        own, shown = [cases[number] for number in ok], _there(motions)
        for name, judge in panel.named.items():
            rows = judge.embed_motion(shown, fps)
            for end, labels in ((SOURCE, [case.source for case in own]), (TARGET, [case.target for case in own])):
                found, why = retrieval(rows, embedded[name, end][ok], labels, panel.draws, name=f"{name}{end}_r_precision")
                numbers |= found
                absent.update(why)
        if panel.probe is None:
            return numbers
        read = panel.probe.read(attributes_of(shown, panel.probe.fps), [case.kind for case in own])
        return numbers | edits.changed_and_kept(own, read)

    runs = [measure(samples.motions(EDITING, cases, row)) for row in range(samples.asked.repetitions)]
    # By chance: what another edit, the next of these, should have become.
    rows = {"chance": measure([*ends[TARGET][1:], ends[TARGET][0]]), "copy": measure(ends[SOURCE]), "ground_truth": measure(ends[TARGET])}
    return summary(runs, rows), absent


def _there(motions: Motions) -> list[np.ndarray]:
    return [motion for motion in motions if motion is not None]


def _kind_right(judge: Judge, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    """Share of motions whose kind is the case's, of those that have one."""
    if not judge.kinds or not any(case.kind for case in cases):
        return {}
    found = judge.kind(motions, cases[0].fps)
    return {"kind_accuracy": float(np.mean([one == case.kind for one, case in zip(found, cases, strict=True) if case.kind]))}


def _physics(motions: Sequence[np.ndarray], fps: float) -> Numbers:
    """Feet that slide, bodies in the floor and in one another, people apart and in touch, and length."""
    numbers = {
        "foot_skate": np.mean([foot_skate_ratio(motion, fps=fps) for motion in motions]),
        "floor_penetration_mm": MM * np.mean([floor_penetration(motion).mean() for motion in motions]),
        "seconds": np.mean([len(motion) for motion in motions]) / fps,
    }
    return {name: float(value) for name, value in numbers.items()} | _between(motions)


def _between(pairs: Sequence[np.ndarray]) -> Numbers:
    """What can only be said of two people: (T, 2, 22, 3) each."""
    gaps = [least_gap(pair) for pair in pairs]
    return {
        "penetration_mm": float(MM * np.mean([np.clip(-gap, 0.0, None).mean() for gap in gaps])),
        "touching": float(np.mean([(gap < TOUCH_M).mean() for gap in gaps])),
        "apart_m": float(np.mean([people_apart(pair) for pair in pairs])),
    }


def attributes_right(probe: Probe | None, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    """Share of motions whose geometry, read without any network, shows each style parameter as the case's style has it."""
    return {name: share for name, share in _agreement(probe, motions, cases).items() if not name.endswith(MAJORITY)}


def majority(probe: Probe | None, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    """The same for whoever always says a kind's most frequent value."""
    found = _agreement(probe, motions, cases)
    return {name.removesuffix(MAJORITY): share for name, share in found.items() if name.endswith(MAJORITY)}


def _agreement(probe: Probe | None, motions: Sequence[np.ndarray], cases: Sequence[Case]) -> Numbers:
    styled = [(motion, {KIND: case.kind, **case.style}) for motion, case in zip(motions, cases, strict=True) if case.kind and case.style]
    if probe is None or not styled:
        return {}
    found = agreement(probe, [motion for motion, _ in styled], [style for _, style in styled])
    return {f"{ATTRIBUTE}{name}": share for name, share in found.items()}
