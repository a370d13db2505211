"""What data and models must be before the next stage may take them: suites of expectations, judged by Great Expectations.

Suites fail closed: no rule, no row, an absent column or measure, a null or a NaN is a failure with a reason.
Limits of nature (no hand moves at 25 m/s) are constants here, each with its reason; what people may want to change
(how many rows, how good) comes from the settings as thresholds on the measures of the whole.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import pandas as pd

from laban.data.measure import SPLITS, Measured, measure_clips, measure_codes, measure_conversations, measure_metrics

Thresholds = Mapping[str, Mapping[str, float]]
NULLS = "null_columns"
SHOWN = 5
"""Rows that a reason or a verdict names; the counts tell of the others."""
_LARGEST = sys.float_info.max


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every value of a column must be: within limits, one of some values, or unlike all others; never null unless `optional`."""

    column: str
    why: str
    low: float = -_LARGEST
    high: float = _LARGEST
    values: tuple[Any, ...] = ()
    unique: bool = False
    optional: bool = False
    """Null means *does not apply* here."""

    def expected(self) -> str:
        """The limits in words."""
        if self.unique:
            return "unlike all others"
        if self.values == ("",):
            return "nothing"
        if self.values:
            return "one of " + ", ".join(map(str, self.values))
        bounds = [f"at least {self.low:g}" if self.low > -_LARGEST else "", f"at most {self.high:g}" if self.high < _LARGEST else ""]
        return " and ".join(filter(None, bounds)) or "finite"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one expectation."""

    table: str
    name: str
    column: str
    passed: bool
    observed: str
    expected: str
    offenders: tuple[tuple[str, Any], ...] = ()
    """Ids and values of all rows that are not as expected."""
    reason: str = ""
    """Empty where it passed."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types, with the ids of the first few offenders; reasons are listed by themselves."""
        told = {name: value for name, value in vars(self).items() if name not in ("offenders", "reason")}
        return {**told, "unexpected_rows": [row for row, _ in self.offenders[:SHOWN]]}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a suite says of a folder."""

    findings: tuple[Finding, ...]
    counts: Mapping[str, float] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """Why it did not pass, one line each."""
        return [finding.reason for finding in self.findings if not finding.passed]

    @property
    def passed(self) -> bool:
        """Every expectation of at least one is met."""
        return bool(self.findings) and not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        shown = [finding.as_dict() for finding in self.findings]
        counts = {**self.counts, "expectations": len(self.findings), "failed": len(self.reasons)}
        return {"passed": self.passed, "reasons": self.reasons, "expectations": shown, "counts": counts}


@dataclass(frozen=True, kw_only=True)
class Suite:
    """How a kind of artifact is measured and what is asked of its tables."""

    kind: str
    """Kind of artifact that it judges; empty: any."""
    measure: Callable[[Path], Measured]
    rules: Mapping[str, Sequence[Rule]]
    """Table -> rules on its rows. `dataset` is the one row of measures of the whole."""
    optional_tables: tuple[str, ...] = ()


CLIP_RULES = (
    Rule(column="id", unique=True, why="a clip is found by its id"),
    Rule(column="unsafe_id", values=("",), why="ids and groups become names of files and rows: letters, digits, '_', '-' and '.'"),
    Rule(column="error", values=("",), why="a clip can be read and is what the index says"),
    Rule(column="nonfinite", high=0, why="a NaN or infinity in any array spreads through every loss"),
    Rule(column="frames", low=8, why="less than one step of the tokenizer is no motion"),
    Rule(column="fps", low=10, high=240, why="KIT-ML has 12.5, optical capture up to 240"),
    Rule(column="people", low=1, high=8, why="a record has at least one person"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="blank_source", high=0, why="nobody can say later where it came from"),
    Rule(column="blank_licence", high=0, why="what has no licence may not be used"),
    # bodies
    Rule(column="bone_drift_m", high=0.03, why="bones do not stretch; capture fitted frame by frame stays within 0.03 m"),
    Rule(column="longest_bone_m", low=0.2, high=0.8, why="a thigh is 0.25 m (child) to 0.6 m; else the unit is not the metre"),
    Rule(column="shortest_limb_m", low=0.1, why="a small child's forearm and shin; shorter is no limb but another joint"),
    Rule(column="lopsided_m", high=0.06, why="left and right bones differ by a centimetre or two; more is a joint in another's place"),
    Rule(column="smallest_stature_m", low=0.65, why="shin to head joint is 0.78 of the height: a child of three has 0.74 m"),
    Rule(column="stature_m", high=2.0, why="shin to head joint is 0.78 of the height: the tallest man had 2.1 m, a tall one has 1.7 m"),
    # floor and axes
    Rule(column="floor_m", low=-0.15, high=0.3, why="somebody touches the floor, and a toe sinks in by noise only"),
    Rule(column="floor_drift_m", high=0.3, why="from second to second somebody stands on one floor, or a stair of 0.2 m higher"),
    Rule(
        column="unsupported_m", high=0.3, why="who never comes down is carried by somebody within a metre, or has a floor of another file"
    ),
    Rule(column="highest_m", high=2.0, why="who is lifted is below 2 m; higher is another person's floor or unit"),
    Rule(column="slide_m_s", high=0.6, why="of who stands one foot rests: real dancers, who turn on their toes, come to 0.3 m/s"),
    Rule(column="toes_forward", low=-0.3, why="toes point where hips face; else left and right are exchanged"),
    Rule(column="shoulders_over_hips", low=0.0, why="nobody's shoulders are turned backwards most of the time; one girdle is exchanged"),
    Rule(column="ever_upright", low=0.5, why="for a moment somebody sits or stands; else another axis is up"),
    # time
    Rule(column="speed_m_s", high=25.0, why="the fastest hands and feet of athletes reach 20 m/s; more is a jump of the capture"),
    Rule(
        column="sustained_m_s", high=10.0, why="a tenth of the time faster: a runner's feet reach it, a salsa 4.3; else the rate is wrong"
    ),
    Rule(column="pelvis_speed_m_s", high=12.5, why="the fastest sprint is 12.4 m/s; more is a wrong rate or exchanged people"),
    Rule(column="pelvis_accel_m_s2", high=160.0, why="16 g; the hardest landing has 10 g, at 30 frames a second 160 is a leap of 0.18 m"),
    Rule(column="noise_m", high=0.01, why="optical capture trembles by 0.004 m at most; a centimetre is louder than a handshake"),
    Rule(column="stiff_s", high=0.5, why="no pose stays the same to 0.02 mm; frames are repeated, a track is lost or only the root moves"),
    Rule(column="repeated_share", high=0.1, why="frames that are the one before: a rate was raised by doubling them"),
    Rule(column="skip_ratio", high=3.5, why="a body goes four frames' way in one: frames are missing; real dances come to 2.5"),
    # people
    Rule(column="apart_m", high=10.0, optional=True, why="who is farther apart does nothing together: not one world frame"),
    Rule(column="trunks_m", low=0.1, optional=True, why="two spines are 0.17 m apart in the closest dance; nearer is inside the other"),
    Rule(column="unlike_m", low=0.001, optional=True, why="two bodies never move alike to a millimetre: one is a copy"),
    Rule(column="coarse_share", high=0.25, why="3 % look so by chance; numbers were cut to 16 bits or to centimetres"),
    Rule(column="actor_outside", high=0, why="who acts is one of the people, or -1"),
    Rule(column="actor_lag_s", high=0.3, optional=True, why="who acts begins; a later one is the other: the order was inverted"),
    Rule(column="odd_style", values=("",), why="clips of a kind have the same parameters, and the starter is who acts"),
    # rotations
    Rule(column="root_gap_m", high=1e-4, optional=True, why="the root is the pelvis, but for the residual that is recorded"),
    Rule(column="rotation_gap", high=1e-3, optional=True, why="two columns of a rotation are perpendicular and of length one"),
    # the record promises 1e-5 m; float32 resolves 4e-6 m at 40 m from the origin
    Rule(column="fk_gap_m", high=3e-5, optional=True, why="forward kinematics give the positions, but for the residual that is recorded"),
    Rule(column="residual_m", low=0.0, high=0.25, why="a retarget that misses by more than a hand is another body"),
    # captions
    Rule(column="missing_captions", high=0, why="motion without words cannot be paired; our own has three"),
    Rule(column="empty_captions", high=0, why="InterHuman has empty captions, and models learn them"),
    Rule(column="repeated_captions", high=0, why="one text under three names is one caption"),
    Rule(column="caption_fault", values=("",), why="a caption is words about the motion: laban/data/wording.py lists what is not"),
    Rule(column="bad_caption_spans", high=0, why="a caption's time lies within its clip"),
    Rule(column="uncaptioned_s", high=0.5, optional=True, why="our captions tell of the whole clip; else the rate or the length is wrong"),
    Rule(column="contradiction", values=("",), why="style and words tell the same"),
    Rule(column="named_hand", low=1 / 3, optional=True, why="the hand that words name is moved, not the other thrice as far"),
    Rule(column="named_leg", low=1 / 3, optional=True, why="the leg that words name is moved, not the other thrice as far"),
    # splits
    Rule(column="splits_of_group", low=1, high=1, why="pieces of one trial in two splits are a leak"),
    Rule(column="same_motion_in", values=("",), why="the same motion in two splits is a leak"),
    Rule(column="leaked_caption", values=("",), why="eight words and more written by hand, in two splits: the same recording"),
)
DATASET_RULES = (
    Rule(column="upright_share", low=0.5, why="most people stand most of the time; else another axis is up"),
    Rule(column="rates", low=1, high=1, why="a tokenizer has one rate; another one is a clip that was not resampled or is misdeclared"),
    Rule(column="commonest_caption_share", high=0.1, why="InterHuman says 'two people are dancing' fifty times: nobody can retrieve those"),
    Rule(column="train_rows", low=1, why="there is something to learn from"),
    Rule(column="val_rows", low=1, why="there is something to choose by"),
    Rule(column="test_rows", low=1, why="there is something to prove it on"),
    Rule(column="train_share", low=0.5, why="most is to learn from; a lesser share is two splits exchanged"),
)
CONVERSATION_RULES = (
    Rule(column="id", unique=True, why="a conversation is found by its id"),
    Rule(column="unsafe_id", values=("",), why="ids become names: letters, digits, '_', '-' and '.'"),
    Rule(column="error", values=("",), why="a line is a conversation: roles alternate from the user, parts are text or motion"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="odd_task", values=("",), why="results are told by task: small letters, digits and '_'"),
    Rule(column="ends_with", values=("assistant",), why="a question without an answer teaches nothing"),
    Rule(column="learned", low=1, why="some part of the assistant must count in the loss"),
    Rule(column="empty_texts", high=0, why="blank text teaches silence"),
    Rule(column="text_fault", values=("",), why="what is said is words: laban/data/wording.py lists what is not"),
    Rule(column="parroted", values=("",), why="an answer that is the question teaches to copy"),
    Rule(column="given_away", values=("",), why="motion that is asked for has not been shown; else an edit changes nothing"),
    Rule(
        column="unknown_clips",
        values=("",),
        why="motion that is named must exist, in clips/ or among the real ones listed in known_clips.parquet",
    ),
    Rule(column="torn_clips", values=("",), why="motion of one split in a conversation of another is a leak"),
    Rule(column="bad_spans", values=("",), why="what is shown of a clip must be there: seconds and people"),
)
CODE_RULES = (
    Rule(column="unsafe_id", values=("",), why="a clip is found by its id: letters, digits, '_', '-' and '.'"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="people", low=1, high=8, why="codes are somebody's"),
    Rule(column="bad_order", values=("",), why="the order names each person once"),
    Rule(column="fps", low=10, high=240, why="KIT-ML has 12.5, optical capture up to 240"),
    Rule(column="steps", low=1, why="less than one step is no motion"),
    Rule(column="depth", low=1, high=16, why="a residual quantiser has levels"),
    Rule(column="downsample", low=1, why="a step has frames"),
    Rule(column="codebook_size", low=2, why="one code says nothing"),
    Rule(column="missing_codes", low=0, high=0, why="there is a code for each step, person and level"),
    Rule(column="lowest_code", low=0, why="-1 is what quantiser dropout leaves in unused levels; an embedding would take the last row"),
    Rule(column="codes_left", low=0, why="a code beyond the codebook has no embedding"),
    Rule(column="fractional_codes", high=0, why="codes are numbers of rows; a fraction is a latent in their place"),
    Rule(column="missing_steps", low=0, high=0, why="every whole step of a clip is encoded"),
    Rule(column="captions", low=1, why="codes without words cannot be paired"),
    Rule(column="empty_captions", high=0, why="models learn empty captions"),
    Rule(column="caption_fault", values=("",), why="a caption is words about the motion: laban/data/wording.py lists what is not"),
    Rule(column="splits_of_id", low=1, high=1, why="a clip in two splits is a leak"),
    Rule(column="versions_of_id", low=1, high=1, why="rows of one clip tell the same frames, rate, kind, source and captions"),
    Rule(column="copies", low=1, high=1, why="a clip is encoded once in each order"),
    Rule(column="missing_orders", low=0, high=0, why="each person comes first once, so that a model learns everybody's part"),
)

SUITES: dict[str, Suite] = {
    "clips": Suite(
        kind="clips",
        measure=measure_clips,
        rules={
            "clip": CLIP_RULES,
            "dataset": DATASET_RULES,
        },
    ),
    "conversations": Suite(
        kind="conversations",
        measure=measure_conversations,
        rules={"conversation": CONVERSATION_RULES, "synthetic clip": CLIP_RULES},
        optional_tables=("synthetic clip",),
    ),
    "codes": Suite(
        kind="codes",
        measure=measure_codes,
        rules={
            "row of codes": CODE_RULES,
            "dataset": (
                Rule(column="layouts", low=1, high=1, why="all rows come from one tokenizer"),
                Rule(column="rates", low=1, high=1, why="a tokenizer has one rate"),
            ),
        },
    ),
    "metrics": Suite(kind="", measure=measure_metrics, rules={"dataset": ()}),
}


def threshold_rules(thresholds: Thresholds) -> list[Rule]:
    """Rules on the measures of the whole; raise `ValueError` on a threshold that could never be met or never be missed."""
    rules = []
    for name, bounds in thresholds.items():
        unknown = set(bounds) - {"min", "max"}
        if unknown or not bounds:
            raise ValueError(f"threshold {name} has {sorted(bounds) or 'no bound'}; a threshold has min, max or both")
        low, high = bounds.get("min", -_LARGEST), bounds.get("max", _LARGEST)
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise ValueError(f"threshold {name}: min {low:g} and max {high:g} leave nothing")
        rules.append(Rule(column=name, low=low, high=high, why="asked by the settings"))
    return rules


def judge(suite_name: str, folder: Path, thresholds: Thresholds) -> Judgement:
    """Measure a folder and judge it; raise `ValueError` on an unknown suite or a senseless threshold.

    Data that cannot be measured at all are a failure like any other.
    """
    if suite_name not in SUITES:
        raise ValueError(f"no suite {suite_name!r}; there are {', '.join(SUITES)}")
    suite, asked = SUITES[suite_name], threshold_rules(thresholds)
    try:
        measured = suite.measure(folder)
    except (ValueError, OSError) as error:
        return Judgement(findings=(_failure(suite_name, "readable", "", f"{folder.name}: {error}"),))
    totals = pd.DataFrame([{"id": folder.name, **measured.totals}])
    findings: list[Finding] = []
    for table, rules in suite.rules.items():
        if table == "dataset":
            continue
        if table in measured.tables:
            findings += check(table, measured.tables[table], rules)
        elif table not in suite.optional_tables:
            findings.append(_failure(table, "rows", "", f"{table}: there is no table of them"))
    rules_of_all = [*suite.rules.get("dataset", ()), *asked]
    if rules_of_all:
        findings += check("dataset", totals, rules_of_all)
    if not findings:
        findings.append(_failure(suite_name, "rules", "", f"suite {suite_name} asks for nothing: its thresholds are empty"))
    return Judgement(findings=tuple(findings), counts=_finite(measured.totals))


def _finite(totals: Mapping[str, float]) -> dict[str, float]:
    """Measures as JSON can hold them, whole ones as integers."""
    plain = {name: round(float(value), 6) for name, value in totals.items() if math.isfinite(value)}
    return {name: int(value) if value.is_integer() else value for name, value in plain.items()}


def _failure(table: str, name: str, column: str, reason: str, expected: str = "") -> Finding:
    return Finding(table=table, name=name, column=column, passed=False, observed="", expected=expected, reason=reason)


def check(table: str, rows: pd.DataFrame, rules: Sequence[Rule]) -> list[Finding]:
    """Judge the rows of a table, which have an `id`, by Great Expectations; nothing to judge is a failure."""
    if not rules:
        return [_failure(table, "rules", "", f"{table}: the suite has no rule for it")]
    if rows.empty:
        return [_failure(table, "rows", "", f"{table}: zero rows")]
    findings = [
        _failure(table, "column", rule.column, f"{table}: {_absent(table, rule.column, rows)} ({rule.why})", rule.expected())
        for rule in rules
        if rule.column not in rows
    ]
    present = [rule for rule in rules if rule.column in rows]
    return findings + (list(_validate(table, rows.reset_index(drop=True), present)) if present else [])


def _absent(table: str, column: str, rows: pd.DataFrame) -> str:
    if table != "dataset":
        return f"column {column} is absent"
    return f"measure {column} is absent; there are {', '.join(sorted(set(rows.columns) - {'id'})) or 'none'}"


def _validate(table: str, rows: pd.DataFrame, rules: Sequence[Rule]) -> Iterator[Finding]:
    """One finding for each rule, in their order, and first one for nulls, which Great Expectations passes over by itself."""
    gx = _great_expectations()
    required = [rule.column for rule in rules if not rule.optional]
    rows = rows.assign(**{NULLS: _null_columns(rows[required])})
    rules = [Rule(column=NULLS, values=("",), why="a null meets every limit unless it is looked for"), *rules]
    source = gx.get_context(mode="ephemeral")
    source.variables.progress_bars = {"globally": False}
    definition = source.data_sources.add_pandas("laban").add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch({"dataframe": rows})
    expectations = [_expectation(gx, rule, number) for number, rule in enumerate(rules)]
    suite = gx.ExpectationSuite(table, expectations=expectations)
    outcome = batch.validate(suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]})
    # Results come back grouped by column, and one that could not be computed has no result: they are found by their number.
    results = {result.expectation_config.meta["number"]: result for result in outcome.results}
    for number, (rule, expectation) in enumerate(zip(rules, expectations, strict=True)):
        name = type(expectation).__name__
        if number in results:
            yield _finding(table, name, rule, rows[rule.column], results[number])
        else:
            yield _failure(table, name, rule.column, f"{table}: {name} on {rule.column} was not evaluated", rule.expected())


def _great_expectations() -> Any:
    """Imported late: it takes three seconds."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    return great_expectations


def _null_columns(rows: pd.DataFrame) -> list[str]:
    """For each row the names of the columns that are null or NaN in it."""
    return [", ".join(compress(rows.columns, nulls)) for nulls in rows.isna().to_numpy(bool)]


def _expectation(gx: Any, rule: Rule, number: int) -> Any:
    """What Great Expectations is asked for a rule; `number` finds its result again."""
    known, common = gx.expectations, {"column": rule.column, "meta": {"number": number}}
    if rule.unique:
        return known.ExpectColumnValuesToBeUnique(**common)
    if rule.values:
        return known.ExpectColumnValuesToBeInSet(**common, value_set=list(rule.values))
    return known.ExpectColumnValuesToBeBetween(**common, min_value=rule.low, max_value=rule.high)


def _finding(table: str, name: str, rule: Rule, values: pd.Series, result: Any) -> Finding:
    """A result in our words; one that raised, or looked at fewer rows than there are, has failed."""
    found, count = result.result, len(values)
    expected = rule.expected()
    if not found:
        messages = sorted({str(error["exception_message"]) for error in result.exception_info.values() if isinstance(error, dict)})
        reason = f"{table}: {rule.column} could not be judged: {'; '.join(messages) or result.exception_info}"
        return _failure(table, name, rule.column, reason, expected)
    seen, bad = found["element_count"], found["unexpected_index_list"] or []
    offenders = [(str(row["id"]), row.get(rule.column)) for row in bad]
    passed = bool(result.success) and seen == count and not offenders
    reason = ""
    if not passed and not offenders:
        reason = f"{table}: {rule.column} was judged on {seen} of {count} rows"
    elif not passed:
        clip, value = offenders[0]
        more = f"; {len(offenders)} of {count}: {', '.join(row for row, _ in offenders[:SHOWN])}" if len(offenders) > 1 else ""
        reason = f"{table} {clip}: {rule.column} is {_shown(value)}, expected {expected} ({rule.why}{more})"
    observed = _shown(values.iloc[0]) if table == "dataset" else f"{len(offenders)} of {seen} rows are not"
    return Finding(
        table=table,
        name=name,
        column=rule.column,
        passed=passed,
        observed=observed,
        expected=expected,
        offenders=tuple(offenders),
        reason=reason,
    )


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "null"
    return f"{value:g}" if isinstance(value, float) else repr(value) if isinstance(value, str) else str(value)
