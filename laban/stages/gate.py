"""Judge an artifact; the consumer takes it only with this verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from laban.data.artifact import Artifact, write_json
from laban.data.expectations import SUITES, judge
from laban.stages.contract import GateRefused, StageError, Work, stage


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """What is asked."""

    suite: str
    """`clips`, `conversations`, `codes` (data), or `metrics` (the numbers of what was trained)"""
    thresholds: dict[str, dict[str, float] | None]
    """measure of the whole -> {min, max}, or null where a profile says that it does not apply"""


@stage(kind="verdict")
def gate(settings: GateSettings, subject: Artifact, work: Work) -> None:
    """Judge an artifact by a suite of expectations; write verdict.json, which holds the content hash that was judged.

    A red verdict is kept, and the command exits with status 3 and the reasons.
    """
    suite = SUITES.get(settings.suite)
    if suite is not None and suite.kind and suite.kind != subject.manifest.kind:
        raise StageError(f"suite {settings.suite} judges {suite.kind}, and {subject.path} is of kind {subject.manifest.kind}")
    asked = {name: bounds for name, bounds in settings.thresholds.items() if bounds is not None}
    judged = judge(settings.suite, subject.path, asked)
    waived = sorted(set(settings.thresholds) - set(asked))
    verdict = {"subject": subject.hash, "kind": subject.manifest.kind, "suite": settings.suite, "waived": waived, **judged.as_dict()}
    write_json(work.output / "verdict.json", verdict)
    _show(verdict)
    if not judged.passed:
        raise GateRefused(f"{subject.path} is refused: " + "; ".join(judged.reasons))


def _show(verdict: dict[str, Any]) -> None:
    """A line a failed expectation and each threshold, and the outcome, on standard output."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colour, outcome = ("green", "passed") if verdict["passed"] else ("red", "REFUSED")
    counts = verdict["counts"]
    title = f"{verdict['suite']} {verdict['subject'][:12]} [{colour}]{outcome}[/]: {counts['failed']} of {counts['expectations']} failed"
    table = Table("", "table", "column", "observed", "expected", title=title, title_justify="left")
    for found in verdict["expectations"]:
        if not found["passed"] or (found["table"] == "dataset" and "Between" in found["name"]):
            mark = "[green]✓[/]" if found["passed"] else "[red]✗[/]"
            table.add_row(mark, *(escape(found[name]) for name in ("table", "column", "observed", "expected")))
    console = Console()
    console.print(table)
    if verdict["waived"]:
        console.print(f"does not apply in this profile: {', '.join(verdict['waived'])}")


if __name__ == "__main__":
    gate.main()
