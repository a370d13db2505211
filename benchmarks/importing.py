"""How much faster two cores import than one, and in how much memory: clips in InterHuman's processed format, made here.

    python benchmarks/importing.py

Writes recordings from the format's description, imports them by the command with one process and with two, in turn, and prints seconds,
their ratio, the peak of the whole process tree's resident memory, and whether both made the same bytes.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from laban.closure import ROOT
from laban.data.artifact import open_artifact, write_json

sys.path.append(str(ROOT / "tests" / "formats"))
from interhuman_files import pair, processed, write_pair  # noqa: E402  # what the tests prove the reader with
from smplx_files import write_text  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "importing.json"
TARGETS = {"ratio": 1.7, "peak_rss_gb": 1.0}


def main(clips: int = 2400, frames: int = 200, rounds: int = 1, folder: str = "") -> None:
    """Make the data, import them, print and keep the result.

    Args:
        clips: recordings of two people
        frames: of each on average; lengths go from half to one and a half of it
        rounds: of one process and two, in turn; the fastest of each counts
        folder: where to work; a temporary folder if empty
    """
    with tempfile.TemporaryDirectory(dir=folder or None) as place:
        data = Path(place) / "InterHuman"
        _write(data, [frames // 2 + frames * (number % 11) // 10 for number in range(clips)])
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
        runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
        for _ in range(rounds):
            for jobs, found in runs.items():
                found.append(_import(data, Path(place) / f"out-{jobs}", jobs))
    best = {jobs: min(found, key=lambda run: run["seconds"]) for jobs, found in runs.items()}
    result = {
        "clips": clips,
        "input_gb": size / 1e9,
        "runs": {str(jobs): found for jobs, found in runs.items()},
        "ratio": best[1]["seconds"] / best[2]["seconds"],
        "peak_rss_gb": max(run["peak_rss_gb"] for run in runs[2]),
        "equal": len({run["hash"] for found in runs.values() for run in found}) == 1,
        "targets": TARGETS,
        "cores": len(os.sched_getaffinity(0)),
        "machine": platform.processor() or platform.machine(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    write_json(RESULT, result)
    _show(result, best)


def _write(folder: Path, lengths: list[int]) -> None:
    """A folder as it is downloaded, written over all cores."""
    with ProcessPoolExecutor() as pool:
        list(pool.map(_record, [folder] * len(lengths), range(1, len(lengths) + 1), lengths, chunksize=20))
    names = [str(number) for number in range(1, len(lengths) + 1)]
    for split, own in {"train": names[:-200], "val": names[-200:-100], "test": names[-100:]}.items():
        write_text(folder / "split" / f"{split}.txt", *own)


def _record(folder: Path, number: int, frames: int) -> None:
    """Motion and words of one recording."""
    first, second = (processed(person, seed=number) for person in pair(number, frames))
    words = (f"in take {number} two people sway", f"they stand and bend, take {number}", f"one turns in take {number} and the other too")
    write_pair(folder, str(number), first, second, words)


def _import(data: Path, out: Path, jobs: int) -> dict[str, Any]:
    """Import by the command, as a user does; seconds, work of all its processes, the peak of their resident memory, content hash."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "laban.cli", "data", "import", "interhuman", str(data), "--save", str(out), "--jobs", str(jobs)]
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    peak = 0
    while process.poll() is None:
        peak = max(peak, _resident(process.pid))
        time.sleep(0.1)
    seconds = time.monotonic() - start
    if process.returncode:
        raise SystemExit(process.returncode)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor_seconds": worked, "peak_rss_gb": peak / 1e9, "hash": open_artifact(out).hash}


def _resident(session: int) -> int:
    """Bytes of resident memory of all processes of a session; what they share is counted in each."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        if int(words[3]) == session:
            total += int(words[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


def _show(result: dict[str, Any], best: dict[int, dict[str, Any]]) -> None:
    table = Table("", "one process", "two", "target", title=f"import of {result['clips']} InterHuman clips", title_justify="left")
    table.add_row("seconds", *(f"{run['seconds']:.1f}" for run in best.values()), "60 and more in one")
    table.add_row("seconds of processor", *(f"{run['processor_seconds']:.1f}" for run in best.values()), "")
    table.add_row("times as fast", "1", f"{result['ratio']:.2f}", f"{TARGETS['ratio']} and more")
    table.add_row(
        "peak memory of all processes, GB", *(f"{run['peak_rss_gb']:.2f}" for run in best.values()), f"under {TARGETS['peak_rss_gb']}"
    )
    table.add_row("the same bytes", "", "yes" if result["equal"] else "NO", "yes")
    Console().print(table)
    print(json.dumps({"cores": result["cores"], "input_gb": round(result["input_gb"], 2)}))


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
