"""Clips of interactions made from code: what is ordered, choreographed one by one and solved in batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from laban.data.clip import Clip
from laban.motion.rotations import rotate, yaw
from laban.synthesis.carriage import Way, carry
from laban.synthesis.choreography import Choreography, draw
from laban.synthesis.kinds import PERFORM
from laban.synthesis.posture import Controls, Goals, solve
from laban.synthesis.style import KINDS, LICENCE, SOURCE, Style


@dataclass(frozen=True, kw_only=True)
class Order:
    """A clip to be made."""

    id: str
    style: Style
    seed: int
    number: int
    """Number of the draw of this seed."""
    split: str

    @property
    def group(self) -> str:
        """Clips of the same draw belong together."""
        return f"draw-{self.seed}-{self.number}"

    @property
    def people(self) -> int:
        """How many take part."""
        return KINDS[self.style.kind].people


def make_clips(orders: Iterable[Order], *, clip_seconds: float, fps: float, batch: int = 16) -> Iterator[Clip]:
    """Yield the clips, in order, without captions; deterministic, whatever the batch."""
    frames = round(clip_seconds * fps)
    pending = iter(orders)
    while chunk := tuple(itertools.islice(pending, batch)):
        made: dict[str, Clip] = {}
        for people in {order.people for order in chunk}:
            made |= _make_batch([order for order in chunk if order.people == people], frames, fps)
        yield from (made[order.id] for order in chunk)


def choreograph(order: Order, frames: int, fps: float) -> Choreography:
    """The moves of one clip, before any inverse kinematics."""
    part = Choreography(order.style, draw(order.seed, order.number, order.people), frames, fps)
    PERFORM[order.style.kind](part)
    part.finish()
    return part


def _make_batch(orders: list[Order], frames: int, fps: float) -> dict[str, Clip]:
    """Clips by id, of orders for equally many people."""
    parts = [choreograph(order, frames, fps) for order in orders]
    offsets = np.stack([part.chance.offsets for part in parts])
    turn = np.array([part.chance.world_yaw for part in parts])
    origin = rotate(yaw(turn)[:, None], np.stack([part.origin for part in parts]))
    heading = np.stack([part.heading for part in parts]) + turn[:, None]
    controls, goals = Controls.stack([part.controls for part in parts]), Goals.stack([part.goals for part in parts])
    controls.contact = rotate(yaw(turn)[:, None, None, None], controls.contact)
    carry(controls, Way.stack([part.way for part in parts]), fps)
    rotations, root, positions = solve(controls, goals, offsets, heading, origin)
    return {
        order.id: Clip(
            id=order.id, positions=positions[number], captions=(), split=order.split, source=SOURCE, licence=LICENCE, fps=fps,
            root=root[number], offsets=offsets[number], rotations=rotations[number], actor=order.style.starter,
            kind=order.style.kind, style=order.style.parameters(), group=order.group,
        )
        for number, order in enumerate(orders)
    }  # fmt: skip
