"""Train a network that judges motion against words on the clips of the training split, or take a published one.

The workflow runs it twice: `train_evaluator` makes the one that models are measured, filtered and chosen by, `train_judge` one of
another architecture that takes part in nothing else, so that no model is judged only by what may have rewarded it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from laban.data.artifact import write_json
from laban.data.clip import Caption, Clip, ClipStore
from laban.distributed import seed_everything
from laban.evaluators.building import published_guo, published_interclip, reader_of, untrained
from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.evaluator import Evaluator, check_captions, pad
from laban.evaluators.features import trembled
from laban.evaluators.kind import kind_accuracy, kind_labels
from laban.evaluators.text import Reader
from laban.evaluators.views import View, view
from laban.metrics.distribution import diversity
from laban.metrics.retrieval import chance, mm_dist, r_precision
from laban.stages.contract import Gated, Work, stage
from laban.training.engine import fit

POOL, TOP, SHUFFLES, DIVERSITY_PAIRS = 32, 3, 20, 300
HELD_OUT = ("val", "test", "test_unseen")
TOGETHER = 64
"""Motions whose features are computed at once."""


@dataclass(frozen=True, kw_only=True)
class TrainEvaluatorSettings:
    """Which network, how large, and how long it trains; docs/evaluators.md."""

    seed: int
    architecture: str
    """`towers` (small, ours), `interclip`, `guo`, `tmr`"""
    representation: str
    """`pair` (ours), `interhuman`, `humanml3d`"""
    text_model: str
    """folder of what reads text: a Hugging Face text model (towers, tmr: its states; interclip: its token embeddings), frozen, or
    GloVe vectors (guo); empty: words of the training captions, learnt from scratch"""
    checkpoint: str
    """published weights to take instead of training (interclip, guo); empty: train"""
    normaliser: str
    """folder with `mean.npy` and `std.npy` that the checkpoint belongs to (guo)"""
    width: int
    text_width: int
    layers: int
    """of each transformer"""
    heads: int
    feed_width: int
    embedding_dim: int
    steps: int
    batch_size: int
    """clips; each is told from all others of its batch"""
    learning_rate: float
    noise_m: float
    """greatest spread in metres of the slow noise on half of the motions that are seen: what a tokenizer leaves is not style"""


@dataclass(frozen=True)
class Stretch:
    """The part of a clip that captions speak of."""

    clip: str
    positions: np.ndarray
    """(T, P, 22, 3) metres."""
    fps: float
    captions: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Example:
    """A stretch as the evaluator sees it."""

    features: np.ndarray
    """(T, W) of the evaluator's view."""
    noisy: np.ndarray
    """The same of the motion with noise; the same array where none is asked for."""
    captions: tuple[str, ...]
    kind: str


class _Pairs(Dataset[dict[str, Any]]):
    """Features, one of the captions (drawn anew each time) and the kind of each example; every example stands twice."""

    def __init__(self, examples: list[Example], reader: Reader, kinds: tuple[str, ...]) -> None:
        texts = sorted({caption for example in examples for caption in example.captions})
        number = {text: place for place, text in enumerate(texts)}
        self.texts = reader.read(texts)
        self.features = [torch.from_numpy(example.features) for example in examples]
        self.noisy = [torch.from_numpy(example.noisy) for example in examples]
        self.captions = [[number[caption] for caption in example.captions] for example in examples]
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
        motion = self.noisy[number] if torch.rand(()) < 0.5 else self.features[number]
        return {"motion": motion, "text": self.texts[chosen], "caption": chosen, "kind": self.kinds[number]}


def _collate(items: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    motion, frames = pad([item["motion"] for item in items])
    text, lengths = pad([item["text"] for item in items])
    labels = {name: torch.tensor([item[name] for item in items]) for name in ("caption", "kind")}
    return {"motion": motion, "frames": frames, "text": text, "lengths": lengths, **labels}


@stage(kind="evaluator")
def train_evaluator(settings: TrainEvaluatorSettings, clips: Gated, work: Work) -> None:
    """Train the network and its kind head, or take published weights; write it, its losses and how well it judges held-out truth."""
    store, seen = ClipStore(clips.path), view(settings.representation)
    if settings.checkpoint:
        evaluator, history = _published(settings, seen), list[dict[str, float]]()
    else:
        evaluator, history = _trained(settings, seen, store, work)
    evaluator.save(work.output)
    write_json(work.output / "loss.json", history)
    held_out = {name: examples(store.split(name), seen) for name in HELD_OUT}
    metrics: dict[str, Any] = {name: measure(evaluator, held, settings.seed) for name, held in held_out.items() if held}
    if "kind_accuracy" in metrics.get("test", {}):
        metrics["kind_accuracy"] = metrics["test"]["kind_accuracy"]
    write_json(work.output / "metrics.json", metrics)


def _published(settings: TrainEvaluatorSettings, seen: View) -> Evaluator:
    """Somebody else's weights; raise `ValueError` naming the setting that is missing or out of place."""
    if not settings.text_model:
        raise ValueError(f"checkpoint {settings.checkpoint} needs text_model, the folder of what its text side reads")
    checkpoint, text_model = Path(settings.checkpoint), Path(settings.text_model)
    if settings.architecture == "interclip":
        if settings.normaliser:
            raise ValueError(f"normaliser {settings.normaliser}: interclip reads features as they are; leave it empty")
        return published_interclip(checkpoint, text_model, seen)
    if settings.architecture == "guo":
        if not settings.normaliser:
            raise ValueError("guo needs normaliser, the folder of the evaluator's own mean.npy and std.npy; the data set's are others")
        return published_guo(checkpoint, text_model, Path(settings.normaliser), seen)
    raise ValueError(f"no published layout of {settings.architecture!r} is known; there are interclip and guo")


def _trained(settings: TrainEvaluatorSettings, seen: View, store: ClipStore, work: Work) -> tuple[Evaluator, list[dict[str, float]]]:
    """An evaluator trained on the captions of the training split, and its losses."""
    if settings.normaliser:
        raise ValueError(f"normaliser {settings.normaliser}: an evaluator that is trained makes its own; leave it empty")
    training = examples(store.split("train"), seen, noise_m=settings.noise_m, seed=settings.seed)
    if len(training) < 2:
        people = "one person" if seen.people == 1 else f"{seen.people} people"
        raise ValueError(f"{store.folder} holds {len(training)} captioned clips of {people} in split train: at least 2 are needed")
    kinds = tuple(sorted({example.kind for example in training if example.kind}))
    captions = (caption for example in training for caption in example.captions)
    reader = reader_of(settings.architecture, captions, Path(settings.text_model) if settings.text_model else None)
    seed_everything(settings.seed)
    evaluator = untrained(_config(settings, reader, kinds), reader, [example.features for example in training])
    dataset = _Pairs(training, reader, kinds)
    history = fit(
        evaluator.network,
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
    evaluator.network.to("cpu")
    return evaluator, history


def _config(settings: TrainEvaluatorSettings, reader: Reader, kinds: tuple[str, ...]) -> EvaluatorConfig:
    return EvaluatorConfig(
        architecture=settings.architecture,
        representation=settings.representation,
        text=reader.name,
        width=settings.width,
        text_width=settings.text_width,
        layers=settings.layers,
        heads=settings.heads,
        feed_width=settings.feed_width,
        embedding_dim=settings.embedding_dim,
        entries=reader.entries,
        state_width=reader.state_width,
        kinds=kinds,
    )


def examples(clips: Iterable[Clip], seen: View, *, noise_m: float = 0.0, seed: int = 0) -> list[Example]:
    """Stretches of clips of as many people as the view has, with the captions of just that stretch; what has no caption is left out.

    Raises `ValueError` naming a clip that has an empty caption or cannot be seen.
    """
    draw = np.random.default_rng(seed)
    stretches = (stretch for clip in clips if clip.people == seen.people for stretch in _stretches(clip))
    found: list[Example] = []
    while batch := list(itertools.islice(stretches, TOGETHER)):
        clean = _seen(batch, seen)
        trembling = [replace(one, positions=trembled(one.positions, one.fps, noise_m, draw)) for one in batch]
        noisy = _seen(trembling, seen) if noise_m else clean
        views = zip(batch, clean, noisy, strict=True)
        found += [Example(features, other, one.captions, one.kind) for one, features, other in views]
    return found


def _stretches(clip: Clip) -> Iterator[Stretch]:
    spans: dict[tuple[int, int], list[str]] = {}
    for caption in clip.captions:
        spans.setdefault(_frames(clip, caption), []).append(caption.text)
    for (start, end), texts in spans.items():
        name = f"{clip.id}, frames {start} to {end}"
        try:
            check_captions(texts)
        except ValueError as error:
            raise ValueError(f"clip {name}: {error}") from error
        yield Stretch(name, clip.positions[start:end], clip.fps, tuple(texts), clip.kind)


def _seen(stretches: list[Stretch], seen: View) -> list[np.ndarray]:
    """Features of stretches, which may have several rates."""
    rows: dict[int, np.ndarray] = {}
    for fps in sorted({one.fps for one in stretches}):
        numbers = [number for number, one in enumerate(stretches) if one.fps == fps]
        try:
            found = seen.of([stretches[number].positions for number in numbers], fps)
        except ValueError:
            for number in numbers:
                _see_alone(stretches[number], seen)
            raise
        rows |= zip(numbers, found, strict=True)
    return [rows[number] for number in range(len(stretches))]


def _see_alone(stretch: Stretch, seen: View) -> None:
    """Raise `ValueError` naming the clip if it is this one that cannot be seen."""
    try:
        seen.of([stretch.positions], stretch.fps)
    except ValueError as error:
        raise ValueError(f"clip {stretch.clip}: {error}") from error


def _frames(clip: Clip, caption: Caption) -> tuple[int, int]:
    """First frame that a caption speaks of, and the one after the last; at least one frame."""
    start = min(round(caption.start_s * clip.fps), clip.frames - 1)
    return start, max(start + 1, min(round(caption.end_s * clip.fps), clip.frames))


def measure(evaluator: Evaluator, held_out: list[Example], seed: int) -> dict[str, float]:
    """How the evaluator judges **true** pairs: what a perfect generator would score, and chance beside it.

    R-precision is the mean over twenty shuffles into pools of 32, or of all there are where that is less (`pool` says so).
    """
    captions = [example.captions[0] for example in held_out]
    text, motion = evaluator.embed_text(captions), evaluator.embed_features([example.features for example in held_out])
    pool, top = min(POOL, len(motion)), min(TOP, len(motion))
    found = np.mean([r_precision(text, motion, pool=pool, top=top, seed=seed + shuffle) for shuffle in range(SHUFFLES)], axis=0)
    numbers: dict[str, float] = {"samples": len(motion), "pool": pool, "mm_dist": mm_dist(text, motion)}
    numbers |= {f"r_precision_top{k + 1}": float(found[k]) for k in range(top)}
    numbers |= {f"chance_top{k + 1}": float(share) for k, share in enumerate(chance(pool=pool, top=top))}
    if len(motion) > 1:
        numbers["diversity"] = diversity(motion, pairs=min(DIVERSITY_PAIRS, len(motion)), seed=seed)
    numbers["unknown_words"] = evaluator.reader.unknown_share(captions)
    named = [example for example in held_out if example.kind]
    if evaluator.kinds and named:
        told = evaluator.kind_of_features([example.features for example in named])
        numbers |= {"kind_accuracy": kind_accuracy(told, [example.kind for example in named]), "kind_samples": len(named)}
    return numbers


if __name__ == "__main__":
    train_evaluator.main()
