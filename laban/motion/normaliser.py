"""Means and deviations of features, which say of what representation and from whom they are.

Two pairs are about for the same features: the data set's, which a generator reads, and the evaluator's own, which its scores need.
Exchanging them raises no error and changes FID by orders of magnitude; hence `origin`, asked for wherever statistics are read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from laban.motion.representation import Representation

FEWEST_DEVIATION = 1e-3
"""Least deviation of a group: one that hardly moves would be mostly noise."""


class Origin(StrEnum):
    """Whose statistics they are."""

    DATA_SET = "data set"
    EVALUATOR = "evaluator"


@dataclass(frozen=True, kw_only=True)
class Normaliser:
    """(features - mean) / deviation, column by column."""

    representation: str
    origin: Origin
    name: str
    """Which data set or evaluator."""
    mean: np.ndarray
    """(F,) float32."""
    deviation: np.ndarray
    """(F,) float32, above 0."""

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.deviation.shape:
            raise ValueError(f"statistics of {self.name}: mean {self.mean.shape} and deviation {self.deviation.shape}: expected two (F,)")
        wrong = np.flatnonzero(~(np.isfinite(self.mean) & np.isfinite(self.deviation) & (self.deviation > 0)))
        if len(wrong):
            column = wrong[0]
            raise ValueError(f"statistics of {self.name}: column {column} has mean {self.mean[column]}, deviation {self.deviation[column]}")

    @property
    def sha256(self) -> str:
        """Of mean and deviation: what a report says to prove which statistics were used."""
        return hashlib.sha256(self.mean.astype("<f4").tobytes() + self.deviation.astype("<f4").tobytes()).hexdigest()

    def forward(self, features: np.ndarray, of: Representation) -> np.ndarray:
        """(…, F) of a representation -> normalised; raise `ValueError` where the statistics are another representation's."""
        self._check(features, of)
        return (features - self.mean) / self.deviation

    def backward(self, normalised: np.ndarray, of: Representation) -> np.ndarray:
        """The inverse of `forward`."""
        self._check(normalised, of)
        return normalised * self.deviation + self.mean

    def _check(self, features: np.ndarray, of: Representation) -> None:
        if of.name != self.representation:
            raise ValueError(f"statistics of {self.name} are for {self.representation}, the features are {of.name}")
        of.check(features)

    @classmethod
    def fit(cls, of: Representation, blocks: Iterable[np.ndarray], *, origin: Origin, name: str) -> Normaliser:
        """From blocks (…, F), read once: the mean of each column, and of each group the mean of its columns' deviations."""
        count, mean, squares = 0, np.zeros(of.width), np.zeros(of.width)
        for block in blocks:
            of.check(block)
            rows = block.reshape(-1, of.width).astype(np.float64)
            if not len(rows):
                continue
            shift = rows.mean(axis=0) - mean
            total = count + len(rows)
            squares += ((rows - rows.mean(axis=0)) ** 2).sum(axis=0) + shift**2 * count * len(rows) / total
            mean, count = mean + shift * len(rows) / total, total
        if not count:
            raise ValueError(f"statistics of {name}: no features of {of.name} to take them from")
        deviation = np.sqrt(squares / count)
        for group in of.groups.values():
            deviation[group] = max(float(deviation[group].mean()), FEWEST_DEVIATION)
        return cls(representation=of.name, origin=origin, name=name, mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))

    @classmethod
    def of_files(cls, of: Representation, mean: Path, deviation: Path, *, origin: Origin, name: str) -> Normaliser:
        """From the two `.npy` files that the field's repositories ship, taken as they are."""
        arrays = [np.load(path, allow_pickle=False).astype(np.float32) for path in (mean, deviation)]
        if arrays[0].shape != (of.width,):
            raise ValueError(f"{mean}: {arrays[0].shape}, but {of.name} has {of.width} columns")
        return cls(representation=of.name, origin=origin, name=name, mean=arrays[0], deviation=arrays[1])

    def save(self, path: Path) -> None:
        """Write one JSON file; numbers come back to the bit."""
        stored = {
            "representation": self.representation,
            "origin": self.origin.value,
            "name": self.name,
            "sha256": self.sha256,
            "mean": self.mean.astype(float).tolist(),
            "deviation": self.deviation.astype(float).tolist(),
        }
        path.write_text(json.dumps(stored) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path, of: Representation, *, origin: Origin) -> Normaliser:
        """Read what `save` wrote; raise `ValueError` where it is another representation's, another origin's, or was changed."""
        stored = _stored(path)
        if stored["representation"] != of.name:
            raise ValueError(f"{path}: statistics for {stored['representation']}, wanted {of.name}")
        if stored["origin"] != origin:
            raise ValueError(f"{path}: the {stored['origin']}'s statistics ({stored['name']}), wanted the {origin}'s")
        found = cls(
            representation=of.name,
            origin=origin,
            name=stored["name"],
            mean=np.array(stored["mean"], np.float32),
            deviation=np.array(stored["deviation"], np.float32),
        )
        if found.sha256 != stored["sha256"]:
            raise ValueError(f"{path}: its numbers hash to {found.sha256[:12]}, it says {stored['sha256'][:12]}: the file was changed")
        return found


def _stored(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: is not JSON: {error}") from error
    lacks = [key for key in ("representation", "origin", "name", "sha256", "mean", "deviation") if key not in stored]
    if lacks:
        raise ValueError(f"{path}: is no file of statistics, it lacks {', '.join(lacks)}; `.npy` pairs are read by Normaliser.of_files")
    return stored
