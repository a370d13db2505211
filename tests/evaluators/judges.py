"""Small evaluators of every architecture, untrained, and the motions and captions that they are shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from laban.evaluators.building import reader_of, untrained
from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.evaluator import Evaluator
from laban.evaluators.views import view
from laban.motion.skeleton import REST_OFFSETS

TEXTS = ["One person waves.", "The other person bows to the first person.", "They push", "One person waves."]
ARCHITECTURES = ("towers", "interclip", "guo", "tmr")


def motion(frames: int, seed: int = 0, people: int = 2) -> np.ndarray:
    """(T, P, 22, 3) metres: people who drift apart at random, not soundly but finitely."""
    rng = np.random.default_rng(seed)
    start = REST_OFFSETS.cumsum(axis=0)[None, None] * 0.3 + (np.array([0, 1, 0]) + np.arange(people)[:, None] * [0.1, 0, 1.2])[:, None]
    return (start + np.cumsum(0.03 * rng.normal(size=(frames, people, 22, 3)), axis=0)).astype(np.float32)


MOTIONS = [motion(frames, seed) for seed, frames in enumerate((120, 64, 20, 90))]


def judge(
    architecture: str,
    *,
    representation: str = "pair",
    kinds: tuple[str, ...] = ("bow", "push"),
    text_model: Path | None = None,
    **sizes: int,
) -> Evaluator:
    """An evaluator with random weights and the statistics of a few motions."""
    torch.manual_seed(3)
    reader, seen = reader_of(architecture, TEXTS, text_model), view(representation)
    own = {"width": 32, "text_width": 16, "layers": 2, "heads": 4, "feed_width": 24, "embedding_dim": 32, **sizes}
    config = EvaluatorConfig(
        architecture=architecture, representation=representation, text=reader.name,
        entries=reader.entries, state_width=reader.state_width, kinds=kinds, **own,
    )  # fmt: skip
    shown = [motion(60, seed, seen.people) for seed in range(4)]
    stored = [np.random.default_rng(0).normal(size=(99, seen.width))]
    return untrained(config, reader, seen.of(shown, 30.0) if seen.compute else stored)
