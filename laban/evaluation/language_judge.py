"""A language model as a judge of answers in words: coherence, alignment, naturalness, each 1 to 10 (VIM, arXiv 2410.05628).

Any endpoint that speaks the chat completions of OpenAI will do. What it says is stored beside the samples, since nothing makes it say
the same twice: metrics read that. The key is taken from the environment (`LABAN_JUDGE_KEY`) and stored nowhere.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.artifact import write_json
from laban.evaluation.samples import Question
from laban.evaluation.table import Numbers
from laban.metrics.protocol import fingerprint

FILE = "judgements.json"
KEY = "LABAN_JUDGE_KEY"
ASPECTS = ("coherence", "alignment", "naturalness")
LEAST, MOST = 1, 10
PROMPT = """You judge an answer about the motion of people. The conversation up to the answer ([motion] stands for a motion that was shown):

{conversation}

What is true of the motion: {facts}

The answer to judge: {answer}

Give three whole numbers from 1 (worst) to 10 (best):
coherence: is the answer sound in itself and a reply to what was asked?
alignment: does it agree with what is true of the motion?
naturalness: is it fluent, as a person would say it?
Reply with one JSON object and nothing else: {{"coherence": …, "alignment": …, "naturalness": …}}"""
_TRIES = 3
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class LanguageJudge:
    """An endpoint (`http…/v1`), the model to ask for there, and the seed to ask with."""

    endpoint: str
    model: str
    seed: int
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if not self.endpoint.startswith(("http://", "https://")) or not self.model:
            raise ValueError(f"judge_endpoint {self.endpoint!r} with judge_model {self.model!r}: an http(s) address and a model's name")

    @property
    def name(self) -> str:
        """What a number must carry: model, seed and prompt; where it runs does not matter."""
        return f"{self.model} seed {self.seed} prompt {fingerprint(PROMPT)[:12]}"

    def judge(self, questions: Sequence[Question], answers: Sequence[str]) -> list[dict[str, Any]]:
        """Of each answer the three numbers and what was replied; without numbers where the reply holds none, or the answer is empty."""
        return [self._judge(question, answer) for question, answer in zip(questions, answers, strict=True)]

    def _judge(self, question: Question, answer: str) -> dict[str, Any]:
        if not answer:
            return {"reply": ""}
        roles = [f"{('User', 'Assistant')[number % 2]}: {text}" for number, text in enumerate(question.asked)]
        facts = ", ".join(f"{name} {value}" for name, value in question.claims.items())
        reply = self._ask(PROMPT.format(conversation="\n".join(roles), facts=facts, answer=answer))
        return {"reply": reply, **marks(reply)}

    def _ask(self, prompt: str) -> str:
        """The reply; raise `ValueError` naming the endpoint where there is none after three tries."""
        asked = {"model": self.model, "messages": [{"role": "user", "content": prompt}], "temperature": 0, "seed": self.seed}
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {os.environ[KEY]}"} if KEY in os.environ else {})
        address = f"{self.endpoint.rstrip('/')}/chat/completions"
        request = urllib.request.Request(address, json.dumps(asked).encode(), headers)  # noqa: S310 - its scheme is checked above
        for number in range(_TRIES):
            try:
                with urllib.request.urlopen(request, timeout=self.timeout_s) as reply:  # noqa: S310
                    return str(json.load(reply)["choices"][0]["message"]["content"])
            except urllib.error.HTTPError as error:
                last: Exception = error
                if error.code not in _RETRIED:
                    break
            except (urllib.error.URLError, TimeoutError) as error:
                last = error
            except (KeyError, IndexError, TypeError, json.JSONDecodeError) as error:
                raise ValueError(f"{address} does not answer as chat completions do: {error!r}") from error
            if number + 1 < _TRIES:
                time.sleep(2.0**number)
        raise ValueError(f"{address} with model {self.model!r} failed: {last}; start it, or leave judge_endpoint empty")


def marks(reply: str) -> dict[str, int]:
    """The three numbers of a reply; none where one is missing or not in 1 … 10. A JSON object may stand in a fence or between words."""
    for found in re.findall(r"\{[^{}]*\}", reply):
        try:
            said = json.loads(found)
        except json.JSONDecodeError:
            continue
        values = {name: said.get(name) for name in ASPECTS}
        if all(type(value) is int and LEAST <= value <= MOST for value in values.values()):
            return values
    return {}


def judgements(judge: LanguageJudge, rows: Mapping[str, tuple[Sequence[Question], Sequence[str]]]) -> dict[str, Any]:
    """What the judge says of each row of answers, with all that is needed to ask again."""
    said = {
        row: {question.id: one for question, one in zip(questions, judge.judge(questions, answers), strict=True)}
        for row, (questions, answers) in rows.items()
    }
    return {"judge": judge.name, "model": judge.model, "endpoint": judge.endpoint, "seed": judge.seed, "prompt": PROMPT, "rows": said}


def keep(folder: Path, said: Mapping[str, Any]) -> None:
    """Write `judgements.json`."""
    write_json(folder / FILE, dict(said))


def kept(folder: Path) -> Mapping[str, Any]:
    """Read it; nothing where there is none."""
    path = folder / FILE
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def numbers_of(said: Mapping[str, Mapping[str, Any]]) -> Numbers:
    """Mean of each aspect over the answers that were given marks, as `llm_…`, and the share that was given none."""
    marked = [one for one in said.values() if all(name in one for name in ASPECTS)]
    missing = {"llm_failed": 1.0 - len(marked) / len(said)} if said else {}
    return missing | ({f"llm_{name}": float(np.mean([one[name] for one in marked])) for name in ASPECTS} if marked else {})
