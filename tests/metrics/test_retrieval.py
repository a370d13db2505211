import numpy as np
import pytest

from laban.metrics.retrieval import chance, mm_dist, r_precision

rng = np.random.default_rng(0)
TEXT = rng.normal(size=(70, 8))
MOTION = TEXT + 0.8 * rng.normal(size=TEXT.shape)


def _by_sorting(text: np.ndarray, motion: np.ndarray, pool: int, top: int, seed: int) -> np.ndarray:
    """The definition, one query at a time."""
    order = np.random.default_rng(seed).permutation(len(text))
    hits = []
    for start in range(0, len(order) - pool + 1, pool):
        chosen = order[start : start + pool]
        for number in chosen:
            distances = [np.sqrt(((text[number] - motion[other]) ** 2).sum()) for other in chosen]
            rank = int(np.argsort(distances).tolist().index(list(chosen).index(number)))
            hits.append([rank < k for k in range(1, top + 1)])
    return np.mean(hits, axis=0)


@pytest.mark.parametrize("pool", [10, 32])
def test_equals_the_definition(pool: int) -> None:
    found = r_precision(TEXT, MOTION, pool=pool, top=3, seed=5)
    assert found == pytest.approx(_by_sorting(TEXT, MOTION, pool, 3, 5), abs=1e-9)
    assert 0.1 < found[0] < found[2] < 1.0  # neither trivial nor hopeless, so the equality means something


def test_the_remainder_of_a_pool_is_dropped() -> None:
    kept = np.random.default_rng(3).permutation(70)[:64]
    broken = MOTION.copy()
    broken[np.setdiff1d(np.arange(70), kept)] += 100.0
    assert r_precision(TEXT, MOTION, pool=32, top=1, seed=3) == r_precision(TEXT, broken, pool=32, top=1, seed=3)


def test_perfect_shuffled_and_collapsed() -> None:
    many = np.random.default_rng(1).normal(size=(3200, 16))
    assert r_precision(many, many, pool=32, top=3, seed=0).tolist() == [1.0, 1.0, 1.0]
    shuffled = many[np.random.default_rng(2).permutation(len(many))]
    assert r_precision(many, shuffled, pool=32, top=3, seed=0) == pytest.approx(chance(pool=32, top=3), abs=0.02)
    assert r_precision(many, np.zeros_like(many), pool=32, top=3, seed=0) == pytest.approx(chance(pool=32, top=3))


def test_tiny_differences_far_from_the_origin_do_not_become_nan() -> None:
    # |a|² - 2ab + |b|² loses these digits and may be negative; see field notes 6.4.
    far = 1e6 + 1e-3 * np.random.default_rng(4).normal(size=(64, 4))
    assert r_precision(far, far, pool=32, top=1, seed=0)[0] == 1.0


def test_equal_distances_share_their_rank_also_by_expansion() -> None:
    """Every item at distance 1 of every query: found by the formula that loses digits, settled by the one that does not."""
    queries, items = 1e5 * np.ones((32, 4)), 1e5 * np.ones((32, 4)) + np.eye(4)[np.arange(32) % 4]
    assert r_precision(queries, items, pool=32, top=3, seed=0) == pytest.approx(chance(pool=32, top=3))


def test_repetitions_average_over_other_pools() -> None:
    once = [r_precision(TEXT, MOTION, pool=10, top=3, seed=seed) for seed in range(40)]
    often = r_precision(TEXT, MOTION, pool=10, top=3, seed=99, repetitions=40)
    assert np.std(once, axis=0).max() > 0.0
    assert often == pytest.approx(np.mean(once, axis=0), abs=0.03)
    assert (often == r_precision(TEXT, MOTION, pool=10, top=3, seed=99, repetitions=40)).all()


def test_an_item_of_the_querys_own_caption_is_no_distractor() -> None:
    """InterHuman says "two people are dancing together" fifty times: then truth itself cannot be found."""
    texts = np.repeat(np.random.default_rng(1).normal(size=(8, 6)), 8, axis=0)
    motions = texts + 0.01 * np.random.default_rng(2).normal(size=texts.shape)
    captions = [f"caption {number // 8}" for number in range(64)]
    as_published = r_precision(texts, motions, pool=64, top=3, seed=0)
    assert as_published[2] == pytest.approx(3 / 8, abs=0.1)
    assert r_precision(texts, motions, pool=64, top=3, seed=0, labels=captions).tolist() == [1.0, 1.0, 1.0]
    unique = [str(number) for number in range(64)]
    assert (r_precision(texts, motions, pool=64, top=3, seed=0, labels=unique) == as_published).all()
    with pytest.raises(ValueError, match="63 labels of 64 pairs"):
        r_precision(texts, motions, pool=64, top=3, seed=0, labels=captions[1:])


def test_mm_dist() -> None:
    assert mm_dist(TEXT, MOTION) == pytest.approx(
        np.mean([np.sqrt(((a - b) ** 2).sum()) for a, b in zip(TEXT, MOTION, strict=True)]), abs=1e-9
    )
    assert mm_dist(TEXT, TEXT) == 0.0


def test_refusals() -> None:
    with pytest.raises(ValueError, match="pools of 96 from 70"):
        r_precision(TEXT, MOTION, pool=96, top=3, seed=0)
    with pytest.raises(ValueError, match=r"\(70, 8\) and \(69, 8\)"):
        mm_dist(TEXT, MOTION[1:])
    broken = MOTION.copy()
    broken[7, 2] = np.nan
    with pytest.raises(ValueError, match="row 7 of the second"):
        r_precision(TEXT, broken, pool=10, top=1, seed=0)
