"""Checkpoints with the names and shapes that InterGen and HumanML3D publish, scaled down, and plain NumPy that computes with them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

Tensors = dict[str, torch.Tensor]
START, END = "<|startoftext|>", "<|endoftext|>"
CLIP_WORDS = ["!", "a", "person", "waves", "bows", "the", "other", "they", "push", START, END]
"""`!` is number 0, with which CLIP pads, and the end is the largest number, as in CLIP's vocabulary."""
GLOVE_WORDS = ["sos", "eos", "unk", "a", "person", "walk", "slowly", "table"]


def clip_tokenizer(folder: Path) -> None:
    """A tokenizer that is loaded as CLIP's is: words, framed by start and end."""
    inner = Tokenizer(models.WordLevel({word: number for number, word in enumerate(CLIP_WORDS)}, unk_token="!"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(word, CLIP_WORDS.index(word)) for word in (START, END)]
    inner.post_processor = processors.TemplateProcessing(single=f"{START} $A {END}", special_tokens=ends)
    PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END, pad_token=END, unk_token="!").save_pretrained(folder)


def drawn(shapes: dict[str, tuple[int, ...]], seed: int) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    return {name: 0.2 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def _layers(prefix: str, width: int, feed: int, layers: int) -> dict[str, tuple[int, ...]]:
    own = {
        "self_attn.in_proj_weight": (3 * width, width), "self_attn.in_proj_bias": (3 * width,),
        "self_attn.out_proj.weight": (width, width), "self_attn.out_proj.bias": (width,),
        "linear1.weight": (feed, width), "linear1.bias": (feed,), "linear2.weight": (width, feed), "linear2.bias": (width,),
        "norm1.weight": (width,), "norm1.bias": (width,), "norm2.weight": (width,), "norm2.bias": (width,),
    }  # fmt: skip
    return {f"{prefix}.layers.{layer}.{name}": shape for layer in range(layers) for name, shape in own.items()}


def interclip(*, motion: int = 516, width: int = 32, text: int = 16, feed: int = 24, layers: int = 2, out: int = 8) -> Tensors:
    """`state_dict` of `interclip.ckpt`."""
    shapes = {
        "latent_scale": (1,), "positional_embedding": (77, text), "token_embedding.weight": (len(CLIP_WORDS), text),
        "motion_encoder.query_token": (1, width), "motion_encoder.embed_motion.weight": (width, motion),
        "motion_encoder.embed_motion.bias": (width,), "motion_encoder.out_ln.weight": (width,), "motion_encoder.out_ln.bias": (width,),
        "motion_encoder.out.weight": (out, width), "motion_encoder.out.bias": (out,),
        **_layers("motion_encoder.transformer", width, feed, layers), **_layers("textTransEncoder", text, feed, layers),
        "text_ln.weight": (text,), "text_ln.bias": (text,), "out.weight": (out, text), "out.bias": (out,),
    }  # fmt: skip
    tensors = drawn(shapes, 1)
    tensors["motion_encoder.sequence_pos_encoder.pe"] = torch.from_numpy(sines(2000, width)).float()
    tensors["latent_scale"] += 4.0
    return {f"model.{name}": value for name, value in tensors.items()}


def _gru(prefix: str, width: int, entering: int, out: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {f"{prefix}.hidden": (2, 1, width)}
    for way in ("l0", "l0_reverse"):
        for kind in ("ih", "hh"):
            shapes |= {f"{prefix}.gru.weight_{kind}_{way}": (3 * width, width), f"{prefix}.gru.bias_{kind}_{way}": (3 * width,)}
    linear = {"input_emb": (width, entering), "output_net.0": (width, 2 * width), "output_net.3": (out, width)}
    for name, shape in linear.items():
        shapes |= {f"{prefix}.{name}.weight": shape, f"{prefix}.{name}.bias": shape[:1]}
    return shapes | {f"{prefix}.output_net.1.weight": (width,), f"{prefix}.output_net.1.bias": (width,)}


def guo(*, motion: int = 259, movement: int = 12, width: int = 16, text: int = 10, out: int = 8) -> dict[str, object]:
    """`finest.tar`."""
    shapes = {
        "movement_encoder.main.0.weight": (movement, motion, 4), "movement_encoder.main.0.bias": (movement,),
        "movement_encoder.main.3.weight": (movement, movement, 4), "movement_encoder.main.3.bias": (movement,),
        "movement_encoder.out_net.weight": (movement, movement), "movement_encoder.out_net.bias": (movement,),
        "text_encoder.pos_emb.weight": (300, 15), "text_encoder.pos_emb.bias": (300,),
        **_gru("motion_encoder", width, movement, out), **_gru("text_encoder", text, 300, out),
    }  # fmt: skip
    parts: dict[str, object] = {"epoch": 3, "iter": 7, "opt_text_encoder": {"state": {}, "param_groups": []}}
    for name, value in drawn(shapes, 2).items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = value  # type: ignore[index]
    return parts


def glove(folder: Path) -> np.ndarray:
    """The three files of the evaluator's vocabulary; returns the (V, 300) vectors in the order of the words."""
    folder.mkdir(exist_ok=True)
    vectors = np.random.default_rng(3).normal(size=(len(GLOVE_WORDS), 300))
    order = np.random.default_rng(4).permutation(len(GLOVE_WORDS))  # rows lie where the index says, not as the words are listed
    np.save(folder / "our_vab_data.npy", vectors[np.argsort(order)])
    (folder / "our_vab_words.pkl").write_bytes(pickle.dumps(GLOVE_WORDS))
    (folder / "our_vab_idx.pkl").write_bytes(pickle.dumps({word: int(order[number]) for number, word in enumerate(GLOVE_WORDS)}))
    return vectors


# Plain arithmetic, one clip at a time


def sines(length: int, width: int) -> np.ndarray:
    table = np.zeros((length, width))
    for place in range(length):
        for pair in range(width // 2):
            angle = place / 10000.0 ** (2 * pair / width)
            table[place, 2 * pair : 2 * pair + 2] = np.sin(angle), np.cos(angle)
    return table


def linear(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def norm(x: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def softmax(x: np.ndarray) -> np.ndarray:
    raised = np.exp(x - x.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def transformer(x: np.ndarray, weights: dict[str, np.ndarray], prefix: str, layers: int, heads: int = 8) -> np.ndarray:
    """(L, width) through post-norm layers with GELU."""
    from scipy.special import erf

    for layer in range(layers):
        own = {
            name.removeprefix(f"{prefix}.layers.{layer}."): value
            for name, value in weights.items()
            if name.startswith(f"{prefix}.layers.{layer}.")
        }
        asked, keys, values = np.split(x @ own["self_attn.in_proj_weight"].T + own["self_attn.in_proj_bias"], 3, axis=-1)
        each = [np.split(part, heads, axis=-1) for part in (asked, keys, values)]
        heard = np.concatenate([softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v for q, k, v in zip(*each, strict=True)], axis=-1)
        x = norm(x + linear(heard, own, "self_attn.out_proj"), own, "norm1")
        wide = linear(x, own, "linear1")
        x = norm(x + linear(0.5 * wide * (1 + erf(wide / np.sqrt(2))), own, "linear2"), own, "norm2")
    return x


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def convolved(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(T, W) with windows of four, two apart, a zero on either side -> (T / 2, W')."""
    padded = np.pad(x, [(1, 1), (0, 0)])
    return np.stack([np.einsum("kw,owk->o", padded[start : start + 4], weight) + bias for start in range(0, len(padded) - 3, 2)])


def recurrent(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """(L, entering) through both GRUs and the output net -> (E,)."""
    x, last = linear(x, weights, "input_emb"), []
    for number, way in enumerate(("l0", "l0_reverse")):
        state = weights["hidden"][number, 0]
        for row in x[:: -1 if number else 1]:
            came = np.split(row @ weights[f"gru.weight_ih_{way}"].T + weights[f"gru.bias_ih_{way}"], 3)
            kept = np.split(state @ weights[f"gru.weight_hh_{way}"].T + weights[f"gru.bias_hh_{way}"], 3)
            reset, update = (1 / (1 + np.exp(-(came[gate] + kept[gate]))) for gate in (0, 1))
            state = (1 - update) * np.tanh(came[2] + reset * kept[2]) + update * state
        last.append(state)
    hidden = leaky(norm(linear(np.concatenate(last), weights, "output_net.0"), weights, "output_net.1"))
    return linear(hidden, weights, "output_net.3")
