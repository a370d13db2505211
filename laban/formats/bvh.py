"""BVH files: a skeleton of any shape, and the position of every joint in every frame.

Letters: `T` frames, `J` joints (end sites included), `C` channels. Lengths are in the file's own unit, which BVH does not state.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from laban.formats.text import LARGEST, parse_number, parse_numbers, read_lines, shown
from laban.motion.rotations import about

_AXES = {"x": 0, "y": 1, "z": 2}
_CHANNELS = frozenset(axis + kind for axis in _AXES for kind in ("position", "rotation"))
_ROUNDING = 5e-4
"""Relative: `Frame Time: .0083333` means 120 frames a second and not 120.0005; 29.97 stays what it is."""
_FRAME_TIME = (1e-5, 1e3)
MOST_JOINTS = 2000
"""End sites included; a body with hands, face and clothes has some 300."""
_MOST_PLACES = 50_000_000
"""Joints times frames: an hour of 100 joints at 120 frames a second is 43 million, which take 1 GB."""


@dataclass(frozen=True, kw_only=True)
class Bvh:
    """One person, or whatever else a file's skeleton is."""

    path: Path
    names: tuple[str, ...]
    """J names in the file's order, parents before children; the end site of `x` is called `x.end`."""
    parents: tuple[int, ...]
    """J numbers; -1 for a root."""
    offsets: np.ndarray
    """(J, 3) from the parent, at rest."""
    channels: tuple[tuple[str, ...], ...]
    """J tuples such as `("xposition", …, "zrotation")`, in the order in which they are applied; empty for end sites."""
    values: np.ndarray
    """(T, C) lengths and degrees."""
    frame_time: float
    """Seconds, as written: some conversions write a wrong one."""

    length_scale: ClassVar[float] = 1.0
    """BVH states no unit."""

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return len(self.values)

    @property
    def fps(self) -> float:
        """Frames a second that the file claims, freed from the rounding of its `Frame Time`."""
        rate = 1.0 / self.frame_time
        return float(round(rate)) if abs(rate - round(rate)) < _ROUNDING * rate else rate

    def positions(self, first_frame: int = 0, frames: int | None = None, *, root_absolute: bool = False) -> np.ndarray:
        """Forward kinematics: (T', J, 3) global positions of `frames` frames (all that follow if None) from `first_frame`.

        Rotations are multiplied in the order in which a joint's channels are written. A root's position channels are added to
        its offset (the format's definition; the Character Creator conversion of CMU needs it), or replace it if
        `root_absolute` (Blender writes so). Other joints' position channels replace the offset: exporters that give six
        channels to every joint repeat the offset there. Raises `ValueError` where the file is too short.
        """
        window = excerpt(self.path, self.frames, first_frame, frames, len(self.names))
        return self._kinematics(self.values[window], root_absolute)

    def _kinematics(self, values: np.ndarray, root_absolute: bool) -> np.ndarray:
        positions = np.empty((len(values), len(self.names), 3))
        rotations: list[np.ndarray] = []
        column = 0
        for joint, (parent, channels) in enumerate(zip(self.parents, self.channels, strict=True)):
            own = dict(zip(channels, values[:, column : column + len(channels)].T, strict=True))
            column += len(channels)
            local = _translation(own, self.offsets[joint], added=parent < 0 and not root_absolute)
            rotation = _rotation(own)
            if parent < 0:
                positions[:, joint] = local
            else:
                positions[:, joint] = positions[:, parent] + np.einsum("tij,tj->ti", rotations[parent], local)
                rotation = rotations[parent] if rotation is None else rotations[parent] @ rotation
            rotations.append(np.broadcast_to(np.eye(3), (len(values), 3, 3)) if rotation is None else rotation)
        return positions


def excerpt(path: Path, total: int, first_frame: int, frames: int | None, joints: int) -> slice:
    """The frames asked for, of `total`; raise `ValueError` where they lie outside, or are more than memory should be given for."""
    count = total - first_frame if frames is None else frames
    if first_frame < 0 or count < 1 or first_frame + count > total:
        raise ValueError(
            f"{path}: has {total} frames, but first_frame {first_frame} and frames {frames} were asked for;"
            " give a first_frame and frames that lie within the file"
        )
    if count * joints > _MOST_PLACES:
        raise ValueError(f"{path}: {count} frames of {joints} joints are too many to read at once; give first_frame and frames")
    return slice(first_frame, first_frame + count)


def _translation(channels: dict[str, np.ndarray], offset: np.ndarray, *, added: bool) -> np.ndarray:
    """(T, 3) or (1, 3) from the parent, in the parent's frame: channels in place of the offset, or `added` to it."""
    axes: list[np.ndarray] = []
    for name, number in _AXES.items():
        moved = channels.get(f"{name}position")
        axes.append(offset[number : number + 1] if moved is None else moved + added * offset[number])
    return np.stack(np.broadcast_arrays(*axes), axis=-1)


def _rotation(channels: dict[str, np.ndarray]) -> np.ndarray | None:
    """(T, 3, 3) product of a joint's rotations in the order written, or None where it has none."""
    product = None
    for name, degrees in channels.items():
        if name.endswith("rotation"):
            turn = about(_AXES[name[0]], np.radians(degrees))
            product = turn if product is None else product @ turn
    return product


def read_bvh(path: Path) -> Bvh:
    """Read a file whole; raise `ValueError` naming file, line, column and value of whatever is wrong in it."""
    # The numbers are ASCII; a joint's name in another encoding must not stop the reading.
    lines = read_lines(path, any_encoding=True)
    if not any(line.strip() for line in lines):
        raise ValueError(f"{path}: the file is empty; copy it again")
    if next(line for line in lines if line.strip()).strip().upper() != "HIERARCHY":
        raise ValueError(f"{path}: does not begin with HIERARCHY, so it is not a BVH file")
    motion = next((number for number, line in enumerate(lines) if line.strip().upper() == "MOTION"), None)
    if motion is None:
        raise ValueError(f"{path}: has no MOTION line; the file is cut at line {len(lines)}: copy it again")
    skeleton = _read_skeleton(path, lines[:motion])
    frames, frame_time, start = _read_header(path, lines, motion + 1)
    width = sum(len(channels) for channels in skeleton.channels)
    return Bvh(
        path=path,
        names=tuple(skeleton.names),
        parents=tuple(skeleton.parents),
        offsets=np.array(skeleton.offsets),
        channels=tuple(skeleton.channels),
        values=_read_motion(path, lines, start, frames, width),
        frame_time=frame_time,
    )


@dataclass
class _Skeleton:
    """What has been read of a hierarchy so far."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[tuple[float, ...]] = field(default_factory=list)
    channels: list[tuple[str, ...]] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    """Joints whose `{` has not been closed."""

    def add(self, where: str, name: str) -> None:
        """A joint below the innermost open one; without an offset as yet."""
        if len(self.names) == MOST_JOINTS:
            raise ValueError(f"{where}: a skeleton of more than {MOST_JOINTS} joints and end sites is no person's")
        self.names.append(name)
        self.parents.append(self.open[-1] if self.open else -1)
        self.offsets.append(())
        self.channels.append(())
        self.open.append(len(self.names) - 1)


def _statements(lines: list[str]) -> Iterator[tuple[int, str]]:
    """(line number, statement) with braces as statements of their own, wherever the exporter puts them."""
    for number, line in enumerate(lines, 1):
        for statement in re.split(r"([{}])", line):
            if statement.strip():
                yield number, statement.strip()


def _read_skeleton(path: Path, lines: list[str]) -> _Skeleton:
    skeleton = _Skeleton()
    for number, statement in _statements(lines):
        where = f"{path}:{number}"
        keyword, rest = (*statement.split(maxsplit=1), "")[:2]
        match keyword.upper():
            case "HIERARCHY" | "{":
                pass
            case "ROOT" | "JOINT":
                _add_joint(where, skeleton, rest.strip())
            case "END":
                _add_end_site(where, skeleton)
            case "OFFSET":
                _innermost(where, skeleton, statement)
                skeleton.offsets[skeleton.open[-1]] = _read_offset(where, rest)
            case "CHANNELS":
                _innermost(where, skeleton, statement)
                skeleton.channels[skeleton.open[-1]] = _read_channels(where, rest)
            case "}":
                _innermost(where, skeleton, statement)
                _close(where, skeleton)
            case _:
                raise ValueError(f"{where}: {shown(statement)} is not a statement of a BVH hierarchy")
    if skeleton.open:
        raise ValueError(f"{path}: {skeleton.names[skeleton.open[-1]]!r} is not closed by a brace before MOTION; the hierarchy is cut")
    if not skeleton.names:
        raise ValueError(f"{path}: the hierarchy holds no joint")
    return skeleton


def _innermost(where: str, skeleton: _Skeleton, statement: str) -> None:
    if not skeleton.open:
        raise ValueError(f"{where}: {shown(statement)} stands outside of any joint")


def _add_joint(where: str, skeleton: _Skeleton, name: str) -> None:
    if not name or name in skeleton.names:
        raise ValueError(f"{where}: joint name {name!r} is " + ("used twice; names must differ" if name else "missing"))
    skeleton.add(where, name)


def _add_end_site(where: str, skeleton: _Skeleton) -> None:
    """The first end site of `x` is `x.end`, further ones `x.end2` …."""
    _innermost(where, skeleton, "End Site")
    base = f"{skeleton.names[skeleton.open[-1]]}.end"
    taken = sum(1 for name in skeleton.names if re.fullmatch(re.escape(base) + r"\d*", name))
    skeleton.add(where, base if not taken else f"{base}{taken + 1}")


def _close(where: str, skeleton: _Skeleton) -> None:
    joint = skeleton.open.pop()
    if not skeleton.offsets[joint]:
        raise ValueError(f"{where}: joint {skeleton.names[joint]!r} has no OFFSET")


def _read_offset(where: str, rest: str) -> tuple[float, ...]:
    words = rest.split()
    if len(words) != 3:
        raise ValueError(f"{where}: OFFSET has {len(words)} values, not 3")
    offset = tuple(parse_number(where, column, word) for column, word in enumerate(words, 1))
    if not all(abs(value) < LARGEST for value in offset):
        raise ValueError(f"{where}: OFFSET {rest.strip()} is not finite, or larger than {LARGEST:g}")
    return offset


def _read_channels(where: str, rest: str) -> tuple[str, ...]:
    count, *names = rest.split() or [""]
    channels = tuple(name.lower() for name in names)
    if count != str(len(channels)):
        raise ValueError(f"{where}: CHANNELS says {count!r} and then names {len(channels)}: {' '.join(names)}")
    wrong = [name for name in names if name.lower() not in _CHANNELS] or [name for name in names if names.count(name) > 1]
    if wrong:
        raise ValueError(f"{where}: CHANNELS {' '.join(names)}: {wrong[0]!r} is not one of Xposition … Zrotation, each at most once")
    return channels


def _read_header(path: Path, lines: list[str], start: int) -> tuple[int, float, int]:
    """Frame count, frame time in seconds, and the number of the first line of values."""
    found: dict[str, float] = {}
    for line in range(start, len(lines)):
        if not lines[line].strip():
            continue
        match = re.fullmatch(r"(frames|frame\s+time)\s*:\s*(\S+)", lines[line].strip(), re.IGNORECASE)
        if match is None:
            break
        found[match[1].split()[-1].lower()] = parse_number(f"{path}:{line + 1}", 1, match[2])
        start = line + 1
    for key, name in (("frames", "Frames:"), ("time", "Frame Time:")):
        if key not in found:
            raise ValueError(f"{path}: no `{name}` line after MOTION")
    if not found["frames"] >= 1 or found["frames"] % 1:
        raise ValueError(f"{path}: `Frames: {found['frames']:g}` is not a number of frames")
    if not _FRAME_TIME[0] <= found["time"] <= _FRAME_TIME[1]:
        raise ValueError(f"{path}: `Frame Time: {found['time']:g}` is not a time in seconds")
    return int(found["frames"]), found["time"], start


def _read_motion(path: Path, lines: list[str], start: int, frames: int, width: int) -> np.ndarray:
    """(T, C); raise `ValueError` unless there are exactly `frames` lines of `width` finite numbers."""
    rows = [(number, line) for number, line in enumerate(lines[start:], start + 1) if line.strip()]
    if len(rows) < frames:
        raise ValueError(f"{path}: is cut: `Frames: {frames}`, but only {len(rows)} lines of values follow; copy the file again")
    if len(rows) > frames:
        raise ValueError(f"{path}:{rows[frames][0]}: `Frames: {frames}`, but {len(rows)} lines of values follow; correct `Frames:`")
    values = np.array([_read_frame(f"{path}:{number}", frame, line, width) for frame, (number, line) in enumerate(rows)])
    wrong = np.argwhere(~(np.abs(values) < LARGEST))
    if len(wrong):
        frame, column = (int(index) for index in wrong[0])
        raise ValueError(
            f"{path}:{rows[frame][0]}: frame {frame}, column {column + 1}: {values[frame, column]} is not a finite number below"
            f" {LARGEST:g} ({len(wrong)} such values in the file); fill the gap or leave these frames out"
        )
    return values


def _read_frame(where: str, frame: int, line: str, width: int) -> np.ndarray:
    words = line.split()
    if len(words) != width:
        raise ValueError(f"{where}: frame {frame} has {len(words)} values, but the channels need {width}; the line is cut or damaged")
    return parse_numbers(f"{where}: frame {frame}", words)
