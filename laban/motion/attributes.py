"""What two people do, measured from joint positions alone: who starts, which hand, how near, how fast, and the kind by rules.

Written without any knowledge of how procedural motion is made, and sharing no code with it, so that it can judge it.
Letters: `T` frames, `P` = 2 people, `H` = 2 sides (0 left, 1 right).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from laban.motion.skeleton import INDEX

UNKNOWN = "unknown"
"""What `kind_by_rules` says of motion that fits none of its rules."""
SIDES = ("left", "right")
MEETING_M = 0.2
"""Metres between two wrists under which hands meet: two hand's lengths."""
TOUCH_M = 0.34
"""Metres from a wrist to the other's breastbone under which a palm lies on the chest."""
RAISED_M = -0.12
"""Metres over the shoulders from where hands meet above and not in front: a handshake is well below."""
BOW_RAD = 0.2
"""Least bend of the trunk from where it stood that is a bow."""
ONSET_M_S = 0.25
"""Metres a second of a wrist, ankle or the pelvis over which somebody has begun: swaying is well below."""
_WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
_SHOULDERS = [INDEX["left_shoulder"], INDEX["right_shoulder"]]
_MOVERS = [INDEX[name] for name in ("pelvis", "head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")]


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """Measures of a clip of two people."""

    kind: str
    starter: int | None
    """Who moves first; None where nobody moves or both at once."""
    onset_s: tuple[float, float]
    """When each person begins to move; infinite for who never does."""
    hands: tuple[str, str]
    """The hand that each person uses more: `left` or `right`."""
    hand_gap_m: float
    """Least distance between a wrist of one and a wrist of the other."""
    meeting_height_m: float
    """Height of that point over the four shoulders."""
    chest_gap_m: float
    """Least distance from a wrist to the other's breastbone."""
    bend_rad: tuple[float, float]
    """How far each bends forward or back, at most, from how the person stood."""
    apart_start_m: float
    """Horizontal distance of the pelvises in the first frame."""
    apart_least_m: float
    peak_speed_m_s: float
    """Of the wrists; the 98th percentile, so that a frame of noise does not decide."""


def measure(positions: np.ndarray, fps: float) -> Attributes:
    """Measure (T, 2, 22, 3) metres; raise `ValueError` on another shape."""
    _check(positions)
    gap, height = hands_meet(positions)
    apart = pelvis_distance(positions)
    onset = onsets(positions, fps)
    speed = np.linalg.norm(np.diff(positions[:, :, _WRISTS], axis=0), axis=-1) * fps
    bend = trunk_bend(positions)
    return Attributes(
        kind=kind_by_rules(positions, fps),
        starter=None if onset[0] == onset[1] else int(np.argmin(onset)),
        onset_s=onset,
        hands=hands_used(positions),
        hand_gap_m=gap,
        meeting_height_m=height,
        chest_gap_m=chest_gap(positions),
        bend_rad=(float(bend[0]), float(bend[1])),
        apart_start_m=float(apart[0]),
        apart_least_m=float(apart.min()),
        peak_speed_m_s=float(np.percentile(speed.max((1, 2)), 98)) if len(speed) else 0.0,
    )


def kind_by_rules(positions: np.ndarray, fps: float) -> str:
    """`handshake`, `high_five`, `push`, `bow`, or `unknown`, of (T, 2, 22, 3) metres.

    Hands that meet are a high five above the shoulders and a handshake below; a palm that comes from afar to the other's chest,
    while no hands meet, is a push; two trunks that bend, near nobody's hand, are a bow.
    """
    _check(positions)
    gap, height = hands_meet(positions)
    touch = chest_gap(positions)
    if gap < MEETING_M and gap < touch:
        return "high_five" if height > RAISED_M else "handshake"
    if touch < TOUCH_M:
        return "push"
    return "bow" if trunk_bend(positions).min() > BOW_RAD else UNKNOWN


def hands_meet(positions: np.ndarray) -> tuple[float, float]:
    """Least distance in metres between a wrist of one and one of the other, and how high over the shoulders that is."""
    wrists = positions[:, :, _WRISTS]
    gaps = np.linalg.norm(wrists[:, 0, :, None] - wrists[:, 1, None], axis=-1)  # (T, H, H)
    frame, own, other = np.unravel_index(np.argmin(gaps), gaps.shape)
    height = (wrists[frame, 0, own, 1] + wrists[frame, 1, other, 1]) / 2 - positions[frame][:, _SHOULDERS, 1].mean()
    return float(gaps[frame, own, other]), float(height)


def chest_gap(positions: np.ndarray) -> float:
    """Least distance in metres from a wrist to the other person's breastbone (between spine3 and neck)."""
    chest = (positions[:, ::-1, INDEX["spine3"]] + positions[:, ::-1, INDEX["neck"]]) / 2
    return float(np.linalg.norm(positions[:, :, _WRISTS] - chest[:, :, None], axis=-1).min())


def trunk_bend(positions: np.ndarray) -> np.ndarray:
    """(P,) radians: greatest angle of the line from pelvis to neck against the vertical, less the one in the first frame."""
    trunk = positions[:, :, INDEX["neck"]] - positions[:, :, INDEX["pelvis"]]
    angle = np.arccos(np.clip(trunk[..., 1] / np.maximum(np.linalg.norm(trunk, axis=-1), 1e-9), -1, 1))
    return angle.max(0) - angle[0]


def pelvis_distance(positions: np.ndarray) -> np.ndarray:
    """(T,) metres between the pelvises, along the floor."""
    pelvis = positions[:, :, INDEX["pelvis"]][..., [0, 2]]
    return np.linalg.norm(pelvis[:, 0] - pelvis[:, 1], axis=-1)


def onsets(positions: np.ndarray, fps: float) -> tuple[float, float]:
    """Seconds at which each person first moves a wrist, ankle, the head or the pelvis faster than swaying, for a tenth of a second."""
    speed = np.linalg.norm(np.diff(positions[:, :, _MOVERS], axis=0), axis=-1).max(-1) * fps
    window = max(1, round(0.1 * fps))
    if len(speed) < window:
        return (np.inf, np.inf)
    lasting = np.all(np.lib.stride_tricks.sliding_window_view(speed > ONSET_M_S, window, axis=0), axis=-1)
    begun = np.where(lasting.any(axis=0), np.argmax(lasting, axis=0) / fps, np.inf)
    return float(begun[0]), float(begun[1])


def hands_used(positions: np.ndarray) -> tuple[str, str]:
    """For each person the hand that goes further from where it hung at first, seen from its shoulder in the frame of the chest."""
    relative = positions[:, :, _WRISTS] - positions[:, :, _SHOULDERS]
    axes = _chest_axes(positions)
    seen = np.einsum("tphi,tpai->tpha", relative, axes)
    excursion = np.linalg.norm(seen - np.median(seen[:3], axis=0), axis=-1)
    first, second = np.argmax(np.percentile(excursion, 95, axis=0), axis=-1)
    return SIDES[first], SIDES[second]


def _chest_axes(positions: np.ndarray) -> np.ndarray:
    """(T, P, 3, 3): left, up and forward of the chest, as rows."""
    left = _unit(positions[:, :, _SHOULDERS[0]] - positions[:, :, _SHOULDERS[1]])
    spine = positions[:, :, INDEX["neck"]] - positions[:, :, INDEX["spine1"]]
    up = _unit(spine - np.sum(spine * left, axis=-1, keepdims=True) * left)
    return np.stack([left, up, np.cross(left, up)], axis=-2)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def _check(positions: np.ndarray) -> None:
    if positions.ndim != 4 or positions.shape[1:] != (2, 22, 3):
        raise ValueError(f"positions {positions.shape}: expected (T, 2, 22, 3) of two people")
