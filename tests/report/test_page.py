"""The page: whole, safe, small, and plain about what is not there."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from folders import HOSTILE, close, moving, whole_run

from laban import cli, params
from laban.closure import closure
from laban.report import collect, scenes
from laban.report.charts import tables
from laban.report.page import VIEWER, write_report, write_shown

VOID = {"meta", "link", "input", "img", "br", "hr"}


class Reader(HTMLParser):
    """Elements with their attributes; raises where an element is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data


def read(page: Path) -> Reader:
    reader = Reader()
    reader.feed(page.read_text("utf-8"))
    reader.close()
    assert not reader.open
    return reader


def embedded(page: Path) -> dict:
    found = re.search(r'<script type="application/json" id="scenes">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkout")


@pytest.fixture(scope="module")
def page(root: Path) -> Path:
    return write_report(whole_run(root), root=root, wall_s=12.0)


def test_the_page_needs_no_network_and_is_well_formed(page: Path) -> None:
    for tag, attributes in read(page).seen:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            value = attributes.get(name) or ""
            assert not re.match(r"(?i)\s*(https?:)?//", value), (tag, value)
        assert "src" not in attributes, f"<{tag}> loads something"
    style = read(page).text["style"]
    assert "url(" not in style
    assert "@import" not in style


def test_thirty_clips_stay_under_five_megabytes(root: Path, page: Path) -> None:
    reel = scenes.Reel()
    for number in range(30):
        reel.add(f"clip-{number}", moving(number), 30.0)
    assert len(json.dumps(reel.as_dict())) + VIEWER.stat().st_size < 5e6
    assert page.stat().st_size < 5e6


def test_words_from_data_stay_words(page: Path) -> None:
    source = page.read_text("utf-8")
    assert "taken" in source, "the hostile caption is on the page"
    assert "<script>document.title" not in source
    assert "<img" not in source
    assert [scene for scene in embedded(page)["scenes"] if scene["caption"] == HOSTILE], "and reads as it was written"


def test_every_scene_shows_motion_that_is_there(page: Path) -> None:
    shown = embedded(page)
    groups = {scene["group"] for scene in shown["scenes"]}
    assert groups == {"generated", "reaction", "prediction", "answered", "editing", "conversation", "source"}
    for scene in shown["scenes"]:
        for pane in scene["panes"]:
            clip = shown["clips"][pane["clip"]]
            assert set(pane["who"]) <= set(range(clip["people"]))
            assert pane["start_s"] < clip["frames"] / clip["fps"]
    ids = [scene["id"] for scene in shown["scenes"]]
    assert len(ids) == len(set(ids))


def test_a_reaction_is_shown_with_the_person_that_it_answers(page: Path) -> None:
    scene = next(scene for scene in embedded(page)["scenes"] if scene["group"] == "reaction")
    assert [pane["label"] for pane in scene["panes"]] == ["A given, B generated", "Truth"]
    assert scene["panes"][0]["notes"] == ["given", "generated"]
    assert embedded(page)["clips"][scene["panes"][0]["clip"]]["people"] == 2


def test_an_edit_stands_beside_what_it_changed_and_a_prediction_says_what_was_given(page: Path) -> None:
    shown = embedded(page)["scenes"]
    edit = next(scene for scene in shown if scene["group"] == "answered")
    assert [(pane["label"], pane["clip"].split("@")[0]) for pane in edit["panes"]] == [("Before", "proc-1"), ("After", "editing/conv-0/0")]
    ahead = next(scene for scene in shown if scene["group"] == "prediction")
    assert ahead["panes"][0]["cut_s"] == pytest.approx(4 * 8 / 30)


def test_numbers_stand_beside_what_they_are_compared_with(root: Path, page: Path) -> None:
    (table,) = tables(collect.run(root / "out" / "smoke", root=root))
    assert table.columns == ["chance", "ground_truth"]
    kind, fid = table.rows
    assert (kind.beats_chance, fid.beats_chance) == (True, False)
    assert kind.place(0.33) == 0
    assert kind.place(0.99) == pytest.approx(100)
    text = page.read_text("utf-8")
    for said in ("0.750", "± 0.0100", "better than chance in 1 of 2", "laban version 3", "1 of 1"):
        assert said in text, said


def test_every_control_has_a_name_and_every_table_a_caption(page: Path) -> None:
    text = page.read_text("utf-8")
    for tables_ in re.findall(r"<table.*?</table>", text, re.DOTALL):
        assert "<caption>" in tables_
        assert re.search(r'<th scope="col"', tables_)
    for tag, attributes in read(page).seen:
        if tag in ("input", "svg") and attributes.get("aria-hidden") != "true":
            assert attributes.get("aria-label"), (tag, attributes)
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")


def test_what_is_absent_is_said(tmp_path: Path) -> None:
    folder = whole_run(tmp_path, clips=3)
    for name in ("evaluation", "codes", "conversations", "tokenizer"):
        for path in sorted((folder / name).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    text = write_report(folder, root=tmp_path).read_text("utf-8")
    for said in (
        "No model has been evaluated yet",
        "No motion has been encoded yet",
        "No training has finished yet",
        "holds no samples yet",
    ):
        assert said in text, said
    assert "source-proc-0" in text


def test_a_red_gate_is_the_first_thing_told(tmp_path: Path) -> None:
    text = write_report(whole_run(tmp_path, passed=False, clips=3), root=tmp_path).read_text("utf-8")
    assert text.index("Stopped by a gate") < text.index('id="motion"')
    assert "3 of 30 rows are less than 8" in text


@pytest.mark.parametrize("name", ["evaluation/metrics.json", "tokenizer/loss.json", "verdicts/clips/verdict.json", "clips/manifest.json"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    folder = whole_run(tmp_path, clips=3)
    (folder / name).write_text("{")
    with pytest.raises(ValueError, match=re.escape(name)):
        write_report(folder, root=tmp_path)


def test_stages_that_were_not_run_again_are_told_from_those_that_were(root: Path, page: Path) -> None:
    assert not any(stage.fresh for stage in collect.run(root / "out" / "smoke", root=root, since=2e9).stages)
    assert sum(stage.fresh for stage in collect.run(root / "out" / "smoke", root=root).stages) == 4


# --- laban data show --------------------------------------------------------------------------------------------------


def test_an_artifact_is_shown_beside_itself_and_left_as_it_is(root: Path, page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["data", "show", str(root / "out" / "smoke" / "clips"), "--clip", "proc-7"])
    target = Path(capsys.readouterr().out.strip())
    assert target == root / "out" / "smoke" / "clips.html"
    assert [scene["id"] for scene in embedded(target)["scenes"]] == ["source-proc-7"]
    read(target)
    cli.main(["verify", str(root / "out" / "smoke" / "clips")])


def test_a_verdict_and_a_motion_file_are_shown(root: Path, page: Path, tmp_path: Path) -> None:
    cli.main(["data", "show", str(root / "out" / "smoke" / "verdicts" / "clips"), "--save", str(tmp_path / "verdict.html")])
    assert "All 1 expectations" in (tmp_path / "verdict.html").read_text("utf-8")
    np.save(tmp_path / "answer.npy", moving(3))
    cli.main(["data", "show", str(tmp_path / "answer.npy")])
    assert embedded(tmp_path / "answer.html")["clips"]["answer"]["frames"] == 120


@pytest.mark.parametrize(("words", "said"), [(["clips", "--clip", "nobody"], "holds no clip 'nobody'"), (["nowhere"], "nothing to show")])
def test_a_mistake_is_one_line(root: Path, page: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["data", "show", str(root / "out" / "smoke" / words[0]), *words[1:]])
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_changed_artifact_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "numbers").mkdir()
    (tmp_path / "numbers" / "metrics.json").write_text('{"a": 1}')
    close(tmp_path / "numbers", "tokenizer")
    write_shown(tmp_path / "numbers", clips=[])
    (tmp_path / "numbers" / "metrics.json").write_text('{"a": 2}')
    with pytest.raises(ValueError, match="is changed"):
        write_shown(tmp_path / "numbers", clips=[])


def test_no_stage_is_made_of_the_page() -> None:
    for stage in params.stages():
        assert not [name for name in closure(f"laban.stages.{stage}") if name.startswith("laban/report/")], "a page reruns no stage"


# --- the script -------------------------------------------------------------------------------------------------------


def test_the_script_is_built_from_the_sources_beside_it() -> None:
    viewer = VIEWER.parent.parent / "viewer"
    digest = hashlib.sha256()
    for name in ["package.json", *sorted(f"src/{path.name}" for path in (viewer / "src").iterdir())]:
        digest.update(name.encode() + b"\0" + (viewer / name).read_bytes())
    head = VIEWER.read_text("utf-8")[:2000]
    assert digest.hexdigest() in head, "the sources of the viewer have changed: build it again, as docs/report.md says"
    assert "three.js authors" in head
    assert "Permission is hereby granted" in head
    assert VIEWER.stat().st_size < 700e3
