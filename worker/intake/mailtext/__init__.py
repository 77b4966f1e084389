"""What the customer wrote now: HTML to the text a person would see, without quoted history and signature.

Hidden text (display:none, font size 0, white on white, off-screen) is kept apart: nobody saw it, so it is no part of
the message, but its presence is a sign of a hostile mail. Called by the pipeline, for every message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from worker.intake.mailtext.html import seen_and_hidden as taken_apart
from worker.intake.mailtext.plain import clean
from worker.intake.mailtext.signatures import without_closing
from worker.intake.mailtext.trim import trim

# Characters of a message that are looked at. Rules and guards search with patterns that take far more than twice as
# long for twice the text: one mail of a megabyte would hold up every thread of a worker for minutes.
LONGEST = 20_000
_MOST = 200_000  # of a mail with all that it quotes
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|i|vb|vl|vs|doorst|pd|ilt|转发|轉寄|転送)\s*[:：]", re.I)

__all__ = ["LONGEST", "Words", "clean", "each_mail_once", "names_a_forward", "read", "seen_and_hidden"]


@dataclass(frozen=True)
class Words:
    """`now`: what was written, without quotes and sign-off: what is searched with and answered. `quoted`: history and
    signature, cut away. `hidden`: what no reader could see. `written`: the reply as a person should read it, with its
    sign-off and with the quotes that the answer stands between."""

    now: str
    quoted: str = ""
    hidden: str = ""
    had_invisible: bool = False
    cut_short: bool = False  # `now` goes on, beyond what anything may look at
    written: str = ""
    forwarded: str = ""  # a mail that was passed on below what was written, as far as LONGEST: somebody else's words
    own: bool = True  # some of `now` is the sender's own; a mail of nothing but quotes stays whole, and asks nothing


@dataclass(frozen=True)
class _Remembered:
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)
    read: dict[tuple[str, str, bool], Words] = field(default_factory=dict)


_remembered: ContextVar[_Remembered | None] = ContextVar("mails_of_this_case", default=None)


@contextmanager
def each_mail_once() -> Iterator[None]:
    """Within it a mail is taken apart once, however many stages ask for its words; at its end all are forgotten, so
    that no customer's words outlive the work on their case."""
    token = _remembered.set(_Remembered())
    try:
        yield
    finally:
        _remembered.reset(token)


def seen_and_hidden(html: str) -> tuple[str, str]:
    """The text of an HTML mail as a reader sees it, and the text that was hidden from the reader."""
    remembered = _remembered.get()
    if remembered is None:
        return taken_apart(html)
    if html not in remembered.seen:
        remembered.seen[html] = taken_apart(html)
    return remembered.seen[html]


def read(html: str, text: str = "", *, as_forward: bool = False) -> Words:
    """From a message's HTML (or its plain text, if there is no HTML) to what was written now. Never raises.
    `as_forward`: its own subject says that it passes a mail on."""
    remembered = _remembered.get()
    if remembered is None:
        return _read(html, text, as_forward)
    if (html, text, as_forward) not in remembered.read:
        remembered.read[html, text, as_forward] = _read(html, text, as_forward)
    return remembered.read[html, text, as_forward]


def names_a_forward(subject: str) -> bool:
    """Whether a mail program has marked it as that of a mail that is passed on: Outlook does so in the subject only. A
    reply to such a mail says so after "Re:"."""
    return bool(_FORWARD.match(subject))


def _read(html: str, text: str, as_forward: bool) -> Words:
    visible, hidden = seen_and_hidden(html) if html.strip() else (text, "")
    had_invisible = bool(re.search("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", visible))
    whole = clean(visible)
    trimmed = trim(whole[:_MOST], as_forward)
    now, closing = _spoken(trimmed.written)
    return Words(
        now=now[:LONGEST],
        quoted="\n".join(part for part in (closing, trimmed.rest) if part)[:LONGEST],
        hidden=clean(hidden)[:LONGEST],
        had_invisible=had_invisible,
        cut_short=len(now) > LONGEST or not _only_quotes(whole[_MOST:]),
        written=trimmed.written[:LONGEST],
        forwarded=trimmed.forwarded[:LONGEST],
        own=trimmed.own or not trimmed.written,
    )


def _only_quotes(rest: str) -> bool:
    """Whether what follows the line that was cut through is the tail of a long history, and nothing new."""
    return all(line.startswith(">") or not line.strip() for line in rest.split("\n")[1:])


def _spoken(written: str) -> tuple[str, str]:
    """Without the quotes between which it was written, and without the sign-off; all of it where nothing else is."""
    lines = written.split("\n")
    own = [line for line in lines if not line.startswith(">")]
    body = without_closing(own if "".join(own).strip() else lines)
    now = re.sub(r"\n{3,}", "\n\n", "\n".join(body)).strip()
    return (now, "\n".join(own[len(body) :]).strip()) if now else (written, "")
