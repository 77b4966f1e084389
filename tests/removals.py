"""What "at most once" rests on, and how each of it is taken out of the source: for scripts/prove_suite.py.

A suite that stays green without its unique index proves nothing. Each removal is an exact replacement of text, so it
fails loudly when the code has moved on; tests/test_removals.py looks whether all of them still apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

STORE = "worker/adapters/store"
DELIVER = "worker/support/deliver.py"
FIRST_TABLES = f"{STORE}/migrations/versions/ledger_0001.py"

DOOR = ("tests/support/test_deliver.py", "tests/support/test_deliver_doubt.py")
CASES = ("tests/contract/test_ledger_cases.py", "tests/contract/test_ledger_reviews.py")
LEASES = "tests/contract/test_ledger_leases.py"
SENDS = ("tests/contract/test_ledger_sends.py", LEASES)
DOORBELLS = ("tests/contract/test_ledger_doorbells.py", LEASES)
PAUSED = "tests/crash/test_paused.py"


class NotThere(Exception):
    """A text that a removal replaces is not in the source any more: say in tests/removals.py how it reads now."""


@dataclass(frozen=True)
class Replacement:
    """Every place in the file at `path` that reads `old` reads `new`."""

    path: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        file = root / self.path
        text = file.read_text(encoding="utf-8")
        if self.old not in text:
            raise NotThere(f"{self.path} does not read any more: {self.old!r}")
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Removal:
    """`tests`: what should see it, as arguments of pytest."""

    name: str
    replacements: tuple[Replacement, ...]
    tests: tuple[str, ...]

    def apply(self, root: Path) -> None:
        for replacement in self.replacements:
            replacement.apply(root)


REMOVALS = (
    Removal(
        "unique constraint: one living reply for a message",
        (
            Replacement(
                f"{STORE}/schema.py",
                'partial("uq_sends_reply", "ticket_id", "message_key", where=REPLY, unique=True)',
                'partial("uq_sends_reply", "ticket_id", "message_key", where=REPLY)',
            ),
            Replacement(
                FIRST_TABLES,
                "\"kind = 'reply' AND state <> 'dropped'\", unique=True",
                "\"kind = 'reply' AND state <> 'dropped'\"",
            ),
        ),
        (*CASES, "tests/contract/test_ledger_store.py::test_the_database_itself_refuses_a_second_live_reply"),
    ),
    Removal(
        "unique constraint: one case for a message",
        (
            Replacement(f"{STORE}/schema.py", '    UniqueConstraint("ticket_id", "message_key"),\n', ""),
            Replacement(
                FIRST_TABLES,
                '        sa.UniqueConstraint("ticket_id", "message_key", name="uq_cases_ticket_id_message_key"),\n',
                "",
            ),
        ),
        CASES,
    ),
    Removal(
        "settle time: a look before an attempt in doubt has settled",
        (
            Replacement(
                DELIVER,
                "if not desk.ledger.sends.settled(send.send_id, send.epoch, desk.policy.settle):",
                "if False:",
            ),
        ),
        DOOR,
    ),
    Removal(
        "settle time: every attempt settled at once, says the ledger",
        (Replacement(f"{STORE}/sends.py", "_OVER = sends.c.intended_at + SECONDS", "_OVER = clock() + 0 * SECONDS"),),
        SENDS,
    ),
    Removal(
        "epoch check: sends",
        (
            Replacement(f"{STORE}/sends.py", "sends.c.epoch == epoch", "sends.c.epoch >= 0"),
            Replacement(f"{STORE}/sends.py", "sends.c.epoch == EPOCH", "sends.c.epoch > EPOCH - 1000"),
        ),
        SENDS,
    ),
    Removal(
        "epoch check: cases",
        (Replacement(f"{STORE}/cases.py", "cases.c.epoch == epoch", "cases.c.epoch >= 0"),),
        CASES,
    ),
    Removal(
        "epoch check: a case concluded by a worker that was taken for dead",
        (Replacement(f"{STORE}/moving.py", "MOVE.where(cases.c.epoch == EPOCH)", "MOVE.where(EPOCH >= 0)"),),
        CASES,
    ),
    Removal(
        "epoch check: doorbells",
        (
            Replacement(f"{STORE}/doorbells.py", "doorbells.c.epoch == epoch", "doorbells.c.epoch >= 0"),
            Replacement(f"{STORE}/doorbells.py", "doorbells.c.epoch == EPOCH", "doorbells.c.epoch > EPOCH - 1000"),
        ),
        DOORBELLS,
    ),
    Removal(
        "epoch check: a case opened for a doorbell that somebody else has by now",
        (Replacement(f"{STORE}/statements.py", "doorbells.c.epoch != EPOCH", "doorbells.c.epoch < EPOCH - 1000"),),
        (*CASES, LEASES),
    ),
    Removal(
        "second look at the thread before a reply leaves",
        (Replacement(DELIVER, "if reason := look.reason:", 'if reason := "":'),),
        DOOR,
    ),
    Removal(
        "live lease: an intent committed after the lease ran out",
        (Replacement(f"{STORE}/sends.py", ".where(sends.c.lease_until > clock())", ".where(sends.c.epoch > 0)"),),
        SENDS,
    ),
    Removal(
        "last moment: a request that leaves however long its process was stopped",
        (
            Replacement(
                DELIVER,
                "not_after = uptime() + min(settle / 2, settle - timeout)",
                "not_after = uptime() + settle + timeout + 86400",
            ),
        ),
        (PAUSED,),
    ),
)
