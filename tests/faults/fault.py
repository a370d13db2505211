"""What a fault is, the data that it damages, and how many faulty data sets are judged at once."""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import clean_data as clean
import numpy as np
import pandas as pd

from laban.data.clip import Clip
from laban.data.codes import CODES
from laban.data.conversation import CONVERSATIONS
from laban.data.expectations import SUITES, threshold_rules
from laban.data.findings import NULLS, WHOLE, Finding, check
from laban.data.measure import KNOWN_CLIPS, Measured
from laban.data.rules import Rule

CLIPS, TALKS, ROWS = 12, 24, 24
"""Clips, conversations and rows of codes in the data that are damaged."""


class Severity(enum.Enum):
    """How bad: of what has an amount, the amount; of what is so or not so, the share of rows."""

    GROSS = "gross"
    CLEAR = "clear"
    WEAKEST = "weakest"

    def of(self, gross: Any, clear: Any, weakest: Any) -> Any:
        """One of three; the weakest lies just beyond the limit of the rule."""
        return {"gross": gross, "clear": clear, "weakest": weakest}[self.value]

    def touched(self, count: int, rng: np.random.Generator) -> list[int]:
        """All rows, a third of them, or one."""
        return sorted(rng.permutation(count)[: self.of(count, max(2, count // 3), 1)].tolist())


@dataclass
class ClipData:
    """A clip store that is to be written: its clips, then changes of its index, then of its folder."""

    clips: list[Clip] = field(default_factory=lambda: clean.clips(CLIPS))
    index: list[Callable[[pd.DataFrame], pd.DataFrame]] = field(default_factory=list)
    folder: list[Callable[[Path], Any]] = field(default_factory=list)

    def change(self, number: int, **fields: Any) -> None:
        """Replace fields of a clip."""
        self.clips[number] = dataclasses.replace(self.clips[number], **fields)

    def move(self, number: int, positions: np.ndarray) -> None:
        """Replace the positions of a clip, which then has nothing else to betray the change."""
        self.change(number, positions=positions.astype(np.float32), root=None, offsets=None, rotations=None)

    def write(self, folder: Path) -> None:
        """As the stages write it."""
        clean.write_clean_clips(folder, self.clips)
        if self.index:
            table = pd.read_parquet(folder / "index.parquet")
            for change in self.index:
                table = change(table)
            table.to_parquet(folder / "index.parquet", index=False)
        for damage in self.folder:
            damage(folder)


@dataclass
class TalkData:
    """Conversations as plain JSON, the list of the clips that they may name, and motion beside them."""

    talks: list[dict[str, Any]] = field(
        default_factory=lambda: [json.loads(json.dumps(clean.conversation(number).as_dict())) for number in range(TALKS)]
    )
    lines: list[Callable[[list[str]], list[str]]] = field(default_factory=list)
    known: pd.DataFrame = field(default_factory=lambda: clean.known_clips([*clean.clips(TALKS), *clean.generated(TALKS)]))
    beside: list[Clip] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """As the stages write it."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(talk) for talk in self.talks]
        for change in self.lines:
            lines = change(lines)
        (folder / CONVERSATIONS).write_text("".join(f"{line}\n" for line in lines), "utf-8")
        self.known.to_parquet(folder / KNOWN_CLIPS, index=False)
        if self.beside:
            clean.write_clean_clips(folder / "clips", self.beside)


@dataclass
class CodeData:
    """Rows of codes as plain values."""

    rows: list[dict[str, Any]] = field(default_factory=lambda: clean.code_rows(ROWS // 2))

    def write(self, folder: Path) -> None:
        """As the stages write it, but for types: a damaged column has another."""
        folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(self.rows).to_parquet(folder / CODES, index=False)


Data = ClipData | TalkData | CodeData
TIGHT = "from code: "
"""Before the column of a rule that holds for motion from code alone, so that it does not stand in for the one that holds for all."""
SUITE_OF = {
    "motion": "clips",
    "foreign": "clips",
    "captions": "clips",
    "splits": "clips",
    "conversations": "conversations",
    "codes": "codes",
}
DATA_OF: Mapping[str, Callable[[], Data]] = {"clips": ClipData, "conversations": TalkData, "codes": CodeData}
THRESHOLDS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "clips": {
        "rows": {"min": 10}, "duplicate_share": {"max": 0.0}, "restricted_share": {"max": 0.0}, "unknown_licence_share": {"max": 0.0},
    },
    "conversations": {
        "rows": {"min": 10}, "tasks": {"min": 2, "max": 2}, "task_share.edit": {"min": 0.4, "max": 0.6}, "duplicate_share": {"max": 0.03},
    },
    "codes": {
        "rows": {"min": 10}, "codebook_usage": {"min": 0.5}, "constant_share": {"max": 0.02}, "duplicate_share": {"max": 0.02},
    },
}  # fmt: skip
"""What a platform's settings would ask on top of the rules."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault of data."""

    name: str
    subject: str
    """motion, foreign (other people's data sets), captions, splits, conversations, codes"""
    source: str
    """Paragraph of the field's report that tells of it (`§5.1`), or `ours`."""
    column: str
    """The column whose rule must refuse it, after `TIGHT` where it is one for motion from code; empty: it cannot be measured at all."""
    says: str
    """What the reason must say: a regular expression."""
    apply: Callable[[Any, Severity, np.random.Generator], None]

    @property
    def suite(self) -> str:
        """The gate that must refuse it."""
        return SUITE_OF[self.subject]


@dataclass(frozen=True)
class Outcome:
    """What the gate said of a fault at a severity."""

    fault: Fault
    severity: Severity
    reasons: Mapping[str, str]
    """Column -> reason, of every rule that refused."""

    @property
    def caught(self) -> bool:
        """By the right rule, for the right reason."""
        return re.search(self.fault.says, self.reasons.get(self.fault.column, "\0")) is not None


def of_the_field(fault: Fault) -> bool:
    """Whether the report on the field tells of it among data sets (§5), metrics (§6) or complaints (§7)."""
    return fault.source.startswith(("§5", "§6", "§7"))


def seed_of(fault: Fault, severity: Severity) -> int:
    """Of the fault's own random numbers."""
    return int.from_bytes(f"{fault.name}{severity.value}".encode(), "big") % 2**32


def campaign(faults: Sequence[Fault], severities: Sequence[Severity], folder: Path) -> list[Outcome]:
    """Damage clean data by every fault at every severity, measure each data set, and judge those of a suite together."""
    trials = [(fault, severity) for fault in faults for severity in severities]
    outcomes = []
    for suite in dict.fromkeys(fault.suite for fault in faults):
        own = [(fault, severity) for fault, severity in trials if fault.suite == suite]
        found = judged_together(suite, {str(number): _measured(*trial, folder / f"{suite}{number}") for number, trial in enumerate(own)})
        outcomes += [Outcome(fault, severity, found[str(number)]) for number, (fault, severity) in enumerate(own)]
    return outcomes


def _measured(fault: Fault, severity: Severity, folder: Path) -> Measured | str:
    """Measures of the damaged data, or why there are none."""
    data = DATA_OF[fault.suite]()
    fault.apply(data, severity, np.random.default_rng(seed_of(fault, severity)))
    data.write(folder)
    return measured(fault.suite, folder)


def measured(suite: str, folder: Path) -> Measured | str:
    """As `judge` measures, which refuses what cannot be."""
    try:
        return SUITES[suite].measure(folder)
    except (ValueError, OSError) as error:
        return str(error)


def judged_together(suite: str, sets: Mapping[str, Measured | str]) -> dict[str, dict[str, str]]:
    """Name of a data set -> column -> reason, for every rule that refuses a row of it.

    Rules look at one row at a time, or (unique) at values that hold the id, which bears the name of the data set here: so the rows of
    all data sets may be judged in one call of `check`, the function that the gate judges with. A test compares it with the gate.
    """
    found: dict[str, dict[str, str]] = {name: {"": one} for name, one in sets.items() if isinstance(one, str)}
    whole = {name: one for name, one in sets.items() if not isinstance(one, str)}
    found |= {name: {} for name in whole}
    tables = {table: rules for table, rules in SUITES[suite].rules.items() if table != WHOLE}
    for table, rules in tables.items():
        frames = [_named(one.tables[table], name) for name, one in whole.items() if table in one.tables and len(one.tables[table])]
        empty = [name for name, one in whole.items() if table in one.tables and not len(one.tables[table])]
        found |= {name: {**found[name], "": f"{table}: zero rows"} for name in empty if table not in SUITES[suite].optional_tables}
        if frames:
            _collect(found, check(table, pd.concat(frames, ignore_index=True), rules))
    totals = pd.DataFrame([{"id": f"{name}|{suite}", **one.totals} for name, one in whole.items()])
    asked: list[Rule] = [*SUITES[suite].rules.get(WHOLE, ()), *threshold_rules(THRESHOLDS[suite])]
    if len(totals):
        _collect(found, check(WHOLE, totals, asked))
    return found


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(id=[f"{name}|{own}" for own in table["id"]])


def _collect(found: dict[str, dict[str, str]], findings: Sequence[Finding]) -> None:
    for finding in findings:
        assert finding.passed or finding.offenders, finding.reason
        tight = TIGHT if finding.table == "procedural clip" else ""
        for one in finding.offenders:
            name, _, own = one.id.partition("|")
            if finding.column == NULLS:
                found[name] |= {tight + column: f"{finding.table} {own}: {column} is null" for column in str(one.value).split(", ")}
            else:
                said = f"{finding.table} {own}: {finding.column} is {one.value}, expected {finding.expected}"
                found[name].setdefault(tight + finding.column, said)
