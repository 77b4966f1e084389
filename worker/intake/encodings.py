"""A webhook's body in Freshdesk's other encodings, XML and a form, as the same objects that JSON would be.

Reads names and short texts and nothing else; what the ticket's id is, webhook.py says, which calls this. XML that
declares a document type is not read at all: no entity is ever expanded, and nothing is fetched.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl
from xml.parsers import expat

_DEEP = 4  # levels that are kept
_MOST_FIELDS = 1_000
# All of it must be names and values: a text in which a link with "?id=5" stands is no form.
_FORM = re.compile(rb"\s*[\w.%\[\]-]+=[^&\s]*(?:&[\w.%\[\]-]+=[^&\s]*)*\s*")


class _Refused(ValueError):
    """A document type is declared."""


def from_xml(raw: bytes) -> dict[str, Any] | None:
    """Elements by name, those within others as objects, the first of several of one name; None for what is no XML."""
    if not raw.lstrip().startswith(b"<"):
        return None
    reader = _Elements()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.said
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError, LookupError):  # or an encoding that nobody knows
        return None
    return reader.root


def _refuse(*_: object) -> None:
    raise _Refused("a document type is declared")


class _Elements:
    """What the parser tells, put together as far down as anything is looked for."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[dict[str, Any]] = [self.root]
        self._texts: list[list[str]] = [[]]
        self._below = 0

    def begin(self, name: str, _: object) -> None:
        if self._below or len(self._open) > _DEEP:
            self._below += 1
            return
        self._open.append({})
        self._texts.append([])

    def said(self, text: str) -> None:
        if not self._below:
            self._texts[-1].append(text)

    def end(self, name: str) -> None:
        if self._below:
            self._below -= 1
            return
        inner, text = self._open.pop(), "".join(self._texts.pop())
        self._open[-1].setdefault(name.replace("-", "_"), inner or text)


def from_form(raw: bytes) -> dict[str, Any] | None:
    """Fields by name, `a[b]` as b in the object a, the first of several of one name; None for what is no form."""
    if not _FORM.fullmatch(raw):
        return None
    try:
        fields = parse_qsl(raw.strip().decode("ascii", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    root: dict[str, Any] = {}
    for name, value in fields:
        *outer, last = re.findall(r"[^\[\]]+", name)[:_DEEP] or [""]
        place: Any = root
        for part in outer:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place.setdefault(last, value)
    return root
