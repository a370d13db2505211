"""The words that an evaluator knows: those of its training captions, and nothing downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from laban.data.artifact import write_json
from laban.metrics.text import words

PAD, UNKNOWN, FIRST_WORD = 0, 1, 2
FILE = "vocabulary.json"


class Words:
    """Word <-> number; 0 pads and 1 stands for whatever was not in the training captions."""

    name: ClassVar[str] = "words"
    state_width = 0

    def __init__(self, known: Iterable[str]) -> None:
        self.known = tuple(known)
        self.entries = FIRST_WORD + len(self.known)
        self.frozen: dict[str, Tensor] = {}
        self._number = {word: number for number, word in enumerate(self.known, FIRST_WORD)}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Words:
        """All words of `texts`, in alphabetical order."""
        return cls(sorted({word for text in texts for word in words(text)}))

    def encode(self, text: str) -> list[int]:
        """Numbers of the words; a text without any is one unknown word."""
        return [self._number.get(word, UNKNOWN) for word in words(text)] or [UNKNOWN]

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """(L,) numbers of words each."""
        return [torch.tensor(self.encode(text)) for text in texts]

    def unknown_share(self, texts: Iterable[str]) -> float:
        """Share of words that are not known, 0 … 1."""
        numbers = [number for text in texts for number in self.encode(text)]
        return numbers.count(UNKNOWN) / max(1, len(numbers))

    def save(self, folder: Path) -> None:
        """Write `vocabulary.json`."""
        write_json(folder / FILE, list(self.known))

    @classmethod
    def load(cls, folder: Path) -> Words:
        """Read what `save` wrote."""
        return cls(json.loads((folder / FILE).read_text("utf-8")))
