"""Push, hug, pat on the back, hand over, link arms: what people do with their hands to each other's bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from laban.synthesis.choreography import Choreography, bump, ease
from laban.synthesis.kinds.greeting import come_into_range

EMBRACE = {"gentle": 0.36, "normal": 0.315, "forceful": 0.27}
"""Metres between the pelvises of people who hug; their breastbones are 7 cm nearer."""
_ARMS = ((-0.37, -0.05, 0.07), (0.12, 0.95, 0.02))
"""Of a hugger's left arm, the lower one, and of the right one: how high the hand is opened (metres over the shoulder), the elbow
lifted (radians), and the hand laid (metres over the other's breastbone)."""
_UNDER = (1.2, 0.0)
"""Metres that these hands are laid lower for each metre by which a hugger's shoulders are the higher ones: else the left forearm
would cross a shoulder."""
HANDED = {"gentle": 0.75, "normal": 0.87, "forceful": 1.0}
"""How high a thing is handed over, as a share of the height of the shoulders."""
STROLL = {"low": 0.24, "normal": 0.38, "high": 0.56}
"""Metres of a step arm in arm."""


def push(c: Choreography) -> None:
    """The starter pushes the other's chest with one hand; the other gives way, and steps back as far as the push was strong."""
    arrived = come_into_range(c, 1.3, alone=True)
    t, pace, force = c.t, c.pace, c.force
    drawn = arrived - 0.4 * pace if c.far else c.onset + 0.25 * pace
    strike = 0.3 * pace
    contact = drawn + 0.5 * pace + strike
    ready = ease(t, drawn, 0.48 * pace) - ease(t, contact + 0.3 * pace, 0.65 * pace)
    c.hold_hand(c.first, c.hand, [0.03, -0.16, 0.2 - 0.04 * force], ready)
    hit = bump(t, contact - strike, strike, 0.1 + 0.06 * force, 0.4 * pace)
    # The hand comes to the half of the chest that is opposite: the other's right where it is a left hand.
    c.touch(c.first, c.hand, "spine3", [-0.07 * c.side, 0.06, 0.15])
    c.reach_out(c.first, c.hand, hit)
    c.controls.lean[:, c.first] += 0.04 + 0.09 * force * hit - 0.04 * force * bump(t, drawn, 0.4 * pace, 0.05, strike)
    _give_way(c, contact)


def _give_way(c: Choreography, contact: float) -> None:
    """The pushed one: trunk back, arms up for balance, one or two steps back."""
    t, person, force = c.t, c.second, c.force
    quick = 0.7 + 0.3 * c.pace
    struck = bump(t, contact, 0.2 * quick, 0.04, 0.7 * quick)
    c.controls.lean[:, person] -= 0.13 * force * struck
    c.controls.twist[:, person] += 0.16 * force * -c.side * struck
    c.controls.head[:, person, 0] += 0.12 * force * struck
    for hand in (0, 1):
        c.controls.hands[:, person, hand] += 0.1 * force * struck[:, None] * np.array([0.7 * (1 - 2 * hand), 1.0, 1.6])
    way = {"gentle": 0.1, "normal": 0.32, "forceful": 0.62}[c.style.gentleness] * (1 + 0.12 * c.noise("gap", person))
    c.walk(person, -way, contact + 0.06, 0.3 * quick)


def hug(c: Choreography) -> None:
    """They open their arms, lay them round each other, the right ones above, rock from side to side while they hold, and let go."""
    arrived = come_into_range(c, 0.46 / c.arms.mean())
    t, pace = c.t, c.pace
    contact = arrived + (0.02 if c.far else 0.42) * pace
    release = min(contact + 0.35 + 0.4 * pace + 0.08 * c.noise("hold", 0), t[-1] - 0.72 * pace)
    held = bump(t, contact - 0.5 * pace, 0.55 * pace, release - contact - 0.05 * pace, 0.55 * pace)
    rock = 0.055 * c.force * held * np.sin(2 * np.pi * (t - contact) / (1.1 * pace))
    for person, start in ((c.first, contact - 0.95 * pace), (c.second, contact - 0.95 * pace + 0.4 * c.lag)):
        _embrace(c, person, start, contact, release)
        c.controls.pelvis[:, person] += held[:, None] * _closer(c, person, EMBRACE[c.style.gentleness])
        # Both trunks bend to their right, so that the heads come to lie beside each other.
        c.controls.sway[:, person] += rock * (1 if person == c.first else -1) - 0.115 * held
        c.controls.lean[:, person] += 0.05 * held
        c.controls.head[:, person] += held[:, None] * np.array([0.1, -0.15])


def _closer(c: Choreography, person: int, apart: float) -> np.ndarray:
    """(2,) metres in the own frame from where a person has come to, to half of `apart` from the middle of the two."""
    here, there = c.spot(person), c.spot(1 - person)
    gap = np.hypot(*(there - here))
    x, z = (there - here) * (gap - apart) / (2 * gap)
    sine, cosine = np.sin(c.heading[person]), np.cos(c.heading[person])
    return np.array([x * cosine - z * sine, x * sine + z * cosine])


def _embrace(c: Choreography, person: int, start: float, contact: float, release: float) -> None:
    """One person's arms: opened wide, then round the other's sides to the back, the hands further round the tighter the hug."""
    t, pace = c.t, c.pace
    opened = ease(t, start, 0.6 * pace) - ease(t, release + 0.1 * pace, 0.5 * pace)
    closing = max(start + 0.35 * pace, contact - 0.55 * pace)
    reach = ease(t, closing, contact - closing) - ease(t, release, 0.5 * pace)
    beside = 1 - ease(t, contact - 0.4 * pace, 0.4 * pace) + ease(t, release, 0.3 * pace)
    taller = max(0.0, c.shoulder_height(person) - c.shoulder_height(1 - person))
    for hand, (up, elbow, height) in enumerate(_ARMS):
        c.hold_hand(person, hand, [0.28, up, 0.25], opened)
        # The partner faces this way: what is left for one is right for the other.
        side = 2 * hand - 1
        c.touch(person, hand, "spine3", [side * (0.155 - 0.035 * c.force), height - _UNDER[hand] * taller, -0.145])
        c.controls.around[:, person, hand] += beside[:, None] * np.array([0.27 * side, 0, 0.14])
        c.controls.elbow[:, person, hand] += elbow * opened
        c.reach_out(person, hand, reach)


def pat_back(c: Choreography) -> None:
    """From behind and beside, the starter pats the other's upper back; each pat rocks the other a little."""
    t, pace, force, side = c.t, c.pace, c.force, c.side
    way = 0.24 + 0.06 * c.noise("gap", c.first)
    c.place(c.second, 0, 0, 0)
    # With the right hand from the left, and the other way round; turned to the back that is patted.
    c.place(c.first, -side * (0.4 + 0.1), -0.28 - way, 0.5 * side)
    arrived = c.walk(c.first, way, c.onset, 0.36 * pace**0.85)
    period, strike = 0.47 * pace, 0.19 * pace
    contacts = [arrived + 0.1 * pace + number * period for number in range(c.style.repetitions)]
    raised = ease(t, contacts[0] - 0.85 * pace, 0.6 * pace) - ease(t, contacts[-1] + 0.25 * pace, 0.55 * pace)
    c.hold_hand(c.first, c.hand, [0.04, -0.18, 0.14], raised)
    c.touch(c.first, c.hand, "spine3", [-0.04 * side, 0.07, -0.135])
    c.reach_out(c.first, c.hand, ease(t, contacts[0] - 0.6 * pace, 0.5 * pace) - ease(t, contacts[-1] + 0.16 * pace, 0.5 * pace))
    pats = np.sum([bump(t, at - strike, strike, 0.03, period - strike - 0.03) for at in contacts], axis=0)
    c.controls.around[:, c.first, c.hand] += (1 - pats)[:, None] * force * np.array([-0.05 * side, 0.05, -0.13])
    c.controls.lean[:, c.first] += 0.06 * raised + 0.02 * force * pats
    struck = np.sum([bump(t, at - 0.02, 0.1 * pace**0.5, 0.02, 0.3 * pace) for at in contacts], axis=0)
    c.controls.lean[:, c.second] += 0.045 * force * struck
    c.controls.twist[:, c.second] += 0.04 * force * side * struck
    c.controls.head[:, c.second, 0] += 0.06 * force * struck
    c.controls.head[:, c.second, 1] += -0.4 * side * bump(t, contacts[0] + c.lag * 0.4, 0.5 * pace, 0.35 * pace, 0.7 * pace)


def hand_over(c: Choreography) -> None:
    """The starter, who holds a thing in front, holds it out; the other takes it with the same-sided hand and draws it in."""
    arrived = come_into_range(c, 1.28)
    t, pace, force = c.t, c.pace, c.force
    out = arrived - 0.45 * pace if c.far else c.onset + 0.3 * pace
    quick = {"gentle": 1.15, "normal": 0.9, "forceful": 0.62}[c.style.gentleness] * pace
    taken = out + 0.65 * pace + 0.5 * c.lag
    given = min(taken + 0.12 * pace, t[-1] - 0.7 * quick)
    height = HANDED[c.style.gentleness] + 0.015 * c.noise("height", 0)
    c.meet(c.hand, c.hand, c.between(height * c.shoulders()), gap=0.012)
    c.hold_hand(c.first, c.hand, [-0.06, -0.3, 0.24], 1 - ease(t, given, 0.7 * quick))
    offer = ease(t, taken - 0.2 * pace - 0.5 * quick, 0.5 * quick)
    c.reach_out(c.first, c.hand, offer - ease(t, given, 0.6 * quick))
    c.hold_hand(c.second, c.hand, [-0.1, -0.24, 0.24 - 0.04 * force], ease(t, taken - 0.4 * pace, 0.4 * pace))
    draw = ease(t, given, 0.6 * quick)
    c.reach_out(c.second, c.hand, ease(t, taken - 0.5 * quick, 0.5 * quick) - draw)
    c.controls.lean[:, c.first] += 0.06 * force * (offer - draw)
    c.controls.twist[:, c.second] += 0.14 * force * c.side * bump(t, given, 0.5 * quick, 0.05, 0.5 * pace)
    c.controls.lean[:, c.second] -= 0.05 * force * bump(t, given, 0.5 * quick, 0.05, 0.5 * pace)
    for person in (0, 1):
        c.controls.head[:, person, 0] += 0.12 * bump(t, out + 0.2 * pace, 0.4 * pace, taken - out, 0.5 * pace)


def arm_link(c: Choreography) -> None:
    """Side by side, the starter puts an arm through the other's near arm from behind, and they walk on together."""
    t, pace, side = c.t, c.pace, c.side
    near = 1 - c.hand
    c.place(c.first, 0, 0, 0)
    c.place(c.second, side * (0.98 * c.arms.mean() + 0.01 * c.noise("apart", 0)), 0.05, 0)
    c.heading[c.second] = c.heading[c.first]
    linked = c.onset + 0.75 * pace
    crook = ease(t, c.onset + 0.3 * c.lag, 0.5 * pace)
    c.hold_hand(c.second, near, [-0.07, -0.27, 0.26], crook, ahead=0.05)
    c.touch(c.first, c.hand, "spine3", [-0.16 * side, -0.065, 0.08])
    # Not `reach_out`: the elbow stays behind.
    c.controls.reach[:, c.first, c.hand] = ease(t, c.onset + 0.1 * pace, 0.55 * pace)
    through = ease(t, c.onset + 0.3 * pace, 0.45 * pace)
    c.controls.around[:, c.first, c.hand] += (1 - through)[:, None] * np.array([0, -0.12, -0.22])
    stride = STROLL[c.style.energy] * (1 + 0.05 * c.noise("amount", c.first))
    for person, late in ((c.first, 0.0), (c.second, 0.05 * pace)):
        c.swing[person] = {"low": 0.08, "normal": 0.25, "high": 0.5}[c.style.energy]
        c.walk(person, 3 * stride, linked + late, 0.44 * pace, stride=stride, lift=0.8 + 0.2 * c.size)
        toward = side if person == c.first else -side
        c.controls.head[:, person, 1] += 0.35 * toward * bump(t, c.onset + late, 0.5 * pace, 0.3, 0.7 * pace)


KINDS: Mapping[str, Callable[[Choreography], None]] = {
    "push": push,
    "hug": hug,
    "pat_back": pat_back,
    "hand_over": hand_over,
    "arm_link": arm_link,
}
