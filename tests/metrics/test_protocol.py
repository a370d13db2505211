from dataclasses import replace

import numpy as np
import pytest

from laban.metrics.protocol import Measured, Protocol, fingerprint, repeated, table

PROTOCOL = Protocol(
    evaluator="e1", judge="j1", data="d1", split="test", split_hash="s1", captions="c1", samples=96, pools=(32, 96),
    same_caption="no distractor", scale=1.0, diversity_pairs=96, length="own", repetitions=3, seeds=(7, 8, 9), metric_repetitions=20,
    metric_seed=7,
)  # fmt: skip


def test_round_trip() -> None:
    assert Protocol.from_dict(PROTOCOL.as_dict()) == PROTOCOL
    assert PROTOCOL.as_dict()["pools"] == [32, 96]
    with pytest.raises(ValueError, match=r"missing \['pools'\], unknown \['pool'\]"):
        Protocol.from_dict({("pool" if name == "pools" else name): value for name, value in PROTOCOL.as_dict().items()})


def test_rows_of_one_protocol_make_a_table() -> None:
    rows = {"ours": Measured(values={"fid": 1.0}, protocol=PROTOCOL), "real": Measured(values={"fid": 0.0}, protocol=replace(PROTOCOL))}
    assert table(rows) == {"ours": {"fid": 1.0}, "real": {"fid": 0.0}}


CHANGES = [
    {"pools": (96,)}, {"evaluator": "e2"}, {"judge": ""}, {"length": "reference"}, {"seeds": (1, 2, 3)}, {"split": "val"}, {"scale": 6.0},
    {"captions": "c2"}, {"split_hash": "s2"}, {"same_caption": "distractor"}, {"metric_repetitions": 1}, {"repetitions": 1},
    {"scorers": "BERTScore x"}, {"data": "d2"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_rows_of_two_protocols_do_not(change: dict) -> None:
    other = replace(PROTOCOL, **change)
    with pytest.raises(ValueError, match=f"'ours' and 'theirs' were measured differently.*{next(iter(change))}"):
        table({"ours": Measured(values={}, protocol=PROTOCOL), "theirs": Measured(values={}, protocol=other)})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_never_tabled(value: float) -> None:
    with pytest.raises(ValueError, match="fid of 'ours' is"):
        table({"ours": Measured(values={"fid": value}, protocol=PROTOCOL)})


def test_repeated() -> None:
    mean, half = repeated([0.4, 0.5, 0.6])
    assert mean == pytest.approx(0.5)
    assert half == pytest.approx(1.96 * np.std([0.4, 0.5, 0.6]) / np.sqrt(3))
    assert repeated([0.3]) == (0.3, None)  # one says nothing of others


def test_fingerprints_know_no_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1}) != fingerprint({"a": 1, "b": [3]})
