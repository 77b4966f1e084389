"""From a doorbell to a stored verdict: which of the ticket's messages wants an answer, and what is kept of it.

The newest message that waits is answered, and with it the older ones. Where it needs no answer (an absence note, a
machine's mail), the one before it has its turn, so that a question is not lost behind it. Called by tasks.draft.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from worker import metrics
from worker.crashpoints import crash_point
from worker.errors import Retryable
from worker.intake.mailtext import each_mail_once
from worker.models import Case, Doorbell, Message, Ring, Status, Step, Thread, Verdict
from worker.ports import MAY_BE_THERE, Outgoing
from worker.support.desk import Desk
from worker.support.happened import may_be_there
from worker.support.keeping import reminders
from worker.support.letters import tags_of
from worker.support.outgoing import handover_note, held_note, reply_outgoing
from worker.support.overtaken import OLD, Overtaken
from worker.support.passing import taken_up
from worker.support.pipeline import draft, ignored, needs_no_answer, reported
from worker.support.progress import Progress
from worker.support.threads import covered, latecomers, read_thread, waiting, wrote_after
from worker.support.verdict import held_instead, left_to_a_person, told_too

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=10)  # how long a draft waits for a rate limit before a person gets the bare template
NEXT_DRAFT = 5.0  # seconds until it is looked again whether the draft that is being written for another lead is there
COVERED = "A newer message of the customer is being answered."
UNANSWERED = (
    "A reply to the customer was stopped because another message of theirs came in, but that one gets no reply of its "
    "own. Please answer what they asked."
)
RESTORED = (
    "The ticket had been deleted when this message was to be answered, and is there again. Please answer what the "
    "customer asked."
)
LATE = "This message of the customer showed up only after a newer one had been worked on. Please answer it."
GONE = "The message is not on the ticket any more."

_ENDS = {
    Step.SEND: Status.APPROVED,
    Step.HOLD: Status.HELD,
    Step.HAND_OVER: Status.HANDED_OVER,
    Step.IGNORE: Status.IGNORED,
}


@dataclass(frozen=True)
class Worked:
    """What came of one message: a word for ops ("" where nothing was done), the sends to enqueue, and whether the
    message before it has its turn."""

    outcome: str = ""
    sends: tuple[str, ...] = ()
    go_on: bool = False


@each_mail_once()
def answer(doorbell: Doorbell, desk: Desk) -> tuple[str, list[str]]:
    """Reads the thread, drafts for its newest message that needs an answer, stores the verdict.

    Returns what came of the doorbell, in a word for ops, and the ids of the sends that are to be enqueued. Raises
    trouble; nothing is stored then but the open case, which the next try takes over.
    """
    if doorbell.ticket_id is None:
        return "names no ticket", []
    thread = read_thread(doorbell.ticket_id, desk.helpdesk, desk.ledger)
    crash_point("draft.thread_read")
    done: list[Worked] = []
    for message in waiting(thread):
        done.append(_work_on(message, thread, doorbell, desk))
        if not done[-1].go_on:
            break
    done += [_late(message, thread, doorbell, desk) for message in latecomers(thread, desk.ledger)]
    done.append(_end_named(thread, doorbell, desk))
    done.append(Worked(sends=tuple(reminders(thread.ticket, desk.ledger, desk.policy))))
    outcomes = [worked.outcome for worked in done if worked.outcome]
    return outcomes[-1] if outcomes else "nothing new", [send for worked in done for send in worked.sends]


def _work_on(message: Message, thread: Thread, doorbell: Doorbell, desk: Desk) -> Worked:
    case = desk.ledger.cases.open(thread, message.key, doorbell, desk.policy.lease)
    if case is None:
        return _not_opened(message, thread, doorbell, desk)
    crash_point("draft.opened")
    structlog.contextvars.bind_contextvars(case_id=case.case_id)
    progress = Progress()
    patient = doorbell.waited < PATIENCE
    verdict = draft(thread, message, progress, desk, hint=doorbell.hint, may_wait=patient)
    if verdict.step is Step.SEND and (reasons := _for_a_person(message, thread, doorbell, desk)):
        verdict = held_instead(verdict, reasons)
    if verdict.step is not Step.IGNORE and (reasons := reported(thread, message, desk)):
        verdict = told_too(verdict, reasons)
    if doorbell.ring is not Ring.REDRAFT:
        progress.assessed = progress.admission.ended(alone=verdict.step is Step.SEND, lot=random.random())
    crash_point("draft.judged")
    sends = _conclude(case, thread, verdict, progress, desk)
    crash_point("draft.concluded")
    log.info("concluded", step=verdict.step.value, seconds=progress.seconds, tries=doorbell.tries)
    if sends is None:
        return Worked("moved on")
    _count(verdict, progress)
    return Worked(verdict.step.value, tuple(sends), go_on=verdict.step is Step.IGNORE)


def _count(verdict: Verdict, progress: Progress) -> None:
    written = progress.draft
    template, model = (written.template_id, written.written_by) if written else ("", "")
    metrics.DRAFTED.labels(verdict.step.value, template, model).inc()
    if written is None:
        return
    for guard in {finding.guard for finding in written.findings}:
        metrics.FINDINGS.labels(guard).inc()
    for kind, tokens in (("prompt", written.usage.prompt_tokens), ("completion", written.usage.completion_tokens)):
        metrics.TOKENS.labels(written.usage.model, kind).inc(tokens)


def _not_opened(message: Message, thread: Thread, doorbell: Doorbell, desk: Desk) -> Worked:
    """Somebody has this message, or it has ended. One that nobody answers any more must not end unseen, and what one
    lead asked for must not be lost since it is being drafted for another."""
    ticket_id = thread.ticket.ticket_id
    known = desk.ledger.cases.of_ticket(ticket_id)
    case = next((c for c in known if c.message_key == message.key), None)
    if doorbell.ring is Ring.REDRAFT and case and (case.case_id, case.status) == (doorbell.case_id, Status.OPEN):
        raise Retryable("another draft of this case is being written", part="draft", after=NEXT_DRAFT)
    if case is None or case.status not in (Status.IGNORED, Status.SUPERSEDED):
        return Worked()
    aside = case.status is Status.IGNORED
    if desk.policy.shadow or covered(case, known):
        return Worked(go_on=aside)
    if aside:
        verdict = taken_up(case, message, thread, desk)
        return _noted(case, verdict, desk) if verdict else Worked(go_on=True)
    if needs_no_answer(_untagged(thread, desk), message, desk):
        return Worked()
    deleted = any(Overtaken.DELETED in reason.lower() for reason in case.reasons)
    return _noted(case, left_to_a_person(RESTORED if deleted else UNANSWERED, desk.rulebook), desk)


def _noted(case: Case, verdict: Verdict, desk: Desk) -> Worked:
    """A person gets the message of a case that had ended without an answer, and is told so on the ticket, once."""
    doubt = MAY_BE_THERE if may_be_there(desk.ledger, case.case_id) else ""
    first, *others = verdict.reasons
    told = verdict.model_copy(update={"reasons": (first + doubt, *others)})
    note = handover_note(told, tags_of(desk.rulebook))
    noted = desk.ledger.sends.add_note(case.case_id, note, hand_over=" ".join(told.reasons))
    crash_point("draft.noted")
    return Worked("left to a person", (noted,)) if noted else Worked()


def _untagged(thread: Thread, desk: Desk) -> Thread:
    """Without the tag of our own note, which may be about another message."""
    ours = tags_of(desk.rulebook).handed_over
    ticket = thread.ticket.model_copy(update={"tags": tuple(t for t in thread.ticket.tags if t != ours)})
    return Thread(ticket=ticket, messages=thread.messages)


def _end_named(thread: Thread, doorbell: Doorbell, desk: Desk) -> Worked:
    """A RECHECK names a case that was left OPEN: whatever became of its message, it ends now."""
    case = desk.ledger.cases.get(doorbell.case_id) if doorbell.case_id else None
    if case is None or case.status is not Status.OPEN:
        return Worked()
    if covered(case, desk.ledger.cases.of_ticket(case.ticket_id)):
        desk.ledger.cases.advance(case.case_id, Status.OPEN, Status.SUPERSEDED, case.epoch, reasons=[COVERED])
        return Worked()
    message = next((m for m in thread.messages if m.key == case.message_key), None)
    if message is not None:
        return _work_on(message, thread, doorbell, desk)
    return _end(case.message_key, left_to_a_person(GONE, desk.rulebook), thread, doorbell, desk)


def _late(message: Message, thread: Thread, doorbell: Doorbell, desk: Desk) -> Worked:
    alone = Thread(ticket=thread.ticket, messages=(message,))  # or the reply to the newer one would end it
    verdict = ignored(alone, message, desk) or left_to_a_person(LATE, desk.rulebook)
    return _end(message.key, verdict, thread, doorbell, desk)


def _end(message_key: str, verdict: Verdict, thread: Thread, doorbell: Doorbell, desk: Desk) -> Worked:
    mine = desk.ledger.cases.open(thread, message_key, doorbell, desk.policy.lease)
    if mine is None:
        return Worked()
    sends = _conclude(mine, thread, verdict, Progress(), desk)
    return Worked(verdict.step.value, tuple(sends or ()))


def _for_a_person(message: Message, thread: Thread, doorbell: Doorbell, desk: Desk) -> list[str]:
    """Why a reply that might be sent is shown to a person first all the same."""
    reasons = ["A colleague asked for this draft."] if doorbell.ring is Ring.REDRAFT else []
    if wrote_after(thread, message.key):
        reasons.append("A message came in after this one that needs no answer.")
    # Old tickets are touched too, thousands at once even, and the poller rings for each. A webhook rings for what the
    # customer has just done, by the rules that the account has.
    waited = doorbell.waited if doorbell.ring is Ring.WEBHOOK else desk.now() - message.at
    if waited > OLD:
        reasons.append(f"The message has waited for {waited.days} days: what it asks may have been settled otherwise.")
    return reasons


def _conclude(case: Case, thread: Thread, verdict: Verdict, progress: Progress, desk: Desk) -> Sequence[str] | None:
    return desk.ledger.cases.conclude(
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
