"""The tasks of paired clips (VIM's stage 2): each makes a clip's codes and captions a short conversation."""

from __future__ import annotations

import numpy as np

from laban.data.codes import EncodedClip
from laban.language.prompts import Message, Piece

SHARES = {"t2m": 4, "m2t": 2, "reaction": 1, "prediction": 1}
"""How often a clip is trained on each task. Ours, VIM publishes none: what words mean is learned by the first two alone."""
SHOWN = 0.25
"""Share of a motion that prediction is shown (MotionGPT shows the first 20 %; ours falls on a step)."""

_ASK = {
    "t2m": ("Show two people: {caption}", "Generate a motion. {caption}", "Make this happen: {caption}", "{caption}"),
    "m2t": ("Describe this motion.", "What are they doing?", "Tell me what happens here.", "Write a caption for this motion."),
    "reaction": ("How does the other person react?", "Show the other person's reaction.", "Generate the partner's motion."),
    "prediction": ("What happens next?", "Continue this motion.", "Complete the motion."),
}


_BEGINS = ("The {who} person begins.", "It is the {who} person who starts.", "The {who} one moves first.")
_WHO = ("first", "second", "third")
"""People by their place among a motion's tokens: captions say "one person", which may be any of them."""


def shown_steps(steps: int) -> int:
    """How many steps of a motion prediction is shown."""
    return max(1, round(SHOWN * steps))


def ask(task: str, clip: EncodedClip, *, caption: str = "", phrase: int = 0, begins: bool = False) -> Message:
    """The user's turn of a task; of a motion that is wanted of several people it can say who `begins`, where that is known."""
    if begins and clip.actor is not None and clip.codes.shape[1] > 1:
        caption += " " + _BEGINS[phrase % len(_BEGINS)].format(who=_WHO[clip.actor])
    text = _ASK[task][phrase % len(_ASK[task])].format(caption=caption)
    if task == "t2m":
        return Message("user", (Piece(text),))
    shown = {"m2t": clip.codes, "reaction": clip.codes[:, :1], "prediction": clip.codes[: shown_steps(len(clip.codes))]}[task]
    return Message("user", (Piece(shown), Piece(text)))


def answer(task: str, clip: EncodedClip, *, caption: str = "") -> Message:
    """The assistant's turn of a task."""
    contents: dict[str, str | np.ndarray] = {
        "t2m": clip.codes,
        "m2t": caption,
        "reaction": clip.codes[:, 1:],
        "prediction": clip.codes[shown_steps(len(clip.codes)) :],
    }
    return Message("assistant", (Piece(contents[task]),))


def possible(task: str, clip: EncodedClip) -> bool:
    """Whether a clip can serve a task: text needs a caption, a reaction two people, prediction two steps."""
    steps, people, _ = clip.codes.shape
    return {"t2m": bool(clip.captions), "m2t": bool(clip.captions), "reaction": people == 2, "prediction": steps > 1}[task]
