"""Do evaluators rank right? Trained here on embedded data, small, twice each with different seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from laban.data.artifact import Artifact, Manifest, list_files, seal
from laban.data.clip import Clip, write_clips
from laban.evaluators.evaluator import Evaluator, load
from laban.metrics.distribution import fid
from laban.metrics.retrieval import mm_dist
from laban.stages.contract import Gated, Work
from laban.stages.prepare import orders_of
from laban.stages.train_evaluator import TrainEvaluatorSettings, train_evaluator
from laban.synthesis.captions import captions
from laban.synthesis.interactions import make_clips

pytestmark = pytest.mark.slow
SEEDS = (1, 2)
JUDGES = {
    "evaluator": {"architecture": "towers", "representation": "attributes", "steps": 300, "learning_rate": 0.002, "noise_m": 0.03},
    "judge": {"architecture": "tmr", "representation": "pair", "steps": 120, "learning_rate": 0.003, "noise_m": 0.0},
}
"""The two of the workflow, smaller."""
NOISE_M = (0.0, 0.005, 0.01, 0.02)
"""Deviation of every joint in every frame; from some 3 cm on a motion looks less like its caption than one of another style does."""


@dataclass(frozen=True)
class Shown:
    """Held-out clips with captions, and for each a clip of another style of its kind, and one of another kind."""

    clips: list[Clip]
    wrong_style: list[Clip]
    wrong_kind: list[Clip]

    def noisy(self, deviation: float) -> list[np.ndarray]:
        draw = np.random.default_rng(7)
        return [clip.positions + (deviation * draw.normal(size=clip.positions.shape)).astype(np.float32) for clip in self.clips]

    def replaced(self, by: list[Clip], share: float) -> list[np.ndarray]:
        chosen = np.random.default_rng(8).permutation(len(self.clips)) < share * len(self.clips)
        return [(other if wrong else own).positions for own, other, wrong in zip(self.clips, by, chosen, strict=True)]

    def away(self, judge: Evaluator, motions: list[np.ndarray]) -> float:
        """Mean distance of motions to the captions of the clips that they stand for."""
        return mm_dist(judge.embed_text([clip.captions[0].text for clip in self.clips]), judge.embed_motion(motions, 30.0))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    orders = [order for order in orders_of(900, seed=3, held_out=0.15) if order.people == 2]
    made = make_clips(orders, clip_seconds=4.0, fps=30.0)
    return [
        replace(clip, captions=captions(order.style, seed=order.seed, number=order.number, end_s=clip.seconds))
        for order, clip in zip(orders, made, strict=True)
    ]


@pytest.fixture(scope="module")
def shown(clips: list[Clip]) -> Shown:
    held, draw = [clip for clip in clips if clip.split in ("val", "test")], np.random.default_rng(0)

    def other(clip: Clip, kind: bool) -> Clip:
        fitting = [one for one in held if (one.kind != clip.kind if kind else one.kind == clip.kind and differs(one, clip) >= 2)]
        return fitting[int(draw.integers(len(fitting)))]

    return Shown(held, [other(clip, kind=False) for clip in held], [other(clip, kind=True) for clip in held])


def differs(one: Clip, other: Clip) -> int:
    """In how many style parameters two clips of a kind differ."""
    return sum(one.style[name] != other.style[name] for name in one.style)


@pytest.fixture(scope="module", params=list(JUDGES))
def judges(request: pytest.FixtureRequest, clips: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> list[Evaluator]:
    """Two trainings of one network."""
    folder = tmp_path_factory.mktemp(request.param)
    write_clips(folder / "clips", clips)
    stored = seal(folder / "clips", Manifest(kind="clips", stage="prepare", settings={}, parents={}, files=list_files(folder / "clips")))
    return [trained(folder, stored, request.param, seed) for seed in SEEDS]


def trained(folder: Path, clips: Artifact, which: str, seed: int) -> Evaluator:
    torch.set_num_threads(1)
    output = folder / str(seed)
    output.mkdir()
    sizes = {"width": 64, "layers": 1, "text_width": 64, "heads": 4, "feed_width": 128, "embedding_dim": 64, "batch_size": 64}
    settings = TrainEvaluatorSettings(seed=seed, text_model="", checkpoint="", normaliser="", **sizes, **JUDGES[which])
    train_evaluator.function(settings, Gated(clips.path, clips.manifest, clips.hash), Work(output, folder / f"{seed}-scratch"))
    return load(output)


def test_truth_noise_wrong_style_wrong_kind_and_nothing_are_ranked(judges: list[Evaluator], shown: Shown) -> None:
    """To its caption a wrong kind may be farther than what is no motion: training pushed it away. That it is motion, FID says."""
    nothing = [np.random.default_rng(number).normal(size=clip.positions.shape) for number, clip in enumerate(shown.clips)]
    styles, kinds = shown.replaced(shown.wrong_style, 1), shown.replaced(shown.wrong_kind, 1)
    for judge in judges:
        ranked = [shown.away(judge, motions) for motions in (*map(shown.noisy, NOISE_M), styles, kinds)]
        assert all(near < far + 1e-3 for near, far in pairwise(ranked)), ranked
        assert ranked[0] < ranked[-3] < ranked[-2] < ranked[-1] - 0.2
        assert shown.away(judge, nothing) > ranked[-2] + 0.2
        truth, wrong, none = (judge.embed_motion(motions, 30.0) for motions in (shown.noisy(0.0), kinds, nothing))
        assert fid(truth, none) > 5 * fid(truth, wrong)


def test_trained_twice_they_put_ten_models_into_the_same_order(judges: list[Evaluator], shown: Shown) -> None:
    models = [
        *(shown.noisy(deviation) for deviation in (0.0, 0.02, 0.04, 0.08)),
        *(shown.replaced(shown.wrong_style, share) for share in (0.5, 1.0)),
        *(shown.replaced(shown.wrong_kind, share) for share in (0.2, 0.4, 0.7, 1.0)),
    ]
    one, other = ([shown.away(judge, motions) for motions in models] for judge in judges)
    assert spearmanr(one, other).statistic >= 0.9, (one, other)
