"""InterHuman's 262 features a person: what InterGen, its evaluator and most two-person models read (arXiv 2304.05684).

    positions 66 | velocities 66, metres a frame | local rotations of 21 joints 126, INTERLEAVED | contacts 4: left ankle and toe, right

All people stand in the frame of the **first** one's first frame: pelvis over the origin, hips facing +Z. InterGen brings each person
to a frame of their own and moves the second one back by a relative yaw and offset; the yaws and offsets telescope, so here everyone
is moved once, which is also how it extends to one person and to more than two. Rotations are local and stay as they are.
Velocities look forwards, so T frames give T - 1 rows. Letters: `T` frames, `P` people.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from laban.motion.mirror import COUNTERPART, POINT, SIXD, joined, joint_columns
from laban.motion.representation import Representation, blocks
from laban.motion.rotations import dot
from laban.motion.sixd import Layout, convert
from laban.motion.skeleton import INDEX, JOINTS

_J = len(JOINTS)
_FEET = [INDEX[name] for name in ("left_ankle", "left_foot", "right_ankle", "right_foot")]
_CONTACT_SPEED2 = 0.001
"""(m/frame)² at 30 frames a second."""
_CONTACT_HEIGHT = (0.12, 0.05, 0.12, 0.05)
"""Metres over the person's floor, of ankle and toe."""
_POINTS = joint_columns(COUNTERPART, POINT)
_LIMBS = [joint - 1 for joint in COUNTERPART[1:]]

INTERHUMAN = Representation(
    name="interhuman-262",
    groups=blocks(position=3 * _J, velocity=3 * _J, rotation=6 * (_J - 1), contact=4),
    losses={
        "place and facing in the first frame": "of the first person; everyone else's is kept relative to it",
        "floor": "with Floor.PERSON each person's lowest point comes to 0: who is lifted loses that height; SCENE and KEPT do not",
        "root orientation": "only the 21 joints under the pelvis have rotations; hips and spine in `position` show the pelvis",
        "rotations of the last frame": "T frames give T - 1 rows; its positions follow from the last velocity",
        "rest offsets": "bone lengths show in `position`, rest directions do not",
    },
    mirror=joined(_POINTS, _POINTS, joint_columns(_LIMBS, SIXD[Layout.INTERLEAVED]), joint_columns((2, 3, 0, 1), (1,))),
)
POSITION, VELOCITY, ROTATION, CONTACT = INTERHUMAN.groups.values()
_FEET_HEIGHT = [POSITION.start + 3 * joint + 1 for joint in _FEET]
_FEET_VELOCITY = [VELOCITY.start + 3 * joint + axis for joint in _FEET for axis in range(3)]


class Floor(StrEnum):
    """Whose lowest point is height 0."""

    PERSON = "person"
    """Everyone's own, as published."""
    SCENE = "scene"
    """One for all, so that who is lifted stays lifted."""
    KEPT = "kept"
    """The record's: nothing is moved up or down."""


def to_features(
    positions: np.ndarray, rotations: np.ndarray, *, layout: Layout = Layout.COLUMNS, floor: Floor = Floor.PERSON
) -> np.ndarray:
    """(…, T, P, 22, 3) metres, Y up, and local rotations (…, T, P, 22 or 21, 6) of `layout` -> (…, T - 1, P, 262).

    The result has the dtype of `positions`. Rotations of 22 joints begin with the pelvis, which is left out. Raises `ValueError` on other
    shapes, a single frame, or hips that do not tell which way the first person faces.
    Fastest a few clips at a time, so that they stay in the processor's cache.
    """
    _check(positions, rotations)
    positions, rotations = np.ascontiguousarray(positions), np.ascontiguousarray(rotations)
    frames = positions.shape[-4] - 1
    features = np.empty((*positions.shape[:-4], frames, positions.shape[-3], INTERHUMAN.width), positions.dtype)
    framed = in_pair_frame(positions, floor)
    flat = framed.reshape(*framed.shape[:-2], 3 * _J)
    features[..., POSITION] = flat[..., :-1, :, :]
    np.subtract(flat[..., 1:, :, :], flat[..., :-1, :, :], out=features[..., VELOCITY])
    limbs = convert(rotations, layout, Layout.INTERLEAVED)[..., :-1, :, 1 - _J :, :]
    features[..., ROTATION] = limbs.reshape(*limbs.shape[:-2], 6 * (_J - 1))
    features[..., CONTACT] = _contacts(features)
    return features


def in_pair_frame(positions: np.ndarray, floor: Floor = Floor.PERSON) -> np.ndarray:
    """(…, T, P, 22, 3) metres -> the same people on their floor, in the frame of the first person's first frame."""
    first = positions[..., :1, :1, :, :]
    across = first[..., INDEX["left_hip"], :] - first[..., INDEX["right_hip"], :]
    turn = across[..., 0] - 1j * across[..., 2]
    width = np.abs(turn)
    if not np.all(width > 0):
        raise ValueError("the first person's hips lie one above the other in the first frame: which way the body faces is undefined")
    framed = np.empty_like(positions)
    ground = np.empty(positions.shape[:-1], np.result_type(positions, np.complex64))  # x + i z: a turn is one product
    np.subtract(positions[..., 0], first[..., 0, 0, None], out=ground.real)
    np.subtract(positions[..., 2], first[..., 0, 2, None], out=ground.imag)
    ground *= (turn / width)[..., None].astype(ground.dtype)
    framed[..., 0], framed[..., 2] = ground.real, ground.imag
    np.subtract(positions[..., 1], _floor_height(positions, floor), out=framed[..., 1])
    return framed


def _floor_height(positions: np.ndarray, floor: Floor) -> np.ndarray | float:
    """Of (…, T, P, 22, 3) metres what has to be taken off heights (…, T, P, 22)."""
    if floor == Floor.KEPT:
        return 0.0
    rows = positions.reshape(*positions.shape[:-3], -1).min(axis=-2)  # NumPy is slow over many short axes
    lowest = rows.reshape(*positions.shape[:-4], 1, *positions.shape[-3:])[..., 1].min(axis=-1, keepdims=True)
    return lowest if floor == Floor.PERSON else lowest.min(axis=-2, keepdims=True)


def _contacts(features: np.ndarray) -> np.ndarray:
    """(…, 4) where a foot joint is slow and low."""
    velocity = features[..., _FEET_VELOCITY].reshape(*features.shape[:-1], len(_FEET), 3)
    return (dot(velocity, velocity)[..., 0] < _CONTACT_SPEED2) & (features[..., _FEET_HEIGHT] < np.array(_CONTACT_HEIGHT, features.dtype))


def to_positions(features: np.ndarray) -> np.ndarray:
    """(…, T - 1, P, 262) -> (…, T, P, 22, 3) metres in the pair's frame.

    The last frame is the one before it plus its velocity; of *generated* features it is the only one that rests on a velocity,
    and `[..., :-1, :, :, :]` is what the field shows.
    """
    INTERHUMAN.check(features)
    last = features[..., -1:, :, POSITION] + features[..., -1:, :, VELOCITY]
    flat = np.concatenate([features[..., POSITION], last], axis=-3)
    return flat.reshape(*flat.shape[:-1], _J, 3)


def to_rotations(features: np.ndarray, layout: Layout = Layout.COLUMNS) -> np.ndarray:
    """(…, T - 1, P, 262) -> local rotations (…, T - 1, P, 21, 6) of the joints under the pelvis."""
    INTERHUMAN.check(features)
    stored = features[..., ROTATION]
    return convert(stored.reshape(*stored.shape[:-1], _J - 1, 6), Layout.INTERLEAVED, layout)


def _check(positions: np.ndarray, rotations: np.ndarray | None) -> None:
    if positions.ndim < 4 or positions.shape[-2:] != (_J, 3) or positions.shape[-3] < 1:
        raise ValueError(f"positions {positions.shape}: expected (…, T, P, {_J}, 3)")
    if positions.shape[-4] < 2:
        raise ValueError(f"positions {positions.shape}: velocities need two frames at least")
    if rotations is None:
        raise ValueError("no rotations: InterHuman's features hold them, and this record's source has none; retarget it first")
    if rotations.shape[:-2] != positions.shape[:-2] or rotations.shape[-2:] not in ((_J, 6), (_J - 1, 6)):
        raise ValueError(
            f"rotations {rotations.shape}: expected {positions.shape[:-2]} and ({_J} or {_J - 1}, 6) after positions {positions.shape}"
        )
