"""The assembly's fourth part: reindexing, with a look at what it would change, and going back.

Has the embedding model loaded, and opens index and ledger as ops have configured them. Called by scripts/index_kb.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from worker.adapters.sole_writer import on_all_hosts, on_this_host
from worker.bootstrap_kb import embedder_apart, embedder_name, load_rules, milvus_directory, milvus_uri, open_shelf
from worker.errors import BadConfiguration, Permanent, Trouble
from worker.knowledge.change import Change
from worker.knowledge.choice import Example
from worker.knowledge.coming import Coming
from worker.knowledge.index import BuildReport, kb_hash, publish, unchanged_rows
from worker.knowledge.kept import Kept
from worker.models import Noun, Status
from worker.ports import Embedder, Index
from worker.ports.shelf import Shelf, Tick
from worker.rulebook import load_labels
from worker.settings import Settings
from worker.support.learning import approved_examples
from worker.support.preview import Effect, Limits, Query, effect, newest_queries, too_much

if TYPE_CHECKING:
    from worker.adapters.milvus import MilvusShelf
    from worker.adapters.store.ledger import SqlLedger
    from worker.support.stale import Versions

    Marker = Callable[[SqlLedger, Versions], list[int]]

KEPT = "index-kept.npz"  # in DATA_DIR


@dataclass(frozen=True)
class Wish:
    """What whoever reindexes asks for. `preview`: only look. `force`: swap, whatever the look says. `wait`: for another
    reindex to end; an index without tuned layers that is there is good enough then. `quick`: none are tuned."""

    full: bool = False
    learn: bool = False
    preview: bool = False
    force: bool = False
    wait: bool = False
    quick: bool = False


class Reindexed(BuildReport):
    """`looked`: something had changed, and what that does was looked at. `effect`: None where no ticket could be asked
    again, and `not_asked` why. `refused`: why nobody but a person should make the change. `stale`: tickets with an open
    draft that cites what has changed; where the ledger did not take these marks, `not_marked` says why."""

    looked: bool = False
    effect: Effect | None = None
    not_asked: str = ""
    refused: tuple[str, ...] = ()
    stale: tuple[int, ...] = ()
    not_marked: str = ""


class Back(Noun):
    """A rollback: the index that is live now, and the seconds that it took; `stale` and `not_marked` as above."""

    collection: str
    seconds: float
    stale: tuple[int, ...] = ()
    not_marked: str = ""


def reindex(settings: Settings, wish: Wish, tick: Tick) -> Reindexed:
    """Raises BadConfiguration for files that are wrong, before anything goes live, and what shelf and ledger raise. Of
    the rules only who may read what is looked at where nothing has changed."""
    with ExitStack() as ends:
        name, kept = embedder_name(settings), Kept(settings.data_dir / KEPT, anew=wish.full)
        embedder = Coming(name, lambda: ends.enter_context(embedder_apart(settings, name)))
        # First: whoever waits here for another one's end must not have read files that have changed since.
        ends.enter_context(on_this_host(settings.data_dir, wait=wish.wait))
        ends.callback(kept.drop)
        return _reindex(settings, wish, tick, kept, embedder)


def _reindex(settings: Settings, wish: Wish, tick: Tick, kept: Kept, embedder: Coming) -> Reindexed:
    rows = kept.read(settings.kb_dir, load_labels(settings.rules_dir), embedder.begin)
    approved, tune = _approved(settings, wish), not wish.quick
    with open_shelf(settings) as shelf:
        hashed = kb_hash(rows, approved)
        if not wish.full and (
            report := unchanged_rows(rows, embedder.name, shelf, hashed, tune=tune and not wish.wait)
        ):
            return _as_it_was(report, kept, shelf, wish)
        with on_all_hosts(settings.ledger_url, wait=wish.wait):
            embedder.begin()  # also where no file is new: a rollback, another model, or tickets that are asked again
            load_rules(settings)  # or an index would go live beside rules that no worker starts with
            mark = _marker()
            look = _Look(settings, wish, shelf, embedder, tick)
            report = publish(
                rows,
                embedder,
                shelf,
                full=wish.full,
                progress=tick,
                approved=approved,
                look=look,
                kept=kept,
                hashed=hashed,
                tune=tune,
            )
        stale, not_marked = _mark(settings, shelf, mark) if report.swapped else ((), "")
    return Reindexed(
        **dict(report),
        looked=look.looked,
        effect=look.effect,
        not_asked=look.not_asked,
        refused=() if report.swapped else tuple(look.reasons),
        stale=stale,
        not_marked=not_marked,
    )


def _as_it_was(report: BuildReport, kept: Kept, shelf: Shelf, wish: Wish) -> Reindexed:
    if not wish.preview and (live := shelf.built()):
        kept.keep(live)  # another machine built it, or an earlier release: the next look need not read all of it
    return Reindexed(**dict(report))


def roll_back(settings: Settings, steps: int = 1) -> Back:
    """Makes the index so many steps before the live one live again. Raises what the shelf raises."""
    with on_this_host(settings.data_dir), on_all_hosts(settings.ledger_url), open_shelf(settings) as shelf:
        shelf.version()  # connecting is no part of it
        mark = _marker()
        started = time.monotonic()
        name = shelf.rollback(steps)
        seconds = round(time.monotonic() - started, 3)
        stale, not_marked = _mark(settings, shelf, mark)
    return Back(collection=name, seconds=seconds, stale=stale, not_marked=not_marked)


def indexes(settings: Settings) -> list[str]:
    """The live index, "" if there is none, then the earlier ones by the steps that `roll_back` takes to them."""
    if not milvus_uri(settings) and not milvus_directory(settings).exists():
        return [""]  # to open it would make it
    with open_shelf(settings) as shelf:
        return [shelf.version(), *shelf.earlier()]


def _approved(settings: Settings, wish: Wish) -> list[Example]:
    """What reviewers approved, as examples for the choice of a template."""
    if not wish.learn:
        return []
    with _ledger(settings, only_look=wish.preview) as ledger:
        return approved_examples(ledger.cases) if ledger else []


class _Look:
    """Asks the stored questions of the live index and of the new one, and says whether the new one may go live."""

    def __init__(self, settings: Settings, wish: Wish, shelf: Shelf, embedder: Embedder, tick: Tick) -> None:
        self._settings, self._wish, self._shelf, self._embedder, self._tick = settings, wish, shelf, embedder, tick
        self.looked = False
        self.effect: Effect | None = None
        self.not_asked = ""
        self.reasons: list[str] = []

    def __call__(self, change: Change, new: Index) -> bool:
        self.looked, live = True, self._shelf.built()
        if live is None:
            self.not_asked = "there was no index before"
        elif live.model != self._embedder.name:
            self.not_asked = f"the live index was built with another model, {live.model}"
        elif queries := self._queries():
            before = self._shelf.staged(live.collection)
            renamed = {now: was for was, now in change.renamed}
            self.effect = effect(queries, before, new, self._embedder, self._tick, renamed)
        else:
            self.not_asked = "there is no answered ticket to ask"
        limits = Limits(changed=self._settings.preview_most_changed, lost=self._settings.preview_most_lost)
        self.reasons = too_much(change, self.effect, limits) if live else []
        return not self._wish.preview and (self._wish.force or not self.reasons)

    def _queries(self) -> Sequence[Query]:
        with _ledger(self._settings, only_look=self._wish.preview) as ledger:
            return list(newest_queries(ledger.cases, self._settings.preview_tickets)) if ledger else []


@contextmanager
def _ledger(settings: Settings, *, only_look: bool) -> Iterator[SqlLedger | None]:
    """None where there is none yet. `only_look`: its tables are not brought up to date, and one of another release
    counts as none."""
    own = settings.data_dir / "deskhand.db"
    if settings.ledger_url == f"sqlite:///{own}" and not own.exists():
        yield None
        return
    # Here: the ledger's libraries take longer to import than it takes to see that nothing has changed.
    from worker.adapters.store.engine import parse
    from worker.adapters.store.ledger import open_ledger
    from worker.bootstrap import open_ledger_for

    url = parse(settings.ledger_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        yield None
        return
    ledger = open_ledger(settings.ledger_url) if only_look else open_ledger_for(settings)
    try:
        yield ledger if _readable(ledger) else None
    finally:
        ledger.close()


def _readable(ledger: SqlLedger) -> bool:
    try:
        ledger.cases.by_status(Status.HELD, limit=1)
    except Permanent:
        return False
    return True


def _marker() -> Marker:
    """What marks open drafts, with all that reads mails, for which a reindex that finds nothing changed would wait in
    vain. Before anything goes live: if it could not be loaded after that, none would be marked until the next swap."""
    from worker.support.stale import mark_stale

    return mark_stale


def _mark(settings: Settings, shelf: MilvusShelf, mark: Marker) -> tuple[tuple[int, ...], str]:
    """The tickets that were marked, and why none could be: the index is live by now, whatever the ledger says."""
    try:
        with _ledger(settings, only_look=False) as ledger:
            return (tuple(mark(ledger, shelf.versions)) if ledger else ()), ""
    except Trouble as trouble:
        return (), trouble.reason
    except BadConfiguration as error:  # of a newer release, say: "the live index stays as it is" would be false by now
        return (), "; ".join(problem.rstrip(".") for problem in error.problems)
