from pathlib import Path

import numpy as np
import pytest

from laban.formats.text import caption, parse_json, parse_number, parse_numbers, read_lines, shown


def test_lines_are_those_that_an_editor_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\x0cstill two\xe2\x80\xa8and still\n\nfour\n")
    assert read_lines(path) == ["one", "two\x0cstill two\u2028and still", "", "four"]
    path.write_bytes("Männer".encode("latin-1"))
    with pytest.raises(ValueError, match=r"x\.txt: is not UTF-8 at byte 1; save it as UTF-8"):
        read_lines(path)
    assert read_lines(path, any_encoding=True) == ["M\ufffdnner"]
    with pytest.raises(ValueError, match=r"none\.txt: no such file"):
        read_lines(tmp_path / "none.txt")


def test_numbers_are_those_of_motion_files_and_not_python_s() -> None:
    np.testing.assert_array_equal(parse_numbers("x:1", ["1", "-.5", "2e-3"]), [1, -0.5, 0.002])
    for word in ("1_0", "0x10", "1,5", "", "١٢x"):
        with pytest.raises(ValueError, match="x:1: column 2: .* is not a number"):
            parse_numbers("x:1", ["1", word])
    with pytest.raises(ValueError, match="…"):
        parse_number("x:1", 1, "9x" * 500)


def test_json_that_loses_something_is_refused() -> None:
    assert parse_json("x:1", '{"a": {"b": 1}, "b": 2}') == {"a": {"b": 1}, "b": 2}
    for text, message in (
        ("{", "x:1: is not JSON"),
        ('{"a": {"b": 1, "b": 1}}', "x:1: is not JSON: key 'b' is there twice"),
        ("[" * 10**5, "x:1: is not JSON"),
        ("9" * 10**4, "x:1: is not JSON"),
    ):
        with pytest.raises(ValueError, match=message):
            parse_json("x:1", text)


def test_captions_are_printable_and_short() -> None:
    assert caption("x:1", "  zwei Männer — 握手\t") == "zwei Männer — 握手"
    for text in (None, "", " \n", "a\0b", "a\x1bb", "\ud800", "x" * 2001):
        with pytest.raises(ValueError, match="x:1: .*caption"):
            caption("x:1", text)


def test_messages_stay_short() -> None:
    assert shown("a") == "'a'"
    assert len(shown("x" * 10**6)) == 101
