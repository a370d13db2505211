import shutil
from pathlib import Path

import numpy as np
import pytest
from interhuman_files import CAPTIONS, pair, processed, raw, write_folder, write_pair, write_raw
from scipy.spatial.transform import Rotation
from smplx_files import body_model, joints_of, neutral_rest, person, read_all, rest_of, write_body, write_text

from laban.data.clip import write_clips
from laban.formats import interhuman, smplx
from laban.formats.interhuman import FORMAT
from laban.formats.scene import CUT
from laban.formats.source import Options, Rejected
from laban.motion.kinematics import fk
from laban.motion.rotations import from_6d


def rejections(root: Path, **options: object) -> dict[str, str]:
    """Id -> reason of what a folder's reader sets aside."""
    how, found = Options(**options), {}
    for recording in FORMAT.find(root, how):
        try:
            FORMAT.read(recording, how)
        except Rejected as rejected:
            found[recording.id] = rejected.reason
    return found


def test_a_pair_is_read_back_to_the_bit(tmp_path: Path) -> None:
    columns = [processed(who, seed) for seed, who in enumerate(pair())]
    write_pair(tmp_path, "1", *columns)
    clip = read_all(FORMAT, tmp_path)["1"]
    assert clip.positions.shape == (40, 2, 22, 3)
    assert clip.positions.dtype == clip.rotations.dtype == np.float32
    for number, stored in enumerate(columns):
        x, y, z = np.moveaxis(stored[:, :66].reshape(40, 22, 3), -1, 0)
        np.testing.assert_array_equal(clip.positions[:, number, :, 0], x)
        np.testing.assert_array_equal(clip.positions[:, number, :, 2], -y)
        lift = clip.positions[:, number, :, 1] - z
        np.testing.assert_allclose(lift, lift[0, 0], atol=1e-6)
        r00, r01, r10, r11, r20, r21 = np.moveaxis(stored[:, 186:312].reshape(40, 21, 6), -1, 0)
        np.testing.assert_array_equal(clip.rotations[:, number, 1:], np.stack([r00, r10, r20, r01, r11, r21], -1))
    assert [caption.text for caption in clip.captions] == list(CAPTIONS)
    assert {(caption.start_s, caption.end_s) for caption in clip.captions} == {(0.0, clip.seconds)}
    assert (clip.fps, clip.actor, clip.split, clip.licence) == (30.0, None, "", "CC BY-NC-SA 4.0, redistribution prohibited")


def test_the_pelvis_is_solved_and_kinematics_hold(tmp_path: Path) -> None:
    people = pair()
    write_pair(tmp_path, "1", *(processed(who) for who in people))
    clip = read_all(FORMAT, tmp_path)["1"]
    np.testing.assert_allclose(fk(clip.rotations, clip.offsets, clip.root), clip.positions, atol=1e-5)
    assert clip.residual_m == 0
    assert interhuman.SOLVED in clip.notes
    for number, who in enumerate(people):
        true = Rotation.from_euler("x", -90, degrees=True) * Rotation.from_rotvec(who.root_orient)
        error = true.inv() * Rotation.from_matrix(from_6d(clip.rotations[:, number, 0].astype(float)))
        assert error.magnitude().max() < 1e-4


def test_rotations_of_somebody_else_are_left_out(tmp_path: Path) -> None:
    """The field's other two layouts look like this as well."""
    columns = [processed(who) for who in pair()]
    columns[1][:, 186:312] = processed(person(77, z_up=True))[:, 186:312]
    write_pair(tmp_path, "1", *columns)
    clip = read_all(FORMAT, tmp_path)["1"]
    assert clip.rotations is None
    assert clip.offsets is None
    assert clip.notes == (interhuman.UNFIT,)


def test_rotations_that_nearly_fit_say_by_how_much(tmp_path: Path) -> None:
    first, second = (processed(who) for who in pair())
    first[7, 3 * 20] += 0.004  # a wrist
    write_pair(tmp_path, "1", first, second)
    clip = read_all(FORMAT, tmp_path)["1"]
    missed = np.linalg.norm(fk(clip.rotations, clip.offsets, clip.root) - clip.positions, axis=-1).max()
    assert clip.residual_m == pytest.approx(missed, abs=1e-5)
    assert 0.003 < clip.residual_m < 0.005


def test_whoever_is_lifted_stays_lifted(tmp_path: Path) -> None:
    """Public loaders bring each person's own lowest joint to the floor."""
    stands, is_carried = person(0, z_up=True), person(1, z_up=True, height=1.75)
    write_pair(tmp_path, "1", processed(stands), processed(is_carried))
    clip = read_all(FORMAT, tmp_path)["1"]
    lowest = clip.positions[..., 1].min(axis=(0, 2))
    assert lowest[0] == pytest.approx(0, abs=0.05)
    assert lowest[1] - lowest[0] == pytest.approx(
        joints_of(is_carried, neutral_rest())[..., 2].min() - joints_of(stands, neutral_rest())[..., 2].min(), abs=1e-5
    )


def test_it_is_a_turn_and_no_mirror(tmp_path: Path) -> None:
    """(x, y, z) -> (x, z, y) would swap left and right: toes would then point to where the back is."""
    first, second = pair(lively=0.0)
    write_pair(tmp_path, "1", processed(first), processed(second))
    body = read_all(FORMAT, tmp_path)["1"].positions[0].astype(float)
    up = body[:, 12] - body[:, 0]
    forwards = np.cross(body[:, 1] - body[:, 2], up)
    toes = body[:, 10] - body[:, 7]
    assert (up[:, 1] > 0.3).all()
    assert ((toes * forwards).sum(-1) > 0).all()


@pytest.mark.parametrize("folder", ["split", "."])
def test_lists_are_found_where_the_readme_and_where_the_code_has_them(tmp_path: Path, folder: str) -> None:
    write_folder(tmp_path, "1", "2", "10", "3")
    write_text(tmp_path / folder / "train.txt", "2", "10")
    (tmp_path / folder / "test.txt").write_bytes(b"1\r\n3")  # no end of line at the end: public loaders lose the 3
    recordings = FORMAT.find(tmp_path, Options())
    assert [(one.id, one.split) for one in recordings] == [("1", "test"), ("10", "train"), ("2", "train"), ("3", "test")]


def test_without_lists_every_motion_is_read_and_has_no_split(tmp_path: Path) -> None:
    write_folder(tmp_path, "7", "8")
    assert {one.id: one.split for one in FORMAT.find(tmp_path, Options())} == {"7": "", "8": ""}


def test_a_root_that_is_set_wrong_is_an_error_and_not_an_empty_data_set(tmp_path: Path) -> None:
    write_folder(tmp_path / "data", "1")
    write_text(tmp_path / "data" / "split" / "train.txt", "1")
    shutil.move(tmp_path / "data" / "motions_processed", tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="no motion there of 1 listed ids; name the data set's own folder"):
        FORMAT.find(tmp_path / "data", Options())
    with pytest.raises(ValueError, match="no motion there of 0 listed ids"):
        FORMAT.find(tmp_path, Options())


@pytest.mark.parametrize("line", ["../../etc/passwd", "/etc/passwd", "1/../2", "a", "1.npy", "..", "1\x00"])
def test_a_list_names_ids_only(tmp_path: Path, line: str) -> None:
    write_folder(tmp_path, "1")
    write_text(tmp_path / "split" / "train.txt", "1", line)
    with pytest.raises(ValueError, match=r"train\.txt:2: .* is not an id of this data set"):
        FORMAT.find(tmp_path, Options())


def test_an_id_of_two_splits_is_a_leak_and_a_repeated_line_is_none(tmp_path: Path) -> None:
    write_folder(tmp_path, "1", "2")
    write_text(tmp_path / "split" / "train.txt", "1", "2", "1")
    assert len(FORMAT.find(tmp_path, Options())) == 2
    write_text(tmp_path / "split" / "test.txt", "2")
    with pytest.raises(ValueError, match=r"test\.txt:1: 2 is also in train \(.*train\.txt:2\)"):
        FORMAT.find(tmp_path, Options())


def test_what_is_set_aside_has_a_reason(tmp_path: Path) -> None:
    write_folder(tmp_path, "1", "2", "3", "4", "5", "3945", "7543", "5237")
    (tmp_path / "motions_processed" / "person2" / "2.npy").unlink()
    (tmp_path / "annots" / "3.txt").unlink()
    write_text(tmp_path / "annots" / "4.txt", "", "  ")
    write_text(tmp_path / "ignore_list.txt", "5")
    write_pair(tmp_path, "6", *[np.empty((0, 492), np.float32)] * 2)
    write_text(tmp_path / "split" / "val.txt", *"12345678", "3945", "7543", "5237")
    assert rejections(tmp_path) == {
        "2": "a motion file is missing",
        "3": "no caption",
        "4": "no caption",
        "5": "on the ignore list",
        "6": "empty motion",
        "7": "a motion file is missing",
        "8": "a motion file is missing",
        "3945": "known bad: empty motion",
        "5237": "known bad: bad motion",
        "7543": "known bad: empty caption",
    }


def test_the_known_bad_ids_are_those_that_are_published() -> None:
    assert sorted(map(int, interhuman.KNOWN_BAD)) == [3945, 4106, 4434, 5236, 5237, 5238, 7543, 7561]


def test_a_longer_person_is_cut_and_it_is_told(tmp_path: Path) -> None:
    first, second = (processed(who) for who in pair())
    write_pair(tmp_path, "1", first, second[:33])
    clip = read_all(FORMAT, tmp_path)["1"]
    assert clip.frames == 33
    assert CUT in clip.notes
    store = write_clips(tmp_path / "store", [clip])
    assert store["1"].notes == clip.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[:, :491], r"shape \(40, 491\), expected \(T, 492\)"),
        (lambda rows: rows[None], r"shape \(1, 40, 492\), expected"),
        (lambda rows: np.where(np.arange(492) == 7, np.nan, rows), r"nan at \[0, 7\] \(40 of 19680 values"),
        (lambda rows: rows.astype(object), r"header .*'\|O'"),
        (lambda rows: rows.astype(str), r"not numbers|plain numbers"),
        (lambda rows: np.rec.fromarrays([rows[:, 0]], names="x"), "does not describe an array of plain numbers"),
        (lambda rows: np.zeros((50_001, 492), np.float32), "50001 frames, more than 50000"),
    ],
)
def test_a_motion_that_is_none_is_named(tmp_path: Path, change, message: str) -> None:
    first, second = (processed(who) for who in pair())
    write_pair(tmp_path, "1", first, change(second))
    with pytest.raises(ValueError, match=rf"person2/1\.npy: {message}|{message}") as caught:
        read_all(FORMAT, tmp_path)
    assert "person2/1.npy" in str(caught.value)


def test_the_byte_order_of_a_file_does_not_matter(tmp_path: Path) -> None:
    columns = [processed(who) for who in pair()]
    write_pair(tmp_path / "little", "1", *columns)
    write_pair(tmp_path / "big", "1", *(one.astype(">f4") for one in columns))
    write_pair(tmp_path / "fortran", "1", *map(np.asfortranarray, columns))
    little = read_all(FORMAT, tmp_path / "little")["1"]
    for folder in ("big", "fortran"):
        other = read_all(FORMAT, tmp_path / folder)["1"]
        assert other.content_hash() == little.content_hash()
        np.testing.assert_array_equal(other.rotations, little.rotations)


def test_joints_that_are_nowhere_near_are_set_aside(tmp_path: Path) -> None:
    first, second = (processed(who) for who in pair())
    second[:, 0:186] *= 1000  # millimetres
    write_pair(tmp_path, "1", first, second)
    assert rejections(tmp_path) == {"1": "a joint is farther than 100 m from the origin"}


# Raw


@pytest.mark.parametrize("protocol", range(6))
def test_raw_motion_is_posed_turned_and_thinned(tmp_path: Path, protocol: int) -> None:
    people = pair(frames=41)
    write_raw(tmp_path, "1", raw(*people), protocol)
    clip = read_all(FORMAT, tmp_path)["1"]
    assert clip.frames == 21  # 41 at 60 a second, every second one
    assert smplx.NEUTRAL_NOTE in clip.notes
    joints = [joints_of(who, neutral_rest())[::2] for who in people]
    for number, (x, y, z) in enumerate(np.moveaxis(places, -1, 0) for places in joints):
        np.testing.assert_allclose(clip.positions[:, number, :, 0], x, atol=1e-6)
        np.testing.assert_allclose(clip.positions[:, number, :, 2], -y, atol=1e-6)
        np.testing.assert_allclose(clip.positions[:, number, :, 1] - clip.positions[0, 0, 0, 1], z - joints[0][0, 0, 2], atol=1e-6)
    np.testing.assert_allclose(fk(clip.rotations, clip.offsets, clip.root), clip.positions, atol=1e-5)


def test_a_body_model_is_a_reason_to_read_raw_motion(tmp_path: Path) -> None:
    write_folder(tmp_path, "1")
    people = pair(5)
    write_raw(tmp_path, "1", raw(*people))
    assert read_all(FORMAT, tmp_path)["1"].frames == 40  # processed
    model = body_model()
    clip = read_all(FORMAT, tmp_path, body_model=write_body(tmp_path / "SMPLX_NEUTRAL.npz", model))["1"]
    assert clip.frames == 20
    assert clip.notes == ()
    distance = joints_of(people[1], rest_of(model, people[1].betas))[::2, 0] - joints_of(people[0], rest_of(model, people[0].betas))[::2, 0]
    ours = clip.positions[:, 1, 0] - clip.positions[:, 0, 0]
    np.testing.assert_allclose(ours, distance[:, [0, 2, 1]] * [1, 1, -1], atol=1e-6)


def test_people_who_face_each_other_still_do(tmp_path: Path) -> None:
    """The published conversion swaps two axes of `trans` and turns the rotations: people then look past one another."""
    first, second = pair(lively=0.0)
    for who, at in ((first, [0.5, 0.3, 0.95]), (second, [-0.5, -0.3, 0.95])):
        who.trans[:] = at
        towards = -np.array(at)
        heading_turn = Rotation.from_euler("z", np.arctan2(towards[1], towards[0]) + np.pi / 2)
        who.root_orient[:] = (heading_turn * Rotation.from_euler("x", 90, degrees=True)).as_rotvec()
    write_raw(tmp_path, "1", raw(first, second))
    clip = read_all(FORMAT, tmp_path)["1"]
    for who in range(2):
        body = clip.positions[0, who].astype(float)
        forwards = np.cross(body[1] - body[2], body[12] - body[0])
        towards = clip.positions[0, 1 - who, 0] - body[0]
        cosine = np.dot(forwards[[0, 2]], towards[[0, 2]]) / np.linalg.norm(forwards[[0, 2]]) / np.linalg.norm(towards[[0, 2]])
        assert cosine > 0.99


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        ([1, 2], "is not a dictionary of person1 and person2"),
        ({"person1": {}}, "is not a dictionary of person1 and person2"),
        ({"person1": {}, "person2": {}}, "person1: lacks root_orient, pose_body, trans"),
        ("rate", r"mocap_framerate 'fast' is not a rate"),
        ("zero", r"mocap_framerate 0\.0 is not a rate"),
        ("nan", r"person1: trans: nan at \[3, 1\]"),
        ("wide", r"person1: pose_body: shape \(40, 62\), expected \(T, 63\)"),
        ("uneven", r"person1: 40 frames of root_orient, 40 of pose_body, 39 of trans"),
        ("text", r"person1: trans: holds <U4, not numbers"),
    ],
)
def test_raw_motion_that_is_none_is_named(tmp_path: Path, recorded: object, message: str) -> None:
    people = raw(*pair())
    changes = {
        "rate": {"mocap_framerate": "fast"},
        "zero": {"mocap_framerate": 0.0},
        "nan": {"person1": {**people["person1"], "trans": np.where(np.arange(120).reshape(40, 3) == 10, np.nan, 0)}},
        "wide": {"person1": {**people["person1"], "pose_body": np.zeros((40, 62))}},
        "uneven": {"person1": {**people["person1"], "trans": np.zeros((39, 3))}},
        "text": {"person1": {**people["person1"], "trans": "here"}},
    }
    path = write_raw(tmp_path, "1", {**people, **changes[recorded]} if isinstance(recorded, str) else recorded)
    with pytest.raises(ValueError, match=message) as caught:
        read_all(FORMAT, tmp_path)
    assert str(path) in str(caught.value)


def test_21_rows_of_3_and_rows_of_63_are_the_same(tmp_path: Path) -> None:
    people = pair()
    flat = raw(*people)
    write_raw(tmp_path / "flat", "1", flat)
    write_raw(
        tmp_path / "rows", "1", {**flat, "person1": {**flat["person1"], "pose_body": flat["person1"]["pose_body"].reshape(40, 21, 3)}}
    )
    assert read_all(FORMAT, tmp_path / "flat")["1"].content_hash() == read_all(FORMAT, tmp_path / "rows")["1"].content_hash()


def test_other_rates_turn_along_the_shortest_arc(tmp_path: Path) -> None:
    write_folder(tmp_path, "1")
    clip = read_all(FORMAT, tmp_path, fps=20.0)["1"]
    assert (clip.fps, clip.frames) == (20.0, 27)
    np.testing.assert_allclose(fk(clip.rotations, clip.offsets, clip.root), clip.positions, atol=1e-5)
    full = read_all(FORMAT, tmp_path)["1"]
    np.testing.assert_allclose(clip.rotations[::2], full.rotations[::3], atol=1e-6)
    before, after = (from_6d(full.rotations[frame].astype(float)) for frame in (1, 2))
    half = Rotation.concatenate([Rotation.from_matrix(one.reshape(-1, 3, 3)) for one in (before, after)])
    count = len(half) // 2
    step = (half[:count].inv() * half[count:]).as_rotvec()
    expected = (half[:count] * Rotation.from_rotvec(step / 2)).as_matrix().reshape(2, 22, 3, 3)
    np.testing.assert_allclose(from_6d(clip.rotations[1].astype(float)), expected, atol=1e-6)
