"""Generate from held-out clips, store the samples, then measure them beside chance, the nearest training clip and the truth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from laban.data.artifact import Artifact, write_json
from laban.data.clip import Caption, Clip, ClipStore, write_clips
from laban.data.codes import EncodedClip, read_codes
from laban.evaluators.contrastive import Evaluator
from laban.language.chat import Chat
from laban.language.generation import generate
from laban.language.tasks import ask, possible, shown_steps
from laban.metrics.distribution import fid
from laban.metrics.physics import foot_skate_ratio
from laban.metrics.protocol import Protocol, repeated
from laban.metrics.reconstruction import ade, fde, mpjpe
from laban.metrics.retrieval import mm_dist, r_precision
from laban.metrics.text import bleu, rouge_l, words
from laban.motion.features import frame_on_first
from laban.stages.contract import Gated, Work, stage

POOL = 32
CAPTURE = "capture"
SAMPLES, TEXTS = "samples", "texts.json"
Numbers = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """How much is generated, and how."""

    seed: int
    samples: int
    """held-out clips a split, at most"""
    repetitions: int
    """regenerations of the whole set; intervals are over them"""
    temperature: float
    top_p: float
    batch_size: int
    """prompts generated together"""


@dataclass(frozen=True)
class Case:
    """A held-out clip with what baselines would answer in its place."""

    encoded: EncodedClip
    truth: np.ndarray
    """(T, 2, 22, 3) metres in the first person's first frame, cut to whole steps."""
    caption: str
    nearest: Clip
    """Training clip of the most similar caption."""
    chance: Clip
    """Training clip drawn at random."""

    @property
    def id(self) -> str:
        """The clip's id."""
        return self.encoded.id


class Sampler:
    """Asks the model for every case of a task at once, in batches."""

    def __init__(self, chat: Chat, settings: EvaluateSettings) -> None:
        self.chat, self.settings = chat, settings
        self.stored: list[Clip] = []
        self.texts: list[dict[str, str]] = []

    def motions(self, task: str, cases: Sequence[Case], repetition: int, people: int) -> list[np.ndarray]:
        """Codes (S, P, D) that the model answers with; the model chooses their length."""
        longest = 2 * max(len(case.encoded.codes) for case in cases)
        said = self._ask(task, cases, repetition, people, longest)
        return [next(part for part in self.chat.ids.read(ids) if isinstance(part, np.ndarray)) for ids in said]

    def descriptions(self, cases: Sequence[Case], repetition: int) -> list[str]:
        """What the model says of each case's motion."""
        said = self._ask("m2t", cases, repetition, 0, 1)
        texts = [self.chat.text_tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in said]
        self.texts += [{"task": "m2t", "clip": case.id, "text": text} for case, text in zip(cases, texts, strict=True)]
        return texts

    def store(self, task: str, cases: Sequence[Case], repetition: int, motions: Sequence[np.ndarray]) -> None:
        """Keep generated motion (T, P, 22, 3) for whoever wants to look or measure again."""
        for case, motion in zip(cases, motions, strict=True):
            seconds = len(motion) / case.encoded.fps
            caption = Caption(text=case.caption or task, start_s=0.0, end_s=seconds, source="prompt")
            self.stored.append(
                Clip(
                    id=f"{task}/{case.id}/{repetition}",
                    positions=motion.astype(np.float32),
                    captions=(caption,),
                    split=case.encoded.split,
                    source="generated",
                    licence="",
                    fps=case.encoded.fps,
                    kind=case.encoded.kind,
                    group=case.id,
                )
            )

    def _ask(self, task: str, cases: Sequence[Case], repetition: int, people: int, steps: int) -> list[list[int]]:
        said: list[list[int]] = []
        size = self.settings.batch_size
        for start in tqdm(range(0, len(cases), size), desc=f"{task} {repetition + 1}/{self.settings.repetitions}", unit="batch"):
            batch = cases[start : start + size]
            prompts = [
                self.chat.prompts.prompt([ask(task, case.encoded, caption=case.caption, phrase=repetition + start + row)])
                for row, case in enumerate(batch)
            ]
            said += generate(
                self.chat.model,
                self.chat.text_tokenizer,
                self.chat.ids,
                prompts,
                seed=self.settings.seed + 1000 * repetition + start,
                temperature=self.settings.temperature,
                top_p=self.settings.top_p,
                max_new_tokens=2 + max(60, steps * max(people, 1) * self.chat.ids.vocabulary.residual_depth),
                max_steps=steps,
                force_people=people,
            )
        return said


@stage(kind="evaluation")
def evaluate(
    settings: EvaluateSettings,
    model: Artifact,
    tokenizer: Gated,
    evaluator: Gated,
    clips: Gated,
    conversations: Gated,
    codes: Gated,
    work: Work,
) -> None:
    """Measure text-to-motion, motion-to-text, reaction and prediction on held-out clips; write samples, metrics and protocol."""
    chat = Chat.load(model.path, tokenizer=tokenizer.path)
    judge = Evaluator.load(evaluator.path)
    store = ClipStore(clips.path)
    groups = _cases(store, [row for row in read_codes(codes.path) if row.id in store], settings)
    if not groups:
        raise ValueError(f"{clips.path} holds no two-person clip in a test split: there is nothing to evaluate on")
    sampler = Sampler(chat, settings)
    metrics: dict[str, dict[str, dict[str, object]]] = {}
    for group, cases in groups.items():
        for task, numbers in _measure(sampler, judge, group, cases).items():
            metrics.setdefault(task, {})[group] = numbers
    write_json(work.output / "metrics.json", metrics)
    write_json(work.output / TEXTS, sampler.texts)
    write_clips(work.output / SAMPLES, sampler.stored)
    protocols = {group: _protocol(settings, evaluator, clips, group, len(cases)).as_dict() for group, cases in groups.items()}
    write_json(work.output / "protocol.json", protocols)


def _measure(sampler: Sampler, judge: Evaluator, group: str, cases: list[Case]) -> dict[str, dict[str, object]]:
    """Task -> numbers of one group of held-out clips."""
    numbers = {"reaction": _reaction(sampler, cases), "prediction": _prediction(sampler, cases)}
    if group != CAPTURE and judge.kinds:  # no retrieval number is claimed on a handful of captured trials
        numbers |= {"t2m": _t2m(sampler, judge, cases), "m2t": _m2t(sampler, judge, cases)}
    return numbers


def _protocol(settings: EvaluateSettings, evaluator: Artifact, clips: Artifact, group: str, samples: int) -> Protocol:
    return Protocol(
        evaluator=evaluator.hash,
        data=clips.hash,
        split=group,
        samples=samples,
        pool=POOL,
        length="own",
        repetitions=settings.repetitions,
        seeds=tuple(settings.seed + 1000 * repetition for repetition in range(settings.repetitions)),
    )


def _cases(store: ClipStore, encoded: Sequence[EncodedClip], settings: EvaluateSettings) -> dict[str, list[Case]]:
    """Held-out two-person clips by split, capture apart, evenly chosen, each with its baselines."""
    rows = [row for row in encoded if row.order == (0, 1)]
    training = [clip for clip in store.split("train") if clip.people == 2]
    index = _CaptionIndex(training)
    groups: dict[str, list[EncodedClip]] = {}
    for row in rows:
        if row.split in ("test", "test_unseen"):
            groups.setdefault(CAPTURE if row.source == CAPTURE else row.split, []).append(row)
    draw = np.random.default_rng(settings.seed)
    cases: dict[str, list[Case]] = {}
    for group, members in sorted(groups.items()):
        chosen = [members[place] for place in np.linspace(0, len(members) - 1, min(settings.samples, len(members))).astype(int)]
        for number, row in enumerate(chosen):
            caption = row.captions[number % len(row.captions)] if row.captions else ""
            truth = frame_on_first(store[row.id].positions)[: len(row.codes) * row.downsample]
            chance_clip = training[int(draw.integers(len(training)))]
            cases.setdefault(group, []).append(Case(row, truth, caption, index.nearest(caption), chance_clip))
    return cases


class _CaptionIndex:
    """Training clips by the words of their captions."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = [clip for clip in clips for _ in clip.captions] or list(clips)
        texts = [caption.text for clip in clips for caption in clip.captions]
        self.vocabulary = {word: number for number, word in enumerate(sorted({word for text in texts for word in words(text)}))}
        self.matrix = np.stack([self._vector(text) for text in texts]) if texts else np.zeros((len(self.clips), 1), np.float32)

    def _vector(self, text: str) -> np.ndarray:
        counts = np.zeros(max(len(self.vocabulary), 1), np.float32)
        for word in words(text):
            if word in self.vocabulary:
                counts[self.vocabulary[word]] += 1
        return counts / max(float(np.linalg.norm(counts)), 1e-9)

    def nearest(self, text: str) -> Clip:
        """The clip whose caption has the greatest cosine of word counts."""
        return self.clips[int((self.matrix @ self._vector(text)).argmax())] if self.vocabulary else self.clips[0]


def _t2m(sampler: Sampler, judge: Evaluator, cases: list[Case]) -> dict[str, object]:
    """Text to motion: kind right, retrieval, distance of distributions, feet that slide."""
    text = judge.embed_text([case.caption for case in cases])
    truth = [case.truth for case in cases]
    reference = judge.embed_motion(truth, cases[0].encoded.fps)
    kinds = [case.encoded.kind for case in cases]
    fps = cases[0].encoded.fps

    def measure(motions: list[np.ndarray], seed: int) -> Numbers:
        embedded = judge.embed_motion(motions, fps)
        found = judge.kind(motions)
        numbers = {
            "kind_accuracy": float(np.mean([one == other for one, other in zip(found, kinds, strict=True)])),
            "mm_dist": mm_dist(text, embedded),
            "foot_skate": float(np.mean([foot_skate_ratio(motion, fps=fps) for motion in motions])),
            "seconds": float(np.mean([len(motion) for motion in motions]) / fps),
        }
        if len(motions) >= POOL:
            top = r_precision(text, embedded, pool=POOL, top=3, seed=seed)
            numbers |= {f"r_precision_top{k + 1}": float(top[k]) for k in range(3)}
        with warnings.catch_warnings():  # said once, in the docs: fewer samples than dimensions
            warnings.simplefilter("ignore", RuntimeWarning)
            return numbers | ({"fid": fid(reference, embedded)} if len(motions) > 2 else {})

    runs = []
    for repetition in range(sampler.settings.repetitions):
        codes = sampler.motions("t2m", cases, repetition, people=2)
        motions = [sampler.chat.motion_tokenizer.decode_positions(own) for own in codes]
        sampler.store("t2m", cases, repetition, motions)
        runs.append(measure(motions, sampler.settings.seed + repetition))
    seed = sampler.settings.seed
    return _summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions) for case in cases], seed),
        copy=measure([frame_on_first(case.nearest.positions) for case in cases], seed),
        ground_truth=measure(truth, seed),
    )


def _m2t(sampler: Sampler, judge: Evaluator, cases: list[Case]) -> dict[str, object]:
    """Motion to text, on raw captions: BLEU, ROUGE-L, and whether the motion is found from the text."""
    motion = judge.embed_motion([case.truth for case in cases], cases[0].encoded.fps)
    references = [list(case.encoded.captions) for case in cases]

    def measure(texts: list[str], seed: int) -> Numbers:
        numbers = {
            "bleu1": bleu(texts, references, order=1),
            "bleu4": bleu(texts, references, order=4),
            "rouge_l": rouge_l(texts, references),
        }
        if len(texts) >= POOL:
            top = r_precision(judge.embed_text(texts), motion, pool=POOL, top=3, seed=seed)
            numbers |= {f"r_precision_top{k + 1}": float(top[k]) for k in range(3)}
        return numbers

    seed = sampler.settings.seed
    runs = [
        measure([text or "." for text in sampler.descriptions(cases, repetition)], seed + repetition)
        for repetition in range(sampler.settings.repetitions)
    ]
    return _summary(
        runs,
        chance=measure([case.chance.captions[0].text for case in cases], seed),
        ground_truth=measure([case.encoded.captions[-1] for case in cases], seed),
    )


def _reaction(sampler: Sampler, cases: list[Case]) -> dict[str, object]:
    """Reaction of the second person to the first: MPJPE in the given person's frame, over the frames that both have."""
    tokenizer = sampler.chat.motion_tokenizer

    def measure(motions: list[np.ndarray]) -> Numbers:
        errors = [
            mpjpe(motion[: len(case.truth)], case.truth[: len(motion), 1:], alignment="world")
            for motion, case in zip(motions, cases, strict=True)
        ]
        return {"mpjpe_mm": float(np.mean(errors))}

    runs = []
    for repetition in range(sampler.settings.repetitions):
        said = sampler.motions("reaction", cases, repetition, people=1)
        pairs = [_side_by_side(case.encoded.codes[:, :1], own) for case, own in zip(cases, said, strict=True)]
        motions = [tokenizer.decode_positions(pair)[:, 1:] for pair in pairs]
        sampler.store("reaction", cases, repetition, motions)
        runs.append(measure(motions))
    return _summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions)[:, 1:] for case in cases]),
        copy=measure([frame_on_first(case.nearest.positions)[:, 1:] for case in cases]),
        ground_truth=measure([tokenizer.decode_positions(case.encoded.codes)[:, 1:] for case in cases]),
    )


def _side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    steps = min(len(first), len(second))
    return np.concatenate([first[:steps], second[:steps]], axis=1)


def _prediction(sampler: Sampler, cases: list[Case]) -> dict[str, object]:
    """What happens next: displacement over the frames that both have, after a quarter of the clip was shown."""
    tokenizer = sampler.chat.motion_tokenizer
    cases = [case for case in cases if possible("prediction", case.encoded)]
    shown = [shown_steps(len(case.encoded.codes)) for case in cases]
    cuts = [steps * tokenizer.config.downsample for steps in shown]
    rest = [case.truth[cut:] for case, cut in zip(cases, cuts, strict=True)]

    def measure(motions: list[np.ndarray]) -> Numbers:
        cut = [(motion[: len(true)], true[: len(motion)]) for motion, true in zip(motions, rest, strict=True)]
        predicted, target = [one for one, _ in cut], [other for _, other in cut]
        return {"ade_mm": ade(predicted, target), "fde_mm": fde(predicted, target)}

    runs = []
    for repetition in range(sampler.settings.repetitions):
        said = sampler.motions("prediction", cases, repetition, people=2)
        whole = [
            tokenizer.decode_positions(np.concatenate([case.encoded.codes[:steps], own]))
            for case, steps, own in zip(cases, shown, said, strict=True)
        ]
        sampler.store("prediction", cases, repetition, whole)
        runs.append(measure([motion[cut:] for motion, cut in zip(whole, cuts, strict=True)]))
    at = list(zip(cases, cuts, strict=True))
    return _summary(
        runs,
        chance=measure([frame_on_first(case.chance.positions)[cut:] for case, cut in at]),
        stand_still=measure([np.repeat(case.truth[cut - 1 : cut], len(case.truth) - cut, axis=0) for case, cut in at]),
        ground_truth=measure([tokenizer.decode_positions(case.encoded.codes)[cut:] for case, cut in at]),
    )


def _summary(runs: list[Numbers], **rows: Numbers) -> dict[str, object]:
    """Mean over repetitions, the 95 % intervals under `interval`, and the rows to compare with."""
    means = {name: repeated([run[name] for run in runs]) for name in runs[0]}
    return {
        **{name: mean for name, (mean, _) in means.items()},
        "interval": {name: half for name, (_, half) in means.items()},
        **rows,
    }


if __name__ == "__main__":
    evaluate.main()
