"""The lists and captions that come beside motion: one id, or one sentence, a line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from laban.formats.source import Recording, Rejected
from laban.formats.text import caption, read_lines, shown

SPLITS = ("train", "val", "test")
FOLDERS = ("split", "splits", "datasets", ".")
"""Where data sets, their mirrors and their users keep the lists; the first that holds one counts."""


def read_splits(root: Path, form: re.Pattern[str]) -> dict[str, str]:
    """Id -> split by `train.txt`, `val.txt`, `test.txt`; empty where there is none of them.

    Raises `ValueError` naming file and line for a line that is no id of the `form`, or an id of two splits. A line that is repeated
    within its list counts once.
    """
    folder = next((root / name for name in FOLDERS if any((root / name / f"{split}.txt").is_file() for split in SPLITS)), root)
    found: dict[str, tuple[str, str]] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        for where, name in _ids(path, form) if path.is_file() else ():
            other, before = found.setdefault(name, (split, where))
            if other != split:
                raise ValueError(f"{where}: {name} is also in {other} ({before}): it would leak; keep one of the two lines")
    return {name: split for name, (split, _) in found.items()}


def read_ids(path: Path, form: re.Pattern[str]) -> set[str]:
    """The ids of a list; none where there is no such file."""
    return {name for _, name in _ids(path, form)} if path.is_file() else set()


def _ids(path: Path, form: re.Pattern[str]) -> list[tuple[str, str]]:
    """(file and line, id) of every line that is not blank."""
    ids = [(f"{path}:{number}", line.strip()) for number, line in enumerate(read_lines(path), 1) if line.strip()]
    for where, name in ids:
        if not form.fullmatch(name):
            raise ValueError(f"{where}: {shown(name)} is not an id of this data set")
    return ids


def listed(splits: Mapping[str, str], motions: Collection[str], where: str) -> list[str]:
    """Ids to be read: those of the split lists, or all motions where there are no lists.

    Raises `ValueError` where none of them has a motion: a folder that is named wrongly must not make an empty data set.
    """
    names = sorted(splits or motions)
    if not any(name in motions for name in names):
        raise ValueError(f"{where}: no motion there of {len(splits)} listed ids; name the data set's own folder")
    return names


def read_captions(recording: Recording) -> tuple[str, ...]:
    """The sentences of a recording's text file, one a line, blanks within them made single; raises `Rejected` where there is none."""
    path = next((path for path in recording.files if path.suffix == ".txt"), None)
    lines = [" ".join(line.split()) for line in read_lines(path)] if path else []
    captions = tuple(caption(f"{path}:{number}", line) for number, line in enumerate(lines, 1) if line)
    if not captions:
        raise Rejected("no caption", f"{path} is empty" if path else f"{recording.id} has no text file")
    return captions


def check_readable(recording: Recording) -> None:
    """Raise `Rejected` where the lists, or what is missing, have set a recording aside."""
    if "set_aside" in recording.facts:
        raise Rejected(recording.facts["set_aside"], recording.id)
