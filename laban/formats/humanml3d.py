"""HumanML3D (Guo et al., CVPR 2022): one person, three or four captions, 20 frames a second.

    new_joints/<id>.npy       (T, 22, 3) metres, Y up, floor at 0
    new_joint_vecs/<id>.npy   (T, 263) features, which the joints were recovered from
    texts/<id>.txt            caption#word/POS word/POS …#from#to   (seconds; 0.0#0.0, and nan, are the whole motion)
    train.txt val.txt test.txt

`M<id>` is `<id>` in a mirror, words too: both are one group, and a list that tears them apart is an error. Captions of a part keep its
times on the one clip; nothing is cut out or named at random. No motion is left out for its length: the field's filter (40 to 199 frames)
is the user's choice. The features' rotations are of bones, not of SMPL's joints, so clips have none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from laban.data.clip import Caption, Clip
from laban.formats.arrays import checked, file_bytes, parse_npy
from laban.formats.scene import FARTHEST_M
from laban.formats.source import Format, Options, Recording, Rejected
from laban.formats.splits import read_splits
from laban.formats.text import caption, read_lines, shown
from laban.motion.humanml3d import HUMANML3D, Body, to_positions
from laban.motion.resampling import resample

LICENCE = "HumanML3D: texts MIT, motion under the terms of AMASS and HumanAct12, not to be redistributed"
NO_TIMES = "a caption's times are no numbers: it is taken to tell of the whole motion"
WRONG_TIMES = "a caption's times lie outside the motion: it is taken to tell of the whole"
MISSING = "a motion file is missing"
_FPS = 20.0
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_FIVE_DIGITS = re.compile(r"M?\d{5}")
_LARGEST = 1e6
"""Of a joint in millimetres, a kilometre."""
_JOINTS, _FEATURES = "new_joints", "new_joint_vecs"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A line of a text file."""

    text: str
    tagged: tuple[tuple[str, str], ...]
    """(word, part of speech), as the field's evaluators read them."""
    start_s: float
    end_s: float
    """Both 0, or not a number, for the whole motion."""


def looks_like(root: Path, *, five_digits: bool) -> bool:
    """Whether a folder is laid out so and its motions are numbered with six digits (HumanML3D) or five (KIT-ML)."""
    names = (path.stem for folder in (_JOINTS, _FEATURES) for path in (root / folder).glob("*.npy"))
    first = next(names, None)
    return first is not None and bool(_FIVE_DIGITS.fullmatch(first)) == five_digits


def find(root: Path) -> list[Recording]:
    """Every id of the lists, or every motion where there are no lists; each beside its mirror image.

    Raises `ValueError` where no id has a motion, or where a list holds an id of another, or one of a mirrored pair.
    """
    motions = {path.stem: path for folder in (_FEATURES, _JOINTS) for path in (root / folder).glob("*.npy")}
    splits = read_splits(root, _ID)
    names = splits or {name: "" for name in motions}
    if not any(name in motions for name in names):
        raise ValueError(
            f"{root}: none of {len(splits)} listed ids has a motion in {_JOINTS} or {_FEATURES}; name the folder that holds it"
        )
    groups = {name: name[1:] if name[0] == "M" and name[1:] in names else name for name in names}
    _check_mirrored(root, groups, names)
    order = sorted(names, key=lambda name: (groups[name], name))
    return [_recording(root, name, names[name], groups[name], motions.get(name)) for name in order]


def _check_mirrored(root: Path, groups: Mapping[str, str], splits: Mapping[str, str]) -> None:
    for name, original in groups.items():
        if splits[name] != splits[original]:
            raise ValueError(
                f"{root}: {original} is listed in {splits[original]} and {name}, its mirror image, in {splits[name]}: it would leak;"
                " list both in one"
            )


def _recording(root: Path, name: str, split: str, group: str, motion: Path | None) -> Recording:
    words = root / "texts" / f"{name}.txt"
    files = [path for path in (motion, words) if path is not None and path.is_file()]
    return Recording(id=name, files=tuple(files), split=split, group=group, facts={} if motion else {"set_aside": MISSING})


def read_joints(recording: Recording, body: Body) -> np.ndarray:
    """(T, J, 3) in the data set's unit, from joints or features; raises `Rejected` on motion that is missing, empty or not finite."""
    if "set_aside" in recording.facts:
        raise Rejected(recording.facts["set_aside"], recording.id)
    path = recording.files[0]
    array = parse_npy(file_bytes(path), str(path))
    if array.dtype.kind in "fiu" and not (np.abs(array) < _LARGEST).all():
        raise Rejected("values that are not finite, or huge", str(path))
    if not array.size:
        raise Rejected("empty motion", str(path))
    if path.parent.name == _JOINTS:
        return checked(array, (None, body.joints, 3), str(path))
    features = checked(array, (None, body.representation.width), str(path))
    return to_positions(features, body)[:-1]  # the frame after the last rests on velocities alone, and new_joints lacks it too


def read_texts(path: Path) -> list[Told]:
    """The lines of a text file; raises `ValueError` naming the line that is none."""
    return [_told(f"{path}:{number}", line) for number, line in enumerate(read_lines(path), 1) if line.strip()]


def _told(where: str, line: str) -> Told:
    fields = line.split("#")
    if len(fields) != 4:
        raise ValueError(f"{where}: has {len(fields)} fields, not caption#word/POS …#from#to: {shown(line)}")
    text, tagged, start, end = fields
    words = tuple((word, tag) for word, _, tag in (token.rpartition("/") for token in tagged.split()))
    return Told(text=caption(where, text), tagged=words, start_s=_seconds(where, start), end_s=_seconds(where, end))


def _seconds(where: str, word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{where}: {shown(word)} is no time in seconds") from None


def make_clip(
    recording: Recording, positions: np.ndarray, *, source_fps: float, fps: float, licence: str, notes: Sequence[str] = ()
) -> Clip:
    """A clip at `fps` of (T, 22, 3) metres and the recording's texts; raises `Rejected` where nothing is told, or nobody could be."""
    farthest = float(np.abs(positions).max())
    if not farthest <= FARTHEST_M:
        raise Rejected(f"a joint is farther than {FARTHEST_M:g} m from the origin", f"{recording.id}: {farthest:.4g}")
    texts = [path for path in recording.files if path.suffix == ".txt"]
    told = read_texts(texts[0]) if texts else []
    if not told:
        raise Rejected("no caption", f"{recording.id}: its text is {'empty' if texts else 'missing'}")
    motion = resample(positions, source_fps, fps).astype(np.float32)[:, None]
    spans = [_span(one, len(motion) / fps) for one in told]
    return Clip(
        id=recording.id,
        positions=motion,
        captions=tuple(Caption(text=one.text, start_s=a, end_s=b, source="human") for one, (a, b, _) in zip(told, spans, strict=True)),
        split=recording.split,
        source="capture",
        licence=licence,
        fps=fps,
        root=motion[:, :, 0],
        group=recording.group,
        notes=tuple(dict.fromkeys([*notes, *(note for _, _, note in spans if note)])),
    )


def _span(told: Told, seconds: float) -> tuple[float, float, str]:
    """From when to when a caption tells of a motion of `seconds`, and what had to be assumed."""
    if math.isnan(told.start_s) or math.isnan(told.end_s):
        return 0.0, seconds, NO_TIMES
    if told.start_s == told.end_s == 0:
        return 0.0, seconds, ""
    if not 0 <= told.start_s < min(told.end_s, seconds):
        return 0.0, seconds, WRONG_TIMES
    return told.start_s, min(told.end_s, seconds), ""


def _fits(folder: Path) -> bool:
    return looks_like(folder, five_digits=False)


def _find(folder: Path, options: Options) -> Sequence[Recording]:
    del options
    return find(folder)


def _read(recording: Recording, options: Options) -> Sequence[Clip]:
    joints = read_joints(recording, HUMANML3D)
    return [make_clip(recording, joints, source_fps=_FPS, fps=options.fps, licence=LICENCE)]


FORMAT = Format(
    name="humanml3d",
    about="HumanML3D: new_joints/ or new_joint_vecs/, texts/, train.txt val.txt test.txt",
    licence=LICENCE,
    fits=_fits,
    find=_find,
    read=_read,
)
