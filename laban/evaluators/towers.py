"""The embedded default: two small transformers, of motion and of words, into one space, after InterCLIP (Liang et al., IJCV 2024).

Ours and unlike it: pre-norm layers, normalised features at 7.5 frames a second, a learned temperature, and equal captions in a
batch are not held against one another. It takes `width`, `layers`, `heads` and `embedding_dim`.

Letters: `B` batch, `T` frames, `L` words, `W` features a frame, `E` embedding width.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.losses import symmetric_cross_entropy
from laban.evaluators.text import text_input
from laban.evaluators.transformers import absent, sinusoids

DROPOUT = 0.1
TEMPERATURE = 0.07
"""Where the learned temperature starts: CLIP's (Radford et al. 2021)."""
LARGEST_SCALE = 100.0


class Layer(nn.Module):
    """A pre-norm transformer layer whose queries may be some of the tokens only.

    Attention is written out: torch's fused kernel needs 2.4 times as long for bfloat16 on a CPU (measured, torch 2.13).
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, asking: Tensor, tokens: Tensor, bias: Tensor) -> Tensor:
        """(B, Q, width), (B, L, width), (B, 1, 1, L) with -inf where padded -> (B, Q, width)."""
        known = self.before(tokens)
        key, value = (self._split(part) for part in self.key_value(known).chunk(2, dim=-1))
        query = self._split(self.query(self.before(asking)))
        weights = (query @ key.mT / math.sqrt(query.shape[-1]) + bias).softmax(dim=-1)
        asking = asking + self.out((weights.to(value.dtype) @ value).transpose(1, 2).flatten(2))
        return asking + self.feed(self.between(asking))

    def _split(self, tokens: Tensor) -> Tensor:
        """(B, L, width) -> (B, heads, L, width / heads)."""
        return tokens.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Tower(nn.Module):
    """A transformer that sums a sequence up in a learned query token, alone in its last layer: nobody reads the others there."""

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.query = nn.Parameter(0.02 * torch.randn(config.width))
        # Dropout on the tokens alone: inside the layers its random numbers are a quarter of the time of a step on a CPU.
        self.dropout = nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(Layer(config.width, config.heads) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.embedding_dim)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """(B, L, width), (B,) true lengths -> (B, E) of length 1."""
        batch, length, width = tokens.shape
        tokens = self.dropout(tokens + sinusoids(length, width).to(tokens))
        tokens = torch.cat([self.query.to(tokens.dtype).expand(batch, 1, width), tokens], dim=1)
        bias = torch.zeros(batch, length, device=tokens.device).masked_fill(absent(lengths, length), -torch.inf)
        bias = functional.pad(bias, (1, 0))[:, None, None]
        *full, last = self.layers
        for layer in full:
            tokens = layer(tokens, tokens, bias)
        return functional.normalize(self.out(self.norm(last(tokens[:, :1], tokens, bias))[:, 0]).float(), dim=-1)


class TwoTowers(nn.Module):
    """Motion and words into one space."""

    normalised: ClassVar[bool] = True

    def __init__(self, config: EvaluatorConfig, motion_width: int) -> None:
        super().__init__()
        config.check_heads("width")
        self.motion_in, self.text_in = nn.Linear(motion_width, config.width), text_input(config, config.width)
        self.motion_tower, self.text_tower = Tower(config), Tower(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1.0 / TEMPERATURE)))

    def embed_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, W) features, (B,) true lengths -> (B, E) of length 1."""
        return self.motion_tower(self.motion_in(motion), frames)

    def embed_text(self, text: Tensor, lengths: Tensor) -> Tensor:
        """(B, L) numbers of words or (B, L, D) states, (B,) true lengths -> (B, E) of length 1."""
        return self.text_tower(self.text_in(text), lengths)

    def forward(self, motion: Tensor, frames: Tensor, text: Tensor, lengths: Tensor, caption: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and text -> `loss`, and the motion's embedding."""
        embedded, said = self.embed_motion(motion, frames), self.embed_text(text, lengths)
        with torch.autocast(motion.device.type, enabled=False):
            logits = self.log_scale.exp().clamp(max=LARGEST_SCALE) * embedded @ said.T
        return {"loss": symmetric_cross_entropy(logits, caption), "motion": embedded}
