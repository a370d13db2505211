"""Captions are read back by a word list of this file alone: it shares no word table with the grammar."""

import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from laban.synthesis.captions import captions, describe, telling
from laban.synthesis.phrases import PHRASES
from laban.synthesis.phrases.grammar import say, slots_of
from laban.synthesis.style import KINDS, VALUES, all_styles, changed, styles_of

STARTING = r"close together|close range|steps in\b|step in\b|short step|face to face"
NEAR = {
    "follow": r"clos\w+ behind|close behind|short step behind", "circle": r"(small|tight|narrow)"
    " circle", "ring": r"(small|tight|narrow) ring",
    "approach": r"short distance|nearby|close range", "part": r"few steps|short", "walk": r"few steps|short",
    "mirror_dance": r"close to them|close range|close together",
}  # fmt: skip
FAR = {
    "follow": r"(far|well|some way) behind|at a distance", "circle": r"(large|wide|big) circle", "ring": r"(large|wide|big) ring",
    "approach": r"far away|long", "part": r"many steps|long", "walk": r"many steps|long", "mirror_dance": r"far|distance|some way off",
}  # fmt: skip
LOW = r"little energy|listless|weakly|feebly|hardly any|chest height|low height|small movements|slightly|shallowly|little depth"
MIDDLE = r"(ordinary|moderate|medium) (energy|arm|depth)|head height|shoulder height|medium height|medium depth|medium-sized|halfway"
HIGH = r"great energy|lot of energy|energetically|lively|powerfully|overhead|large movements|deep|great depth"
READ = {
    "speed": {
        "slow": r"slow|unhurried|leisurely|taking their time", "normal": r"(normal|average) (pace|speed)|usual tempo",
        "fast": r"fast|quick|swift|rapid|brisk",
    },
    "gentleness": {
        "gentle": r"gent|soft|light|loose|careful|sways|hardly gives", "normal": r"ordinary|moderate|medium|a step back",
        "forceful": r"forceful|vigorous|great force|tight|hard thrust|stagger|stumble",
    },
    "energy": {"low": LOW, "normal": MIDDLE, "high": HIGH},
    "hand": {"left": r"\bleft\b", "right": r"\bright\b"},
    "repetitions": {1: r"\bonce\b|single time", 2: r"\btwice\b|two times", 3: r"three times"},
}  # fmt: skip
KIND = {
    "handshake": r"shake", "high_five": r"high five", "push": r"push|shove", "hug": r"hug|embrac", "pat_back": r"pats",
    "hand_over": r"object",
    "arm_link": r"link|arm in arm", "punch_block": r"punch|strike", "kick_dodge": r"kick", "bow": r"bow(?!l)", "wave": r"wav",
    "mirror_dance": r"mirror", "follow": r"leads the way|walks (ahead|in front)", "circle": r"circle", "approach": r"towards",
    "part": r"away", "walk": r"(alone|only one person).* walks", "stretch": r"both arms", "ring": r"three people.* (walk|go)",
    "greet": r"other two people",
}  # fmt: skip


def read(kind: str, text: str, name: str) -> set:
    """The values of a parameter that the text speaks of."""
    start = {"near": STARTING, "far": r"far apart|from a distance|far from each other|way off|far away"}
    patterns = {"near": NEAR.get(kind, start["near"]), "far": FAR.get(kind, start["far"])} if name == "distance" else READ[name]
    said = text.lower().replace("face to face", "") if kind != "part" or name != "distance" else text.lower()
    return {value for value, pattern in patterns.items() if re.search(pattern, said)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_caption_tells_every_parameter_and_no_other_value(kind):
    rng = np.random.default_rng(0)
    for style in styles_of(kind):
        for _ in range(12):
            text = describe(style, rng)
            assert re.search(KIND[kind], text.lower()), text
            for name in telling(style):
                assert read(kind, text, name) == {getattr(style, name)}, (name, text)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_told_is_not_hinted_at(kind):
    rng = np.random.default_rng(1)
    for style in styles_of(kind):
        for hidden in telling(style):
            text = describe(style, rng, set(telling(style)) - {hidden})
            assert read(kind, text, hidden) == set(), (hidden, text)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_does_not_have_is_never_claimed(kind):
    rng = np.random.default_rng(2)
    lacking = [name for name in ("speed", "hand", "repetitions") if name not in KINDS[kind].has]
    for style in styles_of(kind):
        text = describe(style, rng)
        assert all(read(kind, text, name) == set() for name in lacking), text


@pytest.mark.parametrize("style", all_styles()[::7], ids=str)
def test_three_different_captions_in_the_manner_of_the_field(style):
    found = captions(style, seed=7, number=3, end_s=4.0)
    texts = [one.text for one in found]
    assert len(set(texts)) == 3
    for text in texts:
        assert "one person" in text.lower() or style.kind == "ring"
        assert KINDS[style.kind].people != 2 or "the other person" in text.lower()
        assert KINDS[style.kind].people != 3 or "three people" in text.lower() or "other two people" in text
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"  | [,.:;]|,[,.:;]|[{}\[\]|]", text)
        assert 9 <= len(text.split()) <= 37
    assert {(one.start_s, one.end_s, one.source) for one in found} == {(0.0, 4.0, "grammar")}


def test_captions_are_ten_to_thirty_five_words_long():
    lengths = [
        len(one.text.split()) for number, style in enumerate(all_styles()) for one in captions(style, seed=5, number=number, end_s=4.0)
    ]
    assert np.mean([10 <= length <= 35 for length in lengths]) > 0.99


def test_the_first_caption_tells_all_and_the_others_less():
    told = Counter()
    for number, style in enumerate(all_styles()):
        texts = [one.text for one in captions(style, seed=5, number=number, end_s=4.0)]
        share = [np.mean([bool(read(style.kind, text, name)) for name in telling(style)]) for text in texts]
        assert share[0] == 1
        assert max(share[1:]) < 1
        told.update(round(len(telling(style)) * one) for one in share[1:])
    assert set(told) >= {0, 1, 2, 3, 4}


def test_who_starts_is_never_a_matter_of_words():
    """Captions of two styles that differ only in who starts are drawn from the same sentences."""
    for kind, description in KINDS.items():
        if "starter" in description.has:
            style = styles_of(kind)[3]
            texts = [describe(changed(style, "starter", starter), np.random.default_rng(4)) for starter in (0, 1)]
            assert texts[0] == texts[1]


def test_there_are_many_phrasings():
    rng, said = np.random.default_rng(3), defaultdict(set)
    for style in all_styles():
        said[style.kind] |= {describe(style, rng) for _ in range(8)}
    assert sum(map(len, said.values())) > 9000
    assert min(len({text for text in texts}) for texts in said.values()) > 60


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_can_tell_every_value(kind):
    phrases, style = PHRASES[kind], styles_of(kind)[0]
    place = {"speed": {"quick", "pace"}, "distance": {"setting", "come", "where"}, "hand": {"hand"}, "repetitions": {"times"}}
    for template in phrases.templates:
        for name in telling(style):
            slots = set(slots_of(template)) & place.get(name, {"manner"})
            assert slots, (template, name)
            for value in VALUES[name]:
                assert any(phrases.slots[slot].get(value) for slot in slots), (template, value)


def test_a_template_is_filled_and_tidied():
    rng = np.random.default_rng(0)
    found = {say("{who} [sits|stands {how}]{where}.", rng, who="one", how="up ", where=", here,") for _ in range(40)}
    assert found == {"One sits, here.", "One stands up, here."}
    assert slots_of("a {who} [b|c {how}]") == ("who", "how")


def test_captions_are_a_function_of_seed_and_number():
    style = all_styles()[0]
    assert captions(style, seed=1, number=2, end_s=4.0) == captions(style, seed=1, number=2, end_s=4.0)
    assert captions(style, seed=1, number=2, end_s=4.0) != captions(style, seed=1, number=3, end_s=4.0)
