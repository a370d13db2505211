import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laban.motion.bodies import HUMANML3D, KIT
from laban.motion.interhuman import INTERHUMAN
from laban.motion.normaliser import FEWEST_DEVIATION, Normaliser, Origin
from laban.motion.world import WORLD

pytestmark = pytest.mark.fast


def random_rows(rows: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(rows)
    return rng.normal(3, 2, (rows, width)) * rng.uniform(0.1, 4, width)


@pytest.fixture
def rows():
    return random_rows(100, 262).reshape(50, 2, 262)


@pytest.fixture
def fitted(rows):
    return Normaliser.fit(INTERHUMAN, [rows], origin=Origin.DATA_SET, name="here")


@pytest.mark.parametrize("of", [INTERHUMAN, HUMANML3D.representation, KIT.representation, WORLD])
def test_a_group_has_one_deviation_the_mean_of_its_columns(of):
    rows = random_rows(200, of.width)
    found = Normaliser.fit(of, [rows], origin=Origin.DATA_SET, name="here")
    np.testing.assert_allclose(found.mean, rows.mean(0), rtol=1e-5, atol=1e-6)
    assert [group.start for group in of.groups.values()] == [0, *(group.stop for group in of.groups.values())][:-1]
    assert list(of.groups.values())[-1].stop == of.width
    for group in of.groups.values():
        np.testing.assert_allclose(found.deviation[group], rows[:, group].std(0).mean(), rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(sum))
def test_blocks_tell_what_the_whole_tells(sizes):
    blocks = [random_rows(size, 262) for size in sizes]
    one = Normaliser.fit(INTERHUMAN, [np.concatenate(blocks)], origin=Origin.DATA_SET, name="")
    several = Normaliser.fit(INTERHUMAN, iter(blocks), origin=Origin.DATA_SET, name="")
    np.testing.assert_allclose(several.mean, one.mean, rtol=1e-6)
    np.testing.assert_allclose(several.deviation, one.deviation, rtol=1e-6)


def test_forward_and_back(rows, fitted):
    normal = fitted.forward(rows, INTERHUMAN)
    np.testing.assert_allclose(normal.reshape(-1, 262).mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(fitted.backward(normal, INTERHUMAN), rows, atol=1e-9)
    assert fitted.forward(rows.astype(np.float32), INTERHUMAN).dtype == np.float32


def test_what_never_moves_is_not_amplified():
    still = Normaliser.fit(INTERHUMAN, [np.ones((9, 262))], origin=Origin.DATA_SET, name="")
    np.testing.assert_array_equal(still.deviation, np.float32(FEWEST_DEVIATION))


def test_a_file_comes_back_to_the_bit_and_says_whose_it_is(tmp_path, fitted):
    fitted.save(tmp_path / "statistics.json")
    found = Normaliser.load(tmp_path / "statistics.json", INTERHUMAN, origin=Origin.DATA_SET)
    np.testing.assert_array_equal(found.mean, fitted.mean)
    np.testing.assert_array_equal(found.deviation, fitted.deviation)
    assert (found.name, found.sha256) == ("here", fitted.sha256)


def test_statistics_of_another_representation_or_origin_are_refused(tmp_path, fitted):
    path = tmp_path / "statistics.json"
    fitted.save(path)
    with pytest.raises(ValueError, match="the data set's statistics .here., wanted the evaluator's"):
        Normaliser.load(path, INTERHUMAN, origin=Origin.EVALUATOR)
    with pytest.raises(ValueError, match="for interhuman-262, wanted humanml3d-263"):
        Normaliser.load(path, HUMANML3D.representation, origin=Origin.DATA_SET)
    with pytest.raises(ValueError, match="for interhuman-262, the features are world-264"):
        fitted.forward(np.zeros((3, 264)), WORLD)
    with pytest.raises(ValueError, match=r"interhuman-262 is \(…, T, 262\)"):
        fitted.backward(np.zeros((3, 264)), INTERHUMAN)


def test_a_changed_file_is_refused(tmp_path, fitted):
    path = tmp_path / "statistics.json"
    fitted.save(path)
    stored = json.loads(path.read_text())
    stored["mean"][7] += 1
    path.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="the file was changed"):
        Normaliser.load(path, INTERHUMAN, origin=Origin.DATA_SET)


def test_published_files_are_taken_as_they_are(tmp_path, fitted):
    mean, deviation = tmp_path / "mean.npy", tmp_path / "std.npy"
    np.save(mean, fitted.mean)
    np.save(deviation, np.linspace(0.01, 1, 262))
    found = Normaliser.of_files(INTERHUMAN, mean, deviation, origin=Origin.EVALUATOR, name="theirs")
    np.testing.assert_array_equal(found.deviation, np.linspace(0.01, 1, 262).astype(np.float32))
    with pytest.raises(ValueError, match="has 264 columns"):
        Normaliser.of_files(WORLD, mean, deviation, origin=Origin.EVALUATOR, name="theirs")
    np.save(deviation, np.where(np.arange(262) == 5, 0, 1))
    with pytest.raises(ValueError, match="column 5 .* deviation 0"):
        Normaliser.of_files(INTERHUMAN, mean, deviation, origin=Origin.EVALUATOR, name="theirs")


def test_nothing_has_no_statistics():
    with pytest.raises(ValueError, match="no features"):
        Normaliser.fit(INTERHUMAN, [], origin=Origin.DATA_SET, name="empty")


@pytest.mark.parametrize(("text", "why"), [("mean 3", "is not JSON"), ("{}", "lacks representation"), ('["mean"]', "lacks representation")])
def test_another_file_is_refused(tmp_path, text, why):
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(ValueError, match=why):
        Normaliser.load(tmp_path / "other.json", INTERHUMAN, origin=Origin.DATA_SET)
