"""Addresses of services as an operator writes them. Called by settings.py; opens no connection."""

from __future__ import annotations

from urllib.parse import urlsplit


def an_address(value: str, schemes: tuple[str, ...], example: str) -> str:
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
