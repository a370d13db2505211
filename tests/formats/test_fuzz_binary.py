"""Every binary file that a user may bring, damaged in small ways: it is refused with `ValueError` or `Rejected`, or read as a whole,
finite motion whose kinematics hold; soon, and in little memory."""

import resource
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inter_x_files import arrays_of, h5_rows, name_of, write_annotations, write_h5, write_npz
from interhuman_files import processed, raw, write_pair, write_raw
from motion_x_files import columns_of, write_motion
from smplx_files import body_model, person, write_body, write_text

from laban.data.clip import Clip
from laban.formats import inter_x, interhuman, motion_x, smplx
from laban.formats.source import Format, Options, Rejected
from laban.motion.kinematics import fk

SLOWEST_S = 2.0
GROWS_MB = 300
LONGEST_MESSAGE = 20_000
FRAMES = 5
HUG = name_of()
Door = Callable[[Path], None]

VALUES = [
    *(struct.pack(f"{order}{kind}", value) for order in "<>" for kind in "fd" for value in (np.nan, np.inf, 1e30, -0.0)),
    *(
        (2**bits - less).to_bytes(size, order)
        for bits, size in ((8, 1), (16, 2), (31, 4), (32, 4), (63, 8), (64, 8))
        for less in (1, 2)
        for order in ("little", "big")
    ),
    *(bytes(size) for size in (1, 2, 4, 8)),
    *((10**power).to_bytes(8, "little") for power in (3, 6, 9, 12)),
    *b"(1000000000,492) |O >f8 PK\x01\x02 PK\x05\x06 \x89HDF cos\nsystem\n \x80\x05 h\x00".split(b" "),
    *(bytes([opcode]) for opcode in b"\x93Rb.\x940 2\x86(tN}]"),
]
EDIT_BYTES = 6
EDITS = st.binary(min_size=EDIT_BYTES, max_size=3 * EDIT_BYTES)
"""One to three edits: kind, place (two bytes, from the beginning or the end), length, other place, value."""


def damaged(data: bytes, edits: bytes) -> bytes:
    """Bytes overwritten or put in between, deleted, repeated, brought from elsewhere, flipped; or the rest cut off."""
    for start in range(0, len(edits) - EDIT_BYTES + 1, EDIT_BYTES):
        kind, high, low, length, other, value = edits[start : start + EDIT_BYTES]
        data = edited(data, kind % 8, _place(len(data), 256 * high + low), 1 + length % 32, int(other / 256 * len(data)), value)
    return data


def _place(size: int, number: int) -> int:
    """Headers and directories lie at the ends of a file, so most places do."""
    near = max(1, min(size, 512 if number % 8 < 6 else size))
    return (number >> 3) % near if number & 1 else max(0, size - 1 - (number >> 3) % near)


def edited(data: bytes, kind: int, at: int, length: int, other: int, value: int) -> bytes:
    new = VALUES[value % len(VALUES)]
    return {
        0: data[:at] + bytes([value]) + data[at + 1 :],
        1: data[:at] + new + data[at + len(new) :],
        2: data[:at] + new + data[at:],
        3: data[:at] + data[at + length :],
        4: data[:at] + data[at : at + length] * (1 + value % 4) + data[at + length :],
        5: data[:at] + data[other : other + length] + data[at + length :],
        6: data[:at] + bytes([data[at] ^ (1 << value % 8)]) + data[at + 1 :] if data else data,
        7: data[:at],
    }[kind]


def check(clip: Clip, people: int) -> None:
    assert clip.positions.shape == (clip.frames, people, 22, 3)
    assert all(np.isfinite(array).all() for array in (clip.positions, clip.root, clip.rotations, clip.offsets) if array is not None)
    assert np.abs(clip.positions).max() < 250
    if clip.rotations is not None:
        missed = np.linalg.norm(fk(clip.rotations, clip.offsets, clip.root) - clip.positions, axis=-1).max()
        assert missed <= max(1e-4, 1.01 * clip.residual_m)


def read(reader: Format, root: Path, people: int) -> None:
    for recording in reader.find(root, Options()):
        for clip in reader.read(recording, Options()):
            check(clip, people)


def model(path: Path) -> None:
    smplx.read_body.cache_clear()
    body = smplx.body(path)
    assert body.rest.shape == (22, 3)
    assert np.isfinite(body.rest).all()
    assert np.isfinite(body.shapes).all()


def write_good(folder: Path) -> dict[str, tuple[Path, Door]]:
    """A good file a door, and how a folder that holds it is read."""
    pair = [person(seed, FRAMES, z_up=True) for seed in range(2)]
    upright = [person(seed, 4 * FRAMES - 3) for seed in range(2)]
    write_pair(folder / "processed", "1", *map(processed, pair))
    write_raw(folder / "raw", "1", raw(*pair))
    write_npz(folder / "npz", HUG, *map(arrays_of, upright))
    write_npz(folder / "order", HUG, *map(arrays_of, upright))
    write_annotations(folder / "order", {HUG: 0, name_of(2): 1})
    write_h5(folder / "h5" / "train.h5", **{HUG: h5_rows(*upright)})
    write_text(folder / "h5" / "texts" / f"{HUG}.txt", "a hug")
    small = body_model(vertices=24)
    small["shapedirs"] = small["shapedirs"][..., :10]
    return {
        "InterHuman npy": (folder / "processed" / "motions_processed" / "person1" / "1.npy", lambda root: read(interhuman.FORMAT, root, 2)),
        "InterHuman pkl": (folder / "raw" / "motions" / "1.pkl", lambda root: read(interhuman.FORMAT, root, 2)),
        "Inter-X npz": (folder / "npz" / "motions" / HUG / "P1.npz", lambda root: read(inter_x.FORMAT, root, 2)),
        "Inter-X stored npz": (folder / "npz" / "motions" / HUG / "P2.npz", lambda root: read(inter_x.FORMAT, root, 2)),
        "Inter-X order": (folder / "order" / "annots" / "interaction_order.pkl", lambda root: read(inter_x.FORMAT, root, 2)),
        "Inter-X h5": (folder / "h5" / "train.h5", lambda root: read(inter_x.FORMAT, root, 2)),
        "Motion-X npy": (
            write_motion(folder / "motion-x", "dance/a", columns_of(person(0, FRAMES))),
            lambda root: read(motion_x.FORMAT, root, 1),
        ),
        "body model": (write_body(_made(folder / "model") / "model.npz", small), lambda root: model(root / "model.npz")),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


DOORS = (
    "InterHuman npy", "InterHuman pkl", "Inter-X npz", "Inter-X stored npz", "Inter-X order", "Inter-X h5", "Motion-X npy", "body model",
)  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[Path, Door]]]:
    folder = tmp_path_factory.mktemp("good")
    return folder, write_good(folder)


def knock(name: str, good: tuple[Path, dict[str, tuple[Path, Door]]], cases: int) -> int:
    """Try a door with so many damaged files; the number that were refused."""
    folder, doors = good
    path, door = doors[name]
    root = folder / path.relative_to(folder).parts[0]
    whole = path.read_bytes()
    door(root)
    tried = refused = 0

    @settings(max_examples=cases, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(EDITS)
    def attempt(edits: bytes) -> None:
        nonlocal tried, refused
        tried += 1
        path.write_bytes(damaged(whole, edits))
        began = time.process_time()
        try:
            door(root)
        except (ValueError, Rejected) as error:
            refused += 1
            assert 0 < len(str(error)) < LONGEST_MESSAGE  # noqa: PT017
        assert time.process_time() - began < SLOWEST_S

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        attempt()
    finally:
        path.write_bytes(whole)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWS_MB * 1024
    assert tried >= cases
    return refused


@pytest.mark.parametrize("name", DOORS)
def test_damaged_files_are_refused_or_read_whole(name: str, good) -> None:
    assert knock(name, good, 60) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_fifty_thousand_damaged_files(name: str, good) -> None:
    """With the texts' campaign (`test_fuzz_text`) a hundred thousand cases."""
    assert knock(name, good, 50_000 // len(DOORS)) > 1000
