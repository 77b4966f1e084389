"""What a lead chose to see of the queue, as it stands in addresses: read, written, and changed one choice at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from worker.models import Strength
from worker.ports import Sieve

NAMES = ("segment", "template", "finding", "sure", "mine", "q")
_LONGEST = 200


@dataclass(frozen=True)
class Chosen:
    """`params`: the choices by their names in an address; a choice that was not made is left out."""

    params: Mapping[str, str]
    login: str

    @property
    def sieve(self) -> Sieve:
        get = self.params.get
        return Sieve(
            segment=get("segment", ""),
            template=get("template", ""),
            finding=get("finding", ""),
            strength=get("sure", ""),
            minder=self.login if "mine" in self.params else "",
            words=get("q", ""),
        )

    @property
    def query(self) -> str:
        return urlencode(dict(self.params))

    def at(self, path: str, **more: str) -> str:
        """An address with these choices, and with `more`."""
        query = urlencode({**self.params, **{name: value for name, value in more.items() if value}})
        return f"{path}?{query}" if query else path

    def having(self, name: str, value: str) -> str:
        """The queue with one choice changed; "" takes it back."""
        kept = {n: v for n, v in self.params.items() if n != name}
        return Chosen(kept | ({name: value} if value else {}), self.login).at("/")


def chosen(given: Mapping[str, str], login: str) -> Chosen:
    """From an address's parameters. What is no choice is left out, not refused: addresses are typed and shortened."""
    return Chosen(dict(_choices(given.items())), login)


def chosen_in(query: str, login: str) -> Chosen:
    """The same, from what a form carried along."""
    return Chosen(dict(_choices(parse_qsl(query[:2000]))), login)


def _choices(given: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in given:
        value = value.strip()[:_LONGEST]
        if name in NAMES and value and (name != "sure" or value in set(Strength)):
            yield name, "1" if name == "mine" else value
