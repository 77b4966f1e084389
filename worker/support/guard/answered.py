"""Each question of the message is answered in words that say something, about the product it asks about, and nothing
that nobody asked.

PASS:
  reply: Early exit from IM+ costs 1 % of the amount sold.
  source: Early exit from IM+ costs 1 % of the amount sold.
  source_for: [IM+]
  reads: [public, IM+]
  asked: What does it cost to leave IM+ early?
FAIL:
  reply: IM has no lock-in.
  source: IM has no lock-in.
  asked: What does it cost to leave IM+ early?
"""

import re
from collections.abc import Iterator

from worker.models import Finding, Part
from worker.support.guard.candidate import Candidate
from worker.support.guard.supported import FLOOR
from worker.support.sentences import ITEM

FEWEST = 4  # words of an answer; "Yes, you can." leaves open what, and "A withdrawal" everything
_WORD = re.compile(r"\w+")


def check(reply: Candidate) -> Iterator[Finding]:
    if reply.only_quotes:
        what = "The mail holds nothing but what it quotes, so that nobody can tell what is asked."
        yield Finding(guard="answered", what=what, todo="Read the mail as it came; ask back if it is not clear.")
    if reply.forwards:
        what = "A mail was forwarded with a covering line: the draft answers the line, and knows nothing of the mail."
        yield Finding(guard="answered", what=what, todo="Read what was forwarded, and who wrote it, before you reply.")
    yield from _told_before(reply)
    for n, part in enumerate(reply.parts, 1):
        if not part.answered or _only_manners(reply, part):
            yield Finding(
                guard="answered",
                what=f"Question {n} of the message is not answered by anything that was found.",
                todo="Answer it yourself, or say that it will be answered later.",
                words=part.question,
            )
        elif not part.question:
            yield Finding(guard="answered", what="The reply answers something that was not asked.", todo="Take it out.")
        else:
            yield from _says_nothing(reply, part, n)
            yield from _about_another_product(reply, part, n)
            yield from _half_an_answer(reply, part, n)
    if not reply.parts:
        yield Finding(guard="answered", what="No question was found in the message.", todo="Read the message yourself.")


def _only_manners(reply: Candidate, part: Part) -> bool:
    """Whether all that it says is courtesy that no source says either."""
    said = [
        (i, one.support) for (i, one), (_, s) in zip(reply.ledger, reply.numbered(), strict=True) if s in part.sentences
    ]
    return bool(said) and all(i in reply.courteous and support < FLOOR for i, support in said)


def _says_nothing(reply: Candidate, part: Part, n: int) -> Iterator[Finding]:
    """Scraps of a source stand in it word for word, so that no other guard minds them."""
    said = [_plain(sentence.text) for sentence in part.sentences]
    if sum(len(text.split()) for text in said) < FEWEST:
        what = f"The answer to question {n} says next to nothing."
    elif all(text in _plain(part.question) or text in _plain(reply.message) for text in said):
        what = f"The answer to question {n} only repeats the customer's words."
    else:
        return
    yield Finding(guard="answered", what=what, todo="Answer what was asked.", words=part.question)


def _told_before(reply: Candidate) -> Iterator[Finding]:
    """Who writes again was not helped by it, or quotes it and asks nothing."""
    said = [text for _, sentence in reply.numbered() if (text := _plain(ITEM.sub("", sentence.text)))]
    if said and any(all(f" {text} " in f" {before} " for text in said) for before in map(_plain, reply.before)):
        what = "All of this was replied on this ticket before."
        yield Finding(guard="answered", what=what, todo="Find out what is still missing.")


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _about_another_product(reply: Candidate, part: Part, n: int) -> Iterator[Finding]:
    """A question that names a product needs a source that names it too: near misses are the worst answers. Where the
    customer holds products, but not this one, that source must be written for holders of theirs: what is public about
    it may be true and still not be the answer."""
    asked = reply.products_in(part.question)
    own = set(reply.reader.segments)
    for name in sorted(asked):
        foreign = bool(own) and name not in own
        if name not in _told(reply, part, own if foreign else None):
            yield Finding(
                guard="answered",
                what=f"Question {n} is about {name}, and nothing that the answer rests on is.",
                todo="Check whether this customer may read about it, and answer what was asked.",
                words=part.question,
            )


def _half_an_answer(reply: Candidate, part: Part, n: int) -> Iterator[Finding]:
    """Who holds two products and names none is told about both, or a person finds out which one is meant."""
    own = set(reply.reader.segments)
    if len(own) < 2 or reply.products_in(part.question) or reply.products_in(reply.message):
        return
    cited = {i for sentence in part.sentences for i in sentence.sources}
    labels = [set(s.segments) for i in cited if (s := reply.sources.get(i))]
    told = set().union(*(label & own for label in labels)) if labels else set()
    if told and told != own and not any(label - own for label in labels if not label & own):
        yield Finding(
            guard="answered",
            what=f"The customer holds {' and '.join(sorted(own))}; the answer to question {n} is about"
            f" {' and '.join(sorted(told))} only.",
            todo="Find out which product is meant, or answer for both.",
            words=part.question,
        )


def _told(reply: Candidate, part: Part, labels: set[str] | None) -> set[str]:
    """Products that the part's sources speak of; `labels`: only of sources that carry one of them."""
    ids = {i for sentence in part.sentences for i in sentence.sources}
    sources = [s for i in ids if (s := reply.sources.get(i)) and (labels is None or labels & set(s.segments))]
    return {name for s in sources for name in reply.products_of(s)}
