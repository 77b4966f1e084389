"""The writer on Groq: which model answers, what is asked of it, and every way in which it can fail."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.scripted_server import (
    CUT,
    DRIP_BODY,
    DRIP_HEAD,
    HANG,
    PATIENT,
    Answer,
    ScriptedServer,
    refusing_url,
    scripted_server,
)
from worker.adapters.groq import GroqWriter
from worker.adapters.groq import writer as writer_module
from worker.errors import BadConfiguration, Permanent, Retryable, Trouble

ASK = "POST /openai/v1/chat/completions"
LIST = "GET /openai/v1/models"
LLAMA, LARGE, SMALL = "llama-3.3-70b-versatile", "openai/gpt-oss-120b", "openai/gpt-oss-20b"
KEY = "gsk_that-nobody-may-see"
PROMPT = "Carol asks where her units are"
SCHEMA = {"type": "object", "properties": {"parts": {"type": "array"}}}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as scripted:
        yield scripted


def a_writer(server: ScriptedServer, *models: str, timeout: float = PATIENT, **options: Any) -> GroqWriter:
    return GroqWriter(SecretStr(KEY), server.url, models or (LLAMA, LARGE, SMALL), timeout=timeout, **options)


def said(content: str | None = '{"parts": []}', finish: str = "stop") -> Answer:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    usage = {"prompt_tokens": 812, "completion_tokens": 95, "queue_time": 0.1}
    return Answer(body={"id": "c1", "object": "chat.completion", "choices": [choice], "usage": usage})


def refused(status: int, code: str | None = None, message: str = "no", **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"message": message, "code": code, "type": "error"}}, names)


GONE = refused(404, "model_not_found")


def asked(server: ScriptedServer, least: int = 0) -> list[str]:
    return [request.json["model"] for request in server.seen(ASK, least=least)]


def trouble(server: ScriptedServer, answer: Answer) -> Trouble:
    server.on(ASK, answer)
    with pytest.raises(Trouble) as caught:
        a_writer(server, timeout=answer.patience).complete("Answer in JSON.", PROMPT, SCHEMA)
    assert caught.value.part == "groq"
    return caught.value


def test_an_answer_comes_with_what_it_cost(server: ScriptedServer) -> None:
    server.on(ASK, said())
    completion = a_writer(server).complete("Answer in JSON.", PROMPT, SCHEMA)
    assert completion.text == '{"parts": []}'
    usage = completion.usage
    assert (usage.model, usage.calls, usage.prompt_tokens, usage.completion_tokens) == (LLAMA, 1, 812, 95)
    assert usage.seconds > 0


def test_llama_is_asked_for_a_json_object(server: ScriptedServer) -> None:
    server.on(ASK, said())
    a_writer(server, LLAMA).complete("Answer in JSON.", PROMPT, SCHEMA)
    [request] = server.seen(ASK)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": LLAMA,
        "temperature": 0,
        "max_completion_tokens": 900,
        "response_format": {"type": "json_object"},
        "messages": [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": PROMPT}],
    }


def test_a_prompt_that_never_says_json_is_completed_since_groq_would_refuse_it(server: ScriptedServer) -> None:
    server.on(ASK, said())
    a_writer(server, LLAMA).complete("Be kind.", PROMPT, SCHEMA)
    system = server.seen(ASK)[0].json["messages"][0]["content"]
    assert system.startswith("Be kind.\n")
    assert '"parts"' in system


def test_gpt_oss_is_held_to_the_schema(server: ScriptedServer) -> None:
    server.on(ASK, said())
    a_writer(server, LARGE).complete("Be kind.", PROMPT, SCHEMA)
    body = server.seen(ASK)[0].json
    strict = {"name": "reply", "strict": True, "schema": SCHEMA}
    assert body["response_format"] == {"type": "json_schema", "json_schema": strict}
    assert body["reasoning_effort"] == "low"
    assert body["messages"][0]["content"] == "Be kind."


@pytest.mark.parametrize(
    "gone",
    [
        GONE,
        Answer(404, "<html>"),
        refused(400, "model_decommissioned"),
        refused(403, "model_permission_blocked_org"),
    ],
    ids=["unknown", "404 in HTML", "decommissioned", "not for this account"],
)
def test_a_model_that_is_gone_is_stepped_over_and_said_so_loudly(server: ScriptedServer, gone: Answer) -> None:
    server.on(ASK, gone, said())
    with capture_logs() as logs:
        completion = a_writer(server).complete("JSON", PROMPT, SCHEMA)
    assert completion.usage.model == LARGE
    assert [(entry["event"], entry["model"], entry["log_level"]) for entry in logs] == [
        ("model_gone", LLAMA, "warning")
    ]


def test_a_model_that_is_gone_is_tried_again_ten_minutes_later(server: ScriptedServer) -> None:
    seconds = [0.0]
    writer = a_writer(server, LLAMA, LARGE, clock=lambda: seconds[0])
    server.on(ASK, GONE, said())
    for at in (0.0, 599.0, 601.0):
        seconds[0] = at
        writer.complete("JSON", PROMPT, SCHEMA)
    assert asked(server) == [LLAMA, LARGE, LARGE, LLAMA]


def test_where_no_model_is_left_that_is_permanent(server: ScriptedServer) -> None:
    server.on(ASK, GONE)
    writer = a_writer(server, LLAMA, LARGE)
    for _ in range(2):
        with pytest.raises(Permanent, match="no model left"):
            writer.complete("JSON", PROMPT, SCHEMA)
    assert asked(server) == [LLAMA, LARGE]


@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        HANG,
        Answer(body={"choices": []}, fault="half"),
        Answer(body="<html>"),
        Answer(body={"choices": []}),
        said(""),
        said("  "),
        said(None),
        said('{"parts": [', finish="length"),
        refused(400, "json_validate_failed"),
        *(refused(status) for status in (408, 498, 499, 500, 502, 503)),
    ],
)
def test_what_may_work_the_next_time_is_retryable(server: ScriptedServer, answer: Answer) -> None:
    assert isinstance(trouble(server, answer), Retryable)
    assert asked(server, least=1) == [LLAMA]


@pytest.mark.parametrize("answer", [DRIP_HEAD, DRIP_BODY], ids=["head", "body"])
def test_an_answer_that_drips_is_given_up_as_a_whole(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(writer_module, "_CONNECT_SECONDS", 0.2)
    found = trouble(server, answer)
    assert isinstance(found, Retryable)
    assert "ReadTimeout" in found.reason


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422])
def test_a_refusal_is_permanent(server: ScriptedServer, status: int) -> None:
    found = trouble(server, refused(status, "some_code"))
    assert isinstance(found, Permanent)
    assert found.code == status


def test_a_redirect_is_permanent_and_not_followed(server: ScriptedServer) -> None:
    with scripted_server() as elsewhere:
        found = trouble(server, Answer(307, b"", {"Location": f"{elsewhere.url}/openai/v1/chat/completions"}))
        assert isinstance(found, Permanent)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (refused(429, retry_after="12.5"), 12.5),
        (refused(429, message="tokens per day (TPD): please try again in 7m12.5s."), 432.5),
        (refused(429, message="Please try again in 340ms"), 0.34),
        (refused(429, message="Please try again in 1h2m3s"), 3723.0),
        (refused(429, retry_after="2", message="Please try again in 7m"), 2.0),
        (refused(429, message="slow down"), None),
        (Answer(429, b""), None),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(server: ScriptedServer, answer: Answer, after: float | None) -> None:
    found = trouble(server, answer)
    assert isinstance(found, Retryable)
    assert found.after == (pytest.approx(after) if after is not None else None)


def test_where_nobody_listens_that_is_retryable() -> None:
    with refusing_url() as url, pytest.raises(Retryable, match="ConnectError"):
        GroqWriter(SecretStr(KEY), url, [LLAMA]).complete("JSON", PROMPT, SCHEMA)


def test_a_proxy_of_the_environment_is_used(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with pytest.raises(Retryable):
        GroqWriter(SecretStr(KEY), None, [LLAMA]).complete("JSON", PROMPT, SCHEMA)
    assert [request.method for request in server.requests] == ["CONNECT"]


@pytest.mark.parametrize(
    "answer",
    [CUT, HANG, refused(401), refused(400, "json_validate_failed", message=f"failed: {PROMPT}"), Answer(body="<html>")],
    ids=["reset", "no answer", "401", "400", "HTML"],
)
def test_no_trouble_carries_the_key_or_the_prompt(server: ScriptedServer, answer: Answer) -> None:
    found = trouble(server, answer)
    assert (found.__cause__, found.__context__) == (None, None)
    assert PROMPT not in str(found)
    shown = "".join(traceback.TracebackException.from_exception(found, capture_locals=True).format())
    assert KEY not in shown


def test_the_sdk_does_not_log_the_prompt_even_where_everything_is_logged(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.on(ASK, said())
    a_writer(server).complete("JSON", PROMPT, SCHEMA)
    assert PROMPT not in caplog.text
    assert KEY not in caplog.text


def test_ping_tells_how_much_of_the_chain_is_there(server: ScriptedServer) -> None:
    server.on(LIST, Answer(body={"object": "list", "data": [{"id": LARGE}, {"id": SMALL}, {"id": "whisper"}]}))
    assert a_writer(server).ping() == f"{LARGE}, 2 of 3 models available"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(body={"data": []}), Permanent),
        (refused(401), Permanent),
        (CUT, Retryable),
        (Answer(body="x"), Retryable),
    ],
    ids=["none of ours", "401", "reset", "HTML"],
)
def test_ping_raises_where_no_model_could_answer(server: ScriptedServer, answer: Answer, kind: type[Trouble]) -> None:
    server.on(LIST, answer)
    with pytest.raises(kind):
        a_writer(server).ping()


def test_every_call_is_reported_with_its_model_and_status(server: ScriptedServer) -> None:
    calls: list[tuple[str, int]] = []
    writer = a_writer(server, LLAMA, LARGE, on_call=lambda model, status, seconds: calls.append((model, status)))
    server.on(ASK, GONE, said(), CUT)
    writer.complete("JSON", PROMPT, SCHEMA)
    with pytest.raises(Retryable):
        writer.complete("JSON", PROMPT, SCHEMA)
    assert calls == [(LLAMA, 404), (LARGE, 200), (LARGE, 0)]


def test_without_an_address_it_is_groqs_own_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_BASE_URL", "https://elsewhere.example")
    assert writer_module._checked_base_url(None) == "https://api.groq.com"


@pytest.mark.parametrize(
    ("key", "url", "models"),
    [
        ("", None, [LLAMA]),
        (KEY, "https://api.groq.com/openai/v1", [LLAMA]),
        (KEY, "http://api.groq.com", [LLAMA]),
        (KEY, None, []),
    ],
)
def test_a_set_up_that_cannot_work_is_refused_at_start(key: str, url: str | None, models: list[str]) -> None:
    with pytest.raises(BadConfiguration, match="GROQ_"):
        GroqWriter(SecretStr(key), url, models)
