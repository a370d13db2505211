"""Hug, pat on the back, hand over, link arms: the contacts happen where they should, nothing passes through, parameters show."""

import numpy as np
import pytest

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import Style, styles_of

FPS = 30.0
CHEST, NECK, PELVIS, HEAD = (INDEX[name] for name in ("spine3", "neck", "pelvis", "head"))
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
PUSHING = ("push", "hug", "pat_back", "hand_over")


def make(*styles: Style, first: int = 0) -> list[Clip]:
    orders = [Order(id=f"c{n}", style=style, seed=5, number=first + n, split="train") for n, style in enumerate(styles)]
    return list(make_clips(orders, clip_seconds=4.0, fps=FPS))


@pytest.fixture(scope="module")
def clips() -> dict[str, list[Clip]]:
    """One clip of every style of every kind here."""
    return {kind: make(*styles_of(kind)) for kind in (*PUSHING, "arm_link")}


def roles(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """(T, 22, 3) of the starter and of the other."""
    return clip.positions[:, clip.actor].astype(float), clip.positions[:, 1 - clip.actor].astype(float)


def hand(clip: Clip) -> int:
    return INDEX[f"{clip.style['hand']}_wrist"]


def seen_from(person: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(T, …, 3) points as left, up and forward of a person's chest."""
    left = person[:, INDEX["left_shoulder"]] - person[:, INDEX["right_shoulder"]]
    up = person[:, NECK] - person[:, INDEX["spine1"]]
    forward = np.cross(left, up)
    axes = np.stack([left, np.cross(forward, left), forward], axis=1)
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    return np.einsum("tai,t...i->t...a", axes, points - person[:, CHEST].reshape(-1, *[1] * (points.ndim - 2), 3))


def spines_apart(clip: Clip) -> float:
    """Least distance in metres between the two lines from pelvis to neck, at matching and other heights."""
    shares = np.linspace(0, 1, 12)[:, None, None]
    lines = [person[:, PELVIS] + shares * (person[:, NECK] - person[:, PELVIS]) for person in roles(clip)]
    return float(np.linalg.norm(lines[0][:, None] - lines[1][None], axis=-1).min())


def times(course: np.ndarray, near: float, away: float) -> int:
    """How often a course comes below `near` after it was above `away`."""
    count, ready = 0, True
    for value in course:
        if ready and value < near:
            count, ready = count + 1, False
        ready = ready or value > away
    return count


def grows(kind: str, name: str, values: tuple[str, str], measure, count: int = 8, **rest) -> bool:
    """Whether a measure is greater with the second value in every draw, whatever the draw: the classes do not overlap."""
    low, high = ([measure(make(Style(kind=kind, **{name: value}, **rest), first=n)[0]) for n in range(count)] for value in values)
    return max(low) < min(high)


def test_trunks_do_not_pass_through_each_other(clips):
    for kind in clips:
        for clip in clips[kind]:
            assert spines_apart(clip) > 0.2, (kind, clip.style)
            heads = np.linalg.norm(clip.positions[:, 0, HEAD] - clip.positions[:, 1, HEAD], axis=-1)
            assert heads.min() > 0.14, (kind, clip.style)


def test_motion_is_smooth_and_feet_stay(clips):
    toes = [INDEX["left_foot"], INDEX["right_foot"]]
    for kind in clips:
        for clip in clips[kind]:
            velocity = np.diff(clip.positions.astype(float), axis=0) * FPS
            assert np.linalg.norm(velocity, axis=-1).max() < 9, (kind, clip.style)
            assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * FPS < 200, (kind, clip.style)
            low = clip.positions[:, :, toes, 1] < 0.0205
            slide = np.linalg.norm(velocity[:, :, toes][..., [0, 2]], axis=-1) / FPS
            assert slide[low[1:] & low[:-1]].max() < 0.001, (kind, clip.style)
            assert clip.positions[..., 1].min() > 0.015


def test_all_is_over_when_the_clip_ends(clips):
    for kind in ("hug", "pat_back", "hand_over", "arm_link"):
        for clip in clips[kind]:
            assert np.linalg.norm(np.diff(clip.positions[-4:], axis=0), axis=-1).max() * FPS < 0.35, (kind, clip.style)


def test_hugging_hands_lie_on_the_back_and_arms_pass_beside_the_trunk(clips):
    for clip in clips["hug"]:
        for person, partner in (roles(clip), roles(clip)[::-1]):
            place = seen_from(partner, person[:, WRISTS])
            # Round a much shorter person's waist a hand comes to the flank.
            on_back = (np.abs(place[..., 2] + 0.14) < 0.07) & (np.abs(place[..., 0]) < 0.16) & (np.abs(place[..., 1] + 0.09) < 0.21)
            assert on_back.all(-1).sum() >= 5, clip.style
            forearm = (person[:, [INDEX["left_elbow"], INDEX["right_elbow"]]] + person[:, WRISTS]) / 2
            aside = np.linalg.norm(seen_from(partner, forearm)[..., [0, 2]], axis=-1)
            assert aside.min() > 0.1, clip.style


def test_gentleness_of_a_hug_is_how_close_it_is():
    def apart(clip: Clip) -> float:
        one, other = roles(clip)
        return -float(np.linalg.norm((one - other)[:, CHEST, [0, 2]], axis=-1).min())

    assert grows("hug", "gentleness", ("gentle", "normal"), apart)
    assert grows("hug", "gentleness", ("normal", "forceful"), apart)


def pat_course(clip: Clip) -> np.ndarray:
    """(T,) metres from the patting wrist to the other's upper back, on the side where the starter stands."""
    one, other = roles(clip)
    near = np.array([-0.04 if clip.style["hand"] == "left" else 0.04, 0.07, -0.13])
    return np.linalg.norm(seen_from(other, one[:, hand(clip)]) - near, axis=-1)


def test_pats_land_on_the_back_as_often_as_told(clips):
    for clip in clips["pat_back"]:
        gap = pat_course(clip)
        assert gap.min() < 0.02, clip.style
        assert times(gap, 0.03, 0.05) == clip.style["repetitions"], clip.style


def test_gentleness_of_a_pat_is_how_far_the_hand_is_drawn_back_and_how_the_other_is_rocked():
    def drawn(clip: Clip) -> float:
        gap = pat_course(clip)
        touches = np.flatnonzero(gap < 0.03)
        return float(gap[touches[0] : touches[-1]].max())

    def rocked(clip: Clip) -> float:
        trunk = roles(clip)[1][:, NECK] - roles(clip)[1][:, PELVIS]
        trunk /= np.linalg.norm(trunk, axis=-1, keepdims=True)
        return float(np.arccos(np.minimum(trunk @ trunk[20], 1)).max())

    for values in (("gentle", "normal"), ("normal", "forceful")):
        assert grows("pat_back", "gentleness", values, drawn, repetitions=3)
        assert grows("pat_back", "gentleness", values, rocked)


def test_what_is_handed_over_is_taken_by_the_same_hand_and_drawn_in(clips):
    for clip in clips["hand_over"]:
        one, other = roles(clip)
        gap = np.linalg.norm(one[:, hand(clip)] - other[:, hand(clip)], axis=-1)
        held = np.flatnonzero(gap < 0.03)
        assert len(held) >= 3, clip.style
        # Before, the giver's hand is in front of the body; afterwards the taker's is, and the giver's hangs.
        assert seen_from(one, one[:, hand(clip)])[0, 2] > 0.15
        assert seen_from(other, other[:, hand(clip)])[0, 2] < 0.12
        assert seen_from(other, other[:, hand(clip)])[-1, 2] > 0.12
        assert one[-1, hand(clip), 1] < one[0, hand(clip), 1]


def test_gentleness_of_a_handing_over_is_its_height():
    def height(clip: Clip) -> float:
        one, other = roles(clip)
        frame = np.argmin(np.linalg.norm(one[:, hand(clip)] - other[:, hand(clip)], axis=-1))
        return float(one[frame, hand(clip), 1] / (one[0, NECK, 1] + other[0, NECK, 1]))

    assert grows("hand_over", "gentleness", ("gentle", "normal"), height)
    assert grows("hand_over", "gentleness", ("normal", "forceful"), height)


def test_arms_are_linked_while_they_walk_on_together(clips):
    for clip in clips["arm_link"]:
        one, other = roles(clip)
        near = INDEX[("right" if clip.style["hand"] == "left" else "left") + "_elbow"]
        gap = np.linalg.norm(one[:, hand(clip)] - other[:, near], axis=-1)
        assert gap[60:].max() < 0.18, clip.style
        way = np.linalg.norm((other[-1] - other[0])[PELVIS, [0, 2]])
        assert way > 0.5
        assert abs(np.linalg.norm((one[-1] - one[0])[PELVIS, [0, 2]]) - way) < 0.12


def test_energy_of_walking_arm_in_arm_is_the_stride():
    def stride(clip: Clip) -> float:
        ankles = clip.positions[:, :, [INDEX["left_ankle"], INDEX["right_ankle"]]][..., [0, 2]]
        return float(np.linalg.norm(ankles[:, :, 0] - ankles[:, :, 1], axis=-1).max())

    assert grows("arm_link", "energy", ("low", "normal"), stride)
    assert grows("arm_link", "energy", ("normal", "high"), stride)


@pytest.mark.parametrize("kind", ["hug", "pat_back", "hand_over", "arm_link"])
def test_speed_shows_in_how_long_it_takes(kind):
    def seconds(clip: Clip) -> float:
        moving = np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1).max((1, 2)) * FPS > 0.5
        return float(np.ptp(np.flatnonzero(moving))) / FPS

    assert grows(kind, "speed", ("fast", "normal"), seconds)
    assert grows(kind, "speed", ("normal", "slow"), seconds)
