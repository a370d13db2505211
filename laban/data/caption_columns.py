"""Measures of captions, a row a clip: missing, blank, worn out, unfit, of another time, against the style, or in two splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from laban.data.measure import PROCEDURAL, inside, listed, plain
from laban.data.wording import contradiction, fault, scripts

POOL = 32
"""Recordings among which retrieval is judged by most of the field; a text that every pool has twice cannot be found by anybody."""
_ARTICLES = {"a", "an", "the"}
_LONG = 8
"""Words from which on a text written by hand is not written twice by chance."""
COLUMNS = (
    "captions", "empty_captions", "missing_captions", "repeated_captions", "caption_fault", "bad_caption_spans", "uncaptioned_s",
    "contradiction", "leaked_caption", "worn_caption",
)  # fmt: skip


def measure_captions(index: pd.DataFrame, styles: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """`COLUMNS` of the rows of an index of clips; three captions are asked of what we make ourselves, one of others."""
    homes, worn = _homes(index), _worn(index)
    rows = []
    for row, style in zip(index.itertuples(index=False), styles, strict=True):
        texts = texts_of(row.captions)
        words = [plain(text) for text in texts if text.strip()]
        own = row.source == PROCEDURAL
        latest = (row.frames + 1) / row.fps if row.fps else 0.0  # annotators round to the next frame
        outside = sum(not inside(caption["start_s"], caption["end_s"], latest) for caption in listed(row.captions))
        rows.append((
            len(texts), len(texts) - len(words), max(0, (3 if own else 1) - len(words)), len(words) - len(set(words)),
            _fault_of(row.captions), outside, _uncovered(row.captions, row.frames, row.fps) if own else np.nan,
            contradiction(style, texts), next((text for text in _by_hand(row.captions) if len(homes[text]) > 1), ""),
            next((worn[row.split, text] for text in _written(row.captions) if (row.split, text) in worn), ""),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS), index=index.index)


def repeated_share(index: pd.DataFrame) -> float:
    """Share of all captions that were there before, but for case, punctuation and articles."""
    texts = [_bare(text) for cell in index["captions"] for text in texts_of(cell)]
    return 1 - len(set(texts)) / len(texts) if texts else 0.0


def texts_of(cell: Any) -> list[str]:
    """The texts of a clip's captions; null is an empty one."""
    return ["" if caption["text"] is None else str(caption["text"]) for caption in listed(cell)]


def _bare(text: str) -> str:
    """The words that count: without case, punctuation and articles."""
    return " ".join(word for word in plain(text).split() if word not in _ARTICLES)


def _written(cell: Any) -> list[str]:
    """Captions but for those that rules wrote, who tell the same of the same, as they should."""
    return [_bare(str(caption["text"] or "")) for caption in listed(cell) if caption["source"] != "rules"]


def _worn(index: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Split and text -> how often it is said, of texts that a pool of the split's recordings has twice on average."""
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell, split, group in zip(index["captions"], index["split"], index["group"], strict=True):
        for text in _written(cell):
            said[split, text].add(group)
    recordings = index.groupby("split")["group"].nunique().to_dict()
    return {
        (split, text): f"{text!r} is said of {len(groups)} of {recordings[split]} recordings of {split}"
        for (split, text), groups in said.items()
        if text and (len(groups) - 1) * (POOL - 1) > max(POOL, recordings.get(split, 0))
    }


def _homes(index: pd.DataFrame) -> dict[str, set[str]]:
    """A caption written by hand -> the splits that it occurs in."""
    homes: dict[str, set[str]] = defaultdict(set)
    for cell, split in zip(index["captions"], index["split"], strict=True):
        for text in _by_hand(cell):
            homes[text].add(split)
    return homes


def _by_hand(cell: Any) -> list[str]:
    """Captions that no rules wrote and that are too long to be written twice by chance."""
    written = [plain(caption["text"] or "") for caption in listed(cell) if caption["source"] not in ("grammar", "rules")]
    return [text for text in written if len(text.split()) >= _LONG]


def _fault_of(cell: Any) -> str:
    """What is wrong with the first caption that has a fault, or with their languages."""
    texts = [caption["text"] for caption in listed(cell) if caption["text"] is not None]
    if found := next(filter(None, map(fault, texts)), ""):
        return found
    written = {script for text in texts for script in scripts(text)}
    return f"languages: {' and '.join(sorted(written))}" if len(written) > 1 else ""


def _uncovered(cell: Any, frames: int, fps: float) -> float:
    """Seconds at the ends of a clip that no caption tells of."""
    spans = [(c["start_s"], c["end_s"]) for c in listed(cell) if c["start_s"] is not None and c["end_s"] is not None]
    if not spans or not fps:
        return 0.0
    return max(0.0, min(start for start, _ in spans), frames / fps - max(end for _, end in spans))
