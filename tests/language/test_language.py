"""Motion in the vocabulary, labels, the grammar of generation, LoRA and merging, on a tiny real Llama."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from laban.data.codes import EncodedClip, read_codebooks, write_codebooks
from laban.data.conversation import Conversation, Part, Turn
from laban.language.examples import Conversations, PairedClips, code_book
from laban.language.generation import generate
from laban.language.model import add_lora, load_adapter, load_model, load_tokenizer, merge_checks, save_adapter, save_model
from laban.language.prompts import IGNORED, Message, Piece, PromptFormat, collate
from laban.language.tasks import ask
from laban.language.vocabulary import MotionIds, MotionVocabulary, extend
from laban.stages.base import _train_bpe

VOCABULARY = MotionVocabulary(residual_depth=2, codebook_size=8)
BOOKS = np.random.default_rng(3).normal(size=(2, 8, 6))
TEXTS = ["One person waves and the other person waves back.", "Two people shake hands.", "One person bows to the other person."]


def _llama(tokenizer, tie: bool = False):
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        tie_word_embeddings=tie, max_position_embeddings=256,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def extended():
    tokenizer = _train_bpe(TEXTS, 300)
    model = _llama(tokenizer)
    extend(model, tokenizer, VOCABULARY, codebooks=BOOKS, seed=1)
    return model, tokenizer


def _codes(seed: int, people: int = 2, steps: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 8, (steps, people, 2))


def test_motion_is_written_step_by_step_person_by_person_level_by_level_and_read_back(extended) -> None:
    _, tokenizer = extended
    codes = _codes(1)
    text = VOCABULARY.write(codes)
    first = "".join(f"<m{level}_{codes[0, person, level]}>" for person in (0, 1) for level in (0, 1))
    assert text.startswith("<motion:2>" + first)
    ids = tokenizer("So: " + text + " done", add_special_tokens=False)["input_ids"]
    head, motion, tail = MotionIds(VOCABULARY, tokenizer).read(ids)
    np.testing.assert_array_equal(motion, codes)
    assert tokenizer.decode(head) == "So: "
    assert tokenizer.decode(tail) == " done"


@pytest.mark.parametrize("bad", [np.full((2, 2, 2), 8), np.full((2, 2, 2), -1), np.zeros((2, 2, 3), int), np.zeros((2, 5, 2), int)])
def test_codes_out_of_range_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        VOCABULARY.write(bad)


def test_new_rows_differ_from_each_other_and_have_the_spread_of_the_old(extended) -> None:
    model, tokenizer = extended
    weight = model.get_input_embeddings().weight
    assert weight.shape[0] == len(tokenizer) == model.get_output_embeddings().weight.shape[0]
    new = weight[-16:]
    assert float(torch.cdist(new, new).add(torch.eye(16) * 9).min()) > 0.1 * float(new.norm(dim=1).mean())
    assert float(new.std()) == pytest.approx(float(weight[:300].std()), rel=0.3)


def test_codes_of_like_motion_begin_alike_at_both_ends() -> None:
    books = BOOKS.copy()
    books[1, 5] = books[1, 2] + 0.01
    tokenizer = _train_bpe(TEXTS, 300)
    model = _llama(tokenizer)
    extend(model, tokenizer, VOCABULARY, codebooks=books, seed=1)
    for weight in (model.get_input_embeddings().weight, model.get_output_embeddings().weight):
        near = torch.cosine_similarity(weight[-8:][2], weight[-8:], dim=-1)
        assert near.argsort(descending=True)[:2].tolist() == [2, 5]
        assert 0.4 < near[5] < 0.99


def test_codebooks_come_back_as_they_were_written(tmp_path) -> None:
    write_codebooks(tmp_path, BOOKS)
    np.testing.assert_array_equal(read_codebooks(tmp_path), BOOKS.astype(np.float32))


def test_only_a_motion_of_several_people_is_told_who_begins() -> None:
    row = EncodedClip(
        id="a", split="train", source="procedural", kind="bow", order=(1, 0), fps=30.0, frames=32, downsample=8, codebook_size=8,
        captions=("One person bows.",), actor=1, codes=_codes(1),
    )  # fmt: skip
    said = ask("t2m", row, caption="One person bows.", begins=True).pieces[0].content
    assert "One person bows." in said
    assert "second" in said
    assert ask("t2m", row, caption="One person bows.").pieces[0].content.endswith("One person bows.")
    for unknown in (replace(row, actor=None), replace(row, codes=_codes(1, people=1), order=(0,), actor=0)):
        assert ask("t2m", unknown, caption="x", begins=True) == ask("t2m", unknown, caption="x")


def test_only_what_the_assistant_should_learn_is_labelled(extended) -> None:
    _, tokenizer = extended
    prompts = PromptFormat(tokenizer, VOCABULARY)
    wrong, right = _codes(2), _codes(3)
    messages = [
        Message("user", (Piece("Two people shake hands."),)),
        Message("assistant", (Piece(wrong, learn=False), Piece(right))),
        Message("user", (Piece(right), Piece("What was it?"))),
        Message("assistant", (Piece("Two people shake hands."),)),
    ]
    ids, labels = prompts.example(messages)
    assert len(ids) == len(labels)
    assert all(label in (IGNORED, token) for token, label in zip(ids, labels, strict=True))
    learned = tokenizer.decode([label for label in labels if label != IGNORED])
    assert learned == VOCABULARY.write(right) + "<|end|>" + "Two people shake hands." + "<|end|>"
    whole = tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.write(VOCABULARY)} for message in messages], tokenize=False
    )
    assert tokenizer.decode(ids) == whole
    assert prompts.prompt(messages[:1]) == ids[: len(prompts.prompt(messages[:1]))]


def test_an_untrained_model_cannot_write_a_broken_motion(extended) -> None:
    model, tokenizer = extended
    ids = MotionIds(VOCABULARY, tokenizer)
    prompt = PromptFormat(tokenizer, VOCABULARY).prompt([Message("user", (Piece("Dance."),))])
    said = generate(
        model, tokenizer, ids, [prompt, prompt[1:]] * 8, seed=3, temperature=1.5, top_p=1.0, max_new_tokens=60, max_steps=8, force_people=2
    )
    for own in said:
        (motion,) = ids.read(own)
        assert motion.shape[1:] == (2, 2)
        assert 1 <= len(motion) <= 8
    free = generate(model, tokenizer, ids, [prompt] * 8, seed=4, temperature=1.5, top_p=1.0, max_new_tokens=40, force_people=0)
    assert all(isinstance(part, list) for own in free for part in ids.read(own))


def test_a_reaction_stands_in_the_frame_of_the_given_person() -> None:
    rows = [
        EncodedClip(id="c", split="train", source="x", kind="k", order=order, fps=30.0, frames=32, downsample=8,
                    codebook_size=8, captions=("Two people.",), codes=_codes(5 + order[0]))
        for order in ((0, 1), (1, 0))
    ]  # fmt: skip
    book = code_book(rows)
    for given, other in ((0, 1), (1, 0)):
        conversation = Conversation(
            id="r", task="reaction", split="train",
            turns=(
                Turn(role="user", parts=(Part(type="motion", clip="c", people=(given,)), Part(type="text", text="React."))),
                Turn(role="assistant", parts=(Part(type="motion", clip="c", people=(other,), start_s=8 / 30, end_s=16 / 30),)),
            ),
        )  # fmt: skip
        question, reply = book.messages(conversation)
        own = rows[given].codes
        np.testing.assert_array_equal(question.pieces[0].content, own[:, :1])
        np.testing.assert_array_equal(reply.pieces[0].content, own[1:2, 1:])
    lost = Conversation(id="l", task="m2t", split="train", turns=(Turn(role="user", parts=(Part(type="motion", clip="gone"),)),))
    with pytest.raises(ValueError, match="gone"):
        book.messages(lost)


def test_paired_examples_are_equal_in_equal_runs(extended) -> None:
    _, tokenizer = extended
    row = EncodedClip(id="c", split="train", source="x", kind="k", order=(0, 1), fps=30.0, frames=32, downsample=8,
                      codebook_size=8, captions=tuple(TEXTS), codes=_codes(9))  # fmt: skip
    prompts = PromptFormat(tokenizer, VOCABULARY)
    first, second = PairedClips([row], prompts, seed=5), PairedClips([row], prompts, seed=5)
    assert [first[n] for n in range(len(first))] == [second[n] for n in range(len(second))]
    batch = collate(tokenizer.pad_token_id)([first[n] for n in range(4)])
    assert batch["input_ids"].shape == batch["labels"].shape
    assert (batch["labels"][batch["attention_mask"] == 0] == IGNORED).all()
    assert len(Conversations([], code_book([row]), prompts)) == 0


@pytest.mark.parametrize("tie", [False, True])
def test_merged_equals_adapted_and_every_target_moved(tmp_path, tie: bool) -> None:
    tokenizer = _train_bpe(TEXTS, 300)
    model = _llama(tokenizer, tie)
    extend(model, tokenizer, VOCABULARY, codebooks=BOOKS, seed=1)
    save_model(model, tokenizer, tmp_path / "base")
    adapted = add_lora(model, rank=4, alpha=4, dropout=0.0)
    optimizer = torch.optim.Adam([weight for weight in adapted.parameters() if weight.requires_grad], 1e-2)
    ids = torch.randint(len(tokenizer), (4, 24), generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        optimizer.zero_grad()
        adapted(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
    save_adapter(adapted, tmp_path / "adapter")
    save_model(load_adapter(tmp_path / "base", tmp_path / "adapter").merge_and_unload(), tokenizer, tmp_path / "merged")
    merged = load_model(tmp_path / "merged").eval()
    checks = merge_checks(
        load_adapter(tmp_path / "base", tmp_path / "adapter"), merged, load_model(tmp_path / "base"),
        vocabulary=len(load_tokenizer(tmp_path / "merged")), length=16, seed=0,
    )  # fmt: skip
    assert checks["logit_difference"] < 1e-4
    assert checks["vocabulary_mismatch"] == checks["bad_tensors"] == checks["unchanged_targets"] == 0
    assert checks["targets"] == 14
    assert merged.config.tie_word_embeddings is tie
    text = (tmp_path / "adapter" / "adapter_config.json").read_text()
    assert str(tmp_path) not in text


def test_merge_checks_notice_a_merge_that_did_nothing_and_a_broken_tensor(extended) -> None:
    model, tokenizer = extended
    same = merge_checks(model, model, model, vocabulary=len(tokenizer) + 1, length=8, seed=0)
    assert same["unchanged_targets"] == 14
    assert same["vocabulary_mismatch"] == 1
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[0, 0] = float("nan")
    assert merge_checks(model, model, model, vocabulary=len(tokenizer), length=8, seed=0)["bad_tensors"] == 1
