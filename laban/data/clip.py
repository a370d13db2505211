"""The one record of motion that crosses every boundary, and its storage.

Letters: `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from laban.motion.skeleton import JOINTS

INDEX = "index.parquet"
SHARD = "clips-{:05d}.arrow"
SHARD_BYTES = 512 * 2**20


@dataclass(frozen=True, kw_only=True)
class Caption:
    """What a clip shows, in words, and from when to when."""

    text: str
    start_s: float
    end_s: float
    source: str
    """`grammar`, `rules`, `human`, … : who wrote it."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """People moving in one world frame: Y up, metres, floor at 0."""

    id: str
    positions: np.ndarray
    """(T, P, 22, 3) float32 metres."""
    captions: tuple[Caption, ...]
    split: str
    """`train`, `val`, `test`, or `test_unseen`: combinations of kind and style never trained on."""
    source: str
    licence: str
    fps: float = 30.0
    root: np.ndarray | None = None
    """(T, P, 3) metres: where the pelvis is; equals `positions[:, :, 0]` where nothing was retargeted."""
    offsets: np.ndarray | None = None
    """(P, 22, 3) metres: rest offset of each joint from its parent."""
    rotations: np.ndarray | None = None
    """(T, P, 22, 6) local rotations, first two **columns** of each matrix, column after column; None where the source has none."""
    actor: int | None = None
    """Who acts first, or None where nobody knows."""
    kind: str = ""
    """Interaction kind (`handshake` …), or empty."""
    style: Mapping[str, Any] = field(default_factory=dict)
    """Style parameters that the motion was made with; empty for capture."""
    group: str = ""
    """What must not be torn apart by a split: the trial or the recording that the clip was cut from."""
    residual_m: float = 0.0
    """Greatest distance in metres between the source's joints and forward kinematics (retargeted capture only)."""

    def __post_init__(self) -> None:
        frames, people = self.positions.shape[:2] if self.positions.ndim == 4 else (0, 0)
        if self.positions.ndim != 4 or self.positions.shape[2:] != (len(JOINTS), 3) or not frames or not people:
            raise ValueError(f"clip {self.id}: positions {self.positions.shape}, expected (T, P, {len(JOINTS)}, 3)")

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return int(self.positions.shape[0])

    @property
    def people(self) -> int:
        """Number of people P."""
        return int(self.positions.shape[1])

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.fps

    def swapped(self) -> Clip:
        """The same clip with the people in reverse order."""
        flip = {
            name: None if value is None else value[..., ::-1, :, :] if name != "root" else value[..., ::-1, :]
            for name, value in (
                ("positions", self.positions),
                ("root", self.root),
                ("offsets", self.offsets),
                ("rotations", self.rotations),
            )
        }
        actor = None if self.actor is None else self.people - 1 - self.actor
        return replace(self, actor=actor, **flip)  # type: ignore[arg-type]

    def content_hash(self) -> str:
        """sha256 of the positions' bytes: equal motion, equal hash."""
        return hashlib.sha256(np.ascontiguousarray(self.positions, np.float32).tobytes()).hexdigest()


_ARRAYS = ("positions", "root", "offsets", "rotations")
_SCHEMA = pa.schema(
    [pa.field("id", pa.string())]
    + [pa.field(name, pa.list_(pa.float32())) for name in _ARRAYS]
    + [pa.field("frames", pa.int32()), pa.field("people", pa.int32())]
)


def _shapes(frames: int, people: int) -> dict[str, tuple[int, ...]]:
    joints = len(JOINTS)
    return {
        "positions": (frames, people, joints, 3),
        "root": (frames, people, 3),
        "offsets": (people, joints, 3),
        "rotations": (frames, people, joints, 6),
    }


def _index_row(clip: Clip, shard: int, row: int) -> dict[str, Any]:
    return {
        "id": clip.id,
        "frames": clip.frames,
        "people": clip.people,
        "fps": clip.fps,
        "captions": [vars(caption) for caption in clip.captions],
        "split": clip.split,
        "source": clip.source,
        "licence": clip.licence,
        "actor": -1 if clip.actor is None else clip.actor,
        "kind": clip.kind,
        "style": sorted((name, str(value)) for name, value in clip.style.items()),
        "group": clip.group or clip.id,
        "residual_m": clip.residual_m,
        "sha256": clip.content_hash(),
        "shard": shard,
        "row": row,
    }


def write_clips(folder: Path, clips: Iterable[Clip]) -> pd.DataFrame:
    """Write clips as Arrow IPC shards (one batch a clip) and the index as Parquet; return the index.

    Raises `ValueError` on a repeated id. The caller seals the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    writer: pa.ipc.RecordBatchFileWriter | None = None
    shard, written, row = -1, 0, 0
    for clip in clips:
        if clip.id in seen:
            raise ValueError(f"clip id {clip.id!r} occurs twice")
        seen.add(clip.id)
        if writer is None or written >= SHARD_BYTES:
            if writer is not None:
                writer.close()
            shard, written, row = shard + 1, 0, 0
            writer = pa.ipc.new_file(str(folder / SHARD.format(shard)), _SCHEMA)
        batch = _batch(clip)
        writer.write_batch(batch)
        rows.append(_index_row(clip, shard, row))
        written, row = written + batch.nbytes, row + 1
    if writer is not None:
        writer.close()
    index = pd.DataFrame(rows)
    index.to_parquet(folder / INDEX, index=False)
    return index


def _batch(clip: Clip) -> pa.RecordBatch:
    values: list[pa.Array] = [pa.array([clip.id])]
    for name in _ARRAYS:
        array = getattr(clip, name)
        flat = None if array is None else np.ascontiguousarray(array, np.float32).reshape(-1)
        values.append(pa.array([flat], pa.list_(pa.float32())))
    values += [pa.array([clip.frames], pa.int32()), pa.array([clip.people], pa.int32())]
    return pa.RecordBatch.from_arrays(values, schema=_SCHEMA)


class ClipStore:
    """Random access to stored clips; arrays are views of memory-mapped files, so a store larger than memory is fine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.index = pd.read_parquet(folder / INDEX)
        self._row = {clip_id: number for number, clip_id in enumerate(self.index["id"])}
        self._readers: dict[int, pa.ipc.RecordBatchFileReader] = {}

    def __len__(self) -> int:
        return len(self.index)

    def __contains__(self, clip_id: str) -> bool:
        return clip_id in self._row

    def __getitem__(self, clip_id: str) -> Clip:
        """Raise `KeyError` naming the id that is absent."""
        return self._read(self.index.iloc[self._row[clip_id]])

    def __iter__(self) -> Iterator[Clip]:
        return (self._read(row) for _, row in self.index.iterrows())

    def split(self, *names: str) -> Iterator[Clip]:
        """The clips of the named splits, in stored order."""
        chosen = self.index[self.index["split"].isin(names)]
        return (self._read(row) for _, row in chosen.iterrows())

    def _read(self, row: pd.Series) -> Clip:
        shard = int(row["shard"])
        if shard not in self._readers:
            self._readers[shard] = pa.ipc.open_file(pa.memory_map(str(self.folder / SHARD.format(shard))))
        batch = self._readers[shard].get_batch(int(row["row"]))
        shapes = _shapes(int(row["frames"]), int(row["people"]))
        arrays = {name: _view(batch.column(name), shape) for name, shape in shapes.items()}
        return Clip(
            id=row["id"],
            captions=tuple(Caption(**caption) for caption in row["captions"]),
            split=row["split"],
            source=row["source"],
            licence=row["licence"],
            fps=float(row["fps"]),
            actor=None if row["actor"] < 0 else int(row["actor"]),
            kind=row["kind"],
            style=dict(row["style"]),
            group=row["group"],
            residual_m=float(row["residual_m"]),
            **arrays,  # type: ignore[arg-type]
        )


def _view(column: pa.Array, shape: tuple[int, ...]) -> np.ndarray | None:
    if column.null_count:
        return None
    return column.flatten().to_numpy(zero_copy_only=True).reshape(shape)
