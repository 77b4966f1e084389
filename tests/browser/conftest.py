"""A console served on a free port over a ledger of its own, and the system's Chromium to look at it with."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from tests.console.conftest import _cheap_passwords
from tests.console.seed import LOOKS, PASSAGE, TEMPLATE, a_console, a_ledger
from worker.adapters.store.ledger import SqlLedger
from worker.console.people import add_user, sign_in_link
from worker.support.desk import Policy

__all__ = ["_cheap_passwords"]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Chromium's own errands (updates, safe browsing, field trials) must not reach out of a test.
QUIET = [
    "--no-sandbox",
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--metrics-recording-only",
]


@dataclass
class Served:
    """`home`: the console's address. `app.state.enqueued`: hints it gave to the queue. `index`: what the live index
    has, by source; a source that is not in it is as it was."""

    home: str
    app: FastAPI
    ledger: SqlLedger
    index: dict[str, str]

    def link(self, login: str, role: str = "reviewer") -> str:
        add_user(self.ledger.users, login, role, None)
        return sign_in_link(self.ledger.users, login, self.home)


@pytest.fixture
def console(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A test may give the checks that judge what is typed (`indirect`); without, the findings of the draft stay."""
    ledger = a_ledger(tmp_path)
    index: dict[str, str] = {}
    written = {source.source_id: source.version for source in (TEMPLATE, PASSAGE)}
    app = a_console(
        ledger,
        notice="the sandbox composer, no language model",
        versions=lambda ids: {i: index.get(i, written.get(i, "")) for i in ids},
        policy=Policy(undo=timedelta(minutes=1)),
        looks=LOOKS,
        judge=getattr(request, "param", None),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    started = threading.Event()
    startup = server.startup

    async def startup_then_tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_then_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(60)
    yield Served(f"http://localhost:{listener.getsockname()[1]}", app, ledger, index)
    server.should_exit = True
    thread.join(10)
    ledger.close()


@pytest.fixture(scope="session")
def chromium():
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def browsing(chromium, **settings: Any):
    """A fresh browser at a desk. An error of a script, or something that the CSP had to refuse, fails the test."""
    context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
    context.set_default_timeout(120_000)  # milliseconds; how long a machine that is busy may take to show something
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    # A page answered with 4xx is reported there too; tests look at those themselves.
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" and "status of 4" not in m.text else None)
    try:
        yield opened
    finally:
        context.close()
    assert errors == []


def complaints(page) -> list[tuple[str, list[str]]]:
    """What axe has against the page as it stands: the rule, and where."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state()  # a click waits until another page has begun, and that has no element yet
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]]


@pytest.fixture
def page(chromium, console: Served):
    """A browser on `console`.

    It asks for the console so as to be closed before it: what a page fetches late (its icon, news about what it
    shows) would be refused otherwise, and Chromium reports that as an error of the page.
    """
    with browsing(chromium) as opened:
        yield opened
