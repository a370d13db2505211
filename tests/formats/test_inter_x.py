from pathlib import Path

import h5py
import numpy as np
import pytest
from inter_x_files import (
    ACTIONS,
    CAPTIONS,
    arrays_of,
    h5_rows,
    name_of,
    pair,
    write_annotations,
    write_folder,
    write_h5,
    write_npz,
)
from smplx_files import body_model, joints_of, neutral_rest, person, read_all, rest_of, write_body, write_text

from laban.formats import inter_x, smplx
from laban.formats.inter_x import FORMAT
from laban.formats.scene import CUT
from laban.formats.source import Options, Rejected
from laban.motion.kinematics import fk

HUG = name_of()


def shared_shift(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal, but for one common height."""
    shift = ours - theirs
    np.testing.assert_allclose(shift, np.broadcast_to([0, shift[0, 0, 0, 1], 0], shift.shape), atol=2e-6)


def test_a_pair_is_posed_thinned_and_kept_together(tmp_path: Path) -> None:
    people = pair()
    write_npz(tmp_path, HUG, *map(arrays_of, people))
    clip = read_all(FORMAT, tmp_path)[HUG]
    assert (clip.fps, clip.frames) == (30.0, 21)  # 81 at 120 a second, every fourth
    shared_shift(clip.positions, np.stack([joints_of(who, neutral_rest())[::4] for who in people], axis=1))
    np.testing.assert_allclose(fk(clip.rotations, clip.offsets, clip.root), clip.positions, atol=1e-5)
    assert [caption.text for caption in clip.captions] == list(CAPTIONS)
    assert (clip.actor, clip.kind, clip.split, clip.group) == (None, "", "", "G001T000")
    assert clip.notes == (smplx.NEUTRAL_NOTE,)


def test_whoever_is_carried_is_not_put_down(tmp_path: Path) -> None:
    """The published preparation brings each person's own lowest joint to the floor."""
    people = person(0, 81), person(1, 81, height=1.8)
    write_npz(tmp_path, HUG, *map(arrays_of, people))
    lowest = read_all(FORMAT, tmp_path)[HUG].positions[..., 1].min(axis=(0, 2))
    assert lowest[1] - lowest[0] > 0.6


def test_a_body_model_honours_the_betas(tmp_path: Path) -> None:
    """The published preparation leaves them out."""
    people, model = pair(), body_model()
    write_npz(tmp_path, HUG, *map(arrays_of, people))
    clip = read_all(FORMAT, tmp_path, body_model=write_body(tmp_path / "model.npz", model))[HUG]
    shared_shift(clip.positions, np.stack([joints_of(who, rest_of(model, who.betas))[::4] for who in people], axis=1))
    assert clip.notes == ()


@pytest.mark.parametrize("folder", ["processed_data/motions/train.h5", "motions/test.h5", "inter-x.h5"])
def test_an_h5_file_is_read_as_it_was_made(tmp_path: Path, folder: str) -> None:
    people = pair()
    rows = h5_rows(*people)
    write_h5(tmp_path / folder, **{HUG: rows})
    write_text(tmp_path / "processed_data" / "texts_processed" / f"{HUG}.txt", "hug #1 #hug/VERB#0.0#0.0", "a hug#a/DET hug/NOUN#0.0#0.0")
    clip = read_all(FORMAT, tmp_path)[HUG]
    assert clip.frames == 21
    assert [caption.text for caption in clip.captions] == ["hug #1", "a hug"]
    for number, who in enumerate(people):
        who.root_orient, who.pose_body = who.root_orient[::4], who.pose_body[::4]
        who.trans = rows[:, -1, 3 * number : 3 * number + 3].astype(float)
    shared_shift(clip.positions, np.stack([joints_of(who, neutral_rest()) for who in people], axis=1))
    assert inter_x.OWN_FLOORS in clip.notes


def test_npz_files_say_more_and_are_preferred(tmp_path: Path) -> None:
    write_folder(tmp_path, HUG)
    write_h5(tmp_path / "processed_data" / "motions" / "train.h5", **{HUG: h5_rows(*pair(9))})
    assert inter_x.OWN_FLOORS not in read_all(FORMAT, tmp_path)[HUG].notes


def test_who_acts_and_what_is_done(tmp_path: Path) -> None:
    names = name_of(action=0), name_of(action=3), name_of(action=4), name_of(action=5)
    write_folder(tmp_path, *names)
    write_annotations(tmp_path, {names[0]: 0, names[1]: 1, names[2]: np.int64(1)})
    clips = read_all(FORMAT, tmp_path)
    assert [clips[name].actor for name in names] == [0, 1, 1, None]
    assert [clips[name].kind for name in names] == ["hug", "fly_kiss", "high_five", "rock_paper_scissors"]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([0, 1], "interaction_order.pkl: is a list, not a dictionary"),
        ({HUG: 2}, f"'{HUG}': the actor is 2, not 0 or 1"),
        ({HUG: "P1"}, "the actor is 'P1', not 0 or 1"),
        ({HUG: 10**5000}, "the actor is a int, not 0 or 1"),
        ({HUG: Path("x")}, r"interaction_order\.pkl: byte \d+: names pathlib\.\w+; only NumPy arrays"),
    ],
)
def test_an_order_that_is_none_is_named(tmp_path: Path, order: object, message: str) -> None:
    write_folder(tmp_path, HUG)
    write_annotations(tmp_path, order)
    with pytest.raises(ValueError, match=message):
        FORMAT.find(tmp_path, Options())


def test_an_action_beyond_the_list_is_named(tmp_path: Path) -> None:
    write_folder(tmp_path, name_of(action=6))
    write_annotations(tmp_path, {})
    with pytest.raises(ValueError, match=f"of action 6, but annots/action_setting.txt names {len(ACTIONS)}"):
        FORMAT.find(tmp_path, Options())


def test_published_splits_are_kept_and_takes_only_where_there_are_none(tmp_path: Path) -> None:
    names = name_of(piece=0), name_of(piece=1), name_of(take=1)
    write_folder(tmp_path, *names)
    assert [one.group for one in FORMAT.find(tmp_path, Options())] == ["G001T000", "G001T000", "G001T001"]
    write_text(tmp_path / "splits" / "train.txt", names[0])
    write_text(tmp_path / "splits" / "test.txt", names[1])
    assert [(one.split, one.group) for one in FORMAT.find(tmp_path, Options())] == [("train", ""), ("test", "")]


def test_h5_files_name_their_split_and_hold_an_id_once(tmp_path: Path) -> None:
    write_h5(tmp_path / "motions" / "val.h5", **{HUG: h5_rows(*pair()), "mean": np.zeros(3)})
    assert [(one.id, one.split) for one in FORMAT.find(tmp_path, Options())] == [(HUG, "val")]
    write_h5(tmp_path / "motions" / "train.h5", **{HUG: h5_rows(*pair())})
    with pytest.raises(ValueError, match=rf"val\.h5: {HUG} is also in train\.h5; it could be in train and in test"):
        FORMAT.find(tmp_path, Options())


@pytest.mark.parametrize("line", ["../x", "G001T000A000R000/../../x", "G001T000A000", "G001T000A000R000.npz"])
def test_a_list_names_ids_only(tmp_path: Path, line: str) -> None:
    write_folder(tmp_path, HUG)
    write_text(tmp_path / "splits" / "val.txt", line)
    with pytest.raises(ValueError, match=r"val\.txt:1: .* is not an id"):
        FORMAT.find(tmp_path, Options())


def test_what_is_set_aside_has_a_reason(tmp_path: Path) -> None:
    bad, lone, listed, silent, empty = "G039T006A021R006", name_of(2), name_of(3), name_of(4), name_of(5)
    write_folder(tmp_path, HUG, bad, lone, silent)
    (tmp_path / "motions" / lone / "P2.npz").unlink()
    (tmp_path / "texts" / f"{silent}.txt").unlink()
    nobody = {name: array[:0] if np.ndim(array) > 1 and name != "betas" else array for name, array in arrays_of(person(0)).items()}
    write_npz(tmp_path, empty, nobody, nobody)
    write_text(tmp_path / "splits" / "train.txt", HUG, bad, lone, listed, silent, empty)
    reasons = {}
    for recording in FORMAT.find(tmp_path, Options()):
        try:
            FORMAT.read(recording, Options())
        except Rejected as rejected:
            reasons[recording.id] = rejected.reason
    missing = "a motion file is missing"
    assert reasons == {bad: "known bad: bad motion", lone: missing, listed: missing, silent: "no caption", empty: "empty motion"}


def test_a_root_that_is_set_wrong_is_an_error(tmp_path: Path) -> None:
    write_text(tmp_path / "splits" / "train.txt", HUG)
    with pytest.raises(ValueError, match="no motion there of 1 listed ids"):
        FORMAT.find(tmp_path, Options())


def test_uneven_people_are_cut_and_it_is_told(tmp_path: Path) -> None:
    first, second = pair()
    write_npz(tmp_path, HUG, arrays_of(first), arrays_of(second.cut(70)))
    clip = read_all(FORMAT, tmp_path)[HUG]
    assert clip.frames == 18
    assert CUT in clip.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pose_body": np.zeros((81, 63), np.float32)}, r"pose_body: shape \(81, 63\), expected \(T, 21, 3\)"),
        ({"trans": np.full((81, 3), np.inf)}, r"trans: inf at \[0, 0\]"),
        ({"trans": None}, "P2.npz: lacks trans"),
        ({"trans": np.zeros((80, 3))}, "81 frames of root_orient, 81 of pose_body, 80 of trans"),
        ({"trans": np.zeros((81, 3), dtype=object)}, r"trans: header .*'\|O'"),
        ({"betas": np.zeros((2, 10))}, r"betas: shape \(2, 10\), expected \(1, T\)"),
    ],
)
def test_a_motion_that_is_none_is_named(tmp_path: Path, change: dict, message: str) -> None:
    first, second = (arrays_of(who) for who in pair())
    write_npz(tmp_path, HUG, first, {name: array for name, array in {**second, **change}.items() if array is not None})
    with pytest.raises(ValueError, match=message) as caught:
        read_all(FORMAT, tmp_path)
    assert "P2.npz" in str(caught.value)


@pytest.mark.parametrize("shape", [(21, 56, 3), (21, 55, 6), (21, 56, 6, 1), (50_001, 56, 6)])
def test_rows_of_another_shape_are_named(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with h5py.File(tmp_path / "train.h5", "w") as file:
        file.create_dataset(HUG, shape, "f4", chunks=(min(shape[0], 1000), *shape[1:]))
    write_text(tmp_path / "texts" / f"{HUG}.txt", *CAPTIONS)
    with pytest.raises(ValueError, match=rf"train\.h5: {HUG}: (shape|50001 frames)"):
        read_all(FORMAT, tmp_path)
