"""What people do with their arms and trunks on the spot: wave, mirror_dance, stretch, greet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from laban.synthesis.choreography import Choreography, Stance, bump, ease
from laban.synthesis.kinds.greeting import come_into_range

HEIGHT = {"low": -0.2, "normal": 0.3, "high": 0.68}
"""Of a waving hand over its shoulder, in arm's lengths: at the chest, the head, overhead."""
LIFT = {"low": 1.05, "normal": 1.65, "high": 2.75}
"""Radians by which stretching arms are raised from where they hang: to the chest, the shoulders, overhead."""


def sweeps(t: np.ndarray, start: float, period: float, count: int) -> np.ndarray:
    """Out to 1 and back to 0 `count` times, each in `period` seconds."""
    phase = np.clip((t - start) / period, 0, count)
    return (1 - np.cos(2 * np.pi * phase)) / 2


def wave(c: Choreography) -> None:
    """The starter raises a hand and waves, having walked up where there is time for it, and the other waves back."""
    arrived = come_into_range(c, 2.9)
    answer = 0.05 * c.pace + c.lag
    begin = arrived - 0.6 * c.pace if c.far else c.onset + 0.25 * c.pace
    begin = min(begin, c.t[-1] - 0.05 - answer - sum(_wave_times(c)))
    wave_hand(c, c.first, begin)
    wave_hand(c, c.second, begin + answer)


def greet(c: Choreography) -> None:
    """The starter waves at two others, who stand side by side and wave back, one a little after the other."""
    apart = 0.55 * (1 + 0.1 * c.noise("apart", 0))
    away = 1.8 * (1 + 0.08 * c.noise("gap", 0))
    c.place(c.first, 0.0, 0.0, 0.0)
    wave_hand(c, c.first, c.onset)
    for number, person in enumerate(c.others):
        side = 1 - 2 * number
        c.place(person, side * apart, away, np.pi + side * np.arctan2(apart, away))
        wave_hand(c, person, c.onset + c.lag + 0.02 * c.pace + 0.18 * number)
    # The eyes go from the one to the other.
    c.controls.head[:, c.first, 1] += 0.3 * (2 * bump(c.t, c.onset, 0.4, 0.5 * c.pace, 0.7 * c.pace) - ease(c.t, c.onset, 0.4))


def _wave_times(c: Choreography) -> tuple[float, float, float]:
    """Seconds for which a waving hand rises, sweeps and sinks."""
    quick = c.pace**0.8
    return 0.36 * quick, 0.45 * quick * c.style.repetitions, 0.4 * quick


def wave_hand(c: Choreography, person: int, start: float) -> None:
    """Raise a hand as high as the energy says, sweep it out and in, and lower it."""
    t, arm, size = c.t, c.arms[person], c.size
    rise, sweeping, fall = _wave_times(c)
    up = bump(t, start, rise, sweeping, fall)
    out = sweeps(t, start + rise, sweeping / c.style.repetitions, c.style.repetitions)
    c.hold_hand(person, c.hand, [0.14 * arm, (HEIGHT[c.style.energy] + 0.03 * c.noise("height", person)) * arm, 0.33 * arm], up)
    swing = np.stack([c.side * (out - 0.5), -0.25 * (out - 0.5) ** 2, 0 * t], -1)
    c.controls.hands[:, person, c.hand] += 0.4 * arm * size * up[:, None] * swing
    c.controls.sway[:, person] += 0.05 * size * c.side * up * (0.5 - out)
    c.controls.twist[:, person] -= 0.06 * c.side * up
    c.controls.head[:, person, 1] += 0.03 * size * c.side * up * (out - 0.5)


def mirror_dance(c: Choreography) -> None:
    """Face to face with raised arms the starter sways and steps to one side, the other and back, and the other person mirrors it."""
    c.face_to_face((2.2 if c.far else 1.25) * (1 + 0.05 * c.noise("gap", 0)))
    period, count = 0.6 * c.pace**0.7, c.style.repetitions
    side = 1 if c.noise("way", 0) > 0 else -1
    for person in (0, 1):
        start = c.onset + (c.lag if person == c.second else 0)
        begin = start + 0.2 * c.pace
        end = begin + count * period
        envelope = bump(c.t, begin, 0.25 * period, (count - 0.5) * period, 0.25 * period)
        swayed = np.sin(2 * np.pi * (c.t - begin) / period) * envelope
        up = ease(c.t, start, 0.55 * c.pace**0.8) - ease(c.t, end - 0.15 * c.pace, 0.45 * c.pace**0.8)
        own = side if person == c.first else -side
        _dance(c, person, up, own * swayed)
        for half in range(2 * count):
            _side_step(c, person, own * (1 - 2 * (half % 2)), begin + half * period / 2, period / 2, out=half % 4 < 2)


def _dance(c: Choreography, person: int, up: np.ndarray, swayed: np.ndarray) -> None:
    """Arms out, and trunk, hips and arms to the left where `swayed` is positive."""
    arm, size = c.arms[person], c.size
    for hand in (0, 1):
        c.hold_hand(person, hand, [0.45 * arm, (0.3 * size - 0.2) * arm, 0.35 * arm], up)
        swing = np.array([0.22, -0.1 * (1 - 2 * hand), 0.0])
        c.controls.hands[:, person, hand] += arm * size * (up * swayed)[:, None] * swing
        c.controls.foot_pitch[:, person, hand] += 0.22 * size * np.maximum(-(1 - 2 * hand) * swayed, 0) ** 2
    c.controls.pelvis[:, person, 0] += 0.065 * size * swayed
    c.controls.sway[:, person] += 0.16 * size * swayed
    c.controls.tilt[:, person] += 0.05 * size * swayed
    c.controls.drop[:, person] += 0.02 * size * up
    c.controls.head[:, person, 1] += 0.1 * size * swayed


def _side_step(c: Choreography, person: int, swayed: int, start: float, seconds: float, *, out: bool) -> None:
    """While the body is on one leg (the left where `swayed` is 1) the other foot steps a little outward, or back in."""
    foot = (1 + swayed) // 2
    stance = Stance(x=(1 - 2 * foot) * 0.05 * min(c.size, 1.2)) if out else Stance()
    c.step(person, stance, foot, start + 0.12 * seconds, 0.76 * seconds, lift=0.6 + 0.4 * c.size)


def stretch(c: Choreography) -> None:
    """Both arms go up before the body and come down again; who stretches high looks up and rises to the toes."""
    period, size = 0.9 * c.pace**0.75, c.size
    raised = sweeps(c.t, c.onset, period, c.style.repetitions)
    angle = LIFT[c.style.energy] * (1 + 0.03 * c.noise("amount", 0)) * raised
    held = ease(c.t, c.onset, 0.3 * period) - ease(c.t, c.onset + (c.style.repetitions - 0.3) * period, 0.3 * period)
    for hand in (0, 1):
        side = 1 - 2 * hand
        where = np.stack([side * (0.1 + 0.3 * np.sin(angle)), -np.cos(angle), 0.1 + 0.75 * np.sin(angle)], -1)
        c.controls.hands[:, 0, hand] += 0.92 * c.arms[0] * held[:, None] * where
        c.controls.raised[:, 0, hand] = held
        c.controls.foot_pitch[:, 0, hand] += 0.2 * np.maximum(size - 0.7, 0) * raised
    c.controls.lean[:, 0] -= 0.07 * size * raised
    c.controls.head[:, 0, 0] -= 0.16 * size * raised


KINDS: Mapping[str, Callable[[Choreography], None]] = {
    "wave": wave, "mirror_dance": mirror_dance, "stretch": stretch, "greet": greet,
}  # fmt: skip
