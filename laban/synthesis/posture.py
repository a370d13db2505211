"""From what a choreography says (feet, lean, hands) to joint rotations: inverse kinematics of many clips at once.

Letters: `N` clips, `T` frames, `P` people, `H` = 2 sides (0 left, 1 right). A person's own frame: x to the left, y up, z
forward, origin on the floor where the person starts; angles are positive to the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from laban.motion.kinematics import bone_rotations, local_rotations, two_bone_ik
from laban.motion.rotations import compose, dot, pitch, roll, rotate, to_6d, unit, vector, yaw
from laban.motion.skeleton import INDEX, PARENTS

TOE_HEIGHT = 0.02
"""Metres of the `foot` joint over the floor in a standing person (the joint lies inside the foot)."""
REACH = 0.975
"""Share of the arm's length that a hand may be away from its shoulder when it touches."""
LEG_STRETCH = 0.993
_BOB_FRAMES = 9
"""Window over which the pelvis settles to the height that both legs allow: 0.3 s."""
POINT, MEET = -2, -1
"""Where a hand goes when it reaches: to `Controls.contact`, or to the partner's hand there; a joint's number: to the partner's body."""
_TORSO = ("spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar")
_ENDS = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
# Left and right are neighbours: slices give views, lists would copy.
_HIP, _KNEE, _ANKLE, _FOOT, _SHOULDER, _ELBOW, _WRIST = (
    slice(INDEX[f"left_{part}"], INDEX[f"right_{part}"] + 1) for part in ("hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist")
)


@dataclass
class Controls:
    """What the people of a clip do; each array has leading axes (T, P) or (N, T, P)."""

    feet: np.ndarray
    """(…, H, 2) x and z of the ankles, own frame."""
    lift: np.ndarray
    """(…, H) metres of the sole over the floor."""
    foot_pitch: np.ndarray
    """(…, H) radians, toes down."""
    foot_yaw: np.ndarray
    """(…, H) radians, own frame."""
    facing: np.ndarray
    """(…) radians that the whole body has turned, own frame."""
    pelvis: np.ndarray
    """(…, 2) x and z, own frame; the height follows from the legs."""
    drop: np.ndarray
    """(…) metres that the pelvis is lower than straight legs would let it be."""
    lean: np.ndarray
    """(…) radians that pelvis and spine bend forward."""
    sway: np.ndarray
    """(…) radians that the spine bends to the left."""
    twist: np.ndarray
    """(…) radians that the chest turns to the left of the pelvis."""
    tilt: np.ndarray
    """(…) radians that the pelvis rolls."""
    turn: np.ndarray
    """(…) radians that the pelvis turns to the left of `facing`."""
    head: np.ndarray
    """(…, 2) pitch (down) and yaw of neck and head together."""
    hands: np.ndarray
    """(…, H, 3) wrist from its shoulder, in the chest's frame."""
    reach: np.ndarray
    """(…, H) 0 to 1: how far the hand has left `hands` for what it reaches for."""
    raised: np.ndarray
    """(…, H) 0 to 1: how far the elbow points outward and down instead of back."""
    elbow: np.ndarray
    """(…, H) radians that the elbow of a raised arm is lifted outward from where it points by itself, about 1 to be level."""
    around: np.ndarray
    """(…, H, 3) metres that a hand is yet away from the goal on the partner's body, in that joint's frame: its way round the body."""
    contact: np.ndarray
    """(…, H, 3) where a hand goes (`POINT`), or where it meets the partner's (`MEET`: person 0's is taken); in the pair's frame."""

    @classmethod
    def zeros(cls, frames: int, people: int = 2) -> Controls:
        """Nobody does anything."""
        tails = {"feet": (2, 2), "pelvis": (2,), "head": (2,), "hands": (2, 3), "contact": (2, 3), "around": (2, 3)}
        tails |= dict.fromkeys(("lift", "foot_pitch", "foot_yaw", "reach", "raised", "elbow"), (2,))
        return cls(**{field.name: np.zeros((frames, people, *tails.get(field.name, ()))) for field in fields(cls)})

    @classmethod
    def stack(cls, controls: Sequence[Controls]) -> Controls:
        """Controls of N clips with leading axes (N, T, P)."""
        return cls(**{field.name: stacked([getattr(one, field.name) for one in controls]) for field in fields(cls)})


@dataclass
class Goals:
    """What hands reach for, the whole clip long; each array has leading axes (P, H) or (N, P, H)."""

    kind: np.ndarray
    """`POINT`, `MEET`, or the number of a joint of the partner's trunk or head."""
    at: np.ndarray
    """(…, 3) metres from that joint, in its frame (x left, y up, z forward of that body)."""
    hand: np.ndarray
    """The partner's hand that is met."""
    gap: np.ndarray
    """Half the metres between two wrists that meet."""

    @classmethod
    def none(cls, people: int = 2) -> Goals:
        """Same-sided hands that meet a centimetre apart."""
        kind, hand = np.full((people, 2), MEET), np.broadcast_to([0, 1], (people, 2)).copy()
        return cls(kind=kind, at=np.zeros((people, 2, 3)), hand=hand, gap=np.full((people, 2), 0.005))

    @classmethod
    def stack(cls, goals: Sequence[Goals]) -> Goals:
        """Goals of N clips with leading axes (N, P, H)."""
        return cls(**{field.name: np.stack([getattr(one, field.name) for one in goals]) for field in fields(cls)})


def _empty(leading: tuple[int, ...], *tail: int) -> np.ndarray:
    """(N, T, P, …tail) whose memory has the tail outermost and the frames innermost.

    Each component of each joint is then one long row, also beside what a body has once for all frames: see `laban.motion.rotations`.
    """
    clips, frames, people = leading
    return np.moveaxis(np.empty((*tail, clips, people, frames)), (-3, -1, -2), (0, 1, 2))


def stacked(each: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """(T, P, …) of N clips -> (N, T, P, …) in the layout of `_empty`: a single operand in another one spoils that of the result."""
    frames, people, *tail = each[0].shape
    return np.stack(list(each), out=_empty((len(each), frames, people), *tail))


def solve(
    controls: Controls, goals: Goals, offsets: np.ndarray, heading: np.ndarray, origin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations (N, T, P, 22, 6), root (N, T, P, 3) and positions (N, T, P, 22, 3), float32, in the pair's frame.

    `offsets` (N, P, 22, 3) are the bodies, `heading` (N, P) radians and `origin` (N, P, 3) each person's own frame.
    """
    bodies, origin = stacked(offsets[:, None]), stacked(origin[:, None])
    frame = yaw(heading[:, None])
    joints = _empty(controls.lean.shape, len(PARENTS), 3)
    world = _empty(controls.lean.shape, len(PARENTS), 3, 3)

    ankles = _ankles(controls, bodies)
    ankles = rotate(frame[..., None, :, :], ankles) + origin[..., None, :]
    facing = yaw(heading[:, None] + controls.facing + controls.turn)
    world[..., 0, :, :] = compose(compose(facing, pitch(0.45 * controls.lean)), roll(controls.tilt))
    joints[..., 0, :] = _pelvis(controls, bodies, world[..., 0, :, :], ankles, frame, origin)
    _torso(controls, bodies, world, joints)
    _legs(controls, bodies, world, joints, ankles, heading)
    _arms(controls, goals, bodies, world, joints)

    rotations = to_6d(local_rotations(world, 2).astype(np.float32))
    # The same places as by forward kinematics of the rotations, without their rounding to float32 (under 1e-6 m).
    positions = np.ascontiguousarray(joints, np.float32)
    return rotations, positions[..., 0, :].copy(), positions


def _ankles(controls: Controls, bodies: np.ndarray) -> np.ndarray:
    """(…, H, 3) in the own frame: the foot pitches about its toes, which are as high as the sole's lift puts them."""
    down, ahead = -bodies[..., _FOOT, 1], bodies[..., _FOOT, 2]
    cosine, sine = np.cos(controls.foot_pitch), np.sin(controls.foot_pitch)
    height = TOE_HEIGHT + down * cosine + ahead * sine + controls.lift
    forward = ahead * (1 - cosine) + down * sine
    x, z = forward * np.sin(controls.foot_yaw), forward * np.cos(controls.foot_yaw)
    return vector(controls.feet[..., 0] + x, height, controls.feet[..., 1] + z)


def _pelvis(
    controls: Controls, bodies: np.ndarray, rotation: np.ndarray, ankles: np.ndarray, frame: np.ndarray, origin: np.ndarray
) -> np.ndarray:
    """(…, 3): as high as both legs allow, smoothed by an erosion and a mean over the same window, which never exceeds the limit."""
    flat = vector(controls.pelvis[..., 0], 0.0, controls.pelvis[..., 1])
    pelvis = rotate(frame, flat) + origin
    hips = rotate(rotation[..., None, :, :], bodies[..., _HIP, :])
    sideways = (pelvis[..., None, :] + hips - ankles)[..., [0, 2]]
    length = LEG_STRETCH * (np.linalg.norm(bodies[..., _KNEE, :], axis=-1) + np.linalg.norm(bodies[..., _ANKLE, :], axis=-1))
    limit = ankles[..., 1] + np.sqrt(np.maximum(length**2 - np.sum(sideways**2, axis=-1), 0.01)) - hips[..., 1]
    limit = minimum_filter1d(limit.min(axis=-1), _BOB_FRAMES, axis=1, mode="nearest")
    pelvis[..., 1] = uniform_filter1d(limit, _BOB_FRAMES, axis=1, mode="nearest") - controls.drop
    return pelvis


def _torso(controls: Controls, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray) -> None:
    """Fill spine, head and collars, and the positions of hips and shoulders."""
    bend = compose(compose(pitch(controls.lean * 0.55 / 3), roll(-controls.sway / 3)), yaw(controls.twist / 3))
    nod = compose(pitch(controls.head[..., 0] / 2), yaw(controls.head[..., 1] / 2))
    # A reaching arm takes its collarbone along: forward, about the vertical.
    protract = 0.2 * np.maximum(controls.reach, 0.4 * controls.raised)
    local = dict(zip(_TORSO, (bend, bend, bend, nod, nod, yaw(-protract[..., 0]), yaw(protract[..., 1])), strict=True))
    for name in (*_TORSO, *_ENDS):
        joint, parent = INDEX[name], PARENTS[INDEX[name]]
        joints[..., joint, :] = joints[..., parent, :] + rotate(world[..., parent, :, :], bodies[..., joint, :])
        if name in local:
            world[..., joint, :, :] = compose(world[..., parent, :, :], local[name])


def _legs(controls: Controls, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray, ankles: np.ndarray, heading: np.ndarray) -> None:
    """Legs that end on the ankles given; knees bend the way the toes point, in the upright plane of the foot."""
    direction = heading[:, None, :, None] + controls.foot_yaw
    x, y, z = np.moveaxis(ankles - joints[..., _HIP, :], -1, 0)
    sine, cosine = np.sin(direction), np.cos(direction)
    # The toes' direction turned up with the leg: of a kick that is level, the knee points to the ceiling.
    pole = vector(-y * sine, x * sine + z * cosine, -y * cosine)
    _limb(bodies, world, joints, (_HIP, _KNEE, _ANKLE), ankles, pole, np.array([0.0, 0.0, 1.0]))
    world[..., _ANKLE, :, :] = compose(yaw(direction), pitch(controls.foot_pitch))
    world[..., _FOOT, :, :] = world[..., _ANKLE, :, :]
    joints[..., _FOOT, :] = joints[..., _ANKLE, :] + rotate(world[..., _ANKLE, :, :], bodies[..., _FOOT, :])


def _arms(controls: Controls, goals: Goals, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray) -> None:
    """Arms between where they hang and what they reach for; wrists straight."""
    chest = world[..., INDEX["spine3"], None, :, :]
    hanging = joints[..., _SHOULDER, :] + rotate(chest, controls.hands)
    target = hanging + controls.reach[..., None] * (_goals(controls, goals, bodies, world, joints) - hanging)
    side = np.array([1.0, -1.0])
    # Elbows of hanging arms point back, those of raised arms down and out.
    low = vector(0.25 * side, -0.1, -1.0)
    angle = controls.elbow - 1.02
    high = vector(1.05 * np.cos(angle) * side, 1.05 * np.sin(angle), -0.15)
    pole = rotate(chest, low + controls.raised[..., None] * (high - low))
    _limb(bodies, world, joints, (_SHOULDER, _ELBOW, _WRIST), target, pole, np.array([0.0, 0.0, -1.0]))
    world[..., _WRIST, :, :] = world[..., _ELBOW, :, :]


def _goals(controls: Controls, goals: Goals, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(N, T, P, H, 3): where each hand goes when it reaches; a person's partner is the other one of the first two."""
    found = controls.contact.copy(order="K")
    if joints.shape[2] < 2:
        return found
    meets = _meeting_points(controls, goals, bodies, joints)
    found[:, :, :2] = np.where((goals.kind[:, None, :2] == MEET)[..., None], meets, found[:, :, :2])
    clip, person, hand = np.nonzero(goals.kind[:, :2] >= 0)
    joint, other = goals.kind[clip, person, hand], 1 - person
    at = goals.at[clip, person, hand][:, None] + controls.around[clip, :, person, hand]
    found[clip, :, person, hand] = joints[clip, :, other, joint] + rotate(world[clip, :, other, joint], at)
    return found


def _meeting_points(controls: Controls, goals: Goals, bodies: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(N, T, 2, H, 3): the point nearest to `contact` that both people's hands reach, by alternating projection.

    Wrists stay `gap` away from it on either side. Pairs of hands are in the order of person 0's.
    """
    clip, own = np.arange(len(goals.hand))[:, None], goals.hand[:, 0]
    upper, lower = (np.linalg.norm(bodies[:, :, :2][..., joint, :], axis=-1) for joint in (_ELBOW, _WRIST))
    shoulders, length = joints[:, :, :2][..., _SHOULDER, :].copy(order="K"), REACH * (upper + lower)
    shoulders[:, :, 1] = shoulders[clip, :, 1, own].swapaxes(1, 2)
    length[:, :, 1] = length[clip, :, 1, own].swapaxes(1, 2)
    point = controls.contact[:, :, 0]
    for person in (0, 1, 0, 1, 0, 1):
        away = point - shoulders[:, :, person]
        distance = np.sqrt(dot(away, away))
        point = shoulders[:, :, person] + away * np.minimum(1, length[:, :, person, :, None] / np.maximum(distance, 1e-9))
    gap = np.stack([goals.gap[:, 0], goals.gap[clip, 1, own]], axis=1)
    apart = stacked(gap[:, None])[..., None] * unit(shoulders - shoulders[:, :, ::-1])
    found = point[:, :, None] + apart
    found[:, :, 1] = found[clip, :, 1, goals.hand[:, 1]].swapaxes(1, 2)
    return found


def _limb(
    bodies: np.ndarray,
    world: np.ndarray,
    joints: np.ndarray,
    chain: tuple[slice, slice, slice],
    target: np.ndarray,
    pole: np.ndarray,
    rest_pole: np.ndarray,
) -> None:
    """Fill both sides' upper and lower bones and their joints."""
    start, middle, end = chain
    upper, lower = bodies[..., middle, :], bodies[..., end, :]
    lengths = (np.linalg.norm(upper, axis=-1, keepdims=True), np.linalg.norm(lower, axis=-1, keepdims=True))
    bent, tip, hinge = two_bone_ik(joints[..., start, :], target, lengths, pole)
    world[..., start, :, :] = bone_rotations(upper, rest_pole, bent - joints[..., start, :], hinge)
    world[..., middle, :, :] = bone_rotations(lower, rest_pole, tip - bent, hinge)
    joints[..., middle, :], joints[..., end, :] = bent, tip
