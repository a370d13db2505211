"""What the published transformers share: places as sines, and post-norm layers as torch has them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as sines and cosines, (length, width): Vaswani et al. (NeurIPS 2017), section 3.5."""
    angle = torch.arange(length)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(length, width)


def absent(lengths: Tensor, longest: int) -> Tensor:
    """(B,) lengths -> (B, longest): true where padded."""
    return torch.arange(longest, device=lengths.device) >= lengths[:, None]


def encoder(width: int, *, heads: int, feed_width: int, layers: int, dropout: float) -> nn.TransformerEncoder:
    """Post-norm layers with GELU, batch first: what InterCLIP, TEMOS and TMR are made of."""
    layer = nn.TransformerEncoderLayer(width, heads, feed_width, dropout, activation="gelu", batch_first=True)
    # Nested tensors would give other last digits to the same clip in another batch.
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
