"""Which clips the gate would refuse one by one, so that a data set of thousands need not fail for three of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from laban.data.expectations import judge

OF_THE_SET = ("id", "split", "splits_of_group", "same_motion_in", "misplaced_style")
"""Rules that a clip breaks together with others: leaving one out would hide a leak or a mistake, so the gate refuses all."""


def unfit(folder: Path) -> dict[str, str]:
    """Id of each stored clip that breaks a rule on a single clip -> the measures that it breaks, comma by comma."""
    broken: dict[str, list[str]] = {}
    for clip, column in _broken(folder):
        if column not in broken.setdefault(clip, []):
            broken[clip].append(column)
    return {clip: ", ".join(columns) for clip, columns in broken.items()}


def _broken(folder: Path) -> Iterator[tuple[str, str]]:
    for finding in judge("clips", folder, {}).findings:
        if finding.table.endswith("clip") and finding.column not in OF_THE_SET:
            yield from ((offender.id, finding.column) for offender in finding.offenders)
