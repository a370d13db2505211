"""Motion as the page carries it."""

from __future__ import annotations

import numpy as np
import pytest

from laban.report.motion import LONGEST_S, pack, unpack


@pytest.mark.parametrize("people", [1, 2, 3])
def test_packing_keeps_every_joint_to_half_a_millimetre(people: int) -> None:
    positions = np.random.default_rng(people).uniform(-9, 9, (50, people, 22, 3))
    packed = pack("a", positions, 30.0)
    assert np.abs(unpack(packed) - positions).max() <= 0.0005 + 1e-12
    assert (packed["frames"], packed["people"], packed["fps"]) == (50, people, 30.0)


def test_people_far_from_the_origin_are_kept_and_the_floor_stays_the_floor() -> None:
    positions = np.random.default_rng(0).uniform(0, 1, (9, 2, 22, 3)) + [1000.0, 0.0, -400.0]
    unpacked = unpack(pack("a", positions, 30.0))
    assert np.abs(unpacked - positions).max() <= 0.0005 + 1e-9


def test_a_long_clip_is_cut() -> None:
    assert pack("a", np.zeros((2000, 1, 22, 3)), 30.0)["frames"] == round(LONGEST_S * 30)


@pytest.mark.parametrize(
    ("positions", "said"),
    [
        (np.full((4, 1, 22, 3), np.nan), "264 of its numbers are not finite"),
        (np.zeros((4, 22, 3)), "expected"),
        (np.zeros((0, 2, 22, 3)), "expected"),
        (np.linspace(0, 4000, 4 * 66).reshape(4, 1, 22, 3), "is it in metres"),
    ],
)
def test_motion_that_cannot_be_shown_is_named(positions: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        pack("clip-7", positions, 30.0)
    assert "clip-7" in str(raised.value)
