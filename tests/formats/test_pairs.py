import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_files import REAL, needs_real, row, walk, write_bvh, write_pair, write_rows

from laban.data.artifact import canonical_json
from laban.data.clip import Clip
from laban.formats.amc import FORMAT as AMC
from laban.formats.bvh import read_bvh
from laban.formats.pairs import FORMAT, read_pairs
from laban.formats.retarget import shipped_maps
from laban.formats.source import Format, Options, Rejected
from laban.motion.features import heading
from laban.motion.skeleton import FOOT_JOINTS, INDEX

pytestmark = pytest.mark.heavy

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
        ([row("t", captions=["fine", " "])], r":1: caption ' ' is empty"),
        ([row("t", captions=[3])], r":1: caption 3 is empty or no text"),
        ([row("gone")], r":1: 'gone_A\.bvh' is missing in .*; every file"),
        ([row("t"), row("t")], r":2: id 't' is also that of .*pairs\.jsonl:1"),
        ([row("t"), {"id": "u", "a": "t_B.bvh", "b": "t_A.bvh"}], r":2: .*t_A\.bvh is the same recording as .*t_A\.bvh .*leak"),
        ([{"id": "u", "a": "t_B.bvh", "b": "t_B.bvh"}], r":1: .*t_B\.bvh is the same recording"),
        ([row("t"), row("copy")], r":2: .*copy_A\.bvh is the same recording as .*t_A\.bvh"),
        ([row("t", mapping="cmu-daz")], r":1: t_A\.bvh: mapping 'cmu-daz' takes pelvis from 'hip', which is no joint of it"),
        ([row("t", metre_per_unit=1)], r":1: t_A\.bvh: left_hip to left_knee is 38\.\d+ m.*metre_per_unit 1 is probably wrong"),
        ([row("t", captions=["a\0b"])], r":1: caption .* holds the control character '\\x00'"),
        ([row("t", captions=["\ud800"])], r":1: caption .* holds the control character"),
        ([row("t", captions=["x" * 2001])], r":1: a caption has 2001 characters"),
        ([row("t") | {"a": "../t_A.bvh"}], r":1: '\.\./t_A\.bvh' does not lie below"),
        ([row("t") | {"a": "/etc/passwd"}], r":1: '/etc/passwd' does not lie below"),
        ([row("t") | {"a": "t_A.bvh\0"}], r":1: .* does not lie below"),
        ([row("t", mapping="../x.json")], r":1: '\.\./x\.json' does not lie below"),
        ([row("t") | {"b": "t.asf"}], r":1: 't\.asf' is missing"),
        ([row("t") | {"people": ["t_A.bvh"]}], r":1: has people, and a or b as well"),
        ([{"id": "t", "people": []}], r":1: people \[\] are not 1 to 26 file names"),
        ([{"id": "t", "people": ["t_A.bvh", 3]}], r":1: people .* are not 1 to 26 file names"),
        ([{"id": "t", "people": ["t_A.bvh"]}], r":1: has one person; pairs are read here"),
        ([{"id": "t", "people": ["t_A.bvh", "t_B.bvh", "c.bvh"]}], r":1: 'c\.bvh' is missing"),
        ([row("t") | {"a": "x" * 300}], r":1: 'x{99}… is missing"),
        (['{"id": "t", "id": "u"}'], r":1: is not JSON: key 'id' is there twice"),
        (["[" * 100_000], r":1: is not JSON"),
        (['{"fps": ' + "9" * 5000 + "}"], r":1: is not JSON"),
        ([row("t", metre_per_unit=10**4000)], r":1: metre_per_unit 1000.* is not a length"),
        ([row("t", frames=10**9)], r"has 60 frames, but first_frame 0 and frames 1000000000"),
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
    with pytest.raises(ValueError, match=r"t_A\.bvh has 60 frames and t_B\.bvh 59; people of one trial must be of the same moments"):
        read(tmp_path)
    write_bvh(second, walk(), fps=30)
    with pytest.raises(ValueError, match=r"claim 60 and 30 frames a second; all must claim the same rate"):
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


# As a format: whole trials, one at a time


def imported(folder: Path, reader: Format = FORMAT, fps: float = 30.0) -> list[Clip]:
    options = Options(fps=fps)
    recordings = list(reader.find(folder, options))
    canonical_json([dict(recording.facts) for recording in recordings])  # an import is keyed by them
    return [clip for recording in recordings for clip in reader.read(recording, options)]


def test_single_files_are_single_people_and_letters_are_people_of_one_trial(tmp_path: Path) -> None:
    write_bvh(tmp_path / "stroll.bvh", walk(speed=1.0), frames=120)
    write_bvh(tmp_path / "two words 1_x.BVH".replace(" ", "-"), walk(x=0.3), frames=60)
    write_pair(tmp_path, "meet")
    for number, person in enumerate("ABC"):
        write_bvh(tmp_path / f"trio_{person}.bvh", walk(x=number, speed=0.3), frames=60)
    (tmp_path / "trio.txt").write_text("Three people walk abreast.\n")
    (tmp_path / "LICENSE").write_text("CC0\n")
    with pytest.raises(ValueError, match=r"two-words-1_x\.BVH: its partner two-words-1_A\.bvh is missing"):
        FORMAT.find(tmp_path, Options())
    (tmp_path / "two-words-1_x.BVH").rename(tmp_path / "nod.BVH")
    clips = {clip.id: clip for clip in imported(tmp_path)}
    assert {name: (clip.people, clip.frames) for name, clip in clips.items()} == {
        "stroll": (1, 60),
        "nod": (1, 30),
        "meet": (2, 30),
        "trio": (3, 30),
    }
    assert [caption.text for caption in clips["stroll"].captions] == ["A person moves forwards."]
    assert [caption.text for caption in clips["trio"].captions] == ["Three people walk abreast."]
    assert {(clip.licence, clip.split, clip.group == clip.id) for clip in clips.values()} == {("CC0", "", True)}
    np.testing.assert_allclose(clips["stroll"].positions[:, 0, 0, 2], np.arange(60) / 30, atol=1e-4)
    np.testing.assert_allclose(clips["trio"].positions[:, 2, 0, 0], 2, atol=1e-4)
    (tmp_path / "trio.txt").unlink()
    with pytest.raises(ValueError, match="trio_A.bvh.* has 3 people; rules describe one or two: give captions"):
        FORMAT.find(tmp_path, Options())
    (tmp_path / "trio_B.bvh").unlink()
    with pytest.raises(ValueError, match=r"trio_A\.bvh: its partner trio_B\.bvh is missing"):
        FORMAT.find(tmp_path, Options())


def test_a_row_names_any_number_of_people_and_moves_with_its_folder(tmp_path: Path) -> None:
    here = tmp_path / "here"
    for number in range(3):
        write_bvh(here / f"take/p{number}.bvh", walk(x=number, speed=0.3), frames=60)
    mapping = {ours: list(theirs) for ours, theirs in shipped_maps()["cmu-motionbuilder"].joints.items()}
    (here / "mine.json").write_text(json.dumps({"joints": mapping}))
    people = [f"take/p{number}.bvh" for number in range(3)]
    write_rows(
        here,
        {"id": "trio", "people": people, "captions": ["They walk."], "mapping": "mine.json", "licence": "CC0"},
        {"id": "one", "people": ["take/solo.bvh"], "fps": 30},
    )
    write_bvh(here / "take/solo.bvh", walk(z=3), frames=60)
    trio, one = FORMAT.find(here, Options())
    assert [path.name for path in trio.files] == ["p0.bvh", "p1.bvh", "p2.bvh", "mine.json"]
    clips = imported(here)
    assert [(clip.id, clip.people, clip.frames, clip.licence) for clip in clips] == [("trio", 3, 30, "CC0"), ("one", 1, 60, "unknown")]
    here.rename(tmp_path / "there")
    assert [recording.facts for recording in FORMAT.find(tmp_path / "there", Options())] == [trio.facts, one.facts]
    assert [clip.content_hash() for clip in imported(tmp_path / "there")] == [clip.content_hash() for clip in clips]


def test_what_moves_too_fast_is_set_aside_and_a_rest_pose_is_noted(tmp_path: Path) -> None:
    write_bvh(tmp_path / "run.bvh", walk(speed=9), frames=60)
    with pytest.raises(Rejected, match=r"moves faster than people do.*run\.bvh: at 60 frames a second the fastest joint has 9\.\d m/s"):
        imported(tmp_path)
    write_bvh(tmp_path / "run.bvh", rest_pose(walk(z=1)), frames=60, fps=30)
    (clip,) = imported(tmp_path)
    assert (clip.frames, clip.notes) == (59, ("rest pose in frame 0 skipped",))


def test_rules_describe_a_long_trial_piece_by_piece(tmp_path: Path) -> None:
    """Somebody stands for four seconds and walks for five and a half."""
    write_bvh(tmp_path / "x.bvh", lambda second: {"x": 0, "y": 0.94, "z": max(0.0, second - 4), "yaw": 0}, frames=570)
    (clip,) = imported(tmp_path)
    assert [(caption.text, caption.start_s, caption.end_s) for caption in clip.captions] == [
        ("A person stands still.", 0.0, 4.0),
        ("A person moves forwards.", 4.0, 9.5),
    ]
    write_rows(tmp_path, {"id": "x", "people": ["x.bvh"], "captions": ["A person sets off."]})
    assert [(caption.text, caption.end_s) for caption in imported(tmp_path)[0].captions] == [("A person sets off.", 9.5)]


def test_folders_are_recognised_by_their_files(tmp_path: Path) -> None:
    assert not FORMAT.fits(tmp_path)
    (tmp_path / "takes").mkdir()
    (tmp_path / "takes/x.Bvh").touch()
    assert FORMAT.fits(tmp_path)
    assert not AMC.fits(tmp_path)


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
    (tmp_path / "salsa").symlink_to((REAL / "salsa").resolve())
    write_rows(tmp_path, {key: value for key, value in true.items() if key != "fps"})
    with pytest.raises(ValueError, match=r"at 120 frames a second the fastest joint has [78]\.\d m/s .*the files claim 120"):
        read(tmp_path)
    write_rows(tmp_path, true | {"metre_per_unit": 1.0})
    with pytest.raises(ValueError, match=r"6\d_\d+\.bvh: left_hip to left_knee is 0\.288 m.*metre_per_unit 1 is probably wrong"):
        read(tmp_path)
    write_rows(tmp_path, {key: value for key, value in true.items() if key != "metre_per_unit"})
    with pytest.raises(ValueError, match=r"hip to knee is 0\.2877 units, human in none of"):
        read(tmp_path)


@needs_real
def test_dancers_keep_the_distance_of_their_hands() -> None:
    """README of the data: hands that hold each other are about 0.15 m apart; the files' own fingers say how far in each frame."""
    held, own = [], []
    for recording in FORMAT.find(REAL, Options()):
        if recording.id in ("cmu_60_61_05", "cmu_60_61_09", "cmu_60_61_12"):
            (clip,) = FORMAT.read(recording, Options(fps=60.0))
            nearest = nearest_hands(palms(clip.positions))
            takes = [read_bvh(path) for path in recording.files]
            fingers = [takes[0].names.index(name) for name in ("lMid1", "rMid1")]
            files = np.stack([take.positions()[:, fingers] * 1.26 for take in takes], axis=1)
            held.append(nearest[nearest < 0.3])
            own.append(nearest_hands(files)[nearest < 0.3])
    assert len(held) == 3
    assert np.median(np.concatenate(held)) == pytest.approx(0.15, abs=0.03)
    assert np.median(np.abs(np.concatenate(held) - np.concatenate(own))) < 0.03


@needs_real
def test_the_handshake_is_one() -> None:
    """README of the data: the right hands come to 0.23 m; the two face each other."""
    (recording,) = [found for found in FORMAT.find(REAL, Options()) if found.id == "cmu_18_19_01"]
    (clip,) = FORMAT.read(recording, Options())
    shake = clip.positions
    apart = np.linalg.norm(palms(shake)[:, 0, 1] - palms(shake)[:, 1, 1], axis=-1)
    assert apart.min() == pytest.approx(0.23, abs=0.05)
    moment = int(apart.argmin())
    towards = shake[moment, 1, 0] - shake[moment, 0, 0]
    bearing = np.arctan2(towards[0], towards[2])
    first, second = heading(shake[moment])
    assert np.cos(first - bearing) > 0.8
    assert np.cos(second - bearing - np.pi) > 0.8


def nearest_hands(hands: np.ndarray) -> np.ndarray:
    """(T, 2, 2, 3) -> (T,) metres between the nearest hands of the two."""
    return np.asarray(np.linalg.norm(hands[:, 0, :, None] - hands[:, 1, None], axis=-1).min(axis=(1, 2)))


def palms(positions: np.ndarray) -> np.ndarray:
    """(T, 2, 2, 3): left and right palm, 8 cm beyond the wrist."""
    wrists = positions[:, :, [INDEX["left_wrist"], INDEX["right_wrist"]]]
    forearms = wrists - positions[:, :, [INDEX["left_elbow"], INDEX["right_elbow"]]]
    return np.asarray(wrists + 0.08 * forearms / np.linalg.norm(forearms, axis=-1, keepdims=True))


@needs_real
def test_single_people_of_the_real_capture_are_read() -> None:
    """README of the data: single people of about 100 joints at 60 frames a second; a T-pose in frame 0 of some."""
    found = {one.id: one for one in FORMAT.find(REAL / "single", Options())}
    assert len(found) == 14
    (walk,) = FORMAT.read(found["007_07"], Options())
    assert (walk.people, walk.frames, walk.notes) == (1, 95, ("rest pose in frame 0 skipped",))  # 190 in the file, one of them the T-pose
    assert 1.4 < np.median(walk.positions[:, 0, INDEX["head"], 1]) < 1.8
    assert [caption.text for caption in walk.captions] == ["A person moves forwards."]
    with pytest.raises(Rejected, match="moves faster than people do"):
        FORMAT.read(found["002_03"], Options())  # a runner, who needs fps_override
