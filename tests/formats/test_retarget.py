import json
from pathlib import Path

import numpy as np
import pytest
from bvh_files import REAL, TREE, needs_real, walk, write_bvh

from laban.formats.bvh import read_bvh
from laban.formats.retarget import check_size, find_map, guess_unit, on_floor, read_map, shipped_maps, to_body, upright
from laban.motion.skeleton import INDEX, JOINTS, PARENTS, REST_OFFSETS, bone_lengths

NAMES = tuple(name for name, _, _ in TREE)


def body(tmp_path: Path, unit: float = 0.01, **how: object) -> np.ndarray:
    bvh = read_bvh(write_bvh(tmp_path / "x.bvh", walk(), frames=3, unit=unit, **how))  # type: ignore[arg-type]
    return to_body(bvh.positions(), bvh.names, shipped_maps()["cmu-motionbuilder"], "x")


def test_joints_come_to_their_names(tmp_path: Path) -> None:
    positions = body(tmp_path) * 0.01
    legs = ["left_hip", "right_hip", "left_knee", "left_ankle", "left_foot", "right_foot", "left_elbow", "right_wrist", "head"]
    own, rest = bone_lengths(positions[0]), np.linalg.norm(REST_OFFSETS, axis=-1)[1:]
    for name in legs:
        assert own[INDEX[name] - 1] == pytest.approx(rest[INDEX[name] - 1], abs=1e-5), name
    assert positions[0, INDEX["left_hip"], 0] > positions[0, INDEX["right_hip"], 0]
    between = (positions[:, INDEX["spine1"]] + positions[:, INDEX["spine3"]]) / 2
    np.testing.assert_allclose(positions[:, INDEX["spine2"]], between)


def test_shipped_mappings_fit_their_own_skeleton_only() -> None:
    maps = shipped_maps()
    assert set(maps) == {"character-creator", "cmu-asf", "cmu-daz", "cmu-motionbuilder", "depth-camera-15", "kit-ml", "smpl-x"}
    for mapping in maps.values():
        assert set(mapping.joints) == set(JOINTS)
        assert all(sum(weights.values()) == pytest.approx(1) for weights in mapping.joints.values())
        sides = {side: [mapping.joints[name] for name in JOINTS if name.startswith(side)] for side in ("left", "right")}
        assert not set(map(tuple, sides["left"])) & set(map(tuple, sides["right"]))
        assert find_map(None, (*mapping.sources(), "more"), "x") is mapping
    assert find_map(None, (*NAMES, "more"), "x").name == "cmu-motionbuilder"


def rest() -> np.ndarray:
    """(22, 3) metres: our rest pose, pelvis at the origin."""
    pose = np.zeros((22, 3))
    for joint in range(1, 22):
        pose[joint] = pose[PARENTS[joint]] + REST_OFFSETS[joint]
    return pose


def test_smpl_x_brings_its_first_22_joints_by_name() -> None:
    """The names of the 55 stand in another order here, so that only they can decide."""
    names = ("jaw", *reversed(JOINTS), "left_eye_smplhf", "left_index1", "right_thumb3")
    values = np.random.default_rng(0).normal(size=(2, len(names), 3))
    body = to_body(values, names, find_map(None, names, "x"), "x")
    np.testing.assert_array_equal(body, values[:, 22:0:-1])


def test_a_depth_camera_s_15_joints_give_a_whole_body() -> None:
    """A person in our rest pose seen by a camera: palms 8 cm beyond the wrists, a torso half-way from hips to neck."""
    pose = {name: rest()[INDEX[name]] for name in JOINTS}
    seen = {name: pose[name] for name in ("head", "neck")}
    seen["torso"] = ((pose["left_hip"] + pose["right_hip"]) / 2 + pose["neck"]) / 2
    for side in ("left", "right"):
        seen |= {f"{side}_{joint}": pose[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "hip", "knee", "foot")}
        seen[f"{side}_hand"] = pose[f"{side}_wrist"] + (pose[f"{side}_wrist"] - pose[f"{side}_elbow"]) * 0.08 / 0.25
    assert len(seen) == 15
    body = to_body(np.stack(list(seen.values()))[None], tuple(seen), find_map(None, tuple(seen), "x"), "x")
    missed = {name: float(np.linalg.norm(body[0, number] - pose[name])) for number, name in enumerate(JOINTS)}
    assert max(missed[name] for name in seen if name in missed) == 0
    assert max(error for name, error in missed.items() if "ankle" not in name) < 0.04, missed
    assert max(missed.values()) < 0.12, missed  # the ankle, which no camera joint lies behind


def test_a_mapping_that_is_wrong_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"row 3: no shipped mapping fits .*lacks \['LeftHand'\].*The joints are: Hips"):
        find_map(None, tuple(name for name in NAMES if name != "LeftHand"), "row 3")
    with pytest.raises(
        ValueError, match=r"no mapping 'cmu'; shipped are character-creator, cmu-asf, cmu-daz, cmu-motionbuilder, depth-camera-15"
    ):
        find_map("cmu", NAMES, "row 3")
    with pytest.raises(ValueError, match=r"mine\.json: no such mapping file"):
        find_map(str(tmp_path / "mine.json"), NAMES, "row 3")
    joints = {ours: list(theirs) for ours, theirs in shipped_maps()["cmu-motionbuilder"].joints.items()}
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps({"joints": joints | {"left_wrist": "LeftHnad"}}))
    with pytest.raises(ValueError, match=r"mapping 'mine' takes left_wrist from 'LeftHnad', which is no joint of it; perhaps LeftHand"):
        to_body(np.zeros((1, len(NAMES), 3)), NAMES, find_map(str(tmp_path / "mine.json"), NAMES, "x"), "x")
    for wrong, message in (
        ("[", "is not JSON"),
        ("{}", "is not JSON of the form"),
        ("[" * 100_000, "is not JSON"),
        ('{"joints": {}, "joints": {}}', "key 'joints' is there twice"),
        (json.dumps({"joints": joints | {"tail": "Hips"}}), r"unknown \['tail'\]"),
        (json.dumps({"joints": {name: value for name, value in joints.items() if name != "neck"}}), r"missing \['neck'\]"),
        (
            json.dumps({"joints": joints | {"neck": ["a", 3]}}),
            "neck: .* neither a joint's name, nor a list of names, nor names with weights",
        ),
        (json.dumps({"joints": joints | {"neck": ["a", "a"]}}), "neck: .* neither"),
        (json.dumps({"joints": joints | {"neck": {"a": 0.5, "b": 0.6}}}), r"neck: the weights of .* come to 1\.1, not 1"),
        (json.dumps({"joints": joints | {"neck": {"a": 1.5, "b": -0.5}}}), "neck: .* neither"),
        (json.dumps({"joints": joints | {"neck": {}}}), r"neck: the weights of \{\} come to 0"),
    ):
        mine.write_text(wrong)
        with pytest.raises(ValueError, match=message):
            read_map(mine)


@pytest.mark.parametrize("unit", [1.0, 0.01, 0.001, 0.0254])
def test_the_unit_is_guessed_where_it_is_usual(tmp_path: Path, unit: float) -> None:
    assert guess_unit(body(tmp_path, unit), "x") == unit


def test_a_wrong_unit_is_named_with_what_was_measured(tmp_path: Path) -> None:
    positions = body(tmp_path)
    check_size(positions * 0.01, 0.01, "x")
    with pytest.raises(
        ValueError, match=r"x: left_hip to left_knee is 0\.971 m, .*0\.3 and 0\.55.*0\.0254 is probably wrong .*about 0\.0109"
    ):
        check_size(positions * 0.0254, 0.0254, "x")
    with pytest.raises(ValueError, match=r"hip to knee is 0\.5731 units, human in none of metre, .*give metre_per_unit"):
        guess_unit(positions * 0.015, "x")


def test_z_up_is_turned_and_not_overlooked(tmp_path: Path) -> None:
    lying, standing = body(tmp_path, z_up=True), body(tmp_path)
    np.testing.assert_allclose(upright(lying, "z", "x"), standing, atol=1e-3)
    with pytest.raises(ValueError, match=r'x: the body does not stand along Y .* set "up": "z"'):
        upright(lying, None, "x")
    assert upright(lying, "y", "x") is lying
    assert upright(standing, None, "x") is standing


def test_a_pair_is_lifted_by_one_height() -> None:
    pair = np.zeros((100, 2, 22, 3))
    pair[..., 1] = 5.0
    pair[:, 1, :, 1] += 0.4  # stands on a step
    pair[3, 0, INDEX["left_foot"], 1] = 4.8  # one frame of noise
    lifted = on_floor(pair)
    assert lifted[0, 0, INDEX["left_foot"], 1] == pytest.approx(0)
    np.testing.assert_allclose(lifted[:, 1, :, 1], 0.4)


@needs_real
def test_hands_meet_in_the_real_handshake() -> None:
    """README of the data: the right hands come to 0.23 m, tolerance 0.3 m."""
    hands = []
    for name in ("18_01", "19_01"):
        bvh = read_bvh(REAL / f"handshake/{name}.bvh")
        hands.append(bvh.positions(1)[:, bvh.names.index("RightHandIndex1.end")] * 0.05644)
    assert np.linalg.norm(hands[0] - hands[1], axis=-1).min() == pytest.approx(0.23, abs=0.01)
