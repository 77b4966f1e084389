"""An HTTP server that says exactly what a test scripted, faults included: real sockets, no framework.

For tests of adapters at the wire. It can cut the connection after a request was read, hang, or drip its answer byte by
byte, and keeps every complete request for the test to look at.
"""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

Fault = Literal["", "cut", "hang", "drip_head", "drip_body", "half"]
# Seconds that a client may give a call. A loaded machine can stand still for several: a client that gave up sooner
# would tell of trouble that nobody scripted. A hasty one is for answers that never come whole.
PATIENT, HASTY = 30.0, 0.4


@dataclass(frozen=True)
class Answer:
    """`body`: bytes or text as they are, anything else as JSON. With a fault the answer goes wrong on its way."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault = ""

    @property
    def patience(self) -> float:
        """The time-out of a client that is to meet this answer."""
        return HASTY if self.fault in ("hang", "drip_head", "drip_body") else PATIENT

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    def head(self) -> bytes:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(self.encoded())), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Scripted", *(f"{k}: {v}" for k, v in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


CUT, HANG = Answer(fault="cut"), Answer(fault="hang")
DRIP_HEAD, DRIP_BODY = Answer(body=" " * 1000, fault="drip_head"), Answer(body=" " * 1000, fault="drip_body")


@dataclass(frozen=True)
class Seen:
    """A complete request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def user(self) -> str:
        return base64.b64decode(self.headers["authorization"].split()[1]).decode()


class ScriptedServer:
    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[Seen] = []
        self._script: dict[str, list[Answer]] = {}
        self._lock = threading.Condition()
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def on(self, request: str, *answers: Answer) -> None:
        """Answers to "GET /path", one after the other; the last one is repeated. A query string makes the script apply
        to that query alone."""
        self._script[request] = list(answers)

    def seen(self, request: str, *, least: int = 0) -> list[Seen]:
        """`least`: so many have left; a client that gave up may have done so before the last of them was read."""
        method, path = request.split()

        def found() -> list[Seen]:
            return [r for r in self.requests if (r.method, r.path) == (method, path)]

        with self._lock:
            self._lock.wait_for(lambda: len(found()) >= least, PATIENT)
            return found()

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader, suppress(OSError):
            while (seen := _read(reader)) is not None and self._respond(connection, seen):
                pass
        with self._lock:
            self._open.discard(connection)

    def _respond(self, connection: socket.socket, seen: tuple[str, Seen]) -> bool:
        target, request = seen
        with self._lock:
            self.requests.append(request)
            self._lock.notify_all()
            script = self._script.get(f"{request.method} {target}") or self._script.get(
                f"{request.method} {request.path}", [Answer(501, {"code": "not_scripted"})]
            )
            answer = script.pop(0) if len(script) > 1 else script[0]
        if answer.fault:
            self._go_wrong(connection, answer)
            return False
        connection.sendall(answer.head() + answer.encoded())
        return True

    def _go_wrong(self, connection: socket.socket, answer: Answer) -> None:
        if answer.fault == "cut":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, no goodbye
        elif answer.fault == "hang":
            connection.recv(1)  # returns when the client gives up or the server stops
        elif answer.fault == "half":
            connection.sendall(answer.head() + answer.encoded()[: len(answer.encoded()) // 2])
        else:
            whole = answer.head() + answer.encoded()
            at_once = 0 if answer.fault == "drip_head" else len(answer.head())
            connection.sendall(whole[:at_once])
            for byte in whole[at_once:]:
                if self._stopped.wait(0.02):
                    return
                connection.sendall(bytes([byte]))


def _read(reader: Any) -> tuple[str, Seen] | None:
    """The next complete request and its target as sent; None where the client is gone or sends no HTTP."""
    first = reader.readline(65536).split()
    if len(first) != 3 or not first[2].startswith(b"HTTP/"):
        return None
    headers = {}
    while (line := reader.readline(65536)) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = reader.read(length)
    if len(body) < length:
        return None
    target = urlsplit(first[1].decode())
    seen = Seen(first[0].decode(), target.path, dict(parse_qsl(target.query)), headers, body)
    return first[1].decode(), seen


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def refusing_url() -> Iterator[str]:
    """Where nobody listens: connecting is refused. The port stays bound, so that no other test gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
