"""Stages that take a millisecond, for what the contract promises of every stage; as a command: `tiny_stages.py count --settings …`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from laban.data.artifact import Artifact, write_json
from laban.stages.contract import Gated, GateRefused, StageError, Work, stage


@dataclass(frozen=True, kw_only=True)
class CountSettings:
    seed: int
    words: list[str]
    scale: dict[str, float]
    pause_s: float
    fail: bool


@stage(kind="numbers")
def count(settings: CountSettings, work: Work) -> None:
    """Draw a number for each word."""
    random = np.random.default_rng(settings.seed)
    drawn = dict(zip(sorted(set(settings.words)), random.normal(size=len(settings.words)).tolist(), strict=True))
    (work.output / "part").mkdir()
    np.save(work.output / "part" / "half.npy", random.normal(size=16))
    if settings.fail:
        raise StageError("asked to fail")
    if settings.pause_s and not (work.scratch / "begun").exists():
        (work.scratch / "begun").touch()
        time.sleep(settings.pause_s)
    work.notes["began_again"] = (work.scratch / "begun").exists()
    write_json(work.output / "numbers.json", {word: settings.scale.get(word, 1.0) * drawn[word] for word in set(settings.words)})
    write_json(work.output / "metrics.json", {"rows": len(drawn)})


@dataclass(frozen=True, kw_only=True)
class AddSettings:
    offset: float


@stage(kind="sums")
def add(settings: AddSettings, numbers: Gated, work: Work) -> None:
    """Write a sum."""
    write_json(work.output / "sum.json", {"of": numbers.hash, "offset": settings.offset})


@dataclass(frozen=True, kw_only=True)
class CheckSettings:
    passed: bool


@stage(kind="verdict")
def check(settings: CheckSettings, subject: Artifact, work: Work) -> None:
    """Pass or refuse, as told."""
    reasons = [] if settings.passed else ["told to refuse"]
    write_json(work.output / "verdict.json", {"subject": subject.hash, "passed": settings.passed, "reasons": reasons})
    if reasons:
        raise GateRefused(reasons[0])


class _Untracked:
    run_id = ""

    def log(self, step: int, **metrics: float) -> None: ...

    def finish(self, artifact: Artifact, metrics: dict[str, float]) -> None: ...


@contextmanager
def untracked(name: str, **_: Any) -> Iterator[_Untracked]:
    """Instead of an MLflow run, whose own tests are elsewhere: importing MLflow takes longer than all of this."""
    yield _Untracked()


if __name__ == "__main__":
    sys.modules["laban.tracking"] = SimpleNamespace(stage_run=untracked)  # type: ignore[assignment]
    import laban

    laban.tracking = sys.modules["laban.tracking"]
    {"count": count, "add": add, "check": check}[sys.argv[1]].main(sys.argv[2:])
