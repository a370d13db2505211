"""Retrieval within one kind, and the clip whose caption is nearest."""

from __future__ import annotations

import numpy as np

from laban.data.clip import Caption, Clip
from laban.evaluation.cases import CaptionIndex
from laban.evaluation.text_to_motion import POOL, retrieval, within_kind


def test_within_a_kind_only_style_helps() -> None:
    """Embeddings that know nothing but the kind are perfect among kinds and at chance within one."""
    rng = np.random.default_rng(0)
    kinds = ["hug"] * POOL + ["bow"] * POOL + ["wave"] * 3
    blind = np.array([[kind == "hug", kind == "bow", kind == "wave"] for kind in kinds], float)
    assert within_kind(blind, blind, kinds, 0)["r_precision_top3_within_kind"] == np.float64(3 / POOL)
    seeing = blind + 0.01 * rng.normal(size=blind.shape)
    assert within_kind(seeing, seeing, kinds, 0)["r_precision_top3_within_kind"] == 1.0


def test_too_few_rows_claim_nothing() -> None:
    few = np.eye(POOL - 1)
    assert retrieval(few, few, 0) == {}
    assert within_kind(few, few, ["hug"] * (POOL - 1), 0) == {}


def test_the_nearest_caption_shares_the_most_words() -> None:
    clips = [
        Clip(id=text, positions=np.zeros((2, 2, 22, 3), np.float32), captions=(Caption(text=text, start_s=0, end_s=1, source="x"),),
             split="train", source="x", licence="")
        for text in ("two people hug", "one person bows deeply", "one person waves")
    ]  # fmt: skip
    assert CaptionIndex(clips).nearest("a person bows").id == "one person bows deeply"
