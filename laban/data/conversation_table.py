"""Measures of conversations, a row a conversation, and of the motion that was made for them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from laban.data.clip import INDEX as CLIP_INDEX
from laban.data.clip_table import clip_table
from laban.data.conversation import CLIPS, CONVERSATIONS, Conversation, Part
from laban.data.measure import KNOWN_CLIPS, Measured, duplicate_share, inside, plain, split_counts, unsafe
from laban.data.wording import fault


def measure_conversations(folder: Path) -> Measured:
    """Measure conversations and the motion that was made for them; raise `ValueError` where there is no file of them."""
    path = folder / CONVERSATIONS
    if not path.is_file():
        raise ValueError(f"{CONVERSATIONS} is absent")
    synthetic = clip_table(folder / CLIPS) if _holds_clips(folder / CLIPS) else None
    known = _known_clips(folder, synthetic)
    with path.open(encoding="utf-8") as file:
        rows = [_conversation_row(number, line, known) for number, line in enumerate(file, 1)]
    table = pd.DataFrame(rows, columns=list(_CONVERSATION_COLUMNS))
    table["odd_task"] = ["" if re.fullmatch(r"[a-z][a-z0-9_]*", task) else repr(task) for task in table["task"]]
    totals = {
        **split_counts(table),
        "tasks": float(table.loc[table["error"] == "", "task"].nunique()),
        **{f"task.{task}": float(count) for task, count in table["task"].value_counts().items() if task},
        **{f"task_share.{task}": count / len(table) for task, count in table["task"].value_counts().items() if task},
        "duplicate_share": duplicate_share(table["content_"]),
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
        unsafe(conversation.id),
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
    asked = {plain(str(part.text)) for role, part in parts if role == "user" and part.type == "text"}
    return next((part.text for role, part in parts if role == "assistant" and part.type == "text" and plain(str(part.text)) in asked), "")


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
    if not inside(part.start_s, end, clip["seconds"] * (1 + 1 / clip["frames"])):
        return f"{part.clip} {part.start_s}-{part.end_s} s of {clip['seconds']:.2f} s"
    if not part.people or len(set(part.people)) != len(part.people) or not set(part.people) <= set(range(int(clip["people"]))):
        return f"{part.clip} people {list(part.people)} of {int(clip['people'])}"
    return ""


def _said(part: Part) -> Any:
    return plain(str(part.text)) if part.type == "text" else (part.clip, part.people, part.start_s, part.end_s)
