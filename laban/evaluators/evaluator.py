"""The one interface of every network that judges: motions and captions in, embeddings out.

`load(folder)` gives whichever architecture the folder's `config.json` names. A network is one file and one class: built from
`(EvaluatorConfig, width of its features)`, it has `embed_motion`, `embed_text` and a `forward` that returns its loss.

Letters: `N` motions or captions, `B` batch, `T` frames, `L` words, `W` features a frame, `E` embedding width.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from laban.data.artifact import write_json
from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.guo import Guo
from laban.evaluators.interclip import InterClip
from laban.evaluators.kind import KindHead, kind_loss, names_of
from laban.evaluators.scaler import Scaler
from laban.evaluators.tagged import Tagged
from laban.evaluators.text import Reader, States, Tokens
from laban.evaluators.tmr import Tmr
from laban.evaluators.towers import TwoTowers
from laban.evaluators.views import View, view
from laban.evaluators.words import Words

ARCHITECTURES: Mapping[str, Any] = {"towers": TwoTowers, "interclip": InterClip, "guo": Guo, "tmr": Tmr}
READERS: Mapping[str, Any] = {reader.name: reader for reader in (Words, Tokens, States, Tagged)}
WEIGHTS, CONFIG = "model.safetensors", "config.json"
BATCH = 64


class Network(nn.Module):
    """A network of any architecture behind its scaler, and beside it a head that tells kinds apart."""

    def __init__(self, config: EvaluatorConfig, scaler: Scaler) -> None:
        super().__init__()
        if config.architecture not in ARCHITECTURES:
            raise ValueError(f"no evaluator {config.architecture!r}; there are {', '.join(ARCHITECTURES)}")
        self.scaler = scaler
        self.body = ARCHITECTURES[config.architecture](config, view(config.representation).width)
        self.kind_head = KindHead(config.embedding_dim, len(config.kinds)) if config.kinds else None

    def embed_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, W) features as they are, (B,) true lengths -> (B, E)."""
        return self.body.embed_motion(self.scaler(motion), frames)

    def embed_text(self, text: Tensor, lengths: Tensor) -> Tensor:
        """What the reader gave, padded, and (B,) true lengths -> (B, E)."""
        return self.body.embed_text(text, lengths)

    def forward(self, motion: Tensor, kind: Tensor, **rest: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and text, and (B,) kinds or -1 -> `loss` and its parts."""
        losses = self.body(motion=self.scaler(motion), **rest)
        embedded = losses.pop("motion")
        if self.kind_head is None:
            return losses
        # Detached: labels train the head alone, so that retrieval is learnt from captions and nothing else.
        kinds = kind_loss(self.kind_head(embedded.detach()), kind)
        return {**losses, "loss": losses["loss"] + kinds, "kind": kinds}


class Evaluator:
    """The trained judge: arrays and strings in, float64 arrays out; equal inputs give equal outputs."""

    def __init__(self, network: Network, config: EvaluatorConfig, reader: Reader) -> None:
        self.network, self.config, self.reader = network.eval(), config, reader
        self.view: View = view(config.representation)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Interactions that it tells apart; empty where its training data named none."""
        return self.config.kinds

    @property
    def description(self) -> str:
        """What a table of numbers must say of it, in words."""
        text = {"words": "its training captions' own words, from scratch", "tagged": "word vectors and parts of speech"}
        said = text.get(self.config.text, f"a frozen text model's {self.config.text}")
        return f"{self.config.architecture} on {self.config.representation}, text by {said}"

    def save(self, folder: Path) -> None:
        """Write weights, configuration and what reads text."""
        weights = {name: value.detach().cpu().contiguous() for name, value in self.network.state_dict().items()}
        (folder / WEIGHTS).write_bytes(to_bytes(weights))  # save_file would make it readable to its owner only
        write_json(folder / CONFIG, self.config.as_dict())
        self.reader.save(folder)

    @classmethod
    def load(cls, folder: Path | str) -> Evaluator:
        """Read what `save` wrote; raise `ValueError` naming the file that does not fit."""
        folder = Path(folder)
        config = EvaluatorConfig.from_dict(json.loads((folder / CONFIG).read_text("utf-8")))
        if config.text not in READERS:
            raise ValueError(f"{folder / CONFIG}: nothing reads text as {config.text!r}; there are {', '.join(READERS)}")
        reader = READERS[config.text].load(folder)
        if (reader.entries, reader.state_width) != (config.entries, config.state_width):
            raise ValueError(f"{folder}: its vocabulary has {reader.entries} entries, {CONFIG} says {config.entries}; train it again")
        network = Network(config, Scaler.identity(view(config.representation).width))
        network.load_state_dict(load_file(folder / WEIGHTS))
        return cls(network, config, reader)

    def embed_motion(self, motions: Sequence[np.ndarray], fps: float) -> np.ndarray:
        """Motions (T, P, 22, 3) in metres, of any lengths, all at `fps` -> (N, E).

        Raises `ValueError` on another number of people than its representation has, or a value that is not finite.
        """
        return self.embed_features(self.view.of(motions, fps))

    def embed_features(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Features (T, W) of its own representation, without contacts, as a data set stores them -> (N, E)."""
        with torch.inference_mode():
            return self._stack(list(self._embedded(rows)))

    def embed_text(self, texts: Sequence[str]) -> np.ndarray:
        """Captions -> (N, E); raise `ValueError` naming one that is empty."""
        check_captions(texts)
        with torch.inference_mode():
            batches = (pad(self.reader.read(texts[start : start + BATCH])) for start in range(0, len(texts), BATCH))
            return self._stack([self.network.embed_text(*self._put(*batch)) for batch in batches])

    def kind(self, motions: Sequence[np.ndarray], fps: float = 30.0) -> list[str]:
        """Most likely interaction of each motion (T, P, 22, 3); raise `ValueError` where the training data named none."""
        return self.kind_of_features(self.view.of(motions, fps))

    def kind_of_features(self, rows: Sequence[np.ndarray]) -> list[str]:
        """The same of features (T, W) of its own representation."""
        head = self.network.kind_head
        if head is None:
            raise ValueError("this evaluator tells no kinds apart: no clip that it was trained on has one")
        with torch.inference_mode():
            return [name for embedded in self._embedded(rows) for name in names_of(head(embedded), self.kinds)]

    def _embedded(self, rows: Sequence[np.ndarray]) -> Iterator[Tensor]:
        """(B, E) of each batch."""
        for start in range(0, len(rows), BATCH):
            checked = [self.view.check(row, start + place) for place, row in enumerate(rows[start : start + BATCH])]
            yield self.network.embed_motion(*self._put(*pad([torch.from_numpy(row) for row in checked])))

    def _put(self, *tensors: Tensor) -> list[Tensor]:
        device = self.network.scaler.mean.device
        return [tensor.to(device) for tensor in tensors]

    def _stack(self, embedded: list[Tensor]) -> np.ndarray:
        if not embedded:
            return np.zeros((0, self.config.embedding_dim))
        return torch.cat(embedded).cpu().numpy().astype(np.float64)


def load(folder: Path | str) -> Evaluator:
    """The evaluator of a folder, of whichever architecture its `config.json` names."""
    return Evaluator.load(folder)


def pad(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Tensors (L, …) -> (B, L, …) padded with 0, and (B,) lengths."""
    return pad_sequence(list(rows), batch_first=True), torch.tensor([len(row) for row in rows])


def check_captions(texts: Sequence[str]) -> None:
    """Raise `ValueError` naming the first caption that is empty."""
    for number, text in enumerate(texts):
        if not text.strip():
            raise ValueError(f"caption {number} of {len(texts)} is empty: there is nothing to judge it by; drop it or count it as failed")
