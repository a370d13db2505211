"""A run's folder as the stages leave it, written through the library's own writers, without training anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laban.data.artifact import Manifest, list_files, seal, write_json
from laban.data.clip import Caption, Clip, write_clips
from laban.data.codes import EncodedClip, write_codes
from laban.data.conversation import Conversation, Part, Turn, write_conversations
from laban.motion.skeleton import PARENTS, REST_OFFSETS

HOSTILE = 'They say </script><script>document.title="taken"</script> & <img src=x onerror=alert(1)> "bow"'
KINDS = ("handshake", "bow", "push")
DVC = """
stages:
  prepare:
    foreach: [smoke]
    do: {cmd: python -m laban.stages.prepare, outs: [{"out/${item}/clips": {persist: true}}]}
  gate_clips:
    foreach: [smoke]
    do: {cmd: python -m laban.stages.gate, deps: [code.json, "out/${item}/clips"], outs: ["out/${item}/verdicts/clips"]}
  train_tokenizer:
    foreach: [smoke]
    do: {cmd: python -m laban.stages.train_tokenizer, deps: ["out/${item}/clips"], outs: ["out/${item}/tokenizer"]}
  encode:
    foreach: [smoke]
    do: {cmd: python -m laban.stages.encode, deps: ["out/${item}/clips", "out/${item}/tokenizer"], outs: ["out/${item}/codes"]}
  evaluate:
    foreach: [smoke]
    do: {cmd: python -m laban.stages.evaluate, deps: ["out/${item}/codes"], outs: ["out/${item}/evaluation"]}
"""


def standing() -> np.ndarray:
    """(22, 3) metres: the rest pose with its feet on the floor."""
    pose = REST_OFFSETS.copy()
    for joint, parent in enumerate(PARENTS[1:], 1):
        pose[joint] += pose[parent]
    return pose - [0, pose[:, 1].min(), 0]


def moving(seed: int, *, frames: int = 120, people: int = 2) -> np.ndarray:
    """(T, P, 22, 3) metres of people who sway, each on a place of their own."""
    draw = np.random.default_rng(seed)
    time = np.linspace(0, 4, frames)[:, None, None, None]
    places = np.arange(people)[None, :, None, None] * np.array([0.0, 0.0, 1.2])
    sway = 0.2 * np.sin(time * draw.uniform(1, 3, (1, people, 1, 3))) * np.array([1, 0, 1])
    return (standing() + places + sway).astype(np.float32)


def clip(name: str, number: int, *, split: str = "test", text: str = "", people: int = 2, group: str = "") -> Clip:
    kind = KINDS[number % len(KINDS)]
    caption = Caption(text=text or f"Two people, number {number}.", start_s=0.0, end_s=4.0, source="grammar")
    return Clip(
        id=name, positions=moving(number, people=people), captions=(caption,), split=split, source="procedural", licence="Apache-2.0",
        kind=kind, actor=0, style={"speed": "slow"}, group=group,
    )  # fmt: skip


def close(
    folder: Path, kind: str, *, parents: dict[str, str] | None = None, seconds: float = 1.5, notes: dict[str, object] | None = None
) -> str:
    """Seal a folder as an artifact, write its run record, and return its hash."""
    artifact = seal(
        folder, Manifest(kind=kind, stage=f"make_{kind}", settings={"seed": 7}, parents=parents or {}, files=list_files(folder))
    )
    record = {
        "stage": kind, "hash": artifact.hash, "source": "0123456789abcdef", "mlflow_run": "fedcba9876543210", "started": 1e9,
        "seconds": seconds, "cpus": 2, "python": "3.11", "platform": "Linux", "notes": notes or {},
    }  # fmt: skip
    write_json(folder.with_name(f"{folder.name}.run.json"), record)
    return artifact.hash


def verdict(folder: Path, subject: str, *, passed: bool) -> None:
    folder.mkdir(parents=True)
    reason = "clip frames: 3 of 30 rows are less than 8"
    check = {
        "table": "dataset", "name": "ExpectColumnValuesToBeBetween", "column": "rows", "passed": passed, "observed": "30",
        "expected": "at least 8", "why": "asked by the settings", "count": 0, "worst": [],
    }  # fmt: skip
    said = {
        "subject": subject, "kind": "clips", "suite": "clips", "waived": [], "passed": passed, "reasons": [] if passed else [reason],
        "expectations": [check], "counts": {"rows": 30, "expectations": 1, "failed": int(not passed)},
    }  # fmt: skip
    write_json(folder / "verdict.json", said)
    close(folder, "verdict", parents={"subject": subject}, seconds=0.5)


def talk(name: str, task: str, before: str, after: str) -> Conversation:
    asked = (Part(type="text", text=HOSTILE), Part(type="motion", clip=before))
    return Conversation(
        id=name, task=task, split="test",
        turns=(Turn(role="user", parts=asked), Turn(role="assistant", parts=(Part(type="motion", clip=after),))),
    )  # fmt: skip


def whole_run(root: Path, *, passed: bool = True, clips: int = 30) -> Path:
    """A checkout with `dvc.yaml` and `out/smoke` whose artifacts are all there but the tokenizer's weights; returns `out/smoke`."""
    (root / "dvc.yaml").write_text(DVC)
    folder = root / "out" / "smoke"
    stored = [clip(f"proc-{number}", number, text=HOSTILE if number == 0 else "") for number in range(clips)]
    write_clips(folder / "clips", stored)
    write_json(folder / "clips" / "metrics.json", {"rows": clips, "kinds": {kind: clips // 3 for kind in KINDS}, "splits": {"test": clips}})
    made_of = close(folder / "clips", "clips")
    verdict(folder / "verdicts" / "clips", made_of, passed=passed)
    (folder / "tokenizer").mkdir()
    write_json(folder / "tokenizer" / "loss.json", [{"step": step, "loss": 3.0 / step} for step in range(1, 40)])
    close(folder / "tokenizer", "tokenizer", parents={"clips": made_of})
    _codes(folder / "codes", stored)
    _evaluation(folder / "evaluation", stored)
    (folder / "conversations").mkdir()
    write_clips(folder / "conversations" / "clips", [clip("syn-0", 1)])
    write_conversations(
        folder / "conversations", [talk("conv-0", "editing", "proc-1", "syn-0"), talk("conv-1", "story", "proc-2", "proc-4")]
    )
    write_json(folder / "conversations" / "metrics.json", {"rows": 2, "tasks": {"editing": 1, "story": 1}, "splits": {"test": 2}})
    close(folder / "conversations", "conversations", parents={"clips": made_of})
    return folder


def _codes(folder: Path, stored: list[Clip]) -> None:
    folder.mkdir()
    codes = np.arange(15 * 2 * 2).reshape(15, 2, 2) % 16
    rows = [
        EncodedClip(
            id=one.id, split=one.split, source=one.source, kind=one.kind, order=(0, 1), fps=30.0, frames=120, downsample=8,
            codebook_size=64, captions=(), codes=codes,
        )
        for one in stored
    ]  # fmt: skip
    write_codes(folder, rows)
    close(folder, "codes")


def _evaluation(folder: Path, stored: list[Clip]) -> None:
    samples = [
        clip(f"{task}/{one.id}/0", number, text=one.captions[0].text, people=1 if task == "reaction" else 2, group=one.id)
        for task in ("t2m", "reaction", "prediction")
        for number, one in enumerate(stored[:6])
    ]
    samples.append(clip("editing/conv-0/0", 5, group="proc-1"))
    write_clips(folder / "samples", samples)
    write_conversations(folder, [talk("conv-0", "editing", "proc-1", "editing/conv-0/0")])
    numbers = {
        "kind_accuracy": 0.75, "fid": 2.5, "interval": {"kind_accuracy": 0.01, "fid": 0.2}, "chance": {"kind_accuracy": 0.33, "fid": 2.0},
        "ground_truth": {"kind_accuracy": 0.99, "fid": 0.0},
    }  # fmt: skip
    write_json(folder / "metrics.json", {"t2m": {"test": numbers}})
    write_json(folder / "protocol.json", {"test": {"data": "d" * 64, "evaluator": "e" * 64, "samples": 6, "seeds": [7]}})
    close(folder, "evaluation", notes={"registered": {"name": "laban", "version": "3", "new": True}})
