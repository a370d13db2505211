import re
from pathlib import Path

import numpy as np
import pytest
from bvh_files import ARM, REAL, needs_real, walk, write_bvh
from scipy.spatial.transform import Rotation

from laban.formats.bvh import read_bvh


def arm(tmp_path: Path, text: str = ARM) -> Path:
    path = tmp_path / "arm.bvh"
    path.write_text(text)
    return path


def test_a_quarter_turn_by_hand(tmp_path: Path) -> None:
    """Z then X, each 90°: the matrix is Rz Rx, so x̂ -> ŷ and ŷ -> ẑ; the other order would send x̂ to ẑ."""
    joint = "ROOT a\n{\nOFFSET 0 0 0\nCHANNELS 2 {order}\nEnd Site\n{\nOFFSET 1 0 0\n}\n}"
    text = f"HIERARCHY\n{joint}\nMOTION\nFrames: 1\nFrame Time: 0.1\n90 90\n"
    tip = {}
    for order in ("Zrotation Xrotation", "Xrotation Zrotation"):
        tip[order] = read_bvh(arm(tmp_path, text.replace("{order}", order))).positions()[0, 1]
    np.testing.assert_allclose(tip["Zrotation Xrotation"], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(tip["Xrotation Zrotation"], [0, 0, 1], atol=1e-12)


def test_kinematics_equal_scipy_in_every_order(tmp_path: Path) -> None:
    bvh = read_bvh(arm(tmp_path))
    assert bvh.names == ("base", "upper", "lower", "lower.end")
    assert bvh.parents == (-1, 0, 1, 2)
    assert bvh.fps == 120.0
    base = Rotation.from_euler("ZXY", [10, 20, 30], degrees=True)
    upper = base * Rotation.from_euler("XZY", [40, 50, 60], degrees=True)
    lower = upper * Rotation.from_euler("YZX", [70, 80, -90], degrees=True)
    root = np.array([11.0, 2, 3])
    at_upper = root + base.apply([1, 2, 3])
    at_lower = at_upper + upper.apply([4, 5, 6])  # its position channels replace its offset
    np.testing.assert_allclose(bvh.positions()[1], [root, at_upper, at_lower, at_lower + lower.apply([0, 0, 2])], atol=1e-12)
    np.testing.assert_allclose(bvh.positions(root_absolute=True)[1, 0], [1, 2, 3])
    np.testing.assert_allclose(bvh.positions(1), bvh.positions()[1:])


def test_a_root_without_positions_keeps_its_offset_once(tmp_path: Path) -> None:
    text = "HIERARCHY\nROOT a\n{\nOFFSET 1 2 3\nCHANNELS 1 Yposition\n}\nMOTION\nFrames: 1\nFrame Time: 1\n5\n"
    bvh = read_bvh(arm(tmp_path, text))
    np.testing.assert_allclose(bvh.positions()[0, 0], [1, 7, 3])
    np.testing.assert_allclose(bvh.positions(root_absolute=True)[0, 0], [1, 5, 3])


def test_line_ends_tabs_and_case_do_not_matter(tmp_path: Path) -> None:
    plain = read_bvh(arm(tmp_path)).positions()
    other = ARM.replace("  ", "\t").replace("\n", "\r\n").replace("OFFSET ", "OFFSET\t").replace("Xrotation", "XROTATION")
    (tmp_path / "arm.bvh").write_bytes(b"\xef\xbb\xbf" + other.encode())
    np.testing.assert_array_equal(read_bvh(tmp_path / "arm.bvh").positions(), plain)


@pytest.mark.parametrize(("fps", "read"), [(120, 120.0), (29.97, 29.97), (60, 60.0), (23.976, 23.976)])
def test_a_rounded_frame_time_is_a_whole_rate_and_ntsc_is_not(tmp_path: Path, fps: float, read: float) -> None:
    bvh = read_bvh(write_bvh(tmp_path / "x.bvh", walk(), frames=2, fps=fps))
    assert bvh.fps == pytest.approx(read, abs=1e-3)
    assert (bvh.fps == round(bvh.fps)) == (fps == round(fps))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (ARM, "", r"arm\.bvh: the file is empty"),
        (ARM, "\n \n", r"empty"),
        ("HIERARCHY", "HIERARCHIE", r"does not begin with HIERARCHY"),
        (ARM[ARM.index("MOTION") :], "", r"no MOTION line; the file is cut at line 19"),
        (ARM[ARM.index("      End Site") : ARM.index("MOTION")], "", r"'lower' is not closed"),
        ("JOINT lower", "JOINT upper", r"arm\.bvh:9: joint name 'upper' is used twice"),
        ("JOINT lower", "JOINT", r":9: joint name '' is missing"),
        ("JOINT lower", "JIONT lower", r":9: 'JIONT lower' is not a statement"),
        ("CHANNELS 3 X", "CHANNELS 4 X", r":8: CHANNELS says '4' and then names 3"),
        ("CHANNELS 3 Xrotation Z", "CHANNELS 3 Wrotation Z", r":8: .*'Wrotation' is not one of"),
        ("CHANNELS 3 Xrotation Z", "CHANNELS 3 Zrotation Z", r":8: .*'Zrotation' is not one of .* once"),
        ("OFFSET 1 2 3", "OFFSET 1 2", r":7: OFFSET has 2 values, not 3"),
        ("OFFSET 1 2 3", "OFFSET 1 two 3", r":7: column 2: 'two' is not a number"),
        ("OFFSET 1 2 3", "OFFSET 1 nan 3", r":7: OFFSET 1 nan 3 is not finite"),
        ("    OFFSET 1 2 3\n", "", r"joint 'upper' has no OFFSET"),
        ("Frames: 2", "Frames: 3", r"is cut: `Frames: 3`, but only 2 lines"),
        ("Frames: 2", "Frames: 1", r":24: `Frames: 1`, but 2 lines"),
        ("Frames: 2", "Frames: 0", r"`Frames: 0` is not a number of frames"),
        ("Frames: 2\n", "", r"no `Frames:` line"),
        ("Frame Time: .0083333", "Frame Time: 0", r"`Frame Time: 0` is not a time"),
        ("Frame Time: .0083333", "Frame Time: soon", r":22: column 1: 'soon' is not a number"),
        ("Frame Time: .0083333\n", "", r"no `Frame Time:` line"),
        (" 70 80 -90\n", " 70 8", r":24: frame 1 has 14 values, but the channels need 15"),
        ("1 2 3 10", "1 2 NaN 10", r":24: frame 1, column 3: nan is not a finite number below 1e\+09 \(1 such"),
        ("1 2 3 10", "1 2 inf 10", r":24: frame 1, column 3: inf"),
        ("1 2 3 10", "1 2 3,5 10", r":24: frame 1: column 3: '3,5' is not a number"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ARM
    path = arm(tmp_path, ARM.replace(old, new, 1))
    with pytest.raises(ValueError, match=message) as caught:
        read_bvh(path)
    assert str(path) in str(caught.value)


def test_frames_beyond_the_file_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has 2 frames, but first_frame 1 and frames 2"):
        read_bvh(arm(tmp_path)).positions(1, 2)
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'no.bvh'}: no such file")):
        read_bvh(tmp_path / "no.bvh")


def chain(joints: int, frames: str) -> str:
    """A root that moves along y and `joints` without channels, each below the one before."""
    below = "".join(f"JOINT j{number}\n{{\nOFFSET 0 1 0\n" for number in range(joints)) + "}\n" * joints
    return f"HIERARCHY\nROOT a\n{{\nOFFSET 0 0 0\nCHANNELS 1 Yposition\n{below}}}\nMOTION\n{frames}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ARM.replace("Frames: 2", "Frames: 1000000000"), r"is cut: `Frames: 1000000000`, but only 2 lines"),
        (ARM.replace("Frames: 2", "Frames: 1e300"), r"is cut|is not a number of frames"),
        (ARM.replace("Frames: 2", "Frames: inf"), r"`Frames: inf` is not a number of frames"),
        (ARM.replace(".0083333", "1e-300"), r"`Frame Time: 1e-300` is not a time"),
        (ARM.replace(".0083333", "1e300"), r"`Frame Time: 1e\+300` is not a time"),
        (ARM.replace("CHANNELS 3 X", "CHANNELS 1000000000 X"), r"CHANNELS says '1000000000' and then names 3"),
        (ARM.replace("OFFSET 1 2 3", "OFFSET 1 1e300 3"), r"OFFSET 1 1e300 3 is not finite, or larger than 1e\+09"),
        (ARM.replace("1 2 3 10", "1 2 1e300 10"), r":24: frame 1, column 3: 1e\+300 is not a finite number below"),
        (ARM.replace("1 2 3 10", "1 2 1_0 10"), r":24: frame 1: column 3: '1_0' is not a number"),
        (ARM.replace("1 2 3 10", "1 2 3\0 10"), r":24: frame 1: column 3: '3\\x00' is not a number"),
        (ARM.replace("JOINT upper {", "{" * 10**5), r"'OFFSET 1 2 3'|is not closed|no OFFSET|not a statement|outside"),
        (ARM.replace("End Site", "x" * 10**6), r"^.{0,200}'x{99}… is not a statement of a BVH hierarchy"),
        (chain(2000, "Frames: 1\nFrame Time: 1\n0\n"), r"a skeleton of more than 2000 joints and end sites is no person's"),
        ("\0" * 100, r"does not begin with HIERARCHY"),
    ],
)
def test_giants_and_oddities_are_refused_shortly(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read_bvh(arm(tmp_path, text))
    assert len(str(caught.value)) < 2000


def test_joints_times_frames_are_bounded(tmp_path: Path) -> None:
    """A file of 150 kB that would take 3 GB as positions."""
    bvh = read_bvh(arm(tmp_path, chain(1999, "Frames: 60000\nFrame Time: 0.01\n" + "0\n" * 60000)))
    with pytest.raises(ValueError, match=r"60000 frames of 2000 joints are too many to read at once"):
        bvh.positions()
    assert bvh.positions(59_990, 10).shape == (10, 2000, 3)


def test_a_file_of_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.bvh"
    with path.open("wb") as file:
        file.truncate(2**30 + 1)  # sparse
    with pytest.raises(ValueError, match=r"huge\.bvh: has 1,073,741,825 bytes; .* at most 1,073,741,824"):
        read_bvh(path)


@needs_real
def test_real_files_of_three_skeletons() -> None:
    # joints, end sites, frames: counted in the files with grep
    shapes = {"salsa/60_12.bvh": (43, 14, 1690), "handshake/18_01.bvh": (31, 7, 304), "single/007_07.bvh": (100, 41, 190)}
    for name, (joints, ends, frames) in shapes.items():
        bvh = read_bvh(REAL / name)
        positions = bvh.positions()
        assert (sum(1 for channels in bvh.channels if channels), bvh.frames) == (joints, frames)
        assert positions.shape == (frames, joints + ends, 3)
        assert np.isfinite(positions).all()


@needs_real
def test_a_root_offset_is_added_in_the_character_creator_files() -> None:
    """Else the ankles of a man who walks on the floor lie a metre below it."""
    bvh = read_bvh(REAL / "single/007_07.bvh")
    ankle = bvh.positions()[:, bvh.names.index("CC_Base_L_Foot"), 1].min()
    assert 0 < ankle < 15  # centimetres


@needs_real
def test_a_root_equals_the_same_trial_as_amc() -> None:
    """Vicon's own file of the same trial; the BVH has one T-pose frame before it."""
    amc = [line.split()[1:4] for line in (REAL / "asfamc/01_01.amc").read_text().splitlines() if line.startswith("root ")]
    bvh = read_bvh(REAL / "asfamc/01_01.bvh")
    assert bvh.frames == len(amc) + 1
    np.testing.assert_allclose(bvh.positions(1)[:, 0], np.array(amc, float), atol=1e-3)
