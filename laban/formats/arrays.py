"""NumPy's files from strangers: plain numbers only, nothing unpickled, and no size believed that the bytes do not bear out.

`np.load` allocates what a header asks for and evaluates it as a Python literal, and a zip says what it likes of its members.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

Shape = tuple[int | None, ...]
"""Expected lengths of the axes; None stands for frames, any number up to `MOST_FRAMES`."""

LARGEST = 256 * 2**20
"""Bytes of a file or an array that is read into memory."""
MOST_FRAMES = 50_000
"""Seven minutes at 120 a second; the longest published takes last about one."""
SHOWN = 80
"""Characters of foreign bytes that a message repeats."""

_NUMBER = r"[<>|=](?:f[248]|[iu][1248]|b1|[US]\d{1,3})"
# No two adjacent parts can match the same characters: a hostile header takes linear time.
_HEADER = re.compile(
    rf"\{{'descr': ?'({_NUMBER})', ?'fortran_order': ?(True|False), ?'shape': ?\(((?:\d{{1,12}}L?, ?)*(?:\d{{1,12}}L?)?)\),? ?\}}\s*"
)
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, OverflowError, ValueError)


def read_npy(path: Path, shape: Shape) -> np.ndarray:
    """The finite numbers of an .npy file, in native byte order; raises `ValueError` naming file, place and value."""
    return checked(parse_npy(file_bytes(path), str(path)), shape, str(path))


def read_npz(path: Path, shapes: Mapping[str, Shape], most: int = LARGEST) -> dict[str, np.ndarray]:
    """The named arrays of an .npz file, of at most `most` bytes each; those that it lacks are left out, others are not looked at."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename: info for info in archive.infolist()}
            wanted = {name: members[f"{name}.npy"] for name in shapes if f"{name}.npy" in members}
            packed = {name: _member(archive, info, f"{path}: {name}", most) for name, info in wanted.items()}
    except _BROKEN_ZIP as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: is not a whole .npz file: {brief(error)}") from error
    arrays = {name: parse_npy(data, f"{path}: {name}") for name, data in packed.items()}
    return {name: checked(array, shapes[name], f"{path}: {name}") for name, array in arrays.items()}


def brief(error: Exception) -> str:
    """A library's message, cut: some repeat a name, and a damaged file may have one as long as itself."""
    return str(error)[: 2 * SHOWN]


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str, most: int) -> bytes:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{where}: compressed by method {info.compress_type}; NumPy stores or deflates")
    if info.file_size > most:
        raise ValueError(f"{where}: unpacks to {info.file_size} bytes, more than {most}")
    with archive.open(info) as stream:
        return stream.read(info.file_size)  # stops there, whatever the stream would still unpack to


def file_bytes(path: Path, most: int = LARGEST) -> bytes:
    """A whole file; raises `ValueError` where there is none or it holds more than `most` bytes."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    size = path.stat().st_size
    if size > most:
        raise ValueError(f"{path}: {size} bytes, more than the {most} that one motion may take")
    return path.read_bytes()


def parse_npy(data: bytes, where: str) -> np.ndarray:
    """The array in the bytes of an .npy file; a view of them where the byte order allows."""
    if data[:6] != b"\x93NUMPY" or data[6:8] not in (b"\x01\x00", b"\x02\x00"):
        raise ValueError(f"{where}: is not an .npy file of version 1 or 2: it begins with {data[:8]!r}")
    width = 2 if data[6] == 1 else 4
    start = 8 + width + int.from_bytes(data[8 : 8 + width], "little")
    header = data[8 + width : min(start, 8 + width + 2**16)].decode("latin-1")
    match = _HEADER.fullmatch(header)
    if match is None:
        raise ValueError(f"{where}: header {header[:SHOWN]!r} does not describe an array of plain numbers")
    shape = tuple(int(length) for length in re.findall(r"\d+", match[3]))
    return from_bytes(data[start:], match[1], shape, "F" if match[2] == "True" else "C", where)


def from_bytes(data: bytes, dtype: str, shape: tuple[int, ...], order: Any, where: str) -> np.ndarray:
    """`data` as an array; raises `ValueError` unless it holds exactly as many bytes as that takes."""
    kind = np.dtype(dtype)
    if len(shape) > 8:
        raise ValueError(f"{where}: an array of {len(shape)} axes")
    if prod(shape) * kind.itemsize != len(data):
        raise ValueError(f"{where}: an array {shape} of {kind} takes {prod(shape) * kind.itemsize} bytes, there are {len(data)}")
    flat = np.frombuffer(data, kind) if data else np.empty(0, kind)
    return flat.reshape(shape, order=order).astype(kind.newbyteorder("="), copy=False)


def checked(array: np.ndarray, shape: Shape, where: str) -> np.ndarray:
    """The same array, if it holds finite numbers in the expected shape; else `ValueError` naming place and value."""
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{where}: holds {array.dtype}, not numbers")
    if len(array.shape) != len(shape) or any(is_ != want for is_, want in zip(array.shape, shape, strict=True) if want is not None):
        wanted = ", ".join("T" if length is None else str(length) for length in shape)
        raise ValueError(f"{where}: shape {array.shape}, expected ({wanted})")
    if any(is_ > MOST_FRAMES for is_, want in zip(array.shape, shape, strict=True) if want is None):
        raise ValueError(f"{where}: {max(array.shape)} frames, more than {MOST_FRAMES}; cut it")
    bad = ~np.isfinite(array)
    if bad.any():
        place = tuple(int(axis) for axis in np.argwhere(bad)[0])
        raise ValueError(f"{where}: {array[place]} at {list(place)} ({int(bad.sum())} of {array.size} values are not finite)")
    return array
