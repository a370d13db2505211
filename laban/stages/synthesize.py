"""Write Inter-MT²: multi-turn conversations over real clips, and the motion that they need beside those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from tqdm import tqdm

from laban.data.artifact import write_json
from laban.data.clip import Clip, ClipStore, write_clips
from laban.data.conversation import CLIPS, Conversation, write_conversations
from laban.data.measure import KNOWN_CLIPS
from laban.data.styles import write_styles
from laban.stages.contract import Gated, StageError, Work, stage
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import INTERACTION_SECONDS, vocabulary
from laban.synthesis.writer.desk import Desk
from laban.synthesis.writer.material import Material
from laban.synthesis.writer.plan import EDITS, FIRST_SYNTHETIC, plan_bases, plan_edits, plan_stories
from laban.synthesis.writer.similar import Similar
from laban.synthesis.writer.tasks import conversation, write

ATTEMPTS = 5
"""Times that a conversation is written in other words before it is dropped as a near duplicate."""


@dataclass(frozen=True, kw_only=True)
class SynthesizeSettings:
    """How much is written."""

    seed: int
    conversations: int
    """how many conversations"""
    synthetic_clips: int
    """motion generated for them: edits, and next scenes of stories"""
    near_duplicates: float
    """share of words and motion in common (Jaccard index of shingles) from which on two conversations are one too many; 0 keeps all"""


@stage(kind="conversations")
def synthesize(settings: SynthesizeSettings, clips: Gated, work: Work) -> None:
    """Write conversations about the clips and the motion generated for them; every split keeps to its own clips."""
    _check(settings)
    store = ClipStore(clips.path)
    material = [Material.of(clip) for clip in tqdm(store, desc="read clips", unit="clip")]
    bases = [one for one in material if one.style is not None]
    frames, fps = (bases[0].frames, bases[0].fps) if bases else (round(INTERACTION_SECONDS * material[0].fps), material[0].fps)
    # Without procedural clips (bring your own) half of the budget makes some: capture cannot be edited.
    made = [] if bases else plan_bases(material, settings.synthetic_clips // 2, settings.seed)
    generated = _generate(made, frames, fps)
    bases = bases or [Material.of(clip) for clip in generated]
    count = settings.synthetic_clips - len(made)
    edits = plan_edits(bases, round(EDITS * count), settings.seed, first=len(made))
    stories = plan_stories(bases, count - round(EDITS * count), settings.seed, first=len(made) + round(EDITS * count))
    generated += _generate([order for series in (*edits, *stories) for order in series.orders], frames, fps)
    write_clips(work.output / CLIPS, generated)
    write_styles(work.output / CLIPS, vocabulary())
    dropped: Counter[str] = Counter()
    desk = Desk(material, bases, edits, stories, settings.seed)
    written = list(_written(desk, settings, dropped))
    write_conversations(work.output, written)
    _write_known(work, store, written)
    write_json(work.output / "metrics.json", {**_count(written, generated), "rejected": dict(sorted(dropped.items()))})


def _check(settings: SynthesizeSettings) -> None:
    """Raise `StageError` on settings that make no conversations."""
    if settings.conversations < 1 or settings.synthetic_clips < 0:
        raise StageError(
            f"synthesize.conversations is {settings.conversations} and synthetic_clips {settings.synthetic_clips}: at least 1 and 0"
        )
    if not 0 <= settings.near_duplicates <= 1:
        raise StageError(f"synthesize.near_duplicates is {settings.near_duplicates}: a share, 0 to 1")


def _written(desk: Desk, settings: SynthesizeSettings, rejected: Counter[str]) -> Iterator[Conversation]:
    """Conversations, each unlike those before it; what was rejected is counted by reason."""
    if not settings.near_duplicates:
        yield from write(desk, settings.conversations)
        return
    similar = Similar(settings.near_duplicates)
    for number in tqdm(range(settings.conversations), desc="write", unit="conversation"):
        for attempt in range(ATTEMPTS):
            one = conversation(desk, number, attempt=attempt)
            if similar.add(one):
                yield one
                break
            rejected["near duplicate, written anew" if attempt + 1 < ATTEMPTS else "near duplicate, dropped"] += 1


def _generate(orders: Sequence[Order], frames: int, fps: float) -> list[Clip]:
    """The clips ordered, with captions whose words are drawn anew: an edit must not share its phrasing with its base."""
    made = tqdm(make_clips(orders, clip_seconds=frames / fps, fps=fps), desc="generate", unit="clip", total=len(orders))
    return [
        replace(clip, captions=captions(order.style, seed=order.seed, number=_number(order), end_s=clip.seconds))
        for order, clip in zip(orders, made, strict=True)
    ]


def _number(order: Order) -> int:
    """The number in a synthetic clip's id, beyond those of `prepare`."""
    return FIRST_SYNTHETIC + int(order.id.removeprefix("syn-"))


def _write_known(work: Work, store: ClipStore, written: Sequence[Conversation]) -> None:
    """List the real clips that are named, for the gate, which does not see the other artifact."""
    named = set().union(*(conversation.clips() for conversation in written))
    index = store.index
    known = index.loc[index["id"].isin(named), ["id", "split", "frames", "people", "fps", "sha256"]]
    known.reset_index(drop=True).to_parquet(work.output / KNOWN_CLIPS, index=False)


def _count(written: Sequence[Conversation], generated: Sequence[Clip]) -> dict[str, object]:
    """Counts a split, a task and by number of turns, of conversations and of generated clips."""
    frame = pd.DataFrame([(one.split, one.task, len(one.turns) // 2) for one in written], columns=["split", "task", "exchanges"])
    return {
        "rows": len(written),
        "splits": _counted(frame["split"]),
        "tasks": _counted(frame["task"]),
        "exchanges": _counted(frame["exchanges"].astype(str)),
        "synthetic_clips": {"rows": len(generated), "splits": _counted(pd.Series([clip.split for clip in generated], dtype=object))},
    }


def _counted(values: pd.Series) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


if __name__ == "__main__":
    synthesize.main()
