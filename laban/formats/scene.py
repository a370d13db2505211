"""Motion on its way from a file to a clip: brought to a frame rate and to the floor, with rotations where the source has them.

Letters: `T` frames, `P` people, 22 joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from laban.data.clip import Caption, Clip
from laban.formats.retarget import on_floor
from laban.formats.source import Rejected
from laban.motion.kinematics import fk
from laban.motion.resampling import resample
from laban.motion.rotations import from_6d, from_axis_angle, to_6d, to_axis_angle

CUT = "the longer person's end cut off: they had different numbers of frames"
FARTHEST_M = 100.0
"""Of any joint from the origin. Beyond it the unit is wrong (Motion-X's AIST before its script was run), and float32 too coarse for
`fk(rotations, offsets, root) == positions` to 1e-5 m."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """People in one world frame: Y up, metres."""

    fps: float
    positions: np.ndarray
    """(T, P, 22, 3)"""
    rotations: np.ndarray | None = None
    """(T, P, 22, 6) local, COLUMNS, the pelvis' relative to the world"""
    offsets: np.ndarray | None = None
    """(P, 22, 3)"""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `Rejected` where there is no motion, or it is farther off than any room is wide."""
        farthest = float(np.abs(self.positions).max(initial=0))
        if not len(self.positions):
            raise Rejected("empty motion")
        if not farthest <= FARTHEST_M:
            raise Rejected(f"a joint is farther than {FARTHEST_M:g} m from the origin", f"{farthest:.4g} m")

    def at(self, fps: float) -> Scene:
        """The same at another rate: every n-th frame where that is exact; else rotations along the shortest arc, the pelvis linearly."""
        moments = resample(np.arange(len(self.positions), dtype=np.float64), self.fps, fps)
        before = np.floor(moments).astype(int)
        weight = (moments - before).reshape(-1, 1, 1, 1)
        start = self._frames(before, fps)
        if not weight.any():
            return start
        end = self._frames(np.minimum(before + 1, len(self.positions) - 1), fps)
        positions = start.positions + weight * (end.positions - start.positions)
        if start.rotations is None or end.rotations is None or self.offsets is None:
            return replace(start, positions=positions)
        turn = from_6d(start.rotations)
        step = to_axis_angle(np.swapaxes(turn, -1, -2) @ from_6d(end.rotations))
        rotations = to_6d(turn @ from_axis_angle(weight * step))
        return replace(start, rotations=rotations, positions=fk(rotations, self.offsets, positions[:, :, 0]))

    def _frames(self, chosen: np.ndarray, fps: float) -> Scene:
        rotations = None if self.rotations is None else self.rotations[chosen]
        return replace(self, fps=fps, positions=self.positions[chosen], rotations=rotations)

    def clip(self, fps: float, captions: Sequence[str], **told: Any) -> Clip:
        """A clip at `fps` with the scene's floor at 0 and captions of the whole of it."""
        scene = self.at(fps)
        positions = on_floor(scene.positions).astype(np.float32)
        return Clip(
            positions=positions,
            root=positions[:, :, 0],
            offsets=None if scene.offsets is None else scene.offsets.astype(np.float32),
            rotations=None if scene.rotations is None else scene.rotations.astype(np.float32),
            fps=fps,
            captions=tuple(Caption(text=text, start_s=0.0, end_s=len(positions) / fps, source="human") for text in captions),
            source="capture",
            notes=self.notes,
            **told,
        )
