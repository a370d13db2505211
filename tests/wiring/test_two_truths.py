"""DVC and Kubeflow run the same commands over the same edges, and every stage understands its command."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json

import pytest
from workflow import ONLY_KUBEFLOW, REPOSITORY, drift, dvc_workflow

from laban.params import compose
from laban.params import stages as stage_files
from pipelines.__main__ import settings_of

STEPS = sorted(dvc_workflow())
PROFILES = sorted(path.stem for path in (REPOSITORY / "profiles").glob("*.yaml"))


@pytest.mark.fast
def test_dvc_and_the_pipeline_are_one_workflow(dvc, kubeflow):
    assert drift(dvc, kubeflow, ("dvc.yaml", "the pipeline")) == []


@pytest.mark.fast
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": {"base": "merge", "codes": "encode", "codes_verdict": "gate_codes"}}, "pretrain: inputs"),
        ({"inputs": {"base": "base", "codes": "encode"}}, "pretrain: inputs"),
        ({"section": "finetune"}, "pretrain: section"),
        ({"module": "laban.stages.finetune"}, "pretrain: module"),
    ],
)
def test_a_drift_is_named(dvc, kubeflow, change, said):
    changed = kubeflow | {"pretrain": dataclasses.replace(kubeflow["pretrain"], **change)}
    (line,) = drift(dvc, changed, ("dvc.yaml", "the pipeline"))
    assert line.startswith(said)


@pytest.mark.fast
def test_a_missing_step_is_named(dvc, kubeflow):
    without = {step: command for step, command in kubeflow.items() if step != "gate_merge"}
    assert drift(dvc, without, ("dvc.yaml", "the pipeline")) == ["gate_merge: only in dvc.yaml"]


@pytest.mark.fast
def test_every_stage_is_wired(dvc):
    assert {command.module.rpartition(".")[2] for command in dvc.values()} == set(stage_files())


@pytest.mark.parametrize("step", STEPS)
def test_the_stage_understands_its_command(step, dvc):
    command = dvc[step]
    name = command.module.rpartition(".")[2]
    stage = getattr(importlib.import_module(command.module), name)
    inputs = [word for option in (*command.inputs, *ONLY_KUBEFLOW) for word in (f"--{option}", '{"uri": "s3://b/k/h", "hash": "h"}')]
    for profile in PROFILES:
        settings = settings_of(step, compose(profile))
        options = stage.parse(["--settings", settings, "--output", "s3://bucket/laban", *inputs])
        assert json.loads(json.dumps(dataclasses.asdict(options["settings"]))) == json.loads(settings), f"profile {profile}"
    assert None not in options["verdicts"].values(), f"{step} leaves a gated input without its verdict"
    assert set(options["references"]) | {f"{name}_verdict" for name in options["verdicts"]} == set(command.inputs)


@pytest.mark.fast
@pytest.mark.parametrize("step", STEPS)
def test_the_component_has_the_inputs_of_the_stage(step, dvc):
    components = importlib.import_module("components")
    component = getattr(components, dvc[step].module.rpartition(".")[2])
    named = set(component.component_spec.inputs)
    assert named == {"settings", "root", "source", *dvc[step].inputs}
    assert inspect.getdoc(component.pipeline_func), f"{step} has no description"


@pytest.mark.fast
@pytest.mark.parametrize("profile", PROFILES)
def test_settings_cross_kubeflow_unchanged(profile, dvc):
    composed = compose(profile)
    for step, command in dvc.items():
        section = composed
        for name in command.section.split("."):
            section = section[name]
        assert json.loads(settings_of(step, composed)) == section
