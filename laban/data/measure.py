"""Tables that the suites judge: one row a record, its measures in columns, computed for whole batches in NumPy.

A measure is never NaN: what cannot be measured because the data are not finite is infinite (and so outside every limit),
and null means *does not apply* (no rotations, one person). Letters: `B` clips, `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from laban.data import physique
from laban.data.clip import INDEX as CLIP_INDEX
from laban.data.clip import Clip, ClipStore
from laban.data.codes import CODES
from laban.data.conversation import CLIPS, CONVERSATIONS, Conversation, Part
from laban.data.twins import describe, twins
from laban.data.wording import contradiction, fault, scripts, side_told
from laban.motion.attributes import onsets
from laban.motion.kinematics import fk
from laban.motion.skeleton import PARENTS

METRICS = "metrics.json"
PROCEDURAL = "procedural"
KNOWN_CLIPS = "known_clips.parquet"
"""Beside the conversations: id, split, frames, people and fps of the real clips that they name, which live in another artifact."""
SPLITS = ("train", "val", "test", "test_unseen")
BATCH = 16
"""Clips measured at once: large enough for NumPy, small enough for the processor's cache."""


@dataclass(frozen=True)
class Measured:
    """What a suite judges."""

    tables: Mapping[str, pd.DataFrame]
    """What a row is (`clip`, `conversation` …) -> its table, with the column `id`."""
    totals: Mapping[str, float]
    """Measures of the whole; thresholds of the settings name these."""


# --- clips -----------------------------------------------------------------------------------------------------------


def measure_clips(folder: Path) -> Measured:
    """Measure a clip store; raise `ValueError` where its index cannot be read."""
    table = clip_table(folder)
    captions = Counter(itertools.chain.from_iterable(_texts(cell) for cell in table["captions_"]))
    total = sum(captions.values())
    totals = {
        **_split_counts(table),
        "seconds": float(table["seconds"].sum()),
        "rates": float(table["fps"].nunique()),
        "train_share": _share(table["split"] == "train"),
        "upright_share": _share(table["upright"]),
        "rotations_share": _share(table["fk_gap_m"].notna()),
        "duplicate_share": _duplicate_share(table["sha256"]),
        "caption_duplicate_share": 1 - len(captions) / total if total else 0.0,
        "commonest_caption_share": _commonest(table),
        "restricted_share": _share(table["licence"].fillna("").astype(str).str.contains(_RESTRICTED)),
        "unknown_licence_share": _share(table["licence"].fillna("").astype(str).str.strip().str.lower().isin(["", "unknown"])),
    }
    return Measured({"clip": table.drop(columns="captions_")}, totals)


_RESTRICTED = re.compile(
    r"(?<![a-z])(?:by-)?nc(?![a-z])|(?<!and )non-?commercial|research (?:use )?only|redistribution (?:is )?prohibited|no ?derivatives",
    re.IGNORECASE,
)
"""Licences under which a model may not be sold or its data passed on: InterHuman's, Inter-X's, Motion-X's."""


def _commonest(table: pd.DataFrame) -> float:
    """The greatest share of recordings, but for one, that share a caption written by hand or by a grammar."""
    groups = defaultdict(set)
    for cell, group in zip(table["captions_"], table["group"], strict=True):
        for caption in _listed(cell):
            if caption["source"] != "rules":  # they tell the same of the same, as they should
                groups[_plain(str(caption["text"]))].add(group)
    recordings = table["group"].nunique()
    return (max(map(len, groups.values())) - 1) / recordings if groups and recordings else 0.0


def _plain(text: str) -> str:
    """The words of a text, without case or punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def clip_table(folder: Path) -> pd.DataFrame:
    """One row a clip of the store: what the index says of it, and what its arrays are measured to be."""
    store = open_store(folder)
    index = store.index
    arrays = pd.DataFrame(_measure_store(store), columns=["id", *_MEASURES, "error", "sha256_", "descriptor"])
    arrays = arrays.drop(columns="id").set_axis(index.index)
    table = index[["id", "frames", "people", "fps", "split", "source", "licence", "kind", "group", "sha256", "residual_m", "actor"]].copy()
    table["captions_"] = index["captions"]
    table["blank_source"], table["blank_licence"] = _blank(index["source"]), _blank(index["licence"])
    table["unsafe_id"] = [_unsafe(own) or _unsafe(group) for own, group in zip(index["id"], index["group"], strict=True)]
    table["actor_outside"] = (~index["actor"].between(-1, index["people"] - 1)).astype(int)
    table["seconds"] = index["frames"] / index["fps"]
    styles = [dict(map(tuple, _listed(cell))) for cell in index["style"]]
    table["odd_style"] = _odd_styles(table["kind"], styles, index["actor"])
    table = table.join(_measure_captions(table, styles)).join(arrays.drop(columns=["sha256_", "descriptor"]))
    changed = (table["error"] == "") & (arrays["sha256_"] != table["sha256"])
    table.loc[changed, "error"] = "positions are not those whose sha256 the index holds"
    table["splits_of_group"] = _distinct_splits(table, "group")
    table["same_motion_in"] = twins(table, list(arrays["descriptor"]))
    return table


def _unsafe(name: Any) -> str:
    """A name that is blank or no file could have, or an empty string."""
    fits = isinstance(name, str) and re.fullmatch(r"\w[\w.-]*", name) and ".." not in name
    return "" if fits else repr(name)


def _odd_styles(kinds: pd.Series, styles: Sequence[Mapping[str, str]], actors: pd.Series) -> list[str]:
    """What is wrong with each style: parameters other than most clips of the kind have, or another starter than the actor."""
    sets: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for kind, style in zip(kinds, styles, strict=True):
        sets[kind][tuple(sorted(style))] += 1
    usual = {kind: counted.most_common(1)[0][0] for kind, counted in sets.items()}
    return [_odd_style(style, usual[kind], actor) for kind, style, actor in zip(kinds, styles, actors, strict=True)]


def _odd_style(style: Mapping[str, str], usual: tuple[str, ...], actor: int) -> str:
    if set(style) != set(usual):
        return f"has {', '.join(sorted(style)) or 'nothing'}; others of its kind {', '.join(usual) or 'nothing'}"
    if "starter" in style and style["starter"] != str(actor):
        return f"starter is {style['starter']}, the actor {actor}"
    return next((f"{name} is blank" for name, value in style.items() if not str(value).strip()), "")


def open_store(folder: Path) -> ClipStore:
    """The clip store, or `ValueError` naming what its index lacks."""
    path = folder / CLIP_INDEX
    if not path.is_file():
        raise ValueError(f"{CLIP_INDEX} is absent")
    columns = set(pd.read_parquet(path).columns)
    needed = {"id", "frames", "people", "fps", "captions", "split", "source", "licence", "actor", "kind", "style", "group"}
    needed |= {"residual_m", "sha256", "shard", "row"}
    if columns and needed - columns:
        raise ValueError(f"{CLIP_INDEX} lacks the columns {sorted(needed - columns)}")
    if not columns:
        raise ValueError(f"{CLIP_INDEX} is empty: there are zero clips")
    return ClipStore(folder)


_CAPTION_MEASURES = (
    "captions", "empty_captions", "missing_captions", "repeated_captions", "caption_fault", "bad_caption_spans", "uncaptioned_s",
    "contradiction", "leaked_caption",
)  # fmt: skip


def _measure_captions(table: pd.DataFrame, styles: Sequence[Mapping[str, str]]) -> pd.DataFrame:
    """What is wrong with captions: missing (three are asked of what we make ourselves), blank, twice, unfit, or of another time."""
    homes = _homes(table)
    rows = []
    for cell, style, row in zip(table["captions_"], styles, table.itertuples(index=False), strict=True):
        texts = _texts(cell)
        plain = [_plain(text) for text in texts if text.strip()]
        own = row.source == PROCEDURAL
        latest = (row.frames + 1) / row.fps if row.fps else 0.0  # annotators round to the next frame
        bad = sum(not _inside(caption["start_s"], caption["end_s"], latest) for caption in _listed(cell))
        rows.append((
            len(texts), len(texts) - len(plain), max(0, (3 if own else 1) - len(plain)), len(plain) - len(set(plain)),
            _caption_fault(cell), bad, _uncovered(cell, row.frames, row.fps) if own else np.nan, contradiction(style, texts),
            next((text for text in _by_hand(cell) if len(homes[text]) > 1), ""),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(_CAPTION_MEASURES), index=table.index)


def _homes(table: pd.DataFrame) -> dict[str, set[str]]:
    """A caption written by hand -> the splits that it occurs in."""
    homes: dict[str, set[str]] = defaultdict(set)
    for cell, split in zip(table["captions_"], table["split"], strict=True):
        for text in _by_hand(cell):
            homes[text].add(split)
    return homes


def _by_hand(cell: Any) -> list[str]:
    """Captions that no rules wrote and that are too long to be written twice by chance."""
    written = [_plain(caption["text"] or "") for caption in _listed(cell) if caption["source"] not in ("grammar", "rules")]
    return [text for text in written if len(text.split()) >= 8]


def _caption_fault(cell: Any) -> str:
    """What is wrong with the first caption that has a fault, or with their languages."""
    texts = [caption["text"] for caption in _listed(cell) if caption["text"] is not None]
    if found := next(filter(None, map(fault, texts)), ""):
        return found
    written = {script for text in texts for script in scripts(text)}
    return f"languages: {' and '.join(sorted(written))}" if len(written) > 1 else ""


def _uncovered(cell: Any, frames: int, fps: float) -> float:
    """Seconds at the ends of a clip that no caption tells of."""
    spans = [(c["start_s"], c["end_s"]) for c in _listed(cell) if c["start_s"] is not None and c["end_s"] is not None]
    if not spans or not fps:
        return 0.0
    return max(0.0, min(start for start, _ in spans), frames / fps - max(end for _, end in spans))


def _inside(start_s: float | None, end_s: float | None, latest_s: float) -> bool:
    return start_s is not None and end_s is not None and 0 <= start_s < end_s <= latest_s


def _listed(cell: Any) -> list[Any]:
    """A list cell of a Parquet table: null is nothing."""
    return [] if cell is None or isinstance(cell, float) else list(cell)


def _texts(captions: Any) -> list[str]:
    return ["" if caption["text"] is None else str(caption["text"]) for caption in _listed(captions)]


_MEASURES = (
    "nonfinite", "bone_drift_m", "longest_bone_m", "shortest_limb_m", "lopsided_m", "stature_m", "smallest_stature_m", "floor_m",
    "floor_drift_m", "highest_m", "unsupported_m", "slide_m_s", "speed_m_s", "sustained_m_s", "pelvis_speed_m_s", "pelvis_accel_m_s2",
    "noise_m", "repeated_share", "skip_ratio", "stiff_s", "toes_forward", "shoulders_over_hips", "upright", "ever_upright", "apart_m",
    "trunks_m", "unlike_m", "coarse_share", "named_hand", "named_leg", "actor_lag_s", "root_gap_m", "rotation_gap", "fk_gap_m",
)  # fmt: skip


def _measure_store(store: ClipStore) -> Iterator[tuple[Any, ...]]:
    """Rows `(id, *measures, error, sha256, descriptor)` in the order of the index; neighbours of one shape are measured together."""
    for _, group in itertools.groupby(_readable(store), key=lambda item: _shape(item[1])):
        while batch := list(itertools.islice(group, BATCH)):
            clips = [clip for _, clip, _ in batch if clip is not None]
            measured = iter(_measure_batch(clips)) if clips else iter(())
            for clip_id, clip, error in batch:
                if clip is None:
                    yield (clip_id, *[np.inf] * len(_MEASURES), error, "", None)
                else:
                    values, descriptor = next(measured)
                    yield (clip_id, *values, "", clip.content_hash(), descriptor)


def _readable(store: ClipStore) -> Iterator[tuple[str, Clip | None, str]]:
    """Each id with its clip, or with the reason why it cannot be read."""
    for clip_id in store.index["id"]:
        try:
            yield clip_id, store[clip_id], ""
        except (ValueError, OSError, IndexError, TypeError) as error:
            yield clip_id, None, f"cannot be read: {error}"


def _shape(clip: Clip | None) -> tuple[Any, ...]:
    if clip is None:
        return ()
    return (clip.positions.shape, clip.fps, clip.root is None, clip.offsets is None, clip.rotations is None)


def _measure_batch(clips: list[Clip]) -> Iterator[tuple[list[float], np.ndarray]]:
    """Measures and descriptor of clips of one shape."""
    # Coordinates first, (J, 3, B, T, P), once: everything below then runs along memory.
    positions = np.ascontiguousarray(np.stack([clip.positions for clip in clips]).transpose(3, 4, 0, 1, 2))
    fps = clips[0].fps
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        columns: dict[str, Any] = {
            "nonfinite": [sum(int((~np.isfinite(array)).sum()) for array in _arrays(clip)) for clip in clips],
            **physique.build(positions),
            **physique.floor(positions, fps),
            **physique.motion(positions, fps),
            **physique.posture(positions),
            **physique.between(positions),
            "coarse_share": physique.coarseness(positions),
            "named_hand": _named(clips, positions, legs=False),
            "named_leg": _named(clips, positions, legs=True),
            "actor_lag_s": [_actor_lag(clip) for clip in clips],
            **_agreement(clips, positions),
        }
        descriptors = describe(positions)
    for row in range(len(clips)):
        values = [np.nan if columns[name] is None else _never_nan(columns[name][row]) for name in _MEASURES]
        yield values, descriptors[row]


def _arrays(clip: Clip) -> list[np.ndarray]:
    return [array for array in (clip.positions, clip.root, clip.offsets, clip.rotations) if array is not None]


def _never_nan(value: float | None) -> float:
    if value is None:
        return float("nan")
    return float(value) if np.isfinite(value) else float("inf")


def _named(clips: list[Clip], positions: np.ndarray, *, legs: bool) -> list[float | None]:
    """How much more the hand (or leg) is moved that captions name than the other one; None where none is named or neither is moved."""
    told = [side_told([str(caption.text) for caption in clip.captions], legs=legs) for clip in clips]
    if not any(told):
        return [None] * len(clips)
    ends, roots = (physique.ANKLES, physique.HIPS) if legs else (physique.WRISTS, physique.SHOULDERS)
    left, right = physique.excursions(positions, ends, roots)
    named, other = np.where([side == "left" for side in told], left, right), np.where([side == "left" for side in told], right, left)
    ratio = named / np.maximum(other, 1e-6)
    return [float(value) if side and moved > DECISIVE_M else None for side, value, moved in zip(told, ratio, other, strict=True)]


DECISIVE_M = 0.25
"""Metres that a hand or foot must move about its shoulder or hip to be taken for the one that acts."""


def _actor_lag(clip: Clip) -> float | None:
    """Seconds that the actor begins after the other of two; None where nobody is said to act first or one never begins."""
    says = clip.actor is not None and clip.people == 2 and 0 <= clip.actor < 2 and (clip.source != PROCEDURAL or "starter" in clip.style)
    if not says or not np.isfinite(clip.positions).all() or clip.fps <= 0:
        return None
    begun = onsets(clip.positions, clip.fps)
    lag = begun[clip.actor or 0] - begun[1 - (clip.actor or 0)]
    return float(lag) if np.isfinite(lag) else None


def _agreement(clips: list[Clip], positions: np.ndarray) -> dict[str, np.ndarray | None]:
    """How far the root is from the pelvis, rotations from rotations, and forward kinematics from the positions.

    The recorded residual of a retarget is allowed for.
    """
    gaps: dict[str, np.ndarray | None] = {"root_gap_m": None, "rotation_gap": None, "fk_gap_m": None}
    if clips[0].root is None:
        return gaps
    residual = np.array([clip.residual_m for clip in clips])
    roots = np.stack([clip.root for clip in clips if clip.root is not None])
    gaps["root_gap_m"] = np.linalg.norm(roots.transpose(3, 0, 1, 2) - positions[0], axis=0).max((1, 2)) - residual
    if clips[0].rotations is None or clips[0].offsets is None:
        return gaps
    rotations = np.stack([clip.rotations for clip in clips if clip.rotations is not None])
    offsets = np.stack([clip.offsets for clip in clips if clip.offsets is not None])
    posed, gaps["rotation_gap"] = _posed(rotations, offsets, roots)
    fk_gap = np.abs(posed - positions).max((0, 1, 3, 4)).astype(np.float64)
    for row in np.flatnonzero(~(fk_gap < SINGLE_PRECISION_M)):
        fk_gap[row] = np.abs(fk(rotations[row], offsets[row], roots[row]) - clips[row].positions).max()
    return {**gaps, "fk_gap_m": fk_gap - residual}


SINGLE_PRECISION_M = 5e-6
"""A gap that `_posed` finds to be less is less than 1e-5 m; a greater one is computed again in double precision."""


def _posed(rotations: np.ndarray, offsets: np.ndarray, root: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward kinematics (J, 3, B, T, P) metres of (B, T, P, J, 6), (B, P, J, 3) and (B, T, P, 3), and each clip's greatest error in
    length or angle of the columns of its rotations.

    The same as `laban.motion.kinematics.fk`, in single precision and one coordinate after the other: twelve times as fast, which is
    what lets a gate look at every frame.
    """
    columns = np.ascontiguousarray(rotations.transpose(3, 4, 0, 1, 2))
    bones = offsets.transpose(2, 3, 0, 1)[:, :, :, None]
    placed = np.empty((len(PARENTS), 3, *rotations.shape[:3]), np.float32)
    placed[0] = root.transpose(3, 0, 1, 2)
    gap = np.zeros(len(rotations))
    world: list[list[np.ndarray]] = []
    for joint, parent in enumerate(PARENTS):
        first, second = columns[joint, :3], columns[joint, 3:]
        length, cosine = np.sqrt((first * first).sum(0)), (first * second).sum(0)
        gap = np.max([gap, *(np.abs(error).max((1, 2)) for error in (length - 1, (second * second).sum(0) - 1, cosine))], axis=0)
        if parent >= 0:
            placed[joint] = placed[parent] + _turn(world[parent], bones[joint])
        first = first / length
        second = second - (first * second).sum(0) * first
        second = second / np.sqrt((second * second).sum(0))
        own = [first, second, physique.cross(first, second)]
        world.append(own if parent < 0 else [_turn(world[parent], column) for column in own])
    return placed, gap


def _turn(columns: list[np.ndarray], vector: np.ndarray) -> np.ndarray:
    """Rotation, given by its columns, of a vector; coordinates first."""
    return columns[0] * vector[0] + columns[1] * vector[1] + columns[2] * vector[2]


# --- conversations ----------------------------------------------------------------------------------------------------


def measure_conversations(folder: Path) -> Measured:
    """Measure conversations and the motion that was made for them; raise `ValueError` where there is no file of them."""
    path = folder / CONVERSATIONS
    if not path.is_file():
        raise ValueError(f"{CONVERSATIONS} is absent")
    synthetic = clip_table(folder / CLIPS).drop(columns="captions_") if _holds_clips(folder / CLIPS) else None
    known = _known_clips(folder, synthetic)
    with path.open(encoding="utf-8") as file:
        rows = [_conversation_row(number, line, known) for number, line in enumerate(file, 1)]
    table = pd.DataFrame(rows, columns=list(_CONVERSATION_COLUMNS))
    table["odd_task"] = ["" if re.fullmatch(r"[a-z][a-z0-9_]*", task) else repr(task) for task in table["task"]]
    totals = {
        **_split_counts(table),
        "tasks": float(table.loc[table["error"] == "", "task"].nunique()),
        **{f"task.{task}": float(count) for task, count in table["task"].value_counts().items() if task},
        **{f"task_share.{task}": count / len(table) for task, count in table["task"].value_counts().items() if task},
        "duplicate_share": _duplicate_share(table["content_"]),
        "synthetic_clips": 0.0 if synthetic is None else float(len(synthetic)),
    }
    tables = {"conversation": table.drop(columns="content_")}
    return Measured(tables if synthetic is None else {**tables, "synthetic clip": synthetic}, totals)


_CONVERSATION_COLUMNS = (
    "id", "error", "unsafe_id", "task", "split", "source", "turns", "motions", "empty_texts", "text_fault", "parroted", "given_away",
    "unknown_clips", "torn_clips", "bad_spans", "learned", "ends_with", "content_",
)  # fmt: skip


def _holds_clips(folder: Path) -> bool:
    path = folder / CLIP_INDEX
    return path.is_file() and len(pd.read_parquet(path)) > 0


def _known_clips(folder: Path, synthetic: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    """Clip id -> split, frames, people, fps, seconds and (where it is known) sha256, of the motion that conversations may name."""
    columns = ["id", "split", "frames", "people", "fps"]
    tables = [] if synthetic is None else [synthetic[[*columns, "sha256"]]]
    if (folder / KNOWN_CLIPS).is_file():
        listed = pd.read_parquet(folder / KNOWN_CLIPS)
        if set(columns) - set(listed):
            raise ValueError(f"{KNOWN_CLIPS} lacks the columns {sorted(set(columns) - set(listed))}")
        tables.append(listed)
    return {row["id"]: row for table in tables for row in table.assign(seconds=table["frames"] / table["fps"]).to_dict("records")}


def _conversation_row(number: int, line: str, known: Mapping[str, Mapping[str, Any]]) -> tuple[Any, ...]:
    """Measures of one line; a line that is no conversation has an error and is named by its number."""
    try:
        conversation = Conversation.from_dict(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        nothing = ("", "unknown", "train", "", 0, 0, 0, "", "", "", "", "", "", 1, "assistant")
        return (f"line {number}", f"{type(error).__name__}: {error}", *nothing, f"line {number}")
    parts = [(turn.role, part) for turn in conversation.turns for part in turn.parts]
    motions = [part for _, part in parts if part.type == "motion"]
    texts = [part.text for _, part in parts if part.type == "text"]
    named = sorted(conversation.clips())
    return (
        str(conversation.id),
        "",
        _unsafe(conversation.id),
        str(conversation.task),
        conversation.split,
        conversation.source,
        len(conversation.turns),
        len(motions),
        sum(not str(text).strip() for text in texts),
        next(filter(None, (fault(text, caption=False) for text in texts)), ""),
        _parroted(parts),
        _given_away(parts, known),
        ", ".join(name for name in named if name not in known),
        ", ".join(f"{name} ({known[name]['split']})" for name in named if name in known and known[name]["split"] != conversation.split),
        ", ".join(filter(None, (_bad_span(part, known[part.clip]) for part in motions if part.clip in known))),
        sum(role == "assistant" and part.learn for role, part in parts),
        conversation.turns[-1].role,
        _content(conversation),
    )


def _parroted(parts: Sequence[tuple[str, Part]]) -> str:
    """A text of the assistant that is what the user said, or an empty string."""
    asked = {_plain(str(part.text)) for role, part in parts if role == "user" and part.type == "text"}
    return next((part.text for role, part in parts if role == "assistant" and part.type == "text" and _plain(str(part.text)) in asked), "")


def _given_away(parts: Sequence[tuple[str, Part]], known: Mapping[str, Mapping[str, Any]]) -> str:
    """Motion that the assistant must make although the user has shown it: the same people of the same clip at the same time.

    A clip whose positions are those of another is the same clip, so that an edit that changes nothing is found.
    """
    shown: list[tuple[Any, Part]] = []
    for role, part in parts:
        if part.type != "motion":
            continue
        motion = known.get(part.clip, {}).get("sha256") or part.clip
        if role == "user":
            shown.append((motion, part))
        elif found := next((own for same, own in shown if same == motion and _overlap(own, part)), None):
            return part.clip if found.clip == part.clip else f"{part.clip} is {found.clip}"
    return ""


def _overlap(one: Part, other: Part) -> bool:
    """Whether two parts of a clip share people and time."""
    end, other_end = (np.inf if part.end_s is None else part.end_s for part in (one, other))
    return bool(set(one.people) & set(other.people)) and max(one.start_s, other.start_s) < min(end, other_end)


def _content(conversation: Conversation) -> str:
    """Equal for conversations that differ in case, punctuation and ids only."""
    said = [(turn.role, [_said(part) for part in turn.parts]) for turn in conversation.turns]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _bad_span(part: Any, clip: Mapping[str, Any]) -> str:
    """What a motion part asks of its clip that the clip does not have, or an empty string."""
    end = clip["seconds"] if part.end_s is None else part.end_s
    if not _inside(part.start_s, end, clip["seconds"] * (1 + 1 / clip["frames"])):
        return f"{part.clip} {part.start_s}-{part.end_s} s of {clip['seconds']:.2f} s"
    if not part.people or len(set(part.people)) != len(part.people) or not set(part.people) <= set(range(int(clip["people"]))):
        return f"{part.clip} people {list(part.people)} of {int(clip['people'])}"
    return ""


def _said(part: Part) -> Any:
    return _plain(str(part.text)) if part.type == "text" else (part.clip, part.people, part.start_s, part.end_s)


# --- codes ------------------------------------------------------------------------------------------------------------

_CODE_COLUMNS = (
    "id", "split", "source", "kind", "people", "order", "fps", "frames", "steps", "depth", "downsample", "codebook_size", "captions",
    "codes",
)  # fmt: skip


def measure_codes(folder: Path) -> Measured:
    """Measure a table of codes; raise `ValueError` where it is absent or lacks a column."""
    path = folder / CODES
    if not path.is_file():
        raise ValueError(f"{CODES} is absent")
    stored = pd.read_parquet(path)
    if set(_CODE_COLUMNS) - set(stored.columns):
        raise ValueError(f"{CODES} lacks the columns {sorted(set(_CODE_COLUMNS) - set(stored.columns))}")
    table = stored.drop(columns=["captions", "codes"])
    codes = [np.asarray(_listed(cell), np.float64) for cell in stored["codes"]]
    captions = [_listed(cell) for cell in stored["captions"]]
    table["unsafe_id"] = [_unsafe(own) for own in table["id"]]
    table["missing_codes"] = table["steps"] * table["people"] * table["depth"] - [len(own) for own in codes]
    table["lowest_code"] = [_extreme(own, np.min, -np.inf) for own in codes]
    table["codes_left"] = table["codebook_size"] - 1 - [_extreme(own, np.max, np.inf) for own in codes]
    table["fractional_codes"] = [int((own != np.floor(own)).sum()) for own in codes]
    table["captions"] = [len(texts) for texts in captions]
    table["empty_captions"] = [sum(not str(text or "").strip() for text in texts) for texts in captions]
    table["caption_fault"] = [next(filter(None, (fault(text) for text in texts if text is not None)), "") for texts in captions]
    table["bad_order"] = [_bad_order(order, people) for order, people in zip(table["order"], table["people"], strict=True)]
    table["splits_of_id"] = _distinct_splits(table, "id")
    table["versions_of_id"] = _versions(stored)
    table["missing_steps"] = table["frames"] // table["downsample"].clip(lower=1) - table["steps"]
    table["copies"] = table.groupby(["id", "order"], dropna=False)["people"].transform("size")
    table["missing_orders"] = table["people"] - table.groupby("id", dropna=False)["order"].transform("nunique")
    totals = {
        **_split_counts(table),
        "layouts": float(len(table[["depth", "downsample", "codebook_size"]].drop_duplicates())),
        "rates": float(table["fps"].nunique()),
        "tokens": float(sum(map(len, codes))),
        "codebook_usage": _usage(codes, table),
        "constant_share": _share(pd.Series([_constant(own, depth) for own, depth in zip(codes, table["depth"], strict=True)])),
        "duplicate_share": _duplicate_share(pd.Series([own.tobytes() for own in codes])),
    }
    return Measured({"row of codes": table}, totals)


def _versions(stored: pd.DataFrame) -> pd.Series:
    """How many different things the rows of an id say of the clip that they encode."""
    said = stored[["id", "frames", "people", "fps", "kind", "source"]].astype(str).agg("|".join, axis=1)
    said += stored["captions"].map(lambda cell: "|".join(map(str, _listed(cell))))
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


# --- metrics ----------------------------------------------------------------------------------------------------------


def measure_metrics(folder: Path) -> Measured:
    """The numbers of `metrics.json` by dotted name; raise `ValueError` where there is none, or a NaN or infinity among them."""
    path = folder / METRICS
    if not path.is_file():
        raise ValueError(f"{METRICS} is absent")
    content = json.loads(path.read_text("utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{METRICS} holds {type(content).__name__}, not names and numbers")
    numbers = {name: float(value) for name, value in flatten(content).items() if isinstance(value, int | float) and type(value) is not bool}
    wild = {name: value for name, value in numbers.items() if not np.isfinite(value)}
    if wild:
        raise ValueError(f"{METRICS}: " + ", ".join(f"{name} is {value}" for name, value in wild.items()))
    return Measured({}, numbers)


def flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` -> `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for name, item in value.items():
        flat |= flatten(item, f"{prefix}{name}.") if isinstance(item, Mapping) else {f"{prefix}{name}": item}
    return flat


# --- shared by tables ----------------------------------------------------------------------------------------------------


def _split_counts(table: pd.DataFrame) -> dict[str, float]:
    return {"rows": float(len(table)), **{f"{split}_rows": float((table["split"] == split).sum()) for split in SPLITS}}


def _blank(values: pd.Series) -> pd.Series:
    """1 where a text is null or holds nothing but space."""
    return (values.fillna("").astype(str).str.strip() == "").astype(int)


def _distinct_splits(table: pd.DataFrame, column: str) -> pd.Series:
    """In how many splits the value of a row's `column` occurs."""
    return table.groupby(column, dropna=False)["split"].transform("nunique")


def _share(values: pd.Series) -> float:
    """Share of true values; 0 of none."""
    return float(values.mean()) if len(values) else 0.0


def _duplicate_share(values: pd.Series) -> float:
    return 1 - values.nunique() / len(values) if len(values) else 0.0
