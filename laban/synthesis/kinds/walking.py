"""People on their way: follow, circle, approach, part, walk, ring."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from laban.synthesis.choreography import Choreography, Stance, ease

STEP_S, STRIDE_M = 0.53, 0.55
"""An adult's step at an ordinary pace: 1.04 m/s. Half of what is faster or slower is in the steps' length, half in their time."""


def gait(c: Choreography) -> tuple[float, float]:
    """Let everybody walk in the clip's tempo and mood; return seconds and metres of a step.

    Listless people hang their heads and shuffle, lively ones raise their knees and swing their arms: both alike at every tempo.
    """
    step_s, stride = STEP_S * c.pace**0.5, STRIDE_M * c.pace**-0.5
    c.settle = 0.8 * step_s
    c.swing[:] = 0.17 * c.size / (0.5 * stride)
    c.roll[:] = 0.34 + 0.12 * c.size
    mood = {"low": 1.0, "normal": 0.0, "high": -0.4}[c.style.energy]
    c.controls.lean += 0.07 * mood
    c.controls.head[..., 0] += 0.22 * mood
    return step_s, stride


def go(c: Choreography, person: int, way: float, start: float) -> float:
    """Walk `way` metres as `gait` says; return when the person has come there."""
    step_s, stride = STEP_S * c.pace**0.5, STRIDE_M * c.pace**-0.5
    even = abs(way) / max(1, math.ceil(abs(way) / stride - 0.3))
    return c.walk(person, way, start, step_s, stride=even, lift=0.45 * c.size)


def go_on(c: Choreography, person: int, start: float, *, curve: float = 0.0) -> None:
    """Walk beyond the end of the clip, turning by `curve` radians a metre."""
    step_s, stride = STEP_S * c.pace**0.5, STRIDE_M * c.pace**-0.5
    steps = math.ceil((c.t[-1] + 1.5 - start) / step_s)
    c.walk(person, steps * stride, start, step_s, bend=curve * steps * stride, stride=stride, lift=0.45 * c.size, goes_on=True)


def walk(c: Choreography) -> None:
    """One person walks forward: three steps and a stop, or on and on."""
    gait(c)
    if c.far:
        go_on(c, 0, c.onset, curve=0.12 * c.noise("way", 0))
    else:
        go(c, 0, 1.15 * (1 + 0.08 * c.noise("way", 0)), c.onset)


def follow(c: Choreography) -> None:
    """The starter walks ahead, the other follows in the same path, close behind or well behind."""
    gait(c)
    gap, curve = (1.75 if c.far else 0.8) * (1 + 0.06 * c.noise("gap", 0)), 0.1 * c.noise("way", 0)
    behind = Stance().moved(-gap, -curve * gap, 0.0)
    c.place(c.first, 0.0, 0.0, 0.0)
    c.place(c.second, behind.x, behind.z, behind.yaw)
    go_on(c, c.first, c.onset, curve=curve)
    go_on(c, c.second, c.onset + c.lag, curve=curve)
    c.controls.head[:, c.second, 0] += 0.05


def circle(c: Choreography) -> None:
    """Two people walk round the middle between them, opposite each other; which way round is chance."""
    _round_about(c, 1.7 if c.far else 1.0, [c.onset + (c.lag if person == c.second else 0) for person in (0, 1)])


def ring(c: Choreography) -> None:
    """Three people walk round in a ring; which way round is chance."""
    _round_about(c, 1.8 if c.far else 1.05, [c.onset + 0.3 * c.lag * (1 + c.noise("lag", person)) for person in range(3)])


def _round_about(c: Choreography, radius: float, starts: list[float]) -> None:
    """Everybody evenly on a circle, facing along it, and off they go; they glance at one another and lean inward."""
    gait(c)
    radius *= 1 + 0.06 * c.noise("gap", 0)
    side = 1 if c.noise("way", 0) > 0 else -1
    for person, start in enumerate(starts):
        angle = 2 * np.pi * person / c.people
        c.place(person, -side * radius * np.cos(angle), radius * np.sin(angle), side * angle)
        go_on(c, person, start, curve=side / radius)
        under_way = ease(c.t, start, 1.0)
        c.controls.head[:, person, 1] += side * 0.3
        c.controls.sway[:, person] += side * 0.06 / radius * under_way


def approach(c: Choreography) -> None:
    """Two people walk towards each other, the starter first, and stop face to face."""
    gait(c)
    ways = [(1.5 if c.far else 0.62) * (1 + 0.07 * c.noise("way", person)) for person in (0, 1)]
    c.face_to_face(0.95 + 0.08 * c.noise("apart", 0) + sum(ways))
    for person in (0, 1):
        go(c, person, ways[person], c.onset + (c.lag if person == c.second else 0))


def part(c: Choreography) -> None:
    """From face to face two people turn round and walk away from each other, the starter first: some steps, or on and on."""
    step_s, _ = gait(c)
    c.face_to_face(1.0 + 0.08 * c.noise("apart", 0))
    for person in (0, 1):
        side = 1 if c.noise("beside", person) > 0 else -1
        start = c.onset + (c.lag if person == c.second else 0)
        turned = c.walk(person, 0.12, start, 0.8 * step_s, bend=side * np.pi, lift=0.45 * c.size, goes_on=True)
        if c.far:
            go_on(c, person, turned)
        else:
            go(c, person, 0.62 * (1 + 0.08 * c.noise("way", person)), turned)


KINDS: Mapping[str, Callable[[Choreography], None]] = {
    "follow": follow, "circle": circle, "approach": approach, "part": part, "walk": walk, "ring": ring,
}  # fmt: skip
