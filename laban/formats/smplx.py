"""SMPL-X: from pose parameters to the joints of the body (Pavlakos et al., CVPR 2019), by the user's own model file or without one.

Only the first 22 of its 55 joints are ours, and they are SMPL's in SMPL's order. Only joints are needed, no surface: a rest joint is
a weighted mean of the vertices, so shape moves it linearly: `J_regressor @ (v_template + shapedirs @ betas)`.
Letters: `T` frames, `P` people, `V` vertices, `B` shape parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from laban.formats.arrays import checked, read_npz
from laban.formats.scene import CUT, Scene
from laban.formats.text import shown
from laban.motion.kinematics import fk
from laban.motion.rotations import from_axis_angle, to_6d
from laban.motion.skeleton import JOINTS, PARENTS, REST_OFFSETS

J = len(JOINTS)
POSE = ("root_orient", "pose_body", "trans")
"""Rotation vectors in radians of the pelvis and of the 21 other joints of the body, and where the pelvis has gone, in metres."""
Y_UP = np.eye(3)
Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Turns a world whose Z is up: (x, y, z) -> (x, z, -y). A swap of two axes alone would mirror it."""
NEUTRAL_NOTE = "no body model: the neutral skeleton's proportions"
_MODEL_BYTES = 2**30
_SHAPE_COLUMNS = {400: 300, 20: 10}
"""Columns of `shapedirs` in the published files: those that follow are of facial expression."""
_MOST_RADIANS = 100.0
_MOST_BETA = 100.0


@dataclass(frozen=True, kw_only=True)
class Body:
    """Rest joints of a body as a linear function of its shape."""

    rest: np.ndarray
    """(22, 3) metres"""
    shapes: np.ndarray
    """(22, 3, B) metres for a unit of each shape parameter; B = 0: one shape for everybody"""
    notes: tuple[str, ...] = ()

    def joints(self, betas: np.ndarray | None, where: str) -> np.ndarray:
        """(22, 3) rest joints of a person of shape `betas` (up to B,); raises `ValueError` for a shape that the model does not have."""
        if betas is None or not self.shapes.shape[-1]:
            return self.rest
        if len(betas) > self.shapes.shape[-1] or np.abs(betas).max(initial=0) > _MOST_BETA:
            raise ValueError(
                f"{where}: betas {betas.round(2).tolist()}: the body model has {self.shapes.shape[-1]} of at most ±{_MOST_BETA:g}"
            )
        return self.rest + self.shapes[..., : len(betas)] @ betas


_UNTURNED = np.broadcast_to(to_6d(np.eye(3)), (1, 1, J, 6))
NEUTRAL = Body(
    rest=fk(_UNTURNED, REST_OFFSETS[None], np.zeros((1, 1, 3)))[0, 0],
    shapes=np.empty((J, 3, 0)),
    notes=(NEUTRAL_NOTE,),
)
"""An adult of 1.70 m, pelvis at the origin: `laban.motion.skeleton.REST_OFFSETS`."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """What SMPL-X says of one person."""

    turns: np.ndarray
    """(T, 22, 3) rotation vectors, radians: the pelvis' relative to the world, the others' to their parents"""
    trans: np.ndarray
    """(T, 3) metres, added to the rest pelvis"""
    betas: np.ndarray | None
    """(B,)"""
    where: str


def pose(given: Mapping[str, Any], where: str) -> Pose:
    """A person from SMPL-X's own arrays: `root_orient` (T, 3), `pose_body` (T, 63) or (T, 21, 3), `trans` (T, 3), and perhaps
    `betas` (B,), (1, B) or the same (T, B) in every frame.

    Raises `ValueError` where one is missing, of another shape or length or not finite, or for angles and shapes that nobody writes.
    """
    lacking = [name for name in POSE if name not in given]
    if lacking:
        raise ValueError(f"{where}: lacks {', '.join(lacking)}; it has {shown(sorted(given))}")
    root, limbs, trans = (np.asarray(given[name]) for name in POSE)
    checked(root, (None, 3), f"{where}: root_orient")
    checked(limbs, (None, J - 1, 3) if limbs.ndim == 3 else (None, 3 * (J - 1)), f"{where}: pose_body")
    checked(trans, (None, 3), f"{where}: trans")
    if not len(root) == len(limbs) == len(trans):
        raise ValueError(f"{where}: {len(root)} frames of root_orient, {len(limbs)} of pose_body, {len(trans)} of trans")
    turns = np.concatenate([root[:, None], limbs.reshape(len(limbs), J - 1, 3)], axis=1).astype(np.float64)
    widest = float(np.abs(turns).max(initial=0))
    if widest > _MOST_RADIANS:
        frame, joint, _ = np.unravel_index(int(np.abs(turns).argmax()), turns.shape)
        raise ValueError(f"{where}: frame {frame}, joint {JOINTS[joint]}: a rotation vector of {widest:.4g} radians")
    betas = given.get("betas")
    return Pose(turns=turns, trans=trans.astype(np.float64), betas=None if betas is None else _shape(betas, where), where=where)


def _shape(betas: Any, where: str) -> np.ndarray:
    rows = np.atleast_2d(np.asarray(betas))
    if rows.ndim != 2 or not rows.size:
        raise ValueError(f"{where}: betas of shape {rows.shape}, expected (B,) or (1, B)")
    return checked(rows, (None, rows.shape[1]), f"{where}: betas")[0].astype(np.float64)


def body(path: Path | None) -> Body:
    """The user's body model, read once a process; the neutral skeleton where there is none."""
    if path is None:
        return NEUTRAL
    if not path.is_file():
        raise ValueError(f"{path}: no such body model; it is SMPLX_NEUTRAL.npz of SMPL-X's own download")
    return read_body(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def read_body(path: Path, _: int) -> Body:
    """A body model; the number, its time of change, is there for the cache. Raises `ValueError` naming what the file lacks."""
    shapes = {"J_regressor": (None, None), "v_template": (None, 3), "shapedirs": (None, 3, None), "kintree_table": (2, None)}
    model = read_npz(path, shapes, _MODEL_BYTES)
    if set(model) != set(shapes):
        raise ValueError(f"{path}: lacks {', '.join(sorted(set(shapes) - set(model)))}; is it an SMPL-X model file (.npz)?")
    parents = model["kintree_table"][0, 1:J].astype(np.int64).tolist()
    if parents != list(PARENTS[1:]):
        raise ValueError(f"{path}: its first joints hang on {parents}, SMPL-X's on {list(PARENTS[1:])}")
    regressor, template, directions = model["J_regressor"][:J], model["v_template"], model["shapedirs"]
    if not regressor.shape[1] == len(template) == len(directions):
        raise ValueError(
            f"{path}: J_regressor is for {regressor.shape[1]} vertices, v_template has {len(template)}, shapedirs {len(directions)}"
        )
    columns = _SHAPE_COLUMNS.get(directions.shape[2], directions.shape[2])
    moves = np.tensordot(regressor.astype(np.float64), directions[..., :columns].astype(np.float64), 1)
    return Body(rest=regressor.astype(np.float64) @ template, shapes=moves)


def scene(poses: Sequence[Pose], person: Body, *, fps: float, wanted_fps: float, world: np.ndarray = Y_UP) -> Scene:
    """People who were recorded together, in the frame `world @` theirs, by forward kinematics in theirs.

    Whoever has more frames is cut to the other's. Where every n-th frame makes `wanted_fps`, only those are posed. The pelvis turns about
    itself: it is at `rest pelvis + trans` in the source's world, and that point is what `world` turns.
    """
    frames = min(len(one.trans) for one in poses)
    notes = person.notes if all(len(one.trans) == frames for one in poses) else (*person.notes, CUT)
    every = round(fps / wanted_fps) if fps % wanted_fps == 0 else 1
    rest = np.stack([person.joints(one.betas, one.where) for one in poses])
    offsets = rest - rest[:, [0, *PARENTS[1:]]]
    root = rest[:, 0] + np.stack([one.trans[:frames:every] for one in poses], axis=1)
    local = from_axis_angle(np.stack([one.turns[:frames:every] for one in poses], axis=1))
    local[:, :, 0] = world @ local[:, :, 0]
    rotations = to_6d(local)
    positions = fk(rotations, offsets, root @ world.T)
    return Scene(fps=fps / every, positions=positions, rotations=rotations, offsets=offsets, notes=notes)
