"""The sandbox over real HTTP for tests: uvicorn in a thread, on a free loopback port.

with running_sandbox(webhook_url=...) as sandbox:
    sandbox.mail("asha@example.com", "When?", "<p>When does it arrive?</p>")
    requests.get(f"{sandbox.freshdesk_url}/api/v2/tickets", auth=sandbox.auth)
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
import uvicorn

from worker.sandbox.app import create_app
from worker.sandbox.faults import Fault
from worker.sandbox.parts import Parts

API_KEY = "sandbox-key-of-the-bot"
SECRET = "sandbox-webhook-secret"
BOT_ID = 7


@dataclass
class RunningSandbox:
    """`url`: the root; `freshdesk_url`, `groq_url`: what FRESHDESK_URL and GROQ_BASE_URL take; `state`: the parts."""

    url: str
    state: Parts
    api_key: str = API_KEY
    secret: str = SECRET

    @property
    def freshdesk_url(self) -> str:
        return self.url

    @property
    def groq_url(self) -> str:
        return f"{self.url}/groq"

    @property
    def auth(self) -> tuple[str, str]:
        return (self.api_key, "X")

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """One Freshdesk call as the bot: `api("GET", "/tickets/1")`."""
        return requests.request(method, f"{self.url}/api/v2{path}", auth=self.auth, timeout=30, **options)

    def mail(self, email: str, subject: str, html: str, *, name: str = "", **more: Any) -> int:
        """A customer writes; the new ticket's id. `more`: other fields of a sample."""
        sample = {"requester": {"email": email, "name": name or email}, "subject": subject, "html": html, **more}
        return int(self._post("/tickets", sample)["id"])

    def says(self, ticket_id: int, html: str, *, by: str = "customer", private: bool = False) -> int:
        """Somebody ("customer", "agent", "bot") writes on a ticket; the conversation's id."""
        return int(self._post(f"/tickets/{ticket_id}/messages", {"by": by, "html": html, "private": private})["id"])

    def changed(self, ticket_id: int, **fields: Any) -> None:
        """A human agent changes the ticket: status=5, spam=True, responder_id=11 ..."""
        self._post(f"/tickets/{ticket_id}/changes", fields)

    def goes_wrong(self, kind: str, endpoint: str = "any", **how: Any) -> int:
        """Switches a fault on (see worker.sandbox.faults.Fault); its number."""
        return self.state.board.add(Fault.model_validate({"kind": kind, "endpoint": endpoint, **how}))

    def all_well(self) -> None:
        self.state.board.clear()

    def replies(self, ticket_id: int | None = None) -> list[dict[str, Any]]:
        """The bot's public replies that took effect, in order, from the journal."""
        return [e for e in self.journal("reply", ticket_id) if e["agent_id"] == BOT_ID and e["rings"]]

    def notes(self, ticket_id: int | None = None) -> list[dict[str, Any]]:
        return [e for e in self.journal("note", ticket_id) if e["agent_id"] == BOT_ID and e["rings"]]

    def journal(self, kind: str | None = None, ticket_id: int | None = None) -> list[dict[str, Any]]:
        return self.state.journal.read(kind=kind, ticket_id=ticket_id)

    def wait_for(
        self, kind: str, *, count: int = 1, ticket_id: int | None = None, timeout: float = 30
    ) -> list[dict[str, Any]]:
        """Entries of the journal, as soon as `count` of that kind are there."""
        found = self.state.journal.wait(kind, count=count, ticket_id=ticket_id, timeout=timeout)
        assert len(found) >= count, f"waited {timeout} s for {count} x {kind}, saw {len(found)}"
        return found

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/sandbox{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def running_sandbox(**options: Any) -> Iterator[RunningSandbox]:
    """`options` of worker.sandbox.app.create_app; key and secret are given."""
    app = create_app(**{"api_key": API_KEY, "secret": SECRET, **options})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, ws="none", log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def startup_and_tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
    thread.start()
    assert started.wait(60), "the sandbox did not start"
    try:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield RunningSandbox(url, app.state.sandbox, options.get("api_key", API_KEY), options.get("secret", SECRET))
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()
