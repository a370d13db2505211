"""How people carry themselves over their feet: trunks that follow, arms that hang and swing, rest; of many clips at once.

Letters: `N` clips, `T` frames, `P` people, `H` = 2 sides (0 left, 1 right); places and angles are in a person's own frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.ndimage import uniform_filter1d

from laban.motion.rotations import vector
from laban.synthesis.posture import Controls, stacked

_STILL_M = 1e-4
"""Metres a frame: feet and hands that move less have come to rest."""
_SHIFT = 0.035
"""Of the weight of people who stand, as metres of a lifted foot: the pelvis goes 12 mm aside, less than the least sway of a dance."""
_SMOOTH_S = 0.1
"""About half of the seconds over which an arm's swing follows the feet: an arm is a pendulum, and has no such sharp turns."""


@dataclass
class Way:
    """Where feet take the body; leading axes (T, P) or (N, T, P), of what stays the same (1, P) or (N, 1, P)."""

    middle: np.ndarray
    """(…, 2) x and z that the trunk is over."""
    facing: np.ndarray
    """(…) radians that the trunk has turned."""
    soon: np.ndarray
    """(…) radians: `facing` of a moment later, which the eyes go to already."""
    feet: np.ndarray
    """(…, H, 2) x and z of the ankles."""
    weight: np.ndarray
    """(…) metres by which the right foot is higher."""
    arms: np.ndarray
    """(…) metres of an arm."""
    swing: np.ndarray
    """(…) metres that a hand swings for each metre by which the opposite foot is ahead of the trunk."""
    roll: np.ndarray
    """(…) radians by which the feet roll in long steps."""
    phases: np.ndarray
    """(…, 16) of -1..1, of the slow waves."""
    rest: np.ndarray
    """(…, 3) of -1..1: how late, to which side and how far round people shift when they have come to rest."""

    @classmethod
    def stack(cls, ways: Sequence[Way]) -> Way:
        """Ways of N clips with leading axes (N, T, P) or (N, 1, P)."""
        return cls(**{field.name: stacked([getattr(one, field.name) for one in ways]) for field in fields(cls)})


def carry(controls: Controls, way: Way, fps: float) -> None:
    """Let trunk, head and arms of N clips go with the feet, and people who have nothing more to do stand at ease."""
    frames = way.facing.shape[1]
    t = stacked(np.broadcast_to(np.arange(frames)[:, None] / fps, way.facing.shape))
    sine, cosine = np.sin(way.facing), np.cos(way.facing)
    apart = way.feet - way.middle[..., None, :]
    stride = apart[..., 0] * sine[..., None] + apart[..., 1] * cosine[..., None]
    idle = idle_waves(t, way.phases)
    controls.facing += way.facing
    controls.head[..., 1] += np.clip(way.soon - way.facing, -0.8, 0.8)
    weight = way.weight + _settle(controls, way, t, fps)
    _trunk(controls, way, vector(sine, cosine), stride[..., 1] - stride[..., 0], weight, idle, fps)
    _hang(controls, way, mean_over(stride, _SMOOTH_S * fps, axis=1), idle)


def _settle(c: Controls, way: Way, t: np.ndarray, fps: float) -> np.ndarray:
    """(N, T, P) metres, as the weight of a step: people at rest shift onto one leg, then onto the other, and look about.

    Arms that are still raised hold a person in place.
    """
    leading = c.lean.shape
    doing = np.concatenate([part.reshape(*leading, -1) for part in (c.hands, c.reach, c.lift, way.feet)], axis=-1)
    moves = np.abs(np.diff(doing, axis=1)).max(axis=-1) > _STILL_M
    since = t - t[:, -1:] + np.argmax(np.flip(moves, axis=1), axis=1)[:, None] / fps
    late, side, turned = np.moveaxis(way.rest, -1, 0)
    late = 0.25 + 0.2 * late
    settled = ease(since, late, 1.0) - 1.5 * ease(since, late + 1.3, 1.3)
    settled *= 1 - np.maximum(c.reach, c.raised).max(axis=-1)
    c.head[..., 1] -= 0.12 * turned * settled
    return _SHIFT * np.sign(side) * settled


def _trunk(c: Controls, way: Way, forward: np.ndarray, apart: np.ndarray, weight: np.ndarray, idle: np.ndarray, fps: float) -> None:
    """The trunk leans into a start, shifts over the standing foot and turns with the stride.

    `forward` (N, T, P, 2) is where it faces, `apart` (N, T, P) metres how far the right foot is ahead of the left.
    """
    x, z = np.moveaxis(forward, -1, 0)
    velocity = np.gradient(way.middle, 1 / fps, axis=1)
    speed = velocity[..., 0] * x + velocity[..., 1] * z
    back = -0.14 * np.sin(np.maximum(c.lean, 0))
    # Over a heel that is up the pelvis is further ahead than midway: neither knee must give way.
    ahead = 0.005 * idle[1] + back + 0.12 * way.roll * speed
    aside = 0.006 * idle[0] + 0.35 * weight
    c.pelvis += way.middle + vector(ahead * x + aside * z, ahead * z - aside * x)
    c.lean += 0.03 + 0.012 * idle[2] + 0.06 * np.tanh(1.6 * speed)
    c.tilt += 0.25 * weight
    c.turn += 0.25 * apart
    c.twist += 0.02 * idle[3] - 0.4 * apart
    c.head[..., 1] += 0.05 * idle[4]
    c.head[..., 0] += 0.02 * idle[5] - 0.5 * np.clip(c.lean, -0.4, 0.25)


def _hang(c: Controls, way: Way, stride: np.ndarray, idle: np.ndarray) -> None:
    """Arms that nothing else moves hang, and swing from the shoulder against the legs; the elbow bends on the way forward."""
    free = 1 - np.minimum(1, c.raised)
    arms = 0.955 * way.arms[..., None]
    angle = np.clip(way.swing[..., None] * stride[..., ::-1] / arms, -0.9, 0.9)
    bent = arms * np.minimum(1 - 0.12 * angle, 1.035)
    out = (0.05 + 0.008 * idle[6][..., None]) * [1, -1]
    drift = 0.01 * vector(idle[7], idle[6])
    ahead = bent * np.sin(angle) + 0.045 * np.cos(2 * angle) + drift
    c.hands += free[..., None] * vector(out, -bent * np.cos(angle), ahead)


def ease(t: np.ndarray, start: float | np.ndarray, duration: float | np.ndarray) -> np.ndarray:
    """Minimum-jerk course from 0 to 1."""
    x = np.minimum(np.maximum((t - start) / duration, 0), 1)
    return x * x * x * (10 + x * (6 * x - 15))


def mean_over(values: np.ndarray, frames: float, *, axis: int = 0) -> np.ndarray:
    """Smoothed along an axis over about twice as many frames."""
    window = int(round(frames)) | 1
    return uniform_filter1d(uniform_filter1d(values, window, axis=axis, mode="nearest"), window, axis=axis, mode="nearest")


def idle_waves(t: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """(8, N, T, P) slow waves of about unit size at t (N, T, P), by people's phases (N, 1, P, 16): nobody stands still."""
    first, second = np.moveaxis(phases, -1, 0).reshape(8, 2, *phases.shape[:-1]).swapaxes(0, 1)
    turns = (0.32 + 0.12 * first) * t
    return 0.7 * np.sin(2 * np.pi * turns + np.pi * second) + 0.3 * np.sin(4.2 * np.pi * turns + 3 * first)
