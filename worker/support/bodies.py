"""The hash by which a stored body and what Freshdesk shows of it are recognised as the same."""

import hashlib
import html
import re
import unicodedata

from worker.intake.mailtext.plain import few_marks

# A tag ends before the next "<" at the latest: a mail of nothing else would be searched to its end from each.
_BREAKS = re.compile(r"<\s*(?:br|/p|/li|/div|/h[1-6]|/tr|/blockquote|/pre)\b[^<>]*>", re.I)
_TAGS = re.compile(r"<[^<>]+>")
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)]
)


def plain(body_html: str) -> str:
    """The words of an HTML body, entities decoded, white space folded: what survives any server's rendering."""
    text = html.unescape(_TAGS.sub("", _BREAKS.sub(" ", body_html)))
    return " ".join(unicodedata.normalize("NFKC", few_marks(text)).translate(_INVISIBLE).split())


def body_hash(body_html: str) -> str:
    """SHA-256 over the letters and digits of the body alone: a server that wraps, strips attributes, or moves white
    space and punctuation marks of lists must not make our own reply look like somebody else's."""
    words = "".join(c for c in plain(body_html).casefold() if c.isalnum())
    return hashlib.sha256(words.encode()).hexdigest()
