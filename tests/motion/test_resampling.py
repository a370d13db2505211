import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from laban.motion.resampling import resample, resample_rotations, stride
from laban.motion.rotations import from_6d, to_6d
from laban.motion.sixd import Layout, convert
from tests.motion.random_motion import seeds

pytestmark = pytest.mark.fast


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 50), st.integers(1, 8))
def test_whole_ratios_pick_frames_to_the_bit(seed, frames, every):
    values = np.random.default_rng(seed).normal(size=(frames, 2, 3)).astype(np.float32)
    found = resample(values, 30.0 * every, 30.0)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values[::every])
    sixd = np.random.default_rng(seed).normal(size=(frames, 2, 6))
    np.testing.assert_array_equal(resample_rotations(sixd, 30.0 * every, 30.0), sixd[::every])


@pytest.mark.parametrize(
    ("source", "target", "every"), [(120, 30, 4), (119.9, 30, 4), (119.88, 30, 0), (30, 30, 1), (30, 20, 0), (20, 30, 0), (100, 12.5, 8)]
)
def test_cameras_miss_a_whole_ratio_by_little(source, target, every):
    assert stride(source, target) == every


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 60), st.floats(5, 240), st.floats(5, 240))
def test_points_go_straight_and_time_is_kept(seed, frames, source, target):
    values = np.random.default_rng(seed).normal(size=(frames, 4))
    found = resample(values, source, target)
    if every := stride(source, target):
        assert len(found) == -(-frames // every)
        return
    seconds = np.arange(len(found)) / target
    assert seconds[-1] <= (frames - 1) / source + 1e-6 < seconds[-1] + 1 / target + 1e-5
    expected = np.stack([np.interp(seconds, np.arange(frames) / source, column) for column in values.T], axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(2, 30), st.sampled_from([(30, 20), (20, 30), (100, 30), (12.5, 30)]), st.sampled_from(Layout))
def test_rotations_turn_the_shortest_way_at_one_speed(seed, frames, rates, layout):
    source, target = rates
    steps = Rotation.from_rotvec(np.random.default_rng(seed).normal(0, 0.8, (frames, 3)))
    course = [steps[0]]
    for step in steps[1:]:
        course.append(course[-1] * step)
    rotations = Rotation.concatenate(course)
    stored = convert(to_6d(rotations.as_matrix())[:, None], Layout.COLUMNS, layout)
    found = convert(resample_rotations(stored, source, target, layout), layout, Layout.COLUMNS)
    seconds = np.minimum(np.arange(len(found)) / target, (frames - 1) / source)
    expected = Slerp(np.arange(frames) / source, rotations)(seconds).as_matrix()
    np.testing.assert_allclose(from_6d(found[:, 0]), expected, atol=1e-6)


def test_half_way_between_nearly_opposite_quaternions_is_near_both():
    """1° before and 1° after half a turn: averaged numbers would be no rotation, averaged quaternions a whole turn away."""
    around = Rotation.from_euler("y", [[179], [181]], degrees=True)
    found = resample_rotations(to_6d(around.as_matrix()), 30, 60)
    assert len(found) == 3
    np.testing.assert_allclose(from_6d(found[1]), Rotation.from_euler("y", 180, degrees=True).as_matrix(), atol=1e-9)


def test_one_frame_stays_one():
    assert len(resample(np.ones((1, 3)), 30, 20)) == len(resample_rotations(np.eye(3)[None, :2].reshape(1, 6), 30, 20)) == 1


@pytest.mark.parametrize(("source", "target"), [(0, 30), (30, 0), (-30, 30), (np.nan, 30), (30, np.inf)])
def test_a_rate_that_is_none_is_refused(source, target):
    with pytest.raises(ValueError, match="frames a second"):
        resample(np.ones((4, 3)), source, target)
