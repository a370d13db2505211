"""The small workflow, end to end: what `make test` proves of it."""

from __future__ import annotations

from pathlib import Path

from walking import made_anew, records, walk


def test_a_second_run_does_nothing_and_a_change_reruns_only_what_follows(smoke: Path) -> None:
    before = records(smoke, "smoke", "started")
    assert "Nothing changed" in walk(smoke, "smoke")
    assert records(smoke, "smoke", "started") == before
    walk(smoke, "smoke", "--set", "merge.check_tokens=32")
    after = records(smoke, "smoke", "started")
    again = made_anew(before, after)
    assert again >= {"merged", "verdicts/merge"}
    assert not again & {"clips", "conversations", "tokenizer", "codes", "adapter"}


def test_bad_input_is_one_clear_error_and_leaves_the_outputs_alone(smoke: Path, tmp_path: Path) -> None:
    before = records(smoke, "smoke", "hash")
    (tmp_path / "empty").mkdir()
    said = walk(smoke, "smoke", "--data", str(tmp_path / "empty"), expect=1)
    assert str(tmp_path / "empty") in said
    assert "Traceback" not in said
    assert records(smoke, "smoke", "hash") == before
    said = walk(smoke, "cmu-of-nowhere", expect=2)
    assert "cmu-of-nowhere" in said
    said = walk(smoke, "smoke", "--set", "prepare.procedural_clip=3", expect=2)
    assert "procedural_clip" in said
