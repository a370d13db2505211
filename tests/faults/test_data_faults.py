"""The catalogue of faults: each is made by one change to clean data and must be caught, for the right reason, at the right row."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clean_data as clean
import numpy as np
import pandas as pd
import pytest

from laban.data.clip import Caption, Clip, write_clips
from laban.data.conversation import CLIPS, CONVERSATIONS
from laban.data.expectations import Judgement, judge
from laban.data.measure import KNOWN_CLIPS
from laban.motion.skeleton import INDEX

WRITERS: dict[str, Callable[[Path], None]] = {
    "clips": clean.write_clean_clips,
    "conversations": clean.write_clean_conversations,
    "lines": clean.write_clean_lines,
    "codes": clean.write_clean_codes,
    "metrics": clean.write_clean_metrics,
}
THRESHOLDS: dict[str, dict[str, dict[str, float]]] = {
    "clips": {"rows": {"min": 10}, "train_rows": {"min": 6}, "test_rows": {"min": 2}, "duplicate_share": {"max": 0.0}},
    "conversations": {"rows": {"min": 10}, "tasks": {"min": 2}, "task.edit": {"min": 3}, "duplicate_share": {"max": 0.05}},
    "codes": {"rows": {"min": 20}, "codebook_usage": {"min": 0.5}},
    "metrics": {"val.mpjpe_mm": {"max": 60.0}, "val.codebook_usage": {"min": 0.2, "max": 1.0}},
}
Damage = Callable[[Path], None]


@pytest.fixture(scope="session")
def spotless(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {suite: tmp_path_factory.mktemp("clean") / suite for suite in WRITERS}
    for suite, write in WRITERS.items():
        write(folders[suite])
    return folders


# --- ways to damage -----------------------------------------------------------------------------------------------------


def clip_fault(change: Callable[[Clip], dict[str, Any]], number: int = 3) -> Damage:
    """Rewrite the store with one clip changed."""

    def damage(folder: Path) -> None:
        made = clean.clips()
        made[number] = dataclasses.replace(made[number], **change(made[number]))
        shutil.rmtree(folder)
        clean.write_clean_clips(folder, made)

    return damage


def only_positions(change: Callable[[np.ndarray], None], number: int = 3) -> Damage:
    """Change the positions of a clip that has nothing else to betray the change."""

    def fields(clip: Clip) -> dict[str, Any]:
        positions = clip.positions.copy()
        change(positions)
        return {"positions": positions, "root": None, "offsets": None, "rotations": None}

    return clip_fault(fields, number)


def every_clip(change: Callable[[Clip], Clip]) -> Damage:
    def damage(folder: Path) -> None:
        shutil.rmtree(folder)
        clean.write_clean_clips(folder, [change(clip) for clip in clean.clips()])

    return damage


def table_fault(name: str, change: Callable[[pd.DataFrame], Any]) -> Damage:
    """Rewrite a Parquet file, changed in place or returned."""

    def damage(folder: Path) -> None:
        table = pd.read_parquet(folder / name)
        changed = change(table)
        (table if changed is None else changed).to_parquet(folder / name, index=False)

    return damage


def index_value(column: str, value: Any, row: int = 3) -> Damage:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame([{**record, column: value} if n == row else record for n, record in enumerate(table.to_dict("records"))])

    return table_fault("index.parquet", change)


def code_value(column: str, value: Any, row: int = 3) -> Damage:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        records = table.to_dict("records")
        records[row][column] = value(records[row][column]) if callable(value) else value
        return pd.DataFrame(records)

    return table_fault("codes.parquet", change)


def talk_fault(change: Callable[[dict[str, Any]], Any], number: int = 3) -> Damage:
    """Change one line of the conversations; a string that is returned replaces the line."""

    def damage(folder: Path) -> None:
        path = folder / CONVERSATIONS
        lines = path.read_text("utf-8").splitlines()
        talk = json.loads(lines[number])
        changed = change(talk)
        lines[number] = changed if isinstance(changed, str) else json.dumps(talk)
        path.write_text("\n".join(lines) + "\n", "utf-8")

    return damage


def metric_fault(text: str) -> Damage:
    return lambda folder: (folder / "metrics.json").write_text(text) and None


def emptied(name: str) -> Damage:
    return table_fault(name, lambda table: table.iloc[:0])


def removed(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def shift(values: np.ndarray, by: int, value: Any) -> np.ndarray:
    changed = np.array(values)
    changed[by] = value
    return changed


def swap_left_right(positions: np.ndarray) -> None:
    names = [name[5:] for name in INDEX if name.startswith("left_")]
    left, right = [INDEX[f"left_{name}"] for name in names], [INDEX[f"right_{name}"] for name in names]
    positions[..., left + right, :] = positions[..., right + left, :]


def teleport(positions: np.ndarray) -> None:
    positions[30:, 1, :, 0] += 2.0


def exchange_people(positions: np.ndarray) -> None:
    positions[30:] = positions[30:, ::-1].copy()


def hand_jumps(positions: np.ndarray) -> None:
    positions[20, 0, INDEX["left_wrist"]] += [0.0, 0.9, 0.0]


def lose_track(positions: np.ndarray) -> None:
    positions[:, 1] = positions[:1, 1]


def stretch(positions: np.ndarray) -> None:
    wrist, elbow = positions[..., INDEX["left_wrist"], :], positions[..., INDEX["left_elbow"], :]
    wrist += (wrist - elbow) * np.linspace(0, 0.3, len(positions))[:, None, None]


def repeat_frames(positions: np.ndarray) -> None:
    positions[10:40] = positions[10]


def set_(index: Any, value: Any) -> Callable[[np.ndarray], None]:
    return lambda positions: positions.__setitem__(index, value)


def moved_copy(clip: Clip) -> dict[str, Any]:
    """The motion of a training clip, mirrored, turned, moved, people exchanged, under a test clip's id."""
    positions = clean.clips()[0].positions[:, ::-1].astype(np.float64)
    positions[..., 0] *= -1
    swap_left_right(positions)
    cos, sin = np.cos(0.7), np.sin(0.7)
    x, z = positions[..., 0].copy(), positions[..., 2].copy()
    positions[..., 0], positions[..., 2] = cos * x + sin * z + 3.0, -sin * x + cos * z - 2.0
    return {"positions": positions.astype(np.float32), "root": None, "offsets": None, "rotations": None}


def first_again(clip: Clip, split: str) -> dict[str, Any]:
    """The first clip under another's id."""
    return {**vars(clean.clip(0)), "id": clip.id, "split": split}


def names_clip(turn: int, name: str) -> Callable[[dict[str, Any]], None]:
    return lambda talk: motion_part(talk, turn).update(clip=name)


def z_up(clip: Clip) -> Clip:
    positions = clip.positions[..., [0, 2, 1]] * np.array([1, -1, 1], np.float32)
    positions[..., 1] -= positions[..., 1].min()
    return dataclasses.replace(clip, positions=positions, root=None, offsets=None, rotations=None)


def silent_caption(clip: Clip) -> dict[str, Any]:
    return {"captions": (*clip.captions, Caption(text="  ", start_s=0.0, end_s=1.0, source="human"))}


def late_caption(clip: Clip) -> dict[str, Any]:
    return {"captions": (*clip.captions, Caption(text="too late", start_s=1.0, end_s=9.0, source="human"))}


def motion_part(talk: dict[str, Any], turn: int) -> dict[str, Any]:
    return next(part for part in talk["turns"][turn]["parts"] if part["type"] == "motion")


def not_learned(talk: dict[str, Any]) -> None:
    for part in talk["turns"][1]["parts"]:
        part["learn"] = False


def unpaired(talk: dict[str, Any]) -> None:
    talk["turns"].append({"role": "user", "parts": [{**talk["turns"][0]["parts"][0], "text": "and then?"}]})


def copied_lines(folder: Path) -> None:
    path = folder / CONVERSATIONS
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines, *(line.replace('"id": "talk', '"id": "again') for line in lines)]) + "\n", "utf-8")


def bad_synthetic(folder: Path) -> None:
    made = clean.generated()
    positions = made[2].positions.copy()
    positions[5, 0, 3, 1] = np.nan
    made[2] = dataclasses.replace(made[2], positions=positions)
    write_clips(folder / CLIPS, made)


def other_arrays(folder: Path) -> None:
    """Another clip's bytes behind an unchanged index."""
    index = (folder / "index.parquet").read_bytes()
    clip_fault(lambda clip: {"positions": clip.positions + np.float32(0.01)})(folder)
    (folder / "index.parquet").write_bytes(index)


# name -> (suite, damage, column that is named, row that is named)
CATALOGUE: dict[str, tuple[str, Damage, str, str]] = {
    # clips
    "clips: zero rows": ("clips", emptied("index.parquet"), "", "zero rows"),
    "clips: no index": ("clips", removed("index.parquet"), "", "index.parquet is absent"),
    "clips: index lacks a column": ("clips", table_fault("index.parquet", lambda t: t.drop(columns="split")), "", "columns ['split']"),
    "clips: shard lost": ("clips", removed("clips-00000.arrow"), "error", "c000"),
    "clips: index is not Parquet": ("clips", lambda folder: (folder / "index.parquet").write_bytes(b"PAR1 no") and None, "", "clips"),
    "clips: frames of the index are wrong": ("clips", index_value("frames", 59), "error", "c003"),
    "clips: bytes changed": ("clips", other_arrays, "error", "c003"),
    "clips: same id twice": ("clips", index_value("id", "c002"), "id", "c002"),
    "clips: NaN": ("clips", only_positions(set_((20, 1, 7, 0), np.nan)), "nonfinite", "c003"),
    "clips: infinity": ("clips", only_positions(set_((20, 1, 7, 0), np.inf)), "nonfinite", "c003"),
    "clips: rate of zero": ("clips", clip_fault(lambda c: {"fps": 0.0}), "fps", "c003"),
    "clips: rate doubled": ("clips", clip_fault(lambda c: {"fps": 600.0}), "fps", "c003"),
    "clips: too short": ("clips", clip_fault(
        lambda c: {"positions": c.positions[:4], "root": None, "rotations": None, "offsets": None}
    ), "frames", "c003"),
    "clips: bones stretch": ("clips", only_positions(stretch), "bone_drift_m", "c003"),
    "clips: centimetres": ("clips", only_positions(lambda p: p.__imul__(100)), "longest_bone_m", "c003"),
    "clips: feet": ("clips", only_positions(lambda p: p.__imul__(0.3048)), "longest_bone_m", "c003"),
    "clips: nobody on the floor": ("clips", only_positions(lambda p: p[..., 1].__iadd__(0.5)), "floor_m", "c003"),
    "clips: under the floor": ("clips", only_positions(lambda p: p[..., 1].__isub__(0.93)), "floor_m", "c003"),
    "clips: one person far above": ("clips", only_positions(lambda p: p[:, 1, :, 1].__iadd__(3.0)), "highest_m", "c003"),
    "clips: hand jumps": ("clips", only_positions(hand_jumps), "speed_m_s", "c003"),
    "clips: person teleports": ("clips", only_positions(teleport), "pelvis_speed_m_s", "c003"),
    "clips: people exchanged in the middle": ("clips", only_positions(exchange_people), "pelvis_speed_m_s", "c003"),
    "clips: frames repeated": ("clips", only_positions(repeat_frames), "frozen_s", "c003"),
    "clips: track of one person lost": ("clips", only_positions(lose_track), "still_people", "c003"),
    "clips: left and right exchanged": ("clips", only_positions(swap_left_right), "toes_forward", "c003"),
    "clips: mirrored without exchange": ("clips", only_positions(lambda p: p[..., 0].__imul__(-1)), "toes_forward", "c003"),
    "clips: one body twice": ("clips", only_positions(lambda p: p.__setitem__((slice(None), 1), p[:, 0])), "apart_m", "c003"),
    "clips: two world frames": ("clips", only_positions(lambda p: p[:, 1, :, 0].__iadd__(40)), "apart_m", "c003"),
    "clips: another axis is up": ("clips", every_clip(z_up), "upright_share", "dataset"),
    "clips: root is not the pelvis": ("clips", clip_fault(lambda c: {"root": c.root + np.float32(0.01)}), "root_gap_m", "c003"),
    "clips: rotations of another layout": (
        "clips",
        clip_fault(lambda c: {"rotations": c.rotations.reshape(*c.rotations.shape[:-1], 2, 3).swapaxes(-1, -2).reshape(c.rotations.shape)}),
        "rotation_gap",
        "c003",
    ),
    "clips: rotations of zero": ("clips", clip_fault(lambda c: {"rotations": np.zeros_like(c.rotations)}), "rotation_gap", "c003"),
    "clips: rotations of another clip": ("clips", clip_fault(lambda c: {"rotations": clean.clip(4).rotations}), "fk_gap_m", "c003"),
    "clips: offsets of another body": ("clips", clip_fault(lambda c: {"offsets": c.offsets * np.float32(1.02)}), "fk_gap_m", "c003"),
    "clips: residual hides everything": ("clips", clip_fault(lambda c: {"residual_m": 5.0}), "residual_m", "c003"),
    "clips: actor is nobody": ("clips", index_value("actor", 2), "actor_outside", "c003"),
    "clips: unknown split": ("clips", clip_fault(lambda c: {"split": "Train"}), "split", "c003"),
    "clips: null split": ("clips", index_value("split", None), "null_columns", "c003"),
    "clips: no licence": ("clips", clip_fault(lambda c: {"licence": " "}), "blank_licence", "c003"),
    "clips: no source": ("clips", index_value("source", None), "blank_source", "c003"),
    "clips: no captions": ("clips", clip_fault(lambda c: {"captions": ()}), "missing_captions", "c003"),
    "clips: two captions of three": ("clips", clip_fault(lambda c: {"captions": c.captions[:2]}), "missing_captions", "c003"),
    "clips: blank caption": ("clips", clip_fault(silent_caption), "empty_captions", "c003"),
    "clips: caption after the end": ("clips", clip_fault(late_caption), "bad_caption_spans", "c003"),
    "clips: same motion in train and test": ("clips", clip_fault(lambda c: first_again(c, "test"), 5), "same_motion_in", "c000"),
    "clips: the same, moved and mirrored": ("clips", clip_fault(moved_copy, 5), "same_motion_in", "c000"),
    "clips: one trial torn by the split": ("clips", every_clip(lambda c: dataclasses.replace(c, group="trial")), "splits_of_group", "c000"),
    "clips: same motion twice in a split": ("clips", clip_fault(lambda c: first_again(c, "train")), "duplicate_share", "dataset"),
    "clips: fewer than asked": ("clips", table_fault("index.parquet", lambda t: t.iloc[:4]), "rows", "dataset"),
    "clips: no test split": ("clips", every_clip(lambda c: dataclasses.replace(c, split="train")), "test_rows", "dataset"),
    # conversations
    "talk: no file": ("lines", removed(CONVERSATIONS), "", "conversations.jsonl is absent"),
    "talk: zero lines": ("lines", lambda folder: (folder / CONVERSATIONS).write_text("") and None, "", "zero rows"),
    "talk: not JSON": ("lines", talk_fault(lambda talk: "{oops"), "error", "line 4"),
    "talk: assistant begins": ("lines", talk_fault(lambda talk: talk["turns"].pop(0) and None), "error", "line 4"),
    "talk: unknown role": ("lines", talk_fault(lambda talk: talk["turns"][0].update(role="system")), "error", "line 4"),
    "talk: part is text and motion": ("lines", talk_fault(lambda talk: motion_part(talk, 1).update(text="x")), "error", "line 4"),
    "talk: a turn without parts": ("lines", talk_fault(lambda talk: talk["turns"][1].update(parts=[])), "error", "line 4"),
    "talk: blank text": ("lines", talk_fault(lambda talk: talk["turns"][0]["parts"][0].update(text=" ")), "empty_texts", "talk3"),
    "talk: no task": ("lines", talk_fault(lambda talk: talk.update(task="")), "blank_task", "talk3"),
    "talk: same id twice": ("lines", talk_fault(lambda talk: talk.update(id="talk2")), "id", "talk2"),
    "talk: question without answer": ("lines", talk_fault(unpaired), "ends_with", "talk3"),
    "talk: nothing to learn": ("lines", talk_fault(not_learned), "learned", "talk3"),
    "talk: unknown split": ("lines", talk_fault(lambda talk: talk.update(split="dev")), "split", "talk3"),
    "talk: unknown motion": ("lines", talk_fault(names_clip(1, "s999")), "unknown_clips", "talk3"),
    "talk: real motion is not listed": ("lines", removed(KNOWN_CLIPS), "unknown_clips", "talk0"),
    "talk: generated motion of another split": ("lines", talk_fault(names_clip(1, "s105")), "torn_clips", "talk3"),
    "talk: real motion of another split": ("lines", talk_fault(names_clip(0, "c005")), "torn_clips", "talk3"),
    "talk: longer than the clip": ("lines", talk_fault(lambda talk: motion_part(talk, 1).update(end_s=7.5)), "bad_spans", "talk3"),
    "talk: a third person": ("lines", talk_fault(lambda talk: motion_part(talk, 1).update(people=[0, 2])), "bad_spans", "talk3"),
    "talk: generated motion has NaN": ("conversations", bad_synthetic, "nonfinite", "s102"),
    "talk: all lines twice": ("lines", copied_lines, "duplicate_share", "dataset"),
    "talk: a task is missing": (
        "lines",
        lambda folder: (folder / CONVERSATIONS).write_text((folder / CONVERSATIONS).read_text().replace('"edit"', '"explain"')) and None,
        "task.edit",
        "dataset",
    ),
    # codes
    "codes: no file": ("codes", removed("codes.parquet"), "", "codes.parquet is absent"),
    "codes: zero rows": ("codes", emptied("codes.parquet"), "", "zero rows"),
    "codes: column lost": ("codes", table_fault("codes.parquet", lambda t: t.drop(columns="captions")), "", "['captions']"),
    "codes: -1 of quantiser dropout": ("codes", code_value("codes", lambda c: shift(c, 5, -1)), "lowest_code", "c001"),
    "codes: beyond the codebook": ("codes", code_value("codes", lambda c: shift(c, 5, 16)), "codes_left", "c001"),
    "codes: one code missing": ("codes", code_value("codes", lambda c: c[:-1]), "missing_codes", "c001"),
    "codes: none": ("codes", code_value("codes", np.array([], np.int32)), "missing_codes", "c001"),
    "codes: null codes": ("codes", code_value("codes", None), "lowest_code", "c001"),
    "codes: end of the clip cut off": ("codes", code_value("steps", 6), "missing_steps", "c001"),
    "codes: order names one person twice": ("codes", code_value("order", "00"), "bad_order", "c001"),
    "codes: an order twice": ("codes", code_value("order", "01"), "copies", "c001"),
    "codes: two tokenizers": ("codes", code_value("codebook_size", 32), "layouts", "dataset"),
    "codes: no captions": ("codes", code_value("captions", lambda c: []), "captions", "c001"),
    "codes: blank caption": ("codes", code_value("captions", lambda c: ["", "x"]), "empty_captions", "c001"),
    "codes: unknown split": ("codes", code_value("split", "training"), "split", "c001"),
    "codes: one clip in two splits": ("codes", code_value("split", "test"), "splits_of_id", "c001"),
    "codes: collapsed codebook": (
        "codes",
        table_fault("codes.parquet", lambda t: t.assign(codes=[np.zeros_like(codes) for codes in t["codes"]])),
        "codebook_usage",
        "dataset",
    ),
    # metrics
    "metrics: no file": ("metrics", removed("metrics.json"), "", "metrics.json is absent"),
    "metrics: not JSON": ("metrics", metric_fault("{"), "", "metrics"),
    "metrics: a list": ("metrics", metric_fault("[1]"), "", "holds list"),
    "metrics: absent": ("metrics", metric_fault('{"val": {"codebook_usage": 0.5}}'), "val.mpjpe_mm", "absent"),
    "metrics: null": ("metrics", metric_fault('{"val": {"mpjpe_mm": null, "codebook_usage": 0.5}}'), "val.mpjpe_mm", "absent"),
    "metrics: text": ("metrics", metric_fault('{"val": {"mpjpe_mm": "41", "codebook_usage": 0.5}}'), "val.mpjpe_mm", "absent"),
    "metrics: NaN": ("metrics", metric_fault('{"val": {"mpjpe_mm": NaN, "codebook_usage": 0.5}}'), "", "val.mpjpe_mm is nan"),
    "metrics: NaN that nobody asks for": (
        "metrics",
        metric_fault('{"val": {"mpjpe_mm": 1, "codebook_usage": 0.5}, "kl": -Infinity}'),
        "",
        "kl is -inf",
    ),
    "metrics: too great": ("metrics", metric_fault('{"val": {"mpjpe_mm": 60.01, "codebook_usage": 0.5}}'), "val.mpjpe_mm", "60.01"),
    "metrics: too small": ("metrics", metric_fault('{"val": {"mpjpe_mm": 1, "codebook_usage": 0.19}}'), "val.codebook_usage", "0.19"),
    "metrics: impossible": ("metrics", metric_fault('{"val": {"mpjpe_mm": 1, "codebook_usage": 1.5}}'), "val.codebook_usage", "1.5"),
}  # fmt: skip


def _judged(data: str, folder: Path) -> Judgement:
    suite = "conversations" if data == "lines" else data
    return judge(suite, folder, THRESHOLDS[suite])


def _failed(judged: Judgement) -> dict[str, str]:
    """Column -> reason."""
    return {finding.column: finding.reason for finding in judged.findings if not finding.passed}


@pytest.mark.parametrize("suite", list(WRITERS))
def test_clean_data_raise_no_alarm(spotless: dict[str, Path], suite: str) -> None:
    judged = _judged(suite, spotless[suite])
    assert judged.reasons == []
    assert judged.passed
    json.dumps(judged.as_dict(), allow_nan=False)


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_fault_is_caught(spotless: dict[str, Path], tmp_path: Path, name: str) -> None:
    suite, damage, column, named = CATALOGUE[name]
    folder = tmp_path / suite
    shutil.copytree(spotless[suite], folder)
    damage(folder)
    judged = _judged(suite, folder)
    assert not judged.passed
    failed = _failed(judged)
    assert column in failed, judged.reasons
    assert named in failed[column], failed[column]
    json.dumps(judged.as_dict(), allow_nan=False)


def test_capture_without_rotations_and_of_one_person_is_clean(tmp_path: Path) -> None:
    def lone(clip: Clip) -> Clip:
        return dataclasses.replace(
            clip,
            positions=clip.positions[:, :1],
            root=None,
            offsets=None,
            rotations=None,
            actor=None,
            source="cmu",
            captions=clip.captions[:1],
        )

    write_clips(tmp_path, map(lone, clean.clips()))
    assert judge("clips", tmp_path, THRESHOLDS["clips"]).reasons == []


def test_a_recorded_residual_is_allowed_for(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.004, (clean.FRAMES, 2, 22, 3)).astype(np.float32)
    off = [
        dataclasses.replace(c, positions=c.positions + noise, residual_m=float(np.linalg.norm(noise, axis=-1).max())) for c in clean.clips()
    ]
    write_clips(tmp_path / "recorded", off)
    assert "fk_gap_m" not in _failed(judge("clips", tmp_path / "recorded", {}))
    write_clips(tmp_path / "hidden", [dataclasses.replace(c, residual_m=0.0) for c in off])
    assert {"fk_gap_m", "root_gap_m"} <= set(_failed(judge("clips", tmp_path / "hidden", {})))
