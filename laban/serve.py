"""The registered model: conversations in, the assistant's turn out. MLflow loads this module by its name, without a pickle.

A request has one column, `conversation`: a JSON list of turns, the user's first and last.
  turn:   {"role": "user" | "assistant", "parts": [part, …]}
  part:   {"type": "text", "text": "…"}  or  {"type": "motion", "fps": 30, "positions": [T][P][22][3]}   (metres, Y up, floor at 0)
An answer is the JSON of one such turn, the assistant's. Letters: `T` frames, `P` people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from laban.data.artifact import open_artifact
from laban.motion.skeleton import JOINTS
from laban.registry.package import ANSWER_DEFAULTS, CONVERSATION, KIND
from laban.registry.promotion import champion

ROLES = ("user", "assistant")
PARTS = {"text": {"type", "text"}, "motion": {"type", "positions", "fps"}}
DECIMALS = 5
"""Positions are written to 10 micrometres: float32 of a metre holds little more."""


class Speaker(Protocol):
    """What answers: `laban.language.chat.Chat`."""

    def reply(
        self, turns: list[dict[str, Any]], *, seed: int, temperature: float, top_p: float, max_new_tokens: int
    ) -> list[dict[str, Any]]:
        """The assistant's parts."""


class Assistant:
    """A speaker behind a table of requests."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker

    def predict(self, model_input: pd.DataFrame | Sequence[Any], params: Mapping[str, Any] | None = None) -> list[str]:
        """Answer each conversation with the JSON of the assistant's turn.

        `params` may hold seed, temperature, top_p and max_new_tokens. All conversations are checked before the first is answered;
        `ValueError` names the conversation, turn and part that is wrong.
        """
        options = checked_params(params or {})
        conversations = [read_turns(value, f"conversation {number}") for number, value in enumerate(_requests(model_input))]
        return [write_turn(self.answer(turns, **options)) for turns in conversations]

    def answer(self, turns: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
        """The assistant's parts, positions as arrays (T, P, 22, 3)."""
        return self.speaker.reply(turns, **{**ANSWER_DEFAULTS, **options})


def _requests(model_input: pd.DataFrame | Sequence[Any]) -> list[Any]:
    if isinstance(model_input, pd.DataFrame):
        if CONVERSATION not in model_input.columns:
            raise ValueError(f"a request has the column {CONVERSATION!r}, not {[str(name) for name in model_input.columns]}")
        return model_input[CONVERSATION].tolist()
    if isinstance(model_input, str) or not isinstance(model_input, Sequence | np.ndarray):
        raise ValueError(f"a request is a table or a list of conversations, not {type(model_input).__name__}")
    return [item[CONVERSATION] if isinstance(item, Mapping) and CONVERSATION in item else item for item in model_input]


def checked_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Sampling parameters over the defaults; `ValueError` on an unknown name or a value out of range."""
    unknown = set(params) - set(ANSWER_DEFAULTS)
    if unknown:
        raise ValueError(f"unknown parameters {sorted(unknown)}; there are {', '.join(ANSWER_DEFAULTS)}")
    merged = {**ANSWER_DEFAULTS, **params}
    merged = {name: type(default)(merged[name]) for name, default in ANSWER_DEFAULTS.items()}
    limits = {"seed": (0, 2**32 - 1), "temperature": (0.0, 10.0), "top_p": (0.0, 1.0), "max_new_tokens": (1, 65536)}
    for name, (low, high) in limits.items():
        if not low <= merged[name] <= high:
            raise ValueError(f"{name} is {merged[name]}, not in {low} … {high}")
    return merged


def read_turns(value: Any, where: str) -> list[dict[str, Any]]:
    """A conversation, as JSON or as plain lists, with its positions as float32 arrays; `ValueError` says where it is wrong."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_constant)
        except ValueError as error:
            raise ValueError(f"{where} is not JSON: {error}") from error
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where} is a list of turns and not empty, not {type(value).__name__}")
    turns = [_turn(turn, f"{where}, turn {number}") for number, turn in enumerate(value)]
    roles = [turn["role"] for turn in turns]
    if roles != [ROLES[number % 2] for number in range(len(roles))] or roles[-1] != "user":
        raise ValueError(f"{where}: roles alternate and begin and end with user, not {roles}")
    return turns


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _turn(turn: Any, where: str) -> dict[str, Any]:
    if not isinstance(turn, dict) or set(turn) != {"role", "parts"}:
        raise ValueError(f"{where} has the keys role and parts, not {sorted(turn) if isinstance(turn, dict) else type(turn).__name__}")
    if turn["role"] not in ROLES:
        raise ValueError(f"{where}: role {turn['role']!r} is not {' or '.join(ROLES)}")
    if not isinstance(turn["parts"], list) or not turn["parts"]:
        raise ValueError(f"{where}: parts is a list and not empty")
    return {"role": turn["role"], "parts": [_part(part, f"{where}, part {number}") for number, part in enumerate(turn["parts"])]}


def _part(part: Any, where: str) -> dict[str, Any]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in PARTS:
        raise ValueError(f"{where} has type {kind!r}, not {' or '.join(PARTS)}")
    if set(part) != PARTS[kind]:
        raise ValueError(f"{where} ({kind}) has the keys {sorted(PARTS[kind])}, not {sorted(part)}")
    if kind == "text":
        if not isinstance(part["text"], str) or not part["text"].strip():
            raise ValueError(f"{where}: text is empty or not a string")
        return dict(part)
    return {"type": "motion", "fps": _fps(part["fps"], where), "positions": checked_positions(part["positions"], where)}


def _fps(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1000:
        raise ValueError(f"{where}: fps {value!r} is not a frame rate")
    return float(value)


def checked_positions(value: Any, where: str) -> np.ndarray:
    """(T, P, 22, 3) float32 metres; `ValueError` on another shape or on what is no number, with its frame."""
    try:
        positions = np.asarray(value, np.float32)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where}: positions are not numbers of one shape (T, P, {len(JOINTS)}, 3): {error}") from error
    if positions.ndim != 4 or positions.shape[2:] != (len(JOINTS), 3) or 0 in positions.shape:
        raise ValueError(f"{where}: positions have shape {positions.shape}, not (T, P, {len(JOINTS)}, 3)")
    broken = ~np.isfinite(positions).all(axis=(1, 2, 3))
    if broken.any():
        raise ValueError(f"{where}: frame {int(broken.argmax())} holds NaN or infinity")
    return positions


def write_turn(parts: Sequence[Mapping[str, Any]]) -> str:
    """The assistant's turn as JSON."""
    plain = [{**part, "positions": _plain(part["positions"])} if part["type"] == "motion" else dict(part) for part in parts]
    return json.dumps({"role": "assistant", "parts": plain}, ensure_ascii=False, allow_nan=False)


def _plain(positions: np.ndarray) -> list[Any]:
    return np.round(np.asarray(positions, np.float64), DECIMALS).tolist()


def _load_pyfunc(data_path: str) -> Assistant:
    """What MLflow calls with the package's folder; every byte of it is verified first."""
    from laban.language.chat import Chat

    package = open_artifact(Path(data_path), kind=KIND)
    return Assistant(Chat.load(package.path))


def load(reference: str) -> Assistant:
    """A model by `models:/NAME@ALIAS`, `models:/NAME/VERSION`, or the folder of a package."""
    if not reference.startswith("models:/"):
        return _load_pyfunc(reference)
    name, alias_mark, alias = reference.removeprefix("models:/").partition("@")
    if not alias_mark:
        name, _, alias = name.partition("/")
    if not name or not alias:
        raise ValueError(f"{reference!r} is not models:/NAME@ALIAS or models:/NAME/VERSION")
    return _load_pyfunc(str(champion(name, alias).path))
