import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laban.motion import world
from laban.motion.features import floor_height, heading
from laban.motion.kinematics import chain_positions, fk
from laban.motion.mirror import mirror_points, mirror_rotations
from laban.motion.rotations import from_6d
from laban.motion.world import WORLD
from tests.motion.random_motion import record, seeds, turned

pytestmark = pytest.mark.fast


@settings(max_examples=25, deadline=None)
@given(seeds, st.booleans(), st.integers(1, 3), st.integers(1, 9))
def test_a_record_comes_back_whole(seed, rough, people, frames):
    positions, rotations, offsets, root = record(seed, frames=frames, people=people, rough=rough)
    features = world.to_features(positions, rotations)
    assert features.shape == (frames, people, 264)
    np.testing.assert_array_equal(world.to_positions(features), positions)
    np.testing.assert_allclose(world.to_rotations(features), rotations, atol=1e-9)
    np.testing.assert_allclose(fk(world.to_rotations(features), offsets, root), positions, atol=1e-9)
    again = world.to_features(world.to_positions(features), world.to_rotations(features))
    np.testing.assert_allclose(again, features, atol=1e-9)


def test_rotations_are_those_in_the_world():
    positions, rotations, offsets, root = record(1)
    stored = world.to_features(positions, rotations)[..., 132:].reshape(12, 2, 22, 6)
    np.testing.assert_allclose(chain_positions(from_6d(stored), offsets[None], root), positions, atol=1e-9)


def test_velocities_look_backwards():
    positions, rotations, _, _ = record(1)
    features = world.to_features(positions, rotations)
    assert not features[0, :, 66:132].any()
    np.testing.assert_array_equal(features[3, 1, 66:69], positions[3, 1, 0] - positions[2, 1, 0])
    np.testing.assert_array_equal(world.to_features(positions[:5], rotations[:5]), features[:5])


def test_float32_keeps_a_tenth_of_a_millimetre_over_300_frames():
    positions, rotations, offsets, root = record(2, frames=300)
    features = world.to_features(positions.astype(np.float32), rotations.astype(np.float32))
    assert features.dtype == np.float32
    assert world.to_rotations(features).dtype == np.float32
    assert np.abs(fk(world.to_rotations(features), offsets, root) - positions).max() < 1e-4


@settings(max_examples=15, deadline=None)
@given(seeds, st.booleans())
def test_mirrored_features_are_the_features_of_the_mirrored_motion(seed, rough):
    positions, rotations, _, _ = record(seed, rough=rough)
    features = world.to_features(positions, rotations)
    mirrored = WORLD.mirror(features)
    np.testing.assert_allclose(mirrored, world.to_features(mirror_points(positions), mirror_rotations(rotations)), atol=1e-9)
    np.testing.assert_array_equal(WORLD.mirror(mirrored), features)


def test_what_cannot_be_is_refused():
    positions, rotations, _, _ = record(1)
    with pytest.raises(ValueError, match="rotations None"):
        world.to_features(positions, None)
    with pytest.raises(ValueError, match="positions"):
        world.to_features(positions[0], rotations[0])
    with pytest.raises(ValueError, match="264"):
        world.to_positions(np.zeros((3, 2, 262)))


def test_a_scene_has_one_floor_under_its_lowest_foot():
    positions = np.stack([record(seed)[0] for seed in (1, 2)])
    feet = positions[..., [7, 8, 10, 11], 1].min(axis=(2, 3))
    np.testing.assert_array_equal(floor_height(positions), feet.min(axis=1))
    np.testing.assert_array_equal(floor_height(positions, 5), np.percentile(feet, 5, axis=1))


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(-np.pi, np.pi))
def test_heading_turns_with_the_body(seed, yaw):
    positions = record(seed)[0]
    change = heading(turned(positions, yaw)) - heading(positions) - yaw
    np.testing.assert_allclose(np.exp(1j * change), 1, atol=1e-9)
