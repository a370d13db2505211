"""Motion as a page carries it: whole millimetres in 16 bits, as base64.

Letters: `T` frames, `P` people, `J` = 22 joints.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from laban.motion.skeleton import JOINTS

LONGEST_S = 12.0
"""Seconds of a clip that a page shows; more would make it heavy and nobody watches it."""
_LARGEST_MM = np.iinfo(np.int16).max


def pack(name: str, positions: np.ndarray, fps: float) -> dict[str, Any]:
    """(T, P, 22, 3) metres -> JSON types: `data` holds little-endian int16 millimetres from `origin` (x, z in millimetres).

    Exact to half a millimetre; at most `LONGEST_S` seconds are kept. Raises `ValueError` naming the clip where positions are
    not finite or reach farther than 32.7 m from their middle.
    """
    if positions.ndim != 4 or positions.shape[2:] != (len(JOINTS), 3) or not len(positions):
        raise ValueError(f"clip {name}: positions {positions.shape}, expected (T, P, {len(JOINTS)}, 3)")
    shown = positions[: max(1, round(LONGEST_S * fps))].astype(np.float64)
    if not np.isfinite(shown).all():
        raise ValueError(f"clip {name}: {int((~np.isfinite(shown)).sum())} of its numbers are not finite")
    x, z = (round(1000 * float(shown[..., axis].min() + shown[..., axis].max()) / 2) for axis in (0, 2))
    millimetres = np.rint(1000 * shown) - np.array([x, 0, z])
    if np.abs(millimetres).max() > _LARGEST_MM:
        raise ValueError(f"clip {name} reaches {np.abs(millimetres).max() / 1000:.1f} m from its middle; is it in metres?")
    return {
        "fps": float(fps),
        "frames": len(shown),
        "people": shown.shape[1],
        "origin": [x, z],
        "data": base64.b64encode(millimetres.astype("<i2").tobytes()).decode("ascii"),
    }


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """What `pack` made -> (T, P, 22, 3) metres."""
    flat = np.frombuffer(base64.b64decode(packed["data"]), "<i2").astype(np.float64)
    x, z = packed["origin"]
    return (flat.reshape(packed["frames"], packed["people"], len(JOINTS), 3) + np.array([x, 0, z])) / 1000
