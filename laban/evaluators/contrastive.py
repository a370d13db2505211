"""A network that judges whether two people do what a caption says, after InterCLIP (Liang et al., InterGen, IJCV 2024).

Two transformers, one of motion and one of words, map into one space; matching pairs are pulled together.
Ours and unlike InterCLIP: a word vocabulary of the training captions instead of frozen CLIP, pre-norm layers, motion thinned to
7.5 frames a second, and equal captions in a batch are not held against one another (InterHuman repeats some fifty times).

Letters: `B` batch, `T` frames, `W` words, `E` embedding width, `P` = 2 people.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from laban.data.artifact import write_json
from laban.evaluators import features as layout
from laban.evaluators.kind import KindHead, kind_loss, names_of
from laban.evaluators.words import PAD, Words

WEIGHTS, CONFIG = "model.safetensors", "config.json"
RATE_FPS = 7.5
"""Frames a second that are looked at: a gesture lasts half a second, and attention costs the square of the frames."""
DROPOUT = 0.1
TEMPERATURE = 0.07
"""Where the learned temperature starts: CLIP's (Radford et al. 2021)."""
LARGEST_SCALE = 100.0
BATCH = 64


@dataclass(frozen=True, kw_only=True)
class EvaluatorConfig:
    """Sizes of the network; with the weights and the vocabulary it is the whole evaluator."""

    width: int
    layers: int
    heads: int
    embedding_dim: int
    vocabulary_size: int
    kinds: tuple[str, ...]
    """Interactions that the head tells apart, in the order of its outputs; empty: there is no head."""
    rate_fps: float = RATE_FPS

    def __post_init__(self) -> None:
        if self.layers < 1 or self.width % self.heads or self.width % 2:
            raise ValueError(f"evaluator width {self.width} must be even and divisible by its {self.heads} heads, its layers at least 1")


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

    def forward(self, tokens: Tensor, absent: Tensor) -> Tensor:
        """(B, L, width), (B, L) true where padded -> (B, width)."""
        batch, length, width = tokens.shape
        tokens = self.dropout(tokens + sinusoids(length, width).to(tokens))
        tokens = torch.cat([self.query.to(tokens.dtype).expand(batch, 1, width), tokens], dim=1)
        bias = torch.zeros(absent.shape, device=tokens.device).masked_fill(absent, -torch.inf)
        bias = functional.pad(bias, (1, 0))[:, None, None]
        *full, last = self.layers
        for layer in full:
            tokens = layer(tokens, tokens, bias)
        return self.norm(last(tokens[:, :1], tokens, bias))[:, 0]


def sinusoids(length: int, width: int) -> Tensor:
    """Positions as sines and cosines, (length, width): Vaswani et al. (NeurIPS 2017), section 3.5."""
    angle = torch.arange(length)[:, None] * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(length, width)


class TwoTowers(nn.Module):
    """Motion and words into one space, and motion into kinds."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: EvaluatorConfig, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean))
        self.register_buffer("deviation", torch.as_tensor(deviation))
        self.motion_in = nn.Linear(layout.WIDTH, config.width)
        self.motion_tower = Tower(config)
        self.motion_out = nn.Linear(config.width, config.embedding_dim)
        self.word_in = nn.Embedding(config.vocabulary_size, config.width, padding_idx=PAD)
        self.text_tower = Tower(config)
        self.text_out = nn.Linear(config.width, config.embedding_dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1.0 / TEMPERATURE)))
        self.kind_head = KindHead(config.width, len(config.kinds)) if config.kinds else None

    def pool_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, 264) features, (B,) true lengths -> (B, width)."""
        absent = torch.arange(motion.shape[1], device=motion.device) >= frames[:, None]
        return self.motion_tower(self.motion_in((motion - self.mean) / self.deviation), absent)

    def embed_motion(self, pooled: Tensor) -> Tensor:
        """(B, width) -> (B, E) of length 1."""
        return functional.normalize(self.motion_out(pooled).float(), dim=-1)

    def embed_text(self, words: Tensor) -> Tensor:
        """(B, W) word numbers, 0 where padded -> (B, E) of length 1."""
        pooled = self.text_tower(self.word_in(words), words == PAD)
        return functional.normalize(self.text_out(pooled).float(), dim=-1)

    def forward(self, motion: Tensor, frames: Tensor, words: Tensor, kind: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and words, and (B,) kinds or -1 -> `loss` and its parts."""
        pooled = self.pool_motion(motion, frames)
        contrastive = self.contrast(self.embed_motion(pooled), self.embed_text(words), words)
        if self.kind_head is None:
            return {"loss": contrastive, "contrastive": contrastive}
        # Detached: labels train the head alone, so that retrieval is learnt from captions and nothing else.
        kinds = kind_loss(self.kind_head(pooled.detach()), kind)
        return {"loss": contrastive + kinds, "contrastive": contrastive, "kind": kinds}

    def contrast(self, motion: Tensor, text: Tensor, words: Tensor) -> Tensor:
        """Symmetric cross-entropy (Radford et al. 2021) of (B, E) rows; rows of equal words are no negatives of one another."""
        with torch.autocast(motion.device.type, enabled=False):  # three digits would blur the hard negatives
            logits = self.log_scale.exp().clamp(max=LARGEST_SCALE) * motion @ text.T
        own = torch.arange(len(logits), device=logits.device)
        equal = (words[:, None] == words[None]).all(dim=-1) & (own[:, None] != own)
        logits = logits.masked_fill(equal, -torch.inf)
        return 0.5 * (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own))


class Evaluator:
    """The trained judge: arrays and strings in, float64 arrays out; equal inputs give equal outputs."""

    def __init__(self, network: TwoTowers, config: EvaluatorConfig, words: Words) -> None:
        self.network, self.config, self.words = network.eval(), config, words

    @property
    def kinds(self) -> tuple[str, ...]:
        """Interactions that it tells apart; empty where its training data named none."""
        return self.config.kinds

    def save(self, folder: Path) -> None:
        """Write weights, configuration and vocabulary."""
        weights = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        (folder / WEIGHTS).write_bytes(to_bytes(weights))  # save_file would make it readable to its owner only
        write_json(folder / CONFIG, asdict(self.config))
        self.words.save(folder)

    @classmethod
    def load(cls, folder: Path | str) -> Evaluator:
        """Read what `save` wrote; raise `ValueError` naming the file that does not fit."""
        folder = Path(folder)
        read: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
        config = EvaluatorConfig(**{**read, "kinds": tuple(read["kinds"])})
        words = Words.load(folder)
        if len(words) != config.vocabulary_size:
            raise ValueError(f"{folder}: the vocabulary has {len(words)} entries, {CONFIG} says {config.vocabulary_size}; train it again")
        network = TwoTowers(config, np.zeros(layout.WIDTH, np.float32), np.ones(layout.WIDTH, np.float32))
        network.load_state_dict(load_file(folder / WEIGHTS))
        return cls(network, config, words)

    def embed_motion(self, motions: Sequence[np.ndarray], fps: float) -> np.ndarray:
        """Motions (T, 2, 22, 3) in metres, of any lengths, all at `fps` -> (N, E), each of length 1.

        Raises `ValueError` on other than two people or a value that is not finite.
        """
        with torch.inference_mode():
            return self._stack([self.network.embed_motion(pooled) for pooled in self._pooled(motions, fps)])

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        """Captions -> (N, E), each of length 1."""
        numbers = [self.words.encode(text) for text in texts]
        with torch.inference_mode():
            batches = (pad_words(numbers[start : start + BATCH]) for start in range(0, len(numbers), BATCH))
            return self._stack([self.network.embed_text(batch.to(self.network.mean.device)) for batch in batches])

    def kind(self, motions: Sequence[np.ndarray], fps: float = 30.0) -> list[str]:
        """Most likely interaction of each motion (T, 2, 22, 3); raise `ValueError` where the training data named none."""
        head = self.network.kind_head
        if head is None:
            raise ValueError("this evaluator tells no kinds apart: no clip that it was trained on has one")
        with torch.inference_mode():
            return [name for pooled in self._pooled(motions, fps) for name in names_of(head(pooled), self.kinds)]

    def _pooled(self, motions: Sequence[np.ndarray], fps: float) -> Iterator[Tensor]:
        """(B, width) of each batch of motions."""
        device = self.network.mean.device
        for start in range(0, len(motions), BATCH):
            rows = [self._features(motion, fps, start + row) for row, motion in enumerate(motions[start : start + BATCH])]
            motion, frames = pad_motion(rows)
            yield self.network.pool_motion(motion.to(device), frames.to(device))

    def _features(self, motion: np.ndarray, fps: float, number: int) -> np.ndarray:
        if not np.isfinite(motion).all():
            raise ValueError(f"motion {number} has a value that is not finite")
        return layout.pair_features(layout.resample(motion, fps=fps, rate=self.config.rate_fps))

    def _stack(self, embedded: list[Tensor]) -> np.ndarray:
        if not embedded:
            return np.zeros((0, self.config.embedding_dim))
        return torch.cat(embedded).cpu().numpy().astype(np.float64)


def pad_motion(rows: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    """Feature arrays (T, 264) -> (B, T, 264) padded with 0, and (B,) lengths."""
    return pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True), torch.tensor([len(row) for row in rows])


def pad_words(rows: Sequence[Sequence[int]]) -> Tensor:
    """Word numbers -> (B, W) padded with 0."""
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)
