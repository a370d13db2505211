"""What pulls a motion and its caption together and pushes others apart.

Letters: `B` batch, `E` embedding width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def equal_captions(caption: Tensor) -> Tensor:
    """(B,) numbers of captions -> (B, B): true where two **different** rows have the same caption.

    Such rows are no negatives of one another, in any network here: InterHuman repeats one caption some fifty times.
    """
    own = torch.eye(len(caption), dtype=torch.bool, device=caption.device)
    return (caption[:, None] == caption[None]) & ~own


def symmetric_cross_entropy(logits: Tensor, caption: Tensor) -> Tensor:
    """Of (B, B) similarities, own pairs on the diagonal, both ways: Radford et al. (ICML 2021); (B,) numbers of captions."""
    logits = logits.float().masked_fill(equal_captions(caption), -torch.inf)  # three digits would blur the hard negatives
    own = torch.arange(len(logits), device=logits.device)
    return 0.5 * (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own))
