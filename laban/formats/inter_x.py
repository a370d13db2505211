"""Inter-X (Xu et al., CVPR 2024, arXiv 2312.16051): pairs in SMPL-X, three captions and one of forty actions each, Y up.

    motions/<id>/P1.npz, P2.npz            120 fps: root_orient (T, 3), pose_body (T, 21, 3), trans (T, 3), betas (1, 10), hands, gender
    processed_data/motions/<split>.h5      30 fps: one dataset an id, (T, 56, 6): rotation vectors of 55 joints, then the translation
    texts/<id>.txt                         three sentences; or texts_processed/<id>.txt, `sentence#tokens#0.0#0.0`
    splits/train.txt val.txt test.txt      ids
    annots/interaction_order.pkl           id -> 0 where P1 acts and 1 where P2 does
    annots/action_setting.txt              names of the actions, one a line

An id is `GgggTtttAaaaRrrr`: group of people, take, action, piece. The published splits tear takes (each of the 468 in test has pieces in
train too), so the take is a recording's group only where there are no split lists. The `.h5` files come without shape and with
each person's floor at 0, so whoever lifts the other has lost the height there: the `.npz` files are read where both are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from laban.data.clip import Clip
from laban.formats import smplx
from laban.formats.arrays import Shape, read_npz
from laban.formats.hdf5 import dataset_names, read_dataset
from laban.formats.scene import Scene
from laban.formats.source import Format, Options, Recording
from laban.formats.splits import SPLITS, check_readable, listed, read_captions, read_splits
from laban.formats.text import read_lines, shown
from laban.formats.unpickling import read_pickle
from laban.motion.skeleton import JOINTS

KNOWN_BAD: Mapping[str, str] = {"G039T006A021R006": "bad motion"}
"""Ids that are set aside, and why: MotionLLaMA's list, which gives no reason."""
LICENCE = "Inter-X: research only (LICENSE.md of the download)"
OWN_FLOORS = "each person's floor was taken to 0 by the source"
NPZ_FPS = 120.0
H5_FPS = 30.0
_ID = re.compile(r"G\d{3}T\d{3}A\d{3}R\d{3}")
_PEOPLE = ("P1.npz", "P2.npz")
_NPZ: Mapping[str, Shape] = {"root_orient": (None, 3), "pose_body": (None, 21, 3), "trans": (None, 3), "betas": (1, None)}
_H5_ROWS = 56
_TAGGED = "texts_processed"
_TEXTS = ("texts", _TAGGED, f"processed_data/{_TAGGED}")
_H5 = ("motions/*.h5", "processed_data/motions/*.h5", "*.h5")


def _fits(folder: Path) -> bool:
    described = any((folder / name).is_dir() for name in _TEXTS)
    return (described and bool(_h5_files(folder))) or any(_ID.fullmatch(path.name) for path in (folder / "motions").glob("G*"))


def _h5_files(root: Path) -> list[Path]:
    return next((files for pattern in _H5 if (files := sorted(root.glob(pattern)))), [])


def find(root: Path, options: Options) -> Sequence[Recording]:
    """Every id of the split lists, or every motion where there are no lists; those that cannot be read say why."""
    del options
    motions = _npz_motions(root) or _h5_motions(root)
    splits = read_splits(root, _ID)
    order, actions = _order(root), _actions(root)
    return [
        _recording(root, name, motions.get(name, []), splits.get(name, ""), _facts(root, name, order, actions))
        for name in listed(splits, motions, f"{root}: motions/<id>/P1.npz or an .h5 file")
    ]


def _npz_motions(root: Path) -> dict[str, list[Path]]:
    return {path.name: [path / name for name in _PEOPLE] for path in (root / "motions").glob("G*") if _ID.fullmatch(path.name)}


def _h5_motions(root: Path) -> dict[str, list[Path]]:
    motions: dict[str, list[Path]] = {}
    for path in _h5_files(root):
        for name in filter(_ID.fullmatch, dataset_names(path)):
            if name in motions:
                raise ValueError(
                    f"{path}: {name} is also in {motions[name][0].name}; it could be in train and in test: remove one of the files"
                )
            motions[name] = [path]
    return motions


def _recording(root: Path, name: str, motion: list[Path], split: str, facts: dict[str, str | int]) -> Recording:
    found = [path for path in motion if path.is_file()]
    if name in KNOWN_BAD:
        facts["set_aside"] = f"known bad: {KNOWN_BAD[name]}"
    elif not found or found != motion:
        facts["set_aside"] = "a motion file is missing"
    elif not split and found[0].stem in SPLITS:
        split = found[0].stem
    words = [path for folder in _TEXTS if (path := root / folder / f"{name}.txt").is_file()]
    return Recording(id=name, files=(*found, *words[:1]), split=split, group="" if split else name[:8], facts=facts)


def _facts(root: Path, name: str, order: Mapping[str, int], actions: Sequence[str]) -> dict[str, str | int]:
    """What the annotations say of a recording."""
    action = int(name[9:12])
    if actions and action >= len(actions):
        raise ValueError(f"{root}: {name} is of action {action}, but annots/action_setting.txt names {len(actions)}")
    return {**({"kind": actions[action]} if actions else {}), **({"actor": order[name]} if name in order else {})}


def _order(root: Path) -> dict[str, int]:
    """Id -> who acts: 0 or 1; empty where the file is not there."""
    path = root / "annots" / "interaction_order.pkl"
    order = read_pickle(path) if path.is_file() else {}
    if not isinstance(order, dict):
        raise ValueError(f"{path}: is a {type(order).__name__}, not a dictionary of ids")
    for name, actor in order.items():
        if type(actor) not in (int, bool) or actor not in (0, 1):
            said = shown(actor) if isinstance(actor, str | float) or actor in range(10**6) else f"a {type(actor).__name__}"
            raise ValueError(f"{path}: {shown(name)}: the actor is {said}, not 0 or 1")
    return {name: int(actor) for name, actor in order.items()}


def _actions(root: Path) -> list[str]:
    """Names of the actions by number, as our kinds are written; empty where the file is not there."""
    path = root / "annots" / "action_setting.txt"
    lines = [line.strip() for line in read_lines(path)] if path.is_file() else []
    return [re.sub(r"\W+", "_", line.lower()) for line in lines if line]


def read(recording: Recording, options: Options) -> Sequence[Clip]:
    """The one clip of a recording. Raises `Rejected`, or `ValueError` naming file, place and value."""
    check_readable(recording)
    captions = read_captions(recording)
    *motions, words = recording.files
    if words.parent.name == _TAGGED:  # sentence#tokens#start#end
        captions = tuple(text.rsplit("#", 3)[0].strip() for text in captions)
    body = smplx.body(options.body_model)
    if motions[0].suffix == ".npz":
        poses = [smplx.pose(read_npz(path, _NPZ), str(path)) for path in motions]
        scene = smplx.scene(poses, body, fps=NPZ_FPS, wanted_fps=options.fps)
    else:
        scene = _from_h5(motions[0], recording.id, body, options.fps)
    told = {"kind": recording.facts.get("kind", ""), "actor": recording.facts.get("actor")}
    return [scene.clip(options.fps, captions, id=recording.id, split=recording.split, group=recording.group, licence=LICENCE, **told)]


def _from_h5(path: Path, name: str, body: smplx.Body, fps: float) -> Scene:
    """Rows of both people side by side: the pelvis' rotation, 21 of the body, 33 of face and hands, the translation."""
    rows = read_dataset(path, name, (None, _H5_ROWS, 6))
    poses = [_rows_pose(rows[..., 3 * person : 3 * person + 3], f"{path}: {name}: person {person + 1}") for person in range(2)]
    scene = smplx.scene(poses, body, fps=H5_FPS, wanted_fps=fps)
    return replace(scene, notes=(*scene.notes, OWN_FLOORS))


def _rows_pose(rows: np.ndarray, where: str) -> smplx.Pose:
    return smplx.pose({"root_orient": rows[:, 0], "pose_body": rows[:, 1 : len(JOINTS)], "trans": rows[:, -1]}, where)


FORMAT = Format(
    name="inter-x",
    about="Inter-X: motions/<id>/P1.npz and P2.npz, or .h5; texts/, splits/, annots/",
    licence=LICENCE,
    fits=_fits,
    find=find,
    read=read,
)
