from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laban.registry.ledger import SEAL, Entry, Head, fold

FIRST = Entry(
    action="promote",
    expected="",
    expected_hash="",
    champion="1",
    champion_hash="h1",
    evaluation="e1",
    who="ann",
    why="first",
    time="2026-11-20T00:00:00Z",
    previous="",
)


def _after(head: Head, champion: str, action: str = "promote") -> Entry:
    """What somebody who sees `head` writes."""
    return replace(
        FIRST,
        action=action,
        champion=champion,
        champion_hash=f"h{champion}",
        expected=head.champion,
        expected_hash=head.champion_hash,
        previous=head.hash,
    )


def _tags(entry: Entry) -> dict[str, str]:
    return {**asdict(entry), SEAL: entry.hash}


def _log(*entries: Entry) -> list[tuple[int, dict[str, str]]]:
    return [(number, _tags(entry)) for number, entry in enumerate(entries, 1)]


def test_empty_ledger_has_no_champion() -> None:
    assert fold([], "laban") == (Head(), [])


def test_of_two_written_in_view_of_one_head_the_first_wins_whoever_reads() -> None:
    second, late = _after(Head().after(FIRST), "2"), _after(Head().after(FIRST), "3")
    head, records = fold(reversed(_log(FIRST, second, late)), "laban")
    assert head.champion == "2"
    assert [record.won for record in records] == [True, True, False]


def test_going_there_and_back_does_not_let_an_old_entry_win() -> None:
    """The expected champion alone would: it is 1 again. The hash of the head tells the two apart."""
    one = Head().after(FIRST)
    two = one.after(_after(one, "2"))
    back = _after(two, "1", "rollback")
    stale = _after(one, "3")
    head, records = fold(_log(FIRST, _after(one, "2"), back, stale), "laban")
    assert head.champion == "1"
    assert not records[-1].won


def test_rollbacks_go_further_and_further_back() -> None:
    head, log = Head(), []
    for champion in ("1", "2", "1", "2"):
        log.append(_after(head, champion))
        head = head.after(log[-1])
    seen = []
    for _ in range(3):
        log.append(_after(head, head.stack[-2][0], "rollback"))
        head = head.after(log[-1])
        seen.append(head.champion)
    assert seen == ["1", "2", "1"]
    assert len(head.stack) == 1
    assert fold(_log(*log), "laban")[0] == head


def test_an_altered_entry_is_told() -> None:
    log = _log(FIRST, _after(Head().after(FIRST), "2"))
    log[0][1]["why"] = "another reason"
    with pytest.raises(ValueError, match="entry 1 of laban-ledger does not have its hash"):
        fold(log, "laban")


def test_a_removed_entry_is_told() -> None:
    one = Head().after(FIRST)
    two = one.after(_after(one, "2"))
    log = _log(FIRST, _after(one, "2"), _after(two, "3"))
    with pytest.raises(ValueError, match="entry 3 of laban-ledger follows an entry that is gone"):
        fold([log[0], log[2]], "laban")


def test_an_entry_that_lacks_a_field_is_told() -> None:
    log = _log(FIRST)
    del log[0][1]["who"]
    with pytest.raises(ValueError, match=r"lacks \['who'\]"):
        fold(log, "laban")


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("123456")), max_size=12))
def test_every_prefix_is_decided_for_ever(moves: list[tuple[int, str]]) -> None:
    """Writers see a head that is up to three entries old: what has won or lost stays so, and each winner saw the head."""
    heads, log = [Head()], list[Entry]()
    for age, champion in moves:
        log.append(_after(heads[max(0, len(heads) - 1 - age)], champion))
        heads.append(fold(_log(*log), "laban")[0])
    fates = [record.won for record in fold(_log(*log), "laban")[1]]
    for length in range(len(log)):
        assert [record.won for record in fold(_log(*log[:length]), "laban")[1]] == fates[:length]
