"""What the writer knows of motion: no positions, only what was said of it and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laban.data.clip import Clip
from laban.synthesis.interactions import Order
from laban.synthesis.style import Style

UNSEEN_SPLIT = "test_unseen"


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the writer knows of a clip."""

    id: str
    split: str
    captions: tuple[str, ...]
    """Those that tell of the whole clip; of procedural clips the first tells all of the style."""
    frames: int
    fps: float
    style: Style | None
    """None for capture."""
    draw: tuple[int, int] | None
    """Seed and number of the draw that it was made from; None for capture."""
    people: int = 2

    @classmethod
    def of(cls, clip: Clip) -> Material:
        """Read off a clip; raise `ValueError` where a procedural clip does not name its draw."""
        whole = tuple(one.text for one in clip.captions if one.start_s <= 0.1 and one.end_s >= 0.9 * clip.seconds)
        style = Style.of(clip)
        draw = None if style is None else draw_of(clip.group)
        return cls(
            id=clip.id, split=clip.split, captions=whole, frames=clip.frames, fps=clip.fps, style=style, draw=draw, people=clip.people
        )


def draw_of(group: str) -> tuple[int, int]:
    """Seed and number from a procedural clip's group `draw-<seed>-<number>`."""
    head, _, numbers = group.partition("-")
    seed, _, number = numbers.partition("-")
    if head != "draw" or not (seed.isdigit() and number.isdigit()):
        raise ValueError(f"group {group!r} of a procedural clip is not draw-<seed>-<number>; run prepare again")
    return int(seed), int(number)


@dataclass(frozen=True, kw_only=True)
class Series:
    """Motion to be made beside a clip that there is, by the same people: edits one upon the other, or the next scenes of a story."""

    base: Material
    orders: tuple[Order, ...]

    @property
    def styles(self) -> Sequence[Style]:
        """Of the base and of what is made."""
        assert self.base.style is not None, "only procedural motion can be made anew"
        return (self.base.style, *(order.style for order in self.orders))
