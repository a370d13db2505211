"""InterHuman's files as its paper, repository and users describe them: `../shared/field` §5.1."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation
from smplx_files import Person, joints_of, neutral_rest, person, write_text

CAPTIONS = (
    "Two people greet each other; one turns counterclockwise.",
    "one person waves with the left hand",
    "the other waves back.",
)


def processed(who: Person, seed: int = 0) -> np.ndarray:
    """(T, 492) float32: 62 joints x 3, then 51 joints x 6, where a rotation R is written as R[:, :2].reshape(6)."""
    draw = np.random.default_rng(seed)
    frames = len(who.trans)
    fingers = draw.normal(0, 1, (frames, 40, 3))
    places = np.concatenate([joints_of(who, neutral_rest()), fingers], axis=1)
    turns = Rotation.from_rotvec(who.pose_body.reshape(-1, 3)).as_matrix().reshape(frames, 21, 3, 3)
    sixd = np.concatenate([turns[..., :2].reshape(frames, 21, 6), draw.normal(0, 1, (frames, 30, 6))], axis=1)
    return np.concatenate([places.reshape(frames, -1), sixd.reshape(frames, -1)], axis=1).astype(np.float32)


def write_pair(root: Path, name: str, first: np.ndarray, second: np.ndarray, captions: tuple[str, ...] = CAPTIONS) -> None:
    for folder, columns in (("person1", first), ("person2", second)):
        path = root / "motions_processed" / folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, columns)
    write_text(root / "annots" / f"{name}.txt", *captions)


def pair(seed: int = 0, frames: int = 40, **how: Any) -> tuple[Person, Person]:
    return person(2 * seed, frames, z_up=True, **how), person(2 * seed + 1, frames, z_up=True, **how)


def write_folder(root: Path, *names: str, frames: int = 40) -> Path:
    for number, name in enumerate(names):
        first, second = pair(number, frames)
        write_pair(root, name, processed(first, 1), processed(second, 2))
    return root


def raw(first: Person, second: Person, **more: Any) -> dict[str, Any]:
    """The dictionary of a raw file."""

    def parameters(who: Person) -> dict[str, Any]:
        return {
            "root_orient": who.root_orient.astype(np.float32),
            "pose_body": who.pose_body.astype(np.float32),
            "trans": who.trans.astype(np.float32),
            "betas": who.betas[0],
            "gender": "neutral",
        }

    both = {"person1": parameters(first), "person2": parameters(second)}
    return {**both, "mocap_framerate": np.array(60.0), "frames": len(first.trans), **more}


def write_raw(root: Path, name: str, recorded: Any, protocol: int = 4) -> Path:
    path = root / "motions" / f"{name}.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(recorded, protocol))
    write_text(root / "annots" / f"{name}.txt", *CAPTIONS)
    return path
