"""Where in a clip a measure is worst: the frame and the person, found again for the few clips that a reason names.

Letters: `T` frames, `P` people, `J` = 22 joints, `B` bones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from laban.data.clip import Clip, ClipStore
from laban.data.findings import SHOWN, Example, Finding
from laban.motion.attributes import onsets
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX, PARENTS


def placed(findings: Sequence[Finding], folder: Path) -> list[Finding]:
    """The findings, with frame and person of the worst rows of those that failed, where their measure has a place in the clip."""
    if not any(one.offenders and one.column in BADNESS for one in findings):
        return list(findings)
    store = ClipStore(folder)
    return [replace(one, offenders=(*_worst(one, store), *one.offenders[SHOWN:])) if one.column in BADNESS else one for one in findings]


def _worst(finding: Finding, store: ClipStore) -> list[Example]:
    return [_place(example, finding.column, store) for example in finding.offenders[:SHOWN]]


def _place(example: Example, column: str, store: ClipStore) -> Example:
    """The example as it is where its clip cannot be read or has no such arrays, which other findings tell."""
    try:
        course = np.nan_to_num(BADNESS[column](store[example.id]), nan=np.inf)
    except (ValueError, OSError, LookupError, TypeError):
        return example
    frame, person = np.unravel_index(np.argmax(course), course.shape)
    return replace(example, frame=int(frame) if len(course) > 1 else None, person=int(person) if course.shape[1] > 1 else None)


def _bones(clip: Clip) -> np.ndarray:
    """(T, P, B) metres."""
    return np.linalg.norm(clip.positions[:, :, 1:] - clip.positions[:, :, list(PARENTS[1:])], axis=-1)


def _drift(clip: Clip) -> np.ndarray:
    bones = _bones(clip)
    return np.abs(bones - np.median(bones, axis=0)).max(-1)


def _lopsided(clip: Clip) -> np.ndarray:
    """(1, P): how unequal left and right are built."""
    usual = np.median(_bones(clip), axis=0)
    left = [number for name, number in INDEX.items() if name.startswith("left_")]
    right = [INDEX[name.replace("left_", "right_")] for name in INDEX if name.startswith("left_")]
    return np.abs(usual[:, np.array(left) - 1] - usual[:, np.array(right) - 1]).max(-1)[None]


def _lowest(clip: Clip) -> np.ndarray:
    """(T, P) metres over the floor."""
    return clip.positions[..., 1].min(-1)


def _rest(clip: Clip) -> np.ndarray:
    """(1, P) metres: how near each person ever comes to the floor."""
    return _lowest(clip).min(0)[None]


def _steps(clip: Clip) -> np.ndarray:
    """(T, P, J) metres from the frame before; none in the first."""
    return np.linalg.norm(np.diff(clip.positions, axis=0, prepend=clip.positions[:1]), axis=-1)


def _jerks(clip: Clip) -> np.ndarray:
    """(T, P) metres a frame², of the pelvis, about each frame."""
    pelvis = np.pad(clip.positions[:, :, 0], ((1, 1), (0, 0), (0, 0)), mode="edge")
    return np.linalg.norm(np.diff(pelvis, n=2, axis=0), axis=-1)


def _unrest(clip: Clip) -> np.ndarray:
    """(1, P) metres: fourth differences of the joint that trembles most."""
    return np.median(np.linalg.norm(np.diff(clip.positions, n=4, axis=0), axis=-1), axis=0).max(-1)[None]


def _stillness(clip: Clip) -> np.ndarray:
    """(T, P) frames that somebody's pose has been the same, moved or not."""
    own = np.linalg.norm(clip.positions - clip.positions[:, :, :1], axis=-1)
    still = np.abs(np.diff(own, axis=0, prepend=own[:1] + 1)).max(-1) < 2e-5
    run = np.zeros(still.shape)
    for frame in range(1, len(run)):
        run[frame] = (run[frame - 1] + 1) * still[frame]
    return run


def _skips(clip: Clip) -> np.ndarray:
    """(T, P): the middle joint's step over those before and after."""
    middle = np.median(_steps(clip), axis=-1)
    padded = np.pad(middle, ((1, 1), (0, 0)), mode="edge")
    return middle / np.maximum(np.maximum(padded[:-2], padded[2:]), 0.01)


def _pelvis_gaps(clip: Clip) -> np.ndarray:
    """(T, P) metres from each pelvis to the nearest other."""
    gaps = np.linalg.norm(clip.positions[:, :, None, 0] - clip.positions[:, None, :, 0], axis=-1)
    gaps[:, range(clip.people), range(clip.people)] = np.inf
    return gaps.min(-1)


def _backwards(first: tuple[str, str], second: tuple[str, str]) -> Callable[[Clip], np.ndarray]:
    """(T, P): how far two girdles, or a girdle and what it should be across, point against each other."""

    def course(clip: Clip) -> np.ndarray:
        one, other = (clip.positions[:, :, INDEX[a]] - clip.positions[:, :, INDEX[b]] for a, b in (first, second))
        return -(one * other).sum(-1)

    return course


def _kinematics_gap(clip: Clip) -> np.ndarray:
    """(T, P) metres between forward kinematics and the positions."""
    if clip.rotations is None or clip.offsets is None or clip.root is None:
        raise ValueError(f"clip {clip.id} has no rotations")
    return np.abs(fk(clip.rotations, clip.offsets, clip.root) - clip.positions).max((-1, -2))


def _root_gap(clip: Clip) -> np.ndarray:
    if clip.root is None:
        raise ValueError(f"clip {clip.id} has no root")
    return np.linalg.norm(clip.root - clip.positions[:, :, 0], axis=-1)


def _late(clip: Clip) -> np.ndarray:
    """(1, P) seconds at which each begins."""
    return np.array(onsets(clip.positions, clip.fps))[None]


BADNESS: Mapping[str, Callable[[Clip], np.ndarray]] = {
    "nonfinite": lambda clip: (~np.isfinite(clip.positions)).sum((-1, -2)),
    "bone_drift_m": _drift,
    "longest_bone_m": lambda clip: _bones(clip).max(-1),
    "shortest_limb_m": lambda clip: -_bones(clip).min(-1),
    "lopsided_m": _lopsided,
    "stature_m": lambda clip: _bones(clip).sum(-1),
    "smallest_stature_m": lambda clip: -_bones(clip).sum(-1),
    "floor_m": lambda clip: -_lowest(clip),
    "floor_drift_m": lambda clip: np.abs(_lowest(clip) - np.median(_lowest(clip))),
    "unsupported_m": _rest,
    "highest_m": _rest,
    "storey_m": _rest,
    "slide_m_s": lambda clip: np.median(_steps(clip)[:, :, [7, 8, 10, 11]].min(-1), axis=0)[None],
    "shoulders_over_hips": _backwards(("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")),
    "speed_m_s": lambda clip: _steps(clip).max(-1),
    "sustained_m_s": lambda clip: _steps(clip).max(-1),
    "pelvis_speed_m_s": lambda clip: _steps(clip)[:, :, 0],
    "pelvis_accel_m_s2": _jerks,
    "noise_m": _unrest,
    "repeated_share": _stillness,
    "skip_ratio": _skips,
    "stiff_s": _stillness,
    "apart_m": _pelvis_gaps,
    "trunks_m": lambda clip: -_pelvis_gaps(clip),
    "actor_lag_s": _late,
    "root_gap_m": _root_gap,
    "fk_gap_m": _kinematics_gap,
}
"""Column -> (T, P) numbers that are greatest where it is worst; (1, P) where it has no place in time. What is missing here has none."""
