import numpy as np
import pytest

from laban.evaluators.features import WIDTH, pair_features
from laban.evaluators.views import PAIR as VIEW
from laban.motion.features import rotate_yaw
from laban.motion.skeleton import REST_OFFSETS

rng = np.random.default_rng(0)
PAIR = (
    REST_OFFSETS[None, None] + np.array([[0, 1, 0], [0.2, 1, 1.5]])[:, None] + np.cumsum(0.01 * rng.normal(size=(12, 2, 22, 3)), 0)
).astype(np.float32)


def test_where_in_the_world_does_not_show() -> None:
    moved = rotate_yaw(PAIR, 1.1) + np.array([3.0, 0.0, -2.0])
    assert pair_features(moved) == pytest.approx(pair_features(PAIR), abs=1e-5)
    assert pair_features(PAIR).shape == (12, WIDTH)


def test_height_the_partner_and_who_is_first_show() -> None:
    features = pair_features(PAIR)
    for other in (PAIR + [0, 0.1, 0], PAIR + np.array([[0, 0, 0], [0.1, 0, 0]])[:, None], PAIR[:, ::-1]):
        assert np.abs(pair_features(other) - features).max() > 0.05


def test_nothing_later_shows_earlier() -> None:
    changed = PAIR.copy()
    changed[7:] += 0.5
    assert np.array_equal(pair_features(changed)[:7], pair_features(PAIR)[:7])


def test_velocities_are_differences_of_positions() -> None:
    blocks = pair_features(PAIR).reshape(12, 2, 2, 66)
    assert blocks[1:, :, 1] == pytest.approx(np.diff(blocks[:, :, 0], axis=0), abs=1e-6)
    assert not blocks[0, :, 1].any()


def test_other_than_two_people_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(12, 3, 22, 3\): this evaluator judges two people"):
        pair_features(np.concatenate([PAIR, PAIR[:, :1]], axis=1))


@pytest.mark.parametrize("fps", [24.0, 30.0, 59.94, 120.0])
def test_equal_motion_at_other_frame_rates_gives_equal_features(fps: float) -> None:
    def walk(rate: float) -> np.ndarray:
        time = np.arange(int(2 * rate) + 1)[:, None, None, None] / rate
        return PAIR[:1] + np.array([1.0, 0.0, 0.5]) * time

    own, other = (VIEW.of([walk(rate)], rate)[0] for rate in (30.0, fps))
    frames = min(len(own), len(other))
    assert frames >= 15
    assert other[:frames] == pytest.approx(own[:frames], abs=1e-4)
