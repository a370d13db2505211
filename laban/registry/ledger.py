"""The ledger: who was made champion, when, by whom and why. It is the truth; the alias `champion` is its projection.

MLflow has no compare-and-swap on an alias, but it hands out the versions of a model under a primary key, with the tags in the same
transaction: a totally ordered log. A promotion of model `m` appends one version to the model `m-ledger`. The champion is the fold
over that log: an entry wins when it was written in view of the entry that heads the log at its place; of two that were written
in view of the same head, the second loses and is void.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from laban.data.artifact import canonical_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
SEAL = "entry_hash"
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One promotion, as it was meant."""

    action: str
    """`promote` or `rollback`."""
    expected: str
    """Version that was champion when this was written; empty: none."""
    expected_hash: str
    """Its content hash."""
    champion: str
    """Version that becomes champion."""
    champion_hash: str
    """Its content hash."""
    evaluation: str
    """Content hash of the evaluation that its verdict judged."""
    who: str
    why: str
    time: str
    """UTC, ISO 8601."""
    previous: str
    """Hash of the entry that headed the log; empty: none."""

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON."""
        return hashlib.sha256(canonical_json(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Head:
    """What the ledger says now."""

    entry: Entry | None = None
    stack: tuple[tuple[str, str], ...] = ()
    """(version, content hash) of the champion, last, and of those that a rollback goes back to."""

    @property
    def champion(self) -> str:
        """Version of the champion; empty: none yet."""
        return self.stack[-1][0] if self.stack else ""

    @property
    def champion_hash(self) -> str:
        """Its content hash."""
        return self.stack[-1][1] if self.stack else ""

    @property
    def hash(self) -> str:
        """Hash of the entry that heads the log."""
        return self.entry.hash if self.entry else ""

    def after(self, entry: Entry) -> Head:
        """The head once `entry` has won."""
        new, stack = (entry.champion, entry.champion_hash), self.stack
        if entry.action == "rollback":
            while stack and stack[-1] != new:
                stack = stack[:-1]
            stack = stack[:-1]
        return Head(entry=entry, stack=(*stack, new))


@dataclass(frozen=True, kw_only=True)
class Record:
    """An entry at its place in the log."""

    number: int
    entry: Entry
    won: bool


def ledger_name(name: str) -> str:
    """Registered model that holds the ledger of model `name`."""
    return f"{name}-ledger"


def fold(log: Iterable[tuple[int, Mapping[str, str]]], name: str) -> tuple[Head, list[Record]]:
    """Read (number, tags) in order; raise `ValueError` on an entry that was changed or whose predecessor is gone."""
    head, records, seen = Head(), list[Record](), {""}
    for number, tags in sorted(log, key=lambda item: item[0]):
        missing = {field.name for field in fields(Entry)} - set(tags)
        if missing:
            raise ValueError(f"entry {number} of {ledger_name(name)} lacks {sorted(missing)}: the ledger was altered")
        entry = Entry(**{field.name: tags[field.name] for field in fields(Entry)})
        if tags.get(SEAL) != entry.hash:
            raise ValueError(f"entry {number} of {ledger_name(name)} does not have its hash: the ledger was altered")
        if entry.previous not in seen:
            raise ValueError(f"entry {number} of {ledger_name(name)} follows an entry that is gone: the ledger was altered")
        won = entry.previous == head.hash and entry.expected == head.champion
        records.append(Record(number=number, entry=entry, won=won))
        if won:
            head = head.after(entry)
            seen.add(entry.hash)
    return head, records


def read(client: MlflowClient, name: str) -> tuple[Head, list[Record]]:
    """The head and all entries, oldest first."""
    log: list[tuple[int, Mapping[str, str]]] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{ledger_name(name)}'", max_results=1000, page_token=token)
        log += [(int(version.version), version.tags) for version in page]
        token = page.token
        if not token:
            return fold(log, name)


def append(client: MlflowClient, name: str, entry: Entry) -> int:
    """Write an entry at the end of the log; return its number. Whether it won is for `read` to say."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(ledger_name(name), description=f"Ledger of the champions of {name}; never edit or delete an entry")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    created = client.create_model_version(
        ledger_name(name), f"models:/{name}/{entry.champion}", tags={**asdict(entry), SEAL: entry.hash}, description=entry.why
    )
    return int(created.version)


def alias(client: MlflowClient, name: str) -> str:
    """Version that the alias `champion` points to; empty: none. SQLite answers with integers, servers with strings."""
    return str(client.get_registered_model(name).aliases.get(CHAMPION, ""))


def repair(client: MlflowClient, name: str) -> Head:
    """Make the alias say what the ledger says, whoever moved either of them meanwhile; return the head."""
    from mlflow.exceptions import MlflowException

    while True:
        head, _ = read(client, name)
        pointed = alias(client, name)
        if pointed == head.champion:
            return head
        LOGGER.warning("alias %s of %s was %s; the ledger says %s", CHAMPION, name, pointed or "absent", head.champion or "none")
        if not head.champion:
            client.delete_registered_model_alias(name, CHAMPION)
            continue
        try:
            client.set_registered_model_alias(name, CHAMPION, head.champion)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            LOGGER.warning("champion %s of %s was deleted from the registry: promote another version, or roll back", head.champion, name)
            return head


def now() -> str:
    """UTC, ISO 8601, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
