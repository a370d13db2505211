import json
from pathlib import Path

import numpy as np
import pytest
from bvh_files import REAL, TREE, needs_real, walk, write_bvh

from laban.formats.bvh import read_bvh
from laban.formats.retarget import check_size, find_map, guess_unit, on_floor, read_map, resample, shipped_maps, to_body, upright
from laban.motion.skeleton import INDEX, JOINTS, REST_OFFSETS, bone_lengths

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
    assert set(maps) == {"cmu-daz", "cmu-motionbuilder"}
    for mapping in maps.values():
        assert set(mapping.joints) == set(JOINTS)
        sides = {side: [mapping.joints[name] for name in JOINTS if name.startswith(side)] for side in ("left", "right")}
        assert not set(map(tuple, sides["left"])) & set(map(tuple, sides["right"]))
    assert find_map(None, Path(), (*NAMES, "more"), "x").name == "cmu-motionbuilder"


def test_a_mapping_that_is_wrong_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"row 3: no shipped mapping fits .*lacks \['LeftHand'\].*The joints are: Hips"):
        find_map(None, tmp_path, tuple(name for name in NAMES if name != "LeftHand"), "row 3")
    with pytest.raises(ValueError, match=r"no mapping 'cmu'; shipped are cmu-daz, cmu-motionbuilder"):
        find_map("cmu", tmp_path, NAMES, "row 3")
    with pytest.raises(ValueError, match=r"mine\.json: no such mapping file"):
        find_map("mine.json", tmp_path, NAMES, "row 3")
    joints = {ours: list(theirs) for ours, theirs in shipped_maps()["cmu-motionbuilder"].joints.items()}
    mine = tmp_path / "mine.json"
    mine.write_text(json.dumps({"joints": joints | {"left_wrist": "LeftHnad"}}))
    with pytest.raises(ValueError, match=r"mapping 'mine' takes left_wrist from 'LeftHnad', which is no joint of it; perhaps LeftHand"):
        to_body(np.zeros((1, len(NAMES), 3)), NAMES, find_map("mine.json", tmp_path, NAMES, "x"), "x")
    for wrong, message in (
        ("[", "is not JSON"),
        ("{}", "is not JSON of the form"),
        (json.dumps({"joints": joints | {"tail": "Hips"}}), r"unknown \['tail'\]"),
        (json.dumps({"joints": {name: value for name, value in joints.items() if name != "neck"}}), r"missing \['neck'\]"),
        (json.dumps({"joints": joints | {"neck": ["a", "b", "c"]}}), "neck: .* neither a joint name nor a list of two"),
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


def test_resampling_picks_frames_or_interpolates() -> None:
    at = np.arange(13, dtype=float)[:, None]
    np.testing.assert_array_equal(resample(at, 120.0005, 30)[:, 0], [0, 4, 8, 12])
    np.testing.assert_array_equal(resample(at, 30, 30), at)
    np.testing.assert_allclose(resample(at, 50, 30)[:, 0], np.arange(8) * 50 / 30)
    np.testing.assert_allclose(resample(at, 25, 30)[:, 0], np.arange(15) * 25 / 30)  # the last at 11.67 of 12
    np.testing.assert_allclose(resample(at[:1], 25, 30), [[0]])


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
