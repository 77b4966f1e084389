"""The line above quoted mail, "On Monday, 2 November 2026, Asha <asha@x.example> wrote:", in the languages of mail
programs, also where it is wrapped over several lines.

A customer writes "On Friday I wrote:" too: a line counts only with a date or an address in it, or with a quote below,
and never in the first person. Called by trim.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 400  # characters of an attribution
WRAPPED = 5  # lines that it may be wrapped over

# Words that such a line begins with. Weekdays and bare dates begin it where a language has no word for "on".
_OPENINGS = (
    "on|at|am|um|le|el|em|no dia|il|il giorno|in data|op|den|d\\.|på|kl|w dniu|dnia|dne|dňa|dana|în|pe|na|στις|la|kell"
    "|pada|vào|lúc|ngày|em|у|в|на|في|בתאריך|ב-|เมื่อ|在|於|于"
)
_WEEKDAYS = (
    "mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mié|jue|vie|sáb|dom|seg|ter|qua"
    "|qui|sex"
    "|gio|ma|wo|za|zo|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|pon|wt|śr|czw|pt|sob|niedz|po|út|st|čt|pá|ne"
    "|пн|вт|ср|чт|пт|сб|вс|нд|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье"
    "|понеділок|вівторок|середа|четвер|п.ятниця|субота|неділя|понеделник|сряда|четвъртък|петък|събота|неделя"
    "|ma|ti|ke|to|pe|la|su|pzt|sal|çar|per|cum|cmt|paz|h|k|sze|cs|p|szo|v"
)
# What it ends with, before the colon. Perfect and past, one or more words.
_VERBS = (
    "wrote|writes|schrieb|schrieben|hat geschrieben|a écrit|écrit|escribió|ha escrito|va escriure|escreveu|ha scritto"
    "|schreef|heeft geschreven|volgende geschreven|skrev|skreiv|skrifaði|kirjoitti|kirjutas|rakstīja|rašė|napisał"
    "|napisała"
    "|napisał\\(a\\)|pisze|napsal|napsala|napsal\\(a\\)|napísal|napísala|napísal\\(a\\)|napisal|napisala|napisao"
    "|napisao/la"
    "|napisao je|je napisao|piše|a scris|ezt írta|írta|yazdı|şunu yazdı|şunları yazdı|написал|написала|написал\\(а\\)"
    "|пишет|писал|написав|написала|пише|написа|έγραψε|menulis|đã viết|כתב|כתבה|כתב/ה|‏כתב|كتب|كتبت|نوشت|लिखा|ने लिखा"
    "|লিখেছেন|เขียนว่า|idatzi du|shkroi|напиша"
)
_VERBS_UNSPACED = "写道|寫道|写到|写|님이 작성|작성|のメール|書きました|wrote"

_VERB = re.compile(rf"(?<![^\W_])(?:{_VERBS})(?![^\W_])|(?:{_VERBS_UNSPACED})(?=\s*[:：]?\s*$)", re.I)
_OPENING = re.compile(rf"(?:(?:{_OPENINGS})(?![^\W\d_])|(?:{_WEEKDAYS})[.,]?(?=\s)|\d|在|於|于)", re.I)
_FIRST_PERSON = re.compile(
    r"\bI\s+(?:\w+\s+){0,2}(?:wrote|write)|\bich\b.{0,20}schrieb|schrieb\s+ich\b|\bik\b.{0,20}schreef|schreef\s+ik\b"
    r"|\bjag\s+skrev|\bjeg\s+skrev|skrev\s+ja?e?g\b|\bwe\s+wrote|\byo\b|\bio\s+ho\b|\bminä\b",
    re.I,
)
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_WHEN = re.compile(
    r"\d{1,4}\s?[-/.年년]\s?\d{1,2}\s?[-/.月월]|\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d{2}\b|\d{1,2}[:.]\d{2}\s?[ap]\.?m",
    re.I,
)
_ENDED = re.compile(r"[:：]\s*$")
_NAMED = re.compile(r"<[^<>@]*@[^<>]*>\s*[:：]$")  # "... Support <support@x.example>:" needs no verb after a date
# A date at the very beginning, with an address or an offset from GMT, needs no verb: "2026-11-02 10:12 GMT+05:30 Asha".
_DATED = re.compile(
    r"^(?:\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}).{0,120}?"
    r"(?:(?:GMT|UTC)\s?[+-]\d{1,2}:?\d{2}.{0,120}|<[^<>]*@[^<>]*>)\s*[:：]?$",
    re.I,
)


def attribution(lines: Sequence[str], at: int) -> int:
    """How many lines, from `at` on, say whose mail is quoted below; 0 if none does."""
    bare = lines[at].strip(" -*_")
    if bare.startswith(">") or not (_OPENING.match(bare) or bare.endswith("<") or _ADDRESS.search(bare)):
        return 0
    reach = _reach(lines, at)
    for last in reach:
        joined = " ".join(lines[i] for i in reach if i <= last)
        if len(joined) > LONGEST:
            return 0
        if _says_so(joined, lines[at]) or _plainly(joined, lines, last):
            # What was written may stand right above, without a blank line: then it begins with the date further down.
            later = any(_dated(lines[i]) and _says_so(" ".join(lines[i : last + 1]), lines[i]) for i in reach[1:])
            return 0 if later else last - at + 1
    return 0


def is_attribution(line: str) -> bool:
    """Whether a quoted line is one, by itself."""
    bare = line.lstrip("> ")
    return bool(bare) and attribution([bare], 0) == 1


def _reach(lines: Sequence[str], at: int) -> list[int]:
    """The lines that may belong to one wrapped attribution. A blank line ends it, unless an address in angle brackets
    comes next; so does a quoted line, unless it is no more than the wrapped end, "> wrote:"."""
    reach = [at]
    for i in range(at + 1, min(at + WRAPPED + 4, len(lines))):
        line = lines[i]
        if not line:
            if i + 1 < len(lines) and lines[i + 1].startswith("<"):
                continue
            break
        if (line.startswith(">") and len(line) > 12 + line.count(">")) or len(reach) > WRAPPED:
            break
        reach.append(i)
    return reach


def _says_so(joined: str, first: str) -> bool:
    joined = joined.lstrip(" -*_>").rstrip(" -*_")
    if "?" in joined or "!" in joined:
        return False
    if _DATED.match(joined) or (_dated(first) and _NAMED.search(joined) and not _FIRST_PERSON.search(joined)):
        return True
    verbs = list(_VERB.finditer(joined))
    if not verbs or _FIRST_PERSON.search(joined):
        return False
    tail = joined[verbs[-1].end() :].strip()
    if len(tail) > 120 or (tail and not _ENDED.search(joined)):
        return False
    # Without a date it begins with the name, and the address stands beside it.
    return _dated(first) or bool(_ADDRESS.search(joined) and (_ADDRESS.search(first) or first.endswith("<")))


def _dated(line: str) -> bool:
    bare = line.lstrip(" -*_>")
    return bool(_OPENING.match(bare)) and bool(_WHEN.search(bare) or _ADDRESS.search(bare))


def _plainly(joined: str, lines: Sequence[str], last: int) -> bool:
    """ "On Monday Support wrote:" right above quoted lines."""
    below = next((line for line in lines[last + 1 : last + 3] if line), "")
    return (
        below.startswith(">")
        and bool(_ENDED.search(joined))
        and len(joined) < 160
        and bool(_OPENING.match(joined))
        and bool(re.search(rf"(?:{_VERBS}|{_VERBS_UNSPACED})\s*[:：]\s*$", joined, re.I))
        and not _FIRST_PERSON.search(joined)
    )
