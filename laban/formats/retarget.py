"""From the joints of any capture to the 22 of `laban.motion.skeleton`: names, unit, up axis, frame rate, floor.

Only positions are brought over. Letters: `T` frames, `P` people, `J` joints of the source.
"""

from __future__ import annotations

import difflib
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from laban.formats.text import parse_json, read_lines, shown
from laban.motion.skeleton import FOOT_JOINTS, INDEX, JOINTS

SHIPPED = Path(__file__).parent / "mappings"

# Metres, from a small adolescent to a very tall adult.
_LIMBS = {
    ("left_hip", "left_knee"): (0.30, 0.55),
    ("right_hip", "right_knee"): (0.30, 0.55),
    ("left_knee", "left_ankle"): (0.30, 0.58),
    ("right_knee", "right_ankle"): (0.30, 0.58),
    ("left_shoulder", "left_elbow"): (0.18, 0.42),
    ("right_shoulder", "right_elbow"): (0.18, 0.42),
    ("left_elbow", "left_wrist"): (0.15, 0.38),
    ("right_elbow", "right_wrist"): (0.15, 0.38),
}
_THIGH = 0.42
"""Metres from hip to knee of an adult: what a suggested scale aims at."""
_UNITS = {"metre": 1.0, "centimetre": 0.01, "millimetre": 0.001, "inch": 0.0254, "CMU's 0.45 inch": 0.0254 / 0.45}
_FLOOR_PERCENTILE = 5.0
"""Of the lowest foot joint a frame: retargeted feet dip below the floor for moments (to 0.08 m in CMU's salsa)."""


@dataclass(frozen=True, kw_only=True)
class SkeletonMap:
    """Which joint of a source is which of ours."""

    name: str
    joints: dict[str, dict[str, float]]
    """Each of our 22 names -> the source's joints and their weights, whose sum is 1."""

    def sources(self) -> set[str]:
        """All of the source's joints that are used."""
        return {name for weights in self.joints.values() for name in weights}


def read_map(path: Path) -> SkeletonMap:
    """Read `{"joints": {ours: theirs | [theirs, …] | {theirs: weight, …}}}`; raise `ValueError` unless it names exactly our 22 joints."""
    if not path.is_file():
        raise ValueError(
            f"{path}: no such mapping file; a mapping is a JSON file beside pairs.jsonl, or one of {', '.join(shipped_maps())}"
        )
    value = parse_json(str(path), "\n".join(read_lines(path)))
    joints = value.get("joints") if isinstance(value, dict) else None
    if not isinstance(joints, dict):
        raise ValueError(f'{path}: is not JSON of the form {{"joints": {{"pelvis": "Hips", …}}}}')
    if set(joints) != set(JOINTS):
        raise ValueError(
            f"{path}: must map exactly our 22 joints; missing {sorted(set(JOINTS) - set(joints))},"
            f" unknown {shown(sorted(set(joints) - set(JOINTS)))}"
        )
    return SkeletonMap(name=path.stem, joints={ours: _weights(f"{path}: {ours}", theirs) for ours, theirs in joints.items()})


def _weights(where: str, theirs: object) -> dict[str, float]:
    """A name, names that are meant equally, or names with weights -> names with weights."""
    names = [theirs] if isinstance(theirs, str) else theirs
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return dict.fromkeys(names, 1 / len(names))
    if isinstance(names, dict) and all(type(weight) in (int, float) and 0 < weight <= 1 for weight in names.values()):
        if math.isclose(sum(names.values()), 1):
            return {name: float(weight) for name, weight in names.items()}
        raise ValueError(f"{where}: the weights of {shown(theirs)} come to {sum(names.values()):g}, not 1")
    raise ValueError(f"{where}: {shown(theirs)} is neither a joint's name, nor a list of names, nor names with weights from 0 to 1")


@functools.cache
def shipped_maps() -> dict[str, SkeletonMap]:
    """The mappings that come with Laban, by name."""
    return {path.stem: read_map(path) for path in sorted(SHIPPED.glob("*.json"))}


def find_map(wanted: str | None, names: tuple[str, ...], where: str) -> SkeletonMap:
    """The mapping that a user named (a shipped one, or the path of a `.json` file), else the shipped one that fits `names`.

    Raises `ValueError` listing the candidates where none, or more than one, fits.
    """
    maps = shipped_maps()
    if wanted is not None and wanted.endswith(".json"):
        return read_map(Path(wanted))
    if wanted is not None:
        if wanted not in maps:
            raise ValueError(f"{where}: no mapping {shown(wanted)}; shipped are {', '.join(maps)}; a file's name ends with .json")
        return maps[wanted]
    fitting = [candidate for candidate in maps.values() if candidate.sources() <= set(names)]
    if len(fitting) != 1:
        lacks = "; ".join(f"{name} lacks {sorted(candidate.sources() - set(names))}" for name, candidate in maps.items())
        raise ValueError(
            f"{where}: {'several shipped mappings fit' if fitting else 'no shipped mapping fits'} its joints ({lacks}). Write a mapping"
            f" file (docs/data.md) and name it as `mapping`. The joints are: {', '.join(names)}"
        )
    return fitting[0]


def to_body(positions: np.ndarray, names: tuple[str, ...], mapping: SkeletonMap, where: str) -> np.ndarray:
    """(T, J, 3) -> (T, 22, 3) in the same unit; raise `ValueError` naming joints that the source lacks and what it has."""
    column = {name: number for number, name in enumerate(names)}
    body = np.zeros((len(positions), len(JOINTS), 3))
    for number, ours in enumerate(JOINTS):
        for name, weight in mapping.joints[ours].items():
            if name not in column:
                near = difflib.get_close_matches(name, names, n=3)
                raise ValueError(
                    f"{where}: mapping {mapping.name!r} takes {ours} from {name!r}, which is no joint of it"
                    f"{'; perhaps ' + ' or '.join(near) if near else ''}. The joints are: {', '.join(names)}"
                )
            body[:, number] += weight * positions[:, column[name]]
    return body


def upright(positions: np.ndarray, up: str | None, where: str) -> np.ndarray:
    """(T, 22, 3) with `up` ("y" or "z"; None asserts y and checks it) -> Y up, right-handed.

    The check: the head's median height above the ankles is at least 0.3 of the body's extent; raises `ValueError` otherwise.
    """
    if up == "z":
        return np.stack([positions[..., 0], positions[..., 2], -positions[..., 1]], axis=-1)
    if up is None:
        ankles = positions[:, [INDEX["left_ankle"], INDEX["right_ankle"]]].mean(1)
        body = positions[:, INDEX["head"]] - ankles
        share = np.median(body, axis=0) / np.median(np.linalg.norm(body, axis=-1))
        if share[1] < 0.3:
            raise ValueError(
                f"{where}: the body does not stand along Y (head above ankles: x {share[0]:.2f}, y {share[1]:.2f}, z {share[2]:.2f} of its"
                ' length); set "up": "z" where Z is up, or "up": "y" where the person really lies'
            )
    return positions


def limb_lengths(positions: np.ndarray) -> dict[tuple[str, str], float]:
    """Median length of each long limb of (T, 22, 3)."""
    return {
        (upper, lower): float(np.median(np.linalg.norm(positions[:, INDEX[upper]] - positions[:, INDEX[lower]], axis=-1)))
        for upper, lower in _LIMBS
    }


def guess_unit(positions: np.ndarray, where: str) -> float:
    """Metres a unit, where the file does not say: the one usual unit in which the limbs are human; else raise `ValueError`."""
    lengths = limb_lengths(positions)
    fitting = [unit for unit in _UNITS.values() if all(low <= lengths[limb] * unit <= high for limb, (low, high) in _LIMBS.items())]
    if len(fitting) == 1:
        return fitting[0]
    thigh = lengths[("left_hip", "left_knee")]
    raise ValueError(
        f"{where}: hip to knee is {thigh:.4g} units, human in none of {', '.join(_UNITS)}; give metre_per_unit" + _suggestion(positions)
    )


def check_size(positions: np.ndarray, metre_per_unit: float, where: str) -> None:
    """Raise `ValueError` naming the first long limb of (T, 22, 3) metres that no person has."""
    for (upper, lower), length in limb_lengths(positions).items():
        low, high = _LIMBS[(upper, lower)]
        if not low <= length <= high:
            raise ValueError(
                f"{where}: {upper} to {lower} is {length:.3f} m, a person's lies between {low} and {high}:"
                f" metre_per_unit {metre_per_unit:g} is probably wrong{_suggestion(positions / metre_per_unit)}, or else the mapping"
            )


def _suggestion(positions: np.ndarray) -> str:
    thigh = limb_lengths(positions)[("left_hip", "left_knee")]
    return f" (for a thigh of {_THIGH} m it would be about {_THIGH / thigh:.4g})" if thigh else ""


def on_floor(positions: np.ndarray) -> np.ndarray:
    """Move all people of (T, P, 22, 3) by **one** common height, so that the scene's floor is at 0 and nobody loses their own."""
    lowest = positions[:, :, list(FOOT_JOINTS), 1].min(axis=(1, 2))
    return positions - np.array([0.0, np.percentile(lowest, _FLOOR_PERCENTILE), 0.0])
