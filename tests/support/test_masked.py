"""What a customer writes of cards, accounts and codes: the model never sees it, and the ledger never keeps it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.answering import QUESTION, Copyist, an_answering_office
from tests.builders import a_message, a_thread
from tests.desk import Office
from worker.adapters.store.ledger import SqlLedger
from worker.intake.mailtext import LONGEST
from worker.intake.masking import mask
from worker.models import Author, Ring
from worker.support.masked import LONGEST_HTML, masked
from worker.tasks import draft_doorbell

SECRETS = ("4111 1111 1111 1111", "ABCPE1234F", "2341 2341 2346", "50100123456789", "482913")
TOLD = f"I paid by card {SECRETS[0]}, PAN {SECRETS[1]}, Aadhaar {SECRETS[2]}, account {SECRETS[3]}, OTP {SECRETS[4]}."


def stored(office: Office) -> str:
    """Every text of every row of the ledger."""
    assert isinstance(office.ledger, SqlLedger)
    with office.ledger.reading() as connection:
        tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')]
    return json.dumps([list(map(str, row)) for row in rows], ensure_ascii=False)


@pytest.mark.parametrize("split", [False, True])
def test_a_mail_with_personal_numbers_is_answered_without_anything_keeping_them(tmp_path: Path, split: bool) -> None:
    with an_answering_office(tmp_path) as office:
        said = TOLD.replace("11 1111 1111", "11<b></b> 11<span>11</span> 1111") if split else TOLD
        mail = a_message(TOLD, html=f"<p>{said}</p><p>{QUESTION}</p>")
        office.helpdesk.thread_now = a_thread(1, mail, subject=f"Card {SECRETS[0]}")

        draft_doorbell(office.ledger.doorbells.ring(Ring.WEBHOOK, 1), office.desk, lambda queue, row: None)

        assert isinstance(office.desk.writer, Copyist)
        [prompt] = office.desk.writer.prompts
        case = office.ledger.cases.of_ticket(1)[-1]
        trace = office.ledger.cases.trace(case.case_id)
        assert trace is not None
        assert "[card ending 1111]" in prompt
        assert "[account ending 6789]" in trace.query
        assert case.subject == "Card [card ending 1111]"
        kept = stored(office)
        for secret in SECRETS:
            assert secret not in prompt
            assert secret not in kept


def test_a_thread_without_such_numbers_is_left_as_it_is() -> None:
    thread = a_thread(1, a_message("Ticket 4821: call 98765 43210 by 21-11-2026."), subject="Order 1234567890123456")
    assert masked(thread) is thread


def test_what_markup_hides_from_the_search_is_kept_as_text() -> None:
    card = "4111111111111111"
    odd = a_message("", html=f"<p>4111<i title='a > b'></i>{card[4:]}</p><a href='https://x.example/?c={card}'>pay</a>")
    [kept] = masked(a_thread(1, odd)).messages
    assert kept.html == ""
    assert "[card ending 1111]" in kept.text
    assert card not in kept.text
    [long] = masked(a_thread(1, a_message("", html=f"<p>{'When? ' * 40_000}{card}</p>"))).messages
    assert (long.html, card in long.text) == ("", False)


@pytest.mark.parametrize("number", [SECRETS[0], f"{SECRETS[3]} is my bank account"])
@pytest.mark.parametrize("html", ["", "<p>Why?</p>"])
def test_of_a_long_mail_no_part_of_a_number_is_kept_of_which_the_rest_is_cut_off(number: str, html: str) -> None:
    most = LONGEST if html else LONGEST_HTML
    for cut in (1, 5, 15, len(number) - 1):
        words = "When? " * most
        text = f"{words[: most - cut - 1]} {number} {words}"
        [kept] = masked(a_thread(1, a_message(text, html=html))).messages
        assert not any(char.isdigit() for char in kept.text), cut
        assert most - 300 < len(kept.text) < most


def test_our_own_reply_keeps_its_body_by_which_it_is_known() -> None:
    ours = a_message(TOLD, author=Author.DESKHAND)
    assert masked(a_thread(1, ours)).messages == (ours,)


def test_messages_that_were_masked_before_are_not_looked_through_again_but_new_ones_are(monkeypatch) -> None:
    read = masked(a_thread(1, a_message(TOLD)))
    looked_at: list[str] = []
    monkeypatch.setattr("worker.support.masked.mask", lambda text: looked_at.append(text) or mask(text))
    later = masked(read.saying([*read.messages, a_message(f"And card {SECRETS[0]}.")]), read)

    assert not any(read.messages[0].text == text for text in looked_at)
    assert "[card ending 1111]" in later.messages[1].text
    assert SECRETS[0] not in later.messages[1].text
