"""The same promises over a real MLflow server: artifacts through its proxy, versions as strings, an outage in the middle."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from laban import tracking
from laban.data.artifact import Artifact
from laban.registry.package import register
from laban.registry.promotion import champion, history, promote, rollback

pytestmark = pytest.mark.slow


class Server:
    """`mlflow server` on SQLite, with artifacts behind its proxy."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        store = [f"--backend-store-uri=sqlite:///{self.home / 'mlflow.db'}", f"--artifacts-destination={self.home / 'artifacts'}"]
        command = [sys.executable, "-m", "mlflow", "server", *store, "--host=127.0.0.1", f"--port={self.port}", "--workers=1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=2)
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("mlflow server did not come up")

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(mlflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    served = Server(mlflow_home / "mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served.uri)
    served.start()
    yield served
    served.stop()


def test_publish_promote_and_roll_back_through_a_server(server: Server, published: Callable[..., Artifact], tmp_path: Path) -> None:
    first, second = published(0), published(1)
    assert (register(first.path, "laban").version, register(first.path, "laban").fresh) == ("1", False)
    promote("laban", "1", why="the first")
    promote("laban", "2", why="better")
    assert champion("laban").hash == second.hash
    assert champion("laban").path.parent.name == "cache"
    rollback("laban", why="worse after all")
    assert champion("laban").hash == first.hash
    assert len(history("laban")) == 3
    (weights,) = (server.home / "artifacts").rglob(f"{second.hash}/data/package/model/model.safetensors")
    weights.write_bytes(b"short")
    with pytest.raises(ValueError, match=r"model\.safetensors is changed"):
        promote("laban", "2", why="again")


def test_an_outage_in_mid_run_loses_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "LAST_S", 1.0)
    monkeypatch.setattr(tracking, "FLUSH_S", 0.2)
    options = SimpleNamespace(settings={}, record=tmp_path / "metrics.jsonl", parents={})
    with tracking.stage_run("prepare", **vars(options)) as run:
        run.log(0, loss=1.0)
        time.sleep(1.0)
        server.stop()
        for step in range(1, 20):
            run.log(step, loss=1.0 / (step + 1))
    (spool,) = (tmp_path / "work" / "tracking").iterdir()
    with pytest.raises(ValueError, match="Start the server"), tracking.stage_run("gate", **vars(options)):
        pass
    assert spool.exists()
    server.start()
    with tracking.stage_run("gate", **vars(options)):
        pass
    client = tracking.connect()
    assert client.get_run(run.run_id).info.status == "FINISHED"
    assert len({metric.step for metric in client.get_metric_history(run.run_id, "loss")}) == 20
    assert not list((tmp_path / "work" / "tracking").iterdir())
