"""Faults of codes: numbers, layouts, orders, and what rows say of their clip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from fault import CodeData, Fault, Severity

Apply = Callable[[CodeData, Severity, np.random.Generator], None]


def rows(**changes: Callable[[Any], Any]) -> Apply:
    """Columns of all rows, of a third, or of one."""

    def apply(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
        for number in severity.touched(len(data.rows), rng):
            data.rows[number] |= {name: change(data.rows[number][name]) for name, change in changes.items()}

    return apply


def some_rows(count: tuple[int, int, int], **changes: Callable[[Any], Any]) -> Apply:
    """Columns of so many rows: what all have alike is no fault that rows can show."""

    def apply(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
        for row in data.rows[: severity.of(*count)]:
            row |= {name: change(row[name]) for name, change in changes.items()}

    return apply


def codes(change: Callable[[np.ndarray, np.ndarray], None]) -> Apply:
    """Codes of one row: all of them, a third, or one."""

    def apply(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
        row = data.rows[int(rng.integers(len(data.rows)))]
        changed = np.array(row["codes"], np.float64)
        change(changed, np.array(severity.touched(len(changed), rng)))
        row["codes"] = changed

    return apply


def collapsed(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    """One level uses 1, 4 or 7 of its 16 codes."""
    used = severity.of(1, 4, 7)
    for row in data.rows:
        own = np.array(row["codes"])
        own[1::2] %= used
        row["codes"] = own


def constant(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    for number in severity.touched(len(data.rows), rng):
        data.rows[number]["codes"] = np.tile(data.rows[number]["codes"][:2], len(data.rows[number]["codes"]) // 2)


def another_clips(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    for number in severity.touched(len(data.rows) - 1, rng):
        data.rows[number + 1]["codes"] = data.rows[0]["codes"]


def appended(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    data.rows += [dict(data.rows[number]) for number in severity.touched(len(data.rows), rng)]


def one_order_only(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    gone = severity.touched(len(data.rows) // 2, rng)
    data.rows = [row for number, row in enumerate(data.rows) if not (number % 2 and number // 2 in gone)]


def other_rate(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    for row in data.rows[: severity.of(20, 8, 2)]:
        row["fps"] = 20.0


def none(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
    data.rows = []


def without(*names: str) -> Apply:
    def apply(data: CodeData, severity: Severity, rng: np.random.Generator) -> None:
        gone = severity.of(names, names[:2], names[:1])
        data.rows = [{name: value for name, value in row.items() if name not in gone} for row in data.rows]

    return apply


def K(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(f"codes: {name}", "codes", source, column, says, apply)


CODE_FAULTS = (
    K("no row and no column", "ours", "", none, "lacks the columns"),
    K("columns lost", "ours", "", without("captions", "order", "split"), "captions"),
    K("-1 of quantiser dropout", "§6.4", "lowest_code", codes(lambda own, at: own.__setitem__(at, -1))),
    K("a code beyond the codebook", "§3.5", "codes_left", codes(lambda own, at: own.__setitem__(at, 16))),
    K("fractions: latents for codes", "ours", "fractional_codes", codes(lambda own, at: own.__setitem__(at, own[at] * 0.9 + 0.05))),
    K("NaN", "ours", "lowest_code", codes(lambda own, at: own.__setitem__(at, np.nan))),
    K("null codes", "ours", "lowest_code", rows(codes=lambda own: None)),
    K("no codes", "ours", "missing_codes", rows(codes=lambda own: np.array([], np.int32))),
    K("one code missing", "ours", "missing_codes", rows(codes=lambda own: own[:-1])),
    K("the end of a clip is cut off", "§5.3", "missing_steps", rows(steps=lambda n: n - 1, codes=lambda own: own[:-4])),
    K("lengths divided twice", "§6.4", "missing_steps", rows(steps=lambda n: 1, codes=lambda own: own[:4])),
    K("codes of another depth", "ours", "layouts", some_rows((20, 8, 1), depth=lambda n: 1, codes=lambda own: own[::2])),
    K("two tokenizers", "ours", "layouts", some_rows((20, 8, 1), codebook_size=lambda n: 512)),
    K("two rates", "§5.2", "rates", other_rate),
    K("the order names one person twice", "ours", "bad_order", rows(order=lambda _: "00")),
    K("an order is missing", "§6.2", "missing_orders", one_order_only),
    K("rows twice", "ours", "copies", appended),
    K("a collapsed level", "§6.4", "codebook_usage", collapsed),
    K("constant codes", "ours", "constant_share", constant),
    K("another clip's codes", "ours", "duplicate_share", another_clips),
    K("an unknown split", "ours", "split", rows(split=lambda _: "training")),
    K("one clip in two splits", "ours", "splits_of_id", some_rows((1, 1, 1), split=lambda _: "test")),
    K("rows of one clip with other lengths", "ours", "versions_of_id", some_rows((1, 1, 1), frames=lambda n: n + 1)),
    K("no captions", "§5.6", "captions", rows(captions=lambda _: [])),
    K("an empty caption", "§5.1", "empty_captions", rows(captions=lambda own: ["", *own[1:]])),
    K("a placeholder for a caption", "§2", "caption_fault", rows(captions=lambda own: ["[caption] is", *own[1:]]), "placeholder"),
    K("tmp of an exchange of words", "§5.1", "caption_fault", rows(captions=lambda own: ["turns tmp and", *own[1:]]), "swap artefact"),
    K("part-of-speech tags", "§5.3", "caption_fault", rows(captions=lambda own: ["a/DET man/NOUN", *own[1:]]), "part-of-speech"),
    K("nan in words", "§5.3", "caption_fault", rows(captions=lambda own: ["nan", *own[1:]]), "nothing in words"),
    K("a blank id", "ours", "unsafe_id", rows(id=lambda _: " ")),
    K("nobody", "ours", "people", rows(people=lambda _: 0)),
    K("a rate of zero", "ours", "fps", rows(fps=lambda _: 0.0)),
)
