"""How fast conversations are written and how good they are as a set: `python benchmarks/conversations.py [--count 20000]`.

Prints conversations a second of one core with and without the filter of near duplicates, exact duplicates, the shares of tasks, what
leaks between splits, and what the gate measures. No motion is made: the writer knows clips by their captions and styles.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from laban.data.conversation import Conversation, write_conversations
from laban.data.conversation_table import measure_conversations
from laban.data.measure import KNOWN_CLIPS
from laban.stages.prepare import orders_of
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order
from laban.synthesis.style import KINDS
from laban.synthesis.writer.desk import DECK, SHARES, Desk
from laban.synthesis.writer.material import Material, Series
from laban.synthesis.writer.plan import EDITS, plan_edits, plan_stories
from laban.synthesis.writer.similar import Similar
from laban.synthesis.writer.tasks import write

SEED, FRAMES, FPS = 7, 120, 30.0


def main() -> None:
    """Write, time and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="conversations")
    parser.add_argument("--clips", type=int, default=2400, help="clips of `prepare`")
    parser.add_argument("--synthetic", type=int, default=800, help="motion generated for the conversations")
    given = parser.parse_args()
    material = [_material(order) for order in orders_of(given.clips, seed=SEED, held_out=0.1)]
    edits = plan_edits(material, round(EDITS * given.synthetic), SEED)
    stories = plan_stories(material, given.synthetic - round(EDITS * given.synthetic), SEED, first=round(EDITS * given.synthetic))
    desk = Desk(material, material, edits, stories, SEED)
    written, seconds = _timed(lambda: list(write(desk, given.count)))
    similar = Similar(0.8)
    kept, more = _timed(lambda: sum(map(similar.add, written)))
    print(f"written            {given.count / seconds:8.0f} conversations a second of one core (at least 500)")
    print(f"with the filter    {given.count / (seconds + more):8.0f} conversations a second of one core (at least 200)")
    print(f"near duplicates    {1 - kept / given.count:8.3%}")
    print(f"exact duplicates   {1 - len({one.turns for one in written}) / given.count:8.3%} (less than 1 %)")
    print(f"off their share    {_off(written):8d} tasks (0)")
    print(f"leaks              {_leaks(written, material, [*edits, *stories]):8d} (0)")
    print(f"facts              {sum(len(one.facts) for one in written) / given.count:8.2f} a conversation")
    for name, value in sorted(_gate(written, material, [*edits, *stories]).items()):
        print(f"gate: {name:24} {value:10.3f}")


def _material(order: Order) -> Material:
    style = order.style
    texts = tuple(one.text for one in captions(style, seed=order.seed, number=order.number, end_s=FRAMES / FPS))
    return Material(
        id=order.id,
        split=order.split,
        captions=texts,
        frames=FRAMES,
        fps=FPS,
        style=style,
        draw=(order.seed, order.number),
        people=KINDS[style.kind].people,
    )


def _timed(work: Callable[[], object]) -> tuple[object, float]:
    """A result and the processor seconds that it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def _off(written: Sequence[Conversation]) -> int:
    """Tasks whose count in whole decks is not just their share."""
    whole = written[: len(written) // DECK * DECK]
    found = Counter(one.task for one in whole)
    return sum(found[task] != round(share * len(whole)) for task, share in SHARES.items())


def _leaks(written: Sequence[Conversation], material: Sequence[Material], series: Sequence[Series]) -> int:
    """Conversations that name a clip of another split, draws in two splits, and unseen styles outside of theirs or the reverse."""
    rows = [(one.id, one.split, one.draw, one.style) for one in material]
    rows += [(order.id, order.split, (order.seed, order.number), order.style) for one in series for order in one.orders]
    table = pd.DataFrame(rows, columns=["id", "split", "draw", "style"])
    split = dict(zip(table["id"], table["split"], strict=True))
    torn = sum({split[clip] for clip in one.clips()} != {one.split} for one in written)
    shared = int((table.groupby("draw")["split"].nunique() > 1).sum())
    misplaced = sum(style.unseen != (place == "test_unseen") for style, place in zip(table["style"], table["split"], strict=True))
    return torn + shared + misplaced


def _gate(written: Sequence[Conversation], material: Sequence[Material], series: Sequence[Series]) -> dict[str, float]:
    """What the gate of conversations measures, and how many of them have something wrong."""
    people = {one.id: one.people for one in material}
    known = [(one.id, one.split, one.people) for one in material]
    known += [(order.id, order.split, people[one.base.id]) for one in series for order in one.orders]
    with tempfile.TemporaryDirectory() as folder:
        write_conversations(Path(folder), written)
        table = pd.DataFrame(known, columns=["id", "split", "people"]).assign(frames=FRAMES, fps=FPS)
        table.to_parquet(Path(folder) / KNOWN_CLIPS, index=False)
        measured = measure_conversations(Path(folder))
    rows = measured.tables["conversation"]
    wrong = (rows[["error", "unknown_clips", "torn_clips", "bad_spans"]] != "").any(axis=1) | (rows["empty_texts"] > 0)
    return {**measured.totals, "wrong": float(wrong.sum())}


if __name__ == "__main__":
    sys.exit(main())
