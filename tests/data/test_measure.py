"""Numbers of what was trained, and cells of tables."""

from __future__ import annotations

import pytest

from laban.data.measure import flatten, inside, plain, unsafe

pytestmark = pytest.mark.fast


def test_flatten() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {"a.b": 1, "a.c.d": 2, "e": 3}


def test_names_that_no_file_could_have() -> None:
    assert [unsafe(name) for name in ("c000", "G001T000", "a.b-c_d", "~", "../c", "a..b", "", None)] == [
        "", "", "", "'~'", "'../c'", "'a..b'", "''", "None",
    ]  # fmt: skip


def test_plain_words_and_spans() -> None:
    assert plain("Two people,  DANCING!") == "two people dancing"
    assert inside(0.0, 2.0, 2.0)
    assert not any(inside(*span, 2.0) for span in ((0.0, 2.1), (1.0, 1.0), (-0.1, 1.0), (None, 1.0)))
