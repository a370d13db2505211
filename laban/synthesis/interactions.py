"""Two-person interactions made from code: handshake, high five, push and bow, with style parameters that show in the geometry.

Everything is a function of a `Style` and of a `Draw` (bodies, places, timing noise), which comes from a seed and a number alone:
the same draw in another style is the same two people doing one thing differently, which is what an edit is.

Letters: `T` frames, `P` = 2 people, `H` = 2 sides (0 left, 1 right). Movement times follow the minimum-jerk profile
(Flash and Hogan 1985).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from laban.data.clip import Clip
from laban.motion.rotations import rotate, yaw
from laban.motion.skeleton import INDEX, REST_OFFSETS
from laban.synthesis.posture import Controls, solve

KINDS = ("handshake", "high_five", "push", "bow")
SPEEDS = ("slow", "normal", "fast")
ENERGIES = ("gentle", "normal", "strong")
DISTANCES = ("near", "far")
HANDS = ("left", "right")
STARTERS = (0, 1)
SOURCE = "procedural"
LICENCE = "Apache-2.0"
INTERACTION_SECONDS = 4.0
"""What the slowest interaction from afar takes; afterwards people only stand."""

PACE = {"slow": 1.3, "normal": 1.0, "fast": 0.68}
"""Factor on durations."""
AMPLITUDE = {"gentle": 0.5, "normal": 1.0, "strong": 1.7}
BOW = {"gentle": 0.36, "normal": 0.72, "strong": 1.08}
"""Radians of trunk and pelvis."""
STRIDE = 0.42
"""Metres of an ordinary step among people who approach one another."""
ARMS_APART = {"handshake": 1.58, "high_five": 1.36, "push": 1.3, "bow": 2.65}
"""Distance of the pelvises at the contact, in arm's lengths."""

UNSEEN: tuple[Mapping[str, Any], ...] = (
    {"kind": "handshake", "hand": "left", "speed": "fast", "distance": "far"},
    {"kind": "high_five", "hand": "left", "speed": "slow", "distance": "near"},
    {"kind": "push", "hand": "left", "energy": "gentle", "distance": "far"},
    {"kind": "bow", "hand": "right", "energy": "strong", "distance": "near"},
)
"""Combinations of kind and style for split `test_unseen`: a twelfth of the space; each of their parts occurs in training."""


@dataclass(frozen=True, kw_only=True, order=True)
class Style:
    """What the people do and how."""

    kind: str
    speed: str
    energy: str
    distance: str
    hand: str
    """The hand both use (handshake, high five), that pushes, or that lies on the chest in a bow."""
    starter: int
    """Who begins; the other follows with a lag."""

    @property
    def unseen(self) -> bool:
        """Whether the combination is kept out of train, val and test."""
        values = asdict(self)
        return any(all(values[name] == value for name, value in rule.items()) for rule in UNSEEN)

    def parameters(self) -> dict[str, Any]:
        """All but the kind, as a clip carries it."""
        return {name: value for name, value in asdict(self).items() if name != "kind"}

    @classmethod
    def of(cls, clip: Clip) -> Style | None:
        """The style that a clip was made with; None for capture."""
        if clip.source != SOURCE:
            return None
        return cls(**{**clip.style, "kind": clip.kind, "starter": int(clip.style["starter"])})


def all_styles() -> list[Style]:
    """The 288 combinations, in a fixed order."""
    space = itertools.product(KINDS, SPEEDS, ENERGIES, DISTANCES, HANDS, STARTERS)
    return [Style(kind=k, speed=s, energy=e, distance=d, hand=h, starter=w) for k, s, e, d, h, w in space]


def changed(style: Style, name: str, value: Any) -> Style:
    """The same style but for one parameter."""
    return replace(style, **{name: value})


@dataclass(frozen=True, kw_only=True)
class Draw:
    """All chance of a clip: who the people are, where they are and how exactly they move."""

    offsets: np.ndarray
    """(P, 22, 3) metres."""
    world_yaw: float
    world_place: np.ndarray
    """(3,) metres."""
    noise: np.ndarray
    """(P, 32) uniform in -1..1; see `_N` for which is which."""


_N = {
    name: number
    for number, name in enumerate(
        ("onset", "lag", "pace", "gap", "apart", "yaw", "beside", "stagger", "toes", "foot", "hold", "height", "amount")
    )
}
_PHASES = slice(16, 32)


def draw(seed: int, number: int) -> Draw:
    """The chance of clip `number` of a seed; always the same, in any order and process."""
    rng = np.random.default_rng([seed, number])
    noise = rng.uniform(-1, 1, (2, 32))
    scale = 1 + rng.uniform(-0.08, 0.08, (2, 1, 1))
    offsets = np.broadcast_to(REST_OFFSETS, (2, *REST_OFFSETS.shape)) * scale
    legs, arms, breadth = rng.uniform(0.96, 1.04, (3, 2, 1, 1))
    leg = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "ankle")]
    arm = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist")]
    shoulder = [INDEX[f"{side}_{part}"] for side in ("left", "right") for part in ("hip", "collar", "shoulder")]
    offsets[:, leg] *= legs
    offsets[:, arm] *= arms
    offsets[:, shoulder] *= np.concatenate([breadth, np.ones((2, 1, 2))], axis=-1)
    place = np.array([*rng.uniform(-1.5, 1.5, 2), 0.0])[[0, 2, 1]]
    return Draw(offsets=offsets.astype(np.float32), world_yaw=rng.uniform(-np.pi, np.pi), world_place=place, noise=noise)


def ease(t: np.ndarray, start: float, duration: float) -> np.ndarray:
    """Minimum-jerk course from 0 to 1."""
    x = np.clip((t - start) / duration, 0, 1)
    return x**3 * (10 + x * (6 * x - 15))


def bump(t: np.ndarray, start: float, rise: float, hold: float, fall: float) -> np.ndarray:
    """Up to 1, a while there, and back to 0."""
    return ease(t, start, rise) - ease(t, start + rise + hold, fall)


@dataclass(frozen=True)
class Step:
    """A foot's way through the air: which foot, seconds, metres forward of the start."""

    foot: int
    start: float
    duration: float
    to: float


def steps(way: float, start: float, duration: float, foot: int, begin: float = 0.0) -> list[Step]:
    """Alternating steps over `way` metres from `begin`, and a last one that brings the feet together."""
    count = max(1, round(abs(way) / STRIDE))
    goals = [begin + way * (number + 1) / count for number in range(count)] + [begin + way]
    return [Step((foot + number) % 2, start + number * duration, duration, goal) for number, goal in enumerate(goals)]


class Choreography:
    """One clip in the making: times, people and their controls, each person in the own frame."""

    def __init__(self, style: Style, chance: Draw, frames: int, fps: float) -> None:
        self.style, self.chance = style, chance
        self.t = np.arange(frames) / fps
        self.fps = fps
        self.first, self.second = style.starter, 1 - style.starter
        self.hand = HANDS.index(style.hand)
        self.side = 1 - 2 * self.hand
        self.pace = PACE[style.speed] * (1 + 0.04 * self.noise("pace", self.first))
        self.amplitude = AMPLITUDE[style.energy] * (1 + 0.08 * self.noise("amount", self.first))
        self.onset = (0.28 + 0.1 * self.noise("onset", self.first)) * self.pace**0.5
        self.lag = (0.32 + 0.06 * self.noise("lag", self.second)) * self.pace
        self.controls = Controls.zeros(frames)
        self.moves: list[list[Step]] = [[], []]
        self.arms = np.linalg.norm(chance.offsets[:, [INDEX["left_elbow"], INDEX["left_wrist"]]], axis=-1).sum(-1)
        self.approach()

    def noise(self, name: str, person: int) -> float:
        """A number of -1..1 that belongs to this clip and person."""
        return float(self.chance.noise[person, _N[name]])

    def shoulder_height(self, person: int) -> float:
        """Metres over the floor in a standing person, about."""
        chain = ("left_knee", "left_ankle", "left_hip")
        legs = -sum(self.chance.offsets[person, INDEX[name], 1] for name in chain)
        spine = ("spine1", "spine2", "spine3", "left_collar", "left_shoulder")
        return float(legs + 0.06 + sum(self.chance.offsets[person, INDEX[name], 1] for name in spine))

    def shoulders(self) -> float:
        """Mean height of both people's shoulders, metres."""
        return (self.shoulder_height(0) + self.shoulder_height(1)) / 2

    def approach(self) -> None:
        """Who walks how far, and when both have arrived. Near: the starter steps in. Far: both walk; to a push the pusher alone."""
        style = self.style
        apart = ARMS_APART[style.kind] * self.arms.mean() * (1 + 0.02 * self.noise("apart", 0))
        if style.distance == "near":
            ways = {self.first: 0.26 + 0.07 * self.noise("gap", self.first)}
        elif style.kind == "push":
            ways = {self.first: 1.1 + 0.15 * self.noise("gap", self.first)}
        else:
            ways = {person: 0.68 + 0.1 * self.noise("gap", person) for person in (0, 1)}
        step_s = (0.42 if style.distance == "far" else 0.38) * self.pace**0.85
        self.arrived = [0.0, 0.0]
        for person, way in ways.items():
            start = self.onset + (self.lag if person == self.second else 0.0)
            self.moves[person] = steps(way, start, step_s, int(self.noise("foot", person) > 0))
            self.arrived[person] = self.moves[person][-1].start + step_s
        self.start_gap = apart + sum(ways.values())
        self.place = np.array([ways.get(0, 0.0), ways.get(1, 0.0)])
        self.apart = apart

    def perform(self) -> None:
        """Fill the controls."""
        {"handshake": self.handshake, "high_five": self.high_five, "push": self.push, "bow": self.bow}[self.style.kind]()
        for person in (0, 1):
            self.stand(person)

    def stand(self, person: int) -> None:
        """Feet, pelvis, hanging arms that swing with the steps, and the small movements of whoever stands."""
        c, t, body = self.controls, self.t, self.chance.offsets[person]
        forward, lift, heel = feet_paths(t, self.moves[person])
        stagger = 0.03 * self.noise("stagger", person) * np.array([1, -1])
        width = body[INDEX["left_hip"], 0] + body[INDEX["left_knee"], 0]
        c.feet[:, person, :, 0] = width * np.array([1, -1])
        c.feet[:, person, :, 1] = forward + stagger
        c.lift[:, person], c.foot_pitch[:, person] = lift, heel
        c.foot_yaw[:, person] = (0.14 + 0.06 * self.noise("toes", person)) * np.array([1, -1])
        window = int(round(0.24 * self.pace * self.fps)) | 1
        middle = uniform_filter1d(uniform_filter1d(forward.mean(-1), window, mode="nearest"), window, mode="nearest")
        waves = idle_waves(t, self.chance.noise[person, _PHASES])
        weight = uniform_filter1d(lift[:, 1] - lift[:, 0], window, mode="nearest")
        c.pelvis[:, person, 0] += 0.006 * waves[0] + 0.35 * weight
        c.pelvis[:, person, 1] += middle + 0.005 * waves[1] - 0.14 * np.sin(np.maximum(c.lean[:, person], 0))
        c.lean[:, person] += 0.03 + 0.012 * waves[2] + 0.1 * np.gradient(middle, t)
        c.tilt[:, person] += 0.25 * weight
        swing = 0.22 * (forward - middle[:, None])[:, ::-1]
        c.turn[:, person] += 0.25 * (forward[:, 1] - forward[:, 0])
        c.twist[:, person] += 0.02 * waves[3] - 0.4 * (forward[:, 1] - forward[:, 0])
        c.head[:, person, 1] += 0.05 * waves[4]
        c.head[:, person, 0] += 0.02 * waves[5] - 0.5 * np.clip(c.lean[:, person], -0.4, 0.25)
        free = 1 - np.minimum(1, c.raised[:, person])
        hang = np.array([0.05, -0.955 * self.arms[person], 0.045])
        for hand in (0, 1):
            side = 1 - 2 * hand
            rest = hang * [side, 1, 1] + np.stack([0.008 * side * waves[6], 0 * t, swing[:, hand] + 0.01 * waves[7 - hand]], -1)
            c.hands[:, person, hand] += free[:, hand, None] * rest

    def hold_hand(self, person: int, hand: int, where: list[float], weight: np.ndarray) -> None:
        """Bring a hand to a place `where` (metres from its shoulder: outward, up, forward) as `weight` goes from 0 to 1."""
        self.controls.raised[:, person, hand] = weight
        self.controls.hands[:, person, hand] += weight[:, None] * np.array([(1 - 2 * hand) * where[0], where[1], where[2]])
        # A straight way up would pass through the shoulder.
        self.controls.hands[:, person, hand, 2] += 0.16 * 4 * weight * (1 - weight)

    def meet_at(self, height: float) -> None:
        """Set the point of contact: between the two people, `height` metres up."""
        self.controls.contact[..., 1] = height
        self.controls.contact[..., 2] = (self.place[0] + self.start_gap - self.place[1]) / 2

    def handshake(self) -> None:
        """The starter offers a hand, the other takes it, they shake, and both let go."""
        t, pace = self.t, self.pace
        offered = max(self.arrived) - 0.42 * pace if self.style.distance == "far" else self.onset + 0.3 * pace
        taken = offered + 0.3 * pace + self.lag * 0.5
        contact = taken + 0.6 * pace
        release = min(contact + 0.6 + 0.4 * pace + 0.1 * self.noise("hold", 0), self.t[-1] - 0.1)
        self.meet_at(0.71 * self.shoulders() + 0.03 * self.noise("height", 0))
        shaking = bump(t, contact - 0.05, 0.2, max(release - contact - 0.3, 0.1), 0.2)
        pumps = np.sin(2 * np.pi * 2.3 / pace**0.8 * (t - contact)) * 0.042 * self.amplitude
        self.controls.contact[..., 1] += (shaking * pumps)[:, None]
        for person, start in ((self.first, offered), (self.second, taken)):
            reach = ease(t, start, contact - start if person == self.second else 0.62 * pace) - ease(t, release, 0.55 * pace)
            self.reach_out(person, reach)
            self.controls.lean[:, person] += 0.05 * reach + 0.02 * self.amplitude * shaking
            self.controls.head[:, person, 0] += 0.08 * self.amplitude * bump(t, contact, 0.25, 0.1, 0.35)

    def reach_out(self, person: int, reach: np.ndarray) -> None:
        """Send the hand to the point of contact, and its shoulder along."""
        self.controls.reach[:, person, self.hand] = reach
        self.controls.raised[:, person, self.hand] = np.maximum(self.controls.raised[:, person, self.hand], reach)
        self.controls.twist[:, person] -= 0.22 * self.side * reach

    def high_five(self) -> None:
        """Both raise a hand, strike palm to palm overhead or, gently, at the height of the shoulder, and lower it."""
        t, pace, power = self.t, self.pace, self.amplitude
        raised = max(self.arrived) - 0.4 * pace if self.style.distance == "far" else self.onset + 0.28 * pace
        answered = raised + 0.2 * pace + 0.6 * self.lag
        strike = 0.29 * pace
        contact = answered + 0.5 * pace + strike
        height = self.shoulders() + 0.02 + 0.19 * min(power, 1.9)
        self.meet_at(height)
        for person, start in ((self.first, raised), (self.second, answered)):
            up = ease(t, start, 0.5 * pace) - ease(t, contact + 0.2 * pace, 0.7 * pace)
            self.hold_hand(person, self.hand, [0.14, 0.06 + 0.1 * power, 0.2 - 0.09 * power], up)
            hit = bump(t, contact - strike, strike, 0.1, 0.38 * pace)
            self.reach_out(person, hit)
            back = bump(t, start, 0.45 * pace, max(contact - strike - start - 0.45 * pace, 0.01), strike)
            self.controls.twist[:, person] += 0.1 * power * self.side * back
            self.controls.lean[:, person] += 0.07 * hit - 0.04 * power * back

    def push(self) -> None:
        """The starter pushes the other's chest with one hand; the other gives way, and steps back as far as the push was strong."""
        t, pace, power = self.t, self.pace, self.amplitude
        drawn = self.arrived[self.first] - 0.4 * pace if self.style.distance == "far" else self.onset + 0.25 * pace
        strike = 0.3 * pace
        contact = drawn + 0.5 * pace + strike
        ready = ease(t, drawn, 0.48 * pace) - ease(t, contact + 0.3 * pace, 0.65 * pace)
        self.hold_hand(self.first, self.hand, [0.03, -0.16, 0.2 - 0.04 * power], ready)
        hit = bump(t, contact - strike, strike, 0.1 + 0.06 * power, 0.4 * pace)
        self.reach_out(self.first, hit)
        self.controls.lean[:, self.first] += 0.04 + 0.09 * power * hit - 0.04 * power * bump(t, drawn, 0.4 * pace, 0.05, strike)
        self.give_way(contact, power)

    def give_way(self, contact: float, power: float) -> None:
        """The pushed one: trunk back, arms up for balance, one or two steps back."""
        t, person = self.t, self.second
        quick = 0.7 + 0.3 * self.pace
        struck = bump(t, contact, 0.2 * quick, 0.04, 0.7 * quick)
        self.controls.lean[:, person] -= 0.13 * power * struck
        self.controls.twist[:, person] += 0.16 * power * -self.side * struck
        self.controls.head[:, person, 0] += 0.12 * power * struck
        for hand in (0, 1):
            self.controls.hands[:, person, hand] += 0.1 * power * struck[:, None] * np.array([0.7 * (1 - 2 * hand), 1.0, 1.6])
        way = {"gentle": 0.1, "normal": 0.32, "strong": 0.62}[self.style.energy] * (1 + 0.12 * self.noise("gap", person))
        self.moves[person] = steps(-way, contact + 0.06, 0.3 * quick, int(self.noise("foot", person) > 0))

    def bow(self) -> None:
        """The starter bows with a hand on the chest, the other answers in the same way."""
        t, pace = self.t, self.pace
        begin = max(self.arrived) - (0.15 if self.style.distance == "far" else 0.25) * pace
        angle = BOW[self.style.energy]
        for person, start in ((self.first, begin), (self.second, begin + 0.12 * pace + 0.9 * self.lag)):
            hold = 0.22 * pace * (1 + 0.4 * self.noise("hold", person))
            down = bump(t, start, 0.68 * pace, hold, 0.72 * pace)
            self.controls.lean[:, person] += angle * (1 + 0.06 * self.noise("amount", person)) * down
            self.controls.head[:, person, 0] += 0.28 * down * AMPLITUDE[self.style.energy] ** 0.5
            laid = bump(t, start - 0.12 * pace, 0.55 * pace, hold + 0.5 * pace, 0.6 * pace)
            self.hold_hand(person, self.hand, [-0.17, -0.2, 0.17], laid)


def feet_paths(t: np.ndarray, moves: list[Step]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Metres forward, metres of lift and radians of pitch, each (T, H), of two feet that rest exactly between their steps."""
    forward, lift, heel = np.zeros((3, len(t), 2))
    at = [0.0, 0.0]
    for move in moves:
        way = move.to - at[move.foot]
        x = np.clip((t - move.start) / move.duration, 0, 1)
        forward[:, move.foot] += way * ease(t, move.start, move.duration)
        height = min(0.03 + 0.09 * abs(way), 0.1)
        lift[:, move.foot] += height * 16 * (x * (1 - x)) ** 2
        heel[:, move.foot] += np.sign(way) * min(1.1 * abs(way), 0.5) * 28.9 * x**2 * (1 - x) ** 3
        at[move.foot] = move.to
    return forward, lift, np.maximum(heel, 0)


def idle_waves(t: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """(8, T) slow waves of about unit size: nobody stands still."""
    pair = phases.reshape(8, 2)
    rate = 0.32 + 0.12 * pair[:, :1]
    return np.sin(2 * np.pi * rate * t + np.pi * pair[:, 1:]) * 0.7 + np.sin(2 * np.pi * 2.1 * rate * t + 3 * pair[:, :1]) * 0.3


@dataclass(frozen=True, kw_only=True)
class Order:
    """A clip to be made."""

    id: str
    style: Style
    seed: int
    number: int
    """Number of the draw of this seed."""
    split: str

    @property
    def group(self) -> str:
        """Clips of the same draw belong together."""
        return f"draw-{self.seed}-{self.number}"


def make_clips(orders: Iterable[Order], *, clip_seconds: float, fps: float, batch: int = 8) -> Iterator[Clip]:
    """Yield the clips, in order, without captions; deterministic, whatever the batch."""
    frames = round(clip_seconds * fps)
    pending = iter(orders)
    while chunk := tuple(itertools.islice(pending, batch)):
        yield from _make_batch(chunk, frames, fps)


def _make_batch(orders: tuple[Order, ...], frames: int, fps: float) -> Iterator[Clip]:
    parts = [Choreography(order.style, draw(order.seed, order.number), frames, fps) for order in orders]
    for part in parts:
        part.perform()
    offsets = np.stack([part.chance.offsets for part in parts])
    heading = np.stack([[0.05 * part.noise("yaw", 0), np.pi + 0.05 * part.noise("yaw", 1)] for part in parts])
    origin = np.stack([[[0.02 * part.noise("beside", 0), 0, 0], [0, 0, part.start_gap]] for part in parts])
    pushes = np.array([part.style.kind == "push" for part in parts])
    controls = _in_world(Controls.stack([part.controls for part in parts]), parts)
    turn = np.array([part.chance.world_yaw for part in parts])
    place = np.stack([part.chance.world_place for part in parts])
    origin = rotate(yaw(turn)[:, None], origin) + place[:, None]
    rotations, root, positions = solve(controls, offsets, heading + turn[:, None], origin, pushes)
    for number, order in enumerate(orders):
        yield Clip(
            id=order.id, positions=positions[number], captions=(), split=order.split, source=SOURCE, licence=LICENCE, fps=fps,
            root=root[number], offsets=offsets[number], rotations=rotations[number], actor=order.style.starter,
            kind=order.style.kind, style=order.style.parameters(), group=order.group,
        )  # fmt: skip


def _in_world(controls: Controls, parts: list[Choreography]) -> Controls:
    """Turn and move the points of contact from the pair's frame to the world's."""
    turn = yaw(np.array([part.chance.world_yaw for part in parts]))[:, None, None]
    place = np.stack([part.chance.world_place for part in parts])[:, None, None]
    controls.contact = rotate(turn, controls.contact) + place
    return controls
