"""Numbers, amounts, dates, percentages, links, addresses, names and terms stand in the cited source or the template,
for the same thing and with the same bound.

PASS:
  reply: ["Leaving IM+ early costs 1 per cent of the amount sold.", "1 % of Rs 80,000 is Rs 800."]
  source: Early exit from IM+ costs 1 % of the amount sold. IM is free.
  message: I want to sell Rs 80000.
FAIL:
  reply: IM+ starts at Rs 500.
  source: The minimum for IM is Rs 500. The minimum for IM+ is Rs 10,000.
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.claims import Standing
from worker.support.guard.sums import sums, worked_out

KINDS = {
    "amount": "amount",
    "percent": "percentage",
    "measure": "measure",
    "duration": "period of time",
    "date": "date",
    "ordinal": "day",
    "time": "time of day",
    "number": "number",
    "phone": "phone number",
    "link": "link",
    "address": "e-mail address",
    "name": "product name",
    "weekday": "weekday",
    "month": "month",
    "share": "quantity",
    "day": "time",
    "period": "period",
    "term": "term",
}
_WRONG = {
    "absent": "does not stand in the source that the sentence names.",
    "elsewhere": "stands for something else in the source that the sentence names.",
    "bound": "has another bound in the source that the sentence names, such as “up to” or “at least”.",
}


def check(reply: Candidate) -> Iterator[Finding]:
    for i, one in reply.ledger:
        for standing in () if i in reply.courteous else one.standings:
            if standing.fault and not (_own(standing, reply) or worked_out(standing.token, one.span, reply)):
                yield _finding(standing, i)
        for wrong, right in sums(one.span):
            what = f"The calculation does not come out: “{wrong.words}” should be {right}."
            yield Finding(guard="exact", what=what, todo="Correct it.", sentence=i, words=wrong.words)


def _own(standing: Standing, reply: Candidate) -> bool:
    """The company's own name, which may stand in any sentence."""
    return standing.token.kind == "term" and standing.token.value == reply.company.casefold()


def _finding(standing: Standing, i: int) -> Finding:
    token, instead = standing.token, standing.instead
    hint = f" There it says “{instead.words[:60]}”." if instead and standing.fault == "elsewhere" else ""
    return Finding(
        guard="exact",
        what=f"The {KINDS[token.kind]} “{token.words[:80]}” {_WRONG[standing.fault]}{hint}",
        todo="Correct it from the source, or take it out.",
        sentence=i,
        words=token.words,
    )
