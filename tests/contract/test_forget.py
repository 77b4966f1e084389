"""A requester is forgotten: what they wrote is gone from every table and from the file; nobody is answered twice."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, MetaData, String, select, text

from scripts import forget as script
from tests.builders import a_customer, a_draft, a_message, a_reply, a_requester, a_thread, a_trace, minutes
from tests.console.seed import Lead, a_console, words_of
from tests.contract.steps import LEASE, approved, claimed, conclude, held, newest_draft, opened
from worker.adapters.store import forget as forgetting
from worker.adapters.store.engine import open_engine
from worker.adapters.store.forget import DELETED, EMPTIED, FORGOTTEN, Forgetting, StillAtWork
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.adapters.store.schema import METADATA
from worker.errors import BadConfiguration, Permanent
from worker.models import Change, Identity, Lesson, Posted, Ring, SendState, Status, Strength, Treatment
from worker.settings import Settings

ASHA = a_requester(5, name="Asha Rao", email="Asha@Example.com", phones=("+91 98200 11223",))
BINU = a_requester(6, name="Binu Thomas", email="natasha@example.com")
WROTE = 'My "late" aunt\'s flat was sold in Kozhikode.\nWhen does the money reach me?'
SECRETS = ("asha@example.com", "asha rao", "98200 11223", "kozhikode", "aunt", "dear asha", "overly friendly", "PW7")
# Columns of words that stay: ids, outcomes, names of rules, logins of leads, and what says that something was sent.
STAYS = {
    "doorbells": "doorbell_id ring case_id state outcome",
    "marks": "name",
    "cases": "case_id message_key status opened_by strength segments template_id draft_id guards minder stale",
    "case_moves": "case_id from_status to_status moved_by",
    "viewers": "case_id login",
    "openings": "case_id login",
    "taken": "login",
    "drafts": "draft_id case_id body_hash guards",
    "sends": "send_id case_id message_key kind body_hash change state remote_id remark",
    "lessons": "draft_id case_id machine_id template_id decision treatment login",
    "lesson_findings": "draft_id guard",
    "promises": "promise_id send_id case_id act due period made_by kept_by",
    "users": "login role password_hash",
    "sessions": "token_hash login csrf",
    "links": "token_hash login",
    "audit": "login action subject",
    "assessments": "draft_id case_id template_id segment features judged judged_by harm_by",
    "gate_standings": "template_id segment rung",
    "gate_moves": "template_id segment move",
    "gate_budgets": "template_id segment",
    "gate_notes": "name value login",
    "risk_models": "model",
    "brakes": "template_id segment surge off_by holding_text",
    "holdings": "send_id",
}
GOES = {  # otherwise than by EMPTIED and DELETED
    "doorbells": "hint raw",
    "drafts": "draft trace",
    "customers": "customer_id name email alternate_emails phone phone_digits segments since facts",
    "customer_emails": "email customer_id",
    "audit": "detail",
    "brakes": "question",
}


def asha_was_answered(ledger: SqlLedger) -> str:
    """Ticket 1: her reply was sent. The send's id."""
    thread = a_thread(1, a_message(WROTE), subject="The flat in Kozhikode", requester=ASHA)
    case = ledger.cases.open(thread, "ticket", claimed(ledger, 1, hint="be nice to Asha Rao"), LEASE)
    assert case is not None
    asha = a_customer("PW7", name="Asha Rao", email="asha@example.com", phone="+91 98200 11223")
    trace = a_trace(query=WROTE, identity=Identity(strength=Strength.VERIFIED, customer=asha), prompt=f"<m>{WROTE}</m>")
    said = {"thread": thread, "trace": trace, "draft": a_draft("Dear Asha, two days.")}
    [send_id] = conclude(ledger, case, Status.APPROVED, [a_reply("Dear Asha, two days.")], **said)
    send = ledger.sends.claim(send_id, LEASE)
    assert send is not None
    ledger.sends.intend(send_id, send.epoch)
    ledger.sends.posted(send_id, send.epoch, Posted(remote_id="901", at=case.opened_at))
    ledger.sends.done(send_id, send.epoch)
    finish_all(ledger)
    return send_id


def asha_was_refused(ledger: SqlLedger) -> None:
    """Ticket 2: a lead edited her draft and rejected it with words of her mail."""
    case = held(ledger, 2, draft=a_draft("Dear Asha, no."), requester=ASHA, subject="Aunt")
    taught = Lesson(treatment=Treatment.REJECTED, share=1.0, difference=(Change(kind="out", words="Dear Asha"),))
    edited = ledger.reviews.edit(case.case_id, newest_draft(ledger, case), a_draft("Aunt"), "maya", lesson=taught)
    assert edited
    assert ledger.reviews.reject(case.case_id, edited, "Her aunt: overly friendly", "maya", lesson=taught)
    finish_all(ledger)


def binu_wrote(ledger: SqlLedger) -> str:
    """Ticket 3, another person's: the same question, and Asha's address in it. The case's id."""
    thread = a_thread(3, a_message("Write to asha@example.com. When does the money reach me?"), requester=BINU)
    case = opened(ledger, 3, requester=BINU)
    conclude(ledger, case, Status.HANDED_OVER, thread=thread)
    finish_all(ledger)
    return case.case_id


def finish_all(ledger: SqlLedger) -> None:
    for doorbell_id in ledger.doorbells.due(50):
        doorbell = ledger.doorbells.claim(doorbell_id, LEASE)
        assert doorbell is not None
        ledger.doorbells.finish(doorbell_id, doorbell.epoch, "case")
    with ledger.writing() as connection:  # also those that a story above still holds
        connection.execute(METADATA.tables["doorbells"].update().values(state="done"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """For what does not depend on the database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'ledger.db')}"


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[SqlLedger]:
    sql_url = request.getfixturevalue("sql_url" if "sql_url" in request.fixturenames else "sqlite_url")
    ledger = open_ledger(sql_url)
    ledger.customers.replace(
        [
            a_customer("PW7", name="Asha Rao", email="asha@example.com", phone="+91 98200 11223"),
            a_customer("PW8", name="Binu Thomas", email="natasha@example.com", alternate_emails=("asha@example.com",)),
        ]
    )
    ledger.doorbells.ring(Ring.WEBHOOK, None, raw=b'{"from": "asha@example.com"')
    yield ledger
    ledger.close()


def forget(url: str, **asked):
    ledger = Forgetting(url)
    try:
        return ledger.forget(**({"by": "ops", "really": True} | asked))
    finally:
        ledger.close()


def everything(url: str) -> str:
    """All values of all columns of all tables, as this test finds them by itself."""
    engine, described = open_engine(url), MetaData()
    described.reflect(engine)
    with engine.connect() as connection:
        rows = [row for table in described.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    values = [bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for row in rows for v in row]
    return "\n".join(values).casefold().replace("natasha@example.com", "")


def planned_by(url: str, first: str = "") -> str:
    """The values of columns that PostgreSQL remembers for its planner."""
    engine = open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if first:
            connection.execute(text(first))
        rows = connection.execute(
            text("SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname = 'public'")
        ).all()
    engine.dispose()
    return str(rows).casefold()


def standing(url: str) -> list[str]:
    text = everything(url)
    return [secret for secret in SECRETS if secret.casefold() in text]


def test_nothing_of_a_forgotten_requester_stands_anywhere_and_that_is_proven(told, sql_url):
    asha_was_answered(told)
    asha_was_refused(told)
    binu = binu_wrote(told)
    assert standing(sql_url) == list(SECRETS)
    if sql_url.startswith("postgresql"):
        assert "asha@example.com" in planned_by(sql_url, "ANALYZE")

    done = forget(sql_url, emails=["asha@example.com"])

    assert standing(sql_url) == []
    if sql_url.startswith("postgresql"):
        known = planned_by(sql_url).replace("natasha@example.com", "")
        assert [secret for secret in SECRETS if secret.casefold() in known] == []
    assert (done.left, done.in_file, done.rewritten) == ([], {}, "")
    assert {hit.case_id for hit in done.others} == {binu}  # who asked the same
    if sql_url.startswith("sqlite"):
        told.close()
        stored = b"".join(path.read_bytes() for path in Path(sql_url.removeprefix("sqlite:///")).parent.iterdir())
        found = stored.lower().replace(b"natasha@example.com", b"")
        assert [secret for secret in SECRETS if secret.lower().encode() in found] == []


def test_what_keeps_a_message_from_being_answered_twice_stays(told, sql_url):
    send_id = asha_was_answered(told)
    before = told.sends.replies_of(1)[0]
    counts = told.cases.counts()

    forget(sql_url, requester_ids=[5])

    after = told.sends.replies_of(1)[0]
    assert after == before.model_copy(update={"body_html": ""})
    assert (after.send_id, after.state, after.body_hash) == (
        send_id,
        SendState.DONE,
        a_reply("Dear Asha, two days.").body_hash,
    )
    assert told.cases.counts() == counts
    [case] = told.cases.of_ticket(1)
    assert (case.status, case.subject, case.customer_id) == (Status.SENT, "", None)
    assert told.cases.replies_to_requester(5, minutes(60)) == 1
    assert told.cases.open(a_thread(1, requester=ASHA), "ticket", claimed(told, 1), LEASE) is None
    [(_, draft, trace)] = told.cases.drafts(case.case_id)
    assert (draft.body_text, draft.template_id, trace.query, trace.identity) == ("", "redeem", "", None)


def test_without_yes_everything_is_told_and_nothing_is_changed(told, sqlite_url):
    asha_was_answered(told)
    before = everything(sqlite_url)
    would = forget(sqlite_url, emails=["asha@example.com"], really=False)
    assert everything(sqlite_url) == before
    done = forget(sqlite_url, emails=["asha@example.com"])
    assert would.changed == done.changed
    assert done.changed["snapshots"] == 1


def test_a_second_time_there_is_nothing_left_to_do_and_nothing_is_written(told, sqlite_url):
    asha_was_answered(told)
    asha_was_refused(told)
    forget(sqlite_url, emails=["asha@example.com"])
    [entry] = [entry for entry in told.reviews.audit_log() if entry["action"] == "forget"]
    assert entry["subject"] == "requester 5"
    for whom in ({"emails": ["asha@example.com"]}, {"requester_ids": [5]}):
        again = forget(sqlite_url, **whom)
        assert (again.changed, again.left) == ({}, [])
    assert len([entry for entry in told.reviews.audit_log() if entry["action"] == "forget"]) == 1


@pytest.mark.parametrize("under_way", ["held", "approved", "open", "rung"])
def test_who_is_still_being_answered_is_not_forgotten(told, sqlite_url, under_way):
    asha_was_answered(told)
    if under_way == "rung":
        told.doorbells.ring(Ring.POLLER, 1)
    else:
        {"held": held, "approved": approved, "open": opened}[under_way](told, 4, requester=ASHA)
    before = everything(sqlite_url)
    with pytest.raises(StillAtWork) as refused:
        forget(sqlite_url, requester_ids=[5])
    assert {one.ticket_id for one in refused.value.found} <= {1, 4}
    assert everything(sqlite_url) == before


def test_a_draft_of_somebody_else_that_names_the_address_is_left_as_it_was_shown_and_told(told, sqlite_url):
    asha_was_answered(told)
    case, said = opened(told, 9, requester=BINU), a_draft("Write to asha@example.com.")
    conclude(told, case, Status.HELD, thread=a_thread(9, requester=BINU), draft=said)
    finish_all(told)
    done = forget(sqlite_url, requester_ids=[5])
    assert {(hit.table, hit.case_id) for hit in done.left} == {("drafts", case.case_id), ("case_words", case.case_id)}
    [(_, draft, _)] = told.cases.drafts(case.case_id)
    assert draft == said


def test_ops_are_told_which_ticket_keeps_the_address_and_what_to_do(told, sqlite_url, monkeypatch, capsys):
    monkeypatch.setattr("worker.settings.load_settings", lambda: Settings(database_url=sqlite_url))
    asha_was_answered(told)
    case = opened(told, 9, requester=BINU)
    quoted = a_draft("Write to asha@example.com.")
    conclude(told, case, Status.HELD, thread=a_thread(9, requester=BINU), draft=quoted)
    finish_all(told)
    because = f"ticket 9, case {case.case_id}: its case is held, and keeps what a lead was shown: decide on it, then"
    for yes, code in (((), 0), (("--yes",), 1)):
        assert script.main(["--requester", "5", *yes]) == code
        assert capsys.readouterr().out.count(f"{because} run this again with --email") == 1

    assert script.main(["--requester", "5", "--yes"]) == 1, "the draft still has it, and the id alone does not find it"
    assert "Done." not in capsys.readouterr().out


def test_a_namesake_keeps_their_words_and_is_named(told, sqlite_url):
    asha_was_answered(told)
    other = a_requester(8, name="Asha Rao", email="other@example.com")
    case = opened(told, 5, requester=other)
    conclude(told, case, Status.HANDED_OVER, thread=a_thread(5, requester=other))
    finish_all(told)
    done = forget(sqlite_url, requester_ids=[5])
    assert done.left == []
    assert {hit.case_id for hit in done.others} == {case.case_id}
    assert told.cases.thread(case.case_id).ticket.requester == other
    done = forget(sqlite_url, requester_ids=[8], names_too=True)
    assert "asha rao" not in everything(sqlite_url)


def test_a_file_that_could_not_be_written_anew_is_written_anew_the_next_time(told, sql_url, monkeypatch):
    asha_was_answered(told)

    def no_room(self):
        raise Permanent("the disk is full")

    kind = "_rewrite_sqlite" if sql_url.startswith("sqlite") else "_vacuum"
    with monkeypatch.context() as broken:
        broken.setattr(forgetting.Forgetting, kind, no_room)
        assert forget(sql_url, requester_ids=[5]).rewritten == "the disk is full"
    assert forget(sql_url, requester_ids=[5]).rewritten == ""


def test_a_colleague_who_uses_the_console_is_not_a_requester_to_be_forgotten(told, sqlite_url):
    told.users.put("asha@example.com", "reviewer", "x")
    with pytest.raises(BadConfiguration, match="login"):
        forget(sqlite_url, emails=["asha@example.com"])


def test_of_every_column_that_can_hold_words_it_is_decided_whether_it_goes():
    decided = {(table.name, column) for table, blank in EMPTIED.items() for column in blank}
    for columns in (STAYS, GOES):
        decided |= {(table, column) for table, names in columns.items() for column in names.split()}
    gone = {table.name for table in DELETED}
    texts = {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(getattr(column.type, "impl", column.type), String | LargeBinary) and table.name not in gone
    }
    assert texts - decided == set(), "say in worker/adapters/store/forget.py what becomes of these, and here"


def test_the_script_tells_first_and_deletes_on_yes(told, sqlite_url, monkeypatch, capsys):
    asha_was_answered(told)
    monkeypatch.setattr("worker.settings.load_settings", lambda: Settings(database_url=sqlite_url))
    assert script.main(["--email", "asha@example.com"]) == 0
    assert "Nothing has been changed" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", StringIO("Asha@example.com\n"))
    assert script.main(["--email", "-", "--yes", "--json"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["complete"] is True
    assert json.loads(printed)["known"] is True
    assert json.loads(printed)["ledger"] == sqlite_url.removeprefix("sqlite:///")
    assert not any(secret in printed.casefold() for secret in SECRETS[:4])
    assert script.main([]) == 2


@pytest.mark.parametrize("whom", [("--customer", "NOPE"), ("--requester", "99"), ("--email", "asah@example.com")])
def test_who_is_not_in_the_ledger_does_not_pass_for_forgotten(told, sqlite_url, monkeypatch, capsys, whom):
    monkeypatch.setattr("worker.settings.load_settings", lambda: Settings(database_url=sqlite_url))
    ledger = sqlite_url.removeprefix("sqlite:///")
    for yes, said in (((), "Nothing has been changed. Is it spelt right"), (("--yes",), "NOBODY was forgotten.")):
        assert script.main([*whom, *yes]) == 4
        printed = capsys.readouterr().out
        assert said in printed
        assert "The ledger knows nobody by that." in printed
        assert ledger in printed
        assert "Done." not in printed
    assert script.main([*whom, "--yes", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["complete"] is False


def test_who_stands_only_in_the_customer_file_or_was_forgotten_by_id_before_is_known(
    told, sqlite_url, monkeypatch, capsys
):
    monkeypatch.setattr("worker.settings.load_settings", lambda: Settings(database_url=sqlite_url))
    assert script.main(["--customer", "PW8", "--yes"]) == 0
    asha_was_answered(told)
    assert script.main(["--requester", "5", "--yes"]) == 0
    assert capsys.readouterr().out.count("Done.") == 2
    assert script.main(["--requester", "5", "--yes"]) == 1, "what an earlier run left in the case is found by the id"
    said = capsys.readouterr().out
    assert "Done." not in said
    assert "NOT proven: nothing was left to look for by" in said
    assert "--email" in said
    assert script.main(["--requester", "5", "--yes", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["complete"] is False


@pytest.mark.parametrize("typed", ["asha", "\n", ""], ids=["a name", "an empty line", "nothing at all"])
def test_what_is_no_address_is_refused_and_does_not_pass_for_forgotten(typed, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", StringIO(typed))
    assert script.main(["--email", "-", "--yes"]) == 2
    told = capsys.readouterr()
    assert (told.out, "no address" in told.err, "asha" in told.err) == ("", True, False)


def test_the_console_still_shows_the_case_and_says_why_it_is_empty(told, sqlite_url):
    asha_was_answered(told)
    forget(sqlite_url, requester_ids=[5])
    [case] = told.cases.of_ticket(1)
    page = Lead(a_console(told), told).get(f"/cases/{case.case_id}")
    assert page.status_code == 200
    assert FORGOTTEN in words_of(page.text).replace("’", "'")
