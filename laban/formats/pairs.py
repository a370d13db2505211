"""A folder of two-person capture, two BVH files a trial, as clips: read, checked, brought to our body, cut, split.

The folder's format and every key of a row are in docs/data.md. Letters: `T` frames, `P` = 2 people.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.artifact import sha256_file
from laban.data.clip import Caption, Clip
from laban.formats.bvh import Bvh, read_bvh
from laban.formats.describe import describe
from laban.formats.retarget import check_size, find_map, guess_unit, on_floor, resample, to_body, upright

PAIRS = "pairs.jsonl"
_FPS = (10.0, 480.0)
_FASTEST = 15.0
"""m/s: no joint of an unarmed person is faster (a boxer's fist: 10). Beyond it is a rest pose, a lost marker or a flipped limb."""
_FASTEST_SUSTAINED = 6.5
"""m/s that the fastest joint of a pair may exceed in 5 % of the frames at most.

At their true rates CMU's eleven salsas come to 3.5–4.0 and the handshake to 3.1; at twice the true rate, as the salsas' own
`Frame Time` says, to 7.0–8.0. The maximum would prove nothing: single joints jump at 46 m/s there. Who runs says `fps_override`.
"""
_PARTNER = str.maketrans("ABab", "BAba")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One recording of two people, as a row of pairs.jsonl or two file names state it."""

    id: str
    where: str
    """For messages: file and row, or the two files."""
    files: tuple[Path, Path]
    fps: float | None
    """True rate; None believes the files."""
    first_frame: int | None
    """Where the motion begins; None skips a rest pose in frame 0 if there is one."""
    frames: int | None
    metre_per_unit: float | None
    """None guesses among the usual units."""
    captions: tuple[str, ...] | None
    """None leaves them to rules."""
    caption_source: str
    label: str
    """What the recording is known to show, for the rules."""
    mapping: str | None
    licence: str | None
    fps_override: bool
    """Whether the user vouches for movement that is implausibly fast."""
    up: str | None
    root_absolute: bool


def read_pairs(
    folder: Path, *, fps: float, clip_seconds: float, held_out: float, seed: int, rejected: Counter[str] | None = None
) -> list[Clip]:
    """Clips of `clip_seconds` at `fps` from a folder of pairs; whole trials are held out, a share of `held_out` for val and for test.

    Held-out trials are cut without overlap, training ones with half. What is dropped is counted by reason in `rejected`, and
    logged. Raises `ValueError` naming file, row and value where the folder holds something wrong or no clip at all.
    """
    if not 0 <= held_out < 0.5:
        raise ValueError(f"held_out {held_out} must be at least 0 and below 0.5: as much is held out for val as for test")
    trials = _trials(folder)
    _check_unique(trials)
    licence = _folder_licence(folder)
    size = round(clip_seconds * fps)
    motions = {trial.id: _motion(trial, folder, fps) for trial in trials}
    splits = _split([trial.id for trial in trials if _windows(motions[trial.id], size, size, fps, Counter())], held_out, seed)
    counts: Counter[str] = Counter()
    clips = []
    for trial in trials:
        motion, split = motions[trial.id], splits.get(trial.id, "train")
        starts = _windows(motion, size, size if split != "train" else max(1, size // 2), fps, counts)
        clips += [_clip(trial, motion[start : start + size], start, split, fps, licence) for start in starts]
    for reason, count in sorted(counts.items()):
        _log.warning("%s: %d dropped: %s", folder, count, reason)
    if rejected is not None:
        rejected.update(counts)
    if not clips:
        longest = max(len(motion) for motion in motions.values()) / fps
        raise ValueError(
            f"{folder}: no clip of {clip_seconds} s in {len(trials)} trials, the longest of which lasts {longest:.2f} s"
            f" ({dict(counts)}); lower clip_seconds or add longer trials"
        )
    return clips


# Which trials there are


def _trials(folder: Path) -> list[Trial]:
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; DATA= must name a folder of BVH pairs (docs/data.md)")
    path = folder / PAIRS
    if path.is_file():
        trials = [_row(folder, f"{path}:{number}", line) for number, line in enumerate(_lines(path), 1) if line.strip()]
    else:
        trials = list(_named_files(folder))
    if not trials:
        raise ValueError(
            f"{path if path.is_file() else folder}: holds no pair; give {PAIRS}, or files NAME_A.bvh and NAME_B.bvh (docs/data.md)"
        )
    return trials


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None


def _named_files(folder: Path) -> Iterator[Trial]:
    """Trials of a folder without pairs.jsonl."""
    files = {path.name: path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".bvh"}
    for name, path in files.items():
        match = re.fullmatch(r"(.+)_([AB])\.(bvh)", name, re.IGNORECASE)
        if match is None:
            raise ValueError(
                f"{path}: is neither NAME_A.bvh nor NAME_B.bvh, and there is no {PAIRS}; rename it or write one (docs/data.md)"
            )
        stem, person, suffix = match.groups()
        partner = f"{stem}_{person.translate(_PARTNER)}.{suffix}"
        if partner not in files:
            raise ValueError(f"{path}: its partner {partner} is missing; add it or remove {name}")
        if person.upper() == "A":
            yield _named_trial(stem, (path, files[partner]), folder / f"{stem}.txt")


def _named_trial(stem: str, files: tuple[Path, Path], text: Path) -> Trial:
    _check_id(str(files[0]), stem)
    captions = None
    if text.is_file():
        captions = tuple(line.strip() for line in _lines(text) if line.strip())
        if not captions:
            raise ValueError(f"{text}: holds no caption; write one a line, or remove the file to have captions by rules")
    return Trial(
        id=stem,
        where=f"{files[0]} and {files[1].name}",
        files=files,
        fps=None,
        first_frame=None,
        frames=None,
        metre_per_unit=None,
        captions=captions,
        caption_source="human",
        label="",
        mapping=None,
        licence=None,
        fps_override=False,
        up=None,
        root_absolute=False,
    )


_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "a": str,
    "b": str,
    "fps": (int, float),
    "first_frame": int,
    "frames": int,
    "metre_per_unit": (int, float),
    "text": str,
    "text_source": str,
    "skeleton": str,
    "note": str,
    "captions": list,
    "mapping": str,
    "licence": str,
    "fps_override": bool,
    "up": str,
    "root_absolute": bool,
}


def _row(folder: Path, where: str, line: str) -> Trial:
    """A row of pairs.jsonl; raises `ValueError` on anything that is not as docs/data.md says."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: is not JSON: {error}; each row is one object on one line") from None
    _check_keys(where, row)
    fps = row.get("fps")
    if fps is not None and not _FPS[0] <= fps <= _FPS[1]:
        raise ValueError(f"{where}: fps {fps} lies outside {_FPS[0]:g} to {_FPS[1]:g} frames a second")
    scale = row.get("metre_per_unit")
    if scale is not None and not 0 < scale < np.inf:
        raise ValueError(f"{where}: metre_per_unit {scale} is not a length")
    if row.get("first_frame", 0) < 0 or row.get("frames", 1) < 1:
        raise ValueError(f"{where}: first_frame {row.get('first_frame', 0)} must be at least 0 and frames {row.get('frames')} at least 1")
    if row.get("up") not in (None, "y", "z"):
        raise ValueError(f'{where}: up {row["up"]!r} is neither "y" nor "z"')
    return Trial(
        id=row["id"],
        where=where,
        files=(_existing(folder, where, row["a"]), _existing(folder, where, row["b"])),
        fps=fps,
        first_frame=row.get("first_frame"),
        frames=row.get("frames"),
        metre_per_unit=scale,
        captions=_captions(where, row),
        caption_source=row.get("text_source", "human"),
        label=row.get("text", "").strip(),
        mapping=row.get("mapping"),
        licence=row.get("licence"),
        fps_override=row.get("fps_override", False),
        up=row.get("up"),
        root_absolute=row.get("root_absolute", False),
    )


def _check_keys(where: str, row: Any) -> None:
    if not isinstance(row, dict):
        raise ValueError(f"{where}: is {type(row).__name__}, not an object with id, a and b")
    unknown = sorted(set(row) - set(_KEYS))
    if unknown:
        raise ValueError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    for key, value in row.items():
        wanted = _KEYS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ValueError(f"{where}: {key} {value!r} has the wrong type")
    for key in ("id", "a", "b"):
        if not row.get(key):
            raise ValueError(f"{where}: has no {key}")
    _check_id(where, row["id"])


def _check_id(where: str, name: str) -> None:
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"{where}: trial name {name!r} may hold letters, digits, '_', '-' and '.' only; rename it")


def _captions(where: str, row: dict[str, Any]) -> tuple[str, ...] | None:
    if "captions" not in row:
        return None
    captions = row["captions"]
    blank = [text for text in captions if not isinstance(text, str) or not text.strip()]
    if blank or not captions:
        what = f"hold {blank[0]!r}" if blank else "are empty"
        raise ValueError(f"{where}: captions {what}; write texts, or leave the key out to have captions by rules")
    return tuple(text.strip() for text in captions)


def _existing(folder: Path, where: str, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ValueError(f"{where}: {path} is missing; both files of a pair must be there")
    return path


def _check_unique(trials: list[Trial]) -> None:
    """Raise `ValueError` if an id or a recording occurs twice: it could then be in train and in test."""
    ids: dict[str, Trial] = {}
    contents: dict[str, tuple[Path, Trial]] = {}
    for trial in trials:
        if trial.id in ids:
            raise ValueError(f"{trial.where}: id {trial.id!r} is also that of {ids[trial.id].where}; each trial needs its own")
        ids[trial.id] = trial
        for path in trial.files:
            path_before, before = contents.setdefault(sha256_file(path), (path, trial))
            if (path_before, before) != (path, trial) or trial.files[0] == trial.files[1]:
                raise ValueError(
                    f"{trial.where}: {path} is the same recording as {path_before} ({before.where}); it could leak from train into test:"
                    " name it once"
                )


def _folder_licence(folder: Path) -> str:
    """First line of a LICENSE file, else what a README says on a line `Licence: …` or `Terms: …`, else `unknown`."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.upper() in ("LICENSE", "LICENCE"):
            return next((line.strip("# \t") for line in _lines(path) if line.strip("# \t")), "unknown")
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.upper() == "README":
            found = re.search(r"^\W*(?:licen[cs]e|terms)\W*?:[*_\s]*(\S.*)$", "\n".join(_lines(path)), re.IGNORECASE | re.MULTILINE)
            if found:
                return found[1].strip()
    return "unknown"


# Motion


def _motion(trial: Trial, folder: Path, fps: float) -> np.ndarray:
    """(T, 2, 22, 3) float32 metres at `fps`, Y up, floor at 0."""
    pair = tuple(read_bvh(path) for path in trial.files)
    if pair[0].frames != pair[1].frames:
        raise ValueError(
            f"{trial.where}: {pair[0].path.name} has {pair[0].frames} frames and {pair[1].path.name} {pair[1].frames};"
            " the two must be of the same moments: cut them to the same frames"
        )
    source_fps = _source_fps(trial, pair)
    positions = np.stack([_person(trial, folder, bvh) for bvh in pair], axis=1)
    _check_rate(trial, pair, positions, source_fps)
    positions = positions[_first_frame(trial, positions, source_fps) :]
    return on_floor(resample(positions, source_fps, fps)).astype(np.float32)


def _source_fps(trial: Trial, pair: tuple[Bvh, ...]) -> float:
    """The row's rate, which wins over the files' own (CMU's conversions say 120 where 60 is true)."""
    if trial.fps is not None:
        return trial.fps
    rates = [bvh.fps for bvh in pair]
    if rates[0] != rates[1] or not _FPS[0] <= rates[0] <= _FPS[1]:
        raise ValueError(
            f"{trial.where}: the files claim {rates[0]:g} and {rates[1]:g} frames a second; both must claim the same rate, from"
            f" {_FPS[0]:g} to {_FPS[1]:g}, or a row of {PAIRS} must give the true fps"
        )
    return rates[0]


def _person(trial: Trial, folder: Path, bvh: Bvh) -> np.ndarray:
    """(T, 22, 3) metres, Y up, at the source's rate."""
    where = f"{trial.where}: {bvh.path.name}"
    mapping = find_map(trial.mapping, folder, bvh.names, where)
    joints = bvh.positions(trial.first_frame or 0, trial.frames, root_absolute=trial.root_absolute)
    body = upright(to_body(joints, bvh.names, mapping, where), trial.up, where)
    scale = guess_unit(body, where) if trial.metre_per_unit is None else trial.metre_per_unit
    check_size(body * scale, scale, where)
    return body * scale


def _check_rate(trial: Trial, pair: tuple[Bvh, ...], positions: np.ndarray, fps: float) -> None:
    """Raise `ValueError` where (T, 2, 22, 3) at `fps` would mean movement that nobody can make, unless the user vouches for it."""
    if trial.fps_override or len(positions) < 2:
        return
    speed = float(np.percentile(_speeds(positions, fps).max(axis=(1, 2)), 95))
    if speed > _FASTEST_SUSTAINED:
        raise ValueError(
            f"{trial.where}: at {fps:g} frames a second the fastest joint has {speed:.1f} m/s or more in a twentieth of the frames (a fast"
            f" dance: 4; limit {_FASTEST_SUSTAINED:g}), and the files claim {pair[0].fps:g}: give the true fps in {PAIRS}, or vouch for it"
            ' with "fps_override": true'
        )


def _first_frame(trial: Trial, positions: np.ndarray, fps: float) -> int:
    """1 where frame 0 is a rest pose and nobody said where the motion begins; a stated beginning that is one raises `ValueError`."""
    if len(positions) < 3:
        return 0
    jumps = _speeds(positions[:3], fps).max(axis=(1, 2))
    if not jumps[0] > _FASTEST > jumps[1]:
        return 0
    if trial.first_frame is None:
        return 1
    raise ValueError(
        f"{trial.where}: between frames {trial.first_frame} and {trial.first_frame + 1} a joint moves at {jumps[0]:.0f} m/s, so frame"
        f" {trial.first_frame} is probably a rest pose; set first_frame to {trial.first_frame + 1} (and frames to one less)"
    )


def _speeds(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T, P, J, 3) metres -> (T - 1, P, J) m/s."""
    return np.linalg.norm(np.diff(positions, axis=0), axis=-1) * fps


# Clips


def _windows(motion: np.ndarray, size: int, step: int, fps: float, rejected: Counter[str]) -> list[int]:
    """First frames of the windows that are kept; what is not is counted by reason."""
    if len(motion) < size:
        rejected["a trial shorter than a clip"] += 1
        return []
    starts = range(0, len(motion) - size + 1, step)
    if starts[-1] + size < len(motion):
        rejected["the rest of a trial, shorter than a clip"] += 1
    fast = np.append(_speeds(motion, fps).max(axis=(1, 2)) > _FASTEST, False)
    kept = [start for start in starts if not fast[start : start + size - 1].any()]
    if len(kept) < len(starts):
        rejected[f"a clip in which a joint is faster than {_FASTEST:g} m/s"] += len(starts) - len(kept)
    return kept


def _split(ids: list[str], held_out: float, seed: int) -> dict[str, str]:
    """Trial -> split, by a hash of seed and name; from three trials on, val and test have at least one each."""
    if len(ids) < 3:
        return dict.fromkeys(ids, "train")
    order = sorted(ids, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    count = max(1, round(held_out * len(ids)))
    count = min(count, (len(ids) - 1) // 2)
    return {name: "val" if rank < count else "test" if rank < 2 * count else "train" for rank, name in enumerate(order)}


def _clip(trial: Trial, positions: np.ndarray, start: int, split: str, fps: float, licence: str) -> Clip:
    texts, source = trial.captions, trial.caption_source
    if texts is None:
        texts, source = describe(positions, fps, trial.label), "rules"
    return Clip(
        id=f"{trial.id}-{start}",
        positions=positions,
        captions=tuple(Caption(text=text, start_s=0.0, end_s=len(positions) / fps, source=source) for text in texts),
        split=split,
        source="capture",
        licence=trial.licence or licence,
        fps=fps,
        root=positions[:, :, 0],
        group=trial.id,
    )
