"""Which motion a page plays, beside what, and which words belong to it.

A scene is what the viewer shows at once: one or two panes that play in sync, a caption, and the conversation that it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.clip import INDEX, Clip, ClipStore
from laban.data.codes import CODES, read_codes
from laban.data.conversation import CLIPS, CONVERSATIONS, Conversation, Part, read_conversations
from laban.motion.features import frame_on_first
from laban.report.motion import pack

SAMPLES = "samples"
A_GROUP = 4
"""Scenes of a group: enough to judge by, few enough to watch."""
KINDS_SHOWN = 24
PEOPLE = "ABCDEFGH"


@dataclass(frozen=True, kw_only=True)
class Pane:
    """A clip, or a part of it, in the viewer."""

    clip: str
    """Key in `Reel.clips`."""
    label: str
    who: tuple[int, ...]
    """The people that are shown; a person keeps the colour of its number."""
    colours: tuple[int, ...]
    notes: tuple[str, ...] = ()
    """What each of `who` is: given, generated …; empty: nothing to tell apart."""
    start_s: float = 0.0
    end_s: float | None = None
    cut_s: float = 0.0
    """Up to here the motion was given, from here on it is the answer; 0: not cut."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the viewer shows at once."""

    id: str
    group: str
    title: str
    caption: str
    panes: tuple[Pane, ...]
    origin: str
    """Where it is from: split, kind, id."""
    turns: tuple[Mapping[str, Any], ...] = ()
    """The conversation: role and parts, a motion part as a pane to be played alone."""


@dataclass
class Reel:
    """Scenes, and the motion that they show, each clip packed once."""

    clips: dict[str, dict[str, Any]] = field(default_factory=dict)
    scenes: list[Scene] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    """Group -> why there is none of it."""

    def add(self, key: str, positions: np.ndarray, fps: float) -> str:
        """Keep motion (T, P, 22, 3) metres under a key and return the key."""
        if key not in self.clips:
            self.clips[key] = pack(key, positions, fps)
        return key

    def framed(self, clip: Clip, first: int = 0) -> str:
        """Keep a clip in the frame of one person's first frame, as a model is shown it; return its key."""
        order = [first, *(person for person in range(clip.people) if person != first)]
        return self.add(f"{clip.id}@{first}", frame_on_first(clip.positions[:, order])[:, np.argsort(order)], clip.fps)

    def pane(self, key: str, label: str, **options: Any) -> Pane:
        """A pane of all people of a clip, unless `who` says otherwise."""
        who = options.pop("who", tuple(range(self.clips[key]["people"])))
        return Pane(clip=key, label=label, who=who, colours=options.pop("colours", who), **options)

    def as_dict(self) -> dict[str, Any]:
        """JSON types, for the viewer."""
        return {"clips": self.clips, "scenes": [asdict(scene) for scene in self.scenes]}


GROUPS: Mapping[str, str] = {
    "generated": "Text to motion",
    "reaction": "Reaction",
    "prediction": "Prediction",
    "answered": "Answered conversations",
    "editing": "Edits, before and after",
    "conversation": "Written conversations",
    "reconstruction": "Tokenizer",
    "source": "Source data",
}
"""Groups of scenes in the order of the page."""


def of_run(folder: Path) -> Reel:
    """The scenes of `out/<profile>`: what the model made first, then what it was made from."""
    reel = Reel()
    clips = _store(folder / "clips")
    made = _store(folder / "conversations" / CLIPS)
    samples = _store(folder / "evaluation" / SAMPLES)
    stores = [store for store in (samples, clips, made) if store is not None]
    if samples is None or clips is None:
        reason = "The artifact evaluation holds no samples yet."
        reel.absent |= dict.fromkeys(("generated", "reaction", "prediction"), reason)
    else:
        cuts = _cuts(folder / "codes")
        reel.scenes += [scene for task in _SAMPLED for scene in _sampled(reel, task, samples, clips, cuts)]
    _conversations(reel, folder, stores)
    if clips is None:
        reel.absent |= dict.fromkeys(("reconstruction", "source"), "The artifact clips is absent.")
        return reel
    if (folder / "tokenizer" / "config.json").is_file():
        reel.scenes += list(_reconstructed(reel, clips, folder / "tokenizer"))
    else:
        reel.absent["reconstruction"] = "The artifact tokenizer is absent."
    reel.scenes += list(source(reel, clips, one_of_each_kind(clips)))
    return reel


def _store(folder: Path) -> ClipStore | None:
    return ClipStore(folder) if (folder / INDEX).is_file() else None


# --- clips as they are ------------------------------------------------------------------------------------------------


def one_of_each_kind(store: ClipStore) -> list[str]:
    """Ids of clips unlike each other: the first of each kind, of capture by its trial."""
    index = store.index
    key = index["kind"].where(index["kind"] != "", index["group"])
    return index.loc[~key.duplicated(), "id"].tolist()[:KINDS_SHOWN]


def source(reel: Reel, store: ClipStore, names: Iterable[str]) -> Iterator[Scene]:
    """A scene for each clip that is named; `ValueError` names one that the store lacks."""
    for name in names:
        if name not in store:
            raise ValueError(f"{store.folder} holds no clip {name!r}; it begins with {', '.join(store.index['id'][:3])}")
        clip = store[name]
        key = reel.add(clip.id, clip.positions, clip.fps)
        yield Scene(
            id=f"source-{clip.id}",
            group="source",
            title=titled(clip.kind or clip.id),
            caption=_caption(clip),
            panes=(reel.pane(key, "Source clip", notes=_actors(clip)),),
            origin=_origin(clip),
        )


def titled(name: str) -> str:
    """`high_five` -> `High five`."""
    return name.replace("_", " ").capitalize()


TASKS = {"t2m": "Text to motion", "m2t": "Motion to text"}


def task_title(task: str) -> str:
    """A task as people call it."""
    return TASKS.get(task, titled(task))


def _caption(clip: Clip) -> str:
    return clip.captions[0].text if clip.captions else "No caption."


def _actors(clip: Clip) -> tuple[str, ...]:
    """Who begins, where that is known and there is somebody else."""
    if clip.actor is None or clip.people < 2:
        return ()
    return tuple("begins" if person == clip.actor else "answers" for person in range(clip.people))


def _origin(clip: Clip) -> str:
    how = ", ".join(f"{name} {value}" for name, value in sorted(clip.style.items()))
    return " · ".join(filter(None, (clip.id, clip.source, clip.split, f"{clip.seconds:.1f} s", how)))


# --- what the model made ----------------------------------------------------------------------------------------------

_SAMPLED = ("t2m", "reaction", "prediction")


def _cuts(folder: Path) -> dict[str, float]:
    """Clip id -> seconds that prediction is shown of it."""
    if not (folder / CODES).is_file():
        return {}
    from laban.language.tasks import shown_steps

    rows = (row for row in read_codes(folder) if row.order == (0, 1))
    return {row.id: shown_steps(len(row.codes)) * row.downsample / row.fps for row in rows}


def _sampled(reel: Reel, task: str, samples: ClipStore, clips: ClipStore, cuts: Mapping[str, float]) -> Iterator[Scene]:
    """What the model answered to held-out clips, beside the truth: of different kinds, of the first repetition."""
    index = samples.index
    mine = index[index["id"].str.startswith(f"{task}/") & index["group"].isin(clips.index["id"])].drop_duplicates("group")
    turn = mine.groupby("kind").cumcount()
    for name in mine.assign(turn=turn).sort_values("turn", kind="stable")["id"][:A_GROUP]:
        yield _beside_truth(reel, task, samples[name], clips[samples[name].group], cuts)


def _beside_truth(reel: Reel, task: str, sample: Clip, truth: Clip, cuts: Mapping[str, float]) -> Scene:
    framed = frame_on_first(truth.positions)
    right = reel.pane(reel.framed(truth), "Truth")
    moves = sample.positions
    cut = min(cuts.get(truth.id, 0.0), sample.seconds) if task == "prediction" else 0.0
    if task == "reaction":
        shared = min(len(framed), len(moves))
        moves = np.concatenate([framed[:shared, :1], moves[:shared]], axis=1)
    left = reel.pane(
        reel.add(sample.id, moves, sample.fps),
        {"t2m": "Generated", "reaction": "A given, B generated", "prediction": "Given, then generated"}[task],
        notes=("given", "generated") if task == "reaction" else (),
        cut_s=cut,
    )
    caption = sample.captions[0].text if sample.captions else ""
    return Scene(
        id=f"{task}-{truth.id}",
        group="generated" if task == "t2m" else task,
        title=titled(truth.kind or truth.id),
        caption=caption,
        panes=(left, right),
        origin=" · ".join((sample.id, truth.split, f"{sample.seconds:.1f} s generated, {truth.seconds:.1f} s true")),
        turns=_asked(task, caption, left),
    )


def _asked(task: str, caption: str, answer: Pane) -> tuple[dict[str, Any], ...]:
    """The exchange that a sample is the answer of."""
    question: dict[str, list[dict[str, Any]]] = {
        "t2m": [_text(caption)],
        "reaction": [_motion(answer, "A", who=(0,), colours=(0,), notes=()), _text("How does the other person react?")],
        "prediction": [_motion(answer, f"the first {answer.cut_s:.1f} s", end_s=answer.cut_s, cut_s=0.0), _text("What happens next?")],
    }
    said = {
        "t2m": _motion(answer, "generated"),
        "reaction": _motion(answer, "B", who=(1,), colours=(1,), notes=()),
        "prediction": _motion(answer, "the rest", start_s=answer.cut_s, cut_s=0.0),
    }
    return ({"role": "user", "parts": question[task]}, {"role": "assistant", "parts": [said[task]]})


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _motion(pane: Pane, label: str, **changes: Any) -> dict[str, Any]:
    return {"type": "motion", "label": label, "pane": asdict(pane) | changes | {"label": label}}


# --- conversations ----------------------------------------------------------------------------------------------------


def _conversations(reel: Reel, folder: Path, stores: Sequence[ClipStore]) -> None:
    """Held-out conversations that the model answered, and written ones."""
    answered = _read(folder / "evaluation")
    if answered:
        reel.scenes += list(conversations(reel, spread(answered), stores, group="answered"))
    else:
        reel.absent["answered"] = "The artifact evaluation holds no conversations."
    written = _read(folder / "conversations")
    if not written:
        reel.absent |= dict.fromkeys(("editing", "conversation"), "The artifact conversations is absent.")
        return
    edits = [one for one in written if one.task == "editing"]
    others = [one for one in written if one.task != "editing"]
    reel.scenes += list(conversations(reel, spread(edits), stores, group="editing"))
    reel.scenes += list(conversations(reel, spread(others), stores, group="conversation"))


def _read(folder: Path) -> list[Conversation]:
    return list(read_conversations(folder)) if (folder / CONVERSATIONS).is_file() else []


def spread(found: Sequence[Conversation], count: int = A_GROUP + 1) -> list[Conversation]:
    """Held-out ones first; of different tasks."""
    held_out = sorted(found, key=lambda one: one.split in ("train", "val"))
    turn: dict[str, int] = {}
    order = []
    for place, one in enumerate(held_out):
        turn[one.task] = turn.get(one.task, -1) + 1
        order.append((one.split in ("train", "val"), turn[one.task], place))
    return [held_out[place] for *_, place in sorted(order)[:count]]


def conversations(reel: Reel, found: Iterable[Conversation], stores: Sequence[ClipStore], *, group: str) -> Iterator[Scene]:
    """A scene for each conversation; one that names a clip that is nowhere is told without that clip's motion."""
    for one in found:
        turns: list[dict[str, Any]] = []
        moves: list[tuple[str, Pane]] = []
        for turn in one.turns:
            parts = []
            for part in turn.parts:
                pane = None if part.type == "text" else _shown(reel, part, stores, len(moves), turn.role)
                if pane is not None:
                    moves.append((turn.role, pane))
                words = part.text or f"[the motion {part.clip} is not here]"
                parts.append(_text(words) if pane is None else _motion(pane, pane.label))
            turns.append({"role": turn.role, "parts": parts})
        if moves:
            yield Scene(
                id=f"{group}-{one.id}",
                group=group,
                title=task_title(one.task),
                caption=next((part.text for turn in one.turns for part in turn.parts if part.text), ""),
                panes=_panes(reel, one.task, moves),
                origin=" · ".join((one.id, one.split, f"{len(one.turns)} turns", f"by {one.source}")),
                turns=tuple(turns),
            )


def _shown(reel: Reel, part: Part, stores: Sequence[ClipStore], number: int, role: str) -> Pane | None:
    """The pane of a motion part; None where no store has its clip."""
    store = next((store for store in stores if part.clip in store), None)
    if store is None:
        return None
    clip = store[part.clip]
    end = clip.seconds if part.end_s is None else part.end_s
    key = reel.framed(clip, part.people[0])
    label = f"Motion {number + 1}, {'given' if role == 'user' else 'answer'}"
    colours = tuple(range(len(part.people))) if len(part.people) == clip.people else part.people
    return reel.pane(key, label, who=part.people, colours=colours, start_s=part.start_s, end_s=end)


def _panes(reel: Reel, task: str, moves: Sequence[tuple[str, Pane]]) -> tuple[Pane, ...]:
    """At most two panes: parts of one clip together, an answered reaction with what was given, else the first and the last motion."""
    panes = [pane for _, pane in moves]
    first, last = panes[0], panes[-1]
    if len(panes) == 1:
        return (first,)
    if len(panes) == 2 and first.clip == last.clip:
        return (_joined(moves),)
    if task == "reaction" and len(panes) == 2 and len(first.who) == len(last.who) == 1:
        return (_composed(reel, first, last),)
    names = {"editing": ("Before", "After")}.get(task, ("First motion", "Last motion"))
    return tuple(Pane(**{**asdict(pane), "label": name}) for name, pane in zip(names, (first, last), strict=True))


def _joined(moves: Sequence[tuple[str, Pane]]) -> Pane:
    """Two parts of one clip: some people and the others, or the beginning and the rest."""
    (_, first), (_, last) = moves
    whole = asdict(first)
    if set(first.who) != set(last.who):
        who = tuple(sorted({*first.who, *last.who}))
        notes = tuple("given" if person in first.who else "answer" for person in who)
        return Pane(**{**whole, "label": "Given and answer", "who": who, "colours": who, "notes": notes})
    return Pane(**{**whole, "label": "Given, then the answer", "end_s": last.end_s, "cut_s": last.start_s})


def _composed(reel: Reel, given: Pane, answer: Pane) -> Pane:
    """Somebody's motion and the model's reaction to it, which is in the frame of the given person's first frame."""
    from laban.report.motion import unpack

    fps = reel.clips[given.clip]["fps"]
    first = round(given.start_s * fps)
    alone = frame_on_first(unpack(reel.clips[given.clip])[first:, list(given.who)])
    reacting = unpack(reel.clips[answer.clip])[:, list(answer.who)]
    shared = min(len(alone), len(reacting))
    key = reel.add(f"{given.clip}+{answer.clip}", np.concatenate([alone[:shared], reacting[:shared]], axis=1), fps)
    return reel.pane(key, "A given, B generated", notes=("given", "generated"))


# --- the tokenizer ----------------------------------------------------------------------------------------------------


def _reconstructed(reel: Reel, clips: ClipStore, folder: Path) -> Iterator[Scene]:
    """Held-out clips beside themselves after encode and decode."""
    from laban.metrics.reconstruction import mpjpe
    from laban.tokenizer.autoencoder import MotionTokenizer

    tokenizer = MotionTokenizer.load(folder)
    index = clips.index
    held_out = index[index["split"].isin(("test", "test_unseen", "val")) & (index["people"] == 2)]
    for name in held_out.drop_duplicates("kind")["id"][:A_GROUP]:
        clip = clips[name]
        truth = frame_on_first(clip.positions)
        codes = tokenizer.encode_positions(clip.positions)
        decoded = tokenizer.decode_positions(codes)
        error = mpjpe(decoded, truth[: len(decoded)], alignment="world")
        rate = codes[0].size * tokenizer.config.fps / tokenizer.config.downsample
        yield Scene(
            id=f"reconstruction-{clip.id}",
            group="reconstruction",
            title=titled(clip.kind or clip.id),
            caption=f"{rate:g} codes a second for both people; joints are {error:.0f} mm off on average. {_caption(clip)}",
            panes=(
                reel.pane(reel.add(f"decoded/{clip.id}", decoded, clip.fps), "After encode and decode"),
                reel.pane(reel.framed(clip), "Original"),
            ),
            origin=_origin(clip),
        )
