"""Our own tags where two writes to a ticket contradict each other: one hands it over, another one gives it back.

The tag of a hand-over lies at Freshdesk and comes off some time after a lead has given the ticket back. Meanwhile the
ledger's word counts, by the order in which the writes were queued. Called by threads.py and deliver.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.models import Send, SendKind, SendState, TicketChange

_UNDER_WAY = (SendState.QUEUED, SendState.POSTING, SendState.POSTED)


def coming_off(sends: Sequence[Send]) -> frozenset[str]:
    """Tags that may stand on the ticket although a lead has given it back since: nobody is to go by them. Once the
    write that takes them off is done, they count again: whoever puts one on then means it. `sends`: all of the ticket,
    oldest first."""
    off: set[str] = set()
    for send in sends:
        changed = send.state is SendState.DONE and not send.remark
        if send.kind is SendKind.GIVEN_BACK and not changed:
            off |= set(send.change.remove_tags)
        elif changed:
            off -= set(send.change.remove_tags)
        if send.state is not SendState.DROPPED:
            off -= set(send.change.add_tags)
    return frozenset(off)


def tag_still_coming(given: Send, sends: Sequence[Send]) -> Send | None:
    """An older write that is under way and puts a tag on which `given` takes off: done after it, it would leave the tag
    there for good. None if there is none."""
    coming = (send for send in _older(given, sends) if _puts_on(send, given) and send.state in _UNDER_WAY)
    return next(coming, None)


def but_for_newer_tags(change: TicketChange, given: Send, sends: Sequence[Send]) -> TicketChange:
    """The change of `given` without tags that a newer write puts on: the ticket has been handed over again."""
    older = len(_older(given, sends))
    newer = {tag for s in sends[older + 1 :] if s.state is not SendState.DROPPED for tag in s.change.add_tags}
    return change.model_copy(update={"remove_tags": tuple(tag for tag in change.remove_tags if tag not in newer)})


def _older(given: Send, sends: Sequence[Send]) -> Sequence[Send]:
    return sends[: next(i for i, send in enumerate(sends) if send.send_id == given.send_id)]


def _puts_on(send: Send, given: Send) -> bool:
    return not set(send.change.add_tags).isdisjoint(given.change.remove_tags)
