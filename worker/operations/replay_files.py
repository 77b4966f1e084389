"""Where a replay writes what customers wrote: refused before it costs anything, written for the owner's eyes only.

Called by scripts/replay.py.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def refusal(tickets: Path | None, page: Path | None, rows: Path | None) -> str:
    """Why a replay of the file `tickets` must not begin, with what to do; "" if all can be written. Changes nothing."""
    given = [(way, path) for way, path in (("--page", page), ("--rows", rows)) if path is not None]
    for way, path in given:
        if tickets is not None and _same(path, tickets):
            return f"{way} {path} is the file with the old tickets and would overwrite it: name another file."
    if page is not None and rows is not None and _same(page, rows):
        return f"--page {page} and --rows {rows} are the same file: give each one of its own."
    return next((f"{way} {path}: {why}" for way, path in given if (why := _closed(path))), "")


def write(path: Path, text: str) -> str:
    """Readable by its owner only. Returns why it could not be written, "" if it is."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # a device is everybody's
                os.fchmod(file.fileno(), 0o600)
            file.write(text)
    except OSError as error:
        return f"{path} could not be written ({error.strerror}): what it holds is not complete."
    return ""


def _same(one: Path, other: Path) -> bool:
    """By whatever names: links, ./ and .. lead to one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def _closed(path: Path) -> str:
    """Why `path` cannot be written, and what to do. It is opened for that, and is not there afterwards if it was not
    before."""
    if not path.parent.is_dir():
        return f"there is no folder {path.parent}"
    if path.is_dir():
        return "that is a folder: name a file in it."
    target = Path(os.path.realpath(path))
    fresh = not os.path.lexists(target)
    if not fresh and not target.is_file():
        return ""  # a device, or a pipe, whose reader would take an opening and closing for the end
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
        if fresh:
            target.unlink()
    except OSError as error:
        return f"it cannot be written ({error.strerror}): name a file where you may write."
    return ""
