"""Tables judged by rules, through Great Expectations; what cannot be looked at has failed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import pandas as pd

from laban.data.rules import Rule

NULLS = "null_columns"
SHOWN = 5
"""Rows that a reason or a verdict names; the counts tell of the others."""
WHOLE = "dataset"
"""The table of one row: measures of the whole."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row that is not as expected."""

    id: str
    value: Any
    frame: int | None = None
    """Of the clip, from 0, where it is worst; None where that has no place in time."""
    person: int | None = None

    def __str__(self) -> str:
        place = ", ".join(f"{name} {number}" for name, number in (("frame", self.frame), ("person", self.person)) if number is not None)
        return f"{shown(self.value)} ({place})" if place else shown(self.value)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types; a value as it is shown, since JSON has no infinity."""
        return {**vars(self), "value": shown(self.value)}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one expectation."""

    table: str
    name: str
    column: str
    expected: str
    why: str
    passed: bool = False
    observed: str = ""
    rows: int = 0
    """How many were looked at."""
    offenders: tuple[Example, ...] = ()
    """All rows that are not as expected, the worst first."""
    evidence: tuple[Example, ...] = ()
    """Of a measure of the whole that is not as expected: the rows by which it came about, the worst first."""
    problem: str = ""
    """Why it could not be judged."""

    @property
    def count(self) -> int:
        """How many rows are at fault."""
        return len(self.evidence or self.offenders)

    @property
    def worst(self) -> tuple[Example, ...]:
        """The few of them that are shown."""
        return (self.evidence or self.offenders)[:SHOWN]

    @property
    def reason(self) -> str:
        """Why it did not pass, in a line, with the worst row and how many there are; empty where it passed."""
        if self.passed:
            return ""
        if self.problem:
            return f"{self.table}: {self.problem}"
        one, names = self.offenders[0], ", ".join(one.id for one in self.worst)
        more = f"; {self.count} rows: {names}" if self.evidence else f"; {self.count} of {self.rows}: {names}" if self.count > 1 else ""
        return f"{self.table} {one.id}: {self.column} is {one}, expected {self.expected} ({self.why}{more})"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types, with the worst few rows at fault and the number of all."""
        told = {name: getattr(self, name) for name in ("table", "name", "column", "passed", "observed", "expected", "why", "count")}
        return {**told, "worst": [one.as_dict() for one in self.worst]}


def shown(value: Any) -> str:
    """A value as a reason has it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "null"
    return f"{value:g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)


def failure(table: str, name: str, problem: str, rule: Rule | None = None) -> Finding:
    """A finding that something could not be judged."""
    if rule is None:
        return Finding(table=table, name=name, column="", expected="", why="", problem=problem)
    return Finding(table=table, name=name, column=rule.column, expected=rule.expected(), why=rule.why, problem=problem)


def check(table: str, rows: pd.DataFrame, rules: Sequence[Rule]) -> list[Finding]:
    """Judge the rows of a table, which have an `id`, by Great Expectations; nothing to judge is a failure."""
    if not rules:
        return [failure(table, "rules", "the suite has no rule for it")]
    if rows.empty:
        return [failure(table, "rows", "zero rows")]
    findings = [
        failure(table, "column", f"{_absent(table, rule.column, rows)} ({rule.why})", rule) for rule in rules if rule.column not in rows
    ]
    present = [rule for rule in rules if rule.column in rows]
    return findings + (list(_validate(table, rows.reset_index(drop=True), present)) if present else [])


def _absent(table: str, column: str, rows: pd.DataFrame) -> str:
    if table != WHOLE:
        return f"column {column} is absent"
    return f"measure {column} is absent; there are {', '.join(sorted(set(rows.columns) - {'id'})) or 'none'}"


def _validate(table: str, rows: pd.DataFrame, rules: Sequence[Rule]) -> Iterator[Finding]:
    """One finding for each rule, in their order, and first one for nulls, which Great Expectations passes over by itself."""
    gx = _great_expectations()
    required = [rule.column for rule in rules if not rule.optional]
    rows = rows.assign(**{NULLS: _null_columns(rows[required])})
    rules = [Rule(column=NULLS, values=("",), why="a null meets every limit unless it is looked for"), *rules]
    source = gx.get_context(mode="ephemeral")
    source.variables.progress_bars = {"globally": False}
    definition = source.data_sources.add_pandas("laban").add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch({"dataframe": rows})
    expectations = [_expectation(gx, rule, number) for number, rule in enumerate(rules)]
    suite = gx.ExpectationSuite(table, expectations=expectations)
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]})
    # Results come back grouped by column, and one that could not be computed has no result: they are found by their number.
    results = {result.expectation_config.meta["number"]: result for result in outcome.results}
    for number, (rule, expectation) in enumerate(zip(rules, expectations, strict=True)):
        name = type(expectation).__name__
        if number in results:
            yield _finding(table, name, rule, rows[rule.column], results[number])
        else:
            yield failure(table, name, f"{name} on {rule.column} was not evaluated", rule)


def _great_expectations() -> Any:
    """Imported late: it takes three seconds."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    return great_expectations


def _null_columns(rows: pd.DataFrame) -> list[str]:
    """For each row the names of the columns that are null or NaN in it."""
    return [", ".join(compress(rows.columns, nulls)) for nulls in rows.isna().to_numpy(bool)]


def _expectation(gx: Any, rule: Rule, number: int) -> Any:
    """What Great Expectations is asked for a rule; `number` finds its result again."""
    known, common = gx.expectations, {"column": rule.column, "meta": {"number": number}}
    if rule.unique:
        return known.ExpectColumnValuesToBeUnique(**common)
    if rule.values:
        return known.ExpectColumnValuesToBeInSet(**common, value_set=list(rule.values))
    return known.ExpectColumnValuesToBeBetween(**common, min_value=rule.low, max_value=rule.high)


def _finding(table: str, name: str, rule: Rule, values: pd.Series, result: Any) -> Finding:
    """A result in our words; one that raised, or looked at fewer rows than there are, has failed."""
    found, count = result.result, len(values)
    if not found:
        messages = sorted({str(error["exception_message"]) for error in result.exception_info.values() if isinstance(error, dict)})
        return failure(table, name, f"{rule.column} could not be judged: {'; '.join(messages) or result.exception_info}", rule)
    seen, bad = found["element_count"], found["unexpected_index_list"] or []
    offenders = sorted((Example(id=str(row["id"]), value=row.get(rule.column)) for row in bad), key=lambda one: -rule.excess(one.value))
    passed = bool(result.success) and seen == count and not offenders
    if not passed and not offenders:
        return failure(table, name, f"{rule.column} was judged on {seen} of {count} rows", rule)
    observed = shown(values.iloc[0]) if table == WHOLE else f"{len(offenders)} of {seen} rows are not"
    return Finding(
        table=table,
        name=name,
        column=rule.column,
        expected=rule.expected(),
        why=rule.why,
        passed=passed,
        observed=observed,
        rows=count,
        offenders=tuple(offenders),
    )
