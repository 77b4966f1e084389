"""The HTTP transport under the Groq SDK: one deadline for the whole answer, and no redirects followed.

httpx counts its read time-out from byte to byte, so an answer that drips would hold a thread for as long as it likes.
Knows nothing of Groq; writer.py hands the client to the SDK.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from worker.adapters.address import is_loopback

_deadline: ContextVar[float] = ContextVar("groq_deadline", default=float("inf"))


def _within(timeout: float | None) -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the answer took too long")
    return left if timeout is None else min(left, timeout)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _within(timeout))

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(*args, **kwargs))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class _TimedBackend(httpcore.SyncBackend):
    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _TimedStream(super().connect_tcp(*args, **kwargs))


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()


class _Transport(httpx.BaseTransport):
    """`total`: seconds from the request's start to the last byte of its answer."""

    def __init__(self, url: str, total: float, connections: int) -> None:
        self._total = total
        self._pool = _pool(url, connections)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # The body is read by the same thread before its next request, so the deadline may stay set until then.
        _deadline.set(time.monotonic() + self._total)
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        self._pool.close()


def _pool(url: str, connections: int) -> httpcore.ConnectionPool:
    options: dict[str, Any] = {
        "ssl_context": httpx.create_ssl_context(),
        "max_connections": connections,
        "keepalive_expiry": 30.0,
        "network_backend": _TimedBackend(),
    }
    parts = urlsplit(url)
    proxy_url = getproxies().get(parts.scheme)
    if proxy_url is None or is_loopback(url) or proxy_bypass(parts.hostname or ""):
        return httpcore.ConnectionPool(**options)
    proxy = httpx.Proxy(proxy_url)
    return httpcore.HTTPProxy(proxy_url=str(proxy.url), proxy_auth=proxy.raw_auth, **options)


def timed_client(url: str, *, total: float, connect: float, read: float, connections: int = 64) -> httpx.Client:
    """A client for `url` alone; all times in seconds. Proxies are taken from the environment, except for loopback."""
    timeout = httpx.Timeout(read, connect=connect)
    return httpx.Client(transport=_Transport(url, total, connections), timeout=timeout, follow_redirects=False)
