"""The patterns by which promises.py recognises a promise: who acts, a verb form that commits, an act.

Each pattern may have the groups `verb` (what is promised), `no` (it is denied) and `now` (it is said to be under way).
"""

from __future__ import annotations

import re
from functools import cache

from worker.lookout import Patterns


def _any(*words: str) -> str:
    """One of these words or phrases; a space stands for any white space."""
    return "(?:" + "|".join(word.replace(" ", r"\s+") for phrases in words for word in phrases.split(", ")) + ")"


_STAFF = _any(
    "teams?, departments?, agents?, colleagues?, executives?, managers?, officers?, representatives?, specialists?",
    r"experts?, advis[eo]rs?, staff, desk",
)
_AT_ONCE = _any(
    "also, certainly, definitely, surely, gladly, happily, personally, soon, then, now, just, already, immediately",
    "promptly, shortly, of course, always, all, today, only, be able to, try to, do our best to, make sure to",
    "make sure that we, ensure that we, ensure you, ensure to, go ahead and",
)
_SOON = rf"(?:\s+{_AT_ONCE})*"
_NOT = (
    r"(?P<no>\s+(?:not|never|no\s+longer)\b(?!\s+(?:only|fail|hesitate)\b)|n['’]t\b)?"
    r"(?:\s+(?:not|never)\s+(?:only|fail\s+to|hesitate\s+to))?"
)
_GOING = r"(?:going|about|committed)\s+to"
_WILL = (
    rf"(?:['’]ll|['’](?:re|m|s)\s+{_GOING}|\s+(?:will|wo(?=n['’]t)|shall|(?:am|are|is)\s+{_GOING}"
    rf"|(?:promise|guarantee|commit|undertake|agree|aim|intend|plan)[sd]?\s+to)){_NOT}"
)
_DONE = _any(
    "refunded, reimbursed, compensated, credited, paid, repaid, returned, reversed, waived, transferred",
    "released, processed, resolved, fixed, corrected, approved, cancell?ed, escalated, forwarded, passed",
    "raised, flagged, assigned, reported, initiated, issued, arranged, scheduled, expedited, prioriti[sz]ed",
    "unlocked, unblocked, unfrozen, reset, updated, changed, added, removed, deleted, closed, reopened",
    "completed, sorted, handled, answered, called, contacted, informed, notified, checked, reviewed",
    "investigated, traced, verified, sent, extended, applied, set, made, asked, requested, taken care of",
    "done, looked into, registered, logged",
)
_DOING = _any(
    "refunding, reimbursing, compensating, crediting, paying, returning, reversing, waiving, processing, escalating",
    "forwarding, passing, raising, initiating, arranging, expediting, calling, fixing, resolving, investigating",
    "looking into, checking, transferring, releasing, sending",
)
_MONEY = _any(
    "refund, money, amount, payment, funds?, withdrawal, credit, balance, interest, reward, bonus, cashback",
    "compensation",
)
_YOU_GET = (
    rf"(?:receive|get|hear|have\s+(?:your|the|a|it)|be\s+(?:{_DONE}|given|offered)|see\s+(?:your|the)\s+{_MONEY})"
)
_IT = r"\b(?:your|the|this|that|it|all|a|an|every\w*)\b(?:\s+[\w-]+){0,5}?"
_EXCEPTION = _any(
    r"as an? (?:[\w-]+\s+)?exception",
    r"(?:make|made|making|grant\w*|allow\w*) (?:you\s+)?an? (?:[\w-]+\s+)?exception",
    "exception for you, exception in your case, goodwill gesture, gesture of goodwill, as a courtesy, as a favou?r",
    "as a special courtesy, as a special favou?r, just this once, for once, bend the rules",
)
_GUARANTEE = (
    r"(?:(?:i|we)(?:\s+(?:can|do|hereby|fully|really|personally|will)|['’]ll)*"
    r"\s+(?:promise|guarantee|assure|vow|swear|commit)\b(?!\s+to\b)|"
    + _any(
        "rest assured, be assured, you have my word, you have our word, give you my word, give you our word",
        "is guaranteed, are guaranteed, be guaranteed, fully guaranteed, consider it done, without fail",
        "no matter what",
    )
    + ")"
)
_WILL_HAS = ("ll", "won", "going", "about", "commit")
# By pattern, what every match has one of, in small letters.
_NEEDS: dict[str, tuple[str, ...]] = {
    "we will": (*_WILL_HAS, "promise", "guarantee", "undertake", "agree", "aim", "intend", "plan"),
    "let me": ("let",),
    "you will": _WILL_HAS,
    "entitled": ("entitled", "owed", "due"),
    "expect": ("expect",),
    "it will": _WILL_HAS,
    "money comes": _WILL_HAS,
    "done": ("ed", "paid", "unfrozen", "set", "sent", "made", "done", "taken"),
    "was done": ("been", "being", "was", "were", "reached", "arrived", "landed", "failed"),
    "doing": ("ing", "way"),
    "exception": ("exception", "goodwill", "courtesy", "favo", "once", "bend"),
    "guarantee": ("promis", "guarantee", "assure", "vow", "swear", "commit", "word", "consider", "fail", "matter"),
}


@cache
def patterns(company: str) -> Patterns[str]:
    """By name; `company` is how the company calls itself in its mails."""
    who = (
        rf"(?:we|i|someone|somebody|one\s+of\s+(?:us|our\s+\w+)|{re.escape(company)}"
        rf"|(?:our|the|a|an|your|my|another)\s+(?:[\w-]+\s+){{0,2}}?{_STAFF})"
    )
    will = rf"(?:['’]ll|\s+(?:will|wo(?=n['’]t)|shall|(?:is|are)\s+{_GOING})){_NOT}{_SOON}"
    written = {
        "we will": rf"\b{who}{_WILL}{_SOON}\s+(?P<verb>(?:be\s+)?[a-z-]+)",
        "let me": rf"\blet\s+(?:me|us){_SOON}\s+(?P<verb>(?!know\b)[a-z-]+)",
        "you will": rf"\byou{will}\s+(?P<verb>{_YOU_GET})\b",
        "entitled": r"\byou\s+(?:are|will\s+be)\s+(?:entitled\s+to|owed|due)\s+(?P<verb>an?|your|the|our|[a-z]+)\b",
        "expect": r"(?:\byou\s+(?:can|may|should)\s+|^\W*|[;:–—-]\s+|,\s+and\s+|\bplease\s+)"
        r"expect\s+(?P<verb>an?|your|the|our|to\s+\w+)\b",
        "it will": rf"{_IT}{will}\s+(?:have\s+been|be){_SOON}\s+(?P<verb>{_DONE})\b",
        "money comes": rf"\b{_MONEY}\b(?:\s+[\w-]+){{0,3}}?{will}"
        r"\s+(?P<verb>reach|arrive|land|come|be\s+(?:with\s+you|in\s+your|there|yours|available))",
        "done": rf"\b{who}(?:['’](?:ve|s)|\s+(?:have|has|had))?{_NOT}{_SOON}\s+(?P<verb>{_DONE})\b",
        "was done": rf"\b(?:has|have){_NOT}{_SOON}\s+been{_SOON}\s+(?P<verb>{_DONE})\b"
        rf"|\b(?:is|are)\s+being\s+(?P<now>{_DONE})\b"
        rf"|\byour\b(?:\s+(?!that\b|which\b|when\b)[\w-]+){{1,3}}?\s+(?:was|were)\s+{_DONE}\b"
        rf"|\byour\b(?:\s+[\w-]+){{0,2}}?\s+{_MONEY}\s+(?:(?:has|have)\s+)?(?:already\s+|now\s+)?(?:reached|arrived|landed|failed)\b",
        "doing": rf"\b{who}(?:['’](?:m|re|s)|\s+(?:am|are|is)){_NOT}{_SOON}\s+(?P<verb>{_DOING})\b"
        rf"|\b{_MONEY}\b(?:\s+[\w-]+){{0,3}}?\s+(?:is|are)\s+(?:already\s+|now\s+)?on\s+(?:its|the|their)\s+way\b",
        "exception": rf"\b{_EXCEPTION}\b",
        "guarantee": rf"\b{_GUARANTEE}\b",
    }
    return Patterns({name: re.compile(pattern, re.I) for name, pattern in written.items()}, _NEEDS)
