from laban.metrics.text import lemmatised, words


def test_words() -> None:
    assert words("The person's LEFT hand, 3 times — naïvely.") == ["the", "person's", "left", "hand", "3", "times", "naïvely"]


def test_lemmas_leave_sides_alone() -> None:
    assert lemmatised("The person waves both hands, then LEFT feet.") == "the person wave both hand then left foot"
    assert lemmatised("...") == ""
