"""How the console says things: statuses, sureness, guards, ages. Words for people, used by the templates as filters."""

from __future__ import annotations

from datetime import UTC, datetime

from worker.models import Author, SendKind, SendState, Status, Strength

FOLDERS: dict[Status, str] = {
    Status.HELD: "Waiting for review",
    Status.OPEN: "Being drafted",
    Status.APPROVED: "On its way",
    Status.SENT: "Sent",
    Status.HANDED_OVER: "Handed over",
    Status.IGNORED: "Set aside",
    Status.REJECTED: "Rejected",
    Status.SUPERSEDED: "Overtaken",
}
EMPTY: dict[Status, str] = {
    Status.HELD: "Nothing waits for you. New drafts announce themselves here.",
    Status.OPEN: "Nothing is being drafted right now.",
    Status.APPROVED: "No reply is on its way right now.",
    Status.SENT: "No reply has been sent yet.",
    Status.HANDED_OVER: "No ticket has been handed over yet.",
    Status.IGNORED: "No message has been set aside: automatic answers, loops and closed tickets end up here.",
    Status.REJECTED: "No draft has been rejected yet.",
    Status.SUPERSEDED: "No draft has been overtaken by events on its ticket yet.",
}
SURE: dict[Strength, tuple[str, str]] = {
    Strength.VERIFIED: ("verified", "The requester's address is registered to this customer."),
    Strength.LINKED: ("linked", "Found through the contact or an earlier ticket: likely, but no personal data."),
    Strength.CLAIMED: ("claimed", "Only said so in the message. Anybody can write an id: no personal data."),
    Strength.UNKNOWN: ("unknown", "Nobody in the customer file matches."),
}
GUARDS: dict[str, tuple[str, str]] = {
    "cited": ("Sources", "Every sentence must name a source that was found for this message."),
    "exact": ("Figures and names", "Amounts, days, times and names must stand in the source exactly as in the reply."),
    "supported": ("Support", "The source that a sentence names must say what the sentence says."),
    "segments": ("Products", "The reply may only speak of products that this customer holds."),
    "personal": ("Personal data", "Personal data belongs only in replies to verified customers, and only their own."),
    "commitments": (
        "A promise",
        "A reply promises and assures what its sources do, and tells of this customer what is known. Nothing was done.",
    ),
    "unfilled": ("Gaps", "Placeholders of the template must be filled in."),
    "markup": ("Links and markup", "The text may hold no markup, and links only to places on our list."),
    "answered": ("Questions", "Every question of the message should be answered, and nothing else."),
    "disputed": ("What went wrong", "Where something went wrong, somebody must look; the rule alone is no answer."),
    "fits": ("Fit", "The template must be close to the question, not merely the least distant one."),
    "meaning": ("Meaning", "The sentence must deny and restrict exactly what its source denies and restricts."),
    "conditions": ("Conditions", "What a source says with an if, an except or a usually is not said without it."),
    "shape": ("Shape", "Steps, lists and sentences must follow each other as they do in the source."),
    "tone": ("Tone", "The reply should sound as the templates do, and be no longer than it has to."),
    "language": ("Language", "Templates and search are made for English; another language needs a person."),
    "asks": ("Secrets", "No reply may ask for a password, PIN or one-time code."),
    "hostile": ("Suspicious mail", "The mail seems to be written for a machine rather than for a person."),
    "sure": ("Certainty", "Something about the customer or the draft is not certain enough."),
}
ACTS = {  # as the audit log keeps them
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "redraft": "asked for another draft",
    "undo": "took the approval back",
    "take over": "took the ticket over",
    "give back": "gave the ticket back",
    "mind": "kept for herself",
    "superseded": "put away",
    "promise kept": "marked a promise as kept",
    "report harm": "reported harm",
}
ON_CASES = ACTS.keys() - {"give back"}  # whose subject is a case
KEYS = (
    (
        "A draft",
        (
            (("a",), "approve, send, go to the next"),
            (("e",), "edit"),
            (
                ("Ctrl", "Enter"),
                "save and approve what the preview shows, go to the next; in other forms: send the form",
            ),
            (("r",), "ask for another draft"),
            (("x",), "reject"),
            (("t",), "take the ticket over"),
            (("m",), "keep it for me, or let it go"),
            (("z",), "undo the last approval, as long as it waits"),
            (("s", "Shift+s"), "to the next or previous sentence, with its sources"),
            (("Esc",), "close what is open"),
        ),
    ),
    (
        "Going about",
        (
            (("j", "k"), "next, previous"),
            (("Enter", "o"), "open"),
            (("n",), "to the most urgent draft"),
            (("u",), "back to the queue"),
            (("/",), "search"),
            (("?",), "this list"),
        ),
    ),
)
PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
AUTHORS = {
    Author.CUSTOMER: "Customer",
    Author.PERSON: "Colleague",
    Author.DESKHAND: "Deskhand",
    Author.SYSTEM: "System",
}
SENDS = {
    SendKind.REPLY: "Reply to the customer",
    SendKind.HOLDING: "Holding reply to the customer",
    SendKind.HELD_NOTE: "Private note: a draft waits",
    SendKind.HANDOVER_NOTE: "Private note: handed over",
    SendKind.REMINDER: "Private note: a promise is still open",
    SendKind.GIVEN_BACK: "Private note: the ticket was given back",
}
SEND_STATES = {
    SendState.QUEUED: "queued",
    SendState.POSTING: "being posted, or the outcome is being looked up",
    SendState.POSTED: "posted; the ticket is still to be changed",
    SendState.DONE: "done",
    SendState.DROPPED: "not sent",
    SendState.STRANDED: "in doubt: please look at the ticket",
}


def age(seconds: float) -> str:
    """ "just now", "7 min", "3 h", "5 days": one unit, for a glance."""
    for size, one, many in ((86400, "day", "days"), (3600, "h", "h"), (60, "min", "min")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {one if n == 1 else many}"
    return "just now"


def since(at: datetime) -> str:
    return age((datetime.now(UTC) - at).total_seconds())


def when(at: datetime) -> str:
    """Without script: UTC. The script rewrites it to the reader's own clock."""
    return f"{at.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def status_words(value: str) -> str:
    """A status by its name as stored; anything else stays as it is."""
    return FOLDERS[Status(value)].lower() if value in set(Status) else value


def guard_words(name: str) -> tuple[str, str]:
    """(title, what the check is about); a check that nobody described is shown by its name."""
    return GUARDS.get(name, (name.replace("_", " ").replace("-", " ").capitalize(), ""))
