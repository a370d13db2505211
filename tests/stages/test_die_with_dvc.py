"""A stage under DVC ends with it, whenever DVC is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CHILD = """
import sys, time
from laban.stages.contract import die_with_dvc
if len(sys.argv) > 1:
    time.sleep(float(sys.argv[1]))
die_with_dvc()
print("alive", flush=True)
time.sleep(60)
"""
DVC = """
import os, subprocess, sys
subprocess.run(["sh", "-c", f"true; {sys.executable} {sys.argv[1]} {' '.join(sys.argv[2:])}"], env={**os.environ, "DVC_STAGE": "x"})
"""


def _started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A program called `dvc` that runs the child through a shell."""
    (folder / "child.py").write_text(CHILD)
    (folder / "dvc").write_text(DVC)
    command = [sys.executable, str(folder / "dvc"), str(folder / "child.py"), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _children(folder: Path) -> list[int]:
    wanted = str(folder / "child.py").encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words[1:2] == [wanted]:
            found.append(int(path.parent.name))
    return found


def _gone(folder: Path) -> bool:
    deadline = time.monotonic() + 15
    while _children(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not _children(folder)


def test_a_stage_ends_when_dvc_is_killed(tmp_path: Path) -> None:
    with _started(tmp_path) as dvc:
        assert dvc.stdout is not None
        assert dvc.stdout.readline() == "alive\n"
        dvc.kill()
    assert _gone(tmp_path)


def test_a_stage_whose_dvc_was_killed_while_it_started_ends_too(tmp_path: Path) -> None:
    with _started(tmp_path, "3") as dvc:
        while not (children := _children(tmp_path)):
            time.sleep(0.05)
        shell = int(Path(f"/proc/{children[0]}/stat").read_text().rpartition(")")[2].split()[1])
        for pid in {shell, dvc.pid}:
            os.kill(pid, signal.SIGKILL)
        assert dvc.stdout is not None
        assert dvc.stdout.read() == ""
    assert _gone(tmp_path)
