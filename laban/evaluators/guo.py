"""The evaluator of HumanML3D and KIT-ML (Guo et al., CVPR 2022; `networks/modules.py`), for as many people as its representation has.

Motion: two convolutions make a movement of four frames, a bidirectional GRU with learned first state reads movements. Text: word
vectors plus a linear map of the word's part of speech, a bidirectional GRU. Not of length 1: distances are Euclidean. Published
sizes: `feed_width` 512 (of movements), `width` 1024 (GRU of motion), `text_width` 512, `embedding_dim` 512, words of 300 numbers.
Ours: movements are learnt with the rest (theirs come frozen from an autoencoder), negatives are never the pair itself (their random
shift may be 0) nor of an equal caption, and a clip too long is cut from its end, not at random.

Letters: `B` batch, `T` frames, `L` words, `W` features a frame, `E` embedding width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.tagged import TAGS
from laban.evaluators.transformers import absent

UNIT = 4
"""Frames of a movement."""
LONGEST = 196
"""Frames; what is longer is cut."""
WORD_WIDTH = 300
"""Of GloVe's vectors."""
DROPOUT, SLOPE = 0.2, 0.2
MARGIN = 10.0
"""Distance from which on a wrong pair costs nothing."""


class Recurrent(nn.Module):
    """A sequence read from both sides by GRUs and summed up by their last states."""

    def __init__(self, entering: int, width: int, embedding_dim: int) -> None:
        super().__init__()
        self.input_emb = nn.Linear(entering, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        last = nn.Linear(width, embedding_dim)
        self.output_net = nn.Sequential(nn.Linear(2 * width, width), nn.LayerNorm(width), nn.LeakyReLU(SLOPE), last)
        self.hidden = nn.Parameter(torch.randn(2, 1, width))

    def forward(self, sequence: Tensor, lengths: Tensor) -> Tensor:
        """(B, L, entering), (B,) true lengths -> (B, E)."""
        with torch.autocast(sequence.device.type, enabled=False):
            packed = pack_padded_sequence(self.input_emb(sequence.float()), lengths.cpu(), batch_first=True, enforce_sorted=False)
            _, last = self.gru(packed, self.hidden.repeat(1, len(sequence), 1))
            return self.output_net(torch.cat([last[0], last[1]], dim=-1))


class Movements(nn.Module):
    """(B, T, W) -> (B, T / 4, width)."""

    def __init__(self, motion_width: int, width: int) -> None:
        super().__init__()
        first, second = nn.Conv1d(motion_width, width, 4, 2, 1), nn.Conv1d(width, width, 4, 2, 1)
        self.main = nn.Sequential(first, nn.Dropout(DROPOUT), nn.LeakyReLU(SLOPE), second, nn.Dropout(DROPOUT), nn.LeakyReLU(SLOPE))
        self.out_net = nn.Linear(width, width)

    def forward(self, motion: Tensor) -> Tensor:
        """Movements."""
        return self.out_net(self.main(motion.mT).mT)


class Guo(nn.Module):
    """Motion and words into one space."""

    normalised: ClassVar[bool] = True

    def __init__(self, config: EvaluatorConfig, motion_width: int) -> None:
        super().__init__()
        self.movement_encoder = Movements(motion_width, config.feed_width)
        self.motion_encoder = Recurrent(config.feed_width, config.width, config.embedding_dim)
        self.word = nn.Embedding(config.entries, WORD_WIDTH)
        self.pos_emb = nn.Linear(len(TAGS), WORD_WIDTH)
        self.text_encoder = Recurrent(WORD_WIDTH, config.text_width, config.embedding_dim)

    def embed_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, W) features, (B,) true lengths -> (B, E); raise `ValueError` on a motion of less than a movement of four frames."""
        units = frames.clamp(max=LONGEST) // UNIT
        if not units.all():
            raise ValueError(f"a motion of {int(frames.min())} frames is too short: this evaluator reads movements of {UNIT}")
        # Four frames of nothing follow the longest, as where they pad to 196: the last convolution looks beyond a clip's end.
        longest = min(UNIT * int(units.max()) + UNIT, LONGEST)
        motion = functional.pad(motion, (0, 0, 0, UNIT))[:, :longest]
        motion = motion.masked_fill(absent(UNIT * units, longest)[..., None], 0.0)
        return self.motion_encoder(self.movement_encoder(motion), units)

    def embed_text(self, text: Tensor, lengths: Tensor) -> Tensor:
        """(B, L, 2) numbers of words and of their tags, (B,) true lengths -> (B, E)."""
        tags = functional.one_hot(text[..., 1], len(TAGS)).to(self.pos_emb.weight.dtype)
        return self.text_encoder(self.word(text[..., 0]) + self.pos_emb(tags), lengths)

    def forward(self, motion: Tensor, frames: Tensor, text: Tensor, lengths: Tensor, caption: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and text -> `loss` and its parts, and the motion's embedding."""
        embedded, said = self.embed_motion(motion, frames), self.embed_text(text, lengths)
        shift = int(torch.randint(1, max(2, len(motion)), ()))
        wrong = caption != caption.roll(shift)
        near = functional.pairwise_distance(said, embedded).square().mean()
        room = (MARGIN - functional.pairwise_distance(said, embedded.roll(shift, 0))).clamp(min=0.0)
        far = (room.square() * wrong).sum() / wrong.sum().clamp(min=1)
        return {"loss": near + far, "near": near, "far": far, "motion": embedded}
