"""Which recordings a folder of capture holds: rows of pairs.jsonl, or files that are named in pairs. Every key is in docs/data.md."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from laban.data.artifact import sha256_file
from laban.formats.source import Recording
from laban.formats.text import caption, parse_json, read_lines, shown

PAIRS = "pairs.jsonl"
FPS = (10.0, 480.0)
_SCALE = (1e-6, 1e4)
_MOST_PEOPLE = 26


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One recording of one or several people, as a row of pairs.jsonl or file names state it."""

    id: str
    where: str
    """For messages: file and row, or the files."""
    files: tuple[Path, ...]
    """One a person."""
    skeletons: tuple[Path, ...] = ()
    """One a person where the motion lies apart from its skeleton (ASF)."""
    mapping: str | None = None
    """A shipped mapping, or the path of a `.json` file."""
    fps: float | None = None
    """True rate; None believes the files."""
    first_frame: int | None = None
    """Where the motion begins; None skips a rest pose in frame 0 if there is one."""
    frames: int | None = None
    metre_per_unit: float | None = None
    """None guesses among the usual units."""
    captions: tuple[str, ...] | None = None
    """None leaves them to rules."""
    caption_source: str = "human"
    label: str = ""
    """What the recording is known to show, for the rules."""
    licence: str | None = None
    fps_override: bool = False
    """Whether the user vouches for movement that is implausibly fast."""
    up: str | None = None
    root_absolute: bool = False

    def recording(self, folder: Path) -> Recording:
        """Its files, and all else as plain values that do not depend on where the folder lies."""
        own_mapping = (Path(self.mapping),) if self.mapping and self.mapping.endswith(".json") else ()
        facts = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("id", "files", "skeletons", "mapping")}
        facts |= {"people": len(self.files), "where": self.where.replace(f"{folder}/", "")}
        facts |= {"skeletons": len(self.skeletons), "mapping": None if own_mapping else self.mapping}
        return Recording(id=self.id, files=self.files + self.skeletons + own_mapping, group=self.id, facts=facts)

    @classmethod
    def of(cls, recording: Recording) -> Trial:
        """The inverse of `recording`."""
        facts = dict(recording.facts)
        people, skeletons = facts.pop("people"), facts.pop("skeletons")
        own_mapping = [str(path) for path in recording.files[people + skeletons :]]
        facts["mapping"] = own_mapping[0] if own_mapping else facts["mapping"]
        return cls(id=recording.id, files=recording.files[:people], skeletons=recording.files[people : people + skeletons], **facts)


def find_trials(folder: Path, suffix: str, *, alone: bool) -> list[Trial]:
    """Every trial of a folder whose motion files end with `suffix`; single people only if `alone`.

    Raises `ValueError` naming file, row and value of what is wrong, of ids that are there twice, and of the same recording twice.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; DATA= must name a folder of capture (docs/data.md)")
    path = folder / PAIRS
    if path.is_file():
        trials = [_row(folder, suffix, f"{path}:{number}", line) for number, line in enumerate(read_lines(path), 1) if line.strip()]
    else:
        trials = list(_named_files(folder, suffix, alone))
    if not trials:
        single = f", or NAME{suffix} of single people" if alone else ""
        raise ValueError(
            f"{path if path.is_file() else folder}: holds no pair; give {PAIRS}, or files NAME_A{suffix} and NAME_B{suffix}{single}"
            " (docs/data.md)"
        )
    for trial in trials:
        if len(trial.files) > 2 and trial.captions is None:
            raise ValueError(f"{trial.where}: has {len(trial.files)} people; rules describe one or two: give captions")
        if len(trial.files) == 1 and not alone:
            raise ValueError(f"{trial.where}: has one person; pairs are read here (laban data import reads single people)")
    _check_unique(trials)
    return trials


# File names


def _named_files(folder: Path, suffix: str, alone: bool) -> Iterator[Trial]:
    """Trials of a folder without pairs.jsonl: NAME_A, NAME_B, … are people of one trial, and other files single people."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == suffix)
    trials: dict[str, dict[str, Path]] = {}
    for path in files:
        match = re.fullmatch(r"(.+)_([A-Z])", path.stem, re.IGNORECASE)
        if match is None and not alone:
            raise ValueError(
                f"{path}: is neither NAME_A{suffix} nor NAME_B{suffix}, and there is no {PAIRS}; rename it or write one (docs/data.md)"
            )
        name, person = match.groups() if match else (path.stem, "")
        people = trials.setdefault(name, {})
        if person.upper() in people:
            raise ValueError(f"{path}: is the same person of the same trial as {people[person.upper()]}; rename one")
        people[person.upper()] = path
    for name, people in trials.items():
        _check_letters(name, people, suffix)
        yield _named_trial(folder, name, tuple(people[person] for person in sorted(people)), suffix)


def _check_letters(name: str, people: dict[str, Path], suffix: str) -> None:
    """Raise `ValueError` where somebody is missing among A, B, …, or a file without a letter stands beside lettered ones."""
    wanted = [chr(ord("A") + number) for number in range(max(2, len(people)))]
    if list(people) == [""]:
        return
    for person in wanted:
        if person not in people:
            first = next(iter(people.values()))
            raise ValueError(f"{first}: its partner {name}_{person}{suffix} is missing; add it or remove {first.name}")


def _named_trial(folder: Path, name: str, files: tuple[Path, ...], suffix: str) -> Trial:
    _check_id(str(files[0]), name)
    text, captions = folder / f"{name}.txt", None
    if text.is_file():
        captions = tuple(caption(f"{text}:{number}", line) for number, line in enumerate(read_lines(text), 1) if line.strip())
        if not captions:
            raise ValueError(f"{text}: holds no caption; write one a line, or remove the file to have captions by rules")
    where = " and ".join([str(files[0]), *(path.name for path in files[1:])])
    skeletons = tuple(_skeleton_beside(path) for path in files) if suffix == ".amc" else ()
    return Trial(id=name, where=where, files=files, skeletons=skeletons, captions=captions)


def _skeleton_beside(path: Path) -> Path:
    """The ASF of an AMC: of its name, or of its name without the last part (`01_01.amc`, `01.asf`), or the folder's only one."""
    there = {other.stem: other for other in sorted(path.parent.iterdir()) if other.suffix.lower() == ".asf"}
    for name in (path.stem, path.stem.rpartition("_")[0]):
        if name in there:
            return there[name]
    if len(there) == 1:
        return next(iter(there.values()))
    raise ValueError(f"{path}: has no skeleton {path.stem}.asf or {path.stem.rpartition('_')[0]}.asf beside it; name it as asf in {PAIRS}")


# Rows

_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "a": str,
    "b": str,
    "people": list,
    "asf": (str, list),
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


def _row(folder: Path, suffix: str, where: str, line: str) -> Trial:
    """A row of pairs.jsonl; raises `ValueError` on anything that is not as docs/data.md says."""
    row = parse_json(where, line)
    _check_keys(where, row)
    _check_values(where, row)
    files = tuple(_inside(folder, where, name) for name in _people(where, row))
    wrong = [path for path in files if path.suffix.lower() != suffix]
    if wrong:
        raise ValueError(f"{where}: {wrong[0]} is no {suffix} file, and {suffix} is what is read here; put other files into another folder")
    mapping = row.get("mapping")
    if mapping and mapping.endswith(".json"):
        mapping = str(_inside(folder, where, mapping))
    return Trial(
        id=row["id"],
        where=where,
        files=files,
        skeletons=_skeletons(folder, where, row.get("asf"), files) if suffix == ".amc" else (),
        mapping=mapping,
        fps=row.get("fps"),
        first_frame=row.get("first_frame"),
        frames=row.get("frames"),
        metre_per_unit=row.get("metre_per_unit"),
        captions=_captions(where, row),
        caption_source=row.get("text_source", "human"),
        label=caption(where, row["text"]) if row.get("text", "").strip() else "",
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
        raise ValueError(f"{where}: unknown key {shown(unknown[0])}; known are {', '.join(_KEYS)}")
    for key, value in row.items():
        wanted = _KEYS[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise ValueError(f"{where}: {key} {shown(value)} has the wrong type")
    for key in ("id", *(() if "people" in row else ("a", "b"))):
        if not row.get(key):
            raise ValueError(f"{where}: has no {key}")
    _check_id(where, row["id"])


def _check_values(where: str, row: dict[str, Any]) -> None:
    fps, scale = row.get("fps"), row.get("metre_per_unit")
    if fps is not None and not FPS[0] <= fps <= FPS[1]:
        raise ValueError(f"{where}: fps {shown(fps)} lies outside {FPS[0]:g} to {FPS[1]:g} frames a second")
    if scale is not None and not _SCALE[0] <= scale <= _SCALE[1]:
        raise ValueError(f"{where}: metre_per_unit {shown(scale)} is not a length")
    if row.get("first_frame", 0) < 0 or row.get("frames", 1) < 1:
        raise ValueError(f"{where}: first_frame {row.get('first_frame', 0)} must be at least 0 and frames {row.get('frames')} at least 1")
    if row.get("up") not in (None, "y", "z"):
        raise ValueError(f'{where}: up {shown(row["up"])} is neither "y" nor "z"')


def _people(where: str, row: dict[str, Any]) -> list[str]:
    names = row.get("people", [row.get("a"), row.get("b")])
    if "people" in row and ("a" in row or "b" in row):
        raise ValueError(f"{where}: has people, and a or b as well; people alone says it")
    if not 1 <= len(names) <= _MOST_PEOPLE or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{where}: people {shown(names)} are not 1 to {_MOST_PEOPLE} file names")
    return list(names)


def _skeletons(folder: Path, where: str, asf: str | list[str] | None, files: tuple[Path, ...]) -> tuple[Path, ...]:
    if asf is None:
        return tuple(_skeleton_beside(path) for path in files)
    names = [asf] * len(files) if isinstance(asf, str) else asf
    if len(names) != len(files) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{where}: asf {shown(asf)} is neither one file name nor one for each of {len(files)} people")
    return tuple(_inside(folder, where, name) for name in names)


def _check_id(where: str, name: str) -> None:
    if not re.fullmatch(r"[\w.-]{1,200}", name):
        raise ValueError(f"{where}: trial name {shown(name)} may hold letters, digits, '_', '-' and '.' only; rename it")


def _captions(where: str, row: dict[str, Any]) -> tuple[str, ...] | None:
    if "captions" not in row:
        return None
    if not row["captions"]:
        raise ValueError(f"{where}: captions are empty; write texts, or leave the key out to have captions by rules")
    return tuple(caption(where, text) for text in row["captions"])


def _inside(folder: Path, where: str, name: str) -> Path:
    """A file below the folder: what lies elsewhere is not covered by the folder's digest and licence, and may be anybody's."""
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name:
        raise ValueError(f"{where}: {shown(name)} does not lie below {folder}; copy or link it there")
    path = folder / name
    if not os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises OSError where a name is too long)
        raise ValueError(f"{where}: {shown(name)} is missing in {folder}; every file of a row must be there")
    return path


def _check_unique(trials: list[Trial]) -> None:
    """Raise `ValueError` if an id or a recording occurs twice: it could then be in train and in test."""
    ids: dict[str, Trial] = {}
    for trial in trials:
        if trial.id in ids:
            raise ValueError(f"{trial.where}: id {trial.id!r} is also that of {ids[trial.id].where}; each trial needs its own")
        ids[trial.id] = trial
    for (path_before, before), (path, trial) in _equal_files(trials):
        raise ValueError(
            f"{trial.where}: {path} is the same recording as {path_before} ({before.where}); it could leak from train into test:"
            " name it once"
        )


def _equal_files(trials: list[Trial]) -> Iterator[tuple[tuple[Path, Trial], tuple[Path, Trial]]]:
    """Pairs of files with the same bytes; only files of one size are opened."""
    by_size: dict[int, list[tuple[Path, Trial]]] = {}
    for trial in trials:
        for path in trial.files:
            by_size.setdefault(path.stat().st_size, []).append((path, trial))
    for same_size in by_size.values():
        contents: dict[str, tuple[Path, Trial]] = {}
        for path, trial in same_size if len(same_size) > 1 else []:
            digest = sha256_file(path)
            if digest in contents:
                yield contents[digest], (path, trial)
            contents[digest] = (path, trial)
