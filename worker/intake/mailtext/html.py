"""An HTML mail as its reader saw it: the visible text, and apart from it what was hidden.

Quoted mail, which programs put into blockquotes of their own, comes out as lines that begin with ">", and a mail
program's signature as lines that begin with SIGNED. Called by read() only.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from bs4.element import Comment, NavigableString, Tag

from worker.intake.mailtext.colours import hides
from worker.knowledge.words import sendable

QUOTED_FROM_HERE = "\ue000quoted\ue000"  # private use: no mail program writes it
SIGNED = "\ue001"

_BLOCK = set("p div br li tr table ul ol blockquote pre h1 h2 h3 h4 h5 h6 hr".split())
_TIGHT = {"br", "li", "tr"}  # one line break, not a paragraph's two
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)"
    r"|(?:text-indent|left|top)\s*:\s*-\d{3,}|max-height\s*:\s*0|mso-hide\s*:\s*all",
    re.I,
)
_QUOTES = re.compile(r"gmail_quote|yahoo_quoted|protonmail_quote|freshdesk_quote|moz-cite|zmail_extra|tutanota_quote")
_QUOTE_IDS = {"divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container"}
_SIGNATURES = re.compile(r"gmail_signature|moz-signature|applemailsignature|ms-outlook-mobile-signature")
_COMMENT, _COMMENT_END = re.compile(r"<!--[^>]*>"), re.compile(r"--[\s!]*>")
_BREAK, _MARK, _QUOTE_IN, _QUOTE_OUT, _SIGN_IN, _SIGN_OUT = "\x00", "\x01", "\x02", "\x03", "\x04", "\x05"
_MARKS = {_BREAK, _MARK, _QUOTE_IN, _QUOTE_OUT, _SIGN_IN, _SIGN_OUT}


def seen_and_hidden(html: str) -> tuple[str, str]:
    """The text of an HTML mail as a reader sees it, and the text that was hidden from the reader."""
    soup = BeautifulSoup(_closed(sendable(html)), "html.parser")
    for tag in soup(["script", "style", "head", "title", "noscript", "template", "object", "iframe"]):
        tag.decompose()
    seen: list[str] = []
    hidden: list[str] = []
    # A stack of our own: a mail with ten thousand nested elements must not end in a RecursionError.
    stack: list[tuple[Tag | NavigableString | str, bool, bool]] = [(soup, False, False)]
    while stack:
        node, is_hidden, in_quote = stack.pop()
        if isinstance(node, Tag):
            _push(node, is_hidden, in_quote, stack)
        elif not isinstance(node, Comment):
            (hidden if is_hidden else seen).append(str(node))
    return _joined(seen), _joined(hidden)


def _closed(html: str) -> str:
    """With each tag or comment that nothing ends as the text that it shows as. Left to itself, Python's parser looks
    for the end of each up to the end of the mail, and as of 3.11.14 leaves out all that follows the first."""
    commented = max((end.end() for end in _COMMENT_END.finditer(html)), default=0)
    tagged = html.rfind(">") + 1
    return html[:commented] + _COMMENT.sub(_as_text, html[commented:tagged]) + html[tagged:].replace("<", "&lt;")


def _as_text(comment: re.Match[str]) -> str:
    return comment.group().replace("<", "&lt;")


def _push(
    tag: Tag, is_hidden: bool, in_quote: bool, stack: list[tuple[Tag | NavigableString | str, bool, bool]]
) -> None:
    """Children in order, with marks for line breaks around blocks, around quotes and signatures."""
    is_hidden = is_hidden or _hides(tag)
    named = " ".join([*tag.get_attribute_list("class"), str(tag.get("id") or "")]).lower() if tag.attrs else ""
    container = bool(_QUOTES.search(named)) or str(tag.get("id") or "").lower() in _QUOTE_IDS
    quote = tag.name == "blockquote" and (container or in_quote or tag.get("type") == "cite")
    around = (_QUOTE_IN, _QUOTE_OUT) if quote else (_SIGN_IN, _SIGN_OUT) if _SIGNATURES.search(named) else None
    block = tag.name in _BLOCK or around is not None

    def put(mark: str) -> None:
        stack.append((mark, is_hidden, in_quote))

    if block and tag.name not in _TIGHT:
        put(_BREAK)
    if around:
        put(around[1])
    inside = in_quote or container or quote
    stack.extend(
        (child, is_hidden, inside) for child in reversed(tag.contents) if isinstance(child, (Tag, NavigableString))
    )
    if tag.name == "li":
        put("- ")
    if around:
        put(around[0])
    if (container or quote) and not in_quote:
        put(_MARK)
    if block:
        put(_BREAK)
    elif tag.name in {"td", "th"}:
        put(" ")


def _joined(pieces: list[str]) -> str:
    """White space of HTML source means nothing; only our marks break lines."""
    out = "".join(p if p in _MARKS else re.sub(r"[\s\x00-\x05]+", " ", p) for p in pieces)
    out = re.sub(r" *\x00[\x00 ]*", lambda m: "\n" * min(m.group().count(_BREAK), 2), out)
    out = out.replace(_MARK, f"\n{QUOTED_FROM_HERE}\n")
    lines: list[str] = []
    quoted = signed = 0
    for piece in re.split(r"([\x02-\x05\n])", out):
        if piece in {_QUOTE_IN, _QUOTE_OUT}:
            quoted += 1 if piece == _QUOTE_IN else -1
        elif piece in {_SIGN_IN, _SIGN_OUT}:
            signed += 1 if piece == _SIGN_IN else -1
        elif piece != "\n":
            begin = (">" * min(quoted, 5) + " " if quoted else SIGNED if signed else "") if piece.strip() else ""
            lines.append(piece if piece == QUOTED_FROM_HERE else begin + piece)
    return "\n".join(lines)


def _hides(tag: Tag) -> bool:
    style = str(tag.get("style", ""))
    if tag.has_attr("hidden") or str(tag.get("aria-hidden", "")).lower() == "true" or _HIDDEN.search(style):
        return True
    return hides(tag)
