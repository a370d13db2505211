"""Held-out clips, each with what baselines would answer in a model's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from laban.data.clip import Clip, ClipStore
from laban.data.codes import EncodedClip
from laban.language.tasks import possible, shown_steps
from laban.metrics.text import words
from laban.motion.features import frame_on_first

CAPTURE = "capture"
"""Name, as a source and as a group of cases, of motion that was recorded."""
TESTS = ("test", "test_unseen")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What was asked about a held-out clip of two people; plain data, stored with the answers."""

    id: str
    """The clip's."""
    kind: str
    style: Mapping[str, str]
    fps: float
    caption: str
    """The one that motion is asked for with, and that a description is not compared with; empty where there is none."""
    references: tuple[str, ...]
    """The clip's other captions, none of them equal to `caption`: what descriptions, the model's and people's, are compared with."""
    chance_caption: str
    """Of the clip that was drawn at random."""
    cut: int
    """Frames that prediction is shown; 0 where the clip is too short for it."""


@dataclass(frozen=True)
class Drawn:
    """A case with its motion: what the model is shown of it, the truth, and what baselines answer."""

    case: Case
    encoded: EncodedClip
    truth: np.ndarray
    """(T, 2, 22, 3) metres in the first person's first frame, cut to whole steps."""
    nearest: Clip
    """Training clip of the most similar caption."""
    chance: Clip
    """Training clip drawn at random."""


def held_out(store: ClipStore, encoded: Sequence[EncodedClip], *, samples: int, seed: int) -> dict[str, list[Drawn]]:
    """At most `samples` two-person clips of each test split, evenly chosen; captured motion is a group of its own.

    Which clip, which of its captions and which random clip follow from the stored order and the seed, so equal data gives equal cases.
    """
    training = [clip for clip in store.split("train") if clip.people == 2]
    index = CaptionIndex(training)
    groups: dict[str, list[EncodedClip]] = {}
    for row in encoded:
        if row.split in TESTS and row.order == (0, 1) and row.id in store:
            groups.setdefault(CAPTURE if row.source == CAPTURE else row.split, []).append(row)
    draw = np.random.default_rng(seed)
    cases: dict[str, list[Drawn]] = {}
    for group, members in sorted(groups.items()):
        for number, place in enumerate(np.linspace(0, len(members) - 1, min(samples, len(members))).astype(int)):
            row, random = members[place], training[int(draw.integers(len(training)))]
            clip = store[row.id]
            case = _case(row, clip, number, random)
            truth = frame_on_first(clip.positions)[: len(row.codes) * row.downsample]
            cases.setdefault(group, []).append(Drawn(case, row, truth, index.nearest(case.caption), random))
    return cases


def _case(row: EncodedClip, clip: Clip, number: int, random: Clip) -> Case:
    caption = row.captions[number % len(row.captions)] if row.captions else ""
    return Case(
        id=row.id,
        kind=row.kind,
        style={name: str(value) for name, value in clip.style.items()},
        fps=row.fps,
        caption=caption,
        references=tuple(text for text in dict.fromkeys(row.captions) if words(text) and words(text) != words(caption)),
        chance_caption=random.captions[0].text if random.captions else "",
        cut=shown_steps(len(row.codes)) * row.downsample if possible("prediction", row) else 0,
    )


class CaptionIndex:
    """Clips by the words of their captions."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = [clip for clip in clips for _ in clip.captions] or list(clips)
        texts = [caption.text for clip in clips for caption in clip.captions]
        self.vocabulary = {word: number for number, word in enumerate(sorted({word for text in texts for word in words(text)}))}
        self.matrix = np.stack([self._vector(text) for text in texts]) if texts else np.zeros((len(self.clips), 1), np.float32)

    def _vector(self, text: str) -> np.ndarray:
        counts = np.zeros(max(len(self.vocabulary), 1), np.float32)
        for word in words(text):
            if word in self.vocabulary:
                counts[self.vocabulary[word]] += 1
        return counts / max(float(np.linalg.norm(counts)), 1e-9)

    def nearest(self, text: str) -> Clip:
        """The clip whose caption has the greatest cosine of word counts."""
        return self.clips[int((self.matrix @ self._vector(text)).argmax())] if self.vocabulary else self.clips[0]
