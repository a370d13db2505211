import ast
from pathlib import Path

import numpy as np
import pytest

import laban.motion.attributes as attributes
from laban.motion.attributes import UNKNOWN, hands_meet, hands_used, kind_by_rules, measure, onsets
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


def test_rules_on_poses_made_by_hand():
    assert kind_by_rules(standing(), FPS) == UNKNOWN
    assert kind_by_rules(meet(standing(), 1.0), FPS) == "handshake"
    assert kind_by_rules(meet(standing(), 1.6), FPS) == "high_five"
    pushed = standing()
    pushed[25:35, 0, INDEX["right_wrist"]] = pushed[25:35, 1, INDEX["spine3"]] - [0, 0, 0.15]
    assert kind_by_rules(pushed, FPS) == "push"


def test_two_bent_trunks_are_a_bow_and_one_is_not():
    frames = 60
    lean = 0.6 * np.sin(np.linspace(0, np.pi, frames))
    for people, expected in (((0, 1), "bow"), ((0,), UNKNOWN)):
        rotations = np.broadcast_to(np.eye(3), (frames, 2, 22, 3, 3)).copy()
        rotations[:, 1, 0] = yaw(np.pi)
        for person in people:
            rotations[:, person, INDEX["spine1"]] = pitch(lean)
        root = np.zeros((frames, 2, 3))
        root[:, 1, 2] = 2.5
        assert kind_by_rules(fk(to_6d(rotations), np.stack([REST_OFFSETS] * 2), root), FPS) == expected


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
    assert (here.kind, here.hands, here.starter) == (there.kind, there.hands, there.starter)
    for name in ("hand_gap_m", "chest_gap_m", "meeting_height_m", "apart_start_m", "peak_speed_m_s"):
        assert getattr(here, name) == pytest.approx(getattr(there, name), abs=1e-9)


def test_one_person_is_refused():
    with pytest.raises(ValueError, match=r"\(9, 1, 22, 3\)"):
        measure(np.zeros((9, 1, 22, 3)), FPS)
