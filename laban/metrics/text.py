"""How near are written words to reference captions.

References are taken **raw**: lower-cased runs of letters, digits and apostrophes, no lemmas. Numbers on TM2T's lemmatised captions
differ by tens of points and cannot be compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def words(text: str) -> list[str]:
    """Lower-cased words; punctuation is dropped."""
    return _WORD.findall(text.lower())


def bleu(candidates: Sequence[str], references: Sequence[Sequence[str]], *, order: int) -> float:
    """Corpus BLEU of n-grams up to `order`, 0 … 1: Papineni et al. (ACL 2002); several references a candidate.

    Not smoothed; the brevity penalty takes the reference of the closest length (the shorter of two), as NLTK and sacreBLEU do.
    Raises `ValueError` on unequal counts, no candidates, or a candidate without a reference.
    """
    matched, total = [0] * order, [0] * order
    candidate_length = reference_length = 0
    for candidate, own in _pairs(candidates, references):
        written, expected = words(candidate), [words(reference) for reference in own]
        candidate_length += len(written)
        reference_length += min((abs(len(one) - len(written)), len(one)) for one in expected)[1]
        for n in range(1, order + 1):
            most: Counter[tuple[str, ...]] = Counter()
            for one in expected:
                most |= _ngrams(one, n)
            found = _ngrams(written, n)
            matched[n - 1] += (found & most).total()
            total[n - 1] += found.total()
    if not all(matched):
        return 0.0
    precision = math.fsum(math.log(hit / count) for hit, count in zip(matched, total, strict=True)) / order
    brevity = min(0.0, 1.0 - reference_length / candidate_length)
    return math.exp(precision + brevity)


def rouge_l(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean ROUGE-L F1, 0 … 1, of each candidate against its best reference: Lin (ACL 2004), β = 1 as in Google's rouge-score.

    COCO's scripts use β = 1.2 and are a little higher.
    """
    scores = [max(_rouge_l(words(candidate), words(reference)) for reference in own) for candidate, own in _pairs(candidates, references)]
    return math.fsum(scores) / len(scores)


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


def _ngrams(sequence: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(sequence[start:] for start in range(n)), strict=False))


def _pairs(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[tuple[str, Sequence[str]]]:
    if len(candidates) != len(references) or not candidates:
        raise ValueError(f"{len(candidates)} candidates against {len(references)} lists of references: expected equally many, at least one")
    for number, own in enumerate(references):
        if isinstance(own, str) or not own:
            raise ValueError(f"candidate {number}: references must be a list of at least one caption, not {own!r}")
    return list(zip(candidates, references, strict=True))
