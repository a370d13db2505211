"""How far is a motion from the one it should be: metres in, millimetres out.

Letters: `T` frames, `P` people, `J` joints. Nothing is padded: lengths must agree, and cutting them is the caller's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

MM = 1000.0
Alignment = Literal["world", "root"]


def mpjpe(predicted: np.ndarray, target: np.ndarray, *, alignment: Alignment) -> float:
    """Mean distance of joints in mm between two (T, P, J, 3) motions in metres: Ionescu et al., Human3.6M (TPAMI 2014).

    `world` compares as is; `root` puts each person's pelvis (joint 0) of each frame on the other's, as MotionGPT does,
    and so hides every error of where people are.
    """
    predicted, target = _motions(predicted, target)
    if alignment not in ("world", "root"):
        raise ValueError(f"alignment {alignment!r} is not world or root")
    if alignment == "root":
        predicted, target = predicted - predicted[..., :1, :], target - target[..., :1, :]
    return _mean_distance(predicted, target)


def pa_mpjpe(predicted: np.ndarray, target: np.ndarray) -> float:
    """MPJPE in mm after the best similarity (rotation, scale, shift) of each person in each frame: (T, P, J, 3) metres.

    Procrustes by Umeyama (TPAMI 1991), never a reflection, so a mirrored person does not fit.
    """
    predicted, target = _motions(predicted, target)
    return _mean_distance(_procrustes(predicted, target), target)


def acceleration_error(predicted: np.ndarray, target: np.ndarray) -> float:
    """Mean difference of second differences in mm/frame²: (T, P, J, 3) metres; Kanazawa et al., HMMR (CVPR 2019).

    Raises `ValueError` on fewer than three frames.
    """
    predicted, target = _motions(predicted, target)
    if len(predicted) < 3:
        raise ValueError(f"acceleration of {len(predicted)} frames: at least 3 are needed")
    return _mean_distance(np.diff(predicted, n=2, axis=0), np.diff(target, n=2, axis=0))


def ade(predicted: Sequence[np.ndarray], target: Sequence[np.ndarray]) -> float:
    """Average displacement in mm of continuations (T, P, J, 3) metres: mean over joints and frames, then over clips.

    After Yuan & Kitani, DLow (ECCV 2020), but **per joint** and over shown frames only; for MotionGPT's see `published_displacement`.
    """
    return float(np.mean([mpjpe(one, other, alignment="world") for one, other in _clips(predicted, target)]))


def fde(predicted: Sequence[np.ndarray], target: Sequence[np.ndarray]) -> float:
    """Final displacement in mm: as `ade`, of the last frame of each clip."""
    return float(np.mean([mpjpe(one[-1:], other[-1:], alignment="world") for one, other in _clips(predicted, target)]))


def published_displacement(predicted: Sequence[np.ndarray], target: Sequence[np.ndarray]) -> tuple[float, float]:
    """ADE and FDE in mm as MotionGPT publishes them (`mGPT/metrics/m2m.py`), for a comparison with its numbers and nothing else.

    The length of the **flattened** vector of all joints, about √22 times the distance per joint, and over the whole padded batch: clips
    (T, P, J, 3) of either list end in zeros up to the longest of both, so that the last frame is mostly padding.
    """
    pairs = _clips(predicted, target)
    longest = max(len(motion) for pair in pairs for motion in pair)
    stacks = [np.stack([_padded(motion, longest) for motion in motions]) for motions in zip(*pairs, strict=True)]
    distance = np.linalg.norm((stacks[0] - stacks[1]).reshape(*stacks[0].shape[:3], -1), axis=-1) * MM
    return float(distance.mean()), float(distance[:, -1].mean())


def _padded(motion: np.ndarray, frames: int) -> np.ndarray:
    return np.pad(np.asarray(motion, np.float64), ((0, frames - len(motion)), (0, 0), (0, 0), (0, 0)))


def _procrustes(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Move each point set of (…, J, 3) `source` onto `target` by its best similarity."""
    source_mean, target_mean = source.mean(axis=-2, keepdims=True), target.mean(axis=-2, keepdims=True)
    a, b = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(np.swapaxes(a, -1, -2) @ b)
    sign = np.ones_like(singular)
    sign[..., -1] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * sign[..., None, :]) @ vt
    spread = (a**2).sum(axis=(-1, -2))
    # A person whose joints all coincide has no size to scale: it is only shifted.
    scale = np.divide((singular * sign).sum(axis=-1), spread, out=np.ones_like(spread), where=spread > 0)
    return scale[..., None, None] * (a @ rotation) + target_mean


def _mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.linalg.norm(first - second, axis=-1).mean() * MM)


def _motions(predicted: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predicted, target = np.asarray(predicted, np.float64), np.asarray(target, np.float64)
    if predicted.shape != target.shape or predicted.ndim != 4 or not predicted.size:
        raise ValueError(f"motions {predicted.shape} and {target.shape}: expected two equal shapes (T, P, J, 3); cut to the shorter first")
    return predicted, target


def _clips(predicted: Sequence[np.ndarray], target: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    if len(predicted) != len(target) or not predicted:
        raise ValueError(f"{len(predicted)} predicted clips against {len(target)}: expected equally many, and at least one")
    return list(zip(predicted, target, strict=True))
