"""Punch and block, kick and dodge: what should meet meets, nobody is hit, and the parameters show."""

import numpy as np
import pytest

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import Style, styles_of

FPS = 30.0
HEAD, NECK, PELVIS = (INDEX[name] for name in ("head", "neck", "pelvis"))
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
TOES = [INDEX["left_foot"], INDEX["right_foot"]]
KINDS = ("punch_block", "kick_dodge")


def make(*styles: Style, first: int = 0) -> list[Clip]:
    orders = [Order(id=f"c{n}", style=style, seed=5, number=first + n, split="train") for n, style in enumerate(styles)]
    return list(make_clips(orders, clip_seconds=4.0, fps=FPS))


@pytest.fixture(scope="module")
def clips() -> dict[str, list[Clip]]:
    """One clip of every style of every kind here."""
    return {kind: make(*styles_of(kind)) for kind in KINDS}


def roles(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """(T, 22, 3) of the starter and of the other."""
    return clip.positions[:, clip.actor].astype(float), clip.positions[:, 1 - clip.actor].astype(float)


def limbs(clip: Clip, part: str) -> tuple[int, int]:
    """The joint on the side of the style's hand, and the one opposite."""
    sides = ("left", "right") if clip.style["hand"] == "left" else ("right", "left")
    return INDEX[f"{sides[0]}_{part}"], INDEX[f"{sides[1]}_{part}"]


def grows(kind: str, name: str, values: tuple, measure, count: int = 8, **rest) -> bool:
    """Whether a measure is greater with the second value in every draw, whatever the draw: the classes do not overlap."""
    low, high = ([measure(make(Style(kind=kind, **{name: value}, **rest), first=n)[0]) for n in range(count)] for value in values)
    return max(low) < min(high)


def block_gap(clip: Clip) -> np.ndarray:
    """(T,) metres between the punching wrist and the blocking one."""
    one, other = roles(clip)
    fist, block = limbs(clip, "wrist")
    return np.linalg.norm(one[:, fist] - other[:, block], axis=-1)


def kicking(clip: Clip) -> np.ndarray:
    """(T,) metres that the kicking foot is over the floor."""
    return roles(clip)[0][:, limbs(clip, "foot")[0], 1]


def test_motion_is_smooth_and_feet_stay(clips):
    for kind in clips:
        for clip in clips[kind]:
            velocity = np.diff(clip.positions.astype(float), axis=0) * FPS
            assert np.linalg.norm(velocity, axis=-1).max() < 10, (kind, clip.style)
            assert np.linalg.norm(velocity[:, :, WRISTS], axis=-1).max() < 9, (kind, clip.style)
            assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * FPS < 200, (kind, clip.style)
            low = clip.positions[:, :, TOES, 1] < 0.0205
            slide = np.linalg.norm(velocity[:, :, TOES][..., [0, 2]], axis=-1) / FPS
            assert slide[low[1:] & low[:-1]].max() < 0.001, (kind, clip.style)
            assert clip.positions[..., 1].min() > 0.01
            assert np.linalg.norm(velocity[-3:], axis=-1).max() < 0.5, (kind, clip.style)


def test_every_punch_is_stopped_by_the_forearm_before_the_face(clips):
    for clip in clips["punch_block"]:
        gap = block_gap(clip)
        closed = gap < 0.06
        starts = np.flatnonzero(closed & ~np.roll(closed, 1))
        assert len(starts) == clip.style["repetitions"], clip.style
        one, other = roles(clip)
        fist = limbs(clip, "wrist")[0]
        face = np.linalg.norm(one[:, fist] - other[:, HEAD], axis=-1)
        assert face.min() > 0.15, clip.style
        # It comes at the face: level with the head, and nearer to it than to the pelvis.
        level = one[np.argmin(gap), fist, 1] - other[np.argmin(gap), HEAD, 1]
        assert -0.25 < level < 0.12, clip.style


def test_energy_of_a_punch_is_how_far_it_goes():
    def nearest(clip: Clip) -> float:
        one, other = roles(clip)
        return -float(np.linalg.norm((one[:, limbs(clip, "wrist")[0]] - other[:, HEAD])[:, [0, 2]], axis=-1).min())

    assert grows("punch_block", "energy", ("low", "normal"), nearest)
    assert grows("punch_block", "energy", ("normal", "high"), nearest)


def test_period_of_punches_is_the_speed():
    def period(clip: Clip) -> float:
        closed = block_gap(clip) < 0.06
        starts = np.flatnonzero(closed & ~np.roll(closed, 1))
        return float(np.diff(starts).mean()) / FPS

    assert grows("punch_block", "speed", ("fast", "normal"), period, repetitions=3)
    assert grows("punch_block", "speed", ("normal", "slow"), period, repetitions=3)


def test_the_leg_told_kicks_forward_and_hits_nobody(clips):
    for clip in clips["kick_dodge"]:
        one, other = roles(clip)
        foot, standing = limbs(clip, "foot")
        assert kicking(clip).max() > 0.35
        assert one[np.argmax(kicking(clip)), standing, 1] < 0.05, clip.style
        gap = np.linalg.norm(one[:, :, None] - other[:, None], axis=-1)
        assert gap.min() > 0.15, clip.style
        trunk = other[:, [PELVIS, NECK, HEAD]]
        assert np.linalg.norm(one[:, foot, None] - trunk, axis=-1).min() > 0.3, clip.style
        knee = limbs(clip, "knee")[0], limbs(clip, "hip")[0], limbs(clip, "ankle")[0]
        frame = np.argmax(one[:, knee[0], 1])
        bent = one[frame, knee[0]] - (one[frame, knee[1]] + one[frame, knee[2]]) / 2
        assert bent @ (other[frame, PELVIS] - one[frame, PELVIS]) > 0 or bent[1] > 0, "a knee bends forward or up"


def test_energy_of_a_kick_is_its_height_and_how_far_the_other_gives_way():
    def dodge(clip: Clip) -> float:
        other = roles(clip)[1]
        return float(np.linalg.norm(other[-1, PELVIS, [0, 2]] - other[0, PELVIS, [0, 2]]))

    for values in (("low", "normal"), ("normal", "high")):
        assert grows("kick_dodge", "energy", values, lambda clip: kicking(clip).max())
        assert grows("kick_dodge", "energy", values, dodge)


def test_the_dodge_comes_after_the_kick_has_begun(clips):
    for clip in clips["kick_dodge"]:
        begun = int(np.argmax(kicking(clip) > 0.2))
        hips = roles(clip)[1][:, PELVIS][:, [0, 2]]
        moved = int(np.argmax(np.linalg.norm(hips - hips[0], axis=-1) > 0.06))
        assert begun - 3 < moved < begun + 30, clip.style


def test_speed_of_a_kick_is_how_long_the_foot_is_up():
    def seconds(clip: Clip) -> float:
        return float((kicking(clip) > 0.12).sum()) / FPS

    assert grows("kick_dodge", "speed", ("fast", "normal"), seconds)
    assert grows("kick_dodge", "speed", ("normal", "slow"), seconds)


def test_far_means_that_the_kicker_comes_from_afar():
    def way(clip: Clip) -> float:
        one = roles(clip)[0]
        return float(np.linalg.norm(one[-1, PELVIS, [0, 2]] - one[0, PELVIS, [0, 2]]))

    assert grows("kick_dodge", "distance", ("near", "far"), way)
