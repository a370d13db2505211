"""What is installed from a wheel has every file that the code reads, not only the code."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from laban.closure import ROOT

NEEDED = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
NOT_READ = ("viewer", "__pycache__")
"""Sources of the bundle that the page carries (users need no Node), and what Python leaves."""


@pytest.mark.heavy
def test_the_wheel_holds_all_that_the_library_reads(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(ROOT / "laban", source / "laban", ignore=shutil.ignore_patterns(*NOT_READ))
    for name in NEEDED:
        shutil.copyfile(ROOT / name, source / name)
    there = {path.relative_to(source).as_posix() for path in (source / "laban").rglob("*") if path.is_file()}
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(tmp_path),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert there <= set(zipfile.ZipFile(wheel).namelist())
