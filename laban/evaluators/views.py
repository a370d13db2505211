"""What evaluators see of people, by name: rate, width, and the function that computes it from joint positions.

Foot contacts, the last four numbers of a person in the published layouts, are left out: no published evaluator reads them.
Letters: `N` motions, `T` frames, `P` people, `J` = 22 joints, `W` numbers a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from laban.evaluators import features
from laban.metrics.attributes import attributes_of, on_both_scales
from laban.motion import bodies, humanml3d, interhuman
from laban.motion.representation import Representation
from laban.motion.resampling import resample
from laban.motion.skeleton import JOINTS

CONTACTS = 4
ATTRIBUTES_FPS = 30.0
PAIR_ATTRIBUTES = 1782
"""Attributes of two people that `laban.motion.attributes.geometry` measures."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Numbers of each frame of a motion of a fixed number of people."""

    name: str
    people: int
    fps: float
    """Frames a second that are looked at."""
    blocks: tuple[int, ...]
    """Widths of what shares a standard deviation, over all people; their sum is `W`."""
    compute: Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]] | None
    """N motions (T, P, 22, 3) metres at `fps` -> (T', W) each; None where our joints do not tell."""
    published: Representation | None = None
    """The data set's own layout of one person, contacts last."""

    @property
    def width(self) -> int:
        """W."""
        return sum(self.blocks)

    def of(self, motions: Sequence[np.ndarray], fps: float) -> list[np.ndarray]:
        """Motions (T, P, 22, 3) metres at `fps` -> (T', W) float32 each; raise `ValueError` naming the number of one that does not fit."""
        if self.compute is None:
            raise ValueError(
                f"representation {self.name!r} cannot be had from our {len(JOINTS)} joints: give features as its data set stores them"
            )
        for number, motion in enumerate(motions):
            self._check_motion(motion, number)
        found = self.compute([resample(motion, fps, self.fps) for motion in motions])
        return [rows.astype(np.float32, copy=False) for rows in found]

    def _check_motion(self, motion: np.ndarray, number: int) -> None:
        if motion.ndim != 4 or motion.shape[1:] != (self.people, len(JOINTS), 3) or not len(motion):
            raise ValueError(
                f"motion {number} is {motion.shape}: an evaluator of representation {self.name!r} judges "
                f"(T >= 1, {self.people}, {len(JOINTS)}, 3)"
            )
        if not np.isfinite(motion).all():
            raise ValueError(f"motion {number} has a value that is not finite")

    def check(self, features: np.ndarray, number: int = 0) -> np.ndarray:
        """(T, W) features of this view, as float32; raise `ValueError` naming `number` where they are of another."""
        if features.ndim != 2 or features.shape[1] != self.width or not len(features):
            raise ValueError(
                f"features {number} are {features.shape}: this evaluator reads representation {self.name!r}, (T >= 1, {self.width})"
            )
        if not np.isfinite(features).all():
            raise ValueError(f"features {number} have a value that is not finite")
        return features.astype(np.float32, copy=False)


def _each(compute: Callable[[np.ndarray], np.ndarray]) -> Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]:
    """One motion after the other."""
    return lambda motions: [compute(motion) for motion in motions]


def _attributes(motions: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    return list(on_both_scales(attributes_of(motions, ATTRIBUTES_FPS))[:, None]) if motions else []


def _interhuman(positions: np.ndarray) -> np.ndarray:
    rows = interhuman.to_features(positions, features.swung(positions).astype(positions.dtype))
    return rows[..., :-CONTACTS].reshape(len(rows), -1)


def _humanml3d(positions: np.ndarray) -> np.ndarray:
    return humanml3d.to_features(positions[:, 0])[:, :-CONTACTS]


def _published(name: str, of: Representation, people: int, fps: float, compute: Callable[[np.ndarray], np.ndarray] | None) -> View:
    together = None if compute is None else _each(compute)
    blocks = tuple(group.stop - group.start for group in list(of.groups.values())[:-1]) * people
    return View(name=name, people=people, fps=fps, blocks=blocks, compute=together, published=of)


PAIR = View(name="pair", people=2, fps=7.5, blocks=(features.POSITION,) * 4, compute=_each(features.pair_features))
"""Ours: 66 positions and 66 velocities of each of two people, in the frame of the first one's first frame."""
ATTRIBUTES = View(name="attributes", people=2, fps=ATTRIBUTES_FPS, blocks=(1,) * 2 * PAIR_ATTRIBUTES, compute=_attributes)
"""Ours, one row a motion: what geometry says of two people, in numbers and in their logarithms, each of a deviation of its own."""
INTERHUMAN = _published("interhuman", interhuman.INTERHUMAN, 2, 30.0, _interhuman)
"""258 of InterHuman's 262 of each of two people; rotations are found from joints, twist is lost."""
HUMANML3D = _published("humanml3d", bodies.HUMANML3D.representation, 1, 20.0, _humanml3d)
"""259 of HumanML3D's 263 of one person, of the person's own size."""
KIT = _published("kit", bodies.KIT.representation, 1, 12.5, None)
"""247 of KIT-ML's 251 of one person, whose 21 joints are others than ours: it judges stored features only."""
VIEWS = {one.name: one for one in (PAIR, ATTRIBUTES, INTERHUMAN, HUMANML3D, KIT)}


def view(name: str) -> View:
    """The view of that name; raise `ValueError` naming those there are."""
    if name not in VIEWS:
        raise ValueError(f"no representation {name!r}; there are {', '.join(VIEWS)}")
    return VIEWS[name]
