"""A small world to evaluate in: real motion and conversations made from code, and small networks with random weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from laban.data.artifact import Artifact, Manifest, list_files, seal
from laban.data.clip import ClipStore, write_clips
from laban.stages.contract import Gated, Work

KINDS = ("hug", "push", "bow", "wave")
CLIPS = 120


@dataclass(frozen=True)
class World:
    """Inputs of `evaluate`, and a run of it on them."""

    inputs: dict[str, Artifact]
    settings: object
    output: Path
    scratch: Path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Evaluated once for all tests."""
    from laban.stages.evaluate import EvaluateSettings, evaluate

    root = tmp_path_factory.mktemp("world")
    settings = EvaluateSettings(
        seed=3, samples=36, repetitions=2, temperature=1.0, top_p=1.0, batch_size=18, metric_repetitions=5, scale=1.0,
        bertscore_model="", bertscore_layer=-1, mauve_model="", judge_endpoint="", judge_model="",
    )  # fmt: skip
    inputs = _inputs(root)
    output, scratch = root / "evaluation", root / "scratch"
    output.mkdir()
    evaluate.function(settings, **inputs, work=Work(output, scratch))
    return World(inputs, settings, output, scratch)


def _inputs(root: Path) -> dict[str, Artifact]:
    from laban.stages.encode import EncodeSettings, encode
    from laban.stages.synthesize import SynthesizeSettings, synthesize
    from laban.synthesis.captions import captions
    from laban.synthesis.interactions import Order, make_clips
    from laban.synthesis.style import styles_of

    orders = []
    for number in range(CLIPS):
        kind = KINDS[number % len(KINDS)]
        styles = styles_of(kind)
        split = "test" if number % 3 == 0 else "train"
        orders.append(Order(id=f"proc-{number:04d}", style=styles[number * 7 % len(styles)], seed=3, number=number, split=split))
    made = make_clips(orders, clip_seconds=2.0, fps=30.0)
    write_clips(
        root / "clips",
        [
            replace(clip, captions=captions(order.style, seed=order.seed, number=order.number, end_s=clip.seconds))
            for order, clip in zip(orders, made, strict=True)
        ],
    )
    clips = _sealed(root / "clips", "clips")
    asked = SynthesizeSettings(seed=3, conversations=560, synthetic_clips=60, near_duplicates=0.0)
    conversations = _made(root / "conversations", lambda work: synthesize.function(asked, clips, work))
    _tokenizer(root / "tokenizer", ClipStore(clips.path))
    tokenizer = _sealed(root / "tokenizer", "tokenizer")
    codes = _made(root / "codes", lambda work: encode.function(EncodeSettings(batch_size=32), clips, conversations, tokenizer, work))
    _language_model(root / "model", ClipStore(clips.path))
    _evaluators(root, ClipStore(clips.path))
    return {
        "model": _sealed(root / "model", "model"), "tokenizer": tokenizer, "evaluator": _sealed(root / "evaluator", "evaluator"),
        "judge": _sealed(root / "judge", "evaluator"), "clips": clips, "conversations": conversations, "codes": codes,
    }  # fmt: skip


def _made(folder: Path, run) -> Gated:
    folder.mkdir()
    run(Work(folder, folder.with_name(f"{folder.name}-scratch")))
    return _sealed(folder, folder.name)


def _sealed(folder: Path, kind: str) -> Gated:
    artifact = seal(folder, Manifest(kind=kind, stage="test", settings={}, parents={}, files=list_files(folder)))
    return Gated(artifact.path, artifact.manifest, artifact.hash)


def _tokenizer(folder: Path, store: ClipStore) -> None:
    """Codebooks drawn from motion, nothing trained: it decodes to something near people, as an early model does."""
    import torch

    from laban.motion import features as layout
    from laban.tokenizer.autoencoder import MotionTokenizer, TokenizerConfig

    torch.manual_seed(0)
    stacked = layout.to_features(layout.frame_on_first(np.stack([clip.positions for clip in store.split("train") if clip.people == 2])))
    model = MotionTokenizer(
        TokenizerConfig(downsample=8, residual_depth=2, codebook_size=16, code_dim=8, width=16), *layout.statistics(stacked)
    )
    model.quantizer(model.latents(torch.from_numpy(stacked)))
    folder.mkdir()
    model.eval().save(folder)


def _language_model(folder: Path, store: ClipStore) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from laban.language.model import save_model
    from laban.language.vocabulary import MotionVocabulary, extend
    from laban.stages.base import _train_bpe

    torch.manual_seed(0)
    tokenizer = _train_bpe(sorted({caption.text for clip in store for caption in clip.captions}), 500)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=1024, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    vocabulary = MotionVocabulary(residual_depth=2, codebook_size=16)
    extend(model, tokenizer, vocabulary, codebooks=np.random.default_rng(1).normal(size=(2, 16, 8)), seed=1)
    save_model(model, tokenizer, folder / "model")
    vocabulary.save(folder / "model")


def _evaluators(root: Path, store: ClipStore) -> None:
    """Two of different architectures; both see every caption's words."""
    import torch

    from laban.evaluators.building import reader_of, untrained
    from laban.evaluators.config import EvaluatorConfig
    from laban.evaluators.views import PAIR

    texts = sorted({caption.text for clip in store for caption in clip.captions})
    features = PAIR.of([clip.positions for clip in store if clip.people == 2], 30.0)
    for seed, (name, architecture) in enumerate({"evaluator": "towers", "judge": "tmr"}.items()):
        torch.manual_seed(seed)
        reader = reader_of(architecture, texts, None)
        config = EvaluatorConfig(
            architecture=architecture, representation="pair", text=reader.name, entries=reader.entries, state_width=reader.state_width,
            kinds=KINDS, width=16, text_width=16, layers=1, heads=4, feed_width=24, embedding_dim=16,
        )  # fmt: skip
        (root / name).mkdir()
        untrained(config, reader, features).save(root / name)


@pytest.fixture
def copied(world: World, tmp_path: Path):
    """A copy of the stored samples alone, without metrics."""
    import shutil

    from laban.evaluation.measure import ABSENT, METRICS, PROTOCOLS

    folder = tmp_path / "samples"
    shutil.copytree(world.output, folder, ignore=shutil.ignore_patterns(METRICS, PROTOCOLS, ABSENT))
    return folder
