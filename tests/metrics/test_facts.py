import pytest

from laban.metrics.facts import facts_right, said


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The second person starts.", {"starter": "1"}),
        ("Then the first person would push, and the second one would yield.", {"starter": "0", "kind": "push"}),
        ("With the left hand.", {"hand": "left"}),
        ("It is done three times.", {"repetitions": "3"}),
        ("No, it is fast.", {"speed": "fast"}),
        ("The movement is forceful.", {"gentleness": "forceful"}),
        ("It is of ordinary force.", {"gentleness": "normal"}),
        ("The motion is low in energy.", {"energy": "low"}),
        ("It was gentle, now it is forceful.", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_answers_say(answer: str, expected: dict[str, str]) -> None:
    assert said(answer) == expected


def test_right_wrong_and_unsaid() -> None:
    facts = [{"starter": 1, "speed": "fast"}, {"hand": "left"}]
    assert facts_right(["The second person starts slowly.", "Who knows."], facts) == pytest.approx({"right": 1 / 3, "wrong": 1 / 3})
    assert facts_right(["The second person starts, quickly.", "The left hand."], facts) == {"right": 1.0, "wrong": 0.0}


def test_refusals() -> None:
    with pytest.raises(ValueError, match="one claim at least"):
        facts_right(["x"], [{}])
    with pytest.raises(ValueError, match="1 answers and 2"):
        facts_right(["x"], [{"hand": "left"}, {"hand": "left"}])
