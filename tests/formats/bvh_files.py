"""Tiny BVH files of a whole person, and where the real capture is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from laban.motion.skeleton import INDEX, REST_OFFSETS

# name, parent, our joints from the parent to it: the names of CMU's MotionBuilder-friendly conversion
TREE = (
    ("Hips", "", ()),
    ("LeftUpLeg", "Hips", ("left_hip",)),
    ("LeftLeg", "LeftUpLeg", ("left_knee",)),
    ("LeftFoot", "LeftLeg", ("left_ankle",)),
    ("LeftToeBase", "LeftFoot", ("left_foot",)),
    ("RightUpLeg", "Hips", ("right_hip",)),
    ("RightLeg", "RightUpLeg", ("right_knee",)),
    ("RightFoot", "RightLeg", ("right_ankle",)),
    ("RightToeBase", "RightFoot", ("right_foot",)),
    ("Spine", "Hips", ("spine1",)),
    ("Spine1", "Spine", ("spine2", "spine3")),
    ("Neck1", "Spine1", ("neck",)),
    ("Head", "Neck1", ("head",)),
    ("LeftArm", "Spine1", ("left_collar", "left_shoulder")),
    ("LeftForeArm", "LeftArm", ("left_elbow",)),
    ("LeftHand", "LeftForeArm", ("left_wrist",)),
    ("RightArm", "Spine1", ("right_collar", "right_shoulder")),
    ("RightForeArm", "RightArm", ("right_elbow",)),
    ("RightHand", "RightForeArm", ("right_wrist",)),
)
# Three joints, an end site, and channels in another order at each.
ARM = """HIERARCHY
ROOT base
{
  OFFSET 10 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT upper {
    OFFSET 1 2 3
    CHANNELS 3 Xrotation Zrotation Yrotation
    JOINT lower
    {
      OFFSET 0 1 0
      CHANNELS 6 Xposition Yposition Zposition Yrotation Zrotation Xrotation
      End Site
      {
        OFFSET 0 0 2
      }
    }
  }
}
MOTION
Frames: 2
Frame Time: .0083333
0 0 0 0 0 0 0 0 0 4 5 6 0 0 0
1 2 3 10 20 30 40 50 60 4 5 6 70 80 -90
"""
Motion = Callable[[float], Mapping[str, float]]


def walk(x: float = 0.0, z: float = 0.0, speed: float = 0.5, yaw: float = 0.0) -> Motion:
    """Seconds -> root in metres and degrees; arms swing."""

    def at(second: float) -> dict[str, float]:
        swing = 20 * np.sin(3 * second)
        return {"x": x, "y": 0.94, "z": z + speed * second, "yaw": yaw, "LeftArm": swing, "RightArm": -swing}

    return at


def write_bvh(
    path: Path, motion: Motion, *, frames: int = 60, fps: float = 60.0, unit: float = 0.01, z_up: bool = False, rename: str = ""
) -> Path:
    """A person; `unit` in metres; angles of `motion` by joint turn it about X, `yaw` the root about Y."""
    lines = ["HIERARCHY", *_joint("", unit, z_up, rename), "MOTION", f"Frames: {frames}", f"Frame Time: {1 / fps:.7f}"]
    for frame in range(frames):
        at = motion(frame / fps)
        place = np.array([at["x"], at["y"], at["z"]]) / unit
        values = [*(_zup(place) if z_up else place), at["yaw"] if z_up else 0, 0 if z_up else at["yaw"], 0]
        for name in _order(""):
            values += [0, 0, at.get(name, 0.0)] if name != "Hips" else []
        lines.append(" ".join(f"{value:.6f}" for value in values))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def _zup(vector: np.ndarray) -> np.ndarray:
    return np.array([vector[0], -vector[2], vector[1]])


def _order(parent: str) -> list[str]:
    return [found for name, above, _ in TREE if above == parent for found in (name, *_order(name))]


def _joint(parent: str, unit: float, z_up: bool, rename: str) -> list[str]:
    lines = []
    for name, above, ours in TREE:
        if above != parent:
            continue
        offset = sum((REST_OFFSETS[INDEX[joint]] for joint in ours), np.zeros(3)) / unit
        offset = _zup(offset) if z_up else offset
        channels = "6 Xposition Yposition Zposition Zrotation Yrotation Xrotation" if not parent else "3 Zrotation Yrotation Xrotation"
        below = _joint(name, unit, z_up, rename) or ["End Site", "{", "OFFSET 0 0 0", "}"]
        lines += [f"{'JOINT' if parent else 'ROOT'} {rename}{name}", "{", "OFFSET " + " ".join(f"{v:.6f}" for v in offset)]
        lines += [f"CHANNELS {channels}", *below, "}"]
    return lines


def write_pair(folder: Path, stem: str, *, frames: int = 60, **how: Any) -> tuple[Path, Path]:
    """Two people who walk towards each other; motion differs with the stem."""
    shift = (sum(map(ord, stem)) % 50) / 100
    first = write_bvh(folder / f"{stem}_A.bvh", walk(z=-1.5 - shift), frames=frames, **how)
    second = write_bvh(folder / f"{stem}_B.bvh", walk(z=1.5 + shift, speed=-0.5, yaw=180.0), frames=frames, **how)
    return first, second


def write_rows(folder: Path, *rows: Mapping[str, Any] | str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pairs.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def row(stem: str, **more: Any) -> dict[str, Any]:
    return {"id": stem, "a": f"{stem}_A.bvh", "b": f"{stem}_B.bvh", **more}


REAL = Path(os.environ.get("LABAN_TEST_DATA", Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "cmu"))
needs_real = pytest.mark.skipif(
    not (REAL / "pairs.jsonl").is_file(),
    reason=f"no real capture: {REAL} holds no pairs.jsonl (set LABAN_TEST_DATA to the CMU folder)",
)
