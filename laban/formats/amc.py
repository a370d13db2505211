"""AMC files, Acclaim's motion and CMU's own form of its data base: frame by frame, the angles of each bone of an ASF skeleton.

AMC states no frame rate. Letters: `T` frames, `B` bones (root included), `J` joints, `C` channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from laban.data.clip import Clip
from laban.formats.asf import RADIANS, Asf, finite, read_asf, turn
from laban.formats.bvh import excerpt
from laban.formats.pairs import find_recordings, looks_like, read_recording
from laban.formats.source import Format, Options, Recording
from laban.formats.text import read_lines, shown
from laban.formats.trials import Trial


@dataclass(frozen=True, kw_only=True)
class Amc:
    """One person's motion."""

    path: Path
    asf: Asf
    values: np.ndarray
    """(T, C): the channels of all bones, in the skeleton's order, in the file's own units."""
    radians: float
    """In one unit of angle."""

    @property
    def names(self) -> tuple[str, ...]:
        """J names: every bone's beginning, then the tips."""
        return (*(bone.name for bone in self.asf.bones), *(f"{self.asf.bones[tip].name}.end" for tip in self._tips))

    @property
    def _tips(self) -> list[int]:
        carrying = set(self.asf.parents)
        return [number for number in range(1, len(self.asf.bones)) if number not in carrying]

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return len(self.values)

    @property
    def fps(self) -> None:
        """AMC does not state it."""

    @property
    def length_scale(self) -> float:
        """As the skeleton states it."""
        return self.asf.length_scale

    def positions(self, first_frame: int = 0, frames: int | None = None, *, root_absolute: bool = True) -> np.ndarray:
        """Forward kinematics: (T', J, 3) global positions in the file's unit of `frames` frames (all that follow if None).

        The root's values are where it is: the skeleton's `position` is not added, whatever `root_absolute`, which is BVH's matter.
        Raises `ValueError` where the file is too short.
        """
        del root_absolute
        values = self.values[excerpt(self.path, self.frames, first_frame, frames, len(self.names))]
        begins, turns = np.zeros((len(self.asf.bones), len(values), 3)), np.empty((len(self.asf.bones), len(values), 3, 3))
        column = 0
        for number, (bone, parent) in enumerate(zip(self.asf.bones, self.asf.parents, strict=True)):
            own = dict(zip(bone.channels, values[:, column : column + len(bone.channels)].T, strict=True))
            column += len(bone.channels)
            local = bone.axis @ turn(own, self.radians, len(values)) @ bone.axis.T
            if parent < 0:
                begins[number] = np.stack([own.get(f"t{axis}", np.zeros(len(values))) for axis in "xyz"], axis=-1)
                turns[number] = local
            else:
                begins[number] = self._tip(parent, begins, turns)
                turns[number] = turns[parent] @ local
        places = np.concatenate([begins, [self._tip(tip, begins, turns) for tip in self._tips]]) if self._tips else begins
        return np.ascontiguousarray(places.swapaxes(0, 1))

    def _tip(self, number: int, begins: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """(T, 3): where a bone ends."""
        bone = self.asf.bones[number]
        return np.asarray(begins[number] + turns[number] @ (bone.direction * bone.length))


def read_amc(path: Path, asf: Asf) -> Amc:
    """Read a motion for a skeleton; raise `ValueError` naming file, line, frame and bone of whatever is wrong in it."""
    lines = read_lines(path, any_encoding=True)
    width = {bone.name: len(bone.channels) for bone in asf.bones if bone.channels}
    radians = asf.radians
    frames: list[np.ndarray] = []
    first = 0
    frame: dict[str, np.ndarray] = {}
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        where = f"{path}:{number}"
        if not words:
            continue
        if words[0].startswith(":"):
            radians = {":degrees": RADIANS["deg"], ":radians": RADIANS["rad"]}.get(words[0].lower(), radians)
        elif len(words) == 1 and words[0].isascii() and words[0].isdigit():
            if frame:
                frames.append(_joined(where, frame, width))
            first, frame = _next_frame(where, words[0], first, len(frames)), {"": np.empty(0)}
        else:
            _add_bone(where, words, frame, width)
    if not frame:
        raise ValueError(f"{path}: holds no frame; copy it again")
    frames.append(_joined(f"{path}:{len(lines)}", frame, width))
    return Amc(path=path, asf=asf, values=np.array(frames), radians=radians)


def _next_frame(where: str, word: str, first: int, read: int) -> int:
    """The number of the first frame; raise `ValueError` where this one is not the next after `read` of them."""
    number = int(word) if len(word) < 10 else -1
    if number < 0 or (read and number != first + read):
        raise ValueError(f"{where}: frame {shown(word)} where {first + read} should follow; a frame is missing or there twice")
    return first if read else number


def _add_bone(where: str, words: list[str], frame: dict[str, np.ndarray], width: dict[str, int]) -> None:
    name = words[0]
    if not frame:
        raise ValueError(f"{where}: {shown(name)} stands before the first frame's number")
    if name not in width or name in frame:
        what = "is there twice in this frame" if name in frame else f"is no moving bone of the skeleton: {', '.join(list(width)[:60])}"
        raise ValueError(f"{where}: {shown(name)} {what}")
    if len(words) - 1 != width[name]:
        raise ValueError(f"{where}: {name} has {len(words) - 1} values, but the skeleton gives it {width[name]} channels")
    frame[name] = finite(where, words[1:])


def _joined(where: str, frame: dict[str, np.ndarray], width: dict[str, int]) -> np.ndarray:
    """(C,) in the skeleton's order."""
    missing = [name for name in width if name not in frame]
    if missing:
        raise ValueError(f"{where}: the frame that ends here has no {', '.join(missing[:5])}; it is cut, or another skeleton's")
    return np.concatenate([frame[name] for name in width])


def _load(trial: Trial, person: int) -> Amc:
    return read_amc(trial.files[person], read_asf(trial.skeletons[person]))


def _fits(folder: Path) -> bool:
    return looks_like(folder, ".amc")


def _find(folder: Path, options: Options) -> Sequence[Recording]:
    del options
    return find_recordings(folder, ".amc")


def _read(recording: Recording, options: Options) -> Sequence[Clip]:
    return read_recording(recording, options, _load)


FORMAT = Format(
    name="amc",
    about="ASF skeletons and AMC motion of one or several people, as CMU's data base has them; pairs.jsonl gives the rate",
    licence="as pairs.jsonl, LICENSE or README says",
    fits=_fits,
    find=_find,
    read=_read,
)
