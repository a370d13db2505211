"""Retrieval within one kind, and the clip whose caption is nearest."""

from __future__ import annotations

import numpy as np
import pytest

from laban.data.clip import Caption, Clip
from laban.evaluation.cases import CaptionIndex
from laban.evaluation.judging import POOLS, Draws, Reference, of_one_caption, retrieval, within_kind

POOL = POOLS[0]
DRAWS = Draws(seed=0, repetitions=3, scale=1.0)


def test_within_a_kind_only_style_helps() -> None:
    """Embeddings that know nothing but the kind are perfect among kinds and at chance within one."""
    rng = np.random.default_rng(0)
    kinds = ["hug"] * POOL + ["bow"] * POOL + ["wave"] * 3
    labels = [str(number) for number in range(len(kinds))]
    blind = np.array([[kind == "hug", kind == "bow", kind == "wave"] for kind in kinds], float)
    assert within_kind(blind, blind, kinds, labels, DRAWS)["r_precision_top3_within_kind"] == np.float64(3 / POOL)
    seeing = blind + 0.01 * rng.normal(size=blind.shape)
    assert within_kind(seeing, seeing, kinds, labels, DRAWS)["r_precision_top3_within_kind"] == 1.0


def test_too_few_rows_claim_nothing_and_say_why() -> None:
    few = np.eye(POOL - 1)
    numbers, absent = retrieval(few, few, range(POOL - 1), DRAWS)
    assert numbers == {}
    assert absent == {"r_precision": "31 pairs fill no pool of 32", "r_precision_pool96": "31 pairs fill no pool of 96"}
    assert within_kind(few, few, ["hug"] * (POOL - 1), range(POOL - 1), DRAWS) == {}


def test_fid_of_too_few_for_a_full_covariance_is_absent() -> None:
    rows = np.random.default_rng(0).normal(size=(64, 64))
    numbers, absent = Reference(rows, DRAWS).compare(rows)
    assert "fid" not in numbers
    assert absent["fid"].startswith("64 samples in 64 dimensions")
    numbers, absent = Reference(rows[:, :63], DRAWS).compare(rows[:, :63])
    assert numbers["fid"] == pytest.approx(0.0, abs=1e-6)
    assert absent == {}
    numbers, absent = Reference(rows[:, :60], DRAWS).compare(rows[:50, :60])
    assert "fid" not in numbers
    assert absent["fid"].startswith("50 samples in 60")


def test_multimodality_needs_as_many_generations_as_pairs() -> None:
    generations = list(np.random.default_rng(0).normal(size=(10, 6, 4)))
    assert of_one_caption(generations, DRAWS)[0]["multimodality"] > 0
    assert of_one_caption(generations[:9], DRAWS) == ({}, {"multimodality": "9 repetitions: 10 pairs need as many"})


def test_the_nearest_caption_shares_the_most_words() -> None:
    clips = [
        Clip(id=text, positions=np.zeros((2, 2, 22, 3), np.float32), captions=(Caption(text=text, start_s=0, end_s=1, source="x"),),
             split="train", source="x", licence="")
        for text in ("two people hug", "one person bows deeply", "one person waves")
    ]  # fmt: skip
    assert CaptionIndex(clips).nearest("a person bows").id == "one person bows deeply"
