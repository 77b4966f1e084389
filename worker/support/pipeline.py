"""From a doorbell to a verdict. `draft()` is the map, one straight line over the stages: read it after the README.

Drafting may be repeated, so everything here only reads from the world; what it comes to is stored by `answer()` in one
transaction, outgoing notes and replies included, and leaves through `deliver`. Called by tasks.draft only.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from worker.intake.mailtext import Words, read
from worker.knowledge.chunk import template_source
from worker.models import (
    Author,
    Case,
    Doorbell,
    Identity,
    Message,
    Reader,
    Status,
    Step,
    Strength,
    Thread,
    Verdict,
)
from worker.ports import Outgoing
from worker.support.compose import candidate, compose
from worker.support.desk import Desk
from worker.support.facts import known_facts
from worker.support.gate import gate
from worker.support.generate import Assignment, Writing, fill_sources, from_template, generate
from worker.support.guard import judge
from worker.support.identify import identify
from worker.support.letters import tags_of
from worker.support.outgoing import handover_note, held_note, reply_outgoing
from worker.support.progress import Progress
from worker.support.questions import split_questions
from worker.support.retrieve import Found, retrieve
from worker.support.segment import segment
from worker.support.verdict import decide

log = structlog.get_logger(__name__)

NO_TEXT = "ask-for-details"  # the template for a mail without any text
EARLIER = 240  # characters of an answered message that a follow-up is searched with
PATIENCE = timedelta(minutes=10)  # how long a draft waits for a rate limit before a person gets the bare template


def answer(doorbell: Doorbell, desk: Desk) -> tuple[str, list[str]]:
    """Reads the thread, drafts for its newest message, stores the verdict.

    Returns what came of the doorbell, in a word for ops, and the ids of the sends that are to be enqueued. Raises
    trouble; nothing is stored then but the open case, which the next try takes over.
    """
    if doorbell.ticket_id is None:
        return "names no ticket", []
    thread = desk.helpdesk.thread(doorbell.ticket_id)
    message = thread.newest_from_customer or first_entry(thread)
    case = desk.ledger.cases.open(thread, message.key, doorbell, desk.policy.lease)
    if case is None:
        return "nothing new", []
    structlog.contextvars.bind_contextvars(case_id=case.case_id)
    progress = Progress()
    patient = desk.now() - doorbell.received_at < PATIENCE
    verdict = draft(thread, message, progress, desk, hint=doorbell.hint, may_wait=patient)
    sends = _conclude(case, thread, verdict, progress, desk)
    log.info("concluded", step=verdict.step.value, seconds=progress.seconds, tries=doorbell.tries)
    return ("moved on", []) if sends is None else (verdict.step.value, list(sends))


def draft(
    thread: Thread, message: Message, progress: Progress, desk: Desk, *, hint: str = "", may_wait: bool = False
) -> Verdict:
    """The stages, one after the other. What each found out is left in `progress`; the verdict says what to do."""
    with progress.stage("read"):
        words = unanswered_words(thread, message)
        progress.words = words.now
    with progress.stage("gate"):
        closed = _gate(thread, message, words, progress, desk)
    if closed is not None:
        return closed
    with progress.stage("identify"):
        who = progress.identity = _identify(thread, words, desk)
    with progress.stage("segment"):
        reader = progress.reader = segment(who, desk.rulebook)
    with progress.stage("retrieve"):
        progress.questions = split_questions(words.now or thread.ticket.subject)
        found = progress.found = _retrieve(thread, who, reader, progress, desk)
    with progress.stage("generate"):
        facts = known_facts(who, thread.ticket)
        writing = progress.writing = _generate(words, found, facts, who, progress, desk, hint, may_wait)
    with progress.stage("guard"):
        findings = judge(candidate(words, found, writing, facts, who, reader, desk))
        progress.draft = compose(thread, who, found, writing, findings, facts, desk)
    return decide(progress.draft, writing, found, who, desk.index, desk.rulebook, desk.policy)


def first_entry(thread: Thread) -> Message:
    """A ticket on which no customer wrote still gets a case, so that the gate's reason to ignore it is kept."""
    return thread.messages[0]


def unanswered_words(thread: Thread, message: Message) -> Words:
    """What the customer wrote since anybody last answered publicly, up to `message`: two mails in a row are one."""
    pending: list[Message] = []
    for m in thread.messages:
        if m.public and m.author in (Author.PERSON, Author.DESKHAND):
            pending = []
        elif m.public and m.author is Author.CUSTOMER:
            pending.append(m)
        if m.key == message.key:
            break
    read_all = [read(m.html, m.text) for m in pending] or [read(message.html, message.text)]
    return Words(
        now="\n\n".join(without_name(w.now, thread.ticket.requester.name) for w in read_all if w.now),
        quoted="\n\n".join(w.quoted for w in read_all if w.quoted),
        hidden="\n\n".join(w.hidden for w in read_all if w.hidden),
        had_invisible=any(w.had_invisible for w in read_all),
    )


def answered_before(thread: Thread) -> str:
    """The last thing that the customer wrote and somebody answered: "and what is the minimum?" leans on it."""
    last = ""
    pending = ""
    for m in thread.messages:
        if m.public and m.author is Author.CUSTOMER:
            pending = read(m.html, m.text).now
        elif m.public and m.author in (Author.PERSON, Author.DESKHAND):
            last = pending
    return " ".join(last.split())[-EARLIER:]


def without_name(words: str, name: str) -> str:
    """Lines at the end that only repeat the sender's name say nothing, and would blur what is searched for."""
    own = set(name.casefold().split())
    lines = words.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or set(lines[-1].casefold().strip(" ,.-").split()) <= own):
        lines.pop()
    return "\n".join(lines).rstrip()


def _gate(thread: Thread, message: Message, words: Words, progress: Progress, desk: Desk) -> Verdict | None:
    cases = desk.ledger.cases
    verdict, asked = gate(
        thread,
        message if message.author is Author.CUSTOMER else None,
        words.now,
        desk.rulebook,
        replies_on_ticket=cases.replies_on_ticket(thread.ticket.ticket_id),
        replies_to_requester_today=cases.replies_to_requester(
            thread.ticket.requester.requester_id, timedelta(hours=24)
        ),
    )
    progress.asked += asked
    return verdict


def _identify(thread: Thread, words: Words, desk: Desk) -> Identity:
    requester, ticket_id = thread.ticket.requester, thread.ticket.ticket_id
    return identify(
        thread,
        words.now,
        desk.rulebook,
        desk.directory,
        contact=lambda: desk.helpdesk.contact(requester.requester_id),
        earlier=lambda: desk.helpdesk.earlier_tickets(requester.requester_id, before=ticket_id),
        known_customer=desk.ledger.cases.customer_of_requester(requester.requester_id),
    )


def _retrieve(thread: Thread, who: Identity, reader: Reader, progress: Progress, desk: Desk) -> Found:
    """New customers get a template without passages; existing ones the whole search."""
    progress.index_version = desk.index.version()
    if not progress.words.strip() and (template := desk.index.template(NO_TEXT)):
        return Found(templates=(template_source(template),))
    message = f"{thread.ticket.subject}\n{progress.words}".strip()
    earlier = answered_before(thread)
    return retrieve(
        progress.questions, message, reader, desk.index, desk.embedder, passages=who.existing, before=earlier
    )


def _generate(
    words: Words,
    found: Found,
    facts: dict[str, str],
    who: Identity,
    progress: Progress,
    desk: Desk,
    hint: str,
    may_wait: bool,
) -> Writing:
    verified = who.strength is Strength.VERIFIED
    task = Assignment(
        questions=progress.questions,
        message=words.now,
        templates=fill_sources(found.templates, facts),
        passages=fill_sources(found.passages, {}),
        facts=facts if verified else {},
        company=desk.rulebook.guards.company,
        hint=hint,
        per_question={q: (*templates, *passages) for q, (templates, passages) in found.per_question.items()},
    )
    if not words.now.strip():
        return from_template(task, "the mail has no text")
    return generate(task, desk.writer, may_wait=may_wait)


_ENDS = {
    Step.SEND: Status.APPROVED,
    Step.HOLD: Status.HELD,
    Step.HAND_OVER: Status.HANDED_OVER,
    Step.IGNORE: Status.IGNORED,
}


def _conclude(case: Case, thread: Thread, verdict: Verdict, progress: Progress, desk: Desk) -> list[str] | None:
    sends = desk.ledger.cases.conclude(
        case.case_id,
        case.epoch,
        _ENDS[verdict.step],
        verdict=verdict,
        trace=progress.trace(),
        thread=thread,
        draft=progress.draft,
        identity=progress.identity,
        reader=progress.reader,
        outgoing=_outgoing(case, verdict, progress, desk),
    )
    return None if sends is None else list(sends)


def _outgoing(case: Case, verdict: Verdict, progress: Progress, desk: Desk) -> list[Outgoing]:
    """What is to leave the house for this verdict. In shadow mode nothing does."""
    tags, policy, reply = tags_of(desk.rulebook), desk.policy, progress.draft
    if policy.shadow or verdict.step is Step.IGNORE:
        return []
    if verdict.step is Step.HAND_OVER:
        return [handover_note(verdict, tags)]
    if reply is None:
        return []
    if verdict.step is Step.SEND:
        return [reply_outgoing(reply, policy, tags)]
    return [held_note(case.case_id, reply, verdict, policy, tags)]
