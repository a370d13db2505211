"""Measures of encoded motion, a row a clip and order of people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from laban.data.codes import CODES
from laban.data.measure import Measured, distinct_splits, duplicate_share, listed, share, split_counts, unsafe
from laban.data.wording import fault

_COLUMNS = (
    "id", "split", "source", "kind", "people", "order", "fps", "frames", "steps", "depth", "downsample", "codebook_size", "captions",
    "codes",
)  # fmt: skip


def measure_codes(folder: Path) -> Measured:
    """Measure a table of codes; raise `ValueError` where it is absent or lacks a column."""
    path = folder / CODES
    if not path.is_file():
        raise ValueError(f"{CODES} is absent")
    stored = pd.read_parquet(path)
    if set(_COLUMNS) - set(stored.columns):
        raise ValueError(f"{CODES} lacks the columns {sorted(set(_COLUMNS) - set(stored.columns))}")
    codes = [np.asarray(listed(cell), np.float64) for cell in stored["codes"]]
    table = _table(stored, codes)
    totals = {
        **split_counts(table),
        "layouts": float(len(table[["depth", "downsample", "codebook_size"]].drop_duplicates())),
        "rates": float(table["fps"].nunique()),
        "tokens": float(sum(map(len, codes))),
        "codebook_usage": _usage(codes, table),
        "constant_share": share(pd.Series([_constant(own, depth) for own, depth in zip(codes, table["depth"], strict=True)])),
        "duplicate_share": duplicate_share(pd.Series([own.tobytes() for own in codes])),
    }
    return Measured({"row of codes": table}, totals)


def _table(stored: pd.DataFrame, codes: list[np.ndarray]) -> pd.DataFrame:
    captions = [listed(cell) for cell in stored["captions"]]
    table = stored.drop(columns=["captions", "codes"])
    table["unsafe_id"] = [unsafe(own) for own in table["id"]]
    table["missing_codes"] = table["steps"] * table["people"] * table["depth"] - [len(own) for own in codes]
    table["lowest_code"] = [_extreme(own, np.min, -np.inf) for own in codes]
    table["codes_left"] = table["codebook_size"] - 1 - [_extreme(own, np.max, np.inf) for own in codes]
    table["fractional_codes"] = [int((own != np.floor(own)).sum()) for own in codes]
    table["captions"] = [len(texts) for texts in captions]
    table["empty_captions"] = [sum(not str(text or "").strip() for text in texts) for texts in captions]
    table["caption_fault"] = [next(filter(None, (fault(text) for text in texts if text is not None)), "") for texts in captions]
    table["bad_order"] = [_bad_order(order, people) for order, people in zip(table["order"], table["people"], strict=True)]
    table["splits_of_id"] = distinct_splits(table, "id")
    table["versions_of_id"] = _versions(stored)
    table["missing_steps"] = table["frames"] // table["downsample"].clip(lower=1) - table["steps"]
    table["copies"] = table.groupby(["id", "order"], dropna=False)["people"].transform("size")
    table["missing_orders"] = table["people"] - table.groupby("id", dropna=False)["order"].transform("nunique")
    return table


def _versions(stored: pd.DataFrame) -> pd.Series:
    """How many different things the rows of an id say of the clip that they encode."""
    said = stored[["id", "frames", "people", "fps", "kind", "source"]].astype(str).agg("|".join, axis=1)
    said += stored["captions"].map(lambda cell: "|".join(map(str, listed(cell))))
    return said.groupby(stored["id"], dropna=False).transform("nunique")


def _constant(codes: np.ndarray, depth: int) -> bool:
    """Whether every step and person has the same codes."""
    if depth < 1 or len(codes) % depth or len(codes) <= depth:
        return False
    levels = codes.reshape(-1, depth)
    return bool((levels == levels[0]).all())


def _extreme(codes: np.ndarray, reduce: Any, worst: float) -> float:
    """Least or greatest code; the worst there is where there is none, or null among them."""
    return float(reduce(codes)) if len(codes) and np.isfinite(codes).all() else worst


def _bad_order(order: Any, people: int) -> str:
    """The order as it is written where it is not each person once, else an empty string."""
    return "" if sorted(str(order)) == [str(person) for person in range(int(people))] else str(order) or "(empty)"


def _usage(codes: Iterable[np.ndarray], table: pd.DataFrame) -> float:
    """Share of the codebook that occurs, of the level where it is least; 0 where rows do not have one layout."""
    depths, sizes = set(table["depth"]), set(table["codebook_size"])
    whole = [own.reshape(-1, next(iter(depths))) for own in codes if len(depths) == 1 and len(own) % max(1, next(iter(depths))) == 0]
    if len(sizes) != 1 or not whole:
        return 0.0
    levels = np.concatenate(whole).T
    return min(len(np.unique(level)) for level in levels) / next(iter(sizes))
