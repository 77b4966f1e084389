"""kb/ as data: templates and articles, read strictly. Everything wrong with any file is told at once, with its line.

Not the cutting into passages (chunk.py) and not the index (index.py). Called by whoever builds an index and by the
checks of kb/. A file that lies about its segment stops the build, since nothing later could notice it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from worker.errors import BadConfiguration
from worker.knowledge.articles import Article, read_sections
from worker.knowledge.files import Document, documents
from worker.models import Noun, Template

PLACEHOLDERS = ("first_name", "name", "customer_id", "email", "since", "relationship_manager", "ticket_id")
_WITHHELD = ("phone", "alternate_emails", "segments")  # of the customer file, and never in a reply
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_KEY = re.compile(r"^([A-Za-z_]\w*)\s*:")
# The same grammar in C, some seven times as fast; not every PyYAML has it.
_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]


class Kb(Noun):
    """All of kb/, in the order of the ids."""

    templates: tuple[Template, ...]
    articles: tuple[Article, ...]


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: _Id
    title: _Text
    segments: list[str] = Field(min_length=1)
    questions: list[_Text] = Field(min_length=1)


class _TemplateFront(_Front):
    topic: _Id
    needs: list[str]
    auto_send: bool


class _ArticleFront(_Front):
    questions: list[_Text] = Field(default_factory=list)  # for people; as search text they found nothing better
    updated: date


@dataclass
class _File:
    """One file under examination: its parts, and where its problems go."""

    path: Path
    name: str  # as operators see it, who open it from any folder: all of its path
    front: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)  # front matter key -> line
    body: str = ""
    body_line: int = 1
    problems: list[str] = field(default_factory=list)

    def tell(self, line: int, reason: str) -> None:
        self.problems.append(f"{self.name}:{line}: {reason}.")


def read_kb(kb_dir: Path, labels: Sequence[str], *, placeholders: Sequence[str] = PLACEHOLDERS) -> Kb:
    """Reads kb_dir/templates/**.md and kb_dir/articles/**.md (README.md is left out).

    `labels`: every label that a document may carry, "public" and the products' names. Raises BadConfiguration with one
    sentence for each problem of each file: file, line, what is wrong, what to do. `placeholders`: those that are always
    there; any other that a template's `needs` names is taken to be a further column of the customer file.
    """
    return read_documents(documents(kb_dir), kb_dir, labels, placeholders=placeholders)


def read_documents(
    found: Sequence[Document],
    kb_dir: Path,
    labels: Sequence[str],
    *,
    placeholders: Sequence[str] = PLACEHOLDERS,
    known: Collection[Document] = (),
) -> Kb:
    """See `read_kb`. Those of `known` were read before, as they are: they are in order, and left out."""
    problems: list[str] = []
    templates: list[Template] = []
    articles: list[Article] = []
    owners: dict[tuple[str, str], str] = {}
    left_out = {document.path for document in known}
    for document in found:
        file = _File(path=document.path, name=str(document.path))
        if document.path not in left_out:
            _open(file, document)
            if document.kind == "templates":
                templates += _template(file, labels, placeholders)
            else:
                articles += _article(file, labels)
        _once(file, document.kind, owners)
        problems += file.problems
    if not found:
        problems.append(f"{kb_dir}: there are no templates and no articles: check KB_DIR.")
    if problems:
        raise BadConfiguration(problems)
    return Kb(
        templates=tuple(sorted(templates, key=lambda t: t.template_id)),
        articles=tuple(sorted(articles, key=lambda a: a.article_id)),
    )


def version_of(template: Template, called: str = "") -> str:
    """Of all that its file says; `called`: as if that were its id."""
    front = {
        "id": called or template.template_id,
        "title": template.title,
        "topic": template.topic,
        "segments": list(template.segments),
        "questions": list(template.questions),
        "needs": list(template.needs),
        "auto_send": template.auto_send,
    }
    return short_hash(repr(sorted(front.items())), template.body)


def short_hash(*parts: str) -> str:
    """Twelve hexadecimal digits of SHA-256: a version that people can compare."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:12]


def _open(file: _File, document: Document) -> None:
    text, trouble = document.text
    if trouble:
        file.tell(1, trouble)
        return
    lines = text.split("\n")
    closing = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or closing is None:
        file.tell(1, "the file must begin with front matter between two lines of ---")
        return
    file.body, file.body_line = "\n".join(lines[closing + 1 :]), closing + 2
    for number, line in enumerate(lines[1:closing], 2):
        if key := _KEY.match(line):
            if key.group(1) in file.lines:
                file.tell(number, f"'{key.group(1)}' stands there twice: keep one")
            file.lines[key.group(1)] = number
    _front(file, "\n".join(lines[1:closing]))


def _front(file: _File, text: str) -> None:
    try:
        front = yaml.load(text, Loader=_YAML)  # noqa: S506 - both loaders are safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        file.tell((mark.line + 2) if mark else 1, "the front matter is not YAML: put quotes around text with : or #")
        return
    except ValueError as error:  # of a date such as 2026-02-30, which YAML's grammar lets pass
        line = next((n for key, n in file.lines.items() if key == "updated"), 1)
        file.tell(line, f"a date of the front matter is none ({error}): write it as 2026-09-14")
        return
    if isinstance(front, dict):
        file.front = {str(key): value for key, value in front.items()}
    else:
        file.tell(1, "the front matter must be lines of 'key: value'")


def _checked(file: _File, shape: type[_Front], labels: Sequence[str]) -> Any:
    """The front matter as `shape`, or None; then file.problems says why."""
    if file.problems:
        return None
    try:
        front = shape(**file.front)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            _tell_field(file, [str(part) for part in one["loc"]], str(one["type"]), str(one["msg"]))
        return None
    if front.id != file.path.stem:
        file.tell(file.lines.get("id", 1), f"id '{front.id}' is not the file's name: call it '{file.path.stem}'")
    for label in front.segments:
        if label not in labels:
            file.tell(file.lines.get("segments", 1), f"unknown segment '{label}': use {_listed(labels)}")
    if len(set(front.segments)) != len(front.segments):
        file.tell(file.lines.get("segments", 1), "a segment stands there twice: keep one")
    return front


def _tell_field(file: _File, loc: list[str], kind: str, message: str) -> None:
    key, where = loc[0], ".".join(loc)
    line = file.lines.get(key, 1)
    if kind == "missing" or (key == "questions" and kind == "too_short"):
        todo = "write how customers ask for this" if key == "questions" else "add it to the front matter"
        file.tell(line, f"'{key}' is missing: {todo}")
    elif kind == "extra_forbidden":
        file.tell(line, f"'{key}' is not known here: remove it")
    elif kind == "string_type":
        file.tell(line, f"'{where}' must be text: put it in quotes")
    else:
        file.tell(line, f"'{where}' is wrong: {message[0].lower()}{message[1:]}")


def _template(file: _File, labels: Sequence[str], placeholders: Sequence[str]) -> list[Template]:
    front: _TemplateFront | None = _checked(file, _TemplateFront, labels)
    body = file.body.strip()
    if front is None:
        return []
    if not body:
        file.tell(file.body_line, "the template has no body: write the reply under the front matter")
    _check_placeholders(file, front.needs, placeholders)
    template = Template(
        template_id=front.id,
        title=front.title,
        topic=front.topic,
        segments=tuple(front.segments),
        questions=tuple(front.questions),
        needs=tuple(front.needs),
        auto_send=front.auto_send,
        body=body,
        version="",
    )
    return [template.model_copy(update={"version": version_of(template)})]


def _check_placeholders(file: _File, needs: Sequence[str], allowed: Sequence[str]) -> None:
    used: set[str] = set()
    for number, line in enumerate(file.body.split("\n"), file.body_line):
        names = _PLACEHOLDER.findall(line)
        used |= set(names)
        rest = _PLACEHOLDER.sub("", line)
        if "{{" in rest or "}}" in rest or "{%" in rest or "{#" in rest:
            file.tell(number, "a placeholder is broken: write {{ name }}, opened and closed on one line")
        for name in names:
            if name not in allowed and (reason := _no_column(name, needs, allowed)):
                file.tell(number, f"unknown placeholder '{name}': {reason}")
            elif name not in needs:
                file.tell(number, f"placeholder '{name}' is not in needs: add it there")
    for name in needs:
        if name not in used:
            file.tell(
                file.lines.get("needs", 1), f"needs names '{name}', but the body does not use it: remove it there"
            )


def _no_column(name: str, needs: Sequence[str], allowed: Sequence[str]) -> str:
    """Why `name` is not taken for a further column of the customer file; "" if it is."""
    if name in _WITHHELD:
        return "this column of the customer file is not for replies: take it out"
    # A misspelt name would be a column that no customer has, and every reply from the template would be held.
    if near := get_close_matches(name, allowed, n=1, cutoff=0.85):
        return f"did you mean '{near[0]}'?"
    if name not in needs:
        return f"use {_listed(allowed)}, or name a further column of the customer file in needs"
    return ""


def _article(file: _File, labels: Sequence[str]) -> list[Article]:
    front: _ArticleFront | None = _checked(file, _ArticleFront, labels)
    if front is None:
        return []
    sections, problems = read_sections(file.body, file.body_line, tuple(front.segments), labels)
    for line, reason in problems:
        file.tell(line, reason)
    return [
        Article(
            article_id=front.id,
            title=front.title,
            segments=tuple(front.segments),
            questions=tuple(front.questions),
            updated=front.updated,
            sections=sections,
        )
    ]


def _once(file: _File, kind: str, owners: dict[tuple[str, str], str]) -> None:
    """Two files with one id would overwrite each other in the index."""
    written = str(file.front.get("id", file.path.stem))
    if (kind, written) in owners:
        taken = owners[kind, written]
        file.tell(file.lines.get("id", 1), f"id '{written}' is taken by {taken}: rename one of the two")
    owners.setdefault((kind, written), file.name)


def _listed(words: Iterable[str]) -> str:
    *head, last = list(words)
    return f"{', '.join(head)} or {last}" if head else last
