"""Users of the console, their sessions and one-time links. Of tokens only hashes come in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, delete, insert, select

from worker.adapters.store.columns import clock
from worker.adapters.store.room import Room, from_now, upsert
from worker.adapters.store.schema import links, sessions, users


class SqlUsers(Room):
    """`ports.ledger.Users` over SQL."""

    def put(self, login: str, role: str, password_hash: str) -> None:
        given = {"role": role, "password_hash": password_hash}
        with self.writing() as connection:
            connection.execute(
                upsert(connection.dialect.name, users)
                .values(login=login, **given)
                .on_conflict_do_update(index_elements=["login"], set_=given)
            )

    def get(self, login: str) -> Mapping[str, Any] | None:
        return self._one(select(users).where(users.c.login == login))

    def all(self) -> Sequence[Mapping[str, Any]]:
        with self.reading() as connection:
            rows = connection.execute(select(users.c.login, users.c.role).order_by(users.c.login))
            return [dict(row._mapping) for row in rows]

    def start_session(self, login: str, token_hash: str, csrf: str, ttl: timedelta) -> None:
        self._add(sessions, ttl, login=login, token_hash=token_hash, csrf=csrf)

    def session(self, token_hash: str) -> Mapping[str, Any] | None:
        """The role is the one that the user has now, not the one at sign-in."""
        columns = (sessions.c.login, users.c.role, sessions.c.csrf)
        live = (sessions.c.token_hash == token_hash, sessions.c.expires_at > clock())
        return self._one(select(*columns).join(users, users.c.login == sessions.c.login).where(*live))

    def end_session(self, token_hash: str) -> None:
        with self.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def put_link(self, token_hash: str, login: str, ttl: timedelta) -> None:
        self._add(links, ttl, login=login, token_hash=token_hash)

    def use_link(self, token_hash: str) -> str | None:
        live = (links.c.token_hash == token_hash, links.c.expires_at > clock())
        with self.writing() as connection:
            login: str | None = connection.execute(delete(links).where(*live).returning(links.c.login)).scalar()
            return login

    def _one(self, query: Any) -> Mapping[str, Any] | None:
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else dict(row._mapping)

    def _add(self, table: Table, ttl: timedelta, **columns: str) -> None:
        """Adds one that expires, and removes those that have."""
        with self.writing() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= clock()))
            connection.execute(insert(table).values(**columns, expires_at=from_now(ttl)))
