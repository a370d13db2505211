"""Which of our own files a module is made of: the static import closure, so that an edit reruns only what it can change."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "laban"
DATA = (".json", ".yaml", ".txt")
OBSERVERS = ("laban.tracking",)
"""Modules that watch a stage and cannot change what it makes."""
ROOT = Path(__file__).resolve().parent.parent


def _module_file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _owner(path: Path) -> Path:
    """The package that a file of data belongs to: the innermost one around it."""
    return next(folder for folder in path.parents if (folder / "__init__.py").is_file())


@cache
def _imports(path: Path) -> frozenset[str]:
    """Names of our modules that a file imports, anywhere in it, their packages included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in names if name.split(".")[0] == PACKAGE}
    whole = {".".join(name.split(".")[:end]) for name in ours for end in range(1, len(name.split(".")) + 1)}
    return frozenset(whole - set(OBSERVERS))


def closure(module: str) -> dict[str, str]:
    """Path relative to the repository -> sha256, of `module` and of all of ours that it imports, directly or not."""
    pending, files = [module], {}
    while pending:
        path = _module_file(pending.pop())
        if path is None:
            continue
        name = path.relative_to(ROOT).as_posix()
        if name not in files:
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            pending += _imports(path)
        if path.name == "__init__.py":  # a package's data belongs to it
            data = [entry for entry in path.parent.rglob("*") if entry.suffix in DATA and entry.is_file() and _owner(entry) == path.parent]
            files |= {entry.relative_to(ROOT).as_posix(): hashlib.sha256(entry.read_bytes()).hexdigest() for entry in data}
    return dict(sorted(files.items()))


def fingerprint(module: str) -> str:
    """One hash for the closure of `module`."""
    return hashlib.sha256(repr(closure(module)).encode()).hexdigest()
