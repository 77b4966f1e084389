"""Articles and templates to sources: passages of about 200 tokens, comparison tables by product column.

A passage never has more tokens than the embedding model reads at once, its title included. Ids are stable over
reindexing as long as headings stay: "<article>#<section>", "#<section>.1", ".2" for the parts of a long one, and
"#<section>@IM" for a product's column. Called by knowledge/index.py.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator

from worker.knowledge.articles import Article, Section
from worker.knowledge.documents import short_hash
from worker.models import Kind, Source, Template

Count = Callable[[str], int]

AIM = 200  # tokens of text that a passage should have at most when a section is divided
MODEL_READS = 254  # all-MiniLM-L6-v2 reads 256 word pieces, two of which are marks
_PIECE = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-Z0-9])")


def estimate(text: str) -> int:
    """Word pieces that all-MiniLM-L6-v2 would make of an English text, rather too many than too few."""
    return sum(math.ceil(len(p) / 2) if p.isdigit() else math.ceil(len(p) / 6) for p in _PIECE.findall(text))


def passages(articles: Iterable[Article], count: Count = estimate) -> Iterator[Source]:
    """Every passage of every article, in the order of the articles' text."""
    for article in articles:
        for section in article.sections:
            yield from _passages_of(article, section, count)


def template_source(template: Template) -> Source:
    """The template as something a sentence may rest on: its text is its body."""
    return Source(
        source_id=template.template_id,
        kind=Kind.TEMPLATE,
        title=template.title,
        text=template.body,
        segments=template.segments,
        version=template.version,
    )


def _passages_of(article: Article, section: Section, count: Count) -> Iterator[Source]:
    title = " > ".join((article.title, *section.headings))
    at = f"{article.article_id}#{section.anchor}"
    yield from _numbered(article, at, title, section.segments, _parts(section.blocks, title, count))
    for product, lines in section.columns.items():
        named = f"{title} ({product})"
        for part in _numbered(article, at, named, (product,), _parts(lines, named, count)):
            yield part.model_copy(update={"source_id": f"{part.source_id}@{product}"})


def _numbered(article: Article, at: str, title: str, segments: tuple[str, ...], parts: list[str]) -> Iterator[Source]:
    """Parts get .1, .2 ... so that neighbours are known by their ids; a section in one piece gets no number."""
    for number, text in enumerate(parts, 1):
        yield Source(
            source_id=at if len(parts) == 1 else f"{at}.{number}",
            kind=Kind.PASSAGE,
            title=title,
            text=text,
            segments=segments,
            version=short_hash(title, text, *segments),
            article_id=article.article_id,
        )


def _parts(blocks: Iterable[str], title: str, count: Count) -> list[str]:
    """Blocks joined into texts that the model can read whole; cut at paragraphs, then items, sentences, words."""
    room = max(MODEL_READS - count(title), 40)
    whole = "\n\n".join(blocks)
    if not whole:
        return []
    if count(whole) <= room:
        return [whole]
    parts = [""]
    for piece, glue in _pieces(blocks, min(AIM, room), count):
        joined = f"{parts[-1]}{glue}{piece}" if parts[-1] else piece
        if count(joined) <= min(AIM, room):
            parts[-1] = joined
        else:
            parts.append(piece)
    return [part for part in parts if part]


def _pieces(blocks: Iterable[str], room: int, count: Count) -> Iterator[tuple[str, str]]:
    """(piece, what joins it to the one before), each piece within `room`."""
    for block in blocks:
        if count(block) <= room:
            yield block, "\n\n"
            continue
        glue = "\n\n"
        for line in block.split("\n"):
            for sentence in _SENTENCE.split(line):
                for piece in _words(sentence, room, count):
                    yield piece, glue
                    glue = " "
            glue = "\n"


def _words(sentence: str, room: int, count: Count) -> list[str]:
    """A sentence, cut between words where it is longer than a passage may be, and within a word as the last resort."""
    if count(sentence) <= room:
        return [sentence]
    middle = sentence.rfind(" ", 1, len(sentence) // 2 + 1)
    middle = middle if middle > 0 else len(sentence) // 2
    head, tail = sentence[:middle].strip(), sentence[middle:].strip()
    return [piece for half in (head, tail) if half for piece in _words(half, room, count)]
