"""The table of the catalogue: `python tests/faults/campaign.py` damages clean data by every fault and prints what the gates caught."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import clean_data as clean
import numpy as np
from catalogue import CATALOGUE
from fault import ClipData, Outcome, Severity, campaign, judged_together, measured, of_the_field

from laban.data.clip import write_clips
from laban.data.styles import write_styles
from laban.stages.prepare import PrepareSettings, procedural
from laban.synthesis.style import vocabulary

CLEAN_SETS = 20


def clean_sets(folder: Path) -> Iterator[tuple[str, str]]:
    """Twenty data sets that are as they should be, of 24 to 176 clips and a seed each: why each was refused, or an empty string."""
    made = {}
    for seed in range(CLEAN_SETS):
        count = 24 + 8 * seed
        settings = PrepareSettings(
            seed=seed,
            fps=30.0,
            clip_seconds=4.0,
            procedural_clips=count,
            capture="",
            format="",
            shortest_seconds=2.0,
            capture_digest="",
            unfit_share=0.0,
            held_out=0.15,
        )
        write_clips(folder / str(seed), procedural(count, settings))
        write_styles(folder / str(seed), vocabulary())
        made[f"seed {seed}, {count} clips"] = measured("clips", folder / str(seed))
    for name, reasons in judged_together("clips", made).items():
        # the licence that thresholds ask for is the fault's own setting, as all else is the product's
        yield name, "; ".join(reasons.values())


def swaying_sets(folder: Path, count: int) -> dict[str, dict[str, str]]:
    """Reasons against the clean data that faults are made from, of other people each time."""
    made = {}
    for seed in range(count):
        data = ClipData(clips=[clean.clip(1000 * (seed + 1) + number) for number in range(12 + 2 * seed)])
        data.write(folder / str(seed))
        made[str(seed)] = measured("clips", folder / str(seed))
    return judged_together("clips", made)


def table(outcomes: Sequence[Outcome]) -> str:
    """Caught of all, by subject and severity, in Markdown."""
    subjects = list(dict.fromkeys(one.fault.subject for one in outcomes))
    lines = ["| subject | kinds | of §5–§7 | " + " | ".join(one.value for one in Severity) + " |", "|---|---|---|---|---|---|"]
    for subject in [*subjects, "all"]:
        own = [one for one in outcomes if subject in ("all", one.fault.subject)]
        kinds = {one.fault.name: one.fault for one in own}
        caught = [f"{np.sum([one.caught for one in own if one.severity is severity])}" for severity in Severity]
        cited = sum(of_the_field(fault) for fault in kinds.values())
        lines.append(f"| {subject} | {len(kinds)} | {cited} | {' | '.join(caught)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, what was missed, and false alarms."""
    with tempfile.TemporaryDirectory() as name:
        outcomes = campaign(CATALOGUE, list(Severity), Path(name) / "faults")
        print(table(outcomes))
        for one in outcomes:
            if not one.caught:
                print(f"missed: {one.fault.name} ({one.severity.value}): {one.fault.column} did not refuse; {dict(one.reasons)}")
        alarms = [(which, why) for which, why in clean_sets(Path(name) / "clean") if why]
        print(f"\nfalse alarms: {len(alarms)} of {CLEAN_SETS} clean data sets")
        for which, why in alarms:
            print(f"{which}: {why}")


if __name__ == "__main__":
    main()
