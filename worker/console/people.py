"""Who may use the console: roles, passwords, one-time sign-in links. Called by the sign-in pages and scripts/users.py.

Only hashes are stored: argon2 of passwords, SHA-256 of tokens, which are random and long.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from worker.errors import BadConfiguration
from worker.ports import Users

VIEWER, REVIEWER, ADMIN = "viewer", "reviewer", "admin"
ROLES = (VIEWER, REVIEWER, ADMIN)  # each may do what those before it may
DISABLED = "disabled"
LINK_TTL = timedelta(minutes=30)
SHORTEST_PASSWORD = 10
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")

_hasher = PasswordHasher()
# One hash takes 64 MiB: forty sign-ins at once must not take two gigabytes.
_one_at_a_time = threading.BoundedSemaphore(2)


def may(role: str, wanted: str) -> bool:
    """Whether `role` includes `wanted`. Unknown and disabled roles may do nothing."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(wanted)


def hash_password(password: str) -> str:
    with _one_at_a_time:
        return _hasher.hash(password)


def check_password(user: Mapping[str, Any] | None, password: str) -> bool:
    """Takes the same time for an unknown login as for a wrong password, so that neither tells who is known here."""
    stored = str(user["password_hash"]) if user else ""
    good = _matches(stored or _nobody(), password)
    return good and bool(stored) and user is not None and user["role"] in ROLES


def add_user(users: Users, login: str, role: str, password: str | None) -> None:
    """Adds or changes a user. `password` None: signs in by one-time link only. Raises BadConfiguration."""
    problems = []
    if not _LOGIN.fullmatch(login):
        problems.append(f"{login!r} cannot be a login: small letters, digits and . _ @ + - only, at most 64.")
    if role not in ROLES:
        problems.append(f"{role!r} is no role: choose one of {', '.join(ROLES)}.")
    if password is not None and len(password) < SHORTEST_PASSWORD:
        problems.append(f"The password is too short: at least {SHORTEST_PASSWORD} characters.")
    if problems:
        raise BadConfiguration(problems)
    users.put(login, role, hash_password(password) if password is not None else "")


def disable_user(users: Users, login: str) -> None:
    """Signs the user out everywhere and for good; the name stays in the audit log."""
    if users.get(login) is None:
        raise BadConfiguration(f"There is no user {login!r}.")
    users.put(login, DISABLED, "")


def sign_in_link(users: Users, login: str, console_link: str, ttl: timedelta = LINK_TTL) -> str:
    """A link that signs `login` in once. It is a secret: print it for the person, never log it."""
    user = users.get(login)
    if user is None or user["role"] not in ROLES:
        raise BadConfiguration(f"There is no user {login!r} who may sign in.")
    token = new_token()
    users.put_link(token_hash(token), login, ttl)
    return f"{console_link.rstrip('/')}/enter?token={quote(token)}"


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _matches(stored: str, password: str) -> bool:
    try:
        with _one_at_a_time:
            return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


def _nobody() -> str:
    """The hash of a password that nobody knows, made once."""
    global _nobodys_hash
    if not _nobodys_hash:
        _nobodys_hash = hash_password(new_token())
    return _nobodys_hash


_nobodys_hash = ""
