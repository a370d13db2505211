"""Which interaction a motion shows: a head on the motion tower, and its score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

NO_KIND = -1
"""Label of a clip of which nobody said the kind (capture): it takes no part in the loss."""


class KindHead(nn.Module):
    """(B, width) pooled motion -> (B, kinds) logits."""

    def __init__(self, width: int, kinds: int) -> None:
        super().__init__()
        # Four times as wide as what it reads: an embedding that was made for captions keeps kinds apart, but not by planes.
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, kinds))

    def forward(self, pooled: Tensor) -> Tensor:
        """Logits."""
        return self.layers(pooled)


def kind_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the labelled rows: (B, kinds), (B,) with -1 where unknown; 0 where none is labelled."""
    labelled = (labels != NO_KIND).sum().clamp(min=1)
    return functional.cross_entropy(logits.float(), labels, ignore_index=NO_KIND, reduction="sum") / labelled


def kind_labels(names: Sequence[str], kinds: Sequence[str]) -> list[int]:
    """Numbers of the kinds; an empty name, or one that is not among them, is -1."""
    number = {name: index for index, name in enumerate(kinds)}
    return [number.get(name, NO_KIND) for name in names]


def kind_accuracy(found: Sequence[str], true: Sequence[str]) -> float:
    """Share of rows whose kind was found, over those that have one; raise `ValueError` where none has."""
    hits = [one == other for one, other in zip(found, true, strict=True) if other]
    if not hits:
        raise ValueError("no clip has a kind: there is no accuracy to measure")
    return sum(hits) / len(hits)


def names_of(logits: Tensor, kinds: Sequence[str]) -> list[str]:
    """Most likely kind of each row."""
    return [kinds[int(number)] for number in torch.argmax(logits, dim=-1)]
