"""From what a choreography says (feet, lean, hands) to joint rotations: inverse kinematics of many pairs at once.

Letters: `N` clips, `T` frames, `P` = 2 people, `H` = 2 sides (0 left, 1 right). A person's own frame: x to the left, y up, z
forward, origin on the floor where the person starts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from laban.motion.kinematics import bone_rotations, chain_positions, local_rotations, two_bone_ik
from laban.motion.rotations import dot, pitch, roll, rotate, to_6d, unit, yaw
from laban.motion.skeleton import INDEX, PARENTS

TOE_HEIGHT = 0.02
"""Metres of the `foot` joint over the floor in a standing person (the joint lies inside the foot)."""
REACH = 0.975
"""Share of the arm's length that a hand may be away from its shoulder when it touches."""
LEG_STRETCH = 0.993
_BOB_FRAMES = 9
"""Window over which the pelvis settles to the height that both legs allow: 0.3 s."""
_CHEST_GAP = 0.15
"""Metres from the chest's joint to the wrist of a hand that pushes against it: half a chest and a palm."""
_TORSO = ("spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar")
_ENDS = ("left_hip", "right_hip", "left_shoulder", "right_shoulder")
_HIP, _KNEE, _ANKLE, _FOOT, _SHOULDER, _ELBOW, _WRIST = (
    [INDEX[f"left_{part}"], INDEX[f"right_{part}"]] for part in ("hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist")
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
    """(…, H) radians."""
    pelvis: np.ndarray
    """(…, 2) x and z, own frame; the height follows from the legs."""
    lean: np.ndarray
    """(…) radians that pelvis and spine bend forward."""
    twist: np.ndarray
    """(…) radians that the chest turns to the left."""
    tilt: np.ndarray
    """(…) radians that the pelvis rolls."""
    turn: np.ndarray
    """(…) radians that the pelvis turns to the left of the person's heading."""
    head: np.ndarray
    """(…, 2) pitch (down) and yaw of neck and head together."""
    hands: np.ndarray
    """(…, H, 3) wrist from its shoulder, in the chest's frame."""
    reach: np.ndarray
    """(…, H) 0 to 1: how far the hand has left `hands` for the point of contact."""
    raised: np.ndarray
    """(…, H) 0 to 1: how far the elbow points outward and down instead of back."""
    contact: np.ndarray
    """(…, 3) where the hands meet, in the pair's frame; not used where `pushes`."""

    @classmethod
    def zeros(cls, frames: int, people: int = 2) -> Controls:
        """Nobody does anything."""
        tails = {"feet": (2, 2), "pelvis": (2,), "head": (2,), "hands": (2, 3), "contact": (3,)}
        sided = ("lift", "foot_pitch", "foot_yaw", "reach", "raised")
        tails |= dict.fromkeys(sided, (2,))
        return cls(**{field.name: np.zeros((frames, people, *tails.get(field.name, ()))) for field in fields(cls)})

    @classmethod
    def stack(cls, controls: list[Controls]) -> Controls:
        """Controls of N clips with leading axes (N, T, P)."""
        return cls(**{field.name: np.stack([getattr(one, field.name) for one in controls]) for field in fields(cls)})


def solve(
    controls: Controls, offsets: np.ndarray, heading: np.ndarray, origin: np.ndarray, pushes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotations (N, T, P, 22, 6), root (N, T, P, 3) and positions (N, T, P, 22, 3), float32, in the pair's frame.

    `offsets` (N, P, 22, 3) are the bodies, `heading` (N, P) radians and `origin` (N, P, 3) each person's own frame, and
    `pushes` (N,) tells whose hands go to the other's chest instead of to `controls.contact`.
    """
    bodies = np.asarray(offsets, np.float64)[:, None]
    facing = yaw(heading)[:, None]
    joints = np.empty((*controls.lean.shape, *offsets.shape[-2:]))
    world = np.empty((*joints.shape, 3))

    ankles = _ankles(controls, bodies)
    ankles = rotate(facing[..., None, :, :], ankles) + origin[:, None, :, None]
    world[..., 0, :, :] = facing @ yaw(controls.turn) @ pitch(0.45 * controls.lean) @ roll(controls.tilt)
    joints[..., 0, :] = _pelvis(controls, bodies, world[..., 0, :, :], ankles, facing, origin)
    _torso(controls, bodies, world, joints)
    _legs(controls, bodies, world, joints, ankles, heading)
    _arms(controls, bodies, world, joints, pushes)

    rotations = to_6d(local_rotations(world)).astype(np.float32)
    # The same chain as forward kinematics of the rotations, without their rounding to float32 (under 1e-6 m).
    positions = chain_positions(world, bodies, joints[..., 0, :]).astype(np.float32)
    return rotations, positions[..., 0, :].copy(), positions


def _ankles(controls: Controls, bodies: np.ndarray) -> np.ndarray:
    """(…, H, 3) in the own frame: the foot pitches about its toes, which are as high as the sole's lift puts them."""
    down, ahead = -bodies[..., _FOOT, 1], bodies[..., _FOOT, 2]
    cosine, sine = np.cos(controls.foot_pitch), np.sin(controls.foot_pitch)
    height = TOE_HEIGHT + down * cosine + ahead * sine + controls.lift
    forward = ahead * (1 - cosine) + down * sine
    x, z = forward * np.sin(controls.foot_yaw), forward * np.cos(controls.foot_yaw)
    return np.stack([controls.feet[..., 0] + x, height, controls.feet[..., 1] + z], axis=-1)


def _pelvis(
    controls: Controls, bodies: np.ndarray, rotation: np.ndarray, ankles: np.ndarray, facing: np.ndarray, origin: np.ndarray
) -> np.ndarray:
    """(…, 3): as high as both legs allow, smoothed by an erosion and a mean over the same window, which never exceeds the limit."""
    flat = np.stack([controls.pelvis[..., 0], np.zeros_like(controls.lean), controls.pelvis[..., 1]], axis=-1)
    pelvis = rotate(facing, flat) + origin[:, None]
    hips = rotate(rotation[..., None, :, :], bodies[..., _HIP, :])
    sideways = (pelvis[..., None, :] + hips - ankles)[..., [0, 2]]
    length = LEG_STRETCH * (np.linalg.norm(bodies[..., _KNEE, :], axis=-1) + np.linalg.norm(bodies[..., _ANKLE, :], axis=-1))
    limit = ankles[..., 1] + np.sqrt(np.maximum(length**2 - np.sum(sideways**2, axis=-1), 0.01)) - hips[..., 1]
    limit = minimum_filter1d(limit.min(axis=-1), _BOB_FRAMES, axis=1, mode="nearest")
    pelvis[..., 1] = uniform_filter1d(limit, _BOB_FRAMES, axis=1, mode="nearest")
    return pelvis


def _torso(controls: Controls, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray) -> None:
    """Fill spine, head and collars, and the positions of hips and shoulders."""
    bend = pitch(controls.lean * 0.55 / 3) @ yaw(controls.twist / 3)
    nod = pitch(controls.head[..., 0] / 2) @ yaw(controls.head[..., 1] / 2)
    # A reaching arm takes its collarbone along: forward, about the vertical.
    protract = 0.2 * np.maximum(controls.reach, 0.4 * controls.raised)
    local = dict(zip(_TORSO, (bend, bend, bend, nod, nod, yaw(-protract[..., 0]), yaw(protract[..., 1])), strict=True))
    for name in (*_TORSO, *_ENDS):
        joint, parent = INDEX[name], PARENTS[INDEX[name]]
        joints[..., joint, :] = joints[..., parent, :] + rotate(world[..., parent, :, :], bodies[..., joint, :])
        if name in local:
            world[..., joint, :, :] = world[..., parent, :, :] @ local[name]


def _legs(controls: Controls, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray, ankles: np.ndarray, heading: np.ndarray) -> None:
    """Legs that end on the ankles given; knees bend the way the toes point."""
    direction = heading[:, None, :, None] + controls.foot_yaw
    forward = np.stack([np.sin(direction), np.zeros_like(direction), np.cos(direction)], axis=-1)
    _limb(bodies, world, joints, (_HIP, _KNEE, _ANKLE), ankles, forward, np.array([0.0, 0.0, 1.0]))
    world[..., _ANKLE, :, :] = yaw(direction) @ pitch(controls.foot_pitch)
    world[..., _FOOT, :, :] = world[..., _ANKLE, :, :]


def _arms(controls: Controls, bodies: np.ndarray, world: np.ndarray, joints: np.ndarray, pushes: np.ndarray) -> None:
    """Arms between where they hang and the point of contact; wrists straight."""
    chest = world[..., INDEX["spine3"], None, :, :]
    hanging = joints[..., _SHOULDER, :] + rotate(chest, controls.hands)
    contact = np.where(pushes[:, None, None, None, None], _chest_points(joints), _meeting_points(controls, bodies, joints))
    target = hanging + controls.reach[..., None] * (contact - hanging)
    side = np.array([1.0, -1.0])
    # Elbows of hanging arms point back, those of raised arms down and out.
    low = np.stack([0.25 * side, np.full(2, -0.1), np.full(2, -1.0)], axis=-1)
    high = np.stack([0.55 * side, np.full(2, -0.9), np.full(2, -0.15)], axis=-1)
    pole = rotate(chest, low + controls.raised[..., None] * (high - low))
    _limb(bodies, world, joints, (_SHOULDER, _ELBOW, _WRIST), target, pole, np.array([0.0, 0.0, -1.0]))
    world[..., _WRIST, :, :] = world[..., _ELBOW, :, :]


def _chest_points(joints: np.ndarray) -> np.ndarray:
    """(N, T, P, H, 3): in front of the other's chest, on the side of the hand that comes."""
    chest = joints[..., INDEX["spine3"], :]
    line = chest - chest[..., ::-1, :]
    line[..., 1] = 0
    toward = unit(line)
    left = np.stack([toward[..., 2], np.zeros_like(toward[..., 0]), -toward[..., 0]], axis=-1)
    # `toward` points from the other to oneself, so one's own left lies on its right.
    side = np.array([-1.0, 1.0])[:, None]
    return (chest[..., ::-1, :] + _CHEST_GAP * toward)[..., None, :] + 0.07 * side * left[..., None, :] + np.array([0.0, 0.06, 0.0])


def _meeting_points(controls: Controls, bodies: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(N, T, P, H, 3): the point nearest to `contact` that both people's same-sided hands reach, by alternating projection.

    A centimetre stays between the two wrists.
    """
    shoulders = joints[..., _SHOULDER, :]
    length = REACH * (np.linalg.norm(bodies[..., _ELBOW, :], axis=-1) + np.linalg.norm(bodies[..., _WRIST, :], axis=-1))
    point = np.broadcast_to(controls.contact[..., :1, None, :], shoulders[..., :1, :, :].shape)[..., 0, :, :]
    for person in (0, 1, 0, 1, 0, 1):
        away = point - shoulders[..., person, :, :]
        distance = np.sqrt(dot(away, away))
        point = shoulders[..., person, :, :] + away * np.minimum(1, length[..., person, :, None] / distance)
    apart = 0.005 * unit(shoulders - shoulders[..., ::-1, :, :])
    return point[..., None, :, :] + apart


def _limb(
    bodies: np.ndarray,
    world: np.ndarray,
    joints: np.ndarray,
    chain: tuple[list[int], list[int], list[int]],
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
