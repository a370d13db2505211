import numpy as np
import pytest

from laban.formats.describe import describe, observe
from laban.motion.features import rotate_yaw
from laban.motion.rotations import pitch
from laban.motion.skeleton import INDEX, PARENTS, REST_OFFSETS

FPS = 30.0
SECONDS = np.arange(120) / FPS
STANDING = np.zeros((22, 3))
for joint in range(1, 22):
    STANDING[joint] = STANDING[PARENTS[joint]] + REST_OFFSETS[joint]
STANDING[:, 1] += 0.94


def person(x: np.ndarray | float, z: np.ndarray | float, yaw: np.ndarray | float) -> np.ndarray:
    """(T, 22, 3): somebody in T-pose at (x, z), facing `yaw`; each may vary with time."""
    x, z, yaw = (np.broadcast_to(value, SECONDS.shape) for value in (x, z, yaw))
    turned = rotate_yaw(np.broadcast_to(STANDING, (len(SECONDS), 22, 3)), yaw[:, None])
    return turned + np.stack([x, np.zeros_like(x), z], axis=-1)[:, None]


def pair(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.stack([first, second], axis=1)


def test_approaching_and_parting() -> None:
    together = pair(person(0, 0.25 * SECONDS, 0), person(0, 4 - 0.25 * SECONDS, np.pi))
    first, second, third = describe(together, FPS)
    assert first == "Two people move towards each other slowly, facing each other."
    assert second == "One person walks up to the other, while the other person walks up to the other."
    assert "the distance between them shrinks" in third
    apart = describe(together[::-1], FPS)
    assert apart[0].startswith("Two people move apart")
    assert apart[1] == "One person moves backwards, while the other person moves backwards."


def test_standing_keeps_its_distance() -> None:
    for gap, words in ((0.6, "close together"), (1.2, "at arm's length"), (3.0, "well apart")):
        captions = describe(pair(person(0, 0, 0), person(0, gap, np.pi)), FPS, "a chat")
        assert captions[0] == "Two people stay where they are almost without moving, facing each other (a chat)."
        assert captions[1] == "One person stands still, while the other person stands still."
        assert captions[2].endswith(f"and they stay {words}.")


@pytest.mark.parametrize(("sign", "way"), [(1, "counterclockwise"), (-1, "clockwise")])
def test_circling(sign: int, way: str) -> None:
    angle = sign * 2 * np.pi * SECONDS / 5  # 4/5 of a circle
    circle = pair(person(np.sin(angle), np.cos(angle), angle + np.pi), person(-np.sin(angle), -np.cos(angle), angle))
    seen = observe(circle, FPS)
    assert seen.orbit == pytest.approx(sign * 2 * np.pi * 119 / 150, abs=1e-3)
    captions = describe(circle, FPS)
    assert captions[0].startswith(f"Two people move in part of a circle {way} around each other")
    assert f"turns to the {'left' if sign > 0 else 'right'}" in captions[1]


def test_who_turns_more() -> None:
    spun = pair(person(0, 0, -2 * np.pi * SECONDS / 4), person(0, 2, np.pi))
    assert describe(spun, FPS)[1] == "One person spins to the right, while the other person stands still."
    assert describe(spun, FPS)[2].startswith("One person turns more than the other person")
    assert describe(spun[:, ::-1], FPS)[2].startswith("One person turns less than the other person")


def reach(clip: np.ndarray, who: int, side: str, target: np.ndarray, frames: slice) -> None:
    """Put a wrist, and an elbow behind it, where the palm comes to `target`."""
    shoulder = clip[frames, who, INDEX[f"{side}_shoulder"]]
    direction = (target - shoulder) / np.linalg.norm(target - shoulder, axis=-1, keepdims=True)
    clip[frames, who, INDEX[f"{side}_wrist"]] = target - 0.08 * direction
    clip[frames, who, INDEX[f"{side}_elbow"]] = target - 0.33 * direction


@pytest.mark.parametrize(
    ("hands", "seconds", "words"),
    [
        ([("right", "right")], 2, "holding their right hands"),
        ([("left", "left")], 0.6, "briefly joining their left hands"),
        ([("left", "right")], 2, "the left hand of one holding the right hand of the other"),
        ([("left", "right"), ("right", "left")], 2, "holding both hands"),
        ([("right", "right"), ("left", "left")], 2, "holding both hands with crossed arms"),
        ([("right", "right")], 0.2, ""),
    ],
)
def test_joined_hands_and_which(hands: list[tuple[str, str]], seconds: float, words: str) -> None:
    clip = pair(person(0, 0, 0), person(0, 1.0, np.pi))
    for number, (own, other) in enumerate(hands):
        frames = slice(30, 30 + round(seconds * FPS))
        target = np.array([0.4 - 0.8 * number, 1.2, 0.5])
        reach(clip, 0, own, target, frames)
        reach(clip, 1, other, target, frames)
    text = describe(clip, FPS)[0]
    assert f", {words}, facing" in text if words else "hand" not in text


def test_bowing_and_side_by_side() -> None:
    clip = pair(person(-0.5, 0, 0), person(0.5, 0, 0))
    assert describe(clip, FPS)[0].endswith("side by side.")
    upper = [
        number
        for number in range(22)
        if number not in {INDEX[f"{s}_{j}"] for s in ("left", "right") for j in ("hip", "knee", "ankle", "foot")}
    ]
    lean = np.radians(60) * np.sin(np.pi * SECONDS / 4)
    pelvis = clip[:, 0, :1]
    clip[:, 0, upper] = pelvis + np.einsum("tij,tkj->tki", pitch(lean), clip[:, 0, upper] - pelvis)
    seen = observe(clip, FPS)
    assert [one.bowed for one in seen.people] == [True, False]
    captions = describe(clip, FPS)
    assert captions[0].startswith("Two people stand together and one of them bows")
    assert captions[1].startswith("One person bows, while")
    assert describe(clip[:60], FPS)[0].find("bows") == -1, "somebody who stays bent has not bowed"


def test_one_frame_is_described_too() -> None:
    assert len(describe(pair(person(0, 0, 0), person(0, 1, np.pi))[:1], FPS)) == 3


def test_one_person_is_described_alone_and_three_are_not() -> None:
    turning = person(0, 0, np.pi / 2 * SECONDS / 4)[:, None]
    assert describe(turning, FPS) == ("A person turns to the left.",)
    assert describe(person(0, 0.5 * SECONDS, 0)[:, None], FPS, "walk") == ("A person moves forwards (walk).",)
    with pytest.raises(ValueError, match="3 people: rules describe one or two; write captions"):
        describe(np.repeat(turning, 3, axis=1), FPS)
