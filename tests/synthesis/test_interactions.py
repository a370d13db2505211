import time
from dataclasses import replace

import numpy as np
import pytest

from laban.data.clip import Clip
from laban.motion.attributes import Attributes, measure
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX, bone_lengths
from laban.synthesis.interactions import KINDS, Order, Style, all_styles, draw, make_clips

FPS, SECONDS = 30.0, 4.0
TOES = [INDEX["left_foot"], INDEX["right_foot"]]


def make(*styles: Style, first: int = 0, seed: int = 3, **options) -> list[Clip]:
    orders = [Order(id=f"c{n}", style=style, seed=seed, number=first + n, split="train") for n, style in enumerate(styles)]
    return list(make_clips(orders, clip_seconds=SECONDS, fps=FPS, **options))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """One clip of each of the 288 styles."""
    return make(*all_styles())


@pytest.fixture(scope="module")
def measured(clips) -> list[Attributes]:
    return [measure(clip.positions, clip.fps) for clip in clips]


def style(**values) -> Style:
    return Style(**{"kind": "push", "speed": "normal", "energy": "normal", "distance": "near", "hand": "right", "starter": 0, **values})


def test_record_is_whole(clips):
    for clip in clips:
        assert clip.positions.shape == (120, 2, 22, 3)
        assert clip.positions.dtype == clip.rotations.dtype == clip.root.dtype == np.float32
        assert np.isfinite(clip.positions).all()
        assert np.abs(fk(clip.rotations, clip.offsets, clip.root) - clip.positions).max() < 1e-5
        np.testing.assert_array_equal(clip.root, clip.positions[:, :, 0])
        assert (clip.source, clip.licence) == ("procedural", "Apache-2.0")
        assert clip.actor == clip.style["starter"]
        assert Style.of(clip) in all_styles()


def test_bones_keep_their_length_and_people_differ(clips):
    for clip in clips:
        np.testing.assert_allclose(bone_lengths(clip.positions), np.broadcast_to(bone_lengths(clip.positions[:1]), (120, 2, 21)), atol=1e-5)
    heights = [np.ptp(clip.positions[0, person, :, 1]) for clip in clips for person in (0, 1)]
    assert max(heights) - min(heights) > 0.15
    assert 1.3 < min(heights) < max(heights) < 1.9


def test_nobody_sinks_in_and_somebody_stands(clips):
    for clip in clips:
        assert clip.positions[..., 1].min() > 0.015
        assert clip.positions[:, :, TOES, 1].min(-1).max() < 0.06, "there is always a foot near the floor"


def test_feet_on_the_floor_do_not_slide(clips):
    for clip in clips:
        toes = clip.positions[:, :, TOES]
        step = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1)
        down = (toes[1:, ..., 1] < 0.0205) & (toes[:-1, ..., 1] < 0.0205)
        assert down.mean() > 0.5
        assert step[down].max() < 0.001, clip.style


def test_motion_is_smooth(clips):
    for clip in clips:
        velocity = np.diff(clip.positions, axis=0) * FPS
        assert np.linalg.norm(velocity, axis=-1).max() < 9, clip.style
        assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * FPS < 200, clip.style


def test_hands_that_should_meet_meet(clips):
    for clip in clips:
        wrist = INDEX[f"{clip.style['hand']}_wrist"]
        gap = np.linalg.norm(clip.positions[:, 0, wrist] - clip.positions[:, 1, wrist], axis=-1)
        if clip.kind in ("handshake", "high_five"):
            frames = (gap < 0.03).sum()
            assert frames >= (15 if clip.kind == "handshake" else 3), (clip.kind, clip.style, frames)
        else:
            assert gap.min() > 0.2


def test_kind_hand_and_starter_are_measured_from_positions_alone(clips, measured):
    for name, right in {
        "kind": [found.kind == clip.kind for clip, found in zip(clips, measured, strict=True)],
        "starter": [found.starter == clip.actor for clip, found in zip(clips, measured, strict=True)],
        "hand": [found.hands[clip.actor] == clip.style["hand"] for clip, found in zip(clips, measured, strict=True)],
    }.items():
        assert np.mean(right) >= 0.97, (name, np.mean(right))


def pairs(name: str, low: str, high: str, measure_of, kinds=KINDS) -> float:
    """Share of draws in which a measure grows from one value of a style parameter to the other, all else equal."""
    wins = []
    for kind in kinds:
        for number in range(6):
            few, many = make(style(kind=kind, **{name: low}), first=number), make(style(kind=kind, **{name: high}), first=number)
            wins.append(measure_of(measure(many[0].positions, FPS), many[0]) > measure_of(measure(few[0].positions, FPS), few[0]))
    return float(np.mean(wins))


def shake(_: Attributes, clip: Clip) -> float:
    """Vertical travel of the joined hands."""
    wrist = INDEX[f"{clip.style['hand']}_wrist"]
    joined = np.linalg.norm(clip.positions[:, 0, wrist] - clip.positions[:, 1, wrist], axis=-1) < 0.03
    return float(np.ptp(clip.positions[joined, 0, wrist, 1]))


def test_speed_shows():
    assert pairs("speed", "slow", "normal", lambda found, _: found.peak_speed_m_s) == 1
    assert pairs("speed", "normal", "fast", lambda found, _: found.peak_speed_m_s) == 1


def test_energy_shows():
    for low, high in (("gentle", "normal"), ("normal", "strong")):
        assert pairs("energy", low, high, shake, ["handshake"]) == 1
        assert pairs("energy", low, high, lambda found, _: found.meeting_height_m, ["high_five"]) == 1
        assert pairs("energy", low, high, lambda found, _: max(found.bend_rad), ["push", "bow"]) == 1


def test_distance_shows():
    assert pairs("distance", "near", "far", lambda found, _: found.apart_start_m - found.apart_least_m) == 1


def test_a_changed_style_keeps_the_people_and_the_place():
    one, other = make(style(), first=4)[0], make(style(energy="strong"), first=4)[0]
    np.testing.assert_array_equal(one.offsets, other.offsets)
    assert one.group == other.group
    assert np.abs(one.positions[0] - other.positions[0]).max() < 0.1
    assert np.abs(one.positions - other.positions).max() > 0.1


def test_same_order_same_bytes_whatever_the_batch_and_the_neighbours():
    styles = all_styles()[::37]
    together = make(*styles)
    for number, alone in enumerate(make(*styles, batch=1)):
        assert alone.content_hash() == together[number].content_hash()
    assert make(styles[0], seed=4)[0].content_hash() != together[0].content_hash()
    np.testing.assert_array_equal(draw(3, 5).noise, draw(3, 5).noise)


def test_clips_are_stored_and_read_back_with_their_style(tmp_path):
    from laban.data.clip import ClipStore, write_clips

    (clip,) = make(style(kind="bow", hand="left", starter=1))
    write_clips(tmp_path, [clip])
    found = ClipStore(tmp_path)["c0"]
    assert Style.of(found) == Style.of(clip) == style(kind="bow", hand="left", starter=1)
    assert Style.of(replace(found, source="cmu")) is None


def test_unseen_combinations_are_a_twelfth_and_their_parts_are_seen():
    styles = all_styles()
    unseen = [one for one in styles if one.unseen]
    assert len(styles) == 288
    assert 0.05 < len(unseen) / len(styles) < 0.1
    assert {one.kind for one in unseen} == set(KINDS)
    seen = [one for one in styles if not one.unseen]
    for name in ("kind", "speed", "energy", "distance", "hand", "starter"):
        for kind in KINDS:
            assert {getattr(one, name) for one in seen if one.kind == kind} >= {getattr(one, name) for one in unseen if one.kind == kind}


def test_fast_enough_for_the_default_profile():
    started = time.process_time()
    make(*all_styles()[::4])
    assert time.process_time() - started < 72 / 60, "under 60 clips a second: 200 are usual"
