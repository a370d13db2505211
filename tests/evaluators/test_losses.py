import numpy as np
import pytest
import torch
from judges import judge

from laban.evaluators.losses import equal_captions, symmetric_cross_entropy
from laban.evaluators.tmr import divergence

DISTINCT = torch.arange(4)


def test_cross_entropy_equals_the_definition() -> None:
    logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    by_rows = [-torch.log_softmax(logits, 1)[i, i] - torch.log_softmax(logits, 0)[i, i] for i in range(4)]
    assert symmetric_cross_entropy(logits, DISTINCT).item() == pytest.approx(float(sum(by_rows)) / 8, rel=1e-5)


def test_equal_captions_are_not_held_against_one_another() -> None:
    logits = 20.0 * torch.eye(4)
    logits[0, 3] = logits[3, 0] = 20.0
    assert symmetric_cross_entropy(logits, torch.tensor([0, 1, 2, 0])) < 1e-6
    assert symmetric_cross_entropy(logits, DISTINCT) > 0.3  # ln 2 for each of the two that cannot be told apart
    assert equal_captions(torch.tensor([5, 1, 5])).nonzero().tolist() == [[0, 2], [2, 0]]


def test_divergence_equals_torchs() -> None:
    rng = np.random.default_rng(0)
    one, other = (tuple(torch.from_numpy(rng.normal(size=(5, 6))) for _ in range(2)) for _ in range(2))
    normal = [torch.distributions.Normal(mean, (0.5 * log_variance).exp()) for mean, log_variance in (one, other)]
    assert divergence(one, other).item() == pytest.approx(torch.distributions.kl_divergence(*normal).mean().item(), rel=1e-9)
    assert divergence(one, one).item() == pytest.approx(0.0, abs=1e-12)


def test_a_wrong_pair_is_never_the_pair_itself_nor_one_of_an_equal_caption() -> None:
    guo = judge("guo").network.body
    alone = {"motion": torch.randn(1, 30, 264), "frames": torch.tensor([30]), "text": torch.ones(1, 4, 2, dtype=torch.long)}
    assert guo(**alone, lengths=torch.tensor([4]), caption=torch.tensor([0]))["far"] == 0.0
    pair = {name: value.repeat_interleave(2, 0) for name, value in alone.items()} | {"lengths": torch.tensor([4, 4])}
    assert guo(**pair, caption=torch.tensor([5, 5]))["far"] == 0.0
    assert guo(**pair, caption=torch.tensor([5, 6]))["far"] > 1.0
