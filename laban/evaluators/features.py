"""What the judging networks see of two people.

Letters: `T` frames, `P` = 2 people, `J` = 22 joints, `F` = 132 features a person.
"""

from __future__ import annotations

import numpy as np

from laban.motion.features import frame_on_first
from laban.motion.skeleton import JOINTS

PEOPLE = 2
POSITION = 3 * len(JOINTS)
WIDTH = PEOPLE * 2 * POSITION
"""2·F: of each person 66 positions and 66 velocities."""


def resample(positions: np.ndarray, *, fps: float, rate: float) -> np.ndarray:
    """(T, P, J, 3) at `fps` -> the same motion at `rate` frames a second, by linear interpolation between frames.

    Where `fps` is a multiple of `rate`, frames are picked and nothing is interpolated. The last instants, shorter than one
    frame of the new rate, are lost.
    """
    times = np.arange(int((len(positions) - 1) / fps * rate + 1e-6) + 1) * (fps / rate)
    before = np.minimum(times.astype(np.int64), len(positions) - 1)
    after = np.minimum(before + 1, len(positions) - 1)
    share = (times - before)[:, None, None, None]
    return ((1.0 - share) * positions[before] + share * positions[after]).astype(np.float32)


def pair_features(positions: np.ndarray) -> np.ndarray:
    """(T, 2, 22, 3) metres -> (T, 264): of each person, 66 positions in metres and 66 velocities in metres a frame.

    Both people stand in the frame of the **first person's first frame** (pelvis over the origin, facing +Z; height kept), as
    InterGen has them, so that where in the world they are tells nothing and who is first does. Velocities look backwards
    and begin with 0. Feet contacts are left out, as InterCLIP does. Raises `ValueError` on another number of people.
    """
    if positions.ndim != 4 or positions.shape[1:] != (PEOPLE, len(JOINTS), 3) or not len(positions):
        raise ValueError(f"motion {positions.shape}: this evaluator judges two people, (T >= 1, 2, {len(JOINTS)}, 3)")
    framed = frame_on_first(positions)
    velocity = np.diff(framed, axis=0, prepend=framed[:1])
    flat = [part.reshape(len(framed), PEOPLE, POSITION) for part in (framed, velocity)]
    return np.concatenate(flat, axis=-1).reshape(len(framed), WIDTH)


def statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each of (N, 264) features, and one standard deviation a block of positions or velocities of a person.

    A deviation of its own would let a feature that hardly moves (the floor height of a toe) be mostly noise.
    """
    deviation = features.std(axis=0, dtype=np.float64).reshape(PEOPLE * 2, POSITION).mean(axis=1)
    return features.mean(axis=0, dtype=np.float64).astype(np.float32), np.repeat(np.maximum(deviation, 1e-3), POSITION).astype(np.float32)
