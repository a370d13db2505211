"""ASF and AMC files of a whole person, written from Acclaim's description of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from laban.motion.skeleton import INDEX, REST_OFFSETS

# bone, what it hangs on, our joints along it, degrees of freedom: CMU's names
BONES = (
    *(
        bone
        for side, letter in (("left", "l"), ("right", "r"))
        for bone in (
            (f"{letter}hipjoint", "root", (f"{side}_hip",), ""),
            (f"{letter}femur", f"{letter}hipjoint", (f"{side}_knee",), "rx ry rz"),
            (f"{letter}tibia", f"{letter}femur", (f"{side}_ankle",), "rx"),
            (f"{letter}foot", f"{letter}tibia", (f"{side}_foot",), "rx rz"),
            (f"{letter}toes", f"{letter}foot", (), "rx"),
            (f"{letter}clavicle", "thorax", (f"{side}_collar", f"{side}_shoulder"), "ry rz"),
            (f"{letter}humerus", f"{letter}clavicle", (f"{side}_elbow",), "rx ry rz"),
            (f"{letter}radius", f"{letter}humerus", (f"{side}_wrist",), "rx"),
            (f"{letter}wrist", f"{letter}radius", (), "ry"),
        )
    ),
    ("lowerback", "root", ("spine1",), "rx ry rz"),
    ("upperback", "lowerback", ("spine2",), "rx ry rz"),
    ("thorax", "upperback", ("spine3",), "rx ry rz"),
    ("lowerneck", "thorax", ("neck",), "rx ry rz"),
    ("upperneck", "lowerneck", ("head",), "rx ry rz"),
    ("head", "upperneck", (), "rx ry rz"),
)
CMU_LENGTH = 0.45
# Three bones, with axes and orders of their own.
ARM = """# made by hand
:version 1.10
:name arm
:units
  mass 1.0
  length 0.5
  angle deg
:documentation
  begin
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 7 8 9
  orientation 0 0 0
:bonedata
  begin
    id 1
    name upper
    direction 1 0 0
    length 2
    axis 10 20 30 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
    bodymass 3
  end
  begin
    id 2
    name stump
    direction 0 2 0
    length 0.5
    axis 0 0 0 XYZ
  end
  begin
    id 3
    name lower
    direction 0 0 1
    length 1
    axis -90 0 45 ZYX
    dof rz rx
  end
:hierarchy
  begin
    root upper
    upper lower stump
  end
"""
MOTION = """#!OML:ASF arm.asf
:FULLY-SPECIFIED
:DEGREES
1
root 0 0 0 0 0 0
upper 0 0 0
lower 0 0
2
lower 70 80
root 1 2 3 15 25 35
upper 40 50 60
"""


def write_asf(path: Path, *, length: float = CMU_LENGTH, degrees: bool = True, axes: Mapping[str, Sequence[float]] | None = None) -> Path:
    """A skeleton of our rest pose; real lengths are inches, multiplied by `length`; `axes` in degrees."""
    unit = length / 0.0254
    lines = [":version 1.10", ":name TEST", ":units", "  mass 1.0", f"  length {length}", f"  angle {'deg' if degrees else 'rad'}"]
    lines += [":documentation", "  :made for a test", ":root", "  order TX TY TZ RX RY RZ", "  axis XYZ", "  position 0 0 0"]
    lines += ["  orientation 0 0 0", ":bonedata"]
    for number, (name, _, joints, dof) in enumerate(BONES, 1):
        vector = sum((REST_OFFSETS[INDEX[joint]] for joint in joints), np.zeros(3)) * unit if joints else np.array([0, 0.02, 0])
        size = np.linalg.norm(vector)
        turned = np.array((axes or {}).get(name, (0, 0, 0))) * (1 if degrees else np.pi / 180)
        lines += ["  begin", f"     id {number}", f"     name {name}", "     direction " + " ".join(f"{v:.9g}" for v in vector / size)]
        lines += [f"     length {size:.9g}", f"     axis {turned[0]:.9g} {turned[1]:.9g} {turned[2]:.9g}  XYZ"]
        if dof:
            lines += [f"    dof {dof}", "    limits (-160.0 20.0)", *["           (-70.0 70.0)"] * dof.count(" ")]
        lines.append("  end")
    lines += [":hierarchy", "  begin"]
    for parent in ("root", *(name for name, *_ in BONES)):
        children = [name for name, above, *_ in BONES if above == parent]
        lines += [f"    {parent} {' '.join(children)}"] if children else []
    path.parent.mkdir(parents=True, exist_ok=True)
    # The hierarchy must name what carries before what is carried.
    path.write_text("\n".join(_top_down(lines)) + "\n  end\n")
    return path


def _top_down(lines: list[str]) -> list[str]:
    start = lines.index(":hierarchy") + 2
    rows = {row.split()[0]: row for row in lines[start:]}
    ordered, waiting = [], ["root"]
    while waiting:
        row = rows.get(waiting.pop(0))
        if row:
            ordered.append(row)
            waiting += row.split()[1:]
    return lines[:start] + ordered


def write_amc(
    path: Path,
    frames: Sequence[Mapping[str, Sequence[float]]],
    *,
    length: float = CMU_LENGTH,
    degrees: bool = True,
    first: int = 1,
    z: float = 0.0,
    speed: float = 0.0,
) -> Path:
    """Angles in degrees by bone for each frame, 0 where not given; the pelvis goes along z by `speed` metres a frame."""
    unit, turn = length / 0.0254, 1 if degrees else np.pi / 180
    lines = ["#!OML:ASF somebody.asf", ":FULLY-SPECIFIED", ":DEGREES" if degrees else ":RADIANS"]
    for number, frame in enumerate(frames):
        root = [0, 0.94 * unit, (z + speed * number) * unit, *(turn * np.array(frame.get("root", (0, 0, 0))))]
        lines += [str(first + number), "root " + " ".join(f"{value:.9g}" for value in root)]
        for name, _, _, dof in BONES:
            angles = frame.get(name, (0,) * len(dof.split()))
            if dof:
                lines.append(f"{name} " + " ".join(f"{turn * angle:.9g}" for angle in angles))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
