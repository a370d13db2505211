"""Packages in the registry: put there once, named by content hash, and verified whenever they are taken out.

A model version is an MLflow pyfunc of a loader module and a folder (no pickle): `MLmodel` and `data/package`, the sealed artifact.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laban import tracking
from laban.data.artifact import MANIFEST, Artifact, ArtifactError, open_artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

KIND = "package"
CHALLENGER = "challenger"
LOADER = "laban.serve"
FOLDER = "data/package"
"""Where the artifact lies in a saved model."""
CONVERSATION = "conversation"
"""The one column of a request: a JSON list of turns."""
ANSWER_DEFAULTS: dict[str, Any] = {"seed": 0, "temperature": 0.8, "top_p": 0.95, "max_new_tokens": 1024}
"""What a served model samples with unless a request says otherwise."""
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A package's place in the registry."""

    name: str
    version: str
    hash: str
    fresh: bool
    """Whether this call made the version."""


def checked_name(name: str) -> str:
    """A registered model's name; `ValueError` on characters that MLflow's searches and URIs give a meaning."""
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(f"model name {name!r}: only letters, digits and _ . - (params.yaml, publish.name)")
    return name


def register(folder: Path, name: str) -> Registered:
    """Make the package in `folder` a version of model `name`, and the challenger.

    The same content hash is the same version. Bytes are verified before and after the upload, and the version is made
    only then. Raises `ValueError` on a package that is damaged or was made without a verdict.
    """
    package = open_artifact(folder, kind=KIND)
    refuse_ungated(package)
    client = tracking.connect()
    _ensure_model(client, checked_name(name))
    known = versions_of(client, name, package.hash)
    intact = next((version for version in known if _is_intact(client, version)), None)
    version = intact or _create(client, name, package, known={str(version.version) for version in known})
    client.set_registered_model_alias(name, CHALLENGER, str(version.version))
    return Registered(name=name, version=str(version.version), hash=package.hash, fresh=intact is None)


def refuse_ungated(package: Artifact) -> None:
    """Raise `ValueError` where any stage up to this one took an input without a green verdict."""
    if package.manifest.ungated:
        stages = ", ".join(package.manifest.ungated)
        raise ValueError(f"{package.path} may not be published: {stages} took inputs without a verdict; run their gates and them again")


def versions_of(client: MlflowClient, name: str, content_hash: str) -> list[ModelVersion]:
    """Versions that hold a package, oldest first."""
    found = client.search_model_versions(f"name = '{name}' and tags.content_hash = '{content_hash}'")
    return sorted(found, key=lambda version: int(version.version))


def _ensure_model(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _is_intact(client: MlflowClient, version: ModelVersion) -> bool:
    """Whether the store still holds the version's bytes; MLflow itself does not look."""
    try:
        with stored(client, version):
            return True
    except ArtifactError as error:
        LOGGER.warning("version %s of %s is damaged and is made anew: %s", version.version, version.name, error)
        return False


def _create(client: MlflowClient, name: str, package: Artifact, known: set[str]) -> ModelVersion:
    """Upload, verify, and only then make the version."""
    with _some_run(client) as run_id, tempfile.TemporaryDirectory(prefix="laban-") as temporary:
        _save(package, Path(temporary) / "model")
        place = f"package/{package.hash}"
        client.log_artifacts(run_id, str(Path(temporary) / "model"), place)
        source = f"{client.get_run(run_id).info.artifact_uri}/{place}"
        with downloaded(source) as folder:
            _open_saved(folder, package.hash)
        tags = {
            "content_hash": package.hash,
            "evaluation": package.manifest.parents.get("evaluation", ""),
            "model": package.manifest.parents.get("model", ""),
            "tokenizer": package.manifest.parents.get("tokenizer", ""),
        }
        created = client.create_model_version(name, source, run_id=run_id, tags=tags, description=f"package {package.hash}")
    return _first_of_equals(client, name, created, package.hash, known)


def _first_of_equals(client: MlflowClient, name: str, created: ModelVersion, content_hash: str, known: set[str]) -> ModelVersion:
    """Of versions that two processes made of one package at once the first stays; the later one withdraws its own."""
    twins = [twin for twin in versions_of(client, name, content_hash) if str(twin.version) not in known]
    if int(twins[0].version) < int(created.version):
        client.delete_model_version(name, str(created.version))
    return twins[0]


@contextmanager
def _some_run(client: MlflowClient) -> Iterator[str]:
    """The stage's run, or one of its own."""
    run_id = tracking.active_run()
    if run_id is not None:
        yield run_id
        return
    with tracking.parent_run("register") as run_id:
        yield run_id


def _save(package: Artifact, path: Path) -> None:
    """Write the pyfunc; its requirements are ours, so that nothing is guessed and nothing is installed."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    kinds = {int: DataType.long, float: DataType.double}
    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.string, CONVERSATION)]),
        outputs=Schema([ColSpec(DataType.string)]),
        params=ParamSchema([ParamSpec(name, kinds[type(value)], value) for name, value in ANSWER_DEFAULTS.items()]),
    )
    # MLflow names the copy after the folder; a link gives every package the same name.
    link = path.with_name("package")
    link.symlink_to(package.path.resolve(), target_is_directory=True)
    mlflow.pyfunc.save_model(
        path,
        loader_module=LOADER,
        data_path=str(link),
        signature=signature,
        input_example=_example(),
        pip_requirements=[f"laban[serve]=={installed_version('laban')}"],
        metadata={"content_hash": package.hash},
    )


def _example() -> Any:
    import pandas as pd

    turns = '[{"role": "user", "parts": [{"type": "text", "text": "Two people shake hands."}]}]'
    return pd.DataFrame({CONVERSATION: [turns]})


@contextmanager
def downloaded(source: str) -> Iterator[Path]:
    """The files at a source: in place where they are local, else a copy that goes away; `ArtifactError` where there are none."""
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory(prefix="laban-") as temporary:
        local = source.startswith("file:") or "://" not in source and not source.startswith("mlflow-artifacts:")
        try:
            folder = download_artifacts(artifact_uri=source, dst_path=None if local else temporary)
        except (MlflowException, OSError) as error:
            raise ArtifactError(f"{source} cannot be read: {error}") from error
        yield Path(folder)


def _open_saved(folder: Path, content_hash: str) -> Artifact:
    """Verify a saved model: our loader, no code of its own, the package's bytes."""
    import yaml

    path = folder / "MLmodel"
    if not path.is_file():
        raise ArtifactError(f"{path} is absent")
    flavor = yaml.safe_load(path.read_text("utf-8"))["flavors"].get("python_function", {})
    if flavor.get("loader_module") != LOADER or flavor.get("code") or flavor.get("data") != FOLDER:
        raise ArtifactError(f"{path} is not of our making: it loads {flavor.get('loader_module')!r} with code {flavor.get('code')!r}")
    return open_artifact(folder / FOLDER, kind=KIND, expected_hash=content_hash)


@contextmanager
def stored(client: MlflowClient, version: ModelVersion) -> Iterator[Artifact]:
    """The package of a model version, verified as it lies in the store; `ArtifactError` names what is wrong."""
    content_hash = version.tags.get("content_hash")
    if not content_hash:
        raise ArtifactError(f"version {version.version} of {version.name} was not published by laban: it has no tag content_hash")
    with downloaded(client.get_model_version_download_uri(version.name, str(version.version))) as folder:
        yield _open_saved(folder, content_hash)


def fetch(client: MlflowClient, version: ModelVersion) -> Artifact:
    """The package of a version on this machine, kept in `work/cache/<content hash>` and verified."""
    content_hash = version.tags.get("content_hash", "")
    cached = Path(os.environ.get("LABAN_WORK", "work")) / "cache" / content_hash
    if content_hash and (cached / MANIFEST).is_file():
        return open_artifact(cached, kind=KIND, expected_hash=content_hash)
    cached.parent.mkdir(parents=True, exist_ok=True)
    with stored(client, version) as package, tempfile.TemporaryDirectory(dir=cached.parent) as temporary:
        copied = Path(shutil.copytree(package.path, Path(temporary) / "package"))
        try:
            copied.rename(cached)
        except OSError:  # another process has just put the same bytes there
            LOGGER.debug("%s is there already", cached)
    return open_artifact(cached, kind=KIND, expected_hash=content_hash)
