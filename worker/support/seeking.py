"""What a message is searched with: its questions, the parts of the whole of it, and their vectors, which are under way.

The model takes longer than anything else that a search needs, so it begins as soon as the words are known, while who
wrote them is still being found out. Called by pipeline.py, and by retrieve.py where nobody has begun before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.knowledge.choice import Head
from worker.knowledge.tuned import Later, begun
from worker.knowledge.words import sendable
from worker.ports.world import Embedder, Index
from worker.support.choosing import trained
from worker.support.questions import in_context, in_parts


@dataclass(frozen=True)
class Sought:
    """`asked`: the questions, each once. `texts`: those, then parts of the message. `said`: for each of `texts` what is
    embedded and searched for. `head`: the trained choice that `tuned` goes by; it and `vectors` are those of
    tuned.begun."""

    asked: Sequence[str]
    texts: Sequence[str]
    said: Sequence[str]
    head: Head | None
    vectors: Later
    tuned: Later | None


def seek(
    questions: Sequence[str], message_text: str, index: Index, embedder: Embedder, *, before: str = ""
) -> Sought | None:
    """None where there is nothing to search for. Arguments and trouble as of `retrieve`."""
    asked = list(dict.fromkeys(q for q in (*questions, *([] if questions else [message_text])) if q.strip()))
    texts = [*asked, *(part for part in in_parts(message_text) if part not in asked)]
    if not texts:
        return None
    said = [sendable(text) for text in (*in_context(asked, before), *texts[len(asked) :])]
    head = trained(index)
    vectors, tuned = begun(said, head.layers if head else b"", embedder)
    return Sought(asked, texts, said, head, vectors, tuned)
