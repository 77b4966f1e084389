"""The three kinds of trouble. Adapters judge, only the tasks catch.

    Trouble
    ├── Retryable   nothing happened; the same call may work later (`after` seconds, where the other side said so)
    ├── Permanent   nothing happened; the same call will not work however often it is made
    └── InDoubt     a write that may have happened: settle, look, match, and only then repeat

    BadConfiguration   what an operator wrote (settings, rules, kb/, customers.csv) cannot be used; not trouble but a
                       refusal to start, in the operator's language: what, where, what to do

No message of these may carry customer text or a secret: they are logged and stored as they are.
"""


class Trouble(Exception):
    """Base of the three kinds; `part` names who had it: "freshdesk", "groq", "milvus", "ledger", "redis". `todo`: what
    an operator does about it, without a full stop; "" where that is not known."""

    def __init__(self, reason: str, *, part: str = "", todo: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.part = part
        self.todo = todo

    def advised(self, again: str = "") -> str:
        """The reason and what to do, in sentences. `again`: what else helps where it may pass, "run this again"."""
        wanted = [self.todo] if self.todo else []
        wanted += [again] if again and (isinstance(self, Retryable) or not wanted) else []
        advice = ", then ".join(wanted)
        return f"{self.reason}. {advice[:1].upper()}{advice[1:]}." if advice else f"{self.reason}."


class Retryable(Trouble):
    """Nothing happened and it may work later. `after`: seconds to wait, where the other side or our own limiter named
    them, else None. `down`: the part does not work at all, so that `after` is when it will be tried again at best."""

    def __init__(
        self, reason: str, *, part: str = "", after: float | None = None, down: bool = False, todo: str = ""
    ) -> None:
        super().__init__(reason, part=part, todo=todo)
        self.after = after
        self.down = down


class Permanent(Trouble):
    """Nothing happened and repeating is useless. `code`: the vendor's status number, for the trace only. `unread`: some
    of what was asked for is there and cannot be read, so that a person has to look. `fields`: those that alone were
    wrong in what was sent, where the vendor named them."""

    def __init__(
        self,
        reason: str,
        *,
        part: str = "",
        code: int | None = None,
        unread: bool = False,
        fields: frozenset[str] = frozenset(),
        todo: str = "",
    ) -> None:
        super().__init__(reason, part=part, todo=todo)
        self.code = code
        self.unread = unread
        self.fields = fields


class InDoubt(Trouble):
    """A write was sent and its outcome is not known (read timeout, reset, 5xx). Never repeat it blindly."""


class BadConfiguration(Exception):
    """What an operator wrote cannot be used. `problems`: one finished sentence each, all of them at once."""

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class AlreadyRegistered(BadConfiguration):
    """Customers whose e-mail address verifies somebody else already. `holders`: who has it, by the customer's id."""

    def __init__(self, holders: dict[str, str]) -> None:
        self.holders = dict(holders)
        super().__init__(
            [f'Customer "{one}" has the registered e-mail address of "{other}".' for one, other in holders.items()]
        )
