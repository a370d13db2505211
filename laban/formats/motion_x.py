"""Motion-X (Lin et al., NeurIPS 2023): one person in SMPL-X at 30 frames a second, from fourteen sources.

    motion_data/smplx_322/<subset>/…/<id>.npy      (T, 322)
    texts/semantic_labels/<subset>/…/<id>.txt      what is done
    datasets/train.txt val.txt test.txt            `<subset>/…/<id>`

Columns: pelvis' rotation vector 3, body 63, hands 90, jaw 3, expression 50, face shape 100, translation 3, body shape 10.
Which axis is up was not the same in all subsets and versions, and nothing in a file says so: it is checked against the body, and who
does not stand along Y is set aside (who exercises lying down is too: the two look alike).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from laban.data.clip import Clip
from laban.formats import smplx
from laban.formats.arrays import read_npy
from laban.formats.retarget import upright
from laban.formats.source import Format, Options, Recording, Rejected
from laban.formats.splits import check_readable, listed, read_captions, read_splits

LICENCE = "Motion-X: non-commercial, by request; each subset under its source's terms too"
FPS = 30.0
WIDTH = 322
COLUMNS = {"root_orient": slice(0, 3), "pose_body": slice(3, 66), "trans": slice(309, 312), "betas": slice(312, 322)}
_MOTION = Path("motion_data", "smplx_322")
_TEXT = Path("texts", "semantic_labels")
_FASTEST = 12.5
"""m/s, a sprinter. AIST's translations come 94 times too large, until a script of Motion-X has been run."""
_DEEPEST = 4
"""Folders between `smplx_322` and a file: EgoBody's are the deepest, at three."""
_PART = r"(?!\.{1,2}(?:/|$))[^/\\\x00]+"
_ID = re.compile(rf"{_PART}(?:/{_PART}){{1,{_DEEPEST}}}")
"""A path below the folder that nowhere goes up."""


def _fits(folder: Path) -> bool:
    return (folder / _MOTION).is_dir()


def find(root: Path, options: Options) -> Sequence[Recording]:
    """Every id of the split lists, or every motion where there are no lists; those that cannot be read say why."""
    del options
    # Not `rglob`, which does not go into folders that are links, as subsets fetched elsewhere may be.
    files = [path for depth in range(1, _DEEPEST + 1) for path in (root / _MOTION).glob("*/" * depth + "*.npy")]
    motions = {path.relative_to(root / _MOTION).as_posix().removesuffix(".npy"): path for path in files}
    splits = read_splits(root, _ID)
    return [_recording(root, name, motions.get(name), splits.get(name, "")) for name in listed(splits, motions, str(root / _MOTION))]


def _recording(root: Path, name: str, motion: Path | None, split: str) -> Recording:
    words = root / _TEXT / f"{name}.txt"
    files = [path for path in (motion, words) if path is not None and path.is_file()]
    facts = {} if motion else {"set_aside": "a motion file is missing"}
    return Recording(id=name, files=tuple(files), split=split, group="" if split else _take(name), facts=facts)


def _take(name: str) -> str:
    """What several ids were cut or mirrored from; the published splits tear it, so it is a group only where there are none."""
    subset, *parts = PurePosixPath(name).parts
    if subset == "EgoBody":  # one room, one recording, both people
        return f"{subset}/{parts[0]}"
    if subset == "humanml":
        return f"{subset}/{parts[-1].removeprefix('M')}"
    return re.sub(r"_clip_?\d+$", "", name)


def read(recording: Recording, options: Options) -> Sequence[Clip]:
    """The one clip of a recording. Raises `Rejected`, or `ValueError` naming file, place and value."""
    check_readable(recording)
    captions = read_captions(recording)
    path = recording.files[0]
    motion = read_npy(path, (None, WIDTH))
    if not len(motion):
        raise Rejected("empty motion", str(path))
    pose = smplx.pose({name: motion[:, columns] for name, columns in COLUMNS.items()}, str(path))
    scene = smplx.scene([pose], smplx.body(options.body_model), fps=FPS, wanted_fps=options.fps)
    _check_upright(scene.positions[:, 0], path)
    speeds = FPS * np.linalg.norm(np.diff(pose.trans, axis=0), axis=-1)
    if len(speeds) and np.median(speeds) > _FASTEST:
        raise Rejected("the pelvis is faster than anyone runs", f"{path}: {np.median(speeds):.3g} m/s")
    return [scene.clip(options.fps, captions, id=recording.id, split=recording.split, group=recording.group, licence=LICENCE)]


def _check_upright(positions: np.ndarray, path: Path) -> None:
    try:
        upright(positions, None, str(path))
    except ValueError as error:
        raise Rejected("does not stand along Y: lies down, or another axis is up", str(path)) from error


FORMAT = Format(
    name="motion-x",
    about="Motion-X: motion_data/smplx_322/, texts/semantic_labels/",
    licence=LICENCE,
    fits=_fits,
    find=find,
    read=read,
)
