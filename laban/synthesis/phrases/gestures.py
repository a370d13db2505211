"""Wordings of what people do on the spot without touching."""

from __future__ import annotations

from collections.abc import Mapping

from laban.synthesis.phrases.grammar import Phrases

_WAVE = {
    "low": ("with little energy", "listlessly", "at chest height"),
    "normal": ("with ordinary energy", "with moderate energy", "at head height"),
    "high": ("with great energy", "energetically", "overhead"),
}
GESTURES: Mapping[str, Phrases] = {
    "kick_dodge": Phrases(
        hand="leg",
        manner={
            "low": ("with little energy", "weakly", "at a low height"),
            "normal": ("with ordinary energy", "with moderate energy", "at medium height"),
            "high": ("with great energy", "energetically", "powerfully"),
        },
        templates=(
            "{setting} One person {come} {quick} kicks at the other person {manner} using {hand}, and the other person"
            " [dodges|evades it|dodges out of range|leans away]{pace}.",
            "{setting} The other person [dodges|evades|leans out of range] as one person {come} {quick} kicks at them {manner} with"
            " {hand}{pace}.",
            "{setting} One person {come} {quick} uses {hand} to kick at the other person {manner}, who [dodges|evades it|leans out of"
            " the way]{pace}.",
        ),
    ),
    "bow": Phrases(
        manner={
            "low": ("slightly", "shallowly", "with little depth"),
            "normal": ("halfway", "at medium depth", "with moderate depth"),
            "high": ("deeply", "with a deep bend", "with great depth"),
        },
        templates=(
            "{setting} One person {come} {quick} bows {manner} with {hand} on the chest, and the other person"
            " [bows in return|returns the bow|answers with the same bow]{pace}.",
            "{setting} One person {come} {quick} places {hand} on the chest and bows {manner}, and the other person"
            " [does the same|bows in return|returns the bow]{pace}.",
            "Two people bow to each other {manner}{pace}: one person {come} {quick} bows first, {hand} on the chest, and the other"
            " person [follows|answers|does the same].",
        ),
    ),
    "wave": Phrases(
        manner=_WAVE,
        templates=(
            "{setting} One person {come} {quick} waves {hand} {times} {manner}, and the other person"
            " [waves back in the same way|returns the wave|answers with the same wave]{pace}.",
            "{setting} One person {come} {quick} raises {hand} and waves {times} {manner}, and the other person"
            " [does the same|waves back|waves in return]{pace}.",
            "{setting} The other person [waves back|returns the wave] after one person {come} {quick} waves {hand} {times} {manner}{pace}.",
        ),
    ),
    "mirror_dance": Phrases(
        near="apart",
        manner={
            "low": ("with little energy", "with small movements", "listlessly"),
            "normal": ("with ordinary energy", "with moderate energy", "with medium-sized movements"),
            "high": ("with great energy", "energetically", "with large movements"),
        },
        templates=(
            "{setting} One person {quick} sways from side to side with raised arms {times} {manner}, and the other person{where}"
            " [mirrors it|mirrors every movement|does the same like a mirror]{pace}.",
            "{setting} The other person{where} [mirrors|dances as a mirror of] one person, who {quick} sways sideways {times} {manner} with"
            " both arms raised{pace}.",
            "{setting} With raised arms, one person {quick} dances from side to side {times} {manner}, and the other person{where}"
            " [mirrors the dance|follows like a mirror image]{pace}.",
        ),
    ),
    "stretch": Phrases(
        manner={
            "low": ("with little energy", "listlessly", "only to chest height"),
            "normal": ("with ordinary energy", "with moderate energy", "to shoulder height"),
            "high": ("with great energy", "energetically", "overhead"),
        },
        templates=(
            "One person stands alone and {quick} raises both arms {manner} and lowers them again {times}{pace}.",
            "One person is alone in the scene and {quick} stretches {times}, lifting and lowering both arms {manner}{pace}.",
            "Standing [on the spot|in one place], one person {quick} lifts both arms {manner} and lets them sink again {times}{pace}.",
        ),
    ),
    "greet": Phrases(
        manner=_WAVE,
        templates=(
            "One person {quick} waves {hand} at the other two people {times} {manner}, and they [wave back|return the wave|do the"
            " same]{pace}.",
            "Three people greet each other{pace}: one person {quick} raises {hand} and waves {times} {manner}, and the other two people"
            " [wave back|answer in the same way].",
            "The other two people [wave back|return the wave] after one person of three {quick} waves {hand} at them {times}"
            " {manner}{pace}.",
        ),
    ),
}
"""In a greeting of three, as in a wave of two, the others do what "one person" does."""
