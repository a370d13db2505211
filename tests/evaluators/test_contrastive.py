import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from laban.evaluators import features as layout
from laban.evaluators.contrastive import Evaluator, EvaluatorConfig, Layer, TwoTowers, pad_motion, pad_words
from laban.evaluators.words import Words
from laban.motion.features import rotate_yaw
from laban.motion.skeleton import REST_OFFSETS

TEXTS = ["One person waves.", "The other person bows to the first person.", "They push", "One person waves."]


def _motion(frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    start = REST_OFFSETS.cumsum(axis=0)[None, None] * 0.3 + np.array([[0, 1, 0], [0.1, 1, 1.2]])[:, None]
    return (start + np.cumsum(0.03 * rng.normal(size=(frames, 2, 22, 3)), axis=0)).astype(np.float32)


def _evaluator(kinds: tuple[str, ...] = ("bow", "push")) -> Evaluator:
    torch.manual_seed(3)
    words = Words.of(TEXTS)
    config = EvaluatorConfig(width=32, layers=2, heads=4, embedding_dim=16, vocabulary_size=len(words), kinds=kinds)
    features = np.concatenate([layout.pair_features(_motion(40, seed)) for seed in range(4)])
    return Evaluator(TwoTowers(config, *layout.statistics(features)), config, words)


JUDGE = _evaluator()
MOTIONS = [_motion(frames, seed) for seed, frames in enumerate((120, 64, 1, 90))]


def _batch(judge: Evaluator) -> dict[str, torch.Tensor]:
    motion, frames = pad_motion([layout.pair_features(layout.resample(motion, fps=30.0, rate=7.5)) for motion in MOTIONS])
    words = pad_words([judge.words.encode(text) for text in TEXTS])
    return {"motion": motion, "frames": frames, "words": words, "kind": torch.tensor([0, 1, -1, -1])}


def test_embeddings_have_length_one_and_do_not_depend_on_the_batch() -> None:
    together, text = JUDGE.embed_motion(MOTIONS, 30.0), JUDGE.embed_text(TEXTS)
    assert together.shape == text.shape == (4, 16)
    assert together.dtype == np.float64
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    assert np.linalg.norm(text, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    alone = np.concatenate([JUDGE.embed_motion([motion], 30.0) for motion in MOTIONS])
    assert together == pytest.approx(alone, abs=1e-5)  # padding is not seen
    assert text == pytest.approx(np.concatenate([JUDGE.embed_text([one]) for one in TEXTS]), abs=1e-5)
    many = JUDGE.embed_motion(MOTIONS * 20, 30.0)  # more than one batch of 64
    assert many == pytest.approx(np.tile(together, (20, 1)), abs=1e-5)
    assert JUDGE.embed_motion([], 30.0).shape == JUDGE.embed_text([]).shape == (0, 16)


def test_people_and_words_have_an_order_but_the_world_has_no_place() -> None:
    motion = MOTIONS[:1]
    own = JUDGE.embed_motion(motion, 30.0)
    assert np.abs(JUDGE.embed_motion([motion[0][:, ::-1]], 30.0) - own).max() > 1e-3
    assert np.abs(JUDGE.embed_motion([motion[0][::-1]], 30.0) - own).max() > 1e-3
    assert JUDGE.embed_motion([rotate_yaw(motion[0], 2.0) + [1.0, 0.0, 5.0]], 30.0) == pytest.approx(own, abs=1e-4)
    forward, backward = JUDGE.embed_text(["one person waves the other bows", "bows other the waves person one"])
    assert np.abs(forward - backward).max() > 1e-3


def test_the_last_layer_of_one_query_equals_that_of_all() -> None:
    torch.manual_seed(0)
    layer, tokens = Layer(16, 4), torch.randn(3, 7, 16)
    bias = torch.zeros(3, 1, 1, 7)
    bias[1, ..., 4:] = -torch.inf
    assert torch.allclose(layer(tokens[:, :1], tokens, bias), layer(tokens, tokens, bias)[:, :1], atol=1e-6)


def test_attention_equals_torchs() -> None:
    torch.manual_seed(0)
    layer, tokens = Layer(16, 4), torch.randn(3, 7, 16)
    bias = torch.zeros(3, 1, 1, 7)
    bias[1, ..., 4:] = -torch.inf
    query = layer._split(layer.query(layer.before(tokens)))
    key, value = (layer._split(part) for part in layer.key_value(layer.before(tokens)).chunk(2, dim=-1))
    attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias).transpose(1, 2).flatten(2)
    expected = tokens + layer.out(attended)
    assert torch.allclose(layer(tokens, tokens, bias), expected + layer.feed(layer.between(expected)), atol=1e-5)


def test_loss_equals_the_definition() -> None:
    network = JUDGE.network
    motion, text = torch.from_numpy(JUDGE.embed_motion(MOTIONS[:3], 30.0)), torch.from_numpy(JUDGE.embed_text(TEXTS[:3]))
    words = pad_words([JUDGE.words.encode(text) for text in TEXTS[:3]])
    logits = network.log_scale.exp().detach() * motion @ text.T
    by_rows = [-torch.log_softmax(logits, 1)[i, i] - torch.log_softmax(logits, 0)[i, i] for i in range(3)]
    assert network.contrast(motion, text, words).item() == pytest.approx(float(sum(by_rows)) / 6, rel=1e-5)


def test_equal_captions_are_not_held_against_one_another() -> None:
    text = functional.normalize(torch.randn(4, 16, generator=torch.Generator().manual_seed(1)), dim=-1)
    text[3] = text[0]
    words = pad_words([JUDGE.words.encode(one) for one in TEXTS])  # the first and the last are equal
    perfect = text.clone()
    with torch.no_grad():
        masked = JUDGE.network.contrast(perfect, text, words)
        told_apart = JUDGE.network.contrast(perfect, text, words + torch.arange(4)[:, None])
    assert masked < 0.05
    assert told_apart > 0.3  # ln 2 for each of the two that cannot be told apart


def test_labels_do_not_shape_the_embedding() -> None:
    judge = _evaluator()
    out = judge.network(**_batch(judge))
    out["kind"].backward(retain_graph=True)
    trained = {name for name, value in judge.network.named_parameters() if value.grad is not None}
    assert trained
    assert all(name.startswith("kind_head.") for name in trained)
    assert out["loss"].item() == pytest.approx((out["contrastive"] + out["kind"]).item())
    out["loss"].backward()
    assert all(value.grad is not None for value in judge.network.parameters())


def test_round_trip_and_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _evaluator().save(tmp_path / name)
    assert all((tmp_path / "one" / path.name).read_bytes() == path.read_bytes() for path in (tmp_path / "two").iterdir())
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["config.json", "model.safetensors", "vocabulary.json"]
    loaded = Evaluator.load(tmp_path / "one")
    assert loaded.kinds == ("bow", "push")
    assert np.array_equal(loaded.embed_motion(MOTIONS, 30.0), JUDGE.embed_motion(MOTIONS, 30.0))
    assert np.array_equal(loaded.embed_text(TEXTS), JUDGE.embed_text(TEXTS))
    assert loaded.kind(MOTIONS) == JUDGE.kind(MOTIONS)
    assert set(loaded.kind(MOTIONS)) <= {"bow", "push"}


def test_a_vocabulary_of_another_evaluator_is_refused(tmp_path: Path) -> None:
    _evaluator().save(tmp_path)
    (tmp_path / "vocabulary.json").write_text(json.dumps(["waves"]))
    with pytest.raises(ValueError, match="3 entries, config.json says 12"):
        Evaluator.load(tmp_path)


def test_without_kinds_there_is_no_classifier(tmp_path: Path) -> None:
    judge = _evaluator(kinds=())
    assert "kind" not in judge.network(**_batch(judge))
    judge.save(tmp_path)
    loaded = Evaluator.load(tmp_path)
    assert loaded.kinds == ()
    with pytest.raises(ValueError, match="tells no kinds apart"):
        loaded.kind(MOTIONS)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="two people"):
        JUDGE.embed_motion([MOTIONS[0][:, :1]], 30.0)
    broken = MOTIONS[1].copy()
    broken[3, 1, 4] = np.nan
    with pytest.raises(ValueError, match="motion 1 has a value that is not finite"):
        JUDGE.embed_motion([MOTIONS[0], broken], 30.0)
    with pytest.raises(ValueError, match="divisible by its 3 heads"):
        EvaluatorConfig(width=32, layers=1, heads=3, embedding_dim=8, vocabulary_size=4, kinds=())
