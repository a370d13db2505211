"""What the language model is trained on: paired clips as tasks, and conversations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from torch.utils.data import Dataset

from laban.data.codes import EncodedClip
from laban.data.conversation import Conversation
from laban.language.prompts import CodeBook, PromptFormat
from laban.language.tasks import SHARES, answer, ask, possible

Example = tuple[list[int], list[int]]


class PairedClips(Dataset[Example]):
    """Every task of every clip, by their shares; caption and phrasing are drawn anew from the item's number, so equal runs are equal."""

    def __init__(self, clips: Iterable[EncodedClip], prompts: PromptFormat, *, seed: int, copies: int = 3) -> None:
        self.items = [(clip, task) for clip in clips for task, share in SHARES.items() if possible(task, clip) for _ in range(share)]
        self.prompts, self.seed, self.copies = prompts, seed, copies

    def __len__(self) -> int:
        return self.copies * len(self.items)

    @property
    def lengths(self) -> list[int]:
        """About how many tokens each item has: its motion, and a caption where there is one."""
        return self.copies * [clip.codes.size + (_words(clip) if task in ("t2m", "m2t") else 0) for clip, task in self.items]

    def __getitem__(self, number: int) -> Example:
        clip, task = self.items[number % len(self.items)]
        draw = np.random.default_rng((self.seed, number))
        caption = clip.captions[draw.integers(len(clip.captions))] if clip.captions else ""
        question = ask(task, clip, caption=caption, phrase=int(draw.integers(1000)), begins=bool(draw.integers(2)))
        return self.prompts.example([question, answer(task, clip, caption=caption)])


def _words(clip: EncodedClip) -> int:
    return sum(len(caption.split()) for caption in clip.captions) // max(1, len(clip.captions))


class Conversations(Dataset[Example]):
    """Multi-turn conversations, written and labelled once."""

    def __init__(self, conversations: Iterable[Conversation], book: CodeBook, prompts: PromptFormat) -> None:
        self.examples = [prompts.example(book.messages(conversation)) for conversation in conversations]

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each conversation."""
        return [len(ids) for ids, _ in self.examples]

    def __getitem__(self, number: int) -> Example:
        return self.examples[number]


def code_book(clips: Sequence[EncodedClip]) -> CodeBook:
    """Look-up of codes by clip and order of people."""
    steps_per_second = clips[0].fps / clips[0].downsample
    return CodeBook({(clip.id, clip.order): clip.codes for clip in clips}, steps_per_second=steps_per_second)
