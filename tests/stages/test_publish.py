import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from laban import tracking
from laban.data.artifact import Artifact, open_artifact, write_json
from laban.stages.contract import StageError, Work, run
from laban.stages.publish import PublishSettings, model_card, publish

Make = Callable[..., SimpleNamespace]


def _package(inputs: SimpleNamespace, folder: Path) -> Path:
    folder.mkdir(parents=True)
    publish(
        settings=PublishSettings(name="laban"),
        model=inputs.model,
        tokenizer=inputs.tokenizer,
        evaluation=inputs.evaluation,
        work=Work(folder, folder.with_name("scratch")),
    )
    return folder


def test_package_holds_what_serving_needs_and_says_where_it_is_from(publishable: Make, tmp_path: Path) -> None:
    inputs = publishable()
    folder = _package(inputs, tmp_path / "package")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        *("model/config.json", "model/model.safetensors", "tokenizer/config.json", "tokenizer/model.safetensors"),
        *("package.json", "MODEL_CARD.md"),
    }
    said = json.loads((folder / "package.json").read_text())
    assert said["tasks"] == ["t2m"]
    assert said["metrics"]["t2m"]["test"]["kind_accuracy"] == 0.9
    assert said["verdicts"]["evaluation"] == said["parents"]["evaluation"] == inputs.evaluation.hash
    assert (folder / "model" / "model.safetensors").read_bytes() == (inputs.model.path / "model" / "model.safetensors").read_bytes()


def test_equal_inputs_give_equal_bytes(publishable: Make, tmp_path: Path) -> None:
    inputs = publishable()
    first, second = _package(inputs, tmp_path / "a" / "p"), _package(inputs, tmp_path / "b" / "p")
    for path in first.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_model_card_puts_each_number_beside_what_it_is_compared_with(publishable: Make) -> None:
    inputs = publishable()
    named = {"model": inputs.model, "tokenizer": inputs.tokenizer, "evaluation": inputs.evaluation}
    card = model_card("laban", named, json.loads((inputs.evaluation / "metrics.json").read_text()))
    assert "| split | metric | model | chance |" in card
    assert "| test | kind_accuracy | 0.9 ± 0.01 | 0.1 |" in card
    assert inputs.model.hash in card


def test_refuses_an_evaluation_of_another_model(publishable: Make, tmp_path: Path) -> None:
    inputs, other = publishable(0), publishable(1)
    inputs.model = other.model
    with pytest.raises(StageError, match="judged model"):
        _package(inputs, tmp_path / "package")


def test_refuses_what_was_made_without_a_verdict(publishable: Make, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="finetune took inputs without a verdict"):
        _package(publishable(ungated=("finetune",)), tmp_path / "package")


def test_refuses_weights_that_can_run_code(publishable: Make, tmp_path: Path) -> None:
    def fill(model: Path, tokenizer: Path) -> None:
        write_json(model / "config.json", {})
        (model / "pytorch_model.bin").write_bytes(b"\x80\x04.")

    with pytest.raises(StageError, match=r"pytorch_model\.bin may run code"):
        _package(publishable(fill=fill), tmp_path / "package")


def test_the_command_registers_a_challenger_and_notes_it(published: Callable[..., Artifact]) -> None:
    package = published()
    record = json.loads(package.path.with_name("package.run.json").read_text())
    assert record["notes"]["registered"] == {"name": "laban", "version": "1", "new": True}
    version = tracking.connect().get_model_version_by_alias("laban", "challenger")
    assert (str(version.version), version.tags["content_hash"]) == ("1", package.hash)
    assert open_artifact(package.path, kind="package").manifest.ungated == ()


def test_without_verdicts_nothing_is_delivered_or_registered(mlflow_home: Path, publishable: Make) -> None:
    inputs = publishable()
    with pytest.raises(ValueError, match="publish took inputs without a verdict"):
        run(publish, settings=PublishSettings(name="laban"), references=inputs.references, output=str(inputs.output), ungated=True)
    assert not inputs.output.exists()
    assert not tracking.connect().search_registered_models()
