"""The reply without what it answers to: quotes in many languages, headers, signatures, and answers in between."""

from __future__ import annotations

import re

import pytest

from worker.intake.mailtext import attributions, read, signatures

ANSWER = "The second plan, please."


@pytest.mark.parametrize(
    "says",
    [
        "On Mon, 2 Nov 2026 at 10:12, Support <support@peerwell.example> wrote:",
        "On Mon, 2 Nov 2026 at 10:12, Peerwell Support <\nsupport@peerwell.example> wrote:",
        "At 02/11/2026 10:12 AM, you wrote:",
        "---- On Mon, 02 Nov 2026 10:12:00 +0530 Support<support@peerwell.example> wrote ----",
        "Peerwell Support <support@peerwell.example> wrote:",
        "2026-11-02 10:12 GMT+05:30 Peerwell Support <support@peerwell.example>:",
        "Peerwell <support@peerwell.example> schrieb am Mo., 2. Nov. 2026 um 10:12\nUhr:",
        "Le lun. 2 nov. 2026 à 10:12, Support\n<support@peerwell.example>\na écrit :",
        "El lun, 2 nov 2026 a las 10:12, Support (<support@peerwell.example>) escribió:",
        "Em seg., 2 de nov. de 2026 às 10:12, Support <support@peerwell.example> escreveu:",
        "Il giorno lun 2 nov 2026 alle ore 10:12 Support <support@peerwell.example> ha scritto:",
        "Op ma 2 nov 2026 om 10:12 schreef Support <support@peerwell.example>:",
        "Den mån 2 nov. 2026 kl 10:12 skrev Support <support@peerwell.example>:",
        "Den man. 2. nov. 2026 kl. 10.12 skrev Support <support@peerwell.example>:",
        "ma 2. marrask. 2026 klo 10.12 Support (support@peerwell.example) kirjoitti:",
        "pon., 2 lis 2026 o 10:12 Support <support@peerwell.example> napisał(a):",
        "po 2. 11. 2026 v 10:12 odesílatel Support <support@peerwell.example> napsal:",
        "Support <support@peerwell.example> ezt írta (időpont: 2026. nov. 2., H, 10:12):",
        "În lun., 2 nov. 2026 la 10:12, Support <support@peerwell.example> a scris:",
        "пн, 2 нояб. 2026 г. в 10:12, Support <support@peerwell.example> написал:",
        "пн, 2 лист. 2026 р. о 10:12 Support <support@peerwell.example> пише:",
        "Στις Δευ 2 Νοε 2026 στις 10:12 π.μ., ο χρήστης Support <support@peerwell.example> έγραψε:",
        "Support <support@peerwell.example>, 2 Kas 2026 Pzt, 10:12 tarihinde şunu yazdı:",
        "बुध, 2 नव॰ 2026 को 10:12 am बजे को Support <support@peerwell.example> ने लिखा:",
        "Vào Th 2, 2 thg 11, 2026 vào lúc 10:12 Support <support@peerwell.example> đã viết:",
        "Pada Sen, 2 Nov 2026 pukul 10.12 Support <support@peerwell.example> menulis:",
        "2026年11月2日(月) 10:12 Support <support@peerwell.example>:",
        "2026년 11월 2일 (월) 오전 10:12, Support <support@peerwell.example>님이 작성:",
        "在 2026年11月2日，上午10:12，Support <support@peerwell.example> 写道：",
        "في الاثنين، 2 نوفمبر 2026 في 10:12 ص تمت كتابة ما يلي بواسطة Support <support@peerwell.example>:",
    ],
)
def test_whoever_says_that_somebody_wrote_something_in_whatever_language_is_cut_with_it(says: str) -> None:
    words = read("", f"{ANSWER}\n\n{says}\n\n> Which plan do you mean?\n")
    assert words.written == words.now == ANSWER
    assert "Which plan" in words.quoted


@pytest.mark.parametrize(
    "block",
    [
        "From: Support <s@x.example>\nSent: Monday, 2 November 2026\nTo: Asha\nSubject: RE: plan",
        "*From:* Support\n*Date:* 2026-11-02\n*To:* Asha\n*Subject:* A subject that\ngoes on in the next line",
        "-----Ursprüngliche Nachricht-----\nVon: Support\nGesendet: Montag\nAn: Asha\nBetreff: AW: Plan",
        "De : Support\nEnvoyé : lundi 2 novembre 2026\nÀ : Asha\nObjet : RE: plan",
        "De: Support\nEnviado el: lunes\nPara: Asha\nAsunto: RE: plan",
        "Da: Support\nData: lunedì\nA: Asha\nOggetto: R: piano",
        "________________________________\nVan: Support\nVerzonden: maandag\nAan: Asha\nOnderwerp: RE: plan",
        "Från: Support\nSkickat: måndag\nTill: Asha\nÄmne: SV: plan",
        "Od: Support\nWysłano: poniedziałek\nDo: Asha\nTemat: RE: plan",
        "От: Support\nОтправлено: понедельник\nКому: Asha\nТема: RE: plan",
        "发件人: Support\n发送时间: 2026年11月2日\n收件人: Asha\n主题: 回复",
        "---------- Forwarded message ---------",
        "Begin forwarded message:\n\nFrom: Support\nSubject: plan\nDate: 2 November 2026\nTo: Asha",
    ],
)
def test_a_block_of_headers_ends_what_was_written(block: str) -> None:
    words = read("", f"{ANSWER}\n\n{block}\n\nDear Asha,\n\nwhich plan do you mean?")
    assert words.written == ANSWER
    assert "which plan" in words.quoted


def test_a_mail_that_was_only_forwarded_is_what_was_forwarded_without_its_headers() -> None:
    headers = (
        "---------- Forwarded message ---------\nFrom: Shop <s@x.example>\nDate: 2 Nov 2026\nSubject: Order\nTo: Asha"
    )
    assert read("", f"{headers}\n\nYour order is late.").written == "Your order is late."


def test_answers_between_the_lines_keep_the_lines_that_they_answer() -> None:
    words = read("", "On 2 Nov 2026, Support wrote:\n> Which plan?\nThe second.\n> Since when?\nSince May.\n> Regards")
    assert words.written == "> Which plan?\nThe second.\n> Since when?\nSince May."
    assert words.now == "The second.\nSince May."


def test_an_answer_below_the_quote_is_kept_though_a_greeting_stands_above() -> None:
    quote = "On Mon, 2 Nov 2026 at 10:12, Support <s@x.example> wrote:\n> Which plan?"
    assert read("", f"Hello,\n\n{quote}\n\n{ANSWER}").now == f"Hello,\n\n{ANSWER}"
    assert read("", f"Sent from my iPhone\n\n{quote}\n\n{ANSWER}").now == ANSWER


def test_answers_between_the_quotes_of_an_html_mail_are_kept() -> None:
    html = (
        "<div class='gmail_quote'><div>On Mon, Nov 2, 2026 at 9:00 AM Support &lt;s@x.example&gt; wrote:<br></div>"
        "<blockquote class='gmail_quote'>Which plan?</blockquote><div>The second.</div>"
        "<blockquote class='gmail_quote'>Since when?</blockquote><div>Since May.</div></div>"
    )
    assert read(html).written == "> Which plan?\n\nThe second.\n\n> Since when?\n\nSince May."
    assert read(html).now == "The second.\n\nSince May."


def test_a_blockquote_of_the_customers_own_is_no_history() -> None:
    html = "<p>The bank said</p><blockquote>insufficient funds</blockquote><p>Why?</p>"
    assert read(html).now == "The bank said\n\ninsufficient funds\n\nWhy?"


@pytest.mark.parametrize(
    "signature",
    [
        "Sent from my iPhone",
        "Sent from Outlook Mobile<https://x.example>",
        "Sent via the Samsung Galaxy S26, an AT&T smartphone",
        "Get Outlook for Android<https://x.example>",
        "Envoyé depuis mon téléphone",
        "Von meinem Handy gesendet",
        "Diese Nachricht wurde mit meinem Android-Mobiltelefon verschickt.",
        "Enviado desde mi iPad",
        "Inviato da iPhone",
        "Verzonden vanaf mijn tablet",
        "Skickat från min iPhone",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "iPhone'umdan gönderildi",
        "从我的手机发送",
        "(sent from a phone)",
        "Sent from my iPhone\nSent from my Quux 3310",
        "_____________\nAsha Rao\nPune",
        "----------\nAsha Rao | asha@x.example",
        "--\nAsha Rao\n\n***\n\n====",
    ],
)
def test_what_a_device_or_a_signature_adds_is_cut(signature: str) -> None:
    words = read("", f"{ANSWER}\n\n{signature}")
    assert words.written == ANSWER
    assert words.quoted


def test_a_signature_that_the_mail_program_marked_is_cut() -> None:
    html = f"<div>{ANSWER}</div><div class='gmail_signature'><div>Asha Rao<br>Pune</div></div>"
    assert read(html).written == ANSWER


@pytest.mark.parametrize(
    "mail",
    [
        "How do I withdraw?\n\n-----\n\nAnd please close my other account.",
        "The fee is wrong.\n***\nIt was lower last year",
        "What is the fee?\n--\nAnd how long does it take?",
        "Sent from my account on Monday: 5000\nWhere is it?",
        "My money is gone\nSent from my bank account",
        "On 12 May 2026 at 10:00 I wrote:\nWhen does my money come?",
        "On 2 Nov 2026 I paid 500.\nOn 3 Nov 2026 Support wrote that it was late.\nWhy?",
        "I go to Home> Wallet> Withdraw.\nProfile> shows nothing",
        "| month | paid |\n| May | 500 |\nWhy so little?",
        "My log:\n```\n####\nFrom: a\n> b\n```\nWhy?",
        "> I was told this.\n\nIs it true?",
    ],
)
def test_a_customers_own_lines_stay(mail: str) -> None:
    assert read("", mail).written == mail


@pytest.mark.parametrize(
    "mail", ["Sent from my iPhone", "> On 2 Nov 2026, Support wrote:\n>\n>> On 1 Nov 2026, Asha wrote:\n>>"]
)
def test_a_mail_of_headers_and_a_phones_signature_says_nothing(mail: str) -> None:
    assert read("", mail).written == ""


@pytest.mark.parametrize("mail", ["> All of it is quoted.", "--\nI want to withdraw 500", "Disclaimer: I am new here."])
def test_a_mail_of_which_nothing_would_be_left_stays_whole(mail: str) -> None:
    assert read("", mail).now == mail


def test_the_sign_off_belongs_to_the_reply_but_not_to_what_is_searched_for() -> None:
    words = read("", f"{ANSWER}\r\n\r\nKind regards\r\nAsha")
    assert words.written == f"{ANSWER}\n\nKind regards\nAsha"
    assert words.now == ANSWER


def test_a_chain_of_thousands_of_forwarded_headers_is_read() -> None:
    chain = "> before\nFrom: a\nDate: b\nTo: c\n" * 3_000
    assert read("", f"{chain}\n{ANSWER}").now == ANSWER


def characters_tried(begun: str, text: str) -> int:
    """How many characters are looked through by what a pattern begins with, from each place of the text."""
    tried = (re.compile(begun, re.I).match(text, at) for at in range(len(text)))
    return sum(len(match.group()) for match in tried if match)


@pytest.mark.parametrize(
    ("pattern", "end", "text"),
    [
        (attributions._ADDRESS, r"@[\w-]+(?:\.[\w-]+)+", "-" * 2_000),
        (attributions._ADDRESS, r"@[\w-]+(?:\.[\w-]+)+", "a.b+" * 500),
        (attributions._NAMED, r"@[^<>]*>\s*[:：]$", "<@" + "a@" * 1_000),
    ],
)
def test_a_long_line_is_not_looked_through_from_each_of_its_characters(
    pattern: re.Pattern[str], end: str, text: str
) -> None:
    assert pattern.pattern.endswith(end)
    assert characters_tried(pattern.pattern.removesuffix(end), text) <= 2 * len(text)


def test_no_two_runs_of_spaces_of_a_sign_off_may_stand_side_by_side() -> None:
    closing = signatures._CLOSING
    assert r")?\s*regards" not in closing.pattern
    assert r"\s*[,.!]*\s*" not in closing.pattern
    for said in ("Kind regards,", "regards", "  Best  regards !", "Thanks ,. "):
        assert closing.match(said)
