"""The words: what every other module talks about. Imports nothing of ours but itself.

Vendor words (status 2, `choices[0]`) never get in here.
"""

from worker.models.base import Noun
from worker.models.customers import Asked, Customer, Identity, Reader, Strength
from worker.models.drafts import Basis, Claim, Draft, Finding, HeldToken, Part, Sentence, Step, Trace, Usage, Verdict
from worker.models.knowledge import Kind, Source, Template
from worker.models.lessons import Change, Lesson, Treatment
from worker.models.promises import MadePromise, Promise
from worker.models.rows import (
    ANSWER_WITHIN,
    MOVES,
    TERMINAL,
    Case,
    Doorbell,
    Ring,
    Send,
    SendKind,
    SendState,
    Status,
    answer_within,
)
from worker.models.tickets import (
    Author,
    Channel,
    Message,
    Posted,
    Requester,
    Thread,
    Ticket,
    TicketChange,
    TicketNews,
    TicketState,
    place,
)

__all__ = [
    "ANSWER_WITHIN",
    "MOVES",
    "TERMINAL",
    "Asked",
    "Author",
    "Basis",
    "Case",
    "Change",
    "Channel",
    "Claim",
    "Customer",
    "Doorbell",
    "Draft",
    "Finding",
    "HeldToken",
    "Identity",
    "Kind",
    "Lesson",
    "MadePromise",
    "Message",
    "Noun",
    "Part",
    "Posted",
    "Promise",
    "Reader",
    "Requester",
    "Ring",
    "Send",
    "SendKind",
    "SendState",
    "Sentence",
    "Source",
    "Status",
    "Step",
    "Strength",
    "Template",
    "Thread",
    "Ticket",
    "TicketChange",
    "TicketNews",
    "TicketState",
    "Trace",
    "Treatment",
    "Usage",
    "Verdict",
    "answer_within",
    "place",
]
