"""Are generated motions, as a set, like real ones: Fréchet distance, diversity, multimodality of embeddings.

Letters: `N`, `M` motions, `E` embedding width, `C` captions, `R` generations of one caption.
"""

from __future__ import annotations

import warnings

import numpy as np


def fid(reference: np.ndarray, generated: np.ndarray, *, scale: float = 1.0) -> float:
    """Fréchet distance of the Gaussians of two sets of embeddings, (N, E) and (M, E): Heusel et al. (NeurIPS 2017), eq. 6.

    `scale` multiplies the embeddings first: InterGen uses 6, which makes its FID 36 times greater; everyone else 1.
    The trace of the root of a product of covariances is taken from the eigenvalues of the symmetric matrix √A·B·√A,
    which are real and never negative, so no imaginary part is thrown away. Warns (`RuntimeWarning`) when a set has no more
    samples than dimensions: its covariance is singular and the number biased upwards. Raises `ValueError` on fewer than two rows.
    """
    first, second = _embeddings(reference, "reference") * scale, _embeddings(generated, "generated") * scale
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"FID of embeddings of width {first.shape[1]} and {second.shape[1]}")
    if not is_full_rank(first, second):
        warnings.warn(
            f"FID of {len(first)} and {len(second)} samples in {first.shape[1]} dimensions: a covariance is singular, do not compare it",
            RuntimeWarning,
            stacklevel=2,
        )
    covariance_a, covariance_b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = _square_root(np.atleast_2d(covariance_a))
    eigenvalues = np.linalg.eigvalsh(root @ np.atleast_2d(covariance_b) @ root)
    cross = np.sqrt(np.clip(eigenvalues, 0.0, None)).sum()
    shift = first.mean(axis=0) - second.mean(axis=0)
    distance = shift @ shift + np.trace(np.atleast_2d(covariance_a)) + np.trace(np.atleast_2d(covariance_b)) - 2.0 * cross
    return float(max(distance, 0.0))  # equal sets differ from 0 by rounding


def is_full_rank(*sets: np.ndarray) -> bool:
    """Whether each (N, E) set has more samples than dimensions, as a meaningful covariance needs."""
    return all(value.shape[0] > value.shape[1] for value in sets)


def diversity(embeddings: np.ndarray, *, pairs: int, seed: int, scale: float = 1.0) -> float:
    """Mean distance of `pairs` random pairs (300 in the field) of (N, E) embeddings: Guo et al. (CVPR 2022).

    Both sides are drawn without repetition, independently, as in their code. InterGen's (6a - 6b) / 2 is `scale=3`.
    Raises `ValueError` on fewer motions than pairs.
    """
    embeddings = _embeddings(embeddings, "diversity's") * scale
    if not 1 <= pairs <= len(embeddings):
        raise ValueError(f"diversity of {pairs} pairs from {len(embeddings)} motions: ask for at most as many pairs as motions")
    random = np.random.default_rng(seed)
    first, second = (random.choice(len(embeddings), pairs, replace=False) for _ in range(2))
    return float(np.linalg.norm(embeddings[first] - embeddings[second], axis=1).mean())


def multimodality(embeddings: np.ndarray, *, pairs: int, seed: int) -> float:
    """Mean distance of `pairs` random pairs (10 in the field) of generations of one caption, over captions: (C, R, E).

    Guo et al. (CVPR 2022): 100 captions of 30 generations each. Raises `ValueError` on fewer generations than pairs.
    """
    embeddings = np.asarray(embeddings, np.float64)
    if embeddings.ndim != 3 or not 1 <= pairs <= embeddings.shape[1]:
        raise ValueError(f"multimodality of {pairs} pairs of embeddings {embeddings.shape}: expected (C, R, E) with R >= pairs")
    random = np.random.default_rng(seed)
    first, second = (random.choice(embeddings.shape[1], pairs, replace=False) for _ in range(2))
    return float(np.linalg.norm(embeddings[:, first] - embeddings[:, second], axis=-1).mean())


def _square_root(covariance: np.ndarray) -> np.ndarray:
    """Symmetric root of a positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T


def _embeddings(value: np.ndarray, name: str) -> np.ndarray:
    value = np.asarray(value, np.float64)
    if value.ndim != 2 or len(value) < 2 or not np.isfinite(value).all():
        raise ValueError(f"{name} embeddings {value.shape}: expected finite (N, E) with N >= 2")
    return value
