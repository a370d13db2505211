"""Numeric datasets of an HDF5 file from strangers: what would be allocated is known before anything is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path

import h5py
import numpy as np

from laban.formats.arrays import LARGEST, Shape, brief, checked

_FILTERS = frozenset({h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF})
"""Those of the library itself and of h5py; any other would be code looked for on this machine."""
_BROKEN = (OSError, RuntimeError, KeyError, TypeError, UnicodeDecodeError, OverflowError)
"""What h5py raises, by place, where the library reports a damaged file."""


@contextmanager
def _file(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except _BROKEN as error:
        raise ValueError(f"{path}: is not a whole HDF5 file: {brief(error)}") from error


def dataset_names(path: Path) -> list[str]:
    """Names in the root group of an HDF5 file, sorted, without those that are no text; raises `ValueError` where it is none."""
    with _file(path) as file:
        return sorted(name for name in file if isinstance(name, str))  # h5py gives bytes for what is not UTF-8


def read_dataset(path: Path, name: str, shape: Shape) -> np.ndarray:
    """A dataset of the root group: finite numbers in that shape, in native byte order; raises `ValueError` naming place and value."""
    where = f"{path}: {name}"
    with _file(path) as file:
        if name not in file:
            raise ValueError(f"{where}: no such dataset")
        link = file.get(name, getlink=True)
        item = file[name] if isinstance(link, h5py.HardLink) else None
        if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual:
            raise ValueError(f"{where}: is not a dataset of this very file")
        _check_size(item, where)
        array = item[()]
    return checked(array.astype(array.dtype.newbyteorder("="), copy=False), shape, where)


def _check_size(item: h5py.Dataset, where: str) -> None:
    if item.dtype.kind not in "fiu":
        raise ValueError(f"{where}: holds {item.dtype}, not numbers")
    for what, shape in (("", item.shape), ("chunks of ", item.chunks or ())):
        if prod(shape) * item.dtype.itemsize > LARGEST:
            raise ValueError(f"{where}: {what}{shape} {item.dtype} take more than {LARGEST} bytes")
    layout = item.id.get_create_plist()
    for number in range(layout.get_nfilters()):
        code, _, _, name = layout.get_filter(number)
        if code not in _FILTERS:
            raise ValueError(f"{where}: filter {code} ({name!r}) is not gzip, lzf, shuffle or fletcher32")
