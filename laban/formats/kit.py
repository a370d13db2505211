"""KIT-ML, the KIT Motion-Language data set as HumanML3D's authors publish it: their layout, 21 joints, 12.5 frames a second.

Its joints are those of KIT's reference model (MMM), a person one metre tall in millimetres, and not in metres as nobody says: the scale
that gives the data set's one skeleton the legs of our adult is measured on the first motion (some 0.0016 metres a unit), and every
motion's limbs are checked with it. The list of MMM's joints calls 5–7 and 11–15 left, the published code right; toes point
forward, and so they decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from laban.data.clip import Clip
from laban.formats.humanml3d import find, looks_like, make_clip, read_joints
from laban.formats.retarget import check_size, limb_lengths, shipped_maps, to_body
from laban.formats.source import Format, Options, Recording, Rejected
from laban.motion.features import heading
from laban.motion.humanml3d import KIT
from laban.motion.mirror import COUNTERPART
from laban.motion.skeleton import INDEX, REST_OFFSETS

JOINTS = (
    "root", "BP", "BT", "BLN", "BUN", "RS", "RE", "RW", "LS", "LE", "LW",
    "RH", "RK", "RA", "RMrot", "RF", "LH", "LK", "LA", "LMrot", "LF",
)  # fmt: skip
"""MMM's names, with the sides that the published code gives them (hips 11 right and 16 left, shoulders 5 and 8)."""
LICENCE = "KIT Motion-Language data set (Plappert et al. 2016): for research, by its own terms"
SIDES = "left and right exchanged, as the toes point"
_FPS = 12.5
_LEGS = [(f"{side}_{upper}", f"{side}_{lower}") for side in ("left", "right") for upper, lower in (("hip", "knee"), ("knee", "ankle"))]
_OUR_LEGS = float(sum(np.linalg.norm(REST_OFFSETS[INDEX[lower]]) for _, lower in _LEGS))


def _fits(folder: Path) -> bool:
    return looks_like(folder, five_digits=True)


def _find(folder: Path, options: Options) -> Sequence[Recording]:
    del options
    recordings = find(folder)
    facts = {"metre_per_unit": _metre_per_unit(recordings)}
    return [replace(recording, facts=facts | dict(recording.facts)) for recording in recordings]


def _metre_per_unit(recordings: Sequence[Recording]) -> float:
    """By the legs of the first motion that can be read; 1 where none can."""
    for recording in recordings:
        try:
            lengths = limb_lengths(_body(recording))
        except Rejected:
            continue
        legs = sum(lengths[limb] for limb in _LEGS)
        if not legs:
            raise ValueError(f"{recording.files[0]}: its legs have no length, so its unit cannot be found")
        return _OUR_LEGS / legs
    return 1.0


def _body(recording: Recording) -> np.ndarray:
    """(T, 22, 3) in the data set's unit, sides as the published code has them."""
    joints = read_joints(recording, KIT)
    return to_body(joints.astype(np.float64), JOINTS, shipped_maps()["kit-ml"], recording.id)


def _toes_point_back(body: np.ndarray) -> bool:
    """Whether a body's feet point against where its hips face, in most of (T, 22, 3) frames."""
    toes = sum(body[:, INDEX[f"{side}_foot"]] - body[:, INDEX[f"{side}_ankle"]] for side in ("left", "right"))
    yaw = heading(body)
    return bool(np.median(np.sin(yaw) * toes[:, 0] + np.cos(yaw) * toes[:, 2]) < 0)


def _read(recording: Recording, options: Options) -> Sequence[Clip]:
    """The one clip of a recording. Raises `Rejected`, or `ValueError` naming file and value."""
    body = _body(recording)
    exchanged = _toes_point_back(body)
    if exchanged:
        body = body[:, list(COUNTERPART)]
    scale = recording.facts["metre_per_unit"]
    try:
        check_size(body * scale, scale, recording.id)
    except ValueError as error:
        raise Rejected("limbs of no human length", str(error)) from error
    notes = (SIDES,) if exchanged else ()
    return [make_clip(recording, body * scale, source_fps=_FPS, fps=options.fps, licence=LICENCE, notes=notes)]


FORMAT = Format(
    name="kit-ml",
    about="KIT-ML in HumanML3D's layout: 21 joints or 251 features, ids of five digits",
    licence=LICENCE,
    fits=_fits,
    find=_find,
    read=_read,
)
