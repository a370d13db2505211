"""Package an evaluated model; once sealed, it is the registry's challenger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laban.data.artifact import Artifact, write_json
from laban.stages.contract import Gated, StageError, Work, stage

UNSAFE = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".py", ".so")
"""Endings of files that can run code when they are read."""
REPORTS = ("metrics.json", "loss.json")
"""What training writes for people and gates, not for use."""


@dataclass(frozen=True, kw_only=True)
class PublishSettings:
    """Under which name."""

    name: str
    """registered model"""


def register_challenger(package: Artifact, work: Work) -> None:
    """Put the sealed package into the registry as its challenger; the same bytes stay the same version."""
    from laban.registry.package import register

    registered = register(package.path, package.manifest.settings["name"])
    work.notes["registered"] = {"name": registered.name, "version": registered.version, "new": registered.fresh}


@stage(kind="package", after=register_challenger)
def publish(settings: PublishSettings, model: Artifact, tokenizer: Gated, evaluation: Gated, work: Work) -> None:
    """Package model, motion tokenizer, evaluation and model card, and register the package as challenger.

    Refuses an evaluation of another model or tokenizer, and anything that was made without a verdict.
    """
    inputs = {"model": model, "tokenizer": tokenizer, "evaluation": evaluation}
    _check(inputs)
    metrics = json.loads((evaluation / "metrics.json").read_text("utf-8"))
    _copy(model.path / "model", work.output / "model")
    _copy(tokenizer.path, work.output / "tokenizer")
    parents = {name: artifact.hash for name, artifact in inputs.items()}
    write_json(
        work.output / "package.json",
        {
            "name": settings.name,
            "parents": parents,
            # The contract has taken these two only with a green verdict on these very hashes, or else the package's
            # manifest says ungated, and it is neither registered nor promoted.
            "verdicts": {name: parents[name] for name in ("tokenizer", "evaluation")},
            "tasks": sorted(metrics),
            "metrics": metrics,
            "lineage": {name: _lineage(artifact) for name, artifact in inputs.items()},
        },
    )
    (work.output / "MODEL_CARD.md").write_text(model_card(settings.name, inputs, metrics), "utf-8")


def _check(inputs: Mapping[str, Artifact]) -> None:
    """Raise `StageError` where the inputs do not belong together or may not be published."""
    for name, artifact in inputs.items():
        if artifact.manifest.ungated:
            raise StageError(
                f"--{name} {artifact.path}: {', '.join(artifact.manifest.ungated)} took inputs without a verdict; never published"
            )
    judged = inputs["evaluation"].manifest.parents
    for name in ("model", "tokenizer"):
        if judged.get(name) != inputs[name].hash:
            raise StageError(
                f"--evaluation {inputs['evaluation'].path} judged {name} {judged.get(name)}, not --{name} {inputs[name].hash}: evaluate it"
            )
    if not (inputs["model"].path / "model" / "config.json").is_file():
        raise StageError(f"--model {inputs['model'].path} holds no Hugging Face folder model/ with config.json")


def _copy(source: Path, target: Path) -> None:
    """Copy the files that make a model; refuse those that run code when read."""
    target.mkdir(parents=True)
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        if path.suffix in UNSAFE:
            raise StageError(f"{path} may run code when it is read: save the model as safetensors")
        if name not in (*REPORTS, "manifest.json"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)


def _lineage(artifact: Artifact) -> dict[str, Any]:
    """How an input was made, as its manifest says."""
    manifest = artifact.manifest
    return {"hash": artifact.hash, "stage": manifest.stage, "settings": dict(manifest.settings), "parents": dict(manifest.parents)}


def model_card(name: str, inputs: Mapping[str, Artifact], metrics: Mapping[str, Any]) -> str:
    """The model's card in Markdown, from lineage and measurements only."""
    made = [
        f"| {title} | `{artifact.manifest.stage}` | `{artifact.hash}` | {_listed(artifact.manifest.parents)} |"
        for title, artifact in inputs.items()
    ]
    return "\n".join(
        [
            "---",
            "library_name: laban",
            "tags: [human-motion, two-person-interaction, motion-language]",
            "---",
            f"# {name}",
            "",
            "A motion–language model of two people: it reads and writes text and motion (22 joints, metres, Y up) in one conversation.",
            f"Tasks that were measured: {', '.join(sorted(metrics))}.",
            "",
            "## Use",
            "",
            "```sh",
            f'laban chat "Two people shake hands." --model models:/{name}@champion',
            "```",
            "",
            "## Measured on held-out clips",
            "",
            "Each number stands beside what it must be compared with. ± is half of a 95 % interval over repetitions.",
            "",
            *_tables(metrics),
            "## Made from",
            "",
            "| input | stage | content hash | its inputs |",
            "|---|---|---|---|",
            *made,
            "",
            *(f"- {title}: `{json.dumps(dict(artifact.manifest.settings), sort_keys=True)}`" for title, artifact in inputs.items()),
            "",
            "## Limits",
            "",
            "It moves joints, not surfaces or hands; it knows the kinds of interaction of its training data and no others; it was not",
            "judged for safety of any kind, and its motion must not drive a machine near people.",
            "",
        ]
    )


def _listed(parents: Mapping[str, str]) -> str:
    return ", ".join(f"{name} `{hash_[:12]}`" for name, hash_ in sorted(parents.items())) or "—"


def _tables(metrics: Mapping[str, Any]) -> list[str]:
    """One table a task: split and metric, the model's number, and the rows that the evaluation compares with."""
    lines: list[str] = []
    for task, groups in sorted(metrics.items()):
        compared = sorted(
            {row for group in groups.values() for row, value in group.items() if isinstance(value, dict) and row != "interval"}
        )
        lines += [f"### {task}", "", "| split | metric | model | " + "".join(f"{row} | " for row in compared)]
        lines.append("|---" * (3 + len(compared)) + "|")
        for split, group in sorted(groups.items()):
            for metric, value in sorted(group.items()):
                if isinstance(value, dict):
                    continue
                half = group.get("interval", {}).get(metric)
                shown = f"{value:.4g}" if half is None else f"{value:.4g} ± {half:.2g}"
                others = "".join(f"{_number(group.get(row, {}).get(metric))} | " for row in compared)
                lines.append(f"| {split} | {metric} | {shown} | {others}".rstrip())
        lines.append("")
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


if __name__ == "__main__":
    publish.main()
