"""What the table says of motion whose measures are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import clean_data as clean
import numpy as np
import pytest

from laban.data.clip import Caption, Clip, write_clips
from laban.data.clip_table import clip_table, measure_clips


def bare(clip: Clip, **changes: Any) -> Clip:
    """Positions alone."""
    return dataclasses.replace(clip, **{"root": None, "offsets": None, "rotations": None, **changes})


def measured(folder: Path, *clips: Clip) -> dict[str, dict[str, Any]]:
    write_clips(folder, clips)
    return clip_table(folder).set_index("id").to_dict("index")


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
    assert rows["c000"]["unsupported_m"] == pytest.approx(0.5, abs=1e-4)
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
    index = write_clips(tmp_path, made).index
    index.loc[17, "frames"] += 1
    index.to_parquet(tmp_path / "index.parquet", index=False)
    table = clip_table(tmp_path)
    assert list(table["id"]) == [clip.id for clip in made]
    assert list(table.index[table["error"] != ""]) == [17]
    assert table.loc[17, "speed_m_s"] == np.inf
    expected = [np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).max() * clip.fps for clip in made]
    np.testing.assert_allclose(table["speed_m_s"].drop(17), np.delete(expected, 17), rtol=1e-5)
    assert list(table["apart_m"].isna()) == [clip.people == 1 for clip in made[:17]] + [False] + [clip.people == 1 for clip in made[18:]]


def captured(number: int, **changes: Any) -> Clip:
    """A clip as if people had been recorded."""
    return bare(clean.clip(number), source="capture", kind="", style={}, **changes)


def totals(folder: Path, clips: list[Clip]) -> tuple[dict[str, float], dict[str, list[Any]]]:
    write_clips(folder, clips)
    measured = measure_clips(folder)
    return dict(measured.totals), {name: list(rows) for name, rows in measured.evidence.items()}


def test_a_late_actor_is_told_of_the_whole_and_by_whom(tmp_path: Path) -> None:
    clips = [captured(number, actor=number % 2 if number < 9 else 1 - number % 2) for number in range(12)]
    found, evidence = totals(tmp_path, clips)
    assert found["late_actor_share"] == pytest.approx(3 / 12)
    assert [row for row, _ in evidence["late_actor_share"]] != []
    assert {row for row, _ in evidence["late_actor_share"]} == {"c009", "c010", "c011"}


def test_few_clips_tell_nothing_of_the_whole(tmp_path: Path) -> None:
    assert totals(tmp_path, [captured(number, actor=1 - number % 2) for number in range(9)])[0]["late_actor_share"] == 0


def test_a_floor_of_everybodys_own_is_seen_in_capture_alone(tmp_path: Path) -> None:
    """The clean people stand at one height to a micrometre: code may, a floor may not."""
    assert totals(tmp_path / "made", [clean.clip(number) for number in range(12)])[0]["own_floor_share"] == 0
    found, evidence = totals(tmp_path / "captured", [captured(number) for number in range(12)])
    assert found["own_floor_share"] == 1
    assert len(evidence["own_floor_share"]) == 12


@pytest.mark.parametrize(("times", "worn"), [(2, 0), (3, 3)])
def test_words_are_worn_where_a_pool_of_32_has_them_twice(tmp_path: Path, times: int, worn: int) -> None:
    """But for case, commas and articles; two of a few recordings may be chance."""
    spelt = ["Two people are dancing together.", "two people are dancing together", "the two people, are dancing together"]
    clips = [clean.clip(number, split="train") for number in range(8)]
    for number in range(times):
        said = Caption(text=spelt[number], start_s=0.0, end_s=2.0, source="human")
        clips[number] = dataclasses.replace(clips[number], captions=(*clips[number].captions, said))
    write_clips(tmp_path, clips)
    found = clip_table(tmp_path)["worn_caption"]
    assert (found != "").sum() == worn
    assert set(found) - {""} <= {"'two people are dancing together' is said of 3 of 8 recordings of train"}
