"""Importing: the same bytes however many processes there are and however often they are killed; whole or absent; every loss counted."""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import interhuman_files
import numpy as np
import pytest
import tiny_format
from tiny_format import FORMAT, SLEEP_S

from laban import datasets
from laban.data.artifact import Artifact, open_artifact
from laban.data.clip import ClipStore
from laban.formats import FORMATS, importing
from laban.formats.importing import choose, import_clips, partition, split_by_hash
from laban.formats.source import Options, Recording

RUN = """
import sys
from pathlib import Path
import tiny_format
from laban import datasets
from laban.formats import importing
from laban.formats.source import Options
if __name__ == "__main__":
    importing.SHARD_RECORDINGS = 2
    folder, save = map(Path, sys.argv[1:3])
    datasets.bring_in(tiny_format.FORMAT, folder, save, options=Options(), held_out=0.1, seed=7, jobs=int(sys.argv[3]))
"""


WRITE = importing.write_shard


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "SHARD_RECORDINGS", 2)


def bring_in(folder: Path, save: Path, *, jobs: int = 1, fps: float = 30.0) -> Artifact:
    return datasets.bring_in(FORMAT, folder, save, options=Options(fps=fps), held_out=0.1, seed=7, jobs=jobs)


def start(folder: Path, save: Path, *, jobs: int, sleep_s: float, tmp_path: Path, limit: int | None = None) -> subprocess.Popen[str]:
    """An import in a process of its own, by the same function that `laban data import` calls."""
    script = tmp_path / "run.py"
    script.write_text(RUN)
    environment = {**os.environ, SLEEP_S: str(sleep_s), "PYTHONPATH": str(Path(__file__).parent)}

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = [sys.executable, str(script), str(folder), str(save), str(jobs)]
    return subprocess.Popen(words, env=environment, preexec_fn=limited, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finished(save: Path) -> int:
    return len(list(save.with_name(f".{save.name}.import").glob("shards/*.json")))


def test_what_was_read_is_what_is_stored(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 7)
    store = ClipStore(bring_in(folder, tmp_path / "out").path)
    assert [clip.id for clip in store] == sorted(path.stem for path in folder.glob("*.npy"))
    for clip in store:
        np.testing.assert_array_equal(clip.positions, np.load(folder / f"{clip.id}.npy"))
        assert [caption.text for caption in clip.captions] == (folder / f"{clip.id}.txt").read_text().split("\n")
        assert clip.group == clip.id.partition("-")[0]


@pytest.mark.heavy
def test_one_process_and_two_make_the_same_bytes(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 9)
    one, two = (bring_in(folder, tmp_path / f"out{jobs}", jobs=jobs) for jobs in (1, 2))
    assert one.hash == two.hash
    assert open_artifact(tmp_path / "out2", kind="clips").hash == one.hash
    assert not list(tmp_path.glob(".out*.import"))


def test_where_the_folder_lies_does_not_matter(tmp_path):
    here, there = (tiny_format.write(tmp_path / name, 3) for name in ("a", "b/c"))
    assert bring_in(here, tmp_path / "1").hash == bring_in(there, tmp_path / "2").hash


@pytest.mark.heavy
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_import_goes_on_where_it_was(tmp_path, jobs):
    folder, save = tiny_format.write(tmp_path / "data", 12), tmp_path / "out"
    whole = bring_in(folder, tmp_path / "whole")
    process = start(folder, save, jobs=jobs, sleep_s=0.2, tmp_path=tmp_path)
    deadline = time.monotonic() + 60
    while finished(save) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = finished(save)
    assert 2 <= kept < 6
    assert not save.exists()
    assert gone(process.pid), "the pool outlives the process that started it"
    stamps = {path: path.stat().st_mtime_ns for path in save.with_name(".out.import").glob("shards/*.json")}
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "write_shard", lambda path, clips: made.append(path) or WRITE(path, clips))
        assert bring_in(folder, save).hash == whole.hash
    assert len(made) == 6 - len(stamps)


def gone(session: int) -> bool:
    """Whether no process of a session is left, within ten seconds."""
    for _ in range(200):
        found = subprocess.run(["ps", "-s", str(session), "-o", "pid="], capture_output=True, text=True, check=False).stdout.split()
        if not found:
            return True
        time.sleep(0.05)
    return False


def test_only_the_shard_of_a_changed_file_is_made_again(tmp_path, monkeypatch):
    folder, made = tiny_format.write(tmp_path / "data", 8), []
    monkeypatch.setattr(importing, "write_shard", lambda path, clips: made.append(path) or WRITE(path, clips))

    def once(number: int, fps: float = 30.0) -> str:
        made.clear()
        imported = import_clips(
            FORMAT, folder, tmp_path / f"out{number}", options=Options(fps=fps), held_out=0.1, seed=7, scratch=tmp_path / "scratch", jobs=1
        )
        return imported.digest

    first = once(0)
    assert len(made) == 4
    assert once(1) == first
    assert len(made) == 0
    (folder / "g1-0.txt").write_text("they now wave")
    changed = once(2)
    assert len(made) == 1
    assert changed != first
    assert "they now wave" in [caption.text for caption in ClipStore(tmp_path / "out2")["g1-0"].captions]
    assert once(3, fps=20.0) != changed
    assert len(made) == 4
    monkeypatch.setattr(importing, "fingerprint", lambda module: "other code")
    assert once(4) == changed
    assert len(made) == 4


def test_groups_stay_together_and_every_split_has_some(tmp_path):
    store = ClipStore(bring_in(tiny_format.write(tmp_path / "data", 40), tmp_path / "out").path)
    homes = {(group, split) for group, split in zip(store.column("group"), store.column("split"), strict=True)}
    assert len(homes) == 20
    assert Counter(split for _, split in homes) == {"train": 16, "val": 2, "test": 2}


def test_splits_by_hash_do_not_depend_on_order_and_depend_on_the_seed():
    names = [f"g{number}" for number in range(30)]
    assert split_by_hash(names, held_out=0.1, seed=1) == split_by_hash(names[::-1], held_out=0.1, seed=1)
    assert split_by_hash(names, held_out=0.1, seed=1) != split_by_hash(names, held_out=0.1, seed=2)
    assert split_by_hash(names[:2], held_out=0.1, seed=1) == dict.fromkeys(names[:2], "train")
    assert set(split_by_hash(names[:3], held_out=0.1, seed=1).values()) == {"train", "val", "test"}


def test_what_is_set_aside_is_counted_and_listed(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 4)
    for name in ("g0-1", "g1-1"):
        np.save(folder / f"{name}.npy", np.zeros((0, 2, 22, 3), np.float32))
    artifact = bring_in(folder, tmp_path / "out")
    assert json.loads((artifact / "metrics.json").read_text())["rejected"] == {"no frames": 2}
    listed = json.loads((artifact / "rejected.json").read_text())
    assert [(one["id"], one["reason"]) for one in listed] == [("g0-1", "no frames"), ("g1-1", "no frames")]
    assert "g0-1.npy" in listed[0]["detail"]


def test_a_folder_of_nothing_but_rejected_recordings_is_an_error(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 2)
    for path in folder.glob("*.npy"):
        np.save(path, np.zeros((0, 2, 22, 3), np.float32))
    with pytest.raises(ValueError, match=r"every recording was set aside: \{'no frames': 2\}"):
        bring_in(folder, tmp_path / "out")


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.heavy)])
def test_a_bad_file_is_named_with_its_recording(tmp_path, jobs):
    folder = tiny_format.write(tmp_path / "data", 6)
    broken = np.load(folder / "g1-1.npy")
    broken[5] = np.nan
    np.save(folder / "g1-1.npy", broken)
    with pytest.raises(ValueError, match=r"recording g1-1 \(.*g1-1\.npy\): frame 5 is not finite"):
        bring_in(folder, tmp_path / "out", jobs=jobs)
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_named_before_any_work(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 2)
    (folder / "g0-1.txt").unlink()
    with pytest.raises(ValueError, match=r"recording g0-1: .*g0-1\.txt: No such file"):
        bring_in(folder, tmp_path / "out")


@pytest.mark.heavy
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_is_named_and_leaves_nothing_half(tmp_path, jobs):
    folder, save = tiny_format.write(tmp_path / "data", 4), tmp_path / "out"
    process = start(folder, save, jobs=jobs, sleep_s=0, tmp_path=tmp_path, limit=20_000)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "output: cannot be written: " in said
    assert "File too large" in said
    assert not save.exists()
    assert finished(save) == 0
    assert bring_in(folder, save).hash == bring_in(folder, tmp_path / "other").hash


def twice(folder: Path, options: Options) -> list[Recording]:
    return [*tiny_format.find(folder, options), *tiny_format.find(folder, options)[:1]]


def test_a_recording_listed_twice_is_an_error(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 3)
    with pytest.raises(ValueError, match=r"recording 'g0-0' occurs twice \(.*g0-0\.npy and .*g0-0\.npy\)"):
        datasets.bring_in(replace(FORMAT, find=twice), folder, tmp_path / "out", options=Options(), held_out=0.1, seed=7, jobs=1)


def same_id(recording: Recording, options: Options) -> list:
    return [replace(clip, id="one") for clip in tiny_format.read(recording, options)]


def test_two_clips_of_one_id_are_an_error(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 3)
    with pytest.raises(ValueError, match="clip id 'one' occurs twice: in recording 'g0' and in 'g0'"):
        datasets.bring_in(replace(FORMAT, read=same_id), folder, tmp_path / "out", options=Options(), held_out=0.1, seed=7, jobs=1)
    assert not (tmp_path / "out").exists()


def test_what_is_no_import_is_not_overwritten(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 3)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="exists and holds no clips"):
        bring_in(folder, tmp_path / "out")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_an_import_replaces_a_former_one(tmp_path):
    folder = tiny_format.write(tmp_path / "data", 3)
    former = bring_in(folder, tmp_path / "out")
    tiny_format.write(folder, 5)
    assert bring_in(folder, tmp_path / "out").hash != former.hash
    assert len(ClipStore(tmp_path / "out")) == 5


def test_a_folder_that_fits_no_format_names_the_candidates(tmp_path, monkeypatch):
    monkeypatch.setattr("laban.formats._formats", lambda: {"tiny": FORMAT})
    with pytest.raises(ValueError, match=r"looks like no data set that is known; name its format: tiny \(arrays of positions\)"):
        choose("auto", tmp_path)
    with pytest.raises(ValueError, match="no format 'tinny'; there are auto, tiny"):
        choose("tinny", tmp_path)
    with pytest.raises(ValueError, match="is not a folder"):
        choose("auto", tmp_path / "nowhere")
    tiny_format.write(tmp_path, 1)
    assert choose("auto", tmp_path) is FORMAT


def test_a_folder_that_fits_two_formats_names_them(tmp_path, monkeypatch):
    monkeypatch.setattr("laban.formats._formats", lambda: {"tiny": FORMAT, "small": replace(FORMAT, name="small")})
    with pytest.raises(ValueError, match="looks like tiny and small"):
        choose("auto", tiny_format.write(tmp_path, 1))


def test_an_empty_folder_is_an_error(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(ValueError, match="holds no recording of format tiny"):
        bring_in(tmp_path / "data", tmp_path / "out")


def test_a_file_of_many_recordings_counts_for_each_with_its_part(tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "SHARD_RECORDINGS", 1024)
    monkeypatch.setattr(importing, "SHARD_INPUT", 250)
    (tmp_path / "all.h5").write_bytes(bytes(1000))
    shared = [Recording(id=str(number), files=(tmp_path / "all.h5",)) for number in range(10)]
    assert [len(part) for part in partition(shared)] == [3, 3, 3, 1]


def test_every_format_has_its_name_and_can_be_sent_to_a_process():
    assert list(FORMATS) == ["interhuman", "inter-x", "humanml3d", "kit-ml", "motion-x", "bvh", "amc"]
    for name, one in FORMATS.items():
        assert one.name == name
        assert pickle.loads(pickle.dumps(one.read)) is one.read


def test_a_real_data_set_is_found_read_and_split_by_its_lists(tmp_path):
    folder = interhuman_files.write_folder(tmp_path / "InterHuman", "1", "2", "3", "4")
    for split, names in {"train": "1\n2\n", "val": "3\n", "test": "4\n"}.items():
        (folder / "split").mkdir(exist_ok=True)
        (folder / "split" / f"{split}.txt").write_text(names)
    source = choose("auto", folder)
    assert source.name == "interhuman"
    made = datasets.bring_in(source, folder, tmp_path / "out", options=Options(), held_out=0.1, seed=7, jobs=1)
    store = ClipStore(made.path)
    assert {clip.id: clip.split for clip in store} == {"1": "train", "2": "train", "3": "val", "4": "test"}
    columns = np.load(folder / "motions_processed" / "person2" / "3.npy")[:, :66].reshape(-1, 22, 3)
    stored = store["3"].positions[:, 1]
    np.testing.assert_allclose(
        np.linalg.norm(stored[:, 1:] - stored[:, :1], axis=-1), np.linalg.norm(columns[:, 1:] - columns[:, :1], axis=-1), atol=1e-5
    )
