"""What reads captions for an evaluator: our own words, learnt from scratch, or a local Hugging Face text model, frozen.

A reader turns a caption into numbers of words (L,) or (L, 2), or into states (L, D), and is saved with the evaluator, so that the
folder is all that is needed and its hash covers it. Nothing is downloaded: a model is a folder that the user names.
Letters: `L` words or tokens of a caption, `D` width of a frozen model's states.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.interclip import CONTEXT
from laban.evaluators.words import PAD

FOLDER = "text"
BATCH = 64


class Reader(Protocol):
    """Captions to what a network's text side takes."""

    name: ClassVar[str]
    entries: int
    """Size of the vocabulary; 0: states."""
    state_width: int
    frozen: dict[str, Tensor]
    """Parameter of the network that reads with it -> what it takes from the user's model and trains no further."""

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """One tensor a caption, its first axis the words."""
        ...

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of words that are not known, 0 … 1."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `load` needs."""
        ...


class Tokens:
    """Numbers of CLIP's own tokens, start and end included, at most 77: what InterCLIP reads."""

    name: ClassVar[str] = "tokens"
    state_width = 0

    def __init__(self, folder: Path, frozen: dict[str, Tensor] | None = None) -> None:
        self.tokenizer, self.frozen = _tokenizer(folder), frozen or {}
        self.entries = len(self.tokenizer)

    @classmethod
    def of_model(cls, folder: Path) -> Tokens:
        """The tokens of a CLIP text model, with its embeddings of tokens and places; raise `ValueError` where it has none."""
        weights = text_model(folder).state_dict()
        ends = {"token.weight": "embeddings.token_embedding.weight", "place": "embeddings.position_embedding.weight"}
        found = {ours: value for ours, end in ends.items() for name, value in weights.items() if name.endswith(end)}
        if set(found) != set(ends) or len(found["place"]) != CONTEXT:
            raise ValueError(f"text_model: {folder} is no CLIP text model of {CONTEXT} places, whose token embeddings InterCLIP reads")
        return cls(folder, found)

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """(L,) numbers each."""
        return [torch.tensor(row) for row in self.tokenizer(list(texts), truncation=True, max_length=CONTEXT)["input_ids"]]

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Pieces of words spell every word."""
        return 0.0

    def save(self, folder: Path) -> None:
        """Write the tokenizer."""
        self.tokenizer.save_pretrained(folder / FOLDER)

    @classmethod
    def load(cls, folder: Path) -> Tokens:
        """Read what `save` wrote."""
        return cls(folder / FOLDER)


class States:
    """Last states of a frozen text model (CLIP's, DistilBERT, a sentence encoder, the encoder of T5)."""

    name: ClassVar[str] = "states"
    entries = 0

    def __init__(self, folder: Path) -> None:
        self.tokenizer, self.model = _tokenizer(folder), text_model(folder)
        self.frozen: dict[str, Tensor] = {}
        self.state_width = int(self.model.config.hidden_size)

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """(L, D) each, on the processor."""
        states: list[Tensor] = []
        with torch.inference_mode():
            for start in range(0, len(texts), BATCH):
                asked = self.tokenizer(list(texts[start : start + BATCH]), padding=True, truncation=True, return_tensors="pt")
                found = self.model(**{name: asked[name] for name in ("input_ids", "attention_mask")}).last_hidden_state
                states += [row[: int(mask.sum())].clone() for row, mask in zip(found, asked["attention_mask"], strict=True)]
        return states

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of the model's own mark for what it cannot spell; none where it can spell everything."""
        unknown = self.tokenizer.unk_token_id
        numbers = [number for row in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"] for number in row]
        return numbers.count(unknown) / max(1, len(numbers))

    def save(self, folder: Path) -> None:
        """Write the model and its tokenizer: an evaluator is whole."""
        self.model.save_pretrained(folder / FOLDER, safe_serialization=True)
        self.tokenizer.save_pretrained(folder / FOLDER)

    @classmethod
    def load(cls, folder: Path) -> States:
        """Read what `save` wrote."""
        return cls(folder / FOLDER)


def text_model(folder: Path) -> Any:
    """A local text encoder in safetensors, in evaluation mode; raise `ValueError` where the folder holds none."""
    from transformers import AutoConfig, AutoModel, CLIPTextModel

    _check(folder)
    settings = AutoConfig.from_pretrained(folder, local_files_only=True)
    kind = CLIPTextModel if settings.model_type in ("clip", "clip_text_model") else AutoModel
    model = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)
    return (model.get_encoder() if model.config.is_encoder_decoder else model).eval().requires_grad_(False)


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    _check(folder)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise ValueError(
            f"text_model: {folder} is no folder; give a local Hugging Face text model, or leave it empty for words from scratch"
        )


def text_input(config: EvaluatorConfig, width: int) -> nn.Module:
    """Numbers of words (B, L) or states (B, L, D) -> (B, L, width)."""
    if config.entries:
        return nn.Embedding(config.entries, width, padding_idx=PAD)
    return nn.Linear(config.state_width, width)
