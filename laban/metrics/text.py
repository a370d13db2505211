"""The words of a text, as they are and as lemmas."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SIDES = frozenset({"left", "right"})


def words(text: str) -> list[str]:
    """Lower-cased runs of letters, digits and apostrophes; punctuation is dropped."""
    return _WORD.findall(text.lower())


def lemmatised(text: str) -> str:
    """The words' dictionary forms with blanks between, as TM2T and HumanML3D's token files have captions; sides stay sides.

    By simplemma's tables, where HumanML3D used spaCy's model: near, not equal to, its files.
    """
    from simplemma import lemmatize

    return " ".join(word if word in _SIDES else lemmatize(word, lang="en").lower() for word in words(text))
