"""Numbers, amounts, dates, percentages, links, addresses and product names stand in the cited source or the template.

PASS: "Early exit costs 1 % of the amount sold." where the source says "a fee of 1 % of the amount sold".
FAIL: "Early exit costs 2 % of the amount sold.", or "5 days" where the source says "5 working days".
"""

from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.guard.tokens import Token, tokens

KINDS = {
    "amount": "amount",
    "percent": "percentage",
    "duration": "period of time",
    "date": "date",
    "ordinal": "day",
    "time": "time of day",
    "number": "number",
    "phone": "phone number",
    "link": "link",
    "address": "e-mail address",
    "name": "product name",
}


def check(reply: Candidate) -> Iterator[Finding]:
    template = _known(reply.template_text(), reply)
    for i, sentence in reply.numbered():
        known = template | _known(reply.support_of(sentence), reply)
        for token in tokens(sentence.text, reply.product_names):
            if (token.kind, token.value) not in known:
                yield _finding(token, i)


def _known(text: str, reply: Candidate) -> set[tuple[str, str]]:
    return {(t.kind, t.value) for t in tokens(text, reply.product_names)}


def _finding(token: Token, i: int) -> Finding:
    return Finding(
        guard="exact",
        what=f"The {KINDS[token.kind]} “{token.words[:80]}” does not stand in the source that the sentence names.",
        todo="Correct it from the source, or take it out.",
        sentence=i,
        words=token.words,
    )
