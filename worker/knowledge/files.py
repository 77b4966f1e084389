"""The files of kb/ as they lie there, each read once: what is made of its text and what tells it from another agree.

What they say is read by documents.py; kept.py tells by their bytes which of them were read before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from worker.errors import BadConfiguration


@dataclass(frozen=True)
class Document:
    """`kind`: the folder, "templates" or "articles". `trouble`: why it cannot be read, and what to do."""

    path: Path
    kind: str
    raw: bytes = b""
    trouble: str = ""

    @property
    def name(self) -> str:
        """Its id, once it was read without complaint."""
        return self.path.stem

    @property
    def text(self) -> tuple[str, str]:
        """(text with lines that end in one newline, ""), or ("", why it cannot be read)."""
        if self.trouble:
            return "", self.trouble
        try:
            return self.raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), ""
        except UnicodeDecodeError:
            return "", "the file cannot be read as UTF-8: save it as UTF-8 text"


def documents(kb_dir: Path) -> list[Document]:
    """Templates, then articles, each in the order of their paths; README.md is left out. Raises BadConfiguration for a
    folder that is there and cannot be read: taken for an empty one, all that is in it would leave the index."""
    return [_document(path, kind) for kind in ("templates", "articles") for path in _files(kb_dir / kind)]


def _files(folder: Path) -> list[Path]:
    found = [Path(where) / name for where, _, names in os.walk(folder, onerror=_unread) for name in names]
    return sorted(p for p in found if p.suffix == ".md" and p.name != "README.md")


def _unread(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise BadConfiguration(
            f"{error.filename} cannot be read ({type(error).__name__}): nothing was changed. Let this user read the "
            "folder and what is in it."
        )


def _document(path: Path, kind: str) -> Document:
    try:
        return Document(path, kind, raw=path.read_bytes())
    except OSError as error:
        return Document(path, kind, trouble=_why(path, error))


def _why(path: Path, error: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"the file is a link to {os.readlink(path)}, where nothing is: put the file there, or take the link away"
    return f"the file cannot be read ({error.strerror}): let this user read it (chmod, chown)"
