from pathlib import Path

from laban.evaluators.words import UNKNOWN, Words

TEXTS = ["One person waves, the other waves back.", "One person's hand"]


def test_numbers_are_stable_and_unknown_words_counted() -> None:
    words = Words.of(TEXTS)
    assert words.known == ("back", "hand", "one", "other", "person", "person's", "the", "waves")
    assert words.entries == 10
    assert words.encode("One person juggles") == [4, 6, UNKNOWN]
    assert words.encode("") == [UNKNOWN]
    assert words.unknown_share(["one person juggles", "waves"]) == 0.25
    assert words.unknown_share(TEXTS) == 0.0


def test_round_trip(tmp_path: Path) -> None:
    Words.of(reversed(TEXTS)).save(tmp_path)
    assert Words.load(tmp_path).encode(TEXTS[0]) == Words.of(TEXTS).encode(TEXTS[0])
