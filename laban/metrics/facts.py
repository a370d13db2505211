"""Does an answer say what is known to be true: claims of a conversation's facts against the words of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from laban.metrics.caption_words import claims

STARTER = "starter"
_PLACES = {"first": "0", "second": "1", "third": "2"}
_SOME = r"(ordinary|normal|moderate|medium)"
_MANNER = {
    "gentleness": {"gentle": r"gentle|soft|light", "normal": rf"{_SOME} force", "forceful": r"forceful|vigorous|firm"},
    "energy": {"low": r"low in energy|weak|feeble", "normal": rf"{_SOME} energy", "high": r"high in energy|energetic|powerful"},
}
"""Adjectives: captions say how something is done, answers how it is."""
_PERSON = re.compile(rf"\b({'|'.join(_PLACES)}) person\b")


def said(answer: str) -> dict[str, str]:
    """Parameter -> value, of what an answer says: as a caption does, by adjectives, and who begins: the person that it names first."""
    text = answer.lower()
    named = _PERSON.search(text)
    adjectives = {name: _only(text, values) for name, values in _MANNER.items()}
    found = {name: value for name, value in adjectives.items() if value}
    return found | dict(claims(answer).said) | ({STARTER: _PLACES[named[1]]} if named else {})


def _only(text: str, values: Mapping[str, str]) -> str:
    """The value whose words are in a text; empty where none are, or those of two."""
    found = [value for value, words in values.items() if re.search(rf"\b({words})\b", text)]
    return found[0] if len(found) == 1 else ""


def facts_right(answers: Sequence[str], facts: Sequence[Mapping[str, str | int]]) -> dict[str, float]:
    """Of the claims that answers must live up to: share said right (`right`) and said otherwise (`wrong`); the rest is not said.

    Raises `ValueError` where there is no claim or not a list of claims for each answer.
    """
    if len(answers) != len(facts) or not any(facts):
        raise ValueError(
            f"{len(answers)} answers and {len(facts)} sets of claims, {sum(map(len, facts))} in all: one claim at least is needed"
        )
    verdicts = []
    for answer, claimed in zip(answers, facts, strict=True):
        found = said(answer)
        verdicts += [None if name not in found else found[name] == str(value) for name, value in claimed.items()]
    return {"right": sum(one is True for one in verdicts) / len(verdicts), "wrong": sum(one is False for one in verdicts) / len(verdicts)}
