import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_files import REAL, needs_real, row, walk, write_bvh, write_pair, write_rows

from laban.data.clip import Clip
from laban.formats.pairs import read_pairs
from laban.formats.retarget import shipped_maps
from laban.motion.skeleton import FOOT_JOINTS

HOW: dict[str, Any] = {"fps": 30.0, "clip_seconds": 0.4, "held_out": 0.2, "seed": 7}  # clips of 12 frames


def read(folder: Path, **how: Any) -> list[Clip]:
    return read_pairs(folder, **(HOW | how))


def test_named_files_become_clips_in_metres(tmp_path: Path) -> None:
    write_pair(tmp_path, "meet", frames=60)
    (tmp_path / "meet.txt").write_text("Two people meet.\n\nOne person meets the other.\n")
    (tmp_path / "LICENSE").write_text("# CC-BY-4.0\nmore\n")
    clips = read(tmp_path)
    assert [clip.id for clip in clips] == ["meet-0", "meet-6", "meet-12", "meet-18"]  # 30 frames, windows of 12, half overlap
    first = clips[0]
    assert first.positions.shape == (12, 2, 22, 3)
    assert first.positions.dtype == np.float32
    assert (first.source, first.licence, first.actor, first.kind, first.group, first.fps) == (
        "capture",
        "CC-BY-4.0",
        None,
        "",
        "meet",
        30.0,
    )
    assert first.rotations is None
    assert [caption.text for caption in first.captions] == ["Two people meet.", "One person meets the other."]
    assert {(caption.source, caption.start_s, caption.end_s) for caption in first.captions} == {("human", 0.0, 0.4)}
    np.testing.assert_array_equal(first.root, first.positions[:, :, 0])
    shift = (sum(map(ord, "meet")) % 50) / 100
    np.testing.assert_allclose(first.positions[:, 0, 0, 2], -1.5 - shift + 0.5 * np.arange(12) / 30, atol=1e-4)
    np.testing.assert_allclose(clips[1].positions[:6], first.positions[6:], atol=0)
    assert abs(first.positions[:, :, list(FOOT_JOINTS), 1].min()) < 1e-3


def test_rules_write_captions_where_nobody_did(tmp_path: Path) -> None:
    write_pair(tmp_path, "meet")
    (caption, *others) = read(tmp_path)[0].captions
    assert caption.text.startswith("Two people ")
    assert all(other.text.startswith("One person ") for other in others)
    assert {caption.source, *(other.source for other in others)} == {"rules"}
    write_rows(tmp_path, row("meet", text="a meeting", text_source="index"))
    assert read(tmp_path)[0].captions[0].text.endswith(" (a meeting).")
    write_rows(tmp_path, row("meet", captions=["They meet."], text_source="Ann"))
    assert [vars(caption) for caption in read(tmp_path)[0].captions] == [
        {"text": "They meet.", "start_s": 0.0, "end_s": 0.4, "source": "Ann"}
    ]


def test_a_row_states_what_the_files_do_not(tmp_path: Path) -> None:
    """A wrong Frame Time, Z up, an unusual unit, a mapping of one's own, an excerpt, a licence."""
    mapping = {ours: [f"x:{name}" for name in theirs] for ours, theirs in shipped_maps()["cmu-motionbuilder"].joints.items()}
    write_pair(tmp_path, "meet", frames=60, fps=60.0, unit=0.07, z_up=True, rename="x:")
    (tmp_path / "x.json").write_text(json.dumps({"joints": mapping}))
    stated = row("meet", fps=30, metre_per_unit=0.07, up="z", mapping="x.json", licence="CC0", first_frame=10, frames=40)
    write_rows(tmp_path, "", stated)
    clips = read(tmp_path)
    assert len(clips) == 5  # 40 frames at 30 a second
    assert clips[0].licence == "CC0"
    shift = (sum(map(ord, "meet")) % 50) / 100
    assert clips[0].positions[0, 0, 0, 2] == pytest.approx(-1.5 - shift + 0.5 * 10 / 60, abs=1e-3)
    write_rows(tmp_path, {key: value for key, value in stated.items() if key != "licence"})
    (tmp_path / "README.md").write_text("# Mine\n\n**Licence:** ask me first\n")
    assert read(tmp_path)[0].licence == "ask me first"
    (tmp_path / "README.md").unlink()
    assert read(tmp_path)[0].licence == "unknown"


def test_whole_trials_are_held_out_the_same_way_every_time(tmp_path: Path) -> None:
    names = [f"trial{number}" for number in range(10)]
    for name in names:
        write_pair(tmp_path, name, frames=48)
    clips = read(tmp_path)
    splits = {clip.group: {other.split for other in clips if other.group == clip.group} for clip in clips}
    assert all(len(found) == 1 for found in splits.values())
    assert Counter(split for (split,) in splits.values()) == {"train": 6, "val": 2, "test": 2}
    assert Counter(clip.group for clip in clips if clip.split == "test").most_common(1)[0][1] == 2  # no overlap
    assert Counter(clip.group for clip in clips if clip.split == "train").most_common(1)[0][1] == 3
    again = read(tmp_path)
    assert [(clip.id, clip.split, clip.content_hash()) for clip in again] == [(clip.id, clip.split, clip.content_hash()) for clip in clips]
    write_rows(tmp_path, *(row(name) for name in reversed(names)))
    assert {clip.group: clip.split for clip in read(tmp_path)} == {clip.group: clip.split for clip in clips}
    assert {clip.group: clip.split for clip in read(tmp_path, seed=8)} != {clip.group: clip.split for clip in clips}


@pytest.mark.parametrize(("count", "held_out", "expected"), [(2, 0.2, (0, 0)), (3, 0.01, (1, 1)), (4, 0.49, (1, 1)), (5, 0.49, (2, 2))])
def test_from_three_trials_on_every_split_has_one(tmp_path: Path, count: int, held_out: float, expected: tuple[int, int]) -> None:
    for number in range(count):
        write_pair(tmp_path, f"t{number}", frames=30)
    write_pair(tmp_path, "short", frames=10)  # makes no clip, so it may not be what is held out
    found = {clip.group: clip.split for clip in read(tmp_path, held_out=held_out)}
    assert len(found) == count
    assert (list(found.values()).count("val"), list(found.values()).count("test")) == expected


def test_what_is_dropped_is_counted_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_pair(tmp_path, "long", frames=100)
    write_pair(tmp_path, "short", frames=10)
    write_bvh(tmp_path / "jump_A.bvh", lambda second: {**walk()(second), "x": 0.0 if second < 1 else 2.0}, frames=96)
    write_bvh(tmp_path / "jump_B.bvh", walk(x=1), frames=96)
    rejected: Counter[str] = Counter()
    clips = read(tmp_path, rejected=rejected)
    assert rejected == {
        "a trial shorter than a clip": 1,
        "the rest of a trial, shorter than a clip": 1,
        "a clip in which a joint is faster than 15 m/s": 1,
    }
    assert "1 dropped: a clip in which" in caplog.text
    starts = [clip.id for clip in clips if clip.group == "jump"]
    assert starts == ["jump-0", "jump-6", "jump-12", "jump-18", "jump-30", "jump-36"]  # the jump is between frames 29 and 30
    for clip in clips:
        assert (np.linalg.norm(np.diff(clip.positions, axis=0), axis=-1) * 30).max() < 15


def rest_pose(motion: Any) -> Any:
    return lambda second: motion(second) if second > 0 else {"x": 0, "y": 0.94, "z": 0, "yaw": 0, "LeftArm": 90, "RightArm": 90}


def test_a_rest_pose_in_frame_0_is_skipped_unless_it_is_stated(tmp_path: Path) -> None:
    write_bvh(tmp_path / "t_A.bvh", rest_pose(walk(z=-1)), frames=30, fps=30)
    write_bvh(tmp_path / "t_B.bvh", rest_pose(walk(z=1)), frames=30, fps=30)
    assert read(tmp_path)[0].positions[0, 0, 0, 2] == pytest.approx(-1 + 0.5 / 30, abs=1e-3)
    write_rows(tmp_path, row("t"))
    assert read(tmp_path)[0].positions[0, 0, 0, 2] == pytest.approx(-1 + 0.5 / 30, abs=1e-3)
    write_rows(tmp_path, row("t", first_frame=0))
    with pytest.raises(ValueError, match=r"pairs\.jsonl:1: between frames 0 and 1 a joint moves at \d+ m/s.*set first_frame to 1"):
        read(tmp_path)
    write_rows(tmp_path, row("t", first_frame=1))
    assert read(tmp_path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["{"], r"pairs\.jsonl:1: is not JSON"),
        ([row("t"), "", "{'id': 3}"], r"pairs\.jsonl:3: is not JSON"),
        (["[1]"], r":1: is list, not an object"),
        ([""], r"pairs\.jsonl: holds no pair"),
        ([{"id": "t", "a": "t_A.bvh"}], r":1: has no b"),
        ([row("t", captoins=["x"])], r":1: unknown key 'captoins'; known are id, a"),
        ([row("t", fps="60")], r":1: fps '60' has the wrong type"),
        ([row("t", first_frame=True)], r":1: first_frame True has the wrong type"),
        ([row("t", fps=5)], r":1: fps 5 lies outside 10 to 480"),
        (['{"id": "t", "a": "t_A.bvh", "b": "t_B.bvh", "fps": NaN}'], r":1: fps nan lies outside"),
        ([row("t", metre_per_unit=0)], r":1: metre_per_unit 0 is not a length"),
        ([row("t", frames=0)], r":1: first_frame 0 must be .* frames 0"),
        ([row("t", frames=61)], r"t_A\.bvh: has 60 frames, but first_frame 0 and frames 61"),
        ([row("t", up="x")], r":1: up 'x' is neither"),
        ([row("a b")], r":1: trial name 'a b' may hold"),
        ([row("t", captions=[])], r":1: captions are empty"),
        ([row("t", captions=["fine", " "])], r":1: captions hold ' '"),
        ([row("t", captions=[3])], r":1: captions hold 3"),
        ([row("gone")], r":1: .*gone_A\.bvh is missing; both files"),
        ([row("t"), row("t")], r":2: id 't' is also that of .*pairs\.jsonl:1"),
        ([row("t"), {"id": "u", "a": "t_B.bvh", "b": "t_A.bvh"}], r":2: .*t_B\.bvh is the same recording as .*t_B\.bvh .*leak"),
        ([{"id": "u", "a": "t_B.bvh", "b": "t_B.bvh"}], r":1: .*t_B\.bvh is the same recording"),
        ([row("t"), row("copy")], r":2: .*copy_A\.bvh is the same recording as .*t_A\.bvh"),
        ([row("t", mapping="cmu-daz")], r":1: t_A\.bvh: mapping 'cmu-daz' takes pelvis from 'hip', which is no joint of it"),
        ([row("t", metre_per_unit=1)], r":1: t_A\.bvh: left_hip to left_knee is 38\.\d+ m.*metre_per_unit 1 is probably wrong"),
        ([row("t", fps=240)], None),
    ],
)
def test_a_row_that_is_wrong_is_named(tmp_path: Path, rows: list[Any], message: str | None) -> None:
    write_pair(tmp_path, "t")
    for person in "AB":
        shutil.copy(tmp_path / f"t_{person}.bvh", tmp_path / f"copy_{person}.bvh")
    write_rows(tmp_path, *rows)
    if message is None:
        assert read(tmp_path, clip_seconds=0.1)
        return
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_folders_and_files_that_are_wrong_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere: no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds no pair; give pairs\.jsonl, or files NAME_A"):
        read(tmp_path)
    first, second = write_pair(tmp_path, "t")
    with pytest.raises(ValueError, match=r"held_out 0\.5 must be"):
        read(tmp_path, held_out=0.5)
    with pytest.raises(ValueError, match=r"no clip of 4\.0 s in 1 trials, the longest of which lasts 1\.00 s"):
        read(tmp_path, clip_seconds=4.0)
    (tmp_path / "t.txt").write_text(" \n")
    with pytest.raises(ValueError, match=r"t\.txt: holds no caption"):
        read(tmp_path)
    (tmp_path / "t.txt").write_bytes("zwei Männer".encode("latin-1"))
    with pytest.raises(ValueError, match=r"t\.txt: is not UTF-8 at byte 6"):
        read(tmp_path)
    (tmp_path / "t.txt").unlink()
    write_bvh(second, walk(), frames=59)
    with pytest.raises(ValueError, match=r"t_A\.bvh has 60 frames and t_B\.bvh 59; the two must be of the same moments"):
        read(tmp_path)
    write_bvh(second, walk(), fps=30)
    with pytest.raises(ValueError, match=r"claim 60 and 30 frames a second; both must claim the same rate"):
        read(tmp_path)
    second.write_text(first.read_text().replace("0.000000 94.000000", "0.000000 NaN", 1))
    with pytest.raises(ValueError, match=r"t_B\.bvh:\d+: frame 0, column 2: nan is not a finite number"):
        read(tmp_path)
    text = first.read_text()
    second.write_text(text[: len(text) * 3 // 4])
    with pytest.raises(ValueError, match=r"t_B\.bvh: is cut: `Frames: 60`, but only"):
        read(tmp_path)
    second.unlink()
    with pytest.raises(ValueError, match=r"t_A\.bvh: its partner t_B\.bvh is missing"):
        read(tmp_path)
    first.rename(tmp_path / "t.bvh")
    with pytest.raises(ValueError, match=r"t\.bvh: is neither NAME_A\.bvh nor NAME_B\.bvh"):
        read(tmp_path)


def test_a_rate_that_nobody_can_move_at_is_refused_unless_vouched_for(tmp_path: Path) -> None:
    """Two people who run at 5 m/s at the files' 60 frames a second would fly at 40 m/s at 480."""
    write_bvh(tmp_path / "t_A.bvh", walk(speed=5), fps=60)
    write_bvh(tmp_path / "t_B.bvh", walk(x=1, speed=5), fps=60)
    assert read(tmp_path)
    write_rows(tmp_path, row("t", fps=480))
    with pytest.raises(
        ValueError, match=r":1: at 480 frames a second the fastest joint has 4\d\.\d m/s .*the files claim 60: give the true fps"
    ):
        read(tmp_path, clip_seconds=0.1)
    write_rows(tmp_path, row("t", fps=480, fps_override=True))
    with pytest.raises(ValueError, match=r"faster than 15 m/s"):
        read(tmp_path, clip_seconds=0.1)  # vouched for, and yet no clip of it is fit for use


@pytest.fixture(scope="module")
def real() -> list[Clip]:
    return read_pairs(REAL, fps=30.0, clip_seconds=2.0, held_out=0.1, seed=7)


@needs_real
def test_cmu_gives_whole_trials_a_split_and_people_of_human_size(real: list[Clip]) -> None:
    trials = {clip.group: clip.split for clip in real}
    assert len(trials) == 12
    assert Counter(trials.values()) == {"train": 10, "val": 1, "test": 1}
    assert len(real) == 319
    for clip in real[::20]:
        assert np.isfinite(clip.positions).all()
        assert 1.2 < clip.positions[:, :, 15, 1].max() < 1.9  # heads
        assert abs(clip.positions[..., list(FOOT_JOINTS), 1].min()) < 0.12
    assert real[0].licence.startswith('"This data is free for use')


@needs_real
def test_rules_see_the_real_handshake_and_the_dance(real: list[Clip]) -> None:
    (handshake,) = [clip for clip in real if clip.group == "cmu_18_19_01"]
    assert "joining their right hands" in handshake.captions[0].text or "holding their right hands" in handshake.captions[0].text
    salsa = [clip.captions[0].text for clip in real if clip.group != "cmu_18_19_01"]
    assert all(text.endswith("(salsa dance).") for text in salsa)
    assert sum("hand" in text for text in salsa) > len(salsa) / 2
    assert sum("circle" in text for text in salsa) > 10


@needs_real
@pytest.mark.parametrize("trial", ["cmu_60_61_05", "cmu_60_61_13"])
def test_the_wrong_rate_and_unit_of_the_salsa_files_are_found(tmp_path: Path, trial: str) -> None:
    """`Frame Time: 0.008333`, where 60 is true; a unit of 1.26 m, where nothing says so."""
    rows = [json.loads(line) for line in (REAL / "pairs.jsonl").read_text().splitlines()]
    (true,) = [found for found in rows if found["id"] == trial]
    true |= {person: str((REAL / true[person]).resolve()) for person in "ab"}
    write_rows(tmp_path, {key: value for key, value in true.items() if key != "fps"})
    with pytest.raises(ValueError, match=r"at 120 frames a second the fastest joint has [78]\.\d m/s .*the files claim 120"):
        read(tmp_path)
    write_rows(tmp_path, true | {"metre_per_unit": 1.0})
    with pytest.raises(ValueError, match=r"6\d_\d+\.bvh: left_hip to left_knee is 0\.288 m.*metre_per_unit 1 is probably wrong"):
        read(tmp_path)
    write_rows(tmp_path, {key: value for key, value in true.items() if key != "metre_per_unit"})
    with pytest.raises(ValueError, match=r"hip to knee is 0\.2877 units, human in none of"):
        read(tmp_path)
