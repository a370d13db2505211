"""All metrics of a folder of stored samples, each table with its protocol: nothing is generated and nothing else is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from laban.data.artifact import write_json
from laban.evaluation.cases import CAPTURE, Case
from laban.evaluation.generation import EDITING, M2T, PREDICTION, REACTION, REASONING, T2M
from laban.evaluation.judging import DIVERSITY_PAIRS, POOLS, Draws, Judge
from laban.evaluation.language_judge import LanguageJudge, judgements, keep, kept
from laban.evaluation.motion_tasks import Answer, Panel, editing, prediction, reaction, text_to_motion
from laban.evaluation.samples import EditCase, Question, Samples
from laban.evaluation.word_tasks import Scorers, answer_rows, motion_to_text, reasoning
from laban.metrics.attributes import QUESTIONS, Probe
from laban.metrics.protocol import Protocol, fingerprint

METRICS, PROTOCOLS, ABSENT = "metrics.json", "protocol.json", "absent.json"


@dataclass(frozen=True, kw_only=True)
class Judges:
    """The networks that judge, with their content hashes."""

    evaluator: Judge
    evaluator_hash: str
    judge: Judge | None = None
    judge_hash: str = ""


@dataclass
class Measurement:
    """Task -> group -> numbers, how they were got, and why others are absent."""

    metrics: dict[str, dict[str, dict[str, object]]] = field(default_factory=dict)
    protocols: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By `TASK GROUP`."""
    absent: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def add(self, task: str, group: str, answer: Answer, protocol: Protocol) -> None:
        """A table; a task of which nothing could be measured has no numbers."""
        numbers, absent = answer
        if numbers:
            self.metrics.setdefault(task, {})[group] = numbers
            self.protocols[f"{task} {group}"] = protocol.as_dict()
        if absent:
            self.absent.setdefault(task, {})[group] = dict(sorted(absent.items()))

    def save(self, folder: Path) -> None:
        """Write `metrics.json`, `protocol.json` and `absent.json`."""
        write_json(folder / METRICS, self.metrics)
        write_json(folder / PROTOCOLS, self.protocols)
        write_json(folder / ABSENT, self.absent)


def measure_samples(folder: Path, judges: Judges, draws: Draws, scorers: Scorers | None = None) -> Measurement:
    """Measure what is stored; called again on the same folder with the same judges it gives the same bytes.

    Cases are taken in the order of their names, so the order in which they were stored moves nothing. Raises `ValueError` naming a
    file that is absent, or a judge that cannot read such motion.
    """
    samples, scorers = Samples(folder), scorers or Scorers()
    probe = Probe.load(folder) if (folder / QUESTIONS).is_file() else None
    panel = Panel(evaluator=judges.evaluator, judge=judges.judge, probe=probe, draws=draws)
    judged = kept(folder)
    measurement = Measurement()
    protocols = _Protocols(samples, judges, draws, "; ".join(filter(None, (scorers.name, judged.get("judge", "")))))
    for group, unsorted in sorted(samples.asked.clips.items()):
        cases = sorted(unsorted, key=lambda case: case.id)
        measurement.add(REACTION, group, reaction(samples, cases, panel), protocols.of(group, cases, networks=False))
        measurement.add(PREDICTION, group, prediction(samples, cases, panel), protocols.of(group, cases, networks=False))
        told = [case for case in cases if case.caption]
        if group != CAPTURE and told:
            measurement.add(T2M, group, text_to_motion(samples, told, panel), protocols.of(group, told))
            measurement.add(M2T, group, motion_to_text(samples, told, panel, scorers), protocols.of(group, told))
    for group, edited in sorted(samples.asked.edits.items()):
        edits = sorted(edited, key=lambda case: case.id)
        measurement.add(EDITING, group, editing(samples, edits, panel), protocols.of(group, edits))
    for group, posed in sorted(samples.asked.questions.items()):
        questions = sorted(posed, key=lambda question: question.id)
        answer = reasoning(samples, questions, scorers, draws.seed, judged.get("rows", {}).get(group, {}))
        measurement.add(REASONING, group, answer, protocols.of(group, questions, networks=False))
    return measurement


def judge_answers(folder: Path, judge: LanguageJudge) -> None:
    """Ask a language model about the stored answers to questions, and keep what it says beside them."""
    samples = Samples(folder)
    rows: dict[str, dict[str, Any]] = {}
    said: dict[str, Any] = {}
    for group, posed in sorted(samples.asked.questions.items()):
        said = judgements(judge, {row: (posed, texts) for row, texts in answer_rows(samples, posed).items()})
        rows[group] = said["rows"]
    keep(folder, said | {"rows": rows})


@dataclass(frozen=True)
class _Protocols:
    """What all protocols of a folder share."""

    samples: Samples
    judges: Judges
    draws: Draws
    scorers: str

    def of(self, group: str, cases: Sequence[Case] | Sequence[EditCase] | Sequence[Question], *, networks: bool = True) -> Protocol:
        asked = self.samples.asked
        manifest: list[Mapping[str, Any]] = [asdict(case) for case in cases]
        return Protocol(
            evaluator=self.judges.evaluator_hash if networks else "",
            judge=self.judges.judge_hash if networks else "",
            data=asked.data,
            split=group,
            split_hash=fingerprint([case.id for case in cases]),
            captions=fingerprint(manifest),
            samples=len(cases),
            pools=POOLS,
            same_caption="no distractor",
            scale=self.draws.scale,
            diversity_pairs=min(DIVERSITY_PAIRS, len(cases)),
            length="own",
            repetitions=asked.repetitions,
            seeds=asked.seeds,
            metric_repetitions=self.draws.repetitions,
            metric_seed=self.draws.seed,
            scorers=self.scorers,
        )
