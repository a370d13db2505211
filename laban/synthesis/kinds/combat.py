"""Punch and block, kick and dodge: one attacks, the other is not hit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from laban.motion.skeleton import INDEX
from laban.synthesis.choreography import Choreography, bump, ease
from laban.synthesis.kinds.greeting import come_into_range

BLOCKED = {"low": 0.44, "normal": 0.33, "high": 0.21}
"""Metres before the other's spine at which a punch is stopped: half-hearted ones earlier."""
KICK = {"low": 0.42, "normal": 0.8, "high": 1.1}
"""Metres over the floor that a kicking foot comes to, of an adult of 1.70 m."""


def punch_block(c: Choreography) -> None:
    """The starter punches at the other's face; the other stops the fist each time with the forearm that is opposite."""
    t, pace, size = c.t, c.pace, c.size
    c.face_to_face(1.42 * c.arms[c.first] * (1 + 0.02 * c.noise("apart", 0)))
    period, strike = 0.52 * pace, 0.21 * pace
    contacts = [c.onset + 0.74 * pace + number * period for number in range(c.style.repetitions)]
    end = contacts[-1] + 0.2 * pace
    guard = 1 - c.hand
    _raise_guard(c, c.first, c.onset, end, c.hand)
    _raise_guard(c, c.second, c.onset + 0.5 * c.lag, end, guard)
    hands = (c.hand, guard) if c.first == 0 else (guard, c.hand)
    c.meet(*hands, _before_face(c, BLOCKED[c.style.energy]), gap=0.025)
    punches = np.sum([bump(t, at - strike, strike, 0.03, period - strike - 0.05) for at in contacts], axis=0)
    blocks = np.sum([bump(t, at - 0.95 * strike, 0.95 * strike, 0.05, period - strike - 0.06) for at in contacts], axis=0)
    wound = np.sum([bump(t, at - 2.1 * strike, 1.1 * strike, 0.01, strike) for at in contacts], axis=0)
    c.reach_out(c.first, c.hand, punches, twist=0.2 + 0.16 * size)
    c.reach_out(c.second, guard, blocks, twist=0.1)
    c.controls.hands[:, c.first, c.hand, 2] -= 0.07 * size * wound
    c.controls.twist[:, c.first] += 0.16 * size * c.side * wound
    c.controls.lean[:, c.first] += 0.07 * size * punches - 0.03 * size * wound
    c.controls.lean[:, c.second] -= 0.05 * size * blocks
    c.controls.head[:, c.second] += (0.06 * size * blocks)[:, None] * np.array([1, c.side])


def _raise_guard(c: Choreography, person: int, start: float, end: float, hand: int) -> None:
    """Fists before the chest, the acting one a little lower and nearer."""
    up = ease(c.t, start, 0.5 * c.pace) - ease(c.t, end, 0.5 * c.pace)
    c.hold_hand(person, hand, [-0.02, -0.06, 0.2], up)
    c.hold_hand(person, 1 - hand, [-0.04, -0.13, 0.19], up)
    c.controls.drop[:, person] += 0.03 * up


def _before_face(c: Choreography, ahead: float) -> np.ndarray:
    """(3,): so many metres before the second person's face, towards the first, and no higher than the first can strike."""
    spots = {person: c.spot(person) for person in (c.first, c.second)}
    way = (spots[c.first] - spots[c.second]) / np.hypot(*(spots[c.first] - spots[c.second]))
    x, z = spots[c.second] + ahead * way
    return np.array([x, min(c.shoulder_height(c.second) + 0.16, c.shoulder_height(c.first) + 0.2), z])


def kick_dodge(c: Choreography) -> None:
    """The starter kicks forward, the other leans and steps back, and the foot does not reach."""
    height = KICK[c.style.energy] * (1 + 0.03 * c.noise("height", c.first)) * _leg(c) / 0.78
    reach = _extension(c, height)
    arrived = come_into_range(c, (reach + 0.41) / c.arms.mean(), alone=True)
    t, pace = c.t, c.pace**0.68
    chamber = arrived - 0.12 * pace
    lifted = bump(t, chamber, 0.31 * pace, 0.17 * pace, 0.47 * pace)
    kicked = bump(t, chamber + 0.17 * pace, 0.26 * pace, 0.03, 0.31 * pace)
    way = lifted[:, None] * np.array([0.15, 0.42 * height]) + kicked[:, None] * np.array([reach - 0.15, 0.58 * height])
    yaw = c.stances[c.first].yaw
    c.controls.feet[:, c.first, c.hand] += way[:, :1] * np.array([np.sin(yaw), np.cos(yaw)])
    c.controls.lift[:, c.first, c.hand] += way[:, 1]
    c.controls.foot_pitch[:, c.first, c.hand] -= 0.8 * kicked
    c.controls.pelvis[:, c.first, 0] -= 0.05 * c.side * bump(t, chamber - 0.25 * pace, 0.3 * pace, 0.45 * pace, 0.4 * pace)
    c.controls.lean[:, c.first] -= 0.2 * c.size * kicked - 0.06 * lifted
    c.controls.twist[:, c.first] += 0.2 * c.side * kicked
    for hand in (0, 1):
        c.hold_hand(c.first, hand, [0.05, -0.2, 0.2], lifted)
    _dodge(c, chamber + 0.4 * c.lag)


def _leg(c: Choreography) -> float:
    """Metres from the starter's hip to the ankle, stretched."""
    return float(-sum(c.chance.offsets[c.first, INDEX[name], 1] for name in ("left_knee", "left_ankle")))


def _extension(c: Choreography, height: float) -> float:
    """Metres forward that an almost straight leg brings a foot which is so high over the floor."""
    down = _leg(c) - height
    return float(np.sqrt(max((0.9 * _leg(c)) ** 2 - down**2, 0.04)))


def _dodge(c: Choreography, start: float) -> None:
    """Trunk back, hands up, and a step back as large as the kick is high."""
    t, person, size = c.t, c.second, c.size
    back = bump(t, start, 0.33 * c.pace, 0.12 * c.pace, 0.48 * c.pace)
    c.controls.lean[:, person] -= 0.2 * size * back
    c.controls.head[:, person, 0] += 0.1 * size * back
    for hand in (0, 1):
        c.hold_hand(person, hand, [0.04, -0.16, 0.24], min(0.55 + 0.2 * size, 1.0) * back)
    c.walk(person, -0.22 * size * (1 + 0.06 * c.noise("gap", person)), start + 0.04, 0.3 * (0.5 + 0.5 * c.pace))


KINDS: Mapping[str, Callable[[Choreography], None]] = {"punch_block": punch_block, "kick_dodge": kick_dodge}
