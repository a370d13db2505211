"""The two skeletons of HumanML3D's kind of features: which bone follows which, and where limbs point at rest.

Facts of the published code and data (`EricGuo5513/HumanML3D`, arXiv 2205.12005). Letters: `J` joints, 22 or KIT's 21.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from laban.motion.mirror import COUNTERPART, POINT, SIXD, joined, joint_columns
from laban.motion.representation import Mirror, Representation, blocks
from laban.motion.sixd import Layout
from laban.motion.skeleton import PARENTS

_AXIS = {"+x": (1, 0, 0), "-x": (-1, 0, 0), "+y": (0, 1, 0), "-y": (0, -1, 0), "+z": (0, 0, 1)}

_LOSSES = {
    "place and facing in the first frame": "pelvis over the origin; hips and shoulders together face +Z",
    "other people": "one person a row: where two stand to each other is lost",
    "floor": "the lowest joint of the clip comes to height 0",
    "bone lengths and size": "only where `lengths` were given: each bone gets the given length, the path the ratio of the legs",
    "rotations": "replaced by those found from joints, which leave a bone's twist and the pelvis's tilt open",
    "rotations of the last frame": "T frames give T - 1 rows; its joints follow from the last velocity",
}


@dataclass(frozen=True, kw_only=True)
class Body:
    """A skeleton of these features."""

    representation: Representation
    parents: tuple[int, ...]
    chain: tuple[int, ...]
    """Joint whose rotation comes before; the pelvis where a chain begins, as an arm's does at the chest."""
    rest: np.ndarray
    """(J - 1, 3) unit rest directions of the bones."""
    hips: tuple[int, int]
    """Left, right."""
    shoulders: tuple[int, int]
    legs: tuple[int, int]
    """Ends of a thigh and a shank, whose lengths give the size."""
    feet: tuple[int, int, int, int]
    """Left ankle and toe, right ankle and toe."""
    contact_speed2: float
    """(unit/frame)² under which a foot rests."""

    @property
    def joints(self) -> int:
        """J."""
        return len(self.parents)


def _body(name: str, parents: tuple[int, ...], starts: tuple[int, ...], axes: str, counterpart: tuple[int, ...], **joints: object) -> Body:
    bones = len(parents) - 1
    points = joint_columns(counterpart, POINT)
    limbs = [joint - 1 for joint in counterpart[1:]]
    root = Mirror(order=np.arange(4), sign=np.array([-1.0, -1.0, 1.0, 1.0]))
    layout = Representation(
        name=name,
        groups=blocks(turn=1, glide=2, height=1, place=3 * bones, rotation=6 * bones, velocity=3 * bones + 3, contact=4),
        losses=_LOSSES,
        mirror=joined(
            root,
            joint_columns(limbs, POINT),
            joint_columns(limbs, SIXD[Layout.COLUMNS]),
            points,
            joint_columns((2, 3, 0, 1), (1,)),
        ),
    )
    chain = tuple(0 if joint in starts else parent for joint, parent in enumerate(parents))
    rest = np.array([_AXIS[axis] for axis in axes.split()], float)
    return Body(representation=layout, parents=parents, chain=chain, rest=rest, **joints)  # type: ignore[arg-type]


HUMANML3D = _body(
    "humanml3d-263",
    PARENTS,
    (13, 14),
    "+x -x +y -y -y +y -y -y +y +z +z +y +x -x +z -y -y -y -y -y -y",
    COUNTERPART,
    hips=(1, 2),
    shoulders=(16, 17),
    legs=(5, 8),
    feet=(7, 10, 8, 11),
    contact_speed2=0.002,
)
KIT = _body(
    "kit-251",
    (-1, 0, 1, 2, 3, 3, 5, 6, 3, 8, 9, 0, 11, 12, 13, 14, 0, 16, 17, 18, 19),
    (5, 8),
    "+y +y +y +y +x -y -y -x -y -y +x -y -y +z +z -x -y -y +z +z",
    (0, 1, 2, 3, 4, 8, 9, 10, 5, 6, 7, 16, 17, 18, 19, 20, 11, 12, 13, 14, 15),
    hips=(16, 11),
    shoulders=(8, 5),
    legs=(17, 18),
    feet=(19, 20, 14, 15),
    contact_speed2=0.05,
)
"""Millimetres or so. The published code calls joints 11 and 5 right; the data set's own list calls them left. Only names depend on it."""
