"""docs/data-gates.md holds every rule with its limit and reason: `python tests/data/test_expectations_doc.py` writes it anew."""

from __future__ import annotations

from pathlib import Path

from laban.data.expectations import SUITES
from laban.data.wording import FAULTS, FEWEST_WORDS, MOST_WORDS

DOC = Path(__file__).parents[2] / "docs" / "data-gates.md"
HEAD = """# What the data gates ask

Every artifact of data passes a gate before the next stage may take it; `laban data check FOLDER` asks the same of any imported data
set. A rule (`laban/data/rules.py`, all of them) names a column of a table that is measured, what its values must be, and why; Great
Expectations judges it (`findings.py`). What failed is told with the number of rows, and the worst of them with id, value, and where
it has a place in the clip, frame and person.

| measured in `laban/data/` | what |
|---|---|
| `clip_table.py` | the table of a clip store, and measures of the whole |
| `physique.py` | what bodies can be and do: bones, floor, speed, posture, one another |
| `agreement.py` | whether root, rotations and positions tell the same |
| `caption_columns.py`, `wording.py` | captions: missing, worn out, unfit, against style or motion |
| `styles.py` | styles against the vocabulary of their generator, which lies beside the clips as `styles.json` |
| `twins.py` | the same motion twice: moved, turned, mirrored, cut elsewhere, noisy; within a split and between splits |
| `conversation_table.py`, `code_table.py` | conversations, codes |

Limits are of nature or of measurement and hold for any kind of motion and number of people. Motion from code has no excuse: it is held
to tighter ones besides. What a platform may want to ask on top (how many rows, which licences) are thresholds in `params.yaml` on the
measures of the whole. Suites fail closed: no row, an absent column, a null or a NaN is a failure. `optional`: null means that the rule
does not apply. Shares of recorded pairs are judged from ten clips on.

`tests/faults` proves the rules by faults, each at three severities: `python tests/faults/campaign.py` prints what is caught. This page
is written from the rules by `python tests/data/test_expectations_doc.py`, and a test compares the two.
"""


def page() -> str:
    """The page as the rules are."""
    parts = [HEAD]
    for suite in SUITES.values():
        for table, rules in suite.rules.items():
            if not rules or table == "synthetic clip":
                continue
            parts.append(f"\n## {suite.kind}: {table}\n\n| column | expected | why |\n|---|---|---|")
            parts += [f"| `{rule.column}`{' (optional)' if rule.optional else ''} | {rule.expected()} | {rule.why} |" for rule in rules]
    parts.append("\nMotion made for conversations (`clips/` beside them) is judged as clips are.\n\n## Words\n")
    parts.append("`caption_fault` and `text_fault` name the first of these that a text has:\n\n| fault | why |\n|---|---|")
    parts += [f"| {name} | {why} |" for name, (_, why) in FAULTS.items()]
    parts.append(f"| length | a caption has {FEWEST_WORDS} to {MOST_WORDS} words: CLIP's text encoder reads 77 tokens |")
    parts.append("| two scripts, languages | Latin and other letters in one text, or in the captions of one clip |")
    parts.append("| no text | a number where words belong |")
    return "\n".join(parts) + "\n"


def test_the_page_is_what_the_rules_are() -> None:
    assert DOC.read_text("utf-8") == page(), "run python tests/data/test_expectations_doc.py"


if __name__ == "__main__":
    DOC.write_text(page(), "utf-8")
