"""The catalogue of faults: each is made on clean data, at three severities, and caught by the right rule with the right reason."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import clean_data as clean
import numpy as np
import pytest
from campaign import clean_sets, swaying_sets
from catalogue import CATALOGUE
from fault import DATA_OF, THRESHOLDS, TIGHT, Fault, Outcome, Severity, campaign, of_the_field, seed_of

from laban.data.clip import Clip, write_clips
from laban.data.expectations import Judgement, judge

QUICK = {(fault.suite, fault.column): fault for fault in reversed(CATALOGUE)}
"""One fault for each rule; the slow tier has them all."""
NAMES = [fault.name for fault in QUICK.values()]
METRICS = {
    "no file": (None, "metrics.json is absent"),
    "not JSON": ("{", "Expecting property name"),
    "a list": ("[1]", "holds list"),
    "absent": ('{"val": {"codebook_usage": 0.5}}', "measure val.mpjpe_mm is absent"),
    "null": ('{"val": {"mpjpe_mm": null, "codebook_usage": 0.5}}', "measure val.mpjpe_mm is absent"),
    "text": ('{"val": {"mpjpe_mm": "41", "codebook_usage": 0.5}}', "measure val.mpjpe_mm is absent"),
    "NaN": ('{"val": {"mpjpe_mm": NaN, "codebook_usage": 0.5}}', "val.mpjpe_mm is nan"),
    "NaN that nobody asks for": ('{"val": {"mpjpe_mm": 1, "codebook_usage": 0.5}, "kl": -Infinity}', "kl is -inf"),
    "too great": ('{"val": {"mpjpe_mm": 60.01, "codebook_usage": 0.5}}', "val.mpjpe_mm is 60.01"),
    "too small": ('{"val": {"mpjpe_mm": 1, "codebook_usage": 0.19}}', "val.codebook_usage is 0.19"),
    "impossible": ('{"val": {"mpjpe_mm": 1, "codebook_usage": 1.5}}', "val.codebook_usage is 1.5"),
}
ASKED = {"val.mpjpe_mm": {"max": 60.0}, "val.codebook_usage": {"min": 0.2, "max": 1.0}}


@pytest.fixture(scope="module")
def weakest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Faults as weak as their rules can see."""
    outcomes = campaign([*QUICK.values()], [Severity.WEAKEST], tmp_path_factory.mktemp("weakest"))
    return {outcome.fault.name: outcome for outcome in outcomes}


def test_the_catalogue_is_of_the_field() -> None:
    """At least a hundred kinds, each once, half and more of them out of the field's data sets, metrics and complaints."""
    assert len(CATALOGUE) >= 100
    assert len({fault.name for fault in CATALOGUE}) == len(CATALOGUE)
    assert sum(of_the_field(fault) for fault in CATALOGUE) >= len(CATALOGUE) / 2
    assert {fault.subject for fault in CATALOGUE} == {"motion", "foreign", "captions", "splits", "conversations", "codes"}


@pytest.mark.parametrize("name", NAMES)
def test_the_weakest_fault_is_caught(weakest: dict[str, Outcome], name: str) -> None:
    outcome = weakest[name]
    assert outcome.caught, f"{outcome.fault.column} should say {outcome.fault.says!r}; refused: {dict(outcome.reasons)}"


@pytest.mark.slow
@pytest.mark.parametrize("severity", list(Severity))
def test_every_fault_is_caught(tmp_path: Path, severity: Severity) -> None:
    missed = [outcome.fault.name for outcome in campaign(CATALOGUE, [severity], tmp_path) if not outcome.caught]
    assert len(missed) <= len(CATALOGUE) / 100, missed


@pytest.mark.slow
def test_twenty_clean_sets_raise_no_alarm(tmp_path: Path) -> None:
    """Of the product's own generator: all of its kinds."""
    assert [found for found in clean_sets(tmp_path) if found[1]] == []


def test_clean_data_of_other_seeds_raise_no_alarm(tmp_path: Path) -> None:
    assert {name: reasons for name, reasons in swaying_sets(tmp_path, 6).items() if reasons} == {}


@pytest.mark.parametrize("suite", list(DATA_OF))
def test_clean_data_pass_the_gate(tmp_path: Path, suite: str) -> None:
    DATA_OF[suite]().write(tmp_path)
    judged = judge(suite, tmp_path, THRESHOLDS[suite])
    assert judged.reasons == []
    assert judged.passed
    json.dumps(judged.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    "name", ["a dwarf", "foreign: a fourth, empty line", "one id twice", "no validation split", "conversations: a task that nobody knows"]
)
def test_the_gate_says_what_the_campaign_says(tmp_path: Path, weakest: dict[str, Outcome], name: str) -> None:
    """The campaign judges many data sets in one call; the gate judges one, by the same rules."""
    fault = next(fault for fault in CATALOGUE if fault.name == name)
    judged = gated(fault, tmp_path)
    assert not judged.passed
    failed = {finding.column for finding in judged.findings if not finding.passed}
    assert failed == {reason.removeprefix(TIGHT) for reason in weakest[name].reasons}, "the same rules refuse"
    json.dumps(judged.as_dict(), allow_nan=False)


def gated(fault: Fault, folder: Path) -> Judgement:
    """The fault at its weakest, before the gate itself."""
    data = DATA_OF[fault.suite]()
    fault.apply(data, Severity.WEAKEST, np.random.default_rng(seed_of(fault, Severity.WEAKEST)))
    data.write(folder)
    return judge(fault.suite, folder, THRESHOLDS[fault.suite])


@pytest.mark.parametrize("name", list(METRICS))
def test_numbers_of_a_model_are_judged(tmp_path: Path, name: str) -> None:
    content, said = METRICS[name]
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    judged = judge("metrics", tmp_path, ASKED)
    assert not judged.passed
    assert said in "; ".join(judged.reasons)


def test_numbers_that_are_good_pass(tmp_path: Path) -> None:
    clean.write_clean_metrics(tmp_path)
    assert judge("metrics", tmp_path, ASKED).reasons == []


def test_capture_without_rotations_and_of_one_person_is_clean(tmp_path: Path) -> None:
    def lone(clip: Clip) -> Clip:
        bare = {"root": None, "offsets": None, "rotations": None, "actor": None, "style": {}}
        return dataclasses.replace(clip, positions=clip.positions[:, :1], source="cmu", captions=clip.captions[:1], **bare)

    write_clips(tmp_path, map(lone, clean.clips()))
    assert judge("clips", tmp_path, THRESHOLDS["clips"]).reasons == []


def test_a_recorded_residual_is_allowed_for(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.004, (clean.FRAMES, 2, 22, 3)).astype(np.float32)
    off = [
        dataclasses.replace(c, positions=c.positions + noise, residual_m=float(np.linalg.norm(noise, axis=-1).max())) for c in clean.clips()
    ]

    def refused(folder: Path, clips: list[Clip]) -> set[str]:
        write_clips(folder, clips)
        return {finding.column for finding in judge("clips", folder, {}).findings if not finding.passed}

    assert "fk_gap_m" not in refused(tmp_path / "recorded", off)
    assert {"fk_gap_m", "root_gap_m"} <= refused(tmp_path / "hidden", [dataclasses.replace(c, residual_m=0.0) for c in off])
