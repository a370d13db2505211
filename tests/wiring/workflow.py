"""Read the workflow out of `dvc.yaml` and out of the compiled pipeline, in one form, so that the two can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from pipelines.__main__ import write
from pipelines.cluster import place, read_values
from pipelines.laban_pipeline import laban_pipeline

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = "laban@sha256:" + "0" * 64
ONLY_KUBEFLOW = ("result", "source")
"""Options that hand on a reference and name the image: DVC does both by itself."""


@dataclass(frozen=True)
class Command:
    """What a step runs, and on what."""

    module: str
    section: str
    """of the composed settings"""
    inputs: dict[str, str] = field(default_factory=dict)
    """option -> the step whose artifact it is given"""


def dvc_workflow(path: Path = REPOSITORY / "dvc.yaml") -> dict[str, Command]:
    """Step -> command; raises where a step reads what none makes, or what its `deps` or `params` do not name."""
    stages = {name: stage["do"] for name, stage in yaml.safe_load(path.read_text("utf-8"))["stages"].items()}
    maker = {folder: name for name, stage in stages.items() for output in stage["outs"] for folder in output}
    return {name: _dvc_command(name, stage, maker) for name, stage in stages.items()}


def _dvc_command(name: str, stage: dict[str, Any], maker: dict[str, str]) -> Command:
    head, module, *words = re.fullmatch(r"(python -m) (\S+) (.*)", stage["cmd"].strip()).groups()
    assert head == "python -m", stage["cmd"]
    words = words[0].split()
    options = {option.removeprefix("--"): value for option, value in zip(words[::2], words[1::2], strict=True)}
    file, _, section = options.pop("settings").partition("#")
    assert stage["params"] == [{file: [section]}], f"{name}: params {stage['params']} are not what --settings reads"
    assert maker[options.pop("output")] == name, f"{name}: --output is not among its outs"
    read = {dependency for dependency in stage["deps"] if not dependency.startswith("work/code/")}
    assert read == set(options.values()), f"{name}: deps {sorted(read)} are not what the command reads {sorted(options.values())}"
    assert f"work/code/{module.rpartition('.')[2]}.json" in stage["deps"], f"{name}: does not depend on its code"
    return Command(module, section, {option: maker[folder] for option, folder in options.items()})


def compiled(path: Path, values: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compile without any settings; return the pipeline and the executors of its Kubernetes platform."""
    write(laban_pipeline(partial(place, image=IMAGE, values=values or read_values())), path)
    pipeline, platform = yaml.safe_load_all(path.read_text("utf-8"))
    return pipeline, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def executor_of(pipeline: dict[str, Any], task: dict[str, Any]) -> str:
    """Name of what runs a task."""
    return pipeline["components"][task["componentRef"]["name"]]["executorLabel"]


def words_of(pipeline: dict[str, Any], task: dict[str, Any]) -> list[str]:
    """Command line of a task, placeholders and all."""
    container = pipeline["deploymentSpec"]["executors"][executor_of(pipeline, task)]["container"]
    return [*container["command"], *container["args"]]


def kubeflow_workflow(pipeline: dict[str, Any]) -> dict[str, Command]:
    """Step -> command; a step goes by its display name."""
    tasks = pipeline["root"]["dag"]["tasks"]
    step_of = {key: task["taskInfo"]["name"] for key, task in tasks.items()}
    assert len(set(step_of.values())) == len(tasks)
    return {step_of[key]: _kubeflow_command(words_of(pipeline, task), task, step_of) for key, task in tasks.items()}


def _kubeflow_command(words: list[str], task: dict[str, Any], step_of: dict[str, str]) -> Command:
    module = words[words.index("-m") + 1]
    options = words[words.index("-m") + 2 :]
    sources = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        name = option.removeprefix("--")
        if name == "result":
            assert value == "{{$.outputs.parameters['result'].output_file}}"
            continue
        (parameter,) = re.fullmatch(r"\{\{\$\.inputs\.parameters\['(\w+)'\]\}\}", value).groups()
        sources[name] = task["inputs"]["parameters"][parameter]
    settings = sources.pop("settings")["componentInputParameter"]
    assert sources.pop("output") == {"componentInputParameter": "root"}
    assert sources.pop("source") == {"componentInputParameter": "source"}
    inputs = {name: step_of[source["taskOutputParameter"]["producerTask"]] for name, source in sources.items()}
    assert set(task.get("dependentTasks", [])) == {source["taskOutputParameter"]["producerTask"] for source in sources.values()}
    return Command(module, re.sub("^gate_", "gate.", settings), inputs)


def drift(first: dict[str, Command], second: dict[str, Command], names: tuple[str, str]) -> list[str]:
    """Lines that say where two workflows differ."""
    lines = []
    for step in sorted(first.keys() | second.keys()):
        if step not in first or step not in second:
            lines.append(f"{step}: only in {names[0] if step in first else names[1]}")
            continue
        one, other = vars(first[step]), vars(second[step])
        lines += [
            f"{step}: {what} is {one[what]!r} in {names[0]}, {other[what]!r} in {names[1]}" for what in one if one[what] != other[what]
        ]
    return lines
