"""Does a motion say what its caption says: retrieval between embeddings of text and motion.

Letters: `N` pairs, `E` embedding width.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist


def r_precision(queries: np.ndarray, items: np.ndarray, *, pool: int, top: int, seed: int) -> np.ndarray:
    """Share of queries whose own item is among the k nearest of its pool, for k = 1 … `top`: two (N, E) arrays -> (top,).

    Protocol of Guo et al., "Generating Diverse and Natural 3D Human Motions from Text" (CVPR 2022): Euclidean distance, text as
    query (InterHuman uses pools of 96, everyone else of 32; the two cannot be compared). Pairs are shuffled by `seed`
    and what does not fill a pool is dropped. Items at the same distance share their ranks evenly, so that a collapsed network
    scores chance and not 1. Raises `ValueError` on unequal shapes, a non-finite value, or fewer pairs than a pool.
    """
    queries, items = _pairs(queries, items)
    if not 1 <= top <= pool <= len(queries):
        raise ValueError(f"R-precision: top {top} of pools of {pool} from {len(queries)} pairs; need top <= pool <= pairs")
    order = np.random.default_rng(seed).permutation(len(queries))
    order = order[: len(order) // pool * pool].reshape(-1, pool)
    hits = [_hits(cdist(queries[chosen], items[chosen]), top) for chosen in order]
    return np.concatenate(hits).mean(axis=0)


def chance(*, pool: int, top: int) -> np.ndarray:
    """R-precision of a network that knows nothing: (top,)."""
    return np.arange(1, top + 1) / pool


def mm_dist(text: np.ndarray, motion: np.ndarray) -> float:
    """Mean Euclidean distance of each motion to its own caption ("MM-Dist", "matching score"; Guo et al. 2022): two (N, E) arrays.

    Over all pairs: nothing is dropped for filling a pool.
    """
    text, motion = _pairs(text, motion)
    return float(np.linalg.norm(text - motion, axis=1).mean())


def _hits(distance: np.ndarray, top: int) -> np.ndarray:
    """(pool, pool) distances, own items on the diagonal -> (pool, top) credit in 0 … 1."""
    own = np.diagonal(distance)[:, None]
    nearer = (distance < own).sum(axis=1, keepdims=True)
    equal = (distance == own).sum(axis=1, keepdims=True)
    return np.clip((np.arange(1, top + 1) - nearer) / equal, 0.0, 1.0)


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or first.shape != second.shape or not len(first):
        raise ValueError(f"embeddings {first.shape} and {second.shape}: expected two equal shapes (N, E) with N >= 1")
    for name, value in (("first", first), ("second", second)):
        bad = ~np.isfinite(value).all(axis=1)
        if bad.any():
            raise ValueError(f"row {int(bad.argmax())} of the {name} embeddings is not finite")
    return first, second
