"""What we need of the world, in our words: few, small protocols. Adapters implement them, bootstrap joins them."""

from worker.ports.customers import Customers
from worker.ports.doorbells import Doorbells
from worker.ports.earning import Earning
from worker.ports.figures import Figures
from worker.ports.incidents import Incidents
from worker.ports.ledger import NEWER_MESSAGE, Cases, Ledger, Sends
from worker.ports.outgoing import MAY_BE_THERE, Outgoing
from worker.ports.people import NONE, AskedAnew, Beside, HeldRow, NotSent, Reviews, Sieve, Users
from worker.ports.promises import Promises
from worker.ports.world import (
    Completion,
    Contact,
    Directory,
    Embedder,
    Enqueue,
    Helpdesk,
    Hit,
    Index,
    Now,
    Vectors,
    Writer,
)

__all__ = [
    "MAY_BE_THERE",
    "NEWER_MESSAGE",
    "NONE",
    "AskedAnew",
    "Beside",
    "Cases",
    "Completion",
    "Contact",
    "Customers",
    "Directory",
    "Doorbells",
    "Earning",
    "Embedder",
    "Enqueue",
    "Figures",
    "HeldRow",
    "Helpdesk",
    "Hit",
    "Incidents",
    "Index",
    "Ledger",
    "NotSent",
    "Now",
    "Outgoing",
    "Promises",
    "Reviews",
    "Sends",
    "Sieve",
    "Users",
    "Vectors",
    "Writer",
]
