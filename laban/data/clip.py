"""The one record of motion that crosses every boundary, and its storage.

Letters: `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from laban.motion.skeleton import JOINTS

if TYPE_CHECKING:
    import pandas as pd

INDEX = "index.parquet"
SHARD = "clips-{:05d}.arrow"
SHARD_BYTES = 512 * 2**20
SHARD_CLIPS = 16_384
OPEN_SHARDS = 128
"""Files that a store holds open: a large import has more of them than a process may."""


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
    notes: tuple[str, ...] = ()
    """What the reader assumed, cut off or solved because the source does not say; the same words each time, so that they can be counted."""

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
_BATCH = pa.schema(
    [pa.field("id", pa.string())]
    + [pa.field(name, pa.list_(pa.float32())) for name in _ARRAYS]
    + [pa.field("frames", pa.int32()), pa.field("people", pa.int32())]
)
_CAPTION = pa.struct({"text": pa.string(), "start_s": pa.float64(), "end_s": pa.float64(), "source": pa.string()})
_ROW = pa.schema(
    {
        "id": pa.string(),
        "frames": pa.int64(),
        "people": pa.int64(),
        "fps": pa.float64(),
        "captions": pa.list_(_CAPTION),
        "split": pa.string(),
        "source": pa.string(),
        "licence": pa.string(),
        "actor": pa.int64(),
        "kind": pa.string(),
        "style": pa.list_(pa.list_(pa.string())),
        "group": pa.string(),
        "residual_m": pa.float64(),
        "notes": pa.list_(pa.string()),
        "arrays": pa.list_(pa.string()),
        "sha256": pa.string(),
        "shard": pa.int64(),
        "row": pa.int64(),
    }
)
"""A row of the index. Its types are stated, not guessed: shards without a caption or a style still fit the others."""
_FEW = ["split", "source", "licence", "kind"]
"""Columns of few values, which memory holds once each."""


def _shapes(frames: int, people: int) -> dict[str, tuple[int, ...]]:
    joints = len(JOINTS)
    return {
        "positions": (frames, people, joints, 3),
        "root": (frames, people, 3),
        "offsets": (people, joints, 3),
        "rotations": (frames, people, joints, 6),
    }


def _index_row(clip: Clip, row: int) -> dict[str, Any]:
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
        "notes": list(clip.notes),
        "arrays": [name for name in _ARRAYS if getattr(clip, name) is not None],
        "sha256": clip.content_hash(),
        "shard": 0,
        "row": row,
    }


def write_clips(folder: Path, clips: Iterable[Clip]) -> ClipStore:
    """Write clips as shards and their index, in bounded memory; return the store.

    Raises `ValueError` on a repeated id. The caller seals the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return write_index(folder, _write_shards(folder, iter(clips)))


def _write_shards(folder: Path, clips: Iterator[Clip]) -> Iterator[pa.Table]:
    for number in itertools.count():
        first = next(clips, None)
        if first is None:
            return
        yield write_shard(folder / SHARD.format(number), _until_full(itertools.chain([first], clips)))


def _until_full(clips: Iterator[Clip]) -> Iterator[Clip]:
    """As many clips as a shard should hold, and one at least."""
    size = 0
    for number, clip in enumerate(clips, 1):
        yield clip
        size += sum(4 * array.size for name in _ARRAYS if (array := getattr(clip, name)) is not None)
        if size >= SHARD_BYTES or number >= SHARD_CLIPS:
            return


def write_shard(path: Path, clips: Iterable[Clip]) -> pa.Table:
    """Write clips as Arrow IPC, one batch a clip; return their rows of the index, for `write_index`."""
    rows: list[dict[str, Any]] = []
    with pa.ipc.new_file(str(path), _BATCH) as writer:
        for clip in clips:
            writer.write_batch(_batch(clip))
            rows.append(_index_row(clip, len(rows)))
    return pa.Table.from_pylist(rows, _ROW)


def write_index(folder: Path, shards: Iterable[pa.Table]) -> ClipStore:
    """Write the index of shards 0, 1, … from the rows of each; return the store. Raises `ValueError` on a repeated id."""
    homes: dict[str, str] = {}
    with pq.ParquetWriter(folder / INDEX, _ROW) as writer:
        for number, rows in enumerate(shards):
            for clip_id, group in zip(rows["id"].to_pylist(), rows["group"].to_pylist(), strict=True):
                if clip_id in homes:
                    raise ValueError(f"clip id {clip_id!r} occurs twice: in recording {homes[clip_id]!r} and in {group!r}")
                homes[clip_id] = group
            column = rows.column_names.index("shard")
            writer.write_table(rows.set_column(column, "shard", pa.array([number] * len(rows), pa.int64())))
    return ClipStore(folder)


def _batch(clip: Clip) -> pa.RecordBatch:
    values: list[pa.Array] = [pa.array([clip.id])]
    for name in _ARRAYS:
        array = getattr(clip, name)
        flat = None if array is None else np.ascontiguousarray(array, np.float32).reshape(-1)
        values.append(pa.array([flat], pa.list_(pa.float32())))
    values += [pa.array([clip.frames], pa.int32()), pa.array([clip.people], pa.int32())]
    return pa.RecordBatch.from_arrays(values, schema=_BATCH)


class ClipStore:
    """Random access to stored clips: a clip is read from disk when it is asked for, so a store larger than memory is fine.

    May be used on both sides of a fork, and pickled: what is read is read at its place in the file, without a common cursor.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        index = pq.ParquetFile(folder / INDEX, read_dictionary=_FEW)
        self.rows: pa.Table = index.read(columns=[name for name in index.schema_arrow.names if name != "sha256"]).combine_chunks()
        """The index without hashes, one row a clip: about 1 kB each in memory."""
        self._number = {clip_id: number for number, clip_id in enumerate(self.rows["id"].to_pylist())}
        self._open = lru_cache(OPEN_SHARDS)(_open_shard)

    def __reduce__(self) -> tuple[Any, ...]:
        return ClipStore, (self.folder,)

    @cached_property
    def index(self) -> pd.DataFrame:
        """The whole index in memory, captions and hashes included: for gates and pages. Training asks for a `column`."""
        import pandas as pd

        return pd.read_parquet(self.folder / INDEX)

    def column(self, name: str) -> np.ndarray:
        """(clips,) values of a column of the index."""
        return self.rows[name].to_numpy()

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, clip_id: str) -> bool:
        return clip_id in self._number

    def __getitem__(self, clip_id: str) -> Clip:
        """Raise `KeyError` naming the id that is absent."""
        return self.at(self._number[clip_id])

    def __iter__(self) -> Iterator[Clip]:
        return map(self.at, range(len(self)))

    def numbers(self, *splits: str) -> np.ndarray:
        """Numbers, as `at` takes them, of the clips of the named splits."""
        return np.flatnonzero(np.isin(self.column("split").astype(str), splits))

    def split(self, *names: str) -> Iterator[Clip]:
        """The clips of the named splits, in stored order."""
        return map(self.at, self.numbers(*names))

    def at(self, number: int) -> Clip:
        """The clip at a place of the stored order."""
        row = self.rows.slice(number, 1).to_pylist()[0]
        batch = self._open(self.folder / SHARD.format(row["shard"])).get_batch(row["row"])
        arrays = {name: _view(batch.column(name), shape) for name, shape in _shapes(row["frames"], row["people"]).items()}
        return Clip(
            id=row["id"],
            captions=tuple(Caption(**caption) for caption in row["captions"]),
            split=row["split"],
            source=row["source"],
            licence=row["licence"],
            fps=float(row["fps"]),
            actor=None if row["actor"] < 0 else row["actor"],
            kind=row["kind"],
            style=dict(row["style"]),
            group=row["group"],
            residual_m=float(row["residual_m"]),
            notes=tuple(row["notes"]),
            **arrays,  # type: ignore[arg-type]
        )


def _open_shard(path: Path) -> pa.ipc.RecordBatchFileReader:
    # Not memory-mapped: pages of a map count as memory of the process, and a file that is cut ends it by a signal.
    return pa.ipc.open_file(pa.OSFile(str(path)))


def _view(column: pa.Array, shape: tuple[int, ...]) -> np.ndarray | None:
    if column.null_count:
        return None
    return column.values.to_numpy(zero_copy_only=True).reshape(shape)
