from __future__ import annotations

import sys
from pathlib import Path

import pytest

# `pytest` alone, unlike `python -m pytest`, does not look for components and pipelines where it is started; only laban is installed.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]


@pytest.fixture(scope="session")
def ir(tmp_path_factory):
    """The pipeline and its Kubernetes executors, as the chart's own values place it."""
    from workflow import compiled

    return compiled(tmp_path_factory.mktemp("ir") / "pipeline.yaml")


@pytest.fixture(scope="session")
def dvc():
    from workflow import dvc_workflow

    return dvc_workflow()


@pytest.fixture(scope="session")
def kubeflow(ir):
    from workflow import kubeflow_workflow

    return kubeflow_workflow(ir[0])
