"""Clean tiny data: every fault of the catalogue is made by one change to these."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from laban.data.artifact import Artifact, Manifest, list_files, seal, write_json
from laban.data.clip import Caption, Clip, write_clips
from laban.data.codes import CODES, EncodedClip, write_codes
from laban.data.conversation import Conversation, Part, Turn
from laban.data.styles import StyleSpace, write_styles
from laban.motion.kinematics import fk
from laban.motion.rotations import pitch, to_6d, yaw
from laban.motion.skeleton import INDEX, REST_OFFSETS

FPS, FRAMES = 30.0, 60
SPLIT_OF = ("train", "train", "train", "train", "val", "test")
STYLES = {
    "sway": StyleSpace(
        values={"hand": ("left", "right"), "starter": ("0", "1"), "pace": ("slow", "quick")}, unseen={"pace": "quick", "hand": "left"}
    )
}
TOE_M = 0.02
"""Metres over the floor at which the toe joint of who stands rests."""


@lru_cache(maxsize=512)
def clip(number: int, *, split: str | None = None, prefix: str = "c", source: str = "procedural") -> Clip:
    """Two people a metre and a half apart who sway, each limb at a rate of its own; one raises a hand, and so does the other, later."""
    generator = np.random.default_rng(number)
    rotations = np.zeros((FRAMES, 2, 22, 6))
    time_s = np.arange(FRAMES) / FPS
    rotations[:] = to_6d(np.eye(3))
    hand, starter = ("left", "right")[number // 2 % 2], number % 2
    for joint, person in itertools.product(("left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "spine1", "neck"), (0, 1)):
        angle = generator.uniform(0.02, 0.06) * np.sin(generator.uniform(1, 4) * time_s + generator.uniform(0, 6))
        if joint == f"{hand}_shoulder":
            begun = 0.3 + 0.6 * (person != starter)
            angle = angle - generator.uniform(1.2, 1.6) * np.clip((time_s - begun) / 0.8, 0, 1) ** 2
        rotations[:, person, INDEX[joint]] = to_6d(yaw(angle) if joint.endswith("shoulder") else pitch(angle) @ yaw(0.5 * angle))
    for person, facing in enumerate((0.0, np.pi)):
        rotations[:, person, 0] = to_6d(yaw(facing + 0.1 * np.sin(time_s)))
    root = np.zeros((FRAMES, 2, 3))
    root[:, 1, 2] = 1.5
    offsets = np.stack([REST_OFFSETS, REST_OFFSETS * 0.96]) * generator.uniform(0.97, 1.03)
    root[..., 1] = TOE_M - fk(rotations, offsets, root)[..., 1].min((0, 2))
    positions = fk(rotations, offsets, root).astype(np.float32)
    words = (
        f"one person sways and raises their {hand} hand number {number}",
        f"one sways before the other {number}",
        f"they rock {number}",
    )
    return Clip(
        id=f"{prefix}{number:03d}",
        positions=positions,
        root=root.astype(np.float32),
        offsets=offsets.astype(np.float32),
        rotations=rotations.astype(np.float32),
        captions=tuple(Caption(text=text, start_s=0.0, end_s=FRAMES / FPS, source="grammar") for text in words),
        split=split or SPLIT_OF[number % len(SPLIT_OF)],
        source=source,
        licence="CC0-1.0",
        kind="sway",
        style={"hand": hand, "starter": starter, "pace": "slow"},
        actor=starter,
        fps=FPS,
    )


def clips(count: int = 12) -> list[Clip]:
    """Clean clips of every split."""
    return [clip(number) for number in range(count)]


def conversation(number: int) -> Conversation:
    """One about a real and a generated clip of the same split."""
    split = SPLIT_OF[number % len(SPLIT_OF)]
    turns = (
        Turn(
            role="user",
            parts=(Part(type="text", text=f"what do they do, {number}?"), Part(type="motion", clip=f"c{number:03d}", people=(0,))),
        ),
        Turn(
            role="assistant",
            parts=(Part(type="text", text=f"they sway {number}"), Part(type="motion", clip=f"s{number + 102}", people=(1, 0), end_s=1.0)),
        ),
    )
    return Conversation(id=f"talk{number}", task="edit" if number % 2 else "explain", split=split, turns=turns)


def write_clean_clips(folder: Path, made: list[Clip] | None = None) -> None:
    """Clips suite's data."""
    write_clips(folder, clips() if made is None else made)
    write_styles(folder, STYLES)


def generated(count: int = 12) -> list[Clip]:
    """Motion made for the conversations."""
    return [clip(number + 102, split=SPLIT_OF[number % 6], prefix="s") for number in range(count)]


def known_clips(known: list[Clip]) -> pd.DataFrame:
    """The list of the clips that conversations may name."""
    rows = {"id": [c.id for c in known], "split": [c.split for c in known], "sha256": [c.content_hash() for c in known]}
    return pd.DataFrame({**rows, "frames": FRAMES, "people": 2, "fps": FPS})


def code_rows(count: int = 12) -> list[dict[str, Any]]:
    """Both orders of every clip, as rows of the table."""
    with TemporaryDirectory() as folder:
        write_clean_codes(Path(folder), count)
        return pd.read_parquet(Path(folder) / CODES).to_dict("records")


def write_clean_codes(folder: Path, count: int = 12) -> None:
    """Codes suite's data: both orders of every clip."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    rows = [
        EncodedClip(
            id=c.id,
            split=c.split,
            source=c.source,
            kind=c.kind,
            order=order,
            fps=c.fps,
            frames=c.frames,
            downsample=8,
            codebook_size=16,
            captions=tuple(caption.text for caption in c.captions),
            codes=generator.integers(0, 16, (c.frames // 8, 2, 2)),
        )
        for c in clips(count)
        for order in ((0, 1), (1, 0))
    ]
    write_codes(folder, rows)


METRICS = {"val": {"mpjpe_mm": 41.5, "codebook_usage": 0.8}, "steps": 900, "note": "not a number", "unmeasured": None}


def write_clean_metrics(folder: Path) -> None:
    """Metrics suite's data."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "metrics.json", METRICS)


def sealed(folder: Path, kind: str) -> Artifact:
    """The folder as an artifact of `kind`, with an honest manifest whatever it holds."""
    return seal(folder, Manifest(kind=kind, stage="test", settings={}, parents={}, files=list_files(folder)))
