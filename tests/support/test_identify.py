"""Who wrote: what each trace proves, what it does not, and which calls it costs."""

from __future__ import annotations

import pytest

from tests.builders import a_customer, a_message, a_requester, a_thread
from tests.support.customer_file import Calls, who_wrote
from worker.errors import Retryable
from worker.models import Author, Strength
from worker.ports import Contact

ASHA = a_customer(
    "PW100001", email="asha@example.com", phone="+91 98000 11111", alternate_emails=("a.rao@work.example",)
)
RAVI = a_customer("PW100002", email="ravi@example.com", phone="98000 22222")
FIELD = "cf_customer_id"


def written_from(email="", phones=(), **ticket):
    return a_thread(requester=a_requester(email=email, phones=phones), **ticket)


def hit(identity, rule):
    return next(asked.hit for asked in identity.asked if asked.rule == rule)


def test_a_registered_address_verifies_and_costs_no_call():
    calls = Calls()
    identity = who_wrote(written_from("Asha@Example.com"), ASHA, RAVI, calls=calls)
    assert (identity.strength, identity.customer, identity.found_by) == (Strength.VERIFIED, ASHA, "registered-email")
    assert identity.existing
    assert calls.made == []


def test_an_alternate_address_verifies_too():
    identity = who_wrote(written_from("a.rao@work.example"), ASHA)
    assert (identity.strength, identity.found_by) == (Strength.VERIFIED, "alternate-email")


def test_the_phone_that_the_ticket_shows_links_without_a_call():
    calls = Calls()
    identity = who_wrote(written_from("new@example.com", phones=("09800011111",)), ASHA, calls=calls)
    assert (identity.strength, identity.customer, identity.found_by) == (Strength.LINKED, ASHA, "phone-on-contact")
    assert calls.made == []


def test_the_contacts_phone_and_other_addresses_link_with_one_call():
    for contact, step in (
        (Contact(contact_id=5, phones=("9800011111",)), "phone-on-contact"),
        (Contact(contact_id=5, other_emails=("asha@example.com",)), "other-email-of-contact"),
    ):
        calls = Calls(has_contact=contact)
        identity = who_wrote(written_from("new@example.com"), ASHA, calls=calls)
        assert (identity.strength, identity.customer, identity.found_by) == (Strength.LINKED, ASHA, step)
        assert calls.made == ["contact"]


def test_whom_the_ledger_knew_before_is_linked_without_reading_earlier_tickets():
    calls = Calls()
    identity = who_wrote(written_from("new@example.com"), ASHA, calls=calls, known_customer="PW100001")
    assert (identity.strength, identity.customer, identity.found_by) == (Strength.LINKED, ASHA, "earlier-ticket")
    assert calls.made == ["contact"]


def test_the_id_field_of_an_earlier_ticket_links():
    calls = Calls(has_earlier=[{FIELD: None}, {FIELD: "pw 100001"}, {"cf_other": "PW100002"}])
    identity = who_wrote(written_from("new@example.com"), ASHA, RAVI, calls=calls)
    assert (identity.strength, identity.customer) == (Strength.LINKED, ASHA)
    assert calls.made == ["contact", "earlier"]


def test_earlier_tickets_with_two_ids_prove_nobody():
    calls = Calls(has_earlier=[{FIELD: "PW100001"}, {FIELD: "PW100002"}])
    identity = who_wrote(written_from("new@example.com"), ASHA, RAVI, calls=calls)
    assert (identity.strength, identity.customer, identity.candidates) == (Strength.UNKNOWN, None, 2)
    assert identity.existing


@pytest.mark.parametrize("words", ["My id is PW100001.", "id:pw100001", "(PW100001)", "ＰＷ１００００１"])
def test_an_id_in_the_text_is_a_claim(words):
    identity = who_wrote(written_from("new@example.com"), ASHA, words=words)
    assert (identity.strength, identity.customer, identity.found_by) == (Strength.CLAIMED, ASHA, "id-in-text")


def test_an_id_in_the_custom_field_is_a_claim():
    identity = who_wrote(written_from("new@example.com", custom_fields={FIELD: " PW100001 "}), ASHA)
    assert (identity.strength, identity.customer, identity.found_by) == (Strength.CLAIMED, ASHA, "id-in-custom-field")


def test_an_id_that_nobody_has_still_makes_an_existing_person():
    identity = who_wrote(written_from("new@example.com"), ASHA, words="I am PW999999")
    assert (identity.strength, identity.customer, identity.existing) == (Strength.UNKNOWN, None, True)


def test_a_longer_number_is_no_id():
    identity = who_wrote(written_from("new@example.com"), ASHA, words="order PW1000012 and XPW100001")
    assert (identity.strength, identity.existing) == (Strength.UNKNOWN, False)


def test_an_earlier_ticket_alone_makes_an_existing_person():
    identity = who_wrote(written_from("new@example.com"), ASHA, calls=Calls(has_earlier=[{}]))
    assert (identity.strength, identity.existing) == (Strength.UNKNOWN, True)


def test_a_stranger_is_new():
    calls = Calls()
    identity = who_wrote(written_from("new@example.com"), ASHA, RAVI, calls=calls)
    assert (identity.strength, identity.customer, identity.existing) == (Strength.UNKNOWN, None, False)
    assert calls.made == ["contact", "earlier"]
    assert [(asked.rule, asked.hit) for asked in identity.asked[7:]] == [("another-address-wrote", False)]


def test_a_requester_without_an_address_can_be_found():
    identity = who_wrote(written_from("", phones=("9800022222",)), ASHA, RAVI)
    assert identity.customer == RAVI
    nobody = who_wrote(written_from(""), ASHA, a_customer("PW100003", email=""))
    assert nobody.customer is None


def test_an_address_that_two_customers_share_chooses_neither_and_looks_no_further():
    couple = [a_customer(f"PW20000{n}", alternate_emails=("home@example.com",), phone=f"980003333{n}") for n in (1, 2)]
    calls = Calls()
    thread = written_from("home@example.com", phones=("9800033331",))
    identity = who_wrote(thread, *couple, words="I am PW200001", calls=calls)
    assert (identity.strength, identity.customer, identity.candidates) == (Strength.UNKNOWN, None, 2)
    assert (identity.existing, identity.found_by, calls.made) == (True, "alternate-email", [])


def test_two_ids_of_customers_in_one_text_choose_neither():
    identity = who_wrote(written_from("new@example.com"), ASHA, RAVI, words="move it from PW100001 to PW100002")
    assert (identity.customer, identity.candidates) == (None, 2)


def test_an_address_that_two_have_registered_verifies_neither():
    """The import refuses that now, but not what an earlier one brought."""
    again = a_customer("PW100009", email="ASHA@example.com")
    identity = who_wrote(written_from("asha@example.com"), ASHA, again)
    assert (identity.strength, identity.customer, identity.candidates) == (Strength.UNKNOWN, None, 2)
    assert (identity.existing, identity.found_by) == (True, "registered-email")


def test_a_registered_address_beats_somebody_elses_alternate_one():
    sister = a_customer("PW100009", email="sis@example.com", alternate_emails=("asha@example.com",))
    assert who_wrote(written_from("asha@example.com"), sister, ASHA).customer == ASHA


@pytest.mark.parametrize("ticket", [{"custom_fields": {FIELD: "PW100002"}}, {"subject": "About PW100002"}, {}])
def test_a_verified_customer_who_names_another_id_stays_and_is_remarked(ticket):
    words = "Please check." if ticket else "What is the balance of PW100002?"
    identity = who_wrote(written_from("asha@example.com", **ticket), ASHA, RAVI, words=words)
    assert (identity.strength, identity.customer) == (Strength.VERIFIED, ASHA)
    assert hit(identity, "claims-another-id")


def test_naming_ones_own_id_is_no_remark():
    identity = who_wrote(written_from("asha@example.com"), ASHA, RAVI, words="I am pw100001")
    assert not hit(identity, "claims-another-id")


def reply_from(sender):
    """Of somebody on Asha's ticket."""
    reply = a_message("My balance?", key="c2", from_email=sender)
    return a_thread(1, a_message(), reply, requester=a_requester(email="asha@example.com"))


def test_words_from_an_address_in_copy_are_not_the_verified_customers():
    identity = who_wrote(reply_from('"Ravi" <ravi@example.com>'), ASHA, RAVI)
    assert (identity.strength, identity.customer) == (Strength.LINKED, ASHA)
    assert hit(identity, "another-address-wrote")


@pytest.mark.parametrize(
    "sender",
    [
        "Kumar, Ravi <ravi@example.com>",
        "Ravi [by phone] <ravi@example.com>",
        "Ravi; K <ravi@example.com>",
        "asha@example.com <ravi@example.com>",
        "Asha <asha@example.com>, ravi@example.com",
        "Asha <asha@example.com.ravi.example>",
        "no address at all",
        '"asha@example.com" <evil{@evil.example>',
        'asha@example.com <"x"@evil.example>',
        "asha@example.com <x@[203.0.113.9]>",
        "x}asha@example.com",
        "evil'asha@example.com",
        "asha@example.com@ravi.example",
        "asha@example.com (ravi@example.com)",
    ],
)
def test_however_a_sender_is_written_somebody_else_is_somebody_else(sender):
    assert who_wrote(reply_from(sender), ASHA, RAVI).strength is Strength.LINKED


@pytest.mark.parametrize(
    "sender",
    [
        "asha@example.com",
        "'asha@example.com'",
        "Rao, Asha <Asha@example.com>",
        "Asha [IM] <asha@example.com>",
        '"Asha (asha@example.com)" <asha@example.com>',
    ],
)
def test_however_a_customer_writes_her_own_name_she_is_herself(sender):
    assert who_wrote(reply_from(sender), ASHA, RAVI).strength is Strength.VERIFIED


@pytest.mark.parametrize("sender", ["maria.d'souza@example.com", "Maria D'Souza <Maria.D'Souza@example.com>"])
def test_a_name_with_an_apostrophe_is_a_name_like_any_other(sender):
    maria = a_customer("PW100003", email="maria.d'souza@example.com")
    asked = a_message("My balance?", from_email=sender)
    thread = a_thread(1, asked, requester=a_requester(email="maria.d'souza@example.com"))
    assert who_wrote(thread, maria, ASHA).strength is Strength.VERIFIED


@pytest.mark.parametrize(
    ("author_id", "strength"), [(501, Strength.VERIFIED), (None, Strength.VERIFIED), (999, Strength.LINKED)]
)
def test_an_entry_without_a_sender_is_its_authors(author_id, strength):
    reply = a_message("My balance?", key="c2", author_id=author_id)
    thread = a_thread(1, a_message(), reply, requester=a_requester(501, email="asha@example.com"))
    assert who_wrote(thread, ASHA, RAVI).strength is strength


def test_a_strangers_question_stays_a_strangers_when_the_customer_asks_for_news():
    """Both wait, and are answered as one."""
    asked = a_message("Which phone number do you have of me?", key="c2", from_email="ravi@example.com")
    pinged = a_message("Any news?", key="c3", from_email="asha@example.com")
    thread = a_thread(1, a_message(), asked, pinged, requester=a_requester(email="asha@example.com"))
    assert who_wrote(thread, ASHA, RAVI).strength is Strength.LINKED

    told = a_message("You find it in the app.", key="c4", author=Author.DESKHAND)
    thread = a_thread(1, a_message(), asked, told, pinged, requester=a_requester(email="asha@example.com"))
    assert who_wrote(thread, ASHA, RAVI).strength is Strength.VERIFIED


def test_a_customers_own_other_address_stays_verified():
    assert who_wrote(reply_from("Asha Rao <A.Rao@work.example>"), ASHA, RAVI).strength is Strength.VERIFIED


def test_the_trace_names_every_step_and_nothing_that_was_written():
    identity = who_wrote(written_from("new@example.com"), ASHA, words="I am PW100001, Asha of Pune")
    assert [a.rule for a in identity.asked][:3] == ["registered-email", "alternate-email", "phone-on-contact"]
    said = " ".join(a.why for a in identity.asked)
    assert not any(word in said for word in ("PW1", "Asha", "Pune", "new@"))


def test_trouble_of_a_call_goes_through_instead_of_making_a_stranger():
    def down():
        raise Retryable("busy", part="freshdesk")

    calls = Calls()
    calls.contact = down
    with pytest.raises(Retryable):
        who_wrote(written_from("new@example.com"), ASHA, calls=calls)
