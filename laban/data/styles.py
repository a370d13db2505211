"""What styles there may be: the vocabulary of a generator, which travels with its clips as data.

The gate knows no generator. Whoever makes clips from code writes beside them which parameters each kind has, which values these
take, and which combination is kept out of training; the gate holds every clip to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from laban.data.artifact import write_json
from laban.data.measure import PROCEDURAL

STYLES = "styles.json"
UNSEEN = "test_unseen"
"""The split of the combinations that no other split may have."""


@dataclass(frozen=True, kw_only=True)
class StyleSpace:
    """The styles of one kind of interaction."""

    values: Mapping[str, tuple[str, ...]]
    """Parameter -> what it can be."""
    unseen: Mapping[str, str]
    """The combination kept for `test_unseen`; empty: none."""

    def keeps_apart(self, style: Mapping[str, str]) -> bool:
        """Whether a style is of the combination that is kept out of training."""
        return bool(self.unseen) and all(style.get(name) == value for name, value in self.unseen.items())


def write_styles(folder: Path, spaces: Mapping[str, StyleSpace]) -> None:
    """Write the vocabulary, kind by kind, beside the clips."""
    write_json(folder / STYLES, {kind: asdict(space) for kind, space in spaces.items()})


def read_styles(folder: Path) -> dict[str, StyleSpace]:
    """The vocabulary beside the clips, empty where there is none; raise `ValueError` where the file is not one."""
    path = folder / STYLES
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
        return {kind: StyleSpace(values={n: tuple(v) for n, v in s["values"].items()}, unseen=s["unseen"]) for kind, s in content.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{STYLES} is no vocabulary of styles: {type(error).__name__}: {error}") from None


def odd_style(spaces: Mapping[str, StyleSpace], kind: str, style: Mapping[str, str], *, source: str, actor: int) -> str:
    """What is wrong with a style, in words, or an empty string; capture has no style, and needs none."""
    if not style and source != PROCEDURAL:
        return ""
    if kind not in spaces:
        return f"{kind or 'a kind without a name'} is not in {STYLES}, which has {', '.join(sorted(spaces)) or 'nothing'}"
    values = spaces[kind].values
    if set(style) != set(values):
        return f"has {', '.join(sorted(style)) or 'nothing'}; {kind} has {', '.join(sorted(values)) or 'nothing'}"
    if unknown := next((name for name, value in style.items() if value not in values[name]), None):
        return f"{unknown} is {style[unknown]!r}; it can be {', '.join(values[unknown])}"
    if "starter" in style and style["starter"] != str(actor):
        return f"starter is {style['starter']}, the actor {actor}"
    return ""


def misplaced_style(spaces: Mapping[str, StyleSpace], kind: str, style: Mapping[str, str], split: str) -> str:
    """How the split breaks the promise that one combination is never trained on, in words, or an empty string."""
    if kind not in spaces or not style or spaces[kind].keeps_apart(style) == (split == UNSEEN):
        return ""
    combination = ", ".join(f"{name} {value}" for name, value in spaces[kind].unseen.items()) or "nothing"
    return f"in {split}, and {UNSEEN} is for {kind} of {combination}"
