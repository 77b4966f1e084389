"""What the customer wrote now: HTML to the text a person would see, without quoted history and signature.

Hidden text (display:none, font size 0, white on white, off-screen) is kept apart: nobody saw it, so it is no part of
the message, but its presence is a sign of a hostile mail. Called by the pipeline, for every message.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag

# Zero-width and bidi controls, soft hyphen, variation selectors, the tag block U+E0000-E007F: invisible to the reader,
# visible to a model.
_INVISIBLE = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BLOCK = {
    "p",
    "div",
    "br",
    "li",
    "tr",
    "table",
    "ul",
    "ol",
    "blockquote",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
}
_TIGHT = {"br", "li", "tr"}  # one line break, not a paragraph's two
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)"
    r"|(?:text-indent|left|top)\s*:\s*-\d{3,}|max-height\s*:\s*0|mso-hide\s*:\s*all",
    re.I,
)
_COLOUR = re.compile(r"(?:^|;)\s*(background(?:-color)?|color)\s*:\s*([^;]+)", re.I)
_WHITE = {"#fff", "#ffffff", "white", "rgb(255,255,255)", "transparent"}

_QUOTE_HEADERS = (
    # With a date or an address in it: "On Friday I wrote:" is the customer's own sentence.
    re.compile(r"^\s*(?:>+\s*)?On\b(?=.{0,300}[\d@]).{4,300}\bwrote\s*:?\s*$", re.I | re.S),
    re.compile(
        r"^\s*(?:>+\s*)?(?:Am|Le|El|Em|Il|Op|Den|Dne|W dniu)\b.{4,300}"
        r"\b(?:schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napsal|napisał)\b.{0,120}:?\s*$",
        re.I | re.S,
    ),
    re.compile(r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.{0,80}(?:wrote|<[^>]+@[^>]+>)\s*:?\s*$", re.I),
    re.compile(r"^\s*-{2,}\s*(?:Original|Forwarded|Ursprüngliche|Weitergeleitete)\b.*$", re.I),
    re.compile(r"^\s*_{10,}\s*$"),
    re.compile(r"^\s*(?:Begin forwarded message|Sent from my .* on behalf).*$", re.I),
)
_WRAPPED = re.compile(r"^\s*(?:>+\s*)?(?:On|Am|Le|El|Em|Il|Op|Den|Dne|W dniu)\b")
_BARE_HEADER = re.compile(r"^\s*(?:>+\s*)?(?:On|Am|Le|El)\b.{2,300}\b(?:wrote|schrieb|a écrit|escribió)\s*:?\s*$", re.I)
_OUTLOOK = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van)\s*:\*?\s.+$", re.I)
_OUTLOOK_NEXT = re.compile(
    r"^\s*\*?(Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|Objet|Enviado|Asunto|Inviato|Oggetto)\s*:", re.I
)
_SIGNATURE = (
    re.compile(r"^--\s*$"),
    re.compile(r"^\s*(?:Sent from (?:my|Yahoo|Outlook|Mail)|Get Outlook for|Gesendet von|Envoyé de)\b.*$", re.I),
)
_CLOSING = re.compile(
    r"^\s*(?:(?:kind|best|warm|many)?\s*regards|best|cheers|sincerely|yours (?:truly|sincerely|faithfully)"
    r"|thanks(?: (?:and|&) regards)?|thank you|with regards|dhanyavaad|shukriya)\s*[,.!]*\s*$",
    re.I,
)
_DISCLAIMER = re.compile(
    r"^\s*(?:confidentiality notice|disclaimer\s*:"
    r"|this (?:e-?mail|message)(?: and any attachments?)? (?:is|are|may|contains?)\b.{0,80}"
    r"\b(?:confidential|privileged|intended (?:only |solely )?for|legally))",
    re.I,
)

# Characters of a message that are looked at. Rules and guards search with patterns that take far more than twice as
# long for twice the text: one mail of a megabyte would hold up every thread of a worker for minutes.
LONGEST = 20_000


@dataclass(frozen=True)
class Words:
    """`now`: what was written; `quoted`: history and signature, cut away; `hidden`: what no reader could see."""

    now: str
    quoted: str = ""
    hidden: str = ""
    had_invisible: bool = False
    cut_short: bool = False  # `now` goes on, beyond what anything may look at


def read(html: str, text: str = "") -> Words:
    """From a message's HTML (or its plain text, if there is no HTML) to what was written now. Never raises."""
    visible, hidden = seen_and_hidden(html) if html.strip() else (text, "")
    had_invisible = bool(re.search("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]", visible))
    now, quoted = cut(clean(visible))
    return Words(
        now=now[:LONGEST],
        quoted=quoted[:LONGEST],
        hidden=clean(hidden)[:LONGEST],
        had_invisible=had_invisible,
        cut_short=len(now) > LONGEST,
    )


def clean(text: str) -> str:
    """NFC, without control and invisible characters, at most one blank line between paragraphs."""
    text = unicodedata.normalize(
        "NFC", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " "))
    )
    lines = [re.sub(r"[ \t]+", " ", line).strip() for line in _INVISIBLE.sub("", text).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def seen_and_hidden(html: str) -> tuple[str, str]:
    """The text of an HTML mail as a reader sees it, and the text that was hidden from the reader."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup(["script", "style", "head", "title", "noscript", "template", "object", "iframe"]):
        tag.decompose()
    seen: list[str] = []
    hidden: list[str] = []
    # A stack of our own: a mail with ten thousand nested elements must not end in a RecursionError.
    stack: list[tuple[Tag | NavigableString | str, bool]] = [(soup, False)]
    while stack:
        node, is_hidden = stack.pop()
        if isinstance(node, Tag):
            _push(node, is_hidden, stack)
        elif not isinstance(node, Comment):
            (hidden if is_hidden else seen).append(str(node))
    return _joined(seen), _joined(hidden)


_BREAK, _QUOTE_OPEN = "\x00", "\x01"


def _push(tag: Tag, is_hidden: bool, stack: list[tuple[Tag | NavigableString | str, bool]]) -> None:
    """Children in order, with marks for line breaks around blocks and before quoted history."""
    is_hidden = is_hidden or _hides(tag)
    classes = " ".join(tag.get_attribute_list("class") or []).lower() if tag.attrs else ""
    quoted = (
        "gmail_quote" in classes
        or "yahoo_quoted" in classes
        or str(tag.get("id", "")).lower()
        in {"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"}
    )
    block = tag.name in _BLOCK
    if block and tag.name not in _TIGHT:
        stack.append((_BREAK, is_hidden))
    stack.extend((child, is_hidden) for child in reversed(tag.contents) if isinstance(child, (Tag, NavigableString)))
    if tag.name == "li":
        stack.append(("- ", is_hidden))
    if quoted or (tag.name == "blockquote" and tag.get("type") == "cite"):
        stack.append((_QUOTE_OPEN, is_hidden))
    if block:
        stack.append((_BREAK, is_hidden))
    elif tag.name in {"td", "th"}:
        stack.append((" ", is_hidden))


def _joined(pieces: list[str]) -> str:
    """White space of HTML source means nothing; only our marks break lines."""
    out = "".join(p if p in (_BREAK, _QUOTE_OPEN) else re.sub(r"[\s\x00\x01]+", " ", p) for p in pieces)
    out = re.sub(r" *\x00[\x00 ]*", lambda m: "\n" * min(m.group().count(_BREAK), 2), out)
    return out.replace(_QUOTE_OPEN, f"\n{QUOTED_FROM_HERE}\n")


QUOTED_FROM_HERE = "\ue000quoted\ue000"  # private use: no mail program writes it


def _hides(tag: Tag) -> bool:
    style = str(tag.get("style", ""))
    if tag.has_attr("hidden") or str(tag.get("aria-hidden", "")).lower() == "true" or _HIDDEN.search(style):
        return True
    colours = {k.lower().replace("-color", ""): v.strip().lower().replace(" ", "") for k, v in _COLOUR.findall(style)}
    own = colours.get("color") or str(tag.get("color", "")).lower()
    return bool(own) and (own == colours.get("background", "") or (own in _WHITE and "background" not in colours))


def cut(text: str) -> tuple[str, str]:
    """(what was written now, what was cut away). Never throws the answer away: if nothing would be left, all stays."""
    lines = text.split("\n")
    end = _history_starts(lines)
    kept = [line for line in lines[:end] if not line.lstrip().startswith(">")]
    answers_below = [line for line in lines[end:] if line.strip() and not line.lstrip().startswith(">")]
    if not "".join(kept).strip() and answers_below and any(line.lstrip().startswith(">") for line in lines[end:]):
        kept = answers_below[1:]  # quoted above, answered below; the first line is the header of the quote
    body = _without_signature(kept)
    now = "\n".join(body).replace(QUOTED_FROM_HERE, "").strip()
    if not now:
        return text.replace(QUOTED_FROM_HERE, "").strip(), ""
    rest = "\n".join(lines[end:] if end < len(lines) else kept[len(body) :])
    return re.sub(r"\n{3,}", "\n\n", now), rest.replace(QUOTED_FROM_HERE, "").strip()


def _history_starts(lines: list[str]) -> int:
    """The line at which quoted history begins; len(lines) if nowhere."""
    for i, line in enumerate(lines):
        if line == QUOTED_FROM_HERE:
            return _header_above(lines, i)
        if _starts_quote(lines[i : i + 3]) or (_is_outlook_header(lines[i : i + 6])):
            return i
    return len(lines)


def _starts_quote(lines: list[str]) -> bool:
    """A header of quoted mail; mail programs wrap "On ... wrote:" over two or three lines."""
    quoted_below = any(line.lstrip().startswith(">") for line in lines[1:3])
    if any(p.match(lines[0]) for p in _QUOTE_HEADERS) or (quoted_below and _BARE_HEADER.match(lines[0])):
        return True
    wrapped = [" ".join(part.strip() for part in lines[:n]) for n in range(2, len(lines) + 1)]
    return bool(_WRAPPED.match(lines[0])) and any(p.match(w) for p in _QUOTE_HEADERS[:2] for w in wrapped)


def _is_outlook_header(lines: list[str]) -> bool:
    """From, and below it both when and to whom or about what: a customer may well write "From: ... To: ..." himself."""
    below = {match.group(1).lower() for line in lines[1:] if (match := _OUTLOOK_NEXT.match(line))}
    return bool(_OUTLOOK.match(lines[0])) and len(below - {"to", "an"}) >= 1 and len(below) >= 2


def _header_above(lines: list[str], mark: int) -> int:
    """A quote's own header ("On ... wrote:") may stand just above the mark; it is no part of what was written now."""
    for i in range(max(0, mark - 4), mark):
        if any(p.match(" ".join(lines[i:mark]).strip()) for p in _QUOTE_HEADERS):
            return i
    return mark


def _without_signature(lines: list[str]) -> list[str]:
    for i, line in enumerate(lines):
        if any(p.match(line) for p in _SIGNATURE) or _DISCLAIMER.match(line):
            return lines[:i]
        # A closing followed by a few short lines is a signature; a closing in mid-text is not.
        tail = [x for x in lines[i + 1 :] if x.strip()]
        if i and _CLOSING.match(line) and len(tail) <= 8 and all(len(x) <= 70 and "?" not in x for x in tail):
            return lines[:i]
    return lines
