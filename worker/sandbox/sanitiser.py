"""What the server does to the HTML of a reply or note: dangerous things go, links get rel and target, a <div> around.

Also the server's plain-text rendering of a body. Comments, `data-*`, `class` and hidden markers do not survive: nobody
has confirmed that they would, so nothing may rely on them.
"""

from __future__ import annotations

import html
import re

import nh3

_TAGS = frozenset(
    "a b blockquote br code div em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub sup table tbody td th "
    "thead tr u ul".split()
)
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_BLOCK_END = re.compile(r"<\s*(?:br|hr|/p|/div|/li|/h[1-6]|/tr|/blockquote|/pre|/ul|/ol)\b[^>]*>", re.I)
_ANY_TAG = re.compile(r"<[^>]+>")


# Made once: putting one together takes longer than a mail's cleaning.
_OF_MAIL = nh3.Cleaner(
    tags=nh3.ALLOWED_TAGS | _TAGS | {"font", "center"},
    attributes=nh3.ALLOWED_ATTRIBUTES
    | {
        "*": {"style", "class", "id", "hidden", "dir", "align", "width", "height", "bgcolor"},
        "font": {"color", "size", "face"},
    },
    url_schemes=_SCHEMES | {"cid"},
)
_OF_REPLY = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    url_schemes=_SCHEMES,
    link_rel="noreferrer",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def received(body: str) -> str:
    """A customer's mail as the server keeps it: scripts go; layout and styles stay, and text that they hide."""
    return f"<div>{_OF_MAIL.clean(body)}</div>"


def sanitise(body: str) -> str:
    """`body` of a reply or note as the server would keep it, in its <div>."""
    return f"<div>{_OF_REPLY.clean(body)}</div>"


def as_text(body: str) -> str:
    """The server's text rendering: one line per block, white space folded."""
    text = html.unescape(_ANY_TAG.sub("", _BLOCK_END.sub("\n", body)))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def from_text(text: str) -> str:
    """Typed text as the HTML a mail program would have sent: paragraphs at blank lines."""
    blocks = re.split(r"\n\s*\n", text.strip().replace("\r\n", "\n"))
    return "".join("<p>" + html.escape(block, quote=False).replace("\n", "<br>") + "</p>" for block in blocks if block)
