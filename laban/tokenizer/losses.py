"""What a reconstruction is held to, in normalised features: (R, T, F), a row for each person of the batch."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from laban.motion.features import GROUPS, LOCAL, ROOT, VELOCITY
from laban.motion.skeleton import INDEX
from laban.tokenizer.autoencoder import MotionTokenizer

_KNEE = 0.1
"""Below this many deviations the loss is quadratic: a hand 3 cm off still counts in full."""
_WEIGHTS = {"root": 5.0, "local": 1.0, "velocity": 0.1, "contact": 0.1}
"""Ours, a group: positions are what is read back from a decoding, velocities and contacts are only company."""
_HANDS = [3 * (INDEX[name] - 1) + axis for name in ("left_elbow", "right_elbow", "left_wrist", "right_wrist") for axis in range(3)]
"""Numbers of the arms within the local joints: what two people do to each other they mostly do with their hands."""


class TokenizerLoss(nn.Module):
    """The tokenizer with its training objective."""

    def __init__(self, tokenizer: MotionTokenizer, *, commitment: float, velocity: float) -> None:
        super().__init__()
        self.tokenizer, self.commitment, self.velocity = tokenizer, commitment, velocity

    def forward(self, features: torch.Tensor, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        """Smooth L1 of features, hands twice, and of joint velocities, and the commitment of the encoder to its codes.

        `features` (R, T, F) are those of people, `clips` (R,) tells who belong together: clips of one, two or more people mix.
        Velocities are differences of the decoded *positions*, in deviations of a velocity: in deviations of a position they
        would weigh nothing, and motion would jitter.
        """
        quantized = self.tokenizer.quantizer(self.tokenizer.latents(features[:, :, None]))
        predicted = self.tokenizer.reconstruct_rows(quantized.latents[:, :, 0], clips).float()
        target = (features - self.tokenizer.mean) / self.tokenizer.deviation
        error = functional.smooth_l1_loss(predicted, target, beta=_KNEE, reduction="none")
        reconstruction = sum(weight * error[..., GROUPS[name]].mean() for name, weight in _WEIGHTS.items())
        reconstruction = reconstruction + error[..., LOCAL][..., _HANDS].mean()
        velocity = functional.smooth_l1_loss(self._velocity(predicted), self._velocity(target))
        loss = reconstruction + self.velocity * velocity + self.commitment * quantized.commitment
        return {"loss": loss, "reconstruction": reconstruction, "commitment": quantized.commitment}

    def _velocity(self, normalised: torch.Tensor) -> torch.Tensor:
        """(R, T, F) normalised features -> (R, T - 1, 66) change of pelvis and local joints in deviations of a velocity."""
        positions = slice(ROOT.start, LOCAL.stop)
        deviation = self.tokenizer.deviation
        return normalised[..., positions].diff(dim=1) * (deviation[positions] / deviation[VELOCITY])
