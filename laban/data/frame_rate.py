"""A clip at another frame rate."""

from __future__ import annotations

from dataclasses import replace

from laban.data.clip import Clip
from laban.motion.kinematics import fk
from laban.motion.resampling import resample, resample_rotations, stride


def resampled(clip: Clip, fps: float) -> Clip:
    """The clip at `fps`; captions stay, being in seconds.

    Where the clip has rotations, they turn the shortest way and the joints follow them, so that bones keep their lengths; what
    forward kinematics leaves of the joints (`residual_m`) is added in a straight line. Where the ratio is an integer, frames are picked.
    """
    positions = resample(clip.positions, clip.fps, fps)
    root = None if clip.root is None else resample(clip.root, clip.fps, fps)
    rotations = None if clip.rotations is None else resample_rotations(clip.rotations, clip.fps, fps)
    if clip.rotations is not None and clip.root is not None and clip.offsets is not None and not stride(clip.fps, fps):
        residual = clip.positions - fk(clip.rotations, clip.offsets, clip.root)
        assert rotations is not None
        assert root is not None
        positions = (fk(rotations, clip.offsets, root) + resample(residual, clip.fps, fps)).astype(clip.positions.dtype)
    return replace(clip, positions=positions, root=root, rotations=rotations, fps=fps)
