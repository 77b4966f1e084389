"""Old tickets through the real pipeline, rules and knowledge base: what would have been; nothing is written."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from scripts import replay as script
from tests.answering import QUESTION, an_answering_office
from tests.builders import NOON, a_message, a_thread
from tests.desk import Office
from tests.empty_ledger import empty_ledger
from tests.sandbox_server import running_sandbox
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.models import Author, TicketState
from worker.operations import replaying
from worker.operations.old_tickets import as_it_was_asked, read_tickets
from worker.operations.replay_report import page, rows, stages, summary, told
from worker.operations.replaying import Reading, Untouched, replay, replay_all
from worker.settings import Settings
from worker.support.desk import Desk

REPLY = "A withdrawal from IM reaches your registered bank account within 2 working days."
CSV = f"""ticket_id,subject,message,reply,email
1,Withdrawal,{QUESTION},"{REPLY}
Regards, Ravi",asha@example.com
2,Lawyer,I will see you in court and my lawyer will write to you,We have passed this on.,asha@example.com
3,Automatic reply: away,I am out of the office until Monday.,,asha@example.com
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with an_answering_office(tmp_path) as opened:
        yield opened


def replaying_desk(office: Office) -> Desk:
    return replace(office.desk, helpdesk=Reading(None), ledger=Untouched(office.ledger))


def tickets(tmp_path: Path, text: str, name: str = "old.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def everything(office: Office) -> list[tuple[object, ...]]:
    """Every row of every table of the ledger."""
    from worker.adapters.store.schema import METADATA

    with office.ledger.reading() as connection:
        return [tuple(row) for table in METADATA.sorted_tables for row in connection.execute(table.select())]


def test_a_file_of_old_tickets_is_told_beside_what_colleagues_wrote_and_nothing_is_written(office, tmp_path):
    every = [as_it_was_asked(thread) for thread in read_tickets(tickets(tmp_path, CSV))]
    before = everything(office)
    done = replay_all(every, replaying_desk(office), 2, lambda: None)
    assert [one.would for one in done] == ["send", "hand_over", "ignore"]
    assert (done[0].meaning > 0.5, done[0].words > 0.5) == (True, True)
    assert everything(office) == before
    assert office.helpdesk.posted == office.helpdesk.changes == []

    found = summary(done)
    assert found["shares"]["send"] == round(1 / 3, 4)
    assert found["answered_by_a_colleague"] == 2
    assert not any(word in told(found) for word in (QUESTION, "see you in court", REPLY))
    shown = page(done, found)
    assert shown.index("Ticket 1:") < shown.index("Ticket 2:")
    assert REPLY in shown
    assert [row["would"] for row in rows(done)] == ["send", "hand_over", "ignore"]


def test_what_customers_wrote_is_escaped_in_the_page(office, tmp_path):
    asked = as_it_was_asked(a_thread(1, a_message("What is <script>alert(1)</script>?", html="")))
    done = replay(asked, replaying_desk(office))
    shown = page([done], summary([done]))
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_every_stage_of_one_ticket_is_printed(office, tmp_path):
    [asked, *_] = [as_it_was_asked(thread) for thread in read_tickets(tickets(tmp_path, CSV))]
    said = stages(replay(asked, replaying_desk(office)))
    order = [
        f"== {name}" for name in ("read", "gate", "identify", "segment", "retrieve", "generate", "guard", "verdict")
    ]
    assert [said.index(title) for title in order] == sorted(said.index(title) for title in order)
    for words in (QUESTION, "verified, PW100231", "may read", "im-withdrawal-time", "would have been sent", REPLY):
        assert words in said


def test_a_ticket_of_freshdesk_is_read_and_the_sandbox_saw_nothing_change(office):
    with running_sandbox() as sandbox:
        ticket = sandbox.mail("asha@example.com", "Withdrawal", f"<p>{QUESTION}</p>")
        sandbox.says(ticket, f"<p>{REPLY}</p>", by="agent")
        sandbox.changed(ticket, status=5, responder_id=11)
        before = sandbox.journal()
        helpdesk = FreshdeskHelpdesk(sandbox.freshdesk_url, SecretStr(sandbox.api_key))
        asked = as_it_was_asked(helpdesk.thread(ticket))
        desk = replace(replaying_desk(office), helpdesk=Reading(helpdesk))
        done = replay(asked, desk)
        assert sandbox.journal() == before
    assert (done.would, done.asked.theirs) == ("send", REPLY)


def test_the_desk_of_a_replay_has_nothing_that_could_write():
    assert {name for name in dir(Reading(None)) if not name.startswith("_")} == {"contact", "earlier_tickets"}
    may = {"cases", "reviews", "replies_on_ticket", "replies_to_requester", "taken_by", "customer_of_requester"}
    may |= {"incidents", "on", "earning", "model", "standing", "stopped"}
    assert {name for name in dir(Untouched(None)) if not name.startswith("_")} == may


def test_a_ticket_is_judged_as_it_was_when_its_message_came_in():
    first, later = a_message("First question"), a_message("Thanks", key="c5", at=NOON + timedelta(hours=3))
    reply = a_message("Done.", key="c2", author=Author.PERSON, at=NOON + timedelta(hours=1))
    note = a_message("Look at this.", key="c1", author=Author.PERSON, public=False, at=NOON + timedelta(minutes=1))
    fields = {
        "state": TicketState.CLOSED,
        "assigned_to": 9,
        "assigned_to_person": True,
        "tags": ("vip", "deskhand-sent"),
    }
    asked = as_it_was_asked(a_thread(1, first, note, reply, later, **fields), ("deskhand-sent",))
    assert asked.message == first
    assert asked.theirs == "Done."
    assert asked.thread.messages == (first,)
    ticket = asked.thread.ticket
    assert (ticket.state, ticket.assigned_to_person, ticket.tags) == (TicketState.OPEN, False, ("vip",))
    assert as_it_was_asked(a_thread(1, first, reply, later), (), "c5").message == later
    assert as_it_was_asked(a_thread(1, reply)) is None


def test_a_limit_is_waited_for_and_a_failure_is_told(office, tmp_path):
    asked = as_it_was_asked(read_tickets(tickets(tmp_path, CSV))[0])
    desk, waits = replaying_desk(office), []
    desk.writer.trouble = Retryable("used up", part="groq", after=7.0)

    def wait(seconds: float) -> None:
        waits.append(seconds)
        desk.writer.trouble = None

    assert replay(asked, desk, sleep=wait).would == "send"
    assert waits == [7.0]
    broken = replace(desk, index=None)
    failed = replay(asked, broken)
    assert (failed.would, asked.message.text in failed.failed) == ("failed", False)
    assert "failed: AttributeError" in stages(failed)


def test_freshdesks_own_json_is_read_in_three_forms(tmp_path):
    ticket = {
        "id": 8,
        "subject": "Withdrawal",
        "source": 1,
        "status": 5,
        "requester_id": 5,
        "requester": {"id": 5, "name": "Asha", "email": "asha@example.com"},
        "description": f"<p>{QUESTION}</p>",
        "created_at": "2026-03-02T12:00:00Z",
        "conversations": [
            {"id": 2, "user_id": 9, "body": "<p>Two days.</p>", "private": False, "created_at": "2026-03-02T13:00:00Z"}
        ],
    }
    one = json.dumps(ticket)
    for text in (one, f"[{one}]", json.dumps({"tickets": [ticket]}), f"{one}\n{one}"):
        asked = as_it_was_asked(read_tickets(tickets(tmp_path, text, "old.json"))[0])
        assert (asked.message.text, asked.theirs) == (QUESTION, "Two days.")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "ticket_id,subject\n1,x\n", "message"),
        ("b.csv", "ticket_id,subject,message\nsecret,x,y\n", "ticket 1 cannot be read: ticket_id is no number"),
        ("b.csv", "ticket_id,subject,message,created_at\n1,x,y,secret\n", "created_at is no time"),
        ("c.json", "[]", "no ticket"),
        ("d.json", '{"id": 1}\nnonsense', "line 2"),
        ("e.json", '[{"id": "secret", "description": "x"}]', "ticket 1 cannot be read: id is missing, or"),
        ("f.json", '[{"id": 1}]', "ticket 1 cannot be read: it holds no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place_and_without_its_words(tmp_path, name, text, said):
    with pytest.raises(BadConfiguration, match=said) as refused:
        read_tickets(tickets(tmp_path, text, name))
    assert "secret" not in str(refused.value)


@pytest.fixture
def at_the_desk(office, tmp_path, monkeypatch):
    """The script with the office's desk; how often it was opened, which is when tokens begin to be spent."""
    monkeypatch.setattr(
        "worker.settings.load_settings",
        lambda: Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/ledger.db"),
    )
    monkeypatch.setattr("worker.log.start_logging", lambda *_, **__: None)
    opened: list[Desk] = []

    @contextmanager
    def given(*_, **__):
        opened.append(replaying_desk(office))
        yield opened[-1]

    monkeypatch.setattr(replaying, "replay_desk", given)
    return opened


def test_the_script_writes_its_pages_for_the_owner_alone(at_the_desk, tmp_path, capsys):
    report, lines = tmp_path / "report.html", tmp_path / "report.jsonl"
    said = [str(tickets(tmp_path, CSV)), "--page", str(report), "--rows", str(lines), "--json"]
    assert script.main(said) == 0
    assert json.loads(capsys.readouterr().out)["tickets"] == 3
    for path in (report, lines):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert script.main([]) == 2
    assert script.main(["--case", "c-unknown"]) == 2
    assert "no case" in capsys.readouterr().err


def test_a_ticket_that_there_is_not_is_said_to_be_none(tmp_path, monkeypatch, capsys):
    with running_sandbox() as sandbox:
        url = sandbox.freshdesk_url.removesuffix("/api/v2")
        settings = Settings(
            data_dir=tmp_path,
            database_url=empty_ledger(tmp_path / "ledger.db"),
            freshdesk_url=url,
            freshdesk_api_key=SecretStr(sandbox.api_key),
        )
        monkeypatch.setattr("worker.settings.load_settings", lambda: settings)
        monkeypatch.setattr("worker.log.start_logging", lambda *_, **__: None)

        assert script.main(["--ticket", "99999"]) == 2
    assert capsys.readouterr().err == f"There is no ticket 99999 in {url}.\n"


def test_trouble_that_stays_ends_in_a_word_about_it(office):
    class Closed:
        def customer_of_requester(self, requester_id):
            raise Permanent("the database refused", part="ledger")

    ledger = Untouched(office.ledger)
    ledger._ledger = type("Shut", (), {"cases": Closed()})()
    done = replay(as_it_was_asked(a_thread()), replace(replaying_desk(office), ledger=ledger))
    assert done.failed == "the database refused"
