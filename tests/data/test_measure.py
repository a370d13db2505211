"""What the tables say of motion whose measures are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import clean_data as clean
import numpy as np
import pytest

from laban.data import measure
from laban.data.clip import Clip, write_clips
from laban.data.measure import clip_table, flatten, measure_codes
from laban.motion.kinematics import fk
from laban.motion.rotations import from_axis_angle, to_6d
from laban.motion.skeleton import REST_OFFSETS


def bare(clip: Clip, **changes: Any) -> Clip:
    """Positions alone."""
    return dataclasses.replace(clip, **{"root": None, "offsets": None, "rotations": None, **changes})


def measured(folder: Path, *clips: Clip) -> dict[str, dict[str, Any]]:
    write_clips(folder, clips)
    return clip_table(folder).set_index("id").to_dict("index")


def test_quick_kinematics_are_the_kinematics() -> None:
    random = np.random.default_rng(3)
    rotations = to_6d(from_axis_angle(random.normal(size=(3, 5, 2, 22, 3)))).astype(np.float32)
    offsets = np.stack([[REST_OFFSETS, REST_OFFSETS * 1.1]] * 3).astype(np.float32)
    root = random.normal(size=(3, 5, 2, 3)).astype(np.float32)
    posed, gap = measure._posed(rotations, offsets, root)
    np.testing.assert_allclose(posed.transpose(2, 3, 4, 0, 1), fk(rotations, offsets, root), atol=2e-6)
    assert gap.max() < 1e-6
    rotations[1, 2, 0, 20] *= 1.01
    gap = measure._posed(rotations, offsets, root)[1]
    assert gap[1] == pytest.approx(0.0201, abs=1e-4)
    assert max(gap[0], gap[2]) < 1e-6


def test_speeds_and_heights(tmp_path: Path) -> None:
    pose = np.repeat(clean.clip(0).positions[:1], 60, axis=0)
    positions = pose.copy()
    positions[..., 0] += (np.arange(60) * 2.0 / 30)[:, None, None]  # both walk at 2 m/s
    positions[:, 1, :, 1] += 0.25
    positions[30, 0, 21, 2] += 0.1  # and a wrist flicks 0.1 m aside for a frame
    row = measured(tmp_path, bare(clean.clip(0), positions=positions.astype(np.float32)))["c000"]
    assert row["pelvis_speed_m_s"] == pytest.approx(2.0, abs=1e-3)
    assert row["speed_m_s"] == pytest.approx(30 * np.hypot(2 / 30, 0.1), rel=1e-4)
    assert row["floor_m"] == pytest.approx(pose[..., 1].min(), abs=1e-6)
    assert row["highest_m"] == pytest.approx(pose[:, 1, :, 1].min() + 0.25, abs=1e-6)
    assert row["unsupported_m"] == pytest.approx(row["highest_m"] - row["floor_m"], abs=1e-6)
    assert row["apart_m"] == pytest.approx(np.linalg.norm(positions[0, 0, 0] - positions[0, 1, 0]), abs=1e-4)
    assert row["slide_m_s"] == pytest.approx(2.0, abs=1e-3), "they walk without lifting a foot"
    assert row["stiff_s"] == pytest.approx(59 / 30), "and never change their pose but for the flick, which is the first one's"
    assert np.isnan(row["root_gap_m"])
    assert np.isnan(row["fk_gap_m"]), "does not apply"


def test_longest_stillness_not_the_sum(tmp_path: Path) -> None:
    positions = clean.clip(0).positions.copy()
    positions[5:10] = positions[5]  # 4 steps
    positions[20:31, 1] = positions[20, 1]  # 10 steps, one person alone
    row = measured(tmp_path, bare(clean.clip(0), positions=positions))["c000"]
    assert row["stiff_s"] == pytest.approx(10 / 30)
    assert row["repeated_share"] == pytest.approx(14 / 59)


def test_who_is_carried_is_not_unsupported(tmp_path: Path) -> None:
    """Half a metre up: beside nobody it is another floor, within a metre of somebody it is a lift."""
    alone = clean.clip(0).positions.copy()
    alone[:, 1, :, 1] += 0.5
    carried = alone.copy()
    carried[:, 1, :, 2] -= 0.8
    rows = measured(tmp_path, bare(clean.clip(0), positions=alone), bare(clean.clip(1), positions=carried))
    assert rows["c000"]["unsupported_m"] > 0.5
    assert rows["c001"]["unsupported_m"] == 0


def test_noise_is_told_in_metres(tmp_path: Path) -> None:
    """The estimate is of the noise's standard deviation along one axis times the root of three, whatever the movement below it."""
    noise = np.random.default_rng(0).normal(0, 0.005, clean.clip(0).positions.shape)
    row = measured(tmp_path, bare(clean.clip(0), positions=(clean.clip(0).positions + noise).astype(np.float32)))["c000"]
    assert 0.004 < row["noise_m"] < 0.008


def test_one_frame_is_measured(tmp_path: Path) -> None:
    row = measured(tmp_path, bare(clean.clip(0), positions=clean.clip(0).positions[:1]))["c000"]
    assert (row["frames"], row["speed_m_s"], row["stiff_s"]) == (1, 0, 0)


def test_rows_stay_in_order_whatever_their_shapes(tmp_path: Path) -> None:
    """Batches are made of neighbours of one shape; a clip that cannot be read stands between them."""
    made = []
    for number in range(40):
        clip = clean.clip(number)
        if number % 5 == 1:
            clip = bare(clip, positions=clip.positions[:, :1])
        elif number % 7 == 2:
            clip = bare(clip, positions=clip.positions[: 20 + number])
        made.append(clip)
    index = write_clips(tmp_path, made)
    index.loc[17, "frames"] += 1
    index.to_parquet(tmp_path / "index.parquet", index=False)
    table = clip_table(tmp_path)
    assert list(table["id"]) == [clip.id for clip in made]
    assert list(table.index[table["error"] != ""]) == [17]
    assert table.loc[17, "speed_m_s"] == np.inf
    expected = [np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).max() * clip.fps for clip in made]
    np.testing.assert_allclose(table["speed_m_s"].drop(17), np.delete(expected, 17), rtol=1e-5)
    assert list(table["apart_m"].isna()) == [clip.people == 1 for clip in made[:17]] + [False] + [clip.people == 1 for clip in made[18:]]


def test_copies_are_found_and_relatives_are_not(tmp_path: Path) -> None:
    """A copy with the noise of a file format, moved and turned, is found; another take of the same interaction is not."""
    original = clean.clip(0)
    angle = 2.0
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    noise = np.random.default_rng(0).normal(0, 5e-5, original.positions.shape)
    copy = ((original.positions[:, ::-1] + noise) @ turn.T + [5.0, 0.0, -3.0]).astype(np.float32)
    take = (
        original.positions + np.float32(0.004) * np.sin(np.arange(60) / 5)[:, None, None, None].astype(np.float32) * np.arange(22)[:, None]
    )
    rows = measured(
        tmp_path,
        original,
        bare(clean.clip(4), positions=copy),
        bare(clean.clip(5), positions=take.astype(np.float32)),
        bare(clean.clip(6), positions=copy),
    )
    assert rows["c004"]["split"] == "val"
    assert rows["c004"]["same_motion_in"] in ("train:c000", "train:c006")
    assert rows["c000"]["same_motion_in"] == "val:c004"
    assert rows["c005"]["same_motion_in"] == ""


def test_codebook_usage_is_that_of_the_worst_level(tmp_path: Path) -> None:
    clean.write_clean_codes(tmp_path)
    assert measure_codes(tmp_path).totals["codebook_usage"] == 1.0
    import pandas as pd

    table = pd.read_parquet(tmp_path / "codes.parquet")
    table["codes"] = [np.where(np.arange(len(codes)) % 2 == 1, 3, codes) for codes in table["codes"]]
    table.to_parquet(tmp_path / "codes.parquet")
    assert measure_codes(tmp_path).totals["codebook_usage"] == 1 / 16


def test_flatten() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {"a.b": 1, "a.c.d": 2, "e": 3}
