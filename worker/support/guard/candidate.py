"""What every guard is given: the proposed reply, what it may rest on, and to whom it would go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from worker.models import Identity, Part, Reader, Sentence, Source
from worker.support.guard.claims import Ledgered, ledgered
from worker.support.guard.counterpart import turned
from worker.support.guard.courtesy import courteous
from worker.support.guard.evidence import Evidence, Span, evidence, folded, source_products
from worker.support.guard.records import Told, record, told
from worker.support.guard.tokens import products

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Candidate:
    """A reply before it is judged. `sources` by id, with placeholders filled in; `facts`: the record we opened."""

    parts: tuple[Part, ...]
    sources: Mapping[str, Source]
    template_ids: tuple[str, ...]
    facts: Mapping[str, str]
    identity: Identity
    reader: Reader
    filled: frozenset[str] = (
        frozenset()
    )  # ids of sources that hold something of this customer in place of a placeholder
    fit: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # question -> template id -> score
    unfit: tuple[str, ...] = ()  # questions of which the trained choice says that no template answers them
    message: str = ""  # what the customer wrote now
    only_quotes: bool = False  # nothing of `message` is the customer's own
    forwards: bool = False  # somebody else's mail stands below `message`
    before: tuple[str, ...] = ()  # what was replied on this ticket before, as its reader saw it
    hidden: str = ""  # what the mail held and nobody could see
    had_invisible: bool = False
    written_by: str = ""
    trouble: str = ""
    link_hosts: tuple[str, ...] = ()
    product_names: tuple[str, ...] = ()
    own_contacts: tuple[str, ...] = ()  # addresses and phone numbers of the company itself
    withheld: tuple[
        str, ...
    ] = ()  # fields of the record that this person may not be told in full, by rules/guards.yaml
    company: str = ""  # how the company calls itself
    signed: str = ""  # the name that the requester gave, which is no secret
    never_ask_for: tuple[str, ...] = ()
    ids_in: Callable[[str], tuple[str, ...]] = lambda _: ()  # the customer ids in a text, after rules/identity.yaml

    def numbered(self) -> Iterator[tuple[int, Sentence]]:
        """Every sentence with its index over the whole draft, as findings name it."""
        return iter(self._numbered)

    def support_of(self, sentence: Sentence) -> str:
        """All text that the sentence cites, the record included if it cites that."""
        texts = [f"{s.title}. {s.text}" for i in sentence.sources if (s := self.sources.get(i))]
        if "customer" in sentence.sources:
            texts.append(" ".join(self.facts.values()))
        return "\n".join(texts)

    def known(self, sentence: Sentence) -> Evidence:
        """The spans that a sentence may rest on: its sources, and the templates that the reply rests on."""
        if sentence.sources not in self._known:
            mine = {i for i in sentence.sources if i in self.sources}
            sources = [self.sources[i] for i in dict.fromkeys((*sorted(mine), *self._used_templates))]
            record = self.facts if "customer" in sentence.sources else {}
            key = (tuple(s.source_id for s in sources), bool(record))
            if key not in self._evidence:
                self._evidence[key] = evidence(sources, record, self.product_names, self.filled)
            self._known[sentence.sources] = self._evidence[key]
        return self._known[sentence.sources]

    @cached_property
    def ledger(self) -> tuple[tuple[int, Ledgered], ...]:
        """Every sentence with its index and what was found for it. Worked out once for all guards."""
        theirs = frozenset(folded(word) for word in _WORD.findall(self.asked))
        return tuple(
            (i, ledgered(Span(sentence.text, self.product_names), self.known(sentence), theirs))
            for i, sentence in self.numbered()
        )

    def products_in(self, text: str) -> frozenset[str]:
        """The products that a text of this case names, the mail or one of its questions."""
        if text not in self._products:
            self._products[text] = products(text, self.product_names)
        return self._products[text]

    def products_of(self, source: Source) -> frozenset[str]:
        """The products that a source speaks of."""
        text = f"{source.title}. {source.text}"
        return self.products_in(text) if source.source_id in self.filled else source_products(text, self.product_names)

    @cached_property
    def asked(self) -> str:
        """What the customer wrote, and the questions that were found in it."""
        return "\n".join([self.message, *(part.question for part in self.parts)])

    @cached_property
    def courteous(self) -> frozenset[int]:
        """The sentences that only keep good manners, by index: nothing has to hold them."""
        ledger = (one.span for _, one in self.ledger)
        return frozenset(
            i for i, span in enumerate(ledger) if courteous(span.text, self.asked, self.product_names, self.company)
        )

    @cached_property
    def turned(self) -> tuple[frozenset[str], ...]:
        """For each sentence the small words that stand in only one of it and its source."""
        return tuple(
            frozenset() if i in self.courteous else frozenset(turned(one.span, one.bases, self.known(sentence)))
            for (i, one), (_, sentence) in zip(self.ledger, self.numbered(), strict=True)
        )

    @cached_property
    def told(self) -> tuple[Told, ...]:
        """For each sentence what it says of the fields of the first record that it cites; empty without any record."""
        cited = [
            next((known for i in s.sources if i in self.sources and (known := record(self.sources[i].text))), None)
            for _, s in self.numbered()
        ]
        if not any(cited):
            return ()
        pairs = zip(cited, self.numbered(), strict=True)
        return tuple(told(sentence.text, known) if known else Told() for known, (_, sentence) in pairs)

    @cached_property
    def _products(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _numbered(self) -> tuple[tuple[int, Sentence], ...]:
        return tuple(enumerate(s for part in self.parts for s in part.sentences))

    @cached_property
    def _known(self) -> dict[tuple[str, ...], Evidence]:
        return {}

    @cached_property
    def _evidence(self) -> dict[tuple[tuple[str, ...], bool], Evidence]:
        return {}

    @cached_property
    def _used_templates(self) -> tuple[str, ...]:
        cited = {i for _, sentence in self.numbered() for i in sentence.sources}
        return tuple(i for i in self.template_ids if i in cited and i in self.sources)
