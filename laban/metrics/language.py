"""Texts compared through a language model's states: arrays in, numbers out; `laban.evaluation.scorers` makes the states.

Letters: `L` tokens, `H` width of a state, `N`, `M` texts, `K` clusters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

MAUVE_SCALE = 5.0
"""How fast the divergences fall off on the curve: Pillutla et al., section 3."""
MAUVE_POINTS = 25
MAUVE_VARIANCE = 0.9
"""Share of the variance that the components keep which clusters are formed in."""


def bert_score(
    candidate: np.ndarray, reference: np.ndarray, candidate_weights: np.ndarray | None = None, reference_weights: np.ndarray | None = None
) -> float:
    """F1 of greedily matched token states, (L, H) and (L', H), weighted by inverse document frequency if given: Zhang et al. (ICLR 2020).

    Not rescaled by a baseline: rescaled numbers are lower by up to 55 points and cannot be compared. Texts without a token, or all
    of weight 0, score 0.
    """
    if not len(candidate) or not len(reference):
        return 0.0
    mine, other = (states / np.linalg.norm(states, axis=1, keepdims=True) for states in (candidate, reference))
    likeness = mine @ other.T
    precision = _weighted(likeness.max(axis=1), candidate_weights)
    recall = _weighted(likeness.max(axis=0), reference_weights)
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def inverse_frequency(documents: Iterable[Iterable[Hashable]]) -> Mapping[Hashable, float]:
    """Token -> log((documents + 1) / (documents with it + 1)), as in BERTScore; of an unknown token, 0 documents have it."""
    sets = [set(document) for document in documents]
    counts = Counter(token for document in sets for token in document)
    return {token: math.log((len(sets) + 1) / (count + 1)) for token, count in counts.items()}


def mauve(generated: np.ndarray, written: np.ndarray, *, seed: int, clusters: int | None = None) -> float:
    """Area under the curve of divergences of two sets of texts, 0 … 1, from states (N, H), (M, H): Pillutla et al. (NeurIPS 2021).

    States are brought to length 1, reduced to the components of 90 % of variance, and quantised by k-means (K = a tenth of the
    smaller set, as mauve-text); both histograms are compared with their mixtures. Few texts give great numbers: compare only equal
    counts. Raises `ValueError` on fewer than 20 texts.
    """
    few = min(len(generated), len(written))
    if few < 20:
        raise ValueError(f"MAUVE of {len(generated)} and {len(written)} texts: 20 at least")
    clusters = clusters or max(2, round(few / 10))
    labels = _clustered(np.concatenate([generated, written]), clusters, seed)
    p, q = (np.bincount(part, minlength=clusters) / len(part) for part in (labels[: len(generated)], labels[len(generated) :]))
    points = np.array([(0.0, 1.0), *(_divergences(p, q, share) for share in np.linspace(1e-6, 1 - 1e-6, MAUVE_POINTS)), (1.0, 0.0)])
    return (_area(*points.T) + _area(*points.T[::-1])) / 2


def _area(x: np.ndarray, y: np.ndarray) -> float:
    order = np.lexsort((-y, x))  # of points above one another the higher first, for the curve falls: equal sets then give 1
    return float(np.trapezoid(y[order], x[order]))


def _clustered(states: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    states = states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
    if not states.std(axis=0).any():
        return np.zeros(len(states), np.int64)  # all alike: there is nothing to cluster
    reduced = PCA(n_components=MAUVE_VARIANCE, svd_solver="full").fit_transform(states)
    return KMeans(n_clusters=clusters, n_init=5, max_iter=500, random_state=seed).fit_predict(reduced)


def _divergences(p: np.ndarray, q: np.ndarray, share: float) -> tuple[float, float]:
    """A point of the curve: exp(-c·KL) of either histogram to a mixture of both."""
    mixed = share * p + (1 - share) * q
    return math.exp(-MAUVE_SCALE * _kl(q, mixed)), math.exp(-MAUVE_SCALE * _kl(p, mixed))


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float((p[there] * np.log(p[there] / q[there])).sum())


def _weighted(values: np.ndarray, weights: np.ndarray | Sequence[float] | None) -> float:
    if weights is None:
        return float(values.mean())
    weights = np.asarray(weights, np.float64)
    return float(values @ weights / weights.sum()) if weights.sum() > 0 else 0.0
