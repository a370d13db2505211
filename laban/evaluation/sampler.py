"""Asking a model many things at once.

Letters: `P` people, `S` steps, `D` residual depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from laban.evaluation.cases import Drawn
from laban.language.chat import Chat
from laban.language.generation import generate
from laban.language.prompts import Message
from laban.language.tasks import ask

TEXT_TOKENS = 60


class Sampler:
    """Asks the model for every case of a task at once, in batches; a repetition has its own seed."""

    def __init__(self, chat: Chat, *, seed: int, repetitions: int, temperature: float, top_p: float, batch_size: int) -> None:
        self.chat, self.repetitions = chat, repetitions
        self.temperature, self.top_p, self.batch_size = temperature, top_p, batch_size
        self.seeds = tuple(seed + 1000 * repetition for repetition in range(repetitions))

    def motions(self, task: str, cases: Sequence[Drawn], repetition: int, people: int) -> list[np.ndarray | None]:
        """Codes (S, P, D) that the model answers with, of a length that the model chooses: at most twice the longest of all cases."""
        longest = 2 * max(len(case.encoded.codes) for case in cases)
        return self.answers(task, self._questions(task, cases, repetition), repetition, people=people, steps=longest)

    def descriptions(self, cases: Sequence[Drawn], repetition: int) -> list[str]:
        """What the model says of each case's motion."""
        return self.say("m2t", self._questions("m2t", cases, repetition), repetition)

    def answers(
        self, task: str, messages: Sequence[Sequence[Message]], repetition: int, *, people: int, steps: int
    ) -> list[np.ndarray | None]:
        """The one motion (S, P, D), of at most so many steps, that answers each conversation; None where the answer has none."""
        said = self._ask(task, messages, repetition, people, steps)
        return [next((part for part in self.chat.ids.read(ids) if isinstance(part, np.ndarray)), None) for ids in said]

    def say(self, task: str, messages: Sequence[Sequence[Message]], repetition: int) -> list[str]:
        """The text that answers each conversation."""
        said = self._ask(task, messages, repetition, 0, 1)
        return [self.chat.text_tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in said]

    def _questions(self, task: str, cases: Sequence[Drawn], repetition: int) -> list[list[Message]]:
        return [
            [ask(task, one.encoded, caption=one.case.caption, phrase=repetition + number % self.batch_size, begins=True)]
            for number, one in enumerate(cases)
        ]

    def _ask(self, task: str, messages: Sequence[Sequence[Message]], repetition: int, people: int, steps: int) -> list[list[int]]:
        said: list[list[int]] = []
        for start in tqdm(range(0, len(messages), self.batch_size), desc=f"{task} {repetition + 1}/{self.repetitions}", unit="batch"):
            said += generate(
                self.chat.model,
                self.chat.text_tokenizer,
                self.chat.ids,
                [self.chat.prompts.prompt(one) for one in messages[start : start + self.batch_size]],
                seed=self.seeds[repetition] + start,
                temperature=self.temperature,
                top_p=self.top_p,
                max_new_tokens=2 + max(TEXT_TOKENS, steps * max(people, 1) * self.chat.ids.vocabulary.residual_depth),
                max_steps=steps,
                force_people=people,
            )
        return said
