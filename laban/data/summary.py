"""What a store of clips holds, counted; read from the index alone, so that a large store is told of at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow.compute as pc

from laban.data.clip import ClipStore


def count(store: ClipStore) -> dict[str, Any]:
    """Clips a split, a source and a kind; seconds of motion; captions."""
    splits, seconds = store.column("split"), store.column("frames") / store.column("fps")
    return {
        "rows": len(store),
        "splits": _counted(splits),
        "sources": _counted(store.column("source")),
        "kinds": _counted(kind or "unknown" for kind in store.column("kind")),
        "seconds": {"total": float(seconds.sum()), **{name: float(seconds[splits == name].sum()) for name in _counted(splits)}},
        "captions": pc.sum(pc.list_value_length(store.rows["captions"])).as_py() or 0,
    }


def summarise(store: ClipStore) -> dict[str, Any]:
    """What `count` says, and people, rates, licences, lengths, which arrays clips have, what readers noted, and bytes on disk."""
    seconds = store.column("frames") / store.column("fps")
    quarters = np.percentile(seconds, [0, 25, 50, 75, 100]) if len(store) else []
    return {
        **count(store),
        "people": _counted(map(str, store.column("people"))),
        "fps": _counted(f"{rate:g}" for rate in store.column("fps")),
        "licences": _counted(store.column("licence")),
        "seconds_of_a_clip": dict(zip(("least", "quarter", "median", "three_quarters", "most"), map(float, quarters), strict=False)),
        "arrays": _counted(pc.list_flatten(store.rows["arrays"]).to_pylist()),
        "notes": _counted(pc.list_flatten(store.rows["notes"]).to_pylist()),
        "bytes": sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file()),
    }


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
