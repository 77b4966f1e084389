"""From a message to a verdict. `draft()` is the map, one straight line over the stages: read it after the README.

Drafting may be repeated, so everything here only reads from the world; what it comes to is stored by `answer.answer()`
in one transaction, outgoing notes and replies included, and leaves through `deliver`. Called by answer.py only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from worker.crashpoints import crash_point
from worker.intake.mailtext import Words, names_a_forward, read, seen_and_hidden
from worker.intake.masking import mask
from worker.knowledge.chunk import template_source
from worker.models import Author, Identity, Message, Reader, Status, Step, Strength, Template, Thread, Ticket, Verdict
from worker.support.compose import Judged, candidate, compose
from worker.support.desk import Desk
from worker.support.earning.admission import admit
from worker.support.facts import known_facts
from worker.support.gate import gate
from worker.support.generate import Assignment, Writing, fill_sources, from_template, generate
from worker.support.guard import judge, ledger_of
from worker.support.identify import identify, in_copy
from worker.support.incident.topics import against
from worker.support.progress import Progress
from worker.support.questions import split_questions
from worker.support.retrieve import Found, found_by
from worker.support.seeking import Sought, seek
from worker.support.segment import segment
from worker.support.takeover import left_to_its_taker
from worker.support.threads import unanswered, waiting
from worker.support.verdict import decide, left_to_a_person

NO_TEXT = "ask-for-details"  # the template for a mail without any text
TOO_LONG = "The message is too long for a draft: somebody should read it as a whole."
EARLIER = 240  # characters of an answered message that a follow-up is searched with


def draft(
    thread: Thread, message: Message, progress: Progress, desk: Desk, *, hint: str = "", may_wait: bool = False
) -> Verdict:
    """The stages, one after the other. What each found out is left in `progress`; the verdict says what to do."""
    with progress.stage("read"):
        written = unanswered(thread, message, but=automatic(thread, message, desk))
        words = words_of(written, thread.ticket)
        progress.words = words.now
    with progress.stage("gate"):
        closed = _gate(thread, message, words, progress, desk)
    if closed is not None:
        return closed
    if words.cut_short:
        return left_to_a_person(TOO_LONG, desk.rulebook)
    with progress.stage("identify"):
        crash_point("draft.gated")
        progress.questions = split_questions(words.now or thread.ticket.subject)
        sought = _seek(thread, progress, desk)
        who = progress.identity = _identify(thread, words, written, desk)
        crash_point("draft.identified")
    with progress.stage("segment"):
        reader = progress.reader = segment(who, desk.rulebook)
    with progress.stage("retrieve"):
        found = progress.found = _retrieve(thread, who, reader, sought, progress, desk)
    with progress.stage("generate"):
        facts = known_facts(who, thread.ticket, desk.rulebook.guards.disclosure)
        crash_point("draft.asking")
        writing = progress.writing = _generate(words, found, facts, who, progress, desk, hint, may_wait)
        crash_point("draft.written")
    with progress.stage("guard"):
        reply = candidate(words, found, writing, facts, who, reader, desk, before=told_before(thread))
        judged = Judged(findings=judge(reply), claims=ledger_of(reply))
        reply_draft = progress.draft = compose(thread, who, found, writing, judged, facts, desk)
    with progress.stage("earn"):
        asked_by = str(thread.ticket.requester.requester_id)
        gate_says = progress.admission = admit(
            reply_draft, found, who, reader, progress.questions, words.now, asked_by, desk
        )
        brake_says = against(reply_draft, reader, desk.ledger.incidents.on())
        copied = in_copy(who, written, thread.ticket.requester)
    return decide(
        reply_draft, writing, found, desk.index, desk.rulebook, desk.policy, gate_says.against, [*brake_says, *copied]
    )


def automatic(thread: Thread, message: Message, desk: Desk) -> set[str]:
    """Older unanswered messages that need no answer by themselves: an absence note must not make the question that
    follows it look like one, and a mail server's report is no question either, though a person has to hear of it."""
    older = [m for m in waiting(thread) if m.key != message.key]
    unreplied = thread.saying(m for m in thread.messages if not (m.public and m.author is Author.DESKHAND))
    return {m.key for m in older if needs_no_answer(unreplied, m, desk)}


def needs_no_answer(thread: Thread, message: Message, desk: Desk) -> bool:
    """Whether the gate would ignore this message, were it the only one."""
    return ignored(thread, message, desk) is not None


def ignored(thread: Thread, message: Message, desk: Desk) -> Verdict | None:
    """What the gate says of this message where it would ignore it, were it the only one."""
    verdict = gated(thread, message, desk)
    return verdict if verdict is not None and verdict.step is Step.IGNORE else None


def gated(thread: Thread, message: Message, desk: Desk) -> Verdict | None:
    """What the gate says of this message by itself, however often its writer was replied to."""
    words = words_in(message, thread.ticket)
    verdict, _ = gate(
        thread,
        message,
        words.now,
        desk.rulebook,
        forwarded=words.forwarded,
        replies_on_ticket=0,
        replies_to_requester_today=0,
    )
    return verdict


def reported(thread: Thread, message: Message, desk: Desk) -> list[str]:
    """What a person has to hear of beside this message: why the gate hands over older ones that are no question, as it
    does the report of a mail server that a reply came back. One that was handed over has been heard of."""
    if not (aside := automatic(thread, message, desk)):
        return []
    known = desk.ledger.cases.of_ticket(thread.ticket.ticket_id)
    heard = {case.message_key for case in known if case.status is Status.HANDED_OVER}
    verdicts = [gated(thread, m, desk) for m in waiting(thread) if m.key in aside - heard]
    return [reason for v in verdicts if v is not None and v.step is Step.HAND_OVER for reason in v.reasons]


def words_in(message: Message, ticket: Ticket) -> Words:
    """What stands in one message of the ticket, whose subject is that of its first mail only."""
    return read(message.html, message.text, as_forward=message.key == "ticket" and names_a_forward(ticket.subject))


def words_of(written: Sequence[Message], ticket: Ticket) -> Words:
    """What stands in the messages that are answered as one. Masked once more as it reads: a thread may hold what markup
    kept apart."""
    read_all = [words_in(m, ticket) for m in written]
    return Words(
        now=mask("\n\n".join(without_name(w.now, ticket.requester.name) for w in read_all if w.now)),
        quoted=mask("\n\n".join(w.quoted for w in read_all if w.quoted)),
        hidden=mask("\n\n".join(w.hidden for w in read_all if w.hidden)),
        had_invisible=any(w.had_invisible for w in read_all),
        cut_short=any(w.cut_short for w in read_all),
        written=mask("\n\n".join(w.written for w in read_all if w.written)),
        forwarded=mask("\n\n".join(w.forwarded for w in read_all if w.forwarded)),
        own=any(w.own for w in read_all),
    )


def told_before(thread: Thread) -> tuple[str, ...]:
    """What was publicly replied on the ticket, as its reader saw it."""
    replies = [
        m for m in thread.messages if m.public and m.author in (Author.PERSON, Author.DESKHAND) and not m.holding
    ]
    return tuple(seen_and_hidden(m.html)[0] if m.html.strip() else m.text for m in replies)


def answered_before(thread: Thread) -> str:
    """The last thing that the customer wrote and somebody answered: "and what is the minimum?" leans on it."""
    last = ""
    pending = ""
    for m in thread.messages:
        if m.public and m.author is Author.CUSTOMER:
            pending = read(m.html, m.text).now
        elif m.public and m.author in (Author.PERSON, Author.DESKHAND):
            last = pending
    return " ".join(mask(last).split())[-EARLIER:]


def without_name(words: str, name: str) -> str:
    """Lines at the end that only repeat the sender's name say nothing, and would blur what is searched for."""
    own = set(name.casefold().split())
    lines = words.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or set(lines[-1].casefold().strip(" ,.-").split()) <= own):
        lines.pop()
    return "\n".join(lines).rstrip()


def _gate(thread: Thread, message: Message, words: Words, progress: Progress, desk: Desk) -> Verdict | None:
    if left := left_to_its_taker(thread.ticket.ticket_id, desk.ledger):
        progress.asked.append(left[1])
        return left[0]
    cases = desk.ledger.cases
    verdict, asked = gate(
        thread,
        message if message.author is Author.CUSTOMER else None,
        words.now,
        desk.rulebook,
        forwarded=words.forwarded,
        replies_on_ticket=cases.replies_on_ticket(thread.ticket.ticket_id),
        replies_to_requester_today=cases.replies_to_requester(
            thread.ticket.requester.requester_id, timedelta(hours=24)
        ),
    )
    progress.asked += asked
    return verdict


def _identify(thread: Thread, words: Words, written: Sequence[Message], desk: Desk) -> Identity:
    requester, ticket_id, opened = thread.ticket.requester, thread.ticket.ticket_id, thread.ticket.created_at
    return identify(
        thread,
        words.now,
        desk.rulebook,
        desk.directory,
        written=written,
        contact=lambda: desk.helpdesk.contact(requester.requester_id),
        earlier=lambda: desk.helpdesk.earlier_tickets(requester.requester_id, before=ticket_id, opened=opened),
        known_customer=desk.ledger.cases.customer_of_requester(requester.requester_id),
    )


def _seek(thread: Thread, progress: Progress, desk: Desk) -> Sought | None:
    """The search, on its way through the model while the customer is found out. None for a mail without any text."""
    if _for_no_text(progress, desk) is not None:
        return None
    whole = whole_message(thread, progress.words)
    return seek(progress.questions, whole, desk.index, desk.embedder, before=answered_before(thread))


def _for_no_text(progress: Progress, desk: Desk) -> Template | None:
    """The template for such a mail, if this is one."""
    return None if progress.words.strip() else desk.index.template(NO_TEXT)


def _retrieve(
    thread: Thread, who: Identity, reader: Reader, sought: Sought | None, progress: Progress, desk: Desk
) -> Found:
    """New customers get a template without passages; existing ones the whole search."""
    progress.index_version = desk.index.searched()
    # Asked anew: another index may have come while the customer was found out, with or without that template.
    if template := _for_no_text(progress, desk):
        return Found(templates=(template_source(template),))
    sought = sought or _seek(thread, progress, desk)
    return found_by(sought, reader, desk.index, desk.embedder, passages=who.existing)


def whole_message(thread: Thread, words: str) -> str:
    """What templates are searched for with, besides the questions: the subject and what the customer wrote."""
    return f"{thread.ticket.subject}\n{words}".strip()


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
