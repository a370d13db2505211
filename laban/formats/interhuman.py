"""InterHuman, of InterGen (Liang et al., IJCV 2024, arXiv 2304.05684): pairs, three captions each, at 30 frames a second or raw at 60.

    motions_processed/person1/<id>.npy, person2/<id>.npy   (T, 492) float32, Z up, metres, 30 fps
    motions/<id>.pkl                                       SMPL-X parameters of both, Z up, 60 fps
    annots/<id>.txt                                        three sentences
    split/train.txt val.txt test.txt, ignore_list.txt      ids, here or at the root

Columns of the processed files: 62 joints' positions, of which the first 22 are the body's, then 51 joints' local rotations, INTERLEAVED,
of which the first 21 are the body's. The pelvis' rotation is not among them: it is solved from the joints. The raw files are read
where there are no processed ones, or where the user has a body model, with which they say more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.clip import Clip
from laban.formats import pelvis, smplx
from laban.formats.arrays import read_npy
from laban.formats.scene import CUT, Scene
from laban.formats.source import Format, Options, Recording
from laban.formats.splits import check_readable, listed, read_captions, read_ids, read_splits
from laban.formats.text import shown
from laban.formats.unpickling import read_pickle
from laban.motion.sixd import Layout, convert
from laban.motion.skeleton import JOINTS

KNOWN_BAD: Mapping[str, str] = {
    "3945": "empty motion",
    "4106": "empty motion",
    "4434": "empty caption",
    "5236": "bad motion",
    "5237": "bad motion",
    "5238": "bad motion",
    "7543": "empty caption",
    "7561": "empty caption",
}
"""Ids that are set aside, and why: the list that MotionLLaMA publishes of the data set's defects."""
LICENCE = "CC BY-NC-SA 4.0, redistribution prohibited"
SOLVED = "pelvis' rotation solved from the joints"
UNFIT = "rotations left out: they do not belong to the joints"
WIDTH = 492
POSITIONS = slice(0, 3 * len(JOINTS))
ROTATIONS = slice(186, 186 + 6 * (len(JOINTS) - 1))
_FPS = 30.0
_RAW_FPS = 60.0
_RATES = (10.0, 480.0)
_EXACT_M = 1e-5
_UNFIT_M = 0.01
"""Rotations whose forward kinematics misses a joint by more are of another layout, body or person."""
_ID = re.compile(r"\d{1,6}")
_PEOPLE = ("person1", "person2")


def _fits(folder: Path) -> bool:
    return (folder / "motions_processed" / _PEOPLE[0]).is_dir() or next((folder / "motions").glob("*.pkl"), None) is not None


def find(root: Path, options: Options) -> Sequence[Recording]:
    """Every id of the split lists, or every motion where there are no lists; those that cannot be read say why."""
    folders, suffix = _sources(root, options)
    motions: dict[str, list[Path]] = {}
    for folder in folders:
        for path in folder.glob(f"*{suffix}"):
            motions.setdefault(path.stem, []).append(path)
    splits = read_splits(root, _ID)
    ignored = read_ids(root / "ignore_list.txt", _ID) | read_ids(root / "split" / "ignore_list.txt", _ID)
    return [
        _recording(name, motions.get(name, []), len(folders), root / "annots" / f"{name}.txt", splits.get(name, ""), name in ignored)
        for name in listed(splits, motions, str(folders[0]))
    ]


def _sources(root: Path, options: Options) -> tuple[list[Path], str]:
    """The folders that hold a file of each recording, and how the files end."""
    processed, raw = [root / "motions_processed" / person for person in _PEOPLE], root / "motions"
    if next(raw.glob("*.pkl"), None) and (options.body_model is not None or not processed[0].is_dir()):
        return [raw], ".pkl"
    return processed, ".npy"


def _recording(name: str, motions: Sequence[Path], wanted: int, words: Path, split: str, ignored: bool) -> Recording:
    aside = f"known bad: {KNOWN_BAD[name]}" if name in KNOWN_BAD else "on the ignore list" if ignored else ""
    if not aside and len(motions) < wanted:
        aside = "a motion file is missing"
    files = (*motions, *([words] if words.is_file() else []))
    return Recording(id=name, files=files, split=split, facts={"set_aside": aside} if aside else {})


def read(recording: Recording, options: Options) -> Sequence[Clip]:
    """The one clip of a recording. Raises `Rejected`, or `ValueError` naming file, place and value."""
    check_readable(recording)
    captions = read_captions(recording)
    motions = [path for path in recording.files if path.suffix != ".txt"]
    if motions[0].suffix == ".pkl":
        scene, residual = _raw(motions[0], smplx.body(options.body_model), options.fps), 0.0
    else:
        scene, residual = _processed(motions)
    return [scene.clip(options.fps, captions, id=recording.id, split=recording.split, licence=LICENCE, residual_m=residual)]


# Processed: positions, and rotations of all joints but the pelvis


def _processed(paths: Sequence[Path]) -> tuple[Scene, float]:
    """The pair, and how far its rotations are from its joints (0 where that is rounding)."""
    people = [read_npy(path, (None, WIDTH)) for path in paths]
    frames = min(map(len, people))
    notes = [CUT] * any(len(person) != frames for person in people)
    columns = np.stack([person[:frames] for person in people], axis=1)
    positions = columns[..., POSITIONS].reshape(frames, len(people), len(JOINTS), 3).astype(np.float64) @ smplx.Z_UP.T
    local = convert(columns[..., ROTATIONS].reshape(frames, len(people), len(JOINTS) - 1, 6), Layout.INTERLEAVED, Layout.COLUMNS)
    still = Scene(fps=_FPS, positions=positions, notes=tuple(notes))
    solved = [pelvis.solve(positions[:, person], local[:, person]) for person in range(len(people))]
    residual = max(missed for _, _, missed in solved)
    if not residual <= _UNFIT_M:
        return replace(still, notes=(*notes, UNFIT)), 0.0
    rotations = np.stack([turns for turns, _, _ in solved], axis=1)
    offsets = np.stack([rest for _, rest, _ in solved])
    whole = replace(still, rotations=rotations, offsets=offsets, notes=(*notes, SOLVED))
    return whole, residual if residual > _EXACT_M else 0.0


# Raw: SMPL-X parameters


def _raw(path: Path, body: smplx.Body, fps: float) -> Scene:
    recorded = read_pickle(path)
    if not isinstance(recorded, dict) or not all(isinstance(recorded.get(person), dict) for person in _PEOPLE):
        raise ValueError(f"{path}: is not a dictionary of {' and '.join(_PEOPLE)}, each a dictionary")
    poses = [smplx.pose(recorded[person], f"{path}: {person}") for person in _PEOPLE]
    return smplx.scene(poses, body, fps=_rate(recorded, path), wanted_fps=fps, world=smplx.Z_UP)


def _rate(recorded: Mapping[str, Any], path: Path) -> float:
    rate = np.asarray(recorded.get("mocap_framerate", _RAW_FPS))
    if rate.size != 1 or rate.dtype.kind not in "fiu" or not _RATES[0] <= float(rate.item()) <= _RATES[1]:
        raise ValueError(f"{path}: mocap_framerate {shown(rate.tolist())} is not a rate from {_RATES[0]:g} to {_RATES[1]:g}")
    return float(rate.item())


FORMAT = Format(
    name="interhuman",
    about="InterHuman: motions_processed/ or motions/, annots/, split/",
    licence=LICENCE,
    fits=_fits,
    find=find,
    read=read,
)
