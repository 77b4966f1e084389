"""The connection to Milvus: opened on first use, opened again when lost, its errors judged into our kinds of trouble.

Without a scheme, the URI is a directory, served by Milvus Lite within this process; one process at a time can own it.
Called by adapters/milvus.py only. Importing this module does not load pymilvus.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog

from worker.adapters.breaker import Breaker, State
from worker.adapters.milvus_lean import milvus_client
from worker.adapters.milvus_quick import hasten
from worker.errors import BadConfiguration, Permanent, Retryable, Trouble

T = TypeVar("T")
PART = "milvus"
_BEHIND_OTHERS = 2.0
log = structlog.get_logger(__name__)

_REFUSED = {1400, 1401, 1402, 1403}  # not authenticated, not allowed
_WRONG = {1100, 1101}  # invalid parameter
_GONE = {100, 101}  # collection not found; collection not loaded, as after a restart of the server
_NO_SPACE = "no space left on device"  # as the operating system says it, on Milvus' machine or ours
_FULL = (
    "no space is left on the disk that Milvus writes to (DATA_DIR/milvus, or the disk of the server that MILVUS_URI "
    "names): make room there and try again"
)
_HOPELESS = {"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"}

_CHANNEL = {
    # Channels of one process share what they know of an address: a new one would wait out the pauses of a failed one.
    "grpc.use_local_subchannel_pool": 1,
    # Servers close a connection that is pinged more often than every five minutes while nothing is asked.
    "grpc.keepalive_time_ms": 360_000,
}


class Gone(Retryable):
    """The collection is not there, or not loaded: look again which one is live, load it, ask again."""


class Link:
    """One client for all threads. `timeout`: seconds for a question; writing may take longer (see `call`). `breaker`:
    for those who ask for every message; none for tools, which want to hear of every failure."""

    def __init__(self, uri: str, *, token: str = "", timeout: float = 5.0, breaker: Breaker | None = None) -> None:
        self.local = "://" not in uri
        if self.local and (not uri or re.search(r":\d+$", uri)):
            raise BadConfiguration(f"MILVUS_URI: '{uri}' is neither http://host:port nor a directory.")
        self._uri = str(Path(uri).resolve()) if self.local else uri
        self._token = token
        self._opening = threading.Lock()
        self._client: Any = None
        self._version = ""
        self._breaker = breaker
        self.timeout = timeout

    def call(self, what: str, ask: Callable[[Any], T], *, again: bool = True) -> T:
        """`ask(client)`. Raises Retryable or Permanent with `what` and a code, never with what was asked for.

        `again`: the question is safe to repeat, so a lost connection is opened again and the question asked once more.
        """
        if self._breaker is None:
            return self._call(what, ask, again)
        self._breaker.enter()
        try:
            answer = self._call(what, ask, again)
        except Retryable as trouble:
            if isinstance(trouble, Gone) or trouble.after is not None:  # an index is missing, not Milvus
                self._breaker.succeeded()
            elif not trouble.down:
                self._breaker.failed(trouble.reason)
            raise
        except Permanent:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer

    def _call(self, what: str, ask: Callable[[Any], T], again: bool) -> T:
        client = self._open()
        try:
            return ask(client)
        except Trouble:
            raise
        except Exception as error:
            trouble, is_silent = judge(error, what), _silent(error)
            if is_silent or _lost(error):
                self._drop(client)
            if is_silent or not again or not _lost(error):
                raise trouble from None
        try:
            return ask(self._open())
        except Trouble:
            raise
        except Exception as error:
            raise judge(error, what) from None

    @property
    def version(self) -> str:
        """What the engine calls itself: "milvus_lite-3.2.2", "v2.3.5-lite", "2.6.1"."""
        self._open()
        return self._version

    @property
    def lite(self) -> bool:
        """Whether Milvus Lite answers, in this process or behind a port."""
        return self.version.startswith("milvus_lite")

    @property
    def has_bm25(self) -> bool:
        """Milvus Lite since 3, servers since 2.5."""
        if self.lite:
            return True
        number = re.match(r"v?(\d+)\.(\d+)", self.version)
        return number is None or (int(number.group(1)), int(number.group(2))) >= (2, 5)

    def close(self) -> None:
        """Gives the data directory back where we served it. The next question would open it again."""
        with self._opening:
            client, self._client = self._client, None
        if client is not None:
            _close(client)
        if self.local:
            from milvus_lite.server_manager import server_manager_instance

            server_manager_instance.release_server(self._uri)

    def _open(self) -> Any:
        with self._opening:
            if self._client is None:
                # Whoever waited here behind those who failed would fail in turn, one time-out after the other.
                if self._breaker is not None and self._breaker.state is State.OPEN:
                    raise Retryable("milvus is left alone for now", part=PART, after=_BEHIND_OTHERS, down=True)
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        opened = milvus_client()
        # pymilvus logs whole tracebacks of errors that we judge ourselves, and sets its level when imported.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
        try:
            client = opened(self._served(), token=self._token, timeout=self.timeout, grpc_options=_CHANNEL)
            self._version = str(client.get_server_version(timeout=self.timeout))
        except Trouble:
            raise
        except Exception as error:
            trouble = judge(error, "connecting")
            if isinstance(trouble, Retryable) and not self.local and (_silent(error) or _lost(error)):
                why = f"no Milvus answers at {self._address()} ({trouble.reason})"
                raise Retryable(why, part=PART, todo="start it, or correct MILVUS_URI") from None
            raise trouble from None
        log.info("milvus.connected", engine=self._version)
        return client

    def _address(self) -> str:
        """Without a user and password that somebody may have put into MILVUS_URI."""
        return self._uri.rpartition("@")[2] if "@" in self._uri else self._uri

    def _served(self) -> str:
        """Where the engine listens; a directory is first put behind a port of its own."""
        if not self.local:
            return self._uri
        from milvus_lite.server_manager import server_manager_instance

        hasten()
        try:
            Path(self._uri).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = f"the index would be in {self._uri}, which cannot be made ({error.strerror})"
            raise Permanent(f"{why}: set MILVUS_URI, or DATA_DIR, to another folder", part=PART) from None
        served = server_manager_instance.start_and_get_uri(self._uri)
        if served is None:
            raise Retryable("the index's directory cannot be opened: another process may have it open", part=PART)
        return str(served)

    def _drop(self, client: Any) -> None:
        with self._opening:
            if self._client is client:
                self._client = None
                _close(client)


def judge(error: Exception, what: str) -> Trouble:
    """Which trouble it is. The foreign message is left out: it may quote what was asked."""
    code, status = _code(error), _status(error)
    reason = f"{what}: {type(error).__name__}" + (f", code {code}" if code is not None else f" {status}".rstrip())
    if code in _GONE:
        return Gone(f"{what}: the collection is gone or not loaded", part=PART)
    if _NO_SPACE in str(error).lower():
        return Retryable(f"{what}: {_FULL}", part=PART)
    denied = "auth" in str(error).lower() and "fail" in str(error).lower()
    if code in _REFUSED or denied:
        return Permanent(f"{what}: Milvus refused us, check MILVUS_TOKEN", part=PART, code=code)
    kind = type(error).__name__
    if code in _WRONG or status in _HOPELESS or kind in {"ParamError", "TypeError", "ValueError"} or "Type" in kind:
        return Permanent(reason, part=PART, code=code)
    return Retryable(reason, part=PART)


def _code(error: Exception) -> int | None:
    code = getattr(error, "code", None)
    return int(code) if isinstance(code, int) else None


def _status(error: Exception) -> str:
    """Name of the gRPC status, "" if there is none."""
    code = getattr(error, "code", None)
    code = code() if callable(code) else code
    return str(getattr(code, "name", ""))


def _silent(error: Exception) -> bool:
    """It took longer than we wait."""
    return _status(error) == "DEADLINE_EXCEEDED"


def _lost(error: Exception) -> bool:
    """The connection failed, not the question. Code 2 is pymilvus's own for "cannot connect"."""
    return _status(error) in {"UNAVAILABLE", "CANCELLED"} or _code(error) == 2 or "closed channel" in str(error)


def _close(client: Any) -> None:
    try:
        client.close()
    except Exception as error:
        log.debug("milvus.close", error=type(error).__name__)
