"""What a number must carry to be compared: the protocol it was measured under."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Numbers are comparable if these are equal."""

    evaluator: str
    """Content hash of the network that judged; empty where none did."""
    judge: str
    """Of the one that takes part in nothing else, whose numbers begin with `judge_`; empty where there is none."""
    data: str
    """Content hash of the clips that were judged against."""
    split: str
    split_hash: str
    """Of which clips (or conversations) of it were asked about."""
    captions: str
    """Hash of the manifest: which caption of which clip was used, and which ones are its references."""
    samples: int
    """Answers judged in one repetition."""
    pools: tuple[int, ...]
    """Candidates a query of R-precision chooses among; names without a number are of the first."""
    same_caption: Literal["distractor", "no distractor"]
    """What a clip of the query's own caption is in a pool: published code counts it as wrong."""
    scale: float
    """What embeddings are multiplied by before FID and diversity: InterGen's 6, everyone else's 1."""
    diversity_pairs: int
    length: Literal["own", "reference"]
    """Who says how long a motion is: the model, or the ground truth (a leak that favours whoever is given it)."""
    repetitions: int
    """Times that everything was generated anew."""
    seeds: tuple[int, ...]
    """Of those."""
    metric_repetitions: int
    """Times that pools and pairs were drawn anew for each generation."""
    metric_seed: int
    scorers: str = ""
    """Language models that the user named for BERTScore, MAUVE and judging, with what they were asked; empty where none."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Protocol:
        """Raise `ValueError` on a missing or unknown name."""
        names = {field.name for field in dataclasses.fields(cls)}
        if set(value) != names:
            raise ValueError(f"a protocol has {sorted(names)}: missing {sorted(names - set(value))}, unknown {sorted(set(value) - names)}")
        return cls(**{**value, "pools": tuple(value["pools"]), "seeds": tuple(value["seeds"])})

    def differences(self, other: Protocol) -> list[str]:
        """Lines `name: ours != theirs`."""
        pairs = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))
        return [f"{name}: {mine!r} != {theirs!r}" for name, mine, theirs in pairs if mine != theirs]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Numbers and how they were got."""

    values: Mapping[str, float]
    protocol: Protocol
    interval: Mapping[str, float] = field(default_factory=dict)
    """Half-widths of 95 %, of those numbers that were got more than once."""


def table(rows: Mapping[str, Measured]) -> dict[str, dict[str, float]]:
    """Row name -> numbers, for rows of one protocol.

    Raises `ValueError` naming the two rows and what differs, or the row and the number that is not finite.
    """
    (first, reference), *others = rows.items()
    for name, row in others:
        different = reference.protocol.differences(row.protocol)
        if different:
            raise ValueError(f"{first!r} and {name!r} were measured differently and do not belong in one table: {'; '.join(different)}")
    for name, row in rows.items():
        finite(row.values, name)
    return {name: dict(row.values) for name, row in rows.items()}


def finite(values: Mapping[str, float], row: str) -> None:
    """Raise `ValueError` naming the first number of a row that is not finite: such a one is left out with a reason, never tabled."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} of {row!r} is {value}: a number that is not finite does not belong in a table")


def repeated(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and half-width of the 95 % interval, 1.96·σ/√n with the population's σ, as the field reports twenty repetitions.

    None of a single one, which says nothing of others.
    """
    half = 1.96 * np.std(values) / np.sqrt(len(values)) if len(values) > 1 else None
    return float(np.mean(values)), None if half is None else float(half)


def fingerprint(value: Any) -> str:
    """Sha256 of plain data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
