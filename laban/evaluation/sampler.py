"""Asking a model many things at once, and keeping what it answered.

Letters: `T` frames, `P` people, `S` steps, `D` residual depth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from laban.data.clip import Caption, Clip
from laban.evaluation.cases import Case
from laban.language.chat import Chat
from laban.language.generation import generate
from laban.language.prompts import Message
from laban.language.tasks import ask
from laban.metrics.protocol import repeated

Numbers = dict[str, float]


class Sampler:
    """Asks the model for every case of a task at once, in batches."""

    def __init__(self, chat: Chat, *, seed: int, repetitions: int, temperature: float, top_p: float, batch_size: int) -> None:
        self.chat, self.seed, self.repetitions = chat, seed, repetitions
        self.temperature, self.top_p, self.batch_size = temperature, top_p, batch_size
        self.stored: list[Clip] = []
        self.texts: list[dict[str, str]] = []

    def motions(self, task: str, cases: Sequence[Case], repetition: int, people: int) -> list[np.ndarray]:
        """Codes (S, P, D) that the model answers with; the model chooses their length."""
        longest = 2 * max(len(case.encoded.codes) for case in cases)
        return self.answers(task, self._questions(task, cases, repetition), repetition, people=people, steps=longest)

    def descriptions(self, cases: Sequence[Case], repetition: int) -> list[str]:
        """What the model says of each case's motion."""
        said = self._ask("m2t", self._questions("m2t", cases, repetition), repetition, 0, 1)
        texts = [self.chat.text_tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in said]
        self.texts += [{"task": "m2t", "clip": case.id, "text": text} for case, text in zip(cases, texts, strict=True)]
        return texts

    def answers(self, task: str, messages: Sequence[Sequence[Message]], repetition: int, *, people: int, steps: int) -> list[np.ndarray]:
        """The one motion (S, P, D), of at most so many steps, that answers each conversation."""
        said = self._ask(task, messages, repetition, people, steps)
        return [next(part for part in self.chat.ids.read(ids) if isinstance(part, np.ndarray)) for ids in said]

    def store(self, task: str, cases: Sequence[Case], repetition: int, motions: Sequence[np.ndarray]) -> None:
        """Keep generated motion (T, P, 22, 3) for whoever wants to look or measure again."""
        for case, motion in zip(cases, motions, strict=True):
            self.keep(f"{task}/{case.id}/{repetition}", motion, case.caption or task, like=case.clip)

    def keep(self, name: str, motion: np.ndarray, caption: str, *, like: Clip) -> None:
        """Keep a generated motion (T, P, 22, 3) under a name; split, rate and kind are those of the clip it is to be `like`."""
        said = Caption(text=caption, start_s=0.0, end_s=len(motion) / like.fps, source="prompt")
        self.stored.append(
            Clip(
                id=name, positions=motion.astype(np.float32), captions=(said,), split=like.split, source="generated", licence="",
                fps=like.fps, kind=like.kind, group=like.id,
            )
        )  # fmt: skip

    def _questions(self, task: str, cases: Sequence[Case], repetition: int) -> list[list[Message]]:
        return [
            [ask(task, case.encoded, caption=case.caption, phrase=repetition + number % self.batch_size)]
            for number, case in enumerate(cases)
        ]

    def _ask(self, task: str, messages: Sequence[Sequence[Message]], repetition: int, people: int, steps: int) -> list[list[int]]:
        said: list[list[int]] = []
        for start in tqdm(range(0, len(messages), self.batch_size), desc=f"{task} {repetition + 1}/{self.repetitions}", unit="batch"):
            said += generate(
                self.chat.model,
                self.chat.text_tokenizer,
                self.chat.ids,
                [self.chat.prompts.prompt(one) for one in messages[start : start + self.batch_size]],
                seed=self.seed + 1000 * repetition + start,
                temperature=self.temperature,
                top_p=self.top_p,
                max_new_tokens=2 + max(60, steps * max(people, 1) * self.chat.ids.vocabulary.residual_depth),
                max_steps=steps,
                force_people=people,
            )
        return said


def summary(runs: list[Numbers], **rows: Numbers) -> dict[str, object]:
    """Mean over repetitions, the 95 % intervals under `interval`, and the rows to compare with."""
    means = {name: repeated([run[name] for run in runs]) for name in runs[0]}
    return {
        **{name: mean for name, (mean, _) in means.items()},
        "interval": {name: half for name, (_, half) in means.items()},
        **rows,
    }
