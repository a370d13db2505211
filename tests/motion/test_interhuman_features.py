import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from laban.motion import interhuman
from laban.motion.interhuman import INTERHUMAN, Floor
from laban.motion.mirror import mirror_points, mirror_rotations
from laban.motion.sixd import Layout, convert
from tests.motion.random_motion import record, seeds, turned

pytestmark = pytest.mark.fast


def alone(positions: np.ndarray, sixd: np.ndarray) -> tuple[np.ndarray, Rotation, np.ndarray]:
    """One person (T, 22, 3) as the format describes it: floor, origin, hips to +Z; features, the turn and the place."""
    positions = positions - [0, positions[..., 1].min(), 0]
    place = positions[0, 0] * [1, 0, 1]
    across = positions[0, 2] - positions[0, 1]
    forward = np.cross([0, 1, 0], across)
    turn = Rotation.from_euler("y", -np.arctan2(forward[0], forward[2]))
    positions = turn.apply((positions - place).reshape(-1, 3)).reshape(positions.shape)
    step = np.diff(positions, axis=0)
    rows = []
    for now, move, six in zip(positions[:-1], step, sixd[:-1], strict=True):
        rotations = [[m[0], m[3], m[1], m[4], m[2], m[5]] for m in six[1:]]
        contact = [
            float((move[foot] ** 2).sum() < 0.001 and now[foot, 1] < low) for foot, low in ((7, 0.12), (10, 0.05), (8, 0.12), (11, 0.05))
        ]
        rows.append(np.concatenate([now.ravel(), move.ravel(), np.ravel(rotations), contact]))
    return np.array(rows), turn, place


def by_definition(positions: np.ndarray, sixd: np.ndarray) -> np.ndarray:
    """A pair (T, 2, 22, 3): each alone, then the second turned and moved to where it stands to the first."""
    first, turn1, place1 = alone(positions[:, 0], sixd[:, 0])
    second, turn2, place2 = alone(positions[:, 1], sixd[:, 1])
    relative = turn1 * turn2.inv()
    offset = turn1.apply(place2 - place1)
    points = relative.apply(second[:, :132].reshape(-1, 3)).reshape(-1, 2, 22, 3)
    points[:, 0] += offset
    second[:, :132] = points.reshape(len(second), 132)
    return np.stack([first, second], axis=1)


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans())
def test_a_pair_is_what_the_format_describes(seed, rough):
    positions, rotations, _, _ = record(seed, rough=rough)
    np.testing.assert_allclose(interhuman.to_features(positions, rotations), by_definition(positions, rotations), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans(), st.integers(1, 4), st.sampled_from(Floor), st.integers(2, 9))
def test_a_record_comes_back_but_for_its_place_facing_and_floor(seed, rough, people, floor, frames):
    positions, rotations, _, _ = record(seed, frames=frames, people=people, rough=rough)
    features = interhuman.to_features(positions, rotations, floor=floor)
    assert features.shape == (frames - 1, people, 262)
    back = interhuman.to_positions(features)
    hips = positions[0, 0, 1] - positions[0, 0, 2]
    world = turned(back, float(np.arctan2(-hips[2], hips[0]))) + positions[0, 0, 0] * [1, 0, 1]
    lost = (positions - world)[..., 1]
    np.testing.assert_allclose(world[..., [0, 2]], positions[..., [0, 2]], atol=1e-9)
    expected = {
        Floor.PERSON: positions[..., 1].min(axis=(0, 2)),
        Floor.SCENE: np.full(people, positions[..., 1].min()),
        Floor.KEPT: np.zeros(people),
    }[floor]
    np.testing.assert_allclose(lost, np.broadcast_to(expected[:, None], lost.shape), atol=1e-9)
    np.testing.assert_array_equal(interhuman.to_rotations(features), rotations[:-1, :, 1:])


@settings(max_examples=30, deadline=None)
@given(seeds, st.booleans(), st.integers(1, 3))
def test_features_come_back_from_their_record(seed, rough, people):
    positions, rotations, _, _ = record(seed, people=people, rough=rough)
    features = interhuman.to_features(positions, rotations)
    limbs = interhuman.to_rotations(features)
    again = interhuman.to_features(interhuman.to_positions(features), np.concatenate([limbs, limbs[-1:]]))
    np.testing.assert_allclose(again, features, atol=1e-9)


def test_float32_holds_a_tenth_of_a_millimetre_over_300_frames():
    positions, rotations, _, _ = record(3, frames=300)
    exact = interhuman.in_pair_frame(positions)
    single = interhuman.to_features(positions.astype(np.float32), rotations.astype(np.float32))
    assert single.dtype == np.float32
    assert np.abs(interhuman.to_positions(single) - exact).max() < 1e-5


def test_columns_lie_where_the_format_says():
    positions, rotations, _, _ = record(1)
    features = interhuman.to_features(positions, rotations)
    framed = interhuman.in_pair_frame(positions)
    assert list(INTERHUMAN.groups.values()) == [slice(0, 66), slice(66, 132), slice(132, 258), slice(258, 262)]
    np.testing.assert_array_equal(features[2, 1, 3 * 5 : 3 * 5 + 3], framed[2, 1, 5])
    np.testing.assert_array_equal(features[2, 1, 66 + 3 * 5 : 66 + 3 * 5 + 3], framed[3, 1, 5] - framed[2, 1, 5])
    np.testing.assert_array_equal(features[2, 1, 132 + 6 * 4 : 132 + 6 * 5], rotations[2, 1, 5][[0, 3, 1, 4, 2, 5]])


@pytest.mark.parametrize(("foot", "column", "height"), [(7, 258, 0.12), (10, 259, 0.05), (8, 260, 0.12), (11, 261, 0.05)])
def test_a_foot_touches_where_it_is_slow_and_low(foot, column, height):
    positions, rotations, _, _ = record(1, frames=5, people=1)
    positions[:] = positions[:1] + [0, 9, 0]
    positions[:, 0, 0, 1] = 0  # the floor
    positions[:, 0, foot, 1] = [height - 0.01, height - 0.01, height - 0.01 + 0.0317, height - 0.01, height + 0.01]
    contacts = interhuman.to_features(positions, rotations)[:, 0, 258:]
    expected = np.zeros((4, 4))
    expected[[0, 3], column - 258] = 1  # in frame 1 it leaves too fast, in frame 2 it is too high
    np.testing.assert_array_equal(contacts, expected)


@pytest.mark.parametrize("yaw", [np.pi, -np.pi, np.pi - 1e-9, np.pi / 2, 0])
def test_whoever_is_first_faces_forward_even_from_behind(yaw):
    positions, rotations, _, _ = record(5)
    facing = turned(interhuman.in_pair_frame(positions, Floor.KEPT), yaw)
    np.testing.assert_allclose(interhuman.in_pair_frame(facing), interhuman.in_pair_frame(positions), atol=1e-9)


def test_a_statue_stands_still():
    positions, rotations, _, _ = record(5)
    features = interhuman.to_features(np.repeat(positions[:1], 4, 0), np.repeat(rotations[:1], 4, 0))
    assert not features[..., 66:132].any()
    np.testing.assert_array_equal(features, np.repeat(features[:1], 3, 0))


def test_a_batch_is_each_of_its_clips():
    clips = [record(seed) for seed in (1, 2, 3)]
    positions, rotations = np.stack([clip[0] for clip in clips]), np.stack([clip[1] for clip in clips])
    batch = interhuman.to_features(positions[None], rotations[None])
    for number in range(3):
        np.testing.assert_array_equal(batch[0, number], interhuman.to_features(positions[number], rotations[number]))


@pytest.mark.parametrize("layout", [Layout.INTERLEAVED, Layout.ROWS])
def test_the_layout_of_given_rotations_is_said_and_changed(layout):
    positions, rotations, _, _ = record(1)
    expected = interhuman.to_features(positions, rotations)
    given = convert(rotations, Layout.COLUMNS, layout)
    found = interhuman.to_features(positions, given, layout=layout)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(interhuman.to_rotations(found, layout), given[:-1, :, 1:], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(seeds, st.booleans())
def test_mirrored_features_are_the_features_of_the_mirrored_motion(seed, rough):
    positions, rotations, _, _ = record(seed, rough=rough)
    features = interhuman.to_features(positions, rotations)
    mirrored = INTERHUMAN.mirror(features)
    np.testing.assert_allclose(mirrored, interhuman.to_features(mirror_points(positions), mirror_rotations(rotations)), atol=1e-9)
    np.testing.assert_array_equal(INTERHUMAN.mirror(mirrored), features)


def test_what_cannot_be_is_refused():
    positions, rotations, _, _ = record(1)
    with pytest.raises(ValueError, match="two frames"):
        interhuman.to_features(positions[:1], rotations[:1])
    with pytest.raises(ValueError, match="no rotations"):
        interhuman.to_features(positions, None)
    with pytest.raises(ValueError, match=r"rotations \(11, 2, 22, 6\)"):
        interhuman.to_features(positions, rotations[1:])
    with pytest.raises(ValueError, match=r"expected \(…, T, P, 22, 3\)"):
        interhuman.to_features(positions[..., :21, :], rotations)
    positions[0, 0, 1, [0, 2]] = positions[0, 0, 2, [0, 2]]
    with pytest.raises(ValueError, match="which way the body faces"):
        interhuman.to_features(positions, rotations)
    with pytest.raises(ValueError, match="262"):
        interhuman.to_positions(np.zeros((3, 2, 263)))
