import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import laban.metrics.attributes as attributes
from laban.data.clip import Clip
from laban.metrics.attributes import Probe, agreement, attributes_of, style_of
from laban.synthesis.interactions import Order, make_clips
from laban.synthesis.style import styles_of

pytestmark = pytest.mark.heavy


def made(kinds: tuple[str, ...], each: int, seed: int) -> list[Clip]:
    orders = [
        Order(id=f"{kind}-{n}", style=styles_of(kind)[n % len(styles_of(kind))], seed=seed, number=n, split="train")
        for kind in kinds
        for n in range(each)
    ]
    return list(make_clips(orders, clip_seconds=4.0, fps=30.0))


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return made(("bow", "kick_dodge", "stretch"), 72, 3)


@pytest.fixture(scope="module")
def probe(clips) -> Probe:
    return Probe.fit_clips(clips)


@pytest.fixture(scope="module")
def others() -> list[Clip]:
    """Of another seed."""
    return made(("bow", "kick_dodge", "stretch"), 72, 4)


def test_shares_no_code_with_the_generator():
    imported = {node.module for node in ast.walk(ast.parse(Path(attributes.__file__).read_text())) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name and name.startswith("laban")} == {"laban.motion.attributes"}


def test_every_parameter_is_recovered_from_clips_of_another_seed(probe, others):
    shares = agreement(probe, [clip.positions for clip in others], [style_of(clip) for clip in others])
    for name in ("kind", "speed", "energy", "distance", "hand", "starter", "repetitions"):
        assert shares[name] >= 0.9, (name, shares)
        assert shares[f"{name}_majority"] <= 0.55
    assert shares["kind_majority"] == pytest.approx(1 / 3)
    assert shares["speed_majority"] == pytest.approx(1 / 3, abs=0.05)


def test_agreement_falls_where_motion_shows_something_else(probe, others):
    bows = [clip for clip in others if clip.kind == "bow"]
    said = [style_of(clip) | {"starter": str(1 - int(clip.style["starter"]))} for clip in bows]
    shares = agreement(probe, [clip.positions for clip in bows], said)
    assert shares["starter"] <= 0.1
    assert shares["hand"] >= 0.9
    still = [np.repeat(clip.positions[:1], len(clip.positions), axis=0) for clip in bows]
    assert agreement(probe, still, said)["speed"] <= 0.6


def test_parameters_are_read_as_those_of_the_kind_that_is_given(probe, others):
    rows = attributes_of([clip.positions for clip in others[:5]], 30.0)
    for style in probe.read(rows, ["kick_dodge"] * 5):
        assert style.keys() == {"kind", "speed", "energy", "distance", "hand", "starter"}
    assert [style["kind"] for style in probe.read(rows)] == ["bow"] * 5


def test_a_probe_reads_the_same_after_it_is_stored(probe, others, tmp_path):
    rows = attributes_of([clip.positions for clip in others], 30.0)
    probe.save(tmp_path)
    again = Probe.load(tmp_path)
    assert again.read(rows) == probe.read(rows)
    assert [again.read([row])[0] for row in rows[:20]] == probe.read(rows[:20])  # alone as in company


def test_clips_without_a_style_teach_nothing(clips, probe):
    capture = replace(clips[0], kind="", style={})
    again = Probe.fit_clips([*clips, capture])
    assert again.parameters.keys() == probe.parameters.keys()
    with pytest.raises(ValueError, match="rates"):
        Probe.fit_clips([capture])
    with pytest.raises(ValueError, match=r"\[15.0, 30.0\]"):
        Probe.fit_clips([*clips, replace(clips[0], fps=15.0)])


def test_refusals(probe, clips):
    rows = attributes_of([clips[0].positions], 30.0)
    with pytest.raises(ValueError, match="'hug'"):
        probe.read(rows, ["hug"])
    with pytest.raises(ValueError, match="numbers of people"):
        probe.read(attributes_of([np.zeros((30, 3, 22, 3))], 30.0))
    with pytest.raises(ValueError, match="no motion"):
        agreement(probe, [], [])
