"""What is wrong with a text that a model shall learn: remains of templates, of files and of other writers, each with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

FEWEST_WORDS, MOST_WORDS = 2, 60
"""Of a caption: "a person walks" is the shortest of the field's; CLIP's text encoder reads 77 tokens, which are some 60 words."""

_TAGS = "NOUN|VERB|DET|ADJ|ADP|ADV|PRON|AUX|PROPN|NUM|PART|CCONJ|SCONJ|PUNCT"
FAULTS: Mapping[str, tuple[re.Pattern[str], str]] = {
    name: (re.compile(pattern, flags), why)
    for name, pattern, flags, why in (
        ("no letter", r"\A[\W\d_]*\Z", 0, "a text without a letter says nothing"),
        ("token of the vocabulary", r"</?motion\b[^>]*>|<m\d+_\d+>|<motion_id_\d+>|<\|\w+\|>", re.I, "it would be read as motion"),
        ("placeholder", r"[<\[{]/?\s*(caption|motion|text|description|clip|action)\w*\s*\d*\s*[>\]}]|%s|\$\{|\{\w*\}", re.I,
         "a writer left its template unfilled"),
        ("bracket", r"\[[^\]]*\]|\]|\[", 0, "Inter-MT² writes motion as [caption]: the motion was never put in"),
        ("markup", r"<[a-z/!][^>]*>?|&(amp|lt|gt|nbsp|quot|#\d+);", re.I, "remains of a web page"),
        ("swap artefact", r"counter(counter)+clockwise|\btmp\b|_tmp_", re.I, "left and right were exchanged by replacing words in turn"),
        ("part-of-speech tags", rf"\w/({_TAGS})\b|#\d+\.\d+#|#", 0, "the tagged field of the file was taken for the caption"),
        ("nothing in words", r"\A\W*(nan|none|null|n/?a|todo|tbd|xxx+|lorem ipsum.*|untitled|string|empty|test)\W*\Z", re.I,
         "a missing value was written as a word"),
        ("broken encoding", r"\ufffd|Ã[\u0080-\u00bf]|â€|ï¿½|Â[\u00a0-\u00bf]", 0, "UTF-8 was read as something else"),
        ("control character", r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]", 0,
         "an invisible character is a token of its own"),
        ("word three times", r"\b(\w+)(\W+\1\b){2,}", re.I, "a writer was caught in a loop"),
        ("address", r"https?://|www\.|\b[\w.]+@[\w.]+\.\w+|(?<!\w)/(home|mnt|data|usr|root)/", re.I, "a place is no description of motion"),
        ("assistant's excuse", r"\bas an? (ai|artificial|language model)|\bi(’|'| a)?m sorry, (but )?i can", re.I,
         "a language model refused to write the text"),
        ("blank at an end", r"\A\s+\S|\S\s+\Z", 0, "one text in two spellings"),
    )
}  # fmt: skip
"""Name -> what it looks like and why no model may learn it; the first that is found is told."""
SCRIPTS = "two scripts"
LENGTH = "length"
NO_TEXT = "no text"


def fault(text: Any, *, caption: bool = True) -> str:
    """What is wrong with a text, as `name: the piece`, or an empty string; blank text is judged elsewhere.

    A caption has a length and stands on one line; what is said in a conversation need not.
    """
    if not isinstance(text, str):
        return f"{NO_TEXT}: {type(text).__name__}"
    return _fault(text, caption) if text.strip() else ""


@lru_cache(maxsize=1 << 16)
def _fault(text: str, caption: bool) -> str:
    for name, (pattern, _) in FAULTS.items():
        if found := pattern.search(text):
            return f"{name}: {_shown(found[0] or text)}"
    if caption and ("\n" in text or "\t" in text):
        return f"control character: {_shown(text)}"
    if len(scripts(text)) > 1:
        return f"{SCRIPTS}: {' and '.join(sorted(scripts(text)))}"
    words = len(text.split())
    if caption and not FEWEST_WORDS <= words <= MOST_WORDS and scripts(text) == {"LATIN"}:
        return f"{LENGTH}: {words} words"
    return ""


def _shown(piece: str) -> str:
    return repr(piece if len(piece) <= 40 else piece[:37] + "…")


@lru_cache(maxsize=1 << 16)
def scripts(text: str) -> frozenset[str]:
    """Scripts of the letters: `LATIN`, `CJK`, `CYRILLIC` …; Japanese and Korean write with several, which count as one."""
    if text.isascii():
        return frozenset({"LATIN"}) if any(letter.isalpha() for letter in text) else frozenset()
    names = {unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0] for letter in text if letter.isalpha()}
    return frozenset("CJK" if name in ("HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH", "HALFWIDTH") else name for name in names)


# --- what texts claim -------------------------------------------------------------------------------------------------

_SIDED = re.compile(r"\b(left|right)\s+(hand|arm|palm|fist|forearm|wrist)s?\b", re.I)
_LEGGED = re.compile(r"\b(left|right)\s+(leg|foot|shin)\b", re.I)
_CLAIMS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "speed": {
        "slow": re.compile(r"\b(slowly|unhurriedly|leisurely)\b", re.I),
        "fast": re.compile(r"\b(quickly|swiftly|rapidly)\b", re.I),
    },
    "hand": {
        "left": re.compile(r"\bleft\s+(hand|arm|palm|fist|leg|foot)\b", re.I),
        "right": re.compile(r"\bright\s+(hand|arm|palm|fist|leg|foot)\b", re.I),
    },
    "repetitions": {
        "1": re.compile(r"\bonce\b", re.I),
        "2": re.compile(r"\btwice\b|\btwo times\b", re.I),
        "3": re.compile(r"\b(three times|thrice)\b", re.I),
    },
}


def side_told(texts: Iterable[str], *, legs: bool = False) -> str:
    """`left` or `right` where the texts name just one of a pair of hands (or legs), else an empty string."""
    sides = {found[0].lower() for text in texts for found in (_LEGGED if legs else _SIDED).findall(text)}
    return sides.pop() if len(sides) == 1 else ""


def contradiction(style: Mapping[str, str], texts: Iterable[str]) -> str:
    """The first parameter of a style that a text contradicts, in words; a text that says both, or nothing of it, contradicts nothing."""
    for name, values in _CLAIMS.items():
        if name not in style:
            continue
        for text in texts:
            said = {value for value, pattern in values.items() if pattern.search(text)}
            if len(said) == 1 and style[name] not in said and (style[name] in values or name != "speed"):
                return f"{name} is {style[name]}, a caption says {said.pop()}"
    return ""
