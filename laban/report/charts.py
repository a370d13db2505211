"""Numbers to the geometry of inline SVG: paths in the units of a view box, y downwards."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laban.report.collect import Curve, Level, Run, Stage
from laban.report.graph import Node, drawn_edges
from laban.report.scenes import task_title


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A labelled place on an axis."""

    place: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A line over two axes, in a box of `WIDTH` by `HEIGHT`."""

    path: str
    points: Sequence[tuple[float, float]]
    x: Sequence[Tick]
    y: Sequence[Tick]


WIDTH, HEIGHT = 360.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 350.0, 10.0, 156.0


def number(value: float) -> str:
    """Three significant digits, no exponent for everyday sizes."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or size > 6:
        return f"{value:.2e}"
    return f"{value:,.{min(max(0, 2 - size), 5)}f}"


def duration(seconds: float) -> str:
    """`4.5 s`, `3 min 44 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers within limits, about `count` of them."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough), default=10 * power)
    first = math.ceil(low / step)
    return [round(place * step, 10) for place in range(first, math.floor(high / step) + 1)]


def loss(curve: Curve) -> Plot:
    """A training's losses over its steps; the axis of losses begins at 0."""
    low, high = float(min(curve.steps)), float(max(curve.steps))
    top = max(*curve.losses, 1e-12) * 1.05

    def x(step: float) -> float:
        return LEFT + (RIGHT - LEFT) * (step - low) / max(high - low, 1e-12)

    def y(value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * value / top

    points = [(x(step), y(value)) for step, value in zip(curve.steps, curve.losses, strict=True)]
    return Plot(
        path=_path(points),
        points=points,
        x=[Tick(place=x(step), label=f"{step:,g}") for step in ticks(low, high)],
        y=[Tick(place=y(value), label=f"{value:g}") for value in ticks(0.0, top)],
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def usage(level: Level, width: float = 360.0, height: float = 90.0) -> str:
    """The shares of a level's codes as an outline of bars, the most used left."""
    step, top = width / level.size, max(level.shares)
    outline = [f"H{place * step:.1f}V{height - height * share / top:.1f}" for place, share in enumerate(level.shares)]
    return f"M0,{height:.1f}" + "".join(outline) + f"H{width:.1f}V{height:.1f}Z"


# --- the graph --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Box:
    """A stage where it is drawn."""

    stage: Stage
    x: float
    y: float
    lines: Sequence[str]
    """Its name, broken where the box is narrow."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The workflow in a box of `width` by `height`."""

    boxes: Sequence[Box]
    arrows: Sequence[str]
    width: float
    height: float
    box: tuple[float, float]
    """Width and height of a stage."""


def workflow(stages: Sequence[Stage], *, upright: bool) -> Drawing:
    """Lay the stages out from left to right, or `upright`, from top to bottom."""
    size = (82.0, 62.0) if upright else (128.0, 62.0)
    gap = (6.0, 34.0) if upright else (38.0, 26.0)
    margin = 6.0

    def corner(node: Node) -> tuple[float, float]:
        across, along = (node.lane, float(node.rank)) if upright else (float(node.rank), node.lane)
        return margin + across * (size[0] + gap[0]), margin + along * (size[1] + gap[1])

    places = {stage.name: corner(stage.node) for stage in stages}
    return Drawing(
        boxes=[Box(stage=stage, x=places[stage.name][0], y=places[stage.name][1], lines=_lines(stage.name, upright)) for stage in stages],
        arrows=[_arrow(places[before.name], places[after.name], size, upright) for before, after in drawn_edges([s.node for s in stages])],
        width=max(x for x, _ in places.values()) + size[0] + margin,
        height=max(y for _, y in places.values()) + size[1] + margin,
        box=size,
    )


def _lines(name: str, upright: bool) -> list[str]:
    return name.split("_") if upright else [name.replace("_", " ")]


def _arrow(start: tuple[float, float], end: tuple[float, float], size: tuple[float, float], upright: bool) -> str:
    """A curve that leaves and enters in the direction of the ranks and stays in its own lane until it is near."""
    if upright:
        (x0, y0), (x1, y1) = (start[0] + size[0] / 2, start[1] + size[1]), (end[0] + size[0] / 2, end[1] - 4)
        near = max(y0, y1 - 40)
        return f"M{x0:.1f},{y0:.1f}V{near:.1f}C{x0:.1f},{near + 24:.1f} {x1:.1f},{y1 - 24:.1f} {x1:.1f},{y1:.1f}"
    (x0, y0), (x1, y1) = (start[0] + size[0], start[1] + size[1] / 2), (end[0] - 4, end[1] + size[1] / 2)
    near = max(x0, x1 - 60)
    return f"M{x0:.1f},{y0:.1f}H{near:.1f}C{near + 32:.1f},{y0:.1f} {x1 - 32:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"


# --- results ----------------------------------------------------------------------------------------------------------

METRICS: Mapping[str, tuple[str, str]] = {
    "kind_accuracy": ("kind recognised", "up"),
    "r_precision_top1": ("R-precision, top 1", "up"),
    "r_precision_top2": ("R-precision, top 2", "up"),
    "r_precision_top3": ("R-precision, top 3", "up"),
    "r_precision_top3_within_kind": ("R-precision, top 3, within a kind", "up"),
    "mm_dist": ("distance of text and motion", "down"),
    "source_r_precision_top3": ("clip before found, top 3", ""),
    "target_r_precision_top3": ("clip after found, top 3", "up"),
    "fid": ("FID", "down"),
    "diversity": ("diversity", ""),
    "failed": ("answers that failed", "down"),
    "foot_skate": ("feet that slide", "down"),
    "floor_penetration_mm": ("feet in the floor, mm", "down"),
    "penetration_mm": ("bodies in one another, mm", "down"),
    "touching": ("people touch, share of time", ""),
    "apart_m": ("people apart, m", ""),
    "contact_f1": ("touch when they should, F1", "up"),
    "seconds": ("length, seconds", ""),
    "mpjpe_mm": ("joint error, mm", "down"),
    "mpjpe_root_mm": ("joint error from the pelvis, mm", "down"),
    "pa_mpjpe_mm": ("joint error after alignment, mm", "down"),
    "acceleration_mm": ("error of acceleration, mm/frame²", "down"),
    "ade_mm": ("average displacement, mm", "down"),
    "fde_mm": ("final displacement, mm", "down"),
    "ade_flat_mm": ("average displacement as MotionGPT has it, mm", "down"),
    "fde_flat_mm": ("final displacement as MotionGPT has it, mm", "down"),
    "bleu1": ("BLEU-1", "up"),
    "bleu4": ("BLEU-4", "up"),
    "rouge_l": ("ROUGE-L", "up"),
    "cider": ("CIDEr-D", "up"),
    "meteor": ("METEOR", "up"),
    "bert_score": ("BERTScore", "up"),
    "mauve": ("MAUVE", "up"),
    "facts_right": ("known facts said right", "up"),
    "facts_wrong": ("known facts said wrong", "down"),
    "success": ("what was asked has changed", "up"),
    "locality": ("the rest is as before", "up"),
    "success_and_locality": ("both", "up"),
    "attribute_kind": ("geometry shows the kind", "up"),
    "attribute_starter": ("… who starts", "up"),
    "attribute_hand": ("… the hand", "up"),
    "attribute_speed": ("… the speed", "up"),
    "attribute_distance": ("… the distance", "up"),
    "attribute_energy": ("… the energy", "up"),
    "attribute_gentleness": ("… the gentleness", "up"),
    "attribute_repetitions": ("… how often", "up"),
}
"""Metric -> what people call it, and which way is better (empty: neither)."""
_BEFORE = {"judge_": " (second judge)"}
_AFTER = {"_pool96": ", pools of 96", "_lemma": ", lemmas"}
"""What a metric's name may begin or end with -> what the page adds to its heading."""
COMPARED = {
    "chance": "chance",
    "copy": "nearest copy",
    "stand_still": "stand still",
    "majority": "most frequent",
    "reconstruction": "truth, encoded",
    "ground_truth": "truth",
}
"""Row of the evaluation -> its heading."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measured number beside what it must be compared with."""

    split: str
    metric: str
    better: str
    value: float
    half: float | None
    compared: Mapping[str, float]

    @property
    def beats_chance(self) -> bool | None:
        """None where there is no chance to compare with or no way is better."""
        if not self.better or "chance" not in self.compared:
            return None
        return (self.value > self.compared["chance"]) == (self.better == "up") and self.value != self.compared["chance"]

    def place(self, value: float) -> float:
        """0 … 100: where a value lies between the least and the greatest of the row."""
        every = [self.value, *self.compared.values()]
        low, high = min(every), max(every)
        return 50.0 if high == low else 100 * (value - low) / (high - low)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A task's numbers."""

    task: str
    title: str
    columns: Sequence[str]
    """Rows of the evaluation that it has to compare with, in our order."""
    rows: Sequence[Row]


def tables(run: Run) -> list[Table]:
    """A table a task; metrics that we have no name for keep their own."""
    return [_table(task, splits) for task, splits in run.metrics.items()]


def _table(task: str, splits: Mapping[str, Mapping[str, object]]) -> Table:
    rows = [row for split, values in splits.items() for row in _rows(split, values)]
    seen = {name for row in rows for name in row.compared}
    others = sorted(seen - set(COMPARED))
    columns = [name for name in COMPARED if name in seen] + others
    return Table(task=task, title=task_title(task), columns=columns, rows=rows)


def _rows(split: str, values: Mapping[str, object]) -> list[Row]:
    groups = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    halves = groups.pop("interval", {})
    own = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    return [
        Row(
            split=split,
            metric=called(metric)[0],
            better=called(metric)[1],
            value=value,
            half=halves.get(metric),
            compared={name: float(group[metric]) for name, group in groups.items() if isinstance(group.get(metric), int | float)},
        )
        for metric, value in sorted(own.items(), key=lambda item: _rank(item[0]))
    ]


def called(metric: str) -> tuple[str, str]:
    """What people call a metric, and which way is better."""
    base, said = _base(metric)
    title, better = METRICS.get(base, (base.replace("_", " "), ""))
    return title + said, better


def _rank(metric: str) -> tuple[bool, int]:
    """Those of the first judge before those of the second, in our order."""
    base, _ = _base(metric)
    return not metric.startswith(base), list(METRICS).index(base) if base in METRICS else len(METRICS)


def _base(metric: str) -> tuple[str, str]:
    """A metric's name without what stands before and after it, and what is said of that."""
    base, said = metric, ""
    for ending, words in _AFTER.items():
        if base.endswith(ending):
            base, said = base.removesuffix(ending), said + words
    for beginning, words in _BEFORE.items():
        if base.startswith(beginning):
            base, said = base.removeprefix(beginning), said + words
    return base, said
