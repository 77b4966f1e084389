"""Addresses of services as an operator writes them. Called by settings.py; opens no connection."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

HIDDEN = "**********"
_PASSWORD = re.compile(r"(?<=://)([^:/?#]*:).*@", re.DOTALL)  # up to the last @: user and password may hold one
_ONLY_USER = re.compile(r"(?<=://)[^:@/?#]+@")
_GIVEN = re.compile(r"([?&][^=&#]*(?:pass|pwd|secret|token|key|auth)[^=&#]*=)[^&#]*", re.IGNORECASE)


def address(value: str, schemes: tuple[str, ...], example: str) -> str:
    """`value`, if it is empty or has one of the schemes, a host, and a port that is a number if any. The sentence does
    not repeat it: it may hold a password."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket without its other half, a port that is no number
        good = False
    if value and not good:
        raise ValueError(f"give it as {example}")
    return value


def without_password(value: str) -> str:
    """`value` as it may be printed: the passwords and keys in it, if it is a URL with any, are asterisks. With http, a
    user without a password is a key too."""
    if "://" not in value:
        return value
    shown = _GIVEN.sub(rf"\1{HIDDEN}", _PASSWORD.sub(rf"\1{HIDDEN}@", value))
    return _ONLY_USER.sub(f"{HIDDEN}@", shown) if shown.startswith("http") else shown
