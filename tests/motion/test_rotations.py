import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from laban.motion.rotations import (
    compose,
    frame,
    from_6d,
    from_axis_angle,
    pitch,
    roll,
    rotate,
    shortest_arc,
    to_6d,
    to_axis_angle,
    vector,
    yaw,
)

SEEDS = st.integers(0, 2**32 - 1)


def random_rotations(seed: int, count: int = 50) -> np.ndarray:
    return Rotation.random(count, rng=np.random.default_rng(seed)).as_matrix()


def test_6d_layout_is_the_first_column_and_then_the_second():
    matrix = random_rotations(0, 1)[0]
    expected = [matrix[0, 0], matrix[1, 0], matrix[2, 0], matrix[0, 1], matrix[1, 1], matrix[2, 1]]
    np.testing.assert_array_equal(to_6d(matrix), expected)
    assert not np.allclose(to_6d(matrix), matrix[:2].reshape(6))  # pytorch3d's rows
    assert not np.allclose(to_6d(matrix), matrix[:, :2].reshape(6))  # InterGen's interleaving


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_6d_round_trip_and_gram_schmidt_of_scaled_columns(seed):
    matrix = random_rotations(seed)
    np.testing.assert_allclose(from_6d(to_6d(matrix)), matrix, atol=1e-12)
    skewed = to_6d(matrix) * 2.5
    skewed[:, 3:] += 0.3 * skewed[:, :3]
    np.testing.assert_allclose(from_6d(skewed), matrix, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_axis_angle_agrees_with_scipy(seed):
    vectors = np.random.default_rng(seed).normal(size=(40, 3))
    np.testing.assert_allclose(from_axis_angle(vectors), Rotation.from_rotvec(vectors).as_matrix(), atol=1e-12)
    matrix = random_rotations(seed)
    np.testing.assert_allclose(to_axis_angle(matrix), Rotation.from_matrix(matrix).as_rotvec(), atol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-7, 1e-3, np.pi - 1e-7, np.pi])
@pytest.mark.parametrize("axis", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [-3, 2, 0.1]])
def test_axis_angle_at_the_edges(angle, axis):
    vector = angle * np.array(axis, float) / np.linalg.norm(axis)
    np.testing.assert_allclose(from_axis_angle(to_axis_angle(from_axis_angle(vector))), from_axis_angle(vector), atol=1e-9)


def test_signs_of_the_elementary_rotations():
    up, ahead, left = np.eye(3)[[1, 2, 0]]
    assert rotate(pitch(0.4), up)[2] > 0, "pitching bends forward"
    assert rotate(yaw(0.4), ahead)[0] > 0, "yaw turns to the left"
    assert rotate(roll(0.4), left)[1] > 0
    np.testing.assert_allclose(yaw(np.array([0.3, 1.0])), Rotation.from_rotvec([[0, 0.3, 0], [0, 1.0, 0]]).as_matrix(), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_shortest_arc_arrives_and_turns_by_no_more_than_the_angle_between(seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 30, 3))
    a, b = (v / np.linalg.norm(v, axis=-1, keepdims=True) for v in (a, b))
    turn = shortest_arc(a, b)
    np.testing.assert_allclose(rotate(turn, a), b, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(to_axis_angle(turn), axis=-1), np.arccos((a * b).sum(-1)), atol=1e-6)


@pytest.mark.parametrize("direction", np.vstack([np.eye(3), -np.eye(3)]))
def test_shortest_arc_of_equal_and_of_opposite_directions(direction):
    np.testing.assert_allclose(shortest_arc(direction, direction), np.eye(3), atol=1e-12)
    half = shortest_arc(direction, -direction)
    np.testing.assert_allclose(rotate(half, direction), -direction, atol=1e-12)
    assert np.linalg.det(half) == pytest.approx(1)


def test_frame_is_a_rotation_that_keeps_the_direction():
    direction, hinge = np.random.default_rng(3).normal(size=(2, 20, 3))
    basis = frame(direction, hinge)
    np.testing.assert_allclose(np.linalg.det(basis), 1)
    np.testing.assert_allclose(np.cross(basis[..., 0], direction), 0, atol=1e-12)
    assert ((basis[..., 1] * hinge).sum(-1) > 0).all()


def test_compose_is_the_matrix_product_whatever_the_memory_looks_like():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, 5, 4, 3, 3))
    by_component = np.moveaxis(np.ascontiguousarray(np.moveaxis(first, (-2, -1), (0, 1))), (0, 1), (-2, -1))
    for one in (first, by_component):
        np.testing.assert_allclose(compose(one, second), first @ second, atol=1e-12)
        np.testing.assert_allclose(compose(one, second[..., :2]), (first @ second)[..., :2], atol=1e-12)


def test_vector_broadcasts_keeps_the_type_and_puts_components_outermost():
    across = np.ones((3, 4), np.float32)
    found = vector(across, 0.0, 2 * across[:1])
    np.testing.assert_array_equal(found, np.broadcast_to([1, 0, 2], (3, 4, 3)))
    assert found.dtype == np.float32
    assert found.strides[-1] == max(found.strides)
    assert vector(across.T, across.T).strides[:2] == across.T.strides
