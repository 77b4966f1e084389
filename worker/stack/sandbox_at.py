"""A running sandbox, seen from outside over its /sandbox: what everybody who asks one has in common.

What each asks for is its own: samples.py, bench/rig.py, evaluation/hostile_desk.py. Starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import requests


class SandboxAt:
    """The sandbox at `url`, over one connection that stays open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment does not know this machine's ports

    def answers(self) -> bool:
        with suppress(requests.RequestException):
            return self._session.get(f"{self.url}/sandbox/state", timeout=5).status_code == 200
        return False

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> Any:
        """What it says to `path` under /sandbox; requests' errors where it refuses or is gone."""
        given = dict(body) if body is not None else None
        answer = self._session.request(method, f"{self.url}/sandbox{path}", params=query, json=given, timeout=60)
        answer.raise_for_status()
        return answer.json()
