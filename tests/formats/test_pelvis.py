import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from smplx_files import joints_of, neutral_rest, person

from laban.formats import pelvis
from laban.motion.rotations import from_6d, to_6d
from laban.motion.sixd import Layout, convert


def moving(seed: int, frames: int = 40, lively: float = 0.4):
    """Joints as float32 stores them, local rotations of all but the pelvis, the pelvis' own, and the rest joints."""
    who = person(seed, frames, lively=lively)
    draw = np.random.default_rng(seed)
    rest = neutral_rest() * draw.uniform(0.9, 1.1) + draw.normal(0, 0.01, (22, 3))
    local = Rotation.from_rotvec(who.pose_body.reshape(-1, 3)).as_matrix().reshape(frames, 21, 3, 3)
    joints = joints_of(who, rest).astype(np.float32)
    return joints, to_6d(local).astype(np.float32), Rotation.from_rotvec(who.root_orient), rest


@given(seed=st.integers(0, 10**6), frames=st.integers(5, 60), lively=st.floats(0.05, 0.8))
@settings(max_examples=25, deadline=None)
def test_who_moves_shows_how_the_pelvis_is_turned(seed: int, frames: int, lively: float) -> None:
    joints, local, pelvis_turn, rest = moving(seed, frames, lively)
    turns, offsets, missed = pelvis.solve(joints, local)
    assert missed < 1e-5
    error = (pelvis_turn.inv() * Rotation.from_matrix(from_6d(turns[:, 0]))).magnitude()
    assert error.max() < 1e-3
    np.testing.assert_allclose(
        offsets[1:], rest[1:] - rest[[0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]], atol=1e-3
    )
    np.testing.assert_array_equal(turns[:, 1:], local)


@pytest.mark.parametrize("seed", range(6))
def test_who_keeps_still_is_taken_to_stand_as_the_neutral_skeleton_does(seed: int) -> None:
    """Nothing but rounding shows the turn then, and it would show any."""
    joints, local, pelvis_turn, _ = moving(seed, 30, 0.0)
    noise = np.random.default_rng(seed).normal(0, 1e-7, local.shape).astype(np.float32)
    plain, noisy = (pelvis.solve(joints, local + part) for part in (0, noise))
    assert max(plain[2], noisy[2]) < 1e-5
    turns = [Rotation.from_matrix(from_6d(one[0][:, 0])) for one in (plain, noisy)]
    assert (turns[0].inv() * turns[1]).magnitude().max() < 0.01
    assert (pelvis_turn.inv() * turns[0]).magnitude().max() < np.radians(40)


@pytest.mark.parametrize("taken_for", [Layout.COLUMNS, Layout.ROWS])
def test_a_layout_that_is_misread_misses_the_joints(taken_for: Layout) -> None:
    joints, local, _, _ = moving(2)
    stored = convert(local, Layout.COLUMNS, Layout.INTERLEAVED)
    assert pelvis.solve(joints, convert(stored, Layout.INTERLEAVED, Layout.COLUMNS))[2] < 1e-5
    assert pelvis.solve(joints, convert(stored, taken_for, Layout.COLUMNS))[2] > 0.02
