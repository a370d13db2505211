"""Writers of conversations, one for each task: what is said, what is shown, and what is known of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from laban.data.conversation import Conversation, Part
from laban.synthesis.captions import describe
from laban.synthesis.phrases import PHRASES
from laban.synthesis.phrases.grammar import pick, say
from laban.synthesis.style import KINDS, Style
from laban.synthesis.writer.desk import CUT_FRAMES, SHARES, Desk
from laban.synthesis.writer.edits import difference, differing, instruction
from laban.synthesis.writer.material import Material, Series
from laban.synthesis.writer.questions import Seen, ask, manner_of, questions
from laban.synthesis.writer.talk import Claims, Said, Talk, claims_of, motion, text
from laban.synthesis.writer.words import ADJECTIVE, COUNTS, LORE, ORDINALS, PEOPLE, WHO, limb, space

_WORDS = 8
"""Stream of the draws of words; the others are of `plan` and `desk`."""


def write(desk: Desk, count: int, *, first: int = 0) -> Iterator[Conversation]:
    """Conversations `first` and following; each depends on the desk and on its own number alone."""
    return (conversation(desk, number) for number in range(first, first + count))


def conversation(desk: Desk, number: int, *, attempt: int = 0) -> Conversation:
    """Conversation `number`; another attempt says the same in other words."""
    deal = desk.deal(number)
    talk = Talk()
    _WRITERS[deal.task](talk, deal.source, np.random.default_rng([desk.seed, _WORDS, number, attempt]))
    return Conversation(id=f"conv-{number:06d}", task=deal.task, split=deal.split, turns=tuple(talk.turns), facts=tuple(talk.facts))


# --- words that several tasks need -------------------------------------------------------------------------------------

_DESCRIBE = (
    "What [is|are] {who} doing[| here]?", "[Describe|Put into words|Write a caption for|Tell me about] this [motion|scene|movement|clip].",
    "[Tell me|Say|Write down] what happens [here|in this motion|in this scene|in this clip].",
    "What [do you see|happens|is going on] [here|in this motion|in this scene|in this clip]?",
    "[Can|Could] you [describe|put into words] what [happens|you see] [here|in this scene]?",
)  # fmt: skip
_MAKE = (
    "[Generate|Show me|Animate|Create|Make] [this|the following|this scene|this motion]: {caption}",
    "[Can|Could] you [show|animate|generate|create] [this|the following|this scene]? {caption}",
    "{caption} [Show me|Please show that|Animate it|Show that as motion].",
    "I [need|want|would like] [a motion|an animation] of {people}. {caption}", "[Make it happen|Let me see that|Act it out]: {caption}",
)  # fmt: skip
_HERE = ("[Here it is|Like this|Sure, here you are|This is it|Here you go|Done].",)
_REACT = (
    "[How does|How would] the {other} person react?", "Show me [the partner's motion|what the {other} person does].",
    "[What does|What would] the {other} person do?", "[Complete the scene|Add who is missing|Fill in the {other} person].",
    "Here is [the {shown} person|one side of it]. [Add|Show|Generate] the {other} person.",
)  # fmt: skip
_CONTINUE = (
    "What happens next?", "How does it go on[| from here]?", "[Continue|Complete|Extend] this [motion|scene|clip].",
    "Finish what [has begun|was begun].", "Show me [the rest|what follows|the remaining {seconds} seconds].",
)  # fmt: skip
_MIDDLE = (
    "[What happens|What happened] in between?", "[Fill in|Show me|Generate] the [middle|missing part|{seconds} seconds between].",
    "{seconds} seconds are missing between [these|the two parts]. [Show them|Fill them in|Add them].",
    "[This is the beginning and the end|Here are the start and the end]. [Show what lies between|Add the middle|Fill the gap].",
    "How do[| the] people get from the first part to the second?",
)  # fmt: skip
_WHOLE = ("[Now describe|Describe|Put into words] the whole [scene|motion|thing].", "[And what is it altogether|What is it as a whole]?",
          "Sum up the whole [scene|motion|clip].", "What [is|was] that as a whole?")  # fmt: skip


def _one(options: tuple[str, ...], rng: np.random.Generator, **slots: str) -> str:
    return say(pick(rng, options), rng, **slots)


def _order(one: Material, rng: np.random.Generator) -> tuple[int, ...]:
    """The people of a clip, any of them first and the others after in their order."""
    first = int(rng.integers(one.people))
    return (first, *(person for person in range(one.people) if person != first))


def _describe(one: Material, rng: np.random.Generator) -> Part:
    who = say(WHO[one.people], rng)
    asked = _one(_DESCRIBE, rng, who=who[0].lower() + who[1:])
    wrong, right = ("are", "is") if one.people == 1 else ("is", "are")
    return text(asked.replace(f"What {wrong} th", f"What {right} th"))


def _caption(one: Material, people: tuple[int, ...], rng: np.random.Generator) -> tuple[str, Claims]:
    """Some caption, and what motion made from it must show: all of the style for the first one, else only the kind."""
    number = int(rng.integers(len(one.captions)))
    return one.captions[number], {} if one.style is None else _told(one.style, people, whole=number == 0)


def _known(one: Material, people: tuple[int, ...]) -> Claims:
    """All that is known of a clip whose rest is shown in answer."""
    return {} if one.style is None else claims_of(one.style, people)


def _told(style: Style, people: tuple[int, ...], *, whole: bool) -> Claims:
    """What a caption tells: never who of the people starts, only that one of them does."""
    return claims_of(style, people, ["kind", *(name for name in style.has if whole and name != "starter")])


def _made(clip: str, people: tuple[int, ...], rng: np.random.Generator, claims: Claims, was: Claims | None = None) -> list[Part | Said]:
    """Motion that answers, with or without a word before it."""
    said = Said(part=motion(clip, people), claims=claims, was=was or {})
    return [text(_one(_HERE, rng)), said] if rng.random() < 0.5 else [said]


def _follow_up(talk: Talk, one: Material, people: tuple[int, ...], rng: np.random.Generator, count: int = 1) -> None:
    if one.style is not None:
        ask(talk, Seen(style=one.style, people=people), rng, count=count)


def _make(talk: Talk, one: Material, people: tuple[int, ...], rng: np.random.Generator) -> None:
    """Motion from a caption."""
    caption, claims = _caption(one, people, rng)
    asked = _one(_MAKE, rng, caption=caption, people=PEOPLE[one.people])
    talk.add([text(asked)], _made(one.id, people, rng, claims))


def _read(talk: Talk, one: Material, people: tuple[int, ...], rng: np.random.Generator) -> None:
    """A caption for motion."""
    caption, claims = _caption(one, people, rng)
    shown = [motion(one.id, people), _describe(one, rng)]
    talk.add(shown if rng.random() < 0.6 else shown[::-1], [Said(part=text(caption), claims=claims)])


# --- clips as they are --------------------------------------------------------------------------------------------------


def _m2t(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    people = _order(one, rng)
    _read(talk, one, people, rng)
    _follow_up(talk, one, people, rng)


def _t2m(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    people = _order(one, rng)
    _make(talk, one, people, rng)
    _follow_up(talk, one, people, rng)


def _reaction(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    """All but one person are shown, and the last one is the answer."""
    people = _order(one, rng)
    shown, other = people[:-1], people[-1:]
    asked = text(_one(_REACT, rng, other=ORDINALS[len(shown)] if len(shown) > 1 else "other", shown=ORDINALS[0]))
    if len(shown) > 1:
        asked = text(_one(_REACT[:4], rng, other="third"))
    given = [motion(one.id, shown), asked]
    talk.add(given if rng.random() < 0.7 else given[::-1], [Said(part=motion(one.id, other), claims=_known(one, people))])
    _summary(talk, one, people, rng)


def _prediction(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    steps = one.frames // CUT_FRAMES
    cut = _second(one, int(rng.integers(max(1, steps // 4), max(2, steps // 2) + 1)))
    people = _order(one, rng)
    asked = text(_one(_CONTINUE, rng, seconds=f"{one.frames / one.fps - cut:.1f}"))
    given = [motion(one.id, people, end_s=cut), asked]
    talk.add(given if rng.random() < 0.7 else given[::-1], [Said(part=motion(one.id, people, start_s=cut), claims=_known(one, people))])
    _summary(talk, one, people, rng)


def _inbetween(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    """Beginning and end are shown, and what lies between is the answer."""
    steps = one.frames // CUT_FRAMES
    first = int(rng.integers(1, steps // 2 + 1))
    last = int(rng.integers(first + 1, steps))
    start, end = _second(one, first), _second(one, last)
    people = _order(one, rng)
    asked = text(_one(_MIDDLE, rng, seconds=f"{end - start:.1f}"))
    given = [motion(one.id, people, end_s=start), motion(one.id, people, start_s=end)]
    if rng.random() < 0.3:
        given = [given[0], text(_one(("[and|And later|Then, after a while]:",), rng)), given[1]]
    talk.add([*given, asked], [Said(part=motion(one.id, people, start_s=start, end_s=end), claims=_known(one, people))])
    _summary(talk, one, people, rng)


def _second(one: Material, step: int) -> float:
    """Where a step of the grid begins, in seconds."""
    return round(step * CUT_FRAMES / one.fps, 6)


def _summary(talk: Talk, one: Material, people: tuple[int, ...], rng: np.random.Generator) -> None:
    """What was seen in parts, told as a whole or asked about; of capture without captions nothing is known."""
    if one.style is not None and rng.random() < 0.5:
        _follow_up(talk, one, people, rng)
    elif one.captions:
        caption, claims = _caption(one, people, rng)
        talk.add([text(_one(_WHOLE, rng))], [Said(part=text(caption), claims=claims)])


# --- style and role -----------------------------------------------------------------------------------------------------

_WANT = (
    "[Generate|Show me|Animate|Create|Make] {wish}.", "I [want|need|would like] [to see |]{wish}.",
    "[Can|Could] you [show|animate|make] {wish}?",
    "{wish}, please.", "[Let me see|Give me] {wish}.",
)  # fmt: skip
_LISTS = ("[Generate|Show|Animate] this:", "[Make|Create] a motion with this style:", "Style:", "Please follow this list:",
          "[Here is what I want|This is what I need]:")  # fmt: skip


def _style(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    """Motion from explicit words of style, in prose or as a list; what is not asked for is free."""
    assert one.style is not None
    people = _order(one, rng)
    named = [name for name in one.style.has if rng.random() < 0.7] or [one.style.has[int(rng.integers(len(one.style.has)))]]
    wish = _prose(one.style, people, named, rng) if rng.random() < 0.6 else _list(one.style, people, named, rng)
    claims = claims_of(one.style, people, ["kind", *named])
    talk.add([text(wish)], _made(one.id, people, rng, claims))
    _follow_up(talk, one, people, rng)


def _prose(style: Style, people: tuple[int, ...], named: list[str], rng: np.random.Generator) -> str:
    adjectives = [ADJECTIVE[name][getattr(style, name)] for name in ("speed", manner_of(style)) if name in named]
    adjectives = [adjectives[place] for place in rng.permutation(len(adjectives))]
    name = LORE[style.kind].noun if adjectives else LORE[style.kind].name
    article = ("an " if adjectives[0][0] in "aeiou" else "a ") if adjectives else ""
    extras = [_extra(style, people, one) for one in named if one not in ADJECTIVE]
    extras = [extras[place] for place in rng.permutation(len(extras))]
    return _one(_WANT, rng, wish=f"{article}{', '.join(adjectives)} {name}{', '.join(['', *extras])}")


def _extra(style: Style, people: tuple[int, ...], name: str) -> str:
    """A parameter that is no adjective, in a few words after the noun."""
    return {
        "hand": f"with the {style.hand} {limb(style)}",
        "starter": f"the {ORDINALS[people.index(style.starter)]} person starts" if "starter" in style.has else "",
        "repetitions": COUNTS[style.repetitions],
        "distance": f"{_AS[space(style)[0]]} {space(style)[1]}" if "distance" in style.has else "",
    }[name]


_AS = {"start": "starting", "dance": "danced", "walk": "walking", "walk round": "going", "come": "coming", "go": "going"}


def _list(style: Style, people: tuple[int, ...], named: list[str], rng: np.random.Generator) -> str:
    def value(name: str) -> str:
        if name == "starter":
            return f"{ORDINALS[people.index(style.starter)]} person"
        return space(style)[1] if name == "distance" else str(getattr(style, name))

    chosen = [named[place] for place in rng.permutation(len(named))]
    words = {"gentleness": "force", "hand": limb(style), "starter": "starts", "repetitions": "times"}
    items = [("kind", LORE[style.kind].noun), *((words.get(name, name), value(name)) for name in chosen)]
    joint = pick(rng, ("; ", ", ", "\n- "))
    return _one(_LISTS, rng) + (joint if joint[0] == "\n" else " ") + joint.join(f"{name}: {said}" for name, said in items)


def _role(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    """Who of the people does what: asked for when a pair is made and then swapped, or for the partner of a person that is shown."""
    assert one.style is not None
    people, lore = _order(one, rng), LORE[one.style.kind]
    own = people.index(one.style.starter)
    slots = {"name": lore.name, "own": ORDINALS[own], "other": ORDINALS[1 - own], "starts": lore.starts[0], "start": lore.starts[1],
             "answers": lore.answers[0], "answer": lore.answers[1]}  # fmt: skip
    if rng.random() < 0.5:
        talk.add([text(_one(_CAST, rng, **slots))], _made(one.id, people, rng, claims_of(one.style, people, ["kind", "starter"])))
        if rng.random() < 0.6:
            claims, was = claims_of(one.style, people[::-1], ["kind", "starter"]), {"starter": own}
            talk.add([text(_one(_SWAP, rng, **slots))], _made(one.id, people[::-1], rng, claims, was))
            people = people[::-1]
    else:
        slots |= {"shown": lore.starts[0] if own == 0 else lore.answers[0], "wanted": lore.answers[0] if own == 0 else lore.starts[0]}
        given = [motion(one.id, people[:1]), text(_one(_PARTNER, rng, **slots))]
        talk.add(given, [Said(part=motion(one.id, people[1:]), claims=claims_of(one.style, people, ["kind", "starter"]))])
    _summary(talk, one, people, rng)


_CAST = (
    "[Show me|Animate|Generate|Make|I want] {name}. [Let|Have] the {own} person be the one who {starts}.",
    "[Show|Animate|Generate] {name} in which the {own} person {starts}[| and the {other} person {answers}].",
    "In {name}, [let|have] the {other} person {answer}[ and the {own} person {start}|].",
    "[Make|Animate|Create] {name}: the {own} person {starts}, the {other} person {answers}.",
    "The {own} person {starts}, and the {other} person {answers}: [show me that|animate it].",
)
_SWAP = (
    "Now [swap the roles|the other way round|exchange their roles].",
    "[Let|Have] the {other} person be the one who {starts} now.",
    "[Do the same|Once again], but [let|have] the {other} person {start}.",
    "This time [let|have] the {own} person {answer}.",
)
_PARTNER = (
    "This is the one who {shown}. [Show|Add|Generate] the one who {wanted}.",
    "Here is the person who {shown}. [Who is it that|Can you show me who] {wanted}?",
    "In {name}, this person {shown}. [Show|Generate|Add] the person who {wanted}.",
)  # fmt: skip

# --- editing ------------------------------------------------------------------------------------------------------------

_SOURCE = ("[Look at this|This is my scene|Here is a motion|I have this motion|Take this clip|Start from this].",)
_CHANGED = ("What [have you changed|is different now|has changed|did you change]?", "How does it differ from before?",
            "[Tell me|Say] what is different [now|from before].")  # fmt: skip
_COMPARE = ("What [is different in the second|has changed from the first to the second|distinguishes the second from the first]?",
            "[Compare|Contrast] the two[ motions| clips|]. What has changed?",
            "How does the second [motion|clip] differ from the first?")  # fmt: skip
_UNDO = ("[Go back|Return] to how it was [before|in the beginning|at first].", "[Undo that|Undo it all|Take that back], please.",
         "No, I liked the [first|original] one better. [Show it again|Go back to it].")  # fmt: skip


def _editing(talk: Talk, series: Series, rng: np.random.Generator) -> None:
    """One edit or two in turn, asked for after the motion was shown, made or described; or two motions are compared."""
    base, people = series.base, _order(series.base, rng)
    shape = int(rng.integers(7))
    if shape == 0:
        _compare(talk, series, people, rng)
        return
    if shape <= 2:
        _make(talk, base, people, rng)
    elif shape <= 4:
        _read(talk, base, people, rng)
    for number, order in enumerate(series.orders):
        before, after = series.styles[number], order.style
        shown = [text(_one(_SOURCE, rng)), motion(base.id, people)] if not talk.turns else []
        claims, was = _change(before, after, people)
        talk.add([*shown, text(instruction(before, after, people, rng))], _made(order.id, people, rng, claims, was))
    if len(talk.turns) < 4 or rng.random() < 0.3:
        said = difference(series.styles[-2], series.styles[-1], people, rng)
        talk.add([text(_one(_CHANGED, rng))], [_difference(series, people, said)])
    if 0 < shape <= 2 and len(talk.turns) < 6 and rng.random() < 0.3:  # what the user has shown need not be made again
        claims, was = _change(series.styles[-1], series.styles[0], people)
        talk.add([text(_one(_UNDO if len(series.orders) == 1 else _UNDO[:1], rng))], _made(base.id, people, rng, claims, was))


def _compare(talk: Talk, series: Series, people: tuple[int, ...], rng: np.random.Generator) -> None:
    names = [series.base.id, *(order.id for order in series.orders)][-2:]
    said = difference(series.styles[-2], series.styles[-1], people, rng)
    talk.add([*(motion(name, people) for name in names), text(_one(_COMPARE, rng))], [_difference(series, people, said)])
    ask(talk, Seen(style=series.styles[-1], people=people), rng)


def _difference(series: Series, people: tuple[int, ...], said: str) -> Said:
    names = differing(series.styles[-2], series.styles[-1])
    before, after = (claims_of(style, people, names) for style in series.styles[-2:])
    return Said(part=text(said), claims=after, was=before)


def _change(before: Style, after: Style, people: tuple[int, ...]) -> tuple[Claims, Claims]:
    """All that the edited motion must show, and the former values of what has changed."""
    return claims_of(after, people), claims_of(before, people, differing(before, after))


# --- reasoning ----------------------------------------------------------------------------------------------------------


def _reasoning(talk: Talk, one: Material, rng: np.random.Generator) -> None:
    """Two or three different questions about motion that the user shows, or that the assistant makes on demand."""
    assert one.style is not None
    people = _order(one, rng)
    asked = questions(Seen(style=one.style, people=people), rng, 2 + int(rng.integers(2)))
    if rng.random() < 0.3:
        _make(talk, one, people, rng)
        asked = asked[:2]
    else:
        given = [motion(one.id, people), text(asked[0][0])]
        talk.add(given if rng.random() < 0.7 else given[::-1], [asked[0][1]])
        asked = asked[1:]
    for question, answer in asked:
        talk.add([text(question)], [answer])


# --- story --------------------------------------------------------------------------------------------------------------

_THEN = ("[And then|After that|What follows]: {caption}", "[Go on|Continue|Next]. {caption}", "Then this [follows|happens]. {caption}")
_OPENING = (
    "[Let us|Let's] tell a story. {caption}",
    "[A story begins|First scene|The first scene]: {caption}",
    "[Imagine|Picture] this: {caption}",
)
_ALL = (
    "[Show me|Tell me] a story in {count} scenes: {list}.", "{people} [meet|are on a stage]. {list}. Show {both}.",
    "[Animate|Generate|Act out] {list}, [scene by scene|one scene after the other].",
)  # fmt: skip
_RECALL = ("What was the {which} scene?", "What happened in the {which} scene?", "Remind me: what was the {which} scene [about|again]?")


def _story(talk: Talk, series: Series, rng: np.random.Generator) -> None:
    """Two motions or three in a row by the same people: scene by scene, or all in one answer with words between."""
    people = _order(series.base, rng)
    ids = [series.base.id, *(order.id for order in series.orders)]
    texts = [describe(style, rng) for style in series.styles]
    if rng.random() < 0.35:
        _at_once(talk, series, people, list(zip(ids, texts, strict=True)), rng)
    else:
        if rng.random() < 0.5:
            _read(talk, series.base, people, rng)
        else:
            claims = _told(series.styles[0], people, whole=True)
            talk.add([text(_one(_OPENING, rng, caption=texts[0]))], _made(ids[0], people, rng, claims))
        for clip, said, style in list(zip(ids, texts, series.styles, strict=True))[1:]:
            talk.add([text(_one(_THEN, rng, caption=said))], _made(clip, people, rng, _told(style, people, whole=True)))
    if len(talk.turns) < 4 or rng.random() < 0.4:
        _recall(talk, series, people, rng)


def _at_once(talk: Talk, series: Series, people: tuple[int, ...], scenes: list[tuple[str, str]], rng: np.random.Generator) -> None:
    names = [LORE[style.kind].name for style in series.styles]
    listed = ", ".join((f"first {names[0]}", *(f"then {name}" for name in names[1:-1]), f"and then {names[-1]}"))
    who = PEOPLE[len(people)]
    asked = _one(_ALL if len(people) > 1 else _ALL[::2], rng, count={2: "two", 3: "three"}[len(names)], list=listed, people=who,
                 both="both" if len(names) == 2 else "all of it")  # fmt: skip
    answered: list[Part | Said] = []
    for (clip, said), style in zip(scenes, series.styles, strict=True):
        answered += [text(said), Said(part=motion(clip, people), claims=claims_of(style, people, ["kind"]))]
    talk.add([text(asked)], answered)


def _recall(talk: Talk, series: Series, people: tuple[int, ...], rng: np.random.Generator) -> None:
    """A question about the last scene, or about which scene it was."""
    if rng.random() < 0.5:
        ask(talk, Seen(style=series.styles[-1], people=people), rng)
        return
    number = int(rng.integers(len(series.styles)))
    style = series.styles[number]
    answer = say(f"[It was|That was|In the {ORDINALS[number]} scene there was] {LORE[style.kind].name}.", rng)
    talk.add([text(_one(_RECALL, rng, which=ORDINALS[number]))], [Said(part=text(answer), claims=claims_of(style, people, ["kind"]))])


_WRITERS: Mapping[str, Callable[[Talk, Any, np.random.Generator], None]] = {
    "editing": _editing, "reasoning": _reasoning, "story": _story, "style": _style, "role": _role, "m2t": _m2t, "t2m": _t2m,
    "reaction": _reaction, "prediction": _prediction, "inbetween": _inbetween,
}  # fmt: skip
assert set(_WRITERS) == set(SHARES)
assert set(LORE) == set(PHRASES) == set(KINDS)
