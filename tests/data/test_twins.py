"""Copies are found however they were moved; relatives are not; and the search stays quick where there are many."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import clean_data as clean
import numpy as np
import pandas as pd
import pytest

from laban.data.clip import Clip, write_clips
from laban.data.clip_table import clip_table
from laban.data.twins import Traces, twins
from laban.motion.skeleton import INDEX

LEFT = [number for name, number in INDEX.items() if name.startswith("left_")]
RIGHT = [INDEX[name.replace("left_", "right_")] for name in INDEX if name.startswith("left_")]


def moved(clip: Clip, positions: np.ndarray, **changes: Any) -> Clip:
    """The clip with other positions and nothing else to betray it."""
    return dataclasses.replace(
        clip, positions=positions.astype(np.float32), **{"root": None, "offsets": None, "rotations": None, **changes}
    )


def found(folder: Path, *clips: Clip) -> dict[str, dict[str, Any]]:
    write_clips(folder, clips)
    return clip_table(folder).set_index("id")[["same_motion_in", "twin_of", "split"]].to_dict("index")


def mirror(positions: np.ndarray) -> np.ndarray:
    positions = positions * np.array([-1, 1, 1], np.float32)
    positions[..., LEFT + RIGHT, :] = positions[..., RIGHT + LEFT, :]
    return positions


def test_copies_are_found_and_relatives_are_not(tmp_path: Path) -> None:
    """A copy with the noise of a file format, moved and turned, is found; another take of the same interaction is not."""
    original = clean.clip(0)
    angle = 2.0
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    noise = np.random.default_rng(0).normal(0, 5e-5, original.positions.shape)
    copy = (original.positions[:, ::-1] + noise) @ turn.T + [5.0, 0.0, -3.0]
    take = original.positions + 0.004 * np.sin(np.arange(60) / 5)[:, None, None, None] * np.arange(22)[:, None]
    rows = found(tmp_path, original, moved(clean.clip(4), copy), moved(clean.clip(5), take), moved(clean.clip(6), copy))
    assert rows["c004"]["split"] == "val"
    assert rows["c004"]["same_motion_in"] in ("train:c000", "train:c006")
    assert rows["c000"]["same_motion_in"] == "val:c004"
    assert rows["c005"]["same_motion_in"] == ""
    assert rows["c006"]["twin_of"] == "c000"
    assert rows["c000"]["twin_of"] == ""


@pytest.mark.parametrize("frames", [0, 1, 7, 20])
def test_a_copy_is_found_wherever_it_was_cut(tmp_path: Path, frames: int) -> None:
    later = clean.clip(0).positions[frames:]
    rows = found(tmp_path, clean.clip(0), moved(clean.clip(4), later), moved(clean.clip(1), later[: len(later) - frames]))
    assert rows["c004"]["same_motion_in"] == "train:c000"
    assert rows["c001"]["twin_of"] == "c000"


def test_a_mirror_leaks_between_splits_and_is_no_twin_within_one(tmp_path: Path) -> None:
    """A data set may be doubled by mirroring, but not over the border of a split."""
    other_side = mirror(clean.clip(0).positions)
    rows = found(tmp_path, clean.clip(0), moved(clean.clip(1), other_side), moved(clean.clip(4), other_side))
    assert rows["c004"]["same_motion_in"] == "train:c000"
    assert rows["c001"]["twin_of"] == ""


def test_windows_of_one_recording_may_overlap(tmp_path: Path) -> None:
    windows = [moved(clean.clip(number), clean.clip(0).positions[start : start + 40], group="dance") for number, start in ((0, 0), (1, 10))]
    rows = found(tmp_path, *windows)
    assert {row["twin_of"] for row in rows.values()} == {""}


def courses(number: int, frames: int = 90) -> np.ndarray:
    """(T, 27) metres: a pose of two people whose distances sway, each at a rate of its own."""
    rng = np.random.default_rng(number)
    time_s = np.arange(frames)[:, None] / 30
    return (0.8 + 0.3 * np.sin(rng.uniform(0.5, 3, 27) * time_s + rng.uniform(0, 6, 27))).astype(np.float32)


@pytest.mark.slow
def test_ten_thousand_clips_are_searched_in_a_minute() -> None:
    """Fifty noisy copies, cut up to a second later, among ten thousand clips: all are found, and nothing else."""
    count, rng = 10_000, np.random.default_rng(0)
    picked = rng.permutation(count)[:100].tolist()
    copies = dict(zip(picked[:50], picked[50:], strict=True))

    def poses(number: int) -> np.ndarray:
        if number not in copies:
            return courses(number)
        noise = np.random.default_rng(number).normal(0, 0.002, (90, 27))
        return (np.roll(courses(copies[number]), -(number % 30), axis=0) + noise).astype(np.float32)

    table = pd.DataFrame({"id": [f"c{number}" for number in range(count)], "people": 2})
    table["group"], table["split"] = table["id"], np.where(np.arange(count) % 10, "train", "test")
    traces = [Traces.of(poses(number), 2) for number in range(count)]
    started = time.process_time()
    result = twins(table, traces, poses)
    assert time.process_time() - started < 60
    hit = set(np.flatnonzero((result != "").any(axis=1)))
    assert hit <= set(picked)
    assert all(copy in hit or original in hit for copy, original in copies.items())
