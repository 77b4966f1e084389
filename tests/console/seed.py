"""A console over a ledger of its own, with held cases, for the tests of tests/console and tests/browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from tests.builders import NOON, a_finding, a_message, a_thread, a_trace, a_verdict, an_identity
from tests.empty_ledger import empty_ledger
from worker.adapters.store.ledger import SqlLedger, open_ledger
from worker.console.app import make_console
from worker.console.people import add_user, sign_in_link
from worker.models import (
    Asked,
    Author,
    Customer,
    Draft,
    Identity,
    Kind,
    Part,
    Reader,
    Ring,
    Sentence,
    Source,
    Status,
    Step,
    Strength,
    Thread,
    Trace,
    Usage,
)
from worker.probes import Look
from worker.support.bodies import body_hash
from worker.support.desk import Policy
from worker.support.render import Letter, render

SECRET = "a secret for tests only, long enough"
LETTER = Letter(greeting="Hello Asha,", sign_off="Kind regards,\nTeam Peerwell", link_hosts=("peerwell.example",))
ASHA = Customer(customer_id="PW100231", name="Asha Menon", email="asha@example.com", segments=("IM",))
TEMPLATE = Source(
    source_id="im-withdrawal-time",
    kind=Kind.TEMPLATE,
    title="When a withdrawal from IM arrives",
    text="A withdrawal from IM reaches your registered bank account within 2 working days. A request before 14:00 IST "
    "on a working day is processed the same working day.",
    segments=("IM",),
    version="4be1f0c2aa51",
    score=0.91,
    dense=0.84,
)
PASSAGE = Source(
    source_id="withdrawals-from-im#2",
    kind=Kind.PASSAGE,
    title="Withdrawing money from IM > What a withdrawal costs",
    text="The first 3 withdrawals from IM in a calendar month are free. From the fourth withdrawal in the same "
    "calendar month, each withdrawal from IM costs Rs 10.",
    segments=("IM",),
    version="77d02c1be9f4",
    article_id="withdrawals-from-im",
    score=0.72,
    dense=0.66,
)
PARTS = (
    Part(
        question="When will my withdrawal reach my bank?",
        sentences=(
            Sentence(text="Your withdrawal reaches your bank within 3 working days.", sources=(TEMPLATE.source_id,)),
            Sentence(
                text="A request before 14:00 IST on a working day is processed the same working day.",
                sources=(TEMPLATE.source_id,),
            ),
        ),
    ),
    Part(
        question="What does it cost?",
        sentences=(
            Sentence(
                text="The first 3 withdrawals in a calendar month are free, after that each costs Rs 10.",
                sources=(PASSAGE.source_id,),
            ),
        ),
    ),
    Part(question="Can I have a call?"),
)
FINDINGS = (
    a_finding(
        "exact",
        "The number of days “3 working days” does not stand in the source that the sentence names.",
        todo="Correct it from the source, or take it out.",
        sentence=0,
        words="3 working days",
    ),
    a_finding(
        "answered",
        "Question 3 of the message is not answered by anything that was found.",
        todo="Answer it yourself, or say that it will be answered later.",
    ),
)

BUILT = datetime.now(UTC) - timedelta(days=3, hours=1)
LOOKS = {  # how the parts outside the ledger are
    "queue": lambda: Look("answers", (("Hints waiting in the queue “draft”", 7),)),
    "freshdesk": lambda: Look(
        "agent 501, Deskhand",
        (("Account", "acme.freshdesk.com"), ("Allowance (limiter): freshdesk", "812 of 1,000 left")),
    ),
    "groq": lambda: Look("llama-3.3-70b-versatile, 3 of 3 models available"),
    "milvus": lambda: Look("milvus_lite-3.2.2", (("Index in use", "deskhand_20260302_1"), ("Built", BUILT))),
}


def a_ledger(folder: Path) -> SqlLedger:
    url = empty_ledger(folder / "ledger.db")
    return open_ledger(url)


def a_letter_draft(parts: tuple[Part, ...] = PARTS, **fields: Any) -> Draft:
    """A draft in LETTER, as the pipeline composes it."""
    html, text = render(parts, LETTER)
    given = {
        "parts": parts,
        "body_html": html,
        "body_text": text,
        "body_hash": body_hash(html),
        "template_id": TEMPLATE.source_id,
        "sources": (TEMPLATE, PASSAGE),
        "findings": FINDINGS,
        "usage": Usage(model="openai/gpt-oss-120b", calls=1, prompt_tokens=1204, completion_tokens=186, seconds=1.84),
        "written_by": "openai/gpt-oss-120b",
    }
    return Draft(**(given | fields))


def a_full_trace(identity: Identity | None = None) -> Trace:
    return a_trace(
        asked=(
            Asked(rule="auto-reply", hit=False, why="no header or phrase of an automatic answer"),
            Asked(rule="legal-threat", hit=False, why="no such words"),
        ),
        identity=identity or an_identity(Strength.VERIFIED, ASHA, found_by="registered-email", existing=True),
        reader=Reader(segments=("IM",), reads=("public", "IM"), asked=(Asked(rule="im-customer", hit=True),)),
        questions=tuple(p.question for p in PARTS),
        templates=(TEMPLATE,),
        passages=(PASSAGE,),
        index_version="kb_20260302_1",
        prompt="You write for Peerwell.\n<message>When?</message>",
        answer='{"language": "English", "answers": []}',
        seconds={"read": 0.001, "retrieve": 0.021, "generate": 1.84},
    )


def a_conversation(ticket_id: int, html: str, subject: str = "Withdrawal not here yet", **ticket: Any) -> Thread:
    early = a_message("We have passed this on.", key="c1", author=Author.PERSON, public=False, at=NOON)
    asked = a_message("", key="c2", html=html, at=NOON + timedelta(hours=2), from_email="asha@example.com")
    return a_thread(ticket_id, early, asked, subject=subject, **ticket)


def hold(
    ledger: SqlLedger,
    ticket_id: int = 1,
    *,
    draft: Draft | None = None,
    thread: Thread | None = None,
    trace: Trace | None = None,
    status: Status = Status.HELD,
    why: str = "Review mode: every reply is read by a person before it leaves.",
) -> str:
    """A case that the pipeline left waiting for review (or ended in `status`); its id."""
    thread = thread or a_conversation(ticket_id, "<p>When will my withdrawal reach my bank?</p>")
    message = thread.newest_from_customer
    assert message is not None
    doorbell_id = ledger.doorbells.ring(Ring.WEBHOOK, ticket_id)
    doorbell = ledger.doorbells.claim(doorbell_id, timedelta(seconds=60))
    assert doorbell is not None
    case = ledger.cases.open(thread, message.key, doorbell, timedelta(seconds=60))
    assert case is not None
    step = {Status.HELD: Step.HOLD, Status.HANDED_OVER: Step.HAND_OVER, Status.IGNORED: Step.IGNORE}[status]
    verdict = a_verdict(step, why)
    drafted = (draft or a_letter_draft()) if status is Status.HELD else None
    ledger.cases.conclude(
        case.case_id, case.epoch, status, verdict=verdict, trace=trace or a_full_trace(), thread=thread, draft=drafted
    )
    ledger.doorbells.finish(doorbell_id, doorbell.epoch, "case")
    return case.case_id


def status_of(ledger: SqlLedger, case_id: str) -> Status:
    case = ledger.cases.get(case_id)
    assert case is not None
    return case.status


def a_console(ledger: SqlLedger, **given: Any) -> FastAPI:
    """The console in review mode. Hints to the queue are kept in `app.state.enqueued`."""
    enqueued: list[tuple[str, str]] = []
    fields = {
        "letter_for": lambda _thread, _identity: LETTER,
        "console_secret": SECRET,
        "policy": Policy(),
        "enqueue": lambda queue, row: enqueued.append((queue, row)),
    }
    app = make_console(ledger, **(fields | given))
    app.state.enqueued = enqueued
    return app


class Lead:
    """Somebody at a browser. Signs in by a one-time link unless `role` is None."""

    def __init__(self, app: FastAPI, ledger: SqlLedger, login: str = "maya", role: str | None = "reviewer") -> None:
        self.browser = TestClient(app, base_url="http://localhost:8001", follow_redirects=False)
        self.login = login
        if role is not None:
            add_user(ledger.users, login, role, None)
            link = sign_in_link(ledger.users, login, "http://localhost:8001")
            assert self.submit(link, "/enter").status_code == 303

    def get(self, path: str, **given: Any) -> Response:
        return self.browser.get(path, **given)

    def submit(self, page: str, action: str, **typed: str) -> Response:
        """Opens `page`, fills in its form that posts to `action`, and sends it as a browser would."""
        return self.send(action, fields_of(self.get(page).text, action) | typed)

    def send(self, action: str, fields: dict[str, str]) -> Response:
        return self.browser.post(action, data=fields, headers={"Sec-Fetch-Site": "same-origin"})


def fields_of(page: str, action: str) -> dict[str, str]:
    """What the form that posts to `action` would send if nothing more were typed."""
    form = next(f for f in BeautifulSoup(page, "html.parser")("form") if f.get("action") == action)
    given = {str(i["name"]): str(i.get("value", "")) for i in form("input")}
    return given | {str(t["name"]): t.get_text().removeprefix("\n") for t in form("textarea")}


def words_of(page: str) -> str:
    """The page's words, white space folded."""
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())
