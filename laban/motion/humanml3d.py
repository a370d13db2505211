"""HumanML3D's 263 features of one person, and KIT-ML's 251: the same columns for another skeleton (Guo et al., CVPR 2022).

    turn 1, half the yaw to the next frame, negated | glide 2, metres a frame along x and z | height 1 | places of the joints under the
    pelvis 3 (J - 1) | their rotations 6 (J - 1), COLUMNS | velocities 3 J, metres a frame | contacts 4, left ankle and toe, then right

Places, velocities and glide are seen from the body: pelvis over the origin, facing +Z. Everything looks forward, so T frames give
T - 1 rows. Rotations are not the record's but found from the joints: the one at joint `j` is the smallest that turns a rest direction
of the bone *ending* there into its direction, relative to that of the bone before it, or to the body's facing where a chain begins. Such
products telescope, so all bones are solved at once. Letters: `T` frames, `J` joints (22, or KIT's 21); arrays inside are joints first.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# Bodies are found here too, beside what they are arguments of.
from laban.motion.bodies import HUMANML3D as HUMANML3D
from laban.motion.bodies import KIT as KIT
from laban.motion.bodies import Body as Body
from laban.motion.features import rotate_yaw
from laban.motion.rotations import about, compose, from_6d, rotate

_SMOOTHING = 20.0
"""Frames: standard deviation of the Gaussian over the facing; cut off at four times that."""


def bone_lengths(pose: np.ndarray, body: Body = HUMANML3D) -> np.ndarray:
    """(…, J, 3) -> (…, J - 1) distances of the joints to their parents: of the first frame of clip 000021 (KIT: 03950) they are the
    lengths that the published features were made with."""
    return np.linalg.norm(pose[..., 1:, :] - pose[..., body.parents[1:], :], axis=-1)


def to_features(positions: np.ndarray, body: Body = HUMANML3D, lengths: np.ndarray | None = None) -> np.ndarray:
    """(…, T, J, 3), Y up -> (…, T - 1, 11 + 12 (J - 1)), 263 or 251, in the dtype of `positions`.

    `lengths` (J - 1,) bring everyone to one skeleton as published; None keeps each person's own. Raises `ValueError` on another shape,
    a single frame, a bone without length, or a body whose facing is undefined. Fastest a few clips at a time.
    """
    _check(positions, body)
    joints = _in_first_frame(_joints_first(positions), body, lengths)
    yaw = facing(joints, body)
    features = np.empty((body.representation.width, *joints.shape[2:-1], joints.shape[-1] - 1), positions.dtype)
    _fill(features, joints, yaw, body)
    return np.ascontiguousarray(np.moveaxis(features, 0, -1))


def canonical(positions: np.ndarray, body: Body = HUMANML3D, lengths: np.ndarray | None = None) -> np.ndarray:
    """(…, T, J, 3) -> the same shape: the motion on its floor, begun over the origin facing +Z, with bones of `lengths` if given."""
    _check(positions, body)
    return np.moveaxis(_in_first_frame(_joints_first(positions), body, lengths), (0, 1), (-2, -1))


def _joints_first(positions: np.ndarray) -> np.ndarray:
    """(…, T, J, 3) -> (J, 3, …, T), copied, so that everything runs along memory."""
    return np.moveaxis(positions, (-2, -1), (0, 1)).copy()


def _in_first_frame(joints: np.ndarray, body: Body, lengths: np.ndarray | None) -> np.ndarray:
    """(J, 3, …, T) -> the same of `lengths`, lowest joint at 0, first pelvis over the origin, first frame facing +Z."""
    if lengths is not None:
        joints = _of_lengths(joints, body, np.asarray(lengths))
    first = joints[..., 0]
    across = first[body.shoulders[0]] - first[body.shoulders[1]] + first[body.hips[0]] - first[body.hips[1]]
    width = np.hypot(across[0], across[2])
    if not np.all(width > 0):
        raise ValueError("hips and shoulders lie one above the other in the first frame: which way the body faces is undefined")
    joints = joints - _floor_origin(joints)
    return _turned(joints, (across[0] / width)[..., None], (across[2] / width)[..., None])


def _floor_origin(joints: np.ndarray) -> np.ndarray:
    """(3, …, 1): under the first pelvis, at the height of the lowest joint."""
    origin = joints[0, ..., :1].copy()
    origin[1] = joints[:, 1].min(axis=(0, -1))[..., None]
    return origin


def _turned(joints: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> np.ndarray:
    """(J, 3, …, T) turned about +Y by minus the angle whose cosine and **minus** sine are given, that of across from left to right."""
    turned = np.empty_like(joints)
    turned[:, 0] = cos * joints[:, 0] + sin * joints[:, 2]
    turned[:, 1] = joints[:, 1]
    turned[:, 2] = cos * joints[:, 2] - sin * joints[:, 0]
    return turned


def _of_lengths(joints: np.ndarray, body: Body, lengths: np.ndarray) -> np.ndarray:
    """Bones in the same directions of other lengths; the pelvis's path scaled by how much longer the legs become.

    Forward kinematics of the rotations that inverse kinematics finds would give just this.
    """
    if lengths.shape != (body.joints - 1,):
        raise ValueError(f"lengths {lengths.shape}: expected ({body.joints - 1},), one for each bone of {body.representation.name}")
    bones, own = _bones(joints, body)
    legs = [joint - 1 for joint in body.legs]
    size = lengths[legs].sum() / own[legs, ..., :1].sum(axis=0)
    bones *= (lengths.astype(joints.dtype).reshape(-1, *[1] * (own.ndim - 1)) / own)[:, None]
    joints[0] *= size.astype(joints.dtype)
    for joint, parent in enumerate(body.parents[1:], 1):
        np.add(joints[parent], bones[joint - 1], out=joints[joint])
    return joints


def _bones(joints: np.ndarray, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """(J - 1, 3, …, T) from parent to joint, and their lengths (J - 1, …, T); raise `ValueError` on one of length 0."""
    bones = joints[1:] - joints[list(body.parents[1:])]
    length = np.sqrt(bones[:, 0] ** 2 + bones[:, 1] ** 2 + bones[:, 2] ** 2)
    if not np.all(length > 0):
        where = np.argwhere(~(length > 0))[0]
        raise ValueError(f"joint {where[0] + 1} lies on its parent or is not finite in frame {where[-1]}: its bone has no direction")
    return bones, length


def facing(joints: np.ndarray, body: Body) -> np.ndarray:
    """Yaw (…, T) radians, float64, of joints (J, 3, …, T) that face +Z in the first frame; smoothed, and 0 in the first frame.

    As published, the direction across is that of the shoulders **minus** that of the hips (the code unpacks left and right hip in
    the wrong order; the released features confirm it), and the first frame is set apart from the smoothing.
    """
    across = joints[body.shoulders[0]] - joints[body.shoulders[1]] - joints[body.hips[0]] + joints[body.hips[1]]
    across = across.astype(np.float64)
    across /= np.sqrt((across**2).sum(axis=0))
    forward = np.stack([-across[2], across[0]])  # x, z
    smooth = forward @ _gaussian(joints.shape[-1])
    if not np.all(np.abs(smooth).max(axis=0) > 1e-9):
        raise ValueError("shoulders and hips lie one above the other, or the body turns too fast: which way it faces is undefined")
    yaw = np.arctan2(smooth[0], smooth[1])
    yaw[..., 0] = 0
    return yaw


@lru_cache(maxsize=64)
def _gaussian(frames: int) -> np.ndarray:
    """(T, T) that smooths a row over time; the first and last frame stand for those beyond."""
    reach = int(4 * _SMOOTHING + 0.5)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTHING) ** 2)
    source = np.clip(np.arange(frames)[:, None] + np.arange(-reach, reach + 1), 0, frames - 1)
    matrix = np.zeros((frames, frames))
    np.add.at(matrix, (source, np.broadcast_to(np.arange(frames)[:, None], source.shape)), weight / weight.sum())
    matrix.flags.writeable = False
    return matrix


def _fill(features: np.ndarray, joints: np.ndarray, yaw: np.ndarray, body: Body) -> None:
    """Write the groups of features (F, …, T - 1) from joints (J, 3, …, T) and yaw (…, T)."""
    group = body.representation.groups
    bones = body.joints - 1
    cos, sin = np.cos(yaw).astype(joints.dtype), np.sin(yaw).astype(joints.dtype)
    now = (cos[..., :-1], -sin[..., :-1])
    step = joints[..., 1:] - joints[..., :-1]
    features[0] = -0.5 * _wrapped(np.diff(yaw))
    features[group["glide"]] = _turned(step[:1], cos[..., 1:], -sin[..., 1:])[0, ::2]
    features[group["height"]] = joints[0, 1, ..., :-1]
    place = joints[1:, ..., :-1].copy()
    place[:, ::2] -= joints[0, ::2, ..., :-1]
    _rows(features[group["place"]], bones, 3)[:] = _turned(place, *now)
    _rows(features[group["velocity"]], bones + 1, 3)[:] = _turned(step, *now)
    _rotations(_rows(features[group["rotation"]], bones, 6), joints[..., :-1], yaw[..., :-1], body)
    feet = step[list(body.feet)]
    features[group["contact"]] = (feet[:, 0] ** 2 + feet[:, 1] ** 2 + feet[:, 2] ** 2) < body.contact_speed2


def _rows(block: np.ndarray, joints: int, numbers: int) -> np.ndarray:
    return block.reshape(joints, numbers, *block.shape[1:])


def _wrapped(angle: np.ndarray) -> np.ndarray:
    """The same angle from -π to π, so that facing backwards is no jump."""
    return angle - 2 * np.pi * np.round(angle / (2 * np.pi))


def _rotations(out: np.ndarray, joints: np.ndarray, yaw: np.ndarray, body: Body) -> None:
    """Inverse kinematics: write rotations (J - 1, 6, …, T) of joints (J, 3, …, T)."""
    world = np.empty((4, body.joints, *yaw.shape), joints.dtype)  # w x y z
    world[:, 0] = np.stack([np.cos(yaw / 2), np.zeros_like(yaw), -np.sin(yaw / 2), np.zeros_like(yaw)])
    bones, length = _bones(joints, body)
    bones /= length[:, None]
    _arcs(world[:, 1:], body.rest.astype(joints.dtype), bones)
    _columns(out, _after(world[:, list(body.chain[1:])], world[:, 1:]))


def _arcs(out: np.ndarray, rest: np.ndarray, direction: np.ndarray) -> None:
    """Write the quaternions (4, B, …) of the smallest rotations from unit rest (B, 3) to unit direction (B, 3, …).

    w is half the squared length of their sum, which holds its digits near opposite directions; opposite ones turn about x or z.
    """
    rest = rest.reshape(*rest.shape, *[1] * (direction.ndim - 2))
    total = direction + rest
    out[0] = 0.5 * (total[:, 0] ** 2 + total[:, 1] ** 2 + total[:, 2] ** 2)
    for axis in range(3):
        i, j = axis - 2, axis - 1
        out[axis + 1] = rest[:, i] * direction[:, j] - rest[:, j] * direction[:, i]
    size = np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2 + out[3] ** 2)
    opposite = size < 4 * np.finfo(out.dtype).eps
    if opposite.any():
        half_turn = np.stack(np.broadcast_arrays(0.0, rest[:, 0] == 0, 0.0, rest[:, 0] != 0))
        np.copyto(out, half_turn, where=opposite, casting="unsafe")
        size[opposite] = 1
    out /= size


def _after(before: np.ndarray, quaternion: np.ndarray) -> tuple[np.ndarray, ...]:
    """Components of the inverse of `before` times `quaternion`, both (4, …) of length one."""
    a, b, c, d = before
    w, x, y, z = quaternion
    return (
        a * w + b * x + c * y + d * z,
        a * x - b * w - c * z + d * y,
        a * y + b * z - c * w - d * x,
        a * z - b * y + c * x - d * w,
    )


def _columns(out: np.ndarray, quaternion: tuple[np.ndarray, ...]) -> None:
    """Write the first two columns (B, 6, …) of the matrices of unit quaternions."""
    w, x, y, z = quaternion
    x2, y2, z2 = x + x, y + y, z + z
    zz, xy, wz = z * z2, x * y2, w * z2
    out[:, 0] = 1 - y * y2 - zz
    out[:, 1] = xy + wz
    out[:, 2] = x * z2 - w * y2
    out[:, 3] = xy - wz
    out[:, 4] = 1 - x * x2 - zz
    out[:, 5] = y * z2 + w * x2


# Back to joints


def to_positions(features: np.ndarray, body: Body = HUMANML3D) -> np.ndarray:
    """(…, T - 1, F) -> joints (…, T, J, 3) from the places of the joints; the first frame faces +Z over the origin.

    The last frame is the one before it plus its velocities; of *generated* features it alone rests on them, and `[..., :-1, :, :]`
    is what the field shows.
    """
    body.representation.check(features)
    joints = np.empty((*features.shape[:-1], body.joints, 3))
    yaw, joints[..., 0, :] = _path(features, body)
    place = features[..., body.representation.groups["place"]].reshape(*features.shape[:-1], body.joints - 1, 3)
    joints[..., 1:, :] = rotate_yaw(place, yaw[..., None])
    joints[..., 1:, ::2] += joints[..., :1, ::2]
    return _with_last(joints, features, yaw, body)


def to_positions_by_rotations(features: np.ndarray, lengths: np.ndarray, body: Body = HUMANML3D) -> np.ndarray:
    """(…, T - 1, F) -> joints (…, T - 1, J, 3) by forward kinematics with bones of `lengths` (…, J - 1); the last frame is lost."""
    body.representation.check(features)
    yaw, root = _path(features, body)
    sixd = features[..., body.representation.groups["rotation"]].reshape(*features.shape[:-1], body.joints - 1, 6)
    local = from_6d(sixd.astype(np.float64))
    world = np.empty((*features.shape[:-1], body.joints, 3, 3))
    world[..., 0, :, :] = about(1, -yaw)
    joints = np.empty((*features.shape[:-1], body.joints, 3))
    joints[..., 0, :] = root
    bones = lengths[..., None, :, None] * body.rest
    for joint in range(1, body.joints):
        world[..., joint, :, :] = compose(world[..., body.chain[joint], :, :], local[..., joint - 1, :, :])
        joints[..., joint, :] = joints[..., body.parents[joint], :] + rotate(world[..., joint, :, :], bones[..., joint - 1, :])
    return joints.astype(features.dtype)


def _path(features: np.ndarray, body: Body) -> tuple[np.ndarray, np.ndarray]:
    """Yaw (…, T - 1) and pelvis (…, T - 1, 3) in float64: sums over hundreds of frames."""
    group = body.representation.groups
    after = -2 * np.cumsum(features[..., 0], axis=-1, dtype=np.float64)  # in the next frame
    yaw = np.concatenate([np.zeros_like(after[..., :1]), after[..., :-1]], axis=-1)
    step = np.zeros((*features.shape[:-1], 3))
    step[..., ::2] = features[..., group["glide"]]
    root = np.zeros_like(step)
    root[..., 1:, :] = np.cumsum(rotate_yaw(step, after), axis=-2)[..., :-1, :]
    root[..., 1] = features[..., 3]
    return yaw, root


def _with_last(joints: np.ndarray, features: np.ndarray, yaw: np.ndarray, body: Body) -> np.ndarray:
    """Append to (…, T - 1, J, 3) the last frame, and give them the features' dtype."""
    velocity = features[..., -1:, body.representation.groups["velocity"]]
    velocity = velocity.reshape(*velocity.shape[:-1], body.joints, 3).astype(np.float64)
    last = joints[..., -1:, :, :] + rotate_yaw(velocity, yaw[..., -1:, None])
    return np.concatenate([joints, last], axis=-3).astype(features.dtype)


def _check(positions: np.ndarray, body: Body) -> None:
    if positions.ndim < 3 or positions.shape[-2:] != (body.joints, 3):
        raise ValueError(f"positions {positions.shape}: {body.representation.name} needs (…, T, {body.joints}, 3)")
    if positions.shape[-3] < 2:
        raise ValueError(f"positions {positions.shape}: velocities need two frames at least")
