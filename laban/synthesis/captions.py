"""Captions of procedural clips in InterHuman's manner: "One person … the other person …", third person, present tense.

"One person" is always who starts. A caption says only what is true of the style; the first of three says all of it, the others
leave something out, as people do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from laban.data.clip import Caption
from laban.synthesis.interactions import Style

SOURCE = "grammar"
TOLD = frozenset({"speed", "energy", "distance", "hand"})
"""Parameters that a full caption tells; who starts is told by its grammar."""
_CAPTION_STREAM = 1

ADVERBS = {
    "slow": ("slowly", "unhurriedly", "leisurely"),
    "normal": ("",),
    "fast": ("quickly", "swiftly", "rapidly"),
}
_AT_NORMAL_PACE = ("at a normal pace", "at an ordinary speed", "neither fast nor slow")
FORCE = {
    "gentle": ("gently", "softly", "lightly"),
    "normal": ("with ordinary force", "with moderate force"),
    "strong": ("forcefully", "vigorously", "with great force"),
}
DEPTH = {
    "gentle": ("slightly", "only a little"),
    "normal": ("at a medium depth", "halfway"),
    "strong": ("deeply", "very low"),
}
_COME = {
    "near": ("takes a small step forward", "steps in", "steps a little closer"),
    "far": ("walks up from a distance", "walks several steps closer", "comes over from some way off"),
}
_BEFORE = {
    "near": ("Two people stand close together", "Two people face each other at close range"),
    "far": ("Two people start far apart", "Two people face each other from a distance"),
}
_ACT = {
    "handshake": ("offers {hand}", "holds out {hand}", "extends {hand} for a handshake", "reaches out with {hand}"),
    "high_five": ("raises {hand} for a high five", "lifts {hand} for a high five", "holds up {hand} for a high five"),
    "push": (
        "pushes the other person's chest {energy} with {hand}", "shoves the other person {energy} with {hand}",
        "uses {hand} to push the other person {energy}",
    ),
    "bow": ("bows {energy} with {hand} on the chest", "places {hand} on the chest and bows {energy}", "bows {energy}, {hand} on the chest"),
}  # fmt: skip
_ANSWER = {
    "handshake": ("takes it and they shake hands {energy}", "grasps it and shakes it {energy}", "accepts, and they shake hands {energy}"),
    "high_five": ("claps it {energy}", "raises the same hand and they slap palms {energy}", "meets it {energy} palm to palm"),
    "bow": ("bows back in the same way", "returns the bow", "answers with the same bow"),
}
_GIVES_WAY = {
    "gentle": ("sways and gives way a little", "hardly moves back"),
    "normal": ("takes a step back", "steps back"),
    "strong": ("staggers backward", "stumbles back several steps"),
}
_YIELDS = ("gives way", "is moved back")
_Text = TypeVar("_Text")


def pick(rng: np.random.Generator, options: Sequence[_Text]) -> _Text:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def energy_words(style: Style) -> tuple[str, ...]:
    """How strong, for this kind."""
    return (DEPTH if style.kind == "bow" else FORCE)[style.energy]


def describe(style: Style, rng: np.random.Generator, told: frozenset[str] = TOLD) -> str:
    """One caption that tells the parameters named in `told`."""
    words = {
        "hand": f"their {style.hand} hand" if "hand" in told else pick(rng, ("one hand", "a hand")),
        "energy": pick(rng, energy_words(style)) if "energy" in told else "",
    }
    act = pick(rng, _ACT[style.kind]).format(**words)
    adverb = pick(rng, ADVERBS[style.speed]) if "speed" in told else ""
    pace = f", {pick(rng, _AT_NORMAL_PACE)}" if "speed" in told and style.speed == "normal" else ""
    answer = _answer(style, rng, told).format(**words)
    shape = int(rng.integers(3))
    if "distance" not in told:
        text = f"One person {adverb} {act}, and the other person {answer}{pace}."
    elif shape == 0:
        text = f"{pick(rng, _BEFORE[style.distance])}. One person {adverb} {act}, and the other person {answer}{pace}."
    elif shape == 1:
        text = f"After one person {pick(rng, _COME[style.distance])} and {adverb} {act}, the other person {answer}{pace}."
    else:
        text = f"One person {pick(rng, _COME[style.distance])} and {adverb} {act}, and the other person {answer}{pace}."
    return _tidy(text)


def _answer(style: Style, rng: np.random.Generator, told: frozenset[str]) -> str:
    if style.kind != "push":
        return pick(rng, _ANSWER[style.kind])
    return pick(rng, _GIVES_WAY[style.energy] if "energy" in told else _YIELDS)


def _tidy(text: str) -> str:
    """Single blanks, none before a comma or full stop, a capital first."""
    text = " ".join(text.split()).replace(" ,", ",").replace(" .", ".").replace(",,", ",")
    return text[0].upper() + text[1:]


def captions(style: Style, *, seed: int, number: int, end_s: float) -> tuple[Caption, ...]:
    """Three different captions of a clip, the first of which tells everything."""
    rng = np.random.default_rng([seed, number, _CAPTION_STREAM])
    texts = [describe(style, rng)]
    while len(texts) < 3:
        kept = frozenset(name for name in sorted(TOLD) if rng.random() < 0.6)
        text = describe(style, rng, kept)
        if text not in texts:
            texts.append(text)
    return tuple(Caption(text=text, start_s=0.0, end_s=end_s, source=SOURCE) for text in texts)
