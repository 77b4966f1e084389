"""What a statement of a source is restricted by: conditions, exceptions, groups of people, amounts, dates, reserve.

Not a guard itself: `conditions` asks which of them a reply leaves out. A restriction is told by how it is worded,
whatever it is about; what it says is left to the words that it is made of.
"""

import re
from typing import NamedTuple
from weakref import WeakKeyDictionary

from worker.lookout import Patterns, small_letters
from worker.support.guard.evidence import Span, folded

_GROUP = """customers members users subscribers passengers guests clients holders investors borrowers lenders employees
    students residents tenants drivers travellers travelers buyers sellers shareholders owners companies accounts plans
    cards orders contracts policies tickets fares""".split()
_REST = r"(?:[^,;:.()–—]|[,:](?=\d)|\.(?=\w))+?(?=[,;:()–—]|\.(?:\s|$)|\s-\s|$)"  # to the end of the clause
_VERB = r"\b(?:can(?:not)?|may|must|will|shall|should|could|is|are|was|were|has|have|do|does|receives?|gets?|pays?)\b"
_NOUNS = rf"(?:(?!\s{_VERB})(?:[^,;:.()–—]|[,:](?=\d)|\.(?=\w)))+"  # to the end of what is named
_LIMITED = r"(?:above|below|over|under|of|from|with|without|that|who|whose|which|in|on|up\s+to|older|younger|longer)"
_SELECTED = r"(?:some|selected|certain|many|most|participating|eligible)"
# In verbose notation, one kind of restriction after the other.
_KINDS = (
    # "if your balance is zero"; not "even if", "please check if", "if you have any questions", "if it does not help"
    rf"""(?<!\beven\s)(?<!\bas\s)(?<!\bsee\s)(?<!\bcheck\s)(?<!\bknow\s)(?<!\bask\s)(?<!\bsure\s)(?<!\btell\sus\s)
    \bif\s+(?!so\b|not\b|any\b|possible|necessary|needed|required|in\s+doubt|it\s+is\s+convenient|it\s+suits
        |(?:an)?other\b|further\b|more\b|anything\b|(?:it|that|this)\s+(?:does|did|still)\b
        |you(?:['’]d|\s+would)?\s+(?:like|wish|want|prefer|need|have\s+(?:any|more|further|other)))
    {_REST}""",
    rf"""\b(?:unless|provided(?:\s+that)?|providing\s+that|(?:as|so)\s+long\s+as|on\s+condition\s+that|subject\s+to
        |in\s+case(?:\s+of)?|in\s+the\s+event\s+(?:of|that)|depending\s+on|only\s+when|until|up\s+to\s+the|whichever
        |while\s+(?:the|your|stocks|supplies)|but\s+(?:only|not|never|(?:it|this|they|we|you)\s+(?:cannot|can\s+only)))
        \s+{_REST}""",
    # "except in the first month", "at the discretion of the front desk", "with prior approval"
    rf"""\b(?:except(?:ing)?(?:\s+(?:if|when|for|in|on|where))?|with\s+the\s+exception\s+of|excluding|barring
        |other\s+than|apart\s+from)\s+{_NOUNS}
    |\bat\s+(?:\S+\s+){{1,2}}discretion\b|\bon\s+an?\s+\S+(?:\s+\S+)?\s+basis\b|\bon\s+(?:working|business|week)\s?days\b
    |\bwith(?:out)?\s+(?:[^\s,.;]+\s+){{0,4}}?(?:approval|consent|permission|receipt|proof|certificate|voucher|notice)\b""",
    # "once your KYC is complete"; not "once a month"
    rf"\bonce\s+(?!an?\b|per\b|every\b|in\b|more\b|again\b|this\b|that\b|it\b|done\b){_REST}",
    # what comes before one of these without a comma is true of that only
    rf"(?<!,\s)\b(?:when|where|after|before|during)\s+(?!that\b|this\b|then\b|which\b){_REST}",
    # "for balances above Rs 1,00,000", "on orders from our own stock", "for members", "for personal use"
    rf"\b(?:for|on)\s+(?:\w+\s+){{0,2}}?\w{{3,}}s\s+{_LIMITED}\s+{_NOUNS}",
    r"\bfor\s+(?:\w+\s+){0,2}?\w{3,}s\b|\bfor\s+(?:[\w,-]+\s+){1,3}use\b",
    rf"\bwithin\s+the\s+(?:first\s+{_REST}|\w+\s+area\b)",
    # "customers who have set up direct debit", "passengers whose fare includes it", "accounts held in your own name"
    rf"\b(?:{'|'.join(_GROUP)}|those|anyone|everyone|people)\s+(?:who|whose|that|with|on|in)\s+(?:(?:have|has|are|is)\s+)?"
    rf"(?:been\s+)?{_NOUNS}",
    r"""\bwith\s+(?:the|an?)\s+[\w+-]+\s+(?:plan|account|card|subscription|membership|fare|ticket|tariff)\b
    |,\s*[^,.;]+\s+(?:excepted|excluded)\b|\w+s?\s+(?:held|left|kept|made|bought|purchased|placed|opened|issued|requested|booked)\s+(?:\S+\s+){0,3}\S+(?=[\s,.]|$)""",
    # "premium customers"
    rf"""(?<!\band\s)(?<!\bor\s)\b(?!(?:our|all|most|many|the|these|those|other|your|their|any|more|two|several|and|for|of|to|with|as|by|that
        |when|which|from)\b)[\w-]+\s+(?=(?:{"|".join(_GROUP)})\b)""",
    rf"\b(?:reserved|available|offered|limited|restricted)\s+(?:only\s+)?(?:for|to|in)\s+(?!you\b){_REST}",
    rf"\bin\s+{_SELECTED}\s+\w+",
)
_CONDITION = Patterns({at: re.compile(kind, re.IGNORECASE | re.VERBOSE) for at, kind in enumerate(_KINDS)})
# "With a term of 24 months, ...": what stands before everything else restricts all of it.
_FRONTED = re.compile(
    r"^(?:in|on|with|for|from|starting|under|at|as\s+an?)\s+(?!addition\b|general\b|short\b|fact\b|total\b|brief\b"
    r"|th(?:is|at|ese|ose)\b|example\b|instance\b|your\b|our\b|the\s+(?:app|menu|website|settings|profile)\b|top\b|case\b"
    r"|order\s+to\b|future\b|rule\b)(?:[^,;:]|,(?=\d))+(?=,\s)",
    re.I,
)
# "(Pro plan or higher)", "(not possible in the first month)"
_ASIDE = re.compile(
    r"(?<=\()[^()]*\b(?:only|not|no|except|excluding|if|unless|from|plans?|higher|above|below|over|under|minimum|maximum"
    r"|at\s+least|at\s+most|up\s+to|until|after|before|during|within)\b[^()]*(?=\))",
    re.I,
)
_DEADLINE = re.compile(rf"\bwithin\s+(?:\S+\s+){{1,3}}(?:of|after|from)\s+{_REST}", re.I)
_CAN = re.compile(r"\b(?:can|may)\b", re.I)
# A sentence that restricts the one before it, and one that says to what the next one holds.
_HOWEVER = re.compile(
    r"^(?:however|but|except|exceptions?|not\b|please\s+note|(?:this|it)\s+(?:does\s+not\s+(?:apply|hold|work)|is\s+(?:only"
    r"|not\s+possible)|applies\s+(?:only\s+)?(?:to|for|if|when)|requires|only)|this\s+is\s+possible|for\s+now"
    r"|(?:they|it|this)\s+(?:is|are)\s+not\s+guaranteed"
    r"|(?:the\s+)?\w+\s+requires?|the\s+(?:request|bonus|offer|discount|refund|claim)\s+(?:has|must|is\s+only))\b"
    r"|\b(?:do(?:es)?\s+not\s+apply|(?:is|are)\s+(?:excluded|exempt(?:ed)?|not\s+(?:included|covered)|limited\s+to)"
    r"|conditions?\s+appl(?:y|ies))\b",
    re.I,
)
_THEN = re.compile(r"^(?:in\s+(?:that|this|which)\s+case|then|if\s+so|only\s+then)\b", re.I)
_EXAMPLE = re.compile(r"\b(?:such\s+as|for\s+(?:example|instance)|e\.g\.|as\s+an\s+example)", re.I)
_SUBJECT = re.compile(r"(?<=\w)\s+(?:you|we|it|your)\s", re.I)
_WHOEVER = frozenset(map(folded, (*_GROUP, "people", "anyone", "everyone", "note")))
_AND_SO = re.compile(
    r"\s*;\s*|,?\s+(?:so|because|but(?!\s+(?:only|not|never|it|this|they|(?:we|you)\s+cannot)\b))\s+|,\s+and\s+"
    r"|\s+and\s+(?=(?:you|we|it|they|the|your|our|this|then|there)\b)|(?<=[ap]\.m\.)\s+(?=[A-Z])"
)
_CONDITION_FIRST = re.compile(
    r"(?:if|once|when|after|unless|as\s+soon|provided|before|until|in\s+case)\b(?:[^,;:]|,(?=\d))+,", re.I
)
_RESERVE = re.compile(r"\b(?:usually|normally|typically|generally|mostly|often|sometimes|as\s+a\s+rule)\b", re.I)
_SOME_FIRST = re.compile(rf"^{_SELECTED}\s+(?:of\s+(?:our|the)\s+)?\w+", re.I)
_SOME = re.compile(rf"\b{_SELECTED}\s+(?:of\s+(?:our|the)\s+)?\w+", re.I)
_LESS_SURE = re.compile(
    rf"\b(?:usually|normally|typically|generally|mostly|often|sometimes|{_SELECTED}|as\s+a\s+rule|may|might|could|can\s+be"
    r"|expected|about|around|approximately|roughly|likely|should)\b",
    re.I,
)
_MIGHT = re.compile(r"\b(?:we|it|there|this)\s+(?:may|could)\b|\bmight\b", re.I)  # "members may" allows
_MAY_BE = re.compile(r"\b(?:may|might|could|can|should|possible|possibly|eligible)\b", re.I)
_WILL_BE = re.compile(
    r"(?:\b(?:will|shall)|['’]ll)\b(?!\s+(?:not|need|have\s+to|find|see|be\s+asked)\b)|\b(?:always|guaranteed)\b", re.I
)


class Restriction(NamedTuple):
    """As it stands in the source, and the words and tokens that it is made of."""

    text: str
    needs: frozenset[str]


class Statement(NamedTuple):
    """A statement of a source, what restricts it, and the words by which it does not commit itself; "" for none."""

    span: Span
    restrictions: tuple[Restriction, ...]
    some: str
    usually: str
    might: str
    may_be: str  # "" as well where it commits itself elsewhere

    def reserve(self, said: str) -> str:
        """The word of reserve that is missing in what the reply says; "" for none."""
        if self.some and not _SOME.search(said):
            return self.some
        if self.usually and not _LESS_SURE.search(said):
            return self.usually
        if self.might and not _MAY_BE.search(said) and not _LESS_SURE.search(said):
            return self.might
        if self.may_be and _WILL_BE.search(said) and not _MAY_BE.search(said) and not _RESERVE.search(said):
            return self.may_be
        return ""


class Restricted(NamedTuple):
    """A sentence of a source. `goes_on`: it speaks of what the one before it says; `limits`: it restricts that one."""

    statements: tuple[Statement, ...]
    goes_on: bool
    limits: bool


ENOUGH = 3  # words that tell a restriction
_kept: WeakKeyDictionary[Span, Restricted] = WeakKeyDictionary()  # for as long as the spans of a source are kept


def restricted(sentence: Span) -> Restricted:
    """What is worked out of a source's sentence for all replies that rest on it."""
    if sentence not in _kept:
        _kept[sentence] = Restricted(
            tuple(map(_statement, statements(sentence))),
            _THEN.search(sentence.text) is not None,
            _HOWEVER.search(sentence.text) is not None,
        )
    return _kept[sentence]


def statements(sentence: Span) -> list[Span]:
    """A sentence cut where a statement ends that needs the next one for nothing."""
    condition = _CONDITION_FIRST.match(sentence.text)
    at = condition.end() if condition else 0
    first, *others = _AND_SO.split(sentence.text[at:])
    parts = [part for part in (sentence.text[:at] + first, *others) if part]
    return [Span(part, sentence.names) for part in parts] if len(parts) > 1 else [sentence]


def beside(sentence: Span, before: Span | None, after: Span | None) -> list[Restriction]:
    """What the sentences around it restrict it by."""
    limits = [before] if before and restricted(sentence).goes_on else []
    limits += [after] if after and restricted(after).limits else []
    own = frozenset(map(plain, sentence.words))
    return [_made_of(limit.text, limit.words, own) for limit in limits]


def plain(feature: str) -> str:
    """A word with a capital in the middle of a sentence is the same word."""
    return folded(feature.removeprefix("term:"))


def _statement(span: Span) -> Statement:
    text = span.text
    some, usually, might, may_be = (
        word.group() if (word := pattern.search(text)) else "" for pattern in (_SOME_FIRST, _RESERVE, _MIGHT, _MAY_BE)
    )
    return Statement(span, _restrictions(span), some, usually, might, "" if _WILL_BE.search(text) else may_be)


def _restrictions(statement: Span) -> tuple[Restriction, ...]:
    example = _EXAMPLE.search(statement.text)
    end = example.start() if example else len(statement.text)
    asked = [kind for _, kind in _CONDITION.worth_asking(small_letters(statement.text))]
    kinds = (_FRONTED, *asked, _ASIDE, *([_DEADLINE] if _CAN.search(statement.text) else []))
    found = [m for kind in kinds for m in kind.finditer(statement.text, 0, end)]
    return tuple(_of_a_part(statement, m.start(), m.end()) for m in found)


def _of_a_part(statement: Span, start: int, end: int) -> Restriction:
    """Without a comma, what stands in front ends where somebody begins to do something."""
    text = statement.text
    if start == 0 and text[end : end + 1] != "," and (subject := _SUBJECT.search(text, 1, end)):
        end = subject.start()
    inside, beside_it = (
        frozenset(word for at, word in statement.places if (start <= at < end) is is_in) for is_in in (True, False)
    )
    return _made_of(text[start:end], inside, frozenset(map(plain, beside_it)))


def _made_of(text: str, words: frozenset[str], own: frozenset[str]) -> Restriction:
    """`own`: words of what is restricted. They tell nothing of the restriction, unless it has few others."""
    needs = {plain(word) for word in words if not word.startswith("name:")} - _WHOEVER
    return Restriction(text.strip(), frozenset(needs - own if len(needs - own) >= ENOUGH else needs))
