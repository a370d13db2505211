"""A clone of the checkout, as it is now, in which the workflow is run as a user runs it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from walking import ROOT, walk


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tracked files as they are now, in a repository of their own: DVC and the workflow touch nothing of this one."""
    place = tmp_path_factory.mktemp("clone") / "laban"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    return place


@pytest.fixture(scope="module")
def smoke(clone: Path) -> Path:
    """The clone after the small workflow has walked once."""
    walk(clone, "smoke")
    return clone
