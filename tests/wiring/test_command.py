"""`python -m pipelines` as a command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from workflow import IMAGE, REPOSITORY

pytestmark = pytest.mark.heavy


def run_command(*words):
    return subprocess.run([sys.executable, "-m", "pipelines", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_the_command_compiles_a_profile(tmp_path):
    done = run_command(
        "compile", "--profile", "smoke", "--image", IMAGE, "--root", "s3://bucket/laban", "--output", str(tmp_path / "p.yaml")
    )
    assert done.returncode == 0, done.stderr
    pipeline, _ = yaml.safe_load_all((tmp_path / "p.yaml").read_text("utf-8"))
    default = {name: value.get("defaultValue") for name, value in pipeline["root"]["inputDefinitions"]["parameters"].items()}
    composed = yaml.safe_load((REPOSITORY / "work" / "params.smoke.yaml").read_text("utf-8"))
    assert json.loads(default["pretrain"]) == composed["pretrain"]
    assert json.loads(default["gate_merge"]) == composed["gate"]["merge"]
    assert (default["root"], default["source"]) == ("s3://bucket/laban", IMAGE)


def test_the_command_names_a_users_mistake(tmp_path):
    done = run_command("compile", "--profile", "nowhere", "--output", str(tmp_path / "p.yaml"))
    assert done.returncode == 2
    assert "no profile 'nowhere'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_without_an_image_is_refused_before_the_cluster_is_asked(tmp_path):
    done = run_command("submit", "--root", "s3://bucket/laban", "--output", str(tmp_path / "p.yaml"), "--host", "http://127.0.0.1:9")
    assert done.returncode == 2, done.stderr
    assert "give --image" in done.stderr


@pytest.mark.parametrize("changed", [False, True], ids=["clean", "dirty"])
def test_an_image_without_digest_is_told_apart_by_the_commit(tmp_path, monkeypatch, changed):
    from pipelines.__main__ import source_of

    def git(*words):
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True, capture_output=True, text=True
        ).stdout

    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "one")
    if changed:
        (tmp_path / "a").write_text("2")
    assert source_of("laban:latest") == ("" if changed else git("rev-parse", "HEAD").strip())
    assert source_of(IMAGE) == IMAGE


def test_compiling_loads_neither_laban_nor_torch():
    code = "import sys, pipelines.__main__; sys.exit(' '.join(sorted({'laban', 'torch', 'numpy'} & set(sys.modules))) or 0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
