"""How replayed messages are told: every stage of one, or many side by side with what colleagues had written.

`stages` and `page` show what customers wrote and are for those who may read it; `summary` holds none of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from statistics import median
from typing import Any

from worker.models import Source
from worker.operations.replaying import Replayed

WOULD = {
    "send": "would have been sent",
    "hold": "would have been held",
    "hand_over": "would have been handed over",
    "ignore": "would have been ignored",
    "failed": "failed",
}
REASONS = 12  # of which are told how often they held a draft
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1d2430;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #c9d1dc;padding:.35rem .7rem;text-align:left}
article{border:1px solid #c9d1dc;border-radius:6px;margin:1.2rem 0;padding:0 1rem 1rem}
.two{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.said{white-space:pre-wrap;background:#f4f6f9;padding:.7rem}
h3{margin:.8rem 0 .3rem}small{color:#56606e}@media(max-width:50rem){.two{grid-template-columns:1fr}}
"""


def stages(done: Replayed) -> str:
    """Every stage with what it found out, in the order in which the pipeline went through them."""
    return "\n".join(_stages(done))


def _stages(done: Replayed) -> Iterator[str]:
    trace, took = done.trace, done.trace.seconds
    ticket = done.asked.thread.ticket
    yield _title(f"ticket {ticket.ticket_id}, message {done.asked.message.key}", None)
    yield f"  subject: {ticket.subject}"
    yield _title("read", took.get("read"))
    yield _indented(trace.query or "(no text)")
    if "gate" in took:
        yield _title("gate", took["gate"])
        yield from (f"  {'HIT ' if a.hit else 'miss'} {a.rule}{f': {a.why}' if a.why else ''}" for a in trace.asked)
    if trace.identity:
        who = trace.identity
        yield _title("identify", took.get("identify"))
        customer = who.customer.customer_id if who.customer else "no customer"
        known = "existing" if who.existing else "new"
        yield f"  {who.strength.value}, {customer}, by {who.found_by or 'nothing'}, {known}"
        yield from (f"  {'HIT ' if a.hit else 'miss'} {a.rule}{f': {a.why}' if a.why else ''}" for a in who.asked)
    if trace.reader:
        yield _title("segment", took.get("segment"))
        held = ", ".join(trace.reader.segments) or "no product"
        yield f"  holds {held}; may read {', '.join(trace.reader.reads)}"
    if "retrieve" in took:
        yield _title("retrieve", took["retrieve"])
        yield f"  index {trace.index_version or '(none)'}"
        yield from (
            f"  question: {question}{'  (nothing found)' * (question in trace.gaps)}" for question in trace.questions
        )
        yield from (_source("template", source) for source in trace.templates)
        yield from (_source("passage ", source) for source in trace.passages)
    yield from _written(done)
    yield from _decided(done)


def _written(done: Replayed) -> Iterator[str]:
    trace = done.trace
    if "generate" in trace.seconds:
        yield _title("generate", trace.seconds["generate"])
        if done.draft:
            used = done.draft.usage
            yield f"  by {done.draft.written_by or 'nobody'}, {used.prompt_tokens} + {used.completion_tokens} tokens"
        yield from ("  prompt:", _indented(trace.prompt, 4)) if trace.prompt else ()
        yield from ("  answer:", _indented(trace.answer, 4)) if trace.answer else ()
    if done.draft:
        yield _title("guard", trace.seconds.get("guard"))
        yield from (f"  {finding.guard}: {finding.what}" for finding in done.draft.findings)
        if not done.draft.findings:
            yield "  nothing found"
        yield _title("draft", None)
        yield _indented(done.draft.body_text)


def _decided(done: Replayed) -> Iterator[str]:
    yield _title("verdict", None)
    if done.verdict is None:
        yield f"  failed: {done.failed}"
        return
    yield f"  {WOULD[done.would]}, with DELIVERY_MODE=auto and an open gate"
    yield from (f"  - {reason}" for reason in done.verdict.reasons)
    if done.verdict.group:
        yield f"  to the group {done.verdict.group}"
    if done.asked.theirs:
        yield _title("what a colleague wrote", None)
        yield _indented(done.asked.theirs)
        if done.meaning is not None:
            yield f"  alike: {done.meaning:.2f} by meaning, {done.words:.2f} by words"
    yield ""
    yield "Nothing was sent, and nothing was written to Freshdesk or to the ledger."


def _title(name: str, seconds: float | None) -> str:
    return f"\n== {name}" + (f" ({seconds * 1000:.0f} ms)" if seconds is not None else "")


def _indented(text: str, by: int = 2) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def _source(kind: str, source: Source) -> str:
    return f"  {kind} {source.score:.2f}  {source.source_id}  {source.title}"


def summary(every: Sequence[Replayed]) -> dict[str, Any]:
    """Shares and likeness; numbers, names of templates, and reasons that code made. Nothing that anybody wrote."""
    n = len(every)
    counts = Counter(done.would for done in every)
    reasons = Counter(reason for done in every if done.verdict for reason in dict.fromkeys(done.verdict.reasons))
    guards = Counter(guard for done in every for guard in _guards(done))
    return {
        "tickets": n,
        "answered_by_a_colleague": sum(bool(done.asked.theirs) for done in every),
        "counts": {would: counts[would] for would in WOULD},
        "shares": {would: round(counts[would] / n, 4) if n else 0.0 for would in WOULD},
        "likeness": {would: _likeness([d for d in every if d.would == would]) for would in ("send", "hold")},
        "templates": dict(Counter(d.draft.template_id for d in every if d.draft).most_common()),
        "reasons": dict(reasons.most_common(REASONS)),
        "guards": dict(guards.most_common()),
        "tokens": sum(d.draft.usage.prompt_tokens + d.draft.usage.completion_tokens for d in every if d.draft),
    }


def _guards(done: Replayed) -> list[str]:
    return list(dict.fromkeys(finding.guard for finding in done.draft.findings)) if done.draft else []


def _likeness(some: Sequence[Replayed]) -> dict[str, float | int | None]:
    meanings, words = [d.meaning for d in some if d.meaning is not None], [d.words for d in some if d.words is not None]
    return {
        "compared": len(meanings),
        "meaning_median": round(median(meanings), 3) if meanings else None,
        "words_median": round(median(words), 3) if words else None,
    }


def told(found: dict[str, Any]) -> str:
    """The summary for people."""
    lines = [f"{found['tickets']} tickets, {found['answered_by_a_colleague']} of them answered by a colleague", ""]
    for would, says in WOULD.items():
        alike = found["likeness"].get(would, {})
        beside = (
            f"   like the colleague's reply: {alike['meaning_median']:.2f} by meaning,"
            f" {alike['words_median']:.2f} by words (medians of {alike['compared']})"
            if alike.get("compared")
            else ""
        )
        lines.append(f"{found['counts'][would]:>6}  {found['shares'][would]:>6.1%}  {says}{beside}")
    lines += ["", "Why, how often:"]
    lines += [f"{times:>6}  {reason}" for reason, times in found["reasons"].items()]
    lines += ["", "Checks that found something, in drafts:"] if found["guards"] else []
    lines += [f"{times:>6}  {guard}" for guard, times in found["guards"].items()]
    return "\n".join([*lines, "", "Nothing was sent, and nothing was written to Freshdesk or to the ledger."])


def rows(every: Sequence[Replayed]) -> Iterator[dict[str, Any]]:
    """One object for each ticket, with what was written."""
    for done in every:
        yield {
            "ticket_id": done.asked.thread.ticket.ticket_id,
            "message": done.asked.message.key,
            "would": done.would,
            "reasons": list(done.verdict.reasons) if done.verdict else [done.failed],
            "group": done.verdict.group if done.verdict else None,
            "template": done.draft.template_id if done.draft else "",
            "guards": _guards(done),
            "meaning": done.meaning,
            "words": done.words,
            "asked": done.trace.query,
            "ours": done.draft.body_text if done.draft else "",
            "theirs": done.asked.theirs,
            "seconds": done.trace.seconds,
        }


def page(every: Sequence[Replayed], found: dict[str, Any]) -> str:
    """An HTML page of its own: what was asked, our draft, and what a colleague wrote. Least alike first."""
    order = sorted(every, key=lambda d: (list(WOULD).index(d.would), d.meaning if d.meaning is not None else 2.0))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Replayed tickets</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>"
        f"<h1>Replayed tickets</h1><pre>{escape(told(found))}</pre>{''.join(map(_article, order))}</body></html>"
    )


def _article(done: Replayed) -> str:
    row = next(rows([done]))
    alike = "" if done.meaning is None else f" · alike {done.meaning:.2f} by meaning, {done.words:.2f} by words"
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in row["reasons"])
    return (
        f"<article><h2>Ticket {row['ticket_id']}: {WOULD[done.would]}</h2>"
        f"<small>{escape(row['template'] or 'no template')}{alike}</small><ul>{reasons}</ul>"
        f"<h3>Asked</h3><div class='said'>{escape(row['asked'])}</div><div class='two'>"
        f"<div><h3>Our draft</h3><div class='said'>{escape(row['ours'] or '–')}</div></div>"
        f"<div><h3>A colleague</h3><div class='said'>{escape(row['theirs'] or '–')}</div></div></div></article>"
    )
