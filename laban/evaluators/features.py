"""What the judging networks see of two people.

Letters: `T` frames, `P` = 2 people, `J` = 22 joints, `F` = 132 features a person.
"""

from __future__ import annotations

import numpy as np

from laban.motion.features import frame_on_first
from laban.motion.kinematics import chain_positions, local_rotations
from laban.motion.rotations import frame, rotate, shortest_arc, to_6d, transposed
from laban.motion.skeleton import INDEX, JOINTS, PARENTS, REST_OFFSETS

PEOPLE = 2
POSITION = 3 * len(JOINTS)
WIDTH = PEOPLE * 2 * POSITION
"""2·F: of each person 66 positions and 66 velocities."""


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


KNOTS_HZ = 4.0
"""Changes a second of the slow noise of `trembled`: a tokenizer's steps."""
FAST = 2 / 3
"""Its fast noise, of the slow one's spread."""


def trembled(positions: np.ndarray, fps: float, spread_m: float, draw: np.random.Generator) -> np.ndarray:
    """(T, P, 22, 3) metres with noise of spreads drawn up to `spread_m`: slow, on joints and on bodies, linear between its knots, and
    two thirds of it from frame to frame, on joints.

    So is motion that has gone through a tokenizer or a camera, of which a judge should read the same style.
    """
    at = np.arange(len(positions)) / fps * KNOTS_HZ
    knots, spread = int(at[-1]) + 2, draw.uniform(0, spread_m)
    people = positions.shape[1]
    noise = spread * (draw.normal(size=(knots, people, len(JOINTS), 3)) + draw.normal(size=(knots, people, 1, 3)))
    before = at.astype(int)
    share = (at - before)[:, None, None, None]
    slow = (1 - share) * noise[before] + share * noise[before + 1]
    return (positions + slow + draw.uniform(0, FAST * spread_m) * draw.normal(size=positions.shape)).astype(np.float32)


# Rotations that positions alone allow

_REST = chain_positions(np.broadcast_to(np.eye(3), (len(JOINTS), 3, 3)), REST_OFFSETS, np.zeros(3))
"""(22, 3): joints of the rest pose."""
_PELVIS, _CHEST = INDEX["pelvis"], INDEX["spine3"]
_SPANS = {
    _PELVIS: (INDEX["spine1"], INDEX["left_hip"], INDEX["right_hip"]),
    _CHEST: (INDEX["neck"], INDEX["left_collar"], INDEX["right_collar"]),
}
"""A joint with three bones -> the end of the upright one, and of those to the left and right."""


def swung(positions: np.ndarray) -> np.ndarray:
    """(…, 22, 3) metres -> local rotations (…, 22, 6) in our layout, by swings without twist from the rest pose.

    A motion that is judged comes as joints, generated or not, so all are treated alike; what twist a capture had is lost.
    """
    world = np.empty((*positions.shape[:-1], 3, 3))
    for joint, parent in enumerate(PARENTS):
        children = [child for child, of in enumerate(PARENTS) if of == joint]
        if joint in _SPANS:
            world[..., joint, :, :] = _spanned(positions, joint) @ transposed(_spanned(_REST, joint))
            continue
        world[..., joint, :, :] = world[..., parent, :, :]
        if children:
            bone = positions[..., children[0], :] - positions[..., joint, :]
            before = rotate(world[..., parent, :, :], REST_OFFSETS[children[0]])
            world[..., joint, :, :] = shortest_arc(before, bone) @ world[..., parent, :, :]
    return to_6d(local_rotations(world))


def _spanned(positions: np.ndarray, joint: int) -> np.ndarray:
    """(…, 3, 3): axes of a joint with three bones, its upright bone first."""
    up, left, right = (positions[..., end, :] for end in _SPANS[joint])
    return frame(up - positions[..., joint, :], left - right)
