"""The vocabulary of styles travels as data, and holds clips to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from laban.data.styles import STYLES, StyleSpace, misplaced_style, odd_style, read_styles, write_styles

pytestmark = pytest.mark.fast
SPACES = {"wave": StyleSpace(values={"hand": ("left", "right"), "starter": ("0", "1")}, unseen={"hand": "left", "starter": "1"})}
FINE = {"hand": "left", "starter": "0"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_styles(tmp_path, SPACES)
    assert read_styles(tmp_path) == SPACES
    assert read_styles(tmp_path / "none") == {}


@pytest.mark.parametrize("content", ["{", "[]", '{"wave": {"values": {}}}', '{"wave": 3}'])
def test_a_damaged_vocabulary_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / STYLES).write_text(content)
    with pytest.raises(ValueError, match=f"{STYLES} is no vocabulary"):
        read_styles(tmp_path)


@pytest.mark.parametrize(
    ("kind", "style", "said"),
    [
        ("wave", FINE, ""),
        ("bow", FINE, "bow is not in styles.json, which has wave"),
        ("", FINE, "a kind without a name"),
        ("wave", {"hand": "left"}, "has hand; wave has hand, starter"),
        ("wave", {**FINE, "hand": "middle"}, "hand is 'middle'; it can be left, right"),
        ("wave", {**FINE, "starter": "1"}, "starter is 1, the actor 0"),
        ("wave", {}, "has nothing"),
    ],
)
def test_odd_styles_are_told(kind: str, style: dict[str, str], said: str) -> None:
    assert (said in odd_style(SPACES, kind, style, source="procedural", actor=0)) is True
    assert bool(odd_style(SPACES, kind, style, source="procedural", actor=0)) == bool(said)


def test_capture_needs_no_style_whatever_its_kind() -> None:
    assert odd_style(SPACES, "wave", {}, source="capture", actor=1) == ""
    assert misplaced_style(SPACES, "wave", {}, "train") == ""
    assert odd_style({}, "bow", {"hand": "left"}, source="capture", actor=1) != "", "but one that it has must be known"


@pytest.mark.parametrize(
    ("starter", "split", "odd"), [("1", "train", True), ("1", "test_unseen", False), ("0", "test_unseen", True), ("0", "val", False)]
)
def test_the_unseen_combination_is_of_one_split(starter: str, split: str, odd: bool) -> None:
    assert bool(misplaced_style(SPACES, "wave", {"hand": "left", "starter": starter}, split)) == odd


def test_every_style_of_the_generator_is_in_its_vocabulary() -> None:
    from laban.synthesis.style import all_styles, vocabulary

    for style in all_styles():
        told = {name: str(value) for name, value in style.parameters().items()}
        actor = style.starter
        assert odd_style(vocabulary(), style.kind, told, source="procedural", actor=actor) == ""
        assert bool(misplaced_style(vocabulary(), style.kind, told, "train")) == style.unseen
