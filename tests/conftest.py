"""What many tests need: one thread a worker, no bars, an MLflow and work folder of their own, and inputs that can be published."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

# Before anything imports torch: two test workers on two cores, each with its own thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("LABAN_QUIET", "1")

import numpy as np
import pytest

from laban.data.artifact import Artifact, Manifest, list_files, seal, write_json

FAST_FOLDERS = ("motion", "formats", "data", "metrics", "wiring")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast tier is what the folders without torch or MLflow hold, less what is marked slow or heavy."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        marked = item.get_closest_marker("slow") or item.get_closest_marker("heavy")
        if folder in FAST_FOLDERS and marked is None:
            item.add_marker(pytest.mark.fast)


@pytest.fixture(autouse=True)
def _own_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test works in the checkout's work folder."""
    monkeypatch.setenv("LABAN_WORK", str(tmp_path / "work"))


@pytest.fixture(scope="session", autouse=True)
def _nothing_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the checkout's MLflow or joins a run of the shell that started it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path_factory.mktemp('mlflow') / 'mlflow.db'}")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        for name in ("LABAN_PARENT_RUN", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_REGISTRY_URI"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def _schema(_nothing_outside: None) -> Path:
    """An empty MLflow database: making its tables takes seconds, copying them nothing."""
    from laban import tracking

    tracking.connect()
    return Path(os.environ["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"))


@pytest.fixture
def mlflow_home(_schema: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh MLflow on SQLite for one test; returns the folder that holds it."""
    (tmp_path / "mlflow").mkdir()
    shutil.copyfile(_schema, tmp_path / "mlflow" / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow' / 'mlflow.db'}")
    monkeypatch.setenv("LABAN_WORK", str(tmp_path / "work"))
    return tmp_path


def sealed(folder: Path, kind: str, *, parents: dict[str, str] | None = None, ungated: tuple[str, ...] = ()) -> Artifact:
    """Seal the files of a folder as an artifact of `kind`."""
    return seal(
        folder,
        Manifest(kind=kind, stage=f"make_{kind}", settings={"seed": 7}, parents=parents or {}, files=list_files(folder), ungated=ungated),
    )


@pytest.fixture
def publishable(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Makes inputs of `publish` (weights drawn with `seed`, no network behind them) and the options to run it with."""

    def make(
        seed: int = 0, *, name: str = "laban", ungated: tuple[str, ...] = (), fill: Callable[[Path, Path], None] | None = None
    ) -> SimpleNamespace:
        root = tmp_path / f"inputs-{seed}-{len(ungated)}"
        (root / "model" / "model").mkdir(parents=True)
        (root / "tokenizer").mkdir()
        (fill or _weights(seed))(root / "model" / "model", root / "tokenizer")
        write_json(root / "model" / "loss.json", [])
        write_json(root / "tokenizer" / "metrics.json", {"val": {"mpjpe_mm": 40.0}})
        model = sealed(root / "model", "model", ungated=ungated)
        tokenizer = sealed(root / "tokenizer", "tokenizer")
        (root / "evaluation").mkdir()
        measured = {"kind_accuracy": 0.9, "interval": {"kind_accuracy": 0.01}, "chance": {"kind_accuracy": 0.1}}
        write_json(root / "evaluation" / "metrics.json", {"t2m": {"test": measured}})
        evaluation = sealed(root / "evaluation", "evaluation", parents={"model": model.hash, "tokenizer": tokenizer.hash})
        return SimpleNamespace(
            model=model,
            tokenizer=tokenizer,
            evaluation=evaluation,
            output=root / "package",
            references={"model": str(model.path), "tokenizer": str(tokenizer.path), "evaluation": str(evaluation.path)},
            verdicts={"tokenizer": _verdict(root, tokenizer), "evaluation": _verdict(root, evaluation)},
            name=name,
        )

    return make


def _weights(seed: int) -> Callable[[Path, Path], None]:
    from safetensors.numpy import save_file

    def fill(model: Path, tokenizer: Path) -> None:
        draw = np.random.default_rng(seed)
        for folder in (model, tokenizer):
            save_file({"weight": draw.standard_normal((4, 4)).astype(np.float32)}, folder / "model.safetensors")
            write_json(folder / "config.json", {"width": 4})

    return fill


def _verdict(root: Path, subject: Artifact) -> str:
    folder = root / f"verdict-{subject.manifest.kind}"
    folder.mkdir()
    said = {"subject": subject.hash, "kind": subject.manifest.kind, "suite": "metrics", "passed": True, "reasons": []}
    (folder / "verdict.json").write_text(json.dumps(said))
    sealed(folder, "verdict", parents={"subject": subject.hash})
    return str(folder)


@pytest.fixture
def published(mlflow_home: Path, publishable: Callable[..., SimpleNamespace]) -> Callable[..., Artifact]:
    """Runs `publish` as its command does: package, registered version, alias `challenger`."""
    from laban.stages.contract import run
    from laban.stages.publish import PublishSettings, publish

    def make(seed: int = 0, **options: object) -> Artifact:
        inputs = publishable(seed, **options)
        return run(
            publish,
            settings=PublishSettings(name=inputs.name),
            references=inputs.references,
            verdicts=inputs.verdicts,
            output=str(inputs.output),
        )

    return make
