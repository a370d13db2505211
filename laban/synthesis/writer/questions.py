"""Questions about motion that both have seen, with answers that are true of its style."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from laban.synthesis.phrases import PHRASES
from laban.synthesis.phrases.grammar import pick, say
from laban.synthesis.style import VALUES, Style
from laban.synthesis.writer.talk import Claims, Said, Talk, claims_of, text
from laban.synthesis.writer.words import COUNTS, LORE, ORDINALS, VALUE, limb, space, subject


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Motion that was shown: what it is and in which order its people were."""

    style: Style
    people: tuple[int, ...]

    @property
    def starter(self) -> int:
        """Place of who starts among the people shown."""
        return self.people.index(self.style.starter)

    @property
    def other(self) -> int:
        """Place of who answers; of three, the others begin together and this is the first of them."""
        return 1 - self.starter if len(self.people) == 2 else next(place for place in range(3) if place != self.starter)


_Asked = tuple[str, str, Claims]


def ask(talk: Talk, seen: Seen, rng: np.random.Generator, *, count: int = 1) -> None:
    """Add so many different questions with their answers, of those that make sense of this kind."""
    for asked, answered in questions(seen, rng, count):
        talk.add([text(asked)], [answered])


def questions(seen: Seen, rng: np.random.Generator, count: int) -> list[tuple[str, Said]]:
    """So many different questions, each with its answer."""
    names = [name for name, needs in NEEDS.items() if set(needs) <= set(seen.style.has)]
    if "distance" in names and PHRASES[seen.style.kind].near != "start":
        names.remove("before")  # only of what may begin with a walk is it known what came before
    chosen = [names[number] for number in rng.permutation(len(names))[:count]]
    return [_said(name, seen, rng) for name in chosen]


def _said(name: str, seen: Seen, rng: np.random.Generator) -> tuple[str, Said]:
    template, answer, claims = _ASK[name](seen, rng)
    was = {"starter": seen.starter} if name == "otherwise" else {}
    return say(template, rng), Said(part=text(say(answer, rng)), claims=claims, was=was)


def _kind(seen: Seen, rng: np.random.Generator) -> _Asked:
    asked = "[What kind of motion is this|What would you call this|What is this called|Which action is this|What do you call that]?"
    return asked, f"[It is|This is|I would call it|That is] {LORE[seen.style.kind].name}.", claims_of(seen.style, seen.people, ["kind"])


def _starter(seen: Seen, rng: np.random.Generator) -> _Asked:
    lore, own, other = LORE[seen.style.kind], ORDINALS[seen.starter], ORDINALS[seen.other]
    pair = len(seen.people) == 2
    asked = f"[Who starts|Who moves first|Who takes the initiative|Which person begins|Which of them {lore.starts[0]}]?"
    answer = f"The {own} person [does|starts|takes the initiative]." if not pair or rng.random() < 0.4 else (
        f"The {own} person {lore.starts[0]}, and the {other} person {lore.answers[0]}."
    )  # fmt: skip
    return asked, answer, claims_of(seen.style, seen.people, ["starter"])


def _hand(seen: Seen, rng: np.random.Generator) -> _Asked:
    side, what = seen.style.hand, limb(seen.style)
    claims = claims_of(seen.style, seen.people, ["hand"])
    if rng.random() < 0.4:
        guess = pick(rng, ("left", "right"))
        answer = f"Yes, it is the {side} {what}." if guess == side else f"No, it is the {side} {what}."
        return f"[Is it the {guess} {what}|Is the {guess} {what} used here|Am I right that it is the {guess} {what}]?", answer, claims
    asked = f"[Which {what} is used|With which {what} is it done|Is it the left or the right {what}|Which {what} do they use]?"
    return asked, f"[The {side} {what}|It is the {side} {what}|With the {side} {what}].", claims


def _count(seen: Seen, rng: np.random.Generator) -> _Asked:
    times = COUNTS[seen.style.repetitions]
    asked = (
        "[How often is it done|How many times|How many times is it repeated|Can you count how often it is done|How often do you see it]?"
    )
    return asked, f"[It is done|It happens|I count it:|I see it] {times}.", claims_of(seen.style, seen.people, ["repetitions"])


def _speed(seen: Seen, rng: np.random.Generator) -> _Asked:
    claims = claims_of(seen.style, seen.people, ["speed"])
    value = VALUE["speed"][seen.style.speed]
    if rng.random() < 0.3:
        guess = pick(rng, VALUES["speed"])
        answer = f"Yes, it is {value}." if guess == seen.style.speed else f"No, it is {value}."
        return f"Is {'the movement' if rng.random() < 0.5 else 'it'} {VALUE['speed'][guess]}?", answer, claims
    asked = "[How fast is it|What is the speed|What is the tempo|Is it slow, normal or fast|Is it done fast or slowly]?"
    return asked, f"[It is|The movement is|The motion is] {value}.", claims


def _manner(seen: Seen, rng: np.random.Generator) -> _Asked:
    name = manner_of(seen.style)
    asked = "[How is it done|In what manner|What is the movement like|How much force or energy is in it|What is the manner of it]?"
    return (
        asked,
        f"[It is|The movement is|The motion is] {VALUE[name][getattr(seen.style, name)]}.",
        claims_of(seen.style, seen.people, [name]),
    )


def _distance(seen: Seen, rng: np.random.Generator) -> _Asked:
    verb, where = space(seen.style)
    who = subject(seen.style)
    asked = "[How is the space used|What about the distance|How large is the distance|How near or far is it]?"
    answer = f"[{who}|In this motion {who}] {verb if who == 'they' else verb + 'es'} {where}."
    return asked, answer, claims_of(seen.style, seen.people, ["distance"])


def _before(seen: Seen, rng: np.random.Generator) -> _Asked:
    asked = "[What was before that|How did they stand before that|How did it begin|Where were they at first]?"
    answer = f"[They started|At first they stood|Before that they stood] {space(seen.style)[1]}."
    return asked, answer, claims_of(seen.style, seen.people, ["distance"])


def _next(seen: Seen, rng: np.random.Generator) -> _Asked:
    asked = "[What might happen next|What could follow|How might the scene go on|What do you expect next|What may come after that]?"
    return asked, pick(rng, LORE[seen.style.kind].then), {}


def _why(seen: Seen, rng: np.random.Generator) -> _Asked:
    asked = "[Why is that done|What is the reason|What does it mean|Why would anybody do that|What is the intention]?"
    return asked, pick(rng, LORE[seen.style.kind].why), {}


def _otherwise(seen: Seen, rng: np.random.Generator) -> _Asked:
    """What if the other one had started: a claim about motion that is not shown."""
    lore, own, other = LORE[seen.style.kind], ORDINALS[seen.starter], ORDINALS[seen.other]
    subjects = "the other one" if len(seen.people) == 2 else f"the {other} person"
    asked = f"[What if {subjects} had started|How would it be if {subjects} started|Suppose {subjects} began. What then]?"
    rest = f"and the {own} person would {lore.answers[1]}" if len(seen.people) == 2 else "and the others would follow"
    return asked, f"[Then|In that case] the {other} person would {lore.starts[1]}, {rest}.", {"starter": seen.other}


def manner_of(style: Style) -> str:
    """`gentleness` or `energy`, whichever the kind has."""
    return "gentleness" if "gentleness" in style.has else "energy"


_ASK: Mapping[str, Callable[[Seen, np.random.Generator], _Asked]] = {
    "kind": _kind, "starter": _starter, "hand": _hand, "count": _count, "speed": _speed, "manner": _manner, "distance": _distance,
    "before": _before, "next": _next, "why": _why, "otherwise": _otherwise,
}  # fmt: skip
NEEDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_ASK, ()), "starter": ("starter",), "otherwise": ("starter",), "hand": ("hand",), "count": ("repetitions",),
    "distance": ("distance",), "before": ("distance",),
}  # fmt: skip
"""Question -> parameters that a kind must have for it."""
