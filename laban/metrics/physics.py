"""Could bodies move so: feet that slide, bodies below the floor or inside one another, people who touch when they should.

Letters: `T` frames, `P` people, `J` = 22 joints, `B` = 21 bones. Metres, Y up, floor at 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from laban.motion.skeleton import INDEX, JOINTS, PARENTS

TOES = (INDEX["left_foot"], INDEX["right_foot"])
CONTACT_HEIGHT_M = 0.05
"""A toe below this stands: Karunratanakul et al., GMD (ICCV 2023)."""
SKATE_M = 0.025
"""A standing toe that moves further from one frame to the next, at 30 fps, slides: GMD."""
GMD_FPS = 30.0
TOUCH_M = 0.05
"""People whose bodies are nearer than this touch: Li et al., OMOMO (SIGGRAPH Asia 2023)."""
CONTACT_RISE_M = 0.003
"""Ours: a toe less than this over where it rests stands; the sole of a shoe gives way by as much."""

# Ours: capsule radii in metres about the bone that ends in each joint of an adult of 1.70 m; thin on purpose (flesh gives way).
_RADII = {
    "spine1": 0.09, "spine2": 0.09, "spine3": 0.09, "neck": 0.06, "head": 0.07,
    "left_hip": 0.07, "right_hip": 0.07, "left_knee": 0.06, "right_knee": 0.06,
    "left_ankle": 0.04, "right_ankle": 0.04, "left_foot": 0.03, "right_foot": 0.03,
    "left_collar": 0.06, "right_collar": 0.06, "left_shoulder": 0.05, "right_shoulder": 0.05,
    "left_elbow": 0.035, "right_elbow": 0.035, "left_wrist": 0.03, "right_wrist": 0.03,
}  # fmt: skip
_RADIUS_B = np.array([_RADII[name] for name in JOINTS[1:]])
_ARM_B = np.array([name.endswith(("elbow", "wrist")) for name in JOINTS[1:]])
_LEG_B = np.array([name.endswith(("knee", "ankle", "foot")) for name in JOINTS[1:]])
_TRUNK_B = ~_ARM_B & ~_LEG_B
_PART_PAIRS = {
    "arm in arm": _ARM_B[:, None] & _ARM_B,
    "arm in trunk": (_ARM_B[:, None] & _TRUNK_B) | (_TRUNK_B[:, None] & _ARM_B),
    "trunk in trunk": _TRUNK_B[:, None] & _TRUNK_B,
    "leg in any": _LEG_B[:, None] | _LEG_B,
}


def foot_skate_ratio(positions: np.ndarray, *, fps: float) -> float:
    """Share of people's frames in which a standing toe slides, 0 … 1: (T, P, 22, 3) metres.

    GMD (ICCV 2023): lower than 5 cm before and after, and more than 2.5 cm moved over the floor; their distance is at 30 fps and
    is scaled to others. A single frame gives 0.
    """
    toes = _motion(positions)[:, :, list(TOES)]
    standing = (toes[1:, ..., 1] < CONTACT_HEIGHT_M) & (toes[:-1, ..., 1] < CONTACT_HEIGHT_M)
    moved = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1)
    sliding = (standing & (moved > SKATE_M * GMD_FPS / fps)).any(axis=-1)
    return float(sliding.mean()) if sliding.size else 0.0


def foot_skate_speed(positions: np.ndarray, *, fps: float) -> float:
    """Mean speed over the floor of standing toes, metres a second: (T, P, 22, 3) metres; 0 where nothing ever stands."""
    toes = _motion(positions)[:, :, list(TOES)]
    standing = (toes[1:, ..., 1] < CONTACT_HEIGHT_M) & (toes[:-1, ..., 1] < CONTACT_HEIGHT_M)
    moved = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1)
    return float(moved[standing].mean() * fps) if standing.any() else 0.0


def skate_per_contact(positions: np.ndarray, *, rise_m: float = CONTACT_RISE_M) -> list[float]:
    """Metres that a toe travels over the floor while it stands, one number for every time that a foot is put down.

    (T, P, 22, 3) metres. A toe stands while it is less than `rise_m` over the lowest that it gets to in the clip, two frames at
    least; the travel is the length of its way over the floor, so a foot that turns on the spot and one that trembles count too.
    """
    toes = _motion(positions)[:, :, list(TOES)]
    standing = toes[..., 1] < toes[..., 1].min(axis=0) + rise_m
    stays = standing[1:] & standing[:-1]
    moved = np.where(stays, np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1), 0.0)
    return [
        float(way.sum()) for person, foot in np.ndindex(stays.shape[1:]) for way in _runs(moved[:, person, foot], stays[:, person, foot])
    ]


def _runs(values: np.ndarray, flags: np.ndarray) -> list[np.ndarray]:
    """The stretches of (T,) in which flags hold without a break."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(int)))
    return [values[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def floor_penetration(positions: np.ndarray) -> np.ndarray:
    """Depth in metres of each person's lowest joint below the floor: (T, P, 22, 3) metres -> (T, P), 0 above it.

    Yuan et al., PhysDiff (ICCV 2023), take its mean.
    """
    return np.clip(-_motion(positions)[..., 1].min(axis=-1), 0.0, None)


def body_penetration(positions: np.ndarray) -> np.ndarray:
    """Depth in metres of the deepest overlap of two people's limbs, frame by frame: (T, P, 22, 3) metres -> (T,), 0 where apart.

    Ours, since the field measures it on meshes that may not be shipped: bones are capsules, and the depth of two is the sum
    of their radii less the distance of their axes. Raises `ValueError` where there is one person only.
    """
    return np.clip(-least_gap(positions), 0.0, None)


def least_gap(positions: np.ndarray) -> np.ndarray:
    """Metres between the bodies of two people where they are nearest, frame by frame, less than 0 where they overlap; infinite from
    `TOUCH_M` on. (T, P, 22, 3) metres -> (T,); capsules, as in `body_penetration`.
    """
    return _gaps(positions, within=TOUCH_M).min(axis=(1, 2))


def penetration_by_part(positions: np.ndarray) -> dict[str, np.ndarray]:
    """`body_penetration` of parts of the body in one another: `arm in arm`, `arm in trunk`, `trunk in trunk` and `leg in any`, each (T,).

    The head counts to the trunk. Hands that meet overlap as arms: a skeleton ends at the wrists, and these come to lie where
    the palms are.
    """
    depth = np.clip(-_gaps(positions, within=0.0), 0.0, None)
    return {name: np.max(depth[:, mask], axis=-1, initial=0.0) for name, mask in _PART_PAIRS.items()}


def touching(positions: np.ndarray) -> np.ndarray:
    """In which frames two people touch, their limbs being nearer than `TOUCH_M`: (T, P, 22, 3) metres -> (T,) booleans."""
    return least_gap(positions) < TOUCH_M


def contact_f1(predicted: Sequence[np.ndarray], target: Sequence[np.ndarray]) -> float | None:
    """F1 of the frames in which people touch, (T,) booleans of each clip, over all clips; None where nobody ever touches in either.

    Li et al., OMOMO (SIGGRAPH Asia 2023), have it of hands and objects.
    """
    both, either = 0, 0
    for one, other in zip(predicted, target, strict=True):
        both += int((one & other).sum())
        either += int(one.sum() + other.sum())
    return 2 * both / either if either else None


def people_apart(positions: np.ndarray) -> float:
    """Mean distance of the first two people's pelvises over the floor, metres: (T, P >= 2, 22, 3) metres."""
    between = _motion(positions)[:, 0, 0] - positions[:, 1, 0]
    return float(np.linalg.norm(between[:, [0, 2]], axis=-1).mean())


def _gaps(positions: np.ndarray, *, within: float) -> np.ndarray:
    """(T, B, B) metres between the surfaces of each bone of one person and each of another, the least over pairs of people.

    Right where less than `within`, infinite elsewhere: most bones are far apart, which the distance of their middles shows at once.
    """
    positions = _motion(positions)
    people = positions.shape[1]
    if people < 2:
        raise ValueError(f"bodies of {people} people in one another: expected 2 at least")
    starts, ends = positions[:, :, list(PARENTS[1:])], positions[:, :, 1:]
    middles, halves = (starts + ends) / 2, np.linalg.norm(ends - starts, axis=-1) / 2
    gaps = np.full((len(positions), len(_RADIUS_B), len(_RADIUS_B)), np.inf)
    for one, other in itertools.combinations(range(people), 2):
        reach = (halves[:, one] + _RADIUS_B)[:, :, None] + (halves[:, other] + _RADIUS_B)[:, None] + within
        frame, first, second = np.nonzero(_squares(middles[:, one], middles[:, other]) < reach**2)
        distance = _segment_distance(
            starts[frame, one, first], ends[frame, one, first], starts[frame, other, second], ends[frame, other, second]
        )
        found = distance - _RADIUS_B[first] - _RADIUS_B[second]
        gaps[frame, first, second] = np.minimum(gaps[frame, first, second], found)
    return np.where(gaps < within, gaps, np.inf)


def _squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(T, B, 3) twice -> (T, B, B) squared distances."""
    return sum((first[:, :, None, axis] - second[:, None, :, axis]) ** 2 for axis in range(3))  # type: ignore[return-value]


def _segment_distance(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Least distance of segments ab and cd, (…, 3) broadcast: Ericson, Real-Time Collision Detection (2005), section 5.1.9."""
    u, v, w = b - a, d - c, a - c
    uu, vv, uv = _dot(u, u), _dot(v, v), _dot(u, v)
    uw, vw = _dot(u, w), _dot(v, w)
    tiny = 1e-12  # of m²: a bone of no length, or parallel bones, where any point of the first serves
    s = np.clip(_ratio(uv * vw - uw * vv, uu * vv - uv**2, tiny), 0.0, 1.0)
    t = np.clip(_ratio(uv * s + vw, vv, tiny), 0.0, 1.0)
    s = np.clip(_ratio(uv * t - uw, uu, tiny), 0.0, 1.0)
    return np.linalg.norm(w + s[..., None] * u - t[..., None] * v, axis=-1)


def _dot(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first * second).sum(axis=-1)


def _ratio(numerator: np.ndarray, denominator: np.ndarray, tiny: float) -> np.ndarray:
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator > tiny)


def _motion(positions: np.ndarray) -> np.ndarray:
    positions = np.asarray(positions, np.float64)
    if positions.ndim != 4 or positions.shape[2:] != (len(JOINTS), 3) or not positions.size:
        raise ValueError(f"motion {positions.shape}: expected (T, P, {len(JOINTS)}, 3)")
    return positions
