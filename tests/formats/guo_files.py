"""Folders in HumanML3D's layout, written from its description: joints, features by a plain loop of the published formulas, texts, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from laban.motion.skeleton import PARENTS, REST_OFFSETS


def stroll(frames: int = 60, fps: float = 20.0, *, bend: float = 0.0, speed: float = 0.8) -> np.ndarray:
    """(T, 22, 3) metres: our rest pose that walks a bend to its left from the origin, facing +Z at first; arms swing up and down."""
    pose = np.zeros((22, 3))
    for joint in range(1, 22):
        pose[joint] = pose[PARENTS[joint]] + REST_OFFSETS[joint]
    pose[:, 1] -= pose[:, 1].min()
    motion = np.repeat(pose[None], frames, axis=0)
    seconds = np.arange(frames) / fps
    motion[:, [18, 19, 20, 21], 1] += 0.1 * np.sin(4 * seconds)[:, None]
    place = np.zeros(3)
    for frame, second in enumerate(seconds):
        yaw = bend * second
        motion[frame] = turned(motion[frame], yaw) + place
        place = place + turned(np.array([0, 0, speed / fps]), yaw)
    return motion


def turned(points: np.ndarray, yaw: float) -> np.ndarray:
    """About +Y, +Z towards +X."""
    matrix = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    return np.asarray(points @ matrix.T)


def features(joints: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    """(T + 1, J, 3) of bodies that face `yaw` (T + 1,) -> (T, 12 J - 1): what reading needs; rotations and contacts are 0.

    The published order: yaw velocity of the body (half the angle, of the quaternion that turns the world into the body's frame), velocity
    along x and z in the next frame's heading, height, places of joints 1 … J - 1 in this frame's heading over the origin, 6 (J - 1) of
    rotations, velocities in this frame's heading, four contacts.
    """
    rows = []
    for frame in range(len(joints) - 1):
        step = turned(joints[frame + 1] - joints[frame], -yaw[frame])
        glide = turned(joints[frame + 1, 0] - joints[frame, 0], -yaw[frame + 1])
        place = turned(joints[frame] - joints[frame, 0] * [1, 0, 1], -yaw[frame])
        row = [-(yaw[frame + 1] - yaw[frame]) / 2, glide[0], glide[2], joints[frame, 0, 1], *place[1:].ravel()]
        rows.append([*row, *np.zeros(6 * (joints.shape[1] - 1)), *step.ravel(), 0, 0, 0, 0])
    return np.array(rows, np.float32)


WALK = "a person walks in a bend.#a/DET person/NOUN walk/VERB in/ADP a/DET bend/NOUN#0.0#0.0"


def write_dataset(
    folder: Path,
    *,
    joints: Mapping[str, np.ndarray] | None = None,
    vectors: Mapping[str, np.ndarray] | None = None,
    texts: Mapping[str, Sequence[str]] | None = None,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Motions, texts (one usual line where not given) and lists (none where not given)."""
    for name, arrays in (("new_joints", joints or {}), ("new_joint_vecs", vectors or {})):
        for motion, array in arrays.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            np.save(folder / name / f"{motion}.npy", array)
    (folder / "texts").mkdir(parents=True, exist_ok=True)
    for motion in {**(joints or {}), **(vectors or {})}:
        (folder / "texts" / f"{motion}.txt").write_text("\n".join((texts or {}).get(motion, [WALK])) + "\n")
    for split, names in (lists or {}).items():
        (folder / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))
    return folder
