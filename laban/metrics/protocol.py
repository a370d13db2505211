"""What a number must carry to be compared: the protocol it was measured under."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Numbers are comparable if these are equal."""

    evaluator: str
    """Content hash of the network that judged; empty where none did."""
    data: str
    """Content hash of the clips that were judged against."""
    split: str
    samples: int
    """Motions judged in one repetition."""
    pool: int
    """Candidates a query of R-precision chooses among."""
    length: Literal["own", "reference"]
    """Who says how long a motion is: the model, or the ground truth (a leak that favours whoever is given it)."""
    repetitions: int
    seeds: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**dataclasses.asdict(self), "seeds": list(self.seeds)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Protocol:
        """Raise `ValueError` on a missing or unknown name."""
        names = {field.name for field in dataclasses.fields(cls)}
        if set(value) != names:
            raise ValueError(f"a protocol has {sorted(names)}: missing {sorted(names - set(value))}, unknown {sorted(set(value) - names)}")
        return cls(**{**value, "seeds": tuple(value["seeds"])})

    def differences(self, other: Protocol) -> list[str]:
        """Lines `name: ours != theirs`."""
        pairs = ((field.name, getattr(self, field.name), getattr(other, field.name)) for field in dataclasses.fields(self))
        return [f"{name}: {mine!r} != {theirs!r}" for name, mine, theirs in pairs if mine != theirs]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Numbers and how they were got."""

    values: Mapping[str, float]
    protocol: Protocol


def table(rows: Mapping[str, Measured]) -> dict[str, dict[str, float]]:
    """Row name -> numbers, for rows of one protocol; raise `ValueError` naming the two rows and what differs."""
    (first, reference), *others = rows.items()
    for name, row in others:
        different = reference.protocol.differences(row.protocol)
        if different:
            raise ValueError(f"{first!r} and {name!r} were measured differently and do not belong in one table: {'; '.join(different)}")
    return {name: dict(row.values) for name, row in rows.items()}


def repeated(values: list[float]) -> tuple[float, float]:
    """Mean and half-width of the 95 % interval, 1.96·σ/√n with the population's σ, as the field reports twenty repetitions."""
    return float(np.mean(values)), float(1.96 * np.std(values) / np.sqrt(len(values)))
