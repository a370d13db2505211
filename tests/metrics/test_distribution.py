import numpy as np
import pytest
from scipy.linalg import sqrtm

from laban.metrics.distribution import Gaussian, diversity, fid, is_full_rank, multimodality

rng = np.random.default_rng(0)
REAL = rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12))
MADE = rng.normal(size=(400, 12)) @ rng.normal(size=(12, 12)) + 0.3


def _by_sqrtm(a: np.ndarray, b: np.ndarray) -> float:
    covariance_a, covariance_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(covariance_a @ covariance_b)
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(covariance_a + covariance_b - 2 * root.real))


def test_fid_equals_scipys_matrix_root() -> None:
    assert fid(REAL, MADE) == pytest.approx(_by_sqrtm(REAL, MADE), rel=1e-6)
    assert fid(REAL, MADE) == pytest.approx(fid(MADE, REAL), rel=1e-6)


def test_fid_of_equal_sets_and_of_a_shift() -> None:
    assert fid(REAL, REAL[::-1]) == pytest.approx(0.0, abs=1e-6)
    assert fid(REAL, REAL + 2.0) == pytest.approx(12 * 4.0, rel=1e-6)


def test_the_reference_is_worked_out_once_for_all_repetitions() -> None:
    reference = Gaussian.of(REAL, scale=6.0)
    for seed in range(3):
        made = MADE + np.random.default_rng(seed).normal(size=MADE.shape)
        assert reference.fid(made) == pytest.approx(36 * _by_sqrtm(REAL, made), rel=1e-6)


def test_intergens_scale_multiplies_fid_by_36() -> None:
    assert fid(REAL, MADE, scale=6.0) == pytest.approx(36 * fid(REAL, MADE), rel=1e-9)


def test_fid_of_one_dimension_is_the_closed_form() -> None:
    a, b = REAL[:, :1], MADE[:, :1]
    assert fid(a, b) == pytest.approx((a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2, abs=1e-9)


def test_too_few_samples_are_said() -> None:
    assert is_full_rank(REAL, MADE)
    assert not is_full_rank(REAL, MADE[:12])
    with pytest.warns(RuntimeWarning, match="500 and 12 samples in 12 dimensions"):
        assert np.isfinite(fid(REAL, MADE[:12]))
    with pytest.raises(ValueError, match="N >= 2"):
        fid(REAL, MADE[:1])
    with pytest.raises(ValueError, match="width 12 and 11"):
        fid(REAL, MADE[:, :11])


def test_diversity() -> None:
    random = np.random.default_rng(3)
    first, second = random.choice(500, 300, replace=False), random.choice(500, 300, replace=False)
    expected = np.mean([np.sqrt(((REAL[i] - REAL[j]) ** 2).sum()) for i, j in zip(first, second, strict=True)])
    assert diversity(REAL, pairs=300, seed=3) == pytest.approx(expected, abs=1e-6)
    assert diversity(REAL, pairs=300, seed=3, scale=3.0) == pytest.approx(3 * expected, abs=1e-6)
    again = [diversity(REAL, pairs=300, seed=seed) for seed in range(30)]
    assert diversity(REAL, pairs=300, seed=0, repetitions=30) == pytest.approx(np.mean(again), rel=0.02)
    assert diversity(np.ones((10, 4)), pairs=5, seed=0) == 0.0
    with pytest.raises(ValueError, match="300 pairs from 20"):
        diversity(REAL[:20], pairs=300, seed=0)


def test_multimodality() -> None:
    generations = REAL[:480].reshape(16, 30, 12)
    random = np.random.default_rng(5)
    first, second = random.choice(30, 10, replace=False), random.choice(30, 10, replace=False)
    expected = np.mean([[np.sqrt(((row[i] - row[j]) ** 2).sum()) for i, j in zip(first, second, strict=True)] for row in generations])
    assert multimodality(generations, pairs=10, seed=5) == pytest.approx(expected, abs=1e-6)
    # Captions that differ from one another, each always answered alike, show no multimodality.
    assert multimodality(np.repeat(REAL[:16, None], 30, axis=1), pairs=10, seed=5) == 0.0
    assert multimodality(generations, pairs=10, seed=5, scale=6.0) == pytest.approx(6 * expected, abs=1e-6)
    with pytest.raises(ValueError, match="R >= pairs"):
        multimodality(generations[:, :5], pairs=10, seed=5)
