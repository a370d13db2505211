"""Waving, dancing and stretching as they show in positions alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import find_peaks

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.kinds.gesture import KINDS
from laban.synthesis.style import VALUES, Style, changed, styles_of

FPS = 30.0
DRAWS = (0, 1, 2, 3)
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
SPINE = [INDEX[name] for name in ("pelvis", "spine1", "spine2", "spine3", "neck", "head")]
BARE = {kind: styles_of(kind)[0] for kind in KINDS}


def make(styles: list[Style], numbers: tuple[int, ...] = DRAWS) -> list[Clip]:
    pairs = enumerate(itertools.product(styles, numbers))
    orders = [Order(id=f"c{n}", style=style, seed=7, number=number, split="train") for n, (style, number) in pairs]
    return list(make_clips(orders, clip_seconds=4.0, fps=FPS))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """A draw of every style of every kind."""
    return make([style for kind in KINDS for style in styles_of(kind)], (20,))


def aside(clip: Clip, person: int, joint: str) -> np.ndarray:
    """(T,) metres of a joint to the person's left of where the pelvis is at last."""
    body = clip.positions[:, person]
    left = body[-1, INDEX["left_hip"]] - body[-1, INDEX["right_hip"]]
    return (body[:, INDEX[joint]] - body[:, 0]) @ (left / np.linalg.norm(left))


def height(clip: Clip, person: int, joint: str) -> np.ndarray:
    """(T,) metres over the shoulders."""
    body = clip.positions[:, person]
    return body[:, INDEX[joint], 1] - body[:, [INDEX["left_shoulder"], INDEX["right_shoulder"]], 1].mean(-1)


def act(clip: Clip, person: int) -> np.ndarray:
    """(T,) what a person repeats: the waving wrist out, the head aside, the wrists up."""
    if clip.kind == "stretch":
        return height(clip, person, "left_wrist")
    if clip.kind == "mirror_dance":
        head = aside(clip, person, "head")
        return head - head[0]
    out = aside(clip, person, f"{clip.style['hand']}_wrist") * (1 if clip.style["hand"] == "left" else -1)
    raised = height(clip, person, f"{clip.style['hand']}_wrist")
    return np.where(raised > raised.max() - 0.18, out, out[raised > raised.max() - 0.18].min())


def times(clip: Clip, person: int) -> int:
    """How often a person does it; a sway goes to both sides."""
    course = act(clip, person)
    if clip.kind == "mirror_dance":
        return len(find_peaks(np.abs(course), prominence=0.45 * np.abs(course).max())[0]) // 2
    return len(find_peaks(np.pad(course, 1, constant_values=course.min()), prominence=0.45 * np.ptp(course))[0])


def top(clip: Clip) -> float:
    """Metres over the shoulders that a wrist of who begins comes to."""
    return float(max(height(clip, clip.actor or 0, f"{side}_wrist").max() for side in ("left", "right")))


def apart(clip: Clip) -> float:
    return float(np.linalg.norm(clip.positions[0, 0, 0] - clip.positions[0, 1, 0]))


def fastest(clip: Clip) -> float:
    return float(np.linalg.norm(np.diff(clip.positions[:, :, WRISTS], axis=0), axis=-1).max() * FPS)


def assert_grows(kind: str, name: str, measure) -> None:
    """Each value's greatest measure of all draws is below the next value's least."""
    found = [[measure(clip) for clip in make([changed(BARE[kind], name, value)])] for value in VALUES[name]]
    for less, more in itertools.pairwise(found):
        assert max(less) < min(more), (kind, name, found)


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_show(kind):
    assert_grows(kind, "speed", fastest)
    assert_grows(kind, "energy", top)
    if "distance" in BARE[kind].has:
        assert_grows(kind, "distance", apart)


def test_repetitions_are_counted(clips):
    for clip in clips:
        for person in range(clip.positions.shape[1]):
            assert times(clip, person) == clip.style["repetitions"], (clip.kind, clip.style, person)


@pytest.mark.parametrize("kind", ["wave", "greet"])
def test_all_wave_with_the_hand_told(kind):
    for clip in make([changed(BARE[kind], "hand", hand) for hand in VALUES["hand"]]):
        for person in range(clip.positions.shape[1]):
            used, other = (
                height(clip, person, f"{side}_wrist").max() for side in (clip.style["hand"], *{"left", "right"} - {clip.style["hand"]})
            )
            assert used > other + 0.2


@pytest.mark.parametrize("kind", ["wave", "mirror_dance", "greet"])
def test_who_starts_is_first(kind):
    for clip in make([changed(BARE[kind], "starter", starter) for starter in (0, 1)]):
        moved = np.linalg.norm(np.diff(clip.positions[:, :, WRISTS], axis=0), axis=-1).max(-1) * FPS > 0.5
        begins = np.argmax(moved, axis=0)
        assert np.delete(begins, clip.actor).min() - begins[clip.actor] >= 4, (clip.style, begins)


def test_the_other_mirrors_the_dance():
    for clip in make([changed(BARE["mirror_dance"], "repetitions", 2)]):
        one, other = (act(clip, person) for person in (clip.actor, 1 - clip.actor))
        lags = [np.corrcoef(one[: len(one) - lag], other[lag:])[0, 1] for lag in range(4, 20)]
        assert min(lags) < -0.9, "to the same side of the room is to opposite sides of the two"


def test_all_is_over_in_time_and_nobody_collides(clips):
    for clip in clips:
        assert np.linalg.norm(np.diff(clip.positions[-4:], axis=0), axis=-1).max() * FPS < 0.3, (clip.kind, clip.style)
        velocity = np.diff(clip.positions, axis=0) * FPS
        assert np.linalg.norm(velocity[:, :, WRISTS], axis=-1).max() < 9
        assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * FPS < 200, (clip.kind, clip.style)
        for one, other in itertools.combinations(range(clip.positions.shape[1]), 2):
            a, b = clip.positions[:, one], clip.positions[:, other]
            assert np.linalg.norm(a[:, SPINE, None] - b[:, None, SPINE], axis=-1).min() > 0.35
            assert np.linalg.norm(a[:, :, None] - b[:, None], axis=-1).min() > 0.15, clip.style
