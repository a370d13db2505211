"""The workflow as `dvc.yaml` says it, laid out to be drawn: stages in ranks, a gate on the artifact that it judges."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

GATE = "laban.stages.gate"
_ITEM = "${item}"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A stage that makes an artifact, and the gate on it."""

    name: str
    command: str
    output: str
    """Folder of its artifact, from the repository."""
    inputs: tuple[str, ...]
    """Names of the nodes whose artifacts it takes."""
    verdict: str
    """Folder of its gate's verdict; empty where nothing judges it."""
    rank: int
    lane: float


def read(path: Path, profile: str) -> tuple[Node, ...]:
    """The stages of `dvc.yaml` for one profile, in the order of the file; raise `ValueError` where the file holds none."""
    content = yaml.safe_load(path.read_text("utf-8"))
    declared = content.get("stages") if isinstance(content, Mapping) else None
    if not declared:
        raise ValueError(f"{path} holds no stages")
    stages = {name: _stage(value, profile) for name, value in declared.items()}
    judged = {deps[-1]: out for _, (command, deps, out) in stages.items() if GATE in command.split()}
    made = {out: name for name, (command, _, out) in stages.items() if GATE not in command.split()}
    inputs = {name: tuple(made[dep] for dep in deps if dep in made) for name, (_, deps, out) in stages.items() if made.get(out) == name}
    ranks = _ranks(inputs)
    lanes = _lanes(inputs, ranks)
    return tuple(
        Node(
            name=name,
            command=stages[name][0],
            output=stages[name][2],
            inputs=takes,
            verdict=judged.get(stages[name][2], ""),
            rank=ranks[name],
            lane=lanes[name],
        )
        for name, takes in inputs.items()
    )


def _stage(value: Mapping[str, Any], profile: str) -> tuple[str, tuple[str, ...], str]:
    """Command, dependencies and output of a stage of `foreach`."""
    body = value.get("do", value)
    out = body["outs"][0]
    written = next(iter(out)) if isinstance(out, Mapping) else out
    named = [body["cmd"], written, *body.get("deps", ())]
    command, output, *deps = (str(item).replace(_ITEM, profile) for item in named)
    return " ".join(command.split()), tuple(deps), output


def _ranks(inputs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Length of the longest way from a source."""
    ranks: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in ranks:
            ranks[name] = 1 + max((rank(one) for one in inputs[name]), default=-1)
        return ranks[name]

    for name in inputs:
        rank(name)
    return ranks


def _lanes(inputs: Mapping[str, Sequence[str]], ranks: Mapping[str, int]) -> dict[str, float]:
    """Across the direction of the ranks: stages of a rank side by side, those needed soonest first; a lone one beside its inputs."""
    reduced = edges(inputs)
    lanes: dict[str, float] = {}
    for rank in range(max(ranks.values()) + 1):
        members = [name for name in inputs if ranks[name] == rank]
        members.sort(key=lambda name: min((ranks[after] for before, after in reduced if before == name), default=0))
        if len(members) > 1:
            lanes |= {name: float(place) for place, name in enumerate(members)}
            continue
        near = [lanes[before] for before, after in reduced if after == members[0] and ranks[before] == rank - 1]
        lanes[members[0]] = sum(near) / len(near) if near else 0.0
    sources = [name for name in inputs if not inputs[name] and ranks[name] == 0]
    if len(sources) == 1:
        lanes[sources[0]] = max(lanes.values()) / 2
    return lanes


def edges(inputs: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Arrows to draw: an input that is an input of another input, directly or not, is left out (transitive reduction)."""
    above: dict[str, set[str]] = {}

    def ancestors(name: str) -> set[str]:
        if name not in above:
            above[name] = set(inputs[name]).union(*(ancestors(one) for one in inputs[name]))
        return above[name]

    return [
        (before, after)
        for after, takes in inputs.items()
        for before in dict.fromkeys(takes)
        if not any(before in ancestors(other) for other in takes if other != before)
    ]


def drawn_edges(nodes: Iterable[Node]) -> list[tuple[Node, Node]]:
    """The arrows between nodes."""
    named = {node.name: node for node in nodes}
    return [(named[before], named[after]) for before, after in edges({name: node.inputs for name, node in named.items()})]


def purpose(command: str, root: Path) -> str:
    """First line of the docstring of the module that a command runs; empty where it is none of ours."""
    words = command.split()
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else ""
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    if not module or not path.is_file():
        return ""
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]
