"""Connections that know when it is too late: to write (another process may have taken over) and to go on reading.

They also remember whether a byte of the request left, which is what parts "nothing happened" from "in doubt". Mounted
by wire.py into its requests session; knows nothing of Freshdesk.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from worker.uptime import uptime

_GRAIN = 0.05  # seconds that a read may go on behind the deadline


class TooLate(Exception):
    """`not_after` passed before the request was complete on the wire. Not an OSError, or urllib3 would wrap it."""


@dataclass
class Attempt:
    """One request. Times are `time.monotonic()` seconds; `begun`: at least one byte of it was given to the socket."""

    deadline: float  # the answer must be complete by then, however steadily it drips
    not_after: float | None = None  # by worker.uptime; past it no byte may leave
    begun: bool = False
    too_late: bool = False  # given up by ourselves, which says nothing of the other side


_attempt: ContextVar[Attempt | None] = ContextVar("freshdesk_attempt", default=None)


@contextmanager
def under_way(attempt: Attempt) -> Iterator[None]:
    """Every request of this thread inside the block is `attempt`."""
    token = _attempt.set(attempt)
    try:
        yield
    finally:
        _attempt.reset(token)


class _TimedReader(io.RawIOBase):
    """A socket's reading end whose time-out shrinks as the deadline comes nearer: a time-out per read alone would let
    a server that sends a byte a second hold a thread for hours."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._raw, self._sock, self._deadline = raw, sock, deadline
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        wanted = left if self._patience is None else min(left, self._patience)
        set_to = self._sock.gettimeout()
        if set_to is None or abs(set_to - wanted) > _GRAIN:  # setting it lets go of the interpreter, asking does not
            self._sock.settimeout(wanted)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        attempt = _attempt.get()
        if attempt is not None:
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, attempt.deadline))


class _Connection(HTTPConnection):
    response_class = _TimedResponse
    _requesting = False

    def request(self, *args: Any, **kwargs: Any) -> None:
        # Only bytes sent in here are the request's own; before it, a proxy's CONNECT passes through send() as well.
        self._requesting = True
        try:
            super().request(*args, **kwargs)
        finally:
            self._requesting = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            # http.client would connect inside its own send: a refused connection would look like bytes that left.
            self.connect()
        attempt = _attempt.get()
        if self._requesting and attempt is not None:
            if attempt.not_after is not None and uptime() > attempt.not_after:
                raise TooLate
            attempt.begun = True
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class TimedAdapter(HTTPAdapter):
    """requests' transport over these connections; never repeats a request by itself."""

    _pools = {"http": _Pool, "https": _SecurePool}  # noqa: RUF012

    def __init__(self, threads: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=threads, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        chosen = super().proxy_manager_for(proxy, **kwargs)
        chosen.pool_classes_by_scheme = self._pools
        return chosen
