"""SMPL-X as its papers and model files describe it, written and posed by other means than Laban's: loops and SciPy's rotations."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from laban.formats.source import Format, Options
from laban.motion.skeleton import REST_OFFSETS

PARENTS = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19]
BETAS = 10
Z_UP = Rotation.from_euler("x", 90, degrees=True)
"""Turns a Y-up person so that they stand along Z."""


@dataclass
class Person:
    """Parameters of a person: rotation vectors in radians, metres."""

    root_orient: np.ndarray
    pose_body: np.ndarray
    trans: np.ndarray
    betas: np.ndarray

    def cut(self, frames: int) -> "Person":
        return Person(self.root_orient[:frames], self.pose_body[:frames], self.trans[:frames], self.betas)


def person(seed: int, frames: int = 40, *, z_up: bool = False, height: float = 0.95, lively: float = 0.4) -> Person:
    """Somebody who stands somewhere, turns, and moves every joint."""
    draw = np.random.default_rng(seed)
    moment = np.linspace(0, 2, frames)[:, None]
    wave = lively * np.sin(moment * draw.uniform(1, 4, (1, 66)) + draw.uniform(0, 6, (1, 66)))
    trans = np.cumsum(draw.normal(0, 0.01, (frames, 3)), 0) + [draw.uniform(-1, 1), height, draw.uniform(-1, 1)]
    orient = Rotation.from_euler("y", draw.uniform(-3, 3) + moment) * Rotation.from_rotvec(0.2 * wave[:, :3])
    if z_up:
        orient, trans = Z_UP * orient, Z_UP.apply(trans)
    return Person(orient.as_rotvec(), wave[:, 3:], trans, draw.normal(0, 1, (1, BETAS)))


def neutral_rest() -> np.ndarray:
    """(22, 3) joints of our neutral skeleton at rest."""
    rest = np.zeros((22, 3))
    for joint in range(1, 22):
        rest[joint] = rest[PARENTS[joint]] + REST_OFFSETS[joint]
    return rest


def joints_of(who: Person, rest: np.ndarray) -> np.ndarray:
    """(T, 22, 3): the definition of SMPL's forward kinematics, joint after joint, in the parameters' own world."""
    turns = [Rotation.from_rotvec(who.root_orient)]
    places = [rest[0] + who.trans]
    for joint in range(1, 22):
        above = PARENTS[joint]
        places.append(places[above] + turns[above].apply(rest[joint] - rest[above]))
        turns.append(turns[above] * Rotation.from_rotvec(who.pose_body[:, 3 * joint - 3 : 3 * joint]))
    return np.stack(places, axis=1)


def body_model(seed: int = 0, vertices: int = 60) -> dict[str, np.ndarray]:
    """The arrays of a model file that joints depend on, for 55 joints, and one that Laban has no business with."""
    draw = np.random.default_rng(seed)
    template = draw.normal(0, 0.3, (vertices, 3))
    rest = np.concatenate([neutral_rest() + [0.003, -0.35, 0.012], draw.normal(0, 0.3, (33, 3))])
    regressor = (np.linalg.pinv(template.T) @ rest.T).T  # (55, V) with regressor @ template == rest
    parents = np.array([2**32 - 1, *PARENTS[1:], *range(33)], np.uint32)
    return {
        "J_regressor": regressor,
        "v_template": template,
        "shapedirs": draw.normal(0, 0.02, (vertices, 3, 400)),
        "kintree_table": np.stack([parents, np.arange(55, dtype=np.uint32)]),
        "part2num": np.array({"head": 15}, dtype=object),
    }


def rest_of(model: dict[str, np.ndarray], betas: np.ndarray) -> np.ndarray:
    """(22, 3): the mean of the shaped vertices that each row of the regressor weighs."""
    shaped = model["v_template"] + np.einsum("vcb,b->vc", model["shapedirs"][:, :, : betas.size], betas.ravel())
    return np.stack([row @ shaped for row in model["J_regressor"][:22]])


def write_body(path: Path, model: dict[str, np.ndarray] | None = None) -> Path:
    np.savez(path, **(model or body_model()))
    return path


def write_text(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def read_all(reader: Format, root: Path, **options: object):
    """Every clip of a folder, by id; what is set aside raises."""
    how = Options(**options)
    return {clip.id: clip for recording in reader.find(root, how) for clip in reader.read(recording, how)}
