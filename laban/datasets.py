"""What `laban data` does: bring a data set in, tell what is in it, judge it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from laban.data.artifact import MANIFEST, Artifact, Manifest, list_files, open_artifact, seal, sha256_file, write_json
from laban.data.clip import ClipStore
from laban.data.summary import count, summarise
from laban.formats.importing import REJECTED, Imported, import_clips
from laban.formats.source import Format, Options
from laban.stages.contract import exchange, lock

KIND = "clips"


def bring_in(source: Format, folder: Path, save: Path, *, options: Options, held_out: float, seed: int, jobs: int) -> Artifact:
    """Import a data set's folder as an artifact of clips at `save`, whole or not at all; print what came of it.

    Raises `ValueError` where `save` is something else than an artifact of clips, which would be lost.
    """
    _check(save, options, held_out, jobs)
    place = save.with_name(f".{save.name}.import")
    with lock(place / "import"):
        staged = place / "output"
        shutil.rmtree(staged, ignore_errors=True)
        imported = import_clips(
            source,
            folder,
            staged,
            options=options,
            held_out=held_out,
            seed=seed,
            scratch=place / "shards",
            jobs=jobs or len(os.sched_getaffinity(0)),
        )
        settings = {"format": source.name, "fps": options.fps, "held_out": held_out, "seed": seed, "digest": imported.digest}
        settings["body_model"] = sha256_file(options.body_model) if options.body_model else ""
        artifact = _seal(staged, imported, settings)
        exchange(staged, save)
        shutil.rmtree(place)
    _tell(save, imported, artifact.hash)
    return Artifact(save, artifact.manifest, artifact.hash)


def _check(save: Path, options: Options, held_out: float, jobs: int) -> None:
    """Raise `ValueError` on what would fail after the work."""
    if not 1 <= options.fps <= 1000:
        raise ValueError(f"--fps {options.fps:g}: motion is brought to 1 to 1000 frames per second")
    if options.body_model is not None and not options.body_model.is_file():
        raise ValueError(f"--body-model {options.body_model}: no such file")
    if not 0 < held_out < 0.5:
        raise ValueError(f"--held-out {held_out}: a share over 0 and under 0.5 goes to val, and as much to test")
    if jobs < 0:
        raise ValueError(f"--jobs {jobs}: give a number of processes, or 0 for one a core")
    if save.exists() and not (save.is_dir() and not any(save.iterdir())):
        manifest = save / MANIFEST
        if not manifest.is_file() or json.loads(manifest.read_text("utf-8"))["kind"] != KIND:
            raise ValueError(f"{save} exists and holds no clips that were imported: name another place, or remove it")


def _seal(folder: Path, imported: Imported, settings: Mapping[str, Any]) -> Artifact:
    write_json(folder / "metrics.json", {**count(imported.store), "rejected": dict(sorted(imported.rejected.items()))})
    return seal(folder, Manifest(kind=KIND, stage="import", settings=settings, parents={}, files=list_files(folder)))


def _tell(save: Path, imported: Imported, content_hash: str) -> None:
    console = Console(soft_wrap=True)
    hours = float((imported.store.column("frames") / imported.store.column("fps")).sum()) / 3600
    console.print(f"{len(imported.store)} clips, {hours:.2f} hours -> {escape(str(save))} ({content_hash[:12]})")
    for reason, number in sorted(imported.rejected.items()):
        console.print(f"{number} set aside: {escape(reason)} ({escape(str(save / REJECTED))})")
    console.print(f"next: laban data check {escape(str(save))}")
    console.print(f'then: make run PROFILE=bring-your-own DATA={escape(str(save))} SET="prepare.format=clips"')


def show(folder: Path, *, as_json: bool) -> None:
    """Print what an artifact of clips holds."""
    artifact = open_artifact(folder, kind=KIND)
    found = {"path": str(folder), "hash": artifact.hash, "made_by": artifact.manifest.stage, **summarise(ClipStore(folder))}
    if as_json:
        Console(soft_wrap=True, highlight=False, markup=False).print(json.dumps(found, indent=1, sort_keys=True))
        return
    table = Table("", "what", "how much", title=f"{folder} [dim]{artifact.hash[:12]}[/]", title_justify="left")
    for name, value in found.items():
        listed = value.items() if isinstance(value, Mapping) else [("", value)]
        for number, (what, amount) in enumerate(listed):
            shown = f"{amount:,.1f}" if isinstance(amount, float) else f"{amount:,}" if isinstance(amount, int) else escape(str(amount))
            table.add_row("" if number else name.replace("_", " "), escape(str(what)), shown)
    Console().print(table)


def judge_clips(folder: Path) -> bool:
    """Judge an artifact of clips as the gate does, without thresholds; print each rule that it breaks, how often and where.

    Return whether it breaks none.
    """
    from laban.data.expectations import judge

    artifact = open_artifact(folder, kind=KIND)
    judged = judge(KIND, artifact.path, {})
    failed = [finding for finding in judged.findings if not finding.passed]
    console = Console(soft_wrap=True)
    if failed:
        table = Table("measure", "rows", "the worst", "expected", "why", title=f"{escape(str(folder))} [red]fails[/]", title_justify="left")
        for finding in sorted(failed, key=lambda one: -one.count):
            examples = ", ".join(f"{one.id}: {one}" for one in finding.worst[:3])
            told = (finding.column, str(finding.count or ""), examples, finding.expected, finding.problem or finding.why)
            table.add_row(*map(escape, told))
        console.print(table)
    outcome = f"{len(failed)} of {len(judged.findings)} expectations failed"
    console.print(f"{escape(str(folder))} [{'red' if failed else 'green'}]{outcome}[/]")
    return judged.passed
