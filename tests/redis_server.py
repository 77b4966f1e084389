"""A real Redis for tests, on a free port, that can be stopped, frozen, filled and emptied."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis, RedisError

from tests.milvus import free_port
from worker.stack.redis_server import redis_binary


class RedisServer:
    """`options`: of its command line, such as maxmemory="2mb". Nothing it holds survives `stop`."""

    def __init__(self, folder: Path, **options: str) -> None:
        self._folder = folder
        self._options = options
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client: Any = Redis.from_url(self.url, socket_timeout=30, decode_responses=True)

    def start(self) -> None:
        named = {"port": str(self._port), "bind": "127.0.0.1", "dir": str(self._folder), "save": "", **self._options}
        arguments = [word for name, value in named.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([redis_binary(), *arguments], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 240
        while True:
            with contextlib.suppress(RedisError):
                self.client.ping()
                return
            assert time.monotonic() < until, "Redis did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It still takes connections, and never answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def fill(self) -> None:
        """No room for another byte, and nothing may be thrown away for it."""
        self.client.config_set("maxmemory-policy", "noeviction")
        self.client.config_set("maxmemory", "1")  # byte: what Redis itself takes grows and shrinks

    def make_room(self) -> None:
        self.client.config_set("maxmemory", "0")


@contextlib.contextmanager
def running_redis(folder: Path, **options: str) -> Iterator[RedisServer]:
    server = RedisServer(folder, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
