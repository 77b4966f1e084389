"""The ledger under every order of events that hypothesis thinks of: rings, claims, deaths, doubts, approvals.

The machine plays workers that hold claims (some of them dead or late without knowing) and leads. Delivery's own steps
are played in its order, one at a time, so that anything may happen between two of them. What must stay true is checked
after each step, and at the end everything must come to one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from tests.builders import NOON, a_draft, a_reply, a_trace, a_verdict
from tests.contract.ledger_world import LEAVES_WITHIN, SETTLE, LedgerWorld
from worker.models import MOVES, TERMINAL, Case, Doorbell, Posted, Send, SendState, Status, Thread
from worker.support.threads import waiting, wrote_after

LEASE = timedelta(seconds=30)
ENDS = (*[Status.APPROVED] * 4, Status.HELD, Status.HELD, Status.HANDED_OVER, Status.IGNORED)
PAUSES = st.sampled_from([False, False, False, True])  # whether a worker stops before its next step, for ever or not
_ENDED = (SendState.DONE, SendState.DROPPED, SendState.STRANDED)


def compare(before: dict[str, tuple[Any, int]], now: dict[str, tuple[Any, int]], ends: Collection[Any]) -> None:
    for row, (state, epoch) in before.items():
        assert row in now, f"{row} is gone"
        assert state not in ends or now[row][0] is state, f"{row} had ended {state}, and is {now[row][0]}"
        assert now[row][1] >= epoch, f"the epoch of {row} fell"


def taken(data: st.DataObject, among: list[Any]) -> Any:
    return among.pop(data.draw(st.integers(0, len(among) - 1)))


class LedgerMachine(LedgerWorld):
    """`reached`: every state that a case or a send was seen in, over all examples; set by the test."""

    reached: ClassVar[set[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.drafting: list[tuple[Doorbell, Case, Thread]] = []
        self.ringing: list[Doorbell] = []
        self.delivering: list[Send] = []  # claimed, thread not read yet
        self.cleared: list[Send] = []  # thread read, nothing against it
        self.intended: list[tuple[Send, float]] = []  # and until when the request may leave
        self.said: list[tuple[Send, Posted]] = []  # replies whose acknowledgement is known to somebody
        self.seen: dict[str, tuple[Status, int]] = {}
        self.seen_sends: dict[str, tuple[SendState, int]] = {}
        self.most_rounds = 3  # of a send, before it is left to a person
        self.worked: set[str] = set()  # doorbells whose message has been concluded, by them or by somebody else

    @initialize(data=st.data(), most_rounds=st.sampled_from([1, 1, 2, 3]))
    def first_ring(self, data: st.DataObject, most_rounds: int) -> None:
        self.most_rounds = most_rounds
        self.ring()
        self.a_worker_drafts(data, False)
        if self.ledger.sends.due(1):
            self.a_worker_delivers(data, data.draw(PAUSES))

    # ------------------------------------------------------------ drafting

    def claim_a_doorbell(self) -> Doorbell:
        claimed = self.ledger.doorbells.claim(self.ledger.doorbells.due(10)[0], LEASE)
        assert claimed is not None
        self.ringing.append(claimed)
        return claimed

    @precondition(lambda self: self.ledger.doorbells.due(1))
    @rule(data=st.data(), stops=PAUSES)
    def a_worker_drafts(self, data: st.DataObject, stops: bool) -> None:
        doorbell = self.claim_a_doorbell()
        if not stops:
            self.open_a_case(doorbell, data)

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def a_worker_wakes_up_and_opens(self, data: st.DataObject) -> None:
        self.open_a_case(data.draw(st.sampled_from(self.ringing)), data)

    def open_a_case(self, doorbell: Doorbell, data: st.DataObject) -> None:
        thread = self.unanswered()
        if not thread.messages:
            self.ringing.remove(doorbell)
            self.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "answered")
            return
        for message in waiting(thread):
            opened = self.ledger.cases.open(self.thread(), message.key, doorbell, LEASE)
            if opened is not None:
                self.drafting.append((doorbell, opened, self.thread()))
                if not data.draw(PAUSES):
                    self.conclude(*self.drafting[-1], data.draw(st.sampled_from(ENDS)))
                return
            if self.status_of(message.key) is not Status.IGNORED:
                break
        self.ringing.remove(doorbell)
        self.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "nothing new")

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        doorbell = data.draw(st.sampled_from(self.ringing))
        self.ledger.doorbells.renew(doorbell.doorbell_id, doorbell.epoch, LEASE)

    @precondition(lambda self: self.drafting)
    @rule(data=st.data(), status=st.sampled_from(ENDS))
    def a_worker_wakes_up_and_concludes(self, data: st.DataObject, status: Status) -> None:
        self.conclude(*data.draw(st.sampled_from(self.drafting)), status)

    def conclude(self, doorbell: Doorbell, opened: Case, thread: Thread, status: Status) -> None:
        self.drafting.remove((doorbell, opened, thread))
        draft = a_draft() if status in (Status.APPROVED, Status.HELD) else None
        reply = [a_reply()] if status is Status.APPROVED else []
        self.ledger.cases.conclude(
            opened.case_id, opened.epoch, status,
            verdict=a_verdict(), trace=a_trace(), thread=thread, draft=draft, outgoing=reply,
        )  # fmt: skip
        if status is not Status.IGNORED:
            self.worked.add(doorbell.doorbell_id)

    @precondition(lambda self: self.ringing)
    @rule(data=st.data())
    def finish_or_park(self, data: st.DataObject) -> None:
        doorbell = data.draw(st.sampled_from(self.ringing))
        if doorbell.doorbell_id in self.worked:
            self.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "done")
        else:
            self.ledger.doorbells.park(doorbell.doorbell_id, doorbell.epoch, timedelta(0), "503", failed=False)
        self.ringing.remove(doorbell)

    @precondition(lambda self: any(c.status is Status.OPEN for c in self.ledger.cases.of_ticket(1)))
    @rule()
    def recheck(self) -> None:
        self.ledger.cases.recheck_abandoned(10)

    # ------------------------------------------------------------ leads

    @precondition(lambda self: any(c.status in (Status.HELD, Status.APPROVED) for c in self.ledger.cases.of_ticket(1)))
    @rule(what=st.sampled_from(["approve", "approve", "approve", "redraft", "take back", "reject"]))
    def a_lead_decides(self, what: str) -> None:
        for held in self.ledger.cases.by_status(Status.APPROVED if what == "take back" else Status.HELD)[:1]:
            drafts = self.ledger.cases.drafts(held.case_id)
            if what == "take back" and not self.posting(held.case_id):
                self.ledger.cases.advance(held.case_id, Status.APPROVED, Status.HELD, None, by="meera")
            elif what == "redraft":
                self.ledger.reviews.redraft(held.case_id, "", "meera")
            elif what == "reject" and drafts:
                self.ledger.reviews.reject(held.case_id, drafts[-1][0], "No.", "meera")
            elif what == "approve" and drafts:
                draft_id, draft, _ = drafts[-1]
                self.ledger.reviews.approve(held.case_id, draft_id, draft.body_hash, a_reply(), "meera")

    def posting(self, case_id: str) -> bool:
        return any(s.state is SendState.POSTING for s in self.ledger.sends.of_case(case_id))

    # ------------------------------------------------------------ delivering

    def claim_a_send(self) -> Send:
        claimed = self.ledger.sends.claim(self.ledger.sends.due(10)[0], LEASE)
        assert claimed is not None
        return claimed

    @precondition(lambda self: self.ledger.sends.due(1))
    @rule(data=st.data(), stops=PAUSES)
    def a_worker_delivers(self, data: st.DataObject, stops: bool) -> None:
        send = self.claim_a_send()
        if stops:
            self.delivering.append(send)
        else:
            self.look(send, data)

    @precondition(lambda self: self.delivering)
    @rule(data=st.data())
    def a_worker_wakes_up_and_looks(self, data: st.DataObject) -> None:
        self.look(taken(data, self.delivering), data)

    def look(self, send: Send, data: st.DataObject) -> None:
        """At what became of an earlier attempt, then at the thread."""
        ours = self.ledger.sends
        if send.state is SendState.POSTED:
            ours.done(send.send_id, send.epoch)
            return
        if send.state is SendState.POSTING:
            if not ours.settled(send.send_id, send.epoch, SETTLE):
                return
            found = self.found(send.message_key)
            if found is not None:
                ours.posted(send.send_id, send.epoch, Posted(remote_id=found, at=NOON))
                return
            if send.rounds >= self.most_rounds:
                ours.strand(send.send_id, send.epoch, "still in doubt")
                return
        if send.kind == "reply" and wrote_after(self.thread(), send.message_key):
            ours.drop(send.send_id, send.epoch, "overtaken", case_to=Status.SUPERSEDED, recheck=True)
        elif data.draw(PAUSES):
            self.cleared.append(send)
        else:
            self.intend(send, data)

    @precondition(lambda self: self.cleared)
    @rule(data=st.data())
    def a_worker_wakes_up_and_intends(self, data: st.DataObject) -> None:
        self.intend(taken(data, self.cleared), data)

    def intend(self, send: Send, data: st.DataObject) -> None:
        not_after = self.seconds + LEAVES_WITHIN
        intended = self.ledger.sends.intend(send.send_id, send.epoch)
        if intended is None:
            return
        if data.draw(PAUSES):
            self.intended.append((intended, not_after))
        else:
            self.post(intended, not_after, data)

    @precondition(lambda self: self.intended)
    @rule(data=st.data())
    def a_worker_wakes_up_and_posts(self, data: st.DataObject) -> None:
        send, not_after = taken(data, self.intended)
        self.post(send, not_after, data)

    def post(self, send: Send, not_after: float, data: st.DataObject) -> None:
        """What the helpdesk does with it, then what the worker learns of that."""
        ours, doubt = self.ledger.sends, data.draw(st.booleans())
        done = data.draw(st.sampled_from(["refused", "stored", "stored late", "lost", "lost"]))
        if done == "refused" or self.seconds > not_after:
            ours.park(send.send_id, send.epoch, timedelta(0), "429", failed=False, nothing_left=True)
            return
        posted = None
        if send.kind != "reply":
            posted, doubt = Posted(remote_id=f"n{send.send_id}", at=NOON), False
        elif done == "stored":
            posted = self.store(send.message_key)
        elif done == "stored late":
            self.on_the_wire.append((send.message_key, self.seconds + LEAVES_WITHIN - 1))
        if doubt:
            ours.park(send.send_id, send.epoch, SETTLE, "timed out", failed=False, nothing_left=False)
        elif posted and data.draw(PAUSES):
            self.said.append((send, posted))
        elif posted:
            self.record(send, posted)

    @precondition(lambda self: self.said)
    @rule(data=st.data())
    def a_worker_wakes_up_and_records(self, data: st.DataObject) -> None:
        send, posted = taken(data, self.said)
        self.record(send, posted)

    def record(self, send: Send, posted: Posted) -> None:
        if self.ledger.sends.posted(send.send_id, send.epoch, posted):
            self.ledger.sends.done(send.send_id, send.epoch)

    # ------------------------------------------------------------ what must stay true

    @invariant()
    def a_message_gets_one_public_reply_at_most(self) -> None:
        assert all(n == 1 for n in self.replies_to().values()), self.public

    @invariant()
    def what_has_ended_stays_ended_and_epochs_grow(self) -> None:
        found = self.ledger.cases.of_ticket(1)
        now = {c.case_id: (c.status, c.epoch) for c in found}
        compare(self.seen, now, TERMINAL)
        sends = {s.send_id: (s.state, s.epoch) for c in found for s in self.ledger.sends.of_case(c.case_id)}
        compare(self.seen_sends, sends, _ENDED)
        self.seen, self.seen_sends = now, sends
        type(self).reached |= {state for state, _ in [*now.values(), *sends.values()]}

    @invariant()
    def every_move_is_one_of_the_moves(self) -> None:
        for case_id in self.seen:
            moves = self.ledger.cases.moves(case_id)
            assert all(m["to_status"] in MOVES[m["from_status"]] for m in moves)
            assert all(one["to_status"] == other["from_status"] for one, other in pairwise(moves))

    @invariant()
    def nothing_disappears(self) -> None:
        """What is open, on its way out, or rung is due, or will be: with enough time all of it comes back."""
        for found in self.ledger.cases.of_ticket(1):
            replies = [s for s in self.ledger.sends.of_case(found.case_id) if s.kind == "reply"]
            live = [s for s in replies if s.state not in _ENDED]
            assert len([s for s in replies if s.state is not SendState.DROPPED]) <= 1
            if found.status is Status.APPROVED:
                assert live, "approved, and nothing will send it"
            if found.status is Status.SENT:
                assert any(s.state in (SendState.POSTED, SendState.DONE) for s in replies)

    def whatever_is_left_comes_to_an_end(self) -> None:
        """Workers that hold nothing of before, a customer who is silent, time: every message is answered or ended."""
        for _ in range(40):
            self.drafting, self.ringing, self.delivering = [], [], []
            self.cleared, self.intended, self.said = [], [], []
            self.time_passes(100.0)
            self.recheck()
            while self.ledger.doorbells.due(1):
                self.drafts_it(self.claim_a_doorbell())
            while self.ledger.sends.due(1):
                self.sends_it(self.claim_a_send())
            if self.ledger.cases.oldest_open() is None:
                return
        raise AssertionError("it does not come to an end")

    def drafts_it(self, doorbell: Doorbell) -> None:
        for message in waiting(self.unanswered()) if self.unanswered().messages else []:
            opened = self.ledger.cases.open(self.thread(), message.key, doorbell, LEASE)
            if opened is not None:
                self.ledger.cases.conclude(
                    opened.case_id, opened.epoch, Status.HANDED_OVER,
                    verdict=a_verdict(), trace=a_trace(), thread=self.thread(),
                )  # fmt: skip
                break
            if self.status_of(message.key) is not Status.IGNORED:
                break
        named = self.ledger.cases.get(doorbell.case_id) if doorbell.case_id else None
        if named is not None and named.status is Status.OPEN:
            self.ledger.cases.advance(named.case_id, Status.OPEN, Status.SUPERSEDED, named.epoch)
        self.ledger.doorbells.finish(doorbell.doorbell_id, doorbell.epoch, "done")
        self.ringing.remove(doorbell)

    def sends_it(self, send: Send) -> None:
        if send.state is SendState.POSTED:
            self.ledger.sends.done(send.send_id, send.epoch)
            return
        if send.state is SendState.POSTING and not self.ledger.sends.settled(send.send_id, send.epoch, SETTLE):
            return
        found = self.found(send.message_key)
        if send.state is SendState.POSTING and found is None and send.rounds >= self.most_rounds:
            self.ledger.sends.strand(send.send_id, send.epoch, "still in doubt")
            return
        if send.kind == "reply" and found is None and wrote_after(self.thread(), send.message_key):
            self.ledger.sends.drop(send.send_id, send.epoch, "overtaken", case_to=Status.SUPERSEDED)
            return
        if send.state is not SendState.POSTING or found is None:
            intended = self.ledger.sends.intend(send.send_id, send.epoch)
            assert intended is not None
            if found is None and send.kind == "reply":
                found = self.store(send.message_key).remote_id
        assert self.ledger.sends.posted(send.send_id, send.epoch, Posted(remote_id=str(found), at=NOON))
        assert self.ledger.sends.done(send.send_id, send.epoch)

    def check_the_end(self) -> None:
        self.whatever_is_left_comes_to_an_end()
        self.a_message_gets_one_public_reply_at_most()
        self.what_has_ended_stays_ended_and_epochs_grow()
        newest = self.thread().messages[-1].key
        assert self.found(newest) or self.status_of(newest) is not None, "the last message was lost"
