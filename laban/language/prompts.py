"""Conversations as a model's own chat template writes them, with a label for every token that is to be learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from laban.data.conversation import Conversation, Part
from laban.language.vocabulary import MotionVocabulary

IGNORED = -100
"""Label of a token that is not learned (the library's convention)."""

# For base models that bring no template of their own.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
CHAT_TOKENS = ("<|user|>", "<|assistant|>", "<|end|>")


@dataclass(frozen=True)
class Piece:
    """A part of a message, ready to be written: text, or codes (S, P, D)."""

    content: str | np.ndarray
    learn: bool = True


@dataclass(frozen=True)
class Message:
    """What one side says: pieces in order."""

    role: str
    pieces: tuple[Piece, ...]

    def write(self, vocabulary: MotionVocabulary) -> str:
        """The message's text, motion written as tokens."""
        return "".join(_write(piece, vocabulary) for piece in self.pieces)


def _write(piece: Piece, vocabulary: MotionVocabulary) -> str:
    return piece.content if isinstance(piece.content, str) else vocabulary.write(piece.content)


class PromptFormat:
    """Writes messages with a text tokenizer's chat template and labels what the assistant should learn."""

    def __init__(self, tokenizer: Any, vocabulary: MotionVocabulary) -> None:
        self.tokenizer, self.vocabulary = tokenizer, vocabulary

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Ids up to where the assistant begins to answer."""
        return self._ids(self._render(messages, prompt=True))

    def example(self, messages: Sequence[Message]) -> tuple[list[int], list[int]]:
        """Ids and labels of a conversation; labels are `IGNORED` on what the user says and on parts not to be learned."""
        ids: list[int] = []
        labels: list[int] = []
        written = ""
        for number, message in enumerate(messages):
            if message.role != "assistant":
                continue
            before = self._render(messages[:number], prompt=True)
            after = self._render(messages[: number + 1], prompt=False)
            if not before.startswith(written) or not after.startswith(before):
                raise ValueError("this chat template rewrites earlier turns; it cannot be labelled turn by turn")
            heard = self._ids(before[len(written) :])
            ids, labels = ids + heard, labels + [IGNORED] * len(heard)
            for text, learn in self._answer(after[len(before) :], message):
                said = self._ids(text)
                ids, labels = ids + said, labels + (said if learn else [IGNORED] * len(said))
            written = after
        return ids, labels

    def _answer(self, text: str, message: Message) -> list[tuple[str, bool]]:
        """An assistant's turn as the template wrote it, cut at its parts; what closes it is learned."""
        runs: list[tuple[str, bool]] = []
        for piece in message.pieces:
            own = _write(piece, self.vocabulary).strip()
            head, found, text = text.partition(own)
            if not found:
                raise ValueError("this chat template changes what the assistant said; it cannot be labelled")
            runs.append((head + own, piece.learn))
        return [*runs, (text, message.pieces[-1].learn)] if text else runs

    def _render(self, messages: Sequence[Message], *, prompt: bool) -> str:
        plain = [{"role": message.role, "content": message.write(self.vocabulary)} for message in messages]
        return self.tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=prompt)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]


def collate(pad_id: int) -> Callable[[list[tuple[list[int], list[int]]]], dict[str, torch.Tensor]]:
    """Pad examples on the right to the longest of the batch."""

    def pad(examples: list[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(ids) for ids, _ in examples)
        ids = torch.full((len(examples), longest), pad_id)
        labels = torch.full((len(examples), longest), IGNORED)
        mask = torch.zeros((len(examples), longest), dtype=torch.long)
        for row, (own, wanted) in enumerate(examples):
            ids[row, : len(own)] = torch.tensor(own)
            labels[row, : len(own)] = torch.tensor(wanted)
            mask[row, : len(own)] = 1
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    return pad


class CodeBook:
    """Finds the codes that a conversation's motion parts name."""

    def __init__(self, codes: dict[tuple[str, tuple[int, ...]], np.ndarray], *, steps_per_second: float) -> None:
        self.codes, self.steps_per_second = codes, steps_per_second
        self.people = {clip: len(order) for clip, order in codes}

    def messages(self, conversation: Conversation) -> list[Message]:
        """A conversation with its motion looked up.

        Motion of some of the people is framed on whoever of that clip was shown first, so that a reaction stands in the
        frame of the person to whom it reacts. Raises `ValueError` naming a clip that has no codes.
        """
        given: dict[str, int] = {}
        messages = []
        for turn in conversation.turns:
            pieces = tuple(Piece(self._content(part, given, conversation.id), part.learn) for part in turn.parts)
            messages.append(Message(turn.role, pieces))
        return messages

    def _content(self, part: Part, given: dict[str, int], conversation: str) -> str | np.ndarray:
        if part.type == "text":
            return part.text
        people = self.people.get(part.clip, 0)
        # All people together stand in the frame of the first one shown, whoever was shown first before.
        first = part.people[0] if len(part.people) == people else given.setdefault(part.clip, part.people[0])
        order = (first, *(person for person in range(people) if person != first))
        codes = self.codes.get((part.clip, order))
        if codes is None:
            raise ValueError(f"conversation {conversation}: clip {part.clip!r} has no codes")
        start = round(part.start_s * self.steps_per_second)
        end = None if part.end_s is None else round(part.end_s * self.steps_per_second)
        shown = codes[start:end, [order.index(person) for person in part.people]]
        if not len(shown):
            raise ValueError(f"conversation {conversation}: clip {part.clip!r} has nothing from {part.start_s} s to {part.end_s} s")
        return shown
