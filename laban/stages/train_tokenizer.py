"""Train the motion tokenizer on the clips of the training split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from laban.data.artifact import write_json
from laban.data.clip import Clip, ClipStore
from laban.distributed import seed_everything
from laban.metrics.reconstruction import acceleration_error, mpjpe
from laban.motion import features as layout
from laban.stages.contract import Gated, Work, stage
from laban.tokenizer.autoencoder import MotionTokenizer, TokenizerConfig
from laban.tokenizer.losses import TokenizerLoss
from laban.training.engine import fit


@dataclass(frozen=True, kw_only=True)
class TrainTokenizerSettings:
    """Sizes of the tokenizer and how long it trains."""

    seed: int
    downsample: int
    """frames a step; a power of two"""
    residual_depth: int
    """D, ordered codes a person and step"""
    codebook_size: int
    """K, vectors a level"""
    code_dim: int
    width: int
    steps: int
    batch_size: int
    """clips"""
    learning_rate: float
    commitment: float
    velocity_weight: float
    quantize_dropout: float
    """probability that a step trains only some first levels"""


class _Windows(Dataset[np.ndarray]):
    """A stretch of every clip, of one length, in both orders of people, so that either end may be the given one.

    Stretches are as long as the shortest clip, and read when they are asked for: a set larger than memory is fine. Where in a longer
    clip one begins is drawn anew each time.
    """

    def __init__(self, store: ClipStore, downsample: int) -> None:
        self.store, self.numbers = store, store.numbers("train")
        if not len(self.numbers):
            raise ValueError(f"{store.folder} holds no clip in split train")
        shortest = int(store.column("frames")[self.numbers].min())
        self.frames = shortest - shortest % downsample
        if not self.frames:
            raise ValueError(f"the shortest training clip has {shortest} frames, fewer than one step of {downsample}")

    def __len__(self) -> int:
        return 2 * len(self.numbers)

    def __getitem__(self, number: int) -> np.ndarray:
        positions = self.store.at(int(self.numbers[number // 2])).positions
        start = self._start(len(positions) - self.frames)
        positions = positions[start : start + self.frames]
        return positions if number % 2 == 0 else positions[:, ::-1]

    def _start(self, latest: int) -> int:
        return int(torch.randint(latest + 1, ())) if latest else 0


def _collate(items: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """Positions of clips (T, P, 22, 3) -> features (R, T, F) of all their people, and the clip (R,) that each belongs to."""
    groups = [np.stack([item for item in items if item.shape[1] == people]) for people in sorted({item.shape[1] for item in items})]
    rows = [_people_first(layout.to_features(layout.frame_on_first(group))) for group in groups]
    sizes = [group.shape[2] for group in groups for _ in group]
    clips = np.repeat(np.arange(len(sizes)), sizes)
    return {"features": torch.from_numpy(np.concatenate(rows)), "clips": torch.from_numpy(clips)}


def _people_first(features: np.ndarray) -> np.ndarray:
    """(B, T, P, F) -> (B·P, T, F)."""
    return features.swapaxes(1, 2).reshape(-1, features.shape[1], features.shape[3])


@stage(kind="tokenizer")
def train_tokenizer(settings: TrainTokenizerSettings, clips: Gated, work: Work) -> None:
    """Train the residual-quantised autoencoder; write weights, sizes, loss history and held-out reconstruction."""
    store = ClipStore(clips.path)
    dataset = _Windows(store, settings.downsample)
    seed_everything(settings.seed)
    sample = _collate([dataset[number] for number in range(0, len(dataset), max(1, len(dataset) // 500))])["features"].numpy()
    config = TokenizerConfig(
        downsample=settings.downsample,
        residual_depth=settings.residual_depth,
        codebook_size=settings.codebook_size,
        code_dim=settings.code_dim,
        width=settings.width,
        quantize_dropout=settings.quantize_dropout,
        fps=float(store.column("fps")[dataset.numbers[0]]),
    )
    tokenizer = MotionTokenizer(config, *layout.statistics(sample))
    history = fit(
        TokenizerLoss(tokenizer, commitment=settings.commitment, velocity=settings.velocity_weight),
        dataset,
        collate=_collate,
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        scratch=work.scratch,
        log=work.log,
        name="tokenizer",
    )
    tokenizer.to("cpu").save(work.output)
    write_json(work.output / "loss.json", history)
    held_out = [name for name in ("val", "test", "test_unseen") if len(store.numbers(name))]
    write_json(work.output / "metrics.json", {name: _measure(tokenizer, store.split(name)) for name in held_out})


def _measure(tokenizer: MotionTokenizer, clips: Iterable[Clip]) -> dict[str, float]:
    """Reconstruction of held-out clips in millimetres, with 1 … D levels, and how much of each codebook they use."""
    depth, size = tokenizer.config.residual_depth, tokenizer.config.codebook_size
    errors: dict[str, list[float]] = {}
    used = [set[int]() for _ in range(depth)]
    for clip in clips:
        codes = tokenizer.encode_positions(clip.positions)
        truth = layout.frame_on_first(clip.positions)[: len(codes) * tokenizer.config.downsample]
        for level in range(depth):
            used[level] |= set(codes[..., level].ravel().tolist())
            features = tokenizer.decode(torch.from_numpy(codes)[None], levels=level + 1)[0].detach().numpy()
            predicted = layout.to_positions(features)
            errors.setdefault(f"mpjpe_mm_levels_{level + 1}", []).append(mpjpe(predicted, truth, alignment="world"))
        errors.setdefault("mpjpe_mm", []).append(mpjpe(predicted, truth, alignment="world"))
        errors.setdefault("acceleration_mm", []).append(acceleration_error(predicted, truth))
    usage = float(np.mean([len(codes) / size for codes in used]))
    means = {name: float(np.mean(values)) for name, values in errors.items()}
    return {**means, "codebook_usage": usage, "clips": len(errors["mpjpe_mm"])}


if __name__ == "__main__":
    train_tokenizer.main()
