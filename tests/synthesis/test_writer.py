import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from laban.data.conversation import Conversation, Fact, Part, Turn
from laban.language.prompts import CodeBook
from laban.synthesis.captions import captions
from laban.synthesis.interactions import Order
from laban.synthesis.style import KINDS, VALUES, Style, all_styles
from laban.synthesis.writer.desk import DECK, SHARES, Desk
from laban.synthesis.writer.edits import differing
from laban.synthesis.writer.material import Material, Series, draw_of
from laban.synthesis.writer.plan import plan_bases, plan_edits, plan_stories
from laban.synthesis.writer.similar import Similar
from laban.synthesis.writer.tasks import conversation, write

SPLITS = ("train", "train", "train", "train", "train", "train", "val", "test")
SEED = 7


def material(count: int = 900) -> list[Material]:
    styles = all_styles()
    order = np.random.default_rng(0).permutation(len(styles))
    return [of_style(styles[order[number % len(styles)]], number) for number in range(count)]


def of_style(style: Style, number: int) -> Material:
    split = "test_unseen" if style.unseen else SPLITS[number % len(SPLITS)]
    texts = tuple(one.text for one in captions(style, seed=SEED, number=number, end_s=4.0))
    people = KINDS[style.kind].people
    return Material(id=f"m{number}", split=split, captions=texts, frames=120, fps=30.0, style=style, draw=(SEED, number), people=people)


def captured(count: int = 40) -> list[Material]:
    return [
        Material(id=f"r{n}", split=SPLITS[n % 8], captions=(f"Two people do {n}.",), frames=110, fps=30.0, style=None, draw=None)
        for n in range(count)
    ]


def of_order(order: Order) -> Material:
    draw = (order.seed, order.number)
    return Material(id=order.id, split=order.split, captions=("Made.",), frames=120, fps=30.0, style=order.style, draw=draw)


class World:
    def __init__(self) -> None:
        self.clips = material()
        self.edits = plan_edits(self.clips, 240, SEED)
        self.stories = plan_stories(self.clips, 160, SEED, first=240)
        self.desk = Desk(self.clips, self.clips, self.edits, self.stories, SEED)
        self.conversations = list(write(self.desk, 2000))
        self.orders = {order.id: order for series in (*self.edits, *self.stories) for order in series.orders}
        made = {name: order.style for name, order in self.orders.items()}
        self.styles = {one.id: one.style for one in self.clips} | made
        self.splits = {one.id: one.split for one in self.clips} | {name: order.split for name, order in self.orders.items()}

    def of(self, task: str) -> list[Conversation]:
        return [one for one in self.conversations if one.task == task]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


# --- which motion is made -------------------------------------------------------------------------------------------------


def test_an_edit_changes_one_parameter_or_two_and_keeps_the_draw(world):
    changes, lengths = Counter(), Counter()
    for series in world.edits:
        lengths[len(series.orders)] += 1
        assert len(set(series.styles)) == len(series.styles), "no motion comes twice"
        for before, after, order in zip(series.styles, series.styles[1:], series.orders, strict=False):
            assert before.kind == after.kind
            changes[len(differing(before, after))] += 1
            assert (order.seed, order.number) == series.base.draw
    assert sum(map(len, (series.orders for series in world.edits))) == 240
    assert set(changes) == {1, 2}
    assert changes[2] > 60
    assert lengths[2] > 40
    assert {name for series in world.edits for name in differing(*series.styles[:2])} == set(VALUES)


def test_no_edit_of_a_draw_is_made_twice(world):
    made = [(order.number, order.style) for series in world.edits for order in series.orders]
    assert len(set(made)) == len(made)


def test_the_next_scene_of_a_story_is_another_kind_by_as_many_people(world):
    assert sum(len(series.orders) for series in world.stories) == 160
    assert {len(series.orders) for series in world.stories} == {1, 2}
    for series in world.stories:
        assert all(first.kind != second.kind for first, second in zip(series.styles, series.styles[1:], strict=False))
        assert {KINDS[style.kind].people for style in series.styles} == {series.base.people}
        assert all((order.seed, order.number) == series.base.draw for order in series.orders)


def test_unseen_combinations_stay_in_their_split(world):
    for series in (*world.edits, *world.stories):
        for order in series.orders:
            assert order.split == series.base.split
            assert order.style.unseen == (order.split == "test_unseen")
    for one in world.conversations:
        assert {world.splits[clip] for clip in one.clips()} == {one.split}


@pytest.mark.parametrize("style", [next(style for style in all_styles() if style.unseen and style.kind == kind) for kind in KINDS], ids=str)
def test_every_unseen_style_can_be_edited_within_its_split(style):
    series = plan_edits([of_style(style, 0)], 4, SEED)
    assert sum(len(one.orders) for one in series) == 4
    assert all(order.style.unseen for one in series for order in one.orders)


# --- what is dealt --------------------------------------------------------------------------------------------------------


def test_tasks_have_exactly_their_shares_in_every_deck(world):
    assert sum(SHARES.values()) == pytest.approx(1)
    for start in range(0, 2000, DECK):
        tasks = Counter(one.task for one in world.conversations[start : start + DECK])
        assert tasks == {task: round(share * DECK) for task, share in SHARES.items()}


def test_splits_are_in_the_shares_of_the_sources(world):
    expected = Counter(one.split for one in world.clips)
    for task in ("reasoning", "style", "m2t"):
        found = Counter(one.split for one in world.of(task))
        for split, count in expected.items():
            assert abs(found[split] / len(world.of(task)) - count / len(world.clips)) < 0.06


def test_each_source_is_used_once_before_any_again():
    clips = material(60)
    desk = Desk(clips, clips, (), (), SEED)
    used = defaultdict(list)
    for number in range(1000):
        deal = desk.deal(number)
        used[deal.task, deal.split].append(deal.source.id)
    for (task, split), names in used.items():
        there = len({one.id for one in clips if one.split == split and (task != "role" or one.people == 2)})
        whole = names[: there * (len(names) // there)]
        assert len(set(Counter(whole).values())) <= 1


def test_a_conversation_depends_on_its_number_alone(world):
    assert list(write(world.desk, 50, first=300)) == world.conversations[300:350]
    again = Desk(world.clips, world.clips, world.edits, world.stories, SEED)
    assert conversation(again, 1234) == world.conversations[1234]
    other = Desk(world.clips, world.clips, world.edits, world.stories, SEED + 1)
    assert [one.turns for one in write(other, 50)] != [one.turns for one in world.conversations[:50]]
    anew = conversation(world.desk, 1234, attempt=1)
    assert (anew.task, anew.split) == (world.conversations[1234].task, world.conversations[1234].split)
    assert anew.turns != world.conversations[1234].turns


# --- what is written ------------------------------------------------------------------------------------------------------


def test_conversations_are_multi_turn_and_unlike_one_another(world):
    exchanges = Counter(len(one.turns) // 2 for one in world.conversations)
    assert sum(count for number, count in exchanges.items() if number >= 2) > 0.9 * len(world.conversations)
    assert max(exchanges) >= 4
    assert len({one.turns for one in world.conversations}) > 0.995 * len(world.conversations)
    assert len({one.id for one in world.conversations}) == len(world.conversations)
    for one in world.conversations:
        for part in (part for turn in one.turns for part in turn.parts if part.type == "text"):
            assert not re.search(r"[{}\[\]|]|  | [,.;?]", part.text), part.text
            assert part.text[0].isupper() or part.text[0].isdigit()


def test_a_conversation_survives_being_stored(world):
    for one in world.conversations[:200]:
        assert Conversation.from_dict(one.as_dict()) == one
    old = {name: value for name, value in world.conversations[0].as_dict().items() if name != "facts"}
    assert Conversation.from_dict(old).facts == ()


def test_a_fact_is_about_an_answer():
    turns = (Turn(role="user", parts=(Part(type="text", text="?"),)), Turn(role="assistant", parts=(Part(type="text", text="!"),)))
    for turn, part in ((0, 0), (1, 1), (3, 0)):
        with pytest.raises(ValueError, match="no answer"):
            Conversation(id="a", task="m2t", split="train", turns=turns, facts=(Fact(turn=turn, part=part, claims={"speed": "slow"}),))
    with pytest.raises(ValueError, match="what was is among it"):
        Fact(turn=1, part=0, claims={"speed": "slow"}, was={"hand": "left"})


def test_facts_about_motion_are_true_of_its_style_and_order(world):
    checked = Counter()
    for one in world.conversations:
        for fact in one.facts:
            part = one.turns[fact.turn].parts[fact.part]
            if part.type == "text":
                continue
            style, claims = world.styles[part.clip], dict(fact.claims)
            if "starter" in claims:
                shown = [people for turn in one.turns for each in turn.parts if each.clip == part.clip for people in [each.people]]
                whole = part.people if len(part.people) == KINDS[style.kind].people else tuple(dict.fromkeys(sum(shown, ())))
                assert whole[claims.pop("starter")] == style.starter
            assert claims.pop("kind") == style.kind
            assert all(getattr(style, name) == value for name, value in claims.items())
            checked[one.task] += 1
    assert all(checked[task] > 20 for task in SHARES if task != "m2t"), checked


def test_answers_in_words_say_their_facts(world):
    """Read back by words of this test; the claim must be in the text that answers."""
    words = {"slow": "slow", "fast": "fast", "gentle": "gentle", "forceful": "forceful", "left": "left", "right": "right", 1: "once",
             2: "twice", 3: "three times"}  # fmt: skip
    checked = Counter()
    for one in world.conversations:
        for fact in one.facts:
            part = one.turns[fact.turn].parts[fact.part]
            if part.type == "motion" or "kind" in fact.claims or one.task == "m2t":
                continue
            for name, value in fact.claims.items():
                if name == "starter":
                    assert f"the {('first', 'second', 'third')[value]}" in part.text.lower(), (part.text, fact)
                elif value in words:
                    assert words[value] in part.text.lower(), (part.text, fact)
                checked[name] += 1
    assert set(checked) == set(VALUES)


def test_an_edit_asks_for_what_changes_and_for_nothing_else(world):
    """Instructions name just the parameters in which the made motion differs from what was there before."""
    told = {
        "speed": r"slow|fast|speed|pace|tempo|quick", "gentleness": r"gentl|soft|force", "starter": r"start$|start[.,?"
        " ](?!close|far)|begin|first",
        "energy": r"energ|liv|calm|listless", "hand": r"(left|right|other|the) (hand|leg|arm)", "repetitions": r"once|time|twice",
        "distance": r"close|far|gap|circle|ring|distance|way",
    }  # fmt: skip
    checked = Counter()
    for one in world.of("editing"):
        for fact in one.facts:
            if not fact.was or one.turns[fact.turn].parts[fact.part].type != "motion":
                continue
            text = one.turns[fact.turn - 1].parts[-1].text.lower()
            if re.search(r"how it was|undo|original|first one better|take that back", text):
                continue
            for name in fact.was:
                assert re.search(told[name], text), (name, text)
            checked[len(fact.was)] += 1
            assert all(fact.was[name] != fact.claims[name] for name in fact.was)
            if re.search(r"\bslower", text):
                assert VALUES["speed"].index(fact.claims["speed"]) < VALUES["speed"].index(fact.was["speed"])
            if "gentler" in text:
                assert VALUES["gentleness"].index(fact.claims["gentleness"]) < VALUES["gentleness"].index(fact.was["gentleness"])
            if "closer" in text:
                assert (fact.was["distance"], fact.claims["distance"]) == ("far", "near")
            if "once more" in text:
                assert fact.claims["repetitions"] == fact.was["repetitions"] + 1
    assert checked[1] > 100
    assert checked[2] > 50


def test_chains_of_edits_go_from_one_to_the_next(world):
    chains = 0
    for one in world.of("editing"):
        shown = [part.clip for turn in one.turns[1::2] for part in turn.parts if part.clip.startswith("syn-")]
        if len(shown) == 2 and shown[0] != shown[1]:
            first, second = (next(fact for fact in one.facts if one.turns[fact.turn].parts[fact.part].clip == clip) for clip in shown)
            assert all(first.claims[name] == value for name, value in second.was.items())
            chains += 1
    assert chains > 40


def test_a_reaction_shows_all_but_one_and_answers_with_that_one(world):
    given = set()
    for one in world.of("reaction"):
        (shown,) = [part for part in one.turns[0].parts if part.type == "motion"]
        (answered,) = one.turns[1].parts
        people = KINDS[world.styles[shown.clip].kind].people
        assert shown.clip == answered.clip
        assert sorted({*shown.people, *answered.people}) == list(range(people))
        assert len(answered.people) == 1
        given.add((people, shown.people[0]))
    assert given == {(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)}


def test_a_prediction_is_cut_once_on_the_grid_of_eight_frames(world):
    cuts = set()
    for one in world.of("prediction"):
        (shown,) = [part for part in one.turns[0].parts if part.type == "motion"]
        (answered,) = one.turns[1].parts
        assert shown.end_s == answered.start_s
        assert (shown.start_s, answered.end_s) == (0.0, None)
        assert 0.7 < shown.end_s < 2.2
        assert shown.end_s * 30 / 8 == pytest.approx(round(shown.end_s * 30 / 8), abs=1e-4)
        cuts.add(shown.end_s)
    assert len(cuts) >= 4


def test_what_lies_between_fits_the_beginning_and_the_end(world):
    for one in world.of("inbetween"):
        head, tail = [part for part in one.turns[0].parts if part.type == "motion"]
        (middle,) = one.turns[1].parts
        assert head.clip == middle.clip == tail.clip
        assert head.people == middle.people == tail.people
        assert (head.start_s, tail.end_s) == (0.0, None)
        assert (head.end_s, middle.end_s) == (middle.start_s, tail.start_s)
        assert 0 < head.end_s < tail.start_s < 4


def test_codes_of_every_part_are_found_and_parts_are_cut_as_told(world):
    """Spans, any people and several motions a turn go through the language model's code book."""
    codes = {}
    for clip, style in world.styles.items():
        people = KINDS[style.kind].people
        for first in range(people):
            order = (first, *(person for person in range(people) if person != first))
            codes[clip, order] = np.arange(15)[:, None, None] * 10 + np.array(order)[None, :, None]
    book = CodeBook(codes, steps_per_second=30 / 8)
    for one in world.conversations:
        for turn, message in zip(one.turns, book.messages(one), strict=True):
            for part, piece in zip(turn.parts, message.pieces, strict=True):
                if part.type == "motion":
                    assert tuple(piece.content[0, :, 0] % 10) == part.people
    for one in world.of("inbetween"):
        user, answer = book.messages(one)[:2]
        head, tail = [piece.content for piece in user.pieces if not isinstance(piece.content, str)]
        steps = np.concatenate([head, answer.pieces[0].content, tail])[:, 0, 0] // 10
        assert list(steps) == list(range(15))


def test_roles_are_shown_in_the_order_that_is_asked_for(world):
    swapped = 0
    for one in world.of("role"):
        made = [part for turn in one.turns[1::2] for part in turn.parts if part.type == "motion" and len(part.people) == 2]
        if len(made) == 2:
            assert made[0].people == made[1].people[::-1]
            swapped += 1
    assert swapped > 20


def test_capture_alone_is_conversed_about_and_edits_are_of_synthetic_motion():
    clips = captured()
    orders = plan_bases(clips, 40, seed=1)
    bases = [of_order(order) for order in orders]
    edits = plan_edits(bases, 30, seed=1, first=len(bases))
    stories = plan_stories(bases, 10, seed=1, first=len(bases) + 30)
    assert len({order.id for series in (*edits, *stories) for order in series.orders} | {order.id for order in orders}) == 80
    conversations = list(write(Desk(clips, bases, edits, stories, 1), 200))
    assert {one.task for one in conversations} == set(SHARES)
    for one in conversations:
        made = one.task in ("editing", "story", "reasoning", "style", "role")
        assert all(clip.startswith("syn-") == made for clip in one.clips()), one
        assert made or not one.facts, "of capture nothing is known"
    assert "test_unseen" not in {one.split for one in conversations}


def test_without_synthetic_motion_the_other_tasks_remain():
    conversations = list(write(Desk(captured(), (), (), (), 1), 200))
    tasks = Counter(one.task for one in conversations)
    assert set(tasks) == {"m2t", "t2m", "reaction", "prediction", "inbetween"}
    expected = {task: SHARES[task] / sum(SHARES[name] for name in tasks) for task in tasks}
    assert all(abs(count / 200 - expected[task]) < 0.011 for task, count in tasks.items())


def test_capture_without_captions_still_teaches_motion():
    clips = [Material(id=f"r{n}", split="train", captions=(), frames=110, fps=30.0, style=None, draw=None) for n in range(5)]
    assert {one.task for one in write(Desk(clips, (), (), (), 1), 100)} == {"reaction", "prediction", "inbetween"}


def test_nothing_to_write_about_is_an_error():
    with pytest.raises(ValueError, match="no clip to converse about"):
        Desk((), (), (), (), 1)


@pytest.mark.parametrize("group", ["", "proc-1-2", "draw-7", "draw-7-x"])
def test_a_foreign_group_is_an_error(group):
    with pytest.raises(ValueError, match="draw-<seed>-<number>"):
        draw_of(group)


# --- near duplicates ------------------------------------------------------------------------------------------------------


def said(*texts: str, clip: str = "a") -> Conversation:
    shown = Turn(role="user", parts=(Part(type="motion", clip=clip), Part(type="text", text=texts[0])))
    return Conversation(
        id="c",
        task="m2t",
        split="train",
        turns=(shown, Turn(role="assistant", parts=tuple(Part(type="text", text=one) for one in texts[1:]))),
    )


LONG = "one person holds out the left hand and the other person takes it and they shake hands gently at a slow pace near the door"


def test_nearly_the_same_words_about_the_same_motion_are_found():
    similar = Similar(0.8)
    assert similar.add(said("What is this?", LONG))
    assert not similar.add(said("What is this?", LONG))
    assert not similar.add(said("What is this?", LONG + " today"))
    assert similar.add(said("What is this?", LONG[: len(LONG) // 2]))
    assert similar.add(said("What is this?", "Two people bow."))
    assert similar.add(said("What is this?", "Two people bow.", clip="b")), "other motion under few words is another conversation"


def test_similarity_is_found_among_many(world):
    similar = Similar(0.8)
    kept = [similar.add(one) for one in world.conversations]
    assert np.mean(kept) > 0.98
    again = [similar.add(one) for one, first in zip(world.conversations, kept, strict=True) if first]
    assert not any(again), "an exact copy always shares all bands"


def test_a_series_is_of_procedural_motion_only():
    with pytest.raises(AssertionError, match="only procedural"):
        _ = Series(base=captured(1)[0], orders=()).styles
