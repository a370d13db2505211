"""BERTScore and MAUVE through a small language model of this test's own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from laban.evaluation.scorers import States, bert_scores, mauve_of
from laban.stages.base import _train_bpe

TEXTS = ["one person waves", "two people shake hands", "the other person bows deeply", "they walk around each other"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> States:
    from transformers import LlamaConfig, LlamaModel

    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    tokenizer = _train_bpe(TEXTS, 300)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    LlamaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return States(folder)


def _plainly(model: States, candidates: list[str], references: list[str]) -> float:
    """Zhang et al. (2020), one pair and one token at a time."""
    documents = [model.of([text])[0][0] for text in references]
    scores = []
    for candidate, reference in zip(candidates, references, strict=True):
        (mine, states), (other, others) = model.of([candidate])[0], model.of([reference])[0]
        likeness = [[a @ b / math.sqrt((a @ a) * (b @ b)) for b in others] for a in states]
        rare = [[math.log((len(documents) + 1) / (1 + sum(one in own for own in documents))) for one in ids] for ids in (mine, other)]
        known = [[one if any(token in own for own in documents) else None for token, one in zip(mine, rare[0], strict=True)], rare[1]]
        most = max(math.log((len(documents) + 1) / (1 + sum(one in own for own in documents))) for own in documents for one in own)
        weights = [[most if one is None else one for one in row] for row in known]
        precision = sum(w * max(row) for w, row in zip(weights[0], likeness, strict=True)) / sum(weights[0])
        recall = sum(w * max(row) for w, row in zip(weights[1], zip(*likeness, strict=True), strict=True)) / sum(weights[1])
        scores.append(2 * precision * recall / (precision + recall))
    return float(np.mean(scores))


def test_equals_the_definition(model: States) -> None:
    candidates, references = [TEXTS[1], TEXTS[0], TEXTS[3]], [TEXTS[0], TEXTS[1], TEXTS[2]]
    assert bert_scores(model, candidates, [[one] for one in references]) == pytest.approx(_plainly(model, candidates, references), abs=1e-6)
    assert bert_scores(model, candidates, [[one] for one in candidates]) == pytest.approx(1.0, abs=1e-6)


def test_the_best_reference_counts_and_an_empty_answer_scores_nothing(model: States) -> None:
    references = [[TEXTS[2], TEXTS[0]], [TEXTS[3], TEXTS[1]]]
    assert bert_scores(model, [TEXTS[0], TEXTS[1]], references) == pytest.approx(1.0, abs=1e-6)
    assert bert_scores(model, [TEXTS[0], ""], references) == pytest.approx(0.5, abs=1e-6)


def test_neither_order_nor_batch_moves_a_score(model: States, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates, references = TEXTS, [[text] for text in TEXTS[1:] + TEXTS[:1]]
    whole = bert_scores(model, candidates, references)
    assert bert_scores(model, candidates[::-1], references[::-1]) == pytest.approx(whole, abs=1e-6)
    monkeypatch.setattr("laban.evaluation.scorers._BATCH", 1)
    assert bert_scores(model, candidates, references) == pytest.approx(whole, abs=1e-6)


def test_states_are_those_of_the_layer_that_is_asked_for(model: States) -> None:
    first = States(model.folder, layer=1)
    assert not np.allclose(first.of(TEXTS[:1])[0][1], model.of(TEXTS[:1])[0][1])
    assert first.name != model.name
    assert first.name == States(model.folder, layer=1).name
    with pytest.raises(ValueError, match="layer 3 .* has 2"):
        States(model.folder, layer=3)


def test_mauve_tells_texts_apart(model: States) -> None:
    waves, bows = [f"{TEXTS[0]} {number}" for number in range(30)], [f"{number} {TEXTS[2]}" for number in range(30)]
    mixed = (waves + bows)[::2]
    assert mauve_of(model, mixed, mixed[::-1], seed=0) == pytest.approx(1.0, abs=1e-3)
    assert mauve_of(model, waves, bows, seed=0) < 0.1


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no Hugging Face model"):
        States(tmp_path)
