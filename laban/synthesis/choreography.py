"""What all kinds of interaction are made of: bodies and chance, easing, steps, arms, and how people stand.

Everything is a function of a `Style` and of a `Draw` (bodies, timing noise), which comes from a seed and a number alone:
the same draw in another style is the same people doing one thing differently, which is what an edit is.

Letters: `T` frames, `P` people, `H` = 2 sides (0 left, 1 right). A person's own frame: x to the left, z forward; angles are
positive to the left. Movement times follow the minimum-jerk profile (Flash and Hogan 1985).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from laban.motion.skeleton import INDEX, REST_OFFSETS
from laban.synthesis.carriage import Way, ease, mean_over
from laban.synthesis.posture import POINT, Controls, Goals
from laban.synthesis.style import KINDS, VALUES, Style

PACE = {"slow": 1.3, "normal": 1.0, "fast": 0.68}
"""Factor on durations."""
SIZE = {"low": 0.5, "normal": 1.0, "high": 1.7}
"""Factor on the extent of a movement, by energy."""
FORCE = {"gentle": 0.5, "normal": 1.0, "forceful": 1.7}
"""The same by gentleness."""
STRIDE = 0.42
"""Metres of an ordinary step among people who approach one another."""
MOST_PEOPLE = 3
_LOOK_AHEAD_S = 0.3
"""The head turns so many seconds before the trunk."""
_CLEARANCE = 0.026
"""Metres by which even listless people lift a foot in mid-swing: less would scuff."""
_TOE_LENGTH = 0.12
"""Metres from below the ankle to the toes; what a foot that points up is lifted by."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """All chance of a clip: who the people are, which way they face and how exactly they move."""

    offsets: np.ndarray
    """(P, 22, 3) metres."""
    world_yaw: float
    """Radians by which the scene is turned."""
    noise: np.ndarray
    """(P, 32) uniform in -1..1; see `_N` for which is which."""


_N = {
    name: number
    for number, name in enumerate(
        ("onset", "lag", "pace", "gap", "apart", "yaw", "beside", "stagger", "toes", "foot", "hold", "height", "amount", "way")
    )
}
_PHASES = slice(16, 32)


def draw(seed: int, number: int, people: int = 2) -> Draw:
    """The chance of clip `number` of a seed; always the same, in any order and process, and for the first people of more."""
    rng = np.random.default_rng([seed, number])
    noise = rng.uniform(-1, 1, (MOST_PEOPLE, 32))
    scale = 1 + rng.uniform(-0.08, 0.08, (MOST_PEOPLE, 1, 1))
    offsets = np.broadcast_to(REST_OFFSETS, (MOST_PEOPLE, *REST_OFFSETS.shape)) * scale
    legs, arms, breadth = rng.uniform(0.96, 1.04, (3, MOST_PEOPLE, 1, 1))
    leg = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "ankle")]
    arm = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist")]
    shoulder = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("hip", "collar", "shoulder")]
    offsets[:, leg] *= legs
    offsets[:, arm] *= arms
    offsets[:, shoulder] *= np.concatenate([breadth, np.ones((MOST_PEOPLE, 1, 2))], axis=-1)
    return Draw(offsets=offsets[:people].astype(np.float32), world_yaw=rng.uniform(-np.pi, np.pi), noise=noise[:people])


# --- courses of time --------------------------------------------------------------------------------------------------


def bump(t: np.ndarray, start: float, rise: float, hold: float, fall: float) -> np.ndarray:
    """Up to 1, a while there, and back to 0."""
    return ease(t, start, rise) - ease(t, start + rise + hold, fall)


def waves(t: np.ndarray, start: float, period: float, count: float) -> np.ndarray:
    """`count` sine waves of -1..1 from `start` on, which begin and end without a jolt."""
    end = start + count * period
    envelope = bump(t, start, 0.3 * period, max(end - start - 0.6 * period, 0.01), 0.3 * period)
    return envelope * np.sin(2 * np.pi * (t - start) / period)


# --- feet -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A foot's way through the air: which foot, seconds, where it lands (x and z, metres; yaw, radians), how high it is lifted."""

    foot: int
    start: float
    duration: float
    to: tuple[float, float]
    yaw: float
    lift: float
    roll: float = 0.0
    """Radians by which the heel rises before the step and the toes point up after it, while the toes' place rests."""


@dataclass
class Stance:
    """Where a person has come to by its steps so far: middle of the feet, and which way it faces."""

    x: float = 0.0
    z: float = 0.0
    yaw: float = 0.0

    def foot(self, half_width: float, foot: int) -> tuple[float, float]:
        """Where a foot belongs."""
        side = (1 - 2 * foot) * half_width
        return self.x + side * np.cos(self.yaw), self.z - side * np.sin(self.yaw)

    def moved(self, way: float, bend: float, direction: float) -> Stance:
        """After `way` metres in `direction` (radians from where it faces) along an arc that turns it by `bend` in all."""
        course = self.yaw + direction
        if abs(bend) < 1e-6:
            return Stance(self.x + way * np.sin(course), self.z + way * np.cos(course), self.yaw)
        radius = way / bend
        x = self.x + radius * (np.cos(course) - np.cos(course + bend))
        z = self.z + radius * (np.sin(course + bend) - np.sin(course))
        return Stance(x, z, self.yaw + bend)


class Choreography:
    """One clip in the making: times, people and their controls, each person in the own frame.

    A kind is a function that takes this, moves the people and returns nothing; `finish` puts their feet down, and
    `laban.synthesis.carriage` their bodies over these.
    """

    def __init__(self, style: Style, chance: Draw, frames: int, fps: float) -> None:
        self.style, self.chance = style, chance
        self.people = KINDS[style.kind].people
        self.t = np.arange(frames) / fps
        self.fps = fps
        self.first, self.second = style.starter, 1 - style.starter
        self.hand = VALUES["hand"].index(style.hand)
        self.side = 1 - 2 * self.hand
        self.pace = PACE[style.speed] * (1 + 0.04 * self.noise("pace", self.first))
        amount = 1 + 0.08 * self.noise("amount", self.first)
        self.size, self.force = SIZE[style.energy] * amount, FORCE[style.gentleness] * amount
        self.onset = (0.28 + 0.1 * self.noise("onset", self.first)) * self.pace**0.5
        self.lag = (0.32 + 0.06 * self.noise("lag", self.people - 1)) * self.pace
        self.controls, self.goals = Controls.zeros(frames, self.people), Goals.none(self.people)
        self.moves: list[list[Step]] = [[] for _ in range(self.people)]
        self.settle = 0.24 * self.pace
        """Seconds over which the trunk follows the feet; with a step's length a walk is steady, with less it is stop and go."""
        self.stances = [Stance() for _ in range(self.people)]
        self.swing = np.full(self.people, 0.22)
        """Metres that a hand swings for each metre by which the opposite foot is ahead of the pelvis."""
        self.roll = np.zeros(self.people)
        """Radians by which the feet roll over toes and heels in long steps; 0 for short ones, which only lift the heel."""
        self.arms = np.linalg.norm(chance.offsets[:, [INDEX["left_elbow"], INDEX["left_wrist"]]], axis=-1).sum(-1)
        self.origin, self.heading = np.zeros((self.people, 3)), np.zeros(self.people)
        self.others = [person for person in range(self.people) if person != self.first]

    def noise(self, name: str, person: int) -> float:
        """A number of -1..1 that belongs to this clip and person."""
        return float(self.chance.noise[person, _N[name]])

    @property
    def far(self) -> bool:
        """Whether the style asks for the greater distance."""
        return self.style.distance == "far"

    # --- places -------------------------------------------------------------------------------------------------------

    def place(self, person: int, x: float, z: float, heading: float) -> None:
        """Where a person starts and which way it faces, in the frame that all share: metres and radians."""
        self.origin[person] = [x, 0, z]
        self.heading[person] = heading + 0.05 * self.noise("yaw", person)

    def face_to_face(self, gap: float) -> None:
        """Two people who look at each other over `gap` metres, the first of them at the origin."""
        self.gap = gap
        self.place(0, 0.02 * self.noise("beside", 0), 0.0, 0.0)
        self.place(1, 0.0, gap, np.pi)

    def half_width(self, person: int) -> float:
        """Metres from the middle to a foot of a standing person."""
        body = self.chance.offsets[person]
        return float(body[INDEX["left_hip"], 0] + body[INDEX["left_knee"], 0])

    def shoulder_height(self, person: int) -> float:
        """Metres over the floor in a standing person, about."""
        chain = ("left_knee", "left_ankle", "left_hip")
        legs = -sum(self.chance.offsets[person, INDEX[name], 1] for name in chain)
        spine = ("spine1", "spine2", "spine3", "left_collar", "left_shoulder")
        return float(legs + 0.06 + sum(self.chance.offsets[person, INDEX[name], 1] for name in spine))

    def shoulders(self) -> float:
        """Mean height of the first two people's shoulders, metres."""
        return (self.shoulder_height(0) + self.shoulder_height(1)) / 2

    # --- steps --------------------------------------------------------------------------------------------------------

    def walk(  # noqa: PLR0913 - all that one way can be told
        self,
        person: int,
        way: float,
        start: float,
        step_s: float,
        *,
        bend: float = 0.0,
        direction: float = 0.0,
        stride: float = STRIDE,
        lift: float = 1.0,
        goes_on: bool = False,
    ) -> float:
        """Step `way` metres (backward if negative) from where the person is; return when both feet rest beside each other.

        `direction` (radians) is that of the way from where the person faces, 0 forward; `bend` (radians) is by how much the way
        and the person turn in all; `lift` scales how high the feet are raised. Who `goes_on` does not make the last step, that
        beside the other foot: then this returns when the next step may begin.
        """
        count = max(1, round(max(abs(way) / stride, abs(bend) / 0.9)))
        before, foot = self.stances[person], self._next_foot(person, way, bend, direction)
        for number in range(count):
            share = (number + 1) / count
            stance = before.moved(way * share, bend * share, direction)
            self.step(person, stance, (foot + number) % 2, start + number * step_s, step_s, lift)
        self.stances[person] = stance
        arrived = start + count * step_s
        if goes_on:
            return arrived
        self.step(person, stance, (foot + count) % 2, arrived, step_s, lift)
        return arrived + step_s

    def _next_foot(self, person: int, way: float, bend: float, direction: float) -> int:
        """The foot on the inner side of a turn or of a way sideways, else the one that chance says."""
        if self.moves[person]:
            return 1 - self.moves[person][-1].foot
        aside = np.sin(direction) * way + 0.3 * bend
        return int(self.noise("foot", person) > 0) if abs(aside) < 0.05 else int(aside < 0)

    def step(self, person: int, stance: Stance, foot: int, start: float, duration: float, lift: float) -> None:
        """Put one foot where it belongs in `stance`; the person's own stance stays."""
        yaw = stance.yaw + self._toes_out(person) * (1 - 2 * foot)
        self.moves[person].append(Step(foot, start, duration, stance.foot(self.half_width(person), foot), yaw, lift, self.roll[person]))

    def _toes_out(self, person: int) -> float:
        return 0.14 + 0.06 * self.noise("toes", person)

    # --- arms ---------------------------------------------------------------------------------------------------------

    def hold_hand(self, person: int, hand: int, where: Sequence[float], weight: np.ndarray, *, ahead: float = 0.16) -> None:
        """Bring a hand to a place `where` (metres from its shoulder: outward, up, forward) as `weight` goes from 0 to 1.

        On the way it passes `ahead` metres in front: a straight way up would pass through the shoulder.
        """
        raised = self.controls.raised
        raised[:, person, hand] = np.maximum(raised[:, person, hand], weight)
        self.controls.hands[:, person, hand] += weight[:, None] * np.array([(1 - 2 * hand) * where[0], where[1], where[2]])
        self.controls.hands[:, person, hand, 2] += ahead * 4 * weight * (1 - weight)

    def reach_out(self, person: int, hand: int, reach: np.ndarray, *, twist: float = 0.22) -> None:
        """Send a hand to its goal as `reach` goes from 0 to 1, and its shoulder along by `twist` radians."""
        c = self.controls
        c.reach[:, person, hand] = np.maximum(c.reach[:, person, hand], reach)
        c.raised[:, person, hand] = np.maximum(c.raised[:, person, hand], reach)
        c.twist[:, person] -= twist * (1 - 2 * hand) * reach

    def touch(self, person: int, hand: int, joint: str, at: Sequence[float]) -> None:
        """Let a hand reach for the partner's trunk or head: metres from a joint, in that joint's frame (left, up, forward)."""
        self.goals.kind[person, hand] = INDEX[joint]
        self.goals.at[person, hand] = at

    def reach_point(self, person: int, hand: int, where: np.ndarray) -> None:
        """Let a hand reach for a point (3,) or (T, 3), metres in the frame that all share."""
        self.goals.kind[person, hand] = POINT
        self.controls.contact[:, person, hand] = where

    def meet(self, hand: int, other: int, where: np.ndarray, *, gap: float = 0.005) -> None:
        """Let a hand of person 0 and the `other` hand of person 1 meet at (3,) or (T, 3), metres in the frame that all share.

        Two hands that cannot both reach it meet as near to it as they can; wrists stay `gap` metres away on either side.
        """
        self.goals.hand[0, hand], self.goals.hand[1, other] = other, hand
        self.goals.hand[0, 1 - hand], self.goals.hand[1, 1 - other] = 1 - other, 1 - hand
        self.goals.gap[0, hand] = self.goals.gap[1, other] = gap
        self.controls.contact[:, 0, hand] = where

    def between(self, height: float) -> np.ndarray:
        """(3,): midway between the two people where they have come to, `height` metres up."""
        spots = [self.spot(person) for person in (0, 1)]
        return np.array([(spots[0][0] + spots[1][0]) / 2, height, (spots[0][1] + spots[1][1]) / 2])

    def spot(self, person: int) -> np.ndarray:
        """(2,): x and z of where a person has come to by its steps so far, in the frame that all share."""
        stance, turn = self.stances[person], self.heading[person]
        x = stance.x * np.cos(turn) + stance.z * np.sin(turn)
        z = stance.z * np.cos(turn) - stance.x * np.sin(turn)
        return self.origin[person, [0, 2]] + [x, z]

    # --- the end ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Let the feet take their steps, and say where they take the bodies (`way`); the scene begins about the origin.

        There float32 is finest: it keeps bones of stored positions constant to less than a millionth of a metre.
        """
        c, frames = self.controls, len(self.t)
        middle = self.origin.mean(axis=0)
        self.origin = self.origin - middle
        c.contact -= middle
        # The trunk follows steps that are yet to come, also some beyond the end.
        beyond = np.arange(frames + round((self.settle + _LOOK_AHEAD_S) * self.fps)) / self.fps
        feet, yaws, lift, pitch, weight = self._feet(beyond)
        course = mean_over(np.concatenate([feet.mean(2), yaws.mean(2)[..., None]], -1), self.settle * self.fps)
        weight = mean_over(weight[..., 1] - weight[..., 0], 0.24 * self.pace * self.fps)[:frames]
        feet, yaws, pitch = feet[:frames], yaws[:frames], pitch[:frames]
        stagger = 0.03 * np.outer(self.chance.noise[:, _N["stagger"]], [1, -1])
        c.feet += feet + stagger[..., None] * np.stack([np.sin(yaws), np.cos(yaws)], -1)
        c.foot_yaw += yaws
        c.foot_pitch += pitch
        # Toes that point up are higher than the sole: the foot turns about its heel.
        c.lift += lift[:frames] + _TOE_LENGTH * np.sin(np.maximum(-pitch, 0))
        soon, noise = round(_LOOK_AHEAD_S * self.fps), self.chance.noise
        self.way = Way(
            middle=course[:frames, :, :2], facing=course[:frames, :, 2], soon=course[soon : soon + frames, :, 2], feet=feet, weight=weight,
            arms=self.arms[None], swing=self.swing[None], roll=self.roll[None], phases=noise[None, :, _PHASES],
            rest=noise[None][..., [_N["toes"], _N["beside"], _N["way"]]],
        )  # fmt: skip

    def _feet(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(T, P, H, 2) metres, and yaw, lift, pitch and weight taken off (T, P, H), of feet that rest exactly between their steps."""
        feet = range(2 * self.people)
        at = [(*Stance().foot(self.half_width(n // 2), n % 2), (1 - 2 * (n % 2)) * self._toes_out(n // 2)) for n in feet]
        courses = np.zeros((6, len(t), len(feet)))
        if swings := [swing for person in range(self.people) for swing in _swings(person, self.moves[person], at)]:
            foot, *amounts = np.array(swings).T
            courses[:] = _courses(t, *amounts) @ (foot[:, None] == feet).astype(float)
        x, z, yaws, *heights = (courses + np.pad(np.array(at).T, [(0, 3), (0, 0)])[:, None]).reshape(6, len(t), self.people, 2)
        return np.stack([x, z], -1), yaws, *heights


def _swings(person: int, moves: list[Step], at: list[tuple[float, float, float]]) -> Iterator[tuple[float, ...]]:
    """One row a step: which foot of all, and what `_courses` takes; the person's feet are `at` x, z and yaw before."""
    at = list(at)
    for step in moves:
        foot = 2 * person + step.foot
        x, z = step.to[0] - at[foot][0], step.to[1] - at[foot][1]
        height, forward = min(0.03 + 0.09 * math.hypot(x, z), 0.1), max(0.0, x * math.sin(step.yaw) + z * math.cos(step.yaw))
        heel, roll = (min(1.1 * forward, 0.5), 0.0) if step.roll == 0 else (0.0, step.roll * min(2 * forward, 1.0))
        yield (
            foot,
            step.start,
            step.duration,
            x,
            z,
            step.yaw - at[foot][2],
            max(step.lift * height, _CLEARANCE),
            heel,
            roll,
            min(height, 0.07),
        )
        at[foot] = (*step.to, step.yaw)


def _courses(
    t: np.ndarray, start: np.ndarray, duration: np.ndarray, x: np.ndarray, z: np.ndarray, turn: np.ndarray, *amounts: np.ndarray
) -> np.ndarray:
    """(6, T, S): x, z, yaw, lift, pitch and weight taken off by S steps; `amounts` are lift, rise of the heel, roll and weight."""
    lift, heel, roll, weight = amounts
    t = t[:, None]
    part = np.minimum(np.maximum((t - start) / duration, 0), 1)
    rest = 1 - part
    # A foot leaves the floor before it travels, and travels no more when it comes down: else it would slide.
    moved = ease(t, start + 0.09 * duration, 0.84 * duration)
    # In a turn a foot goes along an arc, lest it hit the other: a parabola as high as the arc.
    aloft, bow = (4 * part * rest) ** 1.6, np.clip(turn, -1.2, 1.2) / 2 * moved * (1 - moved)
    pitch = heel * 28.9 * part * part * rest * rest * rest
    if roll.any():
        pitch += roll * _rolling(t, start, duration)
    return np.stack([moved * x - bow * z, moved * z + bow * x, moved * turn, aloft * lift, pitch, aloft * weight])


def _rolling(t: np.ndarray, start: np.ndarray, duration: np.ndarray) -> np.ndarray:
    """Pitch of a foot that rolls, in parts of its roll: off the toes before the step, down from the heel after it."""
    off = ease(t, start - 0.3 * duration, 0.55 * duration) - ease(t, start + 0.25 * duration, 0.5 * duration)
    return off - 0.5 * (ease(t, start + 0.5 * duration, 0.4 * duration) - ease(t, start + 0.95 * duration, 0.25 * duration))
