"""Make the data set: interactions from code (the embedded default), capture from disk, or both."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from laban.data.artifact import folder_digest, open_artifact, write_json
from laban.data.clip import Clip, ClipStore, write_clips
from laban.data.fitness import unfit
from laban.data.styles import write_styles
from laban.data.summary import count
from laban.formats.importing import choose, import_clips
from laban.formats.source import Options
from laban.formats.windows import windows
from laban.stages.contract import StageError, Work, stage
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import INTERACTION_SECONDS, KINDS, Style, styles_of, vocabulary

PAIR_SHARE = 4
"""Clips of each kind of two people for one clip of each kind of one or three."""
STORED = "clips"
"""The format of what `laban data import` has made."""
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
    """folder of a data set; empty for none"""
    format: str
    """of that folder: one of `laban data import --help`, `auto`, `clips` for what `laban data import` made; empty for BVH pairs"""
    shortest_seconds: float
    """of a clip that is kept, where a format has clips of its own lengths; shorter ones are counted"""
    capture_digest: str
    """sha256 over the folder's files, filled in by the composer; part of what the artifact was made from"""
    unfit_share: float
    """greatest share of clips that may be set aside, counted, because they would break a rule of the gate; 0: the gate refuses all"""
    held_out: float
    """share of clips (procedural) or of whole trials (capture) for val, and as much again for test"""


@stage(kind="clips")
def prepare(settings: PrepareSettings, work: Work) -> None:
    """Make clips with captions, styles and splits; procedural ones from code, captured ones from a folder of any format."""
    _check(settings)
    rejected: Counter[str] = Counter()
    clips = tqdm(_clips(settings, work, rejected), desc="prepare", unit="clip", total=settings.procedural_clips or None)
    store = _written(clips, settings, work, rejected)
    if not len(store):
        raise StageError(f"prepare.capture: {settings.capture} holds no clip that could be kept: {dict(sorted(rejected.items()))}")
    write_json(work.output / "metrics.json", {**count(store), "rejected": dict(sorted(rejected.items()))})


def _check(settings: PrepareSettings) -> None:
    """Raise `StageError` on settings that make no data set."""
    if settings.procedural_clips < 0 or (not settings.procedural_clips and not settings.capture):
        raise StageError(
            f"prepare.procedural_clips is {settings.procedural_clips} and prepare.capture {settings.capture!r}: nothing to make"
        )
    if not 0 <= settings.unfit_share < 1:
        raise StageError(f"prepare.unfit_share is {settings.unfit_share}: a share of at least 0 and under 1")
    if not 0 < settings.held_out < 0.5:
        raise StageError(f"prepare.held_out is {settings.held_out}: a share over 0 and under 0.5 goes to val, and as much to test")
    if settings.procedural_clips and settings.clip_seconds < INTERACTION_SECONDS:
        raise StageError(f"prepare.clip_seconds is {settings.clip_seconds}: a procedural interaction takes {INTERACTION_SECONDS} s")
    if settings.fps < 10 or settings.clip_seconds * settings.fps < 2:
        raise StageError(
            f"prepare.fps is {settings.fps} and clip_seconds {settings.clip_seconds}: at least 10 frames per second, two frames"
        )
    if settings.capture and not Path(settings.capture).is_dir():
        raise StageError(f"prepare.capture: {settings.capture} is not a folder; make run DATA=<folder of a data set>")
    if settings.format and not 2 <= settings.shortest_seconds * settings.fps <= settings.clip_seconds * settings.fps:
        raise StageError(f"prepare.shortest_seconds is {settings.shortest_seconds}: two frames at least, {settings.clip_seconds} s at most")
    if settings.capture and settings.capture_digest and folder_digest(Path(settings.capture)) != settings.capture_digest:
        raise StageError(f"prepare.capture: {settings.capture} is not what was composed: its files have changed since; run the same again")


def _written(clips: Iterable[Clip], settings: PrepareSettings, work: Work, rejected: Counter[str]) -> ClipStore:
    """The clips and their styles in the output; those that the gate would refuse one by one are left out and counted."""
    first = work.scratch / "all" if settings.unfit_share else work.output
    shutil.rmtree(work.scratch / "all", ignore_errors=True)
    store = write_clips(first, clips)
    write_styles(first, vocabulary())
    if first == work.output or not len(store):
        return store
    aside = unfit(first)
    reasons = Counter(f"the gate refuses: {reason}" for reason in aside.values())
    if len(aside) > settings.unfit_share * len(store):
        raise StageError(
            f"prepare.capture: {settings.capture}: {len(aside)} of {len(store)} clips break a rule of the gate, more than"
            f" prepare.unfit_share {settings.unfit_share:g} ({dict(reasons.most_common(3))}, first {next(iter(aside))}); look with"
            " `laban data import` and `laban data check`"
        )
    rejected.update(reasons)
    write_styles(work.output, vocabulary())
    return write_clips(work.output, (clip for clip in store if clip.id not in aside))


def _clips(settings: PrepareSettings, work: Work, rejected: Counter[str]) -> Iterator[Clip]:
    """All clips; what is dropped of capture is counted by reason in `rejected`."""
    yield from procedural(settings.procedural_clips, settings)
    if settings.capture and settings.format:
        yield from _imported(settings, work, rejected)
    elif settings.capture:
        from laban.formats.pairs import read_pairs

        yield from read_pairs(
            Path(settings.capture),
            fps=settings.fps,
            clip_seconds=settings.clip_seconds,
            held_out=settings.held_out,
            seed=settings.seed,
            rejected=rejected,
        )


def _imported(settings: PrepareSettings, work: Work, rejected: Counter[str]) -> Iterator[Clip]:
    """Windows of the clips of a data set, in its own splits."""
    store = _store(settings, work, rejected)
    rates = set(store.column("fps").tolist())
    if rates != {settings.fps}:
        raise StageError(f"prepare.capture: {settings.capture} has {sorted(rates)} frames per second, not {settings.fps}: import it so")
    size, shortest = (round(seconds * settings.fps) for seconds in (settings.clip_seconds, settings.shortest_seconds))
    for clip in store:
        yield from windows(clip, size=size, shortest=shortest, rejected=rejected)


def _store(settings: PrepareSettings, work: Work, rejected: Counter[str]) -> ClipStore:
    """What `laban data import` made, or what it would make, in the scratch folder."""
    folder = Path(settings.capture)
    if settings.format == STORED:
        return ClipStore(open_artifact(folder, kind="clips").path)
    output = work.scratch / "imported"
    shutil.rmtree(output, ignore_errors=True)
    imported = import_clips(
        choose(settings.format, folder),
        folder,
        output,
        options=Options(fps=settings.fps),
        held_out=settings.held_out,
        seed=settings.seed,
        scratch=work.scratch / "shards",
        jobs=len(os.sched_getaffinity(0)),
    )
    rejected.update(imported.rejected)
    return imported.store


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


if __name__ == "__main__":
    prepare.main()
