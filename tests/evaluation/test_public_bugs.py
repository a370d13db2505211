"""The bugs of this field's public metric code, by number as in its list of pitfalls; each is caught here or where it says.

3 (the truth's FID is not 0 where clips are drawn anew) and 8 (a model judged by what rewarded it): tests of `test_measuring.py` on
ground-truth rows and on two evaluators side by side. 6 (equal captions as distractors): `tests/metrics/test_retrieval.py`.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from laban.data.clip import Caption, Clip, ClipStore, write_clips
from laban.data.codes import EncodedClip
from laban.evaluation.cases import held_out
from laban.evaluators.building import reader_of, untrained
from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.evaluator import Evaluator
from laban.evaluators.views import PAIR
from laban.language.tasks import ask
from laban.language.vocabulary import MotionVocabulary
from laban.metrics.distribution import fid
from laban.metrics.retrieval import chance, r_precision
from laban.motion.skeleton import REST_OFFSETS
from laban.tokenizer.quantizer import ResidualQuantizer


def motion(seed: int, frames: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    start = REST_OFFSETS.cumsum(axis=0) * 0.3 + (np.array([0, 1, 0]) + np.arange(2)[:, None] * [0.1, 0, 1.2])[:, None]
    return (start + np.cumsum(0.03 * draw.normal(size=(frames, 2, 22, 3)), axis=0)).astype(np.float32)


@pytest.mark.parametrize("architecture", ["towers", "interclip", "guo", "tmr"])
def test_1_the_whole_motion_is_read_not_a_quarter_of_it(architecture: str) -> None:
    """MotionGPT divides lengths by the unit twice, so its evaluator sees the first sixteenth of the frames."""
    torch.manual_seed(0)
    reader = reader_of(architecture, ["One person waves."], None)
    config = EvaluatorConfig(
        architecture=architecture, representation="pair", text=reader.name, entries=reader.entries, state_width=reader.state_width,
        kinds=(), width=16, text_width=16, layers=1, heads=4, feed_width=24, embedding_dim=16,
    )  # fmt: skip
    whole, longer = motion(0, 128), motion(1, 240)
    judge: Evaluator = untrained(config, reader, PAIR.of([whole], 30.0))
    changed = whole.copy()
    changed[-32:] += 0.5 * np.sin(np.arange(32))[:, None, None, None]
    before, after = judge.embed_motion([whole, longer], 30.0), judge.embed_motion([changed, longer], 30.0)
    assert np.abs(after[0] - before[0]).max() > 1e-4
    assert judge.embed_motion([whole], 30.0)[0] == pytest.approx(before[0], abs=1e-5)  # and nothing of a batch's padding


def _data(folder, seed: int) -> tuple[ClipStore, list[EncodedClip]]:
    clips = [
        Clip(
            id=f"c-{number}", positions=motion(number, 40), split="train" if number % 2 else "test", source="x", licence="",
            captions=tuple(Caption(text=f"caption {number} {way}", start_s=0, end_s=1, source="x") for way in "abc"), kind="hug",
        )
        for number in range(40)
    ]  # fmt: skip
    write_clips(folder, clips)
    rows = [
        EncodedClip(
            id=clip.id, split=clip.split, source="x", kind=clip.kind, order=(0, 1), fps=30.0, frames=40, downsample=8, codebook_size=16,
            captions=tuple(caption.text for caption in clip.captions), codes=np.random.default_rng(seed).integers(0, 16, (5, 2, 2)),
        )
        for clip in clips
    ]  # fmt: skip
    return ClipStore(folder), rows


def test_2_which_caption_of_which_clip_follows_from_the_data(tmp_path) -> None:
    """Elsewhere caption, crop and who is first are drawn anew, and the truth's own score moves from run to run."""
    first, second = (held_out(*_data(tmp_path / name, 0), samples=16, seed=3)["test"] for name in ("one", "two"))
    assert [one.case for one in first] == [one.case for one in second]
    assert all((one.truth == other.truth).all() for one, other in zip(first, second, strict=True))
    assert len({one.case.caption[-1] for one in first}) == 3  # not always the first caption


def test_4_rounding_makes_no_nan_that_ranks_last() -> None:
    rows = np.random.default_rng(0).normal(size=(64, 8)) * 1e-9 + 1e4
    squares = (rows**2).sum(1)[:, None] - 2 * rows @ rows.T + (rows**2).sum(1)
    assert (squares < 0).any()  # what the public formula takes the root of
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = r_precision(rows, rows, pool=32, top=3, seed=0)
    assert np.isfinite(found).all()
    assert (found >= chance(pool=32, top=3)).all()


def test_5_no_question_tells_how_long_the_truth_is(tmp_path) -> None:
    """Generators elsewhere are given the truth's length; here it is in no question but as motion that is shown."""
    _, rows = _data(tmp_path / "data", 0)
    longer = replace(rows[0], codes=np.concatenate([rows[0].codes, rows[0].codes]), frames=80)
    assert ask("t2m", rows[0], caption="x", phrase=1) == ask("t2m", longer, caption="x", phrase=1)


def test_7_a_singular_covariance_is_said() -> None:
    draw = np.random.default_rng(0)
    with pytest.warns(RuntimeWarning, match="a covariance is singular, do not compare it"):
        biased = fid(draw.normal(size=(64, 64)), draw.normal(size=(64, 64)))
    assert biased > 10.0  # of one distribution: it should be 0


def test_9_a_loaded_codebook_is_not_drawn_anew() -> None:
    torch.manual_seed(0)
    trained, resumed = ResidualQuantizer(depth=2, size=8, dim=4), ResidualQuantizer(depth=2, size=8, dim=4)
    trained(torch.randn(64, 4))
    resumed.load_state_dict(trained.state_dict())
    assert resumed.state_dict().keys() >= {"initialised", "counts", "sums", "codebooks"}
    vectors = torch.randn(64, 4)
    for one in (trained, resumed):
        torch.manual_seed(1)
        one.train()(vectors)
    assert torch.equal(trained.codebooks, resumed.codebooks)


def test_10_an_unused_levels_code_is_no_index() -> None:
    torch.manual_seed(0)
    quantizer = ResidualQuantizer(depth=3, size=8, dim=4, dropout=1.0)
    assert min(int(quantizer(torch.randn(32, 4)).codes.min()) for _ in range(20)) >= 0
    with pytest.raises(ValueError, match="vocabulary"):
        MotionVocabulary(residual_depth=3, codebook_size=8).write(np.full((2, 2, 3), -1))
