"""Clips of a data set's own lengths, cut to those that training takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from laban.data.clip import Caption, Clip


def windows(clip: Clip, *, size: int, shortest: int, rejected: Counter[str]) -> Iterator[Clip]:
    """Stretches of `size` frames, half overlapping in training clips and side by side in held-out ones, and the rest from `shortest` on.

    A clip no longer than `size` stays whole. A window keeps the captions that tell of it, with their times moved. What is too short, or
    told of by no caption though the clip has some, is counted in `rejected`.
    """
    if clip.frames < shortest:
        rejected[f"a clip shorter than {shortest} frames"] += 1
        return
    if clip.frames <= size:
        yield clip
        return
    step = max(1, size // 2) if clip.split == "train" else size
    starts = [*range(0, clip.frames - size + 1, step)]
    if clip.frames - (starts[-1] + size) >= shortest:
        starts.append(starts[-1] + size)
    elif starts[-1] + size < clip.frames:
        rejected[f"the rest of a clip, shorter than {shortest} frames"] += 1
    for start in starts:
        window = _cut(clip, start, min(start + size, clip.frames))
        if window.captions or not clip.captions:
            yield window
        else:
            rejected["a window of a clip that no caption tells of"] += 1


def _cut(clip: Clip, start: int, end: int) -> Clip:
    """Frames `start` up to `end`; arrays are views."""
    return replace(
        clip,
        id=f"{clip.id}-{start}",
        group=clip.group or clip.id,
        positions=clip.positions[start:end],
        root=None if clip.root is None else clip.root[start:end],
        rotations=None if clip.rotations is None else clip.rotations[start:end],
        captions=tuple(_told(clip.captions, start / clip.fps, end / clip.fps)),
    )


def _told(captions: tuple[Caption, ...], start_s: float, end_s: float) -> Iterator[Caption]:
    """Captions half of whose time, or half of the window's, the two have in common."""
    for caption in captions:
        first, last = max(caption.start_s, start_s), min(caption.end_s, end_s)
        if last - first >= min(caption.end_s - caption.start_s, end_s - start_s) / 2 > 0:
            yield replace(caption, start_s=first - start_s, end_s=last - start_s)
