"""Copies of a SQLite ledger: taken while it is in use, put back while it is not. PostgreSQL brings its own tools.

`back_up` and `restore` are called by scripts/backup.py. Whatever they refuse, they refuse before anything is changed,
and what a restore replaces is kept beside it.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from worker.adapters.store.belonging import Belongs, is_a_sandboxes, refusal
from worker.adapters.store.engine import parse, sqlite_module
from worker.adapters.store.migrations import refuse_newer
from worker.errors import BadConfiguration

POSTGRESQL = """\
DATABASE_URL names PostgreSQL, whose own tools make and put back copies. While everything runs:
  pg_dump -Fc --file deskhand.dump "$DATABASE"          $DATABASE: the URL without "+psycopg"
To put one back, stop webhook, worker, dispatcher and console, fill a new database, and let it take the other's name:
  createdb --maintenance-db "$DATABASE" deskhand_new
  pg_restore --single-transaction --exit-on-error --dbname "$NEW" deskhand.dump       $NEW: the same, to deskhand_new
  ALTER DATABASE deskhand RENAME TO deskhand_before     both in psql, connected to the database postgres
  ALTER DATABASE deskhand_new RENAME TO deskhand
Go on only if the line before did well. docs/operations.md, "Back up", has the commands for compose."""
UNCHANGED = "Nothing was changed."
LOGS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a ledger, by the ends of their names
_UNFINISHED = ".unfinished"
_LOG = 1 << 16  # bytes; what SQLite needs beside a file that it opens


def ledger_file(url: str) -> Path:
    """Where the SQLite ledger at `url` lies. BadConfiguration, with what to do instead, for PostgreSQL."""
    parsed = parse(url)
    if parsed.get_backend_name() != "sqlite":
        raise BadConfiguration(POSTGRESQL)
    return Path(str(parsed.database)).absolute()


def back_up(url: str, target: Path) -> int:
    """A copy of the ledger as it is at one moment, at `target`, which must not exist; its size in bytes.

    The service may go on meanwhile. The copy is checked, and only then gets its name: what has the name is whole."""
    source = ledger_file(url)
    if not source.exists():
        raise BadConfiguration(f"There is no ledger at {source}")
    if not (folder := target.absolute().parent).is_dir():
        raise BadConfiguration(f"There is no folder {folder}: make it, or name another one. {UNCHANGED}")
    if target.exists():
        raise BadConfiguration(f"{target} exists already: name another file, so that no copy is lost by mistake")
    with _in_words(source, target), _beside(target) as unfinished:
        _copy(source, unfinished)
        _check(unfinished, called=source)
        os.link(unfinished, target)  # unlike a rename, it fails if somebody else made that name meanwhile
    _confirm(target.parent, f"The copy is at {target}")
    return target.stat().st_size


def restore(url: str, source: Path, now: datetime | None = None, *, for_sandbox: bool = False) -> Path | None:
    """Puts the copy `source` in the ledger's place; where the ledger that was there is kept now, its logs beside it. Of
    one whose file was gone and whose logs were still there, the first of these; None where there was nothing.

    Refused while any process has the ledger open, and for a copy that is damaged, not a ledger, or of a newer release;
    for that of a sandbox too, unless the ledger is one's: an account's customers would get what was made up there."""
    target = ledger_file(url)
    if not source.exists():
        raise BadConfiguration(f"There is no file {source}. {UNCHANGED}")
    try:
        _check(source)
        if not for_sandbox:
            _refuse_a_sandboxes(source)
    except BadConfiguration as refused:
        raise BadConfiguration([f"{problem.rstrip('.')}. {UNCHANGED}" for problem in refused.problems]) from None
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    kept = target.with_name(f"{target.name}.before-{stamp}")
    with _in_words(source, target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = _put(source, target, kept)
    was = f", and what was there is {aside}" if aside else ""
    _confirm(target.parent, f"{source} is in the ledger's place{was}")
    return aside


def _put(source: Path, target: Path, kept: Path) -> Path | None:
    with _beside(target) as unfinished:
        _copy(source, unfinished)
        _refuse_in_use(target)
        if target.exists():
            _settle(target)
        if taken := [file for file in (kept, *_logs(kept)) if file.exists()]:
            raise BadConfiguration(f"{taken[0]} exists already: wait a second, then try again. {UNCHANGED}")
        moved: list[tuple[Path, Path]] = []
        was_there = target.exists()
        try:
            if was_there:
                os.link(target, kept)
            # Beside a ledger that is damaged or gone; SQLite would write what they say into the copy.
            for log, aside in zip(_logs(target), _logs(kept), strict=True):
                if log.exists():
                    moved.append((log, log.rename(aside)))
            os.replace(unfinished, target)
            _check_restored(source, target)
        except BaseException:
            if unfinished.exists():  # the ledger still has its own name
                kept.unlink(missing_ok=True)
            elif was_there:
                os.replace(kept, target)
            else:
                target.unlink(missing_ok=True)
            for log, aside in moved:
                aside.rename(log)
            raise
    now_there = [*([kept] if kept.exists() else []), *(aside for _, aside in moved)]
    for old in now_there:  # a ledger of before may be readable by everybody
        old.chmod(0o600)
    return now_there[0] if now_there else None


def _logs(ledger: Path) -> list[Path]:
    return [ledger.with_name(ledger.name + rest) for rest in LOGS]


def _check_restored(source: Path, target: Path) -> None:
    try:
        _check(target)
    except BadConfiguration:
        raise BadConfiguration(
            f"{source} cannot be read any more once it is in the place of {target}: see whether the disk of"
            f" {target.parent} is well. {UNCHANGED}"
        ) from None


def _copy(source: Path, target: Path) -> None:
    with closing(_open(source)) as whole, closing(_connect(target)) as copy:
        whole.backup(copy, pages=1000, sleep=0.01)  # in steps, so that nobody who writes has to wait for all of it
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _check(copy: Path, called: Path | None = None) -> None:
    """BadConfiguration if `copy` is damaged, no ledger of ours, or of a release that this one does not know. `called`:
    the file to name for it, where nobody knows `copy`."""
    name = called or copy
    sqlite = sqlite_module()
    try:
        with closing(_open(copy)) as opened:
            [(verdict,), *_] = opened.execute("PRAGMA integrity_check").fetchall()
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            versions = [v for (v,) in opened.execute("SELECT version_num FROM alembic_version")] if tables else []
    except sqlite.DatabaseError as error:
        if called is not None:
            raise
        raise BadConfiguration(f"{copy} is not a ledger that can be read ({type(error).__name__})") from None
    if verdict != "ok":
        raise BadConfiguration(_damaged(called) if called else f"{copy} is damaged")
    if not {"doorbells", "cases", "sends"} <= tables:
        raise BadConfiguration(f"{name} is a database, but not a ledger")
    refuse_newer(set(versions), str(name))


def _refuse_a_sandboxes(copy: Path) -> None:
    with closing(_open(copy)) as opened:
        if is_a_sandboxes(opened):
            raise refusal(Belongs.SANDBOX, str(copy))


def _refuse_in_use(ledger: Path) -> None:
    """A process that kept writing into the replaced file would accept messages that nobody ever sees."""
    if pids := sorted(_users(ledger)):
        users = ", ".join(map(str, pids))
        raise BadConfiguration(f"{ledger} is in use by process {users}: stop Deskhand first. {UNCHANGED}")


def _settle(ledger: Path) -> None:
    """Takes what still lies in the log into the file. Refused while somebody else has it locked."""
    sqlite = sqlite_module()
    try:
        with closing(_connect(ledger)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")  # needs the file for itself
    except sqlite.OperationalError as error:
        if "locked" not in str(error):  # a full disk, say, which stopping anything does not empty
            raise
        raise BadConfiguration(f"{ledger} is in use: stop Deskhand first. {UNCHANGED}") from None
    except sqlite.DatabaseError:
        return  # damaged: that is why somebody restores; it is kept as it is


def _users(ledger: Path) -> Iterator[int]:
    """Processes, apart from this one, that have the file open, as far as we may look; also if its name is gone."""
    file = ledger.resolve()
    names = {str(file), f"{file} (deleted)", *map(str, _logs(file))}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        pid = int(folder.parent.name)
        try:
            if pid != os.getpid() and any(os.readlink(fd) in names for fd in folder.iterdir()):
                yield pid
        except OSError:  # it has ended meanwhile, or belongs to somebody else
            continue


def _open(path: Path) -> Any:
    """For reading an existing file, which is not made when it is missing."""
    return sqlite_module().connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=10)


def _connect(path: Path) -> Any:
    return sqlite_module().connect(str(path), timeout=1, isolation_level=None)


@contextmanager
def _in_words(source: Path, target: Path) -> Iterator[None]:
    """What stops a copy half way, as BadConfiguration: which file or disk, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BadConfiguration(_full(source, target)) from None
        where = error.filename2 or error.filename or target
        if str(where).endswith(_UNFINISHED):  # a name of ours, which nobody knows and which is gone again
            raise BadConfiguration(
                f"The folder {target.absolute().parent} cannot be written ({error.strerror}): let this user, or name"
                f" another one. {UNCHANGED}"
            ) from None
        raise BadConfiguration(f"{where}: {error.strerror}. {UNCHANGED}") from None
    except sqlite_module().Error as error:
        words = str(error)  # SQLite's own: no row is in it, since pages are copied here
        if "full" in words:
            raise BadConfiguration(_full(source, target)) from None
        if "malformed" in words or "not a database" in words:
            raise BadConfiguration(_damaged(source)) from None
        raise BadConfiguration(
            f"{source} could not be copied to {target} ({words}): may both folders be written, and are their disks"
            f" well? {UNCHANGED}"
        ) from None


def _full(source: Path, target: Path) -> str:
    """SQLite does not say which of the two disks: where a log beside `source` has no room, that is the one."""
    size, folder = source.stat().st_size, target.absolute().parent
    if shutil.disk_usage(source.absolute().parent).free < _LOG < size < shutil.disk_usage(folder).free:
        folder = source.absolute().parent
    return (
        f"The disk of {folder} is full: {source} could not be copied to {target}, which needs {size:,} bytes. Make room"
        f" on it, or take another disk. {UNCHANGED}"
    )


def _damaged(ledger: Path) -> str:
    return (
        f"{ledger} is damaged, and so would be a copy of it: stop Deskhand and put the last good copy back with"
        f" scripts/backup.py --restore FILE, which keeps the damaged one. {UNCHANGED}"
    )


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file of mode 0600 in the folder of `target`, gone at the end: a ledger holds customers' mail."""
    path = target.with_name(f".{target.name}.{os.getpid()}{_UNFINISHED}")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield path
    finally:
        for file in (path, *_logs(path)):  # SQLite leaves its log where it could not write on
            file.unlink(missing_ok=True)


def _confirm(folder: Path, done: str) -> None:
    """A new name in `folder` survives a power cut. `done`: what is so already, should the disk not confirm it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadConfiguration(
            f"{done}, but the disk of {folder} does not confirm it ({error.strerror}): see whether it is well before"
            " you start Deskhand"
        ) from None
