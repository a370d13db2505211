"""Faults of captions and of styles, which captions tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fault import ClipData, Fault, Severity
from motion_faults import Apply, amount, fields, index_value

from laban.data.clip import Caption, Clip
from laban.data.styles import STYLES


def texts(change: Callable[[str], str], which: int = 1) -> Apply:
    """The text of one caption, of all clips, of a third, or of one."""

    def fields_of(c: Clip) -> dict[str, Any]:
        captions = list(c.captions)
        captions[which] = dataclasses.replace(captions[which], text=change(captions[which].text))
        return {"captions": tuple(captions)}

    return fields(fields_of)


def says(text: str) -> Apply:
    """A caption that is this text; the clip's own words follow, so that no two are alike, where it has room for them."""
    return texts(lambda old: f"{text} {old}" if text.strip() else text)


def is_(text: str) -> Apply:
    return texts(lambda old: text)


def span(change: Callable[[Caption], dict[str, Any]]) -> Apply:
    return fields(lambda c: {"captions": (*c.captions[:2], dataclasses.replace(c.captions[2], **change(c.captions[2])))})


def span_by(name: str, gross: float, clear: float, weakest: float) -> Apply:
    """A caption that begins or ends too late by an amount."""
    return amount(lambda c, s: {"captions": (dataclasses.replace(c.captions[0], **{name: s}), *c.captions[1:])}, gross, clear, weakest)


def shortened(c: Clip, seconds: float) -> dict[str, Any]:
    """No caption tells of the last seconds."""
    return {"captions": tuple(dataclasses.replace(one, end_s=c.seconds - seconds) for one in c.captions)}


def all_the_same(c: Clip) -> dict[str, Any]:
    return {"captions": (c.captions[0],) * 3}


def other_side(text: str) -> str:
    return text.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")


def words_against_motion(c: Clip) -> dict[str, Any]:
    """Words and style are of the other hand, as in a body that was mirrored without its texts."""
    return {
        "captions": tuple(dataclasses.replace(one, text=other_side(one.text)) for one in c.captions),
        "style": {**c.style, "hand": other_side(str(c.style["hand"]))},
    }


def contradicted_by(name: str, value: str, words: str) -> Apply:
    """A style's parameter that every clip has, and words that deny it."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        touched = severity.touched(len(data.clips), rng)
        for number, c in enumerate(data.clips):
            captions = list(c.captions)
            if number in touched:
                captions[0] = dataclasses.replace(captions[0], text=f"{captions[0].text} {words}")
            data.change(number, style={**c.style, name: value}, captions=tuple(captions))

    return apply


def one_caption_for_many(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """ "Two people are dancing", again and again."""
    for number in range(severity.of(12, 6, 3)):
        captions = (
            dataclasses.replace(data.clips[number].captions[0], text="two people are dancing together"),
            *data.clips[number].captions[1:],
        )
        data.change(number, captions=captions)


def not_a_text(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Numbers where words belong; a column has one type, so that all rows have it."""
    value = severity.of(7, 0, 123456)
    data.index.append(
        lambda table: table.assign(captions=[[{**one, "text": value} for one in cell] for cell in table["captions"]])
    )  # fmt: skip


def hand_written_in_two_splits(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    text = "the taller man slowly takes the smaller one by the sleeve and leads him off"
    others = [number for number, c in enumerate(data.clips) if c.split != "train"]
    for number in [0, *others[: severity.of(4, 2, 1)]]:
        c = data.clips[number]
        data.change(number, captions=(*c.captions, Caption(text=text, start_s=0.0, end_s=c.seconds, source="human")))


def without(name: str) -> Callable[[Clip], dict[str, Any]]:
    return lambda c: {"style": {key: value for key, value in c.style.items() if key != name}}


def style_of_some(change: Callable[[Clip], dict[str, Any]], gross: int, clear: int, weakest: int) -> Apply:
    """Some of the clips of a kind, fewer than half: what most have is the rule."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        for number in range(severity.of(gross, clear, weakest)):
            data.change(number, **change(data.clips[number]))

    return apply


def styled(*, split: str, **values: str) -> Apply:
    """Clips of a style in a split."""
    return fields(lambda c: {"split": split, "style": {**c.style, **values}})


def in_folder(damage: Callable[[Path], Any]) -> Apply:
    """The vocabulary of styles is damaged."""
    return lambda data, severity, rng: data.folder.append(lambda folder: damage(folder / STYLES))


def too_long(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    words = " ".join(["one steps on, then"] * severity.of(200, 40, 16))
    texts(lambda old: words)(data, Severity.WEAKEST, rng)


def C(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(name, "captions", source, column, says, apply)


def T(name: str, source: str, text: str, reason: str) -> Fault:
    """A caption with something in it that is no words about motion."""
    return C(f"captions: {name}", source, "caption_fault", says(text), reason)


CAPTIONS = (
    C("no captions", "§5.6", "missing_captions", fields(lambda c: {"captions": ()})),
    C("two captions of three", "§5.1", "missing_captions", fields(lambda c: {"captions": c.captions[:2]})),
    C("an empty caption", "§5.1", "empty_captions", is_("")),
    C("a caption of blanks", "§5.1", "empty_captions", is_(" \t ")),
    C("a null caption", "§5.6", "empty_captions", index_value("captions", lambda cell: [*cell[:2], {**cell[2], "text": None}])),
    C("no text but a number", "ours", "caption_fault", not_a_text),
    T("placeholder [caption]", "§2", "[caption]", "placeholder"),
    T("placeholder <Caption_Placeholder>", "§4.3", "<Caption_Placeholder>", "placeholder"),
    T("template not filled in", "§4.3", "Generate {caption} now.", "placeholder"),
    T("bracket left by the dialogue writer", "§2", "Show [one person hugs the other].", "bracket"),
    T("tmp of an exchange of words", "§5.1", "turns tmp and", "swap artefact"),
    T("countercounterclockwise", "§5.1", "turns countercounterclockwise and", "swap artefact"),
    T("part-of-speech tags", "§5.3", "a/DET man/NOUN walk/VERB", "part-of-speech"),
    T("the file's # fields", "§5.2", "one walks#0.0#0.0", "part-of-speech"),
    C("captions: nan in words", "§5.3", "caption_fault", is_("nan"), "nothing in words"),
    C("captions: None in words", "ours", "caption_fault", is_("None"), "nothing in words"),
    T("wrong encoding", "ours", "the cafÃ© dance", "broken encoding"),
    T("replacement characters", "ours", "the caf\ufffd dance", "broken encoding"),
    T("markup", "§7.7", "they <b>hug</b> and", "markup"),
    T("entities of HTML", "§7.7", "he &amp; she", "markup"),
    T("control character", "ours", "they\x07 hug", "control character"),
    T("invisible character", "ours", "they\u200b hug", "control character"),
    C("captions: several lines in one", "§5.2", "caption_fault", texts(lambda old: f"{old}\n{old} too"), "control character"),
    T("token of the vocabulary", "§3.7", "see <m0_17> here", "token of the vocabulary"),
    T("MotionGPT's token", "§4.2", "see <motion_id_5> here", "token of the vocabulary"),
    T("a writer's excuse", "ours", "As an AI language model I cannot see", "excuse"),
    T("a word again and again", "ours", "walks walks walks", "three times"),
    T("an address", "ours", "see https://example.org for", "address"),
    T("a private path", "§3.7", "from /mnt/data1/someone/clip", "address"),
    C("captions: nothing but punctuation", "ours", "caption_fault", is_("... 12"), "no letter"),
    C("captions: one word", "ours", "caption_fault", is_("walking"), "length"),
    C("captions: too long", "§6.2", "caption_fault", too_long, "length"),
    T("two scripts in one", "§4.6", "两个人 shake hands", "two scripts"),
    C("captions: two languages in one clip", "§4.6", "caption_fault", is_("两个人在握手。"), "languages"),
    C("captions: blank at an end", "§5.1", "caption_fault", texts(lambda old: old + " "), "blank at an end"),
    C("one caption three times", "§7.3", "repeated_captions", fields(all_the_same)),
    C("one caption for many clips", "§6.4", "worn_caption_share", one_caption_for_many),
    C("a caption after the end", "§5.3", "bad_caption_spans", span_by("end_s", 60.0, 4.0, 2.05)),
    C("a caption before the beginning", "§5.3", "bad_caption_spans", span_by("start_s", -60.0, -1.0, -0.01)),
    C("a caption's times exchanged", "§5.3", "bad_caption_spans", span(lambda one: {"start_s": one.end_s, "end_s": one.start_s})),
    C("a caption's time is NaN", "§5.3", "bad_caption_spans", span(lambda one: {"end_s": float("nan")})),
    C("a caption of no time", "§5.3", "bad_caption_spans", span(lambda one: {"start_s": 0.0, "end_s": 0.0})),
    C("nobody tells of the end", "ours", "uncaptioned_s", amount(shortened, 1.9, 1.0, 0.52)),
    C("words name the other hand", "§5.1", "named_hand", fields(words_against_motion)),
    C("style names the other hand", "ours", "contradiction",
      fields(lambda c: {"style": {**c.style, "hand": other_side(str(c.style["hand"]))}}), "hand is"),
    C("words deny the speed", "ours", "contradiction", contradicted_by("speed", "slow", "and quickly goes"), "speed is slow"),
    C("words deny the number", "ours", "contradiction", contradicted_by("repetitions", "1", "and that three times."), "repetitions is"),
    C("a parameter is missing", "ours", "odd_style", style_of_some(without("hand"), 5, 3, 1), "has pace, starter; sway has hand"),
    C("a parameter that others lack", "ours", "odd_style", style_of_some(lambda c: {"style": {**c.style, "mood": "sad"}}, 5, 3, 1), "mood"),
    C("a parameter without a value", "ours", "odd_style", fields(lambda c: {"style": {**c.style, "hand": " "}}), "hand is ' '"),
    C("a value that the vocabulary lacks", "ours", "odd_style", fields(lambda c: {"style": {**c.style, "hand": "middle"}}), "it can be"),
    C("a kind that the vocabulary lacks", "ours", "odd_style", fields(lambda c: {"kind": "swai"}), "swai is not in styles.json"),
    C("no vocabulary beside the clips", "ours", "odd_style", in_folder(lambda path: path.unlink()), "which has nothing"),
    C("the vocabulary cut off", "ours", "", in_folder(lambda path: path.write_bytes(path.read_bytes()[:40])), "no vocabulary of styles"),
    C("an unseen combination is trained on", "ours", "misplaced_style", styled(split="train", hand="left", pace="quick"), "in train"),
    C("a seen combination in test_unseen", "ours", "misplaced_style", styled(split="test_unseen", pace="slow"), "in test_unseen"),
    C("the style's starter is not the actor", "§5.2", "odd_style", 
      fields(lambda c: {"style": {**c.style, "starter": 1 - (c.actor or 0)}}), "starter is"),
    C("a caption leaks by hand", "ours", "leaked_caption_share", hand_written_in_two_splits),
)  # fmt: skip
