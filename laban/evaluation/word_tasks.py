"""Metrics of words that the model answered with, read from stored samples: descriptions of motion, and answers to questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laban.evaluation.cases import Case
from laban.evaluation.generation import M2T, REASONING
from laban.evaluation.judging import retrieval
from laban.evaluation.language_judge import numbers_of
from laban.evaluation.motion_tasks import FAILED, Answer, Panel
from laban.evaluation.samples import CLIP, TRUTH, Question, Samples
from laban.evaluation.scorers import States, bert_scores, mauve_of
from laban.evaluation.table import Numbers, summary
from laban.metrics.captions import caption_scores, meteor
from laban.metrics.facts import facts_right

FEWEST_FOR_MAUVE = 20


@dataclass(frozen=True, kw_only=True)
class Scorers:
    """Language models that the user named; None, and their numbers are absent."""

    bert: States | None = None
    mauve: States | None = None

    @property
    def name(self) -> str:
        """What a number must carry of them."""
        named = {"BERTScore": self.bert, "MAUVE": self.mauve}
        return "; ".join(f"{what} {model.name}" for what, model in named.items() if model is not None)

    def score(self, texts: Sequence[str], references: Sequence[Sequence[str]], seed: int) -> Numbers:
        """BERTScore and MAUVE, of those that are named."""
        numbers: Numbers = {}
        if self.bert is not None:
            numbers["bert_score"] = bert_scores(self.bert, texts, references)
        if self.mauve is not None and len(texts) >= FEWEST_FOR_MAUVE:
            numbers["mauve"] = mauve_of(self.mauve, texts, [own[0] for own in references], seed=seed)
        return numbers

    def absent(self, count: int) -> dict[str, str]:
        """Why one is absent."""
        said = {} if self.bert is not None else {"bert_score": "no model is named: evaluate.bertscore_model"}
        if self.mauve is None:
            return said | {"mauve": "no model is named: evaluate.mauve_model"}
        return said | ({} if count >= FEWEST_FOR_MAUVE else {"mauve": f"{count} texts, {FEWEST_FOR_MAUVE} at least are needed"})


def motion_to_text(samples: Samples, cases: Sequence[Case], panel: Panel, scorers: Scorers) -> Answer:
    """Words near the references, and whether the motion is found from the words.

    One caption of each clip is held out of the references, and stands in the row `ground_truth`: what a person would score. A clip
    without a second caption takes no part in what compares words.
    """
    motions = samples.motions(CLIP, cases, TRUTH)
    embedded = {name: judge.embed_motion([one for one in motions if one is not None], cases[0].fps) for name, judge in panel.named.items()}
    able = [number for number, case in enumerate(cases) if case.references]
    absent = scorers.absent(len(able))
    if not able:
        absent["bleu4"] = "no clip has a second caption to compare with"

    def measure(texts: Sequence[str]) -> Numbers:
        numbers: Numbers = {FAILED: sum(not text for text in texts) / len(texts)}
        if able:
            own, references = [texts[number] for number in able], [cases[number].references for number in able]
            numbers |= caption_scores(own, references) | scorers.score(own, references, panel.draws.seed)
        said = [number for number, text in enumerate(texts) if text]
        for name, judge in panel.named.items():
            if said:
                rows, labels = judge.embed_text([texts[number] for number in said]), [cases[number].caption for number in said]
                found, why = retrieval(rows, embedded[name][said], labels, panel.draws, name=f"{name}r_precision")
                numbers |= found
                absent.update(why)
        return numbers

    runs = [measure(samples.answers(M2T, cases, row)) for row in range(samples.asked.repetitions)]
    rows = {"chance": measure([case.chance_caption for case in cases]), "ground_truth": measure([case.caption for case in cases])}
    return summary(runs, rows), absent


def answer_rows(samples: Samples, questions: Sequence[Question]) -> dict[str, Sequence[str]]:
    """Row -> answers: of each repetition, by chance (the written answer to the next question), and written."""
    written = [question.written for question in questions]
    model = {str(row): samples.answers(REASONING, questions, row) for row in range(samples.asked.repetitions)}
    return {**model, "chance": [*written[1:], *written[:1]], "ground_truth": written}


def reasoning(samples: Samples, questions: Sequence[Question], scorers: Scorers, seed: int, judged: Mapping[str, Any]) -> Answer:
    """Claims that are known to be true, said right and said wrong; METEOR against the written answer; what a language model thinks."""
    written = [[question.written] for question in questions]
    claims = [question.claims for question in questions]
    absent = scorers.absent(len(questions)) | ({} if judged else {"judge": "no judge is named: evaluate.judge_endpoint and judge_model"})

    def measure(row: str, texts: Sequence[str]) -> Numbers:
        right = {f"facts_{name}": share for name, share in facts_right(texts, claims).items()}
        numbers = {FAILED: sum(not text for text in texts) / len(texts), "meteor": meteor(texts, written)} | right
        return numbers | scorers.score(texts, written, seed) | numbers_of(judged.get(row, {}))

    found = {row: measure(row, texts) for row, texts in answer_rows(samples, questions).items()}
    runs = [found.pop(str(row)) for row in range(samples.asked.repetitions)]
    return summary(runs, found), absent
