"""Does a motion say what its caption says: retrieval between embeddings of text and motion.

Letters: `N` pairs, `E` embedding width, `K` pools of `L` pairs each.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

_ROUNDING = 1e-11
"""Relative error, generously, of a squared distance by expansion: two that are nearer to each other are computed again, directly."""
_BLOCK = 256
"""Rows that are subtracted at once: they stay in the processor's cache."""


def r_precision(
    queries: np.ndarray,
    items: np.ndarray,
    *,
    pool: int,
    top: int,
    seed: int,
    repetitions: int = 1,
    labels: Sequence[Hashable] | None = None,
) -> np.ndarray:
    """Share of queries whose own item is among the k nearest of its pool, for k = 1 … `top`: two (N, E) arrays -> (top,).

    Protocol of Guo et al., "Generating Diverse and Natural 3D Human Motions from Text" (CVPR 2022): Euclidean distance, text as
    query (InterHuman uses pools of 96, everyone else of 32; the two cannot be compared). Pairs are shuffled by `seed`
    and what does not fill a pool is dropped; `repetitions` shuffles are averaged. Items at the same distance share their ranks
    evenly, so that a collapsed network scores chance and not 1. As published, another item of the query's caption counts as wrong;
    with `labels` (N,) (the captions) it is no distractor: InterHuman repeats captions fifty times, and nobody can tell those apart.
    Raises `ValueError` on unequal shapes, a non-finite value, or fewer pairs than a pool.
    """
    queries, items = _pairs(queries, items)
    if not 1 <= top <= pool <= len(queries) or repetitions < 1:
        raise ValueError(
            f"R-precision: top {top} of pools of {pool} from {len(queries)} pairs, {repetitions} times; need top <= pool <= pairs"
        )
    draw = np.random.default_rng(seed)
    numbers = None if labels is None else _numbers(labels, len(queries))
    query_sizes, item_sizes = (np.einsum("ne,ne->n", rows, rows) for rows in (queries, items))
    margin = _ROUNDING * float(query_sizes.max() + item_sizes.max())
    hits = []
    for _ in range(repetitions):
        # Pool by pool, which stays in the processor's cache: all at once takes four times as long.
        for chosen in draw.permutation(len(queries))[: len(queries) // pool * pool].reshape(-1, pool):
            excess = _excess(queries[chosen], items[chosen], item_sizes[chosen], margin)
            if numbers is not None:
                excess[(numbers[chosen, None] == numbers[chosen]) & ~np.eye(pool, dtype=bool)] = np.inf
            hits.append(excess)
    return _hits(np.stack(hits), top).mean(axis=(0, 1))


def chance(*, pool: int, top: int) -> np.ndarray:
    """R-precision of a network that knows nothing: (top,)."""
    return np.arange(1, top + 1) / pool


def mm_dist(text: np.ndarray, motion: np.ndarray) -> float:
    """Mean Euclidean distance of each motion to its own caption ("MM-Dist", "matching score"; Guo et al. 2022): two (N, E) arrays.

    Over all pairs: nothing is dropped for filling a pool.
    """
    text, motion = _pairs(text, motion)
    blocks = range(0, len(text), _BLOCK)
    return float(
        sum(np.linalg.norm(text[start : start + _BLOCK] - motion[start : start + _BLOCK], axis=1).sum() for start in blocks) / len(text)
    )


def _excess(queries: np.ndarray, items: np.ndarray, item_sizes: np.ndarray, margin: float) -> np.ndarray:
    """(L, E) twice, and the items' squared lengths -> (L, L): squared distance of each item less that of the query's own item.

    By |a|² - 2ab + |b|², in which |a|² cancels: fast, and wrong by rounding (field code takes the root of a negative one: NaN, which
    sorting then ranks last). What is nearer to 0 than `margin` is computed directly, so that equally far items have exactly 0.
    """
    partial = item_sizes - 2.0 * (queries @ items.T)
    excess = partial - partial.diagonal()[:, None]
    doubtful = np.abs(excess) <= margin
    if np.count_nonzero(doubtful) > len(queries):  # more than the own ones
        query, item = np.nonzero(doubtful)
        apart, right = (((queries[query] - items[other]) ** 2).sum(axis=-1) for other in (item, query))
        excess[query, item] = apart - right
    return excess


def _hits(excess: np.ndarray, top: int) -> np.ndarray:
    """(K, L, L) -> (K, L, top) credit in 0 … 1."""
    nearer = (excess < 0).sum(axis=-1, keepdims=True)
    equal = (excess == 0).sum(axis=-1, keepdims=True)
    return np.clip((np.arange(1, top + 1) - nearer) / equal, 0.0, 1.0)


def _numbers(labels: Sequence[Hashable], count: int) -> np.ndarray:
    """(N,) a number for each different label."""
    if len(labels) != count:
        raise ValueError(f"{len(labels)} labels of {count} pairs")
    known = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([known[label] for label in labels])


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or first.shape != second.shape or not len(first):
        raise ValueError(f"embeddings {first.shape} and {second.shape}: expected two equal shapes (N, E) with N >= 1")
    for name, value in (("first", first), ("second", second)):
        if not np.isfinite(value.sum()):
            raise ValueError(f"row {int((~np.isfinite(value).all(axis=1)).argmax())} of the {name} embeddings is not finite")
    return first, second
