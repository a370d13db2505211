"""Train the network that judges motion against words on the clips of the training split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from laban.data.artifact import write_json
from laban.data.clip import Caption, Clip, ClipStore
from laban.distributed import seed_everything
from laban.evaluators import features as layout
from laban.evaluators.contrastive import RATE_FPS, Evaluator, EvaluatorConfig, TwoTowers, pad_motion, pad_words
from laban.evaluators.kind import kind_accuracy, kind_labels
from laban.evaluators.words import Words
from laban.metrics.distribution import diversity
from laban.metrics.retrieval import chance, mm_dist, r_precision
from laban.stages.contract import Gated, Work, stage
from laban.training.engine import fit

POOL, TOP, SHUFFLES, DIVERSITY_PAIRS = 32, 3, 20, 300
HELD_OUT = ("val", "test", "test_unseen")


@dataclass(frozen=True, kw_only=True)
class TrainEvaluatorSettings:
    """Sizes of the evaluator and how long it trains."""

    seed: int
    width: int
    layers: int
    """of each tower"""
    heads: int
    embedding_dim: int
    steps: int
    batch_size: int
    """clips; each is told from all others of its batch"""
    learning_rate: float


@dataclass(frozen=True)
class Example:
    """A stretch of a clip that captions speak of."""

    motion: np.ndarray
    """(T, 2, 22, 3) metres at `RATE_FPS`."""
    captions: tuple[str, ...]
    kind: str


class _Pairs(Dataset[dict[str, Any]]):
    """Features, one of the captions (drawn anew each time) and the kind of each example; every example stands twice."""

    def __init__(self, examples: list[Example], words: Words, kinds: tuple[str, ...]) -> None:
        self.features = [layout.pair_features(example.motion) for example in examples]
        self.captions = [[words.encode(caption) for caption in example.captions] for example in examples]
        self.kinds = kind_labels([example.kind for example in examples], kinds)

    def __len__(self) -> int:
        return 2 * len(self.features)

    def alike(self, seed: int) -> list[int]:
        """What comes into a batch together: once the kinds (told apart by style alone), and once whatever chance brings together."""
        apart = 10 + np.random.default_rng(seed).permutation(len(self.kinds)) + max(self.kinds)
        return [*self.kinds, *apart.tolist()]

    def __getitem__(self, number: int) -> dict[str, Any]:
        number %= len(self.features)
        captions = self.captions[number]
        chosen = captions[int(torch.randint(len(captions), ()))]
        return {"motion": self.features[number], "words": chosen, "kind": self.kinds[number]}


def _collate(items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    motion, frames = pad_motion([item["motion"] for item in items])
    words = pad_words([item["words"] for item in items])
    return {"motion": motion, "frames": frames, "words": words, "kind": torch.tensor([item["kind"] for item in items])}


@stage(kind="evaluator")
def train_evaluator(settings: TrainEvaluatorSettings, clips: Gated, work: Work) -> None:
    """Train the two towers and the kind head; write weights, vocabulary, loss history and how well they judge held-out truth."""
    store = ClipStore(clips.path)
    training = examples(store.split("train"))
    if len(training) < 2:
        raise ValueError(f"{clips.path} holds {len(training)} captioned two-person clips in split train: at least 2 are needed")
    words = Words.of(caption for example in training for caption in example.captions)
    kinds = tuple(sorted({example.kind for example in training if example.kind}))
    dataset = _Pairs(training, words, kinds)
    config = EvaluatorConfig(
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        embedding_dim=settings.embedding_dim,
        vocabulary_size=len(words),
        kinds=kinds,
    )
    seed_everything(settings.seed)
    network = TwoTowers(config, *layout.statistics(np.concatenate(dataset.features)))
    history = fit(
        network,
        dataset,
        collate=_collate,
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        scratch=work.scratch,
        log=work.log,
        name="evaluator",
        alike=dataset.alike(settings.seed),
    )
    evaluator = Evaluator(network.to("cpu"), config, words)
    evaluator.save(work.output)
    write_json(work.output / "loss.json", history)
    held_out = {name: examples(store.split(name)) for name in HELD_OUT}
    metrics: dict[str, Any] = {name: measure(evaluator, held, settings.seed) for name, held in held_out.items() if held}
    if "kind_accuracy" in metrics.get("test", {}):
        metrics["kind_accuracy"] = metrics["test"]["kind_accuracy"]
    write_json(work.output / "metrics.json", metrics)


def examples(clips: Iterable[Clip]) -> list[Example]:
    """Stretches of two-person clips with the captions of just that stretch; what has no caption is left out."""
    found: list[Example] = []
    for clip in clips:
        stretches: dict[tuple[int, int], list[str]] = {}
        for caption in clip.captions if clip.people == layout.PEOPLE else ():
            stretches.setdefault(_frames(clip, caption), []).append(caption.text)
        for (start, end), texts in stretches.items():
            motion = layout.resample(clip.positions[start:end], fps=clip.fps, rate=RATE_FPS)
            found.append(Example(motion, tuple(texts), clip.kind))
    return found


def _frames(clip: Clip, caption: Caption) -> tuple[int, int]:
    """First frame that a caption speaks of, and the one after the last; at least one frame."""
    start = min(round(caption.start_s * clip.fps), clip.frames - 1)
    return start, max(start + 1, min(round(caption.end_s * clip.fps), clip.frames))


def measure(evaluator: Evaluator, held_out: list[Example], seed: int) -> dict[str, float]:
    """How the evaluator judges **true** pairs: what a perfect generator would score, and chance beside it.

    R-precision is the mean over twenty shuffles into pools of 32, or of all there are where that is less (`pool` says so).
    """
    motions = [example.motion for example in held_out]
    captions = [example.captions[0] for example in held_out]
    text, motion = evaluator.embed_text(captions), evaluator.embed_motion(motions, RATE_FPS)
    pool, top = min(POOL, len(motions)), min(TOP, len(motions))
    found = np.mean([r_precision(text, motion, pool=pool, top=top, seed=seed + shuffle) for shuffle in range(SHUFFLES)], axis=0)
    numbers: dict[str, float] = {"samples": len(motions), "pool": pool, "mm_dist": mm_dist(text, motion)}
    numbers |= {f"r_precision_top{k + 1}": float(found[k]) for k in range(top)}
    numbers |= {f"chance_top{k + 1}": float(share) for k, share in enumerate(chance(pool=pool, top=top))}
    if len(motions) > 1:
        numbers["diversity"] = diversity(motion, pairs=min(DIVERSITY_PAIRS, len(motions)), seed=seed)
    numbers["unknown_words"] = evaluator.words.unknown_share(captions)
    named = [example for example in held_out if example.kind]
    if evaluator.kinds and named:
        told = evaluator.kind([example.motion for example in named], RATE_FPS)
        numbers |= {"kind_accuracy": kind_accuracy(told, [example.kind for example in named]), "kind_samples": len(named)}
    return numbers


if __name__ == "__main__":
    train_evaluator.main()
