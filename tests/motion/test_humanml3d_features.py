import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from laban.motion import humanml3d
from laban.motion.humanml3d import HUMANML3D, KIT, Body
from laban.motion.mirror import mirror_points
from laban.motion.rotations import from_6d
from tests.motion.random_motion import record, seeds, turned

CHAINS = {
    22: [[0, 2, 5, 8, 11], [0, 1, 4, 7, 10], [0, 3, 6, 9, 12, 15], [9, 14, 17, 19, 21], [9, 13, 16, 18, 20]],
    21: [[0, 11, 12, 13, 14, 15], [0, 16, 17, 18, 19, 20], [0, 1, 2, 3, 4], [3, 5, 6, 7], [3, 8, 9, 10]],
}
FACE = {22: (2, 1, 17, 16), 21: (11, 16, 5, 8)}  # right hip, left hip, right shoulder, left shoulder
REST = {
    22: "X x Y y y Y y y Y Z Z Y X x Z y y y y y y",
    21: "Y Y Y Y X y y x y y X y y Z Z x y y Z Z",
}
UNIT = {"X": (1, 0, 0), "x": (-1, 0, 0), "Y": (0, 1, 0), "y": (0, -1, 0), "Z": (0, 0, 1)}
bodies = st.sampled_from([HUMANML3D, KIT])


def motion(seed: int, body: Body, *, frames: int = 14, rough: bool = False) -> np.ndarray:
    """(T, J, 3) of a random person: of KIT's tree, bones that swing about random directions."""
    if body is HUMANML3D:
        return record(seed, frames=frames, people=1, rough=rough)[0][:, 0]
    rng = np.random.default_rng(seed)
    bones = rng.normal(size=(20, 3))
    bones[[body.hips[0] - 1, body.shoulders[0] - 1]] = [[90, 5, 3], [180, 10, -9]]
    bones[[body.hips[1] - 1, body.shoulders[1] - 1]] = [[-80, 4, 2], [-190, -10, 12]]
    swing = Rotation.from_rotvec(rng.normal(0, 1 if rough else 0.03, (frames * 20, 3)).reshape(-1, 3))
    moving = swing.apply(np.tile(bones, (frames, 1))).reshape(frames, 20, 3)
    joints = np.zeros((frames, 21, 3))
    joints[:, 0] = np.cumsum(rng.normal(0, 10, (frames, 3)), axis=0)
    for joint, parent in enumerate(body.parents[1:], 1):
        joints[:, joint] = joints[:, parent] + moving[:, joint - 1]
    return turned(joints, rng.uniform(-np.pi, np.pi))


def arc(start: np.ndarray, end: np.ndarray) -> Rotation:
    """The smallest rotation from one direction to another."""
    axis = np.cross(start, end)
    return Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.arctan2(np.linalg.norm(axis), start @ end))


def by_definition(joints: np.ndarray, body: Body) -> np.ndarray:
    """The features one frame, one chain, one bone at a time."""
    right_hip, left_hip, right_shoulder, left_shoulder = FACE[body.joints]
    joints = joints - [0, joints[..., 1].min(), 0]
    joints = joints - joints[0, 0] * [1, 0, 1]
    across = joints[0, right_hip] - joints[0, left_hip] + joints[0, right_shoulder] - joints[0, left_shoulder]
    forward = np.cross([0, 1, 0], across)
    joints = turned(joints, -np.arctan2(forward[0], forward[2]))
    across = joints[:, left_hip] - joints[:, right_hip] + joints[:, right_shoulder] - joints[:, left_shoulder]
    forward = np.cross([[0, 1, 0]], across / np.linalg.norm(across, axis=-1, keepdims=True))
    forward = gaussian_filter1d(forward, 20, axis=0, mode="nearest")
    yaw = np.arctan2(forward[:, 0], forward[:, 2])
    yaw[0] = 0
    to_body = [Rotation.from_euler("y", -angle) for angle in yaw]
    rest = {joint: np.array(UNIT[axis], float) for joint, axis in enumerate(REST[body.joints].split(), 1)}
    rows = []
    for t in range(len(joints) - 1):
        step = joints[t + 1] - joints[t]
        turn = (to_body[t + 1] * to_body[t].inv()).as_rotvec()[1] / 2
        place = to_body[t].apply(joints[t, 1:] - joints[t, 0] * [1, 0, 1])
        rotations = np.zeros((body.joints, 6))
        for chain in CHAINS[body.joints]:
            before = to_body[t]
            for parent, joint in zip(chain[:-1], chain[1:], strict=True):
                bone = joints[t, joint] - joints[t, parent]
                world = arc(rest[joint], bone / np.linalg.norm(bone))
                matrix = (before.inv() * world).as_matrix()
                rotations[joint] = np.concatenate([matrix[:, 0], matrix[:, 1]])
                before = world
        glide = to_body[t + 1].apply(step[0])[[0, 2]]
        still = [(step[foot] ** 2).sum() < body.contact_speed2 for foot in body.feet]
        rows.append(
            np.concatenate([[turn], glide, [joints[t, 0, 1]], place.ravel(), rotations[1:].ravel(), to_body[t].apply(step).ravel(), still])
        )
    return np.array(rows)


@settings(max_examples=25, deadline=None)
@given(seeds, bodies, st.booleans())
def test_features_are_what_the_format_describes(seed, body, rough):
    joints = motion(seed, body, frames=7, rough=rough)
    np.testing.assert_allclose(humanml3d.to_features(joints, body), by_definition(joints, body), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(seeds, bodies, st.booleans(), st.integers(2, 100))
def test_joints_come_back_but_for_place_facing_and_floor(seed, body, rough, frames):
    joints = motion(seed, body, frames=frames, rough=rough)
    features = humanml3d.to_features(joints, body)
    assert features.shape == (frames - 1, 263 if body is HUMANML3D else 251)
    back = humanml3d.to_positions(features, body)
    np.testing.assert_allclose(back, humanml3d.canonical(joints, body), atol=1e-5)
    right_hip, left_hip, right_shoulder, left_shoulder = FACE[body.joints]
    across = joints[0, left_hip] - joints[0, right_hip] + joints[0, left_shoulder] - joints[0, right_shoulder]
    world = turned(back, float(np.arctan2(-across[2], across[0])))
    world += joints[0, 0] * [1, 0, 1] + [0, joints[..., 1].min(), 0]
    np.testing.assert_allclose(world, joints, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seeds, bodies, st.booleans(), st.integers(2, 100))
def test_features_come_back_from_their_joints(seed, body, rough, frames):
    features = humanml3d.to_features(motion(seed, body, frames=frames, rough=rough), body)
    again = humanml3d.to_features(humanml3d.to_positions(features, body), body)
    np.testing.assert_allclose(again, features, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(seeds, bodies, st.booleans())
def test_rotations_and_places_tell_the_same_joints(seed, body, rough):
    joints = motion(seed, body, rough=rough)
    lengths = humanml3d.bone_lengths(joints[0], body)
    features = humanml3d.to_features(joints, body, lengths)
    found = humanml3d.to_positions_by_rotations(features, lengths, body)
    np.testing.assert_allclose(found, humanml3d.to_positions(features, body)[:-1], atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(seeds, bodies)
def test_given_lengths_make_everyone_one_size(seed, body):
    joints, lengths = motion(seed, body), np.random.default_rng(seed).uniform(0.1, 0.5, body.joints - 1)
    own = humanml3d.bone_lengths(joints[0], body)
    found = humanml3d.canonical(joints, body, lengths)
    np.testing.assert_allclose(humanml3d.bone_lengths(found, body), np.tile(lengths, (len(joints), 1)), atol=1e-9)
    thigh, shank = body.legs[0] - 1, body.legs[1] - 1
    size = (lengths[thigh] + lengths[shank]) / (own[thigh] + own[shank])
    walked, before = (np.linalg.norm(np.diff(at[:, 0], axis=0), axis=-1) for at in (found, joints))
    np.testing.assert_allclose(walked, before * size, atol=1e-9)
    again = humanml3d.canonical(found, body, lengths)
    np.testing.assert_allclose(again, found, atol=1e-9)


def test_float32_holds_a_tenth_of_a_millimetre_over_300_frames():
    joints = motion(11, HUMANML3D, frames=300)
    exact = humanml3d.canonical(joints)
    single = humanml3d.to_features(joints.astype(np.float32))
    assert single.dtype == np.float32
    back = humanml3d.to_positions(single)
    assert back.dtype == np.float32
    assert np.abs(back - exact).max() < 1e-4
    assert np.abs(humanml3d.to_features(back) - single).max() < 1e-4


def test_turning_through_backwards_is_no_jump():
    """Published features negate the turn of the frame in which facing passes from π to -π: everything after it would be misplaced."""
    pose = motion(2, HUMANML3D, frames=2)[:1]
    joints = np.concatenate([turned(pose, angle) for angle in np.linspace(0, 4 * np.pi, 400)])
    features = humanml3d.to_features(joints)
    assert np.all(features[:, 0] < 1e-9)  # always to the left
    np.testing.assert_allclose(humanml3d.to_positions(features), humanml3d.canonical(joints), atol=1e-9)


@pytest.mark.parametrize("yaw", [np.pi, -np.pi, np.pi - 1e-9])
def test_beginning_backwards_is_beginning_forwards(yaw):
    joints = humanml3d.canonical(motion(2, HUMANML3D))
    np.testing.assert_allclose(humanml3d.to_features(turned(joints, yaw)), humanml3d.to_features(joints), atol=1e-6)


def test_a_bone_opposite_to_its_rest_still_has_a_rotation():
    joints = np.tile(motion(2, HUMANML3D)[:1], (3, 1, 1))
    lengths = humanml3d.bone_lengths(joints[0])
    for joint, parent in ((18, 16), (20, 18), (1, 0)):  # an arm straight up, a hip on the other side
        joints[:, joint] = joints[:, parent] - lengths[joint - 1] * HUMANML3D.rest[joint - 1]
    bones = joints[:, 1:] - joints[:, HUMANML3D.parents[1:]]
    bones /= np.linalg.norm(bones, axis=-1, keepdims=True)
    world = np.empty((4, 21, 3))
    humanml3d._arcs(world, HUMANML3D.rest, np.moveaxis(bones, 0, -1))
    turned_rest = Rotation.from_quat(np.moveaxis(world, 0, -1)[:, 0], scalar_first=True).apply(HUMANML3D.rest)
    np.testing.assert_allclose(turned_rest, bones[0], atol=1e-9)
    assert np.isfinite(humanml3d.to_features(joints)).all()


def test_nearly_opposite_bones_keep_their_digits_in_float32():
    angles = np.float32(np.pi) - np.geomspace(1e-6, 0.1, 50, dtype=np.float32)
    direction = np.stack([np.sin(angles), np.cos(angles), 0 * angles])[None]
    out = np.empty((4, 1, 50), np.float32)
    humanml3d._arcs(out, np.array([[0, 1, 0]], np.float32), direction)
    reached = Rotation.from_quat(out[:, 0].T, scalar_first=True).apply([0, 1, 0])
    np.testing.assert_allclose(reached, direction[0].T, atol=1e-6)


def test_rotations_are_rotations_and_a_statue_stands_still():
    joints = np.tile(motion(4, HUMANML3D)[:1], (5, 1, 1))
    features = humanml3d.to_features(joints)
    sixd = features[:, 67:193].reshape(4, 21, 6)
    matrix = from_6d(sixd)
    np.testing.assert_allclose(np.concatenate([matrix[..., 0], matrix[..., 1]], -1), sixd, atol=1e-9)
    np.testing.assert_allclose(features[1:, :3], 0, atol=1e-12)
    np.testing.assert_array_equal(features[:, 193:259], 0)
    np.testing.assert_array_equal(features[:, 259:], 1)


@settings(max_examples=20, deadline=None)
@given(seeds, st.booleans())
def test_mirrored_features_are_the_features_of_the_mirrored_motion(seed, rough):
    joints = motion(seed, HUMANML3D, rough=rough)
    features = humanml3d.to_features(joints)
    mirrored = HUMANML3D.representation.mirror(features)
    np.testing.assert_allclose(mirrored, humanml3d.to_features(mirror_points(joints)), atol=1e-6)
    np.testing.assert_array_equal(HUMANML3D.representation.mirror(mirrored), features)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_kits_mirror_exchanges_its_sides(seed):
    joints = motion(seed, KIT)
    sides = [0, 1, 2, 3, 4, 8, 9, 10, 5, 6, 7, 16, 17, 18, 19, 20, 11, 12, 13, 14, 15]
    other = joints[:, sides] * [-1, 1, 1]
    mirrored = KIT.representation.mirror(humanml3d.to_features(joints, KIT))
    np.testing.assert_allclose(mirrored, humanml3d.to_features(other, KIT), atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(1, 300))
def test_the_smoothing_is_scipys(seed, frames):
    values = np.random.default_rng(seed).normal(size=(2, frames))
    np.testing.assert_allclose(values @ humanml3d._gaussian(frames), gaussian_filter1d(values, 20, mode="nearest"), atol=1e-12)


def test_a_batch_is_each_of_its_clips():
    clips = np.stack([motion(seed, HUMANML3D) for seed in (1, 2, 3)])
    lengths = humanml3d.bone_lengths(clips[0, 0])
    batch = humanml3d.to_features(clips[None], lengths=lengths)
    back = humanml3d.to_positions(batch)
    by_rotations = humanml3d.to_positions_by_rotations(batch, lengths)
    for number, clip in enumerate(clips):
        alone = humanml3d.to_features(clip, lengths=lengths)
        np.testing.assert_allclose(batch[0, number], alone, atol=1e-12)
        np.testing.assert_allclose(back[0, number], humanml3d.to_positions(alone), atol=1e-12)
        np.testing.assert_allclose(by_rotations[0, number], humanml3d.to_positions_by_rotations(alone, lengths), atol=1e-12)


def test_what_cannot_be_is_refused():
    joints = motion(1, HUMANML3D)
    with pytest.raises(ValueError, match="two frames"):
        humanml3d.to_features(joints[:1])
    with pytest.raises(ValueError, match=r"kit-251 needs \(…, T, 21, 3\)"):
        humanml3d.to_features(joints, KIT)
    with pytest.raises(ValueError, match=r"lengths \(22,\)"):
        humanml3d.to_features(joints, lengths=np.ones(22))
    collapsed = joints.copy()
    collapsed[3, 5] = collapsed[3, 2]
    with pytest.raises(ValueError, match="joint 5 lies on its parent .* in frame 3"):
        humanml3d.to_features(collapsed)
    collapsed[0, [1, 2, 16, 17]] = collapsed[0, [1, 1, 16, 16]]
    with pytest.raises(ValueError, match="which way the body faces"):
        humanml3d.to_features(collapsed)
    with pytest.raises(ValueError, match="251"):
        humanml3d.to_positions(np.zeros((4, 263)), KIT)
