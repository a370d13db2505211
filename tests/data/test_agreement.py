"""Single-precision kinematics of the gate against the library's own."""

from __future__ import annotations

import numpy as np
import pytest

from laban.data.agreement import quick_fk
from laban.motion.kinematics import fk
from laban.motion.rotations import from_axis_angle, to_6d
from laban.motion.skeleton import REST_OFFSETS

pytestmark = pytest.mark.fast


def test_quick_kinematics_are_the_kinematics() -> None:
    random = np.random.default_rng(3)
    rotations = to_6d(from_axis_angle(random.normal(size=(3, 5, 2, 22, 3)))).astype(np.float32)
    offsets = np.stack([[REST_OFFSETS, REST_OFFSETS * 1.1]] * 3).astype(np.float32)
    root = random.normal(size=(3, 5, 2, 3)).astype(np.float32)
    posed, gap = quick_fk(rotations, offsets, root)
    np.testing.assert_allclose(posed.transpose(2, 3, 4, 0, 1), fk(rotations, offsets, root), atol=2e-6)
    assert gap.max() < 1e-6
    rotations[1, 2, 0, 20] *= 1.01
    gap = quick_fk(rotations, offsets, root)[1]
    assert gap[1] == pytest.approx(0.0201, abs=1e-4)
    assert max(gap[0], gap[2]) < 1e-6
