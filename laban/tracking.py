"""MLflow runs of stages: nothing measured is lost, and no run says that it runs when it does not.

What is to be sent is first appended to `work/tracking/<run>.jsonl`, the spool, which its process holds locked; a thread sends it
every few seconds. A spool that was sent whole is removed. One that was not (an outage, a kill -9) is sent by the next run that
reaches the same server, which also marks the dead run. Sending a metric twice changes nothing: MLflow keeps one row for equal
(run, name, step, time, value).
"""

from __future__ import annotations

import fcntl
import getpass
import json
import logging
import os
import re
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from laban.closure import ROOT
from laban.data.artifact import Artifact

if TYPE_CHECKING:
    from mlflow import MlflowClient

PARENT_RUN = "LABAN_PARENT_RUN"
"""Variable by which `make run` hands its run to the stages."""
FLUSH_S = 3.0
LAST_S = 10.0
"""How long the end of a run waits for what is still unsent."""
PROBE_S = 4
"""How long a server may take to answer at the start."""
PARAM_LENGTH = 6000
"""MLflow's limit on a parameter's value."""
PER_BATCH = 100
"""MLflow's limit on parameters and tags in one request (metrics: ten times as many)."""
_REFUSALS = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "BAD_REQUEST", "INVALID_STATE")
"""Error codes that asking again will not mend."""

LOGGER = logging.getLogger(__name__)
_ACTIVE: ContextVar[TrackedRun | None] = ContextVar("laban_run", default=None)


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or `mlflow/mlflow.db` in the checkout (outside one: in the current folder). SQLite paths are made absolute."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        home = ROOT if (ROOT / "params.yaml").is_file() else Path.cwd()
        uri = f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    database = _database(uri)
    return f"sqlite:///{database}" if database else uri


def shown_uri() -> str:
    """The server's address as it may be printed."""
    return _without_password(tracking_uri())


def connect() -> MlflowClient:
    """A client of the tracking server and of its registry; `ValueError` within about five seconds where there is none."""
    uri = tracking_uri()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    _check_database(uri)
    import mlflow

    for noisy in ("alembic", "mlflow"):  # a page of migrations at the first run
        logging.getLogger(noisy).setLevel(logging.WARNING)
    mlflow.set_tracking_uri(uri)
    with _first_answer(uri):
        client = mlflow.MlflowClient(uri)
        client.search_experiments(max_results=1)
    return client


def _database(uri: str) -> Path | None:
    """Absolute path of a SQLite URI's file; None for other URIs."""
    return Path(uri.removeprefix("sqlite:///")).resolve() if uri.startswith("sqlite:///") else None


def _check_database(uri: str) -> None:
    """Find in a moment what MLflow would retry for minutes: a database that cannot be opened, a database server that is away."""
    shown = _without_password(uri)
    database = _database(uri)
    if database is not None:
        try:
            database.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(database, timeout=PROBE_S)
            with suppress(sqlite3.OperationalError):  # locked by a writer: MLflow waits for it
                connection.execute("PRAGMA schema_version").fetchone()
            connection.close()
        except (OSError, sqlite3.Error) as error:
            raise ValueError(
                f"MLflow's database {shown} cannot be opened ({error}): correct MLFLOW_TRACKING_URI or remove the file"
            ) from error
        return
    parts = urlsplit(uri)
    if parts.scheme.startswith("http") or not parts.hostname or parts.port is None:
        return
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=PROBE_S).close()
    except OSError as error:
        raise ValueError(f"MLflow's database {shown} does not answer ({error}): start it, or correct MLFLOW_TRACKING_URI") from error


@contextmanager
def _first_answer(uri: str) -> Iterator[None]:
    """Wait a few seconds, not MLflow's many minutes, and say what to do when nothing comes."""
    from mlflow.exceptions import MlflowException

    limits = {"MLFLOW_HTTP_REQUEST_TIMEOUT": str(PROBE_S), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    try:
        with _environment(limits):
            yield
    except MlflowException as error:
        raise ValueError(
            f"MLflow at {_without_password(uri)} does not answer as it should: {_reason(error)}. "
            "Start the server or correct MLFLOW_TRACKING_URI; unset, runs go to a local database"
        ) from error


def _reason(error: Exception) -> str:
    """A server's complaint in a line, without the password of the address that it repeats."""
    return re.sub(r"//[^/@\s]+@", "//", str(error)).splitlines()[0][:200]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while."""
    former = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if parts.netloc else uri


def _experiment(client: MlflowClient, uri: str) -> str:
    """Id of the experiment `MLFLOW_EXPERIMENT_NAME` (default `laban`), made if absent."""
    from mlflow.exceptions import MlflowException

    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "laban"
    database = _database(uri)
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name, artifact_location=(database.parent / "artifacts").as_uri() if database else None)
        except MlflowException as error:  # another process was quicker
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        found = client.get_experiment_by_name(name)
        assert found is not None
    if found.lifecycle_stage != "active":
        raise ValueError(
            f"experiment {name!r} is deleted: `mlflow experiments restore -x {found.experiment_id}`, or set MLFLOW_EXPERIMENT_NAME"
        )
    return found.experiment_id


class TrackedRun:
    """A run that is being measured."""

    def __init__(self, client: MlflowClient, run_id: str, uri: str, record: Path | None = None) -> None:
        self.run_id = run_id
        self.client, self._record = client, record
        self._last_step = 0
        self._pending: list[dict[str, Any]] = []
        self._refused = False
        self._guard, self._closing = threading.Lock(), threading.Event()
        self._spool_path, self._spool = _open_spool(run_id, uri)
        self._thread = threading.Thread(target=self._send_regularly, daemon=True, name=f"mlflow-{run_id[:8]}")
        self._thread.start()

    def log(self, step: int, **metrics: float) -> None:
        """Metrics of a step: to the local record at once, to MLflow within seconds."""
        values = {name: float(value) for name, value in metrics.items()}
        now = time.time_ns() // 1_000_000
        self._last_step = max(self._last_step, int(step))
        if self._record is not None:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            with self._record.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": int(step), "time_ms": now, **values}) + "\n")
        self._put({"metrics": [[metric_name(name), value, now, int(step)] for name, value in values.items()]})

    def tag(self, tags: Mapping[str, str]) -> None:
        """Tags of the run."""
        self._put({"tags": dict(tags)})

    def finish(self, artifact: Artifact, metrics: Mapping[str, float]) -> None:
        """What was made, and its final numbers (at the last step that was logged)."""
        self.tag({"laban.content_hash": artifact.hash, "laban.kind": artifact.manifest.kind})
        if artifact.manifest.ungated:
            self.tag({"laban.ungated": " ".join(artifact.manifest.ungated)})
        if metrics:
            self.log(self._last_step, **metrics)

    def close(self, status: str) -> None:
        """End the run (`FINISHED`, `FAILED`, `KILLED`); what cannot be sent within `LAST_S` seconds stays in the spool."""
        self._put({"status": status, "time_ms": time.time_ns() // 1_000_000})
        self._closing.set()
        self._thread.join(LAST_S)
        with self._guard:
            sent = not self._pending and not self._thread.is_alive()
        if sent and not self._refused:
            self._spool_path.unlink()
        elif self._refused:
            self._spool_path.rename(self._spool_path.with_suffix(".refused"))
        else:
            LOGGER.warning("MLflow does not answer; %s is kept and the next run that reaches it sends it", self._spool_path)
        self._spool.close()

    def _put(self, operation: dict[str, Any]) -> None:
        self._spool.write(json.dumps(operation) + "\n")
        self._spool.flush()
        with self._guard:
            self._pending.append(operation)

    def _send_regularly(self) -> None:
        while not self._closing.wait(FLUSH_S):
            self._send()
        self._send()

    def _send(self) -> None:
        from mlflow.exceptions import MlflowException

        with self._guard:
            operations, self._pending = self._pending, []
        try:
            _deliver(self.client, self.run_id, operations)
        except MlflowException as error:
            if error.error_code in _REFUSALS:
                LOGGER.warning("MLflow refuses what run %s sends: %s", self.run_id, _reason(error))
                self._refused = True
                with suppress(MlflowException):  # a run that ended must not go on for ever because of one bad name
                    _deliver(self.client, self.run_id, [operation for operation in operations if "status" in operation])
                return
            with self._guard:
                self._pending = operations + self._pending


def metric_name(name: str) -> str:
    """A name that MLflow takes: what it forbids becomes `_`, and paths are made plain."""
    return re.sub(r"[^\w.\- :]+", "_", name)[:250] or "_"


def _open_spool(run_id: str, uri: str) -> tuple[Path, Any]:
    """A new spool, locked before others can see it."""
    folder = _spools()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run_id}-{os.getpid()}-{time.time_ns()}.jsonl"
    hidden = path.with_suffix(".new")
    file = hidden.open("w", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_EX)
    file.write(json.dumps({"uri": _without_password(uri), "run": run_id}) + "\n")
    file.flush()
    hidden.rename(path)
    return path, file


def _spools() -> Path:
    return Path(os.environ.get("LABAN_WORK", "work")).resolve() / "tracking"


def _deliver(client: MlflowClient, run_id: str, operations: Sequence[Mapping[str, Any]]) -> None:
    """Send in batches, the end of the run last; raise `MlflowException`."""
    from mlflow.entities import Metric, RunTag

    metrics = [Metric(*row) for operation in operations for row in operation.get("metrics", ())]
    for start in range(0, len(metrics), 10 * PER_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + 10 * PER_BATCH])
    tags = {name: value for operation in operations for name, value in operation.get("tags", {}).items()}
    if tags:
        client.log_batch(run_id, tags=[RunTag(name, value) for name, value in tags.items()])
    for operation in operations:
        if "status" in operation:
            client.set_terminated(run_id, operation["status"], operation["time_ms"])


def replay(client: MlflowClient, uri: str) -> int:
    """Send what dead processes left unsent to this server; return how many spools were sent.

    A run that left no end is marked FAILED: its process was killed or its machine went down.
    """
    from mlflow.exceptions import MlflowException

    sent = 0
    for path in sorted(_spools().glob("*.jsonl")):
        with suppress(FileNotFoundError), path.open("r", encoding="utf-8") as file:
            if not _orphaned(file):
                continue
            header, *operations = _lines(file.read())
            if header["uri"] != _without_password(uri):
                continue
            if not any("status" in operation for operation in operations):
                operations.append({"status": "FAILED", "time_ms": int(path.stat().st_mtime * 1000)})
            try:
                _deliver(client, header["run"], operations)
            except MlflowException as error:
                LOGGER.warning("MLflow does not take %s: %s", path, _reason(error))
                if error.error_code not in _REFUSALS:
                    break
                path.rename(path.with_suffix(".refused"))
                continue
            path.unlink()
            sent += 1
    return sent


def _orphaned(file: Any) -> bool:
    """Whether a spool's process is gone and no other process has just sent it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file.fileno()).st_nlink > 0


def _lines(text: str) -> list[dict[str, Any]]:
    """Whole lines; a last one that a kill cut short is dropped."""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings -> `section.name: value`, with lists as JSON."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def shortened(value: str) -> str:
    """A parameter's value within MLflow's limit; unequal long values stay unequal."""
    if len(value) <= PARAM_LENGTH:
        return value
    mark = f"… sha256:{sha256(value.encode()).hexdigest()}"
    return value[: PARAM_LENGTH - len(mark)] + mark


@contextmanager
def stage_run(
    name: str, *, settings: Mapping[str, Any], record: Path, parents: Mapping[str, str], source: str = ""
) -> Iterator[TrackedRun]:
    """The MLflow run of one stage, below the run of `make run` (`LABAN_PARENT_RUN`), as the run that Kubeflow injects
    (`MLFLOW_RUN_ID`), or alone. It ends as FINISHED, FAILED (an exception) or KILLED (SIGTERM, Ctrl-C).

    `record` receives the metrics as JSON lines; `parents` are the inputs' content hashes. Raises `ValueError` where the server cannot be
    reached at the start; later outages lose nothing.
    """
    tags = {"laban.stage": name, **{f"laban.parent.{parent}": hash_ for parent, hash_ in parents.items()}}
    if source:
        tags |= {"laban.source": source, "mlflow.source.git.commit": source.removesuffix("-dirty")}
    client, uri = connect(), tracking_uri()
    with _first_answer(uri):
        replay(client, uri)
        run_id = _join(client, tags) or _create(client, uri, name, tags)
        _log_params(client, run_id, {key: shortened(value) for key, value in flatten(settings).items()})
    with _tracked(TrackedRun(client, run_id, uri, record)) as tracked:
        yield tracked


@contextmanager
def parent_run(name: str, tags: Mapping[str, str] | None = None) -> Iterator[str]:
    """The run over a whole workflow: yields its id and hands it, with the server's address, to all processes started within."""
    client, uri = connect(), tracking_uri()
    with _first_answer(uri):
        replay(client, uri)
        run_id = _create(client, uri, name, dict(tags or {}))
    with _environment({PARENT_RUN: run_id, "MLFLOW_TRACKING_URI": uri}), _tracked(TrackedRun(client, run_id, uri)) as tracked:
        yield tracked.run_id


def _create(client: MlflowClient, uri: str, name: str, tags: dict[str, str]) -> str:
    tags |= {"mlflow.user": _user(), "mlflow.source.name": f"laban {name}", "mlflow.source.type": "LOCAL"}
    parent = os.environ.get(PARENT_RUN)
    if parent:
        tags["mlflow.parentRunId"] = parent
    return client.create_run(_experiment(client, uri), tags=tags, run_name=name).info.run_id


def _user() -> str:
    """Name of the user; empty for a container's number without a name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _join(client: MlflowClient, tags: Mapping[str, str]) -> str | None:
    """Take over the run that Kubeflow made for this task, if it did; a retry takes it over again."""
    from mlflow.entities import RunTag

    run_id = os.environ.get("MLFLOW_RUN_ID")
    if not run_id or os.environ.get(PARENT_RUN):
        return None
    client.update_run(run_id, status="RUNNING")
    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
    return run_id


def _log_params(client: MlflowClient, run_id: str, params: Mapping[str, str]) -> None:
    """Log parameters; MLflow never changes one, so what a retry has otherwise goes under `attempt-N`."""
    from mlflow.entities import Param

    known = client.get_run(run_id).data.params
    new = {name: value for name, value in params.items() if name not in known}
    changed = {name: value for name, value in params.items() if known.get(name, value) != value}
    if changed:
        attempt = 2
        while any(name.startswith(f"attempt-{attempt}/") for name in known):
            attempt += 1
        new |= {f"attempt-{attempt}/{name}": value for name, value in changed.items()}
    items = [Param(re.sub(r"[^/\w.\- :]+", "_", name), value) for name, value in new.items()]
    for start in range(0, len(items), PER_BATCH):
        client.log_batch(run_id, params=items[start : start + PER_BATCH])


@contextmanager
def _tracked(tracked: TrackedRun) -> Iterator[TrackedRun]:
    """Make a run the active one, and end it as it ends."""
    token = _ACTIVE.set(tracked)
    status = "FAILED"
    try:
        with _sigterm_exits():
            yield tracked
        status = "FINISHED"
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1 if leaving.code else 0
        status = "FINISHED" if code == 0 else "KILLED" if code >= 128 else "FAILED"
        raise
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        _ACTIVE.reset(token)
        tracked.close(status)


@contextmanager
def _sigterm_exits() -> Iterator[None]:
    """Make SIGTERM an exit with status 143 that unwinds the stack, unless somebody handles it already."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def leave(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is leave:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def active_run() -> str | None:
    """Id of the run that this process is in."""
    tracked = _ACTIVE.get()
    return tracked.run_id if tracked else None


def link_reused(stage: str, content_hash: str) -> None:
    """Note on the active run that a stage was up to date, and which artifact stands for it."""
    tracked = _ACTIVE.get()
    assert tracked is not None, "link_reused is called within parent_run"
    tracked.tag({f"laban.reused.{metric_name(stage)}": content_hash})


def log_file(path: Path) -> None:
    """Keep a small file with the active run; an outage costs the file and a warning, not the run."""
    from mlflow.exceptions import MlflowException

    tracked = _ACTIVE.get()
    assert tracked is not None, "log_file is called within parent_run"
    try:
        with _environment({"MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}):
            tracked.client.log_artifact(tracked.run_id, str(path))
    except (MlflowException, OSError) as error:
        LOGGER.warning("%s could not be kept with run %s: %s", path, tracked.run_id, _reason(error))
