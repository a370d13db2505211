"""What one or two people do, in words, from where their joints are: captions by rules for capture that comes without any.

Letters: `T` frames. Angles in radians, positive counterclockwise seen from above (a turn to one's left).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from laban.motion.attributes import pelvis_distance
from laban.motion.features import heading
from laban.motion.skeleton import INDEX

# Metres.
_HAND = 0.08
"""From the wrist to the palm: the 22 joints have no hands."""
_JOINED = 0.30
"""Between palms: retargets pull held hands apart (0.23 m in CMU's handshake)."""
_CHANGE = 0.40
"""A distance that changes by less is kept."""
_CLOSE, _ARMS_LENGTH = 0.80, 1.40
_STEP = 0.50
"""A pelvis that ends nearer than this to where it began has gone nowhere."""
_ROAMED = 1.2
"""Length of a pelvis' path above which a person has moved about."""
_SHORTEST_HOLD_S = 0.4
_BOW, _UPRIGHT = np.radians(45), np.radians(25)
_TURN, _SPIN = np.radians(60), np.radians(300)
_ORBIT, _FULL_CIRCLE = np.radians(90), np.radians(330)
# Mean speed of all joints, m/s.
_STILL, _SLOW, _QUICK = 0.12, 0.35, 0.90
_SIDES = ("left", "right")


@dataclass(frozen=True, kw_only=True)
class Solo:
    """Geometry of one person over a clip."""

    turned: float
    """Net yaw."""
    path_m: float
    """Length of the pelvis' path."""
    moved: tuple[float, float]
    """Net displacement of the pelvis in metres: (to the left, forwards) of how the person stood at first."""
    speed: float
    bowed: bool


@dataclass(frozen=True, kw_only=True)
class Movement:
    """Geometry of a pair over a clip."""

    people: tuple[Solo, Solo]
    start_m: float
    end_m: float
    nearest_m: float
    farthest_m: float
    joined: dict[tuple[int, int], float]
    """(hand of the first, hand of the second; 0 left, 1 right) -> seconds of the longest hold."""
    orbit: float
    """Net yaw of the line from the first to the second."""
    towards_m: tuple[float, float]
    """How much nearer each came to where the other one began."""
    facing: str
    """`facing each other`, `side by side`, `one behind the other`, or empty."""


def observe_one(positions: np.ndarray, fps: float) -> Solo:
    """What is described of one person (T, 22, 3) in metres, Y up."""
    pelvis = positions[:, 0][:, [0, 2]]
    yaw = np.unwrap(heading(positions))
    velocity = np.linalg.norm(np.diff(positions, axis=0), axis=-1) * fps
    return Solo(
        turned=float(yaw[-1] - yaw[0]),
        path_m=_path(pelvis, fps),
        moved=_own_frame(pelvis[-1] - pelvis[0], yaw[0]),
        speed=float(velocity.mean()) if len(velocity) else 0.0,
        bowed=_bowed(positions),
    )


def observe(positions: np.ndarray, fps: float) -> Movement:
    """What is described of a pair (T, 2, 22, 3) in metres, Y up."""
    pelvis = positions[:, :, 0][..., [0, 2]]
    apart = pelvis_distance(positions)
    edge = max(1, round(0.2 * fps))
    line = pelvis[:, 1] - pelvis[:, 0]
    bearing = np.unwrap(np.arctan2(line[:, 0], line[:, 1]))
    towards = apart[0] - np.linalg.norm(pelvis[0, ::-1] - pelvis[-1], axis=-1)
    return Movement(
        people=(observe_one(positions[:, 0], fps), observe_one(positions[:, 1], fps)),
        start_m=float(apart[:edge].mean()),
        end_m=float(apart[-edge:].mean()),
        nearest_m=float(apart.min()),
        farthest_m=float(apart.max()),
        joined=_joined(positions, fps),
        orbit=float(bearing[-1] - bearing[0]),
        towards_m=(float(towards[0]), float(towards[1])),
        facing=_facing(np.unwrap(heading(positions), axis=0), bearing),
    )


def _own_frame(travel: np.ndarray, yaw: float) -> tuple[float, float]:
    """(x, z) of the world -> (to the left, forwards) of a person who faces `yaw`."""
    sideways = travel[0] * np.cos(yaw) - travel[1] * np.sin(yaw)
    forwards = travel[0] * np.sin(yaw) + travel[1] * np.cos(yaw)
    return float(sideways), float(forwards)


def _path(pelvis: np.ndarray, fps: float) -> float:
    """(T, 2) -> metres, at five positions a second, so that sway and noise do not count as walking."""
    sparse = pelvis[:: max(1, round(fps / 5))]
    return float(np.linalg.norm(np.diff(sparse, axis=0), axis=-1).sum())


def _joined(positions: np.ndarray, fps: float) -> dict[tuple[int, int], float]:
    wrists = positions[:, :, [INDEX["left_wrist"], INDEX["right_wrist"]]]
    forearms = wrists - positions[:, :, [INDEX["left_elbow"], INDEX["right_elbow"]]]
    palms = wrists + _HAND * forearms / np.maximum(np.linalg.norm(forearms, axis=-1, keepdims=True), 1e-6)
    near = np.linalg.norm(palms[:, 0, :, None] - palms[:, 1, None, :], axis=-1) < _JOINED
    holds = {(a, b): _longest_run(near[:, a, b]) / fps for a in (0, 1) for b in (0, 1)}
    return {hands: seconds for hands, seconds in holds.items() if seconds >= _SHORTEST_HOLD_S}


def _longest_run(flags: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _bowed(person: np.ndarray) -> bool:
    """Whether the trunk of (T, 22, 3) leans beyond 45° and is upright before and after."""
    trunk = person[:, INDEX["neck"]] - person[:, 0]
    lean = np.arccos(np.clip(trunk[:, 1] / np.maximum(np.linalg.norm(trunk, axis=-1), 1e-6), -1, 1))
    deepest = int(lean.argmax())
    return bool(lean[deepest] > _BOW and lean[: deepest + 1].min() < _UPRIGHT and lean[deepest:].min() < _UPRIGHT)


def _facing(yaw: np.ndarray, bearing: np.ndarray) -> str:
    """What holds in more than 60 % of the frames."""
    first = np.cos(yaw[:, 0] - bearing)
    second = np.cos(yaw[:, 1] - bearing - np.pi)
    same = np.cos(yaw[:, 0] - yaw[:, 1]) > 0.7
    named = {
        "facing each other": (first > 0.7) & (second > 0.7),
        "side by side": same & (np.abs(first) < 0.7),
        "one behind the other": same & (np.abs(first) >= 0.7),
    }
    return next((name for name, frames in named.items() if frames.mean() > 0.6), "")


def describe(positions: np.ndarray, fps: float, label: str = "") -> tuple[str, ...]:
    """Captions of one person (one) or a pair (three, in InterHuman's manner), (T, P, 22, 3); `label` is what the recording is known to
    show, if anything. Raises `ValueError` on more people."""
    known = f" ({label})" if label else ""
    if positions.shape[1] == 1:
        return (f"A person {_alone(observe_one(positions[:, 0], fps))}{known}.",)
    if positions.shape[1] > 2:
        raise ValueError(f"{positions.shape[1]} people: rules describe one or two; write captions")
    seen = observe(positions, fps)
    details = [words for words in (_hands(seen.joined), seen.facing) if words]
    together = ", ".join([_together(seen) + _pace(seen), *details]) + known
    first, second = (_alone(one, approaches=_approaches(seen, number)) for number, one in enumerate(seen.people))
    return (
        f"Two people {together}.",
        f"One person {first}, while the other person {second}.",
        f"One person {_compared(*seen.people)}, {_distance(seen)}.",
    )


def _together(seen: Movement) -> str:
    """What the pair does, without a subject."""
    if abs(seen.orbit) >= _ORBIT:
        way = "counterclockwise" if seen.orbit > 0 else "clockwise"
        return f"move in {'a full' if abs(seen.orbit) >= _FULL_CIRCLE else 'part of a'} circle {way} around each other"
    bowed = [one.bowed for one in seen.people]
    if any(bowed):
        return "bow to each other" if all(bowed) else "stand together and one of them bows"
    if seen.nearest_m < min(seen.start_m, seen.end_m) - _CHANGE:
        return "come together and part again"
    if seen.farthest_m > max(seen.start_m, seen.end_m) + _CHANGE:
        return "part and come together again"
    change = seen.end_m - seen.start_m
    if abs(change) >= _CHANGE:
        return "move apart" if change > 0 else "move towards each other"
    return "move about together" if max(one.path_m for one in seen.people) > _ROAMED else "stay where they are"


def _pace(seen: Movement) -> str:
    speed = max(one.speed for one in seen.people)
    return " almost without moving" if speed < _STILL else " slowly" if speed < _SLOW else " quickly" if speed > _QUICK else ""


def _hands(joined: dict[tuple[int, int], float]) -> str:
    """The hands that are joined, longest first; hands that are near in all ways at once count as two pairs at most."""
    if not joined:
        return ""
    one = max(joined, key=lambda hands: (joined[hands], hands))
    other = (1 - one[0], 1 - one[1])
    if other in joined:
        return "holding both hands" if one[0] != one[1] else "holding both hands with crossed arms"
    how = "briefly joining" if joined[one] < 1.0 else "holding"
    if one[0] == one[1]:
        return f"{how} their {_SIDES[one[0]]} hands"
    return f"the {_SIDES[one[0]]} hand of one {how} the {_SIDES[one[1]]} hand of the other"


def _alone(one: Solo, *, approaches: bool = False) -> str:
    """What one of them does: bow, spin or turn, and where they go."""
    acts = ["bows"] if one.bowed else []
    if abs(one.turned) >= _TURN:
        acts.append(f"{'spins' if abs(one.turned) >= _SPIN else 'turns'} to the {'left' if one.turned > 0 else 'right'}")
    if going := _going(one, approaches):
        acts.append(going)
    return " and ".join(acts) or ("stands still" if one.speed < _STILL else "moves in place")


def _approaches(seen: Movement, person: int) -> bool:
    return seen.towards_m[person] >= _CHANGE and seen.end_m < seen.start_m - _CHANGE


def _going(one: Solo, approaches: bool) -> str:
    sideways, forwards = one.moved
    if np.hypot(sideways, forwards) < _STEP:
        return "steps about" if one.path_m > _ROAMED else ""
    if approaches:
        return "walks up to the other"
    if abs(forwards) >= abs(sideways):
        return "moves forwards" if forwards > 0 else "moves backwards"
    return f"moves to the {'left' if sideways > 0 else 'right'}"


def _compared(first: Solo, second: Solo) -> str:
    """Who turns more, and who goes farther where neither does."""
    if abs(abs(first.turned) - abs(second.turned)) >= _TURN / 2:
        return f"turns {'more' if abs(first.turned) > abs(second.turned) else 'less'} than the other person"
    if abs(first.path_m - second.path_m) >= _STEP:
        return f"walks {'farther' if first.path_m > second.path_m else 'less'} than the other person"
    return "moves about as much as the other person"


def _distance(seen: Movement) -> str:
    change = seen.end_m - seen.start_m
    if abs(change) >= _CHANGE:
        return f"and the distance between them {'grows' if change > 0 else 'shrinks'}"
    if seen.farthest_m - seen.nearest_m >= 2 * _CHANGE:
        return "and the distance between them keeps changing"
    middle = (seen.start_m + seen.end_m) / 2
    return "and they stay " + ("close together" if middle < _CLOSE else "at arm's length" if middle < _ARMS_LENGTH else "well apart")
