"""Where steps run: the pools of `charts/laban/values.yaml`, the only place that names them, put on KFP tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kfp import dsl, kubernetes
from omegaconf import OmegaConf

VALUES = Path(__file__).resolve().parent.parent / "charts" / "laban" / "values.yaml"
SCRATCH = "/scratch"
"""Where the image expects a writable folder: stages work there (`LABAN_WORK`), caches lie there."""
USER = 1000
"""User and group of the image."""
NEVER_CACHED = frozenset({"gate", "evaluate", "publish"})
"""A verdict, a measurement and a registration are made anew by each run: a cached one could promote what it never saw."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A kind of node, and what one pod asks of it."""

    cpu: str
    memory: str
    """request and limit; what is written to /dev/shm counts"""
    scratch: str
    """size limit of the node's disk that a pod may fill"""
    accelerator: str = ""
    """resource name of the device plug-in; empty for none"""
    accelerators: int = 0
    processes: int = 1
    """more than one: the stage is started by torchrun"""
    sharedMemory: str = ""  # noqa: N815 - the key in values.yaml
    """size of a memory-backed /dev/shm; a container gets 64 MB otherwise, on which NCCL and data loaders die"""
    nodeSelector: Mapping[str, str] = field(default_factory=dict)  # noqa: N815
    tolerations: tuple[Mapping[str, Any], ...] = ()


def read_values(overlays: list[Path] | None = None) -> dict[str, Any]:
    """Merge the chart's values and a site's files over them, as `helm -f` does."""
    layers = [OmegaConf.load(path) for path in (VALUES, *(overlays or []))]
    values = OmegaConf.to_container(OmegaConf.merge(*layers))
    assert isinstance(values, dict)
    return values  # type: ignore[return-value]


def read_pool(name: str, values: Mapping[str, Any]) -> Pool:
    """Return a pool by name; raise `ValueError` on one that does not exist or makes no sense."""
    if name not in values["pools"]:
        raise ValueError(f"no pool {name!r} in values; there are {', '.join(sorted(values['pools']))}")
    try:
        pool = Pool(**values["pools"][name])
    except TypeError as error:
        raise ValueError(f"pools.{name}: {error}") from error
    if bool(pool.accelerator) != bool(pool.accelerators):
        raise ValueError(f"pools.{name}: accelerator {pool.accelerator!r} with accelerators {pool.accelerators}; give both or none")
    if pool.accelerator and pool.processes > pool.accelerators:
        raise ValueError(f"pools.{name}: {pool.processes} processes share {pool.accelerators} accelerators; lower `processes`")
    if pool.accelerator and not pool.sharedMemory:
        raise ValueError(f"pools.{name}: accelerators without sharedMemory; NCCL needs more than the default 64 MB")
    return pool


def place(task: dsl.PipelineTask, step: str, *, image: str, values: Mapping[str, Any]) -> None:
    """Put a task on its pool, give it what the image expects, and say whether it may be cached.

    No step is retried: a retry repeats a refused gate or a broken setting as readily as it outlives a lost node. What a
    preempted step had finished is kept in its scratch only as long as the pod lives.
    """
    verb = "gate" if step.startswith("gate_") else step
    if verb not in values["stages"]:
        raise ValueError(f"values name no pool for stage {verb!r}")
    pool = read_pool(values["stages"][verb], values)
    task.set_display_name(step)
    task.set_container_image(image)
    task.set_caching_options(verb not in NEVER_CACHED)
    task.set_cpu_request(pool.cpu).set_memory_request(pool.memory).set_memory_limit(pool.memory)
    kubernetes.set_security_context(task, run_as_user=USER, run_as_group=USER, run_as_non_root=True)
    kubernetes.empty_dir_mount(task, volume_name="scratch", mount_path=SCRATCH, size_limit=pool.scratch)
    _reach_services(task, values)
    _place_on_nodes(task, pool)
    if pool.processes > 1:
        task.container_spec.command = ["torchrun", "--nproc-per-node", str(pool.processes), *task.container_spec.command[1:]]


def _reach_services(task: dsl.PipelineTask, values: Mapping[str, Any]) -> None:
    """Name the object store and MLflow; credentials come by reference to a secret, or from the pod's identity."""
    store = values["store"]
    if store["endpoint"]:
        task.set_env_variable("AWS_ENDPOINT_URL", store["endpoint"])
    if store["secret"]:
        kubernetes.use_secret_as_env(
            task, secret_name=store["secret"], secret_key_to_env={name: name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        )
    if values["mlflow"]["uri"]:
        task.set_env_variable("MLFLOW_TRACKING_URI", values["mlflow"]["uri"])


def _place_on_nodes(task: dsl.PipelineTask, pool: Pool) -> None:
    if pool.accelerator:
        task.set_accelerator_type(pool.accelerator).set_accelerator_limit(pool.accelerators)
    if pool.sharedMemory:
        kubernetes.empty_dir_mount(task, volume_name="shm", mount_path="/dev/shm", medium="Memory", size_limit=pool.sharedMemory)
    if pool.nodeSelector:
        kubernetes.add_node_selector_json(task, dict(pool.nodeSelector))
    for toleration in pool.tolerations:
        # `add_toleration_json` reads `toleration_seconds` and drops Kubernetes' own spelling in silence.
        seconds = {"toleration_seconds": toleration["tolerationSeconds"]} if "tolerationSeconds" in toleration else {}
        kubernetes.add_toleration_json(task, {**toleration, **seconds})
