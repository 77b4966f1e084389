"""The one door to a customer, and to the ticket: every reply and every note leaves through here.

A send is committed, body and all, before the first attempt. Then: claim it, look at what became of an earlier attempt,
read the thread again, commit the intent, post, record, change the ticket. Whoever is interrupted at any point leaves a
row from which the next worker goes on. Called by tasks.deliver_send only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from worker import metrics
from worker.crashpoints import crash_point
from worker.errors import InDoubt, Permanent, Retryable, Trouble
from worker.models import Posted, Promise, Send, SendKind, SendState, Status, Step, TicketChange, Verdict
from worker.ports import MAY_BE_THERE, Outgoing
from worker.support.attempts import most_rounds, most_tries, pause
from worker.support.desk import Desk
from worker.support.keep import kept
from worker.support.keeping import promised, without_closing
from worker.support.keptback import DECIDED, change_by_now, keep_back, parked_for, pointless
from worker.support.lastlook import NOTICES, PUBLIC, LastLook, but_for_news, last_look, taken
from worker.support.letters import tags_of
from worker.support.outgoing import handover_note, held_note
from worker.support.overtaken import Overtaken, in_trash
from worker.support.tagging import but_for_newer_tags, tag_still_coming
from worker.support.verdict import left_to_a_person
from worker.trouble_words import safe_reason
from worker.uptime import uptime

log = structlog.get_logger(__name__)

# What Freshdesk answers for a ticket that is gone for good. A 403 is one in the trash, or a role that lost a right.
OUT_OF_REACH = frozenset({404, 405, 410})


def deliver(send_id: str, desk: Desk) -> str:
    """Works on one send as far as it gets now; the word says how far ("done", "parked", "dropped", ...)."""
    sends, lease = desk.ledger.sends, desk.policy.lease
    send = sends.claim(send_id, lease)
    if send is None:
        return "not ours"
    crash_point("deliver.claimed")
    structlog.contextvars.bind_contextvars(case_id=send.case_id, stage="deliver", send_id=send_id)
    with kept(lambda: sends.renew(send_id, send.epoch, lease), lease):
        try:
            if send.deaths >= max(desk.policy.max_deaths, most_tries(send, desk)):
                return _give_up(send, f"whoever delivered it ended before its time {send.deaths} times", desk)
            return _advance(send, desk)
        except Trouble as trouble:
            return _postpone(send, trouble, desk, nothing_left=False)
        except BaseException as error:  # a ticket that always raises must come to an end too
            return _broken(send, error, desk)


def _advance(send: Send, desk: Desk) -> str:
    """One straight line over the states; each step leaves the row where the next one starts."""
    if send.state is SendState.POSTING:
        earlier = _look_back(send, desk)
        if isinstance(earlier, str):
            return earlier
        if earlier is not None:
            desk.ledger.sends.posted(send.send_id, send.epoch, earlier, _promised(send, earlier, desk))
            crash_point("deliver.found_recorded")
            return _finish(send, change_by_now(send), desk)
    if send.state is SendState.POSTED:
        return _finish(send, change_by_now(send), desk)
    if taken(send, desk):
        return _drop(send, Overtaken.TAKEN, desk)
    if pointless(send, desk):
        desk.ledger.sends.drop(send.send_id, send.epoch, DECIDED, case_to=None)
        return "dropped"
    if desk.policy.shadow:
        return keep_back(send, desk)
    if send.kind is SendKind.GIVEN_BACK and (first := tag_still_coming(send, _on_its_ticket(send, desk))):
        # As long as that one waits, which may be refused for hours.
        after = pause(first, max(first.tries, first.rounds)).total_seconds()
        raise Retryable("an earlier note that puts on the tag is on its way", part="deliver", after=after)
    with desk.helpdesk.delivering(public=send.kind in PUBLIC):
        return _leave(send, desk)


def _by_now(send: Send, desk: Desk) -> Send:
    return next(s for s in desk.ledger.sends.of_case(send.case_id) if s.send_id == send.send_id)


def _on_its_ticket(send: Send, desk: Desk) -> Sequence[Send]:
    return desk.ledger.sends.of_ticket(send.ticket_id)


def _leave(send: Send, desk: Desk) -> str:
    """The last look, the write, and what it changes on the ticket."""
    look = last_look(send, desk)
    if reason := look.reason:
        there = _there_already(send, desk) if reason is Overtaken.ANSWERED else None
        return _drop(send, reason, desk) if there is None else _recorded(send, there, desk)
    posted = _post(send, look, desk)
    if isinstance(posted, str):
        return posted
    if not desk.ledger.sends.posted(send.send_id, send.epoch, posted, _promised(send, posted, desk)):
        # The reply is at Freshdesk; whoever took over will find it there by its hash and record it.
        log.warning("posted_late", remote_id=posted.remote_id)
        return "not ours"
    crash_point("deliver.recorded")
    return _finish(send, send.change, desk, look.tags_at(posted.at))


def _look_back(send: Send, desk: Desk) -> Posted | str | None:
    """What became of an attempt whose outcome nobody recorded: found, not there (None), or a word if we must wait."""
    started = send.intended_at
    if started is None:
        return None
    # A request may still be on its way through the vendor's machines: looking now would miss it.
    if not desk.ledger.sends.settled(send.send_id, send.epoch, desk.policy.settle):
        crash_point("deliver.settling")
        return "settling"
    found = _find(send, started, desk)
    crash_point("deliver.looked_back")
    if found is None and send.rounds >= most_rounds(send, desk):
        return _strand(send, f"still in doubt after {send.rounds} attempts: please look", desk)
    return found


def _find(send: Send, since: datetime, desk: Desk) -> Posted | None:
    # Two notes, or two replies, may say the same: what another send has put there is not this one's.
    others = [s for c in desk.ledger.cases.of_ticket(send.ticket_id) for s in desk.ledger.sends.of_case(c.case_id)]
    return desk.helpdesk.find(
        send.ticket_id,
        send.body_hash,
        since=since,
        public=send.kind in PUBLIC,
        but=frozenset(s.remote_id for s in others if s.send_id != send.send_id),
    )


def _there_already(send: Send, desk: Desk) -> Posted | None:
    """This very reply, if the customer has it although the ledger does not know: it was restored from a backup that is
    older than the reply. A reply with other words supersedes ours."""
    case = desk.ledger.cases.get(send.case_id)
    return None if case is None else _find(send, case.opened_at, desk)


def _recorded(send: Send, there: Posted, desk: Desk) -> str:
    if desk.ledger.sends.intend(send.send_id, send.epoch) is None:
        return "not ours"
    desk.ledger.sends.posted(send.send_id, send.epoch, there, _promised(send, there, desk))
    log.warning("reply_was_there", remote_id=there.remote_id)
    return _finish(send, change_by_now(send), desk)


def _drop(send: Send, reason: Overtaken, desk: Desk, trouble: str = "") -> str:
    words = f"Not sent: {reason} ({trouble})." if trouble else f"Not sent: {reason}."
    words += MAY_BE_THERE if send.rounds and send.kind in PUBLIC else ""
    if send.kind is SendKind.HOLDING or send.kind in NOTICES:  # the case's own way tells what became of it
        case_to, note = None, None
    elif reason.holds:
        case_to, note = Status.HELD, _held_again(send, words, desk)
    else:
        case_to, note = Status.HANDED_OVER if reason is Overtaken.TAKEN else Status.SUPERSEDED, None
    recheck = reason is Overtaken.WROTE_AGAIN
    desk.ledger.sends.drop(send.send_id, send.epoch, words, case_to=case_to, recheck=recheck, note=note)
    crash_point("deliver.dropped")
    log.info("send_dropped", reason=words)
    return "dropped"


def _held_again(send: Send, words: str, desk: Desk) -> Outgoing | None:
    drafts = desk.ledger.cases.drafts(send.case_id)
    verdict = Verdict(step=Step.HOLD, reasons=(words,))
    return held_note(send.case_id, drafts[-1][1], verdict, desk.policy, tags_of(desk.rulebook)) if drafts else None


def _post(send: Send, look: LastLook, desk: Desk) -> Posted | str:
    """Commits the intent, then posts. A word if somebody else has the send by now, or if it was refused for certain."""
    settle, timeout = desk.policy.settle.total_seconds(), desk.policy.http_timeout
    # Measured before the commit: a process that is stopped anywhere between here and the socket must not post late,
    # since another one may look for the reply, not find it, and post it again. Half of the settle time is the server's.
    not_after = uptime() + min(settle / 2, settle - timeout)
    if desk.ledger.sends.intend(send.send_id, send.epoch) is None:
        return "not ours"
    crash_point("deliver.intended")
    write = look.writing(send, desk)
    try:
        posted = write(send.ticket_id, send.body_html, not_after=not_after)
    except (Retryable, Permanent) as trouble:
        # Only here is it certain that nothing left: trouble with anything else says nothing about an earlier attempt.
        crash_point("deliver.refused")
        return _postpone(send, trouble, desk, nothing_left=True)
    crash_point("deliver.posted")
    log.info("posted", kind=send.kind.value, remote_id=posted.remote_id)
    return posted


def _promised(send: Send, posted: Posted, desk: Desk) -> tuple[Promise, ...]:
    """What the reply promises. Trouble with reading that must not leave a reply in doubt that is at the helpdesk."""
    if send.kind not in PUBLIC:
        return ()
    try:
        return promised(send.body_html, posted.at, desk.rulebook.guards, desk.policy.zone)
    except Exception as error:
        log.error("promises_not_read", reason=safe_reason(error))
        return ()


def _finish(send: Send, change: TicketChange, desk: Desk, tags: Collection[str] | None = None) -> str:
    """Tags, status, group and priority, in one write. A refusal there loses nothing: it becomes a remark. `tags`: as
    they were a moment ago, where that is known."""
    remark, change = "", without_closing(send.ticket_id, change, desk.ledger)
    if tags is None:
        change = but_for_newer_tags(change, send, _on_its_ticket(send, desk))
    if not change.empty:
        if desk.policy.shadow:
            return keep_back(send, desk)
        try:
            change = but_for_news(change, send, desk, late=tags is None)
            desk.helpdesk.change(send.ticket_id, change, tags=tags)
        except Permanent as trouble:
            remark = f"The ticket could not be changed: {trouble.reason}"
            log.warning("change_refused", reason=trouble.reason)
        crash_point("deliver.changed")
    desk.ledger.sends.done(send.send_id, send.epoch, remark)
    crash_point("deliver.done")
    return "done"


def _postpone(send: Send, trouble: Trouble, desk: Desk, *, nothing_left: bool) -> str:
    """What each kind of trouble means for the send: come back, give it to a person, or wait and look."""
    policy, sends, why = desk.policy, desk.ledger.sends, parked_for(_by_now(send, desk), trouble.reason)
    metrics.TROUBLE.labels("deliver", trouble.part).inc()
    log.warning("send_trouble", kind=type(trouble).__name__, part=trouble.part, reason=trouble.reason)
    if isinstance(trouble, InDoubt):
        wait = policy.settle if send.rounds < policy.max_rounds else max(policy.settle, pause(send, send.rounds))
        sends.park(send.send_id, send.epoch, wait, why, failed=False, nothing_left=False)
        crash_point("deliver.in_doubt")
        return "in doubt"
    permanent = isinstance(trouble, Permanent)
    if isinstance(trouble, Permanent) and trouble.unread and send.kind not in NOTICES:
        return _give_up(send, f"the ticket cannot be read as a whole: {trouble.reason}", desk, nothing_left)
    if isinstance(trouble, Permanent) and send.tries + 1 >= policy.max_tries and _deleted(send, trouble, desk):
        return _drop(send, Overtaken.DELETED, desk)
    if permanent and send.tries + 1 >= most_tries(send, desk):
        # Refused right after a look that found the ticket: it is there, and the customer waits.
        gone = getattr(trouble, "code", None) in OUT_OF_REACH and not nothing_left
        if gone and send.kind is SendKind.REPLY:
            return _drop(send, Overtaken.OUT_OF_REACH, desk, trouble.reason)
        return _give_up(send, f"Freshdesk refused it {send.tries + 1} times: {trouble.reason}", desk, nothing_left)
    after = trouble.after if isinstance(trouble, Retryable) else None
    wait = timedelta(seconds=after) if after is not None else pause(send, send.tries)
    sends.park(send.send_id, send.epoch, wait, why, failed=permanent, nothing_left=nothing_left)
    crash_point("deliver.parked")
    return "parked"


def _broken(send: Send, error: BaseException, desk: Desk) -> str:
    """What nobody foresaw counts as a failure, and says nothing about whether anything left."""
    reason = safe_reason(error)
    log.error("send_broken", reason=reason, tries=send.tries)
    if send.tries + 1 >= most_tries(send, desk):
        return _give_up(send, f"it failed {send.tries + 1} times ({reason})", desk)
    why = parked_for(_by_now(send, desk), reason)
    desk.ledger.sends.park(send.send_id, send.epoch, pause(send, send.tries), why, failed=True, nothing_left=False)
    return "parked"


def _deleted(send: Send, trouble: Permanent, desk: Desk) -> bool:
    try:
        return in_trash(send.ticket_id, trouble, desk)
    except Retryable:
        return False  # asked again at the next try, or left to a person


def _give_up(send: Send, why: str, desk: Desk, nothing_left: bool = False) -> str:
    """A reply goes to a person, with a note on the ticket; a note is let go, loudly. What may have left stays in doubt,
    and what is at Freshdesk already only loses its change of the ticket."""
    now = _by_now(send, desk)
    log.error("send_given_up", kind=send.kind.value, state=now.state.value, reason=why)
    if now.state is SendState.POSTED:
        desk.ledger.sends.done(send.send_id, send.epoch, f"The ticket could not be changed: {why}")
        return "done"
    if now.state is SendState.POSTING and not nothing_left:
        return _strand(send, why, desk)
    case_to, note = None, None
    why += f".{MAY_BE_THERE}" if send.rounds and send.kind in PUBLIC else ""
    if send.kind is SendKind.REPLY:
        verdict = left_to_a_person(f"The reply could not be sent: {why}", desk.rulebook)
        case_to, note = Status.HANDED_OVER, handover_note(verdict, tags_of(desk.rulebook))
    desk.ledger.sends.drop(send.send_id, send.epoch, why, case_to=case_to, note=note)
    crash_point("deliver.given_up")
    return "dropped"


def _strand(send: Send, why: str, desk: Desk) -> str:
    desk.ledger.sends.strand(send.send_id, send.epoch, why)
    log.error("send_stranded", kind=send.kind.value, rounds=send.rounds, reason=why)
    crash_point("deliver.stranded")
    return "stranded"
