"""What every representation of motion says of itself: its columns, what it cannot give back, and how left and right change places."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """A left–right mirror as a signed permutation of columns; its own inverse."""

    order: np.ndarray
    sign: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(…, width) -> the features of the motion seen in a mirror."""
        return features[..., self.order] * self.sign.astype(features.dtype)


@dataclass(frozen=True, kw_only=True)
class Representation:
    """The columns of one representation."""

    name: str
    groups: Mapping[str, slice]
    """Blocks of one meaning and one unit, in their order; a normaliser gives each one standard deviation."""
    losses: Mapping[str, str]
    """What of a record is lost -> why, or what stands in for it."""
    mirror: Mirror

    @property
    def width(self) -> int:
        """Columns of a person and frame."""
        return len(self.mirror.order)

    def check(self, features: np.ndarray) -> None:
        """Raise `ValueError` on an array that is not (…, T, width)."""
        if features.ndim < 2 or features.shape[-1] != self.width:
            raise ValueError(f"features {features.shape}: {self.name} is (…, T, {self.width})")


def blocks(**widths: int) -> dict[str, slice]:
    """Slices of consecutive blocks of the given widths."""
    ends = list(itertools.accumulate(widths.values()))
    return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends, strict=True)}
