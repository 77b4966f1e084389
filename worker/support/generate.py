"""Layer 3: the writer is asked, its answer becomes parts; or, without a writer, the template itself is filled in.

The model gets aliases (T1, P2, C1) instead of our ids, the customer's words last and fenced, and never HTML. Whatever
comes back is untrusted: it is parsed into types here and judged by the guards.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from pydantic import BaseModel, ConfigDict, ValidationError

from worker.errors import Permanent, Retryable, Trouble
from worker.intake.mailtext import clean
from worker.models import Noun, Part, Sentence, Source, Usage
from worker.ports import Completion, Writer
from worker.support.facts import fill
from worker.support.sentences import sentences

log = structlog.get_logger(__name__)

CUSTOMER = "customer"  # the source id of the customer's own record
MAX_WORDS_OF_MESSAGE = 1200
LONGEST_WAIT = 600.0  # seconds: a limit per day comes back in hours, and a customer does not wait for that


class WrittenSentence(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    sources: list[str]


class WrittenAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: str
    sentences: list[WrittenSentence]


class WrittenReply(BaseModel):
    """The schema the writer answers in."""

    model_config = ConfigDict(extra="forbid")
    language: str
    answers: list[WrittenAnswer]


class Writing(Noun):
    """What generation came to. `trouble`: why the template was filled in instead, "" if the model wrote."""

    parts: tuple[Part, ...]
    written_by: str
    usage: Usage = Usage()
    prompt: str = ""
    answer: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Assignment:
    """One thing to write. `templates` and `passages` are filled in and readable for this person."""

    questions: tuple[str, ...]
    message: str
    templates: tuple[Source, ...]
    passages: tuple[Source, ...]
    facts: Mapping[str, str]  # the verified customer's record, {} for anybody else
    company: str
    hint: str = ""
    language: str = "English"
    per_question: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # question -> ids found for it


def generate(task: Assignment, writer: Writer | None, *, may_wait: bool) -> Writing:
    """Asks the writer once, repairs an unusable answer once, and falls back to the best template.

    Raises Retryable only if `may_wait` and a rate limit named a time to come back that is not too far away: then the
    caller parks the work. Any other trouble ends in a filled-in template with `trouble` set, which the pipeline always
    holds.
    """
    if not (task.templates or task.passages):
        return Writing(parts=_unanswered(task), written_by="", trouble="nothing was found to write from")
    if writer is None:
        return from_template(task, "no model is configured")
    try:
        return _ask(task, writer)
    except Retryable as trouble:
        if may_wait and trouble.after is not None and trouble.after <= LONGEST_WAIT and not trouble.down:
            raise
        return from_template(task, trouble.reason)
    except Trouble as trouble:
        return from_template(task, trouble.reason)


def _ask(task: Assignment, writer: Writer) -> Writing:
    aliases = _aliases(task)
    system, user = prompt(task, aliases)
    schema = _schema()
    started = time.monotonic()
    completion = _complete(writer, system, user, schema)
    reply, fault = _parse(completion.text)
    used = completion.usage
    if reply is None:
        log.warning("answer_unusable", fault=fault, model=used.model)
        again = f"{user}\n\nYour last answer could not be read: {fault}. Answer with the JSON object only."
        completion = writer.complete(system, again, schema)
        reply, fault = _parse(completion.text)
        used = _sum(used, completion.usage)
    if reply is None:
        raise Permanent(f"the model's answer could not be read: {fault}", part="groq")
    used = used.model_copy(update={"seconds": time.monotonic() - started})
    return Writing(
        parts=_parts(reply, task, aliases),
        written_by=used.model,
        usage=used,
        prompt=f"{system}\n\n{user}",
        answer=completion.text,
    )


@cache
def _schema() -> dict[str, Any]:
    """Worked out once: pydantic takes milliseconds over it, and it is the same for every message."""
    return WrittenReply.model_json_schema()


def _complete(writer: Writer, system: str, user: str, schema: dict[str, Any]) -> Completion:
    """A second try for trouble that has no waiting time: a reset connection is often gone a moment later."""
    try:
        return writer.complete(system, user, schema)
    except Retryable as trouble:
        if trouble.after is not None:
            raise
        log.warning("writer_retried", reason=trouble.reason)
        return writer.complete(system, user, schema)


def prompt(task: Assignment, aliases: Mapping[str, str]) -> tuple[str, str]:
    """(system, user). The system part is the same for every message, so that the vendor's prefix cache works."""
    by_id = {source_id: alias for alias, source_id in aliases.items()}
    sources = [
        {
            "tag": s.kind.value,
            "alias": by_id[s.source_id],
            "title": escape(s.title, quote=True),
            "text": escape(s.text, quote=False),
        }
        for s in (*task.templates, *task.passages)
    ]
    system = _template("system.jinja").render(company=task.company, language=task.language)
    user = _template("user.jinja").render(
        sources=sources,
        facts=[(name, escape(value, quote=False)) for name, value in task.facts.items()],
        questions=[
            (escape(q, quote=False), " ".join(by_id[i] for i in task.per_question.get(q, ()) if i in by_id))
            for q in task.questions
        ],
        hint=escape(task.hint, quote=False),
        message=escape(_shortened(task.message), quote=False),
    )
    return system, user


@cache
def _template(name: str) -> Template:
    loader = PackageLoader("worker.support", "prompts")
    # Not HTML: values are escaped by hand above, once, and the texts must reach the model unchanged.
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, autoescape=False).get_template(name)  # noqa: S701


def _aliases(task: Assignment) -> dict[str, str]:
    """alias -> source id, in the order in which the prompt lists them."""
    out: dict[str, str] = {}
    for kind, letter in ((task.templates, "T"), (task.passages, "P")):
        out |= {f"{letter}{i}": source.source_id for i, source in enumerate(kind, 1)}
    if task.facts:
        out["C1"] = CUSTOMER
    return out


def _parse(text: str) -> tuple[WrittenReply | None, str]:
    """The reply, or None and what is wrong with it, in words that hold nothing of the answer."""
    body = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", text.strip())
    try:
        return WrittenReply.model_validate(json.loads(body)), ""
    except RecursionError:
        return None, "it is nested too deeply"
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        return None, f"{'.'.join(str(x) for x in first['loc'])}: {first['type']}"
    except ValueError:
        return None, "it is not JSON"


def _parts(reply: WrittenReply, task: Assignment, aliases: Mapping[str, str]) -> tuple[Part, ...]:
    """One part for each question that we asked, in our order; what the model says about others is appended."""
    given = {answer.question: answer for answer in reply.answers}
    asked = [f"Q{i}" for i in range(1, len(task.questions) + 1)]
    parts = [
        Part(question=question, sentences=_sentences(given.get(alias), aliases))
        for alias, question in zip(asked, task.questions, strict=True)
    ]
    extra = [a for a in reply.answers if a.question not in asked and a.sentences]
    return (*parts, *(Part(question="", sentences=_sentences(a, aliases)) for a in extra))


def _sentences(answer: WrittenAnswer | None, aliases: Mapping[str, str]) -> tuple[Sentence, ...]:
    """Aliases that we never gave stay as they are: the guard shows them as what they are."""
    return tuple(
        Sentence(text=text, sources=tuple(aliases.get(a.strip(), a.strip()) for a in s.sources))
        for s in (answer.sentences if answer else [])
        if (text := " ".join(clean(s.text).split()))
    )


def from_template(task: Assignment, trouble: str) -> Writing:
    """The best template's own sentences; without one, every question stays unanswered."""
    if not task.templates:
        return Writing(parts=_unanswered(task), written_by="", trouble=trouble)
    best = task.templates[0]
    said = tuple(Sentence(text=s, sources=(best.source_id,)) for s in sentences(best.text))
    rest = tuple(Part(question=q) for q in task.questions[1:])
    first = task.questions[0] if task.questions else best.title
    return Writing(parts=(Part(question=first, sentences=said), *rest), written_by="template", trouble=trouble)


def _unanswered(task: Assignment) -> tuple[Part, ...]:
    return tuple(Part(question=q) for q in task.questions)


def _shortened(message: str) -> str:
    """A mail of a thousand words is cut in the middle: people ask at the beginning or at the end."""
    words = message.split(" ")
    if len(words) <= MAX_WORDS_OF_MESSAGE:
        return message
    half = MAX_WORDS_OF_MESSAGE // 2
    return " ".join([*words[:half], "[...]", *words[-half:]])


def _sum(one: Usage, two: Usage) -> Usage:
    return Usage(
        model=two.model or one.model,
        calls=one.calls + two.calls,
        prompt_tokens=one.prompt_tokens + two.prompt_tokens,
        completion_tokens=one.completion_tokens + two.completion_tokens,
        seconds=one.seconds + two.seconds,
    )


def fill_sources(sources: Sequence[Source], facts: Mapping[str, str]) -> tuple[Source, ...]:
    """What the writer is given: what we know of the customer in place of placeholders, and no Markdown emphasis, which
    would come back as stars in a mail."""
    return tuple(s.model_copy(update={"text": fill(s.text, facts).replace("**", "")}) for s in sources)
