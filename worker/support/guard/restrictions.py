"""What a statement of a source is restricted by: conditions, exceptions, groups of people, amounts, dates, reserve.

Not a guard itself: `conditions` asks which of them a reply leaves out. A restriction is told by how it is worded
(`restriction_words`), whatever it is about; what it says is left to the words that it is made of.
"""

from typing import NamedTuple

from worker.lookout import small_letters
from worker.support.guard import restriction_words as worded
from worker.support.guard.evidence import Span, folded

ENOUGH = 3  # words that tell a restriction
_WHOEVER = frozenset(map(folded, (*worded.GROUPS, "people", "anyone", "everyone", "note")))


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
    denies: bool  # apart from what restricts it

    def reserve(self, said: str) -> str:
        """The word of reserve that is missing in what the reply says; "" for none."""
        if self.some and not worded.SOME.search(said):
            return self.some
        if self.usually and not worded.LESS_SURE.search(said):
            return self.usually
        if self.might and not worded.MAY_BE.search(said) and not worded.LESS_SURE.search(said):
            return self.might
        if (
            self.may_be
            and worded.WILL_BE.search(said)
            and not worded.MAY_BE.search(said)
            and not worded.RESERVE.search(said)
        ):
            return self.may_be
        return ""


class Restricted(NamedTuple):
    """A sentence of a source. `goes_on`: it speaks of what the one before it says; `limits`: it restricts that one."""

    statements: tuple[Statement, ...]
    goes_on: bool
    limits: bool


def restricted(sentence: Span) -> Restricted:
    """What is worked out of a source's sentence for all replies that rest on it."""
    kept: Restricted | None = sentence.worked_out.get(__name__)
    if kept is None:
        goes_on, limits = (pattern.search(sentence.text) is not None for pattern in (worded.THEN, worded.HOWEVER))
        kept = Restricted(tuple(map(_statement, statements(sentence))), goes_on, limits)
        sentence.worked_out[__name__] = kept
    return kept


def statements(sentence: Span) -> list[Span]:
    """A sentence cut where a statement ends that needs the next one for nothing."""
    condition = worded.CONDITION_FIRST.match(sentence.text)
    at = condition.end() if condition else 0
    first, *others = worded.AND_SO.split(sentence.text[at:])
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
        word.group() if (word := pattern.search(text)) else ""
        for pattern in (worded.SOME_FIRST, worded.RESERVE, worded.MIGHT, worded.NOT_YOU_MAY)
    )
    found = _restrictions(span)
    for limit in found:
        text = text.replace(limit.text, " ")
    sure, denies = worded.WILL_BE.search(span.text), worded.DENIAL.search(text) is not None
    return Statement(span, found, some, usually, might, "" if sure else may_be, denies)


def _restrictions(statement: Span) -> tuple[Restriction, ...]:
    example = worded.EXAMPLE.search(statement.text)
    end = example.start() if example else len(statement.text)
    asked = [kind for _, kind in worded.CONDITIONS.worth_asking(small_letters(statement.text))]
    kinds = (worded.FRONTED, *asked, worded.ASIDE, *([worded.DEADLINE] if worded.CAN.search(statement.text) else []))
    found = [m for kind in kinds for m in kind.finditer(statement.text, 0, end)]
    parts = (_of_a_part(statement, m.start(), m.end()) for m in found if not worded.STEP.search(m.group()))
    return tuple(part for part in parts if not worded.WHEN.fullmatch(part.text))


def _of_a_part(statement: Span, start: int, end: int) -> Restriction:
    """Without a comma, what stands in front ends where somebody begins to do something: not the one right behind its
    first word, of whom the condition speaks."""
    text = statement.text
    if start == 0 and text[end : end + 1] != ",":
        subjects = worded.SUBJECT.finditer(text, text.find(" ") + 1, end)
        end = min((subject.start() for subject in subjects), default=end)
    inside, beside_it = (
        frozenset(word for at, word in statement.places if (start <= at < end) is is_in) for is_in in (True, False)
    )
    return _made_of(text[start:end], inside, frozenset(map(plain, beside_it)))


def _made_of(text: str, words: frozenset[str], own: frozenset[str]) -> Restriction:
    """`own`: words of what is restricted. They tell nothing of the restriction, unless it has few others."""
    needs = {plain(word) for word in words if not word.startswith("name:")} - _WHOEVER
    return Restriction(text.strip(), frozenset(needs - own if len(needs - own) >= ENOUGH else needs))
