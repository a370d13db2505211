"""Language models that a user names to compare texts: BERTScore and MAUVE. None is shipped or downloaded.

Letters: `B` batch, `L` tokens, `H` width of a state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from laban.data.artifact import sha256_file
from laban.metrics.language import bert_score, inverse_frequency, mauve
from laban.metrics.protocol import fingerprint

_BATCH = 32


class States:
    """The hidden states of a local Hugging Face model."""

    def __init__(self, folder: Path, layer: int = -1) -> None:
        """Load the folder; raise `ValueError` where it is none or has no such layer (-1: the last)."""
        from transformers import AutoModel, AutoTokenizer

        if not (folder / "config.json").is_file():
            raise ValueError(f"{folder} holds no Hugging Face model: config.json is absent; name the folder of a local one, or nothing")
        self.folder, self.layer = folder, layer
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.model: Any = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
        self.tokenizer.pad_token = self.tokenizer.pad_token or self.tokenizer.eos_token
        self.tokenizer.padding_side = "right"
        if not -1 <= layer <= self.model.config.num_hidden_layers:
            raise ValueError(f"layer {layer} of {folder}: it has {self.model.config.num_hidden_layers}")

    @property
    def name(self) -> str:
        """Hash of its files, and the layer."""
        files = {path.name: sha256_file(path) for path in sorted(self.folder.iterdir()) if path.is_file()}
        return f"{fingerprint(files)[:12]} layer {self.layer}"

    def of(self, texts: Sequence[str]) -> list[tuple[list[int], np.ndarray]]:
        """Of each text its tokens and their states (L, H)."""
        with torch.inference_mode():
            return [one for start in range(0, len(texts), _BATCH) for one in self._of(list(texts[start : start + _BATCH]))]

    def _of(self, texts: list[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        # An empty text has no token to a tokenizer that adds none, and a model takes none.
        batch = self.tokenizer([text or " " for text in texts], return_tensors="pt", padding=True, truncation=True)
        states = self.model(**batch, output_hidden_states=True).hidden_states[self.layer].numpy().astype(np.float64)
        for ids, mask, rows in zip(batch["input_ids"], batch["attention_mask"], states, strict=True):
            length = int(mask.sum())
            yield ids[:length].tolist(), rows[:length]


def bert_scores(model: States, candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean BERTScore F1 of each candidate against its best reference; weights from the references, special tokens weigh nothing."""
    texts = sorted({text for own in references for text in own} | set(candidates))
    states = dict(zip(texts, model.of(texts), strict=True))
    rarity = inverse_frequency([states[text][0] for own in references for text in own])
    unseen = max(rarity.values(), default=0.0)
    special = set(model.tokenizer.all_special_ids)

    def weights(tokens: list[int]) -> np.ndarray:
        return np.array([0.0 if token in special else rarity.get(token, unseen) for token in tokens])

    def score(candidate: str, reference: str) -> float:
        (mine, own), (other, others) = states[candidate], states[reference]
        return bert_score(own, others, weights(mine), weights(other))

    best = [
        max(score(candidate, text) for text in own) if candidate else 0.0 for candidate, own in zip(candidates, references, strict=True)
    ]
    return float(np.mean(best))


def mauve_of(model: States, generated: Sequence[str], written: Sequence[str], *, seed: int) -> float:
    """MAUVE of the states of the texts' last tokens."""
    last = [np.stack([states[-1] for _, states in model.of(texts)]) for texts in (generated, written)]
    return mauve(*last, seed=seed)
