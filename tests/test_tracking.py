import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from laban import tracking
from laban.data.artifact import Artifact, Manifest

DYING = """
import os, signal, sqlite3, sys, time
from pathlib import Path
from laban import tracking
how, home = sys.argv[1], Path(sys.argv[2])
tracking.LAST_S = 0.5
with tracking.stage_run("dying", settings={"how": how}, record=home / f"{how}.jsonl", parents={}) as run:
    (home / f"{how}.run").write_text(run.run_id)
    if how == "outage":  # nobody else can read or write the database until this process is gone
        other = sqlite3.connect(os.environ["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
    for step in range(50):
        run.log(step, loss=1.0 / (step + 1))
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "term":
        (home / "term.ready").touch()
        time.sleep(60)
"""


def _artifact() -> Artifact:
    manifest = Manifest(kind="clips", stage="prepare", settings={}, parents={}, files={})
    return Artifact(Path("nowhere"), manifest, manifest.content_hash)


def _history(run_id: str, name: str = "loss") -> list[tuple[int, float]]:
    return sorted((metric.step, metric.value) for metric in tracking.connect().get_metric_history(run_id, name))


def _stage(home: Path, name: str = "prepare", **options: Any) -> Any:
    return tracking.stage_run(name, **{"settings": {}, "record": home / "metrics.jsonl", "parents": {}, **options})


def test_a_finished_stage_is_whole_in_mlflow(mlflow_home: Path) -> None:
    settings = {"seed": 7, "thresholds": {"rows": {"min": 100}}, "kinds": ["a", "b"], "long": "x" * 9000}
    with _stage(mlflow_home, settings=settings, parents={"clips": "c" * 64}, source="abc-dirty") as run:
        for step in range(2500):
            run.log(step, loss=1.0 / (step + 1), **{"r@1": float(step)})
        run.finish(_artifact(), {"t2m.test.kind_accuracy": 0.75, "odd": math.nan})
    found = tracking.connect().get_run(run.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.artifact_uri.startswith((mlflow_home / "mlflow" / "artifacts").as_uri())
    assert found.data.params["seed"] == "7"
    assert found.data.params["thresholds.rows.min"] == "100"
    assert found.data.params["kinds"] == '["a", "b"]'
    assert len(found.data.params["long"]) == tracking.PARAM_LENGTH
    assert found.data.tags["laban.content_hash"] == _artifact().hash
    assert found.data.tags["laban.parent.clips"] == "c" * 64
    assert found.data.tags["mlflow.source.git.commit"] == "abc"
    assert found.data.metrics["t2m.test.kind_accuracy"] == 0.75
    assert math.isnan(found.data.metrics["odd"])
    assert len(_history(run.run_id)) == 2500
    assert len(_history(run.run_id, "r_1")) == 2500
    record = [json.loads(line) for line in (mlflow_home / "metrics.jsonl").read_text().splitlines()]
    assert (record[9]["step"], record[9]["loss"]) == (9, 0.1)
    assert not list((mlflow_home / "work" / "tracking").iterdir())


def test_long_values_that_differ_at_the_end_stay_different() -> None:
    first, second = tracking.shortened("x" * 9000 + "a"), tracking.shortened("x" * 9000 + "b")
    assert first != second
    assert len(first) == tracking.PARAM_LENGTH


@pytest.mark.parametrize(
    ("leaves", "status"),
    [
        (ValueError("bad"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(143), "KILLED"),
        (SystemExit(3), "FAILED"),
        (SystemExit(0), "FINISHED"),
    ],
)
def test_a_run_ends_as_it_ended(mlflow_home: Path, leaves: BaseException, status: str) -> None:
    with pytest.raises(type(leaves)), _stage(mlflow_home) as run:
        raise leaves
    assert tracking.connect().get_run(run.run_id).info.status == status


def test_stages_join_the_parent_run_and_reused_ones_are_linked(mlflow_home: Path) -> None:
    with tracking.parent_run("make run smoke", {"profile": "smoke"}) as parent:
        assert os.environ[tracking.PARENT_RUN] == parent
        with _stage(mlflow_home) as run:
            assert tracking.active_run() == run.run_id
        tracking.link_reused("gate clips", "a" * 64)
        (mlflow_home / "dvc.lock").write_text("stages: {}")
        tracking.log_file(mlflow_home / "dvc.lock")
    assert tracking.PARENT_RUN not in os.environ
    client = tracking.connect()
    assert client.get_run(run.run_id).data.tags["mlflow.parentRunId"] == parent
    whole = client.get_run(parent)
    assert (whole.info.status, whole.data.tags["profile"], whole.data.tags["laban.reused.gate clips"]) == ("FINISHED", "smoke", "a" * 64)
    assert [file.path for file in client.list_artifacts(parent)] == ["dvc.lock"]


def test_a_retry_takes_kubeflows_run_over_with_its_own_parameters(mlflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tracking.connect()
    given = client.create_run(client.create_experiment("kubeflow")).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", given)
    with pytest.raises(RuntimeError), _stage(mlflow_home, settings={"steps": 100, "seed": 7}) as first:
        raise RuntimeError("node lost")
    with _stage(mlflow_home, settings={"steps": 200, "seed": 7}) as second:
        assert client.get_run(given).info.status == "RUNNING"
    assert first.run_id == second.run_id == given
    found = client.get_run(given)
    assert found.info.status == "FINISHED"
    assert found.data.params == {"steps": "100", "seed": "7", "attempt-2/steps": "200"}


@pytest.fixture
def dying(mlflow_home: Path) -> Iterator[Callable[[str], SimpleNamespace]]:
    """Starts processes that end badly within a stage."""
    started = {}

    def start(how: str) -> SimpleNamespace:
        command = [sys.executable, "-c", DYING, how, str(mlflow_home)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started[how] = process
        return SimpleNamespace(process=process, run=mlflow_home / f"{how}.run", ready=mlflow_home / f"{how}.ready")

    yield start
    for process in started.values():
        process.kill()
        process.communicate()


def test_killed_and_cut_off_runs_are_sent_and_marked_by_the_next(mlflow_home: Path, dying: Callable[[str], SimpleNamespace]) -> None:
    killed, ended = dying("kill"), dying("term")
    deadline = time.monotonic() + 60
    while not ended.ready.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    ended.process.send_signal(signal.SIGTERM)
    assert ended.process.wait(60) == 143
    assert killed.process.wait(60) == -signal.SIGKILL
    # The last to start: it locks the others out of the database.
    cut_off = dying("outage")
    assert cut_off.process.wait(60) == 0
    assert "is kept" in cut_off.process.stderr.read()
    client = tracking.connect()
    runs = {how: found.run.read_text() for how, found in {"kill": killed, "term": ended, "outage": cut_off}.items()}
    assert client.get_run(runs["term"]).info.status == "KILLED"
    assert client.get_run(runs["outage"]).info.status == "RUNNING"
    with _stage(mlflow_home):
        pass
    expected = [(step, 1.0 / (step + 1)) for step in range(50)]
    for how, status in {"kill": "FAILED", "term": "KILLED", "outage": "FINISHED"}.items():
        assert client.get_run(runs[how]).info.status == status, how
        assert _history(runs[how]) == expected, how
    assert not list((mlflow_home / "work" / "tracking").iterdir())


def test_replay_leaves_living_runs_and_other_servers_alone(mlflow_home: Path) -> None:
    client = tracking.connect()
    with _stage(mlflow_home) as run:
        run.log(1, loss=0.5)
        folder = mlflow_home / "work" / "tracking"
        (folder / "other.jsonl").write_text(json.dumps({"uri": "http://elsewhere", "run": "abc"}) + "\n")
        assert tracking.replay(client, tracking.tracking_uri()) == 0
        assert client.get_run(run.run_id).info.status == "RUNNING"
    assert [path.name for path in folder.iterdir()] == ["other.jsonl"]


def test_what_the_server_refuses_is_set_aside_and_a_torn_line_is_dropped(mlflow_home: Path) -> None:
    client = tracking.connect()
    folder = mlflow_home / "work" / "tracking"
    folder.mkdir(parents=True)
    header = json.dumps({"uri": tracking.tracking_uri(), "run": "f" * 32})
    (folder / "gone.jsonl").write_text(header + '\n{"tags": {"a": "b"}}\n{"metrics": [["lo')
    assert tracking.replay(client, tracking.tracking_uri()) == 0
    assert [path.name for path in folder.iterdir()] == ["gone.refused"]


def test_an_unreachable_server_is_one_clear_error_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tracking.connect()  # the import of mlflow is not what is timed
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{deaf.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(ValueError, match="Start the server or correct MLFLOW_TRACKING_URI") as caught, _stage(tmp_path):
            pass
        assert time.monotonic() - began < 2 * tracking.PROBE_S
    assert "secret" not in str(caught.value)


def test_a_database_that_is_none_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, " * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'notes.db'}")
    with pytest.raises(ValueError, match=r"notes\.db cannot be opened"):
        tracking.connect()


def test_without_a_uri_runs_go_to_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tracking.tracking_uri() == f"sqlite:///{tracking.ROOT / 'mlflow' / 'mlflow.db'}"
