"""Import of a data set's folder: its recordings are read over all cores, shard by shard, and a finished shard is not made again.

A shard is some recordings that follow each other in the format's own order, so it is the same whoever makes it and when. It lies in
a scratch folder under a key that hashes all that decides it: the bytes of its files, the options, and the code that reads them.
Splits are given at the end, in the index alone, so that one more recording does not change every shard.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from laban.closure import fingerprint
from laban.data.artifact import canonical_json, sha256_file, write_json
from laban.data.clip import SHARD, Clip, ClipStore, write_index, write_shard
from laban.formats.source import Format, Options, Recording, Rejected

REJECTED = "rejected.json"
SHARD_INPUT = 32 * 2**20
"""Bytes of a data set's files that make a shard: a second or two of work, which is what a killed import loses."""
SHARD_RECORDINGS = 1024


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import has made."""

    store: ClipStore
    rejected: Counter[str]
    """Reason -> recordings; which ones is in `rejected.json`."""
    digest: str
    """sha256 over all that was read: the files' bytes and the options."""


def choose(name: str, folder: Path) -> Format:
    """The format of that name, or for `auto` the one that fits the folder; raise `ValueError` listing the candidates."""
    from laban.formats import FORMATS

    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    if name != "auto" and name not in FORMATS:
        raise ValueError(f"no format {name!r}; there are auto, {', '.join(FORMATS)}")
    if name != "auto":
        return FORMATS[name]
    fitting = [one for one in FORMATS.values() if one.fits(folder)]
    if len(fitting) != 1:
        found = f"looks like {' and '.join(one.name for one in fitting)}" if fitting else "looks like no data set that is known"
        raise ValueError(f"{folder} {found}; name its format: " + "; ".join(f"{one.name} ({one.about})" for one in FORMATS.values()))
    return fitting[0]


def import_clips(
    source: Format, folder: Path, output: Path, *, options: Options, held_out: float, seed: int, scratch: Path, jobs: int
) -> Imported:
    """Read every recording of `folder` into a store of clips at `output`, in `jobs` processes; finished shards are kept in `scratch`.

    Groups that the data set gives no split are split by a hash of `seed` and name, a share of `held_out` for val and for test. The
    same folder and options make the same bytes, however many processes there are and however often it was killed.
    Raises `ValueError` naming recording and file, or the folder that cannot be written.
    """
    recordings = source.find(folder, options)
    _check_unique(recordings, source, folder)
    scratch.mkdir(parents=True, exist_ok=True)
    for half in scratch.glob("*.*.*"):
        half.unlink()
    common = {"format": source.name, "fps": options.fps, "body_model": sha256_file(options.body_model) if options.body_model else ""}
    code = fingerprint(source.read.__module__)
    tasks = [
        _Task(recordings=part, read=source.read, options=options, folder=folder, scratch=scratch, common=common, code=code)
        for part in partition(recordings)
    ]
    try:
        shards = _make_all(tasks, jobs)
        return _assemble(shards, output, scratch, held_out=held_out, seed=seed)
    except OSError as error:
        raise ValueError(f"{output}: cannot be written: {error}; make room and run the same again: finished shards are kept") from error


def _check_unique(recordings: Sequence[Recording], source: Format, folder: Path) -> None:
    if not recordings:
        raise ValueError(f"{folder}: holds no recording of format {source.name} ({source.about})")
    homes: dict[str, Recording] = {}
    for recording in recordings:
        if recording.id in homes:
            files = " and ".join(str(path) for one in (homes[recording.id], recording) for path in one.files[:1])
            raise ValueError(f"{folder}: recording {recording.id!r} occurs twice ({files}); it could be in train and in test: remove one")
        homes[recording.id] = recording


def partition(recordings: Sequence[Recording]) -> Iterator[tuple[Recording, ...]]:
    """Cut a list into shards by the size of the files; a file of many recordings counts for each with its part."""
    uses = Counter(path for recording in recordings for path in recording.files)
    part: list[Recording] = []
    size = 0.0
    for recording in recordings:
        part.append(recording)
        size += sum(_size(path, recording) / uses[path] for path in recording.files)
        if size >= SHARD_INPUT or len(part) >= SHARD_RECORDINGS:
            yield tuple(part)
            part, size = [], 0.0
    if part:
        yield tuple(part)


def _size(path: Path, recording: Recording) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise ValueError(f"recording {recording.id}: {path}: {error.strerror}") from error


# In a process of the pool


@dataclass(frozen=True, kw_only=True)
class _Task:
    """A shard to be made, and where."""

    recordings: tuple[Recording, ...]
    read: Callable[[Recording, Options], Sequence[Clip]]
    options: Options
    folder: Path
    scratch: Path
    common: dict[str, Any]
    """What is the same for all shards and decides them."""
    code: str

    def digest(self) -> str:
        """sha256 over all that is read; where the folder lies does not matter."""
        listed = [
            {
                "id": recording.id,
                "split": recording.split,
                "group": recording.group,
                "facts": dict(recording.facts),
                "files": [(os.path.relpath(path, self.folder), _sha256(path)) for path in recording.files],
            }
            for recording in self.recordings
        ]
        return hashlib.sha256(canonical_json([self.common, listed]).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """A finished shard: `<key>.arrow`, `<key>.parquet`, and this in `<key>.json`, which is written last."""

    key: str
    digest: str
    clips: int
    rejected: list[dict[str, str]]


def _sha256(path: Path) -> str:
    try:
        return _sha256_once(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


@lru_cache(maxsize=64)
def _sha256_once(path: Path, changed_ns: int) -> str:
    """Of a file that may hold many recordings, and so be asked for often."""
    del changed_ns
    return sha256_file(path)


def _make(task: _Task) -> _Shard:
    """Read a shard's recordings, unless that has been done."""
    digest = task.digest()
    key = hashlib.sha256(f"{digest} {task.code}".encode()).hexdigest()[:32]
    done = task.scratch / f"{key}.json"
    if done.is_file():
        return _Shard(**json.loads(done.read_text("utf-8")))
    rejected: list[dict[str, str]] = []
    arrow, parquet = (task.scratch / f"{key}.{kind}.{os.getpid()}" for kind in ("arrow", "parquet"))
    rows = write_shard(arrow, _read(task, rejected))
    pq.write_table(rows, parquet)
    for path in (arrow, parquet):
        _settle(path)
    shard = _Shard(key=key, digest=digest, clips=len(rows), rejected=rejected)
    write_json(done, vars(shard))
    return shard


def _settle(path: Path) -> None:
    """Take the process's number off a file's name, once its bytes are on disk: neither a kill nor a power cut leaves half of one."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(path.with_suffix(""))


def _read(task: _Task, rejected: list[dict[str, str]]) -> Iterator[Clip]:
    """The clips of a shard; what the format sets aside goes to `rejected`."""
    for recording in task.recordings:
        try:
            clips = list(task.read(recording, task.options))
        except Rejected as rejection:
            rejected.append({"id": recording.id, "reason": rejection.reason, "detail": str(rejection)})
            continue
        except (ValueError, OSError) as error:
            said = any(str(path) in str(error) for path in recording.files)
            named = "" if said else "".join(f" ({path})" for path in recording.files[:1])
            raise ValueError(f"recording {recording.id}{named}: {error}") from error
        for clip in clips:
            yield replace(clip, split=clip.split or recording.split, group=clip.group or recording.group or recording.id)


def _end_with_parent() -> None:
    """A killed import must not leave processes behind that go on writing."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# In the process that imports


def _make_all(tasks: Sequence[_Task], jobs: int) -> list[_Shard]:
    """Every shard, in the order of the tasks."""
    made: dict[int, _Shard] = {}
    with tqdm(total=sum(len(task.recordings) for task in tasks), desc="import", unit="recording") as bar:
        for number, shard in _finished(tasks, min(jobs, len(tasks))):
            made[number] = shard
            bar.update(len(tasks[number].recordings))
    return [made[number] for number in range(len(tasks))]


def _finished(tasks: Sequence[_Task], jobs: int) -> Iterator[tuple[int, _Shard]]:
    """Numbers and shards as they are finished."""
    if jobs == 1:
        yield from enumerate(map(_make, tasks))
        return
    # Not forked: a fork of a process that has threads (Arrow's, torch's) may wait for a lock for ever.
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        numbers = {pool.submit(_make, task): number for number, task in enumerate(tasks)}
        for future in as_completed(numbers):
            yield numbers[future], future.result()
    except BrokenProcessPool as error:
        raise ValueError("a process that read recordings was killed (out of memory?); run the same again with fewer --jobs") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _assemble(shards: Sequence[_Shard], output: Path, scratch: Path, *, held_out: float, seed: int) -> Imported:
    """Put finished shards together: files by link, rows with their splits in one index, what was set aside in one list."""
    rejections = sorted((one for shard in shards for one in shard.rejected), key=lambda one: (one["reason"], one["id"]))
    reasons = Counter(one["reason"] for one in rejections)
    full = [shard for shard in shards if shard.clips]
    if not full:
        raise ValueError(f"every recording was set aside: {dict(sorted(reasons.items()))}")
    output.mkdir(parents=True)
    for number, shard in enumerate(full):
        _link(scratch / f"{shard.key}.arrow", output / SHARD.format(number))
    paths = [scratch / f"{shard.key}.parquet" for shard in full]
    splits = split_by_hash(_without_split(paths), held_out=held_out, seed=seed)
    store = write_index(output, (_with_splits(pq.read_table(path, partitioning=None), splits) for path in paths))
    write_json(output / REJECTED, rejections)
    digest = hashlib.sha256(canonical_json([shard.digest for shard in shards]).encode()).hexdigest()
    return Imported(store=store, rejected=reasons, digest=digest)


def _link(path: Path, target: Path) -> None:
    """A second name, so that an import that is killed here finds its shards again; a copy where the file system has no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _without_split(paths: Iterable[Path]) -> set[str]:
    """Groups of clips to which the data set gives no split."""
    tables = (pq.read_table(path, columns=["split", "group"], partitioning=None) for path in paths)
    return {row["group"] for table in tables for row in table.to_pylist() if not row["split"]}


def _with_splits(rows: pa.Table, splits: dict[str, str]) -> pa.Table:
    given = zip(rows["split"].to_pylist(), rows["group"].to_pylist(), strict=True)
    column = pa.array([split or splits[group] for split, group in given], pa.string())
    return rows.set_column(rows.column_names.index("split"), "split", column)


def split_by_hash(groups: Iterable[str], *, held_out: float, seed: int) -> dict[str, str]:
    """Group -> split, in the order of a hash of seed and name; from three groups on val and test have one at least."""
    order = sorted(groups, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    count = min(max(1, round(held_out * len(order))), max(0, len(order) - 1) // 2)
    return {name: "val" if rank < count else "test" if rank < 2 * count else "train" for rank, name in enumerate(order)}
