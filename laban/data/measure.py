"""What a suite judges: tables of measures, one row a record, and measures of the whole.

A measure is never NaN: what cannot be measured because the data are not finite is infinite (and so outside every limit),
and null means *does not apply* (no rotations, one person). Each kind of data has a file of its own: `clip_table`,
`conversation_table`, `code_table`; here is what they share, and the numbers of what was trained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

METRICS = "metrics.json"
PROCEDURAL = "procedural"
"""Source of the clips that are made from code."""
KNOWN_CLIPS = "known_clips.parquet"
"""Beside the conversations: id, split, frames, people and fps of the real clips that they name, which live in another artifact."""
SPLITS = ("train", "val", "test", "test_unseen")


@dataclass(frozen=True)
class Measured:
    """What a suite judges."""

    tables: Mapping[str, pd.DataFrame]
    """What a row is (`clip`, `conversation` …) -> its table, with the column `id`."""
    totals: Mapping[str, float]
    """Measures of the whole; thresholds of the settings name these."""
    evidence: Mapping[str, Sequence[tuple[str, Any]]] = field(default_factory=dict)
    """Measure of the whole -> id and value of the rows by which it came about, the worst first; of those that have such."""


# Numbers of what was trained


def measure_metrics(folder: Path) -> Measured:
    """The numbers of `metrics.json` by dotted name; raise `ValueError` where there is none, or a NaN or infinity among them."""
    path = folder / METRICS
    if not path.is_file():
        raise ValueError(f"{METRICS} is absent")
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{METRICS} holds {type(content).__name__}, not names and numbers")
    numbers = {name: float(value) for name, value in flatten(content).items() if isinstance(value, int | float) and type(value) is not bool}
    wild = {name: value for name, value in numbers.items() if not np.isfinite(value)}
    if wild:
        raise ValueError(f"{METRICS}: " + ", ".join(f"{name} is {value}" for name, value in wild.items()))
    return Measured({}, numbers)


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` -> `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for name, item in value.items():
        flat |= flatten(item, f"{prefix}{name}.") if isinstance(item, Mapping) else {f"{prefix}{name}": item}
    return flat


# Columns and cells of every table


def split_counts(table: pd.DataFrame) -> dict[str, float]:
    """How many rows there are, and of each split."""
    return {"rows": float(len(table)), **{f"{split}_rows": float((table["split"] == split).sum()) for split in SPLITS}}


def distinct_splits(table: pd.DataFrame, column: str) -> pd.Series:
    """In how many splits the value of a row's `column` occurs."""
    return table.groupby(column, dropna=False)["split"].transform("nunique")


def share(values: pd.Series) -> float:
    """Share of true values; 0 of none."""
    return float(values.mean()) if len(values) else 0.0


def duplicate_share(values: pd.Series) -> float:
    """Share of values that occurred before."""
    return 1 - values.nunique() / len(values) if len(values) else 0.0


def unsafe(name: Any) -> str:
    """A name that is blank or no file could have, or an empty string."""
    fits = isinstance(name, str) and re.fullmatch(r"\w[\w.-]*", name) and ".." not in name
    return "" if fits else repr(name)


def listed(cell: Any) -> list[Any]:
    """A list cell of a Parquet table: null is nothing."""
    return [] if cell is None or isinstance(cell, float) else list(cell)


def plain(text: str) -> str:
    """The words of a text, without case or punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def inside(start_s: float | None, end_s: float | None, latest_s: float) -> bool:
    """Whether a span has a length and lies within 0 and the latest second."""
    return start_s is not None and end_s is not None and 0 <= start_s < end_s <= latest_s
