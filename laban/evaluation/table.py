"""From numbers of rows and repetitions to what a table holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from laban.metrics.protocol import finite, repeated

Numbers = dict[str, float]
Rows = Mapping[str, Numbers]
INTERVAL = "interval"


def summary(runs: Sequence[Numbers], rows: Rows) -> dict[str, object]:
    """Mean over the model's repetitions, half-widths of 95 % under `interval`, and the rows to compare with.

    A number that some repetition lacks is left out. Raises `ValueError` naming a number that is not finite.
    """
    shared = [name for name in runs[0] if all(name in run for run in runs)]
    for row, numbers in [*((f"repetition {number}", run) for number, run in enumerate(runs)), *rows.items()]:
        finite(numbers, row)
    means = {name: repeated([run[name] for run in runs]) for name in shared}
    return {
        **{name: mean for name, (mean, _) in means.items()},
        INTERVAL: {name: half for name, (_, half) in means.items() if half is not None},
        **{row: numbers for row, numbers in rows.items() if numbers},
    }
