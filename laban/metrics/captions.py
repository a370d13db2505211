"""How near are written captions to references, word by word.

References are taken raw (`laban.metrics.text.words`), or both sides lemmatised first: the two differ by tens of points and cannot be
compared. BLEU is sacreBLEU's and METEOR is NLTK's. ROUGE-L and CIDEr are ours, equal to Google's rouge-score and to pycocoevalcap,
which are no longer kept (2022, 2020; the latter brings 100 MB of Java).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from laban.metrics.text import lemmatised, words

CIDER_ORDER, CIDER_SIGMA, CIDER_SCALE = 4, 6.0, 10.0
"""Longest n-gram, words of length that cost a factor, and scale: pycocoevalcap's."""
_Scores = Mapping[str, Callable[[Sequence[str], Sequence[Sequence[str]]], float]]


def caption_scores(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """`bleu1`, `bleu4`, `rouge_l`, `cider` and `meteor` on raw texts, and as `…_lemma` on lemmatised ones."""
    lemmas = [lemmatised(text) for text in candidates], [[lemmatised(text) for text in own] for own in references]
    raw = {name: score(candidates, references) for name, score in _SCORES.items()}
    return raw | {f"{name}_lemma": score(*lemmas) for name, score in _SCORES.items()}


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], *, order: int) -> float:
    """Corpus BLEU of n-grams up to `order`, 0 … 1: Papineni et al. (ACL 2002), by sacreBLEU; several references a candidate.

    Not smoothed; the brevity penalty takes the reference of the closest length. Raises `ValueError` on unequal counts, no
    candidates, or a candidate without a reference.
    """
    from sacrebleu.metrics.bleu import BLEU

    pairs = _pairs(candidates, references)
    most = max(len(own) for _, own in pairs)
    streams: list[Any] = [[" ".join(words(own[number])) if number < len(own) else None for _, own in pairs] for number in range(most)]
    metric = BLEU(tokenize="none", smooth_method="none", max_ngram_order=order)
    return metric.corpus_score([" ".join(words(candidate)) for candidate, _ in pairs], streams).score / 100


def rouge_l(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean ROUGE-L F1, 0 … 1, of each candidate against its best reference: Lin (ACL 2004), β = 1 as in Google's rouge-score.

    COCO's scripts use β = 1.2 and are a little higher.
    """
    scores = [max(_rouge_l(words(candidate), words(reference)) for reference in own) for candidate, own in _pairs(candidates, references)]
    return math.fsum(scores) / len(scores)


def cider(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean CIDEr-D, 0 … 10, of n-grams up to 4, document frequencies from these references: Vedantam et al. (CVPR 2015).

    Published as ten times the consensus; some papers give it in percent of that. With one candidate every n-gram is in every
    document and it is 0.
    """
    pairs = [(words(candidate), [words(reference) for reference in own]) for candidate, own in _pairs(candidates, references)]
    scores = []
    for order in range(1, CIDER_ORDER + 1):
        found = [(_ngrams(candidate, order), [_ngrams(reference, order) for reference in own]) for candidate, own in pairs]
        seen = Counter(gram for _, own in found for gram in set().union(*own))
        weight = {gram: math.log(len(pairs) / count) for gram, count in seen.items()}
        scores.append([_consensus(*one, *counts, weight, len(pairs)) for one, counts in zip(pairs, found, strict=True)])
    return CIDER_SCALE * float(np.mean(scores))


def meteor(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean METEOR, 0 … 1, of each candidate against its best reference: Lavie & Agarwal (WMT 2007), by NLTK.

    Words match exactly or by their Porter stem. Synonyms would need WordNet's files, which no package brings: published numbers that
    use them are a little higher.
    """
    from nltk.stem.porter import PorterStemmer
    from nltk.translate.meteor_score import meteor_score

    stems = _Stems(cache(PorterStemmer().stem))
    scores = [
        meteor_score([words(text) for text in own], words(candidate), stemmer=stems, wordnet=_NoSynonyms())
        for candidate, own in _pairs(candidates, references)
    ]
    return math.fsum(scores) / len(scores)


_SCORES: _Scores = {
    "bleu1": lambda candidates, references: bleu(candidates, references, order=1),
    "bleu4": lambda candidates, references: bleu(candidates, references, order=4),
    "rouge_l": rouge_l,
    "cider": cider,
    "meteor": meteor,
}


@dataclass(frozen=True)
class _Stems:
    """A stemmer that does each word once."""

    stem: Callable[[str], str]


class _NoSynonyms:
    """Stands where NLTK asks for WordNet."""

    def synsets(self, word: str) -> list[object]:
        """None of any word."""
        return []


def _rouge_l(candidate: list[str], reference: list[str]) -> float:
    common = _common_subsequence(candidate, reference)
    return 2.0 * common / (len(candidate) + len(reference)) if common else 0.0


def _common_subsequence(first: list[str], second: list[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for column, other in enumerate(second, 1):
            diagonal, row[column] = row[column], diagonal + 1 if word == other else max(row[column], row[column - 1])
    return row[-1]


def _consensus(
    candidate: list[str],
    references: list[list[str]],
    found: Counter[tuple[str, ...]],
    counted: list[Counter[tuple[str, ...]]],
    weight: Mapping[tuple[str, ...], float],
    documents: int,
) -> float:
    """Mean clipped cosine of a candidate's n-gram vector with those of its references, less for other lengths."""
    rare = math.log(documents)
    mine = {gram: count * weight.get(gram, rare) for gram, count in found.items()}
    scores = []
    for reference, counts in zip(references, counted, strict=True):
        other = {gram: count * weight[gram] for gram, count in counts.items()}
        norms = math.hypot(*mine.values()) * math.hypot(*other.values())
        shared = sum(min(value, other[gram]) * other[gram] for gram, value in mine.items() if gram in other)
        # Lengths are counted in bigrams, as pycocoevalcap does: the difference is that of the words but for empty texts.
        apart = max(len(candidate) - 1, 0) - max(len(reference) - 1, 0)
        scores.append((shared / norms if norms else 0.0) * math.exp(-(apart**2) / (2 * CIDER_SIGMA**2)))
    return math.fsum(scores) / len(scores)


def _ngrams(sequence: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(sequence[start:] for start in range(n)), strict=False))


def _pairs(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    if len(candidates) != len(references) or not candidates:
        raise ValueError(f"{len(candidates)} candidates against {len(references)} lists of references: expected equally many, at least one")
    for number, own in enumerate(references):
        if isinstance(own, str) or not own or not all(words(one) for one in own):
            raise ValueError(f"candidate {number}: references must be a list of at least one caption with words in it, not {own!r}")
    return list(zip(candidates, references, strict=True))
