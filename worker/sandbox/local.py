"""Writes of people and tests are taken only under loopback names: no DNS name, no page of another origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SAFE = {"GET", "HEAD"}


async def only_local(request: Request) -> None:
    """403 for a write whose Host, or Origin where there is one, is not this machine."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    host = _host("//" + request.headers.get("host", ""))
    if host not in LOOPBACK or (origin is not None and _host(origin) not in LOOPBACK):
        raise HTTPException(403, "only from this machine")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # "http://[": a stranger's, not a reason to fail
        return None
