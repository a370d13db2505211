"""Which motion to make beside the clips there are."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from laban.synthesis.interactions import Order
from laban.synthesis.phrases.grammar import pick
from laban.synthesis.style import KINDS, VALUES, Style, all_styles, changed
from laban.synthesis.writer.material import UNSEEN_SPLIT, Material, Series

EDITS = 0.6
"""Share of the synthetic motion that is edits; the rest continues stories."""
STEPS = (1, 1, 2)
"""Lengths of series, in turn: every third is two edits one upon the other, or a story of three scenes."""
CHANGES = (1, 2, 1)
"""How many parameters an edit changes, in turn."""
FIRST_SYNTHETIC = 1_000_000
"""Numbers of draws from here on are nobody's of `prepare`."""
_Following = Callable[[Material, list[Style], np.random.Generator], Style | None]


def plan_bases(material: Sequence[Material], count: int, seed: int) -> list[Order]:
    """Pairs to make where no procedural clips are at hand: splits in the shares of the material."""
    rng = np.random.default_rng([seed, 2])
    splits = sorted({one.split for one in material})
    weights = np.array([sum(one.split == split for one in material) for split in splits], float)
    styles = {split: [style for style in all_styles(people=2) if style.unseen == (split == UNSEEN_SPLIT)] for split in splits}
    orders = []
    for number in range(count):
        split = splits[int(rng.choice(len(splits), p=weights / weights.sum()))]
        style = pick(rng, styles[split])
        orders.append(Order(id=f"syn-{number:06d}", style=style, seed=seed, number=FIRST_SYNTHETIC + number, split=split))
    return orders


def plan_edits(bases: Sequence[Material], count: int, seed: int, *, first: int = 0) -> list[Series]:
    """`count` motions that change one parameter or two of what went before; ids count up from `first`."""
    taken: dict[tuple[int, int], set[Style]] = defaultdict(set)
    changes = itertools.cycle(CHANGES)

    def following(base: Material, styles: list[Style], rng: np.random.Generator) -> Style | None:
        assert base.draw is not None, "only procedural motion can be edited"
        found = _edit(styles, next(changes), base.split == UNSEEN_SPLIT, taken[base.draw], rng)
        if found is not None:
            taken[base.draw].add(found)
        return found

    return list(_series(bases, count, np.random.default_rng([seed, 3]), following, first))


def plan_stories(bases: Sequence[Material], count: int, seed: int, *, first: int = 0) -> list[Series]:
    """`count` motions that the same people do next, each of another kind than what went before; ids count up from `first`."""
    fitting = {
        (people, unseen): [style for style in all_styles(people=people) if style.unseen == unseen]
        for people in {KINDS[one.style.kind].people for one in bases if one.style}
        for unseen in (False, True)
    }

    def following(base: Material, styles: list[Style], rng: np.random.Generator) -> Style:
        options = fitting[KINDS[styles[0].kind].people, base.split == UNSEEN_SPLIT]
        while (found := pick(rng, options)).kind == styles[-1].kind:
            pass
        return found

    return list(_series(bases, count, np.random.default_rng([seed, 6]), following, first))


def _series(bases: Sequence[Material], count: int, rng: np.random.Generator, following: _Following, first: int) -> Iterator[Series]:
    """Series of `STEPS` lengths, shorter where nothing follows, `count` motions in all; each base is taken once before any again."""
    rounds = (bases[number] for _ in itertools.count() for number in rng.permutation(len(bases)))
    lengths = itertools.cycle(STEPS)
    made = 0
    while bases and made < count:
        base = next(rounds)
        assert base.style is not None, "only procedural motion can be made anew"
        assert base.draw is not None, "only procedural motion can be made anew"
        styles, orders = [base.style], []
        for _ in range(min(next(lengths), count - made)):
            style = following(base, styles, rng)
            if style is None:
                break
            styles.append(style)
            name = f"syn-{first + made:06d}"
            orders.append(Order(id=name, style=styles[-1], seed=base.draw[0], number=base.draw[1], split=base.split))
            made += 1
        assert orders, f"{base.style} has no neighbour in {base.split}, though every kind has a parameter that is not in its unseen rule"
        yield Series(base=base, orders=tuple(orders))


def _edit(styles: Sequence[Style], changes: int, unseen: bool, taken: set[Style], rng: np.random.Generator) -> Style | None:
    """The last style with so many parameters changed, or with fewer where no such style is allowed in this split; None: no other.

    None of `styles` comes again, and what is `taken` of this draw only where nothing else is left: the same draw in the same style
    would be the same motion.
    """
    for number in range(changes, 0, -1):
        options = [style for style in _neighbours(styles[-1], number) if style.unseen == unseen and style not in styles]
        fresh = [style for style in options if style not in taken]
        if options:
            return pick(rng, fresh or options)
    return None


def _neighbours(style: Style, changes: int) -> list[Style]:
    """All styles that differ in just so many parameters."""
    result: list[Style] = []
    for names in itertools.combinations(style.has, changes):
        found = [style]
        for name in names:
            found = [changed(one, name, value) for one in found for value in VALUES[name] if value != getattr(style, name)]
        result += found
    return result
