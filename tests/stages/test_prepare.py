import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from laban.data.clip import ClipStore
from laban.data.expectations import judge
from laban.stages.contract import StageError, Work
from laban.stages.prepare import PrepareSettings, orders_of, prepare
from laban.synthesis.style import KINDS, Style, styles_of

SETTINGS = PrepareSettings(seed=7, fps=30.0, clip_seconds=4.0, procedural_clips=136, capture="", capture_digest="", held_out=0.1)


def made(folder: Path, **changes) -> Path:
    output, scratch = folder / "output", folder / "scratch"
    output.mkdir(parents=True)
    prepare(settings=replace(SETTINGS, **changes), work=Work(output, scratch))
    return output


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("prepare"))


def test_the_embedded_default_passes_its_gate(folder):
    judged = judge("clips", folder, {"rows": {"min": 136}})
    assert judged.passed, judged.reasons


def test_splits_hold_what_they_promise(folder):
    store = ClipStore(folder)
    splits = store.index["split"].value_counts()
    seen = len(store) - splits["test_unseen"]
    assert splits["val"] == splits["test"] == round(0.1 * seen)
    for clip in store:
        style = Style.of(clip)
        assert style is not None
        assert style.unseen == (clip.split == "test_unseen")


def test_every_clip_has_three_captions_of_the_grammar_over_its_whole_length(folder):
    for clip in ClipStore(folder):
        assert len({one.text for one in clip.captions}) == 3
        assert {(one.source, one.start_s, one.end_s) for one in clip.captions} == {("grammar", 0.0, 4.0)}


def test_metrics_count_splits_kinds_and_seconds(folder):
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["rows"] == sum(metrics["splits"].values()) == sum(metrics["kinds"].values()) == 136
    assert metrics["seconds"]["total"] == 136 * 4
    assert metrics["captions"] == 3 * 136
    assert set(metrics["kinds"]) == set(KINDS)
    assert metrics["rejected"] == {}


def test_kinds_and_their_styles_come_in_equal_shares():
    orders = list(orders_of(6800, seed=1, held_out=0.1))
    styles = [order.style for order in orders]
    kinds = Counter(style.kind for style in styles)
    assert {kinds[name] for name, kind in KINDS.items() if kind.people == 2} == {400}
    assert {kinds[name] for name, kind in KINDS.items() if kind.people != 2} == {100}
    for kind in ("wave", "handshake", "walk"):
        counts = Counter(style for style in styles if style.kind == kind)
        assert len(counts) == len(styles_of(kind))
        assert max(counts.values()) - min(counts.values()) <= 1
    assert len({order.group for order in orders}) == 6800
    assert 0.06 < sum(order.split == "test_unseen" for order in orders) / 6800 < 0.11


def test_other_lengths_and_rates_are_made(tmp_path):
    (tmp_path / "a").mkdir()
    clip = next(iter(ClipStore(made(tmp_path / "a", procedural_clips=3, fps=20.0, clip_seconds=5.0))))
    assert (clip.frames, clip.fps, clip.captions[0].end_s) == (100, 20.0, 5.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"procedural_clips": 0}, "nothing to make"),
        ({"procedural_clips": -3}, "-3"),
        ({"held_out": 0.6}, "0.6"),
        ({"held_out": 0.0}, "0.0"),
        ({"clip_seconds": 2.0}, "2.0"),
        ({"fps": 5.0}, "5.0"),
        ({"capture": "no/such/folder"}, "no/such/folder is not a folder"),
    ],
)
def test_mistakes_are_named_before_any_work(tmp_path, changes, message):
    with pytest.raises(StageError, match=message):
        made(tmp_path, **changes)
    assert not list((tmp_path / "output").iterdir())
