import json
from pathlib import Path

import numpy as np
import pytest
from acclaim_files import ARM, MOTION, write_amc, write_asf
from bvh_files import REAL, needs_real
from scipy.spatial.transform import Rotation

from laban.data.clip import Clip
from laban.formats.amc import FORMAT, read_amc
from laban.formats.asf import read_asf
from laban.formats.bvh import read_bvh
from laban.formats.source import Options
from laban.motion.skeleton import INDEX, REST_OFFSETS, bone_lengths


def arm(tmp_path: Path, asf: str = ARM, amc: str = MOTION) -> np.ndarray:
    (tmp_path / "arm.asf").write_text(asf)
    (tmp_path / "arm.amc").write_text(amc)
    return read_amc(tmp_path / "arm.amc", read_asf(tmp_path / "arm.asf")).positions()


def test_kinematics_equal_scipy_about_each_bone_s_own_axes(tmp_path: Path) -> None:
    """Acclaim: a bone turns by C M C⁻¹, C its axes at rest and M its angles, each a product in which the first angle turns first."""
    positions = arm(tmp_path)
    motion = read_amc(tmp_path / "arm.amc", read_asf(tmp_path / "arm.asf"))
    assert (motion.names, motion.frames, motion.fps) == (("root", "upper", "lower", "stump", "lower.end", "stump.end"), 2, None)
    assert motion.length_scale == 0.5
    rest = np.array([[0, 0, 0], [0, 0, 0], [2, 0, 0], [2, 0, 0], [2, 0, 1], [2, 0.5, 0]])
    np.testing.assert_allclose(positions[0], rest, atol=1e-12)
    euler = Rotation.from_euler
    root = euler("xyz", [15, 25, 35], degrees=True)
    axes = euler("xyz", [10, 20, 30], degrees=True)
    upper = root * axes * euler("xyz", [40, 50, 60], degrees=True) * axes.inv()
    axes = euler("zyx", [45, 0, -90], degrees=True)  # written x y z, turned z first
    lower = upper * axes * euler("zx", [70, 80], degrees=True) * axes.inv()
    elbow = np.array([1, 2, 3]) + upper.apply([2, 0, 0])
    root_at = np.array([1, 2, 3])
    expected = np.stack([root_at, root_at, elbow, elbow, elbow + lower.apply([0, 0, 1]), elbow + upper.apply([0, 0.5, 0])])
    np.testing.assert_allclose(positions[1], expected, atol=1e-12)


def test_a_quarter_turn_by_hand(tmp_path: Path) -> None:
    """First 90° about x, then about z, axes those of the world: ŷ -> ẑ -> ẑ; in the other order ŷ -> -x̂ -> -x̂."""
    asf = ARM.replace("axis 10 20 30", "axis 0 0 0").replace("direction 1 0 0", "direction 0 1 0").replace("dof rx ry rz", "dof {order}")
    amc = ":DEGREES\n1\nroot 0 0 0 0 0 0\nupper 90 90\nlower 0 0\n"
    np.testing.assert_allclose(arm(tmp_path, asf.replace("{order}", "rx rz"), amc)[0, 2], [0, 0, 2], atol=1e-12)
    np.testing.assert_allclose(arm(tmp_path, asf.replace("{order}", "rz rx"), amc)[0, 2], [-2, 0, 0], atol=1e-12)


def test_radians_other_line_ends_and_another_first_frame(tmp_path: Path) -> None:
    poses = [{"root": (5, 10, 15), "lhumerus": (10, 20, 30), "rfemur": (-30, 5, 0)}] * 2
    axes = {"lhumerus": (0, 15, 80), "rfemur": (0, 0, -20)}
    folder = tmp_path
    one = read_amc(write_amc(folder / "d.amc", poses), read_asf(write_asf(folder / "d.asf", axes=axes)))
    radians = write_asf(folder / "r.asf", axes=axes, degrees=False)
    text = write_amc(folder / "r.amc", poses, degrees=False, first=41).read_text().replace("\n", "\r\n")
    (folder / "r.amc").write_bytes(b"\xef\xbb\xbf" + text.encode())
    other = read_amc(folder / "r.amc", read_asf(radians))
    np.testing.assert_allclose(one.positions(), other.positions(), atol=1e-6)
    assert np.abs(one.positions()[0] - read_amc(write_amc(folder / "0.amc", [{}]), read_asf(folder / "d.asf")).positions()).max() > 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (":bonedata", ":bones", r"arm\.asf: has no :bonedata section"),
        (ARM, "", r"has no :root section"),
        ("length 0.5\n  angle", "length 0\n  angle", r"arm\.asf:6: length 0 is not a scale"),
        ("angle deg", "angle grad", r":7: angle 'grad' is neither"),
        ("  axis XYZ\n", "", r":root has no axis"),
        ("order TX TY TZ RX RY RZ", "order TX TY TW RX RY RZ", r":11: channel 'tw' is not one of rx, ry, rz, tx"),
        ("    name upper\n", "", r":\d+: the bone that ends here has no name"),
        ("name lower", "name upper", r":37: bone 'upper' is there twice"),
        ("name lower", "name root", r"bone 'root' is there twice"),
        ("direction 1 0 0", "direction 1 0", r":19: has 2 values, not 3"),
        ("direction 1 0 0", "direction 1 0 nan", r":19: column 3: nan is not a finite number"),
        ("direction 1 0 0", "direction 0 0 0", r":20: length 2 in direction .* is none"),
        ("length 2\n", "length two\n", r":20: column 1: 'two' is not a number"),
        ("length 2\n", "length 1e300\n", r":20: column 1: 1e\+300 is not a finite number below"),
        ("10 20 30 XYZ", "10 20 30 XXZ", r":21: axis order 'XXZ' is not one of"),
        ("dof rx ry rz", "dof rx ry rx", r":22: channel 'rx' .* at most once"),
        ("dof rz rx", "dof rz l", r":41: channel 'l' .*bones that stretch or slide cannot be read"),
        ("    dof rz rx\n  end\n", "    dof rz rx\n", r":bonedata is cut: .*:35 is not closed"),
        ("    upper lower stump\n", "    upper stump\n", r"bone 'lower' hangs on nothing"),
        ("upper lower stump", "upper lower foot", r":4\d: 'foot' is no bone of :bonedata; the bones are root, upper, stump, lower"),
        ("upper lower stump", "upper lower stump upper", r":4\d: 'upper' hangs on something already"),
        ("    root upper\n", "", r":4\d: 'upper' carries bones and does not hang on root"),
    ],
)
def test_what_is_wrong_in_a_skeleton_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ARM
    with pytest.raises(ValueError, match=message) as caught:
        arm(tmp_path, asf=ARM.replace(old, new, 1))
    assert "arm.asf" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (MOTION, "", r"arm\.amc: holds no frame"),
        ("\n2\n", "\n3\n", r":8: frame '3' where 2 should follow; a frame is missing or there twice"),
        ("\n2\n", "\n1\n", r":8: frame '1' where 2 should follow"),
        ("\n2\n", "\n1000000000000\n", r":8: frame '1000000000000' where 2"),
        ("\n2\nlower", "\nlower", r":8: 'lower' is there twice in this frame"),
        ("upper 40 50 60\n", "", r":10: the frame that ends here has no upper"),
        ("upper 40 50 60", "upper 40 50", r":11: upper has 2 values, but the skeleton gives it 3"),
        ("upper 40 50 60", "upper 40 50 inf", r":11: column 3: inf is not a finite number"),
        ("upper 40 50 60", "upper 40 50 6_0", r":11: column 3: '6_0' is not a number"),
        ("upper 40 50 60", "stump 40 50 60", r":11: 'stump' is no moving bone of the skeleton: root, upper, lower"),
        ("\n1\n", "\n", r":4: 'root' stands before the first frame"),
    ],
)
def test_what_is_wrong_in_a_motion_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in MOTION
    with pytest.raises(ValueError, match=message) as caught:
        arm(tmp_path, amc=MOTION.replace(old, new, 1))
    assert "arm.amc" in str(caught.value)


def test_giants_are_refused_in_little_time(tmp_path: Path) -> None:
    bones = "".join(f"  begin\n name b{n}\n direction 1 0 0\n length 1\n axis 0 0 0 XYZ\n  end\n" for n in range(4000))
    with pytest.raises(ValueError, match=r"arm\.asf:16: 24027 lines of bones are no person's skeleton"):
        arm(tmp_path, asf=ARM.replace(":bonedata\n", f":bonedata\n{bones}"))
    positions = arm(tmp_path)
    assert positions.shape == (2, 6, 3)
    motion = read_amc(tmp_path / "arm.amc", read_asf(tmp_path / "arm.asf"))
    with pytest.raises(ValueError, match=r"arm\.amc: has 2 frames, but first_frame 0 and frames 1000000000"):
        motion.positions(0, 10**9)


def imported(folder: Path) -> list[Clip]:
    return [clip for found in FORMAT.find(folder, Options()) for clip in FORMAT.read(found, Options())]


def test_a_pair_of_amc_becomes_a_clip_in_metres(tmp_path: Path) -> None:
    """Rate from the row, unit from the skeletons: inches times 0.45, and inches times 2."""
    swing = [{"lhumerus": (0, 0, 20 * np.sin(frame / 10)), "root": (0, 0, 0)} for frame in range(120)]
    back = [frame | {"root": (0, 180, 0)} for frame in swing]
    write_asf(tmp_path / "01.asf")
    write_asf(tmp_path / "02.asf", length=2.0)
    write_amc(tmp_path / "01_07.amc", swing, z=-1.5, speed=0.5 / 120)
    write_amc(tmp_path / "02_07.amc", back, length=2.0, z=1.5, speed=-0.5 / 120)
    row = {"id": "meet", "a": "01_07.amc", "b": "02_07.amc", "fps": 120, "captions": ["They meet."]}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    (recording,) = FORMAT.find(tmp_path, Options())
    assert [path.name for path in recording.files] == ["01_07.amc", "02_07.amc", "01.asf", "02.asf"]
    (clip,) = imported(tmp_path)
    assert (clip.id, clip.frames, clip.people, clip.fps) == ("meet", 30, 2, 30.0)
    np.testing.assert_allclose(clip.positions[:, 0, 0, 2], -1.5 + 0.5 * np.arange(30) / 30, atol=1e-4)
    np.testing.assert_allclose(clip.positions[:, 1, 0, 2], 1.5 - 0.5 * np.arange(30) / 30, atol=1e-4)
    rest = np.linalg.norm(REST_OFFSETS, axis=-1)[1:]
    for joint in ("left_hip", "right_knee", "left_ankle", "right_foot", "spine1", "left_elbow", "right_wrist"):
        np.testing.assert_allclose(bone_lengths(clip.positions)[..., INDEX[joint] - 1], rest[INDEX[joint] - 1], atol=1e-5)
    assert clip.positions[0, 0, INDEX["left_hip"], 0] > 0 > clip.positions[0, 1, INDEX["left_hip"], 0]
    row |= {"asf": ["01.asf", "02.asf"]}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    assert imported(tmp_path)[0].content_hash() == clip.content_hash()


def test_rates_and_skeletons_that_nobody_states_are_asked_for(tmp_path: Path) -> None:
    write_amc(tmp_path / "01_07.amc", [{}] * 9)
    with pytest.raises(ValueError, match=r"01_07\.amc: has no skeleton 01_07\.asf or 01\.asf beside it; name it as asf"):
        FORMAT.find(tmp_path, Options())
    write_asf(tmp_path / "01.asf")
    with pytest.raises(ValueError, match=r"01_07\.amc: \.amc files state no frame rate .*; give fps in pairs\.jsonl"):
        imported(tmp_path)
    for asf, message in ((["01.asf"] * 2, "neither one file name nor one for each of 1 people"), ("../01.asf", "does not lie below")):
        (tmp_path / "pairs.jsonl").write_text(json.dumps({"id": "x", "people": ["01_07.amc"], "fps": 120, "asf": asf}))
        with pytest.raises(ValueError, match=message):
            FORMAT.find(tmp_path, Options())
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"id": "x", "people": ["01_07.amc"], "fps": 120, "asf": "01.asf"}))
    assert imported(tmp_path)[0].frames == 3
    (tmp_path / "x.bvh").touch()
    (tmp_path / "pairs.jsonl").write_text(json.dumps({"id": "x", "people": ["x.bvh"], "fps": 120}))
    with pytest.raises(ValueError, match=r"x\.bvh is no \.amc file"):
        FORMAT.find(tmp_path, Options())


@needs_real
def test_legs_of_amc_and_bvh_agree_over_every_frame() -> None:
    """The same CMU trial in Vicon's own files and in cgspeed's conversion, which has a T-pose before it and hangs the arms lower."""
    amc = read_amc(REAL / "asfamc/01_01.amc", read_asf(REAL / "asfamc/01.asf"))
    bvh = read_bvh(REAL / "asfamc/01_01.bvh")
    ours, theirs = amc.positions(), bvh.positions(1)
    assert len(ours) == len(theirs) == 2751
    apart = {
        bone: np.linalg.norm(ours[:, amc.names.index(bone)] - theirs[:, bvh.names.index(joint)], axis=-1)
        for side, letter in (("Left", "l"), ("Right", "r"))
        for bone, joint in (
            ("root", "Hips"),
            (f"{letter}femur", f"{side}UpLeg"),
            (f"{letter}tibia", f"{side}Leg"),
            (f"{letter}foot", f"{side}Foot"),
            (f"{letter}toes", f"{side}ToeBase"),
            (f"{letter}toes.end", f"{side}ToeBase.end"),
            (f"{letter}humerus", f"{side}Arm"),
            (f"{letter}wrist", f"{side}Hand"),
        )
    }
    for bone, distance in apart.items():
        expected = 2.0649 if bone[1:] in ("humerus", "wrist") else 0.0
        np.testing.assert_allclose(distance, expected, atol=1e-4, err_msg=bone)


@needs_real
@pytest.mark.parametrize("trial", ["02_03", "11_01"])
def test_real_trials_are_people_of_human_size(tmp_path: Path, trial: str) -> None:
    for name in (f"{trial}.amc", f"{trial[:2]}.asf"):
        (tmp_path / name).symlink_to((REAL / "asfamc" / name).resolve())
    row = {"id": trial, "people": [f"{trial}.amc"], "fps": 120, "fps_override": True}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    (clip,) = imported(tmp_path)
    assert np.isfinite(clip.positions).all()
    assert 1.2 < np.median(clip.positions[:, 0, INDEX["head"], 1]) < 1.75
    assert abs(np.median(clip.positions[:, 0, INDEX["left_foot"], 1])) < 0.15
    assert clip.captions[0].text.startswith("A person ")
