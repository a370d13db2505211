from pathlib import Path

import numpy as np
import pytest
from guo_files import features, stroll, write_dataset

from laban.data.artifact import canonical_json
from laban.data.clip import Clip
from laban.formats.kit import FORMAT, SIDES
from laban.formats.source import Options, Rejected
from laban.motion.skeleton import INDEX

# KIT's joint -> ours, or the two between which it lies; right legs and arms first, as the published code says.
OURS = (
    ("pelvis",), ("spine1",), ("spine3",), ("neck",), ("head",),
    ("right_shoulder",), ("right_elbow",), ("right_wrist",), ("left_shoulder",), ("left_elbow",), ("left_wrist",),
    ("right_hip",), ("right_knee",), ("right_ankle",), ("right_foot",), ("right_foot",),
    ("left_hip",), ("left_knee",), ("left_ankle",), ("left_foot",), ("left_foot",),
)  # fmt: skip
METRE = 0.0016
"""A unit of KIT's: their model is a metre tall in millimetres, an adult 1.6 to 1.7."""
LEFT_FIRST = [*range(5), 8, 9, 10, 5, 6, 7, *range(16, 21), *range(11, 16)]


def kit(motion: np.ndarray, unit: float = METRE) -> np.ndarray:
    """(T, 22, 3) metres -> (T, 21, 3)"""
    joints = np.stack([np.mean([motion[:, INDEX[name]] for name in names], axis=0) for names in OURS], axis=1)
    joints[:, [15, 20]] += [0, 0, 0.06]
    return joints / unit


def imported(folder: Path, fps: float = 12.5) -> list[Clip]:
    recordings = FORMAT.find(folder, Options())
    canonical_json([dict(recording.facts) for recording in recordings])
    return [clip for recording in recordings for clip in FORMAT.read(recording, Options(fps=fps))]


@pytest.mark.parametrize("unit", [METRE, 0.001, 0.01, 1.0])
def test_joints_come_back_in_metres_whatever_their_unit(tmp_path: Path, unit: float) -> None:
    motion = stroll(40, 12.5)
    write_dataset(tmp_path, joints={"00001": kit(motion, unit)}, lists={"test": ["00001"]})
    (clip,) = imported(tmp_path)
    assert (clip.split, clip.fps, clip.frames, clip.people, clip.notes) == ("test", 12.5, 40, 1, ())
    exact = [INDEX[names[0]] for names in OURS]
    np.testing.assert_allclose(clip.positions[:, 0, exact], motion[:, exact], atol=1e-5)
    between = (motion[:, INDEX["spine1"]] + motion[:, INDEX["spine3"]]) / 2
    np.testing.assert_allclose(clip.positions[:, 0, INDEX["spine2"]], between, atol=1e-5)
    for side in ("left", "right"):
        between = (motion[:, INDEX["neck"]] + motion[:, INDEX[f"{side}_shoulder"]]) / 2
        np.testing.assert_allclose(clip.positions[:, 0, INDEX[f"{side}_collar"]], between, atol=1e-5)


def test_one_scale_for_all_is_measured_on_the_first(tmp_path: Path) -> None:
    """Somebody smaller stays smaller: the second motion is not blown up to the size of the first."""
    motion = stroll(20, 12.5)
    write_dataset(tmp_path, joints={"00001": np.full((3, 21, 3), np.nan), "00002": kit(motion), "00003": kit(motion * 0.9)})
    bad, first, second = FORMAT.find(tmp_path, Options())
    assert bad.facts == first.facts == second.facts
    assert first.facts["metre_per_unit"] == pytest.approx(METRE, rel=1e-6)
    with pytest.raises(Rejected, match="not finite"):
        FORMAT.read(bad, Options())
    heights = [FORMAT.read(one, Options())[0].positions[..., 1].max() for one in (first, second)]
    assert heights[1] / heights[0] == pytest.approx(0.9, abs=1e-3)


def test_features_and_another_rate(tmp_path: Path) -> None:
    bend = 0.5
    motion = stroll(41, 12.5, bend=bend)
    vectors = features(kit(motion), bend * np.arange(41) / 12.5)
    assert vectors.shape == (40, 251)
    write_dataset(tmp_path, vectors={"00001": vectors})
    (clip,) = imported(tmp_path, fps=25.0)
    assert clip.frames == 79
    exact = [INDEX[names[0]] for names in OURS]
    np.testing.assert_allclose(clip.positions[::2, 0, exact], motion[:40, exact], atol=1e-4)


def test_toes_decide_which_side_is_left(tmp_path: Path) -> None:
    """MMM's own list has left legs and arms first; the published code says right."""
    motion = stroll(30, 12.5)
    write_dataset(tmp_path, joints={"00001": kit(motion), "00002": kit(motion)[:, LEFT_FIRST]})
    first, second = imported(tmp_path)
    np.testing.assert_allclose(first.positions, second.positions, atol=1e-6)
    assert (first.notes, second.notes) == ((), (SIDES,))


def test_a_body_of_no_human_shape_is_set_aside(tmp_path: Path) -> None:
    motion = stroll(10, 12.5)
    short = kit(motion)
    short[:, 7] = short[:, 6] + (short[:, 7] - short[:, 6]) * 0.1
    write_dataset(tmp_path, joints={"00001": kit(motion), "00002": short})
    with pytest.raises(Rejected, match=r"limbs of no human length: .*right_elbow to right_wrist is 0\.0\d+ m"):
        imported(tmp_path)
    write_dataset(tmp_path / "still", joints={"00001": np.zeros((5, 21, 3))})
    with pytest.raises(ValueError, match=r"00001\.npy: its legs have no length"):
        imported(tmp_path / "still")
    write_dataset(tmp_path / "h3d", joints={"00001": motion})
    with pytest.raises(ValueError, match=r"shape \(10, 22, 3\), expected \(T, 21, 3\)"):
        imported(tmp_path / "h3d")
