"""What another index would do to answered tickets: asked of both, before anything is swapped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import a_reader, a_trace, an_identity
from tests.console.seed import a_conversation, a_ledger, hold
from tests.knowledge.kb_files import a_passage, a_template, template_rows
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.adapters.store.ledger import SqlLedger
from worker.knowledge.change import Change, compared
from worker.knowledge.index import publish, row_of
from worker.models import Kind, Source
from worker.ports.shelf import Contents
from worker.support.preview import Effect, Limits, Query, effect, newest_queries, too_much

EMBEDDER = HashEmbedder(dim=1024)
# No word in common, so that what answers one question is no answer at all to the other.
FEE = a_passage("exit#fee", "Exit fee", "Early exit fee: 1 % of amount sold.", ["public"])
NOMINEE = a_passage("family#nominee", "Nominee", "Adding nominee: choose Family, then Nominee.", ["public"])
FEE_ASKED, NOMINEE_ASKED = "Early exit fee?", "Adding nominee?"
TEMPLATES = (
    a_template("tax", "Interest tax", ["Is tax deducted?"], ["public"]),
    a_template("kyc", "KYC documents", ["Which documents?"], ["public"]),
)


def an_index(*passages: Source) -> MemoryIndex:
    index = MemoryIndex()
    publish([*(r for t in TEMPLATES for r in template_rows(t)), *map(row_of, passages)], EMBEDDER, index)
    return index


def asked(ticket_id: int, *questions: str, passages: bool = True) -> Query:
    return Query(ticket_id, questions, " ".join(questions), "", a_reader("public"), passages)


def test_the_same_index_changes_nothing():
    index = an_index(FEE, NOMINEE)

    assert effect([asked(1, FEE_ASKED), asked(2, NOMINEE_ASKED)], index, index, EMBEDDER) == Effect(asked=2)


def test_a_ticket_whose_only_passage_goes_loses_it_and_is_left_to_a_person():
    told = effect([asked(1, FEE_ASKED), asked(2, NOMINEE_ASKED)], an_index(FEE, NOMINEE), an_index(NOMINEE), EMBEDDER)

    assert told == Effect(asked=2, other_sources=(1,), lost=(1,), to_people=(1,))


def test_what_was_left_to_people_is_answered_by_a_new_passage():
    told = effect([asked(1, FEE_ASKED)], an_index(NOMINEE), an_index(FEE, NOMINEE), EMBEDDER)

    assert told == Effect(asked=1, other_sources=(1,), to_answers=(1,))


def test_a_source_by_another_name_is_the_same_source():
    charges = FEE.model_copy(update={"source_id": "charges#fee", "article_id": "charges"})
    before, after = an_index(FEE, NOMINEE), MemoryIndex()
    rows = [*template_rows(a_template("tds", "Interest tax", ["Is tax deducted?"], ["public"])), row_of(charges)]
    publish([*rows, *template_rows(TEMPLATES[1]), row_of(NOMINEE)], EMBEDDER, after)
    renamed = {"charges#fee": "exit#fee", "tds": "tax"}

    assert effect([asked(1, FEE_ASKED)], before, after, EMBEDDER, renamed=renamed) == Effect(asked=1)
    assert effect([asked(1, FEE_ASKED)], before, after, EMBEDDER).other_sources == (1,)


def test_one_of_two_questions_without_a_source_leaves_the_ticket_to_a_person():
    # Long enough to be searched for alone, not together with the one before.
    second = "Adding nominee Family Asha Ravi Meera Tom?"
    told = effect([asked(1, FEE_ASKED, second)], an_index(FEE, NOMINEE), an_index(FEE), EMBEDDER)

    assert (told.lost, told.to_people) == ((1,), (1,))


def test_a_better_passage_beside_it_is_another_source_and_nobody_loses():
    more = FEE.model_copy(update={"source_id": "exit#fee-2026", "article_id": "exit-2026"})
    told = effect([asked(1, FEE_ASKED)], an_index(FEE), an_index(FEE, more), EMBEDDER)

    assert told == Effect(asked=1, other_sources=(1,))


def test_who_gets_templates_alone_does_not_care_for_passages():
    told = effect([asked(1, FEE_ASKED, passages=False)], an_index(FEE), an_index(NOMINEE), EMBEDDER)

    assert told.other_sources == ()


def test_both_indexes_are_asked_with_one_embedding():
    embedder = HashEmbedder(dim=1024)
    effect([asked(1, FEE_ASKED)], an_index(FEE), an_index(FEE), embedder)

    assert embedder.embedded == 1


# ------------------------------------------------------------ the stored queries


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = a_ledger(tmp_path)
    yield opened
    opened.close()


def held(ledger: SqlLedger, ticket_id: int, question: str, **trace: object) -> None:
    told = {"query": question, "questions": (question,), "reader": a_reader("public"), "identity": an_identity()}
    hold(ledger, ticket_id, thread=a_conversation(ticket_id, f"<p>{question}</p>"), trace=a_trace(**(told | trace)))


def test_a_ticket_is_asked_again_as_it_was_asked(ledger: SqlLedger):
    held(ledger, 7, FEE_ASKED, identity=an_identity(existing=True))
    [query] = newest_queries(ledger.cases, 10)

    assert (query.ticket_id, query.questions, query.reader.reads) == (7, (FEE_ASKED,), ("public",))
    assert query.passages
    assert query.message.endswith(FEE_ASKED)
    assert query.message != FEE_ASKED, "the subject is part of it"


def test_a_new_customer_is_asked_for_without_passages_again(ledger: SqlLedger):
    held(ledger, 7, FEE_ASKED, identity=an_identity(existing=False))

    assert [query.passages for query in newest_queries(ledger.cases, 10)] == [False]


def test_only_the_newest_are_asked_and_only_those_that_were_searched_for(ledger: SqlLedger):
    for ticket_id in (1, 2, 3):
        held(ledger, ticket_id, FEE_ASKED)
    held(ledger, 4, FEE_ASKED, reader=None)
    held(ledger, 5, FEE_ASKED, questions=())

    assert [query.ticket_id for query in newest_queries(ledger.cases, 2)] == [3, 2]


def test_no_more_are_asked_than_wished(ledger: SqlLedger):
    for ticket_id in (1, 2, 3):
        held(ledger, ticket_id, FEE_ASKED)

    assert [query.ticket_id for query in newest_queries(ledger.cases, 2)] == [3, 2]


# ------------------------------------------------------------ too much


def test_a_share_of_the_tickets_over_the_limit_is_too_much_and_is_said():
    told = Effect(asked=20, other_sources=tuple(range(6)), lost=(1, 2, 3), to_people=(1, 2, 3))

    assert too_much(Change(), told, Limits(changed=0.25, lost=0.05)) == [
        "6 of 20 tickets would get other sources; 25% may.",
        "3 of 20 tickets would lose their only source for a question; 5% may.",
        "3 of 20 tickets were answered and would be left to a person; 5% may.",
    ]


def test_up_to_the_limit_and_for_a_few_tickets_it_is_not():
    assert too_much(Change(), Effect(asked=20, other_sources=tuple(range(5))), Limits(changed=0.25)) == []
    assert too_much(Change(), Effect(asked=2, other_sources=(1, 2), lost=(1, 2)), Limits()) == []


def test_a_segment_that_shrinks_is_too_much_also_where_no_ticket_could_be_asked():
    change = Change(readable={"IM+": (40, 20), "IM": (40, 35), "public": (10, 12)})

    assert too_much(change, None, Limits(changed=0.25)) == ["What IM+ may read shrinks from 40 to 20 sources."]


def test_texts_that_open_to_other_customers_are_told_and_three_of_them_are_too_much():
    before = Contents(versions={f"a#{n}": "1" for n in range(4)}, labels={f"a#{n}": ("IM+",) for n in range(4)})

    def with_labels(*labels):
        return {
            f"a#{n}": Source(source_id=f"a#{n}", kind=Kind.PASSAGE, title="", text="", segments=one, version="2")
            for n, one in enumerate(labels)
        }

    one = compared(with_labels(("IM", "IM+"), ("IM+",), ("IM+",), ("IM+",)), before)
    assert (one.widened, too_much(one, None, Limits())) == (("a#0",), [])
    three = compared(with_labels(("IM", "IM+"), ("public",), ("public", "IM+"), ("IM+",)), before)
    assert too_much(three, None, Limits()) == ["3 sources would open to customers who could not read them before."]
    public = Contents(versions={"a#0": "1"}, labels={"a#0": ("public",)})
    assert compared(with_labels(("IM",)), public).widened == ()


def test_that_all_templates_go_is_too_much_however_little_each_segment_shrinks():
    before = Contents(
        versions={**{f"t{n}": "1" for n in range(5)}, **{f"a#{n}": "1" for n in range(40)}},
        labels={**{f"t{n}": ("public",) for n in range(5)}, **{f"a#{n}": ("public",) for n in range(40)}},
    )
    left = {
        f"a#{n}": Source(source_id=f"a#{n}", kind=Kind.PASSAGE, title="", text="", segments=("public",), version="1")
        for n in range(40)
    }

    assert too_much(compared(left, before), None, Limits()) == ["All 5 templates would be gone."]
    assert too_much(compared(left, Contents()), None, Limits()) == []
