"""Make the data set: interactions from code (the embedded default), capture from disk, or both."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from laban.data.artifact import write_json
from laban.data.clip import Clip, write_clips
from laban.stages.contract import StageError, Work, stage
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import INTERACTION_SECONDS, KINDS, Style, styles_of

PAIR_SHARE = 4
"""Clips of each kind of two people for one clip of each kind of one or three."""
_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class PrepareSettings:
    """What the data set is made of."""

    seed: int
    fps: float
    """frames per second"""
    clip_seconds: float
    """length of a clip"""
    procedural_clips: int
    """interactions made from code, some of one and of three people; 0 for none"""
    capture: str
    """folder of BVH pairs; empty for none"""
    capture_digest: str
    """sha256 over the folder's files, filled in by the composer; part of what the artifact was made from"""
    held_out: float
    """share of clips (procedural) or of whole trials (capture) for val, and as much again for test"""


@stage(kind="clips")
def prepare(settings: PrepareSettings, work: Work) -> None:
    """Make clips with captions, styles and splits; procedural ones from code, captured pairs from a folder."""
    _check(settings)
    rejected: Counter[str] = Counter()
    clips = tqdm(_clips(settings, rejected), desc="prepare", unit="clip", total=settings.procedural_clips or None)
    index = write_clips(work.output, clips)
    write_json(work.output / "metrics.json", {**_count(index), "rejected": dict(sorted(rejected.items()))})


def _check(settings: PrepareSettings) -> None:
    """Raise `StageError` on settings that make no data set."""
    if settings.procedural_clips < 0 or (not settings.procedural_clips and not settings.capture):
        raise StageError(
            f"prepare.procedural_clips is {settings.procedural_clips} and prepare.capture {settings.capture!r}: nothing to make"
        )
    if not 0 < settings.held_out < 0.5:
        raise StageError(f"prepare.held_out is {settings.held_out}: a share over 0 and under 0.5 goes to val, and as much to test")
    if settings.procedural_clips and settings.clip_seconds < INTERACTION_SECONDS:
        raise StageError(f"prepare.clip_seconds is {settings.clip_seconds}: a procedural interaction takes {INTERACTION_SECONDS} s")
    if settings.fps < 10 or settings.clip_seconds * settings.fps < 2:
        raise StageError(
            f"prepare.fps is {settings.fps} and clip_seconds {settings.clip_seconds}: at least 10 frames per second, two frames"
        )
    if settings.capture and not Path(settings.capture).is_dir():
        raise StageError(f"prepare.capture: {settings.capture} is not a folder; make run DATA=<folder of BVH pairs>")


def _clips(settings: PrepareSettings, rejected: Counter[str]) -> Iterator[Clip]:
    """All clips; what is dropped of capture is counted by reason in `rejected`."""
    yield from procedural(settings.procedural_clips, settings)
    if settings.capture:
        from laban.formats.pairs import read_pairs

        yield from read_pairs(
            Path(settings.capture),
            fps=settings.fps,
            clip_seconds=settings.clip_seconds,
            held_out=settings.held_out,
            seed=settings.seed,
            rejected=rejected,
        )


def procedural(count: int, settings: PrepareSettings) -> Iterator[Clip]:
    """Captioned clips of all kinds."""
    orders = list(orders_of(count, seed=settings.seed, held_out=settings.held_out))
    for order, clip in zip(orders, make_clips(orders, clip_seconds=settings.clip_seconds, fps=settings.fps), strict=True):
        yield replace(clip, captions=captions(order.style, seed=order.seed, number=order.number, end_s=clip.seconds))


def orders_of(count: int, *, seed: int, held_out: float) -> Iterator[Order]:
    """What clips are to be made: kinds and their styles in shuffled rounds, unseen combinations in `test_unseen`, the rest split
    at random."""
    rng = np.random.default_rng([seed, 0])
    styles = list(itertools.islice(_styles(rng), count))
    seen = [number for number, style in enumerate(styles) if not style.unseen]
    splits = dict.fromkeys(range(count), "test_unseen") | dict.fromkeys(seen, "train")
    held = max(1, round(held_out * len(seen))) if len(seen) > 2 else 0
    shuffled = rng.permutation(seen)
    for name, numbers in (("val", shuffled[:held]), ("test", shuffled[held : 2 * held])):
        splits |= dict.fromkeys(map(int, numbers), name)
    for number, style in enumerate(styles):
        yield Order(id=f"proc-{number:06d}", style=style, seed=seed, number=number, split=splits[number])


def _styles(rng: np.random.Generator) -> Iterator[Style]:
    """Styles without end: the kinds of a round in shuffled order, and of each kind its styles in shuffled order."""
    decks = {kind: _shuffled(styles_of(kind), rng) for kind in KINDS}
    shares = [name for name, kind in KINDS.items() for _ in range(PAIR_SHARE if kind.people == 2 else 1)]
    for name in _shuffled(shares, rng):
        yield next(decks[name])


def _shuffled(items: Sequence[_Item], rng: np.random.Generator) -> Iterator[_Item]:
    """All items in random order, and again, without end."""
    while True:
        yield from (items[number] for number in rng.permutation(len(items)))


def _count(index: pd.DataFrame) -> dict[str, object]:
    """Counts a split, a source and a kind; seconds of motion; captions."""
    seconds = index["frames"] / index["fps"]
    return {
        "rows": len(index),
        "splits": _counted(index["split"]),
        "sources": _counted(index["source"]),
        "kinds": _counted(index["kind"].replace("", "unknown")),
        "seconds": {
            "total": float(seconds.sum()),
            **{split: float(seconds[rows].sum()) for split, rows in index.groupby("split").groups.items()},
        },
        "captions": int(index["captions"].map(len).sum()),
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


if __name__ == "__main__":
    prepare.main()
