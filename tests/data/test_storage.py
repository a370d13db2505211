"""Storage: what is written is read, in any order, by any process, and without keeping it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from laban.data import clip as storage
from laban.data.clip import INDEX, Caption, Clip, ClipStore, write_clips
from laban.data.summary import count, summarise


def clip(number: int, *, frames: int = 6, people: int = 2, rotations: bool = True, captions: int = 2) -> Clip:
    rng = np.random.default_rng(number)
    return Clip(
        id=f"c{number:04d}",
        positions=rng.normal(size=(frames, people, 22, 3)).astype(np.float32),
        root=rng.normal(size=(frames, people, 3)).astype(np.float32),
        offsets=rng.normal(size=(people, 22, 3)).astype(np.float32) if rotations else None,
        rotations=rng.normal(size=(frames, people, 22, 6)).astype(np.float32) if rotations else None,
        captions=tuple(Caption(text=f"número {number}.{n}", start_s=0.0, end_s=frames / 30, source="human") for n in range(captions)),
        split=("train", "val", "test")[number % 3],
        source="test",
        licence="CC0",
        actor=(None, 0, 1)[number % 3],
        kind="wave" if number % 2 else "",
        style={"speed": "fast", "hand": number} if number % 2 else {},
        group=f"g{number // 2}",
        residual_m=0.01 * number,
        notes=("end cut off",) if number % 4 == 0 else (),
    )


def equal(one: Clip, other: Clip) -> bool:
    arrays = ("positions", "root", "offsets", "rotations")
    plain = {name: value for name, value in vars(one).items() if name not in (*arrays, "style")}
    assert plain == {name: vars(other)[name] for name in plain}
    assert {name: str(value) for name, value in one.style.items()} == dict(other.style)
    for name in arrays:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    return True


@pytest.fixture
def clips() -> list[Clip]:
    return [clip(n, frames=3 + n % 4, people=1 + n % 3, rotations=n % 5 > 0, captions=n % 3) for n in range(30)]


def test_what_is_written_is_read_in_any_order(tmp_path, clips):
    store = write_clips(tmp_path, clips)
    for number in np.random.default_rng(0).permutation(len(clips)):
        assert equal(clips[number], store[clips[number].id])
        assert equal(clips[number], store.at(int(number)))
    assert [one.id for one in ClipStore(tmp_path)] == [one.id for one in clips]
    assert [one.id for one in store.split("val", "test")] == [one.id for one in clips if one.split != "train"]


def test_shards_are_cut_by_size_and_by_number(tmp_path, monkeypatch):
    made = [clip(n) for n in range(10)]
    size = sum(4 * array.size for array in (made[0].positions, made[0].root, made[0].offsets, made[0].rotations))
    for name, limit in {"SHARD_BYTES": 3 * size, "SHARD_CLIPS": 3}.items():
        with monkeypatch.context() as patch:
            patch.setattr(storage, name, limit)
            store = write_clips(tmp_path / name, made)
        assert Counter(store.column("shard").tolist()) == {0: 3, 1: 3, 2: 3, 3: 1}
        assert all(equal(one, other) for one, other in zip(made, store, strict=True))


def test_more_shards_than_files_may_be_open(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "SHARD_CLIPS", 1)
    monkeypatch.setattr(storage, "OPEN_SHARDS", 4)
    made = [clip(n) for n in range(20)]
    store, before = write_clips(tmp_path, made), len(os.listdir("/proc/self/fd"))
    kept = [store.at(n) for n in (*range(20), *range(20))]
    assert len(os.listdir("/proc/self/fd")) <= before + 4
    assert all(equal(made[n % 20], one) for n, one in enumerate(kept))


def test_clips_are_written_in_bounded_memory(tmp_path, monkeypatch):
    """A clip is let go of once it is written: no list of them is made on the way."""
    monkeypatch.setattr(storage, "SHARD_CLIPS", 8)
    alive, most = Counter[str](), 0

    class Tracked(np.ndarray):
        def __del__(self) -> None:
            alive["arrays"] -= 1

    def stream() -> Iterator[Clip]:
        nonlocal most
        for number in range(64):
            alive["arrays"] += 1
            most = max(most, alive["arrays"])
            yield Clip(
                id=str(number),
                positions=np.zeros((4, 2, 22, 3), np.float32).view(Tracked),
                captions=(),
                split="train",
                source="s",
                licence="l",
            )

    assert len(write_clips(tmp_path, stream())) == 64
    assert most <= 3


def _hash(store: ClipStore, number: int) -> str:
    return store.at(number).content_hash()


@pytest.mark.heavy
@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_a_store_goes_into_other_processes(tmp_path, clips, way):
    """Both sides read at once from files that were open before."""
    store = write_clips(tmp_path, clips)
    expected = [one.content_hash() for one in store] * 3
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(way)) as pool:
        found = [pool.submit(_hash, store, number % 30) for number in range(90)]
        assert [_hash(store, number % 30) for number in range(90)] == expected
        assert [future.result() for future in found] == expected


def test_a_pickled_store_is_its_folder(tmp_path, clips):
    store = write_clips(tmp_path, clips)
    store.at(0)
    pickled = pickle.dumps(store)
    assert len(pickled) < 500
    assert equal(clips[3], pickle.loads(pickled).at(3))


def test_arrays_outlive_the_store(tmp_path, clips):
    positions = [one.positions for one in write_clips(tmp_path, clips)]
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    assert all((one.positions == array).all() for one, array in zip(clips, positions, strict=True))


def test_a_repeated_id_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="clip id 'c0000' occurs twice: in recording 'g0' and in 'g0'"):
        write_clips(tmp_path, [clip(0), clip(1), clip(0)])


def test_an_absent_id_is_named(tmp_path, clips):
    store = write_clips(tmp_path, clips)
    assert "c0007" in store
    assert "c9999" not in store
    with pytest.raises(KeyError, match="c9999"):
        store["c9999"]


def test_a_cut_shard_is_an_error_and_not_a_signal(tmp_path, clips):
    write_clips(tmp_path, clips)
    path = tmp_path / storage.SHARD.format(0)
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(ValueError):
        ClipStore(tmp_path).at(0)


def test_no_clip_is_a_store_of_none(tmp_path):
    store = write_clips(tmp_path, [])
    assert len(store) == len(list(store)) == len(store.numbers("train")) == 0
    assert list(pd.read_parquet(tmp_path / INDEX)["id"]) == []


def test_the_index_of_shards_without_a_word_fits_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "SHARD_CLIPS", 2)
    made = [clip(n, captions=0 if n < 4 else 2) for n in (0, 2, 4, 6, 1, 3)]  # the first shards have neither caption nor style
    assert all(equal(one, other) for one, other in zip(made, write_clips(tmp_path, made), strict=True))


def test_equal_clips_are_equal_bytes(tmp_path, clips):
    for name in "ab":
        write_clips(tmp_path / name, clips)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_store_is_counted_by_its_index(tmp_path, clips):
    told = summarise(write_clips(tmp_path, clips))
    assert told["rows"] == 30
    assert told["splits"] == {"test": 10, "train": 10, "val": 10}
    assert told["kinds"] == {"unknown": 15, "wave": 15}
    assert told["people"] == {"1": 10, "2": 10, "3": 10}
    assert told["captions"] == sum(len(one.captions) for one in clips)
    assert told["seconds"]["total"] == pytest.approx(sum(one.seconds for one in clips))
    assert told["arrays"] == {"offsets": 24, "positions": 30, "root": 30, "rotations": 24}
    assert told["notes"] == {"end cut off": 8}
    assert told["fps"] == {"30": 30}
    assert told["bytes"] == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert told["seconds_of_a_clip"]["least"] == pytest.approx(0.1)


def test_nothing_is_counted_as_nothing(tmp_path: Path):
    assert count(write_clips(tmp_path, [])) == {
        "rows": 0,
        "splits": {},
        "sources": {},
        "kinds": {},
        "seconds": {"total": 0.0},
        "captions": 0,
    }
    assert summarise(ClipStore(tmp_path))["seconds_of_a_clip"] == {}
