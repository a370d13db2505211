"""Motion in a language model's vocabulary: one id a residual level and code, a start token that tells the number of people.

Layout `flat`, as VIM's (arXiv 2410.05628, figure 2): of each step first person A's D codes, then B's, and so on.
Letters: `S` steps, `P` people, `D` residual depth, `K` codebook size, `C` channels of a code, `E` embedding width.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from laban.data.artifact import write_json

END = "</motion>"
MOTION = "motion.json"
OWN = 0.5
"""Length, of 1, of what a code's first embedding has for itself; the rest it shares with codes of like motion."""


@dataclass(frozen=True, kw_only=True)
class MotionVocabulary:
    """What a model must know of the tokenizer whose codes it speaks; saved beside the model."""

    residual_depth: int
    codebook_size: int
    max_people: int = 4
    """Start tokens `<motion:1>` … `<motion:max_people>`."""

    def start(self, people: int) -> str:
        """Start token; `ValueError` past `max_people`."""
        if not 1 <= people <= self.max_people:
            raise ValueError(f"motion of {people} people: the vocabulary has 1 to {self.max_people}")
        return f"<motion:{people}>"

    def tokens(self) -> list[str]:
        """All added tokens: starts, end, then codes level by level."""
        starts = [self.start(people) for people in range(1, self.max_people + 1)]
        return [*starts, END, *(self.code(level, k) for level in range(self.residual_depth) for k in range(self.codebook_size))]

    @staticmethod
    def code(level: int, index: int) -> str:
        """Token of a code."""
        return f"<m{level}_{index}>"

    def write(self, codes: np.ndarray) -> str:
        """(S, P, D) codes -> the tokens of one motion, from start to end; `ValueError` on a code out of range."""
        steps, people, depth = codes.shape
        if depth != self.residual_depth or codes.size == 0 or codes.min() < 0 or codes.max() >= self.codebook_size:
            raise ValueError(
                f"codes {codes.shape} in {codes.min() if codes.size else '-'}…{codes.max() if codes.size else '-'}: "
                f"the vocabulary has {self.residual_depth} levels of {self.codebook_size}"
            )
        body = "".join(self.code(level, code) for row in codes.reshape(steps * people, depth) for level, code in enumerate(row.tolist()))
        return f"{self.start(people)}{body}{END}"

    def save(self, folder: Path) -> None:
        """Write `motion.json`."""
        write_json(folder / MOTION, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> MotionVocabulary:
        """Read `motion.json`."""
        return cls(**json.loads((folder / MOTION).read_text("utf-8")))


class MotionIds:
    """The ids that a tokenizer gave to the motion vocabulary."""

    def __init__(self, vocabulary: MotionVocabulary, tokenizer: Any) -> None:
        self.vocabulary = vocabulary
        ids = tokenizer.convert_tokens_to_ids(vocabulary.tokens())
        if any(token_id is None or token_id == tokenizer.unk_token_id for token_id in ids):
            raise ValueError("the text tokenizer lacks motion tokens: extend it first")
        self.starts = {ids[people - 1]: people for people in range(1, vocabulary.max_people + 1)}
        self.end = ids[vocabulary.max_people]
        shape = (vocabulary.residual_depth, vocabulary.codebook_size)
        self.codes = np.array(ids[vocabulary.max_people + 1 :]).reshape(shape)
        self._place = {int(token): (level, k) for level, row in enumerate(self.codes) for k, token in enumerate(row)}

    def read(self, ids: list[int]) -> list[list[int] | np.ndarray]:
        """Split ids into runs of text ids (lists) and motions ((S, P, D) arrays); a broken motion raises `ValueError`."""
        parts: list[Any] = []
        text: list[int] = []
        position = 0
        while position < len(ids):
            people = self.starts.get(ids[position])
            if people is None:
                text.append(ids[position])
                position += 1
                continue
            if text:
                parts.append(text)
                text = []
            if self.end not in ids[position:]:
                raise ValueError("a motion was cut off before its end token")
            end = ids.index(self.end, position)
            parts.append(self._motion(ids[position + 1 : end], people))
            position = end + 1
        return [*parts, text] if text else parts

    def _motion(self, body: list[int], people: int) -> np.ndarray:
        depth = self.vocabulary.residual_depth
        places = [self._place.get(token, (-1, -1)) for token in body]
        if len(body) % (people * depth) or any(level != number % depth for number, (level, _) in enumerate(places)):
            raise ValueError(f"{len(body)} tokens are no motion of {people} people at depth {depth}")
        return np.array([k for _, k in places], np.int64).reshape(-1, people, depth)


def extend(model: Any, tokenizer: Any, vocabulary: MotionVocabulary, *, codebooks: np.ndarray, seed: int) -> None:
    """Add the motion tokens to a tokenizer and a model, in place.

    New rows are drawn with the spread of the rows that are there, and those of codes lie towards one another as the tokenizer's
    vectors `codebooks` (D, K, C) do, so that what like motion means need not be learnt anew (docs/log.md). (The library's
    mean-resizing would give all of them nearly one vector.) Raises `ValueError` if a motion token exists already.
    """
    known = set(tokenizer.get_vocab())
    clash = [token for token in vocabulary.tokens() if token in known]
    if clash:
        raise ValueError(f"the text tokenizer has {clash[0]!r} already")
    tokenizer.add_tokens(vocabulary.tokens(), special_tokens=True)
    old = model.get_input_embeddings().weight.shape[0]
    rows = len(tokenizer)
    model.resize_token_embeddings(rows, mean_resizing=False)
    generator = torch.Generator().manual_seed(seed)
    ends = {id(module.weight): module.weight for module in (model.get_input_embeddings(), model.get_output_embeddings())}
    alike = _projected(codebooks, model.get_input_embeddings().weight.shape[1], generator)
    with torch.no_grad():
        for weight in ends.values():
            fresh = rows - min(old, rows)
            spread = float(weight[: rows - fresh].float().std())
            drawn = torch.randn(fresh, weight.shape[1], generator=generator)
            drawn[-len(alike) :] = OWN * drawn[-len(alike) :] + (1 - OWN**2) ** 0.5 * alike
            weight[rows - fresh :] = (drawn * spread).to(weight.dtype)


def _projected(codebooks: np.ndarray, width: int, generator: torch.Generator) -> torch.Tensor:
    """(D, K, C) -> (D·K, E) of mean 0 and spread 1, level by level: a random projection, which keeps who is near whom."""
    books = torch.from_numpy(codebooks).double()
    books = books - books.mean(dim=1, keepdim=True)
    books = books / books.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=1e-9)
    across = torch.randn(books.shape[0], books.shape[2], width, generator=generator, dtype=torch.double) / books.shape[2] ** 0.5
    return (books @ across).flatten(0, 1).float()
