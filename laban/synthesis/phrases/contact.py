"""Wordings of the kinds in which bodies touch."""

from __future__ import annotations

from collections.abc import Mapping

from laban.synthesis.phrases.grammar import ENERGY, FORCE, Phrases

CONTACT: Mapping[str, Phrases] = {
    "handshake": Phrases(
        manner=FORCE,
        templates=(
            "{setting} One person {come} {quick} [offers|holds out|extends|reaches out with] {hand}[| for a handshake], and the other"
            " person"
            " [takes it and they shake hands|grasps it and shakes it|accepts, and they shake hands] {manner}{pace}.",
            "{setting} After one person {come} {quick} [offers|holds out|extends] {hand}, the other person"
            " [takes it and shakes it|grasps it and they shake hands] {manner}{pace}.",
            "Two people shake hands {manner}{pace}: one person {come} {quick} [offers|holds out|extends] {hand} first, and the other person"
            " [takes it|grasps it|accepts it].",
        ),
    ),
    "high_five": Phrases(
        manner=FORCE,
        templates=(
            "{setting} One person {come} {quick} [raises|lifts|holds up] {hand} for a high five, and the other person"
            " [claps it|slaps it|meets it palm to palm|answers, and their palms meet] {manner}{pace}.",
            "{setting} As one person {come} {quick} [raises|lifts|holds up] {hand} for a high five, the other person"
            " [does the same and they clap palms|raises the same hand and claps it] {manner}{pace}.",
            "Two people give each other a high five {manner}{pace}: one person {come} {quick} [raises|lifts] {hand} first, and the other"
            " person [follows|claps it].",
        ),
    ),
    "push": Phrases(
        manner=FORCE,
        gives={
            "gentle": ("sways", "hardly gives way"),
            "normal": ("takes a step back", "has to take a step back"),
            "forceful": ("staggers backward", "stumbles backward"),
            None: ("gives way", "is moved by it"),
        },
        templates=(
            "{setting} One person {come} {quick} [pushes|shoves] the other person {manner} using {hand}, and the other person"
            " {gives}{pace}.",
            "{setting} The other person {gives} when one person {come} {quick} [pushes|shoves] them {manner} with {hand}{pace}.",
            "{setting} One person {come} {quick} uses {hand} to [push|shove] the other person {manner}, who {gives}{pace}.",
        ),
    ),
    "hug": Phrases(
        manner={
            "gentle": ("gently", "softly", "loosely"),
            "normal": ("with ordinary firmness", "with moderate pressure", "with medium pressure"),
            "forceful": ("tightly", "forcefully", "with great force"),
        },
        templates=(
            "{setting} One person {come} {quick} [hugs|embraces] the other person {manner}, and the other person [hugs back|returns the"
            " hug]{pace}.",
            "{setting} One person {come} {quick} puts both arms around the other person and [hugs|embraces] them {manner}, and the other"
            " person [does the same|hugs back|returns it]{pace}.",
            "Two people [hug each other|share a hug|embrace] {manner}{pace}: one person {come} {quick} opens both arms first, and the other"
            " person [joins in|follows|returns the hug].",
        ),
    ),
    "pat_back": Phrases(
        manner=FORCE,
        templates=(
            "One person stands behind the other person and {quick} pats them on the [back|upper back] {times} {manner} using {hand},"
            " and the"
            " other person [lets it happen|accepts it|stays in place]{pace}.",
            "The other person [lets it happen|stays in place] while one person, standing behind them, {quick} pats their [back|upper back]"
            " {times} {manner} with {hand}{pace}.",
            "From behind, one person {quick} pats the other person's [back|upper back] {manner} with {hand} {times}, and the other person"
            " [lets it happen|accepts it]{pace}.",
        ),
    ),
    "hand_over": Phrases(
        manner={
            "gentle": ("gently", "carefully", "softly"),
            "normal": ("with ordinary force", "with moderate force", "with medium effort"),
            "forceful": ("forcefully", "with a hard thrust", "with great force"),
        },
        templates=(
            "{setting} One person {come} {quick} holds out an object {manner} with {hand}, and the other person"
            " [takes it|takes it and draws it in|accepts it]{pace}.",
            "{setting} One person {come} {quick} passes an object {manner} with {hand}, and the other person"
            " [takes it|takes hold of it and draws it in]{pace}.",
            "{setting} The other person [takes|accepts] an object after one person {come} {quick} [holds it out|hands it over] {manner}"
            " with {hand}{pace}.",
        ),
    ),
    "arm_link": Phrases(
        hand="arm",
        manner={
            **ENERGY,
            "low": (*ENERGY["low"], "with hardly any swing in the step"),
            "high": (*ENERGY["high"], "with a lively step"),
        },
        templates=(
            "One person {quick} links {hand} with the other person's, and [the two|they] walk on [side by side|together] {manner}{pace}.",
            "Standing side by side, one person {quick} hooks {hand} into the other person's, and they walk [on|off] arm in arm"
            " {manner}{pace}.",
            "The other person walks on [together with|beside] one person, who has {quick} linked {hand} with theirs, {manner}{pace}.",
        ),
    ),
    "punch_block": Phrases(
        manner={
            "low": ("with little energy", "weakly", "feebly"),
            "normal": ("with ordinary energy", "with moderate energy", "with medium energy"),
            "high": ("with great energy", "energetically", "powerfully"),
        },
        templates=(
            "One person {quick} [punches|strikes] at the other person's face {times} {manner} using {hand}, and the other person"
            " [blocks|parries] with a raised forearm{pace}.",
            "The other person [raises a forearm to block|blocks with a forearm] as one person {quick} [punches|strikes] at their face"
            " {times} {manner} with {hand}{pace}.",
            "Two people spar{pace}: one person {quick} [punches|strikes] {times} {manner} with {hand} at the other person's face, and the"
            " other person [blocks|parries] with a forearm.",
        ),
    ),
}
