import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from laban import tracking
from laban.data.artifact import Artifact
from laban.registry import ledger
from laban.registry.package import register, stored
from laban.registry.promotion import champion, history, promote, rollback

Published = Callable[..., Artifact]


def _stored_file(version: str, name: str) -> Path:
    client = tracking.connect()
    with stored(client, client.get_model_version("laban", version)) as package:
        return package / name


def _alias() -> str:
    return ledger.alias(tracking.connect(), "laban")


def test_the_same_bytes_are_the_same_version(published: Published) -> None:
    package = published(0)
    again = register(package.path, "laban")
    assert (again.version, again.fresh, again.hash) == ("1", False, package.hash)
    other = register(published(1).path, "laban")
    assert other.version == "2"
    assert register(package.path, "laban").version == "1"
    assert str(tracking.connect().get_model_version_by_alias("laban", "challenger").version) == "1"


def test_bytes_that_the_store_lost_are_uploaded_anew(published: Published) -> None:
    package = published(0)
    _stored_file("1", "model/model.safetensors").unlink()
    again = register(package.path, "laban")
    assert (again.version, again.fresh) == ("2", True)
    assert register(package.path, "laban").version == "2"


def test_promotion_history_and_rollback(published: Published) -> None:
    first, second = published(0), published(1)
    assert "nothing was changed (dry run)" in promote("laban", "1", why="a look", dry_run=True)
    assert _alias() == ""
    promote("laban", "1", why="the first", who="ann")
    assert "2 is champion (entry 2 of laban-ledger)" in promote("laban", why="better by 0.1", who="bob")
    assert champion("laban").hash == second.hash
    assert champion("laban", "1").hash == first.hash
    assert "is champion already" in promote("laban", "2", why="again")
    rollback("laban", why="it fell over", who="ann")
    assert (_alias(), champion("laban").hash) == ("1", first.hash)
    lines = history("laban")
    assert [line.split("Z  ")[1].split("  ")[0] for line in lines] == ["promote none -> 1", "promote 1 -> 2", "rollback 2 -> 1"]
    assert lines[-1].endswith("by ann: it fell over <- champion")
    with pytest.raises(ValueError, match="no former champion"):
        rollback("laban", why="further")


def test_any_command_repairs_the_alias(published: Published) -> None:
    published(0), published(1)
    promote("laban", "1", why="the first")
    tracking.connect().set_registered_model_alias("laban", "champion", "2")
    history("laban")
    assert _alias() == "1"
    tracking.connect().delete_registered_model_alias("laban", "champion")
    assert champion("laban").manifest.settings["name"] == "laban"
    assert _alias() == "1"


def test_changed_bytes_are_not_promoted(published: Published) -> None:
    published(0)
    path = _stored_file("1", "model/model.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"laban version 1 may not be promoted: .*model\.safetensors is changed"):
        promote("laban", why="anyway")


def test_a_loader_that_is_not_ours_is_not_promoted(published: Published) -> None:
    published(0)
    path = _stored_file("1", "model").parent.parent.parent / "MLmodel"
    path.write_text(path.read_text().replace("laban.serve", "os"))
    with pytest.raises(ValueError, match="is not of our making: it loads 'os'"):
        promote("laban", why="anyway")


def test_a_version_whose_tags_name_another_evaluation_is_not_promoted(published: Published) -> None:
    published(0)
    tracking.connect().set_model_version_tag("laban", "1", "evaluation", "e" * 64)
    with pytest.raises(ValueError, match="its tag names evaluation"):
        promote("laban", why="anyway")


def test_a_version_that_laban_did_not_publish_is_not_promoted(mlflow_home: Path) -> None:
    client = tracking.connect()
    client.create_registered_model("laban")
    client.create_model_version("laban", (mlflow_home / "nowhere").as_uri())
    with pytest.raises(ValueError, match="was not published by laban"):
        promote("laban", "1", why="anyway")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: promote("laban", "9", why="x"), "laban has no version 9"),
        (lambda: promote("laban", "other", why="x"), "laban has no alias 'other'"),
        (lambda: promote("laban", why=" "), "--why is empty"),
        (lambda: promote("nobody", why="x"), "has no model 'nobody'"),
        (lambda: promote("la'ban", why="x"), "only letters, digits"),
        (lambda: champion("laban"), "laban has no champion yet"),
        (lambda: rollback("laban", why="x"), "no former champion"),
    ],
)
def test_refusals_are_clear(published: Published, call: Callable[[], Any], message: str) -> None:
    published(0)
    with pytest.raises(ValueError, match=message):
        call()


def _promote_together(version: str, gate: Any, answers: Any, environment: dict[str, str]) -> None:
    """Promote, but write only once everybody has read the ledger."""
    os.environ.update(environment)
    write = ledger.append

    def append(*args: Any) -> int:
        gate.wait(60)
        return write(*args)

    ledger.append = append  # type: ignore[assignment]
    try:
        answers.put((version, promote("laban", version, why=f"process {version}", who=f"process {version}")))
    except ValueError as error:
        answers.put((version, f"lost: {error}"))


def test_of_concurrent_promotions_exactly_one_wins(published: Published) -> None:
    for seed in range(3):
        published(seed)
    promote("laban", "1", why="the first")
    context = multiprocessing.get_context("spawn")
    gate, answers = context.Barrier(2), context.Queue()
    environment = {name: os.environ[name] for name in ("MLFLOW_TRACKING_URI", "LABAN_WORK")}
    processes = [context.Process(target=_promote_together, args=(version, gate, answers, environment)) for version in "23"]
    for process in processes:
        process.start()
    said = dict(answers.get(timeout=90) for _ in processes)
    for process in processes:
        process.join(30)
    winners = [version for version, answer in said.items() if "is champion" in answer]
    assert len(winners) == 1, said
    (loser,) = {"2", "3"} - set(winners)
    assert f"lost: laban: 1 -> {loser}" in said[loser]
    assert f"process {winners[0]} had just made version {winners[0]} champion" in said[loser]
    assert _alias() == winners[0]
    assert sum("void" in line for line in history("laban")) == 1
    assert "is champion" in promote("laban", loser, why="after a look at the other")
