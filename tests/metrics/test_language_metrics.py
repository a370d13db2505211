import math

import numpy as np
import pytest

from laban.metrics.language import _area, _divergences, bert_score, inverse_frequency, mauve

rng = np.random.default_rng(0)
FIRST, SECOND = rng.normal(size=(5, 8)), rng.normal(size=(7, 8))


def test_bert_score_equals_its_formula() -> None:
    weights = rng.uniform(size=5), rng.uniform(size=7)
    likeness = [[float(a @ b / math.sqrt((a @ a) * (b @ b))) for b in SECOND] for a in FIRST]
    precision = sum(w * max(row) for w, row in zip(weights[0], likeness, strict=True)) / sum(weights[0])
    columns = zip(weights[1], zip(*likeness, strict=True), strict=True)
    recall = sum(w * max(column) for w, column in columns) / sum(weights[1])
    assert bert_score(FIRST, SECOND, *weights) == pytest.approx(2 * precision * recall / (precision + recall), abs=1e-9)
    assert bert_score(FIRST, SECOND) == pytest.approx(bert_score(FIRST, SECOND, np.ones(5), np.ones(7)))
    assert bert_score(FIRST, 3 * FIRST[::-1]) == pytest.approx(1.0)


def test_bert_score_of_nothing() -> None:
    assert bert_score(FIRST[:0], SECOND) == 0.0
    assert bert_score(FIRST, SECOND, np.zeros(5), np.ones(7)) == 0.0


def test_rare_tokens_weigh_more() -> None:
    rarity = inverse_frequency([["a", "b", "b"], ["a"]])
    assert rarity == {"a": 0.0, "b": math.log(3 / 2)}


def test_mauves_curve_equals_mauve_texts() -> None:
    # mauve-text 0.4.0: area under get_divergence_curve_for_multinomials(p, q, linspace(1e-6, 1 - 1e-6, 25), 5).
    p, q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.1, 0.2, 0.3, 0.4])
    points = np.array([(0.0, 1.0), *(_divergences(p, q, share) for share in np.linspace(1e-6, 1 - 1e-6, 25)), (1.0, 0.0)])
    assert (_area(*points.T) + _area(*points.T[::-1])) / 2 == pytest.approx(MAUVE_TEXT, abs=1e-9)


MAUVE_TEXT = 0.2711696522515651


def test_mauve_of_alike_and_unlike_texts() -> None:
    states = rng.normal(size=(200, 16))
    assert mauve(states[:100], states[100:], seed=0) > 0.8
    assert mauve(states[:100], states[100:] + 5.0, seed=0) < 0.1
    assert mauve(states[:100], states[:100][::-1], seed=0) == pytest.approx(1.0, abs=1e-6)
    assert mauve(np.ones((30, 4)), np.ones((30, 4)), seed=0) == pytest.approx(1.0, abs=1e-6)  # nothing to cluster, and no NaN
    assert mauve(states[:60], states[60:140], seed=1) == mauve(states[:60], states[60:140], seed=1)
    with pytest.raises(ValueError, match="19 and 40 texts"):
        mauve(states[:19], states[:40], seed=0)
