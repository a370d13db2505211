"""Public pair and single-person features, batched here against one clip at a time as the public code computes them.

    OMP_NUM_THREADS=1 python benchmarks/features.py

Both ways are written in this repository and run alternately in one process on one thread, on the same random smooth motion, in
float32; the median of processor seconds counts. The per-clip way follows what is published: a quaternion for every joint and frame,
each person canonicalised alone and the second moved back (InterGen); inverse kinematics twice, chain by chain, and forward
kinematics for the uniform skeleton (HumanML3D). It reads nothing from disk and is given Y-up motion and InterGen's 6-D layout.
With `--reference FOLDER` holding `new_joint_vecs/NAME.npy` of HumanML3D, also says how nearly published features are reproduced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from laban.motion import humanml3d, interhuman
from laban.motion.kinematics import fk
from laban.motion.rotations import from_axis_angle, to_6d
from laban.motion.sixd import Layout, convert
from laban.motion.skeleton import REST_OFFSETS

RESULT = Path(__file__).parent / "results" / "features.json"
BLOCK = 4
"""Clips at a time: what a core's cache holds."""


# Motion


def motion(clips: int, frames: int, people: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Smooth random motion: positions (N, T, P, 22, 3) metres and local rotations (N, T, P, 22, 6), COLUMNS, float32."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(frames) / 30
    shape = (clips, 1, people, 22, 3)
    phase, pace = rng.uniform(0, 2 * np.pi, shape), rng.uniform(0.5, 4, shape)
    vectors = 0.35 * np.sin(pace * seconds[:, None, None, None] + phase)
    vectors[..., 0, :] = 0
    turning = rng.uniform(-0.5, 0.5, (clips, 1, people))
    vectors[..., 0, 1] = rng.uniform(-1.5, 1.5, (clips, 1, people)) + turning * np.sin(seconds[:, None])
    root = rng.uniform(-0.3, 0.3, (clips, 1, people, 3)) * seconds[:, None, None] + rng.uniform(-1, 1, (clips, 1, people, 3))
    root[..., 1] = 0.93 + 0.03 * np.sin(3 * seconds)[:, None]
    rotations = to_6d(from_axis_angle(vectors))
    offsets = REST_OFFSETS * rng.uniform(0.9, 1.1, (clips, people, 1, 1))
    return fk(rotations, offsets, root).astype(np.float32, order="C"), rotations.astype(np.float32, order="C")


# One clip at a time, with quaternions (w, x, y, z)


def q_unit(q: np.ndarray) -> np.ndarray:
    """Quaternion of length one."""
    return q / np.sqrt((q**2).sum(-1, keepdims=True))


def q_inverse(q: np.ndarray) -> np.ndarray:
    """Inverse of a unit quaternion."""
    return q * np.array([1, -1, -1, -1], q.dtype)


def q_product(q: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Product of quaternions."""
    terms = r[..., :, None] * q[..., None, :]
    w = terms[..., 0, 0] - terms[..., 1, 1] - terms[..., 2, 2] - terms[..., 3, 3]
    x = terms[..., 0, 1] + terms[..., 1, 0] - terms[..., 2, 3] + terms[..., 3, 2]
    y = terms[..., 0, 2] + terms[..., 1, 3] + terms[..., 2, 0] - terms[..., 3, 1]
    z = terms[..., 0, 3] - terms[..., 1, 2] + terms[..., 2, 1] + terms[..., 3, 0]
    return np.stack([w, x, y, z], axis=-1)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Written out: `np.cross` takes twice as long, and this shall be no straw man."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def q_rotate(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Vectors turned by quaternions of the same leading shape."""
    uv = cross(q[..., 1:], v)
    return v + 2 * (q[..., :1] * uv + cross(q[..., 1:], uv))


def q_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The quaternion that turns direction a to b."""
    w = np.sqrt((a**2).sum(-1, keepdims=True) * (b**2).sum(-1, keepdims=True)) + (a * b).sum(-1, keepdims=True)
    return q_unit(np.concatenate([w, cross(a, b)], axis=-1))


def q_columns(q: np.ndarray) -> np.ndarray:
    """Quaternions -> 6-D, COLUMNS."""
    w, x, y, z = np.moveaxis(q, -1, 0)
    first = [1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)]
    second = [2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)]
    return np.stack(first + second, axis=-1)


def faced(positions: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (T, J, 3) turned so that the first frame faces +Z, and the quaternion."""
    forward = cross(np.array([[0, 1, 0]], positions.dtype), across[None] / np.sqrt((across**2).sum()))
    turn = q_between(forward / np.sqrt((forward**2).sum()), np.array([[0, 0, 1]], positions.dtype))
    return q_rotate(np.ones((*positions.shape[:-1], 4), positions.dtype) * turn, positions), turn


def still(positions: np.ndarray, feet: tuple[int, ...], threshold: float) -> np.ndarray:
    """Slow feet of (T, J, 3)."""
    x, y, z = ((positions[1:, feet, axis] - positions[:-1, feet, axis]) ** 2 for axis in range(3))
    return (x + y + z) < threshold


# InterGen's way


def person_262(positions: np.ndarray, rotations: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One person in a frame of their own: features, the turn, the place."""
    positions = positions.copy()
    positions[:, :, 1] -= positions.min(axis=0).min(axis=0)[1]
    place = positions[0, 0] * np.array([1, 0, 1], positions.dtype)
    across = positions[0, 2] - positions[0, 1]
    positions, turn = faced(positions - place, across)
    contacts = []
    for feet in ((7, 10), (8, 11)):
        low = positions[:-1, feet, 1] < np.array([0.12, 0.05], positions.dtype)
        contacts.append((still(positions, feet, 0.001) & low).astype(np.float32))
    flat = positions.reshape(len(positions), -1)
    return np.concatenate([flat[:-1], flat[1:] - flat[:-1], rotations.reshape(len(flat), -1)[:-1], *contacts], axis=-1), turn, place[None]


def pair_262(positions: np.ndarray, rotations: np.ndarray) -> np.ndarray:
    """(T, 2, 22, 3) and InterGen's 6-D (T, 2, 21, 6) -> (T - 1, 2, 262)."""
    one, turn1, place1 = person_262(positions[:, 0], rotations[:, 0])
    two, turn2, place2 = person_262(positions[:, 1], rotations[:, 1])
    between = q_product(turn2, q_inverse(turn1))
    half = np.arctan2(between[:, 2], between[:, 0])
    offset = q_rotate(turn1, place2 - place1)[0, [0, 2]]
    points = two[:, :132].reshape(len(two), 2, 22, 3)
    back = np.zeros((*points.shape[:1], 22, 4), points.dtype)
    back[..., 0], back[..., 2] = np.cos(half), np.sin(half)
    moved = q_rotate(q_inverse(back), points[:, 0])
    moved[..., [0, 2]] += offset
    two[:, :66] = moved.reshape(len(two), -1)
    two[:, 66:132] = q_rotate(q_inverse(back), points[:, 1]).reshape(len(two), -1)
    return np.stack([one, two], axis=1)


# HumanML3D's way

CHAINS = ((0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20))


def inverse_kinematics(joints: np.ndarray, smooth: bool) -> np.ndarray:
    """(T, 22, 3) -> quaternions (T, 22, 4), chain by chain; as released, facing leaves the first frame alone when smoothed."""
    across = joints[:, 1] - joints[:, 2] + joints[:, 17] - joints[:, 16]
    across = across / np.sqrt((across**2).sum(axis=-1))[:, None]
    forward = cross(np.array([[0, 1, 0]], joints.dtype), across)
    if smooth:
        forward = gaussian_filter1d(forward, 20, axis=0, mode="nearest")
    forward = forward / np.sqrt((forward**2).sum(axis=-1))[:, None]
    root = q_between(forward, np.array([[0, 0, 1]], joints.dtype).repeat(len(forward), axis=0))
    if smooth:
        root[0] = (1, 0, 0, 0)
    found = np.zeros((*joints.shape[:-1], 4), joints.dtype)
    found[:, 0] = root
    for chain in CHAINS:
        before = root
        for parent, joint in zip(chain[:-1], chain[1:], strict=True):
            rest = humanml3d.HUMANML3D.rest[joint - 1].astype(joints.dtype)[None].repeat(len(joints), axis=0)
            bone = joints[:, joint] - joints[:, parent]
            bone = bone / np.sqrt((bone**2).sum(axis=-1))[:, None]
            local = q_product(q_inverse(before), q_between(rest, bone))
            found[:, joint] = local
            before = q_product(before, local)
    return found


def forward_kinematics(quaternions: np.ndarray, root: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Joints (T, 22, 3), chain by chain."""
    joints = np.zeros((*quaternions.shape[:-1], 3), quaternions.dtype)
    joints[:, 0] = root
    for chain in CHAINS:
        before = quaternions[:, 0]
        for parent, joint in zip(chain[:-1], chain[1:], strict=True):
            before = q_product(before, quaternions[:, joint])
            joints[:, joint] = q_rotate(before, offsets[None, joint].repeat(len(joints), axis=0)) + joints[:, parent]
    return joints


def clip_263(positions: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(T, 22, 3) and bone lengths (21,) -> (T - 1, 263)."""
    own = humanml3d.bone_lengths(positions[0])
    offsets = np.concatenate([np.zeros((1, 3)), humanml3d.HUMANML3D.rest * lengths[:, None]]).astype(positions.dtype)
    size = (lengths[4] + lengths[7]) / (own[4] + own[7])
    positions = forward_kinematics(inverse_kinematics(positions, smooth=False), positions[:, 0] * size, offsets)
    positions[:, :, 1] -= positions.min(axis=0).min(axis=0)[1]
    first = positions[0]
    positions, _ = faced(positions - first[0] * np.array([1, 0, 1], positions.dtype), first[2] - first[1] + first[17] - first[16])
    contacts = [still(positions, feet, 0.002).astype(np.float32) for feet in ((7, 10), (8, 11))]
    quaternions = inverse_kinematics(positions, smooth=True)
    facing = quaternions[:, 0]
    glide = q_rotate(facing[1:], positions[1:, 0] - positions[:-1, 0])
    turn = np.arcsin(q_product(facing[1:], q_inverse(facing[:-1]))[:, 2:3])
    place = positions.copy()
    place[..., [0, 2]] -= positions[:, :1, [0, 2]]
    everyone = np.repeat(facing[:, None], 22, axis=1)
    place = q_rotate(everyone, place)
    velocity = q_rotate(everyone[:-1], positions[1:] - positions[:-1])
    rows = len(positions) - 1
    parts = [place[:-1, 1:], q_columns(quaternions)[:-1, 1:], velocity]
    flat = [part.reshape(rows, -1) for part in parts]
    return np.concatenate([turn, glide[:, [0, 2]], place[:-1, 0, 1:2], *flat, *contacts], axis=-1)


# Measuring


def compared(one: Callable[[], object], other: Callable[[], object], clips: int, rounds: int) -> dict[str, float]:
    """Median processor milliseconds a clip of two ways that take turns, and how many times faster the other is."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for way, times in zip((one, other), spent, strict=True):
            start = time.process_time()
            way()
            times.append((time.process_time() - start) / clips * 1e3)
    slow, fast = (statistics.median(times) for times in spent)
    return {"per_clip_ms": round(slow, 4), "batched_ms": round(fast, 4), "times_faster": round(slow / fast, 1)}


def pair_row(clips: int, rounds: int) -> dict[str, Any]:
    """262 features of pairs of 300 frames."""
    positions, rotations = motion(clips, 300, 2)
    theirs = np.ascontiguousarray(convert(rotations[..., 1:, :], Layout.COLUMNS, Layout.INTERLEAVED))

    def batched(given: np.ndarray, layout: Layout) -> Callable[[], None]:
        def way() -> None:
            for at in range(0, clips, BLOCK):
                interhuman.to_features(positions[at : at + BLOCK], given[at : at + BLOCK], layout=layout)

        return way

    def alone() -> None:
        for pair, sixd in zip(positions, theirs, strict=True):
            pair_262(pair, sixd)

    expected = np.stack([pair_262(pair, sixd) for pair, sixd in zip(positions, theirs, strict=True)])
    found = interhuman.to_features(positions, theirs, layout=Layout.INTERLEAVED)
    return {
        "features": "interhuman-262, pairs of 300 frames",
        **compared(alone, batched(theirs, Layout.INTERLEAVED), clips, rounds),
        "times_faster_with_our_layout_converted": compared(alone, batched(rotations, Layout.COLUMNS), clips, rounds)["times_faster"],
        **difference(expected, found, 258),
    }


def single_row(clips: int, rounds: int) -> dict[str, Any]:
    """263 features of people of 200 frames, inverse kinematics and the uniform skeleton included."""
    positions = np.ascontiguousarray(motion(clips, 200, 1)[0][:, :, 0])
    lengths = humanml3d.bone_lengths(REST_OFFSETS_POSE).astype(np.float32)

    def batched() -> None:
        for at in range(0, clips, BLOCK):
            humanml3d.to_features(positions[at : at + BLOCK], lengths=lengths)

    def alone() -> None:
        for clip in positions:
            clip_263(clip, lengths)

    expected = np.stack([clip_263(clip, lengths) for clip in positions])
    found = humanml3d.to_features(positions, lengths=lengths)
    exact = humanml3d.to_features(positions.astype(np.float64), lengths=lengths)
    return {
        "features": "humanml3d-263 with inverse kinematics, people of 200 frames",
        **compared(alone, batched, clips, rounds),
        **difference(expected, found, 259),
        "greatest_difference_from_float64": {"per_clip": far(expected, exact, 259), "batched": far(found, exact, 259)},
    }


def far(one: np.ndarray, other: np.ndarray, columns: int) -> float:
    """Greatest difference of the first columns."""
    return float(np.abs(one - other)[..., :columns].max())


def difference(expected: np.ndarray, found: np.ndarray, contacts: int) -> dict[str, float | int]:
    """Greatest difference of a number, and how many contacts differ."""
    return {
        "greatest_difference": far(expected, found, contacts),
        "contacts_that_differ": int((expected != found)[..., contacts:].sum()),
    }


REST_OFFSETS_POSE = fk(to_6d(np.tile(np.eye(3), (1, 1, 22, 1, 1))), REST_OFFSETS[None], np.zeros((1, 1, 3)))[0, 0]
"""(22, 3): our body in its rest pose, whose bones everyone gets."""


def reference_row(folder: Path) -> dict[str, Any]:
    """How nearly published features come back through joints: of every file in `new_joint_vecs`, worst number."""
    files = sorted((folder / "new_joint_vecs").glob("*.npy"))
    worst: dict[str, float] = {}
    for path in files:
        published = np.load(path, allow_pickle=False).astype(np.float64)
        found = humanml3d.to_features(humanml3d.to_positions(published))
        for name, group in humanml3d.HUMANML3D.representation.groups.items():
            worst[name] = max(worst.get(name, 0.0), float(np.abs(found - published)[:, group].max()))
    return {"published_files": len(files), "greatest_difference": worst}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--reference", type=Path, help="a folder of HumanML3D with new_joint_vecs/*.npy")
    options = parser.parse_args()
    result: dict[str, Any] = {
        "machine": platform.machine(),
        "cores": 1,
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "precision": "float32, both ways",
        "clips": options.clips,
        "block": BLOCK,
        "numpy": np.__version__,
        "rows": [pair_row(options.clips, options.rounds), single_row(options.clips, options.rounds)],
    }
    if options.reference:
        result["reference"] = reference_row(options.reference)
    text = json.dumps(result, indent=2)
    print(text)
    RESULT.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
