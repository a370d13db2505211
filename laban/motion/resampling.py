"""From one frame rate to another: points go straight from frame to frame, rotations turn the shortest way."""

from __future__ import annotations

import numpy as np

from laban.motion.rotations import from_axis_angle, to_axis_angle
from laban.motion.sixd import Layout, from_matrix, to_matrix

_INTEGER_RATIO = 1e-3
"""Share by which the ratio of two rates may miss an integer and frames are still picked: 119.9 to 30 is every fourth."""


def stride(source_fps: float, fps: float) -> int:
    """Every how many frames one is picked; 0 where frames have to be made. Raises `ValueError` on a rate that is not above 0."""
    if not (0 < source_fps < np.inf and 0 < fps < np.inf):
        raise ValueError(f"from {source_fps} to {fps} frames a second: both must be above 0")
    ratio = source_fps / fps
    return round(ratio) if round(ratio) >= 1 and abs(ratio - round(ratio)) < _INTEGER_RATIO * ratio else 0


def resample(values: np.ndarray, source_fps: float, fps: float) -> np.ndarray:
    """(T, …) at `source_fps` -> `fps`, same dtype: every n-th frame where the ratio is an integer n, else linear between frames.

    The last instants, shorter than one frame of the new rate, are lost. Raises `ValueError` on a rate that is not above 0.
    """
    if every := stride(source_fps, fps):
        return values[::every]
    before, share = _between(len(values), source_fps / fps)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return (values[before] * (1 - share) + values[_following(before, len(values))] * share).astype(values.dtype)


def resample_rotations(rotations: np.ndarray, source_fps: float, fps: float, layout: Layout = Layout.COLUMNS) -> np.ndarray:
    """(T, …, 6) rotations at `source_fps` -> `fps`: as `resample`, but turning at constant speed about one axis from frame to frame."""
    if every := stride(source_fps, fps):
        return rotations[::every]
    before, share = _between(len(rotations), source_fps / fps)
    start, end = (to_matrix(rotations[at].astype(np.float64), layout) for at in (before, _following(before, len(rotations))))
    turn = to_axis_angle(np.swapaxes(start, -1, -2) @ end)
    partly = from_axis_angle(turn * share.reshape(-1, *[1] * (turn.ndim - 1)))
    return from_matrix(start @ partly, layout).astype(rotations.dtype)


def _between(frames: int, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """For each new frame the old one before it, and the share of the way to the next."""
    at = np.arange(int(np.floor((frames - 1) / ratio + 1e-9)) + 1) * ratio
    before = np.minimum(at.astype(int), max(frames - 2, 0))
    return before, at - before


def _following(before: np.ndarray, frames: int) -> np.ndarray:
    return np.minimum(before + 1, frames - 1)
