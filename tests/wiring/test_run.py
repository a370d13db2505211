"""The compiled pipeline, run without a cluster: each step's command as Kubeflow's launcher starts it, a process a step."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest
import yaml
from workflow import IMAGE, REPOSITORY, words_of

STEP_LIMIT_S = 600


def resolve(word, parameters, result):
    """Put values in place of Kubeflow's placeholders."""
    word = word.replace("{{$.outputs.parameters['result'].output_file}}", str(result))
    return re.sub(r"\{\{\$\.inputs\.parameters\['(\w+)'\]\}\}", lambda match: parameters[match[1]], word)


def given(task, made, defaults):
    """Parameters of a task: what other tasks made, and the pipeline's own."""
    return {
        name: made[source["taskOutputParameter"]["producerTask"]]
        if "taskOutputParameter" in source
        else defaults[source["componentInputParameter"]]
        for name, source in task["inputs"]["parameters"].items()
    }


@pytest.mark.slow
def test_the_compiled_pipeline_runs_on_a_store(tmp_path):
    """From settings to a published package; pods share nothing but the store, where artifacts lie under their hash."""
    package, store = tmp_path / "pipeline.yaml", tmp_path / "store"
    options = ["--profile", "smoke", "--image", IMAGE, "--root", f"file://{store}", "--output", str(package)]
    subprocess.run([sys.executable, "-m", "pipelines", "compile", *options], cwd=REPOSITORY, check=True)
    pipeline, _ = yaml.safe_load_all(package.read_text("utf-8"))
    defaults = {name: value["defaultValue"] for name, value in pipeline["root"]["inputDefinitions"]["parameters"].items()}
    tasks = pipeline["root"]["dag"]["tasks"]
    tracking = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db", "PYTHONPATH": str(REPOSITORY)}
    made = {}
    for key in TopologicalSorter({key: task.get("dependentTasks", []) for key, task in tasks.items()}).static_order():
        result = tmp_path / "results" / key
        words = [resolve(word, given(tasks[key], made, defaults), result) for word in words_of(pipeline, tasks[key])]
        pod = tmp_path / "pods" / key
        pod.mkdir(parents=True)
        environment = os.environ | tracking | {"LABAN_WORK": str(pod / "work")}
        done = subprocess.run(
            [sys.executable, *words[1:]], cwd=pod, env=environment, capture_output=True, text=True, check=False, timeout=STEP_LIMIT_S
        )
        assert done.returncode == 0, f"{tasks[key]['taskInfo']['name']}: {done.stderr[-3000:]}"
        made[key] = result.read_text("utf-8")
    published = json.loads(made["publish"])
    assert published["uri"] == f"file://{store}/package/{published['hash']}"
    assert {path.name for path in store.iterdir()} >= {"clips", "verdict", "tokenizer", "codes", "merged", "model", "evaluation", "package"}
