"""Residual vector quantisation with exponential moving averages; all of its state is saved.

Letters: `N` vectors, `C` channels, `D` residual depth, `K` codebook size.
Sources: RQ-VAE (arXiv 2203.01941) for the residual; VQ-VAE (arXiv 1711.00937, appendix A.1) for the moving averages.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Quantized:
    """What a quantiser makes of vectors."""

    latents: torch.Tensor
    """(…, C) sums of the chosen codes; in training the gradient passes straight through, once for all levels."""
    codes: torch.Tensor
    """(…, D) integers."""
    commitment: torch.Tensor
    """Mean squared distance of the vectors to what they were replaced by, over levels."""


class ResidualQuantizer(nn.Module):
    """`D` codebooks of `K` vectors; each level quantises what the levels before it left over."""

    codebooks: torch.Tensor
    counts: torch.Tensor
    sums: torch.Tensor
    initialised: torch.Tensor

    def __init__(self, *, depth: int, size: int, dim: int, decay: float = 0.99, dropout: float = 0.0) -> None:
        super().__init__()
        self.depth, self.size, self.dim = depth, size, dim
        self.decay, self.dropout = decay, dropout
        self.register_buffer("codebooks", torch.zeros(depth, size, dim))
        self.register_buffer("counts", torch.ones(depth, size))
        self.register_buffer("sums", torch.zeros(depth, size, dim))
        # A plain attribute here would re-draw the codebooks when training resumes.
        self.register_buffer("initialised", torch.zeros(depth, dtype=torch.bool))

    def forward(self, vectors: torch.Tensor) -> Quantized:
        """Quantise (…, C) vectors in float32; in training also move the codebooks and drop trailing levels at random."""
        with torch.autocast(vectors.device.type, enabled=False):
            return self._quantize(vectors)

    def _quantize(self, vectors: torch.Tensor) -> Quantized:
        shape = vectors.shape
        flat = vectors.reshape(-1, self.dim).float()
        levels = self._levels()
        residual, total, codes, losses = flat, torch.zeros_like(flat), [], []
        for level in range(self.depth):
            if self.training and not self.initialised[level]:
                self._start(level, residual.detach())
            index = self._nearest(residual.detach(), level)
            chosen = self.codebooks[level][index]
            codes.append(index)
            if level >= levels:
                continue
            losses.append((residual - chosen).square().mean())
            if self.training:
                self._move(level, residual.detach(), index)
            total = total + chosen
            residual = residual - chosen
        straight = flat + (total - flat).detach() if self.training else total
        return Quantized(straight.reshape(shape), torch.stack(codes, -1).reshape(*shape[:-1], -1), torch.stack(losses).mean())

    def decode(self, codes: torch.Tensor, levels: int | None = None) -> torch.Tensor:
        """(…, D) codes -> (…, C) latents, from the first `levels` levels (all by default)."""
        used = self.depth if levels is None else levels
        return torch.stack([self.codebooks[level][codes[..., level]] for level in range(used)]).sum(0)

    def _levels(self) -> int:
        """How many levels this step uses: all, or with probability `dropout` a random number of them."""
        if self.training and self.depth > 1 and torch.rand(()).item() < self.dropout:
            return int(torch.randint(1, self.depth, ()).item())
        return self.depth

    def _nearest(self, vectors: torch.Tensor, level: int) -> torch.Tensor:
        book = self.codebooks[level]
        return (book.square().sum(-1) - 2 * vectors @ book.T).argmin(-1)

    def _start(self, level: int, vectors: torch.Tensor) -> None:
        """Begin with vectors of the first batch."""
        self.codebooks[level] = self._draw(vectors, self.size)
        self.sums[level] = self.codebooks[level]
        self.counts[level] = 1.0
        self.initialised[level] = True

    @staticmethod
    def _draw(vectors: torch.Tensor, number: int) -> torch.Tensor:
        chosen = vectors[torch.randint(len(vectors), (number,), device=vectors.device)]
        return chosen + 1e-3 * vectors.std() * torch.randn_like(chosen)

    def _move(self, level: int, vectors: torch.Tensor, index: torch.Tensor) -> None:
        """Moving averages; a code that almost nothing chose any more is put on a vector of this batch."""
        counts = torch.bincount(index, minlength=self.size).float()
        sums = torch.zeros_like(self.sums[level]).index_add_(0, index, vectors)
        self.counts[level].mul_(self.decay).add_(counts, alpha=1 - self.decay)
        self.sums[level].mul_(self.decay).add_(sums, alpha=1 - self.decay)
        dead = self.counts[level] < 0.03 * len(vectors) / self.size
        if dead.any():
            self.sums[level][dead] = self._draw(vectors, int(dead.sum()))
            self.counts[level][dead] = 1.0
        self.codebooks[level] = self.sums[level] / self.counts[level].clamp_min(1e-5)[:, None]
