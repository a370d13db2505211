import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from laban import datasets
from laban.data.artifact import folder_digest
from laban.data.clip import ClipStore
from laban.data.expectations import judge
from laban.formats.source import Options
from laban.stages.contract import StageError, Work
from laban.stages.prepare import PrepareSettings, orders_of, prepare
from laban.synthesis.style import KINDS, Style, styles_of

SETTINGS = PrepareSettings(
    seed=7,
    fps=30.0,
    clip_seconds=4.0,
    procedural_clips=136,
    capture="",
    format="",
    shortest_seconds=2.0,
    capture_digest="",
    unfit_share=0.0,
    held_out=0.1,
)

sys.path.append(str(Path(__file__).parent.parent / "formats"))
import tiny_format  # noqa: E402


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
        ({"capture": ".", "format": "bvh", "shortest_seconds": 5.0}, "shortest_seconds is 5.0"),
    ],
)
def test_mistakes_are_named_before_any_work(tmp_path, changes, message):
    with pytest.raises(StageError, match=message):
        made(tmp_path, **changes)
    assert not list((tmp_path / "output").iterdir())


@pytest.fixture
def capture(tmp_path, monkeypatch) -> Path:
    """Ten takes of 2 s and two of 7 s and of 1 s, in a format that is known here alone."""
    monkeypatch.setattr("laban.formats._formats", lambda: {"tiny": tiny_format.FORMAT})
    folder = tiny_format.write(tmp_path / "data", 14)
    for name, frames in (("g5-0", 210), ("g5-1", 210), ("g6-0", 30), ("g6-1", 30)):
        (folder / f"{name}.npy").unlink()
        tiny_format.save(folder, name, frames)
    return folder


def imported(folder: Path, save: Path, fps: float = 30.0) -> Path:
    return datasets.bring_in(tiny_format.FORMAT, folder, save, options=Options(fps=fps), held_out=0.1, seed=7, jobs=1).path


def test_a_data_set_is_imported_and_cut(tmp_path, capture):
    folder = made(tmp_path, procedural_clips=0, capture=str(capture), format="tiny", capture_digest=folder_digest(capture))
    store, metrics = ClipStore(folder), json.loads((folder / "metrics.json").read_text())
    assert set(store.column("frames")) <= {60, 61, 62, 90, 120}
    assert metrics["rejected"]["a clip shorter than 60 frames"] == 2
    assert set(metrics["splits"]) == {"train", "val", "test"}
    assert len({(clip.group, clip.split) for clip in store}) == len({clip.group for clip in store}) == 6


def test_auto_finds_the_format(tmp_path, capture):
    named = made(tmp_path / "named", procedural_clips=0, capture=str(capture), format="tiny")
    found = made(tmp_path / "auto", procedural_clips=0, capture=str(capture), format="auto")
    assert (named / "index.parquet").read_bytes() == (found / "index.parquet").read_bytes()


def test_an_import_may_be_the_capture(tmp_path, capture):
    clips = imported(capture, tmp_path / "imported")
    direct = made(tmp_path / "direct", procedural_clips=0, capture=str(capture), format="tiny")
    stored = made(tmp_path / "stored", procedural_clips=0, capture=str(clips), format="clips", capture_digest=folder_digest(clips))
    assert (direct / "index.parquet").read_bytes() == (stored / "index.parquet").read_bytes()


def test_a_data_set_and_interactions_from_code_are_one_set(tmp_path, capture):
    store = ClipStore(made(tmp_path, procedural_clips=20, capture=str(capture), format="tiny"))
    assert set(store.column("source")) == {"procedural", "tiny"}


def test_an_import_of_another_rate_is_an_error(tmp_path, capture):
    clips = imported(capture, tmp_path / "imported", fps=20.0)
    with pytest.raises(StageError, match=r"has \[20\.0\] frames per second, not 30\.0"):
        made(tmp_path / "a", procedural_clips=0, capture=str(clips), format="clips")


def test_a_damaged_import_is_an_error(tmp_path, capture):
    clips = imported(capture, tmp_path / "imported")
    (clips / "clips-00000.arrow").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"clips-00000\.arrow is changed"):
        made(tmp_path / "a", procedural_clips=0, capture=str(clips), format="clips")


def test_capture_that_changed_since_it_was_composed_is_an_error(tmp_path, capture):
    digest = folder_digest(capture)
    (capture / "g0-0.txt").write_text("they now do something else")
    with pytest.raises(StageError, match="changed since"):
        made(tmp_path / "a", procedural_clips=0, capture=str(capture), format="tiny", capture_digest=digest)


def test_capture_of_which_nothing_can_be_kept_is_an_error(tmp_path, capture):
    with pytest.raises(StageError, match=r"no clip that could be kept: \{'a clip shorter than 225 frames': 14"):
        made(tmp_path / "a", procedural_clips=0, capture=str(capture), format="tiny", shortest_seconds=7.5, clip_seconds=8.0)


def _spoiled(capture: Path) -> str:
    """A recording whose first half second stands still to the bit, as a lost track does."""
    first, *others = sorted(capture.glob("*.npy"))
    for path in (first, *others):
        motion = np.load(path)
        trembling = motion + np.random.default_rng(len(motion)).normal(0, 3e-4, motion.shape).astype(np.float32)
        if path == first:
            trembling[10:60] = trembling[10]
        np.save(path, trembling)
    return first.stem


def test_a_clip_that_the_gate_would_refuse_is_set_aside_and_counted(tmp_path, capture):
    bad = _spoiled(capture)
    whole = ClipStore(made(tmp_path / "whole", procedural_clips=0, capture=str(capture), format="tiny"))
    folder = made(tmp_path / "fit", procedural_clips=0, capture=str(capture), format="tiny", unfit_share=0.5)
    kept, metrics = ClipStore(folder), json.loads((folder / "metrics.json").read_text())
    aside = set(whole.column("id")) - set(kept.column("id"))
    assert aside == {clip.id for clip in whole if clip.id.startswith(bad)} - {clip.id for clip in kept}
    assert aside
    assert sum(count for reason, count in metrics["rejected"].items() if "the gate refuses" in reason and "stiff_s" in reason) == len(aside)


def test_more_unfit_clips_than_allowed_are_an_error(tmp_path, capture):
    _spoiled(capture)
    with pytest.raises(StageError, match=r"clips break a rule of the gate, more than prepare\.unfit_share 0\.01 .*stiff_s"):
        made(tmp_path / "a", procedural_clips=0, capture=str(capture), format="tiny", unfit_share=0.01)
