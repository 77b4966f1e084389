"""A proposed reply, what the guards have against it, the verdict, and why it all came to this."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from worker.models.base import Noun
from worker.models.customers import Asked, Identity, Reader
from worker.models.earning import Assessed
from worker.models.knowledge import Source


class Sentence(Noun):
    """One sentence of a reply with the ids of the sources that support it."""

    text: str
    sources: tuple[str, ...] = ()


class Part(Noun):
    """The answer to one question of the message. No sentences: the writer could not answer it."""

    question: str
    sentences: tuple[Sentence, ...] = ()

    @property
    def answered(self) -> bool:
        return bool(self.sentences)


class Finding(Noun):
    """What one guard has against a draft. `what` and `todo` are shown to a support lead."""

    guard: str
    what: str
    todo: str = ""
    sentence: int | None = None  # index over all sentences of the draft, in order
    words: str = ""  # the words that it is about, to be marked in place


class Basis(Noun):
    """A span that a sentence rests on: `words`, from `start` to `end` of the text of one version of a source with its
    placeholders filled in; -1 for its title. `source_id` "customer" is the customer's own record."""

    source_id: str
    version: str
    start: int
    end: int
    words: str


class HeldToken(Noun):
    """A number, date, name or other hard token of a sentence and the source where it stands, at `start` of its text.

    `fault`: "" if it stands there with the same meaning; "absent", "elsewhere" (it stands there for something else),
    "bound" ("12 %" for "up to 12 %") or "sum" (a calculation that does not come out).
    """

    kind: str
    words: str
    source_id: str = ""
    start: int = -1
    fault: str = ""


class Claim(Noun):
    """What one sentence of a draft rests on, as the guards found it when they judged the draft.

    `support`: the share of what it says that its bases say, 0 to 1, rare words counting more.
    """

    sentence: int  # index over all sentences of the draft, in order
    bases: tuple[Basis, ...] = ()
    support: float = 0.0
    tokens: tuple[HeldToken, ...] = ()


class Step(StrEnum):
    """What a verdict tells us to do."""

    SEND = "send"
    HOLD = "hold"
    HAND_OVER = "hand_over"
    IGNORE = "ignore"


class Verdict(Noun):
    """Send, hold, hand over or ignore, with all reasons (finished sentences, without customer text)."""

    step: Step
    reasons: tuple[str, ...]
    group: str | None = None
    priority: int | None = None


class Usage(Noun):
    """What a draft cost. Seconds are wall time."""

    model: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class Draft(Noun):
    """A proposed reply. `body_html` is exactly what would be posted; `body_hash` is of its normalised text."""

    parts: tuple[Part, ...]
    body_html: str
    body_text: str
    body_hash: str
    template_id: str = ""
    sources: tuple[Source, ...] = ()
    findings: tuple[Finding, ...] = ()
    claims: tuple[Claim, ...] = ()  # one for each sentence, whoever wrote it
    usage: Usage = Usage()
    written_by: str = ""  # the model's name, "template", or a reviewer's login


class Trace(Noun):
    """Why a case ended as it did. Everything a lead may ask about; holds customer text, so it stays in the ledger."""

    asked: tuple[Asked, ...] = ()
    identity: Identity | None = None
    reader: Reader | None = None
    query: str = ""
    questions: tuple[str, ...] = ()
    templates: tuple[Source, ...] = ()
    passages: tuple[Source, ...] = ()
    gaps: tuple[str, ...] = ()  # of the questions, those that the knowledge base says nothing about
    index_version: str = ""
    prompt: str = ""
    answer: str = ""
    seconds: dict[str, float] = Field(default_factory=dict)
    assessed: Assessed | None = None  # where only the mode or the gate could hold the draft
