"""Faults of other people's data sets: what a reader makes of InterHuman, Inter-X, HumanML3D, KIT-ML and Motion-X when it misreads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from caption_faults import other_side, span, style_of_some
from fault import TIGHT, ClipData, Fault, Severity
from motion_faults import LEFT, RIGHT, Apply, amount, by, each, fields, nan_in, z_up
from split_faults import Copy, later, noisy, turned

from laban.data.clip import Caption, Clip
from laban.motion.skeleton import INDEX


def capture(data: ClipData) -> None:
    """The clean clips as if people had been recorded: no style, a standing height of millimetres' difference."""
    for number, c in enumerate(data.clips):
        positions = c.positions.copy()
        positions[:, 1, :, 1] += 0.003 + 0.001 * (number % 3)
        data.move(number, positions)
        data.change(number, source="capture", kind="", style={})


def of_capture(change: Callable[[Clip], dict[str, Any]], gross: int, clear: int, weakest: int) -> Apply:
    """Fields of so many of twelve recorded clips: what a share of the whole data set tells."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        capture(data)
        for number in range(severity.of(gross, clear, weakest)):
            data.change(number, **change(data.clips[number]))

    return apply


def own_floor(c: Clip) -> dict[str, Any]:
    """Each person's lowest point put to the floor, whoever is lifted."""
    positions = c.positions.copy()
    positions[..., 1] -= positions[..., 1].min((0, 2))[None, :, None]
    return {"positions": positions}


def again(change: Copy, gross: Any, clear: Any, weakest: Any) -> Apply:
    """One training clip's motion under another name of the same split, changed by less and less."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        data.move(1, change(data.clips[0].positions.astype(np.float64), severity.of(gross, clear, weakest)))

    return apply


def slowed(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Recorded at a multiple of the rate that is declared: every clip is its own beginning in slow motion."""
    for number, c in enumerate(data.clips):
        at = np.arange(c.frames) / severity.of(8.0, 4.0, 3.2)
        before, share = at.astype(int), (at % 1)[:, None, None, None]
        data.move(number, c.positions[before] * (1 - share) + c.positions[before + 1] * share)


def people_swapped(c: Clip) -> dict[str, Any]:
    """The arrays in the other order, and nobody told who acts."""
    return {name: value for name, value in vars(c.swapped()).items() if name in ("positions", "root", "offsets", "rotations")}


# Columns of one thing read as another


def velocities(p: np.ndarray) -> np.ndarray:
    return np.diff(p, axis=0, append=p[-1:])


def a_column_on(p: np.ndarray) -> np.ndarray:
    return np.roll(p.reshape(*p.shape[:2], -1), 1, axis=-1).reshape(p.shape)


def fingers(p: np.ndarray) -> np.ndarray:
    """All joints within the hand."""
    return p[:, :, [INDEX["left_wrist"]]] + 0.05 * (p - p[:, :, [INDEX["pelvis"]]])


def contacts(p: np.ndarray) -> None:
    p[:, :, INDEX["right_wrist"]] = np.stack([np.arange(len(p)) // 7 % 2, np.arange(len(p)) // 5 % 2, np.ones(len(p))], -1)[:, None]


def heading_frame(p: np.ndarray) -> np.ndarray:
    """Joints about the own root, in its heading: nobody put them back into the world."""
    across = p[..., INDEX["left_hip"], :] - p[..., INDEX["right_hip"], :]
    angle = np.arctan2(across[..., 2], across[..., 0])
    own = p - p[:, :, :1] * [1, 0, 1]
    cos, sin = np.cos(angle)[..., None], np.sin(angle)[..., None]
    return np.stack([cos * own[..., 0] + sin * own[..., 2], own[..., 1], cos * own[..., 2] - sin * own[..., 0]], -1)


def normalised(p: np.ndarray) -> np.ndarray:
    return (p - p.mean((0, 1))) / np.maximum(p.std((0, 1)), 1e-3)


def by_other_statistics(p: np.ndarray, factor: float) -> np.ndarray:
    """Un-normalised by a mean and deviation of other data: each column is stretched on its own."""
    mean = p.mean((0, 1))
    return (p - mean) * (1 + (factor - 1) * np.linspace(0, 1, mean.size).reshape(mean.shape)) + mean


def mean_pose(p: np.ndarray, frames: float) -> None:
    """Padding of zeros, un-normalised."""
    p[-int(frames) :] = p.mean(0)


def without_elbow(p: np.ndarray, share: float) -> None:
    """A joint that the skeleton lacks, laid where its parent is."""
    shoulder, elbow = p[:, :, INDEX["left_shoulder"]], p[:, :, INDEX["left_elbow"]]
    p[:, :, INDEX["left_elbow"]] = shoulder + (elbow - shoulder) * share


# Rotations


def negated(c: Clip) -> dict[str, Any]:
    """InterGen's mirror, which negates numbers 1, 2 and 4 of its own layout, on ours."""
    return {"rotations": c.rotations * np.array([1, -1, -1, 1, -1, 1], np.float32)}  # type: ignore[operator]


def axis_angles(c: Clip) -> dict[str, Any]:
    """Three numbers of an angle about an axis, twice, for six of two columns."""
    assert c.rotations is not None
    return {"rotations": np.concatenate([0.1 * c.rotations[..., 3:], 0.1 * c.rotations[..., :3]], -1)}


def unturned(c: Clip) -> dict[str, Any]:
    """Every root as in the rest pose."""
    rotations = np.array(c.rotations)
    rotations[:, :, 0] = [1, 0, 0, 0, 1, 0]
    return {"rotations": rotations}


def turned_joints(c: Clip, degrees: float) -> dict[str, Any]:
    """Positions and root turned about the vertical, rotations left as they were."""
    assert c.root is not None
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    return {"positions": (c.positions @ turn).astype(np.float32), "root": (c.root @ turn).astype(np.float32)}


def lowered_joints(c: Clip, metres: float) -> dict[str, Any]:
    """The floor taken off the joints and not off the root."""
    return {"positions": c.positions - np.array([0, metres, 0], np.float32)}


def target_skeleton(c: Clip, factor: float) -> dict[str, Any]:
    """The offsets of the body that all were retargeted to, with the person's own joints."""
    return {"offsets": (c.offsets * factor).astype(np.float32)}  # type: ignore[operator]


def exchanged_people(name: str) -> Callable[[Clip], dict[str, Any]]:
    """An array (T, P, …) with the people in the other order."""
    return lambda c: {name: np.flip(getattr(c, name), 1).copy()}


# Words


def in_frames(c: Clip, fps: float) -> dict[str, Any]:
    """Tags of a sub-clip in frames where seconds belong."""
    return {"captions": (dataclasses.replace(c.captions[0], end_s=c.captions[0].end_s * fps), *c.captions[1:])}


def cropped(c: Clip, frames: float) -> dict[str, Any]:
    """A crop with the captions' times of the whole."""
    return {name: getattr(c, name)[: int(frames)] for name in ("positions", "root", "rotations")}


def words_mirrored(c: Clip) -> dict[str, Any]:
    return {"captions": tuple(dataclasses.replace(one, text=other_side(one.text)) for one in c.captions)}


def motion_mirrored(c: Clip) -> dict[str, Any]:
    """Left and right exchanged in the body, and not in words or style."""
    positions = c.positions * np.array([-1, 1, 1], np.float32)
    positions[..., LEFT + RIGHT, :] = positions[..., RIGHT + LEFT, :]
    return {"positions": positions, "root": None, "offsets": None, "rotations": None}


def with_caption(text: str, *, times: int = 1) -> Callable[[Clip], dict[str, Any]]:
    return lambda c: {"captions": (*c.captions, *[Caption(text=text, start_s=0.0, end_s=c.seconds, source="human")] * times)}


def worn(*texts: str) -> Apply:
    """Some recordings of the training split are all told by one text, spelt in several ways."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        train = [number for number, c in enumerate(data.clips) if c.split == "train"]
        for place, number in enumerate(train[: severity.of(8, 5, 3)]):
            data.change(number, **with_caption(texts[place % len(texts)])(data.clips[number]))

    return apply


def next_text(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Each clip, or each of some neighbours, has the words of the next: ids that are one off."""
    count = severity.of(len(data.clips), 6, 2)
    words = [data.clips[(number + 1) % len(data.clips)].captions for number in range(count)]
    for number, captions in enumerate(words):
        data.change(number, captions=captions)


def X(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(f"foreign: {name}", "foreign", source, column, says, apply)


FOREIGN = (
    # InterHuman
    X("each person on a floor of his own", "§5.1", "own_floor_share", of_capture(own_floor, 12, 9, 7)),
    X("velocities read as joints", "§5.1", "longest_bone_m", each(velocities)),
    X("one column on", "§5.1", "bone_drift_m", each(a_column_on)),
    X("hand joints read as the body", "§5.1", "longest_bone_m", each(fingers)),
    X("contacts read as a joint", "§5.1", "bone_drift_m", each(contacts)),
    X("padding un-normalised to the mean pose", "§5.1", "stiff_s", by(mean_pose, 50, 30, 17)),
    X("rotations mirrored by another layout's signs", "§5.1", "fk_gap_m", fields(negated)),
    X("joints turned, rotations not", "§5.1", "fk_gap_m", amount(turned_joints, 90, 5, 0.05)),
    X("floor taken off the joints, not off the root", "§5.1", "root_gap_m", amount(lowered_joints, 0.5, 0.05, 0.0002)),
    X("turned to Y up twice", "§5.1", "ever_upright", each(lambda p: z_up(z_up(p)))),
    X("words exchanged, motion and style not", "§5.1", "contradiction", fields(words_mirrored), "hand is"),
    X("a fourth, empty line", "§5.1", "empty_captions", fields(with_caption(""))),
    X("redistribution prohibited", "§5.1", "restricted_share", fields(lambda c: {"licence": "redistribution prohibited"})),
    # Inter-X
    X("120 frames a second declared 30: slow motion", "§5.2", "usual_speed_m_s", slowed),
    X("the order of recorded actors inverted", "§5.2", "late_actor_share", of_capture(lambda c: {"actor": 1 - (c.actor or 0)}, 12, 9, 7)),
    X("axis-angles read as columns", "§5.2", "rotation_gap", fields(axis_angles)),
    X("rows of joints one on", "§5.2", "fk_gap_m", fields(lambda c: {"rotations": np.roll(c.rotations, 1, axis=2)})),  # type: ignore[arg-type]
    X("rotations of the other person", "§5.2", "fk_gap_m", fields(exchanged_people("rotations"))),
    X("roots of the other person", "§5.2", "root_gap_m", fields(exchanged_people("root"))),
    # HumanML3D, KIT-ML
    X("motion mirrored, words not", "§5.3", "named_hand", fields(motion_mirrored)),
    X("tags in frames", "§5.3", "bad_caption_spans", amount(in_frames, 30.0, 12.5, 1.1)),
    X("a tag that is nan", "§5.3", "bad_caption_spans", span(lambda one: {"start_s": float("nan")})),
    X("joints left in the heading frame", "§5.3", "trunks_m", each(heading_frame)),
    X("offsets of the target skeleton", "§5.3", "fk_gap_m", amount(target_skeleton, 1.3, 1.03, 1.0002)),
    X("one clip under two letters", "§5.3", "near_duplicate_share", again(later, 0, 3, 12)),
    X("a clip of KIT's rate", "§5.4", "rates", style_of_some(lambda c: {"fps": 12.5}, 6, 3, 1)),
    X("a joint that the skeleton lacks", "§5.4", "shortest_limb_m", by(without_elbow, 0.0, 0.1, 0.38)),
    # Motion-X
    X("a text a frame, all alike", "§5.6", "repeated_captions", fields(with_caption("they sway from side to side", times=4))),
    X("the root's orientation lost", "§5.6", "fk_gap_m", fields(unturned)),
    X("one source of other terms", "§5.6", "restricted_share", fields(lambda c: {"licence": "non-commercial, as its owners say"})),
    # evaluators and their loaders
    X("left normalised", "§6.1", "bone_drift_m", each(normalised)),
    X("un-normalised by another's statistics", "§6.1", "bone_drift_m", by(by_other_statistics, 3.0, 1.6, 1.35)),
    X("un-normalised by a deviation of infinity", "§6.1", "nonfinite", each(lambda p: p + [np.inf, 0, 0])),
    X("a crop with the whole's captions", "§6.4", "bad_caption_spans", amount(cropped, 15, 30, 58)),
    X("people swapped, the order not", "§6.4", TIGHT + "actor_lag_s", fields(people_swapped)),
    X("two people are dancing together", "§6.4", "worn_caption_share", worn("two people are dancing together")),
    # what users complain of
    X("one caption but for articles and commas", "§7.3", "worn_caption_share",
      worn("two people are dancing together", "The two people are dancing together.")),
    X("a dance again, turned", "§7.3", "near_duplicate_share", again(turned, 5, 90, 179)),
    X("a dance again, with noise", "§7.3", "near_duplicate_share", again(noisy, 0.0005, 0.002, 0.004)),
    X("no action labels", "§7.3", "odd_style", fields(lambda c: {"kind": ""}), "without a name"),
    X("NaN in the rest offsets", "§7.5", "nonfinite", fields(nan_in("offsets"))),
    X("a broken sample of zeros", "§7.9", "longest_bone_m", each(np.zeros_like)),
    # ours
    X("texts of the next clip", "ours", "named_hand", next_text),
)  # fmt: skip
