"""Could people move as the clips made from code do? `python benchmarks/motion_quality.py` measures it, `--watch FOLDER` draws it.

Feet that stand, hands that meet, bones, the floor, bodies in one another, and how quick and jerky the motion is beside capture of
real people (CMU salsa and handshake, where they are on this machine).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from laban.data.clip import Clip
from laban.formats.pairs import read_pairs
from laban.metrics.physics import floor_penetration, penetration_by_part, skate_per_contact
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX, JOINTS, PARENTS, bone_lengths
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import KINDS, styles_of

HERE = Path(__file__).parent
FPS, SECONDS = 30.0, 4.0
MEETING = ("handshake", "high_five", "hand_over")
"""Kinds in which the same-sided hands of both meet."""
LIMITS = {"skate_m": 0.01, "meeting_gap_m": 0.03, "floor_m": 0.01, "bone_m": 1e-6, "bone_change_float64": 1e-6, "clips_per_second": 200.0}
CONTACT_LIMITS_M = {"arm in arm": 0.07, "arm in trunk": 0.06, "trunk in trunk": 0.03, "leg in any": 0.01}
"""Kinds of contact: a wrist of 3 cm radius stands for the palm too, and lies where the palm lies; clothes and flesh give way."""
APART_LIMIT_M = 0.0
GROUPS = {"pelvis": ("pelvis",), "head": ("head",), "wrists": ("left_wrist", "right_wrist"), "ankles": ("left_ankle", "right_ankle")}
BANDS_HZ = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.1)
"""Octaves: a clip of four seconds holds nothing slower, and one at 30 fps nothing quicker."""
_LOW_M = 0.01
"""A toe that swings lower than this scuffs: people clear the floor by more. Reported, without a limit."""
_BONES = [(joint, parent) for joint, parent in enumerate(PARENTS) if parent >= 0]
_AZIMUTH, _ELEVATION = 0.45, 0.3
_COLOURS = ("#1f5fa8", "#c4501b", "#2e7d32")


def main() -> None:
    """Measure, print the tables, write the result; draw where asked."""
    options = _options()
    if options.watch:
        watch(options.kinds, options.clips, options.seed, options.watch)
        return
    kinds, clips, rates = {}, {}, {}
    for kind in options.kinds:
        started = time.process_time()
        clips[kind] = make(kind, options.clips, options.seed)
        rates[kind] = round(options.clips / (time.process_time() - started), 1)
        kinds[kind] = {**quality(clips[kind]), "clips_per_second": rates[kind]}
    total = sum(options.clips / rate for rate in rates.values())
    result = {
        "settings": {"clips_a_kind": options.clips, "seed": options.seed, "fps": FPS, "seconds": SECONDS},
        "limits": {**LIMITS, "contact_m": CONTACT_LIMITS_M, "apart_m": APART_LIMIT_M},
        "clips_per_second": round(options.clips * len(rates) / total, 1),
        "kinds": kinds,
        "broken": [line for kind, found in kinds.items() for line in broken(kind, found)],
        "spectra": against_capture(clips, options.cmu),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    show(result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=50, help="clips of every kind")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(KINDS))
    parser.add_argument("--cmu", type=Path, default=HERE.parent.parent / "shared" / "data" / "cmu")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "motion_quality.json")
    parser.add_argument("--watch", type=Path, help="folder for sheets of stick figures, a sheet of --clips clips for every kind")
    return parser.parse_args()


def make(kind: str, count: int, seed: int) -> list[Clip]:
    """Clips of one kind, its styles in turn after a shuffle that does not change."""
    styles = styles_of(kind)
    order = np.random.default_rng(seed).permutation(len(styles))
    orders = [
        Order(id=f"{kind}-{seed}-{number}", style=styles[order[number % len(styles)]], seed=seed, number=number, split="train")
        for number in range(count)
    ]
    return list(make_clips(orders, clip_seconds=SECONDS, fps=FPS))


# Bodies and the floor


def quality(clips: Sequence[Clip]) -> dict[str, Any]:
    """Worst and usual of what bodies cannot do; metres."""
    kind = clips[0].kind
    skates = [travel for clip in clips for travel in skate_per_contact(clip.positions)]
    found: dict[str, Any] = {
        "skate_m": {"worst": max(skates), "99th percentile": float(np.percentile(skates, 99)), "median": float(np.median(skates))},
        "low_swing_m": max(travel for clip in clips for travel in skate_per_contact(clip.positions, rise_m=_LOW_M)),
        "floor_m": max(float(floor_penetration(clip.positions).max()) for clip in clips),
        "bone_m": max(float(_bone_changes(clip.positions).max()) for clip in clips),
        "bone_change_float32": max(_bone_change(clip.positions) for clip in clips),
        "bone_change_float64": max(_bone_change(_in_float64(clip)) for clip in clips),
    }
    if clips[0].people > 1:
        depths = [penetration_by_part(clip.positions) for clip in clips]
        found["penetration_m"] = {part: max(float(depth[part].max()) for depth in depths) for part in depths[0]}
        found["clips_with_penetration"] = {part: int(sum(depth[part].max() > 0.01 for depth in depths)) for part in depths[0]}
    if kind in MEETING:
        gaps = [_hand_gap(clip) for clip in clips]
        found["meeting_gap_m"] = max(float(gap.min()) for gap in gaps)
        found["frames_met"] = int(min((gap < LIMITS["meeting_gap_m"]).sum() for gap in gaps))
    return found


def _hand_gap(clip: Clip) -> np.ndarray:
    wrist = INDEX[f"{clip.style['hand']}_wrist"]
    return np.linalg.norm(clip.positions[:, 0, wrist] - clip.positions[:, 1, wrist], axis=-1)


def _in_float64(clip: Clip) -> np.ndarray:
    assert clip.rotations is not None
    assert clip.offsets is not None
    return fk(clip.rotations, clip.offsets, clip.positions[:, :, 0].astype(np.float64))


def _bone_changes(positions: np.ndarray) -> np.ndarray:
    """(T, P, 21) metres by which bones differ from their length in the first frame."""
    lengths = bone_lengths(positions.astype(np.float64))
    return np.abs(lengths - lengths[:1])


def _bone_change(positions: np.ndarray) -> float:
    """Greatest change of a bone's length within a clip, relative to its length in the first frame."""
    return float((_bone_changes(positions) / bone_lengths(positions[:1].astype(np.float64))).max())


def broken(kind: str, found: dict[str, Any]) -> Iterator[str]:
    """Limits that a kind does not keep, in words."""
    for name, value in (
        ("skate_m", found["skate_m"]["worst"]),
        ("floor_m", found["floor_m"]),
        ("bone_m", found["bone_m"]),
        ("bone_change_float64", found["bone_change_float64"]),
        ("meeting_gap_m", found.get("meeting_gap_m", 0.0)),
    ):
        if value > LIMITS[name]:
            yield f"{kind}: {name} {value:.3g}, limit {LIMITS[name]}"
    for part, depth in found.get("penetration_m", {}).items():
        limit = CONTACT_LIMITS_M[part] if KINDS[kind].contact else APART_LIMIT_M
        if depth > limit:
            yield f"{kind}: {part} {depth:.3f} m deep in {found['clips_with_penetration'][part]} clips, limit {limit}"


# How quick and how jerky, beside capture


def spectra(clips: Sequence[Clip]) -> dict[str, np.ndarray]:
    """`GROUP DERIVATIVE` -> (clips x people x joints, bands): root mean square in each octave of speed, acceleration and jerk."""
    found: dict[str, list[np.ndarray]] = {}
    for clip in clips:
        course = clip.positions.astype(np.float64)
        for name in ("speed", "acceleration", "jerk"):
            course = np.diff(course, axis=0) * clip.fps
            power = _octaves(np.linalg.norm(course, axis=-1), clip.fps)  # (bands, P, J)
            for group, joints in GROUPS.items():
                found.setdefault(f"{group} {name}", []).append(power[..., [INDEX[joint] for joint in joints]].reshape(len(power), -1).T)
    return {name: np.concatenate(rows) for name, rows in found.items()}


def _octaves(course: np.ndarray, fps: float) -> np.ndarray:
    """(T, …) -> (bands, …): root mean square of what a signal has in each band; a Hann window keeps bands apart."""
    window = np.hanning(len(course)).reshape(-1, *[1] * (course.ndim - 1))
    power = np.abs(np.fft.rfft((course - course.mean(axis=0)) * window, axis=0)) ** 2 * 2 / (len(course) * np.sum(window**2))
    hertz = np.fft.rfftfreq(len(course), 1 / fps)
    bands = zip(BANDS_HZ[:-1], BANDS_HZ[1:], strict=True)
    return np.sqrt(np.stack([power[(hertz >= low) & (hertz < high)].sum(axis=0) for low, high in bands]))


def against_capture(clips: dict[str, list[Clip]], cmu: Path) -> dict[str, Any]:
    """How the median spectrum of each kind lies in the 1st to 99th percentile of CMU's clips, band by band; a reason where absent."""
    if not cmu.is_dir():
        return {"skipped": f"no {cmu.name} folder: see docs/data.md for CMU pairs"}
    capture = read_pairs(cmu, fps=FPS, clip_seconds=SECONDS, held_out=0.1, seed=7)
    envelope = {name: np.percentile(rows, [1, 50, 99], axis=0) for name, rows in spectra(capture).items()}
    kinds = {kind: {name: np.median(rows, axis=0) for name, rows in spectra(made).items()} for kind, made in clips.items()}
    return {
        "clips_of_capture": len(capture),
        "bands_hz": BANDS_HZ,
        "capture": {name: _rounded(rows) for name, rows in envelope.items()},
        "kinds": {kind: {name: _rounded(row) for name, row in rows.items()} for kind, rows in kinds.items()},
        "over": _outside(kinds, envelope, over=True),
        "under": _outside(kinds, envelope, over=False),
    }


def _outside(kinds: dict[str, dict[str, np.ndarray]], envelope: dict[str, np.ndarray], *, over: bool) -> dict[str, list[str]]:
    """Kind -> bands whose median is over (under) the range of capture."""
    found: dict[str, list[str]] = {}
    for kind, rows in kinds.items():
        for name, row in rows.items():
            beyond = row > envelope[name][2] if over else row < envelope[name][0]
            found.setdefault(kind, []).extend(f"{name} {BANDS_HZ[b]:g}-{BANDS_HZ[b + 1]:g} Hz" for b in np.flatnonzero(beyond))
    return found


def _rounded(values: np.ndarray) -> list[Any]:
    return np.vectorize(lambda value: float(f"{value:.4g}"))(values).tolist()


# Tables


def show(result: dict[str, Any]) -> None:
    """Print what was measured."""
    print("worst, mm    ", *(f"{name:>14}" for name in ("skate", "low swing", "floor", "meeting", *CONTACT_LIMITS_M, "clips/s")))
    for kind, found in result["kinds"].items():
        depths = found.get("penetration_m", {})
        metres = [found["skate_m"]["worst"], found["low_swing_m"], found["floor_m"], found.get("meeting_gap_m")]
        cells = ["-" if metre is None else f"{1000 * metre:.1f}" for metre in (*metres, *(depths.get(part) for part in CONTACT_LIMITS_M))]
        print(f"{kind:13}", *(f"{cell:>14}" for cell in (*cells, f"{found['clips_per_second']:.0f}")))
    names = ("bone_change_float64", "bone_m", "bone_change_float32")
    exact, metres, share = (max(found[name] for found in result["kinds"].values()) for name in names)
    print(f"bones change by {exact:.1g} of their length (float64) at most; as stored (float32) by {metres:.1g} m, {share:.1g} of it")
    print(f"{result['clips_per_second']:.0f} clips a second on one core, inverse kinematics included")
    for line in result["broken"]:
        print("broken:", line)
    if "skipped" in result["spectra"]:
        print("spectra skipped:", result["spectra"]["skipped"])
        return
    bands = len(BANDS_HZ) - 1
    for kind, over in result["spectra"]["over"].items():
        under = result["spectra"]["under"][kind]
        counts = f"of {bands * 3 * len(GROUPS)} bands {len(over)} over and {len(under)} under the range of capture"
        print(f"{kind:13} {counts}; over: {', '.join(over) or 'none'}")


# Sheets to watch


def watch(kinds: Sequence[str], count: int, seed: int, folder: Path) -> None:
    """Draw a sheet of `count` clips for every kind: eight moments each."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        _sheet(make(kind, count, seed), folder / f"{kind}.png")


def _sheet(clips: Sequence[Clip], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(clips) // 2)
    figure, axes = pyplot.subplots(rows, 2, figsize=(19.6, 2.5 * rows), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, clip in zip(axes.flat, clips, strict=False):
        _strip(axis, clip)
    figure.tight_layout(pad=0.1)
    figure.savefig(path, dpi=70)
    pyplot.close(figure)


def _strip(axis: Any, clip: Clip) -> None:
    """Eight moments of a clip side by side; right limbs are drawn thick."""
    from matplotlib.collections import LineCollection

    seen = _seen(clip.positions)
    width = max(1.2, float(np.ptp(seen[..., 0])) + 0.25)
    weights = [2.2 if JOINTS[joint].startswith("right") else 1.0 for joint, _ in _BONES]
    for number, frame in enumerate(np.linspace(0, len(seen) - 1, 8).round().astype(int)):
        for person in range(clip.people):
            points = seen[frame, person] + [number * width, 0]
            lines = [[points[joint], points[parent]] for joint, parent in _BONES]
            axis.add_collection(LineCollection(lines, colors=_COLOURS[person], linewidths=weights))
            axis.plot(*points[INDEX["head"]], "o", color=_COLOURS[person], markersize=5)
    axis.set_xlim(-width / 2, 7.5 * width)
    axis.set_ylim(seen[..., 1].min() - 0.05, seen[..., 1].max() + 0.1)
    axis.set_aspect("equal")
    style = ", ".join(f"{name} {value}" for name, value in clip.style.items())
    axis.set_title(f"{clip.id}: {style}", fontsize=10, loc="left", pad=1)


def _seen(positions: np.ndarray) -> np.ndarray:
    """(T, P, 22, 2): from the side of the line between the people (of a single one: of its way), turned a little and from above."""
    pelvis = positions[:, :, 0] * [1, 0, 1]
    middle = (pelvis.reshape(-1, 3).max(0) + pelvis.reshape(-1, 3).min(0)) / 2
    way = pelvis[0, -1] - pelvis[0, 0] if positions.shape[1] > 1 else pelvis[-1, 0] - pelvis[0, 0]
    angle = (np.arctan2(way[2], way[0]) if np.hypot(way[0], way[2]) > 0.3 else 0.0) + _AZIMUTH
    x, y, z = np.moveaxis(positions - middle, -1, 0)
    across, deep = np.cos(angle) * x + np.sin(angle) * z, np.cos(angle) * z - np.sin(angle) * x
    return np.stack([across, np.cos(_ELEVATION) * y - np.sin(_ELEVATION) * deep], axis=-1)


if __name__ == "__main__":
    main()
