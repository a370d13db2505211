"""Frames of reference and the per-person features that the tokenizer reads and writes.

Letters: `T` frames, `P` people, `J` = 22 joints, `F` = 136 features.
"""

from __future__ import annotations

import numpy as np

from laban.motion.skeleton import FOOT_JOINTS, INDEX, JOINTS

ROOT = slice(0, 3)
LOCAL = slice(3, 3 + 3 * (len(JOINTS) - 1))
VELOCITY = slice(LOCAL.stop, LOCAL.stop + 3 * len(JOINTS))
CONTACT = slice(VELOCITY.stop, VELOCITY.stop + len(FOOT_JOINTS))
GROUPS = {"root": ROOT, "local": LOCAL, "velocity": VELOCITY, "contact": CONTACT}
WIDTH = CONTACT.stop

# InterHuman's contact rule: squared speed in (m/frame)² and height in metres of ankle and toe.
_CONTACT_SPEED2 = 0.001
_CONTACT_HEIGHT = np.array([0.12, 0.05, 0.12, 0.05])


def heading(pose: np.ndarray) -> np.ndarray:
    """Yaw in radians about +Y of a body, from its hips: (…, 22, 3) metres -> (…,); 0 faces +Z."""
    across = pose[..., INDEX["left_hip"], :] - pose[..., INDEX["right_hip"], :]
    return np.arctan2(-across[..., 2], across[..., 0])


def rotate_yaw(points: np.ndarray, yaw: np.ndarray | float) -> np.ndarray:
    """Turn points (…, 3) about +Y by `yaw` radians (broadcast over the leading axes)."""
    cos, sin = np.cos(yaw), np.sin(yaw)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    return np.stack([cos * x + sin * z, y, -sin * x + cos * z], axis=-1)


def floor_height(positions: np.ndarray, percentile: float = 0.0) -> np.ndarray:
    """Height (…,) metres of the floor under all people of (…, T, P, 22, 3): a percentile over the frames of the lowest foot joint."""
    lowest = positions[..., list(FOOT_JOINTS), 1].min(axis=(-2, -1))
    return np.percentile(lowest, percentile, axis=-1)


def frame_on_first(positions: np.ndarray) -> np.ndarray:
    """Move all people into the frame of the **first person's first frame**: pelvis over the origin, facing +Z.

    (…, T, P, 22, 3) metres -> the same shape. Height is kept: the floor belongs to the scene. Only what the first person
    shows at first is used, so nothing about the others or the future enters the frame.
    Lost: where in the world, and facing which way, the first person began.
    """
    first = positions[..., :1, :1, :, :]
    origin = first[..., :1, :] * np.array([1.0, 0.0, 1.0], positions.dtype)
    return rotate_yaw(positions - origin, -heading(first)[..., None]).astype(np.float32, copy=False)


def to_features(positions: np.ndarray) -> np.ndarray:
    """(…, T, P, 22, 3) metres -> (…, T, P, 136): pelvis (3) | joints from the pelvis (63) | velocities (66, m/frame) | foot contacts (4).

    Velocities look backwards (the first is 0), so the features of a prefix are the prefix of the features.
    """
    root = positions[..., :1, :]
    local = positions[..., 1:, :] - root
    velocity = np.diff(positions, axis=-4, prepend=positions[..., :1, :, :, :])
    feet = list(FOOT_JOINTS)
    still = (velocity[..., feet, :] ** 2).sum(-1) < _CONTACT_SPEED2
    low = positions[..., feet, 1] < _CONTACT_HEIGHT
    parts = [root[..., 0, :], _flat(local), _flat(velocity), (still & low).astype(np.float32)]
    return np.concatenate(parts, axis=-1).astype(np.float32, copy=False)


def to_positions(features: np.ndarray) -> np.ndarray:
    """(…, T, P, 136) -> (…, T, P, 22, 3) metres: the inverse of `to_features`, exact; velocities and contacts are not used."""
    root = features[..., None, ROOT]
    local = features[..., LOCAL].reshape(*features.shape[:-1], len(JOINTS) - 1, 3)
    return np.concatenate([root, root + local], axis=-2)


def _flat(array: np.ndarray) -> np.ndarray:
    return array.reshape(*array.shape[:-2], -1)


def statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean per feature and standard deviation **per group** over (…, 136): single velocities would be amplified noise."""
    flat = features.reshape(-1, WIDTH).astype(np.float64)
    deviation = np.empty(WIDTH)
    for group in GROUPS.values():
        deviation[group] = max(float(flat[:, group].std(0).mean()), 1e-3)
    return flat.mean(0).astype(np.float32), deviation.astype(np.float32)
