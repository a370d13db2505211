"""What holds of every kind: whole records, constant bones, feet that rest, smooth motion, and the same bytes for the same order."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from laban.data.clip import Clip, ClipStore, write_clips
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX, bone_lengths
from laban.synthesis.choreography import draw
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.kinds import PERFORM
from laban.synthesis.style import KINDS, PAIR_KINDS, VALUES, Style, all_styles, changed, styles_of

FPS, SECONDS = 30.0, 4.0
TOES = [INDEX["left_foot"], INDEX["right_foot"]]


def make(*styles: Style, first: int = 0, seed: int = 3, **options) -> list[Clip]:
    orders = [Order(id=f"c{n}", style=style, seed=seed, number=first + n, split="train") for n, style in enumerate(styles)]
    return list(make_clips(orders, clip_seconds=SECONDS, fps=FPS, **options))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    """A clip of every fifth style of every kind."""
    return make(*(style for kind in KINDS for style in styles_of(kind)[::5]))


def test_there_are_sixteen_kinds_of_two_people_and_some_of_one_and_three():
    assert set(PERFORM) == set(KINDS)
    assert len(PAIR_KINDS) == 16
    assert Counter(kind.people for kind in KINDS.values()) == {2: 16, 1: 2, 3: 2}


def test_record_is_whole(clips):
    assert {clip.kind for clip in clips} == set(KINDS)
    for clip in clips:
        assert clip.positions.shape == (120, KINDS[clip.kind].people, 22, 3)
        assert clip.positions.dtype == clip.rotations.dtype == clip.root.dtype == np.float32
        assert np.isfinite(clip.positions).all()
        assert np.abs(fk(clip.rotations, clip.offsets, clip.root) - clip.positions).max() < 1e-5
        np.testing.assert_array_equal(clip.root, clip.positions[:, :, 0])
        assert (clip.source, clip.licence) == ("procedural", "Apache-2.0")
        assert set(clip.style) == set(KINDS[clip.kind].has)
        assert Style.of(clip) in styles_of(clip.kind)


def test_bones_keep_their_length_and_people_differ(clips):
    for clip in clips:
        lengths = bone_lengths(clip.positions.astype(np.float64))
        np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:1], lengths.shape), rtol=0, atol=1e-6)
    heights = [np.ptp(clip.positions[0, person, :, 1]) for clip in clips for person in range(clip.people)]
    assert max(heights) - min(heights) > 0.15
    assert 1.3 < min(heights) < max(heights) < 1.9


def test_nobody_sinks_in_and_somebody_stands(clips):
    for clip in clips:
        assert clip.positions[..., 1].min() > 0.015
        assert clip.positions[:, :, TOES, 1].min(-1).max() < 0.06, (clip.kind, "there is always a foot near the floor")


def test_feet_on_the_floor_do_not_slide(clips):
    for clip in clips:
        toes = clip.positions[:, :, TOES]
        step = np.linalg.norm(np.diff(toes[..., [0, 2]], axis=0), axis=-1)
        down = (toes[1:, ..., 1] < 0.0205) & (toes[:-1, ..., 1] < 0.0205)
        assert down.mean() > 0.4, clip.kind
        assert step[down].max() < 0.001, (clip.kind, clip.style)


def test_motion_is_smooth(clips):
    for clip in clips:
        velocity = np.diff(clip.positions, axis=0) * FPS
        assert np.linalg.norm(velocity, axis=-1).max() < 10, (clip.kind, clip.style)
        assert np.linalg.norm(np.diff(velocity, axis=0), axis=-1).max() * FPS < 200, (clip.kind, clip.style)


def test_hands_that_should_meet_meet(clips):
    least = {"handshake": 15, "high_five": 3, "hand_over": 3}
    for clip in clips:
        if clip.kind in least:
            wrist = INDEX[f"{clip.style['hand']}_wrist"]
            gap = np.linalg.norm(clip.positions[:, 0, wrist] - clip.positions[:, 1, wrist], axis=-1)
            assert (gap < 0.03).sum() >= least[clip.kind], (clip.kind, clip.style)


def test_scenes_begin_about_the_origin(clips):
    for clip in clips:
        assert np.abs(clip.positions[0, :, 0][..., [0, 2]].mean(0)).max() < 0.1, clip.kind
        assert np.abs(clip.positions).max() < 8, "beyond, float32 could not keep bones to a millionth of a metre"


def test_a_changed_style_keeps_the_people_and_the_place():
    before = Style(kind="push", starter=0)
    one, other = make(before, first=4)[0], make(changed(before, "gentleness", "forceful"), first=4)[0]
    np.testing.assert_array_equal(one.offsets, other.offsets)
    assert one.group == other.group
    assert np.abs(one.positions[0] - other.positions[0]).max() < 0.1
    assert np.abs(one.positions - other.positions).max() > 0.1


def test_a_parameter_that_a_kind_lacks_cannot_change():
    with pytest.raises(ValueError, match="hug has no hand"):
        changed(Style(kind="hug"), "hand", "left")


def test_same_order_same_bytes_whatever_the_batch_and_the_neighbours():
    styles = all_styles()[::97]
    together = make(*styles)
    for number, alone in enumerate(make(*styles, batch=1)):
        assert alone.content_hash() == together[number].content_hash()
    assert make(styles[0], seed=4)[0].content_hash() != together[0].content_hash()
    np.testing.assert_array_equal(draw(3, 5).noise, draw(3, 5, 3).noise[:2])


def test_clips_are_stored_and_read_back_with_their_style(tmp_path):
    style = Style(kind="wave", hand="left", starter=1, repetitions=3)
    (clip,) = make(style)
    write_clips(tmp_path, [clip])
    found = ClipStore(tmp_path)["c0"]
    assert Style.of(found) == Style.of(clip) == style
    assert Style.of(replace(found, source="cmu")) is None


def test_unseen_combinations_are_about_a_twelfth_and_their_parts_are_seen():
    styles = all_styles()
    unseen = [one for one in styles if one.unseen]
    assert 0.05 < len(unseen) / len(styles) < 0.1
    assert {one.kind for one in unseen} == set(KINDS)
    for kind in KINDS.values():
        seen = [one for one in styles_of(kind.name) if not one.unseen]
        for name in kind.has:
            assert {getattr(one, name) for one in seen} == set(VALUES[name]), (kind.name, name)


def test_fast_enough_for_the_default_profile():
    started = time.process_time()
    make(*all_styles()[::12])
    assert time.process_time() - started < 114 / 60, "under 60 clips a second: 200 are usual"
