"""One HTTP exchange with Freshdesk, judged: it returns the answer in the expected shape or raises a kind of trouble.

Session, key, time-outs, paging and the account's limits live here; what the answers mean for a ticket does not. Called
by desk.py and people.py. Logs no body; the key never gets into an exception.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple, TypeVar

import requests
import structlog
from pydantic import BaseModel, SecretStr, ValidationError
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from worker.adapters.address import checked_key, checked_url, is_loopback
from worker.adapters.freshdesk.allowance import Allowance, reads
from worker.adapters.freshdesk.connection import Attempt, TimedAdapter, TooLate, under_way
from worker.adapters.freshdesk.verdicts import PART, Limits, asked_at, counts_against, trouble_of, unread, unreadable
from worker.adapters.pace import Pass
from worker.adapters.turnstile import Open
from worker.errors import InDoubt, Retryable
from worker.trouble_words import safe_reason

log = structlog.get_logger(__name__)
S = TypeVar("S", bound=BaseModel)
OnCall = Callable[[str, int, float], None]  # (what, status or 0 where none came, seconds)
OnSpent = Callable[[str, float], None]  # (what, credits of the account's allowance)

PAGE = 100  # the most that the API gives
LAST_PAGE = 300  # the API refuses further ones
_THREADS = 64  # connections kept; more than any worker has threads
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes
    seconds: float  # from the first byte of the request to the last of this


class _Row(NamedTuple):
    """`ahead`: the passes of calls that will be made; `ends`: they end a piece of work."""

    ahead: dict[str, Pass]
    ends: bool


_ALONE = _Row({}, ends=False)


class _KeyAuth(AuthBase):
    """The key as Basic user name. Kept wrapped, so that a printed session or a logged frame does not show it."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        pair = b64encode(f"{self._key.get_secret_value()}:X".encode())  # the password is not looked at
        request.headers["Authorization"] = f"Basic {pair.decode()}"
        return request


class Wire:
    """Thread-safe. `timeout`: seconds for one read; an answer may take twice that as a whole. `reserve`: the share of
    the account's allowance that is left to people; None where it is a person who waits.
    `on_spent` is told what each answer says that its call cost."""

    def __init__(
        self,
        url: str,
        api_key: SecretStr,
        *,
        timeout: float,
        on_call: OnCall | None = None,
        turnstile: Open | None = None,
        reserve: float | None = None,
        on_spent: OnSpent | None = None,
    ) -> None:
        self._root = checked_url("FRESHDESK_URL", url) + "/api/v2/"
        self._timeout = timeout
        self._on_call = on_call
        self._on_spent = on_spent
        self._turnstile = turnstile or Open()
        self._allowance = Allowance(reserve)
        self._row = threading.local()  # `now`: the calls that this thread is making in a row
        self.limits = Limits()
        self._session = requests.Session()
        self._session.auth = _KeyAuth(checked_key("FRESHDESK_API_KEY", api_key))
        self._session.headers.update({"Accept": "application/json", "User-Agent": "deskhand"})
        # A proxy from the environment is right for Freshdesk, and wrong for the sandbox on this machine. Read once: the
        # library would look through the environment for each call, which takes as long as preparing the call.
        if not is_loopback(self._root):
            told = self._session.merge_environment_settings(self._root, {}, None, None, None)
            self._session.proxies, self._session.verify = told["proxies"], told["verify"]
        self._session.trust_env = False
        # Session cookies would be shared by all threads and outlive a rotated key.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("https://", TimedAdapter(_THREADS))
        self._session.mount("http://", TimedAdapter(_THREADS))

    def get(self, shape: type[S], route: str, *ids: int, **query: Any) -> S:
        """One object. Retryable or Permanent."""
        answer = self._call("GET", route, ids, query=query)
        return self._one(shape, f"GET {route}", answer, repeatable=True)

    def get_at(self, shape: type[S], route: str, *ids: int, **query: Any) -> tuple[S, datetime | None]:
        """One object, and a time by Freshdesk's own clock at which it was not read yet; None where no answer told."""
        answer = self._call("GET", route, ids, query=query)
        return self._one(shape, f"GET {route}", answer, repeatable=True), asked_at(answer.headers, answer.seconds)

    def page(self, shape: type[S], route: str, *ids: int, **query: Any) -> tuple[list[S], bool]:
        """One page of a list, and whether there may be another. A full page is believed over a missing Link header, and
        a Link header over a short page: reading one page too many costs a credit, one too few the newest message."""
        answer = self._call("GET", route, ids, query=query)
        rows = self._many(shape, f"GET {route}", answer)
        linked = 'rel="next"' in answer.headers.get("Link", "")
        return rows, bool(rows) and (linked or len(rows) >= int(query.get("per_page", 30)))

    def pages(self, shape: type[S], route: str, *ids: int, **query: Any) -> Iterator[S]:
        """Every row of every page."""
        for number in range(1, LAST_PAGE + 1):
            rows, more = self.page(shape, route, *ids, page=number, per_page=PAGE, **query)
            yield from rows
            if not more:
                return

    def post(self, shape: type[S], route: str, *ids: int, body: dict[str, Any], not_after: float) -> S:
        """Creates something: Retryable and Permanent mean that nothing happened, everything else is InDoubt."""
        answer = self._call("POST", route, ids, body=body, not_after=not_after)
        return self._one(shape, f"POST {route}", answer, repeatable=False)

    def put(self, shape: type[S], route: str, *ids: int, body: dict[str, Any]) -> S:
        """Sets fields to values, so it may be repeated: Retryable or Permanent."""
        answer = self._call("PUT", route, ids, body=body)
        return self._one(shape, f"PUT {route}", answer, repeatable=True)

    @contextmanager
    def in_a_row(self, *calls: str) -> Iterator[None]:
        """Around calls that this thread makes one after the other, each once, named by method and route: whoever has
        begun them is not put off in the middle, and the limiter is asked once. Retryable where there is no room for all
        of them. What else is called within the block asks for itself, and ends work if these do."""
        ends = not all(map(reads, calls))
        passes = self._turnstile.ahead([self._allowance.asks(what, None, ends=ends) for what in calls])
        row = _Row(dict(zip(calls, passes, strict=False)), ends)
        before, self._row.now = self._in_a_row(), row
        try:
            yield
        finally:
            self._row.now = before
            self._turnstile.give_back(row.ahead.values())

    def close(self) -> None:
        self._session.close()

    def _in_a_row(self) -> _Row:
        return getattr(self._row, "now", _ALONE)

    def _entered(self, what: str, query: dict[str, Any] | None) -> Pass:
        row = self._in_a_row()
        asks, ahead = self._allowance.asks(what, query, ends=row.ends), row.ahead.get(what)
        if ahead is not None and ahead.asks[0].cost < asks[0].cost:  # with includes it takes more than that
            self._turnstile.give_back([row.ahead.pop(what)])
            ahead = None
        given = self._turnstile.enter(asks, ahead)
        if ahead is not None:
            del row.ahead[what]
        return given

    def _call(
        self,
        method: str,
        route: str,
        ids: tuple[int, ...],
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        not_after: float | None = None,
    ) -> _Answer:
        what = f"{method} {route}"
        repeatable = method != "POST"
        given = self._entered(what, query)
        attempt = Attempt(deadline=time.monotonic() + 2 * self._timeout, not_after=not_after)
        started = time.monotonic()
        got = self._exchange(method, route.format(*ids), query, body, attempt)
        _tell(self._on_call, what, got.status if isinstance(got, _Answer) else 0, time.monotonic() - started)
        # Raised out here and not where it was caught: the library's exceptions hold the request with its key.
        if isinstance(got, str):
            self._turnstile.leave(given, failure="" if attempt.too_late else got)
            reason = f"{what}: {got}"
            if attempt.begun and not repeatable:
                raise InDoubt(reason, part=PART)
            raise Retryable(reason, part=PART)
        self.limits = limits = Limits.told_by(got.headers)
        if limits.used:
            _tell(self._on_spent, what, limits.used)
        failure, pause = counts_against(got.status, got.content)
        told = self._allowance.told(what, got.status, got.headers)
        shut = self._turnstile.leave(given, told, failure=failure, pause=pause)
        trouble = trouble_of(what, got.status, got.headers, got.content, repeatable=repeatable)
        if trouble is None:
            return got
        if isinstance(trouble, Retryable) and trouble.after is None and shut:
            trouble.after = shut
        raise trouble

    def _exchange(
        self, method: str, path: str, query: dict[str, Any] | None, body: dict[str, Any] | None, attempt: Attempt
    ) -> _Answer | str:
        """The answer, whatever it says, or in a few words why there is none."""
        started = time.monotonic()
        patience = (min(_CONNECT_SECONDS, self._timeout), self._timeout)
        try:
            with under_way(attempt):
                response = self._session.request(
                    method, self._root + path, params=query, json=body, timeout=patience, allow_redirects=False
                )
        except TooLate:
            # The request never became complete, so nobody can have acted on it.
            attempt.begun, attempt.too_late = False, True
            return "woke up too late to send this; nothing was sent"
        except (OSError, HTTPException, HTTPError) as error:
            return f"no answer ({type(error).__name__})" if attempt.begun else f"no connection ({type(error).__name__})"
        return _Answer(response.status_code, response.headers, response.content, time.monotonic() - started)

    def _one(self, shape: type[S], what: str, answer: _Answer, *, repeatable: bool) -> S:
        parsed = _parsed(answer.content)
        row = _shaped(shape, parsed)
        if row is None:
            raise unreadable(what, answer.status, repeatable=repeatable, whole=reads(what) and isinstance(parsed, dict))
        return row

    def _many(self, shape: type[S], what: str, answer: _Answer) -> list[S]:
        parsed = _parsed(answer.content)
        if not isinstance(parsed, list):
            raise unreadable(what, answer.status, repeatable=True, whole=False)
        good = [row for row in (_shaped(shape, item) for item in parsed) if row is not None]
        if len(good) != len(parsed):
            # Of a ticket's own entries a person has to look at those that stay unread; other lists are asked for again.
            ours = what.endswith("/conversations")
            lost = len(parsed) - len(good)
            raise unread(what, lost) if ours else unreadable(what, answer.status, repeatable=True, whole=False)
        return good


def _tell(listener: Callable[..., None] | None, *news: Any) -> None:
    """Whoever only counts decides nothing about a call that was made: a reply that is out would look like a failure."""
    try:
        if listener is not None:
            listener(*news)
    except Exception as error:
        log.error("call_not_counted", reason=safe_reason(error))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _shaped(shape: type[S], value: Any) -> S | None:
    # The validation error is dropped, not chained: it quotes the values, and those are what customers wrote.
    try:
        return shape.model_validate(value)
    except ValidationError:
        return None
