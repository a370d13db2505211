"""Text files as people send them: read whole within a limit, decoded strictly, numbers and captions checked.

Every message names the file, and the line where there is one.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

MOST_BYTES = 2**30
"""An hour of 100 joints at 120 frames a second is about as much as text."""
LARGEST = 1e9
"""No length or angle of a person is larger in any unit; what is would overflow further on."""
_LONGEST_CAPTION = 2000
"""Characters; the field's longest captions have some 700."""


def read_lines(path: Path, *, any_encoding: bool = False) -> list[str]:
    """Lines of a UTF-8 file, with or without a byte-order mark; bytes that are not UTF-8 raise `ValueError` unless `any_encoding`."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path}: has {path.stat().st_size:,} bytes; a text of motion has at most {MOST_BYTES:,}: cut it into several")
    try:
        text = path.read_text("utf-8-sig", errors="replace" if any_encoding else "strict")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    return text.removesuffix("\n").split("\n")


def shown(value: object) -> str:
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}…"


def parse_number(where: str, column: int, word: str) -> float:
    """A number as motion files write it; may be infinite or not a number."""
    try:
        if "_" not in word:  # Python reads 1_0 as ten
            return float(word)
    except ValueError:
        pass
    raise ValueError(f"{where}: column {column}: {shown(word)} is not a number")


def parse_numbers(where: str, words: Sequence[str]) -> np.ndarray:
    """Many numbers at once: (N,) float64; the first that is none raises `ValueError` with its column."""
    try:
        if "_" not in "".join(words):
            return np.array(list(map(float, words)))
    except ValueError:
        pass
    return np.array([parse_number(where, column, word) for column, word in enumerate(words, 1)])


def parse_json(where: str, text: str) -> Any:
    """A JSON value; raise `ValueError` where it is none, nests without end, or names a key twice (one of the two would be lost)."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {shown(next(key for key in keys if keys.count(key) > 1))} is there twice")
    return value


def caption(where: str, text: object) -> str:
    """A caption without the blanks around it; raise `ValueError` where it is no text, empty, endless, or not printable."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{where}: caption {shown(text)} is empty or no text")
    if len(text) > _LONGEST_CAPTION:
        raise ValueError(f"{where}: a caption has {len(text)} characters, at most {_LONGEST_CAPTION}: {shown(text)}")
    odd = [character for character in text.strip() if unicodedata.category(character) in ("Cc", "Cs")]
    if odd:
        raise ValueError(f"{where}: caption {shown(text)} holds the control character {odd[0]!r}")
    return text.strip()
