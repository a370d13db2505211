"""ASF files, Acclaim's skeletons: bones with a length, a direction at rest, and the axes that their angles turn about.

Letters: `T` frames, `B` bones (root included).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from laban.formats.bvh import MOST_JOINTS
from laban.formats.text import LARGEST, parse_numbers, read_lines, shown
from laban.motion.rotations import about

Line = tuple[str, list[str]]
"""(file and line for messages, words)"""
RADIANS = {"deg": np.pi / 180, "rad": 1.0}
_MOST_LINES = 10 * MOST_JOINTS
_AXES = "xyz"
_ROOT = "root"


@dataclass
class Bone:
    """One bone of a skeleton; the root is one without length."""

    name: str
    where: str
    direction: np.ndarray = field(default_factory=lambda: np.zeros(3))
    """(3,) at rest, in the world's axes."""
    length: float = 0.0
    axis: np.ndarray = field(default_factory=lambda: np.eye(3))
    """(3, 3): the axes that its angles turn about, at rest."""
    channels: tuple[str, ...] = ()
    """`rx`, `ry`, `rz` (and `tx`, `ty`, `tz` of the root) in the order of the AMC file's values; turned in that order."""


@dataclass(frozen=True, kw_only=True)
class Asf:
    """A skeleton. Joint `x` is where bone `x` begins and what it turns about; `x.end` is the tip of a bone that nothing hangs on."""

    path: Path
    bones: tuple[Bone, ...]
    """B, parents before children; the first is the root."""
    parents: tuple[int, ...]
    """B numbers of bones; -1 for the root."""
    radians: float
    """In one unit of angle."""
    length_scale: float
    """What real lengths were multiplied by (CMU: 0.45, and the real ones are inches)."""


def turn(channels: dict[str, np.ndarray], radians: float, frames: int) -> np.ndarray:
    """(T, 3, 3): the first channel turns first, so its matrix stands last."""
    product = np.broadcast_to(np.eye(3), (frames, 3, 3))
    for name, angle in channels.items():
        if name[0] == "r":
            product = about(_AXES.index(name[1]), angle * radians) @ product
    return product


def read_asf(path: Path) -> Asf:
    """Read a skeleton; raise `ValueError` naming file, line and value of whatever is wrong in it. Limits of joints are not used."""
    sections = _sections(path)
    for name in (_ROOT, "bonedata", "hierarchy"):
        if name not in sections:
            raise ValueError(f"{path}: has no :{name} section, so it is not a whole ASF file")
    units = {words[0].lower(): (where, words[1:]) for where, words in sections.get("units", [])}
    radians = _angle_unit(path, units)
    length_scale = _one(*units["length"]) if "length" in units else 1.0
    if not 1e-6 < length_scale < 1e6:
        raise ValueError(f"{units['length'][0]}: length {length_scale:g} is not a scale")
    bones = {_ROOT: _root(str(path), sections[_ROOT], radians)}
    for bone in _bones(path, sections["bonedata"], radians):
        if bone.name in bones:
            raise ValueError(f"{bone.where}: bone {bone.name!r} is there twice")
        bones[bone.name] = bone
    parent_of = _hierarchy(sections["hierarchy"], bones)
    order = [_ROOT, *parent_of]
    loose = sorted(set(bones) - set(order))
    if loose:
        raise ValueError(f"{path}: bone {shown(loose[0])} hangs on nothing; name it in :hierarchy")
    parents = (-1, *(order.index(parent) for parent in parent_of.values()))
    return Asf(path=path, bones=tuple(bones[name] for name in order), parents=parents, radians=radians, length_scale=length_scale)


def _sections(path: Path) -> dict[str, list[Line]]:
    """Section -> (file and line, words) of each line that says something."""
    sections: dict[str, list[Line]] = {}
    current: list[Line] = []
    for number, line in enumerate(read_lines(path, any_encoding=True), 1):
        words = line.split("#")[0].split()
        if words and words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
        elif words:
            current.append((f"{path}:{number}", words))
    return sections


def _angle_unit(path: Path, units: dict[str, Line]) -> float:
    where, words = units.get("angle", (str(path), ["deg"]))
    if len(words) != 1 or words[0].lower() not in RADIANS:
        raise ValueError(f"{where}: angle {shown(' '.join(words))} is neither deg nor rad")
    return RADIANS[words[0].lower()]


def _one(where: str, words: list[str]) -> float:
    if len(words) != 1:
        raise ValueError(f"{where}: {shown(' '.join(words))} is not one number")
    return float(finite(where, words)[0])


def finite(where: str, words: list[str]) -> np.ndarray:
    """(N,) numbers of a line; raise `ValueError` on the first that is none, or is infinite or huge."""
    values = parse_numbers(where, words)
    wrong = np.flatnonzero(~(np.abs(values) < LARGEST))
    if len(wrong):
        raise ValueError(f"{where}: column {wrong[0] + 1}: {values[wrong[0]]} is not a finite number below {LARGEST:g}")
    return values


def _vector(where: str, words: list[str]) -> np.ndarray:
    if len(words) != 3:
        raise ValueError(f"{where}: has {len(words)} values, not 3")
    return finite(where, words)


def _channels(where: str, words: list[str], known: str) -> tuple[str, ...]:
    channels = tuple(word.lower() for word in words)
    wrong = [name for name in channels if name[:1] not in known or name[1:] not in set(_AXES) or channels.count(name) > 1]
    if wrong:
        what = "rx, ry, rz" + (", tx, ty, tz" if "t" in known else "; bones that stretch or slide cannot be read")
        raise ValueError(f"{where}: channel {shown(wrong[0])} is not one of {what}, each at most once")
    return channels


def _axes(where: str, angles: list[str], order: str, radians: float) -> np.ndarray:
    """(3, 3) from three angles about x, y and z, turned in the order written (`XYZ`: x first)."""
    if sorted(order.lower()) != list(_AXES):
        raise ValueError(f"{where}: axis order {shown(order)} is not one of XYZ … ZYX")
    by_axis = dict(zip(_AXES, _vector(where, angles), strict=True))
    return np.asarray(turn({f"r{axis}": np.array([by_axis[axis]]) for axis in order.lower()}, radians, 1)[0])


def _root(where: str, lines: list[Line], radians: float) -> Bone:
    said = {words[0].lower(): (place, words[1:]) for place, words in lines}
    for name in ("order", "axis"):
        if name not in said:
            raise ValueError(f"{where}: :root has no {name}")
    place, angles = said.get("orientation", (where, ["0", "0", "0"]))
    axis = _axes(place, angles, "".join(said["axis"][1]), radians)
    return Bone(name=_ROOT, where=said["order"][0], axis=axis, channels=_channels(*said["order"], known="rt"))


def _bones(path: Path, lines: list[Line], radians: float) -> Iterator[Bone]:
    block: dict[str, Line] = {}
    if len(lines) > _MOST_LINES:
        raise ValueError(f"{lines[0][0]}: {len(lines)} lines of bones are no person's skeleton; at most {_MOST_LINES} are read")
    for where, words in lines:
        if words[0].lower() == "begin":
            block = {"begin": (where, [])}
        elif words[0].lower() == "end":
            yield _bone(where, block, radians)
            block = {}
        else:
            block[words[0].lower()] = (where, words[1:])
    if block:
        raise ValueError(f"{path}: :bonedata is cut: {next(iter(block.values()))[0]} is not closed by end")


def _bone(where: str, block: dict[str, Line], radians: float) -> Bone:
    for name in ("begin", "name", "direction", "length", "axis"):
        if name not in block:
            raise ValueError(f"{where}: the bone that ends here has no {name}")
    place, axis = block["axis"]
    if len(block["name"][1]) != 1:
        raise ValueError(f"{block['name'][0]}: name {shown(' '.join(block['name'][1]))} is not one word")
    direction, length = _vector(*block["direction"]), _one(*block["length"])
    norm = np.linalg.norm(direction)
    if length < 0 or (length and not norm):
        raise ValueError(f"{block['length'][0]}: length {length:g} in direction {direction} is none")
    return Bone(
        name=block["name"][1][0],
        where=block["name"][0],
        direction=direction / norm if norm else direction,
        length=length,
        axis=_axes(place, axis[:3], "".join(axis[3:]), radians),
        channels=_channels(*block.get("dof", (place, [])), known="r"),
    )


def _hierarchy(lines: list[Line], bones: dict[str, Bone]) -> dict[str, str]:
    """Bone -> the bone that it hangs on, parents before children."""
    parent_of: dict[str, str] = {}
    for where, (parent, *children) in lines:
        if parent.lower() in ("begin", "end") and not children:
            continue
        if parent != _ROOT and parent not in parent_of:
            raise ValueError(f"{where}: {shown(parent)} carries bones and does not hang on {_ROOT} itself, as far as is said above")
        for child in children:
            if child not in bones or child == _ROOT or child in parent_of:
                what = "is no bone of :bonedata" if child not in bones else "hangs on something already"
                raise ValueError(f"{where}: {shown(child)} {what}; the bones are {', '.join(list(bones)[:60])}")
            parent_of[child] = parent
    return parent_of
