"""Reasons name the frame and the person where a fault was planted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import clean_data as clean
import numpy as np
import pytest

from laban.data.expectations import judge
from laban.data.places import BADNESS
from laban.data.rules import CLIP_RULES, PROCEDURAL_RULES
from laban.motion.skeleton import INDEX

pytestmark = pytest.mark.heavy

Plant = Callable[[np.ndarray], None]


def at(joint: str, frame: int | slice, person: int, shift: tuple[float, float, float]) -> Plant:
    def plant(p: np.ndarray) -> None:
        p[frame, person, INDEX[joint]] += shift

    return plant


def still(p: np.ndarray) -> None:
    p[20:45, 0] = p[20, 0]


PLANTED: dict[str, tuple[str, Plant, int | None, int]] = {
    "a NaN": ("nonfinite", at("head", 17, 1, (np.nan, 0, 0)), 17, 1),
    "a hand that jumps": ("speed_m_s", at("left_wrist", slice(25, None), 1, (0, 1.5, 0)), 25, 1),
    "a stretched bone": ("bone_drift_m", at("right_wrist", 33, 0, (0.3, 0, 0)), 33, 0),
    "a toe in the floor": ("floor_m", at("left_foot", 41, 1, (0, -0.4, 0)), 41, 1),
    "a pelvis that leaps": ("pelvis_accel_m_s2", at("pelvis", 12, 0, (0.4, 0, 0)), 12, 0),
    "a frozen person": ("stiff_s", still, 44, 0),
    "a longer arm": ("lopsided_m", at("left_wrist", slice(None), 1, (0.2, -0.2, 0)), None, 1),
}


@pytest.mark.parametrize("name", list(PLANTED))
def test_the_place_is_named(tmp_path: Path, name: str) -> None:
    column, plant, frame, person = PLANTED[name]
    made = clean.clips(6)
    positions = made[3].positions.copy()
    plant(positions)
    made[3] = dataclasses.replace(made[3], positions=positions, root=None, offsets=None, rotations=None)
    clean.write_clean_clips(tmp_path, made)
    finding = next(one for one in judge("clips", tmp_path, {}).findings if one.column == column and not one.passed)
    worst = finding.worst[0]
    assert (worst.id, worst.frame, worst.person) == ("c003", frame, person)
    assert f"person {person}" in finding.reason


def test_every_place_belongs_to_a_rule() -> None:
    assert set(BADNESS) <= {rule.column for rule in (*CLIP_RULES, *PROCEDURAL_RULES)}


def test_a_share_names_the_clips_by_which_it_came_about(tmp_path: Path) -> None:
    made = clean.clips(12)
    for number in (1, 2):
        made[number] = dataclasses.replace(made[number], positions=made[0].positions, root=None, offsets=None, rotations=None)
    clean.write_clean_clips(tmp_path, made)
    finding = next(one for one in judge("clips", tmp_path, {}).findings if one.column == "near_duplicate_share")
    assert finding.count == 2
    assert [one.id for one in finding.worst] == ["c001", "c002"]
    assert "2 rows: c001, c002" in finding.reason
