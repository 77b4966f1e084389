"""The local Groq keeps to the protocol, as the vendor's own SDK sees it, and refuses what the real one refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import groq
import pytest

from tests.sandbox_server import RunningSandbox, running_sandbox

LLAMA, OSS = "llama-3.3-70b-versatile", "openai/gpt-oss-120b"
PROMPT = (
    '<template id="T1" title="Withdrawal times">A withdrawal takes 2 working days.</template>'
    '<question id="Q1">How long does a withdrawal take?</question><message>How long?</message>'
)
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.all_well()


def in_place_of(model: str) -> str:
    """What the composer calls itself: nobody may take it for the model."""
    return f"sandbox-composer in place of {model}"


def ask(sandbox: RunningSandbox, model: str = LLAMA, **options: Any) -> Any:
    client = groq.Groq(api_key="any", base_url=sandbox.groq_url, max_retries=0, timeout=options.pop("timeout", 10))
    said = [{"role": "system", "content": "Answer in JSON."}, {"role": "user", "content": PROMPT}]
    asked = {"model": model, "messages": said, "response_format": {"type": "json_object"}} | options
    return client.chat.completions.with_raw_response.create(**asked)


def refusal(sandbox: RunningSandbox, **options: Any) -> tuple[int, Any, Any]:
    with pytest.raises(groq.APIStatusError) as caught:
        ask(sandbox, **options)
    return caught.value.status_code, caught.value.response.json()["error"], caught.value.response.headers


def test_an_answer_has_the_vendors_shape_and_says_what_it_is(sandbox: RunningSandbox) -> None:
    raw = ask(sandbox)
    completion = raw.parse()
    answer = json.loads(completion.choices[0].message.content)
    assert answer["answers"][0]["sentences"] == [{"text": "A withdrawal takes 2 working days.", "sources": ["T1"]}]
    assert (completion.model, completion.choices[0].finish_reason) == (in_place_of(LLAMA), "stop")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.system_fingerprint == "sandbox-composer: no language model"
    assert completion.x_groq.id.startswith("req_")
    assert int(raw.headers["x-ratelimit-remaining-tokens"]) > 0


def test_the_models_are_listed(sandbox: RunningSandbox) -> None:
    listed = groq.Groq(api_key="any", base_url=sandbox.groq_url).models.list()
    assert {LLAMA, OSS} <= {m.id for m in listed.data}


def test_json_schema_is_for_gpt_oss_and_strict_about_its_schema(sandbox: RunningSandbox) -> None:
    def wanted(schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "json_schema", "json_schema": {"name": "reply", "strict": True, "schema": schema}}

    assert ask(sandbox, OSS, response_format=wanted(STRICT)).parse().model == in_place_of(OSS)
    status, error, _ = refusal(sandbox, response_format=wanted(STRICT))
    assert status == 400
    assert "json_schema" in error["message"]
    loose = {**STRICT, "additionalProperties": True}
    assert refusal(sandbox, model=OSS, response_format=wanted(loose))[0] == 400


def test_json_mode_needs_the_word_in_the_prompt(sandbox: RunningSandbox) -> None:
    status, error, _ = refusal(sandbox, messages=[{"role": "user", "content": "Hello"}])
    assert status == 400
    assert "'json'" in error["message"]


def test_an_unknown_model_and_a_missing_key_are_refused(sandbox: RunningSandbox) -> None:
    status, error, _ = refusal(sandbox, model="llama-2")
    assert (status, error["code"]) == (404, "model_not_found")


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("model_not_found", 404, LLAMA),
        ("rate_limit", 429, "tokens per minute"),
        ("tokens_per_day", 429, "tokens per day"),
        ("too_large", 413, "reduce your message size"),
        ("capacity", 498, "capacity"),
        ("refuse", 500, "Internal Server Error"),
    ],
)
def test_refusals_look_like_the_real_ones(sandbox: RunningSandbox, kind: str, status: int, words: str) -> None:
    sandbox.goes_wrong(kind, "groq", retry_after=9 if kind == "rate_limit" else None)
    seen, error, headers = refusal(sandbox)
    assert seen == status
    assert words in error["message"]
    assert headers.get("retry-after") == ("9" if kind == "rate_limit" else None)


def test_one_model_may_be_gone_while_another_answers(sandbox: RunningSandbox) -> None:
    sandbox.goes_wrong("model_not_found", "groq", when_body_has=LLAMA)
    assert refusal(sandbox)[0] == 404
    assert ask(sandbox, OSS).parse().model == in_place_of(OSS)


@pytest.mark.parametrize(
    ("kind", "finish", "text"),
    [("empty_content", "stop", ""), ("cut_length", "length", None), ("invalid_json", "stop", None)],
)
def test_a_good_status_may_carry_a_bad_answer(
    sandbox: RunningSandbox, kind: str, finish: str, text: str | None
) -> None:
    sandbox.goes_wrong(kind, "groq", first=1)
    choice = ask(sandbox).parse().choices[0]
    assert choice.finish_reason == finish
    if text is not None:
        assert choice.message.content == text
    else:
        with pytest.raises(ValueError):
            json.loads(choice.message.content)
    assert json.loads(ask(sandbox).parse().choices[0].message.content)


def test_too_few_tokens_cut_the_answer(sandbox: RunningSandbox) -> None:
    choice = ask(sandbox, max_completion_tokens=5).parse().choices[0]
    assert choice.finish_reason == "length"


def test_it_may_hang_or_drip(sandbox: RunningSandbox) -> None:
    sandbox.goes_wrong("hang", "groq", first=1)
    with pytest.raises(groq.APITimeoutError):
        ask(sandbox, timeout=0.3)
    sandbox.goes_wrong("drip", "groq", first=1, seconds=0.2)
    assert ask(sandbox).parse().choices[0].finish_reason == "stop"
