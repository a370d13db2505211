"""What the judging networks say of answers: retrieval, distance, distribution, kind.

Letters: `N` motions, `E` embedding width.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from laban.evaluation.table import Numbers
from laban.metrics.distribution import Gaussian, diversity, is_full_rank, multimodality
from laban.metrics.retrieval import mm_dist, r_precision

POOLS = (32, 96)
"""Everyone's, and InterHuman's."""
TOP = 3
DIVERSITY_PAIRS = 300
MULTIMODALITY_PAIRS = 10


class Judge(Protocol):
    """A trained network that judges, as `laban.evaluators` makes them."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Interactions that it tells apart; none: it tells none."""

    def embed_motion(self, motions: Sequence[np.ndarray], fps: float) -> np.ndarray:
        """Motions (T, 2, 22, 3) -> (N, E)."""

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        """Captions -> (N, E)."""

    def kind(self, motions: Sequence[np.ndarray], fps: float) -> list[str]:
        """Most likely interaction of each motion."""


@dataclass(frozen=True, kw_only=True)
class Draws:
    """How often and by which seed the metrics draw pools and pairs, and what embeddings are multiplied by."""

    seed: int
    repetitions: int
    scale: float


def retrieval(
    queries: np.ndarray, items: np.ndarray, labels: Sequence[Hashable], draws: Draws, *, name: str = "r_precision"
) -> tuple[Numbers, dict[str, str]]:
    """R-precision of (N, E) embeddings in pools of 32 and 96, items of the query's label being no distractors; and why one is absent."""
    numbers: Numbers = {}
    absent = {}
    for pool in POOLS:
        if len(queries) < pool:
            absent[f"{name}{_in(pool)}"] = f"{len(queries)} pairs fill no pool of {pool}"
            continue
        found = r_precision(queries, items, pool=pool, top=TOP, seed=draws.seed, repetitions=draws.repetitions, labels=labels)
        numbers |= {f"{name}_top{k + 1}{_in(pool)}": float(found[k]) for k in range(TOP)}
    return numbers, absent


def _in(pool: int) -> str:
    return "" if pool == POOLS[0] else f"_pool{pool}"


def within_kind(text: np.ndarray, motion: np.ndarray, kinds: Sequence[str], labels: Sequence[Hashable], draws: Draws) -> Numbers:
    """R-precision in pools of 32 of one kind, which only style tells apart: mean over the kinds that fill a pool."""
    found = []
    for kind in sorted(set(kinds)):
        rows = [number for number, own in enumerate(kinds) if own == kind]
        if len(rows) >= POOLS[0]:
            own = [labels[row] for row in rows]
            found.append(
                r_precision(text[rows], motion[rows], pool=POOLS[0], top=TOP, seed=draws.seed, repetitions=draws.repetitions, labels=own)[
                    TOP - 1
                ]
            )
    return {f"r_precision_top{TOP}_within_kind": float(np.mean(found))} if found else {}


class Reference:
    """The truth that sets of answers are compared with; what all rows share is computed once."""

    def __init__(self, truth: np.ndarray, draws: Draws) -> None:
        self.truth, self.draws = truth, draws
        self._gaussian = Gaussian.of(truth, scale=draws.scale) if len(truth) > 1 and is_full_rank(truth) else None

    def compare(self, embedded: np.ndarray) -> tuple[Numbers, dict[str, str]]:
        """FID where both covariances are of full rank, and diversity."""
        numbers: Numbers = {}
        absent: dict[str, str] = {}
        if self._gaussian is not None and is_full_rank(embedded):
            numbers["fid"] = self._gaussian.fid(embedded)
        else:
            few, width = min(len(embedded), len(self.truth)), self.truth.shape[1]
            absent["fid"] = f"{few} samples in {width} dimensions: a covariance would be singular; more than {width} are needed"
        if len(embedded) > 1:
            pairs = min(DIVERSITY_PAIRS, len(embedded))
            numbers["diversity"] = diversity(
                embedded, pairs=pairs, seed=self.draws.seed, scale=self.draws.scale, repetitions=self.draws.repetitions
            )
        return numbers, absent


def of_one_caption(generations: Sequence[np.ndarray], draws: Draws) -> tuple[Numbers, dict[str, str]]:
    """Multimodality of R repetitions of the same N captions, R arrays (N, E)."""
    if len(generations) < MULTIMODALITY_PAIRS:
        return {}, {"multimodality": f"{len(generations)} repetitions: {MULTIMODALITY_PAIRS} pairs need as many"}
    stacked = np.stack(generations, axis=1)
    return {"multimodality": multimodality(stacked, pairs=MULTIMODALITY_PAIRS, seed=draws.seed, scale=draws.scale)}, {}


def says(
    text: np.ndarray, embedded: np.ndarray, labels: Sequence[Hashable], kinds: Sequence[str], draws: Draws
) -> tuple[Numbers, dict[str, str]]:
    """What embeddings (N, E) of captions and of motions that answer them give, row by row; and why a number is absent."""
    found, absent = retrieval(text, embedded, labels, draws)
    return {"mm_dist": mm_dist(text, embedded)} | found | within_kind(text, embedded, kinds, labels, draws), absent
