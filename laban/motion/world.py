"""The global representation: 264 numbers a person and frame, in the world, from which everything but a skeleton's rest comes back.

    positions 66 | velocities 66, metres a frame | rotations of 22 joints in the world 132, COLUMNS

Velocities look backwards and begin with 0, so T frames give T rows and the features of a prefix are the prefix of the features.
"""

from __future__ import annotations

import numpy as np

from laban.motion.kinematics import global_rotations, local_rotations
from laban.motion.mirror import COUNTERPART, POINT, SIXD, joined, joint_columns
from laban.motion.representation import Representation, blocks
from laban.motion.rotations import from_6d, to_6d
from laban.motion.sixd import Layout
from laban.motion.skeleton import JOINTS

_J = len(JOINTS)
_POINTS = joint_columns(COUNTERPART, POINT)
WORLD = Representation(
    name="world-264",
    groups=blocks(position=3 * _J, velocity=3 * _J, rotation=6 * _J),
    losses={
        "rest offsets": "bone lengths show in `position`, rest directions do not",
        "six numbers that are no rotation": "what a network wrote is replaced by the rotation that Gram–Schmidt makes of it",
    },
    mirror=joined(_POINTS, _POINTS, joint_columns(COUNTERPART, SIXD[Layout.COLUMNS])),
)
POSITION, VELOCITY, ROTATION = WORLD.groups.values()


def to_features(positions: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """(…, T, P, 22, 3) metres and local rotations (…, T, P, 22, 6), COLUMNS -> (…, T, P, 264) in the dtype of `positions`."""
    if positions.ndim < 4 or positions.shape[-2:] != (_J, 3) or not positions.shape[-4]:
        raise ValueError(f"positions {positions.shape}: expected (…, T, P, {_J}, 3)")
    if rotations is None or rotations.shape != (*positions.shape[:-1], 6):
        raise ValueError(f"rotations {None if rotations is None else rotations.shape}: expected {(*positions.shape[:-1], 6)}")
    flat = positions.reshape(*positions.shape[:-2], 3 * _J)
    features = np.zeros((*positions.shape[:-2], WORLD.width), positions.dtype)
    features[..., POSITION] = flat
    np.subtract(flat[..., 1:, :, :], flat[..., :-1, :, :], out=features[..., 1:, :, VELOCITY])
    features[..., ROTATION] = to_6d(global_rotations(from_6d(rotations))).reshape(*positions.shape[:-2], 6 * _J)
    return features


def to_positions(features: np.ndarray) -> np.ndarray:
    """(…, T, P, 264) -> (…, T, P, 22, 3) metres, exactly."""
    WORLD.check(features)
    return features[..., POSITION].reshape(*features.shape[:-1], _J, 3)


def to_rotations(features: np.ndarray) -> np.ndarray:
    """(…, T, P, 264) -> local rotations (…, T, P, 22, 6), COLUMNS."""
    WORLD.check(features)
    world = from_6d(features[..., ROTATION].reshape(*features.shape[:-1], _J, 6))
    return to_6d(local_rotations(world)).astype(features.dtype)
