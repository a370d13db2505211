"""A format of its own, so that importing is tested whatever the readers do: `NAME.npy`, (T, P, 22, 3) metres, and `NAME.txt`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from laban.data.clip import Caption, Clip
from laban.formats.source import Format, Options, Recording, Rejected
from laban.motion.kinematics import fk
from laban.motion.skeleton import REST_OFFSETS

SLEEP_S = "TINY_SLEEP_S"
"""Environment: seconds that each recording takes."""


def find(folder: Path, options: Options) -> list[Recording]:
    return [
        Recording(id=path.stem, files=(path, path.with_suffix(".txt")), group=path.stem.partition("-")[0])
        for path in sorted(folder.glob("*.npy"))
    ]


def read(recording: Recording, options: Options) -> list[Clip]:
    time.sleep(float(os.environ.get(SLEEP_S, "0")))
    motion, text = recording.files
    positions = np.load(motion, allow_pickle=False)
    if not len(positions):
        raise Rejected("no frames", motion.name)
    if not np.isfinite(positions).all():
        raise ValueError(f"frame {np.argwhere(~np.isfinite(positions))[0, 0]} is not finite")
    captions = tuple(
        Caption(text=line, start_s=0.0, end_s=len(positions) / options.fps, source="human") for line in text.read_text().split("\n")
    )
    return [Clip(id=recording.id, positions=positions, captions=captions, split="", source="tiny", licence="CC0", fps=options.fps)]


FORMAT = Format(
    name="tiny",
    about="arrays of positions",
    licence="CC0",
    fits=lambda folder: any(folder.glob("*.npy")),
    find=find,
    read=read,
)


def walking(frames: int, *, seed: int, people: int = 2) -> np.ndarray:
    """(frames, people, 22, 3) float32 metres: bodies that stand beside each other and sway, each in its own way."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(frames)[:, None, None] / 30
    angles = 0.2 * np.sin(time_s * rng.uniform(1, 4, (people, 22)) + rng.uniform(0, 6, (people, 22)))
    angles[..., [0, 1, 2, 4, 5, 7, 8]] = 0.0
    rotations = np.stack([np.ones_like(angles), 0 * angles, 0 * angles, 0 * angles, np.cos(angles), np.sin(angles)], -1)
    root = np.zeros((frames, people, 3))
    root[..., 0], root[..., 1] = 1.2 * np.arange(people), 0.92
    return fk(rotations, np.broadcast_to(REST_OFFSETS, (people, 22, 3)), root).astype(np.float32)


def write(folder: Path, count: int, *, frames: int = 60) -> Path:
    """Recordings `g0-0`, `g0-1`, `g1-0` …, two of a group."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        save(folder, f"g{number // 2}-{number % 2}", frames + number % 3)
    return folder


def save(folder: Path, name: str, frames: int) -> None:
    np.save(folder / f"{name}.npy", walking(frames, seed=sum(name.encode())))
    (folder / f"{name}.txt").write_text(f"two people sway, take {name}\nthey stand and sway in take {name}")
