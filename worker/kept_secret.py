"""A secret that a process makes where it was given none, kept in a file for all that come after it. Called by
bootstrap_web.py for the console's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from worker.errors import BadConfiguration

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)  # as volumes without hard links say it


def kept_secret(path: Path, setting: str, *, least: int) -> str:
    """What the file at `path` holds, which is made, readable by its owner only, where it is missing or empty. All who
    ask, also at the same moment, get the same. BadConfiguration where it cannot be read or made, or has fewer than
    `least` characters; `setting`: what an operator can give instead of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = _held(path) or _make(path)
    except OSError as error:
        raise BadConfiguration(
            f"{error.filename2 or error.filename or path}: {error.strerror}. Let this user read and write {path},"
            f" or set {setting}"
        ) from None
    except UnicodeDecodeError:
        found = ""
    if len(found) < least:
        raise BadConfiguration(
            f"{path} holds no secret of {least} characters or more: remove it, and a new one is made, or set {setting}"
        )
    return found


def _held(path: Path) -> str:
    """Nothing where there is no file, or one that whoever made it did not live to fill."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    return ""


def _make(path: Path) -> str:
    with _filled_beside(path) as made:
        _name(made, path)
        if not (found := _held(path)):
            _replace_empty(path, made)
            found = _held(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return found


def _name(made: Path, path: Path) -> None:
    try:
        os.link(made, path)
    except FileExistsError:
        pass  # somebody else was first: theirs counts
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        path.touch(mode=0o600)  # found empty, it is replaced: that needs no links


def _replace_empty(path: Path, made: Path) -> None:
    """Of several who find it empty one at a time looks again: the second would replace what the first goes by."""
    with path.open("rb") as empty:
        fcntl.flock(empty, fcntl.LOCK_EX)
        if not _held(path):
            os.replace(made, path)


@contextmanager
def _filled_beside(path: Path) -> Iterator[Path]:
    """A file of mode 0600 with a new secret, on the disk before it gets its name; gone at the end."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    made = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        yield made
    finally:
        made.unlink(missing_ok=True)
