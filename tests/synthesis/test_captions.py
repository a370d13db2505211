from collections import defaultdict

import numpy as np
import pytest

from laban.synthesis.captions import ADVERBS, DEPTH, FORCE, TOLD, captions, describe
from laban.synthesis.interactions import ENERGIES, HANDS, SPEEDS, all_styles


@pytest.mark.parametrize("style", all_styles()[::7], ids=str)
def test_three_different_captions_in_the_manner_of_the_field(style):
    found = captions(style, seed=7, number=3, end_s=4.0)
    texts = [one.text for one in found]
    assert len(set(texts)) == 3
    for text in texts:
        assert "one person" in text.lower()
        assert "the other person" in text
        assert text[0].isupper()
        assert text.endswith(".")
        assert not any(wrong in text for wrong in ("  ", " ,", " .", ",,", "{", "}"))
    assert {(one.start_s, one.end_s, one.source) for one in found} == {(0.0, 4.0, "grammar")}


def test_a_caption_never_claims_what_is_not_so():
    rng = np.random.default_rng(0)
    for style in all_styles():
        for _ in range(6):
            words = set(describe(style, rng).replace(",", "").replace(".", "").lower().split())
            assert not words & {hand for hand in HANDS if hand != style.hand}
            for speed in SPEEDS:
                if speed != style.speed:
                    assert not words & {word for word in ADVERBS[speed] if word}
            for energy in ENERGIES:
                if energy != style.energy:
                    others = {word for word in (DEPTH if style.kind == "bow" else FORCE)[energy] if " " not in word}
                    assert not words & others


def test_a_full_caption_tells_everything():
    """Two styles that differ in anything but the starter never share a full caption."""
    rng, said = np.random.default_rng(1), defaultdict(set)
    for style in all_styles():
        for _ in range(12):
            told = tuple(value for name, value in sorted(style.parameters().items()) if name != "starter")
            said[describe(style, rng)].add((style.kind, *told))
    assert all(len(styles) == 1 for styles in said.values())
    assert len(said) > 2000, "many phrasings"


def test_what_is_left_out_is_not_told():
    rng = np.random.default_rng(2)
    for style in all_styles()[::5]:
        text = describe(style, rng, TOLD - {"hand"})
        assert not set(HANDS) & set(text.replace(",", "").split())


def test_captions_are_a_function_of_seed_and_number():
    style = all_styles()[0]
    assert captions(style, seed=1, number=2, end_s=4.0) == captions(style, seed=1, number=2, end_s=4.0)
    assert captions(style, seed=1, number=2, end_s=4.0) != captions(style, seed=1, number=3, end_s=4.0)
