"""What we need of the world, in our words: few, small protocols. Adapters implement them, bootstrap joins them."""

from worker.ports.figures import Figures
from worker.ports.ledger import Cases, Customers, Doorbells, Ledger, Sends
from worker.ports.outgoing import Outgoing
from worker.ports.people import HeldRow, Reviews, Users
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
    "Cases",
    "Completion",
    "Contact",
    "Customers",
    "Directory",
    "Doorbells",
    "Embedder",
    "Enqueue",
    "Figures",
    "HeldRow",
    "Helpdesk",
    "Hit",
    "Index",
    "Ledger",
    "Now",
    "Outgoing",
    "Reviews",
    "Sends",
    "Users",
    "Vectors",
    "Writer",
]
