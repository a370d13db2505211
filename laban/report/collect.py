"""From artifact folders to plain data: what was run, what it was judged to be, and what it measured.

Only what lies on disk is read, and nothing is verified again: a page must be quick, and every stage has verified its inputs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from laban.data.artifact import MANIFEST, Manifest
from laban.data.codes import CODES
from laban.report import graph

METRICS, LOSS, PROTOCOL, VERDICT = "metrics.json", "loss.json", "protocol.json", "verdict.json"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a gate said."""

    passed: bool
    suite: str
    subject: str
    checks: Sequence[Mapping[str, Any]]
    reasons: Sequence[str]
    counts: Mapping[str, float]
    waived: Sequence[str] = ()

    @property
    def limits(self) -> list[Mapping[str, Any]]:
        """What a reader wants to see: what failed, and the thresholds on the whole."""
        return [one for one in self.checks if not one["passed"] or (one["table"] == "dataset" and "Between" in one["name"])]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of the workflow, with what is left of its latest run."""

    node: graph.Node
    purpose: str
    manifest: Manifest | None
    """None where it has not run."""
    record: Mapping[str, Any]
    gate: Verdict | None
    gate_record: Mapping[str, Any]
    fresh: bool
    """Whether it ran in the run that the page is about, or is left from a former one."""

    @property
    def name(self) -> str:
        """As in `dvc.yaml`."""
        return self.node.name

    @property
    def seconds(self) -> float:
        """Of the stage and its gate."""
        return float(self.record.get("seconds", 0.0)) + float(self.gate_record.get("seconds", 0.0))

    @property
    def state(self) -> str:
        """`green`, `red`, `made` (nothing judges it) or `absent`."""
        if self.manifest is None:
            return "absent"
        return "made" if self.gate is None else "green" if self.gate.passed else "red"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The losses of a training."""

    stage: str
    steps: Sequence[float]
    losses: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Level:
    """How a level of the codebook is used: shares of its codes, greatest first."""

    shares: Sequence[float]
    used: int
    perplexity: float
    """Codes that would be in use if those that are were used equally."""

    @property
    def size(self) -> int:
        """Codes that there are."""
        return len(self.shares)


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that a page says of a run, but for its motion."""

    profile: str
    stages: Sequence[Stage]
    curves: Sequence[Curve]
    levels: Sequence[Level]
    metrics: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Task -> split -> numbers, as the evaluation wrote them."""
    protocols: Mapping[str, Mapping[str, Any]]
    data: Mapping[str, Any]
    """Counts of clips and of conversations."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Part of the page -> why it is left out."""

    @property
    def gates(self) -> list[tuple[str, Verdict]]:
        """Artifact that is judged, verdict."""
        return [(stage.name, stage.gate) for stage in self.stages if stage.gate is not None]

    @property
    def refused(self) -> list[tuple[str, Verdict]]:
        """The red ones."""
        return [(name, gate) for name, gate in self.gates if not gate.passed]

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """Of every stage and gate that ran, in the order of the runs."""
        found = [record for stage in self.stages for record in (stage.record, stage.gate_record) if record]
        return sorted(found, key=lambda record: record["started"])

    @property
    def registered(self) -> Mapping[str, Any] | None:
        """Name and version in the registry, where a package was published."""
        return next((record["notes"]["registered"] for record in self.records if "registered" in record.get("notes", {})), None)


def load_json(path: Path) -> Any:
    """The content of a JSON file; raise `ValueError` naming a file that is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def run(folder: Path, *, root: Path, since: float = 0.0) -> Run:
    """Read `out/<profile>`; `since` (seconds of the epoch) tells the stages of this run from those left of former ones.

    What is absent is left out and said in `absent`. Raises `ValueError` naming a file that cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is absent: nothing has run there")
    nodes = graph.read(root / "dvc.yaml", folder.name)
    stages = tuple(_stage(node, folder, root, since) for node in nodes)
    absent: dict[str, str] = {}
    curves = tuple(_curves(folder, nodes))
    if not curves:
        absent["training"] = "No training has finished yet: no artifact holds a history of losses."
    levels = code_usage(folder / "codes" / CODES) if (folder / "codes" / CODES).is_file() else ()
    if not levels:
        absent["codes"] = "No motion has been encoded yet: the artifact codes is absent."
    metrics = _optional(folder / "evaluation" / METRICS)
    if not metrics:
        absent["results"] = "No model has been evaluated yet: the artifact evaluation is absent."
    return Run(
        profile=folder.name,
        stages=stages,
        curves=curves,
        levels=levels,
        metrics=metrics,
        protocols=_optional(folder / "evaluation" / PROTOCOL),
        data={kind: _optional(folder / kind / METRICS) for kind in ("clips", "conversations")},
        absent=absent,
    )


def _optional(path: Path) -> Any:
    return load_json(path) if path.is_file() else {}


def _stage(node: graph.Node, folder: Path, root: Path, since: float) -> Stage:
    output = folder / Path(node.output).name
    gate = folder / "verdicts" / Path(node.verdict).name if node.verdict else None
    record = _optional(output.with_name(f"{output.name}.run.json"))
    judged = gate is not None and (gate / VERDICT).is_file()
    return Stage(
        node=node,
        purpose=graph.purpose(node.command, root),
        manifest=manifest(output) if (output / MANIFEST).is_file() else None,
        record=record,
        gate=verdict(gate / VERDICT) if gate is not None and judged else None,
        gate_record=_optional(gate.with_name(f"{gate.name}.run.json")) if gate is not None else {},
        fresh=bool(record) and record["started"] >= since,
    )


def manifest(folder: Path) -> Manifest:
    """The manifest of an artifact, its files not verified."""
    return Manifest.from_dict(load_json(folder / MANIFEST))


def verdict(path: Path) -> Verdict:
    """Read what a gate wrote; raise `ValueError` where the file is no verdict."""
    said = load_json(path)
    missing = {"passed", "suite", "subject", "reasons", "expectations", "counts"} - set(said)
    if missing:
        raise ValueError(f"{path} is no verdict: it lacks {sorted(missing)}")
    return Verdict(
        passed=said["passed"],
        suite=said["suite"],
        subject=said["subject"],
        checks=said["expectations"],
        reasons=said["reasons"],
        counts=said["counts"],
        waived=said.get("waived", ()),
    )


def _curves(folder: Path, nodes: Sequence[graph.Node]) -> list[Curve]:
    """The histories of losses that artifacts hold, in the order of the workflow."""
    paths = {node.name: folder / Path(node.output).name / LOSS for node in nodes}
    found = [curve(path, name) for name, path in paths.items() if path.is_file()]
    return [one for one in found if len(one.steps) > 1]


def curve(path: Path, stage: str) -> Curve:
    """Read a history `[{"step", "loss"}]`; raise `ValueError` where the file holds anything else."""
    rows = load_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and {"step", "loss"} <= set(row) for row in rows):
        raise ValueError(f"{path} is no history of losses: it must be a list of step and loss")
    return Curve(stage=stage, steps=[row["step"] for row in rows], losses=[row["loss"] for row in rows])


def code_usage(path: Path) -> tuple[Level, ...]:
    """How often each code occurs, by level; nothing where rows do not have one layout or there is none."""
    table = pd.read_parquet(path, columns=["depth", "codebook_size", "codes"])
    layouts = table[["depth", "codebook_size"]].drop_duplicates()
    if len(layouts) != 1:
        return ()
    depth, size = (int(value) for value in layouts.iloc[0])
    levels = np.concatenate([np.asarray(codes).reshape(-1, depth) for codes in table["codes"]]).T
    return tuple(_level(np.bincount(codes, minlength=size)) for codes in levels)


def _level(counts: np.ndarray) -> Level:
    shares = np.sort(counts / counts.sum())[::-1]
    used = shares[shares > 0]
    return Level(shares=shares.tolist(), used=len(used), perplexity=float(np.exp(-(used * np.log(used)).sum())))


def when(seconds: float) -> str:
    """A moment, in words of UTC."""
    return time.strftime("%-d %B %Y, %H:%M UTC", time.gmtime(seconds))
