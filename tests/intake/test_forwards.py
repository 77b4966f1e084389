"""A mail that was passed on below a covering line is told apart from the history of a reply."""

from __future__ import annotations

import pytest

from worker.intake.mailtext import LONGEST, names_a_forward, read

LINE = "Please tell him what to do."
HEADERS = "From: Asha Rao <asha@x.example>\nDate: Mon, 2 Nov 2026 at 10:12\nSubject: Units\nTo: Ravi <ravi@x.example>"
LOSS = "My father has died."
SPANS = "<b>From:</b> Asha Rao<br><b>Sent:</b> Monday, 2 November 2026<br><b>To:</b> Ravi<br><b>Subject:</b> Units<br>"

FORWARDS = {
    "Gmail": (
        f'<div dir="ltr">{LINE}<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">--- Forwarded '
        "message ---------<br>From: <strong>Asha Rao</strong> &lt;asha@x.example&gt;<br>Date: 2 Nov 2026<br>"
        f"Subject: Units<br>To: Ravi &lt;ravi@x.example&gt;<br></div><br><br>{LOSS}</div></div>",
        "",
    ),
    "Apple Mail": (
        f'<div>{LINE}</div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div><b>From: </b>Asha'
        f"</div><div><b>Subject: </b>Units</div><div><b>Date: </b>2 November</div><div>{LOSS}</div></blockquote>",
        "",
    ),
    "Apple Mail, with a signature below": (
        f'<div>{LINE}</div><blockquote type="cite"><div>Begin forwarded message:</div><div><b>From: </b>Asha Rao</div>'
        f"<div><b>Subject: </b>Units</div><div>{LOSS}</div></blockquote><div>Ravi Kumar, Kumar Wealth</div>",
        "",
    ),
    "Apple Mail, as text": ("", f"{LINE}\n\nBegin forwarded message:\n\n> From: Asha\n> Subject: Units\n>\n> {LOSS}\n"),
    "Thunderbird": ("", f"{LINE}\n\n-------- Forwarded Message --------\nSubject: Units\n{HEADERS}\n\n{LOSS}"),
    "Yahoo": (
        f'<div>{LINE}</div><div class="yahoo_quoted"><div>-- Forwarded message --</div><div><b>From:</b> Asha</div>'
        f"<div><b>Sent:</b> Monday</div><div><b>Subject:</b> Units</div><div>{LOSS}</div></div>",
        "",
    ),
    "Freshdesk's mark around it": (
        f'<div>{LINE}</div><blockquote class="freshdesk_quote"><div>---------- Forwarded message ---------</div>'
        f"<div>From: Asha</div><div>Subject: Units</div><div>{LOSS}</div></blockquote>",
        "",
    ),
    "a German program": ("", f"{LINE}\n\n-----Weitergeleitete Nachricht-----\nVon: Asha\nBetreff: Anteile\n\n{LOSS}"),
    "below a signature": ("", f"{LINE}\n\n-- \nRavi Kumar\nKumar Wealth\n\n----- Forwarded message -----\n\n{LOSS}"),
    "below an answer between quotes": (
        "",
        f"On 2 Nov 2026, Support wrote:\n> Which plan?\n{LINE}\n\n--- Forwarded message ---\n\n{LOSS}",
    ),
}
OUTLOOK = {
    "Outlook": (f'<p>{LINE}</p><div style="border-top:solid #E1E1E1 1.0pt">{SPANS}</div><p>{LOSS}</p>', ""),
    "Outlook in a browser": (f'<div>{LINE}</div><hr><div id="divRplyFwdMsg">{SPANS}</div><div>{LOSS}</div>', ""),
    "Outlook on a phone": (
        f'<div>{LINE}</div><div id="appendonsend"></div><div id="ms-outlook-mobile-signature">Get Outlook for iOS</div>'
        f'<hr><div id="divRplyFwdMsg">{SPANS}</div><div>{LOSS}</div>',
        "",
    ),
    "an older Outlook": ("", f"{LINE}\n\n-----Original Message-----\n{HEADERS}\n\n{LOSS}"),
    "quoted line by line": ("", f"{LINE}\n\n> From: Asha\n> Sent: Monday\n> To: Ravi\n> Subject: Units\n>\n> {LOSS}"),
}


@pytest.mark.parametrize("program", FORWARDS)
def test_what_was_passed_on_is_kept_apart_from_the_covering_line(program: str) -> None:
    words = read(*FORWARDS[program])
    assert LOSS in words.forwarded
    assert LINE not in words.forwarded
    assert LINE in words.now
    assert LOSS not in words.now


@pytest.mark.parametrize("program", OUTLOOK)
def test_outlook_passes_a_mail_on_as_it_quotes_one_and_says_which_in_the_subject_only(program: str) -> None:
    assert LOSS in read(*OUTLOOK[program], as_forward=True).forwarded
    answer = read(*OUTLOOK[program])
    assert not answer.forwarded
    assert answer.now == LINE


@pytest.mark.parametrize(
    ("subject", "forward"),
    [
        ("FW: Units", True),
        ("Fwd: Fwd: Units", True),
        (" fw : Units", True),
        ("WG: Anteile", True),
        ("RV: unidades", True),
        ("Re: FW: Units", False),
        ("RE: Units", False),
        ("Forward my units to my bank", False),
        ("In: my wallet", False),
    ],
)
def test_a_reply_to_a_mail_that_was_passed_on_passes_nothing_on(subject: str, forward: bool) -> None:
    assert names_a_forward(subject) is forward


INNER = f"---------- Forwarded message ---------\n{HEADERS}\n\n{LOSS}"
QUOTED_INNER = "\n".join(f"> {line}" for line in INNER.split("\n"))
REPLIES = {
    "a reply to a mail that was passed on": (
        "",
        f"{LINE}\n\nOn Mon, 2 Nov 2026 at 10:12, Support <s@x.example> wrote:\n> Dear Asha,\n{QUOTED_INNER}",
    ),
    "the same with marks alone": ("", f"{LINE}\n\n> Dear Asha,\n{QUOTED_INNER}"),
    "the same without marks": ("", f"{LINE}\n\nOn 2 Nov 2026, Support <s@x.example> wrote:\n\nDear Asha,\n\n{INNER}"),
    "the same from Outlook": ("", f"{LINE}\n\n{HEADERS}\n\nDear Asha,\n\n{INNER}"),
    "the same from an older Outlook": ("", f"{LINE}\n\n-----Original Message-----\n{HEADERS}\n\nDear Asha,\n\n{INNER}"),
    "the same from Apple Mail": (
        f'<div>{LINE}</div><blockquote type="cite"><div>On 2 Nov 2026, Support &lt;s@x.example&gt; wrote:</div>'
        "<div>Dear Asha</div></blockquote><div>---------- Forwarded message ---------</div>",
        "",
    ),
    "a history whose head no program writes": (
        f'<div>{LINE}</div><div class="gmail_quote">Support said<br>--- Forwarded message ---<br>{LOSS}</div>',
        "",
    ),
    "a customer who speaks of one": ("", f"{LINE} I got a forwarded message:\n{LOSS}"),
}


@pytest.mark.parametrize("how", REPLIES)
def test_what_a_reply_answers_to_is_no_forward_whatever_it_passes_on(how: str) -> None:
    words = read(*REPLIES[how])
    assert not words.forwarded
    assert LINE in words.now


@pytest.mark.parametrize("above", ["", "Sent from my iPhone\n\n", "Get Outlook for Android<https://x.example>\n\n"])
def test_a_mail_that_was_passed_on_without_a_word_holds_nothing_of_its_senders_own(above: str) -> None:
    words = read("", f"{above}{INNER}")
    assert words.now == LOSS
    assert not words.own
    assert not words.forwarded


def test_of_a_long_mail_that_was_passed_on_the_beginning_is_kept() -> None:
    words = read("", f"{LINE}\n\n---------- Forwarded message ---------\n{LOSS}\n" + "More of it.\n" * 4_000)
    assert LOSS in words.forwarded
    assert len(words.forwarded) == LONGEST
    assert not words.cut_short


def test_a_warning_in_a_frame_is_no_signature() -> None:
    edge = "#" * 40
    warning = f"# THIS IS A WARNING ONLY.{' ' * 12}#"
    words = read("", f"The mail system.\n\n{edge}\n{warning}\n{edge}\n\nNot delivered yet: asha@x.example\n")
    assert "THIS IS A WARNING ONLY" in words.now
