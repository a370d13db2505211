"""Every text that a user may bring, damaged in small ways: it is refused with `ValueError` or `Rejected`, or read as something whole."""

import json
import math
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from acclaim_files import ARM as SKELETON
from acclaim_files import MOTION
from bvh_files import ARM, walk, write_bvh
from guo_files import WALK, stroll, write_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laban.data.artifact import canonical_json
from laban.formats import humanml3d
from laban.formats.amc import read_amc
from laban.formats.asf import read_asf
from laban.formats.bvh import read_bvh
from laban.formats.retarget import read_map, shipped_maps
from laban.formats.source import Options, Rejected
from laban.formats.trials import Trial, find_trials
from laban.motion.skeleton import JOINTS

SLOWEST_S = 2.0
LONGEST_MESSAGE = 20_000
Door = Callable[[Path, bytes], None]
TOKENS = (
    *b"nan -inf 1e308 -1 0 1000000000 1_0 0x1f { } ] [] {} # : ../../x /etc/passwd null true begin end root MOTION :DEGREES".split(),
    b"", b" ", b"\n", b"\n\n\n", b"\t", b"\0", b'"', b"\xff\xfe", b"\xef\xbb\xbf", "é".encode(), "\u2028".encode(), b"\x1c",
    b"9" * 5000, b"x" * 3000, b"#" * 50, b"[" * 3000, b'{"a":' * 2000, b"\\ud800", b"\\u0000",
    b":bonedata", b"JOINT x", b"End Site", b"CHANNELS 6", b"OFFSET 0 0 0",
)  # fmt: skip
KINDS = ("token", "word", "delete", "repeat", "flip", "line")
EDIT_BYTES = 5
EDITS = st.binary(min_size=EDIT_BYTES, max_size=3 * EDIT_BYTES)
"""One to three edits: kind, place (two bytes), length or other place, token. Bytes, for they are drawn twice as fast as tuples."""


def damaged(text: bytes, edits: bytes) -> bytes:
    """A word replaced or a token put in between, bytes deleted, repeated or changed, a line moved."""
    for start in range(0, len(edits) - EDIT_BYTES + 1, EDIT_BYTES):
        kind, high, low, other, token = edits[start : start + EDIT_BYTES]
        text = edited(text, KINDS[kind % len(KINDS)], (256 * high + low) / 65536, other / 256, TOKENS[token % len(TOKENS)])
    return text


def edited(text: bytes, kind: str, first: float, second: float, token: bytes) -> bytes:
    at = int(first * len(text))
    end = min(len(text), at + 1 + int(second * 40))
    if kind == "token":
        return text[:at] + token + text[at:]
    if kind == "word":
        words = [match.span() for match in re.finditer(rb"[^\s,:]+", text)] or [(0, 0)]
        start, stop = words[int(first * len(words))]
        return text[:start] + token + text[stop:]
    if kind == "delete":
        return text[:at] + text[end:]
    if kind == "repeat":
        return text[:end] + text[at:end] * (1 + int(second * 5)) + text[end:]
    if kind == "flip":
        return text[:at] + bytes([int(second * 256)]) + text[at + 1 :]
    lines = text.split(b"\n")
    lines.insert(int(second * len(lines)), lines.pop(int(first * len(lines))))
    return b"\n".join(lines)


def bvh_door(folder: Path, text: bytes) -> None:
    (folder / "a.bvh").write_bytes(text)
    read = read_bvh(folder / "a.bvh")
    assert len(read.names) == len(set(read.names)) == len(read.parents) == len(read.channels) == len(read.offsets)
    assert all(parent < number for number, parent in enumerate(read.parents))
    assert 0 < read.fps < math.inf
    positions = read.positions()
    assert positions.shape == (read.frames, len(read.names), 3)
    assert np.isfinite(positions).all()


def asf_door(folder: Path, text: bytes) -> None:
    (folder / "b.asf").write_bytes(text)
    asf = read_asf(folder / "b.asf")
    names = [bone.name for bone in asf.bones]
    assert len(names) == len(set(names))
    assert all(parent < number for number, parent in enumerate(asf.parents))
    assert all(np.isfinite(bone.axis).all() and np.isfinite(bone.direction * bone.length).all() for bone in asf.bones)
    assert math.isfinite(asf.length_scale)
    assert np.isfinite(read_amc(folder / "good.amc", asf).positions()).all()


def amc_door(folder: Path, text: bytes) -> None:
    (folder / "c.amc").write_bytes(text)
    motion = read_amc(folder / "c.amc", read_asf(folder / "good.asf"))
    positions = motion.positions()
    assert positions.shape == (motion.frames, len(motion.names), 3)
    assert np.isfinite(positions).all()


def rows_door(folder: Path, text: bytes) -> None:
    (folder / "rows" / "pairs.jsonl").write_bytes(text)
    check_trials(folder / "rows", find_trials(folder / "rows", ".bvh", alone=True))


def captions_door(folder: Path, text: bytes) -> None:
    (folder / "named" / "t.txt").write_bytes(text)
    check_trials(folder / "named", find_trials(folder / "named", ".bvh", alone=True))


def check_trials(folder: Path, trials: list[Trial]) -> None:
    assert len({trial.id for trial in trials}) == len(trials) > 0
    for trial in trials:
        assert all(path.resolve().is_relative_to(folder.resolve()) and path.is_file() for path in trial.files)
        assert all(text.strip() == text != "" and text.encode() for text in trial.captions or ())
        assert trial.fps is None or 10 <= trial.fps <= 480
        recording = trial.recording(folder)
        canonical_json(dict(recording.facts))
        assert Trial.of(recording).files == trial.files


def mapping_door(folder: Path, text: bytes) -> None:
    (folder / "map.json").write_bytes(text)
    mapping = read_map(folder / "map.json")
    assert set(mapping.joints) == set(JOINTS)
    for weights in mapping.joints.values():
        assert all(isinstance(name, str) and 0 < weight <= 1 for name, weight in weights.items())
        assert sum(weights.values()) == pytest.approx(1)


def texts_door(folder: Path, text: bytes) -> None:
    root = folder / "guo"
    (root / "texts" / "000001.txt").write_bytes(text)
    (recording,) = [one for one in humanml3d.FORMAT.find(root, Options()) if one.id == "000001"]
    (clip,) = humanml3d.FORMAT.read(recording, Options())
    for caption in clip.captions:
        assert caption.text.strip() == caption.text != ""
        assert 0 <= caption.start_s < caption.end_s <= clip.seconds


def lists_door(folder: Path, text: bytes) -> None:
    root = folder / "lists"
    (root / "train.txt").write_bytes(text)
    found = humanml3d.FORMAT.find(root, Options())
    assert len({one.id for one in found}) == len(found) > 0
    assert {one.split for one in found} <= {"train", "val"}
    assert all(path.resolve().is_relative_to(root.resolve()) for one in found for path in one.files)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[Door, bytes]]]:
    """A folder, and by name what reads a text in it and a small text that is right."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "good.asf").write_text(SKELETON)
    (folder / "good.amc").write_text(MOTION)
    for name in ("rows/t_A", "rows/t_B", "named/t_A", "named/t_B"):
        write_bvh(folder / f"{name}.bvh", walk(x=len(name) + ord(name[-1])), frames=2)
    rows = [
        {
            "id": "t",
            "a": "t_A.bvh",
            "b": "t_B.bvh",
            "fps": 60,
            "captions": ["They meet."],
            "mapping": "cmu-daz",
            "first_frame": 0,
            "frames": 2,
        },
    ]
    joints = stroll(4).astype(np.float32)
    write_dataset(folder / "guo", joints={"000001": joints})
    write_dataset(folder / "lists", joints=dict.fromkeys(["000001", "M000001", "000002"], joints), lists={"val": ["000002"]})
    mapping = {ours: weights if len(weights) > 2 else list(weights) for ours, weights in shipped_maps()["depth-camera-15"].joints.items()}
    return folder, {
        "bvh": (bvh_door, ARM.encode()),
        "asf": (asf_door, SKELETON.encode()),
        "amc": (amc_door, MOTION.encode()),
        "rows": (rows_door, "\n".join(map(json.dumps, rows)).encode()),
        "captions": (captions_door, b"They meet.\nTwo people meet.\n"),
        "mapping": (mapping_door, json.dumps({"joints": mapping}).encode()),
        "texts": (texts_door, f"{WALK}\nhe stops#he/PRON stop/VERB#0.0#0.1\n".encode()),
        "lists": (lists_door, b"000001\nM000001\n"),
    }


NAMES = ("bvh", "asf", "amc", "rows", "captions", "mapping", "texts", "lists")


def refused(door: Door, folder: Path, text: bytes) -> str:
    """Why, or nothing."""
    try:
        door(folder, text)
    except (ValueError, Rejected) as error:
        return str(error)
    return ""


def fuzz(doors: tuple[Path, dict[str, tuple[Door, bytes]]], name: str, cases: int) -> None:
    folder, table = doors
    door, right = table[name]
    door(folder, right)
    tried = {"refused": 0, "read": 0}

    @settings(max_examples=cases, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(EDITS)
    def one(edits: bytes) -> None:
        start = time.process_time()
        refusal = refused(door, folder, damaged(right, edits))
        assert time.process_time() - start < SLOWEST_S
        assert len(refusal) < LONGEST_MESSAGE
        tried["refused" if refusal else "read"] += 1

    one()
    assert tried["refused"] > cases / 10, tried
    assert tried["read"] > 0, tried


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_text_is_refused_or_whole(doors: tuple[Path, dict[str, tuple[Door, bytes]]], name: str) -> None:
    fuzz(doors, name, 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_damaged_texts(doors: tuple[Path, dict[str, tuple[Door, bytes]]], name: str) -> None:
    """50,000 in all."""
    fuzz(doors, name, 6250)
