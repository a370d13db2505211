import numpy as np
import pytest
from judges import MOTIONS, motion

from laban.evaluators.features import swung, trembled
from laban.evaluators.scaler import Scaler
from laban.evaluators.views import ATTRIBUTES, HUMANML3D, INTERHUMAN, KIT, PAIR, PAIR_ATTRIBUTES, VIEWS, view
from laban.motion import humanml3d, interhuman
from laban.motion.attributes import geometry
from laban.motion.kinematics import fk
from laban.motion.rotations import about, to_6d
from laban.motion.skeleton import REST_OFFSETS


def test_widths_are_the_published_ones_without_contacts() -> None:
    assert {name: one.width for name, one in VIEWS.items()} == {
        "pair": 264,
        "attributes": 3564,
        "interhuman": 516,
        "humanml3d": 259,
        "kit": 247,
    }


@pytest.mark.parametrize(("seen", "frames"), [(PAIR, 30), (ATTRIBUTES, 1), (INTERHUMAN, 119), (HUMANML3D, 79)])
def test_rates_and_shapes(seen, frames) -> None:
    (found,) = seen.of([motion(120, people=seen.people)], 30.0)
    assert found.shape == (frames, seen.width)
    assert found.dtype == np.float32


def test_features_are_those_of_the_data_sets_layout() -> None:
    shown = MOTIONS[0]
    whole = interhuman.to_features(shown, swung(shown).astype(np.float32))
    assert np.array_equal(INTERHUMAN.of([shown], 30.0)[0].reshape(119, 2, 258), whole[..., :258])
    alone = motion(80, people=1)
    assert np.array_equal(HUMANML3D.of([alone], 20.0)[0], humanml3d.to_features(alone[:, 0])[:, :259])


def test_rotations_found_from_joints_give_the_joints_again() -> None:
    rng = np.random.default_rng(0)
    turned = to_6d(about(0, rng.uniform(-1.5, 1.5, (6, 2, 22))) @ about(2, rng.uniform(-1.5, 1.5, (6, 2, 22))))
    offsets = np.broadcast_to(REST_OFFSETS, (2, 22, 3))
    joints = fk(turned, offsets, rng.normal(size=(6, 2, 3)))
    assert fk(swung(joints), offsets, joints[..., 0, :]) == pytest.approx(joints, abs=1e-9)
    assert swung(fk(swung(joints), offsets, joints[..., 0, :])) == pytest.approx(swung(joints), abs=1e-7)


def test_what_a_view_cannot_see_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"motion 3 is \(64, 2, 22, 3\): an evaluator of representation 'humanml3d' judges \(T >= 1, 1, 22, 3\)"
    ):
        HUMANML3D.of([motion(60, people=1)] * 3 + [MOTIONS[1]], 30.0)
    with pytest.raises(ValueError, match="representation 'kit' cannot be had from our 22 joints"):
        KIT.of([motion(60, people=1)], 12.5)
    with pytest.raises(ValueError, match="no representation '493-d'; there are pair"):
        view("493-d")


def test_a_deviation_is_shared_in_a_block() -> None:
    (features,) = PAIR.of(MOTIONS[:1], 30.0)
    scaler = Scaler.fit([features[:9], features[9:]], PAIR.blocks)
    assert scaler.mean.numpy() == pytest.approx(features.mean(0), abs=1e-5)
    assert scaler.deviation.numpy() == pytest.approx(np.repeat(features.std(0).reshape(4, 66).mean(1), 66), rel=1e-4)
    assert len(set(scaler.deviation.tolist())) == 4
    assert Scaler.fit([np.zeros((9, 264))], PAIR.blocks).deviation.min() >= 1e-3


def test_nobody_publishes_statistics_of_our_own_view(tmp_path) -> None:
    with pytest.raises(ValueError, match="nobody publishes statistics of representation 'pair'"):
        Scaler.read(tmp_path, PAIR)


def test_attributes_are_the_same_alone_and_in_company_and_none_is_missing() -> None:
    found = ATTRIBUTES.of(MOTIONS, 30.0)
    for one, row in zip(MOTIONS, found, strict=True):
        assert np.array_equal(ATTRIBUTES.of([one], 30.0)[0], row)
    names, values = geometry(MOTIONS[0][None], 30.0)
    assert len(names) == PAIR_ATTRIBUTES
    assert found[0][0, :PAIR_ATTRIBUTES] == pytest.approx(values[0], rel=1e-6)


def test_noise_is_small_mostly_slow_and_none_where_none_is_asked() -> None:
    shown = MOTIONS[0]
    assert np.array_equal(trembled(shown, 30.0, 0.0, np.random.default_rng(0)), shown)
    noise = np.stack([trembled(shown, 30.0, 0.03, np.random.default_rng(seed)) - shown for seed in range(40)])
    assert 0.01 < noise.std() < 0.03  # joints and body, half of the greatest spread on average
    per_clip = [(np.diff(one, axis=0).std(), one.std()) for one in noise]
    assert min(step / whole for step, whole in per_clip) < 0.3  # hardly any fast noise
    assert max(step / whole for step, whole in per_clip) > 0.7  # hardly any slow noise
