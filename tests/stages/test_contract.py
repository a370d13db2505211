"""What every stage promises: whole or absent, verified, gated, deterministic, and safe to kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_stages
from tiny_stages import AddSettings, CheckSettings, CountSettings, add, check, count

from laban import closure
from laban.data.artifact import Artifact, ArtifactError, Manifest, list_files, open_artifact, resolve, seal
from laban.stages import contract
from laban.stages.contract import GateRefused, StageError, run

SCRIPT = Path(tiny_stages.__file__)
WORDS = ["left", "right", "up", "down", "in", "out"]


@pytest.fixture(autouse=True)
def _untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("laban.tracking.stage_run", tiny_stages.untracked)


def counting(**changes: Any) -> CountSettings:
    return CountSettings(**{"seed": 1, "words": WORDS, "scale": {"up": 2.0}, "pause_s": 0.0, "fail": False, **changes})


def run_count(output: Path | str, **changes: Any) -> Artifact:
    return run(count, settings=counting(**changes), references={}, output=str(output), source="test")


def run_check(subject: Artifact, output: Path | str, passed: bool = True) -> Artifact:
    return run(check, settings=CheckSettings(passed=passed), references={"subject": str(subject.path)}, output=str(output), source="test")


def run_add(numbers: str | Path, output: Path | str, verdict: str | Path | None = None, ungated: bool = False) -> Artifact:
    verdicts = {"numbers": None if verdict is None else str(verdict)}
    references = {"numbers": str(numbers)}
    return run(
        add, settings=AddSettings(offset=1.0), references=references, verdicts=verdicts, output=str(output), ungated=ungated, source="test"
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def command(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(contract.ROOT), **environment}
    return subprocess.Popen([sys.executable, str(SCRIPT), *arguments], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process: Any) -> tuple[int, str]:
    _, error = process.communicate(timeout=60)
    return process.returncode, error


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def settings_json(**changes: Any) -> str:
    return json.dumps(vars(counting(**changes)))


# --- whole or absent ---------------------------------------------------------------------------------------------------


def test_output_is_whole_and_verified(tmp_path: Path) -> None:
    made = run_count(tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {"manifest.json", "metrics.json", "numbers.json", "part/half.npy"}
    assert open_artifact(tmp_path / "out", kind="numbers", expected_hash=made.hash).manifest == made.manifest
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["hash"] == made.hash
    assert record["source"] == "test"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing is left beside the output"


def test_failure_leaves_the_former_output(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="asked to fail"):
        run_count(tmp_path / "out", fail=True)
    assert not (tmp_path / "out").exists()
    run_count(tmp_path / "out")
    before = tree(tmp_path / "out")
    with pytest.raises(StageError, match="asked to fail"):
        run_count(tmp_path / "out", fail=True)
    assert tree(tmp_path / "out") == before


def test_new_output_replaces_all_of_the_former(tmp_path: Path) -> None:
    first = run_count(tmp_path / "out", seed=1)
    second = run_count(tmp_path / "out", seed=2)
    assert second.hash != first.hash
    assert open_artifact(tmp_path / "out").hash == second.hash
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "work") == ["out", "out.run.json"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: (out / "numbers.json").write_bytes((out / "numbers.json").read_bytes()[:-1] + b" "), "numbers.json is changed"),
        (lambda out: (out / "part" / "half.npy").unlink(), "half.npy is missing"),
        (lambda out: (out / "more.txt").write_text("x"), "more.txt is not in the manifest"),
        (lambda out: (out / "manifest.json").unlink(), "manifest.json is absent"),
        (lambda out: (out / "manifest.json").write_text("{"), "manifest.json is not JSON"),
        (lambda out: (out / "manifest.json").write_text('{"schema": 2}'), "manifest schema 2"),
        (lambda out: (out / "manifest.json").write_text('{"schema": 1}'), "manifest lacks"),
    ],
)
def test_changed_artifact_is_refused(tmp_path: Path, damage: Callable[[Path], Any], said: str) -> None:
    run_count(tmp_path / "out")
    damage(tmp_path / "out")
    with pytest.raises(ArtifactError, match=said):
        run_add(tmp_path / "out", tmp_path / "sum", ungated=True)
    assert not (tmp_path / "sum").exists()


def test_wrong_hash_is_refused(tmp_path: Path) -> None:
    made = run_count(tmp_path / "out")
    named = json.dumps({"uri": str(tmp_path / "out"), "hash": "0" * 64})
    with pytest.raises(ArtifactError, match=f"content hash {made.hash}, not the expected 000"):
        run_add(named, tmp_path / "sum", ungated=True)
    with pytest.raises(ArtifactError, match="keys uri and hash"):
        run_add(json.dumps({"uri": str(tmp_path / "out")}), tmp_path / "sum", ungated=True)


# --- verdicts ----------------------------------------------------------------------------------------------------------


def test_green_verdict_lets_through(tmp_path: Path) -> None:
    numbers = run_count(tmp_path / "out")
    run_check(numbers, tmp_path / "verdict")
    assert run_add(tmp_path / "out", tmp_path / "sum", tmp_path / "verdict").manifest.ungated == ()


def test_no_verdict_is_refused(tmp_path: Path) -> None:
    run_count(tmp_path / "out")
    with pytest.raises(StageError, match="--numbers needs --numbers_verdict"):
        run_add(tmp_path / "out", tmp_path / "sum")


def test_verdict_of_another_subject_is_refused(tmp_path: Path) -> None:
    numbers, other = run_count(tmp_path / "out", seed=1), run_count(tmp_path / "other", seed=2)
    run_check(other, tmp_path / "verdict")
    with pytest.raises(StageError, match=f"judged {other.hash}, not --numbers {numbers.hash}"):
        run_add(tmp_path / "out", tmp_path / "sum", tmp_path / "verdict")
    with pytest.raises(StageError, match="judged"):
        run_add(tmp_path / "out", tmp_path / "sum", tmp_path / "verdict", ungated=True)


def test_what_is_no_verdict_is_refused(tmp_path: Path) -> None:
    run_count(tmp_path / "out")
    with pytest.raises(ArtifactError, match="is of kind 'numbers', not 'verdict'"):
        run_add(tmp_path / "out", tmp_path / "sum", tmp_path / "out")


def test_red_verdict_is_kept_and_refused(tmp_path: Path) -> None:
    numbers = run_count(tmp_path / "out")
    with pytest.raises(GateRefused, match="told to refuse"):
        run_check(numbers, tmp_path / "verdict", passed=False)
    assert json.loads((tmp_path / "verdict" / "verdict.json").read_text())["passed"] is False
    with pytest.raises(StageError, match="is red: told to refuse"):
        run_add(tmp_path / "out", tmp_path / "sum", tmp_path / "verdict")


def test_a_red_gate_stays_red_when_run_again(tmp_path: Path) -> None:
    """A pod that is retried must not turn green because the verdict is already there."""
    numbers = run_count(tmp_path / "out")
    for output in (str(tmp_path / "verdict"), f"file://{tmp_path}/store"):
        for _ in range(2):
            with pytest.raises(GateRefused):
                run_check(numbers, output, passed=False)


def test_ungated_is_marked_and_never_forgotten(tmp_path: Path) -> None:
    run_count(tmp_path / "out")
    sums = run_add(tmp_path / "out", tmp_path / "sum", ungated=True)
    assert sums.manifest.ungated == ("add",)
    verdict = run_check(sums, tmp_path / "verdict")
    assert verdict.manifest.ungated == ("add",)
    later = run_add(tmp_path / "sum", tmp_path / "later", tmp_path / "verdict")
    assert later.manifest.ungated == ("add",), "a verdict on it does not wash it clean"
    gated_numbers = run_check(open_artifact(tmp_path / "out"), tmp_path / "verdict2")
    assert gated_numbers.manifest.ungated == ()


# --- remote ------------------------------------------------------------------------------------------------------------


def test_remote_root_round_trip(tmp_path: Path) -> None:
    root, result = f"file://{tmp_path}/store", tmp_path / "handed" / "result.json"
    made = run(count, settings=counting(), references={}, output=root, result=str(result), source="test")
    named = json.loads(result.read_text())
    assert named == {"uri": f"{root}/numbers/{made.hash}", "hash": made.hash}
    stored = tmp_path / "store" / "numbers" / made.hash
    assert open_artifact(stored).hash == made.hash
    assert len(list(stored.parent.glob(f"{made.hash}.*.run.json"))) == 1, "the run record lies beside, not inside"
    sums = run_add(result.read_text(), tmp_path / "sum", ungated=True)
    assert sums.manifest.parents == {"numbers": made.hash}
    before = {path: path.stat().st_mtime_ns for path in stored.rglob("*")}
    run(count, settings=counting(), references={}, output=root, source="test")
    assert {path: path.stat().st_mtime_ns for path in stored.rglob("*")} == before, "writing it twice changes nothing"


def test_remote_bytes_are_verified(tmp_path: Path) -> None:
    made = run_count(f"file://{tmp_path}/store")
    stored = tmp_path / "store" / "numbers" / made.hash
    (stored / "numbers.json").write_text("{}")
    named = json.dumps({"uri": f"file://{stored}", "hash": made.hash})
    with pytest.raises(ArtifactError, match="numbers.json is changed"):
        resolve(named, cache=tmp_path / "cache")
    with pytest.raises(ArtifactError, match="a URI needs its hash"):
        resolve(f"file://{stored}", cache=tmp_path / "cache")


def test_remote_without_manifest_is_nothing(tmp_path: Path) -> None:
    """An upload that was killed: the manifest goes last."""
    made = run_count(f"file://{tmp_path}/store")
    stored = tmp_path / "store" / "numbers" / made.hash
    (stored / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="manifest.json is absent"):
        resolve(json.dumps({"uri": f"file://{stored}", "hash": made.hash}), cache=tmp_path / "cache")


# --- determinism and killing -------------------------------------------------------------------------------------------


def test_same_seed_same_hash_in_three_processes(tmp_path: Path) -> None:
    started = [
        command(
            "count", "--settings", settings_json(), "--output", str(tmp_path / seed), "--source", "test",
            PYTHONHASHSEED=seed, LABAN_WORK=str(tmp_path / f"work{seed}"),
        )
        for seed in ("0", "1", "4242")
    ]  # fmt: skip
    assert [finished(process) for process in started] == [(0, "")] * 3
    hashes = {open_artifact(tmp_path / seed).hash for seed in ("0", "1", "4242")}
    assert len(hashes) == 1
    assert len({json.dumps(sorted(tree(tmp_path / seed).items()), default=repr) for seed in ("0", "1", "4242")}) == 1


@pytest.fixture
def paused(tmp_path: Path) -> Iterator[tuple[Any, list[str], Path]]:
    """A stage that is half done, in a process of its own, over a former output; its command line; its place of work."""
    run_count(tmp_path / "out", seed=5)
    arguments = ["count", "--settings", settings_json(seed=6, pause_s=60.0), "--output", str(tmp_path / "out"), "--source", "test"]
    process = command(*arguments)
    deadline = time.monotonic() + 30
    while not (begun := list((tmp_path / "work" / "count").glob("*/scratch/begun"))):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process, arguments, begun[0].parent.parent
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_lock_refuses_a_second_process_and_dies_with_the_first(paused: tuple[Any, list[str], Path]) -> None:
    process, _, place = paused
    with pytest.raises(StageError, match=f"in use by process {process.pid}"), contract.lock(place, patience_s=0.3):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    with contract.lock(place, patience_s=0.3):
        pass


def test_kill_leaves_the_former_output_and_a_rerun_finishes(paused: tuple[Any, list[str], Path], tmp_path: Path) -> None:
    process, arguments, place = paused
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert open_artifact(tmp_path / "out").manifest.settings["seed"] == 5
    assert (place / "output" / "part" / "half.npy").exists(), "killed in the middle"
    assert finished(command(*arguments)) == (0, "")
    assert open_artifact(tmp_path / "out").manifest.settings["seed"] == 6
    assert json.loads((tmp_path / "out.run.json").read_text())["notes"] == {"began_again": True}
    assert not place.exists()
    undisturbed = run_count(tmp_path / "undisturbed", seed=6, pause_s=0.01)
    assert tree(undisturbed.path)["numbers.json"] == tree(tmp_path / "out")["numbers.json"]


def test_killed_between_the_swap_and_the_clearing(tmp_path: Path) -> None:
    """After the exchange the place of work holds the *former* output for a moment: it must not be taken for finished work."""
    run_count(tmp_path / "out", seed=1)
    former = tmp_path / "former"
    shutil.copytree(tmp_path / "out", former)
    plain = vars(counting(seed=2))
    place = Path(os.environ["LABAN_WORK"]) / "count" / contract._key(count, plain, {}, ())[:16]
    shutil.copytree(former, place / "output")
    run_count(tmp_path / "out", seed=2)
    assert open_artifact(tmp_path / "out").manifest.settings["seed"] == 2


def test_work_that_was_sealed_but_not_delivered_is_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(contract, "_deliver", _die)
        with pytest.raises(KeyboardInterrupt):
            run_count(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    # Were it made again, there would be two runs of the function.
    calls = []
    monkeypatch.setattr(contract, "_call", lambda *_: calls.append(1))
    run_count(tmp_path / "out")
    assert calls == []
    assert open_artifact(tmp_path / "out").manifest.kind == "numbers"


# --- exchange ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("atomic", [True, False])
def test_exchange_puts_the_new_and_removes_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, atomic: bool) -> None:
    if not atomic:
        monkeypatch.setattr(contract, "_renameat2_exchange", lambda *_: False)
    target = tmp_path / "target"
    for number in range(3):
        new = tmp_path / "new"
        new.mkdir()
        (new / f"file{number}").write_text(str(number))
        contract.exchange(new, target)
        assert tree(target) == {f"file{number}": str(number).encode()}
        assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    target, failures, done = tmp_path / "target", [], threading.Event()

    def make(number: int) -> Path:
        new = tmp_path / f"new{number}"
        new.mkdir()
        (new / "data").write_text(str(number))
        return new

    contract.exchange(make(0), target)

    def read() -> None:
        while not done.is_set():
            try:
                os.stat(target / "data")
            except FileNotFoundError as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 200):
        contract.exchange(make(number), target)
    done.set()
    reader.join()
    assert failures == []


def test_exchange_across_file_systems(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system (/dev/shm)")
    new = elsewhere / f"laban-test-{os.getpid()}"
    new.mkdir()
    try:
        (new / "data").write_text("new")
        (tmp_path / "target").mkdir()
        (tmp_path / "target" / "old").write_text("old")
        contract.exchange(new, tmp_path / "target")
    finally:
        shutil.rmtree(new, ignore_errors=True)
    assert tree(tmp_path / "target") == {"data": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


# --- what a stage is made of -------------------------------------------------------------------------------------------


@pytest.fixture
def source_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "laban/__init__.py": "",
        "laban/a/__init__.py": "",
        "laban/a/used.py": "from laban.a import deep\n",
        "laban/a/deep.py": "x = 1\n",
        "laban/a/late.py": "y = 1\n",
        "laban/a/unused.py": "z = 1\n",
        "laban/stages/__init__.py": "",
        "laban/stages/verb.py": "import numpy\nfrom laban.a.used import thing\n\ndef f():\n    import laban.a.late\n",
    }
    for name, text in files.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(closure, "ROOT", tmp_path / "tree")
    closure._imports.cache_clear()
    return tmp_path / "tree" / "laban"


def test_fingerprint_follows_what_is_imported_and_nothing_else(source_tree: Path) -> None:
    before = closure.fingerprint("laban.stages.verb")
    assert "laban/a/late.py" in closure.closure("laban.stages.verb"), "imports inside functions count"
    (source_tree / "a" / "unused.py").write_text("z = 2\n")
    assert closure.fingerprint("laban.stages.verb") == before
    for name in ("a/deep.py", "a/late.py", "a/__init__.py", "stages/verb.py"):
        path = source_tree / name
        text = path.read_text()
        path.write_text(text + "# changed\n")
        assert closure.fingerprint("laban.stages.verb") != before, name
        path.write_text(text)
    assert closure.fingerprint("laban.stages.verb") == before


def test_key_changes_with_all_that_can_change_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        contract._key(count, {"seed": 1}, {"a": "1"}, ()),
        contract._key(count, {"seed": 2}, {"a": "1"}, ()),
        contract._key(count, {"seed": 1}, {"a": "2"}, ()),
        contract._key(count, {"seed": 1}, {"a": "1"}, ("add",)),
        contract._key(add, {"seed": 1}, {"a": "1"}, ()),
    ]
    monkeypatch.setattr(contract, "fingerprint", lambda module: "other code")
    keys.append(contract._key(count, {"seed": 1}, {"a": "1"}, ()))
    assert len(set(keys)) == len(keys)


# --- the command line --------------------------------------------------------------------------------------------------


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text(
        "count: {seed: 3, words: [a, b], scale: {val.a: 2.5}, pause_s: 0, fail: false}\n"
        "deep: {count: {seed: 4, words: [], scale: {}, pause_s: 0, fail: false}}\nwrong: {seed: 3, sead: 3}\n"
    )
    return path


def test_settings_come_from_a_section(params: Path) -> None:
    options = count.parse(["--settings", f"{params}#count", "--output", "x"])
    assert options["settings"] == counting(seed=3, words=["a", "b"], scale={"val.a": 2.5}, pause_s=0)
    assert count.parse(["--settings", f"{params}#deep.count", "--output", "x"])["settings"].seed == 4
    assert count.parse(["--settings", f"{params}#count", "--settings.seed", "9", "--output", "x"])["settings"].seed == 9


def test_settings_come_after_an_equals_sign_too(params: Path) -> None:
    assert count.parse([f"--settings={params}#count", "--output=x"])["settings"].seed == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--settings", "PARAMS#nothing", "--output", "x"], "no section 'nothing'"),
        (["--settings", "absent.yaml#count", "--output", "x"], "absent.yaml is absent"),
        (["--settings", "PARAMS#wrong", "--output", "x"], "sead"),
        (["--settings", "PARAMS#count", "--settings.sead", "1", "--output", "x"], "sead"),
        (["--settings", "PARAMS#count", "--output", "x", "--outputs", "y"], "outputs"),
        (["--settings", "PARAMS#count", "--out", "x"], "out"),
        (["--sett", "PARAMS#count", "--output", "x"], "sett"),
        (["--settings", '{"seed": 1}', "--output", "x"], "words"),
        (["--settings", "PARAMS#count", "--settings.seed", "many", "--output", "x"], "many"),
        (["--settings", "PARAMS#count"], "output"),
    ],
)
def test_mistakes_on_the_command_line_are_refused(
    params: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as leaving:
        count.main([argument.replace("PARAMS", str(params)) for argument in arguments])
    assert leaving.value.code not in (0, None)
    assert said in f"{leaving.value.code} {capsys.readouterr().err}"


def test_exit_status_tells_whose_mistake(tmp_path: Path, params: Path) -> None:
    numbers = run_count(tmp_path / "out")
    mistakes = [
        (["add", "--settings", '{"offset": 1}', "--numbers", str(tmp_path / "out"), "--output", "x"], 2, "needs --numbers_verdict"),
        (["add", "--settings", '{"offset": 1}', "--numbers", str(tmp_path / "gone"), "--output", "x"], 2, "holds no whole artifact"),
        (
            ["check", "--settings", '{"passed": false}', "--subject", str(numbers.path), "--output", str(tmp_path / "v")],
            3,
            "told to refuse",
        ),
        (["count", "--settings", f"{params}#nothing", "--output", "x"], 2, "no section"),
    ]
    started = [(command(*arguments), status, said) for arguments, status, said in mistakes]
    for process, status, said in started:
        code, error = finished(process)
        assert (code, said in error) == (status, True), error
        assert "Traceback" not in error


def test_ungated_needs_no_value(tmp_path: Path) -> None:
    options = add.parse(["--settings", '{"offset": 1}', "--numbers", "n", "--output", "x", "--ungated"])
    assert options["ungated"] is True


def test_manifest_round_trip(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    manifest = Manifest(kind="k", stage="s", settings={"a": [1, 2]}, parents={}, files=list_files(tmp_path), ungated=("b", "a"))
    made = seal(tmp_path, manifest)
    again = open_artifact(tmp_path)
    assert again.hash == made.hash == manifest.content_hash
    assert again.manifest.ungated == ("a", "b")
    with pytest.raises(ValueError, match="Out of range"):
        Manifest(kind="k", stage="s", settings={"a": float("nan")}, parents={}, files={}).content_hash  # noqa: B018
