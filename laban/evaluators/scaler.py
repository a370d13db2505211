"""Statistics that features are brought to mean 0 and deviation 1 with: of the training clips, or those that published weights belong to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from laban.evaluators.views import CONTACTS, View
from laban.motion.normaliser import FEWEST_DEVIATION, Normaliser, Origin


class Scaler(nn.Module):
    """(…, W) features -> the same, normalised."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.as_tensor(deviation, dtype=torch.float32))

    def forward(self, features: Tensor) -> Tensor:
        """(features - mean) / deviation."""
        return (features - self.mean) / self.deviation

    @classmethod
    def identity(cls, width: int) -> Scaler:
        """Leaves features as they are, as InterCLIP has them."""
        return cls(np.zeros(width), np.ones(width))

    @classmethod
    def fit(cls, rows: Sequence[np.ndarray], blocks: Sequence[int]) -> Scaler:
        """Mean of each feature of arrays (T, W), and one standard deviation a block.

        A deviation of its own would let a feature that hardly moves (the floor height of a toe) be mostly noise.
        """
        count = sum(len(row) for row in rows)
        mean = sum(row.sum(axis=0, dtype=np.float64) for row in rows) / count
        own = np.sqrt(sum(((row - mean) ** 2).sum(axis=0) for row in rows) / count)
        shared = [np.full(len(block), max(block.mean(), FEWEST_DEVIATION)) for block in np.split(own, np.cumsum(blocks)[:-1])]
        return cls(np.asarray(mean), np.concatenate(shared))

    @classmethod
    def read(cls, path: Path, of: View) -> Scaler:
        """Statistics that published weights were trained with: a folder of `mean.npy` and `std.npy`, or a file of `motion.normaliser`.

        They are one person's, contacts included; all people share them. Raises `ValueError` naming the file whose statistics are
        another representation's, or the data set's, which move FID by orders of magnitude.
        """
        if of.published is None:
            raise ValueError(f"{path}: nobody publishes statistics of representation {of.name!r}")
        if path.is_dir():
            files = path / "mean.npy", path / "std.npy"
            found = Normaliser.of_files(of.published, *files, origin=Origin.EVALUATOR, name=path.name)
        else:
            found = Normaliser.load(path, of.published, origin=Origin.EVALUATOR)
        return cls(*(np.tile(value[:-CONTACTS], of.people) for value in (found.mean, found.deviation)))
