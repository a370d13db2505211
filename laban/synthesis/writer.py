"""The embedded writer of Inter-MT²: conversations about motion from a grammar, no language model needed.

The tasks are those of Inter-MT² (editing, reasoning, story) and of paired clips (m2t, t2m, reaction, prediction); the last two
may lead to a second question. What a conversation claims is true of the clips it names, since both come from the same style.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from laban.data.clip import Clip
from laban.data.conversation import Conversation, Part, Turn
from laban.synthesis.captions import describe, energy_words, pick
from laban.synthesis.interactions import DISTANCES, ENERGIES, HANDS, KINDS, SPEEDS, STARTERS, Order, Style, all_styles, changed

SHARES = {"editing": 0.3, "story": 0.2, "reasoning": 0.2, "m2t": 0.08, "t2m": 0.08, "reaction": 0.07, "prediction": 0.07}
"""Ours; Inter-MT² has 41.7 % editing, 41.7 % story and 16.7 % reasoning, and takes paired clips from elsewhere."""
EDITS = 0.6
"""Share of the synthetic motion that is edits; the rest continues stories."""
CUT_FRAMES = 8
"""Cuts lie on multiples of this, so that they fall between the tokenizer's steps of 4 or 8 frames."""
FIRST_SYNTHETIC = 1_000_000
"""Numbers of draws from here on are nobody's of `prepare`."""
UNSEEN_SPLIT = "test_unseen"
VALUES: dict[str, tuple[Any, ...]] = {
    "speed": SPEEDS, "energy": ENERGIES, "distance": DISTANCES, "hand": HANDS, "starter": STARTERS,
}  # fmt: skip
NAMES = {"handshake": "a handshake", "high_five": "a high five", "push": "a push", "bow": "a bow"}


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the writer knows of a clip of two people."""

    id: str
    split: str
    captions: tuple[str, ...]
    """Those that tell of the whole clip."""
    frames: int
    fps: float
    style: Style | None
    """None for capture."""
    draw: tuple[int, int] | None
    """Seed and number of the draw that it was made from; None for capture."""

    @classmethod
    def of(cls, clip: Clip) -> Material:
        """Read off a clip; raise `ValueError` where a procedural clip does not name its draw."""
        whole = tuple(one.text for one in clip.captions if one.start_s <= 0.1 and one.end_s >= 0.9 * clip.seconds)
        style = Style.of(clip)
        draw = None if style is None else draw_of(clip.group)
        return cls(id=clip.id, split=clip.split, captions=whole, frames=clip.frames, fps=clip.fps, style=style, draw=draw)


def draw_of(group: str) -> tuple[int, int]:
    """Seed and number from a procedural clip's group `draw-<seed>-<number>`."""
    head, _, numbers = group.partition("-")
    seed, _, number = numbers.partition("-")
    if head != "draw" or not (seed.isdigit() and number.isdigit()):
        raise ValueError(f"group {group!r} of a procedural clip is not draw-<seed>-<number>; run prepare again")
    return int(seed), int(number)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Motion to be made beside a clip that there is: the same people edited, or doing something next."""

    base: Material
    order: Order
    change: str
    """The one parameter that an edit changes; empty: the next scene of a story."""


# --- which motion to make ---------------------------------------------------------------------------------------------


def plan_bases(material: Sequence[Material], count: int, seed: int) -> list[Order]:
    """Clips to make where no procedural ones are at hand: splits in the shares of the material."""
    rng = np.random.default_rng([seed, 2])
    splits = sorted({one.split for one in material})
    weights = np.array([sum(one.split == split for one in material) for split in splits], float)
    orders = []
    for number in range(count):
        split = splits[int(rng.choice(len(splits), p=weights / weights.sum()))]
        style = pick(rng, [style for style in all_styles() if style.unseen == (split == UNSEEN_SPLIT)])
        orders.append(Order(id=f"syn-{number:06d}", style=style, seed=seed, number=FIRST_SYNTHETIC + number, split=split))
    return orders


def plan_variants(bases: Sequence[Material], count: int, seed: int, *, first: int = 0) -> list[Variant]:
    """Edits and next scenes of procedural clips, each in its base's split and seen or unseen as that split asks."""
    rng = np.random.default_rng([seed, 3])
    edits = round(EDITS * count)
    rounds = -(-count // len(bases)) if bases else 0
    chosen = [bases[number] for _ in range(rounds) for number in rng.permutation(len(bases))][:count]
    variants = []
    for number, base in enumerate(chosen):
        style, change = _edit(base, rng) if number < edits else (_next(base, rng), "")
        assert base.draw is not None
        order = Order(id=f"syn-{first + number:06d}", style=style, seed=base.draw[0], number=base.draw[1], split=base.split)
        variants.append(Variant(base=base, order=order, change=change))
    return variants


def _edit(base: Material, rng: np.random.Generator) -> tuple[Style, str]:
    """The base's style with one parameter changed, and which."""
    assert base.style is not None
    unseen = base.split == UNSEEN_SPLIT
    names = list(VALUES)
    for number in rng.permutation(len(names)):
        name = names[number]
        others = [changed(base.style, name, value) for value in VALUES[name] if value != getattr(base.style, name)]
        fitting = [style for style in others if style.unseen == unseen]
        if fitting:
            return pick(rng, fitting), name
    raise AssertionError("who starts is no part of an unseen combination, so that can always change")


def _next(base: Material, rng: np.random.Generator) -> Style:
    """Something else that the same people may do next."""
    assert base.style is not None
    kind, unseen = base.style.kind, base.split == UNSEEN_SPLIT
    return pick(rng, [style for style in all_styles() if style.kind != kind and style.unseen == unseen])


# --- conversations -----------------------------------------------------------------------------------------------------


class Desk:
    """What a conversation is written from, by split and shuffled: real clips, procedural ones, and the motion made beside those."""

    def __init__(self, material: Sequence[Material], bases: Sequence[Material], variants: Sequence[Variant], seed: int) -> None:
        rng = np.random.default_rng([seed, 5])
        self.clips = _by_split([(one.split, one) for one in material], rng)
        self.styled = _by_split([(one.split, one) for one in bases], rng)
        self.captioned = _by_split([(one.split, one) for one in material if one.captions], rng)
        self.edits = _by_split([(one.base.split, one) for one in variants if one.change], rng)
        self.nexts = _by_split([(one.base.split, one) for one in variants if not one.change], rng)

    def sources(self, task: str, split: str) -> Sequence[Any]:
        """What a conversation of that task and split can be about; nothing where there is none."""
        by_task: dict[str, Mapping[str, Sequence[Any]]] = {
            "editing": self.edits, "story": self.nexts, "reasoning": self.styled, "m2t": self.captioned, "t2m": self.captioned,
        }  # fmt: skip
        return by_task.get(task, self.clips).get(split, ())


_Item = TypeVar("_Item")


def _by_split(pairs: Sequence[tuple[str, _Item]], rng: np.random.Generator) -> dict[str, list[_Item]]:
    found: dict[str, list[_Item]] = {}
    for number in rng.permutation(len(pairs)):
        split, item = pairs[number]
        found.setdefault(split, []).append(item)
    return found


def write(desk: Desk, count: int, seed: int) -> Iterator[Conversation]:
    """`count` conversations: tasks in `SHARES`, splits in the shares of the clips; each source is used once before any again.

    Raises `ValueError` where there is nothing to write about.
    """
    rng = np.random.default_rng([seed, 4])
    splits = sorted(desk.clips)
    if not splits:
        raise ValueError("there is no clip of two people to converse about")
    weights = np.array([len(desk.clips[split]) for split in splits], float)
    used: dict[tuple[str, str], int] = defaultdict(int)
    for number in range(count):
        split = splits[int(rng.choice(len(splits), p=weights / weights.sum()))]
        tasks = {task: share for task, share in SHARES.items() if desk.sources(task, split)}
        task = list(tasks)[int(rng.choice(len(tasks), p=np.array(list(tasks.values())) / sum(tasks.values())))]
        options = desk.sources(task, split)
        turns = _WRITERS[task](options[used[task, split] % len(options)], rng)
        used[task, split] += 1
        yield Conversation(id=f"conv-{number:06d}", task=task, split=split, turns=turns)


def text(value: str) -> Part:
    """A part that is text."""
    return Part(type="text", text=value)


def motion(clip: str, **span: Any) -> Part:
    """A part that is motion."""
    return Part(type="motion", clip=clip, **span)


def exchange(asked: Sequence[Part], answered: Sequence[Part]) -> tuple[Turn, ...]:
    """A question and its answer."""
    return Turn(role="user", parts=tuple(asked)), Turn(role="assistant", parts=tuple(answered))


_DESCRIBE = (
    "What are these two people doing?", "Describe this motion.", "Tell me what happens here.", "Can you put this scene into words?",
    "What do you see?", "Write a caption for this interaction.",
)  # fmt: skip
_MAKE = (
    "Generate this: {caption}", "Show me this scene. {caption}", "Can you animate the following? {caption}", "Make it happen: {caption}",
    "I need a motion of two people. {caption}", "{caption} Show me.",
)  # fmt: skip
_HERE = ("Here it is.", "Like this.", "Sure, here you are.", "This is it.")
_REACT = (
    "How does the other person react?", "Show me the partner's motion.", "What does the other one do?", "Complete the pair.",
    "Here is one of two people. Add the other.",
)  # fmt: skip
_CONTINUE = ("What happens next?", "How does it go on?", "Continue this motion.", "Finish what they have begun.", "Show me the rest.")
_WHOLE = ("Now describe the whole interaction.", "And what is it altogether?", "Sum up the whole scene.")


def _m2t(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    shown = [motion(one.id), text(pick(rng, _DESCRIBE))]
    turns = exchange(shown if rng.random() < 0.6 else shown[::-1], [text(pick(rng, one.captions))])
    return turns if one.style is None else turns + _question(one.style, (0, 1), rng)


def _t2m(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    turns = exchange([text(pick(rng, _MAKE).format(caption=pick(rng, one.captions)))], _shown(one.id, rng))
    return turns if one.style is None else turns + _question(one.style, (0, 1), rng)


def _shown(clip: str, rng: np.random.Generator) -> list[Part]:
    """Motion, with or without a word before it."""
    return [text(pick(rng, _HERE)), motion(clip)] if rng.random() < 0.5 else [motion(clip)]


def _reaction(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    given = int(rng.integers(2))
    asked = [motion(one.id, people=(given,)), text(pick(rng, _REACT))]
    return exchange(asked, [motion(one.id, people=(1 - given,))]) + _summary(one, rng)


def _prediction(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    steps = one.frames // CUT_FRAMES
    if steps < 2:
        return _reaction(one, rng)
    cut = round(int(rng.integers(max(1, steps // 4), max(2, steps // 2) + 1)) * CUT_FRAMES / one.fps, 6)
    turns = exchange([motion(one.id, end_s=cut), text(pick(rng, _CONTINUE))], [motion(one.id, start_s=cut)])
    return turns + _summary(one, rng)


def _summary(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    if not one.captions or rng.random() < 0.5:
        return ()
    return exchange([text(pick(rng, _WHOLE))], [text(pick(rng, one.captions))])


# --- editing ----------------------------------------------------------------------------------------------------------

_INSTRUCT: dict[tuple[str, Any], tuple[str, ...]] = {
    ("speed", "slow"): ("Make it slow.", "Let them take their time.", "I want it slow and unhurried."),
    ("speed", "normal"): ("Make the speed ordinary.", "Let them move at a normal pace.", "Neither fast nor slow, please."),
    ("speed", "fast"): ("Make it fast.", "Let them hurry.", "Do it again, but quickly."),
    ("energy", "gentle"): ("Make it gentle.", "They should be softer.", "Let it be light and careful."),
    ("energy", "normal"): ("Make its force ordinary.", "Let it be of medium strength.", "Neither weak nor strong, please."),
    ("energy", "strong"): ("Make it strong.", "Put much more force into it.", "They should be vigorous."),
    ("distance", "near"): ("Let them start close together.", "They should not have to walk.", "Begin at close range."),
    ("distance", "far"): ("Let them start far apart.", "They should walk up from a distance.", "Begin with more room between them."),
    ("hand", "left"): ("Use the left hand instead.", "The other hand, please.", "Do it with the left hand."),
    ("hand", "right"): ("Use the right hand instead.", "The other hand, please.", "Do it with the right hand."),
    ("starter", 0): ("Let the other one start.", "The first person should begin.", "Swap who takes the initiative."),
    ("starter", 1): ("Let the other one start.", "The second person should begin.", "Swap who takes the initiative."),
}
_MORE = {
    "speed": ("Make it slower.", "Make it faster."),
    "energy": ("Make it gentler.", "Make it stronger."),
    "distance": ("Let them start closer together.", "Let them start farther apart."),
}
_SOURCE = ("Look at this.", "This is my scene.", "Here is a motion.", "I have this interaction.")
_CHANGED = ("What have you changed?", "What is different now?", "How does it differ from before?")


def _editing(variant: Variant, rng: np.random.Generator) -> tuple[Turn, ...]:
    base, style, name = variant.base, variant.order.style, variant.change
    assert base.style is not None
    instruction, made = _instruction(base.style, style, name, rng), _shown(variant.order.id, rng)
    shape = int(rng.integers(3))
    if shape == 0:
        turns = exchange([text(pick(rng, _SOURCE)), motion(base.id), text(instruction)], made)
    elif shape == 1:
        turns = exchange([text(pick(rng, _MAKE).format(caption=pick(rng, base.captions)))], _shown(base.id, rng))
        turns += exchange([text(instruction)], made)
    else:
        turns = exchange([motion(base.id), text(pick(rng, _DESCRIBE))], [text(pick(rng, base.captions))])
        turns += exchange([text(instruction)], made)
    if shape == 0 or rng.random() < 0.4:
        turns += exchange([text(pick(rng, _CHANGED))], [text(_difference(base.style, style, name, rng))])
    return turns


def _instruction(before: Style, after: Style, name: str, rng: np.random.Generator) -> str:
    old, new = getattr(before, name), getattr(after, name)
    extreme = new in (VALUES[name][0], VALUES[name][-1])
    if name in _MORE and extreme and rng.random() < 0.4:
        return _MORE[name][VALUES[name].index(new) > VALUES[name].index(old)]
    return pick(rng, _INSTRUCT[name, new])


def _difference(before: Style, after: Style, name: str, rng: np.random.Generator) -> str:
    old, new = getattr(before, name), getattr(after, name)
    if name == "starter":
        return f"Now the {ORDINAL[new]} person starts, and the {ORDINAL[old]} person follows."
    if name == "hand":
        return f"They use the {new} hand instead of the {old} hand."
    if name == "distance":
        return {"near": "They start close together now.", "far": "They start far apart now."}[new]
    noun = "speed" if name == "speed" else "force"
    return pick(rng, (f"The {noun}: it was {old} and is now {new}.", f"It is {new} now; before it was {old}."))


# --- reasoning --------------------------------------------------------------------------------------------------------

ORDINAL = ("first", "second")
_NEXT = {
    "handshake": ("They may begin to talk: a handshake opens a meeting.", "They may part again: a handshake can also close a meeting."),
    "high_five": ("They may laugh and go on with what they celebrate.", "They may turn back to their game: a triumph is short."),
    "push": ("The pushed person may push back or walk away.", "They may begin to quarrel, since nobody likes to be pushed."),
    "bow": ("They may begin to talk: a bow opens a formal meeting.", "They may turn and leave: a bow can also close a meeting."),
}  # fmt: skip
_WHY = {
    "handshake": ("People shake hands to greet each other or to seal an agreement.", "A handshake is a sign of trust between the two."),
    "high_five": ("They celebrate something together.", "A high five shows that both are pleased with what they have done."),
    "push": ("One person wants the other out of the way.", "A push shows anger or keeps the other person at a distance."),
    "bow": ("They show each other respect.", "A bow is a formal greeting, and the other person returns the courtesy."),
}
_MOOD = {
    "gentle": ("They are careful with each other.", "The mood is quiet; nobody uses much force."),
    "normal": ("They are at ease; nothing is exaggerated.", "The mood is ordinary, neither shy nor excited."),
    "strong": ("They are excited; they put much energy into it.", "The mood is intense; the movement is large."),
}


def _question(style: Style, people: tuple[int, int], rng: np.random.Generator) -> tuple[Turn, ...]:
    """A question about motion that both have seen, and its true answer; `people` is the order in which they were shown."""
    asked, answered = pick(rng, list(_QUESTIONS))(style, people, rng)
    return exchange([text(asked)], [text(answered)])


_Answer = tuple[str, str]


def _ask_kind(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    name = NAMES[style.kind]
    asked = pick(rng, ("What kind of interaction is this?", "What would you call this?", "Name the interaction."))
    return asked, pick(rng, (f"It is {name}.", f"This is {name}.", f"{name.capitalize()}."))


def _ask_starter(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    own = people.index(style.starter)
    asked = pick(rng, ("Who starts?", "Who moves first?", "Which of the two takes the initiative?"))
    return asked, pick(
        rng, (f"The {ORDINAL[own]} person starts; the {ORDINAL[1 - own]} person follows.", f"The {ORDINAL[own]} person does.")
    )


def _ask_hand(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    asked = pick(rng, ("Which hand is used?", "With which hand?", "Is it the left or the right hand?"))
    return asked, pick(rng, (f"The {style.hand} hand.", f"It is the {style.hand} hand."))


def _ask_manner(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    asked = pick(rng, ("How do they do it?", "In what manner?", "What is the movement like?"))
    speed = {"slow": "slow", "normal": "of ordinary speed", "fast": "fast"}[style.speed]
    return asked, f"The movement is {speed}, done {pick(rng, energy_words(style))}."


def _ask_next(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    return pick(rng, ("What might happen next?", "What could follow?", "How might the scene go on?")), pick(rng, _NEXT[style.kind])


def _ask_why(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    return pick(rng, ("Why do they do that?", "What is the reason?", "What does it mean?")), pick(rng, _WHY[style.kind])


def _ask_mood(style: Style, people: tuple[int, int], rng: np.random.Generator) -> _Answer:
    return pick(rng, ("What is the mood?", "How do they feel?", "What is the atmosphere like?")), pick(rng, _MOOD[style.energy])


_Asker = Callable[[Style, tuple[int, int], np.random.Generator], _Answer]
_QUESTIONS: tuple[_Asker, ...] = (_ask_kind, _ask_starter, _ask_hand, _ask_manner, _ask_next, _ask_why, _ask_mood)


def _reasoning(one: Material, rng: np.random.Generator) -> tuple[Turn, ...]:
    """Two or three different questions about motion that the user shows, or that the assistant makes on demand."""
    assert one.style is not None
    people = (0, 1) if rng.random() < 0.5 else (1, 0)
    chosen = [_QUESTIONS[number] for number in rng.permutation(len(_QUESTIONS))[: 2 + int(rng.integers(2))]]
    pairs = [ask(one.style, people, rng) for ask in chosen]
    if rng.random() < 0.3:
        turns = exchange([text(pick(rng, _MAKE).format(caption=pick(rng, one.captions)))], [motion(one.id, people=people)])
        pairs = pairs[:2]
    else:
        turns = exchange([motion(one.id, people=people), text(pairs[0][0])], [text(pairs[0][1])])
        pairs = pairs[1:]
    for asked, answered in pairs:
        turns += exchange([text(asked)], [text(answered)])
    return turns


# --- story ------------------------------------------------------------------------------------------------------------

_THEN = ("And then? {caption}", "After that: {caption}", "Go on. {caption}", "Then this follows. {caption}")
_OPENING = ("Let us tell a story. {caption}", "A story begins: {caption}", "First scene. {caption}", "Imagine this: {caption}")
_BOTH = (
    "Show me a story in two scenes: first {first}, then {second}.", "Two people meet. First comes {first}, and then {second}. Show both.",
    "Animate {first} followed by {second}.",
)  # fmt: skip


def _story(variant: Variant, rng: np.random.Generator) -> tuple[Turn, ...]:
    """Two motions in a row of the same two people: scene by scene, or both in one answer with words between."""
    base, after = variant.base, variant.order.style
    assert base.style is not None
    first, second = pick(rng, base.captions), describe(after, rng)
    shape = int(rng.integers(3))
    if shape == 0:
        asked = pick(rng, _BOTH).format(first=NAMES[base.style.kind], second=NAMES[after.kind])
        told = [text(first), motion(base.id), text(second), motion(variant.order.id)]
        turns = exchange([text(asked)], told)
    elif shape == 1:
        turns = exchange([text(pick(rng, _OPENING).format(caption=first))], _shown(base.id, rng))
        turns += exchange([text(pick(rng, _THEN).format(caption=second))], _shown(variant.order.id, rng))
    else:
        turns = exchange([motion(base.id), text(pick(rng, _DESCRIBE))], [text(first)])
        turns += exchange([text(pick(rng, _THEN).format(caption=second))], _shown(variant.order.id, rng))
    return turns + _question(after, (0, 1), rng) if shape == 0 or rng.random() < 0.3 else turns


_WRITERS: dict[str, Callable[[Any, np.random.Generator], tuple[Turn, ...]]] = {
    "editing": _editing, "story": _story, "reasoning": _reasoning, "m2t": _m2t, "t2m": _t2m, "reaction": _reaction,
    "prediction": _prediction,
}  # fmt: skip
assert set(_WRITERS) == set(SHARES)
assert set(_WHY) == set(_NEXT) == set(NAMES) == set(KINDS)
