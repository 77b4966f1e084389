"""From parts to the mail: greeting, sign-off, paragraphs, lists, links and HTML are made here, by code.

The writer gives plain sentences only. Everything is escaped, then cleaned once more by nh3, so that even a mistake here
cannot let a model's markup out. Called by generate and by the console after an edit.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3

from worker.models import Part
from worker.support.sentences import ITEM, paragraphs

ALLOWED_TAGS = {"p", "br", "b", "strong", "i", "em", "ul", "ol", "li", "a", "code", "pre", "blockquote"}
_URL = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]")


@dataclass(frozen=True)
class Letter:
    """What surrounds the sentences. `link_hosts`: the only hosts that become links (their subdomains too)."""

    greeting: str
    sign_off: str
    link_hosts: tuple[str, ...] = ()


def render(parts: Sequence[Part], letter: Letter, layouts: Sequence[str] = ()) -> tuple[str, str]:
    """(html, text) of the whole mail. `layouts`: texts whose paragraph breaks sentences taken from them should keep."""
    return render_blocks([b for part in parts for b in _blocks(part, layouts)], letter)


def render_text(body: str, letter: Letter) -> tuple[str, str]:
    """(html, text) of what a reviewer typed: paragraphs and lists in the same light formatting."""
    return render_blocks(paragraphs(body), letter)


def render_blocks(blocks: Sequence[str], letter: Letter) -> tuple[str, str]:
    """(html, text) from paragraphs and list items ("- ..." or "1. ...")."""
    out = [f"<p>{_line(letter.greeting, ())}</p>"]
    items: list[str] = []
    kind = "ul"
    for block in [*blocks, ""]:
        mark = ITEM.match(block)
        wanted = "ol" if mark and mark.group().strip()[0].isdigit() else "ul"
        if items and (not mark or wanted != kind):
            out.append(f"<{kind}>{''.join(items)}</{kind}>")
            items = []
        if mark:
            kind = wanted
            items.append(f"<li>{_line(block[mark.end() :], letter.link_hosts)}</li>")
        elif block:
            out.append(f"<p>{_line(block, letter.link_hosts)}</p>")
    out.append(f"<p>{'<br>'.join(_line(line, ()) for line in letter.sign_off.split(chr(10)))}</p>")
    text = "\n\n".join([letter.greeting, "\n\n".join(blocks), letter.sign_off])
    return clean_html("".join(out), letter.link_hosts), re.sub(r"\n\n(?=(?:[-*•]|\d{1,2}[.)])\s)", "\n", text)


def clean_html(body: str, link_hosts: Sequence[str]) -> str:
    """The allowlist that every outgoing body passes: tags, https and mailto only, hosts from the list, no images."""

    def href_only(tag: str, attribute: str, value: str) -> str | None:
        if tag != "a" or attribute != "href":
            return None
        return value if value.startswith("mailto:") or host_allowed(value, link_hosts) else None

    return nh3.clean(
        body,
        tags=ALLOWED_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "mailto"},
        attribute_filter=href_only,
        link_rel=None,
    )


def host_allowed(url: str, link_hosts: Sequence[str]) -> bool:
    """https, no user or port tricks, and a host of the list or below one of it. No text raises: what cannot be read as
    a link, as "https://[your-bank]/login" or a port of letters cannot, leads nowhere that we know."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        plain = parts.scheme == "https" and not parts.username and parts.port is None
    except ValueError:
        return False
    return plain and any(host == allowed or host.endswith(f".{allowed}") for allowed in link_hosts)


def _line(text: str, link_hosts: Sequence[str]) -> str:
    out, at = [], 0
    for found in _URL.finditer(text):
        out.append(html.escape(text[at : found.start()]))
        url = html.escape(found.group())
        out.append(f'<a href="{url}">{url}</a>' if host_allowed(found.group(), link_hosts) else url)
        at = found.end()
    return "".join([*out, html.escape(text[at:])])


def _blocks(part: Part, layouts: Sequence[str]) -> list[str]:
    """Sentences joined to paragraphs: list items stand alone, and a template's own paragraph breaks are kept."""
    homes = [[_folded(p) for p in paragraphs(layout)] for layout in layouts]
    blocks: list[str] = []
    last: object = None
    for sentence in part.sentences:
        home = _home(_folded(sentence.text), homes)
        if ITEM.match(sentence.text):
            blocks.append(sentence.text.strip())
            last = None
        elif blocks and last is not None and (home == last or home is _NOWHERE):
            blocks[-1] = f"{blocks[-1]} {sentence.text.strip()}"
        else:
            blocks.append(sentence.text.strip())
            last = home
    return blocks


_NOWHERE = (-1, -1)


def _home(text: str, homes: list[list[str]]) -> tuple[int, int]:
    for i, blocks in enumerate(homes):
        for j, block in enumerate(blocks):
            if text and text in block:
                return (i, j)
    return _NOWHERE


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
