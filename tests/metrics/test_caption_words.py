import ast
from pathlib import Path

import pytest

import laban.metrics.caption_words as caption_words
from laban.metrics.caption_words import claims

# Sentences of our own, not the writer's.
READ = {
    "Two people start far apart; one person quickly offers their left hand; they shake hands gently.": {
        "kind": "handshake", "speed": "fast", "distance": "far", "hand": "left", "gentleness": "gentle",
    },
    "One person forcefully gives the other a high five with the right hand at a normal pace.": {
        "kind": "high_five", "speed": "normal", "hand": "right", "gentleness": "forceful",
    },
    "One person slowly shoves the other person, who staggers.": {"kind": "push", "speed": "slow", "gentleness": "forceful"},
    "One person hugs the other person tightly, at close range.": {"kind": "hug", "gentleness": "forceful", "distance": "near"},
    "From behind, one person lightly pats the other's back three times.": {"kind": "pat_back", "gentleness": "gentle", "repetitions": "3"},
    "One person steps in and passes an object with moderate force.": {"kind": "hand_over", "distance": "near", "gentleness": "normal"},
    "One person hooks the left arm into the other's, and they walk on listlessly.": {"kind": "arm_link", "hand": "left", "energy": "low"},
    "One person punches twice, energetically, and the other person blocks.": {"kind": "punch_block", "repetitions": "2", "energy": "high"},
    "One person kicks with the right leg at medium height; the other dodges.": {"kind": "kick_dodge", "hand": "right", "energy": "normal"},
    "One person bows deeply, the right hand on the chest; the other bows in return.": {"kind": "bow", "energy": "high", "hand": "right"},
    "One person waves once at chest height.": {"kind": "wave", "repetitions": "1", "energy": "low"},
    "The other person mirrors one person, who sways sideways with large movements.": {"kind": "mirror_dance", "energy": "high"},
    "One person leads the way and the other person follows close behind.": {"kind": "follow", "distance": "near"},
    "Two people walk around each other in a wide circle.": {"kind": "circle", "distance": "far"},
    "Two people walk towards each other from a short distance.": {"kind": "approach", "distance": "near"},
    "One person turns and walks a long way away from the other person.": {"kind": "part", "distance": "far"},
    "One person is alone and walks a few steps forward.": {"kind": "walk", "distance": "near"},
    "One person stretches, lifting both arms overhead.": {"kind": "stretch", "energy": "high"},
    "Three people walk in a small ring.": {"kind": "ring", "distance": "near"},
    "One person waves at the other two people, who wave back.": {"kind": "greet"},
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_claims_of_sentences(text):
    found = claims(text)
    assert found.said == READ[text]
    assert not found.unread


def test_shares_no_code_with_the_writer():
    imported = {node.module for node in ast.walk(ast.parse(Path(caption_words.__file__).read_text())) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name and name.startswith("laban")}


def test_a_word_that_the_list_does_not_know_is_named():
    assert claims("One person sluggishly waves.").unread == ("sluggishly",)
    assert "kind" in claims("One person juggles.").unread


def test_two_values_of_one_parameter_are_unread_and_claim_nothing():
    found = claims("One person quickly waves their left hand, at a slow pace.")
    assert "speed" not in found.said
    assert found.unread == ("speed: slow, fast",)


def test_what_is_told_of_the_act_is_not_taken_for_a_parameter():
    assert claims("One person bows with a hand on the chest.").said == {"kind": "bow"}
    assert claims("Two people walk up until they stand face to face, towards each other.").said == {"kind": "approach"}
    assert claims("One person sways sideways and the other mirrors it.").said == {"kind": "mirror_dance"}


def test_every_sentence_of_the_writer_is_read_and_says_what_it_was_told():
    from laban.synthesis.captions import captions
    from laban.synthesis.style import all_styles

    for number, style in enumerate(all_styles()):
        true = {"kind": style.kind, **{name: str(value) for name, value in style.parameters().items() if name != "starter"}}
        for place, caption in enumerate(captions(style, seed=5, number=number, end_s=4.0)):
            found = claims(caption.text)
            assert not found.unread, caption.text
            assert found.said.items() <= true.items(), caption.text
            if place == 0:
                assert found.said == true, caption.text
