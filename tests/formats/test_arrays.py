import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from limits import bounded

from laban.formats.arrays import parse_npy, read_npy, read_npz

SIZE = 40 * 2**20


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def headed(header: str, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("latin-1") + body


def zipped(path: Path, method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


@given(
    array=arrays_of.arrays(
        st.sampled_from(["<f4", ">f4", "<f8", ">f8", "<f2", "<i4", ">i8", "|u1"]),
        arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    columns=st.booleans(),
    version=st.sampled_from([(1, 0), (2, 0)]),
)
@settings(deadline=None)
def test_whatever_numpy_writes_is_read_to_the_bit(array: np.ndarray, columns: bool, version: tuple[int, int]) -> None:
    stored = np.asfortranarray(array) if columns else array
    read = parse_npy(npy(stored, version), "here")
    assert read.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not an .npy file"),
        (b"\x80\x04N.", "is not an .npy file"),
        (b"\x93NUMPY\x03\x00", "is not an .npy file of version 1 or 2"),
        (npy(np.zeros(3))[:-1], r"an array \(3,\) of float64 takes 24 bytes, there are 23"),
        (npy(np.zeros(3)) + b"x", "takes 24 bytes, there are 25"),
        (npy(np.zeros(3)).replace(b"(3,)", b"(1000000000,)")[:-9], "header|takes 8000000000 bytes"),
        (
            headed("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 492), }", b"x" * 99),
            "takes 1968000000000 bytes, there are 99",
        ),
        (headed("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "does not describe an array of plain numbers"),
        (headed("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }"), "plain numbers"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"), "plain numbers"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': " + "(" * 30_000 + ")" * 30_000), "plain numbers"),
        (headed("__import__('os').system('true')"), "plain numbers"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 60_000), "plain numbers"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 20_000 + "), }", b"abcd"), "an array of 20000 axes"),
        (headed("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), " + " " * 60_000), "plain numbers"),
        (b"\x93NUMPY\x02\x00" + b"\xff" * 4 + b"{" * 100, "plain numbers"),
    ],
)
def test_what_is_no_array_of_numbers_is_named_soon(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.npy").write_bytes(data)
    with bounded(seconds=2, grow=100 * 2**20), pytest.raises(ValueError, match=rf"x\.npy: .*({message})"):
        read_npy(tmp_path / "x.npy", (None,))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_placed(tmp_path: Path, value: float) -> None:
    array = np.zeros((4, 3), np.float32)
    array[2, 1] = array[3, 0] = value
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(ValueError, match=rf"x\.npy: {value} at \[2, 1\] \(2 of 12 values are not finite\)"):
        read_npy(tmp_path / "x.npy", (None, 3))


def test_only_the_arrays_that_are_wanted_are_unpacked(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(3), evil=np.array({}, dtype=object))
    read = read_npz(tmp_path / "x.npz", {"a": (None,), "b": (None,)})
    assert list(read) == ["a"]
    np.testing.assert_array_equal(read["a"], [0, 1, 2])


def test_a_zip_bomb_is_refused_by_what_it_says_it_holds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", a=b"\0" * SIZE)
    with bounded(seconds=1, grow=SIZE // 2), pytest.raises(ValueError, match=rf"x\.npz: a: unpacks to {SIZE} bytes, more than 1048576"):
        read_npz(path, {"a": (None,)}, most=2**20)


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked_further(tmp_path: Path) -> None:
    """Both headers say 1,000 bytes; the stream would give 40 MB."""
    path = zipped(tmp_path / "x.npz", a=b"\0" * SIZE)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", SIZE), struct.pack("<L", 1000)))
    assert path.read_bytes() != data
    with bounded(seconds=1, grow=SIZE // 2), pytest.raises(ValueError, match=r"x\.npz: "):
        read_npz(path, {"a": (None,)})


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packers_that_numpy_does_not_use_are_refused(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "x.npz", method, a=npy(np.zeros(3)))
    with pytest.raises(ValueError, match=rf"a: compressed by method {method}; NumPy stores or deflates"):
        read_npz(path, {"a": (None,)})


def test_what_is_not_whole_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.arange(50.0))
    data = path.read_bytes()
    for end in range(0, len(data), 3):
        path.write_bytes(data[:end])
        with pytest.raises(ValueError, match=r"x\.npz"):
            read_npz(path, {"a": (None,)})
    broken = data.replace(zlib.crc32(npy(np.arange(50.0))).to_bytes(4, "little"), b"\0\0\0\0")
    path.write_bytes(broken)
    assert broken != data
    with pytest.raises(ValueError, match="Bad CRC-32"):
        read_npz(path, {"a": (None,)})


def test_a_file_of_many_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        file.write(npy(np.zeros(1)))
        file.truncate(10**11)
    with bounded(seconds=1, grow=10 * 2**20), pytest.raises(ValueError, match="100000000000 bytes, more than"):
        read_npy(tmp_path / "x.npy", (None,))
