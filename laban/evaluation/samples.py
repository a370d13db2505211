"""The stored samples: what was asked, what was answered, and what each answer is compared with. Metrics read nothing else.

A sample is named `TASK/CASE/ROW`, where a row is the number of a repetition of the model, or what stands in its place: `truth`,
`reconstruction` (the truth through the tokenizer), `copy` (of the training clip with the nearest caption), `chance`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.artifact import write_json
from laban.data.clip import Caption, Clip, ClipStore, write_clips
from laban.evaluation.cases import Case

SAMPLES, TEXTS, ASKED = "samples", "texts.json", "asked.json"
CLIP = "clip"
"""Task, in a name, of what belongs to a clip and not to a task: its truth and what baselines answer."""
TRUTH, RECONSTRUCTION, COPY, CHANCE = "truth", "reconstruction", "copy", "chance"


def name_of(task: str, case: str, row: str | int) -> str:
    """A sample's name."""
    return f"{task}/{case}/{row}"


@dataclass(frozen=True, kw_only=True)
class EditCase:
    """An edit that was asked for, and what must be seen of it."""

    id: str
    """The conversation's."""
    kind: str
    claims: Mapping[str, str]
    """What the changed motion must show …"""
    was: Mapping[str, str]
    """… and the former values of what was to change."""
    source: str
    target: str
    """Ids of the clips before and after."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about motion, and what its answer must say."""

    id: str
    """The conversation's, with the turn."""
    asked: tuple[str, ...]
    """What was said up to it, turn by turn; motion stands as `[motion]`."""
    claims: Mapping[str, str]
    written: str
    """The answer that the data has."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """All that the model was asked, and how: the manifest of a folder of samples."""

    data: str
    """Content hash of the clips."""
    repetitions: int
    seeds: tuple[int, ...]
    temperature: float
    top_p: float
    clips: Mapping[str, tuple[Case, ...]]
    """By group: a test split, or `capture`."""
    edits: Mapping[str, tuple[EditCase, ...]]
    questions: Mapping[str, tuple[Question, ...]]

    def save(self, folder: Path) -> None:
        """Write `asked.json`."""
        write_json(folder / ASKED, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Asked:
        """Read what `save` wrote; raise `ValueError` naming a file that is absent or not of this version."""
        path = folder / ASKED
        if not path.is_file():
            raise ValueError(f"{path} is absent: {folder} holds no stored samples; run the stage evaluate")
        said = json.loads(path.read_text("utf-8"))
        try:
            clips = {group: tuple(_case(Case, one) for one in cases) for group, cases in said.pop("clips").items()}
            edits = {group: tuple(EditCase(**one) for one in cases) for group, cases in said.pop("edits").items()}
            questions = {group: tuple(_case(Question, one) for one in cases) for group, cases in said.pop("questions").items()}
            return cls(**{**said, "seeds": tuple(said["seeds"])}, clips=clips, edits=edits, questions=questions)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is no manifest of this version: {error}; run the stage evaluate again") from error


def _case(kind: type[Any], said: Mapping[str, Any]) -> Any:
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()})


def sample(name: str, motion: np.ndarray, *, caption: str, like: Clip | Case, split: str) -> Clip:
    """A generated motion (T, P, 22, 3), to be kept under a name, with the rate and kind of the clip that it is to be `like`."""
    said = (Caption(text=caption, start_s=0.0, end_s=len(motion) / like.fps, source="prompt"),) if caption else ()
    return Clip(
        id=name, positions=motion.astype(np.float32), captions=said, split=split, source="generated", licence="", fps=like.fps,
        kind=like.kind, group=like.id,
    )  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """What one repetition of a task left: motions, and texts by name."""

    clips: Sequence[Clip] = ()
    texts: Mapping[str, str] | None = None


class Shelf:
    """Batches on disk, each whole or absent, so that a killed evaluation goes on where it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, make: Callable[[], Batch]) -> None:
        """Make a batch unless it is there."""
        self.names.append(name)
        place = self.folder / name
        if place.is_dir():
            return
        batch = make()
        unfinished = self.folder / f".{name}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        if batch.clips:
            write_clips(unfinished / SAMPLES, batch.clips)
        write_json(unfinished / TEXTS, dict(batch.texts or {}))
        unfinished.rename(place)

    def deliver(self, folder: Path) -> None:
        """Write all batches that were asked for, in that order, as one folder of samples."""
        write_clips(folder / SAMPLES, self._clips())
        texts = [json.loads((self.folder / name / TEXTS).read_text("utf-8")) for name in self.names]
        write_json(folder / TEXTS, {name: text for part in texts for name, text in part.items()})

    def _clips(self) -> Iterator[Clip]:
        for name in self.names:
            if (self.folder / name / SAMPLES).is_dir():
                yield from ClipStore(self.folder / name / SAMPLES)


class Samples:
    """A stored folder, by name."""

    def __init__(self, folder: Path) -> None:
        self.asked = Asked.load(folder)
        self.store = ClipStore(folder / SAMPLES)
        self.texts: dict[str, str] = json.loads((folder / TEXTS).read_text("utf-8"))

    def motions(self, task: str, cases: Iterable[Case | EditCase], row: str | int) -> list[np.ndarray | None]:
        """(T, P, 22, 3) of each case; None where an answer is missing or has a value that is not finite: it failed."""
        return [self._motion(name_of(task, case.id, row)) for case in cases]

    def answers(self, task: str, cases: Iterable[Case | Question], row: str | int) -> list[str]:
        """The text of each case; empty where an answer is missing."""
        return [self.texts.get(name_of(task, case.id, row), "").strip() for case in cases]

    def _motion(self, name: str) -> np.ndarray | None:
        if name not in self.store:
            return None
        positions = self.store[name].positions
        return positions if np.isfinite(positions).all() else None
