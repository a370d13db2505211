"""The record of encoded motion: one row a clip and order of people, and the vectors that the codes stand for.

Letters: `S` steps, `P` people, `D` residual depth, `K` codebook size, `C` channels of a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

CODES = "codes.parquet"
CODEBOOKS = "codebooks.parquet"


@dataclass(frozen=True, kw_only=True)
class EncodedClip:
    """Codes of a clip whose people are taken in `order`, framed on the first of them."""

    id: str
    split: str
    source: str
    kind: str
    order: tuple[int, ...]
    fps: float
    frames: int
    """Frames of the clip; `steps * downsample` of them are encoded."""
    downsample: int
    """Frames a step."""
    codebook_size: int
    captions: tuple[str, ...]
    actor: int | None = None
    """Who begins, as a place in `order`; None where nobody knows."""
    codes: np.ndarray
    """(S, P, D) integers."""


def write_codes(folder: Path, clips: Iterable[EncodedClip]) -> int:
    """Write the table; return its number of rows."""
    rows = [
        {
            "id": clip.id,
            "split": clip.split,
            "source": clip.source,
            "kind": clip.kind,
            "order": "".join(map(str, clip.order)),
            "fps": clip.fps,
            "frames": clip.frames,
            "steps": clip.codes.shape[0],
            "people": clip.codes.shape[1],
            "depth": clip.codes.shape[2],
            "downsample": clip.downsample,
            "codebook_size": clip.codebook_size,
            "captions": list(clip.captions),
            "actor": -1 if clip.actor is None else clip.actor,
            "codes": clip.codes.astype(np.int32).ravel(),
        }
        for clip in clips
    ]
    pd.DataFrame(rows).to_parquet(folder / CODES, index=False)
    return len(rows)


def read_codes(folder: Path) -> Iterator[EncodedClip]:
    """Yield the rows of the table."""
    for row in pd.read_parquet(folder / CODES).itertuples(index=False):
        yield EncodedClip(
            id=row.id,
            split=row.split,
            source=row.source,
            kind=row.kind,
            order=tuple(int(person) for person in row.order),
            fps=float(row.fps),
            frames=int(row.frames),
            downsample=int(row.downsample),
            codebook_size=int(row.codebook_size),
            captions=tuple(row.captions),
            actor=None if row.actor < 0 else int(row.actor),
            codes=np.asarray(row.codes, np.int64).reshape(row.steps, row.people, row.depth),
        )


def write_codebooks(folder: Path, codebooks: np.ndarray) -> None:
    """Write vectors (D, K, C), a row each."""
    depth, size, _ = codebooks.shape
    level, code = np.divmod(np.arange(depth * size), size)
    vectors = list(codebooks.reshape(depth * size, -1).astype(np.float32))
    pd.DataFrame({"level": level, "code": code, "vector": vectors}).to_parquet(folder / CODEBOOKS, index=False)


def read_codebooks(folder: Path) -> np.ndarray:
    """Vectors (D, K, C) float32."""
    rows = pd.read_parquet(folder / CODEBOOKS).sort_values(["level", "code"])
    return np.stack(rows["vector"].tolist()).reshape(rows["level"].nunique(), rows["code"].nunique(), -1)
