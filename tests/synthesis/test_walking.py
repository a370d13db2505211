"""Gaits as they show in positions alone: tempo, mood, distance, who starts, feet that do not slide, people who do not collide."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.kinds.walking import KINDS
from laban.synthesis.style import VALUES, Style, changed, styles_of

FPS = 30.0
DRAWS = (0, 1, 2, 3)
FEET, ANKLES, KNEES, WRISTS = ([INDEX[f"left_{part}"], INDEX[f"right_{part}"]] for part in ("foot", "ankle", "knee", "wrist"))
SPINE = [INDEX[name] for name in ("pelvis", "spine1", "spine2", "spine3", "neck", "head")]
BARE = {kind: styles_of(kind)[-1] for kind in KINDS}


def make(styles: list[Style], numbers: tuple[int, ...] = DRAWS) -> list[Clip]:
    pairs = enumerate(itertools.product(styles, numbers))
    orders = [Order(id=f"c{n}", style=style, seed=7, number=number, split="train") for n, (style, number) in pairs]
    return list(make_clips(orders, clip_seconds=4.0, fps=FPS))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """Two draws of every style of every kind."""
    return make([style for kind in KINDS for style in styles_of(kind)], (20, 21))


def cruise(clip: Clip) -> float:
    """Metres a second of the quickest pelvis over the best second."""
    pelvis = clip.positions[:, :, 0][..., [0, 2]]
    step = np.linalg.norm(np.diff(pelvis, axis=0), axis=-1) * FPS
    return float(max(np.convolve(course, np.ones(12) / 12, "valid").max() for course in step.T))


def arm_swing(clip: Clip) -> float:
    """Metres between the wrists along the way they face, at most, for whoever swings most."""
    across = clip.positions[:, :, INDEX["left_hip"]] - clip.positions[:, :, INDEX["right_hip"]]
    ahead = np.stack([-across[..., 2], 0 * across[..., 0], across[..., 0]], -1) / np.linalg.norm(across[..., [0, 2]], axis=-1)[..., None]
    wrists = clip.positions[:, :, WRISTS]
    return float(np.ptp(np.sum((wrists[:, :, 0] - wrists[:, :, 1]) * ahead, -1), axis=0).max())


def knee_lift(clip: Clip) -> float:
    """Metres that a toe rises at most."""
    return float(clip.positions[:, :, FEET, 1].max())


def travelled(clip: Clip) -> float:
    """Metres of all pelvises from where they were to where they are."""
    pelvis = clip.positions[:, :, 0][..., [0, 2]]
    return float(np.linalg.norm(pelvis[-1] - pelvis[0], axis=-1).sum())


def apart(clip: Clip) -> float:
    """Mean metres between the first two pelvises."""
    pelvis = clip.positions[:, :, 0][..., [0, 2]]
    return float(np.linalg.norm(pelvis[:, 0] - pelvis[:, 1], axis=-1).mean())


def assert_grows(kind: str, name: str, measure) -> None:
    """Each value's greatest measure of all draws is well below the next value's least."""
    found = [[measure(clip) for clip in make([changed(BARE[kind], name, value)])] for value in VALUES[name]]
    for less, more in itertools.pairwise(found):
        assert max(less) * 1.08 < min(more), (kind, name, found)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_show(kind):
    assert_grows(kind, "speed", cruise)
    assert_grows(kind, "energy", arm_swing)
    assert_grows(kind, "energy", knee_lift)
    assert_grows(kind, "distance", travelled if kind in ("walk", "part") else apart)


def test_pace_is_a_persons():
    speeds = [np.mean([cruise(clip) for clip in make([changed(BARE["walk"], "speed", value)])]) for value in VALUES["speed"]]
    np.testing.assert_allclose(speeds, [0.82, 1.07, 1.57], rtol=0.1)


@pytest.mark.parametrize("kind", [kind for kind, style in BARE.items() if "starter" in style.has])
def test_who_starts_moves_first(kind):
    for clip in make([changed(BARE[kind], "starter", starter) for starter in (0, 1)]):
        begins = np.argmax(np.linalg.norm(np.diff(clip.positions[:, :, ANKLES], axis=0), axis=-1).max(-1) * FPS > 0.25, axis=0)
        assert begins[1 - clip.actor] - begins[clip.actor] >= 4, clip.style


def test_feet_on_the_floor_rest_however_long_the_walk(clips):
    for clip in clips:
        feet = clip.positions[:, :, FEET]
        moved = np.linalg.norm(np.diff(feet[..., [0, 2]], axis=0), axis=-1)
        down = (feet[1:, ..., 1] < 0.0205) & (feet[:-1, ..., 1] < 0.0205)
        assert down.any(0).all()
        assert moved[down].max() < 0.001, clip.style
        assert clip.positions[..., 1].min() > 0.015
        assert feet[..., 1].min(-1).max() < 0.05, "somebody flies"


def test_feet_alternate_and_the_trunk_goes_steadily():
    for clip in make([changed(BARE["walk"], "speed", value) for value in VALUES["speed"]]):
        up = clip.positions[:, 0, FEET, 1] > 0.03
        starts = sorted((frame, foot) for foot in (0, 1) for frame in np.flatnonzero(np.diff(up[:, foot].astype(int)) == 1))
        order = [foot for (frame, foot), (before, _) in zip(starts[1:], starts, strict=False) if frame - before > 4]
        assert len(order) >= 3
        assert all(one != other for one, other in itertools.pairwise(order)), starts
        pelvis = clip.positions[60:, 0, 0][:, [0, 2]]
        speed = np.linalg.norm(pelvis[6:] - pelvis[:-6], axis=-1)
        assert speed.max() < 1.4 * speed.min(), "stop and go"


def test_arms_swing_against_the_legs():
    for clip in make([BARE["walk"]]):
        wrists, ankles = clip.positions[30:, 0, WRISTS], clip.positions[30:, 0, ANKLES]
        way = clip.positions[-1, 0, 0] - clip.positions[30, 0, 0]
        assert np.corrcoef((wrists[:, 0] - wrists[:, 1]) @ way, (ankles[:, 0] - ankles[:, 1]) @ way)[0, 1] < -0.8


def test_nobody_collides(clips):
    for clip in clips:
        for one, other in itertools.combinations(range(clip.positions.shape[1]), 2):
            a, b = clip.positions[:, one], clip.positions[:, other]
            assert np.linalg.norm(a[:, SPINE, None] - b[:, None, SPINE], axis=-1).min() > 0.35, clip.style
            assert np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min() > 0.15, clip.style


def test_they_face_each_other_or_away_in_the_end():
    for kind, sign in (("approach", 1), ("part", -1)):
        for clip in make([BARE[kind]]):
            last = clip.positions[-1]
            across = last[:, INDEX["left_hip"]] - last[:, INDEX["right_hip"]]
            ahead = np.stack([-across[:, 2], across[:, 0]], -1)
            to_other = last[::-1, 0][:, [0, 2]] - last[:, 0][:, [0, 2]]
            assert (sign * np.sum(ahead * to_other, -1) > 0).all()
            assert sign * (ahead[0] @ ahead[1]) < 0 or kind == "part"
