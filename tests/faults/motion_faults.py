"""Faults of motion: units, axes, bodies, floors, time, people, rotations, files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import clean_data as clean
import numpy as np
from fault import TIGHT, ClipData, Fault, Severity

from laban.data.clip import Clip
from laban.motion.skeleton import INDEX

Apply = Callable[[ClipData, Severity, np.random.Generator], None]
Change = Callable[[np.ndarray, float], Any]
UP = [0.0, 1.0, 0.0]
TIME = np.arange(clean.FRAMES)[:, None, None] / clean.FPS
LEFT = [number for name, number in INDEX.items() if name.startswith("left_")]
RIGHT = [INDEX[name.replace("left_", "right_")] for name in INDEX if name.startswith("left_")]


def by(change: Change, gross: float, clear: float, weakest: float) -> Apply:
    """One clip, whose positions (T, P, 22, 3) are changed in place, or replaced by what is returned, by an amount."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        number = int(rng.integers(len(data.clips)))
        positions = data.clips[number].positions.astype(np.float64)
        changed = change(positions, severity.of(gross, clear, weakest))
        data.move(number, positions if changed is None else changed)

    return apply


def each(change: Callable[[np.ndarray], Any]) -> Apply:
    """The positions of all clips, of a third, or of one."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        for number in severity.touched(len(data.clips), rng):
            positions = data.clips[number].positions.astype(np.float64)
            changed = change(positions)
            data.move(number, positions if changed is None else changed)

    return apply


def fields(change: Callable[[Clip], dict[str, Any]]) -> Apply:
    """Fields of all clips, of a third, or of one."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        for number in severity.touched(len(data.clips), rng):
            data.change(number, **change(data.clips[number]))

    return apply


def amount(change: Callable[[Clip, float], dict[str, Any]], gross: float, clear: float, weakest: float) -> Apply:
    """Fields of one clip, by an amount."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        number = int(rng.integers(len(data.clips)))
        data.change(number, **change(data.clips[number], severity.of(gross, clear, weakest)))

    return apply


def frames_touched(change: Callable[[np.ndarray, np.ndarray], Any]) -> Apply:
    """One clip: all of its frames, a third, or a single one."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        number = int(rng.integers(len(data.clips)))
        positions = data.clips[number].positions.astype(np.float64)
        change(positions, np.array(severity.touched(len(positions) - 4, rng)) + 2)
        data.move(number, positions)

    return apply


# Ways to change positions


def along(axis: int, *, people: Any = slice(None), frames: Any = slice(None), sign: int = 1) -> Change:
    """Some people are elsewhere in some frames."""

    def change(p: np.ndarray, metres: float) -> None:
        p[frames, people, :, axis] += sign * metres

    return change


def exchange_sides(p: np.ndarray) -> None:
    p[..., LEFT + RIGHT, :] = p[..., RIGHT + LEFT, :]


def exchange_sides_from(p: np.ndarray, frame: float) -> None:
    exchange_sides(p[int(frame) :])


def exchange_arms(p: np.ndarray) -> None:
    names = ("collar", "shoulder", "elbow", "wrist")
    left, right = [INDEX[f"left_{name}"] for name in names], [INDEX[f"right_{name}"] for name in names]
    p[..., left + right, :] = p[..., right + left, :]


def z_up(p: np.ndarray) -> np.ndarray:
    lying = np.stack([p[..., 0], -p[..., 2], p[..., 1]], -1)
    lying[..., 1] -= lying[..., 1].min()
    return lying


def upside_down(p: np.ndarray) -> np.ndarray:
    p[..., 1] *= -1
    p[..., 2] *= -1
    p[..., 1] -= p[..., 1].min()
    return p


def tilt(p: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    turned = p.copy()
    turned[..., 1] = np.cos(angle) * p[..., 1] - np.sin(angle) * p[..., 2]
    turned[..., 2] = np.sin(angle) * p[..., 1] + np.cos(angle) * p[..., 2]
    turned[..., 1] -= turned[..., 1].min()
    return turned


def about_pelvis(p: np.ndarray, person: int, factor: float) -> np.ndarray:
    """A larger or smaller person, who still stands on the floor."""
    p[:, person] = (p[:, person] - p[:, person, :1]) * factor + p[:, person, :1]
    p[:, person, :, 1] -= p[:, person, :, 1].min()
    return p


def stature_to(limit: float) -> Change:
    chain = ("left_knee", "left_ankle", "spine1", "spine2", "spine3", "neck", "head")

    def change(p: np.ndarray, metres: float) -> np.ndarray:
        bones = sum(np.linalg.norm(p[0, 0, INDEX[name]] - p[0, 0, PARENT[name]]) for name in chain)
        return about_pelvis(p, 0, metres * limit / bones)

    return change


PARENT = {"left_knee": 1, "left_ankle": 4, "spine1": 0, "spine2": 3, "spine3": 6, "neck": 9, "head": 12}


def stretch_arm(p: np.ndarray, metres: float) -> None:
    wrist, elbow = p[:, 0, INDEX["left_wrist"]], p[:, 0, INDEX["left_elbow"]]
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow, axis=-1, keepdims=True)
    p[:, 0, INDEX["left_wrist"]] = wrist + along * np.linspace(0, metres, len(p))[:, None]


def longer_arm(p: np.ndarray, metres: float) -> None:
    wrist, elbow = p[:, 0, INDEX["left_wrist"]], p[:, 0, INDEX["left_elbow"]]
    p[:, 0, INDEX["left_wrist"]] = wrist + metres * (wrist - elbow) / np.linalg.norm(wrist - elbow, axis=-1, keepdims=True)


def short_forearm(p: np.ndarray, metres: float) -> None:
    wrist, elbow = p[:, 0, INDEX["left_shoulder"]].copy(), p[:, 0, INDEX["left_elbow"]]
    along = (elbow - wrist) / np.linalg.norm(elbow - wrist, axis=-1, keepdims=True)
    moved = wrist + along * metres - elbow
    p[:, 0, INDEX["left_elbow"]] += moved
    p[:, 0, INDEX["left_wrist"]] += moved


def permute(p: np.ndarray, pairs: float) -> np.ndarray:
    """As many pairs of joints in each other's place, as where another skeleton's order is read as ours."""
    order = list(range(22))
    for first, second in (("neck", "head"), ("left_knee", "left_wrist"), ("spine1", "right_ankle"), ("left_foot", "right_elbow"))[::-1][
        : int(pairs)
    ]:
        order[INDEX[first]], order[INDEX[second]] = order[INDEX[second]], order[INDEX[first]]
    return p[:, :, order]


def walk_and_skip(p: np.ndarray, missing: float) -> np.ndarray:
    """Both walk at 1.5 m/s, and frames are missing in the middle."""
    p[..., 0] += 1.5 * (np.arange(len(p)) + int(missing) * (np.arange(len(p)) >= 30))[:, None, None] / clean.FPS
    return p


def hand_jumps(p: np.ndarray, metres: float) -> None:
    p[25, 0, INDEX["left_wrist"], 1] += metres


def repeat(p: np.ndarray, seconds: float) -> None:
    last = min(len(p), 10 + round(seconds * clean.FPS) + 1)
    p[10:last] = p[10]


def lose_one(p: np.ndarray, seconds: float) -> None:
    last = min(len(p), 5 + round(seconds * clean.FPS) + 1)
    p[5:last, 1] = p[5, 1]


def only_root(p: np.ndarray, seconds: float) -> None:
    last = min(len(p), 5 + round(seconds * clean.FPS) + 1)
    p[5:last, 1] = p[5, 1] + (p[5:last, 1, :1] - p[5, 1, :1])


def double_every(p: np.ndarray, share: float) -> np.ndarray:
    """Frames doubled until that share of all is the one before."""
    number = np.arange(len(p))
    return p[number - np.floor(number * share).astype(int)]


def slide(p: np.ndarray, speed: float) -> None:
    p[..., 0] += speed * TIME


def sink(p: np.ndarray, metres: float) -> None:
    p[..., 1] -= (metres * np.arange(len(p)) / len(p))[:, None, None]


def enter(p: np.ndarray, share: float) -> None:
    """The second person's spine is in the first one's for a share of the frames."""
    frames = round(share * len(p))
    p[:frames, 1] += (p[:frames, 0, :1] - p[:frames, 1, :1]) * [1, 0, 1]


def copy_person(noise: float) -> Change:
    def change(p: np.ndarray, metres: float) -> None:
        turned = (p[:, 0] - p[:1, 0, :1]) * [-1, 1, -1]
        p[:, 1] = turned + p[:1, 1, :1] + metres * noise * np.sin(np.arange(22) * 1.7)[:, None] * UP

    return change


def exchange_from(p: np.ndarray, frame: float) -> None:
    p[int(frame) :] = p[int(frame) :, ::-1].copy()


def pad(value: float) -> Change:
    def change(p: np.ndarray, frames: float) -> None:
        p[-int(frames) :, 1] = value

    return change


def pad_with_last(p: np.ndarray, frames: float) -> None:
    p[-int(frames) :, 1] = p[-int(frames) - 1, 1]


def tremble(p: np.ndarray, metres: float) -> None:
    p += np.random.default_rng(5).normal(0, metres, p.shape)


def stepped_floor(p: np.ndarray, metres: float) -> None:
    p[:30, :, :, 1] += metres


def rows_not_columns(c: Clip) -> dict[str, Any]:
    assert c.rotations is not None
    matrix = full(c.rotations)
    return {"rotations": np.concatenate([matrix[..., 0, :], matrix[..., 1, :]], -1).astype(np.float32)}


def full(rotations: np.ndarray) -> np.ndarray:
    first, second = rotations[..., :3].astype(np.float64), rotations[..., 3:].astype(np.float64)
    return np.stack([first, second, np.cross(first, second)], -1)


def interleaved(c: Clip) -> dict[str, Any]:
    """R[:, :2].reshape(6), as InterGen has it, under our name."""
    assert c.rotations is not None
    return {"rotations": full(c.rotations)[..., :2].reshape(c.rotations.shape).astype(np.float32)}


def without(c: Clip) -> dict[str, Any]:
    return {"root": None, "offsets": None, "rotations": None}


def nan_in(name: str) -> Callable[[Clip], dict[str, Any]]:
    def change(c: Clip) -> dict[str, Any]:
        array = np.array(getattr(c, name))
        array.reshape(-1)[7] = np.nan
        return {name: array}

    return change


def frame_set(value: float) -> Callable[[np.ndarray, np.ndarray], None]:
    def change(p: np.ndarray, frames: np.ndarray) -> None:
        p[frames, 1, 7, 0] = value

    return change


def moved(c: Clip, metres: float) -> dict[str, Any]:
    return {"root": c.root + np.float32(metres)}  # type: ignore[operator]


def noisy_rotations(c: Clip, amount_: float) -> dict[str, Any]:
    return {"rotations": c.rotations * np.float32(1 + amount_)}  # type: ignore[operator]


def other_offsets(c: Clip, metres: float) -> dict[str, Any]:
    offsets = c.offsets.copy()  # type: ignore[union-attr]
    offsets[:, INDEX["left_wrist"], 0] += metres
    return {"offsets": offsets}


def stale(c: Clip, metres: float) -> dict[str, Any]:
    """Positions were cleaned afterwards, rotations not."""
    positions = c.positions.copy()
    positions[20:40, 0, INDEX["head"], 1] += np.float32(metres)
    return {"positions": positions}


def cut(c: Clip, frames: float) -> dict[str, Any]:
    return {"positions": c.positions[: int(frames)], **without(c)}


def index_value(column: str, value: Callable[[Any], Any]) -> Apply:
    """A column of the index, which then does not tell what is stored."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        rows = severity.touched(len(data.clips), rng)
        data.index.append(lambda table: table.assign(**{column: [value(old) if n in rows else old for n, old in enumerate(table[column])]}))

    return apply


def shard_cut(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """A download that ended early."""

    def damage(folder: Any) -> None:
        path = folder / "clips-00000.arrow"
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * severity.of(0.01, 0.5, 0.999))])

    data.folder.append(damage)


def other_bytes(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Other positions behind an unchanged index."""
    rows = severity.touched(len(data.clips), rng)

    def damage(folder: Any) -> None:
        index = (folder / "index.parquet").read_bytes()
        others = ClipData()
        for number in rows:
            others.move(number, others.clips[number].positions + 0.01)
        for number in set(range(len(others.clips))) - set(rows):
            others.clips[number] = data.clips[number]
        others.write(folder)
        (folder / "index.parquet").write_bytes(index)

    data.folder.append(damage)


def other_rate(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Not all at once, which would be one rate again."""
    for number in range(severity.of(8, 4, 1)):
        data.change(number, fps=20.0)


def M(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(name, "motion", source, column, says, apply)


MOTION = (
    # numbers and files
    M("NaN in positions", "§7.5", "nonfinite", frames_touched(frame_set(np.nan))),
    M("infinity, as of an overflow of 16 bits", "ours", "nonfinite", frames_touched(frame_set(np.inf))),
    M("NaN in the root", "§7.5", "nonfinite", fields(nan_in("root"))),
    M("NaN in rotations", "§7.5", "nonfinite", fields(nan_in("rotations"))),
    M("positions cut to 16 bits", "ours", "coarse_share", each(lambda p: p.astype(np.float16).astype(np.float64))),
    M("positions written in whole centimetres", "ours", "coarse_share", each(lambda p: np.round(p, 2))),
    M("shard cut off", "§7.8", "error", shard_cut),
    M("index tells another length", "§5.3", "error", index_value("frames", lambda n: n - 1), "cannot be read"),
    M("an empty motion", "§5.1", "error", index_value("frames", lambda n: 0)),
    M("index tells another number of people", "ours", "error", index_value("people", lambda n: n + 1), "cannot be read"),
    M("bytes were exchanged behind the index", "§7.9", "error", other_bytes, "sha256"),
    M("too short", "§5.1", "frames", amount(cut, 1, 4, 7)),
    # units
    M("centimetres", "§5.4", "longest_bone_m", each(lambda p: p * 100)),
    M("millimetres", "§5.4", "longest_bone_m", each(lambda p: p * 1000)),
    M("inches", "ours", "longest_bone_m", each(lambda p: p / 0.0254)),
    M("a unit a little too large", "ours", "longest_bone_m", by(lambda p, k: p * k, 5.0, 3.0, 2.1)),
    M("a giant", "ours", "stature_m", by(stature_to(2.0), 2.0, 1.3, 1.01)),
    M("a dwarf", "ours", "smallest_stature_m", by(stature_to(0.65), 0.3, 0.8, 0.99)),
    # bodies
    M("bones that stretch", "ours", "bone_drift_m", by(stretch_arm, 0.4, 0.1, 0.032)),
    M("one arm longer", "ours", "lopsided_m", by(longer_arm, 0.4, 0.15, 0.062)),
    M("a limb of no length", "ours", "shortest_limb_m", by(short_forearm, 0.01, 0.05, 0.097)),
    M("joints in another skeleton's order", "§7.5", "bone_drift_m", by(permute, 4, 3, 1)),
    M("left and right exchanged", "§5.1", "toes_forward", each(exchange_sides)),
    M("mirrored without exchanging sides", "§5.1", "toes_forward", each(lambda p: p * [-1, 1, 1])),
    M("arms alone exchanged", "ours", "shoulders_over_hips", each(exchange_arms)),
    M("sides exchanged for part of the clip", "ours", "speed_m_s", by(exchange_sides_from, 5, 30, 58)),
    # axes and floor
    M("another axis is up", "§5.1", "ever_upright", each(z_up)),
    M("upside down", "§5.6", "ever_upright", each(upside_down)),
    M("a tilted world", "ours", "ever_upright", by(tilt, 90, 75, 68)),
    M("all float", "ours", "floor_m", by(along(1), 3.0, 0.6, 0.32)),
    M("under the floor", "ours", "floor_m", by(along(1, sign=-1), 1.0, 0.4, 0.192)),
    M("floor at the pelvis", "§5.2", "floor_m", each(lambda p: p - p[:, :, :1])),
    M("one person floats", "ours", "unsupported_m", by(along(1, people=1), 1.5, 0.6, 0.31)),
    M("one person on another storey", "ours", "highest_m", by(along(1, people=1), 30.0, 4.0, 2.01)),
    M("sinking", "ours", "floor_drift_m", by(sink, 4.0, 1.5, 0.65)),
    M("floor with a step in time", "ours", "floor_drift_m", by(stepped_floor, 1.0, 0.5, 0.32)),
    M("sliding over the floor", "ours", "slide_m_s", by(slide, 3.0, 1.0, 0.66)),
    # time
    M("a hand jumps", "ours", "speed_m_s", by(hand_jumps, 3.0, 1.5, 0.9)),
    M("both leap", "ours", "pelvis_accel_m_s2", by(along(0, frames=slice(30, None)), 3.0, 0.5, 0.182)),
    M("trembling", "§5.1", "noise_m", by(tremble, 0.1, 0.03, 0.0115)),
    M("frames frozen", "ours", "stiff_s", by(repeat, 1.6, 1.0, 0.534)),
    M("one track is lost for a while", "ours", "stiff_s", by(lose_one, 1.7, 1.0, 0.534)),
    M("only the root moves", "§5.6", "stiff_s", by(only_root, 1.7, 1.0, 0.6)),
    M("a constant pose", "§5.6", "stiff_s", each(lambda p: np.repeat(p[:1], len(p), axis=0))),
    M("rate doubled by repeating frames", "ours", "repeated_share", by(double_every, 0.5, 0.25, 0.125)),
    M("frames missing", "ours", "skip_ratio", by(walk_and_skip, 20, 8, 3)),
    M("one clip of another rate", "§5.2", "rates", other_rate),
    M("120 frames a second for 30: too fast", "§5.2", "sustained_m_s", by(slide, 30.0, 15.0, 10.2)),
    M("a rate that nothing records", "ours", "fps", amount(lambda c, f: {"fps": f}, 10000.0, 600.0, 241.0)),
    M("declared 20 for 30: longer than its captions", "§5.3", "uncaptioned_s", fields(lambda c: {"fps": 20.0})),
    M("declared 60 for 30: captions end after it", "§5.1", "bad_caption_spans", fields(lambda c: {"fps": 60.0})),
    M("one person's end padded with zeros", "§5.1", "bone_drift_m", by(pad(0.0), 40, 10, 1)),
    M("one person's end padded with the last frame", "§2", "stiff_s", by(pad_with_last, 50, 30, 16)),
    # people
    M("people exchanged from a frame on", "ours", "pelvis_speed_m_s", by(exchange_from, 2, 30, 59)),
    M("one body twice at one place", "§5.2", "trunks_m", each(lambda p: p[:, [0, 0]])),
    M("one body twice, moved and turned", "ours", "unlike_m", by(copy_person(1.0), 0.0, 0.0, 0.0005)),
    M("bodies inside each other", "ours", "trunks_m", by(enter, 1.0, 0.5, 0.12)),
    M("two world frames", "§5.1", "apart_m", by(along(2, people=1), 200.0, 30.0, 8.55)),
    M("each on its own origin", "§5.1", "trunks_m", each(lambda p: p - p[:1, :, :1] * [1, 0, 1])),
    M("the actor is nobody", "§5.2", "actor_outside", fields(lambda c: {"actor": 2})),
    M("the order of actor and reactor inverted", "§5.2", TIGHT + "actor_lag_s", fields(lambda c: {"actor": 1 - (c.actor or 0)})),
    # motion from code has no excuse
    M("a bone from code that stretches", "ours", TIGHT + "bone_drift_m", by(stretch_arm, 0.02, 0.001, 0.00002)),
    M("a toe from code in the floor", "ours", TIGHT + "floor_m", by(along(1, sign=-1), 0.1, 0.04, 0.011)),
    M("feet from code that slide", "ours", TIGHT + "slide_m_s", by(slide, 0.5, 0.1, 0.03)),
    M("people from code on two floors", "ours", TIGHT + "storey_m", by(along(1, people=1), 0.2, 0.05, 0.0105)),
    M("motion from code that trembles", "ours", TIGHT + "noise_m", by(tremble, 0.009, 0.005, 0.0035)),
    # rotations
    M("rotations by rows", "§5.1", "fk_gap_m", fields(rows_not_columns)),
    M("rotations of interleaved columns", "§5.1", "rotation_gap", fields(interleaved)),
    M("rotations not of length one", "ours", "rotation_gap", amount(noisy_rotations, 0.5, 0.05, 0.00055)),
    M("rotations of zero", "§5.2", "rotation_gap", fields(lambda c: {"rotations": np.zeros_like(c.rotations)})),
    M("rotations of another clip", "ours", "fk_gap_m", fields(lambda c: {"rotations": clean.clip(97).rotations})),
    M("rotations a frame late", "§5.1", "fk_gap_m", fields(lambda c: {"rotations": np.roll(c.rotations, 1, axis=0)})),  # type: ignore[arg-type]
    M("neutral body for the person's own", "§5.2", "fk_gap_m", amount(other_offsets, 0.1, 0.01, 0.00005)),
    M("joints cleaned, rotations not", "ours", "fk_gap_m", amount(stale, 0.2, 0.01, 0.00005)),
    M("root is not the pelvis", "§5.2", "root_gap_m", amount(moved, 1.0, 0.01, 0.0001)),
    M("a residual that hides everything", "ours", "residual_m", amount(lambda c, r: {"residual_m": r}, 5.0, 0.5, 0.26)),
)  # fmt: skip
