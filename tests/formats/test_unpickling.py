import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from limits import bounded

from laban.formats.unpickling import read_pickle


def written(folder: Path, data: bytes) -> Path:
    path = folder / "x.pkl"
    path.write_bytes(data)
    return path


def call(module: str, name: str, *arguments: Any) -> bytes:
    """A pickle that calls `module.name(*arguments)` when it is loaded the ordinary way."""
    return b"\x80\x04" + pickle.dumps((module, name), 4)[2:-1].split(b"\x86")[0] + b"\x93" + pickle.dumps(arguments, 4)[2:-1] + b"R."


PLAIN = {
    "a": [1, -1, 2**40, 2**70, 1.5, True, False, None, "text", "ä ☃", b"bytes", b"", (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}],
    "nested": {"b": [{"c": "d"}]},
    "array": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "none": np.empty((0, 3)),
    "whole": np.array(7),
    "flags": np.array([True, False]),
    "texts": np.array(["neutral", "male"]),
    "scalar": np.float64(60),
    "number": np.int64(3),
}


def assert_same(ours: Any, theirs: Any) -> None:
    assert type(ours) is (type(theirs.item()) if isinstance(theirs, np.generic) else type(theirs))
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            assert_same(ours[key], value)
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    else:
        assert ours == theirs


@pytest.mark.parametrize("protocol", range(6))
def test_what_is_plain_is_read_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    assert_same(read_pickle(written(tmp_path, pickle.dumps(PLAIN, protocol))), PLAIN)


def test_both_names_of_numpys_core_are_known(tmp_path: Path) -> None:
    data = pickle.dumps(np.arange(3), 2)
    old, new = data.replace(b"numpy._core.", b"numpy.core."), data.replace(b"numpy.core.", b"numpy._core.")
    assert old != new
    for one in (old, new):
        np.testing.assert_array_equal(read_pickle(written(tmp_path, one)), [0, 1, 2])


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch owned",)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "named"),
    [
        (Evil(), r"names (posix|nt)\.system"),
        ([Evil()], r"names (posix|nt)\.system"),
        (Path("x"), r"names pathlib\.\w+"),
        (OrderedDict(a=1), r"names collections\.OrderedDict"),
        ({1, 2}, r"names (builtins|__builtin__)\.set|instruction EMPTY_SET"),
        (print, r"names (builtins|__builtin__)\.print"),
        (np.random.default_rng(0), r"names numpy\.random"),
        (np.ma.array([1]), r"names numpy\.ma"),
        (complex(1, 2), r"names (builtins|__builtin__)\.complex"),
        (np.array([{}], dtype=object), r"dtype 'O8'|array of objects"),
        (np.zeros(2, "c16"), "dtype 'c16'"),
        (np.zeros(2, [("x", "f4")]), "dtype 'V4'"),
        (np.zeros(2, ">f4"), "big-endian array"),
        ({1: 2}, "a key of type int"),
        ({("a",): 2}, "a key of type tuple"),
    ],
)
def test_what_is_not_is_named_and_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: Any, named: str, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, pickle.dumps(value, protocol))
    with pytest.raises(ValueError, match=rf"x\.pkl: byte \d+: .*({named})"):
        read_pickle(path)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "target",
    [
        ("builtins", "eval"),
        ("numpy", "load"),
        ("numpy", "ndarray"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy", "dtype.type"),
        ("numpy.dtype", "__init__"),
        ("_codecs", "lookup"),
        ("", ""),
        ("numpy core multiarray", "scalar"),
    ],
)
def test_no_other_name_can_be_called(tmp_path: Path, target: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="names|calls what is no function"):
        read_pickle(written(tmp_path, call(*target, "x")))


@pytest.mark.parametrize("opcode", [b"c", b"i", b"o", b"\x81", b"\x92", b"\x82", b"\x83", b"P", b"Q", b"\x97", b"\x98", b"\x8f", b"S'x'\n"])
def test_instructions_that_make_objects_are_refused(tmp_path: Path, opcode: bytes) -> None:
    with pytest.raises(ValueError, match=r"x\.pkl: "):
        read_pickle(written(tmp_path, b"\x80\x04]}" + opcode + b"\x00\x00\x00\x00."))


def test_what_is_not_whole_is_named(tmp_path: Path) -> None:
    data = pickle.dumps(PLAIN, 4)
    for end in range(0, len(data), 5):
        with pytest.raises(ValueError, match=r"x\.pkl"):
            read_pickle(written(tmp_path, data[:end]))
    with pytest.raises(ValueError, match="no such file"):
        read_pickle(tmp_path / "no.pkl")


HUGE = 10**12
BOMBS = {
    "bytes of 2**62 that are not there": b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"x.",
    "a frame of 2**62": b"\x80\x04\x95" + (2**62).to_bytes(8, "little"),
    "an array of 10**12 without bytes": pickle.dumps(np.zeros(1000), 4).replace(b"M\xe8\x03", b"\x8a\x06" + HUGE.to_bytes(6, "little")),
    "an empty array made large": call("numpy.core.multiarray", "_reconstruct", HUGE, (HUGE,), b"b"),
    "tuples of tuples, doubled 60 times, as a key": b"\x80\x04}N" + b"2\x86" * 60 + b"Ns.",
    "tuples of tuples, doubled 60 times, as a value": b"\x80\x04}\x8c\x01aN" + b"2\x86" * 60 + b"s.",
    "lists a hundred thousand deep": b"\x80\x04" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "tuples a hundred thousand deep": b"\x80\x04N" + b"\x85" * 100_000 + b".",
    "more instructions than any motion needs": b"\x80\x04]" + b"Na" * 600_000 + b".",
    "a number of five thousand digits": b"L" + b"9" * 5000 + b"L\n.",
    "a text encoded ten thousand times": b"\x80\x02]X"
    + (10**6).to_bytes(4, "little")
    + b"x" * 10**6
    + b"q\x00a"
    + b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86Ra" * 10_000
    + b".",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_soon_and_small(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, BOMBS[name])
    with bounded(seconds=10, grow=700 * 2**20), pytest.raises(ValueError, match=r"x\.pkl: "):
        read_pickle(path)


def test_what_looks_like_a_bomb_and_is_none_is_read(tmp_path: Path) -> None:
    with bounded(seconds=10, grow=100 * 2**20):
        (whole,) = read_pickle(written(tmp_path, b"\x80\x04]\x94h\x00a."))
        assert whole[0] is whole
        assert read_pickle(written(tmp_path, b"\x80\x04Nr\xff\xff\xff\x7f.")) is None
        doubled = read_pickle(written(tmp_path, b"\x80\x04}\x8c\x01aN" + b"2\x86" * 20 + b"s."))
        assert doubled["a"][0] is doubled["a"][1]


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    with path.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(ValueError, match="10000000000 bytes, more than"):
        read_pickle(path)
