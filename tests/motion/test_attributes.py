import ast
from pathlib import Path

import numpy as np
import pytest

import laban.motion.attributes as attributes
from laban.motion.attributes import geometry, hands_meet, hands_used, measure, onsets
from laban.motion.kinematics import fk
from laban.motion.rotations import pitch, to_6d, yaw
from laban.motion.skeleton import INDEX, REST_OFFSETS

FPS = 30.0


def standing(frames: int = 60, apart: float = 1.2) -> np.ndarray:
    """Two people who face each other with hanging arms, motionless; (T, 2, 22, 3)."""
    rotations = np.broadcast_to(np.eye(3), (frames, 2, 22, 3, 3)).copy()
    rotations[:, 1, 0] = yaw(np.pi)
    root = np.zeros((frames, 2, 3))
    root[..., 1] = 0.92
    root[:, 1, 2] = apart
    positions = fk(to_6d(rotations), np.stack([REST_OFFSETS] * 2), root)
    for side, sign in (("left", 1), ("right", -1)):
        for person, facing in ((0, 1), (1, -1)):
            shoulder = positions[:, person, INDEX[f"{side}_shoulder"]]
            positions[:, person, INDEX[f"{side}_elbow"]] = shoulder + [facing * sign * 0.02, -0.26, 0]
            positions[:, person, INDEX[f"{side}_wrist"]] = shoulder + [facing * sign * 0.03, -0.5, 0]
    return positions


def meet(positions: np.ndarray, height: float, side: str = "right", frame: int = 30) -> np.ndarray:
    """Bring the same hands of both together, at `height` metres, around a frame."""
    course = np.exp(-(((np.arange(len(positions)) - frame) / 6) ** 2))[:, None]
    middle = positions[0, :, 0].mean(0) * [1, 0, 1] + [0, height, 0]
    for person in (0, 1):
        wrist = positions[:, person, INDEX[f"{side}_wrist"]]
        positions[:, person, INDEX[f"{side}_wrist"]] = wrist + course * (middle - wrist)
    return positions


def test_shares_no_code_with_the_generator():
    imported = {
        node.module
        for node in ast.walk(ast.parse(Path(attributes.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert {name for name in imported if name.startswith("laban")} == {"laban.motion.skeleton"}


def test_hands_that_meet_are_measured_where_they_meet():
    for height in (1.0, 1.6):
        measured = measure(meet(standing(), height), FPS)
        assert measured.hand_gap_m == pytest.approx(0, abs=1e-6)
        assert measured.meeting_height_m == pytest.approx(height - standing()[0][:, [16, 17], 1].mean())
    assert measure(standing(), FPS).hand_gap_m > 0.8


def test_how_far_each_trunk_bends():
    lean = 0.6 * np.sin(np.linspace(0, np.pi, 60))
    rotations = np.broadcast_to(np.eye(3), (60, 2, 22, 3, 3)).copy()
    rotations[:, 1, INDEX["pelvis"]] = pitch(lean)
    bend = measure(fk(to_6d(rotations), np.stack([REST_OFFSETS] * 2), np.zeros((60, 2, 3))), FPS).bend_rad
    assert bend == pytest.approx((0, 0.6), abs=0.15)  # the spine of a standing body is not quite upright


@pytest.mark.parametrize("side", ["left", "right"])
def test_hand_that_moves_is_the_hand_used_wherever_they_face(side):
    positions = meet(standing(), 1.1, side)
    turned = positions @ yaw(1.0).T
    assert hands_used(positions) == hands_used(turned) == (side, side)
    assert hands_meet(positions)[0] == pytest.approx(0, abs=1e-6)


def test_onset_is_when_somebody_moves_and_infinite_for_who_never_does():
    positions = standing()
    positions[30:, 1] += np.linspace(0, 0.6, 30)[:, None, None] * [0, 0, -1]
    first, second = onsets(positions, FPS)
    assert first == np.inf
    assert second == pytest.approx(1.0, abs=0.1)
    measured = measure(positions, FPS)
    assert measured.starter == 1
    assert measured.apart_start_m == pytest.approx(1.2)
    assert measured.apart_least_m == pytest.approx(0.6)
    assert measure(standing(), FPS).starter is None


def test_measures_do_not_depend_on_where_the_pair_stands_or_faces():
    positions = meet(standing(), 1.0)
    here, there = measure(positions, FPS), measure(positions @ yaw(2.0).T + [5.0, 0, -3.0], FPS)
    assert (here.hands, here.starter) == (there.hands, there.starter)
    for name in ("hand_gap_m", "chest_gap_m", "meeting_height_m", "apart_start_m", "peak_speed_m_s"):
        assert getattr(here, name) == pytest.approx(getattr(there, name), abs=1e-9)


def test_one_person_is_refused():
    with pytest.raises(ValueError, match=r"\(9, 1, 22, 3\)"):
        measure(np.zeros((9, 1, 22, 3)), FPS)


# Hundreds of numbers of many clips


def column(positions: np.ndarray, name: str, fps: float = FPS) -> float:
    names, values = geometry(positions[None], fps)
    return float(values[0, names.index(name)])


def waving(times: int, side: str = "right", person: int = 0, size: float = 0.25, frames: int = 120) -> np.ndarray:
    """One person lifts a hand and swings it sideways so many times, there and back."""
    positions = standing(frames, apart=2.0)
    facing = 1 - 2 * person
    wrist = positions[:, person, INDEX[f"{side}_wrist"]]
    t = np.clip((np.arange(frames) - 20) / 70, 0, 1)
    up = np.clip(np.minimum(np.arange(frames) - 15, 100 - np.arange(frames)) / 8, 0, 1)
    wrist[:, 1] += 0.8 * up
    wrist[:, 0] += facing * size * np.sin(2 * np.pi * times * t) * up
    return positions


@pytest.mark.parametrize("people", [1, 2, 3])
def test_geometry_is_finite_named_and_depends_on_the_number_of_people_alone(people):
    motion = np.concatenate([waving(2), waving(1) + [3.0, 0, 0]], axis=1)[:, :people]
    names, values = geometry(np.stack([motion, motion[::-1]]), FPS)
    assert len(set(names)) == len(names) == values.shape[1]
    assert values.shape[0] == 2
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert geometry(motion[None, 30:80], FPS)[0] == names


def test_geometry_does_not_depend_on_where_people_are_or_on_the_batch():
    motion = waving(2)
    moved = motion @ yaw(2.0).T + [5.0, 0, -3.0]
    together = geometry(np.stack([motion, moved, waving(1)]), FPS)[1]
    np.testing.assert_allclose(together[0], together[1], atol=2e-3)
    np.testing.assert_array_equal(geometry(motion[None], FPS)[1][0], together[0])


def test_geometry_changes_only_in_its_leads_where_people_change_places():
    motion = waving(3)
    names, (one, other) = geometry(np.stack([motion, motion[:, ::-1]]), FPS)
    changed = {name for name, before, after in zip(names, one, other, strict=True) if abs(before - after) > 1e-4}
    assert changed
    assert all(name.startswith(("lead of 0", "person 1 begins")) for name in changed)
    assert column(motion, "lead of 0 over 1 to 0.25 m/s") == pytest.approx(4 - 16 / 30, abs=0.1)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_sweeps_are_counted_as_turns(times):
    turns = column(waving(times), "first: hand outward, turns over 25% of the range")
    assert turns == pytest.approx(2 * times, abs=1)
    assert column(waving(times, size=0.5), "first: hand outward, turns over 25% of the range") == turns


def test_left_less_right_says_which_hand_whoever_begins():
    for person in (0, 1):
        assert column(waving(2, "left", person), "first: left less right hand out") > 0.5
        assert column(waving(2, "right", person), "first: left less right hand out") < -0.5


def test_twice_the_frames_a_second_are_the_same_movement():
    slow = waving(2, frames=120)
    fine = np.stack([np.interp(np.arange(239) / 2, np.arange(120), column) for column in slow.reshape(120, -1).T], 1).reshape(239, 2, 22, 3)
    for name in (
        "first: hand up, range",
        "first: hand up, time half way",
        "first: hand up, greatest rate",
        "first and other: apart, start",
    ):
        assert column(fine, name, 60.0) == pytest.approx(column(slow, name, 30.0), rel=0.1)


def test_way_and_turn_of_who_walks_a_quarter_of_a_circle():
    frames = 90
    angle = np.linspace(0, np.pi / 2, frames)
    body = standing(frames)[:, :1] - standing(1)[0, 0, 0] * [1, 0, 1]
    motion = (
        np.einsum("tij,tpkj->tpki", yaw(angle), body)
        + 2.0 * np.stack([np.sin(angle - np.pi / 2) + 1, 0 * angle, np.cos(angle - np.pi / 2)], -1)[:, None, None]
    )
    assert column(motion, "first: way, end") == pytest.approx(np.pi, rel=0.03)
    assert column(motion, "first: heading, end") == pytest.approx(np.pi / 2, abs=0.05)


def test_geometry_refuses_what_it_cannot_measure():
    with pytest.raises(ValueError, match=r"\(9, 2, 22, 3\)"):
        geometry(np.zeros((9, 2, 22, 3)), FPS)
    with pytest.raises(ValueError, match="one to 3 people"):
        geometry(np.zeros((1, 9, 4, 22, 3)), FPS)
    with pytest.raises(ValueError, match="four frames"):
        geometry(np.zeros((1, 3, 2, 22, 3)), FPS)
