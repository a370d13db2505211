"""Inter-X's files as its repository and users describe them: `../shared/field` §5.2."""

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from smplx_files import Person, joints_of, neutral_rest, person, write_text

CAPTIONS = ("One person hugs the other.", "Somebody turns counterclockwise, then hugs.", "a hug")
ACTIONS = ("Hug", "Handshake", "Wave", "Fly kiss", "High-five", "Rock-paper-scissors")


def name_of(group: int = 1, take: int = 0, action: int = 0, piece: int = 0) -> str:
    return f"G{group:03d}T{take:03d}A{action:03d}R{piece:03d}"


def arrays_of(who: Person, **more: Any) -> dict[str, Any]:
    """What an .npz holds; 120 frames a second."""
    frames = len(who.trans)
    return {
        "root_orient": who.root_orient.astype(np.float32),
        "pose_body": who.pose_body.reshape(frames, 21, 3).astype(np.float32),
        "pose_lhand": np.zeros((frames, 15, 3), np.float32),
        "pose_rhand": np.zeros((frames, 15, 3), np.float32),
        "trans": who.trans.astype(np.float32),
        "betas": who.betas.astype(np.float32),
        "gender": np.array("male"),
        **more,
    }


def write_npz(root: Path, name: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    folder = root / "motions" / name
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "P1.npz", **first)
    np.savez(folder / "P2.npz", **second)
    write_text(root / "texts" / f"{name}.txt", *CAPTIONS)


def h5_rows(first: Person, second: Person) -> np.ndarray:
    """(T, 56, 6) at 30 frames a second, as the data set's own script makes them of 120: each floor at 0, then all from P1's start."""
    sides = []
    for who in (first, second):
        frames = len(who.trans[::4])
        trans = who.trans[::4].copy()
        trans[:, 1] -= joints_of(who, neutral_rest())[::4][..., 1].min()
        rest_of_body = np.zeros((frames, 33, 3))
        sides.append(
            np.concatenate([who.root_orient[::4, None], who.pose_body[::4].reshape(frames, 21, 3), rest_of_body, trans[:, None]], axis=1)
        )
    start = sides[0][0, -1].copy()
    for side in sides:
        side[:, -1] -= start
    return np.concatenate(sides, axis=-1).astype(np.float32)


def write_h5(path: Path, **datasets: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, rows in datasets.items():
            file.create_dataset(name, data=rows, dtype="f4")
    return path


def write_annotations(root: Path, order: object, actions: tuple[str, ...] = ACTIONS) -> None:
    (root / "annots").mkdir(parents=True, exist_ok=True)
    (root / "annots" / "interaction_order.pkl").write_bytes(pickle.dumps(order))
    (root / "annots" / "action_setting.txt").write_text("\n".join(actions))


def pair(seed: int = 0, frames: int = 81, **how: Any) -> tuple[Person, Person]:
    return person(2 * seed, frames, **how), person(2 * seed + 1, frames, **how)


def write_folder(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        write_npz(root, name, *(arrays_of(who) for who in pair(number)))
    return root
