import itertools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from laban.motion.sixd import Layout, convert, from_matrix, to_matrix

pytestmark = pytest.mark.fast
MATRIX = np.array([[0.0, 1.0, 2.0], [10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])


@pytest.mark.parametrize(
    ("layout", "stored"),
    [
        (Layout.COLUMNS, [0, 10, 20, 1, 11, 21]),
        (Layout.INTERLEAVED, [0, 1, 10, 11, 20, 21]),
        (Layout.ROWS, [0, 1, 2, 10, 11, 12]),
    ],
)
def test_a_layout_stores_the_entries_that_it_says(layout, stored):
    np.testing.assert_array_equal(from_matrix(MATRIX, layout), stored)


@pytest.mark.parametrize(("source", "target"), itertools.product(Layout, Layout))
def test_any_layout_leads_to_any_other(source, target):
    matrix = Rotation.random(40, rng=np.random.default_rng(0)).as_matrix().reshape(5, 8, 3, 3)
    stored = from_matrix(matrix, source)
    np.testing.assert_allclose(to_matrix(stored, source), matrix, atol=1e-12)
    np.testing.assert_allclose(convert(stored, source, target), from_matrix(matrix, target), atol=1e-12)


def test_places_change_and_numbers_do_not_where_no_row_is_missing():
    written = np.random.default_rng(0).normal(size=(7, 6)).astype(np.float32)  # by a network: no rotations
    there = convert(written, Layout.COLUMNS, Layout.INTERLEAVED)
    assert there.dtype == np.float32
    np.testing.assert_array_equal(convert(there, Layout.INTERLEAVED, Layout.COLUMNS), written)


def test_a_wrong_layout_is_another_rotation():
    matrix = Rotation.from_euler("xyz", [0.3, 0.5, 0.7]).as_matrix()
    assert np.abs(to_matrix(from_matrix(matrix, Layout.COLUMNS), Layout.INTERLEAVED) - matrix).max() > 0.1
