"""What a reply may rest on: templates and passages of articles."""

from __future__ import annotations

from enum import StrEnum

from worker.models.base import Noun


class Kind(StrEnum):
    TEMPLATE = "template"
    PASSAGE = "passage"


class Source(Noun):
    """What a sentence may be supported by: a template or a passage, one version of it, as found by a search.

    `source_id` is stable over reindexing: the template's id, or "<article id>#<section>[.<part>][@<product>]".
    `score` is the fused score of the search (larger is better, 0..1); `dense` the cosine similarity.
    """

    source_id: str
    kind: Kind
    title: str  # template title, or "Article > Section"
    text: str
    segments: tuple[str, ...]
    version: str  # hash of what the file said
    article_id: str = ""
    score: float = 0.0
    dense: float = 0.0
    chance: float | None = None  # of a template: how likely it answers, after the trained choice; None if not asked


class Template(Noun):
    """How a kind of answer is written. `body` has {{ placeholders }}; `needs` names them all."""

    template_id: str
    title: str
    topic: str
    segments: tuple[str, ...]
    questions: tuple[str, ...]
    needs: tuple[str, ...]
    auto_send: bool
    body: str
    version: str
