from dataclasses import replace

import numpy as np
import pytest

from laban.data.frame_rate import resampled
from laban.motion.kinematics import fk
from laban.motion.skeleton import bone_lengths
from tests.data.test_mirror import clip_of

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("fps", [20.0, 50.0, 12.5])
def test_bones_keep_their_lengths_and_parts_agree(fps):
    clip = clip_of(4)
    found = resampled(clip, fps)
    assert found.fps == fps
    assert found.positions.dtype == np.float32
    assert abs(found.seconds - clip.seconds) < 1 / fps + 1 / clip.fps
    np.testing.assert_allclose(fk(found.rotations, found.offsets, found.root), found.positions, atol=1e-5)
    np.testing.assert_allclose(
        bone_lengths(found.positions), np.broadcast_to(bone_lengths(clip.positions)[:1], (found.frames, 2, 21)), atol=1e-5
    )
    assert found.captions == clip.captions


def test_whole_ratios_pick_frames():
    clip = clip_of(4)
    found = resampled(clip, 10.0)
    for name in ("positions", "rotations", "root"):
        np.testing.assert_array_equal(getattr(found, name), getattr(clip, name)[::3])


def test_what_forward_kinematics_leaves_is_kept():
    clip = clip_of(4)
    off = replace(clip, positions=clip.positions + np.float32(0.01), residual_m=0.02)
    np.testing.assert_allclose(resampled(off, 20.0).positions, resampled(clip, 20.0).positions + 0.01, atol=1e-5)
    assert np.abs(resampled(off, 60.0).positions[::2] - off.positions).max() < 1e-5


def test_without_rotations_joints_go_straight():
    clip = replace(clip_of(4), rotations=None, offsets=None)
    found = resampled(clip, 60.0)
    np.testing.assert_allclose(found.positions[1], (clip.positions[0] + clip.positions[1]) / 2, atol=1e-6)
    assert found.rotations is None
