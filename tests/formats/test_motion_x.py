from pathlib import Path

import numpy as np
import pytest
from motion_x_files import CAPTION, columns_of, write_motion
from scipy.spatial.transform import Rotation
from smplx_files import body_model, joints_of, neutral_rest, person, read_all, rest_of, write_body, write_text

from laban.formats import smplx
from laban.formats.motion_x import FORMAT
from laban.formats.source import Options, Rejected
from laban.motion.kinematics import fk

NAME = "idea400/subset_0018/Walking_During_Playing_Rubik's_Cube"


def reason(root: Path) -> str:
    (recording,) = FORMAT.find(root, Options())
    with pytest.raises(Rejected) as caught:
        FORMAT.read(recording, Options())
    return caught.value.reason


@pytest.mark.parametrize("name", ["humanml/000001", NAME, "EgoBody/recording_20210918_S05_S06_04/body_idx_0/001"])
def test_one_person_is_posed_at_their_own_rate(tmp_path: Path, name: str) -> None:
    who = person(0)
    write_motion(tmp_path, name, columns_of(who))
    clip = read_all(FORMAT, tmp_path)[name]
    assert (clip.people, clip.frames, clip.fps) == (1, 40, 30.0)
    shift = clip.positions[:, 0] - joints_of(who, neutral_rest())
    np.testing.assert_allclose(shift, np.broadcast_to([0, shift[0, 0, 1], 0], shift.shape), atol=2e-6)
    np.testing.assert_allclose(fk(clip.rotations, clip.offsets, clip.root), clip.positions, atol=1e-5)
    assert [caption.text for caption in clip.captions] == [CAPTION]
    assert clip.notes == (smplx.NEUTRAL_NOTE,)


def test_the_shape_is_the_last_ten_columns_and_not_the_face(tmp_path: Path) -> None:
    who, model = person(0), body_model()
    write_motion(tmp_path, NAME, columns_of(who))
    clip = read_all(FORMAT, tmp_path, body_model=write_body(tmp_path / "model.npz", model))[NAME]
    shift = clip.positions[:, 0] - joints_of(who, rest_of(model, who.betas))
    np.testing.assert_allclose(shift, np.broadcast_to([0, shift[0, 0, 1], 0], shift.shape), atol=2e-6)


@pytest.mark.parametrize("turn", [("x", 90), ("x", -90), ("z", 90), ("x", 180)])
def test_another_axis_up_is_set_aside(tmp_path: Path, turn: tuple[str, int]) -> None:
    who = person(0)
    axes = Rotation.from_euler(*turn, degrees=True)
    who.root_orient, who.trans = (axes * Rotation.from_rotvec(who.root_orient)).as_rotvec(), axes.apply(who.trans)
    write_motion(tmp_path, NAME, columns_of(who))
    assert reason(tmp_path) == "does not stand along Y: lies down, or another axis is up"


@pytest.mark.parametrize(
    ("scale", "why"), [(94, "the pelvis is faster than anyone runs"), (1000, "a joint is farther than 100 m from the origin")]
)
def test_a_translation_in_another_unit_is_set_aside(tmp_path: Path, scale: float, why: str) -> None:
    """AIST's comes 94 times too large, until a script of Motion-X has been run."""
    who = person(0)
    who.trans = scale * (who.trans - who.trans.mean(0) if scale < 100 else np.ones((40, 3)))
    write_motion(tmp_path, NAME, columns_of(who))
    assert reason(tmp_path) == why


def test_motion_without_words_is_set_aside(tmp_path: Path) -> None:
    write_motion(tmp_path, NAME, columns_of(person(0)))
    words = tmp_path / "texts" / "semantic_labels" / f"{NAME}.txt"
    words.write_text(" \n")
    assert reason(tmp_path) == "no caption"
    words.unlink()
    assert reason(tmp_path) == "no caption"


def test_no_frames_at_all_are_set_aside(tmp_path: Path) -> None:
    write_motion(tmp_path, NAME, np.empty((0, 322), np.float32))
    assert reason(tmp_path) == "empty motion"


def test_what_was_cut_or_mirrored_from_one_take_stays_together(tmp_path: Path) -> None:
    together = {
        "humanml/000001": "humanml/000001",
        "humanml/M000001": "humanml/000001",
        "aist/subset_0009/Dance_Pop_clip_5": "aist/subset_0009/Dance_Pop",
        "aist/subset_0009/Dance_Pop_clip_51": "aist/subset_0009/Dance_Pop",
        "EgoBody/recording_1/body_idx_0/001": "EgoBody/recording_1",
        "EgoBody/recording_1/body_idx_1/000": "EgoBody/recording_1",
        NAME: NAME,
    }
    for name in together:
        write_motion(tmp_path, name, columns_of(person(0)))
    assert {one.id: one.group for one in FORMAT.find(tmp_path, Options())} == together


def test_subsets_may_be_links_and_lists_are_kept(tmp_path: Path) -> None:
    write_motion(tmp_path / "elsewhere", "kungfu/subset_0/a", columns_of(person(0)))
    write_motion(tmp_path / "data", NAME, columns_of(person(1)))
    folder = tmp_path / "data" / "motion_data" / "smplx_322" / "kungfu"
    folder.symlink_to(tmp_path / "elsewhere" / "motion_data" / "smplx_322" / "kungfu")
    write_text(tmp_path / "data" / "datasets" / "train.txt", NAME, "music/missing")
    write_text(tmp_path / "data" / "datasets" / "test.txt", "kungfu/subset_0/a")
    found = {one.id: (one.split, one.facts) for one in FORMAT.find(tmp_path / "data", Options())}
    assert found == {
        NAME: ("train", {}),
        "kungfu/subset_0/a": ("test", {}),
        "music/missing": ("train", {"set_aside": "a motion file is missing"}),
    }


@pytest.mark.parametrize("line", ["../x", "a/../../x", "/etc/passwd", "a/..", "a//b", "a", "a/./b", "a\\..\\b/c", "a/" * 9 + "b"])
def test_a_list_stays_in_the_folder(tmp_path: Path, line: str) -> None:
    write_motion(tmp_path, NAME, columns_of(person(0)))
    write_text(tmp_path / "train.txt", NAME, line)
    with pytest.raises(ValueError, match=r"train\.txt:2: .* is not an id"):
        FORMAT.find(tmp_path, Options())


def test_a_root_that_is_set_wrong_is_an_error(tmp_path: Path) -> None:
    write_motion(tmp_path, NAME, columns_of(person(0)))
    with pytest.raises(ValueError, match="no motion there of 0 listed ids"):
        FORMAT.find(tmp_path / "motion_data", Options())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:, :321], r"shape \(40, 321\), expected \(T, 322\)"),
        (lambda rows: np.where(np.arange(322) == 310, np.inf, rows), r"inf at \[0, 310\]"),
        (lambda rows: rows.astype(complex), "does not describe an array of plain numbers"),
        (lambda rows: np.where(np.arange(322) == 4, 1e30, rows), "joint left_hip: a rotation vector of 1e\\+30 radians"),
    ],
)
def test_a_motion_that_is_none_is_named(tmp_path: Path, change, message: str) -> None:
    path = write_motion(tmp_path, NAME, change(columns_of(person(0))))
    with pytest.raises(ValueError, match=message) as caught:
        read_all(FORMAT, tmp_path)
    assert str(path) in str(caught.value)
