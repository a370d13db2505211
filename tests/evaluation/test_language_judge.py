"""A language model as judge, asked over HTTP: a real server of this test's answers in its place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from laban.evaluation import language_judge
from laban.evaluation.language_judge import LanguageJudge, judgements, kept, marks, numbers_of
from laban.evaluation.samples import Question

QUESTION = Question(id="conv-1-1", asked=("[motion] Who starts?",), claims={"starter": "1"}, written="The second person.")
GOOD = '{"coherence": 8, "alignment": 9, "naturalness": 7}'


class Endpoint(ThreadingHTTPServer):
    """Says what it is told to, in turn, and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[tuple[int, str]] = []
        self.asked: list[dict] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append({"path": self.path, "key": self.headers.get("Authorization"), **said})
        status, text = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        body = json.dumps({"choices": [{"message": {"content": text}}]}).encode() if text != "broken" else b"{}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(language_judge.time, "sleep", lambda seconds: None)
    with Endpoint() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def judge(endpoint: Endpoint) -> LanguageJudge:
    return LanguageJudge(endpoint=endpoint.address, model="judge-1", seed=7, timeout_s=5.0)


def test_what_is_asked_holds_conversation_facts_answer_and_seed(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(language_judge.KEY, "secret")
    endpoint.replies = [(200, GOOD)]
    (said,) = judge(endpoint).judge([QUESTION], ["The second person starts."])
    assert said == {"reply": GOOD, "coherence": 8, "alignment": 9, "naturalness": 7}
    (asked,) = endpoint.asked
    assert (asked["path"], asked["model"], asked["seed"], asked["temperature"]) == ("/v1/chat/completions", "judge-1", 7, 0)
    assert asked["key"] == "Bearer secret"
    content = asked["messages"][0]["content"]
    assert "User: [motion] Who starts?" in content
    assert "starter 1" in content
    assert "The second person starts." in content


def test_an_empty_answer_is_not_asked_about_and_gets_no_marks(endpoint: Endpoint) -> None:
    endpoint.replies = [(200, GOOD)]
    assert judge(endpoint).judge([QUESTION], [""]) == [{"reply": ""}]
    assert endpoint.asked == []


def test_what_is_said_is_kept_with_prompt_model_and_seed_but_no_key(endpoint: Endpoint, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(language_judge.KEY, "secret")
    endpoint.replies = [(200, GOOD)]
    said = judgements(judge(endpoint), {"0": ([QUESTION], ["Yes."]), "ground_truth": ([QUESTION], ["The second person."])})
    language_judge.keep(tmp_path, said)
    read = kept(tmp_path)
    assert read["rows"]["ground_truth"]["conv-1-1"]["alignment"] == 9
    assert (read["model"], read["seed"]) == ("judge-1", 7)
    assert "Give three whole numbers" in read["prompt"]
    assert "secret" not in (tmp_path / language_judge.FILE).read_text()


@pytest.mark.parametrize("status", [500, 429, 503])
def test_a_busy_endpoint_is_asked_again(endpoint: Endpoint, status: int) -> None:
    endpoint.replies = [(status, ""), (status, ""), (200, GOOD)]
    assert judge(endpoint).judge([QUESTION], ["Yes."])[0]["coherence"] == 8
    assert len(endpoint.asked) == 3


@pytest.mark.parametrize(
    ("reply", "match", "times"), [((500, ""), "failed", 3), ((404, ""), "failed", 1), ((200, "broken"), "does not answer", 1)]
)
def test_an_endpoint_that_fails_is_named(endpoint: Endpoint, reply: tuple[int, str], match: str, times: int) -> None:
    endpoint.replies = [reply]
    with pytest.raises(ValueError, match=f"{endpoint.address}.*{match}"):
        judge(endpoint).judge([QUESTION], ["Yes."])
    assert len(endpoint.asked) == times


def test_an_endpoint_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_judge.time, "sleep", lambda seconds: None)
    with pytest.raises(ValueError, match="127.0.0.1:9/v1.*leave judge_endpoint empty"):
        LanguageJudge(endpoint="http://127.0.0.1:9/v1", model="m", seed=0, timeout_s=1.0).judge([QUESTION], ["Yes."])


@pytest.mark.parametrize("settings", [{"endpoint": "file:///etc", "model": "m"}, {"endpoint": "http://x/v1", "model": ""}])
def test_half_a_setting_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="judge_endpoint"):
        LanguageJudge(seed=0, **settings)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (f"```json\n{GOOD}\n```", {"coherence": 8, "alignment": 9, "naturalness": 7}),
        (f"Well: {GOOD} That is all.", {"coherence": 8, "alignment": 9, "naturalness": 7}),
        ('{"coherence": 8, "alignment": 9}', {}),
        ('{"coherence": 8, "alignment": 11, "naturalness": 7}', {}),
        ('{"coherence": 8, "alignment": true, "naturalness": 7}', {}),
        ('{"coherence": 8, "alignment": NaN, "naturalness": 7}', {}),
        ("ten of ten", {}),
    ],
)
def test_marks(reply: str, expected: dict[str, int]) -> None:
    assert marks(reply) == expected


def test_answers_without_marks_are_counted_not_averaged() -> None:
    said = {"a": {"reply": GOOD, "coherence": 8, "alignment": 9, "naturalness": 7}, "b": {"reply": "no"}}
    assert numbers_of(said) == {"llm_failed": 0.5, "llm_coherence": 8.0, "llm_alignment": 9.0, "llm_naturalness": 7.0}
    assert numbers_of({"b": {"reply": "no"}}) == {"llm_failed": 1.0}
    assert numbers_of({}) == {}
