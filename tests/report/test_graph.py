"""The workflow as it is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from laban.closure import ROOT
from laban.report import graph


def test_the_workflow_of_this_repository_is_read_whole() -> None:
    nodes = {node.name: node for node in graph.read(ROOT / "dvc.yaml", "smoke")}
    assert nodes["prepare"].inputs == ()
    assert {"clips", "tokenizer"} <= {Path(nodes[name].output).name for name in nodes["encode"].inputs}
    assert nodes["encode"].verdict == "out/smoke/verdicts/codes"
    assert not nodes["publish"].verdict
    assert all(nodes[taken].rank < node.rank for node in nodes.values() for taken in node.inputs)
    assert len({(node.rank, node.lane) for node in nodes.values()}) == len(nodes), "no two stages on one place"
    assert graph.purpose(nodes["prepare"].command, ROOT)


def test_only_arrows_that_say_something_are_drawn() -> None:
    inputs = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("a", "c")}
    assert graph.edges(inputs) == [("a", "b"), ("b", "c"), ("c", "d")]


def test_a_file_without_stages_is_named(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text("vars: []")
    with pytest.raises(ValueError, match=r"dvc\.yaml holds no stages"):
        graph.read(tmp_path / "dvc.yaml", "smoke")
