"""Promotion, rollback and history of champions."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING

from laban import tracking
from laban.data.artifact import Artifact, ArtifactError
from laban.registry import ledger
from laban.registry.ledger import CHAMPION, Entry, Head
from laban.registry.package import checked_name, fetch, refuse_ungated, stored

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion


def promote(name: str, version: str = "challenger", *, why: str, who: str | None = None, dry_run: bool = False) -> str:
    """Make a version (a number or an alias) of model `name` the champion; return what was done, in a sentence.

    Checked first: the stored bytes against the content hash, the green verdict on the package's own evaluation, and
    that no ancestor was taken without a verdict. Raises `ValueError` with the one reason for a refusal, and where another
    promotion was quicker.
    """
    client, head = _open(name)
    candidate = _find(client, name, version, head)
    return _advance(client, name, candidate, head, action="promote", why=why, who=who, dry_run=dry_run)


def rollback(name: str, *, why: str, who: str | None = None, dry_run: bool = False) -> str:
    """Make the former champion champion again, under the same checks; repeated, it goes further back."""
    client, head = _open(name)
    if len(head.stack) < 2:
        raise ValueError(f"{name} has no former champion to go back to; `laban history --name {name}`")
    candidate = _find(client, name, head.stack[-2][0], head)
    return _advance(client, name, candidate, head, action="rollback", why=why, who=who, dry_run=dry_run)


def history(name: str) -> list[str]:
    """A line an entry of the ledger, oldest first; the alias is repaired."""
    client, head = _open(name)
    _, records = ledger.read(client, name)
    lines = []
    for record in records:
        entry = record.entry
        current = " <- champion" if head.entry == entry else ""
        fate = current if record.won else " (void: another promotion was quicker)"
        change = f"{entry.expected or 'none'} -> {entry.champion}"
        lines.append(
            f"{record.number}  {entry.time}  {entry.action} {change}  {entry.champion_hash[:12]}  by {entry.who}: {entry.why}{fate}"
        )
    return lines


def champion(name: str, selector: str = CHAMPION) -> Artifact:
    """The package of the champion, or of another version or alias, on this machine and verified."""
    client, head = _open(name)
    return fetch(client, _find(client, name, selector, head))


def _open(name: str) -> tuple[MlflowClient, Head]:
    """Connect and repair the alias; `ValueError` where there is no such model."""
    from mlflow.exceptions import MlflowException

    client = tracking.connect()
    try:
        return client, ledger.repair(client, checked_name(name))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise ValueError(
            f"{tracking.shown_uri()} has no model {name!r}: publish one with `make run`, or set MLFLOW_TRACKING_URI"
        ) from error


def _find(client: MlflowClient, name: str, selector: str, head: Head) -> ModelVersion:
    """The version that a number or an alias names; the champion is asked of the ledger."""
    from mlflow.exceptions import MlflowException

    if selector == CHAMPION:
        if not head.champion:
            raise ValueError(f"{name} has no champion yet: `laban promote --name {name} --why '…'`")
        selector = head.champion
    try:
        return client.get_model_version(name, selector) if selector.isdigit() else client.get_model_version_by_alias(name, selector)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        what = f"version {selector}" if selector.isdigit() else f"alias {selector!r}"
        raise ValueError(f"{name} has no {what}: publish a model with `make run`, or name another version") from error


def _advance(
    client: MlflowClient, name: str, candidate: ModelVersion, head: Head, *, action: str, why: str, who: str | None, dry_run: bool
) -> str:
    """Check, append to the ledger, and see whether the entry won."""
    version = str(candidate.version)
    if not why.strip():
        raise ValueError("--why is empty: say in a sentence why this version is to be champion")
    who = who or _user()
    if version == head.champion:
        return f"{name} version {version} is champion already; nothing was changed"
    evaluation = _check(client, candidate)
    change = f"{name}: {head.champion or 'none'} -> {version} ({candidate.tags['content_hash'][:12]})"
    if dry_run:
        return f"{change} passes every check; nothing was changed (dry run)"
    entry = Entry(
        action=action,
        expected=head.champion,
        expected_hash=head.champion_hash,
        champion=version,
        champion_hash=candidate.tags["content_hash"],
        evaluation=evaluation,
        who=who,
        why=why.strip(),
        time=ledger.now(),
        previous=head.hash,
    )
    number = ledger.append(client, name, entry)
    _, records = ledger.read(client, name)
    won = next(record for record in records if record.number == number).won
    if not won:
        ledger.repair(client, name)
        winner = next(record.entry for record in records if record.won and record.entry.previous == entry.previous)
        raise ValueError(f"{change} was not done: {winner.who} had just made version {winner.champion} champion; look at it and try again")
    client.set_registered_model_alias(name, CHAMPION, version)
    ledger.repair(client, name)
    return f"{change}: version {version} is champion (entry {number} of {ledger.ledger_name(name)})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise ValueError("this user has no name: give --who") from error


def _check(client: MlflowClient, version: ModelVersion) -> str:
    """Verify a version for promotion and return its evaluation's hash; `ValueError` with the one reason against it."""
    try:
        with stored(client, version) as package:
            refuse_ungated(package)
            said = json.loads((package / "package.json").read_text("utf-8"))
            return _judged_evaluation(package, said.get("verdicts", {}), version)
    except ArtifactError as error:
        raise ValueError(f"{version.name} version {version.version} may not be promoted: {error}") from error


def _judged_evaluation(package: Artifact, verdicts: dict[str, str], version: ModelVersion) -> str:
    """Hash of the evaluation, where package, verdict and version agree on it."""
    evaluation = package.manifest.parents.get("evaluation", "")
    label = f"{version.name} version {version.version} may not be promoted: "
    if not evaluation or verdicts.get("evaluation") != evaluation:
        raise ValueError(
            f"{label}{package.path} holds a verdict on evaluation {verdicts.get('evaluation')!r}, not on its own {evaluation!r}"
        )
    if version.tags.get("evaluation") != evaluation:
        raise ValueError(f"{label}its tag names evaluation {version.tags.get('evaluation')!r}, its package {evaluation!r}")
    return evaluation
