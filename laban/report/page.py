"""Plain data to one HTML file that needs nothing but itself: no network, no fonts, no server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from laban.closure import ROOT
from laban.data.artifact import MANIFEST, open_artifact
from laban.data.clip import INDEX, ClipStore
from laban.data.conversation import CLIPS, CONVERSATIONS, read_conversations
from laban.data.measure import flatten
from laban.motion.skeleton import PARENTS
from laban.report import charts, collect, scenes

VIEWER = Path(__file__).parent / "static" / "viewer.js"
REPORT = "report.html"
SHOWN = 24
"""Clips that a page of an artifact plays where none are named."""


def write_report(folder: Path, *, root: Path = ROOT, since: float = 0.0, wall_s: float | None = None) -> Path:
    """Draw `out/<profile>` into `<folder>/report.html` and return that path; what is absent is left out, with the reason.

    Raises `ValueError` naming a file that cannot be read.
    """
    run = collect.run(folder, root=root, since=since)
    reel = scenes.of_run(folder)
    return _write(folder / REPORT, "report.html.j2", title=f"Laban · {folder.name}", run=run, reel=reel, wall_s=wall_s)


def write_shown(path: Path, *, clips: list[str], save: Path | None = None) -> Path:
    """Draw an artifact, a folder of clips or a verdict into an HTML file beside it and return that file's path.

    Plays the clips that are named, or a choice. Raises `ValueError` where there is nothing to draw or a clip is not there.
    """
    artifact = open_artifact(path) if (path / MANIFEST).is_file() else None
    reel = _reel(path, clips)
    verdict = collect.verdict(path / collect.VERDICT) if (path / collect.VERDICT).is_file() else None
    numbers = _numbers(path)
    if not reel.scenes and verdict is None and not numbers:
        raise ValueError(f"{path} holds no clips, conversations, verdict or numbers: there is nothing to show")
    target = save or path.with_name(f"{path.name}.html")
    name = f"{path.resolve().parent.name}/{path.name}"
    title = f"Laban · {name}"
    return _write(target, "artifact.html.j2", title=title, name=name, artifact=artifact, reel=reel, verdict=verdict, numbers=numbers)


def write_motion(path: Path, positions: np.ndarray, *, fps: float = 30.0, save: Path | None = None) -> Path:
    """Draw motion (T, P, 22, 3) metres that came from `path` into an HTML file beside it and return that file's path."""
    reel = scenes.Reel()
    pane = reel.pane(reel.add(path.stem, positions, fps), "Motion")
    seconds = len(positions) / fps
    scene = scenes.Scene(
        id=path.stem, group="source", title=path.stem, caption=f"{seconds:.1f} s from {path.name}.", panes=(pane,), origin=""
    )
    reel.scenes.append(scene)
    target = save or path.with_suffix(".html")
    title = f"Laban · {path.name}"
    return _write(target, "artifact.html.j2", title=title, name=path.name, artifact=None, reel=reel, verdict=None, numbers={})


def _reel(path: Path, names: list[str]) -> scenes.Reel:
    """The motion in a folder, of whichever kind it is."""
    reel = scenes.Reel()
    stores = [ClipStore(folder) for folder in (path, path / scenes.SAMPLES, path / CLIPS) if (folder / INDEX).is_file()]
    if names and not stores:
        raise ValueError(f"{path} holds no clips, so none named {names[0]!r}")
    for store in stores[:1]:
        chosen = names or _choice(store)
        reel.scenes += list(scenes.source(reel, store, chosen))
    if (path / CONVERSATIONS).is_file() and not names:
        beside = [
            ClipStore(folder) for folder in (path.parent / "clips", path.parent / "conversations" / CLIPS) if (folder / INDEX).is_file()
        ]
        found = scenes.spread(list(read_conversations(path)), SHOWN)
        reel.scenes += list(scenes.conversations(reel, found, [*stores, *beside], group="conversation"))
    return reel


def _choice(store: ClipStore) -> list[str]:
    """Of every kind first, then more until there are `SHOWN`."""
    first = scenes.one_of_each_kind(store)
    rest = [name for name in store.index["id"] if name not in set(first)]
    step = max(1, len(rest) // max(1, SHOWN - len(first)))
    return [*first, *rest[::step]][:SHOWN]


def _numbers(path: Path) -> dict[str, float]:
    if not (path / collect.METRICS).is_file():
        return {}
    flat = flatten(collect.load_json(path / collect.METRICS))
    return {name: value for name, value in flat.items() if isinstance(value, int | float)}


def _write(target: Path, template: str, **content: Any) -> Path:
    """Render and write, whole or not at all."""
    page = render(template, **content)
    temporary = target.with_name(f"{target.name}.tmp")
    temporary.write_text(page, "utf-8")
    temporary.replace(target)
    return target


def render(template: str, *, reel: scenes.Reel, **content: Any) -> str:
    """A page as text. Every value is escaped; a name that a template misspells raises."""
    environment = Environment(
        loader=PackageLoader("laban.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": charts.number,
        "duration": charts.duration,
        "when": collect.when,
        "titled": scenes.titled,
        "flat": flatten,
    }
    environment.globals |= {"charts": charts, "groups": scenes.GROUPS, "version": version("laban")}
    return environment.get_template(template).render(
        **content,
        reel=reel,
        scenes=embedded({**reel.as_dict(), "parents": PARENTS}),
        style=Markup(environment.get_template("style.css").render()),
        viewer=_script(VIEWER),
    )


def embedded(value: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: no character of it can end that element."""
    plain = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(plain.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"))


def _script(path: Path) -> Markup:
    """Our own built script; raise `ValueError` where it is not built."""
    if not path.is_file():
        raise ValueError(f"{path} is absent: build it as docs/report.md says")
    text = path.read_text("utf-8")
    assert "</script" not in text.lower()
    return Markup(text)
