"""Users, sessions and links in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from worker.adapters.memory.state import State


class MemoryUsers:
    """`ports.ledger.Users`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._users: dict[str, dict[str, Any]] = {}
        self._sessions: dict[str, tuple[str, str, datetime]] = {}
        self._links: dict[str, tuple[str, datetime]] = {}

    def put(self, login: str, role: str, password_hash: str) -> None:
        with self._state.lock:
            self._users[login] = {"login": login, "role": role, "password_hash": password_hash}

    def get(self, login: str) -> Mapping[str, Any] | None:
        with self._state.lock:
            found = self._users.get(login)
            return None if found is None else dict(found)

    def all(self) -> Sequence[Mapping[str, Any]]:
        with self._state.lock:
            return [{"login": login, "role": self._users[login]["role"]} for login in sorted(self._users)]

    def start_session(self, login: str, token_hash: str, csrf: str, ttl: timedelta) -> None:
        with self._state.lock:
            self._sessions[token_hash] = (login, csrf, self._state.lease(ttl))

    def session(self, token_hash: str) -> Mapping[str, Any] | None:
        with self._state.lock:
            login, csrf, expires_at = self._sessions.get(token_hash, ("", "", None))
            user = self._users.get(login)
            if user is None or self._state.free(expires_at):
                return None
            return {"login": login, "role": user["role"], "csrf": csrf}

    def end_session(self, token_hash: str) -> None:
        with self._state.lock:
            self._sessions.pop(token_hash, None)

    def put_link(self, token_hash: str, login: str, ttl: timedelta) -> None:
        with self._state.lock:
            self._links[token_hash] = (login, self._state.lease(ttl))

    def use_link(self, token_hash: str) -> str | None:
        with self._state.lock:
            login, expires_at = self._links.pop(token_hash, (None, None))
            return None if self._state.free(expires_at) else login
