"""Whether a draft still fits: what happened on its ticket since it was written, and whether its sources are the same.

The page of a case asks while somebody reads it, an approval asks again, and `deliver` asks a last time before anything
leaves. Trouble with asking is no reason to refuse: whoever comes later in that row asks again.
"""

from __future__ import annotations

import hashlib
import time

import structlog

from worker.errors import Trouble
from worker.models import Case, Draft, Source
from worker.support import overtaken as since
from worker.support.outgoing import cited
from worker.support.overtaken import Overtaken
from worker.support.reviewdesk import ReviewDesk
from worker.support.threads import read_thread, set_aside

log = structlog.get_logger(__name__)

TRUSTED = 15.0  # seconds for which a look at the ticket is good enough for an approval
_MANY = 5_000


def overtaken(desk: ReviewDesk, case: Case, trusted: float = TRUSTED) -> str:
    """What happened on the ticket that makes the draft wrong, in the words of `Overtaken`; "" for nothing.

    The ticket is read unless somebody here read it within the last `trusted` seconds: whoever has just looked at the
    page need not wait for Freshdesk again when approving.
    """
    if desk.helpdesk is None:
        return ""
    now = time.monotonic()
    read_at, reason, moved_at = desk.looks.get(case.case_id, (now - trusted, "", case.moved_at))
    if now - read_at < trusted and moved_at == case.moved_at:  # or another draft would be refused as the first one is
        return reason
    try:
        read = desk.ledger.cases.thread(case.case_id)
        thread = read_thread(case.ticket_id, desk.helpdesk, desk.ledger, known=read)
        reason = since.overtaken(thread, case.message_key, set_aside(case.ticket_id, desk.ledger), read)
    except Trouble as trouble:
        log.warning("ticket_not_read", case_id=case.case_id, reason=trouble.reason)
        return ""
    if reason == Overtaken.WROTE_AGAIN:  # until the message turns out to need no answer
        desk.looks.pop(case.case_id, None)
    else:
        _remember(desk, case, now, reason)
    return reason


def seen(desk: ReviewDesk, case: Case) -> str:
    """What the latest look at the ticket said, if there was one; nothing is read for it."""
    looked = desk.looks.get(case.case_id)
    return looked[1] if looked else ""


def wants_another(reason: str) -> bool:
    """Whether the draft cannot be sent, and yet its message waits: put away, nobody would answer it."""
    return reason == Overtaken.OTHER_REQUESTER


def why_not(reason: str) -> str:
    """What a lead is told of an overtaken draft."""
    what_then = " Ask for another draft." if wants_another(reason) else ""
    return f"This draft cannot be sent any more: {reason}.{what_then}"


def changed_sources(desk: ReviewDesk, draft: Draft) -> tuple[Source, ...]:
    """Sources that the draft cites and that the index holds in another version by now, or no longer."""
    named = cited(draft)
    if desk.versions is None or not named:
        return ()
    try:
        now = desk.versions([source.source_id for source in named])
    except Trouble as trouble:
        log.warning("index_not_read", reason=trouble.reason)
        return ()
    return tuple(source for source in named if now.get(source.source_id, "") != source.version)


def fingerprint(sources: tuple[Source, ...]) -> str:
    """Names what a lead was shown as changed: an approval despite that holds for exactly these. "" for none."""
    said = " ".join(sorted(f"{source.source_id}@{source.version}" for source in sources))
    return hashlib.sha256(said.encode()).hexdigest()[:16] if sources else ""


def titles(sources: tuple[Source, ...]) -> str:
    return ", ".join(dict.fromkeys(f"“{source.title}”" for source in sources))


def _remember(desk: ReviewDesk, case: Case, now: float, reason: str) -> None:
    if len(desk.looks) > _MANY:
        desk.looks.clear()
    desk.looks[case.case_id] = (now, reason, case.moved_at)
