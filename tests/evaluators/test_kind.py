import pytest
import torch
from torch.nn import functional

from laban.evaluators.kind import KindHead, kind_accuracy, kind_labels, kind_loss, names_of


def test_unlabelled_rows_take_no_part() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 3, requires_grad=True)
    loss = kind_loss(logits, torch.tensor([0, -1, 2, -1, 1]))
    assert loss.item() == pytest.approx(functional.cross_entropy(logits[[0, 2, 4]], torch.tensor([0, 2, 1])).item())
    loss.backward()
    assert not logits.grad[[1, 3]].any()
    assert logits.grad[[0, 2, 4]].any(dim=1).all()


def test_a_batch_without_any_label_costs_nothing() -> None:
    logits = torch.randn(4, 3, requires_grad=True)
    loss = kind_loss(logits, torch.full((4,), -1))
    loss.backward()
    assert loss.item() == 0.0
    assert not logits.grad.any()


def test_labels_and_names() -> None:
    kinds = ("bow", "push")
    assert kind_labels(["push", "", "bow", "dance"], kinds) == [1, -1, 0, -1]
    assert names_of(torch.tensor([[0.0, 1.0], [2.0, 1.0]]), kinds) == ["push", "bow"]
    assert KindHead(8, 2)(torch.randn(3, 8)).shape == (3, 2)


def test_accuracy_counts_named_clips_only() -> None:
    assert kind_accuracy(["bow", "push", "bow"], ["bow", "", "push"]) == 0.5
    assert kind_accuracy(["bow"], ["dance"]) == 0.0  # a kind that was never trained on is a miss
    with pytest.raises(ValueError, match="no clip has a kind"):
        kind_accuracy(["bow"], [""])
