"""How HumanML3D's evaluator reads a caption: a word's vector and its part of speech.

HumanML3D writes `word/POS` pairs beside each caption, by a tagger that is not needed here: a caption that is itself such pairs is
taken as it is; a plain one gets the tag of a list of words that the evaluator singles out, and `OTHER` elsewhere.
Unknown words are `unk/OTHER`, as theirs are.
"""

from __future__ import annotations

import io
import json
import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from laban.data.artifact import write_json
from laban.evaluators.words import FILE
from laban.metrics.text import words

TAGS = (
    "VERB", "NOUN", "DET", "ADP", "NUM", "AUX", "PRON", "ADJ", "ADV", "Loc_VIP", "Body_VIP", "Obj_VIP", "Act_VIP", "Desc_VIP", "OTHER",
)  # fmt: skip
"""In the order of the one-hots that published weights expect."""
# The words that those weights were trained to single out: part of the format, as names of joints are.
SINGLED_OUT = {
    "Loc_VIP": "left right clockwise counterclockwise anticlockwise forward back backward up down straight curve",
    "Body_VIP": "arm chin foot feet face hand mouth leg waist eye knee shoulder thigh",
    "Obj_VIP": "stair dumbbell chair window floor car ball handrail baseball basketball",
    "Act_VIP": "walk run swing pick bring kick put squat throw hop dance jump turn stumble stop sit lift lower raise wash stand kneel "
    "stroll rub bend balance flap jog shuffle lean rotate spin spread climb",
    "Desc_VIP": "slowly carefully fast careful slow quickly happy angry sad happily angrily sadly",
}
_SINGLED = {word: tag for tag, listed in SINGLED_OUT.items() for word in listed.split()}
_PAIRS = re.compile(r"\s*[^\s/]+/[A-Za-z_]+(?:\s+[^\s/]+/[A-Za-z_]+)*\s*")
START, END, UNKNOWN = "sos", "eos", "unk"
MOST_WORDS = 20
"""Between start and end; what is longer is cut."""


class Tagged:
    """Captions to numbers of words and tags; word 0 is the unknown one where the vocabulary is our own."""

    name: ClassVar[str] = "tagged"
    state_width = 0

    def __init__(self, known: Sequence[str], vectors: Tensor | None = None) -> None:
        self.known, self.entries = tuple(known), len(known)
        self.frozen = {} if vectors is None else {"word.weight": vectors}
        self._number = {word: number for number, word in enumerate(self.known)}
        missing = {START, END, UNKNOWN} - set(self._number)
        if missing:
            raise ValueError(f"the vocabulary lacks {sorted(missing)}, which every caption or unknown word needs")

    @classmethod
    def of(cls, texts: Iterable[str]) -> Tagged:
        """All words of `texts`, after those that every vocabulary has."""
        found = sorted({word for text in texts for word, _ in pairs(text)} - {START, END, UNKNOWN})
        return cls([UNKNOWN, START, END, *found])

    @classmethod
    def of_vectors(cls, folder: Path) -> Tagged:
        """The evaluator's own vocabulary as it is passed on: `our_vab_words.pkl`, `our_vab_idx.pkl`, `our_vab_data.npy`.

        Pickles are read by a reader that knows lists, dictionaries, strings and numbers and nothing that runs.
        Raises `ValueError` naming the file that is absent, holds something else, or does not fit the others.
        """
        listed, number = _plain(folder / "our_vab_words.pkl"), _plain(folder / "our_vab_idx.pkl")
        path = _there(folder / "our_vab_data.npy")
        vectors = np.load(path, allow_pickle=False)
        if vectors.ndim != 2 or len(vectors) != len(listed) or sorted(number) != sorted(listed):
            raise ValueError(
                f"{path}: vectors {vectors.shape} of {len(listed)} words, {len(number)} numbered; the three files are of one set"
            )
        if not np.isfinite(vectors).all():
            raise ValueError(f"{path}: row {int(np.argmin(np.isfinite(vectors).all(axis=1)))} is not finite")
        return cls(listed, torch.from_numpy(vectors[[number[word] for word in listed]].astype(np.float32)))

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """(L, 2) numbers of words and tags each, start and end included."""
        return [torch.tensor([self._numbers(*pair) for pair in self._framed(text)]) for text in texts]

    def _framed(self, text: str) -> list[tuple[str, str]]:
        return [(START, "OTHER"), *pairs(text)[:MOST_WORDS], (END, "OTHER")]

    def _numbers(self, word: str, tag: str) -> tuple[int, int]:
        if word not in self._number:
            return self._number[UNKNOWN], TAGS.index("OTHER")
        tag = _SINGLED.get(word, tag)
        return self._number[word], TAGS.index(tag if tag in TAGS else "OTHER")

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of words that are not known, 0 … 1."""
        found = [word in self._number for text in texts for word, _ in pairs(text)]
        return found.count(False) / max(1, len(found))

    def save(self, folder: Path) -> None:
        """Write `vocabulary.json`."""
        write_json(folder / FILE, list(self.known))

    @classmethod
    def load(cls, folder: Path) -> Tagged:
        """Read what `save` wrote."""
        return cls(json.loads((folder / FILE).read_text("utf-8")))


def pairs(text: str) -> list[tuple[str, str]]:
    """`walk/VERB up/ADP`, or plain words, -> pairs of lower-case word and tag."""
    if not _PAIRS.fullmatch(text):
        return [(word, "OTHER") for word in words(text)]
    return [(word.lower(), tag) for word, _, tag in (pair.rpartition("/") for pair in text.split())]


class _Plain(pickle.Unpickler):
    """Refuses whatever would have to be imported."""

    def find_class(self, module: str, name: str) -> type:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _plain(path: Path) -> Any:
    try:
        return _Plain(io.BytesIO(_there(path).read_bytes())).load()
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path} is no plain pickle of words: {error}") from error


def _there(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"{path} is absent: text_model must be the folder of the evaluator's GloVe vectors")
    return path
