"""Frozen text models of the user's: tiny ones, made here and read from their folders as any other is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoints import CLIP_WORDS, clip_tokenizer
from judges import MOTIONS, judge
from transformers import BertConfig, BertModel, CLIPTextConfig, CLIPTextModel

from laban.evaluators.evaluator import load
from laban.evaluators.text import States, Tokens

TEXTS = ["a person waves", "they push the other person"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    clip_tokenizer(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "projection_dim": 8}
    end = len(CLIP_WORDS) - 1
    CLIPTextModel(CLIPTextConfig(vocab_size=len(CLIP_WORDS), eos_token_id=end, bos_token_id=end - 1, **size)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    clip_tokenizer(folder)
    torch.manual_seed(0)
    size = {"hidden_size": 24, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(CLIP_WORDS), **size)).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("model", ["clip", "bert"])
def test_states_are_the_models_own_whatever_the_batch(model, request):
    reader = States(request.getfixturevalue(model))
    states = reader.read(TEXTS)
    assert [tuple(one.shape) for one in states] == [(5, reader.state_width), (7, reader.state_width)]  # start and end included
    for text, found in zip(TEXTS, states, strict=True):
        assert torch.allclose(reader.read([text])[0], found, atol=1e-5)
        asked = reader.tokenizer(text, return_tensors="pt")
        assert torch.allclose(reader.model(**asked).last_hidden_state[0], found, atol=1e-5)
    assert reader.unknown_share(["a person", "a unicycle"]) == 0.25


@pytest.mark.parametrize("architecture", ["towers", "tmr"])
def test_an_evaluator_on_states_is_whole_without_the_users_folder(architecture, bert, tmp_path):
    made = judge(architecture, text_model=bert)
    assert (made.config.text, made.config.entries, made.config.state_width) == ("states", 0, 24)
    made.save(tmp_path)
    loaded = load(tmp_path)
    assert np.array_equal(loaded.embed_text(TEXTS), made.embed_text(TEXTS))
    assert np.abs(np.diff(made.embed_text(TEXTS), axis=0)).max() > 1e-3
    assert "frozen" in loaded.description
    assert not any(name.startswith("text.") for name, _ in made.network.named_parameters())  # nothing of the model is trained


def test_interclip_reads_the_tokens_of_clip_and_leaves_them_as_they_are(clip, tmp_path):
    made = judge("interclip", text_model=clip)
    state = CLIPTextModel.from_pretrained(clip).state_dict()
    token = next(value for name, value in state.items() if name.endswith("token_embedding.weight"))
    assert torch.equal(made.network.body.token.weight, token)
    trained = {name for name, value in made.network.body.named_parameters() if value.requires_grad}
    assert not trained & {"token.weight", "place"}
    assert "text_out.weight" in trained
    made.save(tmp_path)
    assert np.array_equal(load(tmp_path).embed_text(TEXTS), made.embed_text(TEXTS))
    assert np.array_equal(load(tmp_path).embed_motion(MOTIONS, 30.0), made.embed_motion(MOTIONS, 30.0))


def test_long_captions_are_cut_and_end_as_they_should(clip):
    (numbers,) = Tokens.of_model(clip).read(["push " * 100])
    assert len(numbers) == 77
    assert numbers[-1] == len(CLIP_WORDS) - 1


def test_folders_that_do_not_fit_are_refused(clip, bert, tmp_path):
    with pytest.raises(ValueError, match="text_model: .*nowhere is no folder"):
        judge("tmr", text_model=tmp_path / "nowhere")
    with pytest.raises(ValueError, match="is no CLIP text model of 77 places"):
        judge("interclip", text_model=bert)
    with pytest.raises(ValueError, match=r"token.weight of the text model is \(11, 16\), the evaluator's \(11, 32\): set text_width"):
        judge("interclip", text_model=clip, text_width=32)
