"""Talking to a model in text and motion.

Letters: `T` frames, `P` people, `S` steps, `D` residual depth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from laban.language.generation import generate
from laban.language.model import load_model, load_tokenizer
from laban.language.prompts import Message, Piece, PromptFormat
from laban.language.vocabulary import MotionIds, MotionVocabulary
from laban.motion.features import heading, rotate_yaw
from laban.tokenizer.autoencoder import MotionTokenizer


class Chat:
    """A motion–language model with its tokenizers, ready to answer."""

    def __init__(self, model: Any, text_tokenizer: Any, vocabulary: MotionVocabulary, motion_tokenizer: MotionTokenizer) -> None:
        self.model, self.text_tokenizer = model.eval(), text_tokenizer
        self.motion_tokenizer = motion_tokenizer
        self.ids = MotionIds(vocabulary, text_tokenizer)
        self.prompts = PromptFormat(text_tokenizer, vocabulary)

    @classmethod
    def load(cls, folder: Path, tokenizer: Path | None = None) -> Chat:
        """Read `folder/model`, and `folder/tokenizer` unless the motion tokenizer lies elsewhere."""
        model = Path(folder) / "model"
        motion = MotionTokenizer.load(tokenizer or Path(folder) / "tokenizer")
        return cls(load_model(model), load_tokenizer(model), MotionVocabulary.load(model), motion)

    def reply(
        self,
        turns: list[dict[str, Any]],
        *,
        seed: int = 0,
        temperature: float = 0.8,
        top_p: float = 0.95,
        max_new_tokens: int = 1024,
    ) -> list[dict[str, Any]]:
        """The assistant's parts in answer to `turns`.

        A turn is `{"role", "parts"}`, a part `{"type": "text", "text"}` or `{"type": "motion", "positions": (T, P, 22, 3) metres,
        "fps"}`. Motion that answers one given person comes back in that person's world; other motion in the frame of its
        own first person's first frame. Raises `ValueError` where the last turn is not the user's or a frame rate is wrong.
        """
        if not turns or turns[-1]["role"] != "user":
            raise ValueError("the last turn must be the user's")
        given: list[tuple[np.ndarray, np.ndarray]] = []
        messages = [Message(turn["role"], tuple(self._piece(part, given) for part in turn["parts"])) for turn in turns]
        said = generate(
            self.model,
            self.text_tokenizer,
            self.ids,
            [self.prompts.prompt(messages)],
            seed=seed,
            temperature=temperature,
            top_p=top_p,
            max_new_tokens=max_new_tokens,
        )[0]
        return [self._part(part, given) for part in self.ids.read(self._closed(said))]

    def _piece(self, part: dict[str, Any], given: list[tuple[np.ndarray, np.ndarray]]) -> Piece:
        if part["type"] == "text":
            return Piece(part["text"])
        positions = np.asarray(part["positions"], np.float32)
        fps = self.motion_tokenizer.config.fps
        if abs(float(part.get("fps", fps)) - fps) > 1e-6:
            raise ValueError(f"motion at {part['fps']} frames per second: this model was trained at {fps}; resample it first")
        if len(positions) < self.motion_tokenizer.config.downsample:
            raise ValueError(f"motion of {len(positions)} frames is shorter than one step of {self.motion_tokenizer.config.downsample}")
        codes = self.motion_tokenizer.encode_positions(positions)
        given.append((positions, codes))
        return Piece(codes)

    def _closed(self, said: list[int]) -> list[int]:
        """Drop a motion that the length limit cut off, back to its last whole step, and close it."""
        start = next((place for place in range(len(said) - 1, -1, -1) if said[place] in self.ids.starts), None)
        if start is None or self.ids.end in said[start:]:
            return said
        step = self.ids.starts[said[start]] * self.ids.vocabulary.residual_depth
        whole = (len(said) - start - 1) // step * step
        return [*said[: start + 1 + whole], self.ids.end] if whole else said[:start]

    def _part(self, part: list[int] | np.ndarray, given: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
        if isinstance(part, list):
            return {"type": "text", "text": self.text_tokenizer.decode(part, skip_special_tokens=True)}
        fps = self.motion_tokenizer.config.fps
        if part.shape[1] == 1 and given and given[-1][1].shape[1] == 1:
            return {"type": "motion", "fps": fps, "positions": self._reaction(part, *given[-1])}
        return {"type": "motion", "fps": fps, "positions": self.motion_tokenizer.decode_positions(part)}

    def _reaction(self, codes: np.ndarray, positions: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Decode a reaction beside the person that it answers, and put it into that person's world."""
        steps = min(len(codes), len(shown))
        pair = np.concatenate([shown[:steps], codes[:steps]], axis=1)
        reaction = self.motion_tokenizer.decode_positions(pair)[:, 1:]
        first = positions[0, 0]
        return rotate_yaw(reaction, heading(first)) + first[0] * np.array([1.0, 0.0, 1.0])
