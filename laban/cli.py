"""`laban …`: the verbs of people."""

from __future__ import annotations

import inspect
import os
import re
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

from jsonargparse import ArgumentParser


def run(profile: str = "default", *, data: str = "", set: list[str] = []) -> None:  # noqa: B006
    """Run the workflow of a profile on this machine; what is up to date is left alone.

    Args:
        profile: one or several of profiles/, left to right: `cmu,smoke`
        data: folder of captured pairs instead of motion from code
        set: SECTION.NAME=VALUE, changed for this run; may stand several times
    """
    from laban.workflow import run as run_workflow

    run_workflow(profile, overrides=[*([f"prepare.capture={data}"] if data else []), *set])


def register(package: str, *, name: str = "laban") -> None:
    """Put a package into the registry as challenger (`publish` has done so already).

    Args:
        package: folder of the package
        name: registered model
    """
    from laban.registry.package import register as register_package

    registered = register_package(Path(package), name)
    state = "registered" if registered.fresh else "known already"
    print(f"{name} version {registered.version} ({registered.hash[:12]}) is {state}: challenger")


def promote(version: str = "challenger", *, why: str, name: str = "laban", who: str | None = None, dry_run: bool = False) -> None:
    """Make a version the champion, after its bytes, its verdict and its ancestors were checked.

    Args:
        version: number or alias
        why: a sentence for the ledger
        name: registered model
        who: for the ledger; this user if absent
        dry_run: check everything and change nothing
    """
    from laban.registry.promotion import promote as promote_version

    print(promote_version(name, version, why=why, who=who, dry_run=dry_run))


def rollback(*, why: str, name: str = "laban", who: str | None = None, dry_run: bool = False) -> None:
    """Make the former champion champion again, under the same checks.

    Args:
        why: a sentence for the ledger
        name: registered model
        who: for the ledger; this user if absent
        dry_run: check everything and change nothing
    """
    from laban.registry.promotion import rollback as roll_back

    print(roll_back(name, why=why, who=who, dry_run=dry_run))


def history(*, name: str = "laban") -> None:
    """Show who was made champion, when, by whom and why.

    Args:
        name: registered model
    """
    from laban.registry.promotion import history as entries

    print("\n".join(entries(name)) or f"{name} has had no champion yet")


def chat(
    text: str,
    *,
    motion: str | None = None,
    fps: float = 30.0,
    model: str = "models:/laban@champion",
    save: str = "answer.npy",
    seed: int = 0,
    temperature: float = 0.8,
    max_new_tokens: int = 1024,
) -> None:
    """Say something to a model and print its answer; motion that it answers with goes to a file.

    Args:
        text: what to say
        motion: .npy of positions (T, P, 22, 3) in metres, shown with the text
        fps: frames per second of that motion
        model: models:/NAME@ALIAS, models:/NAME/VERSION, or the folder of a package
        save: .npy for the answer's positions; a second motion goes to …-2.npy
        seed: of the sampling
        temperature: of the sampling; 0 takes the likeliest token
        max_new_tokens: where an answer is cut off
    """
    import numpy as np

    from laban.serve import checked_params, load

    parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
    if motion is not None:
        parts.append({"type": "motion", "fps": fps, "positions": _read_motion(motion)})
    options = checked_params({"seed": seed, "temperature": temperature, "max_new_tokens": max_new_tokens})
    answer = load(model).answer([{"role": "user", "parts": parts}], **options)
    target, shown = Path(save), 0
    for part in answer:
        if part["type"] == "text":
            print(part["text"].strip())
            continue
        shown += 1
        path = target if shown == 1 else target.with_name(f"{target.stem}-{shown}{target.suffix}")
        np.save(path, part["positions"].astype(np.float32))
        frames, people = part["positions"].shape[:2]
        print(f"[motion: {people} people, {frames / part['fps']:.1f} s -> {path}]")


def _read_motion(path: str) -> Any:
    """Positions (T, P, 22, 3) of a .npy file; `ValueError` names the file."""
    import numpy as np

    from laban.serve import checked_positions

    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no .npy file of positions (T, P, 22, 3)") from error
    return checked_positions(array, path)


def verify(folders: list[str]) -> None:
    """Check every byte of artifacts against their manifests, and print kind and content hash.

    Args:
        folders: folders of artifacts
    """
    from laban.data.artifact import open_artifact

    for folder in folders:
        artifact = open_artifact(Path(folder))
        print(f"{artifact.manifest.kind} {artifact.hash} {folder}: {len(artifact.manifest.files)} files are whole")


def data_show(path: str, *, clip: list[str] = [], save: str | None = None) -> None:  # noqa: B006
    """Draw an artifact, a folder of clips, a verdict or a motion as an HTML page, and name it.

    Args:
        path: folder of an artifact, of clips or of a verdict, or a .npy of positions (T, P, 22, 3) in metres
        clip: id of a clip to play; may stand several times; a choice is played if absent
        save: where the page goes; beside the folder if absent
    """
    from laban.report.page import write_motion, write_shown

    target = None if save is None else Path(save)
    if path.endswith(".npy"):
        print(write_motion(Path(path), _read_motion(path), save=target))
    else:
        print(write_shown(Path(path), clips=clip, save=target))


def data_import(
    format: str,
    folder: str,
    *,
    save: str,
    fps: float = 30.0,
    jobs: int = 0,
    body_model: str | None = None,
    held_out: float = 0.1,
    seed: int = 7,
) -> None:
    """Bring a data set in: read its recordings over all cores and write them as clips; a stopped import goes on where it was.

    Args:
        format: interhuman, inter-x, humanml3d, kit-ml, motion-x, bvh, amc, or auto: whichever the folder looks like
        folder: the data set as it was downloaded; nothing in it is changed
        save: folder for the clips, whole or absent; clips that were imported there before are replaced
        fps: frames per second that motion is brought to
        jobs: processes that read; 0 for one a core
        body_model: SMPL-X model file (.npz) of your own; without it bodies are approximate where a format has angles only
        held_out: share of recordings for val, and as much for test, where the data set has no splits
        seed: of those splits
    """
    from laban.datasets import bring_in
    from laban.formats.importing import choose
    from laban.formats.source import Options

    options = Options(fps=fps, body_model=None if body_model is None else Path(body_model))
    bring_in(choose(format, Path(folder)), Path(folder), Path(save), options=options, held_out=held_out, seed=seed, jobs=jobs)


def data_info(path: str, *, json: bool = False) -> None:
    """Tell what imported or prepared clips hold: splits, sources, kinds, people, rates, licences, arrays, size.

    Args:
        path: folder of an artifact of clips
        json: as JSON instead of a table
    """
    from laban.datasets import show

    show(Path(path), as_json=json)


def data_check(path: str) -> None:
    """Judge clips as the gate does, and print what it would refuse; exit status 1 if anything.

    Args:
        path: folder of an artifact of clips
    """
    from laban.datasets import judge_clips

    if not judge_clips(Path(path)):
        raise SystemExit(1)


def report(profile: str = "default") -> None:
    """Draw the page of a profile's latest run again, from what lies in out/, and name it.

    Args:
        profile: as in `laban run`
    """
    from laban.closure import ROOT
    from laban.params import profile_name
    from laban.report.page import write_report

    print(write_report(ROOT / "out" / profile_name(profile)))


_PLAIN = (run, chat, promote, rollback, history, register, verify, report)
_DATA = (data_import, data_info, data_check, data_show)
VERBS: dict[str, Callable[..., None]] = {verb.__name__.replace("_", " "): verb for verb in (*_PLAIN, *_DATA)}
"""What is typed after `laban`; of two words the first is a group."""


def parser() -> ArgumentParser:
    """A command a verb, its options read off the verb's signature: what may stand without a name comes before the `*`."""
    whole = ArgumentParser(prog="laban", description="Two-person motion–language models.", allow_abbrev=False)
    verbs = whole.add_subcommands(dest="verb", title="verbs")
    groups: dict[str, Any] = {}
    for name, verb in VERBS.items():
        summary, _, rest = (inspect.getdoc(verb) or "").partition("\n\nArgs:\n")
        helps = dict(re.findall(r"^ +(\w+): (.+)$", rest, re.MULTILINE))
        one = ArgumentParser(description=summary, allow_abbrev=False)
        hints = get_type_hints(verb)
        for parameter in inspect.signature(verb).parameters.values():
            _add(one, parameter, hints[parameter.name], helps[parameter.name])
        group, _, own = name.rpartition(" ")
        if group and group not in groups:
            inner = ArgumentParser(description=f"Verbs of {group}.", allow_abbrev=False)
            verbs.add_subcommand(group, inner, help=f"verbs of {group}: " + ", ".join(other for other in VERBS if other.startswith(group)))
            groups[group] = inner.add_subcommands(dest="verb", title="verbs")
        groups.get(group, verbs).add_subcommand(own, one, help=summary)
    return whole


def _add(one: ArgumentParser, parameter: inspect.Parameter, hint: Any, text: str) -> None:
    """An argument for a parameter."""
    required = parameter.default is inspect.Parameter.empty
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        many = typing.get_origin(hint) is list
        default = {} if required else {"default": parameter.default}
        one.add_argument(parameter.name, type=str, nargs="+" if many else None if required else "?", help=text, **default)
    elif hint is bool:
        one.add_argument(f"--{parameter.name.replace('_', '-')}", action="store_true", help=text)
    elif typing.get_origin(hint) is list:
        one.add_argument(f"--{parameter.name}", action="append", type=str, default=parameter.default, help=text)
    else:
        default = {} if required else {"default": parameter.default}
        one.add_argument(f"--{parameter.name.replace('_', '-')}", type=hint, required=required, help=text, **default)


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; a user's mistake is one line and exit status 2."""
    options = parser().parse_args(arguments)
    try:
        own = options[options.verb]
        name, own = (options.verb, own) if options.verb in VERBS else (f"{options.verb} {own.verb}", own[own.verb])
        VERBS[name](**own.as_dict())
    except (ValueError, OSError) as error:
        if os.environ.get("LABAN_TRACEBACK"):
            raise
        print(f"laban: {error}", file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
