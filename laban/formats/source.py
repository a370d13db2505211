"""What a reader of a data set's files gives: recordings that can be found cheaply, and clips that are read one recording at a time.

A format is one file of this folder and one `Format` in it; `laban.formats.FORMATS` lists them. Reading a recording is a pure
function of its files and the options, so that an import can be spread over processes, stopped, and taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from laban.data.clip import Clip


class Rejected(Exception):
    """A recording that is set aside and counted by `reason`, as the data set's own defects are; the import goes on."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What is read at once and what no split tears apart. Picklable."""

    id: str
    files: tuple[Path, ...]
    """Every file whose bytes decide what is read: motion first, then words."""
    split: str = ""
    """`train`, `val` or `test` where the data set says so; else empty, and the importer splits by a hash of `group`."""
    group: str = ""
    """What must stay in one split (the take that several recordings were cut from); the id where empty."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the format found out while listing and needs for reading: plain values."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user may say of an import; the same for every format."""

    fps: float = 30.0
    """frames per second that clips are brought to"""
    body_model: Path | None = None
    """SMPL-X model file (.npz) of the user's own; without one a neutral skeleton stands in and clips are marked approximate"""


@dataclass(frozen=True, kw_only=True)
class Format:
    """How one data set's folder is read."""

    name: str
    """As typed: `interhuman`, `inter-x`, `humanml3d`, `kit-ml`, `motion-x`, `bvh`, `amc`."""
    about: str
    """One line for `laban data import --help` and the docs."""
    licence: str
    """Terms that every clip carries."""
    fits: Callable[[Path], bool]
    """Whether a folder looks like this data set, from names alone; never opens motion."""
    find: Callable[[Path, Options], Sequence[Recording]]
    """Every recording of the folder, in a stable order. Raises `ValueError` naming file and line for lists that lie."""
    read: Callable[[Recording, Options], Sequence[Clip]]
    """The clips of a recording, at `options.fps`, Y up, metres, floor at 0. Raises `Rejected`, or `ValueError` naming file, row, value."""
