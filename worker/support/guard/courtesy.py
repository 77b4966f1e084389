"""Which sentences only keep good manners: thanks, regret, an offer of help, what was asked said once more.

Not a guard itself: such a sentence needs no source, since it states nothing. It may use words of courtesy and words
that the customer wrote; any other word, number or promise makes it a statement like all others.
"""

from __future__ import annotations

import re

from worker.support.guard.content import COMMON, stem
from worker.support.guard.tokens import tokens
from worker.support.guard.turns import turns
from worker.support.promises import promises

_WE = r"(?:we|i)(?:\s+(?:are|am|do|can|fully|quite|completely|really|very\s+much)|['’](?:re|m))*"
_OPENS = re.compile(
    r"^(?:yes\s*,\s*|no\s*,\s*|of\s+course\s*[,.]\s*)?(?:"
    r"(?:many\s+|so\s+)?(?:thanks|thank\s+you)\b"
    rf"|(?:{_WE}\s+)?(?:(?:very|so|truly|really|extremely)\s+)?sorry\b(?!\s*,?\s*but\b)"
    rf"|(?:please\s+accept\s+)?(?:our\s+|my\s+)?(?:sincere\s+)?apologies\b|{_WE}\s+apologi[sz]e\b"
    rf"|{_WE}\s+understand\s+(?:your|how|why|that\s+(?:you|this|it|waiting))\b|{_WE}\s+appreciate\b"
    rf"|(?:{_WE}\s+)?(?:would\s+be\s+|will\s+be\s+|['’]ll\s+be\s+)?(?:always\s+)?(?:happy|glad|pleased)"
    r"\s+(?:to\s+(?:help|assist|hear|explain|answer)|that\s+(?:we|this|you|it))\b"
    r"|it\s*(?:['’]s|\s+is)\s+(?:great|good|nice|lovely|wonderful)\s+to\s+hear\b"
    rf"|(?:{_WE}\s+)?hope\s+(?:this|that|it|the)\b|(?:please\s+|do\s+|please\s+do\s+|just\s+)?(?:feel\s+free|let\s+us\s+know)\b"
    r"|please\s+do(?:\s+not|n['’]t)\s+hesitate\b|you\s*(?:['’]re|\s+are)\s+(?:very\s+|most\s+)?welcome[.!]*$"
    r"|congratulations\b|(?:that|this)\s*(?:['’]s|\s+is)\s+an?\s+(?:very\s+)?(?:good|fair|great|common)\s+question\b"
    r"|(?:if|should)\s+you\s+(?:have|need)\b(?=.*\b(?:let\s+us\s+know|feel\s+free|hesitate|here\s+to\s+help|happy\s+to\s+help)\b)"
    r"|here\s*(?:['’]s|\s+is|\s+are)\s+(?:how|what|the\s+(?:steps|details|answers?))\b"
    r"|(?:let\s+(?:me|us)|allow\s+me\s+to)\s+explain\b"
    r"|you(?:\s+have|['’]ve)?\s+(?:asked|mentioned|wrote|said|told\s+us)\b"
    r"|you\s+(?:want(?:ed)?|would\s+like|wish(?:ed)?)\s+to\s+know\b|(?:as\s+for\s+)?your\s+question\s+(?:was|is)\b"
    r")",
    re.I,
)
_RESTATES = re.compile(r"^you(?:\s+have|['’]ve)?\s+(?:asked|mentioned|wrote|said|told|want|would|wish)", re.I)
_WORD = re.compile(r"[^\W\d_]+")
_MANNERS = frozenset(
    stem(word)
    for word in """
    yes thank thanks many much sorry apologies apologise apologize apology sincere sincerely regret course certainly
    happy glad pleased help helps helped helpful assist assistance hear explain answer answers answered hope great good
    nice lovely wonderful fair common important question questions query queries interest message mail email e-mail
    writing contacting contact reaching reach out getting touch letting telling asking asked mentioned wrote said told
    patience patient understanding understand appreciate concern concerns worry worrying worried frustrating annoying
    inconvenience inconvenient inconvenienced trouble difficulty delay waiting wait pleasant unpleasant confusing
    confusion experience situation matter caused cause causing having may anything else something other further
    more additional feel hesitate respond reply replying write back welcome congratulations here details steps below
    briefly quickly clear clears clarify clarifies useful best way whenever time any really very still always like wish
    know wanted would could able how long so well settled resolved understandable today
    giving give gave
    """.split()
)
_SMALL = frozenset(
    """
    a am an as at be by do he i in is it me my no of on or our ours ourselves she so that the them they this to too up
    us we were you your yours yourself ve re ll s m d t again about if and for with are was been
    """.split()
)
_ASSERTS = re.compile(r"\b(?:guarantee\w*|assur\w*|certain\w*|approv\w*|promis\w*|confirm\w*)\b", re.I)
_NO_DENIAL = re.compile(r"\bhesitate\b|\bnot\s+(?:pleasant|easy|nice|ideal|what\s+you)\b", re.I)
_CLAIMS = re.compile(  # a second clause: with words of the customer's own it could say anything
    r",|\b(?:that|and|but|so|because|can|may|might|will|shall|is|are|was|were|be|been|did|do|does|has|have|had|could|would|should"
    r"|must|to)\b|['’](?:s|re|ll|ve|d|m)\b",
    re.I,
)
_GOES_ON = re.compile(
    r"(?:[,;:–—]|\b(?:and|but|so)\b).*\b(?:can|may|might|will|is|are|was|did|do|does|has|could|should)\b", re.I
)
_OF_THEM = re.compile(r"^\W*(?:we|i)\s+(?:\w+\s+)?understand\s+that\s+you\b", re.I)
_TOLD = ("link", "address", "phone")


def courteous(sentence: str, asked: str, names: tuple[str, ...] = (), company: str = "") -> bool:
    """Whether it says nothing that a source would have to hold. `asked`: what the customer wrote."""
    opens = _OPENS.search(sentence)
    if opens is None or promises(sentence, company or "we"):
        return False
    restates = bool(_RESTATES.search(sentence))
    if restates and _GOES_ON.search(sentence):
        return False
    theirs = {(t.kind, t.value) for t in tokens(asked, names)} if restates else set()
    written = {word.casefold() for word in _WORD.findall(asked)}
    known = {stem(word) for word in written} | written
    for token in tokens(sentence, names):
        own = token.kind == "term" and token.value in ({company.casefold()} | known)
        if not own and ((token.kind, token.value) not in theirs or token.kind in _TOLD):
            return False
    if not restates and (_ASSERTS.search(sentence) or {"free", "only"} & turns(sentence).keys()):
        return False
    if turns(sentence)["no"] and not (
        restates or _OF_THEM.search(sentence) or turns(asked)["no"] or _NO_DENIAL.search(sentence)
    ):
        return False
    words = [word.casefold() for word in _WORD.findall(sentence)]
    usual = {company.casefold(), *_SMALL, *COMMON}
    theirs_too = [w for w in words if not (w in usual or stem(w) in _MANNERS)]
    if theirs_too and not restates and _CLAIMS.search(sentence[opens.end() :]):
        return False
    return all(w in known or stem(w) in known for w in theirs_too)
