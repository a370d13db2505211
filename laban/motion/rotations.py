"""Rotations as (…, 3, 3) matrices that act on column vectors, and their 6-D form.

The 6-D form of Zhou et al. 2019 (arXiv 1812.07035) has three incompatible layouts in this field. **Ours is COLUMNS**: the first
column of the matrix, then the second: `[R00, R10, R20, R01, R11, R21]`. InterGen stores `R[:, :2].reshape(6)` (entries of the
two columns interleaved) and pytorch3d the first two *rows*; whoever reads those must convert.

Components are the last axes of a shape, whatever the memory looks like. Arrays that are made here have them outermost in memory
(`vector`), and arithmetic keeps the layout of what it is given: each component is then a long row, and a product of many small
matrices takes a fifth of the time that it takes where each matrix lies by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LAYOUT = "columns"


def to_6d(matrix: np.ndarray) -> np.ndarray:
    """(…, 3, 3) rotations -> (…, 6): first column, then second column."""
    return np.swapaxes(matrix[..., :2], -1, -2).reshape(*matrix.shape[:-2], 6)


def from_6d(sixd: np.ndarray) -> np.ndarray:
    """(…, 6) -> (…, 3, 3) rotations by Gram–Schmidt; any two independent columns are accepted."""
    first = unit(sixd[..., :3])
    second = sixd[..., 3:] - dot(first, sixd[..., 3:]) * first
    second = unit(second)
    return vector(first, second, cross(first, second))


def vector(*components: np.ndarray | float) -> np.ndarray:
    """Components (…), broadcast, -> (…, number of them), outermost in memory; of vectors (…, 3) the columns of a matrix."""
    parts = np.broadcast_arrays(*components)
    like = max(parts, key=lambda part: np.count_nonzero(part.strides))
    out = rows(like, len(parts), dtype=np.result_type(*components))
    for number, part in enumerate(parts):
        out[..., number] = part
    return out


def rows(like: np.ndarray, *tail: int, dtype: npt.DTypeLike = np.float64) -> np.ndarray:
    """Uninitialised (*like.shape, *tail): in memory the tail is outermost and the rest ordered as in `like`."""
    order = np.argsort([-stride for stride in like.strides], kind="stable")
    memory = np.empty((*tail, *(like.shape[axis] for axis in order)), dtype)
    return memory.transpose(*(len(tail) + np.argsort(order)), *range(len(tail)))


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner product of (…, 3) vectors -> (…, 1)."""
    return (a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])[..., None]


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cross product of (…, 3) vectors; several times faster than `np.cross` on small stacks."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return vector(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)


def unit(vector: np.ndarray) -> np.ndarray:
    """(…, 3) vectors scaled to length one; a zero vector stays zero."""
    length = np.sqrt(dot(vector, vector))
    return vector / np.where(length > 0, length, 1)


def rotate(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """(…, 3, 3) rotations applied to (…, 3) vectors."""
    return np.einsum("...ij,...j->...i", matrix, vector)


def compose(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Matrix product (…, 3, k) of rotations (…, 3, 3) and (…, 3, k): what `@` gives, but quick on stacks whose components are rows."""
    return np.einsum("...ij,...jk->...ik", first, second)


def transposed(matrix: np.ndarray) -> np.ndarray:
    """(…, 3, 3), a view: the inverse of a rotation."""
    return np.swapaxes(matrix, -1, -2)


def about(axis: int, angle: np.ndarray | float) -> np.ndarray:
    """Rotation by `angle` (…) radians about coordinate axis 0 (x), 1 (y) or 2 (z) -> (…, 3, 3)."""
    angle = np.asarray(angle, np.float64)
    matrix = rows(angle, 3, 3)
    matrix[...] = 0
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., j, i] = np.sin(angle)
    matrix[..., i, j] = -matrix[..., j, i]
    return matrix


def pitch(angle: np.ndarray | float) -> np.ndarray:
    """About x: positive bends a body that faces +Z forward."""
    return about(0, angle)


def yaw(angle: np.ndarray | float) -> np.ndarray:
    """About y (up): positive turns +Z towards +X, that is to a body's left."""
    return about(1, angle)


def roll(angle: np.ndarray | float) -> np.ndarray:
    """About z."""
    return about(2, angle)


def from_axis_angle(vector: np.ndarray) -> np.ndarray:
    """(…, 3) rotation vectors (axis times radians) -> (…, 3, 3), by Rodrigues' formula."""
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    skew = _skew(unit(vector))
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * (skew @ skew)


def to_axis_angle(matrix: np.ndarray) -> np.ndarray:
    """(…, 3, 3) -> (…, 3) rotation vectors of length at most π; by way of the quaternion, hence stable near 0 and π."""
    m = np.asarray(matrix, np.float64)
    diagonal = np.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], axis=-1)
    trace = diagonal.sum(-1)
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    squared = 1 + diagonal @ signs.T  # 4 w², 4 x², 4 y², 4 z²
    largest = np.argmax(squared, axis=-1)
    a = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    s = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    rows = [
        np.stack([1 + trace, *a], -1),
        np.stack([a[0], squared[..., 1], s[0], s[1]], -1),
        np.stack([a[1], s[0], squared[..., 2], s[2]], -1),
        np.stack([a[2], s[1], s[2], squared[..., 3]], -1),
    ]
    quaternion = np.take_along_axis(np.stack(rows, -2), largest[..., None, None], axis=-2)[..., 0, :]
    quaternion = quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)
    quaternion = np.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    sine = np.linalg.norm(quaternion[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternion[..., :1])
    return quaternion[..., 1:] * np.where(sine > 1e-9, angle / np.where(sine > 1e-9, sine, 1), 2.0)


def shortest_arc(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(…, 3, 3): the smallest rotation that turns direction `source` into `target`; opposite ones turn about any perpendicular."""
    a, b = np.broadcast_arrays(unit(np.asarray(source, np.float64)), unit(np.asarray(target, np.float64)))
    cosine = dot(a, b)[..., None]
    skew = _skew(cross(a, b))
    opposite = cosine < -1 + 1e-9
    smooth = np.eye(3) + skew + skew @ skew / np.where(opposite, 1, 1 + cosine)
    helper = np.where(np.abs(a[..., :1]) < 0.9, np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))
    axis = unit(cross(a, helper))
    half_turn = 2 * axis[..., :, None] * axis[..., None, :] - np.eye(3)
    return np.where(opposite, half_turn, smooth)


def frame(direction: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """(…, 3, 3) whose columns are `direction`, `hinge` made perpendicular to it, and their cross product."""
    first = unit(direction)
    second = unit(hinge - dot(hinge, first) * first)
    return vector(first, second, cross(first, second))


def _skew(v: np.ndarray) -> np.ndarray:
    zero = np.zeros(v.shape[:-1])
    rows = [[zero, -v[..., 2], v[..., 1]], [v[..., 2], zero, -v[..., 0]], [-v[..., 1], v[..., 0], zero]]
    return np.stack([np.stack(row, -1) for row in rows], -2)
