"""Faults of conversations: lines, turns, words, and the motion that they name."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import clean_data as clean
import numpy as np
from fault import Fault, Severity, TalkData

Apply = Callable[[TalkData, Severity, np.random.Generator], None]
Talk = dict[str, Any]


def talks(change: Callable[[Talk], Any]) -> Apply:
    """All conversations, a third, or one."""

    def apply(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
        for number in severity.touched(len(data.talks), rng):
            change(data.talks[number])

    return apply


def lines(change: Callable[[str], str]) -> Apply:
    """All lines of the file, a third, or one."""

    def apply(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
        touched = severity.touched(len(data.talks), rng)
        data.lines.append(lambda old: [change(line) if number in touched else line for number, line in enumerate(old)])

    return apply


def part(talk: Talk, turn: int, kind: str = "motion") -> dict[str, Any]:
    return next(one for one in talk["turns"][turn]["parts"] if one["type"] == kind)


def motion(turn: int, **fields: Any) -> Apply:
    """Fields of the motion of a turn (0 the user's, 1 the assistant's)."""
    return talks(lambda talk: part(talk, turn).update(fields))


def words(text: str, turn: int = 1) -> Apply:
    """What is said, before what was said."""
    return talks(lambda talk: part(talk, turn, "text").update(text=f"{text} {part(talk, turn, 'text')['text']}".strip()))


def span(turn: int, name: str, gross: float, clear: float, weakest: float) -> Apply:
    """A time of one conversation's motion, by an amount."""

    def apply(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
        part(data.talks[int(rng.integers(len(data.talks)))], turn)[name] = severity.of(gross, clear, weakest)

    return apply


def doubled(change: Callable[[Talk, int], None]) -> Apply:
    """Conversations again under other ids: all, a third, or one."""

    def apply(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
        for number in severity.touched(len(data.talks), rng):
            again = copy.deepcopy(data.talks[number])
            again["id"] = f"again{number}"
            change(again, number)
            data.talks.append(again)

    return apply


def louder(talk: Talk, _: int) -> None:
    for turn in talk["turns"]:
        for one in turn["parts"]:
            one["text"] = one["text"].upper().replace(",", " ...")


def same_id(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    for talk in data.talks[1 : severity.of(len(data.talks), 5, 2)]:
        talk["id"] = "talk0"


def question_last(talk: Talk) -> None:
    talk["turns"].append({"role": "user", "parts": [{**part(talk, 0, "text"), "text": "and then?"}]})


def not_learned(talk: Talk) -> None:
    for one in talk["turns"][1]["parts"]:
        one["learn"] = False


def echo(talk: Talk) -> None:
    part(talk, 1).update({name: part(talk, 0)[name] for name in ("clip", "people", "start_s", "end_s")})


def overlapping(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    """A prediction of what was shown: all of it, the last half second, or a twentieth of a second."""
    talk = data.talks[int(rng.integers(len(data.talks)))]
    part(talk, 0).update(end_s=1.0)
    part(talk, 1).update(clip=part(talk, 0)["clip"], people=[0, 1], start_s=severity.of(0.0, 0.5, 0.95), end_s=None)


def unchanged_edit(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    """The edit has an id of its own and the positions of its source."""
    index = data.known.set_index("id")
    for number in severity.touched(len(data.talks), rng):
        asked, made = part(data.talks[number], 0)["clip"], part(data.talks[number], 1)["clip"]
        index.loc[made, "sha256"] = index.loc[asked, "sha256"]
    data.known = index.reset_index()


def other_split(turn: int) -> Apply:
    def change(talk: Talk) -> None:
        own = part(talk, turn)["clip"]
        offset = 0 if own.startswith("c") else 102
        test = next(n for n in range(24) if clean.SPLIT_OF[n % 6] != talk["split"])
        part(talk, turn)["clip"] = f"{own[0]}{test + offset:03d}"

    return talks(change)


def unlisted(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    gone = [f"c{number:03d}" for number in severity.touched(len(data.talks), rng)]
    data.known = data.known[~data.known["id"].isin(gone)]


def share_of_edits(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    """Of 24 conversations 12 are edits; of those 0, 6 or 9 are left, a share below 0.4."""
    edits = [talk for talk in data.talks if talk["task"] == "edit"]
    for talk in edits[severity.of(0, 6, 9) :]:
        talk["task"] = "explain"


def no_file(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
    data.lines.append(lambda old: [])


def beside(change: Callable[[Any], dict[str, Any]]) -> Apply:
    """The generated motion beside the conversations is faulty: all, some, one."""

    def apply(data: TalkData, severity: Severity, rng: np.random.Generator) -> None:
        made = clean.generated(24)
        for number in severity.touched(len(made), rng):
            made[number] = dataclasses.replace(made[number], **change(made[number]))
        data.beside = made
        data.known = data.known[data.known["id"].str.startswith("c")]

    return apply


def with_nan(c: Any) -> dict[str, Any]:
    positions = c.positions.copy()
    positions[5, 0, 3, 1] = np.nan
    return {"positions": positions}


def D(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(f"conversations: {name}", "conversations", source, column, says, apply)


CONVERSATION_FAULTS = (
    # lines
    D("not one line", "§5.1", "", no_file, "zero rows"),
    D("a line is cut off", "§7.8", "error", lines(lambda line: line[: len(line) // 2]), "JSONDecodeError"),
    D("a list for a conversation", "§2", "error", lines(lambda line: f"[{line}]"), "Error"),
    D("an unknown field", "§3.2", "error", talks(lambda talk: talk.update(score=3)), "score"),
    D("one id twice", "ours", "id", same_id, "unlike all others"),
    D("an id that leaves its folder", "ours", "unsafe_id", talks(lambda talk: talk.update(id=f"../{talk['id']}"))),
    D("an unknown split", "ours", "split", talks(lambda talk: talk.update(split="dev"))),
    # turns
    D("an unknown role", "§3.2", "error", talks(lambda talk: talk["turns"][0].update(role="system")), "system"),
    D("the assistant begins", "ours", "error", talks(lambda talk: talk["turns"].pop(0)), "alternate"),
    D("a question without an answer", "ours", "ends_with", talks(question_last)),
    D("a turn without parts", "ours", "error", talks(lambda talk: talk["turns"][1].update(parts=[])), "at least one part"),
    D("nothing to learn", "§3.3", "learned", talks(not_learned)),
    D("text and motion in one part", "§2", "error", talks(lambda talk: part(talk, 1).update(text="x")), "text or motion"),
    # words
    D("an empty text", "§4.3", "error", talks(lambda talk: part(talk, 0, "text").update(text="")), "text or motion"),
    D("a blank text", "§4.3", "empty_texts", talks(lambda talk: part(talk, 0, "text").update(text=" \n"))),
    D("a text that is a number", "ours", "text_fault", talks(lambda talk: part(talk, 0, "text").update(text=7)), "no text"),
    D("a bracket of Inter-MT² left unfilled", "§2", "text_fault", words("[one person waves]"), "bracket"),
    D("[caption] left unfilled", "§2", "text_fault", words("[caption]"), "placeholder"),
    D("a template's name left unfilled", "§4.3", "text_fault", words("show <Motion_Placeholder>", 0), "token|placeholder"),
    D("tokens of the vocabulary in words", "§3.7", "text_fault", words("<motion:2><m0_1></motion>"), "token of the vocabulary"),
    D("tmp of an exchange of words", "§5.1", "text_fault", words("turns tmp and"), "swap artefact"),
    D("countercounterclockwise", "§5.1", "text_fault", words("turns countercounterclockwise"), "swap artefact"),
    D("part-of-speech tags", "§5.3", "text_fault", words("a/DET man/NOUN walk/VERB"), "part-of-speech"),
    D("the file's # fields", "§5.2", "text_fault", words("one walks#0.0#0.0"), "part-of-speech"),
    D("nan in words", "§5.3", "text_fault", talks(lambda talk: part(talk, 1, "text").update(text="nan")), "nothing in words"),
    D("markup", "§7.7", "text_fault", words("<br>"), "markup"),
    D("two scripts in one text", "§4.6", "text_fault", words("两个人"), "two scripts"),
    D("an answer that is the question", "ours", "parroted",
      talks(lambda talk: part(talk, 1, "text").update(text=part(talk, 0, "text")["text"]))),
    # motion
    D("motion that is nowhere", "§7.8", "unknown_clips", motion(1, clip="s999"), "s999"),
    D("real motion that is not listed", "ours", "unknown_clips", unlisted),
    D("real motion of another split", "ours", "torn_clips", other_split(0)),
    D("a span after the end", "§3.2", "bad_spans", span(1, "end_s", 60.0, 4.0, 2.04), "s of"),
    D("a span before the beginning", "§3.2", "bad_spans", span(1, "start_s", -60.0, -1.0, -0.01), "s of"),
    D("a span of no time", "§3.2", "bad_spans", motion(1, start_s=1.0, end_s=1.0), "s of"),
    D("a span's times exchanged", "§3.2", "bad_spans", motion(1, start_s=1.5, end_s=0.5), "s of"),
    D("a span's time is NaN", "§5.3", "bad_spans", motion(1, end_s=float("nan")), "s of"),
    D("a span in frames", "§5.3", "bad_spans", span(1, "end_s", 60.0, 40.0, 2.4), "s of"),
    D("a person too many", "ours", "bad_spans", motion(1, people=[0, 2]), "people"),
    D("one person twice", "ours", "bad_spans", motion(1, people=[1, 1]), "people"),
    D("the answer is what was shown", "ours", "given_away", talks(echo)),
    D("a prediction that was shown in part", "ours", "given_away", overlapping),
    D("an edit that changes nothing", "ours", "given_away", unchanged_edit, " is c"),
    D("generated motion has NaN", "ours", "nonfinite", beside(with_nan)),
    D("generated motion without captions", "ours", "missing_captions", beside(lambda c: {"captions": ()})),
    # the whole
    D("conversations twice but for case and commas", "ours", "duplicate_share", doubled(louder)),
    D("a task written in another way", "ours", "odd_task", talks(lambda talk: talk.update(task="Story Generation"))),
    D("a task that nobody knows", "§3.2", "tasks", talks(lambda talk: talk.update(task=f"editting_{talk['id']}"))),
    D("tasks out of proportion", "§2", "task_share.edit", share_of_edits, "task_share.edit"),
)  # fmt: skip
