"""Renders pages: Jinja2 with escaping on, strict about names. Knows nothing about cases."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from worker.console import flash, words
from worker.console.access import Access
from worker.intake.mailtext.plain import visible

HERE = Path(__file__).parent
STATIC = HERE / "static"


class Pages:
    """The templates of pages/, each with the signed-in person, the CSRF token and the notice at hand."""

    def __init__(self, access: Access, notice: str) -> None:
        self._access = access
        self._env = Environment(
            loader=FileSystemLoader(HERE / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_visible,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.filters |= {
            "age": words.age,
            "since": words.since,
            "when": words.when,
            "status": words.status_words,
            "guard": words.guard_words,
        }
        self._env.globals |= {"words": words, "notice": notice, "static": _static_links()}

    def show(self, request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page for whoever is signed in; outside a session its forms carry a token bound to the browser."""
        session = getattr(request.state, "session", None)
        if session is None:
            self._access.ensure_nonce(request)
        csrf = session.csrf if session else self._access.open_token(request)
        html = self._env.get_template(name).render(me=session, csrf=csrf, path=request.url.path, **context)
        response = HTMLResponse(html, status_code=status)
        self._access.give_nonce(request, response)
        flash.carry_on(request, response)
        return response

    def part(self, name: str, **context: Any) -> str:
        """A piece of a page, for a script to put in place."""
        return self._env.get_template(name).render(**context)

    def show_open(self, request: Request, name: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A sign-in page: the same, also when somebody is signed in, since its form is checked by the nonce."""
        request.state.session = None
        return self.show(request, name, status, **context)

    def note(self, request: Request, title: str, text: str, status: int, **context: Any) -> HTMLResponse:
        """A page with one message. `link` and `link_text` say where to go from there."""
        shown = {"link": "/", "link_text": "Back to the queue", **context}
        return self.show(request, "note.html", status, title=title, text=text, **shown)


def _visible(value: object) -> object:
    """Of every text that a page shows, a subject or a sender's name as much as a mail: none may turn round the words
    beside it. What is markup already was made by us, and is sent as it is shown."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _static_links() -> dict[str, str]:
    """Addresses that change with the file, so that browsers may keep what they have."""
    digests = {f.name: hashlib.sha256(f.read_bytes()).hexdigest()[:12] for f in STATIC.iterdir() if f.is_file()}
    return {name: f"/static/{name}?v={digest}" for name, digest in digests.items()}
