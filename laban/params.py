"""The only composer of settings: `params.yaml` and profiles, left to right, into `work/params.<profile>.yaml`.

Beside it goes `work/code/<stage>.json`, the import closure of each stage, on which DVC makes the stage depend.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from laban.closure import ROOT, closure
from laban.data.artifact import folder_digest

WORK = Path("work")


def profile_name(profile: str) -> str:
    """`cmu,smoke` -> `cmu-smoke`: the name in DVC and of folders."""
    return profile.replace(",", "-")


def compose(profile: str, overrides: list[str] | None = None, root: Path = ROOT) -> dict[str, Any]:
    """Merge `params.yaml`, the profiles and `section.name=value` overrides; raise `ValueError` on a key that `params.yaml` lacks."""
    base = OmegaConf.load(root / "params.yaml")
    _close(base)
    layers: list[tuple[str, Any]] = []
    for name in profile.split(","):
        path = root / "profiles" / f"{name}.yaml"
        if not path.is_file():
            known = sorted(path.stem for path in (root / "profiles").glob("*.yaml"))
            raise ValueError(f"no profile {name!r}; there are {', '.join(known)}")
        layers.append((f"profiles/{name}.yaml", OmegaConf.load(path)))
    layers.append(("the command line", OmegaConf.from_dotlist(overrides or [])))
    for origin, layer in layers:
        try:
            base = OmegaConf.merge(base, layer)
        except OmegaConfBaseException as error:
            raise ValueError(f"{origin}: {str(error).splitlines()[0]} (params.yaml holds every name once)") from error
    composed: Any = OmegaConf.to_container(base, resolve=True)
    if composed["prepare"]["capture"]:
        composed["prepare"]["capture_digest"] = folder_digest(Path(composed["prepare"]["capture"]))
    return composed


def _close(node: Any) -> None:
    """Forbid new keys everywhere but in thresholds, which a profile may add to."""
    if isinstance(node, DictConfig):
        OmegaConf.set_struct(node, True)
        for name in node:
            if name == "thresholds":
                OmegaConf.set_struct(node[name], False)
            elif OmegaConf.is_dict(node._get_node(name)):
                _close(node[name])


def differences(before: Any, after: Any, prefix: str = "") -> list[str]:
    """Lines `section.name: old -> new`."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        return [line for name in names for line in differences(before.get(name), after.get(name), f"{prefix}{name}.")]
    return [] if before == after else [f"{prefix[:-1]}: {before} -> {after}"]


def stages(root: Path = ROOT) -> list[str]:
    """Names of all stages: the files of `laban/stages` that are commands."""
    return sorted(path.stem for path in (root / "laban" / "stages").glob("*.py") if path.stem not in ("__init__", "contract"))


def write(profile: str, overrides: list[str] | None = None) -> tuple[Path, dict[str, Any]]:
    """Compose and write; files that would not change are left alone."""
    composed = compose(profile, overrides)
    path = WORK / f"params.{profile_name(profile)}.yaml"
    _write(path, OmegaConf.to_yaml(OmegaConf.create(composed)))
    for stage in stages():
        _write(WORK / "code" / f"{stage}.json", json.dumps(closure(f"laban.stages.{stage}"), indent=1) + "\n")
    return path, composed


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def main() -> None:
    """Compose a profile and print how it differs from the default."""
    parser = argparse.ArgumentParser(description=main.__doc__, allow_abbrev=False)
    parser.add_argument("profile", nargs="?", default="default")
    parser.add_argument("overrides", nargs="*", metavar="SECTION.NAME=VALUE")
    arguments = parser.parse_args()
    try:
        path, composed = write(arguments.profile, arguments.overrides)
    except ValueError as error:
        sys.exit(f"params: {error}")
    print("\n".join([f"{path} differs from the default in:", *(f"  {line}" for line in differences(compose("default"), composed))]))


if __name__ == "__main__":
    main()
