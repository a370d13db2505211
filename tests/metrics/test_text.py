import pytest

from laban.metrics.text import bleu, rouge_l, words

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
def test_bleu_equals_sacrebleu(order: int, published: float) -> None:
    # sacrebleu 2.6.0 on these words: BLEU(tokenize="none", smooth_method="none", max_ngram_order=order).
    assert bleu(CANDIDATES, REFERENCES, order=order) == pytest.approx(published, abs=1e-9)


def test_rouge_l_equals_googles() -> None:
    # rouge-score 0.1.2, rougeL F1 without stemming, best reference of each candidate.
    assert rouge_l(CANDIDATES, REFERENCES) == pytest.approx(0.6699770817417876, abs=1e-9)


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


def test_words() -> None:
    assert words("The person's LEFT hand, 3 times — naïvely.") == ["the", "person's", "left", "hand", "3", "times", "naïvely"]


def test_refusals() -> None:
    with pytest.raises(ValueError, match="2 candidates against 1"):
        bleu(["a", "b"], [["a"]], order=1)
    with pytest.raises(ValueError, match="candidate 1: references"):
        rouge_l(["a", "b"], [["a"], "b"])
