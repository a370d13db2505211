"""A linear probe: how a motion is done (its speed, who starts, with which hand …), read off its geometry.

It judges motion that was made from a style, or by a model from words: what a straight line through measured attributes can
tell apart is there for anybody to see. It knows what the words for styles are only from the motions it was fitted on.
Letters: `N` motions, `T` frames, `P` people, `F` attributes.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from laban.motion.attributes import geometry

KIND = "kind"
WEIGHTS, QUESTIONS = "probe.safetensors", "probe.json"
_CHOSEN = 60
"""Attributes that a reading uses, the best by analysis of variance: all two thousand would drown the telling ones."""
_CHOSEN_FOR_KIND = 400
_SHRINKAGE = 0.03
"""Of the covariance within a class towards its diagonal: many attributes say nearly the same."""
_LOG_SCALE = 0.05
"""Metres (seconds, radians) from where the second, logarithmic scale of an attribute bends: pace and size multiply."""
_LEAST_VARIANCE = 1e-12
_BATCH = 32


class Styled(Protocol):
    """What a clip has that a probe is fitted on."""

    @property
    def positions(self) -> np.ndarray:
        """(T, P, 22, 3) metres."""

    @property
    def fps(self) -> float:
        """Frames a second."""

    @property
    def kind(self) -> str:
        """What the people do."""

    @property
    def style(self) -> Mapping[str, Any]:
        """How."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Readings of motions at one rate."""

    fps: float
    kinds: Mapping[int, _Reading]
    """By number of attributes, which follows from the number of people."""
    parameters: Mapping[tuple[str, str], _Reading]
    """By kind and parameter."""

    @classmethod
    def fit_clips(cls, clips: Iterable[Styled]) -> Probe:
        """Fit on clips with a kind and a style (others are passed over); raise `ValueError` if there is none or rates differ."""
        styled = [clip for clip in clips if clip.kind and clip.style]
        rates = {clip.fps for clip in styled}
        if len(rates) != 1:
            raise ValueError(f"a probe is fitted on clips with a style at one rate; these have rates {sorted(rates)}")
        fps = rates.pop()
        return cls.fit(attributes_of([clip.positions for clip in styled], fps), [style_of(clip) for clip in styled], fps)

    @classmethod
    def fit(cls, rows: Sequence[np.ndarray], styles: Sequence[Mapping[str, Any]], fps: float) -> Probe:
        """Fit on motions' attributes (F,) and on what each shows: its `kind` and the parameters that this kind has."""
        kinds = _grouped([style[KIND] for style in styles])
        read_kinds = {
            width: _Reading.fit([rows[n] for n in numbers], [styles[n][KIND] for n in numbers], _CHOSEN_FOR_KIND)
            for width, numbers in _grouped([len(row) for row in rows]).items()
        }
        read = {
            (kind, name): _Reading.fit([rows[n] for n in numbers], [str(styles[n][name]) for n in numbers], _CHOSEN)
            for kind, numbers in kinds.items()
            for name in styles[numbers[0]]
            if name != KIND
        }
        return cls(fps=fps, kinds=read_kinds, parameters=read)

    def read(self, rows: Sequence[np.ndarray], kinds: Sequence[str] | None = None) -> list[dict[str, str]]:
        """Kind and parameters of motions by their attributes: the parameters of the kind that is read or, where given, of that kind.

        A number of people or a kind that the probe was not fitted on raises `ValueError`.
        """
        found = self._kinds(rows)
        styles: list[dict[str, str]] = [{KIND: kind} for kind in found]
        for kind, numbers in _grouped(found if kinds is None else kinds).items():
            for name in self._names(kind):
                values = self.parameters[kind, name].predict([rows[n] for n in numbers])
                for number, value in zip(numbers, values, strict=True):
                    styles[number][name] = value
        return styles

    def save(self, folder: Path) -> None:
        """Write weights and answers: what is read by a stored probe is bit for bit what this one reads."""
        from safetensors.numpy import save as to_bytes

        readings = list(self._named())
        weights = {f"{place}.{name}": value for place, (_, reading) in enumerate(readings) for name, value in reading.arrays().items()}
        (folder / WEIGHTS).write_bytes(to_bytes(weights))
        said = {"fps": self.fps, "readings": [[*name, list(reading.classes)] for name, reading in readings]}
        (folder / QUESTIONS).write_text(json.dumps(said, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Probe:
        """Read what `save` wrote."""
        from safetensors.numpy import load_file

        weights, said = load_file(folder / WEIGHTS), json.loads((folder / QUESTIONS).read_text("utf-8"))
        kinds: dict[int, _Reading] = {}
        parameters: dict[tuple[str, str], _Reading] = {}
        for place, (kind, name, classes) in enumerate(said["readings"]):
            reading = _Reading(tuple(classes), *(weights[f"{place}.{array}"] for array in _ARRAYS))
            if name == KIND:
                kinds[int(kind)] = reading
            else:
                parameters[kind, name] = reading
        return cls(fps=said["fps"], kinds=kinds, parameters=parameters)

    def _named(self) -> Iterator[tuple[tuple[str, str], _Reading]]:
        """Every reading with what it is of: number of attributes and `kind`, or kind and parameter."""
        yield from (((str(width), KIND), reading) for width, reading in self.kinds.items())
        yield from self.parameters.items()

    def _kinds(self, rows: Sequence[np.ndarray]) -> list[str]:
        found = [""] * len(rows)
        for width, numbers in _grouped([len(row) for row in rows]).items():
            if width not in self.kinds:
                raise ValueError(f"motion with {width} attributes: the probe knows numbers of people with {sorted(self.kinds)}")
            for number, kind in zip(numbers, self.kinds[width].predict([rows[n] for n in numbers]), strict=True):
                found[number] = kind
        return found

    def _names(self, kind: str) -> list[str]:
        names = [name for known, name in self.parameters if known == kind]
        if not names:
            raise ValueError(f"kind {kind!r}: the probe was fitted on {sorted({known for known, _ in self.parameters})}")
        return names


_ARRAYS = ("columns", "weights", "bias")


@dataclass(frozen=True)
class _Reading:
    """One question and its answers: the greatest of a few linear functions of some attributes."""

    classes: tuple[str, ...]
    columns: np.ndarray
    """(F',) numbers of the attributes, as measured and then on a logarithmic scale; none where there is but one answer."""
    weights: np.ndarray
    """(F', classes)"""
    bias: np.ndarray

    @classmethod
    def fit(cls, rows: Sequence[np.ndarray], answers: Sequence[str], chosen: int) -> _Reading:
        classes, numbers = np.unique(np.array(answers), return_inverse=True)
        if len(classes) < 2:
            return cls(tuple(classes.tolist()), np.zeros(0, np.int64), np.zeros((0, 1)), np.zeros(1))
        values = on_both_scales(rows)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        varied = np.flatnonzero(deviation**2 > _LEAST_VARIANCE)
        standard = (values[:, varied] - mean[varied]) / deviation[varied]
        best = np.sort(np.argsort(-_f_values(standard, numbers), kind="stable")[:chosen])
        weights, bias = _linear_discriminant(standard[:, best], numbers)
        columns = varied[best].astype(np.int64)
        weights = weights / deviation[columns, None]
        return cls(tuple(classes.tolist()), columns, weights, bias - mean[columns] @ weights)

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, for storage."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}

    def predict(self, rows: Sequence[np.ndarray]) -> list[str]:
        """An answer for each."""
        if not len(self.columns):
            return [self.classes[0]] * len(rows)
        scores = [self.weights.T @ one[self.columns] + self.bias for one in on_both_scales(rows)]  # row by row: no sum depends on the batch
        return [self.classes[int(score.argmax())] for score in scores]


def _f_values(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(N, F), (N,) classes -> (F,) analysis of variance: between over within classes.

    A column that tells the classes apart without any variance within them has an infinite one, and is the one to choose.
    """
    means = np.stack([values[numbers == one].mean(axis=0) for one in range(numbers.max() + 1)])
    counts = np.bincount(numbers)
    within = ((values - means[numbers]) ** 2).sum(axis=0)
    between = counts @ (means - values.mean(axis=0)) ** 2
    return np.divide(between, within, out=np.full(len(within), np.inf), where=within > 0)


def _linear_discriminant(values: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, F), (N,) classes -> (F, classes) weights and (classes,) bias: Duda, Hart & Stork, Pattern Classification (2001), 2.6.2."""
    means = np.stack([values[numbers == one].mean(axis=0) for one in range(numbers.max() + 1)])
    centred = values - means[numbers]
    covariance = centred.T @ centred / len(values)
    covariance *= 1.0 - _SHRINKAGE
    covariance[np.diag_indices_from(covariance)] += _SHRINKAGE * np.mean(np.einsum("nf,nf->f", centred, centred)) / len(values)
    weights = np.linalg.lstsq(covariance, means.T, rcond=None)[0]
    return weights, np.log(np.bincount(numbers) / len(numbers)) - 0.5 * np.einsum("cf,fc->c", means, weights)


def attributes_of(motions: Sequence[np.ndarray], fps: float) -> list[np.ndarray]:
    """(F,) attributes of each motion (T, P, 22, 3); F depends on its number of people."""
    rows: list[np.ndarray] = [np.empty(0)] * len(motions)
    for numbers in _grouped([motion.shape for motion in motions]).values():
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            _, values = geometry(np.stack([motions[number] for number in batch]), fps)
            for number, row in zip(batch, values, strict=True):
                rows[number] = row
    return rows


def style_of(clip: Styled) -> dict[str, str]:
    """What a clip shows, as a probe is fitted on it."""
    return {KIND: clip.kind, **{name: str(value) for name, value in clip.style.items()}}


def agreement(probe: Probe, motions: Sequence[np.ndarray], styles: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Of motions that should show `styles`: for each parameter the share where the probe reads it so, as `PARAMETER`, and the share
    that always saying a kind's most frequent value would get right, as `PARAMETER_majority`.

    Parameters are read as those of the kind that was meant, so a wrong kind counts once, under `kind`. No motion: `ValueError`.
    """
    if not motions:
        raise ValueError("no motion: there is no agreement to measure")
    read = probe.read(attributes_of(motions, probe.fps), [style[KIND] for style in styles])
    hits, said = defaultdict(list), defaultdict(list)
    for found, style in zip(read, styles, strict=True):
        for name, value in style.items():
            hits[name].append(found[name] == str(value))
            said[name, "" if name == KIND else style[KIND]].append(str(value))
    shares = {name: float(np.mean(right)) for name, right in hits.items()}
    return shares | {f"{name}_majority": _majority(said, name) for name in hits}


def _majority(said: Mapping[tuple[str, str], Sequence[str]], name: str) -> float:
    """Share of the most frequent value of a parameter, kind by kind."""
    values = [Counter(answers) for (one, _), answers in said.items() if one == name]
    return sum(max(counts.values()) for counts in values) / sum(counts.total() for counts in values)


def on_both_scales(rows: Sequence[np.ndarray]) -> np.ndarray:
    """(N, 2F): attributes as measured, and on a logarithmic scale."""
    values = np.stack(rows).astype(np.float64)
    return np.hstack([values, np.sign(values) * np.log1p(np.abs(values) / _LOG_SCALE)])


def _grouped(values: Sequence[Any]) -> dict[Any, list[int]]:
    """Value -> where it stands."""
    places = defaultdict(list)
    for number, value in enumerate(values):
        places[value].append(number)
    return places
