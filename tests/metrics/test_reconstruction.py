import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from laban.metrics.reconstruction import acceleration_error, ade, fde, mpjpe, pa_mpjpe, published_displacement
from laban.motion.skeleton import REST_OFFSETS

rng = np.random.default_rng(0)
TARGET = REST_OFFSETS.cumsum(axis=0) * 0.1 + np.cumsum(0.02 * rng.normal(size=(9, 2, 22, 3)), axis=0)
PREDICTED = TARGET + 0.03 * rng.normal(size=TARGET.shape)


def test_mpjpe_equals_the_definition() -> None:
    distances = [1000 * np.sqrt(((PREDICTED[t, p, j] - TARGET[t, p, j]) ** 2).sum()) for t in range(9) for p in range(2) for j in range(22)]
    assert mpjpe(PREDICTED, TARGET, alignment="world") == pytest.approx(np.mean(distances), abs=1e-6)
    local = [
        1000 * np.linalg.norm((PREDICTED[t, p, j] - PREDICTED[t, p, 0]) - (TARGET[t, p, j] - TARGET[t, p, 0]))
        for t in range(9)
        for p in range(2)
        for j in range(22)
    ]
    assert mpjpe(PREDICTED, TARGET, alignment="root") == pytest.approx(np.mean(local), abs=1e-6)


def test_one_translated_person() -> None:
    moved = TARGET.copy()
    moved[:, 1] += [0.3, 0.0, 0.4]
    assert mpjpe(moved, TARGET, alignment="world") == pytest.approx(250.0)  # half the people, 500 mm
    assert mpjpe(moved, TARGET, alignment="root") == pytest.approx(0.0, abs=1e-9)
    assert pa_mpjpe(moved, TARGET) == pytest.approx(0.0, abs=1e-6)
    assert acceleration_error(moved, TARGET) == pytest.approx(0.0, abs=1e-9)


def test_turned_scaled_people_fit_and_mirrored_ones_do_not() -> None:
    turn = Rotation.from_euler("xyz", [0.4, 2.0, -0.3]).as_matrix()
    assert pa_mpjpe(1.3 * TARGET @ turn.T + 2.0, TARGET) == pytest.approx(0.0, abs=1e-6)
    mirrored = TARGET * np.array([-1.0, 1.0, 1.0])
    assert pa_mpjpe(mirrored, TARGET) > 10.0
    assert mpjpe(mirrored, TARGET, alignment="world") == pytest.approx(2000 * np.abs(TARGET[..., 0]).mean(), abs=1e-6)


def test_pa_mpjpe_equals_scipys_procrustes() -> None:
    expected = []
    for predicted, target in zip(PREDICTED.reshape(-1, 22, 3), TARGET.reshape(-1, 22, 3), strict=True):
        norm = np.linalg.norm(target - target.mean(axis=0))
        one, other, _ = procrustes(target, predicted)  # both standardised to the target's norm 1
        expected.append(1000 * norm * np.linalg.norm(one - other, axis=1).mean())
    assert pa_mpjpe(PREDICTED, TARGET) == pytest.approx(np.mean(expected), abs=1e-6)


def test_pa_mpjpe_of_a_collapsed_person_is_finite() -> None:
    expected = 1000 * np.linalg.norm(TARGET - TARGET.mean(axis=2, keepdims=True), axis=-1).mean()
    assert pa_mpjpe(np.zeros_like(TARGET), TARGET) == pytest.approx(expected)


def test_acceleration_error() -> None:
    second = (PREDICTED[2:] - 2 * PREDICTED[1:-1] + PREDICTED[:-2]) - (TARGET[2:] - 2 * TARGET[1:-1] + TARGET[:-2])
    assert acceleration_error(PREDICTED, TARGET) == pytest.approx(1000 * np.linalg.norm(second, axis=-1).mean(), abs=1e-6)
    drift = np.arange(9)[:, None, None, None] * 0.01
    assert acceleration_error(TARGET + drift, TARGET) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ValueError, match="2 frames"):
        acceleration_error(TARGET[:2], TARGET[:2])


def test_displacement_weighs_clips_not_frames() -> None:
    short, long = TARGET[:2], TARGET
    off = np.array([0.1, 0.0, 0.0])
    assert ade([short + off, long], [short, long]) == pytest.approx(50.0)
    drift = np.linspace(0, 0.2, 9)[:, None, None, None] * np.array([1.0, 0, 0])
    assert ade([long + drift], [long]) == pytest.approx(100.0)
    assert fde([long + drift, short], [long, short]) == pytest.approx(100.0)
    assert fde([long + drift], [long]) == pytest.approx(200.0)


def _motiongpts(predicted: list[np.ndarray], target: list[np.ndarray]) -> tuple[float, float]:
    """`mGPT/metrics/m2m.py`, frame by frame: a padded batch, the norm of 66 numbers, the last frame of the padding."""
    longest = max(map(len, [*predicted, *target]))
    ades, fdes = [], []
    for one, other in zip(predicted, target, strict=True):
        apart = []
        for frame in range(longest):
            here = [motion[frame].reshape(2, -1) if frame < len(motion) else np.zeros((2, 66)) for motion in (one, other)]
            apart.append(np.mean([np.sqrt(((a - b) ** 2).sum()) for a, b in zip(*here, strict=True)]))
        ades.append(np.mean(apart))
        fdes.append(apart[-1])
    return 1000 * float(np.mean(ades)), 1000 * float(np.mean(fdes))


def test_motiongpts_displacement_is_another_number() -> None:
    predicted, target = [PREDICTED, TARGET[:5]], [TARGET, PREDICTED[:7]]
    assert published_displacement(predicted, target) == pytest.approx(_motiongpts(predicted, target), abs=1e-6)
    moved = TARGET + np.array([0.1, 0.0, 0.0])
    assert ade([moved], [TARGET]) == pytest.approx(100.0)
    assert published_displacement([moved], [TARGET]) == pytest.approx((100 * np.sqrt(22), 100 * np.sqrt(22)))
    # Both end early, beside a longer clip: the last frame of the batch is padding, and the final displacement says nothing.
    both = published_displacement([moved[:3], TARGET], [TARGET[:3], TARGET])
    assert both == pytest.approx((100 * np.sqrt(22) * 3 / 9 / 2, 0.0))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(8, 2, 22, 3\) and \(9, 2, 22, 3\)"):
        mpjpe(PREDICTED[:8], TARGET, alignment="world")
    with pytest.raises(ValueError, match="1 predicted clips against 2"):
        ade([PREDICTED], [TARGET, TARGET])
    with pytest.raises(ValueError, match="'pelvis' is not world or root"):
        mpjpe(PREDICTED, TARGET, alignment="pelvis")  # type: ignore[arg-type]
