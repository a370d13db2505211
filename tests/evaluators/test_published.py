"""Published checkpoints: read under their own names, and the same numbers as plain arithmetic gives."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import (
    CLIP_WORDS,
    END,
    GLOVE_WORDS,
    START,
    clip_tokenizer,
    convolved,
    glove,
    guo,
    interclip,
    leaky,
    linear,
    norm,
    recurrent,
    sines,
    transformer,
)
from judges import motion

from laban.evaluators.building import published_guo, published_interclip
from laban.evaluators.evaluator import load
from laban.evaluators.tagged import TAGS
from laban.evaluators.views import HUMANML3D, INTERHUMAN, KIT
from laban.motion.bodies import HUMANML3D as BODY
from laban.motion.normaliser import Normaliser, Origin


@pytest.fixture
def interclip_files(tmp_path: Path) -> tuple[Path, Path]:
    clip_tokenizer(tmp_path / "tokenizer")
    torch.save({"state_dict": interclip(), "epoch": 3, "global_step": 9}, tmp_path / "interclip.ckpt")
    return tmp_path / "interclip.ckpt", tmp_path / "tokenizer"


@pytest.fixture
def guo_files(tmp_path: Path) -> tuple[Path, Path, Path]:
    glove(tmp_path / "glove")
    torch.save(guo(), tmp_path / "finest.tar")
    rng = np.random.default_rng(5)
    (tmp_path / "meta").mkdir()
    np.save(tmp_path / "meta" / "mean.npy", rng.normal(size=263))
    np.save(tmp_path / "meta" / "std.npy", rng.uniform(0.5, 2.0, size=263))
    return tmp_path / "finest.tar", tmp_path / "glove", tmp_path / "meta"


def plain(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name.removeprefix("model."): value.double().numpy() for name, value in tensors.items()}


def test_interclip_equals_plain_arithmetic(interclip_files, tmp_path):
    weights, made = plain(interclip()), published_interclip(*interclip_files, INTERHUMAN)
    rows = [np.random.default_rng(frames).normal(size=(frames, 516)).astype(np.float32) for frames in (5, 40)]
    scale = weights["latent_scale"]
    for row, found in zip(rows, made.embed_features(rows), strict=True):
        tokens = np.concatenate([weights["motion_encoder.query_token"], linear(row, weights, "motion_encoder.embed_motion")])
        first = transformer(tokens + sines(len(tokens), 32), weights, "motion_encoder.transformer", 2)[0]
        expected = linear(norm(first, weights, "motion_encoder.out_ln"), weights, "motion_encoder.out")
        assert found == pytest.approx(expected / np.linalg.norm(expected) * scale, abs=2e-5)
    texts = ["a person waves", "they push the other person", " ".join(["they push"] * 60)]
    for text, found in zip(texts, made.embed_text(texts), strict=True):
        words = [START, *text.split()[:75], END]
        numbers = [CLIP_WORDS.index(word) for word in words] + [0] * (77 - len(words))
        tokens = weights["token_embedding.weight"][numbers] + weights["positional_embedding"]
        heard = norm(transformer(tokens, weights, "textTransEncoder", 2), weights, "text_ln")[int(np.argmax(numbers))]
        expected = linear(heard, weights, "out")
        assert found == pytest.approx(expected / np.linalg.norm(expected) * scale, abs=2e-5)
    (tmp_path / "saved").mkdir()
    made.save(tmp_path / "saved")
    assert np.array_equal(load(tmp_path / "saved").embed_text(texts), made.embed_text(texts))
    assert made.embed_motion([motion(40)], 30.0).shape == (1, 8)


def test_guo_equals_plain_arithmetic(guo_files, tmp_path):
    parts, made, meta = guo(), published_guo(*guo_files, HUMANML3D), guo_files[2]
    movement, encoder, text = (plain(parts[f"{part}_encoder"]) for part in ("movement", "motion", "text"))
    mean, deviation = (np.load(meta / name)[:-4] for name in ("mean.npy", "std.npy"))
    rows = [np.random.default_rng(frames).normal(size=(frames, 259)).astype(np.float32) for frames in (9, 30, 196, 230)]
    for row, found in zip(rows, made.embed_features(rows), strict=True):
        units = min(len(row), 196) // 4
        padded = np.zeros((196, 259))  # as published: everything is padded to 196 after it was normalised
        padded[: 4 * units] = ((row - mean) / deviation)[: 4 * units]
        for layer in ("main.0", "main.3"):
            padded = leaky(convolved(padded, movement[f"{layer}.weight"], movement[f"{layer}.bias"]))
        assert found == pytest.approx(recurrent(linear(padded, movement, "out_net")[:units], encoder), abs=2e-5)
    vectors, asked = glove(tmp_path / "glove"), "a/DET person/NOUN walk/VERB slowly/ADV unicycle/NOUN"
    tags = {"a": "DET", "person": "NOUN", "walk": "Act_VIP", "slowly": "Desc_VIP"}
    words = [word if word in GLOVE_WORDS else "unk" for word in ["sos", "a", "person", "walk", "slowly", "unicycle", "eos"]]
    hot = np.eye(15)[[TAGS.index(tags.get(word, "OTHER")) for word in words]]
    read = vectors[[GLOVE_WORDS.index(word) for word in words]] + linear(hot, text, "pos_emb")
    assert made.embed_text([asked])[0] == pytest.approx(recurrent(read, text), abs=2e-5)
    (tmp_path / "saved").mkdir()
    made.save(tmp_path / "saved")
    assert np.array_equal(load(tmp_path / "saved").embed_text([asked]), made.embed_text([asked]))
    assert made.embed_motion([motion(40, people=1)], 20.0).shape == (1, 8)


def test_a_motion_shorter_than_a_movement_is_refused(guo_files):
    with pytest.raises(ValueError, match="a motion of 3 frames is too short"):
        published_guo(*guo_files, HUMANML3D).embed_features([np.zeros((3, 259), np.float32)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("model.latent_scale"), "scale is absent, and (1,) on representation 'interhuman'"),
        (lambda state: state.update({"model.clip.visual": torch.zeros(1)}), "'clip.visual' is no tensor of this architecture"),
        (lambda state: state.update(interclip(motion=2 * 259)), "motion_in.weight is (32, 518), and (32, 516)"),
        (lambda state: state.pop("model.motion_encoder.out.weight"), "lacks 'motion_out.weight'"),
        (lambda state: state.update({"model.token_embedding.weight": torch.zeros(9, 16)}), "has 9 tokens, the tokenizer in"),
        (
            lambda state: state.update({"model.motion_encoder.sequence_pos_encoder.pe": torch.zeros(2000, 32)}),
            "is not the table of sines that InterCLIP adds",
        ),
    ],
)
def test_another_interclip_is_refused_by_tensor(interclip_files, change, said):
    state = interclip()
    change(state)
    torch.save({"state_dict": state}, interclip_files[0])
    with pytest.raises(ValueError, match=re.escape(said)):
        published_interclip(*interclip_files, INTERHUMAN)


def test_a_checkpoint_or_statistics_of_another_set_are_refused(guo_files):
    checkpoint, words, meta = guo_files
    np.save(meta / "mean.npy", np.zeros(251))
    np.save(meta / "std.npy", np.ones(251))
    said = "movement_encoder.main.0.weight is (12, 259, 4), and (12, 247, 4) on representation 'kit'"
    with pytest.raises(ValueError, match=re.escape(said)):
        published_guo(checkpoint, words, meta, KIT)
    with pytest.raises(ValueError, match=r"mean.npy: \(251,\), but humanml3d-263 has 263 columns"):
        published_guo(checkpoint, words, meta, HUMANML3D)
    values = {"mean": np.zeros(263, np.float32), "deviation": np.ones(263, np.float32)}
    of_data = Normaliser(representation=BODY.representation.name, origin=Origin.DATA_SET, name="HumanML3D", **values)
    of_data.save(meta / "statistics.json")
    with pytest.raises(ValueError, match=r"the data set's statistics \(HumanML3D\), wanted the evaluator's"):
        published_guo(checkpoint, words, meta / "statistics.json", HUMANML3D)


class Payload:
    def __reduce__(self):
        return print, ("it ran",)


def test_a_checkpoint_that_would_run_code_is_refused(interclip_files, capsys):
    torch.save({"state_dict": Payload()}, interclip_files[0])
    with pytest.raises(ValueError, match="holds more than tensors"):
        published_interclip(*interclip_files, INTERHUMAN)
    assert "it ran" not in capsys.readouterr().out
    interclip_files[0].unlink()
    with pytest.raises(ValueError, match="is no file"):
        published_interclip(*interclip_files, INTERHUMAN)
