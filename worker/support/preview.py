"""What another index would do to the questions of tickets that were answered: asked of the live one and of the new one.

Both are asked now, by the code that answers customers, so that the difference is the new index's doing and nothing
else's. Nothing is written. Called by scripts/index_kb.py before it swaps an index in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from worker.knowledge.around import Around
from worker.knowledge.change import Change
from worker.models import Case, Noun, Reader, Status
from worker.ports import Embedder, Index
from worker.ports.ledger import Cases
from worker.ports.world import Vectors
from worker.support.retrieve import Found, retrieve

ENDED = (Status.SENT, Status.APPROVED, Status.HELD, Status.HANDED_OVER, Status.REJECTED)


@dataclass(frozen=True)
class Query:
    """One ticket's search, as it was made when its message was drafted."""

    ticket_id: int
    questions: tuple[str, ...]
    message: str
    before: str
    reader: Reader
    passages: bool


class Effect(Noun):
    """Ticket numbers, newest first. `asked`: how many tickets were asked again.

    `other_sources`: whose first template or whose passages would be others, for any of their questions. `lost`: with a
    question that has something to rest on now, and would have nothing. `to_people`, `to_answers`: of which not every
    question would have something to rest on any more, so that they would be left to a person; and the other way round.
    """

    asked: int = 0
    other_sources: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    to_people: tuple[int, ...] = ()
    to_answers: tuple[int, ...] = ()


def newest_queries(cases: Cases, most: int) -> Iterator[Query]:
    """The searches of the newest `most` tickets for which a search was made. Raises what the ledger raises."""
    # Here: it brings every stage of a reply along, and most reindexes find that nothing has changed.
    from worker.support.pipeline import answered_before, whole_message

    found: set[int] = set()
    for case in _newest(cases, most):
        trace, thread = cases.trace(case.case_id), cases.thread(case.case_id)
        if case.ticket_id in found or trace is None or thread is None or trace.reader is None:
            continue
        if not trace.questions or not trace.query.strip():
            continue
        found.add(case.ticket_id)
        yield Query(
            ticket_id=case.ticket_id,
            questions=trace.questions,
            message=whole_message(thread, trace.query),
            before=answered_before(thread),
            reader=trace.reader,
            passages=trace.identity is None or trace.identity.existing,
        )
        if len(found) >= most:
            return


def effect(
    queries: Sequence[Query],
    live: Index,
    new: Index,
    embedder: Embedder,
    tick: Callable[[str, int, int], None] = lambda stage, done, total: None,
    renamed: Mapping[str, str] | None = None,
) -> Effect:
    """Asks all of it of both. `live` and `new` hold vectors of one model, the embedder's. `renamed`: ids of the live
    one by those of the new one, of sources that are the same by another name. Raises what they raise."""
    once, names = _Once(embedder), renamed or {}
    groups: dict[str, list[int]] = {"other_sources": [], "lost": [], "to_people": [], "to_answers": []}
    for number, query in enumerate(queries, 1):
        before, after = _found(query, live, once), _found(query, new, once)
        had, has = _resting(query, before), _resting(query, after)
        told = {
            "other_sources": any(
                _shown(before, q) != {names.get(one, one) for one in _shown(after, q)} for q in query.questions
            ),
            "lost": any(was and not now for was, now in zip(had, has, strict=True)),
            "to_people": all(had) and not all(has),
            "to_answers": all(has) and not all(had),
        }
        for name in (name for name, so in told.items() if so):
            groups[name].append(query.ticket_id)
        tick("ask again", number, len(queries))
    return Effect(asked=len(queries), **{name: tuple(tickets) for name, tickets in groups.items()})


def _newest(cases: Cases, most: int) -> list[Case]:
    """By when they last moved. Twice as many as wanted: some tickets have several, some were never searched for."""
    ended = chain.from_iterable(cases.by_status(status, limit=2 * most) for status in ENDED)
    return sorted(ended, key=lambda case: (case.moved_at, case.case_id), reverse=True)


def _found(query: Query, index: Index, embedder: Embedder) -> Found:
    return retrieve(
        query.questions, query.message, query.reader, index, embedder, passages=query.passages, before=query.before
    )


def _resting(query: Query, found: Found) -> list[bool]:
    return [found.supports(question) for question in query.questions]


def _shown(found: Found, question: str) -> set[str]:
    """What an answer would most likely rest on: the first template and the passages, in whatever order."""
    templates, passages = found.per_question.get(question, ((), ()))
    return {*templates[:1], *passages}


class _Once(Around):
    """An embedder that embeds each text once: both indexes are asked with the same vectors, at half the price."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dim, self._embedder = embedder.name, embedder.dim, embedder
        self._texts: tuple[str, ...] = ()
        self._vectors: Vectors | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._vectors is None or self._texts != tuple(texts):
            self._texts, self._vectors = tuple(texts), self._embedder.embed(texts)
        return self._vectors

    def inner(self) -> Embedder:
        return self._embedder


FEW = 3  # tickets or sources: what concerns fewer is told and stops nothing


@dataclass(frozen=True)
class Limits:
    """How much a new index may change without anybody's word. `changed`: the share of the tickets that may get other
    sources, and of a label's sources that may go. `lost`: the share of the tickets that may lose what an answer rests
    on, or be left to a person."""

    changed: float = 0.25
    lost: float = 0.05


def too_much(change: Change, effect: Effect | None, limits: Limits) -> list[str]:
    """Why a new index should not be swapped in without a person's word, a sentence each; none where it may."""
    reasons = []
    for what, gone in change.emptied:
        if gone >= FEW:
            reasons.append(f"All {gone} {what} would be gone.")
    for label, (before, after) in change.shrinking.items():
        if before - after >= FEW and before - after > limits.changed * before:
            reasons.append(f"What {label} may read shrinks from {before} to {after} sources.")
    if len(change.widened) >= FEW:
        reasons.append(f"{len(change.widened)} sources would open to customers who could not read them before.")
    for tickets, share, what in (
        (
            (effect.other_sources, limits.changed, "would get other sources"),
            (effect.lost, limits.lost, "would lose their only source for a question"),
            (effect.to_people, limits.lost, "were answered and would be left to a person"),
        )
        if effect
        else ()
    ):
        if len(tickets) >= FEW and effect is not None and len(tickets) > share * effect.asked:
            reasons.append(f"{len(tickets)} of {effect.asked} tickets {what}; {share:.0%} may.")
    return reasons
