"""What we need of the world outside: the helpdesk, the writer (a language model), vectors, and the customer file.

Every implementation raises only the kinds of trouble in `worker.errors`; expected outcomes are values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from worker.models import Customer, Kind, Noun, Posted, Source, Template, Thread, TicketChange, TicketNews, Usage

Vectors = NDArray[np.float32]
Now = Callable[[], datetime]
Enqueue = Callable[[str, str], None]  # (queue, id): a hint that may get lost; must not raise


class Contact(Noun):
    """Freshdesk's record of a person."""

    contact_id: int
    email: str = ""
    other_emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


class Helpdesk(Protocol):
    """The ticket system. Reads raise Retryable or Permanent; writes also InDoubt."""

    def thread(self, ticket_id: int, *, known: Thread | None = None, first: bool = False) -> Thread:
        """The whole thread, however long, oldest first. Permanent(code=404) if there is no such ticket.

        `known`: it, as it was read before; `first`: nobody has read it before. Then its messages may be left unread
        where the ticket itself says that none can have come, if that has proved good. With `known`, its mailbox may be
        left out, except while `delivering`."""
        ...

    def contact(self, contact_id: int) -> Contact | None:
        """None where the id belongs to no contact (an agent, or gone)."""
        ...

    def earlier_tickets(
        self, requester_id: int, *, before: int, opened: datetime | None = None
    ) -> Sequence[dict[str, Any]]:
        """Custom fields of the requester's other tickets, newest first, at most 30; `before`: the one to leave out,
        `opened` when it was: whoever became known with it has no earlier one."""
        ...

    def delivering(self, *, public: bool) -> AbstractContextManager[None]:
        """Around one delivery, its last look included: what it will call for has room before it begins, and what it has
        to know of the account is read, so that nothing is waited for between that look and the reply. Retryable where
        there is no room."""
        ...

    def reply(self, ticket_id: int, body_html: str, *, not_after: float, mailbox: str = "") -> Posted:
        """Public, irrevocable. `not_after` (seconds of worker.uptime): past it nothing may be sent any more, raise
        Retryable instead, since another process may have taken over. `mailbox`: the ticket's, which it leaves from if
        it can."""
        ...

    def note(self, ticket_id: int, body_html: str, *, not_after: float) -> Posted:
        """Private note."""
        ...

    def find(
        self, ticket_id: int, body_hash: str, *, since: datetime, public: bool, but: Collection[str] = ()
    ) -> Posted | None:
        """The reply (public) or note with that `body_hash` (see support.bodies.body_hash), by our own agent, or a reply
        of which no author is told, created at or after `since` less clock error; None if there is none. `but`: remote
        ids that are known to be others'."""
        ...

    def in_trash(self, ticket_id: int) -> bool:
        """Whether the ticket was deleted and can be restored: what is refused in its name is no fault of ours then."""
        ...

    def change(self, ticket_id: int, change: TicketChange, *, tags: Collection[str] | None = None) -> None:
        """One PUT, after a look at the tags; `tags`: those that a moment ago were there, and no look is needed.
        Permanent where the account's form rules refuse it. Safe to repeat."""
        ...

    def updated_since(self, since: datetime) -> Iterator[TicketNews]:
        """Tickets changed at or after `since`, oldest change first, over all pages."""
        ...

    def ping(self) -> str:
        """One line about whom we are there ("agent 7, Deskhand"). Raises trouble."""
        ...


class Completion(Noun):
    """What the model said, and what it cost."""

    text: str
    usage: Usage


class Writer(Protocol):
    """A language model with a chain of fall-backs behind it."""

    def complete(self, system: str, user: str, schema: dict[str, Any]) -> Completion:
        """One completion that should be a JSON object after `schema` (name "reply"); the text may still be anything,
        the caller validates. Empty or cut answers are Retryable; no model left is Permanent."""
        ...

    def ping(self) -> str: ...


class Embedder(Protocol):
    """Texts to unit vectors. `name` says which model, and is stored with an index: vectors of two never mix."""

    name: str

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dim) float32, each row of length 1. Thread-safe."""
        ...


@runtime_checkable
class Deep(Protocol):
    """What an embedder may be besides: one that tells more of a text than its vector."""

    def views(self, texts: Sequence[str]) -> Vectors | None:
        """(len(texts), any) float32, of the same width always; None where the model cannot tell. Thread-safe, and free
        for the texts that were embedded last."""
        ...


@runtime_checkable
class Tunable(Protocol):
    """What an embedder may be besides: one whose last layers can be tuned to tell groups of texts apart."""

    def tune(self, texts: Sequence[str], groups: NDArray[Any]) -> bytes:
        """Layers with which texts of one group lie near each other; b"" where the model cannot. `groups`: (n,) a number
        for each text. The same for the same input, but for rounding; takes seconds. Thread-safe."""
        ...

    def tuned(self, texts: Sequence[str], layers: bytes) -> Vectors:
        """(len(texts), dim) unit vectors with such layers. Thread-safe; for the texts that were embedded last it costs
        a third of what embedding them did. Permanent for layers of another model."""
        ...


@runtime_checkable
class Ahead(Protocol):
    """What a Tunable may be besides: one that works both out one after the other while the caller does something else,
    and while the first is used already."""

    def embed_ahead(
        self, texts: Sequence[str], layers: bytes
    ) -> tuple[Callable[[], Vectors], Callable[[], Vectors] | None]:
        """What gives `embed` and `tuned` of the same texts, each called once; no second one without `layers`.
        Thread-safe; they raise as those two do."""
        ...


class Hit(Noun):
    """A row that came back: `dense` is the cosine similarity, `lexical_rank` 0-based, None if BM25 did not find it."""

    source: Source
    dense: float
    lexical_rank: int | None = None
    lexical: float | None = None  # BM25 score, larger is better; None where unknown or the engine has no BM25


class Hits(Sequence[Hit]):
    """What one search brought, by columns. A Hit is made when it is asked for: a mail's searches bring hundreds, of
    which a dozen are shown. `kept`: sources as the index keeps them, without any score."""

    def __init__(
        self, kept: list[Source], dense: list[float], ranks: list[int | None], lexical: list[float | None]
    ) -> None:
        self.kept, self.dense, self.ranks, self.lexical = kept, dense, ranks, lexical

    @staticmethod
    def of(hits: Sequence[Hit]) -> Hits:
        """The same hits by columns."""
        if isinstance(hits, Hits):
            return hits
        return Hits(
            [hit.source for hit in hits],
            [hit.dense for hit in hits],
            [hit.lexical_rank for hit in hits],
            [hit.lexical for hit in hits],
        )

    def only(self, places: Sequence[int]) -> Hits:
        """Those at these places."""
        columns = ([column[i] for i in places] for column in (self.kept, self.dense, self.ranks, self.lexical))
        return Hits(*columns)  # type: ignore[arg-type]  # one comprehension for four types

    def __len__(self) -> int:
        return len(self.kept)

    @overload
    def __getitem__(self, place: int) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> list[Hit]: ...
    def __getitem__(self, place: int | slice) -> Hit | list[Hit]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        dense = self.dense[place]
        source = self.kept[place].model_copy(update={"dense": dense})
        return Hit(source=source, dense=dense, lexical_rank=self.ranks[place], lexical=self.lexical[place])


class Index(Protocol):
    """The live collection. The reader's labels are part of every query and rows are re-checked by the caller."""

    def search(self, kind: Kind, vector: Vectors, text: str, reads: Sequence[str], limit: int) -> Sequence[Hit]:
        """The union of the `limit` nearest by vector (dim,) and by BM25 of `text`, readable with labels `reads`.

        `text` is cut as the rows' words were (knowledge.words.searchable)."""
        ...

    def search_all(
        self, kind: Kind, vectors: Vectors, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Sequence[Sequence[Hit]]:
        """`search` for each of the `vectors` (n, dim) and `texts`, in order, for less than it costs one by one."""
        ...

    def begin(
        self, kind: Kind, texts: Sequence[str], reads: Sequence[str], limit: int
    ) -> Callable[[Vectors], Sequence[Sequence[Hit]]]:
        """`search_all` in two steps, so that the vectors can be made while the words are searched for: what it returns
        is called once, with the vectors. Trouble is raised by the second step."""
        ...

    def passages(self, source_ids: Sequence[str], reads: Sequence[str]) -> Sequence[Source]:
        """Those of these passages that are there and readable with labels `reads`, without scores, in any order."""
        ...

    def template(self, template_id: str) -> Template | None: ...

    def head(self) -> bytes:
        """The trained template choice that was kept with the live collection; b"" if there is none."""
        ...

    def version(self) -> str:
        """Name of the live collection behind the alias; "" if there is none."""
        ...

    def searched(self) -> str:
        """Name of the collection that searches ask: the live one, as known a second ago at most."""
        ...

    def ping(self) -> str: ...


class Directory(Protocol):
    """The customer file. Look-ups are exact after normalisation (see adapters/directory.py)."""

    def by_email(self, email: str) -> Sequence[tuple[Customer, bool]]:
        """All customers with that address; True where it is the registered one, False for an alternate."""
        ...

    def by_phone(self, phone: str) -> Sequence[Customer]: ...

    def by_id(self, customer_id: str) -> Customer | None: ...
