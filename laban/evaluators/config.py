"""What an evaluator is made of, in numbers and names: `config.json` beside its weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class EvaluatorConfig:
    """With the weights and what reads its text, this is the whole evaluator; each network's file says what it takes from it."""

    architecture: str
    """`towers`, `interclip`, `guo` or `tmr`"""
    representation: str
    """What it sees of people: a name of `laban.evaluators.views`."""
    text: str
    """What reads captions: a name of `laban.evaluators.text`."""
    width: int
    text_width: int
    layers: int
    """of each transformer; no transformer, no use"""
    heads: int
    feed_width: int
    """of what widens inside a layer"""
    embedding_dim: int
    entries: int
    """Vocabulary of what reads text; 0: it gives states of a frozen model."""
    state_width: int
    """Width of those states; 0: it gives numbers of words."""
    kinds: tuple[str, ...]
    """Interactions that the head tells apart, in the order of its outputs; empty: there is no head."""

    def __post_init__(self) -> None:
        sizes = {name: getattr(self, name) for name in ("width", "text_width", "layers", "heads", "feed_width", "embedding_dim")}
        small = {name: size for name, size in sizes.items() if size < 1}
        if small:
            raise ValueError(f"evaluator sizes must be at least 1, not {small}")

    def check_heads(self, *names: str) -> None:
        """Raise `ValueError` where a width named here is odd or not divisible by the heads."""
        for name in names:
            width = getattr(self, name)
            if width % self.heads or width % 2:
                raise ValueError(f"evaluator {name} {width} must be even and divisible by its {self.heads} heads")

    def as_dict(self) -> dict[str, Any]:
        """Plain types."""
        return {**dataclasses.asdict(self), "kinds": list(self.kinds)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> EvaluatorConfig:
        """Raise `ValueError` on a missing or unknown name."""
        names = {field.name for field in dataclasses.fields(cls)}
        if set(value) != names:
            raise ValueError(
                f"not an evaluator of this version: missing {sorted(names - set(value))}, unknown {sorted(set(value) - names)}"
            )
        return cls(**{**value, "kinds": tuple(value["kinds"])})
