"""The same motion twice, although it was moved, turned, mirrored, cut elsewhere, or made a little noisy.

Every fifth pose of each clip is kept, and of its middle five poses in a row: wherever a copy was cut, one of the five falls on a kept
pose of the other. Neighbours of those in a k-d tree are the candidates, which alone are read again and compared over all that they
share. Memory holds a few kilobytes a clip, and time grows little faster than the number of clips.

Letters: `B` clips, `T` frames, `P` people, `J` = 22 joints, `N` numbers of a pose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from laban.data.physique import lengths
from laban.motion.skeleton import INDEX

TWIN_M = 0.006
"""Metres, mean over the frames that two clips share, of the number that differs most. Another take of one style, of bodies from code,
differs by 0.0098 and more (2,400 clips compared with each other); noise of 5 mm on every joint leaves 0.0046 after smoothing."""
LONE_TWIN_M = 0.0015
"""The same of one person alone, of whom there is less to go by: two people of one size who raise a hand differ by 0.0019."""
NEAR_M = 0.02
"""Metres that two poses may differ in any number, for their clips to be compared at all."""
STRIDE = 5
"""Frames from one kept pose to the next."""
NEIGHBOURS = 16
"""Kept poses that are looked at for each of the middle ones: a slow clip has several of its own within reach."""
ALIGNMENTS = 3
"""Ways to lay a clip over another that are compared, the nearest pose first: what repeats itself fits in several."""
SMOOTH = 5
"""Frames over which distances are averaged against noise."""
_ENDS = ("left_wrist", "right_wrist", "left_ankle", "right_ankle", "left_elbow", "right_elbow")
_SIDES = len(_ENDS) // 2
"""The last numbers of a pose: how much farther out the left wrist, ankle and elbow are than the right, which a mirror inverts."""


@dataclass(frozen=True)
class Traces:
    """What is kept of a clip while copies are looked for."""

    kept: np.ndarray
    """(ceil(T / STRIDE), 6 P) float32 metres: ends of limbs from the own pelvis."""
    middle: np.ndarray
    """(at most STRIDE, 6 P) float32: of frames in a row."""
    first: int
    """Frame of the first of these."""

    @classmethod
    def of(cls, poses: np.ndarray, people: int) -> Traces | None:
        """Of a clip's poses (T, N); None where they are not finite."""
        own = poses[:, : len(_ENDS) * people]
        if not np.isfinite(poses).all():
            return None
        first = max(0, (len(own) - STRIDE) // 2)
        return cls(own[::STRIDE].copy(), own[first : first + STRIDE].copy(), first)


def describe(positions: np.ndarray) -> np.ndarray:
    """(J, 3, B, T, P) -> (B, T, N) metres that a copy keeps although it is moved, turned, mirrored, or has its people exchanged.

    Distances of hands, feet and elbows from the own pelvis, then from the middle of all; left and right, and the people, are taken in
    order of size. Equal motion has equal numbers; other motion does not agree in all of them. Last, `_SIDES` numbers tell a mirror.
    """
    people, shape = positions.shape[4], positions.shape[2:4]
    pelvis, ends = positions[0], positions[[INDEX[name] for name in _ENDS]]
    distances = np.stack([lengths(ends - centre) for centre in (pelvis, pelvis.mean(-1, keepdims=True))])  # (2, 6, B, T, P)
    paired = distances.reshape(2, _SIDES, 2, *shape, people)
    in_order = np.sort(np.sort(paired, axis=2), axis=-1).transpose(3, 4, 0, 1, 2, 5).reshape(*shape, 2 * len(_ENDS) * people)
    sides = (paired[0, :, 0] - paired[0, :, 1]).sum(-1).transpose(1, 2, 0)
    return _smoothed(np.concatenate([in_order, sides], -1)).astype(np.float32)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Moving mean along the second axis, as long as before."""
    half = SMOOTH // 2
    padded = np.pad(values, ((0, 0), (half, half), (0, 0)), mode="edge")
    return sum(padded[:, shift : shift + values.shape[1]] for shift in range(SMOOTH)) / SMOOTH  # type: ignore[return-value]


def twins(table: pd.DataFrame, traces: Sequence[Traces | None], poses: Callable[[int], np.ndarray]) -> pd.DataFrame:
    """For each clip of `table` (`id`, `split`, `group`, `people`) who shows the same: two columns, empty where nobody does.

    `same_motion_in` is `split:id` of one in another split, mirrored or not. `twin_of` is the id of an earlier one of the same split and
    another recording: windows of one recording may overlap, and a data set may be doubled by mirroring. `poses` reads the (T, N) of
    a row's number again.
    """
    found = pd.DataFrame("", index=table.index, columns=["same_motion_in", "twin_of"], dtype=object)
    splits, ids = table["split"].fillna("").to_numpy(), table["id"].to_numpy()
    groups, people = table["group"].to_numpy(), table["people"].to_numpy()
    again = lru_cache(maxsize=256)(poses)
    leaks, copies = [""] * len(table), [""] * len(table)
    for one, other, shift in _candidates(people, traces):
        torn = splits[one] != splits[other]
        if not torn and groups[one] == groups[other]:
            continue
        mirrored = _same(again(one), again(other), shift, LONE_TWIN_M if people[one] == 1 else TWIN_M)
        if mirrored is None:
            continue
        if torn:
            leaks[one] = leaks[one] or f"{splits[other]}:{ids[other]}"
            leaks[other] = leaks[other] or f"{splits[one]}:{ids[one]}"
        elif not mirrored:
            first, second = sorted((one, other))
            copies[second] = copies[second] or str(ids[first])
    return found.assign(same_motion_in=leaks, twin_of=copies)


def _candidates(people: np.ndarray, traces: Sequence[Traces | None]) -> Iterator[tuple[int, int, int]]:
    """Pairs of rows that share a pose, each once, and by how many frames the first lies later in the second."""
    for count in np.unique(people):
        alike = [(row, trace) for row, trace in enumerate(traces) if trace is not None and people[row] == count]
        if len(alike) > 1:
            yield from _near(*zip(*alike, strict=True))


def _near(rows: Sequence[int], traces: Sequence[Traces]) -> Iterator[tuple[int, int, int]]:
    from scipy.spatial import cKDTree

    owner = np.repeat(np.arange(len(rows)), [len(trace.kept) for trace in traces])
    frame = np.concatenate([np.arange(len(trace.kept)) * STRIDE for trace in traces])
    tree = cKDTree(np.concatenate([trace.kept for trace in traces]))
    for own, trace in enumerate(traces):
        apart, hits = tree.query(trace.middle, k=NEIGHBOURS, distance_upper_bound=NEAR_M, p=np.inf)
        reached = np.argsort(apart, axis=None)[: np.isfinite(apart).sum()]
        shifts = frame[hits.flat[reached]] - trace.first - reached // NEIGHBOURS
        tried: Counter[int] = Counter()
        for other, shift in dict.fromkeys(zip(owner[hits.flat[reached]].tolist(), shifts.tolist(), strict=True)):
            tried[other] += 1
            if other != own and tried[other] <= ALIGNMENTS:
                yield rows[own], rows[other], shift


def _same(one: np.ndarray, other: np.ndarray, shift: int, limit: float) -> bool | None:
    """Whether one motion mirrors the other; None where it is not the same. A frame of the first is `shift` later in the second."""
    first = one[max(0, -shift) : len(other) - shift]
    second = other[max(0, shift) :][: len(first)]
    if not np.abs(first[:, :-_SIDES] - second[:, :-_SIDES]).mean(0).max() < limit:
        return None
    sides, others = first[:, -_SIDES:], second[:, -_SIDES:]
    return bool(np.abs(sides + others).mean() < np.abs(sides - others).mean())
