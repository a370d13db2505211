"""Evaluators before they are trained, and published ones whose weights are read into ours.

Released weights are looked up by name in a table and read by a loader that runs nothing. The files stay the user's: none is shipped.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.evaluator import ARCHITECTURES, Evaluator, Network
from laban.evaluators.scaler import Scaler
from laban.evaluators.tagged import Tagged
from laban.evaluators.text import Reader, States, Tokens
from laban.evaluators.transformers import sinusoids
from laban.evaluators.views import View, view
from laban.evaluators.words import Words

INTERCLIP = {
    "motion_encoder.query_token": "query",
    "motion_encoder.embed_motion.": "motion_in.",
    "motion_encoder.transformer.": "motion_layers.",
    "motion_encoder.out_ln.": "motion_norm.",
    "motion_encoder.out.": "motion_out.",
    "token_embedding.": "token.",
    "positional_embedding": "place",
    "textTransEncoder.": "text_layers.",
    "text_ln.": "text_norm.",
    "out.": "text_out.",
    "latent_scale": "scale",
}
"""Beginning of a name in `interclip.ckpt`, after `model.` -> beginning of ours."""
INTERCLIP_PLACES = "motion_encoder.sequence_pos_encoder.pe"
"""A table of sines; ours are computed."""
INTERCLIP_HEADS = 8
GUO = {
    "movement_encoder.": "movement_encoder.",
    "motion_encoder.": "motion_encoder.",
    "text_encoder.pos_emb.": "pos_emb.",
    "text_encoder.": "text_encoder.",
}
"""Part and beginning of a name in `finest.tar` -> beginning of ours; the first that fits."""


def reader_of(architecture: str, captions: Iterable[str], text_model: Path | None) -> Reader:
    """What reads text for an architecture: from a folder of the user's, else the words of `captions`."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"no evaluator {architecture!r}; there are {', '.join(ARCHITECTURES)}")
    if architecture == "guo":
        return Tagged.of_vectors(text_model) if text_model else Tagged.of(captions)
    if text_model is None:
        return Words.of(captions)
    return Tokens.of_model(text_model) if architecture == "interclip" else States(text_model)


def untrained(config: EvaluatorConfig, reader: Reader, features: Sequence[np.ndarray]) -> Evaluator:
    """An evaluator with random weights, but for those that its reader brings, which stay as they are.

    Of the training features, arrays (T, W), a network that reads them normalised takes the statistics.
    """
    seen = view(config.representation)
    reads_normalised = ARCHITECTURES[config.architecture].normalised
    network = Network(config, Scaler.fit(features, seen.blocks) if reads_normalised else Scaler.identity(seen.width))
    own = dict(network.body.named_parameters())
    for name, value in reader.frozen.items():
        if own[name].shape != value.shape:
            raise ValueError(f"{name} of the text model is {tuple(value.shape)}, the evaluator's {tuple(own[name].shape)}: set text_width")
        own[name].data.copy_(value)
        own[name].requires_grad_(False)
    return Evaluator(network, config, reader)


def published_interclip(checkpoint: Path, tokenizer: Path, seen: View) -> Evaluator:
    """InterGen's `interclip.ckpt` (a Lightning checkpoint), and the folder of CLIP's tokenizer; un-normalised features.

    Raises `ValueError` naming the file, and the tensor that is missing, unknown or of another size.
    """
    found = _read(checkpoint)
    found = {name.removeprefix("model."): value for name, value in found.get("state_dict", found).items()}
    places = found.pop(INTERCLIP_PLACES, None)
    if places is not None and not torch.allclose(places, sinusoids(*places.shape), atol=1e-4):
        raise ValueError(f"{checkpoint}: {INTERCLIP_PLACES} is not the table of sines that InterCLIP adds")
    weights = _renamed(checkpoint, found, INTERCLIP)
    reader = Tokens(tokenizer)
    config = EvaluatorConfig(
        architecture="interclip",
        representation=seen.name,
        text=reader.name,
        width=_size(checkpoint, weights, "motion_in.weight", 0),
        text_width=_size(checkpoint, weights, "token.weight", 1),
        layers=sum(name.startswith("motion_layers.") and name.endswith("linear1.weight") for name in weights),
        heads=INTERCLIP_HEADS,
        feed_width=_size(checkpoint, weights, "motion_layers.layers.0.linear1.weight", 0),
        embedding_dim=_size(checkpoint, weights, "motion_out.weight", 0),
        entries=_size(checkpoint, weights, "token.weight", 0),
        state_width=0,
        kinds=(),
    )
    if reader.entries != config.entries:
        raise ValueError(
            f"{checkpoint} has {config.entries} tokens, the tokenizer in {tokenizer} {reader.entries}: take that of CLIP ViT-L/14"
        )
    return _filled(checkpoint, config, reader, Scaler.identity(seen.width), weights)


def published_guo(checkpoint: Path, words: Path, normaliser: Path, seen: View) -> Evaluator:
    """HumanML3D's or KIT-ML's `text_mot_match/model/finest.tar`, the folder of its GloVe vectors, and its own statistics (`Scaler.read`).

    Those are in `Comp_v6_KLD01/meta`, not beside the data. Raises `ValueError` naming the file, and the tensor that is missing,
    unknown or of another size.
    """
    parts = _read(checkpoint)
    kept = [part for part in ("movement_encoder", "motion_encoder", "text_encoder") if part in parts]
    found = {f"{part}.{name}": value for part in kept for name, value in parts[part].items()}
    reader = Tagged.of_vectors(words)
    weights = {**_renamed(checkpoint, found, GUO), **reader.frozen}
    config = EvaluatorConfig(
        architecture="guo",
        representation=seen.name,
        text=reader.name,
        width=_size(checkpoint, weights, "motion_encoder.hidden", 2),
        text_width=_size(checkpoint, weights, "text_encoder.hidden", 2),
        layers=1,
        heads=1,
        feed_width=_size(checkpoint, weights, "movement_encoder.main.0.weight", 0),
        embedding_dim=_size(checkpoint, weights, "motion_encoder.output_net.3.weight", 0),
        entries=reader.entries,
        state_width=0,
        kinds=(),
    )
    return _filled(checkpoint, config, reader, Scaler.read(normaliser, seen), weights)


def _read(checkpoint: Path) -> dict[str, Any]:
    if not checkpoint.is_file():
        raise ValueError(f"checkpoint: {checkpoint} is no file")
    try:
        return torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise ValueError(f"{checkpoint} holds more than tensors, or is cut: {str(error).splitlines()[0]}") from error


def _renamed(checkpoint: Path, found: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Tensors under our names; raise `ValueError` naming one that the table does not know."""
    weights = {}
    for name, value in found.items():
        theirs = next((start for start in names if name.startswith(start)), None)
        if theirs is None:
            raise ValueError(f"{checkpoint}: {name!r} is no tensor of this architecture; it begins with none of {', '.join(names)}")
        weights[names[theirs] + name.removeprefix(theirs)] = value
    return weights


def _size(checkpoint: Path, weights: Mapping[str, Tensor], name: str, axis: int) -> int:
    if name not in weights or weights[name].ndim <= axis:
        raise ValueError(f"{checkpoint} lacks {name!r}: it is a checkpoint of another network")
    return int(weights[name].shape[axis])


def _filled(checkpoint: Path, config: EvaluatorConfig, reader: Reader, scaler: Scaler, weights: Mapping[str, Tensor]) -> Evaluator:
    """The evaluator with these weights; raise `ValueError` naming the first tensor that does not fit."""
    network = Network(config, scaler)
    own = network.body.state_dict()
    for name in sorted(set(own) | set(weights)):
        theirs, ours = (tuple(one[name].shape) if name in one else "absent" for one in (weights, own))
        if theirs != ours:
            raise ValueError(
                f"{checkpoint}: {name} is {theirs}, and {ours} on representation {config.representation!r}; is it of another one?"
            )
    network.body.load_state_dict(dict(weights))
    return Evaluator(network, config, reader)
