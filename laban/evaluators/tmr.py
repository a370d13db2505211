"""TMR (Petrovich et al., ICCV 2023; `configs/model/tmr.yaml`), for two people; by default the **held-out judge**.

Two post-norm transformers of motion and text, each with two learned tokens that become mean and log-variance of a latent, and a
decoder from a latent to motion. Losses, with TMR's weights: reconstruction from either latent (smooth L1), divergences between the
two distributions and to a standard normal, distance of the latents, and a contrast of temperature 0.1. It takes `width` (the latent;
`embedding_dim` must equal it), `layers`, `heads` and `feed_width`; published: 256, 6, 4, 1024, on states of a frozen sentence encoder.
Ours: the contrast is of means, as retrieval is, not of samples; padded frames take no part in the reconstruction; wrong negatives are
those of equal captions, not of similar sentences.

Letters: `B` batch, `T` frames, `L` words, `W` features a frame, `E` = width of the latent.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.losses import symmetric_cross_entropy
from laban.evaluators.text import text_input
from laban.evaluators.transformers import absent, encoder, sinusoids

DROPOUT = 0.1
TEMPERATURE = 0.1
WEIGHTS = {"reconstruction": 1.0, "divergence": 1e-5, "latent": 1e-5, "contrast": 0.1}
Latent = tuple[Tensor, Tensor]
"""Mean and log-variance, each (B, E)."""


class Encoder(nn.Module):
    """A sequence to the mean and log-variance of a latent."""

    def __init__(self, config: EvaluatorConfig) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(2, config.width))
        self.dropout = nn.Dropout(DROPOUT)
        self.layers = encoder(config.width, heads=config.heads, feed_width=config.feed_width, layers=config.layers, dropout=DROPOUT)

    def forward(self, sequence: Tensor, lengths: Tensor) -> Latent:
        """(B, T, width), (B,) true lengths -> two (B, width)."""
        sequence = torch.cat([self.tokens.to(sequence.dtype).expand(len(sequence), -1, -1), sequence], dim=1)
        sequence = self.dropout(sequence + sinusoids(*sequence.shape[1:]).to(sequence))
        found = self.layers(sequence, src_key_padding_mask=absent(lengths + 2, sequence.shape[1])).float()
        return found[:, 0], found[:, 1]


class Decoder(nn.Module):
    """A latent to a motion of given length: places ask, the latent answers."""

    def __init__(self, config: EvaluatorConfig, motion_width: int) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(config.width, config.heads, config.feed_width, DROPOUT, activation="gelu", batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.layers = nn.TransformerDecoder(layer, config.layers)
        self.out = nn.Linear(config.width, motion_width)

    def forward(self, latent: Tensor, padded: Tensor) -> Tensor:
        """(B, E), (B, T) true where padded -> (B, T, W)."""
        places = self.dropout(sinusoids(padded.shape[1], latent.shape[1]).to(latent).expand(len(latent), -1, -1))
        return self.out(self.layers(places, latent[:, None], tgt_key_padding_mask=padded))


class Tmr(nn.Module):
    """Motion and words into one space of latents, from which motion can be had again."""

    normalised: ClassVar[bool] = True

    def __init__(self, config: EvaluatorConfig, motion_width: int) -> None:
        super().__init__()
        config.check_heads("width")
        if config.embedding_dim != config.width:
            raise ValueError(f"tmr: the latent is the embedding; embedding_dim {config.embedding_dim} must be width {config.width}")
        self.motion_in, self.text_in = nn.Linear(motion_width, config.width), text_input(config, config.width)
        self.motion_encoder, self.text_encoder = Encoder(config), Encoder(config)
        self.decoder = Decoder(config, motion_width)

    def embed_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, W) features, (B,) true lengths -> (B, E), the latent's mean, of length 1."""
        return functional.normalize(self.motion_encoder(self.motion_in(motion), frames)[0], dim=-1)

    def embed_text(self, text: Tensor, lengths: Tensor) -> Tensor:
        """(B, L) numbers of words or (B, L, D) states, (B,) true lengths -> (B, E), the latent's mean, of length 1."""
        return functional.normalize(self.text_encoder(self.text_in(text), lengths)[0], dim=-1)

    def forward(self, motion: Tensor, frames: Tensor, text: Tensor, lengths: Tensor, caption: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and text -> `loss` and its parts, and the motion's embedding."""
        shown, said = self.motion_encoder(self.motion_in(motion), frames), self.text_encoder(self.text_in(text), lengths)
        padded = absent(frames, motion.shape[1])
        latents = [mean + torch.randn_like(mean) * (0.5 * log_variance).exp() for mean, log_variance in (shown, said)]
        unit = [functional.normalize(mean, dim=-1) for mean, _ in (shown, said)]
        standard = (torch.zeros_like(shown[0]), torch.zeros_like(shown[1]))
        couples = ((said, shown), (shown, said), (shown, standard), (said, standard))
        losses = {
            "reconstruction": sum(_away(self.decoder(latent, padded), motion, padded) for latent in latents),
            "divergence": sum(divergence(*couple) for couple in couples),
            "latent": functional.smooth_l1_loss(*latents),
            "contrast": symmetric_cross_entropy(unit[0] @ unit[1].T / TEMPERATURE, caption),
        }
        loss = sum(WEIGHTS[name] * value for name, value in losses.items())
        return {"loss": loss, **losses, "motion": functional.normalize(shown[0], dim=-1)}  # type: ignore[dict-item]


def divergence(one: Latent, other: Latent) -> Tensor:
    """Kullback–Leibler divergence of two diagonal normal distributions, mean over numbers: KL(one ‖ other)."""
    (mean, log_variance), (aim, log_aim) = one, other
    ratio = log_variance - log_aim
    return 0.5 * (ratio.exp() + (aim - mean) ** 2 / log_aim.exp() - 1.0 - ratio).mean()


def _away(made: Tensor, motion: Tensor, padded: Tensor) -> Tensor:
    """Smooth L1 over real frames."""
    return functional.smooth_l1_loss(made[~padded].float(), motion[~padded].float())
