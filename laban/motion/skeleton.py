"""The 22-joint body of SMPL, which every data set of the field is brought to."""

from __future__ import annotations

import numpy as np

JOINTS: tuple[str, ...] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
PARENTS: tuple[int, ...] = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
INDEX = {name: number for number, name in enumerate(JOINTS)}
FOOT_JOINTS = (INDEX["left_ankle"], INDEX["left_foot"], INDEX["right_ankle"], INDEX["right_foot"])

# Ours: round figures of an adult of 1.70 m standing in T-pose, facing +Z with the left hand towards +X.
# (SMPL's own template may not be shipped.)
REST_OFFSETS = np.array(
    [
        [0.0, 0.0, 0.0],  # pelvis
        [0.06, -0.09, 0.0],  # left_hip
        [-0.06, -0.09, 0.0],  # right_hip
        [0.0, 0.11, -0.02],  # spine1
        [0.04, -0.38, 0.0],  # left_knee
        [-0.04, -0.38, 0.0],  # right_knee
        [0.0, 0.13, 0.02],  # spine2
        [-0.01, -0.40, -0.03],  # left_ankle
        [0.01, -0.40, -0.03],  # right_ankle
        [0.0, 0.05, 0.02],  # spine3
        [0.03, -0.05, 0.12],  # left_foot
        [-0.03, -0.05, 0.12],  # right_foot
        [0.0, 0.21, -0.04],  # neck
        [0.07, 0.11, -0.02],  # left_collar
        [-0.07, 0.11, -0.02],  # right_collar
        [0.0, 0.09, 0.05],  # head
        [0.11, 0.04, -0.01],  # left_shoulder
        [-0.11, 0.04, -0.01],  # right_shoulder
        [0.26, 0.0, -0.02],  # left_elbow
        [-0.26, 0.0, -0.02],  # right_elbow
        [0.25, 0.0, 0.0],  # left_wrist
        [-0.25, 0.0, 0.0],  # right_wrist
    ]
)  # fmt: skip
"""(22, 3) metres from the parent."""


def bone_lengths(positions: np.ndarray) -> np.ndarray:
    """Distances of the 21 joints to their parents: (…, 22, 3) metres -> (…, 21) metres."""
    child = np.arange(1, len(JOINTS))
    return np.linalg.norm(positions[..., child, :] - positions[..., list(PARENTS[1:]), :], axis=-1)
