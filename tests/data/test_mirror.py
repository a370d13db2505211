import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from laban.data.clip import Caption, Clip
from laban.data.mirror import SUFFIX, mirror_text, mirrored
from laban.motion.kinematics import fk
from laban.motion.skeleton import INDEX
from tests.motion.random_motion import record, seeds

pytestmark = pytest.mark.fast

SIDES = [
    ("He raises his left hand.", "He raises his right hand."),
    ("Turns Right, then LEFT.", "Turns Left, then RIGHT."),
    ("left-handed, right-footed, leftward, rightwards, leftmost", "right-handed, left-footed, rightward, leftwards, rightmost"),
    ("lefthanded left_hand left/right", "righthanded right_hand right/left"),
    ("two lefts and a right", "two rights and a left"),
    ("walks clockwise", "walks counterclockwise"),
    ("Counterclockwise, then clockwise", "Clockwise, then counterclockwise"),
    ("COUNTERCLOCKWISE", "CLOCKWISE"),
    ("in a counter-clockwise circle", "in a clockwise circle"),
    ("goes anti-clockwise or anticlockwise", "goes clockwise or clockwise"),
    ("turns right after two steps", "turns left after two steps"),
    ("moves to the right, right after that", "moves to the left, right after that"),
    ("moves from left to right in front of her", "moves from right to left in front of her"),
    ("leans left away from him", "leans right away from him"),
    ("on his left the other stands", "on his right the other stands"),
    ("raises his right up to his chin", "raises his left up to his chin"),
    ("sways left and right before stopping", "sways right and left before stopping"),
    ("the other's right", "the other's left"),
    ("has left hand raised", "has right hand raised"),
    ("upper right, bottom-left", "upper left, bottom-right"),
]
NO_SIDES = [
    "eats leftovers of the bright, upright copyright",
    "rightly outright, alright, the righteous birthright",
    "he punches right after her, right before the end",
    "comes right away. All right!",
    "steps right up to him and stands right behind",
    "bends the knee at a right angle, at right angles",
    "one person left the room, the other is left standing, left behind and left alone",
    "the person has left.",
    "right now",
]


@pytest.mark.parametrize(("text", "other"), SIDES)
def test_sides_are_exchanged(text, other):
    assert mirror_text(text) == other


@pytest.mark.parametrize("text", NO_SIDES)
def test_words_that_only_look_like_sides_stay(text):
    assert mirror_text(text) == text


def one_spelling(text: str) -> str:
    """`clockwise` and `counterclockwise` in one spelling, and no MiXed case."""

    def spelt(found: re.Match[str]) -> str:
        word = re.sub("anti", "counter", re.sub("[- ]", "", found[0].lower()))
        return word.upper() if found[0].isupper() else word.capitalize() if found[0][0].isupper() else word

    text = re.sub(r"(?<![a-z])(?:(?:counter|anti)[- ]?)?clock-?wise(?![a-z])", spelt, text, flags=re.I)
    return re.sub(r"(?<![a-z])(?:left|right)(?=[a-z]*)", spelt, text, flags=re.I)


PIECES = st.sampled_from(
    (
        "left", "right", "Left", "RIGHT", "left-handed", "rightward", "leftover", "upright", "bright", "all", "the", "his", "to", "has",
        "turns", "steps", "looks", "moves", "away", "after", "up", "from", "of", "hand", "foot", "in", "front", "behind", "room", "angle",
        "clockwise", "counterclockwise", "Counterclockwise", "CLOCKWISE", "and", "or", "then", "now", ",", ".", "'", "'s", "-", "/", "_",
    )
)  # fmt: skip
texts = st.lists(st.tuples(PIECES, st.sampled_from([" ", " ", " ", "", ", ", "-"])), max_size=9).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


@settings(max_examples=300, deadline=None)
@given(texts)
@example("turns left away")
@example("has left right after")
def test_mirrored_twice_a_text_is_itself(text):
    assert mirror_text(mirror_text(text)) == text


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(PIECES, st.sampled_from(["counter-clockwise", "anti clockwise", "Anticlockwise", "clock-wise", "counter clockwise"]))
    )
)
def test_mirrored_twice_only_spelling_has_changed(words):
    text = " ".join(words)
    assert mirror_text(mirror_text(text)) == one_spelling(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_other_text_is_left_alone(text):
    if not re.search("left|right|clock", text, re.I):
        assert mirror_text(text) == text


def clip_of(seed: int, people: int = 2) -> Clip:
    positions, rotations, offsets, root = (part.astype(np.float32) for part in record(seed, people=people))
    return Clip(
        id="a",
        positions=positions,
        rotations=rotations,
        offsets=offsets,
        root=root,
        captions=(Caption(text="waves the left hand", start_s=0, end_s=0.4, source="human"),),
        split="train",
        source="test",
        licence="",
        style={"hand": "left", "repetitions": 2},
        actor=1,
    )


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_a_mirrored_clip_is_a_reflection_and_its_parts_agree(seed):
    clip = clip_of(seed)
    other = mirrored(clip)
    np.testing.assert_array_equal(other.positions[:, :, INDEX["left_wrist"]], clip.positions[:, :, INDEX["right_wrist"]] * [-1, 1, 1])
    np.testing.assert_array_equal(other.positions[:, :, INDEX["neck"]], clip.positions[:, :, INDEX["neck"]] * [-1, 1, 1])
    np.testing.assert_allclose(fk(other.rotations, other.offsets, other.root), other.positions, atol=1e-4)
    assert {array.dtype for array in (other.positions, other.rotations, other.offsets, other.root)} == {np.dtype(np.float32)}
    assert other.captions[0].text == "waves the right hand"
    assert dict(other.style) == {"hand": "right", "repetitions": 2}
    assert (other.id, other.group, other.actor) == ("a" + SUFFIX, "a", 1)


def test_mirrored_twice_a_clip_is_itself():
    clip = clip_of(3)
    again = mirrored(mirrored(clip))
    for name in ("positions", "rotations", "offsets", "root"):
        np.testing.assert_array_equal(getattr(again, name), getattr(clip, name))
    assert (again.id, again.captions, dict(again.style)) == (clip.id, clip.captions, dict(clip.style))


def test_a_clip_without_rotations_has_none_in_the_mirror():
    clip = Clip(id="b", positions=clip_of(1).positions, captions=(), split="", source="", licence="", group="take")
    other = mirrored(clip)
    assert other.rotations is None
    assert other.root is None
    assert other.group == "take"
