"""Handshake, high five, bow: people who face each other, come into range, and greet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from laban.synthesis.choreography import Choreography, bump, ease, waves

BOW = {"low": 0.36, "normal": 0.72, "high": 1.08}
"""Radians of trunk and pelvis."""


def come_into_range(c: Choreography, arms: float, *, alone: bool = False) -> float:
    """Put two people face to face and let them step to `arms` arm's lengths of each other; return when all have arrived.

    Near: the starter steps in. Far: both walk, or the starter `alone` walks all the way.
    """
    apart = arms * c.arms.mean() * (1 + 0.02 * c.noise("apart", 0))
    if not c.far:
        ways = {c.first: 0.26 + 0.07 * c.noise("gap", c.first)}
    elif alone:
        ways = {c.first: 1.1 + 0.15 * c.noise("gap", c.first)}
    else:
        ways = {person: 0.68 + 0.1 * c.noise("gap", person) for person in (0, 1)}
    c.face_to_face(apart + sum(ways.values()))
    step_s = (0.42 if c.far else 0.38) * c.pace**0.85
    return max(c.walk(person, way, c.onset + (c.lag if person == c.second else 0.0), step_s) for person, way in ways.items())


def handshake(c: Choreography) -> None:
    """The starter offers a hand, the other takes it, they shake, and both let go."""
    arrived = come_into_range(c, 1.25)
    t, pace = c.t, c.pace
    offered = arrived - 0.42 * pace if c.far else c.onset + 0.3 * pace
    taken = offered + 0.3 * pace + c.lag * 0.5
    contact = taken + 0.6 * pace
    release = min(contact + 0.6 + 0.4 * pace + 0.1 * c.noise("hold", 0), t[-1] - 0.1)
    shaking = bump(t, contact - 0.05, 0.2, max(release - contact - 0.3, 0.1), 0.2)
    where = c.between(0.76 * c.shoulders() + 0.03 * c.noise("height", 0)) + 0 * t[:, None]
    where[:, 1] += shaking * waves(t, contact, pace**0.8 / 2.3, 9) * 0.042 * c.force
    c.meet(c.hand, c.hand, where)
    for person, start in ((c.first, offered), (c.second, taken)):
        reach = ease(t, start, contact - start if person == c.second else 0.62 * pace) - ease(t, release, 0.55 * pace)
        c.reach_out(person, c.hand, reach)
        c.controls.lean[:, person] += 0.05 * reach + 0.02 * c.force * shaking
        c.controls.head[:, person, 0] += 0.08 * c.force * bump(t, contact, 0.25, 0.1, 0.35)


def high_five(c: Choreography) -> None:
    """Both raise a hand, strike palm to palm overhead or, gently, at the height of the shoulder, and lower it."""
    arrived = come_into_range(c, 1.36)
    t, pace, force = c.t, c.pace, c.force
    raised = arrived - 0.4 * pace if c.far else c.onset + 0.28 * pace
    answered = raised + 0.2 * pace + 0.6 * c.lag
    strike = 0.29 * pace
    contact = answered + 0.5 * pace + strike
    c.meet(c.hand, c.hand, c.between(c.shoulders() + 0.02 + 0.19 * min(force, 1.9)))
    for person, start in ((c.first, raised), (c.second, answered)):
        up = ease(t, start, 0.5 * pace) - ease(t, contact + 0.2 * pace, 0.7 * pace)
        c.hold_hand(person, c.hand, [0.14, 0.06 + 0.1 * force, 0.2 - 0.09 * force], up)
        hit = bump(t, contact - strike, strike, 0.1, 0.38 * pace)
        c.reach_out(person, c.hand, hit)
        back = bump(t, start, 0.45 * pace, max(contact - strike - start - 0.45 * pace, 0.01), strike)
        c.controls.twist[:, person] += 0.1 * force * c.side * back
        c.controls.lean[:, person] += 0.07 * hit - 0.04 * force * back


def bow(c: Choreography) -> None:
    """The starter bows with a hand on the chest, the other answers in the same way."""
    arrived = come_into_range(c, 2.65)
    t, pace, angle = c.t, c.pace, BOW[c.style.energy]
    begin = arrived - (0.15 if c.far else 0.25) * pace
    for person, start in ((c.first, begin), (c.second, begin + 0.12 * pace + 0.9 * c.lag)):
        hold = 0.22 * pace * (1 + 0.4 * c.noise("hold", person))
        down = bump(t, start, 0.68 * pace, hold, 0.72 * pace)
        c.controls.lean[:, person] += angle * (1 + 0.06 * c.noise("amount", person)) * down
        c.controls.head[:, person, 0] += 0.28 * down * c.size**0.5
        laid = bump(t, start - 0.12 * pace, 0.55 * pace, hold + 0.5 * pace, 0.6 * pace)
        c.hold_hand(person, c.hand, [-0.17, -0.2, 0.17], laid)


KINDS: Mapping[str, Callable[[Choreography], None]] = {"handshake": handshake, "high_five": high_five, "bow": bow}
