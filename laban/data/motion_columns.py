"""Measures of the arrays of stored clips, a row a clip, computed for whole batches in NumPy.

Letters: `B` clips, `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from laban.data import physique
from laban.data.agreement import agreement
from laban.data.clip import Clip, ClipStore
from laban.data.measure import PROCEDURAL
from laban.data.twins import Traces, describe
from laban.data.wording import side_told
from laban.motion.attributes import onsets

BATCH = 16
"""Clips measured at once: large enough for NumPy, small enough for the processor's cache."""
DECISIVE_M = 0.25
"""Metres that a hand or foot must move about its shoulder or hip to be taken for the one that acts."""
COLUMNS = (
    "nonfinite", "bone_drift_m", "longest_bone_m", "shortest_limb_m", "lopsided_m", "stature_m", "smallest_stature_m", "floor_m",
    "floor_drift_m", "highest_m", "storey_m", "unsupported_m", "slide_m_s", "speed_m_s", "sustained_m_s", "pelvis_speed_m_s",
    "pelvis_accel_m_s2", "noise_m", "repeated_share", "skip_ratio", "stiff_s", "toes_forward", "shoulders_over_hips", "upright",
    "ever_upright", "apart_m", "trunks_m", "unlike_m", "coarse_share", "named_hand", "named_leg", "actor_lag_s", "root_gap_m",
    "rotation_gap", "fk_gap_m",
)  # fmt: skip


class Row(NamedTuple):
    """What the arrays of a clip are measured to be."""

    values: list[float]
    """In the order of `COLUMNS`; infinite where the clip cannot be read."""
    error: str
    """Why the clip cannot be read, or an empty string."""
    sha256: str
    traces: Traces | None
    """By which a copy of the clip is found."""


def measure_motion(store: ClipStore) -> Iterator[Row]:
    """A row a clip in the order of the index; neighbours of one shape are measured together."""
    for _, group in itertools.groupby(_readable(store), key=lambda item: _shape(item[0])):
        while batch := list(itertools.islice(group, BATCH)):
            clips = [clip for clip, _ in batch if clip is not None]
            measured = _measure_batch(clips) if clips else iter(())
            for clip, error in batch:
                yield Row([np.inf] * len(COLUMNS), error, "", None) if clip is None else next(measured)


def _readable(store: ClipStore) -> Iterator[tuple[Clip | None, str]]:
    """Each clip, or the reason why it cannot be read."""
    for number in range(len(store)):
        try:
            yield store.at(number), ""
        except (ValueError, OSError, IndexError, TypeError) as error:
            yield None, f"cannot be read: {error}"


def _shape(clip: Clip | None) -> tuple[Any, ...]:
    if clip is None:
        return ()
    return (clip.positions.shape, clip.fps, clip.root is None, clip.offsets is None, clip.rotations is None)


def _measure_batch(clips: list[Clip]) -> Iterator[Row]:
    """Rows of clips of one shape."""
    # Coordinates first, (J, 3, B, T, P), once: everything below then runs along memory.
    positions = np.ascontiguousarray(np.stack([clip.positions for clip in clips]).transpose(3, 4, 0, 1, 2))
    fps = clips[0].fps
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        columns: dict[str, Any] = {
            "nonfinite": [sum(int((~np.isfinite(array)).sum()) for array in _arrays(clip)) for clip in clips],
            **physique.build(positions),
            **physique.floor(positions, fps),
            **physique.motion(positions, fps),
            **physique.posture(positions),
            **physique.between(positions),
            "coarse_share": physique.coarseness(positions),
            "named_hand": _named(clips, positions, legs=False),
            "named_leg": _named(clips, positions, legs=True),
            "actor_lag_s": [_actor_lag(clip) for clip in clips],
            **agreement(clips, positions),
        }
        poses = describe(positions)
    for row, clip in enumerate(clips):
        values = [np.nan if columns[name] is None else _never_nan(columns[name][row]) for name in COLUMNS]
        yield Row(values, "", clip.content_hash(), Traces.of(poses[row], clip.people))


def _arrays(clip: Clip) -> list[np.ndarray]:
    return [array for array in (clip.positions, clip.root, clip.offsets, clip.rotations) if array is not None]


def _never_nan(value: float | None) -> float:
    if value is None:
        return float("nan")
    return float(value) if np.isfinite(value) else float("inf")


def _named(clips: list[Clip], positions: np.ndarray, *, legs: bool) -> list[float | None]:
    """How much more the hand (or leg) is moved that captions name than the other one; None where none is named or neither is moved."""
    told = [side_told([str(caption.text) for caption in clip.captions], legs=legs) for clip in clips]
    if not any(told):
        return [None] * len(clips)
    ends, roots = (physique.ANKLES, physique.HIPS) if legs else (physique.WRISTS, physique.SHOULDERS)
    left, right = physique.excursions(positions, ends, roots)
    named, other = np.where([side == "left" for side in told], left, right), np.where([side == "left" for side in told], right, left)
    ratio = named / np.maximum(other, 1e-6)
    return [float(value) if side and moved > DECISIVE_M else None for side, value, moved in zip(told, ratio, other, strict=True)]


def _actor_lag(clip: Clip) -> float | None:
    """Seconds that the actor begins after the other of two; None where nobody is said to act first or one never begins."""
    says = clip.actor is not None and clip.people == 2 and 0 <= clip.actor < 2 and (clip.source != PROCEDURAL or "starter" in clip.style)
    if not says or not np.isfinite(clip.positions).all() or clip.fps <= 0:
        return None
    begun = onsets(clip.positions, clip.fps)
    lag = begun[clip.actor or 0] - begun[1 - (clip.actor or 0)]
    return float(lag) if np.isfinite(lag) else None
