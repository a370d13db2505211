from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from guo_files import WALK, features, stroll, write_dataset

from laban.data.artifact import canonical_json
from laban.data.clip import Clip
from laban.formats.humanml3d import FORMAT, MISSING, NO_TIMES, WRONG_TIMES, read_texts
from laban.formats.kit import FORMAT as KIT
from laban.formats.source import Options, Rejected

JOINTS = stroll().astype(np.float32)


def imported(folder: Path, fps: float = 20.0) -> list[Clip]:
    recordings = FORMAT.find(folder, Options())
    canonical_json([dict(recording.facts) for recording in recordings])
    return [clip for recording in recordings for clip in FORMAT.read(recording, Options(fps=fps))]


def test_joints_are_read_back_exactly(tmp_path: Path) -> None:
    write_dataset(tmp_path, joints={"000021": JOINTS}, lists={"train": ["000021"]})
    assert FORMAT.fits(tmp_path)
    (clip,) = imported(tmp_path)
    np.testing.assert_array_equal(clip.positions[:, 0], JOINTS)
    np.testing.assert_array_equal(clip.root, JOINTS[:, None, 0])
    assert (clip.id, clip.split, clip.group, clip.source, clip.fps, clip.notes) == ("000021", "train", "000021", "capture", 20.0, ())
    assert clip.rotations is None
    assert [vars(caption) for caption in clip.captions] == [
        {"text": "a person walks in a bend.", "start_s": 0.0, "end_s": 3.0, "source": "human"}
    ]
    assert "AMASS" in clip.licence


def test_features_give_the_joints_that_they_were_made_of(tmp_path: Path) -> None:
    bend = 0.7
    motion = stroll(61, bend=bend)
    vectors = features(motion, bend * np.arange(61) / 20)
    assert vectors.shape == (60, 263)
    write_dataset(tmp_path, vectors={"000001": vectors})
    (clip,) = imported(tmp_path)
    assert clip.frames == 60, "as many as new_joints has, and not one more"
    np.testing.assert_allclose(clip.positions[:, 0], motion[:60], atol=2e-5)
    write_dataset(tmp_path, joints={"000001": JOINTS})
    np.testing.assert_array_equal(imported(tmp_path)[0].positions[:, 0], JOINTS)  # where both are there, joints


def test_another_rate_keeps_the_seconds(tmp_path: Path) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS})
    (clip,) = imported(tmp_path, fps=30.0)
    assert clip.frames == 89  # 59 steps of 1/20 s hold 88 of 1/30 s
    np.testing.assert_allclose(clip.positions[::3, 0], JOINTS[::2], atol=1e-6)
    np.testing.assert_allclose(clip.positions[:, 0, 0, 2], 0.8 * np.arange(89) / 30, atol=1e-4)
    assert clip.captions[0].end_s == pytest.approx(89 / 30)


def test_captions_of_parts_keep_their_times(tmp_path: Path) -> None:
    lines = [
        WALK,
        "he turns left#he/PRON turn/VERB left/ADV#0.5#1.25",
        "",
        "he stops; 50/50#he/PRON stop/VERB 50/50/NUM#2.0#99.0",
        "he waves#he/PRON wave/VERB#nan#nan",
        "he sits#he/PRON sit/VERB#5.0#6.0",
        "he runs#he/PRON run/VERB#2.0#1.0",
        "he hops##0.0#1.0",
    ]
    write_dataset(tmp_path, joints={"000001": JOINTS}, texts={"000001": lines})
    (clip,) = imported(tmp_path)
    assert [(caption.text, caption.start_s, caption.end_s) for caption in clip.captions] == [
        ("a person walks in a bend.", 0.0, 3.0),
        ("he turns left", 0.5, 1.25),
        ("he stops; 50/50", 2.0, 3.0),
        ("he waves", 0.0, 3.0),
        ("he sits", 0.0, 3.0),
        ("he runs", 0.0, 3.0),
        ("he hops", 0.0, 1.0),
    ]
    assert clip.notes == (NO_TIMES, WRONG_TIMES)
    told = read_texts(tmp_path / "texts/000001.txt")
    assert told[1].tagged == (("he", "PRON"), ("turn", "VERB"), ("left", "ADV"))
    assert told[2].tagged[-1] == ("50/50", "NUM")
    assert [clip.id for clip in imported(tmp_path)] == ["000001"]


def test_a_motion_and_its_mirror_image_stay_together(tmp_path: Path) -> None:
    names = ["000002", "M000002", "000001", "M000001", "M000003"]
    write_dataset(
        tmp_path, joints=dict.fromkeys(names, JOINTS), lists={"train": names[:2], "val": names[2:4], "test": names[4:], "all": names}
    )
    found = FORMAT.find(tmp_path, Options())
    assert [(one.id, one.group, one.split) for one in found] == [
        ("000001", "000001", "val"),
        ("M000001", "000001", "val"),
        ("000002", "000002", "train"),
        ("M000002", "000002", "train"),
        ("M000003", "M000003", "test"),
    ]
    write_dataset(tmp_path, lists={"train": ["000002"], "val": ["M000002"], "test": []})
    with pytest.raises(ValueError, match=r"000002 is listed in train and M000002, its mirror image, in val: it would leak"):
        FORMAT.find(tmp_path, Options())


def test_no_motion_is_left_out_for_its_length(tmp_path: Path) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS[:2], "000002": stroll(400).astype(np.float32)})
    assert [clip.frames for clip in imported(tmp_path)] == [2, 400]


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (["000001"], ["000001"], r"val\.txt:1: 000001 is also in train .*train\.txt:1"),
        (["../../etc/passwd"], [], r"train\.txt:1: '\.\./\.\./etc/passwd' is not an id"),
        (["..", "000001"], [], r"train\.txt:1: '\.\.' is not an id"),
        (["000001", "/etc/passwd"], [], r"train\.txt:2: '/etc/passwd' is not an id"),
        (["0" * 10**6], [], r"train\.txt:1: '0{90,}…? is not an id|train\.txt:1: '0+…? is not an id"),
        (["000\0001"], [], r"train\.txt:1: .* is not an id"),
        (["000009"], ["000008"], r"none of 2 listed ids has a motion in new_joints or new_joint_vecs"),
    ],
)
def test_lists_that_lie_are_named(tmp_path: Path, train: Sequence[str], val: Sequence[str], message: str) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS}, lists={"train": train, "val": val})
    with pytest.raises(ValueError, match=message) as caught:
        FORMAT.find(tmp_path, Options())
    assert len(str(caught.value)) < 1000


def test_a_root_without_motion_is_no_empty_data_set(tmp_path: Path) -> None:
    assert not FORMAT.fits(tmp_path)
    with pytest.raises(ValueError, match="none of 0 listed ids has a motion"):
        FORMAT.find(tmp_path, Options())


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.full((5, 22, 3), np.nan, np.float32), "values that are not finite"),
        (np.full((5, 22, 3), 1e30, np.float32), "values that are not finite, or huge"),
        (np.zeros((0, 22, 3), np.float32), "empty motion"),
        (JOINTS * 1000, "a joint is farther than 100 m from the origin"),
    ],
)
def test_defects_of_the_data_set_are_set_aside(tmp_path: Path, array: np.ndarray, reason: str) -> None:
    write_dataset(tmp_path, joints={"000001": array})
    with pytest.raises(Rejected, match=reason):
        imported(tmp_path)


def test_what_is_listed_and_missing_is_set_aside_too(tmp_path: Path) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS}, lists={"train": ["000001", "000002"]})
    first, second = FORMAT.find(tmp_path, Options())
    assert FORMAT.read(first, Options())
    with pytest.raises(Rejected, match=MISSING):
        FORMAT.read(second, Options())
    (tmp_path / "texts/000001.txt").write_text("\n")
    with pytest.raises(Rejected, match="no caption.*is empty"):
        FORMAT.read(first, Options())
    (tmp_path / "texts/000001.txt").unlink()
    with pytest.raises(Rejected, match="no caption.*is missing"):
        imported(tmp_path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (JOINTS[:, :21], r"shape \(60, 21, 3\), expected \(T, 22, 3\)"),
        (JOINTS[0], r"shape \(22, 3\), expected \(T, 22, 3\)"),
        (np.array([{"a": 1}], object), "does not describe an array of plain numbers"),
        (np.array(["x"]), "holds <U1, not numbers"),
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    write_dataset(tmp_path, joints={"000001": array})
    with pytest.raises(ValueError, match=message):
        imported(tmp_path)
    write_dataset(tmp_path / "v", vectors={"000001": np.zeros((5, 251), np.float32)})
    with pytest.raises(ValueError, match=r"shape \(5, 251\), expected \(T, 263\)"):
        imported(tmp_path / "v")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("only a caption", r"000001\.txt:1: has 1 fields, not caption#word/POS"),
        (WALK + "#3", r":1: has 5 fields"),
        (WALK.replace("#0.0#0.0", "#soon#0.0"), r":1: 'soon' is no time"),
        (" " + WALK[WALK.index("#") :], r":1: caption ' ' is empty"),
        ("x" * 3000 + WALK[WALK.index("#") :], r":1: a caption has 3000 characters"),
        ("a\0b" + WALK[WALK.index("#") :], r":1: caption .* holds the control character"),
    ],
)
def test_lines_of_text_that_are_none_are_named(tmp_path: Path, line: str, message: str) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS}, texts={"000001": [line]})
    with pytest.raises(ValueError, match=message):
        imported(tmp_path)


def test_texts_in_another_encoding_are_named(tmp_path: Path) -> None:
    write_dataset(tmp_path, joints={"000001": JOINTS})
    (tmp_path / "texts/000001.txt").write_text(WALK, "utf-16")
    with pytest.raises(ValueError, match=r"000001\.txt: is not UTF-8 at byte 0; save it as UTF-8"):
        imported(tmp_path)


def test_kit_and_humanml3d_are_told_apart_by_their_names(tmp_path: Path) -> None:
    write_dataset(tmp_path / "kit", joints={"M00001": JOINTS[:, :21]})
    write_dataset(tmp_path / "h3d", joints={"M000001": JOINTS})
    assert [FORMAT.fits(tmp_path / name) for name in ("kit", "h3d")] == [False, True]
    assert [KIT.fits(tmp_path / name) for name in ("kit", "h3d")] == [True, False]
