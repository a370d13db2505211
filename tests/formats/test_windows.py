"""Cutting clips to the length that training takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from laban.data.clip import Caption, Clip
from laban.formats.windows import windows


def clip(frames: int, *captions: tuple[float, float], split: str = "train") -> Clip:
    numbers = np.arange(frames, dtype=np.float32)[:, None, None, None]
    return Clip(
        id="a",
        positions=np.broadcast_to(numbers, (frames, 2, 22, 3)),
        root=np.broadcast_to(numbers[..., 0], (frames, 2, 3)),
        rotations=np.broadcast_to(numbers, (frames, 2, 22, 6)),
        offsets=np.ones((2, 22, 3), np.float32),
        captions=tuple(Caption(text=f"{start}-{end}", start_s=start, end_s=end, source="human") for start, end in captions),
        split=split,
        source="s",
        licence="l",
        fps=30.0,
    )


def cut(whole: Clip, size: int = 120, shortest: int = 60) -> tuple[list[Clip], Counter[str]]:
    rejected: Counter[str] = Counter()
    return list(windows(whole, size=size, shortest=shortest, rejected=rejected)), rejected


@pytest.mark.parametrize(
    ("split", "frames", "spans"),
    [
        ("train", 120, [(0, 120)]),
        ("train", 60, [(0, 60)]),
        ("train", 200, [(0, 120), (60, 180)]),
        ("train", 240, [(0, 120), (60, 180), (120, 240)]),
        ("train", 300, [(0, 120), (60, 180), (120, 240), (180, 300)]),
        ("test", 200, [(0, 120), (120, 200)]),
        ("val", 300, [(0, 120), (120, 240), (240, 300)]),
        ("val", 299, [(0, 120), (120, 240)]),
    ],
)
def test_windows_overlap_in_training_and_not_elsewhere(split, frames, spans):
    made, rejected = cut(clip(frames, (0, frames / 30), split=split))
    assert [(int(one.positions[0, 0, 0, 0]), int(one.positions[-1, 0, 0, 0]) + 1) for one in made] == spans
    for one in made:
        assert one.positions[:, 0, 0, 0].tolist() == one.root[:, 0, 0].tolist() == one.rotations[:, 0, 0, 0].tolist()
        assert one.offsets.shape == (2, 22, 3)
        assert one.split == split
    assert len({one.id for one in made}) == len(made)
    assert {one.group or one.id for one in made} == {"a"}
    assert sum(rejected.values()) == (spans[-1][1] < frames)


def test_what_is_too_short_is_counted():
    assert cut(clip(59, (0, 2))) == ([], Counter({"a clip shorter than 60 frames": 1}))


def test_captions_keep_their_times_and_go_where_they_belong():
    whole = clip(240, (0, 8), (0, 1), (3.5, 6), (7.9, 8), split="test")
    first, second = cut(whole)[0]
    assert [(one.text, one.start_s, one.end_s) for one in first.captions] == [("0-8", 0, 4), ("0-1", 0, 1)]
    assert [(one.text, one.start_s) for one in second.captions] == [("0-8", 0), ("3.5-6", 0), ("7.9-8", pytest.approx(3.9))]
    assert second.captions[1].end_s == pytest.approx(2.0)


def test_a_window_that_nobody_describes_is_counted_unless_nobody_describes_the_clip():
    made, rejected = cut(clip(240, (0, 2), split="test"))
    assert [one.id for one in made] == ["a-0"]
    assert rejected == {"a window of a clip that no caption tells of": 1}
    assert len(cut(clip(240, split="test"))[0]) == 2


def test_a_group_that_is_known_is_kept():
    made, _ = cut(replace(clip(240, (0, 8)), group="recording 5"))
    assert {one.group for one in made} == {"recording 5"}
