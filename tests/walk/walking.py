"""Running the workflow in a clone, and reading what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CAPTURE = Path(os.environ.get("LABAN_TEST_DATA", ROOT.parent / "shared" / "data" / "cmu"))


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LABAN_", "MLFLOW_", "DVC_", "OMP_"))}
    return {**kept, "PYTHONPATH": str(place), "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", "TQDM_DISABLE": "1"}


def walk(place: Path, *words: str, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "laban.cli", "run", *words], cwd=place, env=environment(place), capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == expect or (expect and done.returncode), said[-4000:]
    return said


def records(place: Path, profile: str, name: str) -> dict[str, object]:
    """Artifact, as its path below the profile's outputs -> one entry of the record of its latest run."""
    folder = place / "out" / profile
    return {
        path.relative_to(folder).as_posix().removesuffix(".run.json"): json.loads(path.read_text())[name]
        for path in folder.rglob("*.run.json")
    }


def made_anew(before: dict[str, object], after: dict[str, object]) -> set[str]:
    """Artifacts whose stage ran between two readings of `started`."""
    return {artifact for artifact in after if after[artifact] != before.get(artifact)}
