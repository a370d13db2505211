"""The language model that motion is taught to: a local Hugging Face model, or a tiny one made here from the training text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from laban.data.artifact import write_json
from laban.data.clip import ClipStore
from laban.distributed import seed_everything
from laban.language.model import attention, load_model, load_tokenizer, save_model
from laban.language.prompts import CHAT_TEMPLATE, CHAT_TOKENS
from laban.stages.contract import Gated, Work, stage
from laban.training.engine import fit

_WINDOW = 64
"""Tokens of a training row of the tiny model."""


@dataclass(frozen=True, kw_only=True)
class BaseSettings:
    """Which model, or how large a tiny one."""

    seed: int
    model: str
    """folder of a local causal model in safetensors; empty: train a tiny Llama on the training captions"""
    vocabulary_size: int
    """entries of the byte-level BPE of the tiny model"""
    hidden_size: int
    layers: int
    heads: int
    steps: int
    """of training the tiny model; 0 leaves it random, which tells what a base is worth"""
    batch_size: int
    """rows of 64 tokens"""
    learning_rate: float


@stage(kind="base")
def base(settings: BaseSettings, clips: Gated, work: Work) -> None:
    """Import a local model (safetensors, no remote code), or train a byte-level BPE and a small Llama on the training text."""
    folder = work.output / "model"
    history: list[dict[str, float]] = []
    if settings.model:
        model, tokenizer = _import(Path(settings.model))
    else:
        model, tokenizer, history = _train_tiny(settings, ClipStore(clips.path), work)
    save_model(model, tokenizer, folder)
    write_json(work.output / "loss.json", history)
    parameters = sum(weight.numel() for weight in model.parameters())
    last = {"loss": float(np.mean([entry["loss"] for entry in history[-5:]]))} if history else {}
    write_json(work.output / "metrics.json", {"parameters": parameters, "vocabulary": len(tokenizer), **last})


def _import(folder: Path) -> tuple[Any, Any]:
    """A user's own model; needs a chat template and an end-of-turn token, and gets ours where it has none."""
    if not folder.is_dir():
        raise ValueError(f"base.model: {folder} is no folder; give a local Hugging Face model with *.safetensors")
    tokenizer = load_tokenizer(folder)
    model = load_model(folder)
    if tokenizer.chat_template is None:
        tokenizer.add_special_tokens({"eos_token": CHAT_TOKENS[-1], "additional_special_tokens": list(CHAT_TOKENS[:-1])})
        tokenizer.chat_template = CHAT_TEMPLATE
        model.resize_token_embeddings(len(tokenizer))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def _train_tiny(settings: BaseSettings, store: ClipStore, work: Work) -> tuple[Any, Any, list[dict[str, float]]]:
    from transformers import LlamaConfig, LlamaForCausalLM

    if settings.hidden_size % settings.heads:
        raise ValueError(f"base.hidden_size is {settings.hidden_size}, not a multiple of base.heads, {settings.heads}")
    texts = sorted({caption.text for clip in store.split("train") for caption in clip.captions})
    if not texts:
        raise ValueError(f"{store.folder} holds no caption in split train: there is no text to train a language model on")
    tokenizer = _train_bpe(texts, settings.vocabulary_size)
    seed_everything(settings.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        intermediate_size=8 * settings.hidden_size // 3 // 32 * 32,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM._from_config(config, attn_implementation=attention())
    if not settings.steps:
        return model, tokenizer, []
    rows = _Rows(texts, tokenizer, settings.seed)
    history = fit(
        model,
        rows,
        collate=lambda items: {"input_ids": torch.stack(items), "labels": torch.stack(items)},
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        scratch=work.scratch,
        log=work.log,
        name="base",
    )
    return model, tokenizer, history


def _train_bpe(texts: list[str], size: int) -> Any:
    """A byte-level BPE: every text can be written, none is unknown."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|begin|>", *CHAT_TOKENS]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        bos_token="<|begin|>",
        eos_token=CHAT_TOKENS[-1],
        additional_special_tokens=list(CHAT_TOKENS[:-1]),
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


class _Rows(Dataset[torch.Tensor]):
    """Captions in random order, one after another, cut into rows of one length."""

    def __init__(self, texts: list[str], tokenizer: Any, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(texts))
        joined = tokenizer.eos_token.join(texts[number] for number in order) + tokenizer.eos_token
        ids = tokenizer(joined, add_special_tokens=False)["input_ids"]
        ids = ids * (1 + _WINDOW // len(ids)) if len(ids) < _WINDOW else ids
        self.rows = torch.tensor(ids[: len(ids) // _WINDOW * _WINDOW]).view(-1, _WINDOW)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> torch.Tensor:
        return self.rows[number]


if __name__ == "__main__":
    base.main()
