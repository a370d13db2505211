"""The three layouts in which this field stores six numbers of a rotation, and the way from each to each.

Mistaking one for another raises no error: Gram–Schmidt makes some rotation of any six numbers. So a layout is always said.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from laban.motion.rotations import from_6d, to_6d


class Layout(StrEnum):
    """Which entries of the matrix `R` (acting on column vectors) lie where."""

    COLUMNS = "columns"
    """Ours, and HumanML3D's: `R00 R10 R20 R01 R11 R21`, the first column, then the second."""
    INTERLEAVED = "interleaved"
    """InterGen's: `R00 R01 R10 R11 R20 R21`, the first two columns read row by row."""
    ROWS = "rows"
    """pytorch3d's: `R00 R01 R02 R10 R11 R12`, the first row, then the second."""


_TO_INTERLEAVED = (0, 3, 1, 4, 2, 5)
_TO_COLUMNS = (0, 2, 4, 1, 3, 5)


def convert(sixd: np.ndarray, source: Layout, target: Layout) -> np.ndarray:
    """(…, 6) in one layout -> (…, 6) in another: numbers change places only, except to and from ROWS, by way of the matrix."""
    if source == target:
        return sixd
    if Layout.ROWS in (source, target):
        return from_matrix(to_matrix(sixd, source), target)
    joints = sixd.shape[-2] if sixd.ndim > 1 else 1
    order = 6 * np.arange(joints)[:, None] + (_TO_INTERLEAVED if target == Layout.INTERLEAVED else _TO_COLUMNS)
    # All joints in one row: an index array over six numbers would take three times as long.
    return np.take(sixd.reshape(*sixd.shape[:-2], 6 * joints), order.ravel(), axis=-1, mode="clip").reshape(sixd.shape)


def to_matrix(sixd: np.ndarray, layout: Layout) -> np.ndarray:
    """(…, 6) -> (…, 3, 3) rotations by Gram–Schmidt on the two columns, or on the two rows, that the layout stores."""
    if layout == Layout.ROWS:
        return np.swapaxes(from_6d(sixd), -1, -2)
    return from_6d(convert(sixd, layout, Layout.COLUMNS))


def from_matrix(matrix: np.ndarray, layout: Layout) -> np.ndarray:
    """(…, 3, 3) rotations -> (…, 6)."""
    if layout == Layout.ROWS:
        return matrix[..., :2, :].reshape(*matrix.shape[:-2], 6)
    return convert(to_6d(matrix), Layout.COLUMNS, layout)
