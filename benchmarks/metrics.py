"""The distribution metrics against the loop that the field's public code runs: `python benchmarks/metrics.py`.

5,000 samples of 512 dimensions, 20 repetitions of generation: R-precision in pools of 32, MM-Dist, FID, diversity, of the truth and
of what was generated. The loop is written here from the formulas and does in each repetition what HumanML3D's and InterGen's scripts do
there: pools and ranks in Python, all covariances, and `scipy.linalg.sqrtm` for the truth's FID (nearly 0) as for the model's; `--once`
spares it the truth's. Both get the same random numbers, so their tables must agree. Processor seconds, one after the other in one run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm

from laban.metrics.distribution import Gaussian, diversity
from laban.metrics.retrieval import mm_dist, r_precision

POOL, TOP, PAIRS = 32, 3, 300
TARGET = 6.0
Table = dict[str, list[float]]


def main() -> None:
    """Time both and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--once", action="store_true", help="the loop, too, knows that the truth's FID is 0")
    parser.add_argument("--result", type=Path, default=Path(__file__).parent / "results" / "metrics.json")
    given = parser.parse_args()
    text, truth, generated = made(given.samples, given.width, given.repetitions)
    ours, quick = timed(lambda: suite(text, truth, generated))
    theirs, slow = timed(lambda: loop(text, truth, generated, once=given.once))
    apart = max(float(np.abs(np.subtract(ours[name], theirs[name])).max()) for name in theirs)
    said = {
        "samples": given.samples, "width": given.width, "repetitions": given.repetitions, "once": given.once,
        "suite_seconds": round(quick, 3),
        "loop_seconds": round(slow, 3), "ratio": round(slow / quick, 2), "target": TARGET, "greatest_difference": apart,
    }  # fmt: skip
    print(json.dumps(said, indent=1))
    given.result.parent.mkdir(parents=True, exist_ok=True)
    given.result.write_text(json.dumps(said, indent=1) + "\n")
    if apart > 1e-6 or slow / quick < TARGET:
        raise SystemExit(f"the tables differ by {apart:.1e} (1e-6), the suite is {slow / quick:.1f} times as fast ({TARGET})")


def made(samples: int, width: int, repetitions: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Text, truth near it, and generations farther from it, as embeddings with a covariance of their own."""
    draw = np.random.default_rng(0)
    mix = draw.normal(size=(width, width)) / np.sqrt(width)
    text = draw.normal(size=(samples, width)) @ mix
    truth = text + 0.6 * draw.normal(size=text.shape)
    return text, truth, [text + 0.1 + 1.2 * draw.normal(size=text.shape) for _ in range(repetitions)]


def timed(function: Callable[[], Table]) -> tuple[Table, float]:
    """What it returns and its processor seconds."""
    start = time.process_time()
    return function(), time.process_time() - start


def suite(text: np.ndarray, truth: np.ndarray, generated: list[np.ndarray]) -> Table:
    """As `laban.evaluation` measures: what repetitions share is computed once, everything else in arrays."""
    reference, apart = Gaussian.of(truth), mm_dist(text, truth)
    table: Table = {"fid_truth": [reference.fid(truth)] * len(generated)}
    for seed, motion in enumerate(generated):
        table.setdefault("truth", []).extend([*_drawn(text, truth, seed), apart])
        table.setdefault("generated", []).extend([*_drawn(text, motion, seed), mm_dist(text, motion)])
        table.setdefault("fid", []).append(reference.fid(motion))
    return table


def _drawn(text: np.ndarray, motion: np.ndarray, seed: int) -> list[float]:
    """What depends on the draws of a repetition."""
    return [*r_precision(text, motion, pool=POOL, top=TOP, seed=seed), diversity(motion, pairs=PAIRS, seed=seed)]


def loop(text: np.ndarray, truth: np.ndarray, generated: list[np.ndarray], *, once: bool) -> Table:
    """As the field's public code does."""
    table: Table = {"fid_truth": [0.0] * len(generated) if once else []}
    for seed, motion in enumerate(generated):
        for name, rows in (("truth", truth), ("generated", motion)):
            table.setdefault(name, []).extend([*_ranks(text, rows, seed), _diversity(rows, seed), _matching(text, rows)])
        table.setdefault("fid", []).append(_fid(truth, motion))
        if not once:
            table["fid_truth"].append(_fid(truth, truth))
    return table


def _ranks(text: np.ndarray, motion: np.ndarray, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(text))
    hits = np.zeros(TOP)
    pools = len(text) // POOL
    for number in range(pools):
        chosen = order[number * POOL : (number + 1) * POOL]
        products = text[chosen] @ motion[chosen].T
        squares = (text[chosen] ** 2).sum(axis=1)[:, None] - 2 * products + (motion[chosen] ** 2).sum(axis=1)
        distances = np.sqrt(squares)
        ranks = np.argsort(distances, axis=1)
        right = np.zeros(POOL, bool)
        for k in range(TOP):
            right |= ranks[:, k] == np.arange(POOL)
            hits[k] += right.sum()
    return hits / (pools * POOL)


def _matching(text: np.ndarray, motion: np.ndarray) -> float:
    return sum(float(np.linalg.norm(one - other)) for one, other in zip(text, motion, strict=True)) / len(text)


def _diversity(motion: np.ndarray, seed: int) -> float:
    random = np.random.default_rng(seed)
    first, second = (random.choice(len(motion), PAIRS, replace=False) for _ in range(2))
    return float(np.mean([np.linalg.norm(motion[i] - motion[j]) for i, j in zip(first, second, strict=True)]))


def _fid(truth: np.ndarray, motion: np.ndarray) -> float:
    covariances = [np.cov(rows, rowvar=False) for rows in (truth, motion)]
    root = sqrtm(covariances[0] @ covariances[1])
    shift = truth.mean(axis=0) - motion.mean(axis=0)
    return float(shift @ shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root.real))


if __name__ == "__main__":
    main()
