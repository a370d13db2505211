import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from laban.cli import main
from laban.data.artifact import Artifact
from laban.motion.skeleton import REST_OFFSETS
from laban.registry.promotion import promote
from laban.serve import CONVERSATION, Assistant, load, read_turns, write_turn


def _motion(frames: int = 16, people: int = 2) -> np.ndarray:
    """People who stand a metre apart and drift: (T, P, 22, 3) metres."""
    standing = np.cumsum(REST_OFFSETS, 0) * 0.1 + [0.0, 1.0, 0.0]
    drift = np.linspace(0, 0.1, frames)[:, None, None, None] * [1.0, 0.0, 0.0]
    apart = np.arange(people)[None, :, None, None] * [0.0, 0.0, 1.0]
    return (standing + drift + apart).astype(np.float32)


def _ask(*parts: dict[str, Any]) -> str:
    return json.dumps([{"role": "user", "parts": list(parts)}])


class Echo:
    """Says back what it was given, turned by half a turn about the vertical."""

    def reply(self, turns: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = [{"type": "text", "text": f"seed {options['seed']} temperature {options['temperature']}"}]
        for part in turns[-1]["parts"]:
            if part["type"] == "motion":
                said.append({**part, "positions": part["positions"] * np.array([-1, 1, -1], np.float32)})
        return said


def test_positions_survive_the_round_trip_to_ten_micrometres() -> None:
    motion = _motion()
    request = pd.DataFrame({CONVERSATION: [_ask({"type": "motion", "fps": 30, "positions": motion.tolist()})] * 2})
    answers = Assistant(Echo()).predict(request, {"seed": 3})
    assert len(answers) == 2
    turn = json.loads(answers[0])
    assert turn["role"] == "assistant"
    assert turn["parts"][0]["text"] == "seed 3 temperature 0.8"
    assert np.abs(np.array(turn["parts"][1]["positions"]) * [-1, 1, -1] - motion).max() < 1e-5
    # An answer can be said back as a turn of the next request.
    said = [*json.loads(_ask({"type": "text", "text": "Hello"})), turn, *json.loads(_ask({"type": "text", "text": "And now?"}))]
    assert read_turns(said, "conversation 0")[1]["parts"][1]["positions"].shape == motion.shape


def _with(value: Any) -> Any:
    motion = _motion(4, 1).tolist()
    motion[2][0][5][1] = value
    return [{"role": "user", "parts": [{"type": "motion", "fps": 30.0, "positions": motion}]}]


USER = {"role": "user", "parts": [{"type": "text", "text": "Hello"}]}


@pytest.mark.parametrize(
    ("conversation", "message"),
    [
        ("{", "conversation 0 is not JSON"),
        ('[{"role": "user", "parts": [{"type": "text", "text": NaN}]}]', "NaN is not a number"),
        ([], "conversation 0 is a list of turns and not empty"),
        ({"turns": []}, "is a list of turns and not empty, not dict"),
        ([USER, USER], "roles alternate"),
        ([USER, {"role": "assistant", "parts": USER["parts"]}], "begin and end with user"),
        ([{"role": "system", "parts": USER["parts"]}], "turn 0: role 'system' is not user or assistant"),
        ([{"role": "user"}], r"has the keys role and parts, not \['role'\]"),
        ([{"role": "user", "parts": []}], "parts is a list and not empty"),
        ([{"role": "user", "parts": [{"type": "image"}]}], "turn 0, part 0 has type 'image', not text or motion"),
        ([{"role": "user", "parts": [{"type": "text", "text": ""}]}], "text is empty"),
        ([{"role": "user", "parts": [{"type": "text", "text": "a", "learn": True}]}], r"not \['learn', 'text', 'type'\]"),
        ([{"role": "user", "parts": [{"type": "motion", "positions": []}]}], "has the keys"),
        ([{"role": "user", "parts": [{"type": "motion", "fps": 0, "positions": []}]}], "fps 0 is not a frame rate"),
        ([{"role": "user", "parts": [{"type": "motion", "fps": 30, "positions": [[1, 2], [3]]}]}], "are not numbers of one shape"),
        ([{"role": "user", "parts": [{"type": "motion", "fps": 30, "positions": [[1.0]]}]}], r"shape \(1, 1\), not \(T, P, 22, 3\)"),
        (_with(float("inf")), "part 0: frame 2 holds NaN or infinity"),
        (_with("high"), "are not numbers of one shape"),
    ],
)
def test_a_bad_request_is_told_where_it_is_bad(conversation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Assistant(Echo()).predict([conversation])


def test_all_requests_are_checked_before_the_first_is_answered() -> None:
    class Counting(Echo):
        answered = 0

        def reply(self, turns: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
            self.answered += 1
            return super().reply(turns, **options)

    speaker = Counting()
    with pytest.raises(ValueError, match="conversation 1"):
        Assistant(speaker).predict([[USER], "no JSON"])
    assert speaker.answered == 0


@pytest.mark.parametrize(
    ("request_", "params", "message"),
    [
        (pd.DataFrame({"text": ["a"]}), {}, r"has the column 'conversation', not \['text'\]"),
        ("hello", {}, "a table or a list of conversations, not str"),
        ([[USER]], {"beams": 4}, r"unknown parameters \['beams'\]"),
        ([[USER]], {"temperature": -1.0}, "temperature is -1.0, not in"),
        ([[USER]], {"max_new_tokens": 0}, "max_new_tokens is 0, not in"),
    ],
)
def test_a_bad_table_or_parameter_is_told(request_: Any, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Assistant(Echo()).predict(request_, params)


def test_an_answer_that_is_no_number_is_not_served() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_turn([{"type": "motion", "fps": 30.0, "positions": np.full((1, 1, 22, 3), np.nan)}])


def _tiny(model: Path, tokenizer: Path) -> None:
    """An untrained Llama with a byte-level BPE and a motion vocabulary, and an untrained motion tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from laban.language.model import save_model
    from laban.language.vocabulary import MotionVocabulary, extend
    from laban.stages.base import _train_bpe
    from laban.tokenizer.autoencoder import MotionTokenizer, TokenizerConfig

    torch.manual_seed(0)
    text = _train_bpe(["Two people shake hands.", "One person bows."], 300)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    network = LlamaForCausalLM(LlamaConfig(vocab_size=len(text), tie_word_embeddings=False, **sizes))
    vocabulary = MotionVocabulary(residual_depth=2, codebook_size=8)
    extend(network, text, vocabulary, codebooks=np.random.default_rng(0).normal(size=(2, 8, 8)), seed=0)
    save_model(network, text, model)
    vocabulary.save(model)
    config = TokenizerConfig(downsample=4, residual_depth=2, codebook_size=8, code_dim=8, width=16)
    MotionTokenizer(config).save(tokenizer)


FRESH = """
import json, os, sys
import mlflow
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
model = mlflow.pyfunc.load_model("models:/laban@champion")
turns = [{"role": "user", "parts": [{"type": "text", "text": "Two people shake hands."}]}]
rows = [{"conversation": json.dumps(turns)}]
print(json.dumps([model.predict(rows, params={"seed": 5, "max_new_tokens": 48})[0] for _ in range(2)]))
"""


def test_the_champion_chats_from_mlflow_with_pickles_forbidden(published: Callable[..., Artifact], tmp_path: Path, capsys: Any) -> None:
    """Registered, promoted, then loaded by plain MLflow in another process and folder, and by the command."""
    package = published(fill=_tiny)
    promote("laban", why="it is the first")
    environment = {**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "HF_HUB_OFFLINE": "1"}
    (tmp_path / "elsewhere").mkdir()
    found = subprocess.run([sys.executable, "-c", FRESH], env=environment, cwd=tmp_path / "elsewhere", capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    first, second = json.loads(found.stdout.splitlines()[-1])
    assert first == second
    assert json.loads(first)["role"] == "assistant"

    np.save(tmp_path / "shown.npy", _motion(16, 1))
    options = ["--motion", str(tmp_path / "shown.npy"), "--save", str(tmp_path / "answer.npy"), "--seed", "1", "--max-new-tokens", "200"]
    main(["chat", "How does the other person react?", *options])
    asked = {"role": "user", "parts": [{"type": "text", "text": "How does the other person react?"}]}
    asked["parts"].append({"type": "motion", "fps": 30.0, "positions": _motion(16, 1)})
    expected = load(str(package.path)).answer([asked], seed=1, max_new_tokens=200)
    printed = capsys.readouterr().out
    assert all(part["text"].strip() in printed for part in expected if part["type"] == "text")
    motions = [part["positions"] for part in expected if part["type"] == "motion"]
    assert motions, "choose another seed: this answer has no motion to write"
    assert len(list(tmp_path.glob("answer*.npy"))) == len(motions)
    np.testing.assert_array_equal(np.load(tmp_path / "answer.npy"), motions[0].astype(np.float32))


def test_commands_tell_a_mistake_in_a_line_with_status_2(published: Callable[..., Artifact], tmp_path: Path, capsys: Any) -> None:
    package = published()
    main(["verify", str(package.path)])
    assert f"package {package.hash}" in capsys.readouterr().out
    (package.path / "model" / "config.json").write_text("{}")
    (tmp_path / "bad.npy").write_text("no array")
    for arguments, message in (
        (["verify", str(package.path)], "config.json is changed"),
        (["register", str(package.path)], "config.json is changed"),
        (["chat", "Hello"], "laban has no champion yet"),
        (["chat", "Hello", "--model", "models:/laban"], "is not models:/NAME@ALIAS or models:/NAME/VERSION"),
        (["chat", "Hello", "--motion", str(tmp_path / "absent.npy")], "absent.npy"),
        (["chat", "Hello", "--motion", str(tmp_path / "bad.npy")], "bad.npy"),
        (["promote", "7", "--why", "x"], "laban has no version 7"),
        (["rollback", "--why", "x"], "no former champion"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        lines = capsys.readouterr().err.strip().splitlines()
        assert caught.value.code == 2
        assert lines[-1].startswith("laban: "), lines
        assert message in lines[-1]
    main(["history"])
    assert "laban has had no champion yet" in capsys.readouterr().out
    main(["promote", "--why", "x", "--dry-run"])
    assert "dry run" in capsys.readouterr().out
