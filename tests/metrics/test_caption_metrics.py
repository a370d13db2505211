import math
from collections import Counter

import pytest
from nltk.translate.bleu_score import corpus_bleu

from laban.metrics.captions import bleu, caption_scores, cider, meteor, rouge_l
from laban.metrics.text import words

CANDIDATES = [
    "One person waves at the other person, with his left hand.",
    "two people shake hands and step back",
    "a person bows",
    "the first one pushes the other one who stumbles backwards twice",
]
REFERENCES = [
    [
        "one person waves to the other with the left hand",
        "A person lifts his hand and waves at the other person.",
        "someone waves",
    ],
    ["two people step forward and shake hands", "both persons shake hands and then step back", "they greet each other"],
    ["one person bows to the other person", "a person bows deeply while the other stands"],
    ["one person pushes the other person who stumbles backwards", "the first one pushes the other"],
]


@pytest.mark.parametrize(("order", "published"), [(1, 0.8806997463876333), (2, 0.7687377623523318), (4, 0.4944219784134074)])
def test_bleu_equals_nltks_and_what_it_was(order: int, published: float) -> None:
    assert bleu(CANDIDATES, REFERENCES, order=order) == pytest.approx(published, abs=1e-9)
    long = [number for number, one in enumerate(CANDIDATES) if len(words(one)) >= order]  # NLTK counts a missing n-gram as one
    own = [[words(one) for one in REFERENCES[number]] for number in long]
    other = corpus_bleu(own, [words(CANDIDATES[number]) for number in long], [1 / order] * order)
    again = bleu([CANDIDATES[number] for number in long], [REFERENCES[number] for number in long], order=order)
    assert again == pytest.approx(other, abs=1e-9)


def test_rouge_l_equals_googles() -> None:
    # rouge-score 0.1.2, rougeL F1 without stemming, best reference of each candidate.
    assert rouge_l(CANDIDATES, REFERENCES) == pytest.approx(0.6699770817417876, abs=1e-9)


def test_cider_equals_cocos() -> None:
    # pycocoevalcap 1.2, CiderScorer(n=4, sigma=6.0) on these words.
    assert cider(CANDIDATES, REFERENCES) == pytest.approx(2.7528960415009207, abs=1e-9)


def test_cider_of_equal_texts_is_ten_and_of_one_document_nothing() -> None:
    texts = ["one person waves at the other", "two people shake hands slowly"]
    assert cider(texts, [[text] for text in texts]) == pytest.approx(10.0)
    assert cider(texts[:1], [texts[:1]]) == 0.0
    assert cider(texts, [[texts[1]], [texts[0]]]) == 0.0


def _meteor(candidate: str, references: list[str]) -> float:
    """The formula of Lavie & Agarwal (2007) where all words match exactly and in their order."""
    scores = []
    for reference in references:
        mine, other = words(candidate), words(reference)
        matches = sum((Counter(mine) & Counter(other)).values())
        precision, recall = matches / len(mine), matches / len(other)
        runs = sum(1 for number, word in enumerate(mine) if word in other and (number == 0 or mine[number - 1] not in other))
        scores.append(precision * recall / (0.9 * precision + 0.1 * recall) * (1 - 0.5 * (runs / matches) ** 3))
    return max(scores)


def test_meteor_equals_its_formula_and_stems() -> None:
    candidates, references = ["a person bows deeply", "two people step back"], [["a person bows"], ["two people step back slowly"]]
    expected = math.fsum(_meteor(one, own) for one, own in zip(candidates, references, strict=True)) / 2
    assert meteor(candidates, references) == pytest.approx(expected, abs=1e-9)
    assert meteor(["a person bowing"], [["a person bows"]]) == meteor(["a person bows"], [["a person bows"]])
    assert meteor(["person"], [["human"]]) == 0.0  # no synonyms


def test_raw_and_lemmatised_references_are_two_protocols() -> None:
    found = caption_scores(["one person waves hands"], [["one person waved hand"]])
    assert found["bleu1"] == pytest.approx(0.5)
    assert found["bleu1_lemma"] == pytest.approx(1.0)
    assert found["rouge_l_lemma"] == 1.0
    assert set(found) == {f"{name}{end}" for name in ("bleu1", "bleu4", "rouge_l", "cider", "meteor") for end in ("", "_lemma")}


def test_order_moves_nothing() -> None:
    there, back = caption_scores(CANDIDATES, REFERENCES), caption_scores(CANDIDATES[::-1], REFERENCES[::-1])
    assert there == pytest.approx(back, abs=1e-12)


def test_equal_and_disjoint_texts() -> None:
    assert bleu(["a b c d e"], [["a b c d e"]], order=4) == pytest.approx(1.0)
    assert rouge_l(["A b, c!"], [["x", "a b c"]]) == pytest.approx(1.0)
    assert bleu(["a b c d"], [["e f g h"]], order=1) == 0.0
    assert rouge_l(["a b c d"], [["e f g h"]]) == 0.0


def test_brevity_is_penalised_and_repetition_not_rewarded() -> None:
    assert bleu(["a b"], [["a b c d"]], order=1) == pytest.approx(0.36787944117144233)  # exp(1 - 4/2)
    assert bleu(["a a a a"], [["a b c d"]], order=1) == pytest.approx(0.25)


def test_an_empty_answer_scores_nothing() -> None:
    assert bleu([""], [["a b"]], order=1) == 0.0
    assert rouge_l(["", "a b"], [["a b"], ["a b"]]) == pytest.approx(0.5)
    assert cider(["", "c d"], [["a b"], ["c d"]]) == pytest.approx(2.5)  # of four orders, one and two words have n-grams
    assert meteor(["", "b"], [["a"], ["b"]]) == pytest.approx(0.25)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="2 candidates against 1"):
        bleu(["a", "b"], [["a"]], order=1)
    with pytest.raises(ValueError, match="candidate 1: references"):
        rouge_l(["a", "b"], [["a"], "b"])
    with pytest.raises(ValueError, match="candidate 0: references"):
        cider(["a"], [["a", " ."]])
