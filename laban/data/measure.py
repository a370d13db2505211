"""Tables that the suites judge: one row a record, its measures in columns, computed for whole batches in NumPy.

A measure is never NaN: what cannot be measured because the data are not finite is infinite (and so outside every limit),
and null means *does not apply* (no rotations, one person). Letters: `B` clips, `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from laban.data.clip import INDEX as CLIP_INDEX
from laban.data.clip import Clip, ClipStore
from laban.data.codes import CODES
from laban.data.conversation import CLIPS, CONVERSATIONS, Conversation
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX, PARENTS

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
        "upright_share": float(table["upright"].mean()) if len(table) else 0.0,
        "rotations_share": float(table["fk_gap_m"].notna().mean()) if len(table) else 0.0,
        "duplicate_share": _duplicate_share(table["sha256"]),
        "caption_duplicate_share": 1 - len(captions) / total if total else 0.0,
    }
    return Measured({"clip": table.drop(columns="captions_")}, totals)


def clip_table(folder: Path) -> pd.DataFrame:
    """One row a clip of the store: what the index says of it, and what its arrays are measured to be."""
    store = open_store(folder)
    index = store.index
    arrays = pd.DataFrame(_measure_store(store), columns=["id", *_MEASURES, "error", "sha256_", "descriptor"])
    arrays = arrays.drop(columns="id").set_axis(index.index)
    table = index[["id", "frames", "people", "fps", "split", "source", "licence", "kind", "group", "sha256", "residual_m", "actor"]].copy()
    table["captions_"] = index["captions"]
    table["blank_source"], table["blank_licence"] = _blank(index["source"]), _blank(index["licence"])
    table["actor_outside"] = (~index["actor"].between(-1, index["people"] - 1)).astype(int)
    table["seconds"] = index["frames"] / index["fps"]
    table = table.join(_measure_captions(table)).join(arrays.drop(columns=["sha256_", "descriptor"]))
    changed = (table["error"] == "") & (arrays["sha256_"] != table["sha256"])
    table.loc[changed, "error"] = "positions are not those whose sha256 the index holds"
    table["splits_of_group"] = _distinct_splits(table, "group")
    table["same_motion_in"] = _twins(table, arrays["descriptor"])
    return table


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


def _measure_captions(table: pd.DataFrame) -> pd.DataFrame:
    """Captions present, empty, missing (three are asked of what we make ourselves) and with a span outside of the clip."""
    rows = []
    ends = (table["frames"] + 1) / table["fps"]  # annotators round to the next frame
    for cell, source, end in zip(table["captions_"], table["source"], ends, strict=True):
        texts = _texts(cell)
        filled = sum(bool(text.strip()) for text in texts)
        wanted = 3 if source == PROCEDURAL else 1
        bad = sum(not _inside(caption["start_s"], caption["end_s"], end) for caption in _listed(cell))
        rows.append((len(texts), len(texts) - filled, max(0, wanted - filled), bad))
    return pd.DataFrame(rows, columns=["captions", "empty_captions", "missing_captions", "bad_caption_spans"], index=table.index)


def _inside(start_s: float | None, end_s: float | None, latest_s: float) -> bool:
    return start_s is not None and end_s is not None and 0 <= start_s < end_s <= latest_s


def _listed(cell: Any) -> list[Any]:
    """A list cell of a Parquet table: null is nothing."""
    return [] if cell is None or isinstance(cell, float) else list(cell)


def _texts(captions: Any) -> list[str]:
    return [caption["text"] or "" for caption in _listed(captions)]


_MEASURES = (
    "nonfinite", "bone_drift_m", "longest_bone_m", "floor_m", "highest_m", "speed_m_s", "pelvis_speed_m_s", "frozen_s", "still_people",
    "toes_forward", "upright", "apart_m", "root_gap_m", "rotation_gap", "fk_gap_m",
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
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        bones = _lengths(positions[1:] - positions[list(PARENTS[1:])])
        columns = {
            "nonfinite": (~np.isfinite(positions)).sum((0, 1, 3, 4)),
            "bone_drift_m": np.ptp(bones, axis=2).max((0, 2)),
            "longest_bone_m": bones.max((0, 2, 3)),
            "floor_m": positions[:, 1].min((0, 2, 3)),
            # the highest of the people's lowest points: who never comes down is not of this scene
            "highest_m": positions[:, 1].min((0, 2)).max(1),
            **_motion(positions, clips[0].fps),
            **_posture(positions),
            "apart_m": _apart(positions[0]),
            **_agreement(clips, positions),
        }
        descriptors = _descriptors(positions)
    for row in range(len(clips)):
        values = [np.nan if columns[name] is None else _never_nan(columns[name][row]) for name in _MEASURES]  # type: ignore[index]
        yield values, descriptors[row]


def _never_nan(value: float) -> float:
    return float(value) if np.isfinite(value) else float("inf")


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """(J, 3, …) -> (J, …)."""
    return np.sqrt((vectors * vectors).sum(1))


def _motion(positions: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Greatest speeds in m/s, the longest time in seconds for which nothing at all moves, and how many people never move."""
    clips, frames = positions.shape[2:4]
    if frames < 2:
        zero = np.zeros(clips)
        return {"speed_m_s": zero, "pelvis_speed_m_s": zero, "frozen_s": zero, "still_people": zero}
    step = _lengths(np.diff(positions, axis=3))  # (J, B, T-1, P) metres a frame
    moved = step.max(0) > STILL_M
    run, longest = np.zeros(clips), np.zeros(clips)
    for still in ~moved.any(-1).T:
        run = (run + 1) * still
        longest = np.maximum(longest, run)
    return {
        "speed_m_s": step.max((0, 2, 3)) * fps,
        "pelvis_speed_m_s": step[0].max((1, 2)) * fps,
        "frozen_s": longest / fps,
        "still_people": (~moved.any(1)).sum(1),
    }


STILL_M = 1e-6
"""Metres a frame below which a joint is the same number again: capture has noise of 1e-4, and float32 resolves 1e-7 at a metre."""


def _posture(positions: np.ndarray) -> dict[str, np.ndarray]:
    """Cosine between where toes point and where the hips face (negative: left and right are exchanged), least of the people;
    and whether anybody's head is above the pelvis most of the time (if nobody's in most clips, another axis is up)."""
    joint = {name: positions[number] for name, number in INDEX.items()}
    across, spine = joint["left_hip"] - joint["right_hip"], joint["neck"] - joint["pelvis"]
    toes = joint["left_foot"] - joint["left_ankle"] + joint["right_foot"] - joint["right_ankle"]
    forward = _cross(across, spine)
    length = np.sqrt((forward * forward).sum(0) * (toes * toes).sum(0))
    cosine = (forward * toes).sum(0) / np.maximum(length, 1e-9)
    upright = spine[1] / np.maximum(np.sqrt((spine * spine).sum(0)), 1e-9)
    return {"toes_forward": np.median(cosine, axis=1).min(-1), "upright": (np.median(upright, axis=1) > 0.5).any(-1)}


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cross product of (3, …) vectors."""
    return np.stack([first[i - 2] * second[i - 1] - first[i - 1] * second[i - 2] for i in range(3)])


def _apart(pelvis: np.ndarray) -> np.ndarray | None:
    """Metres between the (3, B, T, P) pelvises of the two people who are nearest, median over time; None for one person."""
    people = pelvis.shape[-1]
    if people < 2:
        return None
    pairs = [np.linalg.norm(pelvis[..., a] - pelvis[..., b], axis=0) for a, b in itertools.combinations(range(people), 2)]
    return np.median(np.min(pairs, axis=0), axis=1)


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
        own = [first, second, _cross(first, second)]
        world.append(own if parent < 0 else [_turn(world[parent], column) for column in own])
    return placed, gap


def _turn(columns: list[np.ndarray], vector: np.ndarray) -> np.ndarray:
    """Rotation, given by its columns, of a vector; coordinates first."""
    return columns[0] * vector[0] + columns[1] * vector[1] + columns[2] * vector[2]


# --- the same motion in two splits ---------------------------------------------------------------------------------

TWIN_M = 1e-3
"""Metres; two takes of one person differ by centimetres, a copy that went through files by 1e-5."""
_PAIRED = (("left_wrist", "right_wrist"), ("left_ankle", "right_ankle"), ("left_elbow", "right_elbow"), ("left_knee", "right_knee"))
_MOMENTS = 8


def _descriptors(positions: np.ndarray) -> np.ndarray:
    """(J, 3, B, T, P) -> (B, N) metres that a copy keeps although it is moved, turned, mirrored, or has its people exchanged.

    Distances of hands, feet, elbows and knees from the own pelvis and from the middle of all, at eight moments; left and right,
    and the people, are taken in order of size. Equal motion has equal numbers; other motion does not agree in all of them.
    """
    clips, frames = positions.shape[2:4]
    chosen = positions[..., np.linspace(0, frames - 1, _MOMENTS).round().astype(int), :]
    pelvis = chosen[0]
    joints = chosen[[INDEX[name] for pair in _PAIRED for name in pair]]
    distances = np.stack([_lengths(joints - centre) for centre in (pelvis, pelvis.mean(-1, keepdims=True))])
    paired = np.sort(distances.reshape(2, len(_PAIRED), 2, *distances.shape[2:]), axis=2)
    extremes = np.stack([paired.min(-1), paired.max(-1)])
    return np.moveaxis(extremes, 4, 0).reshape(clips, -1)


def _twins(table: pd.DataFrame, descriptors: pd.Series) -> pd.Series:
    """For each clip `split:id` of a clip in another split that shows the same motion, or an empty string."""
    from scipy.spatial import cKDTree

    found = pd.Series("", index=table.index, dtype=object)
    usable = np.array([value is not None and bool(np.isfinite(value).all()) for value in descriptors], bool)
    groups = {split: rows for split, rows in table[usable].groupby("split").groups.items()}
    trees = {split: cKDTree(np.stack(list(descriptors[rows]))) for split, rows in groups.items()}
    for own, other in itertools.permutations(groups, 2):
        _, nearest = trees[other].query(trees[own].data, distance_upper_bound=TWIN_M, p=np.inf)
        for row, hit in zip(groups[own], nearest, strict=True):
            if hit < trees[other].n and not found[row]:
                found[row] = f"{other}:{table.loc[groups[other][hit], 'id']}"
    return found


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
    table["blank_task"] = _blank(table["task"])
    totals = {
        **_split_counts(table),
        "tasks": float(table.loc[table["error"] == "", "task"].nunique()),
        **{f"task.{task}": float(count) for task, count in table["task"].value_counts().items() if task},
        "duplicate_share": _duplicate_share(table["content_"]),
        "synthetic_clips": 0.0 if synthetic is None else float(len(synthetic)),
    }
    tables = {"conversation": table.drop(columns="content_")}
    return Measured(tables if synthetic is None else {**tables, "synthetic clip": synthetic}, totals)


_CONVERSATION_COLUMNS = (
    "id", "error", "task", "split", "source", "turns", "motions", "empty_texts", "unknown_clips", "torn_clips", "bad_spans", "learned",
    "ends_with", "content_",
)  # fmt: skip


def _holds_clips(folder: Path) -> bool:
    path = folder / CLIP_INDEX
    return path.is_file() and len(pd.read_parquet(path)) > 0


def _known_clips(folder: Path, synthetic: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    """Clip id -> split, frames, people, fps and seconds, of the motion that conversations may name."""
    columns = ["id", "split", "frames", "people", "fps"]
    tables = [] if synthetic is None else [synthetic[columns]]
    if (folder / KNOWN_CLIPS).is_file():
        tables.append(pd.read_parquet(folder / KNOWN_CLIPS, columns=columns))
    return {row["id"]: row for table in tables for row in table.assign(seconds=table["frames"] / table["fps"]).to_dict("records")}


def _conversation_row(number: int, line: str, known: Mapping[str, Mapping[str, Any]]) -> tuple[Any, ...]:
    """Measures of one line; a line that is no conversation has an error and is named by its number."""
    try:
        conversation = Conversation.from_dict(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        nothing = ("", "", "", 0, 0, 0, "", "", "", 0, "assistant")
        return (f"line {number}", f"{type(error).__name__}: {error}", *nothing, f"line {number}")
    parts = [(turn.role, part) for turn in conversation.turns for part in turn.parts]
    motions = [part for _, part in parts if part.type == "motion"]
    named = sorted(conversation.clips())
    return (
        conversation.id,
        "",
        conversation.task,
        conversation.split,
        conversation.source,
        len(conversation.turns),
        len(motions),
        sum(part.type == "text" and not part.text.strip() for _, part in parts),
        ", ".join(name for name in named if name not in known),
        ", ".join(f"{name} ({known[name]['split']})" for name in named if name in known and known[name]["split"] != conversation.split),
        ", ".join(filter(None, (_bad_span(part, known[part.clip]) for part in motions if part.clip in known))),
        sum(role == "assistant" and part.learn for role, part in parts),
        conversation.turns[-1].role,
        hashlib.sha256(json.dumps(conversation.as_dict()["turns"], sort_keys=True).encode()).hexdigest(),
    )


def _bad_span(part: Any, clip: Mapping[str, Any]) -> str:
    """What a motion part asks of its clip that the clip does not have, or an empty string."""
    end = clip["seconds"] if part.end_s is None else part.end_s
    if not _inside(part.start_s, end, clip["seconds"] * (1 + 1 / clip["frames"])):
        return f"{part.clip} {part.start_s}-{part.end_s} s of {clip['seconds']:.2f} s"
    if not part.people or len(set(part.people)) != len(part.people) or not set(part.people) <= set(range(int(clip["people"]))):
        return f"{part.clip} people {list(part.people)} of {int(clip['people'])}"
    return ""


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
    captions = [[text or "" for text in _listed(cell)] for cell in stored["captions"]]
    table["blank_id"] = _blank(table["id"])
    table["missing_codes"] = table["steps"] * table["people"] * table["depth"] - [len(own) for own in codes]
    table["lowest_code"] = [_extreme(own, np.min, -np.inf) for own in codes]
    table["codes_left"] = table["codebook_size"] - 1 - [_extreme(own, np.max, np.inf) for own in codes]
    table["captions"] = [len(texts) for texts in captions]
    table["empty_captions"] = [sum(not text.strip() for text in texts) for texts in captions]
    table["bad_order"] = [_bad_order(order, people) for order, people in zip(table["order"], table["people"], strict=True)]
    table["splits_of_id"] = _distinct_splits(table, "id")
    table["missing_steps"] = table["frames"] // table["downsample"].clip(lower=1) - table["steps"]
    table["copies"] = table.groupby(["id", "order"])["id"].transform("size")
    totals = {
        **_split_counts(table),
        "layouts": float(len(table[["depth", "downsample", "codebook_size"]].drop_duplicates())),
        "tokens": float(sum(map(len, codes))),
        "codebook_usage": _usage(codes, table),
    }
    return Measured({"row of codes": table}, totals)


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


def _duplicate_share(values: pd.Series) -> float:
    return 1 - values.nunique() / len(values) if len(values) else 0.0
