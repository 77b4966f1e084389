"""The webhook as a process of its own, as it is served in production, on free ports and a SQLite of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.milvus import free_port
from worker.settings import ROOT

SECRET = "webhook-secret"
NOBODY = "127.0.0.1:1"  # where nobody listens


@dataclass
class Web:
    process: subprocess.Popen[bytes]
    url: str
    database: Path
    log: Path

    def ring(self, ticket_id: int) -> requests.Response:
        headers = {"X-Webhook-Secret": SECRET}
        return requests.post(
            f"{self.url}/webhooks/freshdesk", headers=headers, json={"ticket_id": ticket_id}, timeout=30
        )

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=30)

    def settled(self, *parts: str) -> requests.Response:
        """What /readyz says as soon as these parts have answered, well or not: one that stands still with its whole
        machine for as long as a question may take has not answered, and is asked again."""
        until = time.monotonic() + 60
        while True:
            ready = self.get("/readyz")
            told = ready.json()["parts"]
            if time.monotonic() > until or not any("no answer within" in str(told[p].get("reason")) for p in parts):
                return ready
            time.sleep(0.05)

    def part(self, name: str) -> dict[str, object]:
        found: dict[str, object] = self.get("/readyz").json()["parts"][name]
        return found

    def ready_again(self, part: str = "ledger") -> bool:
        """As soon as the part is well."""
        until = time.monotonic() + 60
        while not self.part(part)["ok"] and time.monotonic() < until:
            time.sleep(0.05)
        return bool(self.part(part)["ok"])


@contextmanager
def a_web(folder: Path, **settings: str) -> Iterator[Web]:
    port = free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "WEBHOOK_PORT": str(port),
        "FRESHDESK_WEBHOOK_SECRET": SECRET,
        "FRESHDESK_URL": f"http://{NOBODY}",
        "FRESHDESK_API_KEY": "key",
        "REDIS_URL": f"redis://{NOBODY}/0",
        "MILVUS_URI": f"http://{NOBODY}",
        **settings,
    }
    log = folder / "web.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "worker.web", "webhook"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=output)
    try:
        _wait(process, f"http://127.0.0.1:{port}/healthz", log)
        yield Web(process, f"http://127.0.0.1:{port}", folder / "deskhand.db", log)
    finally:
        process.kill()  # what hangs in a ping would hold up a polite end
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=30).ok:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
