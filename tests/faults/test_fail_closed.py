"""The judge itself: what it cannot look at, it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from laban.data.expectations import SUITES, Judgement
from laban.data.findings import check
from laban.data.rules import Rule

TABLE = pd.DataFrame({"id": ["a", "b", "c"], "x": [1.0, 2.0, 3.0], "s": ["train", "val", "test"]})
WITHIN = Rule(column="x", low=0, high=5, why="of a test")


def reasons(table: pd.DataFrame, *rules: Rule) -> list[str]:
    return [finding.reason for finding in check("row", table, rules) if not finding.passed]


def test_a_suite_without_findings_has_not_passed() -> None:
    assert not Judgement(findings=()).passed


def test_clean() -> None:
    assert reasons(TABLE, WITHIN, Rule(column="s", values=("train", "val", "test"), why=""), Rule(column="id", unique=True, why="")) == []


@pytest.mark.parametrize(
    ("table", "rules", "said"),
    [
        (TABLE, (), "no rule"),
        (TABLE.iloc[:0], (WITHIN,), "zero rows"),
        (TABLE.drop(columns="x"), (WITHIN,), "column x is absent"),
        (TABLE.assign(x=[1.0, np.nan, 3.0]), (WITHIN,), "row b: null_columns is 'x'"),
        (TABLE.assign(x=[np.nan] * 3), (WITHIN,), "row a: null_columns is 'x', expected nothing"),
        (TABLE.assign(x=[1.0, np.inf, 3.0]), (Rule(column="x", low=0, why=""),), "row b: x is inf, expected at least 0"),
        (TABLE.assign(x=[1.0, -np.inf, 3.0]), (Rule(column="x", high=9, why=""),), "row b: x is -inf, expected at most 9"),
        (TABLE.assign(x=["1", "2", "3"]), (WITHIN,), "x could not be judged"),
        (TABLE.assign(s=["train", None, "test"]), (Rule(column="s", values=("train", "test"), why=""),), "row b: null_columns is 's'"),
        (TABLE.assign(id=["a", "a", "c"]), (Rule(column="id", unique=True, why=""),), "row a: id is 'a', expected unlike all others"),
        (TABLE.assign(x=[1.0, 6.0, 7.0]), (WITHIN,), "row c: x is 7, expected at least 0 and at most 5 (of a test; 2 of 3: c, b)"),
    ],
)
def test_refused(table: pd.DataFrame, rules: tuple[Rule, ...], said: str) -> None:
    assert any(said in reason for reason in reasons(table, *rules)), reasons(table, *rules)


def test_one_column_that_cannot_be_judged_hides_no_other() -> None:
    said = reasons(TABLE.assign(x=["1", "2", "3"], y=[0, 0, 9]), WITHIN, Rule(column="y", high=1, why="of a test"))
    assert len(said) == 2
    assert "row c: y is 9" in said[1]


def test_null_passes_only_where_it_means_does_not_apply() -> None:
    table = TABLE.assign(x=[1.0, np.nan, 9.0])
    said = reasons(table, Rule(column="x", high=5, optional=True, why=""))
    assert len(said) == 1
    assert said[0].startswith("row c: x is 9")


def test_every_rule_has_a_reason_and_no_suite_is_empty() -> None:
    for name, suite in SUITES.items():
        assert name == "metrics" or all(suite.rules.values())
        assert all(rule.why for rules in suite.rules.values() for rule in rules)


def test_great_expectations_is_imported_late_and_says_nothing() -> None:
    """A stage that only names the suites must not pay three seconds; the judge prints nothing by itself."""
    code = (
        "import sys, pandas as pd\n"
        "import laban.stages.gate\n"
        "from laban.data.findings import check\n"
        "from laban.data.rules import Rule\n"
        "assert not {'great_expectations', 'mlflow', 'torch'} & set(sys.modules)\n"
        "table = pd.DataFrame({'id': ['a'], 'x': [1.0]})\n"
        "assert check('row', table, [Rule(column='x', high=2, why='')])[0].passed\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
