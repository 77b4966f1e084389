"""What a sentence assures ("your money is safe with us", "you will certainly get it") and what it says of how things
stand with this very customer ("your withdrawal failed").

Not a guard itself: `commitments` asks whether a source assures the same, and whether a source, the record or the
customer's own words say the same of this customer. By grammar, without a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_CERTAIN = (
    r"(?:certainly|definitely|surely|guaranteed\s+to|sure\s+to|certain\s+to|bound\s+to|absolutely"
    r"|without\s+(?:a\s+)?(?:doubt|fail))"
)
_SAFE = r"(?:safe|secure|secured|protected|assured|insured|risk[\s-]free|guaranteed)"
_ASSURES = re.compile(
    rf"\b(?:will|['’]ll|are|is)\s+(?:(?!not\b)\w+\s+)?{_CERTAIN}\b|\b{_CERTAIN}\s+(?:will|be|get|receive|earn|arrive|reach)\b"
    r"|\b(?:is|are|be|been|feel|stays?|remains?)\s+(?:(?:fully|completely|entirely|totally|always|perfectly|very|quite|100\s*%|absolutely)\s+)*"
    rf"{_SAFE}\b(?!\s+from\b)"
    r"|\b(?:rest\s+(?:easy|assured)|be\s+(?:\w+\s+)?(?:assured|confident|certain|sure)\s+(?:that|of)|count\s+on|rely\s+on|trust\s+us"
    r"|peace\s+of\s+mind|safe\s+and\s+sound|in\s+(?:good|safe)\s+hands|no\s+risk|zero\s+risk|risk[\s-]free|without\s+(?:any\s+)?risk"
    r"|nothing\s+(?:can|will)\s+(?:go\s+wrong|happen\s+to)|(?:can\s?not|can['’]t|will\s+not|won['’]t|never)\s+lose"
    r"|no\s+(?:reason|need)\s+to\s+worry|(?:do\s+not|don['’]t)\s+(?:need\s+to\s+|have\s+to\s+)?worry|100\s*%\s+(?:safe|secure|certain|sure))\b",
    re.I,
)
_DENIED = re.compile(r"\b(?:not|never|no|nobody|neither|nor|cannot|without)\b[^.;,]{0,30}$|n['’]t\b[^.;,]{0,30}$", re.I)
_SUBJECT = (
    r"\byour\s+(?:[\w+-]+\s+){0,3}?(?:accounts?|withdrawals?|deposits?|payments?|transfers?|transactions?|requests?|kyc|money|refund"
    r"|investment|documents?|pan|aadhaar|nominees?|reward|claim|complaint|sign-in|login|profile|application|statement|card|loan|balance"
    r"|certificate|selfie|proof|upload|order|bank|funds)"
)
_STATE = (
    r"(?P<state>fail(?:ed)?|block(?:ed)?|lock(?:ed)?|frozen|froze|suspended|deactivated|disabled|closed|rejected|declined|refused|denied"
    r"|approved|verified|pending|delayed|stuck|on\s+hold|under\s+review|in\s+review|overdue|queued|cancell?ed|reversed|expired|successful"
    r"|completed?|active|inactive|processed|processing|credited|debited|received|returned|bounced|incomplete|incorrect|wrong|missing|flagged"
    r"|restricted|paused|refunded|paid(?:\s+out)?|unsuccessful|in\s+order|up\s+to\s+date|registered|on\s+its\s+way|in\s+the\s+queue)"
)
_STANDS = re.compile(
    rf"{_SUBJECT}(?:\s+(?:of|from|to|in|for|with)\s+(?:[\w+.,₹-]+\s+){{0,4}}?[\w+.,₹-]+)??"
    r"\s+(?:(?:has|have|had|is|are|was|were|got|seems?|appears?|looks?|remains?|went|came)\s+)"
    rf"(?:(?:now|currently|already|still|just|unfortunately|being|been|to|be|temporarily|not|indeed|fully|also)\s+)*{_STATE}\b"
    rf"|{_SUBJECT}\s+(?:failed|bounced|expired)\b",
    re.I,
)
_GENERAL = re.compile(
    r"\b(?:if|once|when|whenever|until|unless|in\s+case|after|as\s+soon\s+as|whether|while|by\s+the\s+time|before|within|each|every|always"
    r"|usually|normally|can|may|must|should|will|would|on\s+(?:the\s+)?\d|from\s+\d|for\s+\d|at\s+maturity)\b",
    re.I,
)
_ASKS = re.compile(r"^\W*(?:is|are|was|were|has|have|had|did|does|do|will|can|could)\b|\b(?:whether|or\s+not)\b", re.I)
_PIECES = re.compile(r"(?<=[.?!\n])\s+|\n|,\s+(?=(?:is|are|was|has|have|did|do|does|will|can)\b)", re.I)


def assurances(text: str) -> Iterator[str]:
    """The words by which it assures something, unless it denies that."""
    for match in _ASSURES.finditer(text):
        if not _DENIED.search(text[: match.start()]):
            yield match.group()


def states(text: str) -> Iterator[tuple[str, str]]:
    """(words, state) of what it says of this customer's own affairs as a fact, not as a rule or under a condition."""
    for match in _STANDS.finditer(text):
        if not _GENERAL.search(text):
            yield match.group(), " ".join((match["state"] or match.group().split()[-1]).casefold().split())


def told_by_customer(state: str, message: str) -> bool:
    """Whether the customer says so, and does not ask it."""
    stem = re.compile(rf"\b{re.escape(state.removesuffix('ed').removesuffix('e'))}", re.I)
    return any(stem.search(piece) and not _ASKS.search(piece) for piece in _PIECES.split(message))
