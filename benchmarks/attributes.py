"""Do clips show what their styles say, and captions say what clips show? `python benchmarks/attributes.py`.

A linear probe is fitted on the geometry of clips of one seed. On clips of another seed it says what each shows: that must be the
style it was made with (at least 90 % for every parameter of every kind), and what its captions claim, as an independent word list
reads them (at least 99.5 % of claims). Every claim that disagrees is listed, and so is every word that the list does not know.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from laban.metrics.attributes import KIND, Probe, attributes_of, style_of
from laban.metrics.caption_words import claims
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import KINDS, VALUES, Style, styles_of

HERE = Path(__file__).parent
FPS, SECONDS = 30.0, 4.0
RECOVERED, AGREED = 0.9, 0.995
"""Least share of clips whose parameter is recovered, of each kind and parameter; and of claims that agree."""
_SHARD = 100


@dataclass(frozen=True)
class Shown:
    """One clip as this benchmark keeps it."""

    id: str
    row: np.ndarray
    """(F,) attributes."""
    style: dict[str, str]
    texts: tuple[str, ...]


def main() -> None:
    """Make, fit, compare, write, print."""
    options = _options()
    training = shown(options.kinds, options.training, options.training_seed, options.workers)
    judged = shown(options.kinds, options.clips, options.seed, options.workers)
    probe = Probe.fit([one.row for one in training], [one.style for one in training], FPS)
    result = {
        "settings": {"clips": len(judged), "seed": options.seed, "training": len(training), "training_seed": options.training_seed},
        "limits": {"recovered": RECOVERED, "agreed": AGREED},
        "recovered": recovered(probe, judged),
        **compared(probe, judged),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    show(result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000, help="clips with three captions each")
    parser.add_argument("--training", type=int, default=6_000, help="clips that the probe is fitted on")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--training-seed", type=int, default=1)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "attributes.json")
    return parser.parse_args()


def shown(kinds: Sequence[str], count: int, seed: int, workers: int) -> list[Shown]:
    """Clips of the kinds, as many of each, in shards, so that no more than a shard's motion is in memory."""
    each = -(-count // len(kinds))
    shards = [(kind, start, min(_SHARD, each - start)) for kind in kinds for start in range(0, each, _SHARD)]
    with ProcessPoolExecutor(workers) as pool:
        return [one for shard in pool.map(partial(_shard, seed), shards) for one in shard]


def _shard(seed: int, which: tuple[str, int, int]) -> list[Shown]:
    kind, start, count = which
    styles, first = styles_of(kind), 1_000_000 * list(KINDS).index(kind) + start
    orders = [Order(id=f"{kind}-{n}", style=_nth(styles, n), seed=seed, number=n, split="train") for n in range(first, first + count)]
    clips = list(make_clips(orders, clip_seconds=SECONDS, fps=FPS))
    rows = attributes_of([clip.positions for clip in clips], FPS)
    return [
        Shown(clip.id, row, style_of(clip), tuple(one.text for one in captions(order.style, seed=seed, number=order.number, end_s=SECONDS)))
        for order, clip, row in zip(orders, clips, rows, strict=True)
    ]


def _nth(styles: list[Style], number: int) -> Style:
    """Each style as often as another, in an order that has nothing to do with a draw's number."""
    around, place = divmod(number, len(styles))
    return styles[np.random.default_rng([around, len(styles)]).permutation(len(styles))[place]]


def recovered(probe: Probe, judged: Sequence[Shown]) -> dict[str, dict[str, float]]:
    """Kind -> parameter (and `kind`) -> share of clips of which the probe reads what they were made with."""
    read = probe.read([one.row for one in judged], [one.style[KIND] for one in judged])
    hits: dict[str, dict[str, list[bool]]] = {}
    for one, found in zip(judged, read, strict=True):
        for name, value in one.style.items():
            hits.setdefault(one.style[KIND], {}).setdefault(name, []).append(found[name] == value)
    return {kind: {name: round(float(np.mean(right)), 4) for name, right in names.items()} for kind, names in hits.items()}


def compared(probe: Probe, judged: Sequence[Shown]) -> dict[str, Any]:
    """Claims of captions against what the probe reads from the geometry; the first caption of a clip must claim everything."""
    agreed, unread, silent = Counter[str](), Counter[str](), Counter[str]()
    disagreements = []
    measured = probe.read([one.row for one in judged], [one.style[KIND] for one in judged])
    for one, found in zip(judged, measured, strict=True):
        heard = [claims(text) for text in one.texts]
        silent.update(f"{one.style[KIND]}: {name}" for name in one.style if name != "starter" and name not in heard[0].said)
        for text, read in zip(one.texts, heard, strict=True):
            unread.update(read.unread)
            wrong = {name: value for name, value in read.said.items() if found.get(name) != value}
            agreed.update(read.said.keys() - wrong.keys())
            disagreements += [{"clip": one.id, "parameter": n, "said": v, "measured": found.get(n), "text": text} for n, v in wrong.items()]
    failed = Counter(line["parameter"] for line in disagreements)
    total = agreed.total() + failed.total()
    return {
        "captions": sum(len(one.texts) for one in judged),
        "claims": total,
        "agreed": round(agreed.total() / total, 5),
        "agreed_by_parameter": {name: round(agreed[name] / (agreed[name] + failed[name]), 5) for name in sorted(agreed | failed)},
        "unread": dict(unread.most_common()),
        "silent": dict(silent.most_common()),
        "disagreements": disagreements,
    }


def show(result: dict[str, Any]) -> None:
    """Print the tables."""
    names = [KIND, *VALUES]
    print(f"{'recovered, %':14}", *(f"{name[:9]:>9}" for name in names))
    for kind, shares in result["recovered"].items():
        print(f"{kind:14}", *(f"{100 * shares[name]:9.2f}" if name in shares else f"{'-':>9}" for name in names))
    print(f"{result['claims']} claims of {result['captions']} captions: {100 * result['agreed']:.2f} % agree with the geometry")
    for name, share in result["agreed_by_parameter"].items():
        print(f"  {name:12} {100 * share:.2f} %")
    print("unread:", result["unread"] or "nothing", "| left unsaid by a caption that tells all:", result["silent"] or "nothing")
    counted = Counter(
        (line["clip"].rsplit("-", 1)[0], line["parameter"], line["said"], line["measured"]) for line in result["disagreements"]
    )
    for (kind, name, said, measured), count in counted.most_common():
        print(f"  {count:5} claims: {kind} {name} said {said}, measured {measured}")


if __name__ == "__main__":
    main()
