from dataclasses import replace

import numpy as np
import pytest

from laban.metrics.protocol import Measured, Protocol, repeated, table

PROTOCOL = Protocol(evaluator="e1", data="d1", split="test", samples=96, pool=32, length="own", repetitions=3, seeds=(7, 8, 9))


def test_round_trip() -> None:
    assert Protocol.from_dict(PROTOCOL.as_dict()) == PROTOCOL
    with pytest.raises(ValueError, match=r"missing \['pool'\], unknown \['pools'\]"):
        Protocol.from_dict({("pools" if name == "pool" else name): value for name, value in PROTOCOL.as_dict().items()})


def test_rows_of_one_protocol_make_a_table() -> None:
    rows = {"ours": Measured(values={"fid": 1.0}, protocol=PROTOCOL), "real": Measured(values={"fid": 0.0}, protocol=replace(PROTOCOL))}
    assert table(rows) == {"ours": {"fid": 1.0}, "real": {"fid": 0.0}}


@pytest.mark.parametrize("change", [{"pool": 96}, {"evaluator": "e2"}, {"length": "reference"}, {"seeds": (1, 2, 3)}, {"split": "val"}])
def test_rows_of_two_protocols_do_not(change: dict) -> None:
    other = replace(PROTOCOL, **change)
    with pytest.raises(ValueError, match=f"'ours' and 'theirs' were measured differently.*{next(iter(change))}"):
        table({"ours": Measured(values={}, protocol=PROTOCOL), "theirs": Measured(values={}, protocol=other)})


def test_repeated() -> None:
    mean, half = repeated([0.4, 0.5, 0.6])
    assert mean == pytest.approx(0.5)
    assert half == pytest.approx(1.96 * np.std([0.4, 0.5, 0.6]) / np.sqrt(3))
    assert repeated([0.3]) == (0.3, 0.0)
