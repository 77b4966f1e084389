"""Personal numbers taken out of a mail before anything is made of it: payment cards, PAN, Aadhaar, bank accounts,
one-time codes. What stays is the kind and, where they are harmless, the last characters: "[card ending 1111]".

Pure text in, text out; no rules, no settings. What a number is follows from its check digits or its form, and from the
word that stands next to it: "order" and "account" tell twelve digits apart. Called by threads.read_thread for a mail,
and by facts.py for a customer's record.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from worker.intake.checksums import card_lengths, is_aadhaar, is_card
from worker.intake.folding import Folded, fold, fold_html

REACH = 40  # characters between a number and the word before it that says what it is
LAST = 4  # characters that stay
_SEP = r"[ \t\n.,:/_|*·•\-\u2010-\u2015\u2212]"
_RUN = re.compile(rf"\d(?:{_SEP}{{0,3}}\d)*")
_GROUP = re.compile(r"\d+")
_THREE = re.compile(r"\d(?:\D*\d){2}")  # digits: fewer are no number of anybody's
_MASKED = re.compile(r"\[(?:(?:card|PAN|Aadhaar|account) ending [^\]\s]{1,4}|one-time code|PIN|security code)\]")
_REGULAR = re.compile(r"\d{12,19}|(?:4|8|12)( (?:4|8|12)){1,3}( [1-4])?|4 6 [45]|6 6|1( 1)+|2( 2)+|3( 3)+|5( 5)+")
_PAN = re.compile(r"(?<![^\W_])[a-z]{3}[abcfghjlpt][a-z]\d{4}[a-z](?![^\W_])", re.I)
_PAN_APART = re.compile(
    r"(?<![^\W_])(?:[a-z][ .\-_/]?){3}[abcfghjlpt][ .\-_/]?[a-z][ .\-_/]?(?:\d[ .\-_/]?){4}[a-z](?![^\W_])", re.I
)
_CUE = re.compile(
    r"(?P<code>\b(?:otps?|one[\s-]?time\s+(?:pass(?:word|code)|pin|code)|passcode|(?:verification|security|login"
    r"|sign[\s-]?in|auth\w*)\s+(?:code|pin)|(?:upi|atm|m|t|card|login|app)[\s-]?pin|(?:cvv|cvc)2?)(?![^\W\d_])|ओटीपी)"
    r"|(?P<pin>\bpin(?![^\W\d_]|\s*-?code))"
    r"|(?P<aadhaar>\ba{1,2}dh?a{1,2}r(?![^\W\d_])(?:\s*(?:card|no(?![^\W\d_])|number))*|\buidai\b|आधार)"
    r"|(?P<pan>\bpan\b(?:\s*(?:card|no\b|number))*)"
    r"|(?P<card>\b(?:cards?|visa|rupay|master\s?card|amex|maestro)(?![^\W\d_])|कार्ड)"
    r"|(?P<account>\b(?:accounts?|a/c|acct?|khaa?ta|iban)(?![^\W\d_])|खात[ाे])"
    r"|(?P<phone>\b(?:phone|mobile|mob|cell|tel|telephone|contact|call|called|whatsapp|sms|dial|helpline|fax|reach\s+me"
    r"|number\s+registered)\b|मोबाइल|फ़ोन|फोन)"
    r"|(?P<other>\b(?:orders?|tickets?|transactions?|txns?|utr|rrn|refs?|reference|requests?|complaints?|cases?|invoices?"
    r"|bills?|tracking|awb|receipts?|ids?|arn|folio|ifsc|errors?|exceptions?|messages?|imei|serial|barcode|gstin?|policy|applications?|srn"
    r"|docket|challan|neft|imps|rtgs|upi|amount|balance|rs|inr|rupees|dated|since|year|pin\s*-?code)\b|[₹$€£])",
    re.I,
)
_SAID_CODE = re.compile(
    r"(?:is|was|as)\s+(?:(?:my|the|your)\s+)?(?:otp\b|one[\s-]?time|verification\s+code|cvv\b)", re.I
)
_AFTER_CODE = re.compile(rf"\s*{_SAID_CODE.pattern}", re.I)  # no search for it: it would begin at each space of many
_AFTER_ACCOUNT = re.compile(
    r"\s*(?:is|was)\s+(?:my|the|our)\s+(?:bank\s+|savings?\s+|current\s+)*(?:account|a/c)\b", re.I
)
_MEASURE = re.compile(
    r"\s?(?:%|rs\b|inr\b|rupees|lakhs?|lacs?|crores?|k\b|am\b|pm\b|min|hours?|hrs?|days?|sec|weeks?|months?|years?|times?"
    r"|attempts?|digits?)",
    re.I,
)
_ENDED = re.compile(r"[!?।]|[.;]\s+[A-Z]|\n\s*\n")  # what a word announced before this is over
_TOLL_FREE = re.compile(r"18[06]0")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Hit:
    """text[start:end] of the folded text, and what stands there instead."""

    start: int
    end: int
    shown: str


def mask(text: str) -> str:
    """`text` without personal numbers, in whatever digits and notation they are written."""
    for _ in range(5):  # a number that is gone may bring the next one closer to the word that names it
        folded = fold(text)
        hits = list(found(folded.text))
        if not hits:
            break
        text = _replaced(text, folded, hits)
    return text


def mask_html(html: str) -> str:
    """The same for HTML: numbers are found across tags, and the tags stay."""
    folded = fold_html(html)
    hits = list(found(folded.text))
    return _replaced(html, folded, hits) if hits else html


def has_numbers(text: str) -> bool:
    """Whether anything of `text` would be masked."""
    return next(found(fold(text).text), None) is not None


def found(text: str) -> Iterator[Hit]:
    """The personal numbers of a folded text, in no order; none overlap."""
    if not _THREE.search(text):
        return
    taken = [False] * len(text)
    for match in _MASKED.finditer(text):
        taken[match.start() : match.end()] = [True] * (match.end() - match.start())
    cues = [match for match in _CUE.finditer(text) if not taken[match.start()]]
    for hit in (*_pans(text, cues), *_numbers(text, cues)):
        if not any(taken[hit.start : hit.end]):
            taken[hit.start : hit.end] = [True] * (hit.end - hit.start)
            yield hit


def _pans(text: str, cues: Sequence[re.Match[str]]) -> Iterator[Hit]:
    for pattern in (_PAN, _PAN_APART):
        for match in pattern.finditer(text):
            cue = _cue(text, match.start(), cues)
            apart = pattern is _PAN_APART and not re.fullmatch(r"[A-Z]{5}\W?\d{4}\W?[A-Z]", match.group())
            an_error = text[match.end() : match.end() + 1] == ":"  # "EJPAS0017E: ..."
            if cue == "pan" or (cue != "other" and not apart and not an_error):
                letters = re.sub(r"[\W_]", "", match.group()).upper()
                yield Hit(*match.span(), f"[PAN ending {letters[-LAST:]}]")


def _numbers(text: str, cues: Sequence[re.Match[str]]) -> Iterator[Hit]:
    fewest = 3 if any(cue.lastgroup in ("code", "pin") for cue in cues) or _SAID_CODE.search(text) else 9
    for written in _RUN.finditer(text):
        if written.end() - written.start() < fewest:
            continue
        run = _run(text, *written.span())
        first = 0
        while first < len(run.groups):
            hit, used = _at(text, run, first, _cue(text, run.groups[first][0], cues))
            if hit:
                yield hit
            first += used


@dataclass(frozen=True)
class _Run:
    """Digits that may belong together. `before[i]`: how many of them stand before the i-th group; `after`: the kinds
    that the words behind the last one announce."""

    groups: Sequence[tuple[int, int]]
    digits: str
    before: Sequence[int]
    after: Sequence[_Kind]


def _run(text: str, start: int, end: int) -> _Run:
    groups = [match.span() for match in _GROUP.finditer(text, start, end)]
    before = list(accumulate((b - a for a, b in groups), initial=0))
    after = [kind for kind in _KINDS if kind.behind and kind.behind.match(text, end)]
    return _Run(groups, "".join(_GROUP.findall(text, start, end)), before, after)


def _at(text: str, run: _Run, first: int, cue: str) -> tuple[Hit | None, int]:
    """What begins with the group of digits `first`, and how many groups it takes up."""
    start, before = run.groups[first][0], run.before[first]
    lengths = card_lengths(run.digits[before : before + 4])
    for kind in _KINDS:
        # Words behind a number announce only what ends there.
        if cue not in kind.cues and kind not in run.after:
            continue
        fewest = bisect_left(run.before, before + kind.lengths.start, first)
        low = fewest if cue in kind.cues else max(fewest, len(run.groups))
        windows = range(low, bisect_left(run.before, before + kind.lengths.stop, first))
        # What the check digits prove is as short as it can be; what only a word announces, as long as it can be.
        for until in windows if kind.lengths.start > 9 else reversed(windows):
            read, end = run.digits[before : run.before[until]], run.groups[until - 1][1]
            if kind.looks_like is _card and len(read) not in lengths:
                continue
            shown = kind.looks_like(read, cue, text, start, end)
            if shown and _whole(text, start, end, cue):
                return Hit(start, end, shown), until - first
    return None, 1


def _whole(text: str, start: int, end: int, cue: str) -> bool:
    """Whether the number stands alone: one inside a word is an id, unless the word before says what it is."""
    glued = start > 0 and text[start - 1].isalnum()
    return not (glued and cue in ("", "other")) and not (end < len(text) and text[end].isalnum())


def _cue(text: str, start: int, cues: Sequence[re.Match[str]]) -> str:
    """What kind of number the nearest word before `start` announces; "" for none in reach."""
    place = bisect_right(cues, start, key=lambda cue: cue.end())
    if not place or cues[place - 1].end() < start - REACH:
        return ""
    cue = cues[place - 1]
    return "" if _ENDED.search(text, cue.end(), start) else cue.lastgroup or ""


def _card(digits: str, cue: str, text: str, start: int, end: int) -> str:
    if not is_card(digits):
        return ""
    named = cue == "card" or (cue == "account" and len(digits) > 15)
    fits = named or (cue not in ("other", "phone", "code") and _alone(digits, text, start, end))
    return f"[card ending {digits[-LAST:]}]" if fits else ""


def _aadhaar(digits: str, cue: str, text: str, start: int, end: int) -> str:
    if not is_aadhaar(digits):
        return ""
    a_phone = re.fullmatch(r"91[6-9]\d{9}", digits) and _shape(digits, text, start, end) != "4 4 4"
    fits = cue == "aadhaar" or (
        cue not in ("other", "phone", "account") and _alone(digits, text, start, end) and not a_phone
    )
    return f"[Aadhaar ending {digits[-LAST:]}]" if fits else ""


def _account(digits: str, cue: str, text: str, start: int, end: int) -> str:
    if cue != "account" and not _AFTER_ACCOUNT.match(text, end):
        return ""
    money = _MEASURE.match(text, end) or re.fullmatch(r"\d{1,3}(?:,\d{2,3})+", text[start:end])
    shape = _shape(digits, text, start, end)
    one = re.fullmatch(rf"\d+(?:{_SEP}\d+)*", text[start:end]) and (shape == digits or max(map(int, shape.split())) < 9)
    fits = one and not money and not _TOLL_FREE.match(digits)
    return f"[account ending {digits[-LAST:]}]" if fits else ""


def _code(digits: str, cue: str, text: str, start: int, end: int) -> str:
    if cue not in ("code", "pin") and not _AFTER_CODE.match(text, end):
        return ""
    cvv = bool(re.search(r"(?:cvv|cvc)2?\W*(?:\w+\W+){0,2}$", text[max(0, start - 24) : start], re.I))
    long_enough = (3 if cvv else 4) <= len(digits) <= (4 if cue == "pin" else 8)
    split = re.search(r"\n|[:/,]", text[start:end]) or re.search(
        r"\d{4}\D\d\d?\D\d\d?|\d\d?\D\d\d?\D\d{4}", text[start:end]
    )
    part = re.match(r"[-/.:,]\d", text[end : end + 2]) or re.search(r"\d[-/.:,]$", text[max(0, start - 2) : start])
    year = _YEAR.fullmatch(digits) and re.search(r"\b(?:in|of|since|year)\s*$", text[max(0, start - 8) : start], re.I)
    if not long_enough or split or part or year or _MEASURE.match(text, end):
        return ""
    return "[security code]" if cvv else "[PIN]" if cue == "pin" else "[one-time code]"


@dataclass(frozen=True, eq=False)
class _Kind:
    """A kind of number: what is shown of one, "" for what is none; how many digits it has; after which words it may
    stand at all, "" for none; and the words behind it that announce it."""

    looks_like: Callable[[str, str, str, int, int], str]
    lengths: range
    cues: frozenset[str]
    behind: re.Pattern[str] | None = None


_KINDS = (
    _Kind(_card, range(13, 20), frozenset(("", "pin", "aadhaar", "pan", "card", "account"))),
    _Kind(_aadhaar, range(12, 13), frozenset(("", "code", "pin", "aadhaar", "pan", "card"))),
    _Kind(_account, range(9, 19), frozenset(("account",)), _AFTER_ACCOUNT),
    _Kind(_code, range(3, 9), frozenset(("code", "pin")), _AFTER_CODE),
)


def _shape(digits: str, text: str, start: int, end: int) -> str:
    """How many digits stand together, "4 4 4 4"; the digits themselves where all do."""
    groups = _GROUP.findall(text, start, end)
    return " ".join(str(len(group)) for group in groups) if len(groups) > 1 else digits


def _alone(digits: str, text: str, start: int, end: int) -> bool:
    """Written the way such numbers are, and not as a telephone number with its country: what no word announces must
    not be put together from numbers that have nothing to do with each other."""
    shape = _shape(digits, text, start, end)
    between = set(re.split(r"\d+", text[start:end])[1:-1])
    alike = "4" in shape or shape.isdigit() or (len(between) == 1 and all(len(gap) == 1 for gap in between))
    return bool(_REGULAR.fullmatch(shape)) and alike and text[max(0, start - 1) : start] != "+"


def _replaced(text: str, folded: Folded, hits: Sequence[Hit]) -> str:
    """What is shown instead stands where the number began; whatever stands between its digits and is no part of the
    text that a reader sees (a tag) stays."""
    out: list[str] = []
    done = 0
    for hit in sorted(hits, key=lambda h: h.start):
        starts, ends = folded.starts[hit.start : hit.end], folded.ends[hit.start : hit.end]
        gaps = (text[end:start] for end, start in zip(ends, starts[1:], strict=False))
        out += [text[done : starts[0]], hit.shown, *(gap for gap in gaps if "<" in gap)]
        done = ends[-1]
    return "".join([*out, text[done:]])
