"""Deals out what each conversation is about: its task, its split and its clips, from its number alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from laban.synthesis.writer.material import Material, Series

SHARES: Mapping[str, float] = {
    "editing": 0.24, "reasoning": 0.17, "story": 0.16, "style": 0.09, "role": 0.07, "m2t": 0.06, "t2m": 0.06, "reaction": 0.05,
    "prediction": 0.05, "inbetween": 0.05,
}  # fmt: skip
"""Ours; Inter-MT² has 41.7 % editing, 41.7 % story and 16.7 % reasoning, and takes paired clips from elsewhere."""
DECK = 100
"""Conversations in a row among which every task has just its share."""
CUT_FRAMES = 8
"""Cuts lie on multiples of this, so that they fall between the tokenizer's steps of 4 or 8 frames."""


@dataclass(frozen=True, kw_only=True)
class Deal:
    """What one conversation is about."""

    task: str
    split: str
    source: Any
    """A `Material` or, of editing and story, a `Series`."""


class Desk:
    """All that conversations can be about, shuffled.

    In every hundred conversations each task has just its share, of those tasks for which there is anything. A task's splits are in the
    shares of its sources, as near as hundredths go and each at least once in a hundred; each source is used once before any again.
    Raises `ValueError` where there is nothing to converse about.
    """

    def __init__(
        self, material: Sequence[Material], styled: Sequence[Material], edits: Sequence[Series], stories: Sequence[Series], seed: int
    ) -> None:
        """`styled`: what reasoning, style and role are about; the procedural clips of `material`, or of capture those made beside it."""
        self.seed = seed
        sources = _sources(material, styled) | {"editing": list(edits), "story": list(stories)}
        self._sources = {task: _by_split(sources[task], seed, number) for number, task in enumerate(SHARES)}
        self._shares = {task: SHARES[task] for task in SHARES if self._sources[task]}
        if not self._shares:
            raise ValueError("there is no clip to converse about")
        self._cards = _quota(self._shares)
        self._splits = {task: _quota({split: len(found) for split, found in self._sources[task].items()}) for task in self._shares}
        self._deck = cache(self._shuffled)

    def deal(self, number: int) -> Deal:
        """What conversation `number` is about."""
        block, place = divmod(number, DECK)
        task, rank = self._deck("task", block)[place]
        block, place = divmod(block * self._cards[task] + rank, DECK)
        split, rank = self._deck(task, block)[place]
        sources = self._sources[task][split]
        return Deal(task=task, split=split, source=sources[(block * self._splits[task][split] + rank) % len(sources)])

    def _shuffled(self, of: str, block: int) -> list[tuple[str, int]]:
        """A deck's cards, each with its rank among those of its name: of tasks, or of one task's splits."""
        cards = self._cards if of == "task" else self._splits[of]
        stream = len(SHARES) if of == "task" else list(SHARES).index(of)
        names = [name for name, count in cards.items() for _ in range(count)]
        ranks: Counter[str] = Counter()
        dealt = []
        for place in np.random.default_rng([self.seed, 5, stream, block]).permutation(DECK):
            dealt.append((names[place], ranks[names[place]]))
            ranks[names[place]] += 1
        return dealt


def _sources(material: Sequence[Material], styled: Sequence[Material]) -> dict[str, list[Any]]:
    """The clips that a conversation of each task about one clip can be about."""
    captioned = [one for one in material if one.captions]
    return {
        "reasoning": list(styled),
        "style": list(styled),
        "role": [one for one in styled if one.people == 2],
        "m2t": captioned,
        "t2m": captioned,
        "reaction": [one for one in material if one.people > 1],
        "prediction": [one for one in material if one.frames >= 2 * CUT_FRAMES],
        "inbetween": [one for one in material if one.frames >= 4 * CUT_FRAMES],
    }


def _by_split(items: Sequence[Any], seed: int, stream: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for number in np.random.default_rng([seed, 4, stream]).permutation(len(items)):
        item = items[number]
        found.setdefault(item.base.split if isinstance(item, Series) else item.split, []).append(item)
    return dict(sorted(found.items()))


def _quota(weights: Mapping[str, float]) -> dict[str, int]:
    """Cards of a deck by largest remainder, one at least for each name."""
    exact = {name: max(1.0, DECK * weight / sum(weights.values())) for name, weight in weights.items()}
    cards = {name: int(share + 1e-9) for name, share in exact.items()}
    while (missing := DECK - sum(cards.values())) != 0:
        step = 1 if missing > 0 else -1
        movable = [name for name in cards if cards[name] + step >= 1]
        cards[max(movable, key=lambda name: step * (exact[name] - cards[name]))] += step
    return cards
