"""What is looked at before anything is started: what is wrong is said in one line, and nothing is left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import redis

from worker.settings import Settings


class CannotStart(Exception):
    """One finished sentence for whoever typed the command; the exit code is 1."""


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Holds DATA_DIR for this process; two stacks would share a ledger's sandbox and fight for Milvus's files."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / "stack.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(
            f"DATA_DIR {data_dir} cannot be written: {error.strerror}. Set DATA_DIR to a folder of yours."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip() or "unknown"
            raise CannotStart(
                f"Another stack (process {holder}) runs on DATA_DIR {data_dir}: stop it, or set another DATA_DIR."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(lock)


def check_ports(settings: Settings, *, sandbox: bool) -> None:
    """CannotStart for the first port that cannot be listened on: which, whose setting, and who may hold it."""
    wanted = [
        ("WEBHOOK_PORT", settings.webhook_host, settings.webhook_port),
        ("CONSOLE_PORT", settings.console_host, settings.console_port),
    ]
    wanted += [("SANDBOX_PORT", "127.0.0.1", settings.sandbox_port)] if sandbox else []
    seen: dict[int, str] = {}
    for name, host, port in wanted:
        if port in seen:
            raise CannotStart(f"{name} and {seen[port]} are both {port}: give each process a port of its own.")
        seen[port] = name
        if trouble := _cannot_listen(host, port):
            todo = f"Stop that, or set {name} to another port."
            if trouble == _NOT_OURS:
                todo = f"Set {name.replace('PORT', 'HOST')} to one, such as 127.0.0.1."
            raise CannotStart(f"{name}: port {port} on {host} {trouble}. {todo}")


def _cannot_listen(host: str, port: int) -> str:
    """Why nobody can listen there, "" if one can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
            trial.listen()
        except PermissionError:
            return "needs the rights of root"
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                return _NOT_OURS
            return f"is taken, by {who_listens(port)}"
    return ""


_NOT_OURS = "cannot be had, since that is no address of this machine"
_NO_ADDRESS = "no address"


def check_redis(url: str, seconds: float = 5.0) -> None:
    """CannotStart if no Redis answers at REDIS_URL for `seconds`: it may be starting at the same time as we are. The
    sentence holds no password."""
    deadline = time.monotonic() + seconds
    while trouble := redis_trouble(url):
        if trouble == _NO_ADDRESS:
            raise CannotStart("REDIS_URL is no Redis address: write it as redis://host:6379/0.")
        if time.monotonic() > deadline:
            address = urlsplit(url)
            where = f"{address.hostname}:{address.port or 6379}" if address.hostname else "that address"
            raise CannotStart(f"REDIS_URL: no Redis answers at {where} ({trouble}). Start it, or correct REDIS_URL.")
        time.sleep(0.2)


def redis_trouble(url: str) -> str:
    """The kind of error that a ping ends in, "" if it is answered."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    except ValueError:
        return _NO_ADDRESS
    try:
        return "" if client.ping() else "no answer"
    except redis.RedisError as error:
        return type(error).__name__
    finally:
        client.close()


def who_listens(port: int) -> str:
    """The process that listens on `port`, as far as /proc lets us see, in words."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in _listening(Path("/proc/net") / table, port)}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(os.readlink(fd) in wanted for fd in folder.iterdir()):
                name = (folder.parent / "comm").read_text(encoding="utf-8").strip()
                return f"process {folder.parent.name} ({name})"
        except OSError:  # it has ended meanwhile, or belongs to somebody else
            continue
    return "another program, perhaps a `make run` with another DATA_DIR"


def _listening(table: Path, port: int) -> Iterator[str]:
    try:
        rows = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:  # no such table on this system
        return
    for row in rows:
        columns = row.split()
        if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
            yield columns[9]


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
