"""Wordings of how people walk: to, from, behind and round each other."""

from __future__ import annotations

from collections.abc import Mapping

from laban.synthesis.phrases.grammar import ENERGY, Phrases

_GAIT = {
    "low": (*ENERGY["low"], "with hardly any arm swing"),
    "normal": (*ENERGY["normal"], "with an ordinary arm swing"),
    "high": (*ENERGY["high"], "with a lively arm swing"),
}
PATHS: Mapping[str, Phrases] = {
    "follow": Phrases(
        near="behind",
        manner=_GAIT,
        templates=(
            "One person {quick} [walks ahead|leads the way|walks in front] {manner}, and the other person follows {where}{pace}.",
            "The other person [follows|comes along] {where} as one person {quick} [walks ahead|leads the way] {manner}{pace}.",
            "Two people walk one after the other {manner}{pace}: one person {quick} leads the way, and the other person follows {where}.",
        ),
    ),
    "circle": Phrases(
        near="circle",
        manner=_GAIT,
        templates=(
            "One person {quick} starts to walk [round|around] {where} {manner}, and the other person walks [opposite|across from]"
            " them{pace}.",
            "Two people {quick} walk round each other {where} {manner}{pace}; one person begins, and the other person follows.",
            "One person {quick} sets off {where} {manner}, and the other person [joins in on the other side|walks along on the opposite"
            " side]{pace}.",
        ),
    ),
    "approach": Phrases(
        near="from",
        manner=_GAIT,
        templates=(
            "One person {quick} walks towards the other person {where} {manner}, and the other person comes to meet them{pace}.",
            "Two people {quick} walk towards each other {where} {manner}{pace}; one person sets off first, and the other person"
            " [comes to meet them|follows suit].",
            "One person {quick} sets off towards the other person {where} {manner}, and the other person also walks up until they stand"
            " face"
            " to face{pace}.",
        ),
    ),
    "part": Phrases(
        near="away",
        manner=_GAIT,
        templates=(
            "One person {quick} turns and walks {where} away from the other person {manner}, and the other person walks away too{pace}.",
            "Two people part{pace}: one person {quick} turns and walks {where} away {manner}, and the other person does the same the"
            " other way.",
            "From face to face, one person {quick} turns round and goes {where} away {manner}, and then the other person walks away as"
            " well{pace}.",
        ),
    ),
    "walk": Phrases(
        near="away",
        manner=_GAIT,
        templates=(
            "One person is alone and {quick} walks {where} straight ahead across the floor {manner}{pace}.",
            "All alone in the scene, one person {quick} walks {where} forward in a straight line {manner}{pace}.",
            "There is only one person here, who {quick} walks {where} forward {manner}{pace}.",
        ),
    ),
    "ring": Phrases(
        near="ring",
        manner=_GAIT,
        templates=(
            "Three people {quick} walk round {where}, one behind the other, {manner}{pace}.",
            "One behind the other, three people {quick} walk {where} around their middle {manner}{pace}.",
            "Three people form a chain and {quick} go round {where} together {manner}{pace}.",
        ),
    ),
}
