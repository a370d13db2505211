"""`laban data import | info | check`, as they are typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from laban.cli import main
from laban.data.artifact import open_artifact

sys.path += [str(Path(__file__).parent / name) for name in ("formats", "faults")]
import clean_data  # noqa: E402
import tiny_format  # noqa: E402


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr("laban.formats._formats", lambda: {"tiny": tiny_format.FORMAT})


@pytest.fixture
def imported(tmp_path, capsys) -> Path:
    main(["data", "import", "tiny", str(tiny_format.write(tmp_path / "data", 12)), "--save", str(tmp_path / "clips"), "--jobs", "1"])
    capsys.readouterr()
    return tmp_path / "clips"


def run(*words: str) -> int | str | None:
    """The exit status."""
    try:
        main(list(words))
    except SystemExit as exit_:
        return exit_.code
    return 0


def test_import_makes_an_artifact_and_says_what_comes_next(tmp_path, capsys):
    data = tiny_format.write(tmp_path / "data", 12)
    assert run("data", "import", "auto", str(data), "--save", str(tmp_path / "clips"), "--fps", "25", "--jobs", "1", "--seed", "3") == 0
    artifact = open_artifact(tmp_path / "clips", kind="clips")
    assert {name: artifact.manifest.settings[name] for name in ("format", "fps", "seed", "held_out")} == {
        "format": "tiny",
        "fps": 25.0,
        "seed": 3,
        "held_out": 0.1,
    }
    said = capsys.readouterr().out
    assert f"12 clips, 0.01 hours -> {tmp_path / 'clips'} ({artifact.hash[:12]})" in said
    assert f"next: laban data check {tmp_path / 'clips'}" in said
    assert f'make run PROFILE=bring-your-own DATA={tmp_path / "clips"} SET="prepare.format=clips"' in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tiny", "nowhere", "--save", "out"), "nowhere is not a folder"),
        (("tinny", ".", "--save", "out"), "no format 'tinny'; there are auto, tiny"),
        (("auto", ".", "--save", "out"), "looks like no data set that is known"),
        (("tiny", ".", "--save", "out"), "holds no recording of format tiny"),
        (("tiny", ".", "--save", "out", "--jobs", "-1"), "--jobs -1"),
        (("tiny", ".", "--save", "out", "--held-out", "0.7"), "--held-out 0.7"),
        (("tiny", ".", "--save", "out", "--body-model", "smplx.npz"), "smplx.npz"),
        (("tiny", ".", "--save", "out", "--fps", "0"), "--fps 0"),
        (("tiny", ".", "--save", "."), "exists and holds no clips that were imported"),
    ],
)
def test_a_users_mistake_is_one_line(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("x")
    assert run("data", "import", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("laban: ")
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["mine.txt"]


def test_info_counts(imported, capsys):
    assert run("data", "info", str(imported), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 12
    assert sum(told["splits"].values()) == 12
    assert told["licences"] == {"CC0": 12}
    assert told["arrays"] == {"positions": 12}
    assert told["hash"] == open_artifact(imported).hash
    assert run("data", "info", str(imported)) == 0
    assert "CC0" in capsys.readouterr().out


def test_info_of_something_else_is_an_error(tmp_path, capsys):
    assert run("data", "info", str(tmp_path)) == 2
    assert "manifest.json is absent" in capsys.readouterr().err


@pytest.mark.heavy
def test_check_passes_clean_clips(tmp_path, capsys):
    clean_data.write_clean_clips(tmp_path / "clips")
    clean_data.sealed(tmp_path / "clips", "clips")
    assert run("data", "check", str(tmp_path / "clips")) == 0
    assert " 0 of " in capsys.readouterr().out


@pytest.mark.heavy
def test_check_fails_on_bad_clips(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    data = tiny_format.write(tmp_path / "data", 12)
    for name in ("g0-0", "g1-0", "g1-1"):
        (data / f"{name}.txt").write_text("")
    run("data", "import", "tiny", str(data), "--save", str(tmp_path / "clips"), "--jobs", "1")
    assert run("data", "check", str(tmp_path / "clips")) == 1
    row = next(line for line in capsys.readouterr().out.splitlines() if "empty_captions" in line)
    assert " 3 " in row
    assert "g0-0: 1" in row
