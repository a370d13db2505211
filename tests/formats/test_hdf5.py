from pathlib import Path

import h5py
import numpy as np
import pytest
from limits import bounded

from laban.formats.hdf5 import dataset_names, read_dataset

ROWS = np.arange(12.0).reshape(4, 3)


def filled(path: Path, **how: object) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=ROWS, **how)
    return path


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"dtype": "f4"},
        {"dtype": ">f8"},
        {"dtype": "i2"},
        {"chunks": (2, 3), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (2, 3), "compression": "lzf"},
    ],
)
def test_datasets_are_read_to_the_bit(tmp_path: Path, how: dict) -> None:
    path = filled(tmp_path / "x.h5", **how)
    assert dataset_names(path) == ["a"]
    read = read_dataset(path, "a", (None, 3))
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, ROWS)


def make(path: Path, what: str) -> None:
    with h5py.File(path, "w") as file:
        if what == "huge":
            file.create_dataset("a", (10**9, 56, 6), "f4", chunks=(1, 56, 6))
        elif what == "huge chunks":
            file.create_dataset("a", (4, 3), "f8", chunks=(10**8, 3), maxshape=(None, 3), compression="gzip")
        elif what == "group":
            file.create_group("a")
        elif what == "soft link":
            file["b"] = ROWS
            file["a"] = h5py.SoftLink("/b")
        elif what == "external link":
            filled(path.with_name("other.h5"))
            file["a"] = h5py.ExternalLink("other.h5", "/a")
        elif what == "external bytes":
            path.with_name("secret").write_bytes(ROWS.tobytes())
            file.create_dataset("a", (4, 3), "f8", external=[(str(path.with_name("secret")), 0, 96)])
        elif what == "virtual":
            layout = h5py.VirtualLayout((4, 3), "f8")
            layout[:] = h5py.VirtualSource(filled(path.with_name("other.h5")), "a", (4, 3))
            file.create_virtual_dataset("a", layout)
        elif what == "texts":
            file.create_dataset("a", data=["x", "y"])
        elif what == "filter":
            file.create_dataset("a", data=ROWS, chunks=(2, 3), scaleoffset=3)
        elif what == "nan":
            file["a"] = np.where(ROWS == 7, np.nan, ROWS)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("huge", r"\(1000000000, 56, 6\) float32 take more than"),
        ("huge chunks", r"chunks of \(100000000, 3\) float64 take more than"),
        ("group", "is not a dataset of this very file"),
        ("soft link", "is not a dataset of this very file"),
        ("external link", "is not a dataset of this very file"),
        ("external bytes", "is not a dataset of this very file"),
        ("virtual", "is not a dataset of this very file"),
        ("texts", "holds object, not numbers"),
        ("filter", r"filter 6 .* is not gzip"),
        ("nan", r"nan at \[2, 1\]"),
        ("empty", "no such dataset"),
    ],
)
def test_what_is_no_plain_dataset_is_named_soon(tmp_path: Path, what: str, message: str) -> None:
    make(tmp_path / "x.h5", what)
    with bounded(seconds=2, grow=100 * 2**20), pytest.raises(ValueError, match=rf"x\.h5: a: .*{message}"):
        read_dataset(tmp_path / "x.h5", "a", (None, 3))


def test_a_name_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a"] = file["\u00e9"] = ROWS
    data = (tmp_path / "x.h5").read_bytes()
    (tmp_path / "x.h5").write_bytes(data.replace("\u00e9".encode(), b"\xff\xff"))
    assert dataset_names(tmp_path / "x.h5") == ["a"]


def test_what_is_not_whole_is_named(tmp_path: Path) -> None:
    path = filled(tmp_path / "x.h5")
    data = path.read_bytes()
    for end in range(0, len(data), 97):
        path.write_bytes(data[:end])
        with pytest.raises(ValueError, match=r"x\.h5: "):
            read_dataset(path, "a", (None, 3))
    with pytest.raises(ValueError, match="no such file"):
        dataset_names(tmp_path / "no.h5")
