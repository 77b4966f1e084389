"""Lost and duplicated, judged from the ledger's word and the sandbox's journal; warnings, counted in the logs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.models import Status
from worker.sandbox.nouns import BOT_ID
from worker.stack.once import End, Result, judge
from worker.stack.report import Loudness, outcomes, table
from worker.stack.samples import Sample, extra_replies

A_PERSON = 11


def wrote(ticket_id: int = 1) -> dict[str, Any]:
    return {"kind": "customer_message", "ticket_id": ticket_id, "key": "ticket"}


def replied(ticket_id: int = 1, agent_id: int = BOT_ID) -> dict[str, Any]:
    return {"kind": "reply", "ticket_id": ticket_id, "agent_id": agent_id, "private": False}


BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def judged(ends: list[End], journal: list[dict[str, Any]], seconds: float = 1.0) -> Result:
    stamped = [{"at": (BEGAN + timedelta(seconds=n)).isoformat()} | entry for n, entry in enumerate(journal)]
    return judge(ends, stamped, BEGAN, BEGAN + timedelta(seconds=seconds))


def an_end(outcome: Status | None, ticket_id: int = 1) -> End:
    return End(Sample(ticket_id, f"sample-{ticket_id}", "ticket"), outcome)


def test_one_reply_to_each_message_is_as_it_should_be():
    assert extra_replies([wrote(1), replied(1), wrote(2), replied(2), wrote(1), replied(1)]) == 0


def test_every_reply_beyond_the_first_to_a_message_counts():
    assert extra_replies([wrote(1), replied(1), wrote(2), replied(1), replied(2), replied(1)]) == 2


def test_what_a_person_answers_is_no_duplicate():
    assert extra_replies([wrote(), replied(), replied(agent_id=A_PERSON)]) == 0


def test_a_ticket_that_never_ended_is_lost():
    result = judged([an_end(Status.HELD, 1), an_end(None, 2)], [wrote(1), wrote(2)])
    assert (result.lost, result.good) == (1, False)


def test_a_reply_that_only_the_ledger_knows_of_is_lost():
    result = judged([an_end(Status.SENT, 1), an_end(Status.SENT, 2)], [wrote(1), wrote(2), replied(2)])
    assert result.lost == 1


def test_a_reply_to_an_earlier_message_answers_not_the_newest():
    assert judged([an_end(Status.SENT)], [wrote(), replied(), wrote()]).lost == 1


def test_the_figures_count_the_ends_and_the_table_shows_what_did_not_end():
    ends = [an_end(Status.SENT, 1), an_end(Status.IGNORED, 2), an_end(Status.SUPERSEDED, 3), an_end(None, 4)]
    result = judged(ends, [wrote(1), replied(1), wrote(1), replied(1, A_PERSON), replied(1)], 12.34)
    counts = {"messages": 4, "sent": 1, "held": 0, "handed_over": 0, "ignored": 1}
    assert result.figures() == counts | {"lost": 1, "duplicated": 0, "seconds": 12.3, "first_reply_seconds": 4.0}
    lines = table(result).splitlines()
    assert [line.split()[1] for line in lines[:4]] == ["sample-1", "sample-2", "sample-3", "sample-4"]
    assert "NOT ENDED" in lines[3]
    assert lines[-1].endswith("in 12.3 s, the first reply after 4.0 s")


def test_where_nothing_was_answered_no_first_reply_is_told():
    result = judged([an_end(Status.HELD)], [wrote()])
    assert result.figures()["first_reply_seconds"] is None
    assert table(result).endswith("in 1.0 s")


def test_the_outcomes_of_two_installations_that_answer_alike_are_the_same_text():
    def told(*ends: End) -> str:
        return outcomes(judged(list(ends), [wrote(1)]))

    sent, held = replace(an_end(Status.SENT, 1), reply="Hello,\nthree days."), an_end(Status.HELD, 2)
    assert told(sent, held) == told(held, replace(sent, reasons=("asked elsewhere",)))
    assert told(sent, held) != told(replace(sent, reply="Hello,\nfour days."), held)
    assert told(held) != told(replace(held, template="fees")) != told(replace(held, outcome=None))


def test_only_warnings_of_this_run_are_counted(tmp_path):
    log = tmp_path / "worker.log"
    log.write_text('{"level": "error", "event": "yesterday"}\n')
    loudness = Loudness(tmp_path)
    assert loudness.words() == ""
    with log.open("a") as file:
        file.write('{"level": "warning", "event": "today"}\n{"level": "info", "event": "today"}\nno json\n')
    assert loudness.words() == f"Warnings in {tmp_path}/: worker 1"
