import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from smplx_files import Person, body_model, joints_of, neutral_rest, person, rest_of, write_body

from laban.formats import smplx
from laban.motion.kinematics import fk


def pose(who: Person, betas: object = None) -> smplx.Pose:
    return smplx.pose({"root_orient": who.root_orient, "pose_body": who.pose_body, "trans": who.trans, "betas": betas}, "here")


def test_the_neutral_skeleton_is_posed_as_the_definition_says_and_marked() -> None:
    people = [person(seed) for seed in range(3)]
    scene = smplx.scene([pose(who) for who in people], smplx.NEUTRAL, fps=30, wanted_fps=30)
    for number, who in enumerate(people):
        np.testing.assert_allclose(scene.positions[:, number], joints_of(who, neutral_rest()), atol=1e-12)
    assert scene.notes == (smplx.NEUTRAL_NOTE,)


def test_a_users_model_gives_each_person_their_own_bones(tmp_path: Path) -> None:
    model = body_model()
    body = smplx.body(write_body(tmp_path / "SMPLX_NEUTRAL.npz", model))
    people = [person(seed) for seed in range(2)]
    scene = smplx.scene([pose(who, who.betas) for who in people], body, fps=30, wanted_fps=30)
    for number, who in enumerate(people):
        np.testing.assert_allclose(scene.positions[:, number], joints_of(who, rest_of(model, who.betas)), atol=1e-12)
    lengths = np.linalg.norm(scene.offsets[:, 1:], axis=-1)
    assert np.abs(lengths[0] - lengths[1]).max() > 0.005
    assert scene.notes == ()


def test_expression_columns_of_a_model_are_no_shape(tmp_path: Path) -> None:
    body = smplx.body(write_body(tmp_path / "model.npz"))
    assert body.shapes.shape == (22, 3, 300)


def test_a_turned_world_turns_places_and_facing_alike() -> None:
    """The pelvis rests 0.35 m from the origin: turning `trans` alone, as published scripts do, misses by half a metre."""
    model = body_model()
    body = smplx.Body(rest=rest_of(model, np.zeros(10)), shapes=np.empty((22, 3, 0)))
    who = person(0, z_up=True)
    scene = smplx.scene([pose(who)], body, fps=60, wanted_fps=60, world=smplx.Z_UP)
    x, y, z = np.moveaxis(joints_of(who, body.rest), -1, 0)
    np.testing.assert_allclose(scene.positions[:, 0], np.stack([x, z, -y], -1), atol=1e-12)
    assert np.linalg.det(smplx.Z_UP) == pytest.approx(1)
    np.testing.assert_allclose(fk(scene.rotations, scene.offsets, scene.positions[:, :, 0]), scene.positions, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"J_regressor": None}, "lacks J_regressor; is it an SMPL-X model"),
        ({"kintree_table": np.zeros((2, 55), np.uint32)}, r"first joints hang on \[0, 0"),
        ({"v_template": np.zeros((59, 3))}, "60 vertices, v_template has 59"),
        ({"v_template": np.full((60, 3), np.nan)}, r"v_template: nan at \[0, 0\] \(180 of 180"),
        ({"shapedirs": np.zeros((60, 2, 10))}, r"shapedirs: shape \(60, 2, 10\), expected \(T, 3, T\)"),
        (
            {"J_regressor": np.array({"sparse": 1}, dtype=object)},
            r"J_regressor: header .*'\|O'.* does not describe an array of plain numbers",
        ),
    ],
)
def test_a_model_that_is_none_is_named(tmp_path: Path, change: dict, message: str) -> None:
    model = {name: array for name, array in {**body_model(), **change}.items() if array is not None}
    with pytest.raises(ValueError, match=message) as caught:
        smplx.body(write_body(tmp_path / "model.npz", model))
    assert str(tmp_path / "model.npz") in str(caught.value)


def test_a_missing_or_broken_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / 'no.npz'}: no such body model")):
        smplx.body(tmp_path / "no.npz")
    (tmp_path / "cut.npz").write_bytes(write_body(tmp_path / "model.npz").read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cut\.npz: is not a whole \.npz file"):
        smplx.body(tmp_path / "cut.npz")


def test_a_model_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_body(tmp_path / "model.npz")
    first = smplx.body(path)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert smplx.body(path) is first


@pytest.mark.parametrize(
    ("betas", "message"),
    [
        (np.zeros(301), "the body model has 300"),
        (np.full(10, 1e9), "at most ±100"),
        (np.full(10, np.inf), "here: betas: inf at"),
        ("tall", "holds <U4, not numbers"),
        ([], r"betas of shape"),
        (np.zeros((2, 2, 2)), r"betas of shape \(2, 2, 2\)"),
    ],
)
def test_a_shape_that_nobody_has_is_named(tmp_path: Path, betas: object, message: str) -> None:
    body = smplx.body(write_body(tmp_path / "model.npz"))
    with pytest.raises(ValueError, match=message):
        smplx.scene([pose(person(0), betas)], body, fps=30, wanted_fps=30)


def test_uneven_and_absurd_parameters_are_named() -> None:
    who = person(0)
    who.pose_body = who.pose_body[:-1]
    with pytest.raises(ValueError, match="here: 40 frames of root_orient, 39 of pose_body, 40 of trans"):
        pose(who)
    who = person(0)
    who.pose_body[3, 3 * 4] = 1e200
    with pytest.raises(ValueError, match=r"frame 3, joint right_knee: a rotation vector of 1e\+200 radians"):
        pose(who)
