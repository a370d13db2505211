"""The same motion in two splits, although it was moved, turned, mirrored, cut elsewhere, or made a little noisy.

Letters: `B` clips, `T` frames, `P` people, `N` numbers of a pose.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from laban.data.physique import lengths
from laban.motion.skeleton import INDEX

TWIN_M = 0.006
"""Metres, mean over the frames that two clips share, of the number that differs most. Another take of one style, of bodies from code,
differs by 0.0098 and more (2,400 clips compared with each other); noise of 5 mm on every joint leaves 0.0046 after smoothing."""
LONE_TWIN_M = 0.0015
"""The same of one person alone, of whom there is less to go by: two people of one size who raise a hand differ by 0.0019."""
NEAR_M = 0.03
"""Metres that the middle poses of two clips may differ in any number, to be compared at all."""
SMOOTH = 5
"""Frames over which distances are averaged against noise."""
_ENDS = ("left_wrist", "right_wrist", "left_ankle", "right_ankle", "left_elbow", "right_elbow")


def describe(positions: np.ndarray) -> np.ndarray:
    """(J, 3, B, T, P) -> (B, T, N) metres that a copy keeps although it is moved, turned, mirrored, or has its people exchanged.

    Distances of hands, feet and elbows from the own pelvis and from the middle of all; left and right, and the people, are taken in
    order of size. Equal motion has equal numbers; other motion does not agree in all of them.
    """
    people = positions.shape[4]
    pelvis, ends = positions[0], positions[[INDEX[name] for name in _ENDS]]
    distances = np.stack([lengths(ends - centre) for centre in (pelvis, pelvis.mean(-1, keepdims=True))])  # (2, 6, B, T, P)
    paired = np.sort(distances.reshape(2, 3, 2, *distances.shape[2:]), axis=2)
    flat = np.sort(paired, axis=-1).transpose(3, 4, 0, 1, 2, 5).reshape(*positions.shape[2:4], 12 * people)
    return _smoothed(flat).astype(np.float32)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Moving mean along the second axis, as long as before."""
    half = SMOOTH // 2
    padded = np.pad(values, ((0, 0), (half, half), (0, 0)), mode="edge")
    return sum(padded[:, shift : shift + values.shape[1]] for shift in range(SMOOTH)) / SMOOTH  # type: ignore[return-value]


def twins(table: pd.DataFrame, descriptors: Sequence[np.ndarray | None]) -> pd.Series:
    """For each clip of `table` (`id`, `split`, `people`) `split:id` of one in another split with the same motion, or an empty string."""
    found = pd.Series("", index=table.index, dtype=object)
    usable = np.array([value is not None and bool(np.isfinite(value).all()) for value in descriptors], bool)
    splits = table["split"].fillna("").to_numpy()
    for people, rows in table[usable].groupby("people").groups.items():
        numbers = table.index.get_indexer(rows)
        poses = [pose for number in numbers if (pose := descriptors[number]) is not None]
        for own, other in _matches(splits[numbers], poses, LONE_TWIN_M if people == 1 else TWIN_M):
            row, hit = rows[own], rows[other]
            found[row] = found[row] or f"{table.loc[hit, 'split']}:{table.loc[hit, 'id']}"
            found[hit] = found[hit] or f"{table.loc[row, 'split']}:{table.loc[row, 'id']}"
    return found


def _matches(splits: np.ndarray, poses: list[np.ndarray], limit: float) -> list[tuple[int, int]]:
    """Pairs of clips of different splits that show the same: the middle pose of one occurs in the other, and so does what is around it."""
    from scipy.spatial import cKDTree

    pairs = []
    names = list(dict.fromkeys(splits))
    for name in names if len(names) > 1 else ():
        own, rest = np.flatnonzero(splits == name), np.flatnonzero(splits != name)
        clip_of = np.repeat(rest, [len(poses[number]) for number in rest])
        frame_of = np.concatenate([np.arange(len(poses[number])) for number in rest])
        tree = cKDTree(np.concatenate([poses[number] for number in rest]))
        middles = np.stack([poses[number][len(poses[number]) // 2] for number in own])
        _, hits = tree.query(middles, k=2, distance_upper_bound=NEAR_M, p=np.inf)
        for number, hit in itertools.product(range(len(own)), (0, 1)):
            at = hits[number, hit]
            if at < tree.n and _apart(poses[own[number]], poses[clip_of[at]], int(frame_of[at])) < limit:
                pairs.append((int(own[number]), int(clip_of[at])))
    return pairs


def _apart(one: np.ndarray, other: np.ndarray, frame: int) -> float:
    """Mean difference in metres, of the number that differs most, where the middle of one lies on a frame of the other."""
    shift = frame - len(one) // 2
    first = one[max(0, -shift) : len(other) - shift]
    return float(np.abs(first - other[max(0, shift) :][: len(first)]).mean(0).max())
