"""The gate as a command: its verdict, its exit status, and what of its settings is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_stages

from laban.data.artifact import Artifact, ArtifactError, Manifest, list_files, open_artifact, seal, write_json
from laban.data.expectations import SUITES, threshold_rules
from laban.params import compose
from laban.stages.contract import GateRefused, StageError, run
from laban.stages.gate import GateSettings, gate
from laban.stages.prepare import PrepareSettings, prepare

Thresholds = dict[str, dict[str, float] | None]
PROFILES = sorted(path.stem for path in (Path(__file__).parents[2] / "profiles").glob("*.yaml"))


@pytest.fixture(autouse=True)
def _untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laban.tracking.stage_run", tiny_stages.untracked)


@pytest.fixture
def trained(tmp_path: Path) -> Artifact:
    """Something with numbers."""
    folder = tmp_path / "trained"
    folder.mkdir()
    write_json(folder / "metrics.json", {"val": {"mpjpe_mm": 41.5, "codebook_usage": 0.8}, "steps": 900})
    return seal(folder, Manifest(kind="tokenizer", stage="test", settings={}, parents={}, files=list_files(folder), ungated=("encode",)))


def judged(subject: Artifact, output: Path, thresholds: Thresholds, suite: str = "metrics") -> Artifact:
    settings = GateSettings(suite=suite, thresholds=thresholds)
    return run(gate, settings=settings, references={"subject": str(subject.path)}, output=str(output), source="test")


def verdict_of(output: Path) -> dict[str, Any]:
    return json.loads((open_artifact(output, kind="verdict") / "verdict.json").read_text("utf-8"))


def test_green_verdict_names_what_it_judged(trained: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = judged(trained, tmp_path / "verdict", {"val.mpjpe_mm": {"max": 60.0}})
    verdict = verdict_of(tmp_path / "verdict")
    assert verdict["passed"] is True
    assert (verdict["subject"], verdict["kind"], verdict["suite"]) == (trained.hash, "tokenizer", "metrics")
    assert verdict["reasons"] == []
    by_column = {found["column"]: found for found in verdict["expectations"]}
    assert by_column["val.mpjpe_mm"]["observed"] == "41.5"
    assert by_column["val.mpjpe_mm"]["expected"] == "at most 60"
    assert verdict["counts"]["expectations"] == len(verdict["expectations"])
    assert made.manifest.ungated == ("encode",), "a verdict does not wash its subject clean"
    shown = capsys.readouterr().out
    assert "passed" in shown
    assert "val.mpjpe_mm" in shown


def test_red_verdict_is_written_with_reasons(trained: Artifact, tmp_path: Path) -> None:
    with pytest.raises(GateRefused, match="val.mpjpe_mm is 41.5, expected at most 40"):
        judged(trained, tmp_path / "verdict", {"val.mpjpe_mm": {"max": 40.0}})
    verdict = verdict_of(tmp_path / "verdict")
    assert verdict["passed"] is False
    assert verdict["subject"] == trained.hash
    assert len(verdict["reasons"]) == verdict["counts"]["failed"] == 1


def test_command_exits_with_three(trained: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = json.dumps({"suite": "metrics", "thresholds": {"val.mpjpe_mm": {"max": 40.0}, "absent.one": {"min": 0}}})
    with pytest.raises(SystemExit) as leaving:
        gate.main(["--settings", settings, "--subject", str(trained.path), "--output", str(tmp_path / "verdict")])
    assert leaving.value.code == 3
    error = capsys.readouterr().err
    assert "measure absent.one is absent; there are steps, val.codebook_usage, val.mpjpe_mm" in error
    assert "Traceback" not in error


def test_an_empty_suite_refuses(trained: Artifact, tmp_path: Path) -> None:
    with pytest.raises(GateRefused, match="asks for nothing"):
        judged(trained, tmp_path / "empty", {})
    with pytest.raises(GateRefused, match="asks for nothing"):
        judged(trained, tmp_path / "waived", {"val.mpjpe_mm": None})
    assert verdict_of(tmp_path / "waived")["waived"] == ["val.mpjpe_mm"]


def test_a_threshold_that_does_not_apply_is_named(trained: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judged(trained, tmp_path / "verdict", {"val.mpjpe_mm": {"max": 60.0}, "kind_accuracy": None})
    assert verdict_of(tmp_path / "verdict")["waived"] == ["kind_accuracy"]
    assert "does not apply in this profile: kind_accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("suite", "thresholds", "said"),
    [
        ("metrix", {"steps": {"min": 1}}, "no suite 'metrix'; there are clips, conversations, codes, metrics"),
        ("metrics", {"steps": {}}, "threshold steps has no bound"),
        ("metrics", {"steps": {"minimum": 1}}, r"threshold steps has \['minimum'\]"),
        ("metrics", {"steps": {"min": 2, "max": 1}}, "min 2 and max 1 leave nothing"),
        ("clips", {"rows": {"min": 1}}, "suite clips judges clips, and .*trained is of kind tokenizer"),
    ],
)
def test_senseless_settings_make_no_verdict(trained: Artifact, tmp_path: Path, suite: str, thresholds: Thresholds, said: str) -> None:
    with pytest.raises(StageError if suite == "clips" else ValueError, match=said) as raised:
        judged(trained, tmp_path / "verdict", thresholds, suite)
    assert not isinstance(raised.value, GateRefused)
    assert not (tmp_path / "verdict").exists()


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="threshold steps"):
        threshold_rules({"steps": {"max": float("nan")}})


def test_changed_subject_is_not_judged(trained: Artifact, tmp_path: Path) -> None:
    (trained / "metrics.json").write_text('{"val": {"mpjpe_mm": 1.0}}')
    with pytest.raises(ArtifactError, match="metrics.json is changed"):
        judged(trained, tmp_path / "verdict", {"val.mpjpe_mm": {"max": 60.0}})


def test_equal_subjects_have_equal_verdicts(trained: Artifact, tmp_path: Path) -> None:
    first = judged(trained, tmp_path / "first", {"val.mpjpe_mm": {"max": 60.0}})
    second = judged(trained, tmp_path / "second", {"val.mpjpe_mm": {"max": 60.0}})
    other = judged(trained, tmp_path / "other", {"val.mpjpe_mm": {"max": 61.0}})
    assert first.hash == second.hash != other.hash


def test_what_prepare_makes_is_green(tmp_path: Path) -> None:
    settings = PrepareSettings(**{**compose("smoke")["prepare"], "procedural_clips": 24})
    clips = run(prepare, settings=settings, references={}, output=str(tmp_path / "clips"), source="test")
    judged(clips, tmp_path / "verdict", {"rows": {"min": 24}, "test_rows": {"min": 1}}, suite="clips")
    assert verdict_of(tmp_path / "verdict")["counts"]["rows"] == 24
    with pytest.raises(GateRefused, match="dataset clips: rows is 24, expected at least 25"):
        judged(clips, tmp_path / "verdict", {"rows": {"min": 25}}, suite="clips")


@pytest.mark.parametrize("profile", PROFILES)
def test_gates_of_every_profile_can_be_asked(profile: str) -> None:
    for name, section in compose(profile)["gate"].items():
        settings = gate.parse(["--settings", json.dumps(section), "--subject", "s", "--output", "o"])["settings"]
        assert settings.suite in SUITES
        asked = {measure: bounds for measure, bounds in settings.thresholds.items() if bounds is not None}
        assert settings.thresholds == section["thresholds"], f"{name}: dotted names cross the command line unchanged"
        assert len(threshold_rules(asked)) == len(asked)
        assert asked or SUITES[settings.suite].rules.get("dataset") or settings.suite != "metrics", name
