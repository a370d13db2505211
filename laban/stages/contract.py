"""What every stage promises, in one place.

A stage is a function `(settings, inputs…, work)`; its command line is its signature, and DVC, Kubeflow, Make and the tests
run the same command. Around the function this module verifies inputs and verdicts, works in
`work/<stage>/<hash of all that can change the result>/` under a lock that the kernel releases on death, seals the result
and exchanges it with the former output. A stage that is killed leaves the former output in place and nothing half-written.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import inspect
import json
import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from laban.closure import ROOT, fingerprint
from laban.data.artifact import (
    Artifact,
    ArtifactError,
    Manifest,
    canonical_json,
    is_remote,
    list_files,
    open_artifact,
    resolve,
    seal,
    sha256_file,
    upload,
    write_json,
)

VERDICT = "verdict"
SEALED = "sealed.json"
"""In a stage's place of work: hash and refusal of what is sealed and not yet delivered."""
RED = 3
"""Exit status of a gate that refuses; 2 is the user's mistake, 1 is ours."""


class Gated(Artifact):
    """An input that is taken only with a green verdict on the very same content hash."""


class StageError(ValueError):
    """The user can mend it: the message says what is wrong, where, and what to do."""


@dataclass
class Work:
    """What a stage's function is handed to do its work in."""

    output: Path
    """Empty folder; what is written here becomes the artifact."""
    scratch: Path
    """Kept when the stage is killed and found again by the same stage on the same inputs, settings and code."""
    log: Callable[..., None] = lambda step, **metrics: None
    """`log(step, name=value, …)`: metrics of a step, to a local file and to MLflow."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What differs from run to run (registered version, cost …): goes to the run record, never into the artifact."""


@dataclass(frozen=True)
class Stage:
    """A verb of the workflow."""

    function: Callable[..., None]
    kind: str
    after: Callable[[Artifact, Work], None] | None = None
    """Called with the sealed artifact before it is delivered: what may only happen once the content hash is known."""

    @property
    def name(self) -> str:
        """The function's and the module's name."""
        return self.function.__name__

    @property
    def module(self) -> str:
        """Where `python -m` finds it."""
        return f"laban.stages.{self.name}"

    def hints(self) -> dict[str, Any]:
        """Parameter name -> type."""
        return {name: hint for name, hint in get_type_hints(self.function).items() if name != "return"}

    @property
    def settings_type(self) -> type:
        """The settings dataclass."""
        return self.hints()["settings"]

    @property
    def inputs(self) -> dict[str, type]:
        """Input name -> `Artifact` or `Gated`."""
        return {name: hint for name, hint in self.hints().items() if name not in ("settings", "work")}

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Call the bare function."""
        self.function(*args, **kwargs)

    def main(self, arguments: list[str] | None = None) -> None:
        """Run as a command; exit 2 with one line on a user's mistake."""
        die_with_dvc()
        try:
            run(self, **self.parse(sys.argv[1:] if arguments is None else arguments))
        except (ValueError, FileNotFoundError, NotADirectoryError) as error:
            if os.environ.get("LABAN_TRACEBACK"):
                raise
            print(f"{self.name}: {error}", file=sys.stderr)
            raise SystemExit(RED if isinstance(error, GateRefused) else 2) from error

    def parser(self) -> Any:
        """The command line: `--settings`, one option an input, one more for each verdict, and where to put the result."""
        from jsonargparse import ArgumentParser

        parser = ArgumentParser(prog=f"python -m {self.module}", description=inspect.getdoc(self.function), allow_abbrev=False)
        parser.add_class_arguments(self.settings_type, "settings", help="YAML#section, JSON, or single values by --settings.NAME")
        for name, hint in self.inputs.items():
            parser.add_argument(f"--{name}", type=str, required=True, help="folder, or the JSON that --result wrote")
            if hint is Gated:
                parser.add_argument(f"--{name}_{VERDICT}", type=str | None, default=None, help=f"the gate's verdict on --{name}")
        parser.add_argument("--output", type=str, required=True, help="folder, or a root URI under which it names itself by hash")
        parser.add_argument("--result", type=str | None, default=None, help='file for {"uri": …, "hash": …}')
        parser.add_argument("--source", type=str | None, default=None, help="commit or image that this runs from; asked of git if absent")
        parser.add_argument("--ungated", action="store_true", help="take inputs without verdicts; the result can never be published")
        return parser

    def parse(self, arguments: list[str]) -> dict[str, Any]:
        """Command line -> keyword arguments of `run`; unknown keys exit with the parser's message."""
        parser = self.parser()
        namespace = parser.parse_args([_settings_argument(argument) for argument in arguments])
        options = vars(parser.instantiate_classes(namespace))
        references = {name: options.pop(name) for name in self.inputs}
        verdicts = {name: options.pop(f"{name}_{VERDICT}") for name, hint in self.inputs.items() if hint is Gated}
        return {**options, "references": references, "verdicts": verdicts}


def _settings_argument(argument: str) -> str:
    """`file.yaml#section` -> that section as JSON; anything else as it is."""
    before, equals, value = argument.rpartition("--settings=")
    path, mark, section = value.partition("#")
    if before or not mark or not path.endswith((".yaml", ".yml")):
        return argument
    import yaml

    if not Path(path).is_file():
        raise StageError(f"{path} is absent: compose it with `python -m laban.params PROFILE`")
    content = yaml.safe_load(Path(path).read_text("utf-8"))
    for name in section.split("."):
        if not isinstance(content, dict) or name not in content:
            raise StageError(f"{path} has no section {section!r}; there is {sorted(content)}")
        content = content[name]
    return equals + json.dumps(content)


def stage(*, kind: str, after: Callable[[Artifact, Work], None] | None = None) -> Callable[[Callable[..., None]], Stage]:
    """Make a function a stage whose artifact is of `kind`."""
    return lambda function: Stage(function, kind, after)


class GateRefused(StageError):
    """A gate is red; its verdict is written."""


def run(
    stage: Stage,
    *,
    settings: Any,
    references: Mapping[str, str],
    output: str,
    verdicts: Mapping[str, str | None] | None = None,
    result: str | None = None,
    source: str | None = None,
    ungated: bool = False,
) -> Artifact:
    """Run a stage on stored inputs; return the sealed artifact."""
    from laban import tracking

    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise StageError("several processes were launched, and a stage still runs in one: set `processes: 1` for its pool")
    started = time.time()
    root = Path(os.environ.get("LABAN_WORK", "work"))
    inputs = {name: resolve(reference, cache=root / "cache") for name, reference in references.items()}
    parents = {name: artifact.hash for name, artifact in inputs.items()}
    taken = _check_verdicts(stage, inputs, verdicts or {}, ungated, root)
    # `asdict` keeps tuples, JSON does not: what is hashed and stored is what a reader will read.
    plain = json.loads(canonical_json(dataclasses.asdict(settings)))
    key = _key(stage, plain, parents, taken)
    source = source or _commit()
    place = root / stage.name / key[:16]
    with lock(place):
        log = place / "metrics.jsonl"
        with tracking.stage_run(stage.name, settings=plain, record=log, parents=parents, source=source) as tracked:
            work = Work(place / "output", place / "scratch", tracked.log)
            artifact, refused = _finished(place)
            if artifact is None:
                refused = _make(stage, settings, inputs, work)
                manifest = Manifest(
                    kind=stage.kind,
                    stage=stage.name,
                    settings=plain,
                    parents=parents,
                    files=list_files(work.output),
                    threads=_threads(),
                    ungated=taken,
                )
                artifact = seal(work.output, manifest)
                write_json(place / SEALED, {"hash": artifact.hash, "refused": str(refused) if refused else ""})
            if stage.after is not None and refused is None:
                stage.after(artifact, work)
            tracked.finish(artifact, _measured(artifact))
            record = {
                "stage": stage.name,
                "key": key,
                "hash": artifact.hash,
                "parents": parents,
                "source": source,
                "mlflow_run": tracked.run_id,
                "started": started,
                "seconds": round(time.time() - started, 3),
                "refused": str(refused) if refused else None,
                "notes": work.notes,
                **_machine(),
            }
            artifact, uri = _deliver(artifact, output, record)
            if result is not None:
                Path(result).parent.mkdir(parents=True, exist_ok=True)
                write_json(Path(result), {"uri": uri, "hash": artifact.hash})
            if refused:
                raise refused
        shutil.rmtree(place, ignore_errors=True)
    return artifact


def _make(stage: Stage, settings: Any, inputs: Mapping[str, Artifact], work: Work) -> GateRefused | None:
    """Run the function in an empty folder; a gate's refusal comes back as a value, because its verdict must be kept."""
    _empty(work.output)
    work.scratch.mkdir(parents=True, exist_ok=True)
    refused = _call(stage, settings, inputs, work)
    _readable(work.output)
    return refused


def _call(stage: Stage, settings: Any, inputs: Mapping[str, Artifact], work: Work) -> GateRefused | None:
    try:
        stage.function(settings=settings, work=work, **inputs)
    except GateRefused as refusal:
        return refusal
    return None


def _check_verdicts(
    stage: Stage, inputs: Mapping[str, Artifact], verdicts: Mapping[str, str | None], ungated: bool, root: Path
) -> tuple[str, ...]:
    """Names of stages, here and upstream, that took an input without a verdict; raise where that is not allowed."""
    taken = {name for artifact in inputs.values() for name in artifact.manifest.ungated}
    for name, hint in stage.inputs.items():
        if hint is not Gated:
            continue
        reference = verdicts.get(name)
        if reference is None:
            if not ungated:
                raise StageError(f"--{name} needs --{name}_{VERDICT}, the verdict of its gate (or --ungated, which forbids publishing)")
            print(f"{stage.name}: --{name} taken WITHOUT a verdict; the result can never be published", file=sys.stderr)
            taken.add(stage.name)
            continue
        verdict = resolve(reference, cache=root / "cache", kind=VERDICT)
        said = json.loads((verdict / "verdict.json").read_text("utf-8"))
        if said["subject"] != inputs[name].hash:
            raise StageError(f"verdict {reference} judged {said['subject']}, not --{name} {inputs[name].hash}: run its gate again")
        if said["passed"] is not True:
            raise StageError(f"verdict {reference} on --{name} is red: {'; '.join(said['reasons'][:3])}")
    return tuple(sorted(taken))


def _key(stage: Stage, settings: Any, parents: Mapping[str, str], taken: tuple[str, ...]) -> str:
    """Hash of all that can change a result: inputs, settings, our code, our dependencies."""
    lock_file = ROOT / "requirements.lock"
    parts = {
        "stage": stage.name,
        "settings": settings,
        "parents": dict(parents),
        "code": fingerprint(stage.module),
        "lock": sha256_file(lock_file) if lock_file.is_file() else "",
        "ungated": taken,
    }
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _threads() -> int:
    """Threads of torch where a stage used it: the order of its sums depends on them."""
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch is not None else 1


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _readable(folder: Path) -> None:
    """Some libraries write files that only their owner can read; on a cluster the next stage may be another user."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _finished(place: Path) -> tuple[Artifact | None, GateRefused | None]:
    """Work that was sealed by a process that died before it could deliver, and the refusal that goes with it.

    The hash tells it from the former output, which lies there for a moment after the exchange.
    """
    if not (place / SEALED).is_file():
        return None, None
    said = json.loads((place / SEALED).read_text("utf-8"))
    try:
        artifact = open_artifact(place / "output", expected_hash=said["hash"])
    except ArtifactError:
        return None, None
    return artifact, GateRefused(said["refused"]) if said["refused"] else None


def _measured(artifact: Artifact) -> dict[str, float]:
    """Numbers of the artifact's `metrics.json`, if it has one."""
    path = artifact / "metrics.json"
    if not path.is_file():
        return {}
    return {name: float(value) for name, value in _flatten(json.loads(path.read_text("utf-8"))).items() if _is_number(value)}


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, Mapping):
            flat |= _flatten(item, f"{prefix}{name}.")
        else:
            flat[prefix + name] = item
    return flat


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _deliver(artifact: Artifact, output: str, record: dict[str, Any]) -> tuple[Artifact, str]:
    """Put a sealed artifact where it was asked for and write its run record beside it."""
    if is_remote(output):
        uri = upload(artifact, output)
        import fsspec

        with fsspec.open(f"{uri}.{record['key'][:8]}-{int(record['started'])}.run.json", "w") as file:
            json.dump(record, file, sort_keys=True, indent=1)
        return artifact, uri
    target = Path(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    exchange(artifact.path, target)
    write_json(target.with_name(f"{target.name}.run.json"), record)
    return dataclasses.replace(artifact, path=target), str(target)


def exchange(new: Path, target: Path) -> None:
    """Put folder `new` at `target` so that no reader ever sees a part; a former folder is removed afterwards.

    Across file systems `new` is first copied beside `target`.
    """
    staged = new
    if new.stat().st_dev != target.parent.stat().st_dev:
        staged = target.with_name(f".{target.name}.{os.getpid()}.new")
        shutil.copytree(new, staged)
    former = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists() and _renameat2_exchange(staged, target):
        staged.rename(former)
    else:
        if target.exists():
            target.rename(former)
        staged.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def _renameat2_exchange(first: Path, second: Path) -> bool:
    """Swap two paths atomically; False where the system cannot."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    at_fdcwd, rename_exchange = -100, 2
    return library.renameat2(at_fdcwd, os.fsencode(first), at_fdcwd, os.fsencode(second), rename_exchange) == 0


@contextmanager
def lock(place: Path, patience_s: float = 10.0) -> Iterator[None]:
    """Hold `<place>.lock`; the kernel lets go of it when the process dies, however it dies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    path = place.with_name(place.name + ".lock")
    with path.open("a+") as file:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    raise StageError(f"{place} is in use by process {file.read().strip()}; wait for it or end it") from None
                time.sleep(0.2)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def die_with_dvc() -> None:
    """Under DVC, end when it ends: a killed `dvc` would leave this process writing into a later run.

    DVC runs a stage through a shell, so the parent-death signal of the kernel is not enough: every ancestor up to DVC is watched.
    A stage that finds no DVC above it has lost it while it was starting, and ends at once.
    """
    if "DVC_STAGE" not in os.environ and "DVC_ROOT" not in os.environ:
        return
    import select

    shells = {"sh", "bash", "dash", "zsh", "ksh", "fish"}
    handles, pid = [], os.getppid()
    while True:
        try:
            handles.append(os.pidfd_open(pid))
            name, parent, words = _process(pid)
        except (FileNotFoundError, ProcessLookupError):
            os._exit(1)
        if any(Path(word).name == "dvc" for word in words[:4]):
            break
        if name not in shells or parent == 0:
            print(f"DVC, which started this stage, is gone: process {pid} ({name}) is above it now", file=sys.stderr)
            os._exit(1)
        pid = parent

    def watch() -> None:
        select.select(handles, [], [])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _process(pid: int) -> tuple[str, int, list[str]]:
    """Name, parent and command line of a process."""
    head, _, tail = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return head.partition("(")[2], int(tail.split()[1]), words


def _commit() -> str:
    """Commit of the checkout, with a mark where tracked files are changed; empty outside a checkout."""
    import subprocess

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    if not shutil.which("git"):
        return ""
    commit = git("rev-parse", "HEAD")
    return f"{commit}-dirty" if commit and git("status", "--porcelain", "--untracked-files=no") else commit


def _machine() -> dict[str, Any]:
    return {"host": platform.node(), "python": platform.python_version(), "cpus": os.cpu_count(), "platform": platform.platform()}
