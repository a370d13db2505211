"""From stored samples alone: equal bytes each time, whatever the order; failures counted; nothing tabled that is not so."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from laban.data.clip import ClipStore, write_clips
from laban.evaluation.judging import Draws
from laban.evaluation.measure import ABSENT, METRICS, PROTOCOLS, Judges, measure_samples
from laban.evaluation.samples import ASKED, SAMPLES, TEXTS, Samples
from laban.evaluators.evaluator import Evaluator
from laban.metrics.protocol import Measured, Protocol, table
from laban.stages.contract import Work

pytestmark = pytest.mark.heavy

DRAWS = Draws(seed=3, repetitions=5, scale=1.0)
REFERENCE_ROWS = {"ground_truth", "chance"}


@pytest.fixture(scope="module")
def judges(world) -> Judges:
    evaluator, judge = (world.inputs[name] for name in ("evaluator", "judge"))
    return Judges(
        evaluator=Evaluator.load(evaluator.path), evaluator_hash=evaluator.hash, judge=Evaluator.load(judge.path), judge_hash=judge.hash
    )


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def near(one: Any, other: Any, *, path: str = "") -> None:
    """The same numbers to 1e-6, wherever they are."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for name in one:
            near(one[name], other[name], path=f"{path}.{name}")
    else:
        assert one == pytest.approx(other, abs=1e-6, rel=1e-6), path


def test_measured_again_from_the_folder_alone_it_is_the_same_bytes(world, copied, judges) -> None:
    measure_samples(copied, judges, DRAWS).save(copied)
    for name in (METRICS, PROTOCOLS, ABSENT):
        assert (copied / name).read_bytes() == (world.output / name).read_bytes()


def test_neither_stored_order_nor_threads_move_a_number(world, copied, judges, monkeypatch) -> None:
    clips = list(ClipStore(copied / SAMPLES))
    shuffled = [clips[place] for place in np.random.default_rng(1).permutation(len(clips))]
    shutil.rmtree(copied / SAMPLES)
    write_clips(copied / SAMPLES, shuffled)
    asked = read(copied, ASKED)
    for part in ("clips", "edits", "questions"):
        asked[part] = {group: cases[::-1] for group, cases in asked[part].items()}
    (copied / ASKED).write_text(json.dumps(asked))
    monkeypatch.setattr("laban.evaluators.evaluator.BATCH", 5)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    found = measure_samples(copied, judges, DRAWS)
    torch.set_num_threads(threads)
    near(json.loads(json.dumps(found.metrics)), read(world.output, METRICS))
    assert found.protocols == read(world.output, PROTOCOLS)


def test_every_table_has_truth_and_chance_and_a_protocol(world) -> None:
    metrics, protocols = read(world.output, METRICS), read(world.output, PROTOCOLS)
    assert set(metrics) == {"t2m", "m2t", "reaction", "prediction", "editing", "reasoning"}
    for task, groups in metrics.items():
        for group, rows in groups.items():
            assert rows.keys() >= REFERENCE_ROWS | {"interval"}, task
            Protocol.from_dict(protocols[f"{task} {group}"])
            own = {name for name, value in rows.items() if not isinstance(value, dict)}
            assert own == set(rows["interval"]), task
    assert metrics["t2m"]["test"]["ground_truth"]["fid"] == pytest.approx(0.0, abs=1e-6)
    assert metrics["editing"]["test"]["ground_truth"]["target_r_precision_top1"] == 1.0
    assert metrics["editing"]["test"]["copy"]["source_r_precision_top1"] == 1.0
    assert metrics["reaction"]["test"]["ground_truth"]["contact_f1"] == 1.0
    assert metrics["prediction"]["test"]["ground_truth"]["ade_mm"] == 0.0
    assert metrics["reasoning"]["test"]["ground_truth"]["facts_right"] > 0.85 > metrics["reasoning"]["test"]["chance"]["facts_right"]


def test_peoples_captions_do_not_score_one_by_construction(world) -> None:
    samples = Samples(world.output)
    for case in samples.asked.clips["test"]:
        assert case.caption not in case.references
    truth = read(world.output, METRICS)["m2t"]["test"]["ground_truth"]
    assert 0.1 < truth["bleu4"] < 0.95
    assert truth["rouge_l"] < 0.95


def test_what_nobody_named_is_absent_with_the_reason(world) -> None:
    metrics, absent = read(world.output, METRICS), read(world.output, ABSENT)
    flat = json.dumps(metrics)
    for name in ("bert_score", "mauve", "llm_coherence", "r_precision_top1_pool96", "multimodality"):
        assert f'"{name}"' not in flat
    assert "evaluate.bertscore_model" in absent["m2t"]["test"]["bert_score"]
    assert "evaluate.judge_endpoint" in absent["reasoning"]["test"]["judge"]
    assert absent["t2m"]["test"]["r_precision_pool96"] == "36 pairs fill no pool of 96"


def test_failed_answers_are_counted_and_never_nan(world, copied, judges) -> None:
    """One motion is not finite, one is missing, one text is empty."""
    case = Samples(copied).asked.clips["test"][0].id
    kept = {clip.id: clip for clip in ClipStore(copied / SAMPLES)}
    broken = kept[f"t2m/{case}/0"].positions.copy()
    broken[3, 1, 4, 2] = np.nan
    kept[f"t2m/{case}/0"] = replace(kept[f"t2m/{case}/0"], positions=broken)
    del kept[f"reaction/{case}/1"]
    shutil.rmtree(copied / SAMPLES)
    write_clips(copied / SAMPLES, kept.values())
    texts = read(copied, TEXTS)
    texts[f"m2t/{case}/0"] = ""
    (copied / TEXTS).write_text(json.dumps(texts))
    found = json.loads(json.dumps(measure_samples(copied, judges, DRAWS).metrics, allow_nan=False))
    for task in ("t2m", "reaction", "m2t"):
        assert found[task]["test"]["failed"] == pytest.approx(1 / 36 / 2)
    near(found["t2m"]["test"]["ground_truth"], read(world.output, METRICS)["t2m"]["test"]["ground_truth"])


def test_a_task_in_which_everything_failed_says_only_that(world, copied, judges) -> None:
    kept = [clip for clip in ClipStore(copied / SAMPLES) if not clip.id.startswith(("t2m/", "reaction/", "prediction/"))]
    shutil.rmtree(copied / SAMPLES)
    write_clips(copied / SAMPLES, kept)
    metrics = measure_samples(copied, judges, DRAWS).metrics
    for task in ("t2m", "reaction", "prediction"):
        assert {name: value for name, value in metrics[task]["test"].items() if not isinstance(value, dict)} == {"failed": 1.0}


def test_numbers_of_two_evaluators_are_refused_side_by_side(world, copied, judges) -> None:
    other = Judges(evaluator=judges.judge, evaluator_hash=judges.judge_hash)
    found = measure_samples(copied, other, DRAWS)
    ours, theirs = (Protocol.from_dict(said["t2m test"]) for said in (read(world.output, PROTOCOLS), found.protocols))
    with pytest.raises(ValueError, match="evaluator: .*judge: "):
        table({"ours": Measured(values={}, protocol=ours), "theirs": Measured(values={}, protocol=theirs)})
    assert not any(name.startswith("judge_") for name in found.metrics["t2m"]["test"])


def test_an_evaluator_of_another_representation_is_named(world, copied) -> None:
    one = judge_of_one_person()
    with pytest.raises(ValueError, match="humanml3d"):
        measure_samples(copied, Judges(evaluator=one, evaluator_hash="h"), DRAWS)


def judge_of_one_person() -> Evaluator:
    from laban.evaluators.building import reader_of, untrained
    from laban.evaluators.config import EvaluatorConfig
    from laban.evaluators.views import HUMANML3D

    reader = reader_of("towers", ["One person waves."], None)
    config = EvaluatorConfig(
        architecture="towers", representation="humanml3d", text=reader.name, entries=reader.entries, state_width=reader.state_width,
        kinds=(), width=16, text_width=16, layers=1, heads=4, feed_width=24, embedding_dim=16,
    )  # fmt: skip
    return untrained(config, reader, [np.random.default_rng(0).normal(size=(9, HUMANML3D.width))])


def test_a_folder_without_samples_is_named(tmp_path, judges) -> None:
    with pytest.raises(ValueError, match="asked.json is absent.*holds no stored samples"):
        measure_samples(tmp_path, judges, DRAWS)


def test_a_killed_evaluation_goes_on_where_it_was(world, tmp_path, monkeypatch) -> None:
    """One batch is lost: it alone is generated again, and gives the same samples."""
    from laban.evaluation.sampler import Sampler
    from laban.stages.evaluate import evaluate

    scratch = tmp_path / "scratch"
    shutil.copytree(world.scratch, scratch)
    shutil.rmtree(scratch / "samples" / "m2t-test-1")
    asked: list[str] = []
    ask = Sampler._ask
    monkeypatch.setattr(Sampler, "_ask", lambda self, task, *rest: asked.append(task) or ask(self, task, *rest))
    output = tmp_path / "evaluation"
    output.mkdir()
    evaluate.function(world.settings, **world.inputs, work=Work(output, scratch))
    assert asked == ["m2t"]
    for name in (TEXTS, ASKED, METRICS, PROTOCOLS):
        assert (output / name).read_bytes() == (world.output / name).read_bytes()
