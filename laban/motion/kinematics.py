"""Forward kinematics of the 22 joints and inverse kinematics of a limb of two bones.

Letters: `T` frames, `P` people, `J` = 22 joints; `…` any leading axes.
"""

from __future__ import annotations

import numpy as np

from laban.motion.rotations import dot, frame, from_6d, rotate, unit
from laban.motion.skeleton import PARENTS

_DEPTH = [0] * len(PARENTS)
for _joint, _parent in enumerate(PARENTS[1:], 1):
    _DEPTH[_joint] = _DEPTH[_parent] + 1
_LEVELS = [[joint for joint, depth in enumerate(_DEPTH) if depth == level] for level in range(1, max(_DEPTH) + 1)]
_LEVEL_PARENTS = [[PARENTS[joint] for joint in level] for level in _LEVELS]


def global_rotations(local: np.ndarray) -> np.ndarray:
    """(…, 22, 3, 3) rotations relative to the parent -> relative to the world."""
    world = np.empty_like(local)
    world[..., 0, :, :] = local[..., 0, :, :]
    for joints, parents in zip(_LEVELS, _LEVEL_PARENTS, strict=True):
        world[..., joints, :, :] = world[..., parents, :, :] @ local[..., joints, :, :]
    return world


def local_rotations(world: np.ndarray) -> np.ndarray:
    """(…, 22, 3, 3) rotations relative to the world -> relative to the parent."""
    local = np.empty_like(world)
    local[..., 0, :, :] = world[..., 0, :, :]
    # Products of strided small matrices take twice as long as copying them first.
    back = np.ascontiguousarray(np.swapaxes(world[..., list(PARENTS[1:]), :, :], -1, -2))
    local[..., 1:, :, :] = back @ world[..., 1:, :, :]
    return local


def chain_positions(world: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Joints (…, 22, 3) metres from world rotations (…, 22, 3, 3), rest offsets (…, 22, 3) and the pelvis (…, 3)."""
    steps = rotate(world[..., list(PARENTS[1:]), :, :], offsets[..., 1:, :])
    positions = np.empty((*world.shape[:-2], 3))
    positions[..., 0, :] = root
    for joints, parents in zip(_LEVELS, _LEVEL_PARENTS, strict=True):
        positions[..., joints, :] = positions[..., parents, :] + steps[..., [joint - 1 for joint in joints], :]
    return positions


def fk(rotations: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Joints (…, T, P, 22, 3) metres from 6-D local rotations (…, T, P, 22, 6), rest offsets (…, P, 22, 3) and root (…, T, P, 3).

    The root's rotation is relative to the world; `offsets[..., 0, :]` is not used: the pelvis is at `root`.
    """
    world = global_rotations(from_6d(np.asarray(rotations, np.float64)))
    return chain_positions(world, np.asarray(offsets, np.float64)[..., None, :, :, :], root)


def two_bone_ik(
    start: np.ndarray, target: np.ndarray, lengths: tuple[np.ndarray, np.ndarray], pole: np.ndarray, stretch: float = 0.999
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middle joint, end joint and hinge axis, each (…, 3), of a limb that starts at `start` and reaches for `target`.

    `lengths` are those of the two bones (…, 1) metres; the middle joint lies on the side of direction `pole` (…, 3).
    A target out of reach is approached along the line to it, to `stretch` of the limb's length.
    """
    upper, lower = lengths
    line = target - start
    distance = np.sqrt(dot(line, line))
    direction = line / np.maximum(distance, 1e-9)
    distance = np.clip(distance, np.abs(upper - lower) + 1e-4, stretch * (upper + lower))
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0))
    basis = frame(direction, pole)
    middle = start + along * direction + aside * basis[..., :, 1]
    return middle, start + distance * direction, basis[..., :, 2]


def bone_rotations(rest: np.ndarray, rest_pole: np.ndarray, direction: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """World rotations (…, 3, 3) that bring a limb's bone from its rest offset (…, 3) to `direction`, turned about it so that the
    hinge of the rest pose (the rest direction crossed with `rest_pole`) becomes `hinge` (…, 3)."""
    rest_direction = unit(rest)
    rest_frame = frame(rest_direction, _perpendicular(rest_direction, rest_pole))
    return frame(direction, hinge) @ np.swapaxes(rest_frame, -1, -2)


def _perpendicular(direction: np.ndarray, pole: np.ndarray) -> np.ndarray:
    """Cross product of a direction with the part of `pole` perpendicular to it."""
    return frame(direction, np.broadcast_to(pole, direction.shape))[..., :, 2]
