"""The artifact: a folder that is whole or absent and is named by what it holds.

`manifest.json` is deterministic and written last. Its canonical JSON is the artifact's identity: the **content hash**.
What differs from run to run (times, host, commit, run ids) never enters the folder; see `laban.stages.contract`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
SCHEMA_VERSION = 1


class ArtifactError(ValueError):
    """An artifact is absent, incomplete, changed, or not the one that was asked for."""


def canonical_json(value: Any) -> str:
    """Sorted, compact, ASCII JSON; NaN and infinity raise `ValueError`."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write `value` readably and deterministically, whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(value, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(path)


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """sha256 over names and bytes of the files of a folder that is no artifact; empty if there is none."""
    digest = hashlib.sha256()
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with ThreadPoolExecutor() as pool:  # a data set is gigabytes, and hashing lets other threads run
        for path, own in zip(paths, pool.map(sha256_file, paths), strict=True):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + bytes.fromhex(own))
    return digest.hexdigest() if folder.is_dir() else ""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an artifact holds and what it was made from; equal manifests are equal artifacts."""

    kind: str
    stage: str
    settings: Mapping[str, Any]
    parents: Mapping[str, str]
    """Input name -> content hash."""
    files: Mapping[str, str]
    """Relative POSIX path -> sha256."""
    threads: int = 1
    """Threads of the numerical library: sums are reordered by it."""
    ungated: tuple[str, ...] = ()
    """Stages, here or upstream, that took an input without a green verdict."""
    schema: int = SCHEMA_VERSION

    @property
    def content_hash(self) -> str:
        """sha256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(self.as_dict()).encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "schema": self.schema,
            "kind": self.kind,
            "stage": self.stage,
            "settings": dict(self.settings),
            "parents": dict(self.parents),
            "files": dict(self.files),
            "threads": self.threads,
            "ungated": sorted(self.ungated),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Manifest:
        """Raise `ArtifactError` on an unknown schema or missing key."""
        if value.get("schema") != SCHEMA_VERSION:
            raise ArtifactError(f"manifest schema {value.get('schema')!r} is not {SCHEMA_VERSION}")
        missing = {"kind", "stage", "settings", "parents", "files", "threads", "ungated"} - set(value)
        if missing:
            raise ArtifactError(f"manifest lacks {sorted(missing)}")
        return cls(**{**value, "ungated": tuple(value["ungated"])})


@dataclass(frozen=True)
class Artifact:
    """A verified folder. Join a file name with `/`: `clips / "index.parquet"`."""

    path: Path
    manifest: Manifest
    hash: str = field(default="")

    def __truediv__(self, name: str) -> Path:
        return self.path / name


def list_files(folder: Path) -> dict[str, str]:
    """Relative POSIX path -> sha256 of every file below `folder` but the manifest."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in paths if path.relative_to(folder).as_posix() != MANIFEST}


def seal(folder: Path, manifest: Manifest) -> Artifact:
    """Write the manifest, last and by rename, after every file of the folder is on disk."""
    for name in manifest.files:
        descriptor = os.open(folder / name, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    write_json(folder / MANIFEST, manifest.as_dict())
    return Artifact(folder, manifest, manifest.content_hash)


def open_artifact(folder: Path, *, kind: str | None = None, expected_hash: str | None = None) -> Artifact:
    """Verify every byte and return the artifact; raise `ArtifactError` naming the file that is wrong."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtifactError(f"{folder} holds no whole artifact: {MANIFEST} is absent; run the stage that makes it")
    try:
        manifest = Manifest.from_dict(json.loads(path.read_text("utf-8")))
    except json.JSONDecodeError as error:
        raise ArtifactError(f"{path} is not JSON: {error}") from error
    found = list_files(folder)
    for name in sorted(set(manifest.files) | set(found)):
        if manifest.files.get(name) != found.get(name):
            state = "missing" if name not in found else "not in the manifest" if name not in manifest.files else "changed"
            raise ArtifactError(f"{folder / name} is {state}; remove {folder} and run the stage again")
    if kind is not None and manifest.kind != kind:
        raise ArtifactError(f"{folder} is of kind {manifest.kind!r}, not {kind!r}")
    if expected_hash is not None and manifest.content_hash != expected_hash:
        raise ArtifactError(f"{folder} has content hash {manifest.content_hash}, not the expected {expected_hash}")
    return Artifact(folder, manifest, manifest.content_hash)


def is_remote(uri: str | Path) -> bool:
    """Whether a location is a URI of a store (`s3://…`, `file://…`) and not a path."""
    return "://" in str(uri)


def resolve(reference: str, *, cache: Path, kind: str | None = None) -> Artifact:
    """Open what a stage's option names: a folder, or the JSON `{"uri": …, "hash": …}` that `--result` wrote.

    A remote folder is copied once into `cache/<hash>` and verified there; every read verifies again.
    """
    if not reference.lstrip().startswith("{"):
        if is_remote(reference):
            raise ArtifactError(f"{reference}: a URI needs its hash; pass the JSON that --result wrote")
        return open_artifact(Path(reference), kind=kind)
    named = json.loads(reference)
    if set(named) != {"uri", "hash"}:
        raise ArtifactError(f"a reference has the keys uri and hash, not {sorted(named)}")
    folder = Path(named["uri"]) if not is_remote(named["uri"]) else _materialise(named["uri"], cache / named["hash"])
    return open_artifact(folder, kind=kind, expected_hash=named["hash"])


def _materialise(uri: str, folder: Path) -> Path:
    """Copy a remote artifact to this machine, whole or not at all."""
    if (folder / MANIFEST).is_file():
        return folder
    import fsspec

    temporary = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    filesystem, root = fsspec.core.url_to_fs(uri)
    for remote in filesystem.find(root):
        local = temporary / remote[len(root.rstrip("/")) + 1 :]
        local.parent.mkdir(parents=True, exist_ok=True)
        filesystem.get_file(remote, str(local))
    try:
        temporary.rename(folder)
    except OSError:  # another process has just put the same bytes there
        shutil.rmtree(temporary)
    return folder


def upload(artifact: Artifact, root: str) -> str:
    """Copy an artifact to `<root>/<kind>/<hash>`, manifest last; return that URI. Writing it twice changes nothing."""
    import fsspec

    uri = f"{root.rstrip('/')}/{artifact.manifest.kind}/{artifact.hash}"
    filesystem, base = fsspec.core.url_to_fs(uri)
    if filesystem.exists(f"{base}/{MANIFEST}"):
        return uri
    for name in [*artifact.manifest.files, MANIFEST]:
        filesystem.makedirs(f"{base}/{Path(name).parent.as_posix()}", exist_ok=True)
        filesystem.put_file(str(artifact / name), f"{base}/{name}")
    return uri
