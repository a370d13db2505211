"""What people do, measured from joint positions alone: who starts, which hand, how near, how fast, how often.

Written without any knowledge of how procedural motion is made, and sharing no code with it, so that it can judge it.
`measure` gives a few numbers that a reader can check by eye; `geometry` gives hundreds, of many clips at once, for a linear probe.
Letters: `N` clips, `T` frames, `P` people, `H` = 2 sides (0 left, 1 right), `C` courses (scalar signals over time), `F` attributes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from laban.motion.skeleton import INDEX, JOINTS

SIDES = ("left", "right")
ONSET_M_S = 0.25
"""Metres a second of a wrist, ankle, the head or the pelvis over which somebody has begun: swaying is well below."""
ONSETS_M_S = (0.12, 0.18, ONSET_M_S, 0.4, 0.7)
"""Speeds at which `geometry` looks for the lead of who starts: quick people pass the lower ones at once, slow ones late."""
_LASTING_S = 0.1
_REVERSALS = (0.12, 0.25, 0.45)
"""A signal turns where it comes back by more than this share of its range; three, as sweeps differ in size within a clip."""
_REVERSAL_M = 0.025
"""… or by more than this many metres (radians): small movement over a large one."""
_STILL_M = 1e-3
"""A signal that changes by less stands still: when and how often it turns would be a matter of rounding."""
_SHAKE_S = 0.5
"""What joined hands do more slowly than this is no shaking."""
_WHO = ("first", "other", "third")
"""People in the order in which they begin."""


def _pair(part: str) -> list[int]:
    return [INDEX[f"left_{part}"], INDEX[f"right_{part}"]]


_WRISTS, _ELBOWS, _SHOULDERS, _HIPS = _pair("wrist"), _pair("elbow"), _pair("shoulder"), _pair("hip")
_KNEES, _ANKLES, _FEET = _pair("knee"), _pair("ankle"), _pair("foot")
_PELVIS, _HEAD, _NECK, _CHEST = INDEX["pelvis"], INDEX["head"], INDEX["neck"], INDEX["spine3"]
_MOVERS = [_PELVIS, _HEAD, *_WRISTS, *_ANKLES]


# A few numbers of one pair


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """Measures of a clip of two people."""

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


def hands_meet(positions: np.ndarray) -> tuple[float, float]:
    """Least distance in metres between a wrist of one and one of the other, and how high over the shoulders that is."""
    wrists = positions[:, :, _WRISTS]
    gaps = np.linalg.norm(wrists[:, 0, :, None] - wrists[:, 1, None], axis=-1)  # (T, H, H)
    frame, own, other = np.unravel_index(np.argmin(gaps), gaps.shape)
    height = (wrists[frame, 0, own, 1] + wrists[frame, 1, other, 1]) / 2 - positions[frame][:, _SHOULDERS, 1].mean()
    return float(gaps[frame, own, other]), float(height)


def chest_gap(positions: np.ndarray) -> float:
    """Least distance in metres from a wrist to the other person's breastbone (between spine3 and neck)."""
    chest = (positions[:, ::-1, _CHEST] + positions[:, ::-1, _NECK]) / 2
    return float(np.linalg.norm(positions[:, :, _WRISTS] - chest[:, :, None], axis=-1).min())


def trunk_bend(positions: np.ndarray) -> np.ndarray:
    """(P,) radians: greatest angle of the line from pelvis to neck against the vertical, less the one in the first frame."""
    trunk = _unit(positions[:, :, _NECK] - positions[:, :, _PELVIS])
    angle = np.arccos(np.clip(trunk[..., 1], -1, 1))
    return angle.max(0) - angle[0]


def pelvis_distance(positions: np.ndarray) -> np.ndarray:
    """(T,) metres between the first two pelvises, along the floor."""
    pelvis = positions[:, :, _PELVIS][..., [0, 2]]
    return np.linalg.norm(pelvis[:, 0] - pelvis[:, 1], axis=-1)


def onsets(positions: np.ndarray, fps: float) -> tuple[float, float]:
    """Seconds at which each person first moves a wrist, ankle, the head or the pelvis faster than swaying, for a tenth of a second."""
    first, second = _onsets(positions[None], fps, ONSET_M_S)[0]
    return float(first), float(second)


def hands_used(positions: np.ndarray) -> tuple[str, str]:
    """For each person the hand that goes further from where it hung at first, seen from its shoulder in the frame of the chest."""
    first, second = _more_used(_hands(positions[None]))[0]
    return SIDES[first], SIDES[second]


def _check(positions: np.ndarray) -> None:
    if positions.ndim != 4 or positions.shape[1:] != (2, len(JOINTS), 3):
        raise ValueError(f"positions {positions.shape}: expected (T, 2, {len(JOINTS)}, 3) of two people")


# Frames of reference and events, of many clips


def _onsets(positions: np.ndarray, fps: float, threshold: float) -> np.ndarray:
    """(N, P) seconds until a mover is faster than `threshold` m/s for a tenth of a second; infinite for who never is."""
    speed = np.linalg.norm(np.diff(positions[..., _MOVERS, :], axis=1), axis=-1).max(-1) * fps
    window = max(1, round(_LASTING_S * fps))
    if speed.shape[1] < window:
        return np.full((len(positions), positions.shape[2]), np.inf)
    lasting = np.all(np.lib.stride_tricks.sliding_window_view(speed > threshold, window, axis=1), axis=-1)
    return np.where(lasting.any(axis=1), np.argmax(lasting, axis=1) / fps, np.inf)


def _hands(positions: np.ndarray) -> np.ndarray:
    """(N, T, P, H, 3) metres of the wrists from their shoulders: to the left, up and forward in the frame of the chest."""
    relative = positions[..., _WRISTS, :] - positions[..., _SHOULDERS, :]
    return relative @ np.swapaxes(_chest_axes(positions), -1, -2)


def _excursion(hands: np.ndarray) -> np.ndarray:
    """(N, T, P, H) metres of the hands from where they hung in the first frames."""
    return np.linalg.norm(hands - np.median(hands[:, :3], axis=1, keepdims=True), axis=-1)


def _more_used(hands: np.ndarray) -> np.ndarray:
    """(N, P): 0 where the left hand goes further, 1 where the right does."""
    return np.argmax(np.percentile(_excursion(hands), 95, axis=1), axis=-1)


def _chest_axes(positions: np.ndarray) -> np.ndarray:
    """(…, 3, 3): left, up and forward of the chest, as rows."""
    left = _unit(positions[..., _SHOULDERS[0], :] - positions[..., _SHOULDERS[1], :])
    spine = positions[..., _NECK, :] - positions[..., INDEX["spine1"], :]
    up = _unit(spine - np.sum(spine * left, axis=-1, keepdims=True) * left)
    return np.stack([left, up, np.cross(left, up)], axis=-2)


def _floor_axes(positions: np.ndarray) -> np.ndarray:
    """(…, 3, 3): left (of the hips), up and forward of an upright body, as rows."""
    left = _unit((positions[..., _HIPS[0], :] - positions[..., _HIPS[1], :]) * [1, 0, 1])
    up = np.broadcast_to(np.array([0.0, 1.0, 0.0]), left.shape)
    return np.stack([left, up, np.cross(left, up)], axis=-2)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def _smoothed(positions: np.ndarray, fps: float) -> np.ndarray:
    """Mean over a tenth of a second (an odd number of frames), so that the jitter of a decoder is not taken for movement."""
    window = 2 * int(_LASTING_S * fps / 2) + 1
    padded = np.pad(positions, [(0, 0), (window // 2, window // 2), *[(0, 0)] * 3], mode="edge")
    return np.stack([padded[:, shift : shift + positions.shape[1]] for shift in range(window)]).mean(0)


# Hundreds of numbers of many clips


def geometry(positions: np.ndarray, fps: float) -> tuple[tuple[str, ...], np.ndarray]:
    """Attributes of (N, T, P, 22, 3) metres: their names, and (N, F) float32 in metres, seconds, radians and counts.

    Except for leads, which are signed by a person's number, people are numbered by who begins, so that "the hand of who begins" is
    one column whoever that is. Names and F depend on P alone. Raises `ValueError` on another shape or fewer than four frames.
    """
    if positions.ndim != 5 or positions.shape[3:] != (len(JOINTS), 3) or not 1 <= positions.shape[2] <= len(_WHO):
        raise ValueError(f"positions {positions.shape}: expected (N, T, P, {len(JOINTS)}, 3) of one to {len(_WHO)} people")
    if positions.shape[1] < 4:
        raise ValueError(f"positions {positions.shape}: attributes need four frames at least")
    smooth = _smoothed(np.asarray(positions, np.float64), fps)
    order = np.argsort(_beginnings(smooth, fps), axis=-1, kind="stable")
    people = np.take_along_axis(smooth, order[:, None, :, None, None], axis=2)
    courses = {**_own_courses(people), **_shared_courses(people, fps)}
    columns = {**_leads(smooth, order, fps), **_sides(people, fps), **_summaries(courses, fps)}
    return tuple(columns), np.stack(list(columns.values()), axis=-1).astype(np.float32)


def _beginnings(positions: np.ndarray, fps: float) -> np.ndarray:
    """(N, P): when each person begins, the mean over several speeds."""
    seconds = positions.shape[1] / fps
    return np.mean([np.minimum(_onsets(positions, fps, speed), seconds) for speed in ONSETS_M_S], axis=0)


def _leads(positions: np.ndarray, order: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Who begins, and by how many seconds person 0 begins before each other one; nothing of a single person."""
    seconds = positions.shape[1] / fps
    people = range(1, positions.shape[2])
    columns = {f"person {person} begins": (order[:, 0] == person).astype(float) for person in people}
    for speed in ONSETS_M_S:
        onset = np.minimum(_onsets(positions, fps, speed), seconds)
        columns |= {f"lead of 0 over {person} to {speed} m/s": onset[:, person] - onset[:, 0] for person in people}
    for name, course in {"moved": _moved(positions), "reached": _excursion(_hands(positions)).max(-1)}.items():
        half = _first_time(course > course.max(axis=1, keepdims=True) / 2, fps)
        columns |= {f"lead of 0 over {person} to half {name}": half[:, person] - half[:, 0] for person in people}
    return columns


def _moved(positions: np.ndarray) -> np.ndarray:
    """(N, T, P) metres that a pelvis has gone over the floor."""
    steps = np.linalg.norm(
        np.diff(positions[..., _PELVIS, :][..., [0, 2]], axis=1, prepend=positions[:, :1, :, _PELVIS][..., [0, 2]]), axis=-1
    )
    return np.cumsum(steps, axis=1)


def _sides(people: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """What the left limbs do more than the right ones, of each person, and of hands that come near another's."""
    hands, up = _hands(people), people[..., 1]
    speed = np.linalg.norm(np.diff(hands, axis=1), axis=-1) * fps
    elbow = np.linalg.norm(people[..., _WRISTS, :] - people[..., _SHOULDERS, :], axis=-1)
    limbs = {
        "hand out": np.percentile(_excursion(hands), 95, axis=1),
        "hand out on average": _excursion(hands).mean(axis=1),
        "hand height": (up[..., _WRISTS] - up[..., _SHOULDERS]).max(axis=1),
        "hand path": speed.sum(axis=1) / fps,
        "hand peak speed": speed.max(axis=1),
        "arm bent": -elbow.min(axis=1),
        "arm bent on average": -elbow.mean(axis=1),
        "foot height": up[..., _FEET].max(axis=1),
        "ankle height": up[..., _ANKLES].max(axis=1),
        "knee height": up[..., _KNEES].max(axis=1),
    }
    columns = {
        f"{_WHO[p]}: left less right {what}": side[:, p, 0] - side[:, p, 1] for what, side in limbs.items() for p in range(side.shape[1])
    }
    if people.shape[2] > 1:
        gap = np.linalg.norm(people[:, :, 0, _WRISTS] - people[:, :, 1, _WRISTS], axis=-1).min(axis=1)
        near = _gaps(people[:, :, 0, _WRISTS], people[:, :, 1]).min(axis=(1, -1))
        columns |= {
            "left less right gap of same hands": gap[:, 0] - gap[:, 1],
            "first: left less right hand to the other": near[:, 0] - near[:, 1],
        }
    return columns


def _gaps(points: np.ndarray, person: np.ndarray) -> np.ndarray:
    """(…, H, K, 3) against (…, J, 3): distances (…, H, J)."""
    return np.linalg.norm(points[..., :, None, :] - person[..., None, :, :], axis=-1)


def _own_courses(people: np.ndarray) -> dict[str, np.ndarray]:
    """Name -> (N, T): what each person does, alone."""
    hands, axes = _hands(people), _floor_axes(people)
    used = _more_used(hands)[:, None, :, None]
    out = _excursion(hands)
    active = np.take_along_axis(hands, used[..., None], axis=3)[:, :, :, 0]
    trunk = people[..., _NECK, :] - people[..., _PELVIS, :]
    seen = np.einsum("ntpai,ntpi->ntpa", axes, trunk)
    travelled = np.einsum("npai,ntpi->ntpa", axes[:, 0], people[..., _PELVIS, :] - people[:, :1, :, _PELVIS])
    head = np.einsum("npai,ntpi->ntpa", axes[:, 0], people[..., _HEAD, :] - people[:, :1, :, _HEAD])
    apart = people[..., _ANKLES[0], :] - people[..., _ANKLES[1], :]
    rise = people[..., _WRISTS, 1] - people[..., _SHOULDERS, 1]
    chest = np.einsum("ntpai,ntpi->ntpa", axes, people[..., _SHOULDERS[0], :] - people[..., _SHOULDERS[1], :])
    measured = {
        "hand out": np.take_along_axis(out, used, axis=-1)[..., 0],
        "idle hand out": np.take_along_axis(out, 1 - used, axis=-1)[..., 0],
        # Outward: to the left of a left hand, to the right of a right one.
        "hand outward": active[..., 0] * (1 - 2 * used[..., 0]),
        "hand up": active[..., 1],
        "hand forward": active[..., 2],
        "arm length": np.linalg.norm(active, axis=-1),
        "hand height": np.take_along_axis(rise, used, axis=-1)[..., 0],
        "lower hand height": rise.min(axis=-1),
        "hands apart": np.linalg.norm(people[..., _WRISTS[0], :] - people[..., _WRISTS[1], :], axis=-1),
        "arm swing": hands[..., 0, 2] - hands[..., 1, 2],
        "bend": np.arctan2(seen[..., 2], seen[..., 1]),
        "side bend": np.arctan2(seen[..., 0], seen[..., 1]),
        "twist": np.arctan2(chest[..., 2], chest[..., 0]),
        "pelvis height": people[..., _PELVIS, 1],
        "head sideways": head[..., 0],
        "head forward": head[..., 2],
        "pelvis sideways": travelled[..., 0],
        "pelvis forward": travelled[..., 2],
        "way": _moved(people),
        "heading": _turned(people),
        "higher foot": people[..., _FEET, 1].max(axis=-1),
        "higher knee": people[..., _KNEES, 1].max(axis=-1),
        "stride": np.einsum("ntpi,ntpi->ntp", axes[..., 2, :], apart),
    }
    return {f"{_WHO[p]}: {name}": course[:, :, p] for name, course in measured.items() for p in range(people.shape[2])}


def _turned(people: np.ndarray) -> np.ndarray:
    """(N, T, P) radians turned to the left since the first frame."""
    forward = _floor_axes(people)[..., 2, :]
    yaw = np.unwrap(np.arctan2(forward[..., 0], forward[..., 2]), axis=1)
    return yaw - yaw[:, :1]


def _shared_courses(people: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Name -> (N, T): where people are to one another; empty for one person."""
    if people.shape[2] == 1:
        return {}
    courses: dict[str, np.ndarray] = {}
    for one, other in itertools.combinations(range(people.shape[2]), 2):
        courses |= {f"{_WHO[one]} and {_WHO[other]}: {name}": course for name, course in _places(people[:, :, [one, other]]).items()}
    if people.shape[2] == 2:
        courses |= {**_touch(people, fps), **{f"other's {name}": course for name, course in _touch(people[:, :, ::-1], fps).items()}}
    pelvis = people[..., _PELVIS, :]
    spread = pelvis - pelvis.mean(axis=2, keepdims=True)
    courses["distance from the middle"] = np.linalg.norm(spread[..., [0, 2]], axis=-1).mean(axis=-1)
    return courses


def _places(pair: np.ndarray) -> dict[str, np.ndarray]:
    """Name -> (N, T): distances and directions of two people (N, T, 2, 22, 3)."""
    axes = _floor_axes(pair)
    line = (pair[:, :, 1, _PELVIS] - pair[:, :, 0, _PELVIS]) * [1, 0, 1]
    seen, back = (np.einsum("ntai,nti->nta", axes[:, :, p], way) for p, way in ((0, line), (1, -line)))
    orbit = np.unwrap(np.arctan2(line[..., 0], line[..., 2]), axis=1)
    return {
        "apart": np.linalg.norm(line, axis=-1),
        "heads apart": np.linalg.norm(pair[:, :, 0, _HEAD] - pair[:, :, 1, _HEAD], axis=-1),
        "chests apart": np.linalg.norm(pair[:, :, 0, _CHEST] - pair[:, :, 1, _CHEST], axis=-1),
        "facing": np.einsum("nti,nti->nt", axes[:, :, 0, 2], axes[:, :, 1, 2]),
        "ahead": seen[..., 2],
        "aside": np.abs(seen[..., 0]),
        "ahead of the other": back[..., 2],
        "orbit": np.abs(orbit - orbit[:, :1]),
    }


def _touch(pair: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Name -> (N, T): how near the first person's more used hand is to parts of the second's body (N, T, 2, 22, 3)."""
    used = _more_used(_hands(pair))[:, 0]
    hand = np.take_along_axis(pair[:, :, 0, _WRISTS], used[:, None, None, None], axis=2)
    gap = _gaps(hand, pair[:, :, 1])[:, :, 0]
    axes = _chest_axes(pair[:, :, 1])
    behind = np.einsum("nti,nti->nt", axes[..., 2, :], hand[:, :, 0] - pair[:, :, 1, _CHEST])
    nearest = gap[..., _WRISTS].min(axis=-1)
    joined = nearest < np.minimum(nearest.min(axis=1, keepdims=True) + 0.02, 0.2)
    height = hand[:, :, 0, 1] - pair[:, :, 0, _SHOULDERS, 1].mean(-1)
    mean = np.sum(height * joined, axis=1, keepdims=True) / np.maximum(joined.sum(axis=1, keepdims=True), 1)
    return {
        "hand to hands": nearest,
        "hand to elbows": gap[..., _ELBOWS].min(axis=-1),
        "hand to chest": gap[..., [_CHEST, _NECK]].min(axis=-1),
        "hand to head": gap[..., _HEAD],
        "hand to shoulders": gap[..., _SHOULDERS].min(axis=-1),
        "hand to body": gap[..., [_PELVIS, _CHEST, INDEX["spine2"], _HEAD]].min(axis=-1),
        "hand in front of the other's chest": behind,
        # Elsewhere the mean, so that only what joined hands do counts.
        "height of joined hands": np.where(joined, height, mean),
        "shaking of joined hands": np.where(joined, height - _drift(height, fps), 0),
    }


def _drift(course: np.ndarray, fps: float) -> np.ndarray:
    """Mean of (N, T) over the time of a slow shake of hands."""
    window = 2 * round(_SHAKE_S * fps / 2) + 1
    padded = np.pad(course, [(0, 0), (window // 2, window // 2)], mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=1).mean(-1)


# From courses to numbers


def _summaries(courses: dict[str, np.ndarray], fps: float) -> dict[str, np.ndarray]:
    """One column for every course and every way to sum it up."""
    numbers = _summed_up(np.stack(list(courses.values()), axis=1), fps)  # each (N, C)
    return {f"{course}, {what}": value[:, c] for c, course in enumerate(courses) for what, value in numbers.items()}


def _summed_up(course: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """What (…, T) amounts to: where it goes, when, how quickly and how often; each (…)."""
    still = np.ptp(course, axis=-1, keepdims=True) < _STILL_M
    course = np.where(still, course[..., :1], course)
    low, high = course.min(axis=-1), course.max(axis=-1)
    span = high - low
    rate = np.diff(course, axis=-1) * fps
    change = np.diff(rate, axis=-1) * fps
    away = np.abs(course - course[..., :1])
    farthest = away.max(axis=-1)
    over = away > farthest[..., None] / 2
    begun, finished = _first_time(np.moveaxis(over, -1, 1), fps), _last_time(over, fps)
    risen = _first_time(np.moveaxis(away > 0.9 * farthest[..., None], -1, 1), fps)
    left = _first_time(np.moveaxis(away > 0.1 * farthest[..., None], -1, 1), fps)
    turns = {f"turns over {share:.0%} of the range": _turns(course, share * span) for share in _REVERSALS}
    turns["turns over 2.5 cm"] = _turns(course, np.full_like(span, _REVERSAL_M))
    often = turns[f"turns over {_REVERSALS[1]:.0%} of the range"]
    variation = np.abs(rate).sum(axis=-1) / fps
    return {
        "start": course[..., 0], "end": course[..., -1], "least": low, "greatest": high, "mean": course.mean(axis=-1), "range": span,
        "time of the least": np.argmin(course, axis=-1) / fps, "time of the greatest": np.argmax(course, axis=-1) / fps,
        "time half way": begun, "time back half way": finished, "seconds beyond half way": over.sum(axis=-1) / fps,
        "seconds from a tenth to nine tenths": risen - left,
        "greatest rate": rate.max(axis=-1), "least rate": rate.min(axis=-1), "rms rate": np.sqrt((rate**2).mean(axis=-1)),
        "rms change of rate": np.sqrt((change**2).mean(axis=-1)),
        "variation": variation, "variation over range": variation / np.maximum(span, 1e-3),
        "seconds a turn": (finished - begun) / (1 + often), "variation a turn": variation / (1 + often), **turns,
    }  # fmt: skip


def _first_time(flags: np.ndarray, fps: float) -> np.ndarray:
    """Seconds until the first true of (N, T, …) -> (N, …); the length of the clip where none is."""
    return np.where(flags.any(axis=1), np.argmax(flags, axis=1), flags.shape[1]) / fps


def _last_time(flags: np.ndarray, fps: float) -> np.ndarray:
    """Seconds until the last true of (…, T) -> (…); 0 where none is."""
    last = flags.shape[-1] - 1 - np.argmax(flags[..., ::-1], axis=-1)
    return np.where(flags.any(axis=-1), last, 0) / fps


def _turns(course: np.ndarray, size: np.ndarray) -> np.ndarray:
    """How often (…, T) turns and comes back by more than `size` (…): zero crossings of its direction with hysteresis."""
    low, high = course[..., 0].copy(), course[..., 0].copy()
    way, count = np.zeros(size.shape, int), np.zeros(size.shape)
    for value in np.moveaxis(course, -1, 0):
        low, high = np.minimum(low, value), np.maximum(high, value)
        rises, falls = (value - low > size) & (way <= 0), (high - value > size) & (way >= 0)
        count += (rises & (way < 0)) | (falls & (way > 0))
        low, high = np.where(falls, value, low), np.where(rises, value, high)
        way = np.where(rises, 1, np.where(falls, -1, way))
    return count
