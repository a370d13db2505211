"""Random people: rest poses, bone lengths and motions of the tests of representations."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from laban.motion.kinematics import fk
from laban.motion.rotations import to_6d
from laban.motion.skeleton import REST_OFFSETS


def record(seed: int, *, frames: int = 12, people: int = 2, rough: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Positions (T, P, 22, 3), rotations (T, P, 22, 6), offsets (P, 22, 3) and root (T, P, 3), float64, of other bodies each time.

    Rough motion is another pose in every frame, in any attitude; smooth motion turns and walks.
    """
    rng = np.random.default_rng(seed)
    offsets = REST_OFFSETS * rng.uniform(0.6, 1.5, (people, 22, 1)) + rng.normal(0, 0.02, (people, 22, 3))
    seconds = np.arange(frames)[:, None, None, None] / 30
    if rough:
        vectors = rng.normal(0, 2, (frames, people, 22, 3))
        root = rng.normal(0, 3, (frames, people, 3))
    else:
        pace, phase = rng.uniform(0.5, 5, (2, 1, people, 22, 3))
        vectors = rng.uniform(0, 0.5, (1, people, 22, 3)) * np.sin(pace * seconds + phase)
        root = rng.normal(0, 2, (1, people, 3)) + rng.normal(0, 1, (1, people, 3)) * seconds[..., 0]
    rotations = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(frames, people, 22, 3, 3)
    turn = rng.uniform(-np.pi, np.pi, people) + rng.normal(0, 2, people) * seconds[..., 0, 0]
    yaws = Rotation.from_euler("y", turn.reshape(-1, 1)).as_matrix().reshape(frames, people, 3, 3)
    rotations[:, :, 0] = yaws @ rotations[:, :, 0]
    sixd = to_6d(rotations)
    return fk(sixd, offsets, root), sixd, offsets, root


def turned(points: np.ndarray, yaw: float) -> np.ndarray:
    """Points (…, 3) turned about +Y, by scipy."""
    return Rotation.from_euler("y", yaw).apply(points.reshape(-1, 3)).reshape(points.shape)


seeds = st.integers(0, 2**32 - 1)
