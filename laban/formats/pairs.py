"""A folder of capture of several people, one BVH file each, as clips: read, checked, brought to our body, cut, split.

The folder's format and every key of a row are in docs/data.md. Letters: `T` frames, `P` people.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from laban.data.clip import Caption, Clip
from laban.formats.bvh import Bvh, read_bvh
from laban.formats.describe import describe
from laban.formats.retarget import check_size, find_map, guess_unit, on_floor, to_body, upright
from laban.formats.source import Format, Options, Recording, Rejected
from laban.formats.text import read_lines
from laban.formats.trials import FPS, PAIRS, Trial, find_trials
from laban.motion.resampling import resample

_FASTEST = 15.0
"""m/s: no joint of an unarmed person is faster (a boxer's fist: 10). Beyond it is a rest pose, a lost marker or a flipped limb."""
_FASTEST_SUSTAINED = 6.5
"""m/s that the fastest joint of a trial may exceed in 5 % of the frames at most.

At their true rates CMU's eleven salsas come to 3.5–4.0 and the handshake to 3.1; at twice the true rate, as the salsas' own
`Frame Time` says, to 7.0–8.0. The maximum would prove nothing: single joints jump at 46 m/s there. Who runs says `fps_override`.
"""
_DESCRIBED_S = 4.0
"""Seconds of a whole trial that rules describe at once: of a minute, little is true throughout."""

_log = logging.getLogger(__name__)


class Take(Protocol):
    """One person's motion file, as read: of T frames and J joints."""

    @property
    def path(self) -> Path:
        """Where it was read."""

    @property
    def names(self) -> tuple[str, ...]:
        """J joint names."""

    @property
    def frames(self) -> int:
        """T."""

    @property
    def fps(self) -> float | None:
        """Frames a second that the file claims, if it does."""

    @property
    def length_scale(self) -> float:
        """What real lengths were multiplied by; 1 where the file does not say."""

    def positions(self, first_frame: int = 0, frames: int | None = None, *, root_absolute: bool = False) -> np.ndarray:
        """(T', J, 3) in the file's unit."""


Load = Callable[[Trial, int], Take]
"""Reads the file of one of a trial's people."""


class ImplausibleRateError(ValueError):
    """At this rate people would move as nobody can."""


def read_pairs(
    folder: Path, *, fps: float, clip_seconds: float, held_out: float, seed: int, rejected: Counter[str] | None = None
) -> list[Clip]:
    """Clips of `clip_seconds` at `fps` from a folder of pairs; whole trials are held out, a share of `held_out` for val and for test.

    Held-out trials are cut without overlap, training ones with half. What is dropped is counted by reason in `rejected`, and
    logged. Raises `ValueError` naming file, row and value where the folder holds something wrong or no clip at all.
    """
    if not 0 <= held_out < 0.5:
        raise ValueError(f"held_out {held_out} must be at least 0 and below 0.5: as much is held out for val as for test")
    trials = find_trials(folder, ".bvh", alone=False)
    licence = _folder_licence(folder)
    size = round(clip_seconds * fps)
    motions = {trial.id: _motion(trial, fps, load_bvh)[0] for trial in trials}
    splits = _split([trial.id for trial in trials if _windows(motions[trial.id], size, size, fps, Counter())], held_out, seed)
    counts: Counter[str] = Counter()
    clips = []
    for trial in trials:
        motion, split = motions[trial.id], splits.get(trial.id, "train")
        starts = _windows(motion, size, size if split != "train" else max(1, size // 2), fps, counts)
        clips += [_clip(trial, motion[start : start + size], start, split, fps, licence) for start in starts]
    for reason, count in sorted(counts.items()):
        _log.warning("%s: %d dropped: %s", folder, count, reason)
    if rejected is not None:
        rejected.update(counts)
    if not clips:
        longest = max(len(motion) for motion in motions.values()) / fps
        raise ValueError(
            f"{folder}: no clip of {clip_seconds} s in {len(trials)} trials, the longest of which lasts {longest:.2f} s"
            f" ({dict(counts)}); lower clip_seconds or add longer trials"
        )
    return clips


def _folder_licence(folder: Path) -> str:
    """First line of a LICENSE file, else what a README says on a line `Licence: …` or `Terms: …`, else `unknown`."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.upper() in ("LICENSE", "LICENCE"):
            return next((line.strip("# \t") for line in read_lines(path) if line.strip("# \t")), "unknown")
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stem.upper() == "README":
            found = re.search(r"^\W*(?:licen[cs]e|terms)\W*?:[*_\s]*(\S.*)$", "\n".join(read_lines(path)), re.IGNORECASE | re.MULTILINE)
            if found:
                return found[1].strip()
    return "unknown"


# Motion


def load_bvh(trial: Trial, person: int) -> Bvh:
    """The BVH file of one of a trial's people."""
    return read_bvh(trial.files[person])


def _motion(trial: Trial, fps: float, load: Load) -> tuple[np.ndarray, int]:
    """(T, P, 22, 3) float32 metres at `fps`, Y up, floor at 0; and how many frames of rest pose were skipped."""
    takes = [load(trial, person) for person in range(len(trial.files))]
    if len({take.frames for take in takes}) > 1:
        counted = " and ".join(f"{take.path.name} {take.frames}" for take in takes[1:])
        raise ValueError(
            f"{trial.where}: {takes[0].path.name} has {takes[0].frames} frames and {counted};"
            " people of one trial must be of the same moments: cut them to the same frames"
        )
    source_fps = _source_fps(trial, takes)
    positions = np.stack([_person(trial, take) for take in takes], axis=1)
    _check_rate(trial, takes, positions, source_fps)
    skipped = _first_frame(trial, positions, source_fps)
    return on_floor(resample(positions[skipped:], source_fps, fps)).astype(np.float32), skipped


def _source_fps(trial: Trial, takes: Sequence[Take]) -> float:
    """The row's rate, which wins over the files' own (CMU's conversions say 120 where 60 is true)."""
    if trial.fps is not None:
        return trial.fps
    rates = {take.fps for take in takes}
    rate = rates.pop()
    if rate is None:
        raise ValueError(f"{trial.where}: {takes[0].path.suffix} files state no frame rate (most of CMU's are at 120); give fps in {PAIRS}")
    if rates or not FPS[0] <= rate <= FPS[1]:
        claimed = " and ".join(f"{take.fps:g}" for take in takes)
        raise ValueError(
            f"{trial.where}: the files claim {claimed} frames a second; all must claim the same rate, from"
            f" {FPS[0]:g} to {FPS[1]:g}, or a row of {PAIRS} must give the true fps"
        )
    return rate


def _person(trial: Trial, take: Take) -> np.ndarray:
    """(T, 22, 3) metres, Y up, at the source's rate."""
    where = f"{trial.where}: {take.path.name}"
    mapping = find_map(trial.mapping, take.names, where)
    joints = take.positions(trial.first_frame or 0, trial.frames, root_absolute=trial.root_absolute)
    body = upright(to_body(joints, take.names, mapping, where), trial.up, where)
    scale = trial.metre_per_unit
    if scale is None:
        scale = guess_unit(body / take.length_scale, where) / take.length_scale
    check_size(body * scale, scale, where)
    return body * scale


def _check_rate(trial: Trial, takes: Sequence[Take], positions: np.ndarray, fps: float) -> None:
    """Raise `ImplausibleRateError` where (T, P, 22, 3) at `fps` would mean movement that nobody can make, and nobody vouches for it."""
    if trial.fps_override or len(positions) < 2:
        return
    speed = float(np.percentile(_speeds(positions, fps).max(axis=(1, 2)), 95))
    if speed > _FASTEST_SUSTAINED:
        claimed = f", and the files claim {takes[0].fps:g}" if takes[0].fps else ""
        raise ImplausibleRateError(
            f"{trial.where}: at {fps:g} frames a second the fastest joint has {speed:.1f} m/s or more in a twentieth of the frames (a fast"
            f" dance: 4; limit {_FASTEST_SUSTAINED:g}){claimed}: give the true fps in {PAIRS}, or vouch for it"
            ' with "fps_override": true'
        )


def _first_frame(trial: Trial, positions: np.ndarray, fps: float) -> int:
    """1 where frame 0 is a rest pose and nobody said where the motion begins; a stated beginning that is one raises `ValueError`."""
    if len(positions) < 3:
        return 0
    jumps = _speeds(positions[:3], fps).max(axis=(1, 2))
    if not jumps[0] > _FASTEST > jumps[1]:
        return 0
    if trial.first_frame is None:
        return 1
    raise ValueError(
        f"{trial.where}: between frames {trial.first_frame} and {trial.first_frame + 1} a joint moves at {jumps[0]:.0f} m/s, so frame"
        f" {trial.first_frame} is probably a rest pose; set first_frame to {trial.first_frame + 1} (and frames to one less)"
    )


def _speeds(positions: np.ndarray, fps: float) -> np.ndarray:
    """(T, P, J, 3) metres -> (T - 1, P, J) m/s."""
    return np.linalg.norm(np.diff(positions, axis=0), axis=-1) * fps


# Clips


def _windows(motion: np.ndarray, size: int, step: int, fps: float, rejected: Counter[str]) -> list[int]:
    """First frames of the windows that are kept; what is not is counted by reason."""
    if len(motion) < size:
        rejected["a trial shorter than a clip"] += 1
        return []
    starts = range(0, len(motion) - size + 1, step)
    if starts[-1] + size < len(motion):
        rejected["the rest of a trial, shorter than a clip"] += 1
    fast = np.append(_speeds(motion, fps).max(axis=(1, 2)) > _FASTEST, False)
    kept = [start for start in starts if not fast[start : start + size - 1].any()]
    if len(kept) < len(starts):
        rejected[f"a clip in which a joint is faster than {_FASTEST:g} m/s"] += len(starts) - len(kept)
    return kept


def _split(ids: list[str], held_out: float, seed: int) -> dict[str, str]:
    """Trial -> split, by a hash of seed and name; from three trials on, val and test have at least one each."""
    if len(ids) < 3:
        return dict.fromkeys(ids, "train")
    order = sorted(ids, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).hexdigest())
    count = max(1, round(held_out * len(ids)))
    count = min(count, (len(ids) - 1) // 2)
    return {name: "val" if rank < count else "test" if rank < 2 * count else "train" for rank, name in enumerate(order)}


def _clip(trial: Trial, positions: np.ndarray, start: int, split: str, fps: float, licence: str) -> Clip:
    return Clip(
        id=f"{trial.id}-{start}",
        positions=positions,
        captions=tuple(_captions(trial, positions, fps, len(positions))),
        split=split,
        source="capture",
        licence=trial.licence or licence,
        fps=fps,
        root=positions[:, :, 0],
        group=trial.id,
    )


def _captions(trial: Trial, positions: np.ndarray, fps: float, size: int) -> Iterator[Caption]:
    """The trial's own, of the whole; else those that rules give each stretch of `size` frames, the last of up to half as many more."""
    if trial.captions is not None:
        yield from (Caption(text=text, start_s=0.0, end_s=len(positions) / fps, source=trial.caption_source) for text in trial.captions)
        return
    starts = list(range(0, max(1, len(positions) - size // 2), size))
    for start, end in zip(starts, [*starts[1:], len(positions)], strict=True):
        texts = describe(positions[start:end], fps, trial.label)
        yield from (Caption(text=text, start_s=start / fps, end_s=end / fps, source="rules") for text in texts)


# One recording at a time


def looks_like(folder: Path, suffix: str) -> bool:
    """Whether a folder, or a folder in it, holds files of capture that end with `suffix`."""
    return any(path.suffix.lower() == suffix for pattern in ("*", "*/*") for path in folder.glob(pattern))


def find_recordings(folder: Path, suffix: str) -> Sequence[Recording]:
    """Every trial of a folder, single people too. Raises `ValueError` naming file, row and value."""
    licence = _folder_licence(folder) if folder.is_dir() else ""
    trials = find_trials(folder, suffix, alone=True)
    return [replace(trial, licence=trial.licence or licence).recording(folder) for trial in trials]


def read_recording(recording: Recording, options: Options, load: Load) -> Sequence[Clip]:
    """A whole trial as one clip. Raises `Rejected` where people would move as nobody can, else `ValueError` naming file, row, value."""
    trial = Trial.of(recording)
    try:
        positions, skipped = _motion(trial, options.fps, load)
    except ImplausibleRateError as error:
        raise Rejected("moves faster than people do: another rate is true, or fps_override is needed", str(error)) from error
    captions = tuple(_captions(trial, positions, options.fps, round(_DESCRIBED_S * options.fps)))
    clip = _clip(replace(trial, captions=()), positions, 0, "", options.fps, "unknown")
    return [replace(clip, id=trial.id, captions=captions, notes=("rest pose in frame 0 skipped",) if skipped else ())]


def _fits(folder: Path) -> bool:
    return looks_like(folder, ".bvh")


def _find(folder: Path, options: Options) -> Sequence[Recording]:
    del options
    return find_recordings(folder, ".bvh")


def _read(recording: Recording, options: Options) -> Sequence[Clip]:
    return read_recording(recording, options, load_bvh)


FORMAT = Format(
    name="bvh",
    about="BVH of one or several people: NAME.bvh, NAME_A.bvh and NAME_B.bvh …, or pairs.jsonl",
    licence="as pairs.jsonl, LICENSE or README says",
    fits=_fits,
    find=_find,
    read=_read,
)
