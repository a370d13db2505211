"""Every shipped profile composes and is accepted by the stages; the lock can be installed by anyone."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from laban import params
from laban.closure import ROOT, closure

PROFILES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["vars"][0]["profiles"]


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_of_dvc_is_accepted_by_every_stage(name: str, tmp_path: Path) -> None:
    profile = name if (ROOT / "profiles" / f"{name}.yaml").is_file() else name.removesuffix("-smoke") + ",smoke"
    composed = params.compose(profile)
    for stage_name in params.stages():
        stage = getattr(importlib.import_module(f"laban.stages.{stage_name}"), stage_name)
        for section in composed["gate"].values() if stage_name == "gate" else [composed[stage_name]]:
            arguments = ["--settings", json.dumps(section), "--output", str(tmp_path)]
            arguments += [word for given in stage.inputs for word in (f"--{given}", "x")]
            assert stage.parse(arguments)["settings"] is not None


def test_a_value_exists_once() -> None:
    """No default in the code beside `params.yaml`, and no section that nobody reads."""
    composed = params.compose("default")
    sections = {name for name, value in composed.items() if isinstance(value, dict)}
    assert sections == {*re.findall(r"#(\w+)", (params.ROOT / "dvc.yaml").read_text())} >= set(params.stages())
    for stage_name in params.stages():
        stage = getattr(importlib.import_module(f"laban.stages.{stage_name}"), stage_name)
        fields = stage.settings_type.__dataclass_fields__.values()
        assert all(field.default is field.default_factory for field in fields), stage_name  # both MISSING


def test_later_profiles_win_and_a_profile_holds_only_differences() -> None:
    assert params.compose("gpu,smoke")["pretrain"]["steps"] == params.compose("smoke")["pretrain"]["steps"]
    assert params.compose("gpu,smoke")["train_tokenizer"]["residual_depth"] == 4
    assert params.compose("default", ["seed=9"])["pretrain"]["seed"] == 9
    assert params.differences(params.compose("default"), params.compose("default", ["merge.check_tokens=5"])) == [
        "merge.check_tokens: 64 -> 5"
    ]


@pytest.mark.parametrize(("profile", "overrides", "said"), [("nowhere", [], "nowhere"), ("default", ["pretrain.step=3"], "step")])
def test_what_is_not_there_is_named(profile: str, overrides: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        params.compose(profile, overrides)


def test_changed_capture_is_another_digest(tmp_path: Path) -> None:
    (tmp_path / "a_A.bvh").write_text("HIERARCHY")
    first = params.compose("default", [f"prepare.capture={tmp_path}"])["prepare"]["capture_digest"]
    (tmp_path / "a_A.bvh").write_text("HIERARCHY ")
    assert params.compose("default", [f"prepare.capture={tmp_path}"])["prepare"]["capture_digest"] != first != ""


def test_closures_hold_what_a_stage_imports_and_no_more() -> None:
    tokenizer, publish, prepare = (closure(f"laban.stages.{name}") for name in ("train_tokenizer", "publish", "prepare"))
    assert "laban/tokenizer/quantizer.py" in tokenizer
    assert "laban/language/chat.py" not in tokenizer
    assert "laban/registry/package.py" in publish
    assert "laban/formats/mappings/cmu-daz.json" in prepare
    assert all("laban/stages/contract.py" in own for own in (tokenizer, publish, prepare))


def test_the_lock_can_be_installed_by_anyone() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"\+cpu|^(nvidia-|cuda-|torch==|triton)|://|@ file", lock, re.MULTILINE)
    assert "deepspeed==" in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [one for group in [project["dependencies"], *project["optional-dependencies"].values()] for one in group]
    assert {one for one in named if re.match(r"torch\W", one)} == {"torch==2.13.0"}
    for requirement in named:
        name, _, version = requirement.partition("==")
        plain = name.partition("[")[0].replace("_", "-")
        if version and plain != "torch":
            assert f"\n{plain}==" in f"\n{lock}" or f"\n{plain}[" in f"\n{lock}", requirement
