"""The chart: rendered by Helm's own engine, checked against the schemas of Kubernetes and of Kubeflow Trainer."""

from __future__ import annotations

import pytest
import yaml
from workflow import IMAGE, REPOSITORY

from pipelines.cluster import SCRATCH, USER, read_values

helm = pytest.importorskip("helm_python", reason="helm-python-sdk renders the chart")
pytestmark = pytest.mark.fast
SITE = {
    "image": IMAGE,
    "store": {"root": "s3://bucket/laban", "endpoint": "http://store:9000", "secret": "store"},
    "mlflow": {"uri": "http://mlflow:5000"},
    "serviceAccount": {"annotations": {"cloud/role": "laban"}},
}


@pytest.fixture(scope="module")
def chart():
    with helm.Chart.load(str(REPOSITORY / "charts" / "laban")) as chart:
        yield chart


def render(chart, values):
    chart.validate_schema(values)
    texts = chart.render(values, name="laban", namespace="motion").values()
    return {(item["kind"], item["metadata"]["name"]): item for text in texts for item in yaml.safe_load_all(text) if item}


@pytest.fixture(scope="module")
def objects(chart):
    return render(chart, SITE)


def test_what_is_made(objects):
    assert set(objects) == {
        ("ServiceAccount", "laban-pipeline"),
        ("ServiceAccount", "laban-training"),
        ("Role", "laban-trainjobs"),
        ("RoleBinding", "laban-trainjobs"),
        ("TrainingRuntime", "laban-gpu"),
        ("TrainingRuntime", "laban-gpus"),
    }
    assert {item["metadata"]["namespace"] for item in objects.values()} == {"motion"}


def test_kubernetes_accepts_it(objects):
    import kubernetes_validate

    for (kind, name), item in objects.items():
        if kind != "TrainingRuntime":
            kubernetes_validate.validate(item, "1.36", strict=True)
            continue
        for job in item["spec"]["template"]["spec"]["replicatedJobs"]:
            metadata = {"name": name, **job["template"]["metadata"]}
            # A JobSet's template leaves the restart policy to its controller; a Job must say one.
            spec = job["template"]["spec"] | {
                "template": {"spec": {"restartPolicy": "Never"} | job["template"]["spec"]["template"]["spec"]}
            }
            kubernetes_validate.validate({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}, "1.36", strict=True)


def test_kubeflow_trainer_loses_no_field(objects):
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainingRuntime

    runtimes = [item for (kind, _), item in objects.items() if kind == "TrainingRuntime"]
    for item in runtimes:
        assert TrainerV1alpha1TrainingRuntime.from_dict(item).to_dict() == item
    runtimes[0]["spec"]["mlPolicy"]["torch"]["numProcPerNode"] = "auto"
    assert TrainerV1alpha1TrainingRuntime.from_dict(runtimes[0]).to_dict() != runtimes[0], "an unknown field would pass"
    del runtimes[0]["spec"]["mlPolicy"]["torch"]["numProcPerNode"]


def test_runtimes_have_what_their_pool_says(objects):
    pools = {name: pool for name, pool in read_values()["pools"].items() if "accelerator" in pool}
    for name, pool in pools.items():
        (job,) = objects["TrainingRuntime", f"laban-{name}"]["spec"]["template"]["spec"]["replicatedJobs"]
        pod = job["template"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        volumes = {volume["name"]: volume["emptyDir"] for volume in pod["volumes"]}
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
        assert mounts["/dev/shm"] == {"medium": "Memory", "sizeLimit": pool["sharedMemory"]}
        assert mounts[SCRATCH] == {"sizeLimit": pool["scratch"]}
        assert container["resources"]["limits"][pool["accelerator"]] == str(pool["accelerators"])
        assert (pod["nodeSelector"], pod["tolerations"]) == (pool["nodeSelector"], pool["tolerations"])
        assert container["image"] == IMAGE
        assert container["command"] == ["torchrun", "-m"]


def test_training_pods_are_restricted(objects):
    """Pod Security Standard `restricted`, and a read-only root, and no token."""
    for (kind, _), item in objects.items():
        if kind != "TrainingRuntime":
            continue
        pod = item["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == USER
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["containers"][0]["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert objects["ServiceAccount", "laban-training"]["automountServiceAccountToken"] is False


def test_the_runner_may_make_trainjobs_and_nothing_secret(objects):
    rules = objects["Role", "laban-trainjobs"]["rules"]
    allowed = {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}
    assert {("trainjobs", verb) for verb in ("create", "get", "list", "watch", "delete")} <= allowed
    assert not {resource for resource, _ in allowed} & {"secrets", "*", "pods/exec"}
    assert "*" not in {verb for _, verb in allowed}
    (subject,) = objects["RoleBinding", "laban-trainjobs"]["subjects"]
    assert ("ServiceAccount", subject["name"]) in objects


def test_credentials_are_references(objects):
    for (kind, _), item in objects.items():
        if kind == "TrainingRuntime":
            (container,) = item["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]["containers"]
            assert container["envFrom"] == [{"secretRef": {"name": "store"}}]
            assert {item["name"] for item in container["env"]} == {"AWS_ENDPOINT_URL", "MLFLOW_TRACKING_URI"}


def test_without_an_image_only_permissions_are_installed(chart):
    assert {kind for kind, _ in render(chart, {})} == {"ServiceAccount", "Role", "RoleBinding"}


def test_an_existing_runner_is_bound(chart):
    objects = render(chart, {"serviceAccount": {"create": False, "name": "pipeline-runner"}})
    assert ("ServiceAccount", "pipeline-runner") not in objects
    assert objects["RoleBinding", "laban-trainjobs"]["subjects"][0]["name"] == "pipeline-runner"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"image": "laban:latest"}, "image"),
        ({"pools": {"gpu": {"gpus": 4}}}, "gpus"),
        ({"pools": {"big": {"cpu": "4", "memory": "8Gi", "scratch": "8Gi", "accelerator": "nvidia.com/gpu", "accelerators": 1}}}, "big"),
        ({"pools": {"cpu": {"memory": "lots"}}}, "memory"),
        ({"stage": {}}, "stage"),
    ],
)
def test_wrong_values_are_refused(chart, values, said):
    with pytest.raises(helm.HelmValuesError, match=said):
        chart.validate_schema(values)


def test_helm_lint():
    found = helm.lint(str(REPOSITORY / "charts" / "laban"))
    assert "ERROR" not in str(found), found
