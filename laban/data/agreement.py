"""Whether the arrays of a clip tell the same: the root, the rotations with their rest offsets, and the positions.

Letters: `J` = 22 joints, `B` clips, `T` frames, `P` people.
"""

from __future__ import annotations

import numpy as np

from laban.data.clip import Clip
from laban.data.physique import cross
from laban.motion.kinematics import fk
from laban.motion.skeleton import PARENTS


def agreement(clips: list[Clip], positions: np.ndarray) -> dict[str, np.ndarray | None]:
    """How far the root is from the pelvis, rotations from rotations, and forward kinematics from the positions.

    The recorded residual of a retarget is allowed for.
    """
    gaps: dict[str, np.ndarray | None] = {"root_gap_m": None, "rotation_gap": None, "fk_gap_m": None}
    if clips[0].root is None:
        return gaps
    residual = np.array([clip.residual_m for clip in clips])
    roots = np.stack([clip.root for clip in clips if clip.root is not None])
    gaps["root_gap_m"] = np.linalg.norm(roots.transpose(3, 0, 1, 2) - positions[0], axis=0).max((1, 2)) - residual
    if clips[0].rotations is None or clips[0].offsets is None:
        return gaps
    rotations = np.stack([clip.rotations for clip in clips if clip.rotations is not None])
    offsets = np.stack([clip.offsets for clip in clips if clip.offsets is not None])
    posed, gaps["rotation_gap"] = quick_fk(rotations, offsets, roots)
    fk_gap = np.abs(posed - positions).max((0, 1, 3, 4)).astype(np.float64)
    for row in np.flatnonzero(~(fk_gap < SINGLE_PRECISION_M)):
        fk_gap[row] = np.abs(fk(rotations[row], offsets[row], roots[row]) - clips[row].positions).max()
    return {**gaps, "fk_gap_m": fk_gap - residual}


SINGLE_PRECISION_M = 5e-6
"""A gap that `quick_fk` finds to be less is less than 1e-5 m; a greater one is computed again in double precision."""


def quick_fk(rotations: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward kinematics (J, 3, B, T, P) metres of (B, T, P, J, 6), (B, P, J, 3) and (B, T, P, 3), and each clip's greatest error in
    length or angle of the columns of its rotations.

    The same as `laban.motion.kinematics.fk`, in single precision and one coordinate after the other: twelve times as fast, which is
    what lets a gate look at every frame.
    """
    columns = np.ascontiguousarray(rotations.transpose(3, 4, 0, 1, 2))
    bones = offsets.transpose(2, 3, 0, 1)[:, :, :, None]
    placed = np.empty((len(PARENTS), 3, *rotations.shape[:3]), np.float32)
    placed[0] = root.transpose(3, 0, 1, 2)
    gap = np.zeros(len(rotations))
    world: list[list[np.ndarray]] = []
    for joint, parent in enumerate(PARENTS):
        first, second = columns[joint, :3], columns[joint, 3:]
        length, cosine = np.sqrt((first * first).sum(0)), (first * second).sum(0)
        gap = np.max([gap, *(np.abs(error).max((1, 2)) for error in (length - 1, (second * second).sum(0) - 1, cosine))], axis=0)
        if parent >= 0:
            placed[joint] = placed[parent] + _turn(world[parent], bones[joint])
        first = first / length
        second = second - (first * second).sum(0) * first
        second = second / np.sqrt((second * second).sum(0))
        own = [first, second, cross(first, second)]
        world.append(own if parent < 0 else [_turn(world[parent], column) for column in own])
    return placed, gap


def _turn(columns: list[np.ndarray], vector: np.ndarray) -> np.ndarray:
    """Rotation, given by its columns, of a vector; coordinates first."""
    return columns[0] * vector[0] + columns[1] * vector[1] + columns[2] * vector[2]
