import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from laban.data.artifact import Artifact, Manifest, list_files, seal
from laban.data.clip import Clip, ClipStore, write_clips
from laban.data.conversation import CLIPS, Conversation, Fact, Part, read_conversations
from laban.data.expectations import judge
from laban.stages.contract import StageError, Work
from laban.stages.prepare import PrepareSettings, procedural
from laban.stages.synthesize import SynthesizeSettings, synthesize
from laban.synthesis.style import KINDS, Style
from laban.synthesis.writer.desk import SHARES

PREPARE = PrepareSettings(
    seed=7,
    fps=30.0,
    clip_seconds=4.0,
    procedural_clips=144,
    capture="",
    format="",
    shortest_seconds=2.0,
    capture_digest="",
    unfit_share=0.0,
    held_out=0.1,
)
SETTINGS = SynthesizeSettings(seed=7, conversations=200, synthetic_clips=40, near_duplicates=0.8)


def artifact(folder: Path, clips: list[Clip]) -> Artifact:
    folder.mkdir(parents=True)
    write_clips(folder, clips)
    return seal(folder, Manifest(kind="clips", stage="prepare", settings={}, parents={}, files=list_files(folder)))


def made(folder: Path, clips: Artifact, **changes) -> Path:
    output = folder / "output"
    output.mkdir(parents=True)
    synthesize(settings=replace(SETTINGS, **changes), clips=clips, work=Work(output, folder / "scratch"))
    return output


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Artifact:
    return artifact(tmp_path_factory.mktemp("clips") / "clips", list(procedural(144, PREPARE)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, clips) -> Path:
    return made(tmp_path_factory.mktemp("synthesize"), clips)


@pytest.fixture(scope="module")
def conversations(folder) -> list[Conversation]:
    return list(read_conversations(folder))


def test_the_embedded_default_passes_its_gate(folder):
    judged = judge("conversations", folder, {"rows": {"min": 198}})
    assert judged.passed, judged.reasons


def test_metrics_agree_with_what_was_written(folder, conversations):
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["rows"] == len(conversations)
    assert metrics["synthetic_clips"]["rows"] == len(ClipStore(folder / CLIPS)) == 40
    assert sum(metrics["tasks"].values()) == sum(metrics["splits"].values()) == sum(metrics["exchanges"].values()) == metrics["rows"]


def test_nothing_leaks_between_splits(folder, clips, conversations):
    real, synthetic = ClipStore(clips.path), ClipStore(folder / CLIPS)
    for conversation in conversations:
        for name in conversation.clips():
            clip = synthetic[name] if name.startswith("syn-") else real[name]
            assert clip.split == conversation.split
            assert Style.of(clip).unseen == (conversation.split == "test_unseen")
    groups = pd.concat([real.index, synthetic.index]).groupby("group")["split"].nunique()
    assert groups.max() == 1, "an edit is in the split of what it edits"


def test_an_edit_changes_what_it_says_and_moves_differently(folder, clips, conversations):
    real, synthetic = ClipStore(clips.path), ClipStore(folder / CLIPS)
    checked = 0
    for conversation in conversations:
        for fact in conversation.facts:
            part = conversation.turns[fact.turn].parts[fact.part]
            if conversation.task != "editing" or part.type != "motion" or not fact.was or part.clip not in synthetic:
                continue
            after = synthetic[part.clip]
            before = next(one for one in (*real, *synthetic) if one.group == after.group and one.id != after.id and _was(one, fact, part))
            assert before.positions.shape == after.positions.shape
            if set(fact.was) - {"starter"}:
                assert np.abs(before.positions - after.positions).max() > 0.02
            checked += 1
    assert checked > 20


def _was(clip: Clip, fact: Fact, part: Part) -> bool:
    """Whether the clip is what an edit began from: what was is so, and all else as in the edited motion."""
    style = Style.of(clip)
    claims = {**fact.claims, **fact.was}
    found = {"kind": style.kind, **style.parameters()}
    if "starter" in found:
        found["starter"] = part.people.index(style.starter)
    return found == claims


def test_people_of_any_number_are_conversed_about(clips, conversations):
    kinds = {row.id: row.kind for row in ClipStore(clips.path).index.itertuples()}
    shown = {KINDS[kinds[name]].people for one in conversations for name in one.clips() if name in kinds}
    assert shown == {1, 2, 3}


def test_near_duplicates_are_written_anew_and_counted(tmp_path, clips):
    silent = [replace(clip, source="cmu", style={}, kind="", captions=()) for clip in list(ClipStore(clips.path))[:3]]
    few = artifact(tmp_path / "clips", silent)
    output = made(tmp_path / "out", few, conversations=600, synthetic_clips=0, near_duplicates=0.5)
    rejected = json.loads((output / "metrics.json").read_text())["rejected"]
    assert set(rejected) == {"near duplicate, written anew", "near duplicate, dropped"}
    written = list(read_conversations(output))
    assert len(written) == 600 - rejected["near duplicate, dropped"]
    assert len({one.turns for one in written}) == len(written)


def test_capture_alone_still_works(tmp_path, clips):
    real = [
        replace(clip, source="cmu", style={}, kind="", group=clip.id, split="train" if n % 5 else "val")
        for n, clip in enumerate(ClipStore(clips.path))
        if n < 30
    ]
    output = made(tmp_path / "out", artifact(tmp_path / "clips", real), conversations=80, synthetic_clips=20)
    assert judge("conversations", output, {"rows": {"min": 80}}).passed
    written = list(read_conversations(output))
    assert {one.task for one in written} == set(SHARES)
    assert {one.split for one in written} == {"train", "val"}


def test_without_synthetic_clips_and_with_procedural_ones(tmp_path, clips):
    output = made(tmp_path, clips, conversations=40, synthetic_clips=0)
    assert {one.task for one in read_conversations(output)} == set(SHARES) - {"editing", "story"}
    assert judge("conversations", output, {"rows": {"min": 40}}).passed


def test_mistakes_are_named(tmp_path, clips):
    with pytest.raises(StageError, match="conversations is 0"):
        made(tmp_path / "a", clips, conversations=0)
    with pytest.raises(StageError, match="near_duplicates is 2"):
        made(tmp_path / "b", clips, near_duplicates=2)


SCRIPT = """
import sys
from pathlib import Path
from laban.data.artifact import Artifact, Manifest, list_files
from laban.stages.contract import Work
from laban.stages.prepare import PrepareSettings, prepare
from laban.stages.synthesize import SynthesizeSettings, synthesize
root = Path(sys.argv[1])
for name in ("clips", "conversations"):
    (root / name).mkdir()
settings = PrepareSettings(
    seed=7, fps=30.0, clip_seconds=4.0, procedural_clips=48, capture="", format="", shortest_seconds=2.0, capture_digest="",
    unfit_share=0.0, held_out=0.1,
)
prepare(settings=settings, work=Work(root / "clips", root))
clips = Artifact(root / "clips", Manifest(kind="clips", stage="prepare", settings={}, parents={}, files={}))
settings = SynthesizeSettings(seed=7, conversations=40, synthetic_clips=8, near_duplicates=0.8)
synthesize(settings=settings, clips=clips, work=Work(root / "conversations", root))
print(sorted(list_files(root).items()))
"""


def test_equal_settings_make_equal_bytes_in_any_process(tmp_path):
    printed = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / seed)]
        printed.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert printed[0] == printed[1]
    assert "conversations.jsonl" in printed[0]
