"""Conversations that are nearly the same: MinHash over shingles of words and motion (Broder 1997), checked by the true Jaccard index."""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np

from laban.data.conversation import Conversation, Part

SHINGLE = 3
"""Words or motions in a row; a motion counts as one word, so other motion under the same words is another conversation."""
BANDS, ROWS = 16, 5
"""Two that agree in 0.8 of their shingles share a band with probability 1 - (1 - 0.8^5)^16 = 0.998."""
_PRIME = (1 << 31) - 1
_rng = np.random.default_rng(1)
_FACTOR = _rng.integers(1, _PRIME, (BANDS * ROWS, 1), dtype=np.uint64)
_SHIFT = _rng.integers(0, _PRIME, (BANDS * ROWS, 1), dtype=np.uint64)


class Similar:
    """Remembers conversations and says whether a new one is nearly the same as one of them."""

    def __init__(self, threshold: float) -> None:
        """`threshold`: share of common shingles (Jaccard index, 0 … 1) from which on two are the same."""
        self.threshold = threshold
        self._shingles: list[frozenset[int]] = []
        self._buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)

    def add(self, one: Conversation) -> bool:
        """Remember the conversation; False, and nothing is remembered, where it is nearly the same as an earlier one."""
        shingles = _shingles(one)
        keys = _keys(shingles)
        near = {number for key in keys for number in self._buckets.get(key, ())}
        own = frozenset(shingles.tolist())
        if any(_jaccard(own, self._shingles[number]) >= self.threshold for number in near):
            return False
        for key in keys:
            self._buckets[key].append(len(self._shingles))
        self._shingles.append(own)
        return True


def _jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def _words(part: Part) -> list[str]:
    if part.type == "text":
        return part.text.lower().split()
    return [f"<{part.clip} {part.people} {part.start_s} {part.end_s}>"]


def _shingles(one: Conversation) -> np.ndarray:
    """Numbers under 2^31 of all runs of `SHINGLE` words, the same in every process."""
    words = [word for turn in one.turns for part in turn.parts for word in _words(part)]
    words += [""] * (SHINGLE - len(words))
    numbers = np.array([zlib.crc32(word.encode()) % _PRIME for word in words], np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(numbers, SHINGLE)
    return np.unique((runs[:, 0] * np.uint64(31) + runs[:, 1] * np.uint64(1009) + runs[:, 2] * np.uint64(65537)) % np.uint64(_PRIME))


def _keys(shingles: np.ndarray) -> list[tuple[int, bytes]]:
    """The bands of the MinHash signature."""
    least = ((shingles * _FACTOR + _SHIFT) % np.uint64(_PRIME)).min(axis=1).reshape(BANDS, ROWS)
    return [(band, row.tobytes()) for band, row in enumerate(least)]
