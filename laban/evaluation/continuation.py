"""Motion that answers motion: a partner's reaction, and what happens next."""

from __future__ import annotations

import numpy as np

from laban.evaluation.cases import Case
from laban.evaluation.sampler import Numbers, Sampler, summary
from laban.language.tasks import possible, shown_steps
from laban.metrics.reconstruction import ade, fde, mpjpe
from laban.motion.features import frame_on_first


def reaction(sampler: Sampler, cases: list[Case]) -> dict[str, object]:
    """Second person after the first: MPJPE in the given person's frame, over the frames that both have."""
    tokenizer = sampler.chat.motion_tokenizer

    def measure(motions: list[np.ndarray]) -> Numbers:
        errors = [
            mpjpe(motion[: len(case.truth)], case.truth[: len(motion), 1:], alignment="world")
            for motion, case in zip(motions, cases, strict=True)
        ]
        return {"mpjpe_mm": float(np.mean(errors))}

    runs = []
    for repetition in range(sampler.repetitions):
        said = sampler.motions("reaction", cases, repetition, people=1)
        pairs = [_side_by_side(case.encoded.codes[:, :1], own) for case, own in zip(cases, said, strict=True)]
        motions = [tokenizer.decode_positions(pair)[:, 1:] for pair in pairs]
        sampler.store("reaction", cases, repetition, motions)
        runs.append(measure(motions))
    return summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions)[:, 1:] for case in cases]),
        copy=measure([frame_on_first(case.nearest.positions)[:, 1:] for case in cases]),
        ground_truth=measure([tokenizer.decode_positions(case.encoded.codes)[:, 1:] for case in cases]),
    )


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    steps = min(len(first), len(second))
    return np.concatenate([first[:steps], second[:steps]], axis=1)


def prediction(sampler: Sampler, cases: list[Case]) -> dict[str, object]:
    """Displacement over the frames that both have, after a quarter of the clip was shown."""
    tokenizer = sampler.chat.motion_tokenizer
    cases = [case for case in cases if possible("prediction", case.encoded)]
    shown = [shown_steps(len(case.encoded.codes)) for case in cases]
    cuts = [steps * tokenizer.config.downsample for steps in shown]
    rest = [case.truth[cut:] for case, cut in zip(cases, cuts, strict=True)]

    def measure(motions: list[np.ndarray]) -> Numbers:
        cut = [(motion[: len(true)], true[: len(motion)]) for motion, true in zip(motions, rest, strict=True)]
        predicted, target = [one for one, _ in cut], [other for _, other in cut]
        return {"ade_mm": ade(predicted, target), "fde_mm": fde(predicted, target)}

    runs = []
    for repetition in range(sampler.repetitions):
        said = sampler.motions("prediction", cases, repetition, people=2)
        whole = [
            tokenizer.decode_positions(np.concatenate([case.encoded.codes[:steps], own]))
            for case, steps, own in zip(cases, shown, said, strict=True)
        ]
        sampler.store("prediction", cases, repetition, whole)
        runs.append(measure([motion[cut:] for motion, cut in zip(whole, cuts, strict=True)]))
    at = list(zip(cases, cuts, strict=True))
    return summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions)[cut:] for case, cut in at]),
        stand_still=measure([np.repeat(case.truth[cut - 1 : cut], len(case.truth) - cut, axis=0) for case, cut in at]),
        ground_truth=measure([tokenizer.decode_positions(case.encoded.codes)[cut:] for case, cut in at]),
    )
