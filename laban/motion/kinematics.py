"""Forward kinematics of the 22 joints and inverse kinematics of a limb of two bones.

Letters: `T` frames, `P` people, `J` = 22 joints; `…` any leading axes.
"""

from __future__ import annotations

import numpy as np

from laban.motion.rotations import compose, cross, dot, frame, from_6d, rotate, transposed, unit, vector
from laban.motion.skeleton import PARENTS


def global_rotations(local: np.ndarray) -> np.ndarray:
    """(…, 22, 3, 3) rotations relative to the parent -> relative to the world."""
    world = np.empty_like(local)
    world[..., 0, :, :] = local[..., 0, :, :]
    for joint, parent in enumerate(PARENTS[1:], 1):
        world[..., joint, :, :] = compose(world[..., parent, :, :], local[..., joint, :, :])
    return world


def local_rotations(world: np.ndarray, columns: int = 3) -> np.ndarray:
    """(…, 22, 3, 3) rotations relative to the world -> relative to the parent (…, 22, 3, `columns`): two are all that 6-D needs."""
    local = np.empty_like(world[..., :columns])
    local[..., 0, :, :] = world[..., 0, :, :columns]
    for joint, parent in enumerate(PARENTS[1:], 1):
        local[..., joint, :, :] = compose(transposed(world[..., parent, :, :]), world[..., joint, :, :columns])
    return local


def chain_positions(world: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Joints (…, 22, 3) metres from world rotations (…, 22, 3, 3), rest offsets (…, 22, 3) and the pelvis (…, 3)."""
    positions = np.empty_like(world[..., 0])
    positions[..., 0, :] = root
    for joint, parent in enumerate(PARENTS[1:], 1):
        positions[..., joint, :] = positions[..., parent, :] + rotate(world[..., parent, :, :], offsets[..., joint, :])
    return positions


def fk(rotations: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Joints (…, T, P, 22, 3) metres from 6-D local rotations (…, T, P, 22, 6), rest offsets (…, P, 22, 3) and root (…, T, P, 3).

    The root's rotation is relative to the world; `offsets[..., 0, :]` is not used: the pelvis is at `root`.
    """
    columns = np.moveaxis(np.ascontiguousarray(np.moveaxis(rotations, -1, 0), np.float64), 0, -1)
    world = global_rotations(from_6d(columns))
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
    hinge of the rest pose (the rest direction crossed with `rest_pole`) becomes `hinge` (…, 3).

    `hinge` is a unit vector perpendicular to `direction`, as `two_bone_ik` gives it.
    """
    rest_direction = unit(rest)
    rest_hinge = frame(rest_direction, rest_pole)[..., 2]
    return compose(_upright(unit(direction), hinge), transposed(_upright(rest_direction, rest_hinge)))


def _upright(direction: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """`frame` of two directions that are perpendicular already."""
    return vector(direction, hinge, cross(direction, hinge))
