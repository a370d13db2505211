import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from laban.motion.kinematics import bone_rotations, fk, global_rotations, local_rotations, two_bone_ik
from laban.motion.rotations import rotate, to_6d
from laban.motion.skeleton import PARENTS, REST_OFFSETS, bone_lengths


def slow_fk(matrices: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> np.ndarray:
    """The definition, one joint of one frame at a time."""
    world, joints = [matrices[0]], [root]
    for joint in range(1, len(PARENTS)):
        parent = PARENTS[joint]
        joints.append(joints[parent] + world[parent] @ offsets[joint])
        world.append(world[parent] @ matrices[joint])
    return np.array(joints)


@pytest.fixture
def pose():
    rng = np.random.default_rng(5)
    matrices = Rotation.random(4 * 2 * 22, rng=rng).as_matrix().reshape(4, 2, 22, 3, 3)
    offsets = REST_OFFSETS * rng.uniform(0.9, 1.1, (2, 22, 1))
    return matrices, offsets, rng.normal(size=(4, 2, 3))


def test_fk_is_the_definition(pose):
    matrices, offsets, root = pose
    found = fk(to_6d(matrices), offsets, root)
    for frame in range(4):
        for person in range(2):
            np.testing.assert_allclose(
                found[frame, person], slow_fk(matrices[frame, person], offsets[person], root[frame, person]), atol=1e-9
            )


def test_fk_of_float32_is_exact_to_a_hundredth_of_a_millimetre_and_keeps_bones(pose):
    matrices, offsets, root = pose
    exact = fk(to_6d(matrices), offsets, root)
    rounded = fk(to_6d(matrices).astype(np.float32), offsets.astype(np.float32), root.astype(np.float32))
    assert np.abs(exact - rounded).max() < 1e-5
    expected = np.linalg.norm(offsets[:, 1:], axis=-1)
    np.testing.assert_allclose(bone_lengths(exact), np.broadcast_to(expected, (4, 2, 21)), atol=1e-9)


def test_fk_of_a_batch_of_clips_is_that_of_each(pose):
    matrices, offsets, root = pose
    rotations = to_6d(matrices)
    batch = fk(np.stack([rotations, rotations[::-1]]), np.stack([offsets, 1.1 * offsets]), np.stack([root, root[::-1]]))
    np.testing.assert_allclose(batch[1], fk(rotations[::-1], 1.1 * offsets, root[::-1]))


def test_fk_follows_the_root(pose):
    matrices, offsets, root = pose
    moved = fk(to_6d(matrices), offsets, root + [1.0, 2.0, 3.0])
    np.testing.assert_allclose(moved - fk(to_6d(matrices), offsets, root), np.broadcast_to([1.0, 2.0, 3.0], moved.shape), atol=1e-12)


def test_world_and_local_rotations_are_inverse(pose):
    np.testing.assert_allclose(local_rotations(global_rotations(pose[0])), pose[0], atol=1e-12)


def test_two_columns_of_local_rotations_are_those_of_all_three(pose):
    world = global_rotations(pose[0])
    np.testing.assert_array_equal(local_rotations(world, 2), local_rotations(world)[..., :2])


def test_two_bone_ik_reaches_bends_to_the_pole_and_gives_way_at_full_stretch():
    rng = np.random.default_rng(1)
    start = rng.normal(size=(200, 3))
    direction = rng.normal(size=(200, 3))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    lengths = np.full((200, 1), 0.3), np.full((200, 1), 0.25)
    distance = rng.uniform(0.1, 0.54, (200, 1))
    pole = rng.normal(size=(200, 3))
    middle, end, hinge = two_bone_ik(start, start + distance * direction, lengths, pole)
    np.testing.assert_allclose(end, start + distance * direction, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(middle - start, axis=-1), 0.3, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(end - middle, axis=-1), 0.25, atol=1e-9)
    aside = pole - (pole * direction).sum(-1, keepdims=True) * direction
    assert (((middle - start) * aside).sum(-1) >= 0).all()
    np.testing.assert_allclose((hinge * (middle - start)).sum(-1), 0, atol=1e-9)

    far = two_bone_ik(start, start + 2 * direction, lengths, pole)[1]
    np.testing.assert_allclose(far, start + 0.999 * 0.55 * direction, atol=1e-9)


def test_bone_rotations_carry_the_rest_bone_onto_the_direction_and_rest_hinge_onto_the_hinge():
    rest, pole = np.array([0.0, -0.4, 0.0]), np.array([0.0, 0.0, 1.0])
    start, target = np.zeros(3), np.array([0.2, -0.6, 0.1])
    middle, _, hinge = two_bone_ik(start, target, (np.array([0.4]), np.array([0.4])), pole)
    turn = bone_rotations(rest, pole, middle, hinge)
    np.testing.assert_allclose(rotate(turn, rest), middle, atol=1e-9)
    np.testing.assert_allclose(rotate(turn, np.cross([0.0, -1, 0], pole)), hinge, atol=1e-9)
    np.testing.assert_allclose(bone_rotations(rest, pole, rest, np.cross([0.0, -1, 0], pole)), np.eye(3), atol=1e-12)
