"""What bodies can be and do: measures of motion that hold for any kind of it and any number of people, in NumPy, many clips at once.

Letters: `J` = 22 joints, `B` clips, `T` frames, `P` people, `S` = 2 sides (0 left, 1 right). Positions lie coordinates first,
(J, 3, B, T, P) metres, Y up, so that everything runs along memory. Every measure is one number a clip, the worst of its people.
"""

from __future__ import annotations

import itertools

import numpy as np

from laban.motion.skeleton import INDEX, JOINTS, PARENTS

STILL_M = 1e-6
"""Metres a frame below which a joint is the same number again: capture has noise of 1e-4, and float32 resolves 1e-7 at a metre."""
STIFF_M = 2e-5
"""Metres by which no distance within a body changes from frame to frame where its pose is the same again, moved and turned in float32."""
STANDING_M = 0.06
"""Metres over somebody's lowest point of the clip below which a foot joint bears weight."""
_CHAIN = [INDEX[name] for name in ("left_knee", "left_ankle", "spine1", "spine2", "spine3", "neck", "head")]
_FEET = [INDEX[name] for name in ("left_ankle", "left_foot", "right_ankle", "right_foot")]
_TRUNK = [INDEX[name] for name in ("pelvis", "spine1", "spine2", "spine3", "neck")]
_ENDS = [INDEX[name] for name in ("left_wrist", "right_wrist", "left_ankle", "right_ankle", "left_elbow", "right_elbow", "head")]
_LEFT = [number for name, number in INDEX.items() if name.startswith("left_")]
_RIGHT = [INDEX[JOINTS[number].replace("left_", "right_")] for number in _LEFT]
WRISTS = ("left_wrist", "right_wrist")
SHOULDERS = ("left_shoulder", "right_shoulder")
ANKLES = ("left_ankle", "right_ankle")
HIPS = ("left_hip", "right_hip")


def lengths(vectors: np.ndarray) -> np.ndarray:
    """(J, 3, …) -> (J, …)."""
    return np.sqrt((vectors * vectors).sum(1))


def build(positions: np.ndarray) -> dict[str, np.ndarray]:
    """How the bodies are built: bones that stretch, their lengths, what is unequal of left and right, and the stature."""
    bones = lengths(positions[1:] - positions[list(PARENTS[1:])])
    usual = np.median(bones, axis=2)  # (J - 1, B, P)
    stature = usual[[number - 1 for number in _CHAIN]].sum(0)
    unequal = np.abs(usual[[number - 1 for number in _LEFT]] - usual[[number - 1 for number in _RIGHT]]).max(0)
    limbs = usual[[INDEX[name] - 1 for side in ("left", "right") for name in (f"{side}_knee", f"{side}_ankle", f"{side}_elbow")]]
    return {
        "bone_drift_m": np.ptp(bones, axis=2).max((0, 2)),
        "longest_bone_m": bones.max((0, 2, 3)),
        "shortest_limb_m": limbs.min((0, 2)),
        "lopsided_m": unequal.max(-1),
        "stature_m": stature.max(-1),
        "smallest_stature_m": stature.min(-1),
    }


def floor(positions: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Where the floor is, whether it stays there from second to second, and who never comes down to it."""
    lowest = positions[:, 1].min(0)  # (B, T, P)
    rest = lowest.min(1)
    second = max(1, round(fps))
    starts = range(0, max(1, lowest.shape[1] - second + 1), second)
    touched = np.stack([lowest[:, start : start + second].min((1, 2)) for start in starts])
    return {
        "floor_m": rest.min(-1),
        "floor_drift_m": np.ptp(touched, axis=0),
        "highest_m": rest.max(-1),
        "storey_m": np.ptp(rest, axis=-1),
        "unsupported_m": _unsupported(positions[0], rest),
        "slide_m_s": _slide(positions, lowest, fps),
    }


def _unsupported(pelvis: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Height over the lowest floor of who never comes down to it and has nobody within reach to be carried by."""
    gap = rest - rest.min(-1, keepdims=True)
    if rest.shape[-1] == 1:
        return gap[..., 0]
    apart = np.stack([lengths((pelvis - pelvis[..., person, None])[None])[0] for person in range(rest.shape[-1])], -1)
    apart[..., np.arange(rest.shape[-1]), np.arange(rest.shape[-1])] = np.inf
    alone = np.median(apart.min(-1), axis=1) > 1.0
    return np.where(alone, gap, 0.0).max(-1)


def _slide(positions: np.ndarray, lowest: np.ndarray, fps: float) -> np.ndarray:
    """Metres a second at which the stillest foot joint of who stands moves over the floor, in the middle of the time.

    Who walks always has one foot at rest; a whole body that slides has none.
    """
    if positions.shape[3] < 3:
        return np.zeros(positions.shape[2])
    feet = positions[_FEET]
    step = np.sqrt((np.diff(feet[:, [0, 2]], axis=3) ** 2).sum(1)) * fps  # (4, B, T-1, P)
    standing = lowest[:, 1:] - lowest.min(1, keepdims=True) < STANDING_M
    slowest = np.where(standing, np.nan_to_num(step.min(0), nan=np.inf), np.nan)
    slowest = np.where(standing.mean(1, keepdims=True) > 0.25, slowest, 0.0)
    return np.nanmedian(slowest, axis=1).max(-1)


def motion(positions: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Speeds, accelerations, noise, and frames that are repeated or left out."""
    clips, frames = positions.shape[2:4]
    names = (
        "speed_m_s", "sustained_m_s", "pelvis_speed_m_s", "pelvis_accel_m_s2", "noise_m", "repeated_share", "skip_ratio",
        "stiff_s",
    )  # fmt: skip
    if frames < 6:
        return {name: np.zeros(clips) for name in names}
    first = np.diff(positions, axis=3)
    step = lengths(first)  # (J, B, T-1, P) metres a frame
    second = np.diff(first, axis=3)
    fastest = step.max((0, 3))
    return {
        "speed_m_s": fastest.max(1) * fps,
        "sustained_m_s": np.percentile(fastest, 90, axis=1) * fps,
        "pelvis_speed_m_s": step[0].max((1, 2)) * fps,
        "pelvis_accel_m_s2": lengths(second[:1])[0].max((1, 2)) * fps**2,
        "noise_m": _noise(second),
        "repeated_share": _repeated(step),
        "skip_ratio": _skips(step),
        "stiff_s": _stiffness(positions) / fps,
    }


def _noise(second: np.ndarray) -> np.ndarray:
    """Metres of noise, independent from frame to frame, of the noisiest joint.

    Fourth differences of such noise have 70 times its variance; those of movement, which is smooth within a tenth of a second, are small.
    The median over time keeps single jumps out, which have a measure of their own.
    """
    fourth = np.diff(second, n=2, axis=3)
    return np.median(lengths(fourth), axis=2).max((0, 2)) / (1.54 * np.sqrt(70))


def _repeated(step: np.ndarray) -> np.ndarray:
    """Share of frames that are the frame before, of the person with most of them."""
    return (step.max(0) < STILL_M).mean(1).max(-1)


def _skips(step: np.ndarray) -> np.ndarray:
    """How many frames' way the bodies go in one, at most: the step of the middle joint over the greater of the steps before and after.

    Steps under a centimetre are taken for one, so that somebody who begins to move does not count.
    """
    middle = np.median(step, axis=0)  # (B, T-1, P)
    around = np.maximum(np.maximum(middle[:, :-2], middle[:, 2:]), 0.01)
    return (middle[:, 1:-1] / around).max((1, 2))


def _stiffness(positions: np.ndarray) -> np.ndarray:
    """The longest run of frames in which somebody's pose does not change, whether or not the body is moved or turned."""
    own = np.stack([lengths(positions[_ENDS] - positions[[INDEX[name]]]) for name in ("pelvis", "neck")])
    changed = np.abs(np.diff(own, axis=3)).max((0, 1)) > STIFF_M  # (B, T-1, P)
    run, longest = np.zeros(changed[:, 0].shape), np.zeros(changed[:, 0].shape)
    for still in ~np.moveaxis(changed, 1, 0):
        run = (run + 1) * still
        longest = np.maximum(longest, run)
    return longest.max(-1)


def posture(positions: np.ndarray) -> dict[str, np.ndarray]:
    """Where toes point against where hips face, shoulders against hips (negative: left and right are exchanged), and what is up."""
    joint = {name: positions[number] for name, number in INDEX.items()}
    across, spine = joint["left_hip"] - joint["right_hip"], joint["neck"] - joint["pelvis"]
    toes = joint["left_foot"] - joint["left_ankle"] + joint["right_foot"] - joint["right_ankle"]
    shoulders = joint["left_shoulder"] - joint["right_shoulder"]
    upright = spine[1] / np.maximum(_length(spine), 1e-9)
    return {
        "toes_forward": np.median(_cosine(cross(across, spine), toes), axis=1).min(-1),
        "shoulders_over_hips": np.median(_cosine(across, shoulders), axis=1).min(-1),
        "upright": (np.median(upright, axis=1) > 0.5).any(-1),
        "ever_upright": upright.max((1, 2)),
    }


def _cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first * second).sum(0) / np.maximum(_length(first) * _length(second), 1e-9)


def _length(vector: np.ndarray) -> np.ndarray:
    """(3, …) -> (…)."""
    return np.sqrt((vector * vector).sum(0))


def cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cross product of (3, …) vectors."""
    return np.stack([first[i - 2] * second[i - 1] - first[i - 1] * second[i - 2] for i in range(3)])


def between(positions: np.ndarray) -> dict[str, np.ndarray | None]:
    """How far apart the farthest two are, how near the trunks come of any two, and how alike their bodies move; None for one person."""
    people = positions.shape[-1]
    if people < 2:
        return {"apart_m": None, "trunks_m": None, "unlike_m": None}
    pairs = list(itertools.combinations(range(people), 2))
    pelvis = np.stack([_length(positions[0][..., a] - positions[0][..., b]) for a, b in pairs])
    return {
        "apart_m": np.median(pelvis.max(0), axis=1),
        "trunks_m": np.min([_trunks(positions[..., a], positions[..., b]) for a, b in pairs], axis=0),
        "unlike_m": _unlike(positions, pairs),
    }


def _trunks(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Metres between the nearest points of two spines, less than which they are for a tenth of the time."""
    gaps = np.stack([_length(one[first] - other[second]) for first in _TRUNK for second in _TRUNK])
    return np.quantile(gaps.min(0), 0.1, axis=1)


def _unlike(positions: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Metres by which the poses of the two who are most alike differ, in the middle of the time; a mirrored pose is the same."""
    own = np.sort(lengths(positions[_ENDS[:6]] - positions[:1]).reshape(3, 2, *positions.shape[2:]), axis=1)
    apart = [np.median(np.abs(own[..., a] - own[..., b]).max((0, 1)), axis=1) for a, b in pairs]
    return np.min(apart, axis=0)


def excursions(positions: np.ndarray, ends: tuple[str, str], roots: tuple[str, str]) -> np.ndarray:
    """(S, B) metres that a hand or foot moves about its shoulder or hip, seen from the turning body: of who moves each side most."""
    up = np.zeros((3, *positions.shape[2:]), positions.dtype)
    up[1] = 1
    left = positions[INDEX["left_shoulder"]] - positions[INDEX["right_shoulder"]]
    left = left / np.maximum(_length(left), 1e-9)
    axes = np.stack([left, cross(left, up), up])
    moved = []
    for end, root in zip(ends, roots, strict=True):
        seen = ((positions[INDEX[end]] - positions[INDEX[root]])[None] * axes).sum(1)
        moved.append(np.percentile(_length(seen - np.median(seen[:, :, :3], axis=2, keepdims=True)), 95, axis=1).max(-1))
    return np.stack(moved)


def coarseness(positions: np.ndarray) -> np.ndarray:
    """Share of the numbers that were cut: to 16 bits, or to whole centimetres; clean ones look so by chance in a hundred or fewer."""
    flat = np.moveaxis(positions, 2, 0).reshape(positions.shape[2], -1)[:, ::7]
    with np.errstate(over="ignore"):
        halved = (flat.astype(np.float16).astype(np.float32) == flat).mean(1)
    return np.maximum(halved, (np.abs(flat * 100 - np.round(flat * 100)) < 1e-4).mean(1))
