"""How bodies go with their feet: rest, and arms that swing."""

from __future__ import annotations

import numpy as np

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX
from laban.synthesis.carriage import ease, mean_over
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import Style

FPS = 30.0
FEET = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("ankle", "foot")]


def make(style: Style, count: int = 6) -> list[Clip]:
    orders = [Order(id=f"c{n}", style=style, seed=8, number=n, split="train") for n in range(count)]
    return list(make_clips(orders, clip_seconds=4.0, fps=FPS))


def test_who_has_finished_shifts_the_weight_on_feet_that_rest_and_never_freezes():
    for clip in make(Style(kind="approach", speed="fast", distance="near")):
        end = clip.positions[-45:].astype(float)
        assert np.ptp(end[:, :, FEET], axis=0).max() < 1e-6, "the feet stand"
        aside = np.linalg.norm(np.ptp(end[:, :, 0][..., [0, 2]], axis=0), axis=-1)
        assert (aside > 0.004).all(), aside
        assert aside.max() < 0.06
        head = np.linalg.norm(np.diff(end[:, :, INDEX["head"]], axis=0), axis=-1)
        assert (head.max(0) * FPS > 0.01).all(), "somebody stands frozen"


def test_linked_arms_hold_people_in_place():
    for clip in make(Style(kind="arm_link", speed="fast")):
        apart = np.linalg.norm(clip.positions[-30:, 0, 0] - clip.positions[-30:, 1, 0], axis=-1)
        assert np.ptp(apart) < 0.02


def test_ease_starts_and_ends_at_rest_and_is_half_way_in_the_middle():
    t = np.linspace(-1, 2, 301)
    course = ease(t, 0.0, 1.0)
    np.testing.assert_array_equal(course[[0, 100, 200, 300]], [0, 0, 1, 1])
    assert course[150] == 0.5
    assert np.abs(np.diff(course, 2)).max() < 1e-3


def test_mean_over_keeps_what_is_constant_and_the_middle_of_a_step():
    step = np.repeat([0.0, 1.0], 50)
    smooth = mean_over(step, 5)
    assert (np.diff(smooth) >= -1e-12).all()
    assert abs(smooth[49] + smooth[50] - 1) < 1e-12
    np.testing.assert_allclose(mean_over(np.full((4, 9), 2.0), 3, axis=1), 2.0)
