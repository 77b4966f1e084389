"""The customer file: how its addresses and numbers are compared, how its CSV is read, and look-ups over the ledger.

Identity rules decide what a match is worth; in here it either matches exactly, after normalisation, or not at all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

from worker.errors import BadConfiguration
from worker.models import Customer
from worker.ports import Customers

COLUMNS = ("customer_id", "name", "email", "alternate_emails", "phone", "segments", "since")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def normal_email(email: str) -> str:
    """Without white space around it and with A-Z in small letters. Nothing else is folded: dots and plus tags make
    other people's addresses at most providers, and so do letters that only look alike to Unicode (ß and ss)."""
    return email.strip().translate(_SMALL)


def phone_digits(phone: str) -> str:
    """The last ten digits, which do without country codes and leading zeros; "" if there are fewer."""
    digits = re.sub(r"[^0-9]", "", phone)
    return digits[-10:] if len(digits) >= 10 else ""


class LedgerDirectory:
    """`ports.world.Directory` over the customers in the ledger."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers

    def by_email(self, email: str) -> Sequence[tuple[Customer, bool]]:
        """True where the address is the registered one; those come first."""
        wanted = normal_email(email)
        found = self._customers.by_email(wanted) if wanted else ()
        return [(one, normal_email(one.email) == wanted) for one in found]

    def by_phone(self, phone: str) -> Sequence[Customer]:
        digits = phone_digits(phone)
        return self._customers.by_phone(digits) if digits else []

    def by_id(self, customer_id: str) -> Customer | None:
        return self._customers.by_id(customer_id.strip())


def read_customers(path: Path, *, segments: Collection[str]) -> list[Customer]:
    """The customers of a CSV file (UTF-8, comma, COLUMNS and any further ones, `;` inside lists).

    `segments`: the names that rules/segments.yaml knows. Further columns become facts; an empty cell is no fact, so
    that a template which needs it is refused instead of showing a gap. BadConfiguration names every problem at once.
    """
    reading = _Reading(path, frozenset(segments))
    rows = list(_rows(path))
    if not rows:
        raise BadConfiguration(f"{path} is empty: its first line must name the columns {', '.join(COLUMNS)}.")
    if reading.header(*rows[0]):
        for line, cells in rows[1:]:
            reading.row(line, cells)
    if reading.problems:
        raise BadConfiguration(reading.problems)
    return reading.customers


def lines_of(path: Path) -> dict[str, int]:
    """The line of each customer id, in a file that `read_customers` has taken."""
    (_, names), *rows = _rows(path)
    at = names.index("customer_id")
    return {cells[at]: line for line, cells in rows}


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every line that is not blank."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadConfiguration(f"{path} cannot be read ({error.strerror}): check its name and permissions.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadConfiguration(f"{path}, line {line}: not UTF-8. Save the file as CSV in UTF-8.") from None
    line, names = next(((n, said) for n, said in enumerate(text.splitlines(), 1) if said.strip()), (1, ""))
    if by := _separator(names):  # before it is read: of quotation marks around such values the reader complains first
        raise BadConfiguration(f"{path}, line {line}: the columns are separated by {by}, save with commas.")
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        start = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, [cell.strip() for cell in cells]
            start = reader.line_num + 1
    except csv.Error as error:
        raise BadConfiguration(f"{path}, line {reader.line_num}: {error}. Check the quotation marks.") from None


def _separator(names: str) -> str:
    """What a spreadsheet put between the names of columns instead of a comma; "" where that is not it."""
    known = ((sign, sum(name.strip(' "') in COLUMNS for name in names.split(sign))) for sign in (";", "\t", "|"))
    sign, columns = max(known, key=lambda one: one[1])
    return ("a tab" if sign == "\t" else sign) if columns > 1 else ""


@dataclass
class _Reading:
    """One pass over the file: what was understood, and everything that was not."""

    path: Path
    segments: frozenset[str]
    problems: list[str] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    _columns: list[str] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)
    _emails: dict[str, int] = field(default_factory=dict)

    def header(self, line: int, names: list[str]) -> bool:
        """Whether the lines below it can be read."""
        self._columns = names
        for name in COLUMNS:
            if name not in names:
                self._problem(line, name, "the column is missing; add it to the first line")
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._problem(line, name or "(no name)", "the column is there more than once; give each its own name")
        if names.count("") == 1:
            self._problem(line, "(no name)", "the column has no name; name it or remove it")
        return not self.problems

    def row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self._columns):
            self.problems.append(
                f"{self.path}, line {line}: {len(cells)} columns instead of {len(self._columns)}; "
                "check the commas, and put quotation marks around a value that holds one."
            )
            return
        before = len(self.problems)
        row = dict(zip(self._columns, cells, strict=True))
        since = self._since(line, row["since"])
        alternates = self._list(row["alternate_emails"])
        segments = self._list(row["segments"])
        self._check_id(line, row["customer_id"])
        self._check_email(line, row["email"])
        for email in alternates:
            self._check_address(line, "alternate_emails", email)
        for name in segments:
            if name not in self.segments:
                allowed = ", ".join(sorted(self.segments)) or "none"
                self._problem(line, "segments", f'unknown segment "{name}"; use one of: {allowed}')
        if len(self.problems) == before:
            facts = {name: row[name] for name in self._columns if name not in COLUMNS and row[name]}
            plain = {name: row[name] for name in ("customer_id", "name", "email", "phone")}
            self.customers.append(
                Customer(**plain, alternate_emails=alternates, segments=segments, since=since, facts=facts)
            )

    def _problem(self, line: int, column: str, what: str) -> None:
        self.problems.append(f"{self.path}, line {line}, column {column}: {what}.")

    def _check_id(self, line: int, customer_id: str) -> None:
        if not customer_id:
            self._problem(line, "customer_id", "is empty; every customer needs an id of its own")
        elif customer_id in self._ids:
            first = self._ids[customer_id]
            self._problem(line, "customer_id", f'"{customer_id}" is already on line {first}; keep one of them')
        self._ids.setdefault(customer_id, line)

    def _check_email(self, line: int, email: str) -> None:
        """A registered address is what verifies a customer, so it cannot belong to two."""
        if not self._check_address(line, "email", email):
            return
        first = self._emails.setdefault(normal_email(email), line)
        if first != line:
            self._problem(line, "email", f'"{email}" is registered on line {first} too; it can verify only one of them')

    def _check_address(self, line: int, column: str, email: str) -> bool:
        if not _EMAIL.fullmatch(email):
            self._problem(line, column, f'"{email}" is not an e-mail address; write it as name@example.com')
            return False
        return True

    def _since(self, line: int, value: str) -> date | None:
        if not value:
            return None
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self._problem(line, "since", f'"{value}" is not a date; write it as 2024-03-31, or leave it empty')
        return None

    @staticmethod
    def _list(value: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for part in value.split(";") if (item := part.strip())))
