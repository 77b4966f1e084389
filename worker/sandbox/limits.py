"""The account-wide allowance per minute: credits, sub-limits, and the headers that report them.

Every call counts, also a failed one, also another app's. Figures: the vendor's public table of plans.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Allowance:
    """Calls per minute in all, and of the kinds that have a limit of their own."""

    total: int
    kinds: dict[str, int] = field(default_factory=dict)  # create, update, tickets_list, contacts_list


def _plan(total: int, create: int, update: int, tickets: int, contacts: int) -> Allowance:
    kinds = {"create": create, "update": update, "tickets_list": tickets, "contacts_list": contacts}
    return Allowance(total, kinds)


PLANS = {
    "trial": Allowance(50),
    "growth": _plan(200, 80, 80, 20, 20),
    "pro": _plan(400, 160, 160, 100, 100),
    "enterprise": _plan(700, 280, 280, 200, 200),
    "sandbox": _plan(4000, 1600, 1600, 800, 800),  # generous, so that sample runs are not about limits
}


class Limiter:
    """Fixed windows of `window` seconds (the vendor's window type is not known). Thread-safe."""

    def __init__(
        self, allowance: Allowance, *, clock: Callable[[], float] = time.monotonic, window: float = 60
    ) -> None:
        self.allowance = allowance
        self.window = window
        self.decimals = True  # "700.0": broke integer parsers before
        self.say_retry_after = True
        self.others_per_minute = 0.0  # what other apps of the account spend meanwhile
        self.spent_ever = 0  # credits over the whole life, for cost measurements
        self._clock = clock
        self._lock = threading.Lock()
        self._begun = clock()
        self._used = 0.0
        self._of_kind: dict[str, int] = {}

    def spend(self, credits: int, kind: str | None) -> tuple[bool, dict[str, str]]:
        """Takes `credits`, in any case; (False, headers) where the call must be answered 429."""
        with self._lock:
            self._roll()
            self.spent_ever += credits
            self._used += credits
            over = self._total_used() > self.allowance.total
            if kind is not None:
                self._of_kind[kind] = self._of_kind.get(kind, 0) + 1
                over = over or self._of_kind[kind] > self.allowance.kinds.get(kind, self.allowance.total)
            return not over, self._headers(credits, over)

    def refuse(self, *, retry_after: float | None, remaining: float) -> dict[str, str]:
        """Headers of an injected 429, which may well show calls remaining."""
        headers = {
            "X-RateLimit-Total": self._number(self.allowance.total),
            "X-RateLimit-Remaining": self._number(remaining),
            "X-RateLimit-Used-CurrentRequest": self._number(0),
        }
        return headers if retry_after is None else headers | {"Retry-After": f"{retry_after:g}"}

    def burn(self, credits: float) -> None:
        """Another app of the same account spends."""
        with self._lock:
            self._roll()
            self._used += credits

    def used(self) -> float:
        with self._lock:
            self._roll()
            return self._total_used()

    def _roll(self) -> None:
        over = (self._clock() - self._begun) // self.window
        if over >= 1:
            self._begun += over * self.window
            self._used = 0.0
            self._of_kind.clear()

    def _total_used(self) -> float:
        return self._used + self.others_per_minute * (self._clock() - self._begun) / 60

    def _headers(self, credits: int, over: bool) -> dict[str, str]:
        headers = {
            "X-RateLimit-Total": self._number(self.allowance.total),
            "X-RateLimit-Remaining": self._number(max(0.0, self.allowance.total - self._total_used())),
            "X-RateLimit-Used-CurrentRequest": self._number(credits),
        }
        if over and self.say_retry_after:
            headers["Retry-After"] = str(max(1, round(self._begun + self.window - self._clock() + 0.5)))
        return headers

    def _number(self, value: float) -> str:
        return f"{value:.1f}" if self.decimals else str(int(value))
