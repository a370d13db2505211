"""Are generated motions, as a set, like real ones: Fréchet distance, diversity, multimodality of embeddings.

Letters: `N`, `M` motions, `E` embedding width, `C` captions, `R` generations of one caption.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gaussian:
    """The normal distribution of a set of embeddings, with what a Fréchet distance needs of it computed once."""

    samples: int
    mean: np.ndarray
    """(E,)"""
    root: np.ndarray
    """(E, E) symmetric root of the covariance (divided by N - 1)."""
    scale: float

    @classmethod
    def of(cls, embeddings: np.ndarray, *, scale: float = 1.0) -> Gaussian:
        """Of (N, E) embeddings times `scale`; raise `ValueError` on fewer than two rows or a non-finite value."""
        embeddings = _embeddings(embeddings, "reference")
        mean, covariance = _moments(embeddings, scale)
        values, vectors = np.linalg.eigh(covariance)
        return cls(len(embeddings), mean, (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T, scale)

    def fid(self, generated: np.ndarray) -> float:
        """Fréchet distance to the Gaussian of (M, E) embeddings: Heusel et al. (NeurIPS 2017), eq. 6.

        The trace of the root of a product of covariances is taken from the eigenvalues of the symmetric matrix √A·B·√A, which are
        real and never negative, so no imaginary part is thrown away, and √A is not taken anew for each repetition. Warns
        (`RuntimeWarning`) when a set has no more samples than dimensions: its covariance is singular and the number biased upwards.
        """
        embeddings = _embeddings(generated, "generated")
        if embeddings.shape[1] != len(self.mean):
            raise ValueError(f"FID of embeddings of width {len(self.mean)} and {embeddings.shape[1]}")
        if min(self.samples, len(embeddings)) <= len(self.mean):
            warnings.warn(
                f"FID of {self.samples} and {len(embeddings)} samples in {len(self.mean)} dimensions: "
                "a covariance is singular, do not compare it",
                RuntimeWarning,
                stacklevel=2,
            )
        mean, covariance = _moments(embeddings, self.scale)
        cross = np.sqrt(np.clip(np.linalg.eigvalsh(self.root @ covariance @ self.root), 0.0, None)).sum()
        shift = self.mean - mean
        distance = shift @ shift + (self.root**2).sum() + np.trace(covariance) - 2.0 * cross
        return float(max(distance, 0.0))  # equal sets differ from 0 by rounding


def fid(reference: np.ndarray, generated: np.ndarray, *, scale: float = 1.0) -> float:
    """Fréchet distance of two sets of embeddings, (N, E) and (M, E); see `Gaussian.fid`.

    `scale` multiplies the embeddings first: InterGen uses 6, which makes its FID 36 times greater; everyone else 1.
    """
    return Gaussian.of(reference, scale=scale).fid(generated)


def is_full_rank(*sets: np.ndarray) -> bool:
    """Whether each (N, E) set has more samples than dimensions, as a meaningful covariance needs."""
    return all(value.shape[0] > value.shape[1] for value in sets)


def diversity(embeddings: np.ndarray, *, pairs: int, seed: int, scale: float = 1.0, repetitions: int = 1) -> float:
    """Mean distance of `pairs` random pairs (300 in the field) of (N, E) embeddings: Guo et al. (CVPR 2022).

    Both sides are drawn without repetition, independently, as in their code; `repetitions` draws are averaged. InterGen's
    (6a - 6b) / 2 is `scale=3`. Raises `ValueError` on fewer motions than pairs.
    """
    embeddings = _embeddings(embeddings, "diversity's")
    if not 1 <= pairs <= len(embeddings):
        raise ValueError(f"diversity of {pairs} pairs from {len(embeddings)} motions: ask for at most as many pairs as motions")
    random = np.random.default_rng(seed)
    drawn = [[random.choice(len(embeddings), pairs, replace=False) for _ in range(2)] for _ in range(repetitions)]
    return float(scale * np.mean([np.linalg.norm(embeddings[first] - embeddings[second], axis=1).mean() for first, second in drawn]))


def multimodality(embeddings: np.ndarray, *, pairs: int, seed: int, scale: float = 1.0) -> float:
    """Mean distance of `pairs` random pairs (10 in the field) of generations of one caption, over captions: (C, R, E).

    Guo et al. (CVPR 2022): 100 captions of 30 generations each, the same pairs for all captions; InterGen leaves its scale out here.
    Raises `ValueError` on fewer generations than pairs or a non-finite value.
    """
    embeddings = np.asarray(embeddings, np.float64)
    if embeddings.ndim != 3 or not 1 <= pairs <= embeddings.shape[1] or not np.isfinite(embeddings).all():
        raise ValueError(f"multimodality of {pairs} pairs of embeddings {embeddings.shape}: expected finite (C, R, E) with R >= pairs")
    random = np.random.default_rng(seed)
    first, second = (random.choice(embeddings.shape[1], pairs, replace=False) for _ in range(2))
    return float(scale * np.linalg.norm(embeddings[:, first] - embeddings[:, second], axis=-1).mean())


def _moments(embeddings: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """(N, E) -> mean (E,) and covariance (E, E) divided by N - 1, as `np.cov`, of the embeddings times `scale`."""
    mean = embeddings.mean(axis=0)
    centred = embeddings - mean
    return scale * mean, centred.T @ centred * (scale**2 / (len(embeddings) - 1))


def _embeddings(value: np.ndarray, name: str) -> np.ndarray:
    value = np.asarray(value, np.float64)
    if value.ndim != 2 or len(value) < 2 or not np.isfinite(value.sum()):
        raise ValueError(f"{name} embeddings {value.shape}: expected finite (N, E) with N >= 2")
    return value
