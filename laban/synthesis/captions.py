"""Captions of procedural clips in InterHuman's manner: "One person … the other person …", third person, present tense.

"One person" is always who starts. A caption says only what is true of the style; the first of three says all of it, the others
leave something out, as people do.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from laban.data.clip import Caption
from laban.synthesis.phrases import PHRASES
from laban.synthesis.phrases.grammar import Phrases, pick, say, slots_of
from laban.synthesis.style import Style

SOURCE = "grammar"
_CAPTION_STREAM = 1
_KEPT = 0.6
"""Chance of a parameter to be told in a caption that does not tell all."""
ONE_OF = ("quick", "pace", "setting", "come", "where")
"""Slots of which a sentence needs one for each parameter."""
_PARAMETER = {"quick": "speed", "pace": "speed", "times": "repetitions", "hand": "hand"} | dict.fromkeys(
    ("setting", "come", "where"), "distance"
)


def parameter_of(slot: str, style: Style) -> str:
    """The parameter that a slot tells."""
    return _PARAMETER.get(slot) or ("gentleness" if "gentleness" in style.has else "energy")


def telling(style: Style) -> tuple[str, ...]:
    """What a full caption tells in words; who starts is told by its grammar."""
    return tuple(name for name in style.has if name != "starter")


def describe(style: Style, rng: np.random.Generator, told: Collection[str] | None = None) -> str:
    """One caption that tells the parameters named in `told`; None: all."""
    phrases = PHRASES[style.kind]
    template = pick(rng, phrases.templates)
    named = telling(style) if told is None else told
    chosen = _chosen(template, phrases, style, rng)
    return say(template, rng, **{slot: _phrase(slot, phrases, style, named, chosen, rng) for slot in slots_of(template)})


def _chosen(template: str, phrases: Phrases, style: Style, rng: np.random.Generator) -> set[str]:
    """Of slots that tell the same parameter, the one that does so in this sentence."""
    options: dict[str, list[str]] = {}
    for slot in slots_of(template):
        parameter = parameter_of(slot, style)
        if slot in ONE_OF and phrases.slots[slot].get(getattr(style, parameter)):
            options.setdefault(parameter, []).append(slot)
    return {pick(rng, slots) for slots in options.values()}


def _phrase(slot: str, phrases: Phrases, style: Style, told: Collection[str], chosen: set[str], rng: np.random.Generator) -> str:
    parameter = parameter_of(slot, style)
    tells = parameter in told and (slot in chosen or slot not in ONE_OF)
    said = pick(rng, phrases.slots[slot][getattr(style, parameter) if tells else None])
    return f" {said} " if said and said[0] != "," else said


def captions(style: Style, *, seed: int, number: int, end_s: float) -> tuple[Caption, ...]:
    """Three different captions of a clip, the first of which tells everything."""
    rng = np.random.default_rng([seed, number, _CAPTION_STREAM])
    texts = [describe(style, rng)]
    while len(texts) < 3:
        kept = {name for name in telling(style) if rng.random() < _KEPT}
        text = describe(style, rng, kept)
        if len(kept) < len(telling(style)) and text not in texts:
            texts.append(text)
    return tuple(Caption(text=text, start_s=0.0, end_s=end_s, source=SOURCE) for text in texts)
