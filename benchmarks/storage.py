"""What a store of 150,000 clips costs: seconds to open, memory to train from, milliseconds a clip read at random.

    python benchmarks/storage.py

Writes clips of two people with positions, roots, offsets, rotations and three captions (12 frames: 20 kB a clip, 3 GB in all), then
opens and reads them in a fresh process, whose memory is what is told.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import auto_cli
from rich.console import Console
from rich.table import Table

from laban.closure import ROOT
from laban.data.artifact import write_json
from laban.data.clip import Caption, Clip, ClipStore, write_clips

RESULT = ROOT / "benchmarks" / "results" / "storage.json"
SPLITS = ("train",) * 8 + ("val", "test")


def main(clips: int = 150_000, frames: int = 12, reads: int = 50_000, folder: str = "") -> None:
    """Make the store, measure, print and keep the result.

    Args:
        clips: in the store
        frames: of each
        reads: at random, as training does
        folder: where to work; a temporary folder if empty
    """
    with tempfile.TemporaryDirectory(dir=folder or None) as place:
        before = time.monotonic()
        write_clips(Path(place), _made(clips, frames))
        written = {"write_s": time.monotonic() - before, "write_rss_mb": _status("VmHWM")}
        size = {path.suffix: 0 for path in Path(place).iterdir()}
        for path in Path(place).iterdir():
            size[path.suffix] += path.stat().st_size
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
            measured = fresh.submit(_measure, Path(place), reads).result()
    result = {
        "clips": clips,
        "clips_gb": size[".arrow"] / 1e9,
        "index_mb": size[".parquet"] / 1e6,
        **written,
        **measured,
        "machine": platform.processor() or platform.machine(),
    }
    RESULT.parent.mkdir(exist_ok=True)
    write_json(RESULT, result)
    table = Table("", "measured", title=f"a store of {clips:,} clips", title_justify="left")
    for name, value in result.items():
        table.add_row(name, f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value))
    Console().print(table)


def _made(count: int, frames: int) -> Iterator[Clip]:
    """Clips of different motion and words; the numbers mean nothing, their amount does."""
    noise = np.random.default_rng(0).normal(size=(frames + 512, 2, 22, 9)).astype(np.float32)
    for number in range(count):
        values = noise[number % 512 : number % 512 + frames]
        positions = values[..., :3] + np.float32(number)
        yield Clip(
            id=f"clip-{number:06d}",
            positions=positions,
            root=positions[:, :, 0],
            offsets=values[0, ..., :3],
            rotations=values[..., 3:],
            captions=tuple(
                Caption(
                    text=f"in take {number} one person walks up to the other and {what}", start_s=0.0, end_s=frames / 30, source="human"
                )
                for what in ("shakes the hand that is held out", "embraces the one who waits", "hands over a cup")
            ),
            split=SPLITS[number % len(SPLITS)],
            source="capture",
            licence="CC BY-NC-SA 4.0, redistribution prohibited",
            group=f"take-{number // 4:06d}",
        )


def _measure(folder: Path, reads: int) -> dict[str, Any]:
    """In a fresh process: open, read at random, read all in order."""
    empty = _status("VmRSS")
    before = time.process_time()
    store = ClipStore(folder)
    opened = {"open_s": time.process_time() - before, "rss_before_mb": empty, "rss_open_mb": _status("VmRSS")}
    training = store.numbers("train")
    order = np.random.default_rng(1).choice(training, reads)
    for number in order[:1000]:
        store.at(int(number))
    before = time.process_time()
    took = [_read(store, int(number)) for number in order]
    worked = 1000 * (time.process_time() - before) / reads
    random = {
        "read_processor_ms": worked,
        "read_median_ms": float(np.median(took)),
        "read_p99_ms": float(np.percentile(took, 99)),
        "rss_random_mb": _status("VmRSS"),
    }
    before = time.process_time()
    frames = sum(clip.frames for clip in store)
    assert frames == int(store.column("frames").sum())
    return {
        **opened,
        **random,
        "iterate_s": time.process_time() - before,
        "rss_iterate_mb": _status("VmRSS"),
        "peak_rss_mb": _status("VmHWM"),
    }


def _read(store: ClipStore, number: int) -> float:
    before = time.perf_counter()
    store.at(number).positions.sum()
    return 1000 * (time.perf_counter() - before)


def _status(name: str) -> float:
    """A line of this process's /proc status, in MB."""
    lines = Path(f"/proc/{os.getpid()}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name))


if __name__ == "__main__":
    auto_cli(main, as_positional=False)
