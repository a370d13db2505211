"""What the compiled pipeline says."""

from __future__ import annotations

import ast
import os
import re

import pytest
import yaml
from workflow import IMAGE, REPOSITORY, compiled, executor_of, words_of

from pipelines.cluster import read_pool, read_values

pytestmark = pytest.mark.fast
GOLDEN = REPOSITORY / "tests" / "wiring" / "golden" / "pipeline.yaml"


def by_step(pipeline):
    return {task["taskInfo"]["name"]: task for task in pipeline["root"]["dag"]["tasks"].values()}


def test_the_pipeline_is_its_golden(ir):
    """`UPDATE_GOLDEN=1 pytest tests/wiring` rewrites it; the diff is what a reviewer reads."""
    pipeline, executors = ir
    now = {"pipeline": {name: value for name, value in pipeline.items() if name != "sdkVersion"}, "kubernetes": executors}
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(yaml.safe_dump(now, sort_keys=True, width=140), "utf-8")
    assert yaml.safe_load(GOLDEN.read_text("utf-8")) == now


def test_gates_evaluation_and_publication_are_never_cached(ir):
    cached = {step for step, task in by_step(ir[0]).items() if task["cachingOptions"].get("enableCache")}
    assert cached == {step for step in by_step(ir[0]) if not re.match("gate_|evaluate$|publish$", step)}


def test_no_step_is_retried(ir):
    assert [step for step, task in by_step(ir[0]).items() if "retryPolicy" in task] == []


def test_settings_and_references_are_strings(ir):
    pipeline, _ = ir
    types = [
        definition["parameterType"]
        for component in (pipeline["root"], *pipeline["components"].values())
        for definition in component["inputDefinitions"]["parameters"].values()
    ]
    assert set(types) == {"STRING"}, "a Struct turns integers into doubles"
    assert all("artifacts" not in component["inputDefinitions"] for component in pipeline["components"].values())


def test_every_pod_is_no_root_and_has_scratch(ir):
    pipeline, executors = ir
    for step, task in by_step(pipeline).items():
        pod = executors[executor_of(pipeline, task)]
        assert pod["securityContext"] == {"runAsUser": "1000", "runAsGroup": "1000", "runAsNonRoot": True}, step
        assert "/scratch" in {mount["mountPath"] for mount in pod["emptyDirMounts"]}, step


def test_pools_of_the_chart_arrive(ir):
    pipeline, executors = ir
    values = read_values()
    on_gpu = set()
    for step, task in by_step(pipeline).items():
        pool = read_pool(values["stages"]["gate" if step.startswith("gate_") else step], values)
        label = executor_of(pipeline, task)
        container, pod = pipeline["deploymentSpec"]["executors"][label]["container"], executors[label]
        resources = container["resources"]
        assert container["image"] == IMAGE
        assert (resources["resourceCpuRequest"], resources["resourceMemoryLimit"]) == (pool.cpu, pool.memory)
        if not pool.accelerator:
            assert "accelerator" not in resources
            assert "nodeSelector" not in pod
            continue
        on_gpu.add(step)
        assert resources["accelerator"]["resourceType"] == pool.accelerator
        assert resources["accelerator"]["resourceCount"] == str(pool.accelerators)
        assert pod["nodeSelector"]["nodeSelectorJson"]["runtimeValue"]["constant"] == pool.nodeSelector
        assert pod["tolerations"] == list(pool.tolerations)
        shm = {mount["mountPath"]: mount for mount in pod["emptyDirMounts"]}["/dev/shm"]
        assert (shm["medium"], shm["sizeLimit"]) == ("Memory", pool.sharedMemory)
    assert on_gpu >= {"train_tokenizer", "train_evaluator", "base", "pretrain", "finetune"}


def site(**changes):
    """The chart's values with changes: `pools__gpu__processes=2`."""
    values = read_values()
    for path, value in changes.items():
        node = values
        *names, last = path.split("__")
        for name in names:
            node = node[name]
        node[last] = value
    return values


def test_several_processes_are_started_by_torchrun(tmp_path):
    pipeline, _ = compiled(tmp_path / "p.yaml", site(stages__finetune="gpus"))
    steps = by_step(pipeline)
    assert words_of(pipeline, steps["finetune"])[:5] == ["torchrun", "--nproc-per-node", "8", "-m", "laban.stages.finetune"]
    assert words_of(pipeline, steps["pretrain"])[:3] == ["python", "-m", "laban.stages.pretrain"]


def test_a_site_may_set_a_toleration_of_seconds_and_services(tmp_path):
    toleration = {"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
    values = site(
        pools__gpu__tolerations=[toleration], store__secret="store", store__endpoint="http://store:9000", mlflow__uri="http://ml:5000"
    )
    pipeline, executors = compiled(tmp_path / "p.yaml", values)
    label = executor_of(pipeline, by_step(pipeline)["finetune"])
    assert executors[label]["tolerations"] == [{**toleration, "tolerationSeconds": "60"}]
    (secret,) = executors[label]["secretAsEnv"]
    assert secret["secretName"] == "store"
    assert {key["envVar"] for key in secret["keyToEnv"]} == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    env = {item["name"]: item["value"] for item in pipeline["deploymentSpec"]["executors"][label]["container"]["env"]}
    assert env == {"AWS_ENDPOINT_URL": "http://store:9000", "MLFLOW_TRACKING_URI": "http://ml:5000"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stages__finetune": "h200"}, "no pool 'h200' in values; there are cpu, gpu, gpus"),
        ({"pools__gpu__processes": 2}, "2 processes share 1 accelerators"),
        ({"pools__gpu__sharedMemory": ""}, "sharedMemory"),
        ({"pools__gpu__accelerators": 0}, "give both or none"),
        ({"pools__gpu__gpus": 4}, "gpus"),
        ({"stages": {}}, "no pool for stage 'prepare'"),
    ],
)
def test_a_wrong_pool_is_refused(tmp_path, changes, said):
    with pytest.raises(ValueError, match=said):
        compiled(tmp_path / "p.yaml", site(**changes))


@pytest.mark.parametrize(("folder", "allowed"), [("components", {"components", "kfp", "typing"}), ("pipelines", None)])
def test_neither_laban_nor_torch_is_imported(folder, allowed):
    for path in (REPOSITORY / folder).rglob("*.py"):
        names = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path} has a relative import"
                names.add(node.module.split(".")[0])
        assert not names & {"laban", "torch"}, path
        assert allowed is None or names <= allowed, path


def test_the_image_holds_no_compiler_and_names_no_host():
    text = (REPOSITORY / "infra" / "images" / "training.Dockerfile").read_text("utf-8")
    final = text[text.rindex("\nFROM ") :]
    assert not re.search(r"g\+\+|gcc|apt-get|build-essential", final)
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert not re.search(r"https?://|\b[\w-]+\.(io|com|org|dev)/", text)
    assert "USER 1000:1000" in final
    assert text.index('"${TORCH}"') < text.index("-c requirements.lock")


def test_the_image_pins_the_torch_of_the_project():
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    (pinned,) = [name for name in project["optional-dependencies"]["train"] if name.startswith("torch==")]
    assert f"ARG TORCH={pinned}\n" in (REPOSITORY / "infra" / "images" / "training.Dockerfile").read_text("utf-8")
