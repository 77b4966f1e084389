"""kb/ to a live index: rows, their vectors, a new collection beside the live one, and the swap.

Embeds only what the live collection does not have already. Whatever fails before the swap leaves the live index as it
was. Called by scripts/index_kb.py and by whoever starts the stack; searching is not done here.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

from worker.errors import BadConfiguration
from worker.knowledge.change import Change, compared
from worker.knowledge.choice import Example, Head, get_ready, train
from worker.knowledge.choice_file import FORMAT as HEAD_FORMAT
from worker.knowledge.choice_file import pack
from worker.knowledge.chunk import passages, template_source
from worker.knowledge.documents import Kb
from worker.knowledge.made import EMBED_TOGETHER, Made
from worker.knowledge.net import MANY, views_of
from worker.knowledge.tuned import tuned_on
from worker.knowledge.words import searchable
from worker.models import Kind, Source, Template
from worker.ports.shelf import Build, Row, Shelf, Tick, Trained
from worker.ports.world import Embedder, Index, Vectors

if TYPE_CHECKING:
    from worker.knowledge.kept import Kept

__all__ = [
    "EMBED_TOGETHER",
    "BuildReport",
    "Look",
    "Row",
    "Shelf",
    "build",
    "kb_hash",
    "publish",
    "rows_of",
    "unchanged",
    "unchanged_rows",
]

FORMAT = "5"  # raise it when rows are made in another way: every index is then built anew
UNTUNED = "-untuned"  # after what was taught, where no layers were tuned for want of time

Look = Callable[[Change, Index], bool]  # at what would change, and at the new index; False: leave the live one


class BuildReport(Change):
    """What a build did, or would have done. `collection` is the live one. `swapped` is False where nothing had changed,
    and where whoever looked at the new index would not have it."""

    collection: str
    swapped: bool
    rows: int
    sources: int
    embedded: int = 0
    reused: int = 0
    seconds: float = 0.0


def build(
    kb: Kb,
    embedder: Embedder,
    shelf: Shelf,
    *,
    full: bool = False,
    progress: Tick | None = None,
    approved: Sequence[Example] = (),
    look: Look | None = None,
) -> BuildReport:
    """Makes `kb` the live index. `full`: embed and write everything anew, whatever the live one holds.

    `approved`: questions whose template a reviewer approved; the template choice learns from them too. `look` is asked
    before the swap. Raises BadConfiguration for an empty kb, and what the shelf raises.
    """
    return publish(list(rows_of(kb)), embedder, shelf, full=full, progress=progress, approved=approved, look=look)


def publish(
    rows: Sequence[Row],
    embedder: Embedder,
    shelf: Shelf,
    *,
    full: bool = False,
    progress: Tick | None = None,
    approved: Sequence[Example] = (),
    look: Look | None = None,
    kept: Kept | None = None,
    hashed: str = "",
    tune: bool = True,
) -> BuildReport:
    """Makes `rows` the live index; see `build`. `kept`: may know what the live one holds, and keeps what becomes it;
    `hashed`: their `kb_hash`, where that is known; `tune`: whether the template choice may take seconds to tune layers;
    if not, one that has is as good."""
    started, tick = time.monotonic(), progress or (lambda stage, done, total: None)
    if not rows:
        raise BadConfiguration("There is nothing to index: an empty index would answer nobody. Check KB_DIR.")
    wanted, live = hashed or kb_hash(rows, approved), shelf.built()
    same_model = live is not None and live.model == embedder.name
    if live and same_model and _serves(live.kb_hash, wanted, tune) and not full:
        return _as_it_was(live, rows, started)
    had = (kept.contents(live) if kept and live else None) or shelf.contents()
    # The live one tells how long vectors are before the model is there; loading that takes seconds.
    dim = live.dim if live and same_model and not full else embedder.dim
    vectors = Made(rows, had.vectors if same_model and not full else {}, dim)
    learned, before = taught(rows, embedder.name, approved), None if full else live
    how = "" if tune or (before and before.taught == learned) else UNTUNED
    fresh = _build(rows, embedder.name, dim, wanted + how, learned + how)
    head = _head(rows, vectors, embedder, shelf, approved, before, fresh)
    batches = vectors.batches(embedder, tick)
    drafted = kept.drafting(batches, fresh, vectors.all) if kept else batches
    name = shelf.stage(rows, drafted, fresh, tick, head)
    change = compared({row.source.source_id: row.source for row in rows}, had, [r.template for r in rows if r.template])
    swapped = _swapped(name, change, shelf, look, tick)
    if swapped and kept:
        kept.keep(fresh, vectors.all)
    return BuildReport(
        collection=name if swapped else shelf.version(),
        swapped=swapped,
        rows=len(rows),
        sources=len({row.source.source_id for row in rows}),
        embedded=vectors.embedded,
        reused=len(rows) - vectors.embedded,
        seconds=time.monotonic() - started,
        **dict(change),
    )


def _build(rows: Sequence[Row], model: str, dim: int, kb: str, learned: str) -> Build:
    return Build(model=model, dim=dim, kb_hash=kb, built_at=datetime.now(UTC), rows=len(rows), taught=learned)


def _head(
    rows: Sequence[Row],
    vectors: Made,
    embedder: Embedder,
    shelf: Shelf,
    approved: Sequence[Example],
    live: Build | None,
    fresh: Build,
) -> Trained:
    """The live one's template choice, where that learned the same; else what makes it once all vectors are there."""
    if live and live.taught == fresh.taught:
        return shelf.staged(live.collection).head()

    def head() -> bytes:
        trained = head_of(rows, vectors.all, embedder, approved, tune=not fresh.taught.endswith(UNTUNED))
        return pack(trained) if trained else b""

    # No daemon: stopped in the middle of an import, as the process ends, it could take the process along.
    Thread(target=get_ready).start()
    return head


def _swapped(name: str, change: Change, shelf: Shelf, look: Look | None, tick: Tick) -> bool:
    """Whether the staged collection became the live one; if not, it is gone."""
    try:
        wanted = look is None or look(change, shelf.staged(name))
    except BaseException:
        shelf.discard(name)
        raise
    if wanted:
        shelf.swap(name, tick)
    else:
        shelf.discard(name)
    return wanted


def unchanged(kb: Kb, model: str, shelf: Shelf, approved: Sequence[Example] = ()) -> BuildReport | None:
    """What `build` would report if it had nothing to do; None where it has. `model`: the embedder's name.

    For whoever would load a model only to learn that nothing is to be embedded.
    """
    rows = list(rows_of(kb))
    return unchanged_rows(rows, model, shelf, kb_hash(rows, approved))


def unchanged_rows(
    rows: Sequence[Row], model: str, shelf: Shelf, hashed: str, *, tune: bool = True
) -> BuildReport | None:
    """The same of what `publish` would report. `hashed`: their `kb_hash`."""
    started, live = time.monotonic(), shelf.built()
    if live is None or live.model != model or not _serves(live.kb_hash, hashed, tune):
        return None
    return _as_it_was(live, rows, started)


def _serves(there: str, wanted: str, tune: bool) -> bool:
    return there == wanted or (not tune and there == wanted + UNTUNED)


def rows_of(kb: Kb) -> Iterator[Row]:
    """A row for each passage; for each template one for itself and one for each of its example questions."""
    for template in kb.templates:
        source = template_source(template)
        yield row_of(source, template)
        for number, question in enumerate(template.questions, 1):
            yield Row(
                pk=f"{template.template_id}?{number}",
                about="question",
                embed=question,
                words=searchable(question),
                source=source,
            )
    for passage in passages(kb.articles):
        yield row_of(passage)


def row_of(source: Source, template: Template | None = None) -> Row:
    """The row that carries a source: found by title and text, the title counted twice by BM25."""
    return Row(
        pk=source.source_id,
        about="source",
        embed=f"{source.title}\n{source.text}",
        words=searchable(f"{source.title}\n{source.title}\n{source.text}"),
        source=source,
        template=template,
    )


def head_of(
    rows: Sequence[Row], vectors: Vectors, embedder: Embedder, approved: Sequence[Example] = (), *, tune: bool = True
) -> Head | None:
    """The template choice that these rows teach, and what was approved; None where there are not two templates.

    A template's own row teaches too, as if it were a question: it says what the template is about.
    """
    mine = [i for i, row in enumerate(rows) if row.source.kind is Kind.TEMPLATE]
    there = {rows[i].source.source_id for i in mine}
    if len(there) < 2:
        return None
    more = [example for example in approved if example.template_id in there or not example.template_id]
    told = [example.text for example in more]
    texts = [rows[i].source.title if rows[i].about == "source" else rows[i].embed for i in mine]
    embedded = [*(rows[i].embed for i in mine), *told]
    labels = [*(rows[i].source.source_id for i in mine), *(example.template_id for example in more)]
    learned = np.concatenate([vectors[mine], embedder.embed(told)])
    views = views_of(embedder, embedded) if len(learned) >= MANY else None
    aside = ThreadPoolExecutor(1)  # training begins meanwhile: index_kb.py's embedder is a process of its own
    try:
        tuned = aside.submit(tuned_on, embedder, embedded, labels).result if tune else None
        return train([*texts, *told], learned, labels, views, tuned)
    finally:
        aside.shutdown(wait=False)  # whoever breaks off need not wait until layers are tuned


def kb_hash(rows: Sequence[Row], approved: Sequence[Example] = ()) -> str:
    """Equal for equal rows and approved examples, whatever their order, as long as rows and heads are made as now."""
    digest = hashlib.sha256(f"{FORMAT}.{HEAD_FORMAT}".encode())
    for told in sorted(row.model_dump_json() for row in (*rows, *approved)):
        digest.update(told.encode())
    return digest.hexdigest()


def taught(rows: Sequence[Row], model: str, approved: Sequence[Example] = ()) -> str:
    """Equal where `head_of` would learn from the same examples, in the same order, through the same model."""
    digest = hashlib.sha256(f"{HEAD_FORMAT}.{model}".encode())
    mine = [row for row in rows if row.source.kind is Kind.TEMPLATE]
    for told in ([row.pk, row.about, row.embed, row.source.source_id] for row in mine):
        digest.update(json.dumps(told).encode())
    for example in approved:
        digest.update(example.model_dump_json().encode())
    return digest.hexdigest()


def _as_it_was(live: Build, rows: Sequence[Row], started: float) -> BuildReport:
    sources = {row.source.source_id for row in rows}
    return BuildReport(
        collection=live.collection,
        swapped=False,
        rows=live.rows,
        sources=len(sources),
        unchanged=len(sources),
        reused=len(rows),
        seconds=time.monotonic() - started,
    )
