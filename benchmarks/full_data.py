"""Quality on the full embedded data in the default's training time: several seeds, each number beside what it must be compared with.

    python benchmarks/full_data.py --seeds 7,8,9 --ablation

Runs the workflow of profile `full-data` up to the evaluation for each seed (data, training and sampling all change with it), keeps
the metrics under `benchmarks/results/`, and prints the mean over seeds. `--ablation` adds the first seed with a base model that was
never trained: what LoRA on text that the model has read is worth against LoRA on a random model.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from laban import params
from laban.closure import ROOT

PROFILE = "full-data"
RESULTS = ROOT / "benchmarks" / "results"
ROWS = ("chance", "copy", "majority", "reconstruction", "ground_truth")
METRICS = ("kind_accuracy", "r_precision_top3", "r_precision_top3_within_kind", "fid", "attribute_starter", "attribute_hand",
           "attribute_speed", "attribute_distance", "attribute_energy", "attribute_gentleness", "attribute_repetitions")  # fmt: skip
RANDOM_BASE = "base.steps=0"

Metrics = Mapping[str, Mapping[str, Mapping[str, object]]]


def main(seeds: str = "7,8,9", ablation: bool = False, show: bool = False) -> None:
    """Run what has no result yet, then print.

    Args:
        seeds: numbers, separated by commas
        ablation: also LoRA on a random model, with the first seed
        show: print the results there are and run nothing
    """
    os.chdir(ROOT)
    numbers = [int(seed) for seed in seeds.split(",")]
    runs = {f"seed-{seed}": [f"seed={seed}"] for seed in numbers}
    if ablation:
        runs["random-base"] = [f"seed={numbers[0]}", RANDOM_BASE]
    for name, overrides in runs.items():
        if not show and not _path(name).is_file():
            _run(name, overrides)
    found = {name: json.loads(_path(name).read_text("utf-8")) for name in runs if _path(name).is_file()}
    console = Console(width=160)
    for split in ("test", "test_unseen"):
        console.print(_table(split, {name: run for name, run in found.items() if name.startswith("seed-")}))
    if "random-base" in found:
        first = f"seed-{numbers[0]}"
        console.print(_ablation({name: found[name] for name in (first, "random-base")}))


def _path(name: str) -> Path:
    return RESULTS / f"full-data.{name}.json"


def _run(name: str, overrides: list[str]) -> None:
    """The workflow up to the evaluation, by DVC, and its metrics."""
    params.write(PROFILE, overrides)
    status = subprocess.run([sys.executable, "-m", "dvc", "repro", f"evaluate@{PROFILE}"], check=False).returncode
    if status:
        raise SystemExit(status)
    RESULTS.mkdir(exist_ok=True)
    metrics = json.loads((ROOT / "out" / PROFILE / "evaluation" / "metrics.json").read_text("utf-8"))
    _path(name).write_text(json.dumps({"overrides": overrides, "metrics": metrics}, indent=1, sort_keys=True) + "\n")


def _table(split: str, found: Mapping[str, Mapping[str, Metrics]]) -> Table:
    """A row a metric: mean and spread of the model over seeds, and the mean of each row to compare with."""
    table = Table("text to motion", f"model, {len(found)} seeds", *ROWS, title=split, title_justify="left")
    groups = [run["metrics"]["t2m"][split] for run in found.values() if split in run["metrics"]["t2m"]]
    for metric in METRICS:
        values = [group[metric] for group in groups if metric in group]
        if values:
            others = [[group[row][metric] for group in groups if metric in group.get(row, {})] for row in ROWS]
            table.add_row(metric, _mean(values), *("" if not other else f"{np.mean(other):.3f}" for other in others))
    return table


def _ablation(found: Mapping[str, Mapping[str, Metrics]]) -> Table:
    """The same seed with and without a base that has read text."""
    table = Table("text to motion, test", *("LoRA on base" if name != "random-base" else "LoRA on a random model" for name in found))
    groups = [run["metrics"]["t2m"]["test"] for run in found.values()]
    for metric in METRICS:
        if all(metric in group for group in groups):
            table.add_row(metric, *(f"{group[metric]:.3f}" for group in groups))
    texts = [run["metrics"]["m2t"]["test"]["bleu4"] for run in found.values()]
    table.add_row("m2t bleu4", *(f"{text:.3f}" for text in texts))
    return table


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f}…{max(values):.3f})"


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
