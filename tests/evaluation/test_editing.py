"""Which edits are judged, and what counts as success and as locality."""

from __future__ import annotations

import numpy as np

from laban.data.clip import Caption, Clip
from laban.data.conversation import Conversation, Fact, Part, Turn
from laban.evaluation.editing import answered, changed_and_kept, edits

CLIPS = {
    name: Clip(
        id=name, positions=np.full((8, 2, 22, 3), value, np.float32) + np.arange(2)[:, None, None], split="test", source="procedural",
        captions=(Caption(text="Two people.", start_s=0.0, end_s=1.0, source="grammar"),), licence="", kind="hug",
    )
    for name, value in (("a", 0.0), ("b", 10.0), ("c", 20.0))
}  # fmt: skip


def user(*parts: Part) -> Turn:
    return Turn(role="user", parts=parts)


def assistant(*parts: Part) -> Turn:
    return Turn(role="assistant", parts=parts)


def motion(clip: str, **values) -> Part:
    return Part(type="motion", clip=clip, **values)


def words(text: str) -> Part:
    return Part(type="text", text=text)


TALK = Conversation(
    id="conv-1", task="editing", split="test",
    turns=(
        user(words("Show a hug.")), assistant(words("Here."), motion("a", people=(1, 0))),
        user(words("Slower.")), assistant(motion("b", people=(1, 0))), user(words("Gentler.")), assistant(motion("c", people=(1, 0))),
    ),
    facts=(
        Fact(turn=1, part=1, claims={"kind": "hug", "speed": "fast"}),
        Fact(turn=3, part=0, claims={"kind": "hug", "speed": "slow", "gentleness": "normal", "starter": 1}, was={"speed": "fast"}),
        Fact(turn=5, part=0, claims={"kind": "hug", "gentleness": "gentle"}, was={"gentleness": "normal"}),
    ),
)  # fmt: skip


def test_the_first_edit_of_a_conversation_is_judged_with_people_as_they_are_shown() -> None:
    (edit,) = edits([TALK], CLIPS.__getitem__, samples=4)
    assert (edit.fact.turn, edit.source.id, edit.target.id) == (3, "a", "b")
    np.testing.assert_array_equal(edit.target.positions[:, 0], CLIPS["b"].positions[:, 1])


def test_success_counts_what_was_asked_and_locality_the_rest() -> None:
    (edit,) = edits([TALK], CLIPS.__getitem__, samples=1)
    right = changed_and_kept([edit.case], [{"kind": "hug", "speed": "slow", "gentleness": "forceful", "starter": "1"}])
    assert right == {"success": 1.0, "locality": 2 / 3, "success_and_locality": 2 / 3}
    kept = changed_and_kept([edit.case], [{"kind": "hug", "speed": "fast", "gentleness": "normal", "starter": "1"}])
    assert kept == {"success": 0.0, "locality": 1.0, "success_and_locality": 0.0}
    assert changed_and_kept([edit.case], [{"speed": "slow"}]) == {"success": 1.0}  # nothing else was read: nothing is claimed


def test_the_models_answer_stands_where_the_written_one_stood() -> None:
    told = answered(edits([TALK], CLIPS.__getitem__, samples=1)[0])
    assert told.turns[:3] == TALK.turns[:3]
    assert told.turns[3].parts[0].clip == "editing/conv-1/0"
    assert (len(told.turns), told.facts, told.source) == (4, (), "model")


def test_a_conversation_without_an_edit_is_passed_over() -> None:
    plain = Conversation(id="c", task="editing", split="test", turns=TALK.turns[:2], facts=TALK.facts[:1])
    assert edits([plain], CLIPS.__getitem__, samples=4) == []
