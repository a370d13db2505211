"""`make run`: the workflow of dvc.yaml on one machine, told as a story: what will run, how it went, what changed, what is next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from laban import params
from laban.closure import ROOT

_FIGURE = """
 prepare ─ gate ┬─ synthesize ─ gate ──────┐
                ├─ train_tokenizer ─ gate ─┴─ encode ─ gate ┬─ pretrain ─ merge ─ gate ─ finetune ─ evaluate ─ gate ─ publish ┈ promote
                ├─ train_evaluator, train_judge ─ gates ────┼───────────────────────────────┘
                └─ base ────────────────────────────────────┘
"""


def run(profile: str = "default", *, overrides: list[str] | None = None) -> None:
    """Compose the profile, let DVC run what is out of date, push, promote; exit with DVC's status when a stage fails."""
    os.chdir(ROOT)
    console = Console(highlight=False)
    name = params.profile_name(profile)
    listed = yaml.safe_load(Path("dvc.yaml").read_text("utf-8"))["vars"][0]["profiles"]
    if name not in listed:
        raise ValueError(f"profile {name!r} is not listed in dvc.yaml (vars: profiles); there are {', '.join(listed)}")
    path, composed = params.write(profile, overrides)
    _announce(console, profile, path, composed)
    before, started = _numbers(name), time.time()
    from laban import tracking

    with tracking.parent_run(f"make run {profile}", tags={"profile": profile}) as parent:
        status = _dvc("repro", f"publish@{name}")
        records = _records(name)
        for stage, record in records.items():
            if record["started"] < started:
                tracking.link_reused(stage, record["hash"])
        if Path("dvc.lock").is_file():
            tracking.log_file(Path("dvc.lock"))
        _stages(console, records, started)
        if status:
            _report(console, name, started)
            _failed(console, name, status)
        _results(console, name)
        _changes(console, before, _numbers(name))
        if _dvc("push", "--quiet", f"publish@{name}", "--with-deps"):
            console.print("[yellow]dvc push failed; the artifacts are in the local cache only[/]")
        _promote(console, composed, Path("out") / name / "package", parent)
        _report(console, name, started)
    console.print(f"[bold]{time.time() - started:.0f} s.[/] Next: [bold]laban chat 'Two people shake hands.'[/] · dvc plots show · make ui")


def _announce(console: Console, profile: str, path: Path, composed: Mapping[str, Any]) -> None:
    console.print(_FIGURE, style="dim")
    lines = params.differences(params.compose("default"), composed)
    console.print(f"profile [bold]{profile}[/] -> {path}" + ("; differs from the default in:" if lines else ", the default"))
    for line in lines:
        console.print(f"  {line}", markup=False)


def _dvc(*words: str) -> int:
    """Run DVC of this environment; a shell in between is made one that `exec`s."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([sys.executable, "-m", "dvc", *words], env=environment, check=False).returncode


def _records(name: str) -> dict[str, dict[str, Any]]:
    """Stage -> the record of its latest run, in the order of the runs."""
    folder = Path("out") / name
    records = {path: json.loads(path.read_text("utf-8")) for path in folder.rglob("*.run.json")}
    return {
        _title(path.name.split(".")[0], record["stage"]): record
        for path, record in sorted(records.items(), key=lambda item: item[1]["started"])
    }


def _title(output: str, stage: str) -> str:
    """A stage's name in tables; one that runs several times is told by what it makes."""
    return {"gate": f"gate {output}", "train_evaluator": f"train_{output}"}.get(stage, stage)


def _stages(console: Console, records: Mapping[str, Mapping[str, Any]], started: float) -> None:
    table = Table("stage", "seconds", "artifact", "verdict")
    total = 0.0
    for stage, record in records.items():
        fresh = record["started"] >= started
        total += record["seconds"] if fresh else 0.0
        verdict = "" if not stage.startswith("gate") else "[red]red[/]" if record["refused"] else "[green]green[/]"
        table.add_row(stage, f"{record['seconds']:.1f}" if fresh else "reused", record["hash"][:12], verdict)
    table.add_section()
    table.add_row("total", f"{total:.1f}", "", "")
    console.print(table)


def _failed(console: Console, name: str, status: int) -> None:
    """Say which gate was red and why, and leave with DVC's status."""
    for path in sorted((Path("out") / name / "verdicts").glob("*/verdict.json")):
        verdict = json.loads(path.read_text("utf-8"))
        if not verdict["passed"]:
            console.print(f"[red]gate {path.parent.name} is red:[/]")
            for reason in verdict["reasons"]:
                console.print(f"  - {reason}", markup=False)
    console.print("The former outputs are untouched. Mend it and run the same command again: what is done stays done.")
    raise SystemExit(status)


def _report(console: Console, name: str, started: float) -> None:
    """Draw the run's page and name it; a page that cannot be drawn costs the page, not the run."""
    from laban import tracking
    from laban.report.page import write_report

    try:
        page = write_report(Path("out") / name, since=started, wall_s=time.time() - started)
    except ValueError as error:
        console.print(f"[yellow]The report was not drawn:[/] {escape(str(error))}")
        return
    tracking.log_file(page)
    console.print(f"Report: [bold]{page}[/] (one file; open it in a browser)")


def _numbers(name: str) -> dict[str, float]:
    """All numbers of the profile's current artifacts, flat."""
    numbers: dict[str, float] = {}
    for path in sorted((Path("out") / name).glob("*/metrics.json")):
        numbers |= _flatten(json.loads(path.read_text("utf-8")), f"{path.parent.name}.")
    return numbers


def _flatten(value: Mapping[str, Any], prefix: str) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            flat |= _flatten(item, f"{prefix}{name}.")
        elif isinstance(item, int | float):
            flat[prefix + name] = float(item)
    return flat


_TOLD = (
    "kind_accuracy", "r_precision_top3", "r_precision_top3_within_kind", "bleu4", "mpjpe_mm", "ade_mm", "facts_right",
    "success", "locality", "failed",
)  # fmt: skip
"""Of some two hundred numbers those that are said in the terminal; the page has all."""


def _results(console: Console, name: str) -> None:
    """The evaluation in a few numbers, each beside what it must be compared with."""
    path = Path("out") / name / "evaluation" / "metrics.json"
    metrics = json.loads(path.read_text("utf-8"))
    others = ("chance", "copy", "stand_still", "majority", "reconstruction", "ground_truth")
    for task, groups in metrics.items():
        shown = [row for row in others if any(row in rows for rows in groups.values())]
        table = Table("split", "metric", "model", *shown, title=task, title_justify="left")
        for group, rows in groups.items():
            for metric, value in ((metric, rows[metric]) for metric in _TOLD if metric in rows):
                half = rows["interval"].get(metric)  # of one repetition there is none
                compared = [f"{rows[row][metric]:.3f}" if metric in rows.get(row, {}) else "" for row in shown]
                table.add_row(group, metric, f"{value:.3f}" + ("" if half is None else f" ± {half:.3f}"), *compared)
        console.print(table)


def _changes(console: Console, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """What is different from the profile's former run."""
    if not before:
        console.print("The first run of this profile: nothing to compare with.")
        return
    changed = [name for name in after if before.get(name) != after[name] and ".interval." not in name]
    if not changed:
        console.print("Nothing changed against the former run.")
        return
    table = Table("changed against the former run", "before", "now")
    for name in changed[:20]:
        table.add_row(name, f"{before[name]:.4g}" if name in before else "—", f"{after[name]:.4g}")
    console.print(table)
    if len(changed) > 20:
        console.print(f"… and {len(changed) - 20} more: dvc metrics show")


def _promote(console: Console, composed: Mapping[str, Any], package: Path, run_id: str) -> None:
    """Move the champion where the profile says so; otherwise say how."""
    from laban.registry.package import register
    from laban.registry.promotion import promote

    # `publish` has registered it already, unless it was reused and the registry is another one since.
    registered = register(package, composed["publish"]["name"])
    if composed["promotion"] != "auto":
        console.print(f"Version {registered.version} waits as challenger: [bold]laban promote {registered.version} --why '…'[/]")
        return
    console.print(promote(registered.name, registered.version, who="make run", why=f"green evaluation in run {run_id}"), markup=False)
