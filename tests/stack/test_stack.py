"""The whole stack, run as people run it: the sample tickets end, nothing leaks, what dies comes back, nothing stays."""

from __future__ import annotations

import base64
import json
import os
import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.kb_index import building
from tests.stack.running import Finished, run_stack, surroundings
from worker.adapters.store import open_ledger
from worker.intake.mailtext import read
from worker.models import Draft, SendKind, Source
from worker.sandbox.samples import read_samples
from worker.settings import ROOT
from worker.support.bodies import plain

pytestmark = pytest.mark.stack

SHORTEST = 12  # characters of a customer's line that could not stand in a log by chance


@dataclass(frozen=True)
class FirstRun:
    """A finished `--once --json`, and what it left: read at once, since the next start empties the sandbox's room."""

    done: Finished
    data_dir: Path
    logs: str
    redis: str
    left: set[str]
    ends: dict[str, End]


@dataclass(frozen=True)
class End:
    """How one sample ticket ended: the ledger's status, the newest draft's template, all public replies' text."""

    ticket_id: int
    outcome: str
    template: str
    replies: str
    reasons: tuple[str, ...]
    strength: str
    reads: tuple[str, ...]
    sources: tuple[Source, ...]
    draft: Draft | None


@pytest.fixture(scope="module")
def first_run(tmp_path_factory, shared_room) -> FirstRun:
    data_dir = tmp_path_factory.mktemp("stack") / "var"
    with building(shared_room) as keep:
        done = run_stack("--once", "--json", env=surroundings(data_dir))
        if done.code == 0:
            keep(data_dir / "milvus")
    logs = "\n".join(log.read_text(errors="replace") for log in (data_dir / "logs").iterdir())
    commands = b"\n".join(path.read_bytes() for path in data_dir.rglob("*.aof"))
    left = {path.name for path in data_dir.iterdir()}
    return FirstRun(done, data_dir, logs, readable(commands), left, how_they_ended(data_dir))


def how_they_ended(data_dir: Path) -> dict[str, End]:
    """By the sample's key. Samples are told apart by requester and subject, as the ledger knows them."""
    keys = {(sample.requester.email, sample.subject): sample.key for sample in read_samples()}
    ends: dict[str, End] = {}
    with closing(open_ledger(f"sqlite:///{data_dir / 'sandbox' / 'deskhand.db'}")) as ledger:
        for row in ledger.cases.move_times():
            case = ledger.cases.of_ticket(row["ticket_id"])[-1]
            sends = ledger.sends.of_case(case.case_id)
            drafts = ledger.cases.drafts(case.case_id)
            trace = ledger.cases.trace(case.case_id)
            ends[keys[case.requester_email, case.subject]] = End(
                ticket_id=case.ticket_id,
                outcome=case.status.value,
                template=case.template_id,
                replies="\n".join(plain(send.body_html) for send in sends if send.kind is SendKind.REPLY),
                reasons=case.reasons,
                strength=case.strength.value,
                reads=trace.reader.reads if trace and trace.reader else (),
                sources=drafts[-1][1].sources if drafts else (),
                draft=drafts[-1][1] if drafts else None,
            )
    return ends


def readable(commands: bytes) -> str:
    """Everything that Redis was ever told, with the bodies of Celery's messages out of their base64."""
    text = commands.decode(errors="replace")
    bodies = re.findall(r'"body": "([A-Za-z0-9+/=]+)"', text)
    return "\n".join([text, *(base64.b64decode(body).decode() for body in bodies)])


def test_every_sample_ticket_ends_and_none_is_answered_twice(first_run):
    assert first_run.done.code == 0, first_run.done.err
    lines = first_run.done.out.splitlines()
    assert len(lines) == 1  # nothing but the object
    figures = json.loads(lines[0])
    outcomes = ("sent", "held", "handed_over", "ignored")
    assert list(figures) == ["messages", *outcomes, "lost", "duplicated", "seconds", "first_reply_seconds"]
    assert 0 < figures["first_reply_seconds"] < figures["seconds"]
    assert figures["messages"] == len(read_samples()) == sum(figures[name] for name in outcomes)
    assert (figures["lost"], figures["duplicated"]) == (0, 0)
    assert all(figures[name] >= 3 for name in outcomes), figures


WANTED = yaml.safe_load((Path(__file__).parent / "sample_outcomes.yaml").read_text(encoding="utf-8"))


def test_the_table_speaks_of_every_sample_ticket():
    assert {row["ticket"] for row in WANTED} == {sample.key for sample in read_samples()}
    assert all(row["why"] for row in WANTED)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda row: row["ticket"])
def test_each_sample_ticket_ends_where_a_careful_lead_would_want_it(first_run, wanted):
    end = first_run.ends[wanted["ticket"]]
    assert end.outcome in wanted["outcome"], (wanted["why"], end.reasons)
    assert bool(end.replies) == (end.outcome == "sent")
    assert [words for words in wanted.get("must_not", []) if words.lower() in end.replies.lower()] == []
    if end.outcome == "sent":
        assert end.template


def test_the_readme_shows_what_the_sandbox_drafts_and_what_the_checks_say_of_it(first_run):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = readme[readme.index("## What a draft looks like") : readme.index("## How it decides")]
    quoted = " ".join(" ".join(line[1:] for line in told.splitlines() if line.startswith(">")).split())
    drafts = {end.ticket_id: end.draft for end in first_run.ends.values()}
    assert "ticket 1." in told
    assert " ".join(drafts[1].body_text.split()) in quoted
    assert not drafts[1].findings
    assert "Ticket 19 was held." in told
    assert quoted.partition(" - ")[2].split(" - ") == [f"{one.what} *{one.todo}*" for one in drafts[19].findings]


def test_nobody_was_given_a_source_that_he_may_not_read(first_run):
    given = [(key, source) for key, end in first_run.ends.items() for source in end.sources]
    assert len(given) > 100
    assert [(k, s.source_id) for k, s in given if not set(s.segments) & set(first_run.ends[k].reads)] == []


def test_no_customers_word_or_address_is_in_logs_or_in_redis(first_run):
    assert "draft" in first_run.redis  # or the file that Redis wrote was not found
    assert "concluded" in first_run.logs
    for place, text in (("logs", first_run.logs), ("redis", first_run.redis), ("output", first_run.done.err)):
        found = [phrase for phrase in customers_words() if phrase.lower() in text.lower()]
        assert found == [], place


def customers_words() -> set[str]:
    """Addresses, names, subjects and lines of every sample ticket."""
    words: set[str] = set()
    for sample in read_samples():
        bodies = [sample.html, *(said.html for said in sample.conversations if said.by == "customer")]
        lines = (line.strip() for body in bodies for line in read(body, "").now.splitlines())
        words |= {sample.requester.email, sample.subject, *lines}
    return {word for word in words if len(word) >= SHORTEST}


def test_a_celery_message_carries_an_id_and_nothing_else(first_run):
    arguments = [json.loads(line) for line in first_run.redis.splitlines() if line.startswith("[[")]
    assert len(arguments) >= len(read_samples())
    assert all(re.fullmatch(r"\w+", given[0]) and len(given) == 1 and named == {} for given, named, _ in arguments)


def test_the_addresses_of_what_ran_are_gone_with_it(first_run):
    assert "logs" in first_run.left
    assert "stack.json" not in first_run.left


def test_files_with_secrets_are_for_us_alone(first_run):
    for path in (first_run.data_dir / "supervisord.conf", first_run.data_dir / "sandbox" / "redis" / "redis.conf"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_what_keeps_dying_is_named_with_the_end_of_its_log(tmp_path, furnished):
    broken = tmp_path / "bin" / "redis-server"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho the disk is on fire\nexit 3\n")
    broken.chmod(0o755)
    # With an index, and an account: or all the while an index were built for nobody, and a sandbox begun.
    account = {"FRESHDESK_URL": "http://127.0.0.1:9", "FRESHDESK_API_KEY": "key", "FRESHDESK_WEBHOOK_SECRET": "secret"}
    path = f"{broken.parent}:{os.environ['PATH']}"
    done = run_stack(env=surroundings(furnished(tmp_path / "var"), PATH=path, **account))
    assert (done.code, done.out) == (1, "")
    assert "redis ended again and again" in done.err
    assert "the disk is on fire" in done.err
    assert f"if its file is damaged, remove {tmp_path / 'var' / 'redis'} and start again." in done.err
    assert not (tmp_path / "var" / "stack.json").exists()
