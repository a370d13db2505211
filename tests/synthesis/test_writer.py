from collections import Counter

import numpy as np
import pytest

from laban.data.conversation import Conversation
from laban.synthesis.interactions import Order, Style, all_styles
from laban.synthesis.writer import SHARES, VALUES, Desk, Material, Variant, draw_of, plan_bases, plan_variants, write

SPLITS = ("train", "train", "train", "train", "train", "train", "val", "test")


def material(count: int = 600) -> list[Material]:
    styles = all_styles()
    order = np.random.default_rng(0).permutation(len(styles))
    found = []
    for number in range(count):
        style = styles[order[number % len(styles)]]
        split = "test_unseen" if style.unseen else SPLITS[number % len(SPLITS)]
        captions = (f"One person does {number}, and the other person answers.",)
        found.append(Material(id=f"m{number}", split=split, captions=captions, frames=120, fps=30.0, style=style, draw=(7, number)))
    return found


def captured(count: int = 40) -> list[Material]:
    return [
        Material(id=f"r{n}", split=SPLITS[n % 8], captions=(f"Two people do {n}.",), frames=110, fps=30.0, style=None, draw=None)
        for n in range(count)
    ]


def of_order(order: Order) -> Material:
    draw = (order.seed, order.number)
    return Material(id=order.id, split=order.split, captions=("Made.",), frames=120, fps=30.0, style=order.style, draw=draw)


@pytest.fixture(scope="module")
def world() -> tuple[list[Material], list[Variant], list[Conversation]]:
    clips = material()
    variants = plan_variants(clips, 300, seed=7)
    return clips, variants, list(write(Desk(clips, clips, variants, 7), 700, 7))


def test_an_edit_changes_one_parameter_and_keeps_the_draw(world):
    edits = [variant for variant in world[1] if variant.change]
    assert len(edits) == 180
    assert {variant.change for variant in edits} == set(VALUES)
    for variant in edits:
        before, after = variant.base.style, variant.order.style
        differing = [name for name in ("kind", *VALUES) if getattr(before, name) != getattr(after, name)]
        assert differing == [variant.change]
        assert (variant.order.seed, variant.order.number) == variant.base.draw


def test_the_next_scene_of_a_story_is_another_kind_by_the_same_people(world):
    for variant in world[1]:
        if not variant.change:
            assert variant.order.style.kind != variant.base.style.kind
            assert (variant.order.seed, variant.order.number) == variant.base.draw


def test_unseen_combinations_stay_in_their_split(world):
    clips, variants, conversations = world
    for variant in variants:
        assert variant.order.split == variant.base.split
        assert variant.order.style.unseen == (variant.order.split == "test_unseen")
    split = {one.id: one.split for one in clips} | {variant.order.id: variant.order.split for variant in variants}
    for conversation in conversations:
        assert {split[clip] for clip in conversation.clips()} == {conversation.split}


def test_tasks_and_splits_are_shared_out_as_stated(world):
    clips, _, conversations = world
    tasks = Counter(one.task for one in conversations)
    for task, share in SHARES.items():
        assert abs(tasks[task] / len(conversations) - share) < 0.06
    splits, expected = Counter(one.split for one in conversations), Counter(one.split for one in clips)
    for split, count in expected.items():
        assert abs(splits[split] / len(conversations) - count / len(clips)) < 0.06


def test_conversations_end_with_the_assistant_are_multi_turn_and_unlike_one_another(world):
    conversations = world[2]
    assert all(one.turns[-1].role == "assistant" for one in conversations)
    exchanges = Counter(len(one.turns) // 2 for one in conversations)
    assert exchanges[2] + exchanges[3] > 0.8 * len(conversations)
    assert len({one.turns for one in conversations}) > 0.99 * len(conversations)
    assert len({one.id for one in conversations}) == len(conversations)


def test_a_reaction_shows_one_and_answers_with_the_other(world):
    given = set()
    for one in world[2]:
        if one.task == "reaction":
            shown, answered = one.turns[0].parts[0], one.turns[1].parts[0]
            assert shown.clip == answered.clip
            assert {*shown.people, *answered.people} == {0, 1}
            assert len(shown.people) == len(answered.people) == 1
            given.add(shown.people)
    assert given == {(0,), (1,)}


def test_a_prediction_is_cut_once_on_the_grid_of_eight_frames(world):
    cuts = set()
    for one in world[2]:
        if one.task == "prediction":
            shown, answered = one.turns[0].parts[0], one.turns[1].parts[0]
            assert shown.end_s == answered.start_s
            assert (shown.start_s, answered.end_s) == (0.0, None)
            assert 0.7 < shown.end_s < 2.2
            assert shown.end_s * 30 / 8 == pytest.approx(round(shown.end_s * 30 / 8), abs=1e-4)
            cuts.add(shown.end_s)
    assert len(cuts) >= 4


def test_who_starts_is_told_in_the_order_in_which_people_are_shown(world):
    clips = {one.id: one for one in world[0]}
    orders = set()
    for one in world[2]:
        if one.task != "reasoning":
            continue
        (shown,) = [part for turn in one.turns for part in turn.parts if part.clip]
        for asked, answered in zip(one.turns[::2], one.turns[1::2], strict=True):
            question = " ".join(part.text for part in asked.parts)
            if any(words in question for words in ("Who starts", "Who moves first", "takes the initiative")):
                expected = ("first", "second")[shown.people.index(clips[shown.clip].style.starter)]
                assert answered.parts[0].text.startswith(f"The {expected} person")
                orders.add((shown.people, expected))
    assert len(orders) == 4


def test_what_is_said_to_be_changed_is_the_change(world):
    made = {variant.order.id: variant for variant in world[1]}
    checked = 0
    for one in world[2]:
        if one.task != "editing":
            continue
        (target,) = [made[clip] for clip in one.clips() if clip in made]
        assert {target.base.id, target.order.id} == one.clips()
        last = one.turns[-1].parts[0].text
        if one.turns[-1].parts[-1].type == "text" and target.change == "hand":
            assert last == f"They use the {target.order.style.hand} hand instead of the {target.base.style.hand} hand."
            checked += 1
    assert checked > 5


def test_capture_alone_is_conversed_about_and_edits_are_of_synthetic_motion():
    clips = captured()
    orders = plan_bases(clips, 40, seed=1)
    bases = [of_order(order) for order in orders]
    variants = plan_variants(bases, 40, seed=1, first=len(bases))
    assert len({order.id for order in orders} | {variant.order.id for variant in variants}) == 80
    conversations = list(write(Desk(clips, bases, variants, 1), 200, 1))
    assert {one.task for one in conversations} == set(SHARES)
    for one in conversations:
        made = one.task in ("editing", "story", "reasoning")
        assert all(clip.startswith("syn-") == made for clip in one.clips()), one
    assert "test_unseen" not in {one.split for one in conversations}


def test_without_synthetic_motion_the_other_tasks_remain():
    conversations = list(write(Desk(captured(), (), (), 1), 50, 1))
    assert {one.task for one in conversations} == {"m2t", "t2m", "reaction", "prediction"}


def test_capture_without_captions_still_teaches_motion():
    clips = [Material(id=f"r{n}", split="train", captions=(), frames=110, fps=30.0, style=None, draw=None) for n in range(5)]
    assert {one.task for one in write(Desk(clips, (), (), 1), 30, 1)} == {"reaction", "prediction"}


def test_nothing_to_write_about_is_an_error():
    with pytest.raises(ValueError, match="no clip of two people"):
        list(write(Desk((), (), (), 1), 1, 1))


@pytest.mark.parametrize("group", ["", "proc-1-2", "draw-7", "draw-7-x"])
def test_a_foreign_group_is_an_error(group):
    with pytest.raises(ValueError, match="draw-<seed>-<number>"):
        draw_of(group)


def test_conversations_are_a_function_of_the_seed(world):
    clips, variants, conversations = world
    assert list(write(Desk(clips, clips, variants, 7), 700, 7)) == conversations
    assert list(write(Desk(clips, clips, variants, 8), 700, 8)) != conversations
    assert isinstance(clips[0].style, Style)
