"""The pelvis' rotation, where a file holds the joints' positions and all rotations but this one (InterHuman's processed motion).

In every frame the hips and the lowest spine joint show how the pelvis is turned, up to one constant turn between their frame and the
rest pose. The other bones show that one: each is `world @ local rotations @ rest offset`, so it must come out the same in all frames.
Letters: `T` frames, 22 joints; one person.
"""

from __future__ import annotations

import numpy as np

from laban.motion.kinematics import fk
from laban.motion.rotations import frame, from_6d, from_axis_angle, to_6d
from laban.motion.skeleton import INDEX, PARENTS, REST_OFFSETS

_TRIAD = [INDEX["left_hip"], INDEX["right_hip"], INDEX["spine1"]]
_CHILDREN = np.array([joint for joint, parent in enumerate(PARENTS) if parent > 0])
_SAMPLE = 120
"""Frames that the constant turn is found from."""
_STEPS = 30
_STILL_M = 1e-4
"""How much a radian of the constant turn must move the bones, root mean square, to be told from rounding (1e-7 m in float32).
About axes where it moves them less, the turn is left as in the neutral skeleton."""


def solve(positions: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Rotations (T, 22, 6), rest offsets (22, 3) metres, and how far their forward kinematics is from the joints at most, in metres.

    From positions (T, 22, 3) metres and local rotations (T, 21, 6) of all joints but the pelvis, COLUMNS. Where nobody moves, the
    constant turn is that of the neutral skeleton.
    """
    positions = np.asarray(positions, np.float64)
    bones = positions - positions[:, [0, *PARENTS[1:]]]
    triad = _triad_frame(bones)
    seen = np.swapaxes(triad, -1, -2)[:, None] @ bones[..., None]  # (T, 22, 3, 1) in the frame of hips and spine
    below = _chains(from_6d(np.asarray(rotations, np.float64)))
    constant = _constant_turn(seen, below)
    rest = np.swapaxes(constant @ below, -1, -2) @ seen
    offsets = rest[..., 0].mean(0)
    offsets[0] = 0
    turns = np.concatenate([to_6d(triad @ constant)[:, None], rotations], axis=1)
    missed = fk(turns[:, None], offsets[None], positions[:, None, 0])[:, 0] - positions
    return turns, offsets, float(np.linalg.norm(missed, axis=-1).max())


def _triad_frame(bones: np.ndarray) -> np.ndarray:
    """(T, 3, 3): axes that hang on the pelvis, made of the hips and the spine."""
    left, right, spine = (bones[:, joint] for joint in _TRIAD)
    return frame(left - right, spine)


def _chains(local: np.ndarray) -> np.ndarray:
    """(T, 21, 3, 3) local rotations -> (T, 22, 3, 3): of each joint's **parent** relative to the pelvis."""
    own = np.broadcast_to(np.eye(3), (len(local), 22, 3, 3)).copy()
    for joint, parent in enumerate(PARENTS[1:], 1):
        own[:, joint] = own[:, parent] @ local[:, joint - 1]
    return own[:, [0, *PARENTS[1:]]]


def _constant_turn(seen: np.ndarray, below: np.ndarray) -> np.ndarray:
    """(3, 3): pelvis relative to the frame of hips and spine, such that every bone's rest offset varies least (Gauss–Newton)."""
    turn = _nearest_turn(REST_OFFSETS[_TRIAD], seen[:, _TRIAD][..., 0].mean(0))
    chosen = np.unique(np.linspace(0, len(seen) - 1, _SAMPLE).astype(int))
    seen, back = seen[chosen][:, _CHILDREN], np.swapaxes(below[chosen][:, _CHILDREN], -1, -2)
    for _ in range(_STEPS):
        bone = turn.T @ seen
        slopes = _varying(back @ _cross_matrix(bone[..., 0]))
        error = _varying((back @ bone)[..., 0])
        evidence, axes = np.linalg.eigh(np.einsum("tjki,tjkl->il", slopes, slopes) / error[..., 0].size)
        clear = evidence > _STILL_M**2
        gradient = np.einsum("tjki,tjk->i", slopes, error) / error[..., 0].size
        step = -axes[:, clear] @ ((axes[:, clear].T @ gradient) / evidence[clear])
        turn = turn @ from_axis_angle(step)
        if np.linalg.norm(step) < 1e-12:
            break
    return turn


def _varying(values: np.ndarray) -> np.ndarray:
    return values - values.mean(0)


def _cross_matrix(vector: np.ndarray) -> np.ndarray:
    """(…, 3) v -> (…, 3, 3) that maps w to v × w."""
    return np.swapaxes(np.cross(vector[..., None, :], np.eye(3)), -1, -2)


def _nearest_turn(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(3, 3): the rotation that brings the points `source` (N, 3) nearest to `target` (Kabsch, 1976)."""
    left, _, right = np.linalg.svd(target.T @ source)
    return left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
