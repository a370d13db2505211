"""What data and models must be before the next stage may take them: suites of expectations, and the judge.

Suites fail closed: no rule, no row, an absent column or measure, a null or a NaN is a failure with a reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from laban.data import places
from laban.data.clip_table import measure_clips
from laban.data.code_table import measure_codes
from laban.data.conversation import CLIPS
from laban.data.conversation_table import measure_conversations
from laban.data.findings import WHOLE, Example, Finding, check, failure
from laban.data.measure import Measured, measure_metrics
from laban.data.rules import CLIP_RULES, CODE_RULES, CODE_SET_RULES, CONVERSATION_RULES, DATASET_RULES, LARGEST, PROCEDURAL_RULES, Rule

Thresholds = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a suite says of a folder."""

    findings: tuple[Finding, ...]
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """Why it did not pass, one line each."""
        return [finding.reason for finding in self.findings if not finding.passed]

    @property
    def passed(self) -> bool:
        """Every expectation of at least one is met."""
        return bool(self.findings) and not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        told = [finding.as_dict() for finding in self.findings]
        counts = {**self.counts, "expectations": len(self.findings), "failed": len(self.reasons)}
        return {"passed": self.passed, "reasons": self.reasons, "expectations": told, "counts": counts}


@dataclass(frozen=True, kw_only=True)
class Suite:
    """How a kind of artifact is measured and what is asked of its tables."""

    kind: str
    """Kind of artifact that it judges; empty: any."""
    measure: Callable[[Path], Measured]
    rules: Mapping[str, Sequence[Rule]]
    """Table -> rules on its rows. `dataset` is the one row of measures of the whole."""
    optional_tables: tuple[str, ...] = ()
    """Tables that may be absent or empty."""
    clips: Mapping[str, str] = field(default_factory=dict)
    """Table whose rows are stored clips -> where these lie in the folder."""


SUITES: Mapping[str, Suite] = {
    "clips": Suite(
        kind="clips",
        measure=measure_clips,
        rules={"clip": CLIP_RULES, "procedural clip": PROCEDURAL_RULES, WHOLE: DATASET_RULES},
        optional_tables=("procedural clip",),
        clips={"clip": ".", "procedural clip": "."},
    ),
    "conversations": Suite(
        kind="conversations",
        measure=measure_conversations,
        rules={"conversation": CONVERSATION_RULES, "synthetic clip": (*CLIP_RULES, *PROCEDURAL_RULES)},
        optional_tables=("synthetic clip",),
        clips={"synthetic clip": CLIPS},
    ),
    "codes": Suite(kind="codes", measure=measure_codes, rules={"row of codes": CODE_RULES, WHOLE: CODE_SET_RULES}),
    "metrics": Suite(kind="", measure=measure_metrics, rules={}),
}


def threshold_rules(thresholds: Thresholds) -> list[Rule]:
    """Rules on the measures of the whole; raise `ValueError` on a threshold that could never be met or never be missed."""
    rules = []
    for name, bounds in thresholds.items():
        unknown = set(bounds) - {"min", "max"}
        if unknown or not bounds:
            raise ValueError(f"threshold {name} has {sorted(bounds) or 'no bound'}; a threshold has min, max or both")
        low, high = bounds.get("min", -LARGEST), bounds.get("max", LARGEST)
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise ValueError(f"threshold {name}: min {low:g} and max {high:g} leave nothing")
        rules.append(Rule(column=name, low=low, high=high, why="asked by the settings"))
    return rules


def judge(suite_name: str, folder: Path, thresholds: Thresholds) -> Judgement:
    """Measure a folder and judge it; raise `ValueError` on an unknown suite or a senseless threshold.

    Data that cannot be measured at all are a failure like any other.
    """
    if suite_name not in SUITES:
        raise ValueError(f"no suite {suite_name!r}; there are {', '.join(SUITES)}")
    suite, asked = SUITES[suite_name], threshold_rules(thresholds)
    try:
        measured = suite.measure(folder)
    except (ValueError, OSError) as error:
        return Judgement(findings=(failure(suite_name, "readable", f"{folder.name}: {error}"),))
    findings = [finding for table in suite.rules if table != WHOLE for finding in _judge_rows(suite, table, measured, folder)]
    findings += _judge_whole([*suite.rules.get(WHOLE, ()), *asked], measured, folder.name)
    if not findings:
        findings = [failure(suite_name, "rules", f"suite {suite_name} asks for nothing: its thresholds are empty")]
    return Judgement(findings=tuple(findings), counts=_finite(measured.totals))


def _judge_rows(suite: Suite, table: str, measured: Measured, folder: Path) -> list[Finding]:
    """Findings on the rows of a table; the worst of those that failed are told with frame and person."""
    rows = measured.tables.get(table)
    if rows is None or (rows.empty and table in suite.optional_tables):
        return [] if table in suite.optional_tables else [failure(table, "rows", "there is no table of them")]
    findings = check(table, rows, suite.rules[table])
    return places.placed(findings, folder / suite.clips[table]) if table in suite.clips else findings


def _judge_whole(rules: Sequence[Rule], measured: Measured, name: str) -> list[Finding]:
    """Findings on the measures of the whole; those that failed are told with the rows by which they came about."""
    if not rules:
        return []
    findings = check(WHOLE, pd.DataFrame([{"id": name, **measured.totals}]), rules)
    return [replace(one, evidence=_evidence(measured, one.column)) if one.offenders else one for one in findings]


def _evidence(measured: Measured, column: str) -> tuple[Example, ...]:
    return tuple(Example(id=str(row), value=value) for row, value in measured.evidence.get(column, ()))


def _finite(totals: Mapping[str, float]) -> dict[str, float]:
    """Measures as JSON can hold them, whole ones as integers."""
    plain = {name: round(float(value), 6) for name, value in totals.items() if math.isfinite(value)}
    return {name: int(value) if value.is_integer() else value for name, value in plain.items()}
