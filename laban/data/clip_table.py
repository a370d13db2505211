"""The table of a clip store: what the index says of each clip, what its words are, and what its arrays are measured to be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from laban.data import caption_columns, motion_columns
from laban.data.clip import INDEX, ClipStore
from laban.data.measure import PROCEDURAL, Measured, distinct_splits, duplicate_share, listed, share, split_counts, unsafe
from laban.data.styles import misplaced_style, odd_style, read_styles
from laban.data.twins import describe, twins

_NEEDED = (
    "id", "frames", "people", "fps", "captions", "split", "source", "licence", "actor", "kind", "style", "group", "residual_m", "notes",
    "sha256", "shard", "row",
)  # fmt: skip
_RESTRICTED = re.compile(
    r"(?<![a-z])(?:by-)?nc(?![a-z])|(?<!and )non-?commercial|research (?:use )?only|redistribution (?:is )?prohibited|no ?derivatives",
    re.IGNORECASE,
)
"""Licences under which a model may not be sold or its data passed on: InterHuman's, Inter-X's, Motion-X's."""
FEW = 10
"""Clips below which a share of them says nothing of the data set."""
LATE_S = 0.3
"""Seconds by which the actor begins after the other, to be late."""
LEVEL_M = 1e-5
"""Metres by which the lowest points of two people differ where each was put on the floor by itself; of real ones by millimetres."""


_TOLD = {"near_duplicate_share": "twin_of", "worn_caption_share": "worn_caption", "leaked_caption_share": "leaked_caption"}
"""Share -> the column that tells of each clip why it counts."""


def measure_clips(folder: Path) -> Measured:
    """Measure a clip store; raise `ValueError` where its index cannot be read."""
    store = open_store(folder)
    table = _table(store)
    totals = {**_totals(table), "caption_duplicate_share": caption_columns.repeated_share(store.index)}
    return Measured({"clip": table, "procedural clip": table[table["source"] == PROCEDURAL]}, totals, _evidence(table))


def clip_table(folder: Path) -> pd.DataFrame:
    """One row a clip of the store; raise `ValueError` where its index cannot be read."""
    return _table(open_store(folder))


def _table(store: ClipStore) -> pd.DataFrame:
    index, rows = store.index, list(motion_columns.measure_motion(store))
    table = index[[name for name in _NEEDED if name not in ("captions", "style", "notes", "shard", "row")]].copy()
    table["seconds"] = index["frames"] / index["fps"]
    table["blank_source"], table["blank_licence"] = _blank(index["source"]), _blank(index["licence"])
    table["unsafe_id"] = [unsafe(own) or unsafe(group) for own, group in zip(index["id"], index["group"], strict=True)]
    table["actor_outside"] = (~index["actor"].between(-1, index["people"] - 1)).astype(int)
    styles = [dict(map(tuple, listed(cell))) for cell in index["style"]]
    table = table.join(_measure_styles(index, styles, store.folder)).join(caption_columns.measure_captions(index, styles))
    table = table.join(pd.DataFrame([row.values for row in rows], columns=list(motion_columns.COLUMNS), index=index.index))
    changed = "positions are not those whose sha256 the index holds"
    table["error"] = [row.error or changed * (row.sha256 != own) for row, own in zip(rows, index["sha256"], strict=True)]
    table["splits_of_group"] = distinct_splits(table, "group")
    return table.join(twins(table, [row.traces for row in rows], lambda number: _poses(store, number)))


def open_store(folder: Path) -> ClipStore:
    """The clip store, or `ValueError` naming what its index lacks."""
    path = folder / INDEX
    if not path.is_file():
        raise ValueError(f"{INDEX} is absent")
    columns = set(pq.read_schema(path).names)
    if not columns or (set(_NEEDED) - columns and not pq.read_metadata(path).num_rows):
        raise ValueError(f"{INDEX} is empty: there are zero clips")
    if set(_NEEDED) - columns:
        raise ValueError(f"{INDEX} lacks the columns {sorted(set(_NEEDED) - columns)}")
    return ClipStore(folder)


def _poses(store: ClipStore, number: int) -> np.ndarray:
    """(T, N) of one clip, as twins compares them."""
    return describe(np.ascontiguousarray(store.at(number).positions.transpose(2, 3, 0, 1)[:, :, None]))[0]


def _measure_styles(index: pd.DataFrame, styles: list[dict[str, str]], folder: Path) -> pd.DataFrame:
    spaces = read_styles(folder)
    columns = zip(index["kind"], styles, index["source"], index["actor"], index["split"], strict=True)
    rows = [
        (odd_style(spaces, kind, style, source=source, actor=actor), misplaced_style(spaces, kind, style, split))
        for kind, style, source, actor, split in columns
    ]
    return pd.DataFrame(rows, columns=["odd_style", "misplaced_style"], index=index.index)


def _blank(values: pd.Series) -> pd.Series:
    """1 where a text is null or holds nothing but space."""
    return (values.fillna("").astype(str).str.strip() == "").astype(int)


def _totals(table: pd.DataFrame) -> dict[str, float]:
    """Measures of the whole store."""
    licences = table["licence"].fillna("").astype(str)
    lags, storeys = _lags(table), _storeys(table)
    return {
        **split_counts(table),
        "seconds": float(table["seconds"].sum()),
        "rates": float(table["fps"].nunique()),
        "train_share": share(table["split"] == "train"),
        "upright_share": share(table["upright"]),
        "rotations_share": share(table["fk_gap_m"].notna()),
        "duplicate_share": duplicate_share(table["sha256"]),
        **{name: share(table[column] != "") for name, column in _TOLD.items()},
        "restricted_share": share(licences.str.contains(_RESTRICTED)),
        "unknown_licence_share": share(licences.str.strip().str.lower().isin(["", "unknown"])),
        "usual_speed_m_s": float(table["sustained_m_s"].median()),
        "late_actor_share": share(lags > 0) if len(lags) >= FEW else 0.0,
        "own_floor_share": share(storeys < LEVEL_M) if len(storeys) >= FEW else 0.0,
    }


def _evidence(table: pd.DataFrame) -> dict[str, list[tuple[str, Any]]]:
    """The clips by which shares came about."""
    ids, lags, storeys = table["id"], _lags(table), _storeys(table)
    shown = {
        "duplicate_share": table["sha256"][table["sha256"].duplicated()],
        **{name: table[column][table[column] != ""] for name, column in _TOLD.items()},
        "late_actor_share": lags[lags > 0].sort_values(ascending=False),
        "own_floor_share": storeys[storeys < LEVEL_M],
    }
    return {name: list(zip(ids[values.index], values, strict=True)) for name, values in shown.items()}


def _lags(table: pd.DataFrame) -> pd.Series:
    """Seconds by which actors of capture begin after the other, where it is clear who begins."""
    lags = table.loc[table["source"] != PROCEDURAL, "actor_lag_s"]
    return lags[lags.abs() > LATE_S]


def _storeys(table: pd.DataFrame) -> pd.Series:
    """Metres between the lowest points of captured people who are not alone."""
    return table.loc[(table["source"] != PROCEDURAL) & (table["people"] > 1), "storey_m"]
