"""Left and right exchanged, in joints, rotations and columns of features: a reflection at the plane x = 0.

A reflected body would have its left limbs where its right ones were, so each joint also takes its counterpart's place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from laban.motion.representation import Mirror
from laban.motion.sixd import Layout
from laban.motion.skeleton import INDEX, JOINTS

_OTHER = {"left": "right", "right": "left"}
COUNTERPART = tuple(
    INDEX[f"{_OTHER[side]}_{part}" if side in _OTHER else name] for name in JOINTS for side, _, part in [name.partition("_")]
)
"""(22,) the joint on the other side; itself for those of the trunk."""
POINT = (-1, 1, 1)
SIXD = {
    Layout.COLUMNS: (1, -1, -1, -1, 1, 1),
    Layout.INTERLEAVED: (1, -1, -1, 1, -1, 1),
    Layout.ROWS: (1, -1, -1, -1, 1, 1),
}
"""Signs of the six numbers under `M R M` with M = diag(-1, 1, 1): entries with exactly one index of x change theirs."""


def mirror_points(points: np.ndarray) -> np.ndarray:
    """Positions, velocities or rest offsets (…, 22, 3) -> those of the motion seen in a mirror."""
    return points[..., COUNTERPART, :] * np.array(POINT, points.dtype)


def mirror_rotations(rotations: np.ndarray, layout: Layout = Layout.COLUMNS) -> np.ndarray:
    """Rotations (…, 22, 6), local or in the world -> those of the motion seen in a mirror."""
    return rotations[..., COUNTERPART, :] * np.array(SIXD[layout], rotations.dtype)


def joint_columns(counterpart: Sequence[int], sign: Sequence[int]) -> Mirror:
    """The mirror of a block of (joints · numbers) columns, where joint `j` takes the place of `counterpart[j]`."""
    width = len(sign)
    order = (np.array(counterpart, int)[:, None] * width + np.arange(width)).ravel()
    return Mirror(order=order, sign=np.tile(np.array(sign, float), len(counterpart)))


def joined(*parts: Mirror) -> Mirror:
    """The mirror of blocks side by side."""
    starts = np.cumsum([0, *(len(part.order) for part in parts)])
    order = np.concatenate([start + part.order for start, part in zip(starts, parts, strict=False)])
    return Mirror(order=order, sign=np.concatenate([part.sign for part in parts]))
