"""What a team would write first, to compare with: one process, one ticket after the other, each call in its turn.

It does what must be done for an answer and nothing else: the model is loaded once, the templates' questions are one
matrix, connections are kept open. No ledger, no guards, no second look before the reply: what it leaves out is not what
makes it slow. Run by the suite throughput as `python -m worker.bench.baseline`, ticket numbers on standard input.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray

from worker.adapters.embedding_model import packaged_model
from worker.knowledge.documents import read_kb

MODEL = "llama-3.3-70b-versatile"
SYSTEM = (
    "You answer customers' e-mail. Use the template and nothing else. Answer with one JSON object with the key reply."
)


@dataclass
class Script:
    """`freshdesk`, `groq`: addresses. `labels`: the segments that templates may name. `model`: None for the packaged
    one, loaded with sentence-transformers."""

    freshdesk: str
    groq: str
    kb: Path
    labels: tuple[str, ...]
    model: Any = None

    def __post_init__(self) -> None:
        if self.model is None:
            from sentence_transformers import SentenceTransformer

            self.model = SentenceTransformer(str(packaged_model()), device="cpu")
        templates = read_kb(self.kb, self.labels).templates
        asked = [(question, one.body) for one in templates for question in one.questions]
        self.bodies = [body for _, body in asked]
        self.questions: NDArray[np.float32] = self._embedded([question for question, _ in asked])
        self.helpdesk, self.writer = requests.Session(), requests.Session()
        self.helpdesk.trust_env = self.writer.trust_env = False
        self.helpdesk.auth = (os.environ["FRESHDESK_API_KEY"], "X")
        self.writer.headers["Authorization"] = f"Bearer {os.environ['GROQ_API_KEY']}"

    def answer(self, ticket_id: int) -> None:
        """Reads the ticket, picks the template whose question is nearest, has a reply written, and sends it."""
        ticket = self._asked(
            "GET", f"{self.freshdesk}/api/v2/tickets/{ticket_id}?include=conversations,requester", self.helpdesk
        )
        mail = f"{ticket['subject']}\n{unescape(re.sub('<[^>]+>', ' ', ticket['description']))}"
        body = self.bodies[int((self.questions @ self._embedded([mail])[0]).argmax())]
        user = (
            f'<template id="t1">{escape(body)}</template>\n<question id="q1" found="t1">{escape(mail)}</question>\n'
            f"<message>{escape(mail)}</message>"
        )
        said = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": user}]
        wanted = {"model": MODEL, "messages": said, "temperature": 0, "response_format": {"type": "json_object"}}
        answer = self._asked("POST", f"{self.groq}/openai/v1/chat/completions", self.writer, wanted)
        reply = f"<p>{escape(answer['choices'][0]['message']['content'])}</p>"
        self._asked("POST", f"{self.freshdesk}/api/v2/tickets/{ticket_id}/reply", self.helpdesk, {"body": reply})

    def _embedded(self, texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(self.model.encode(texts, normalize_embeddings=True, show_progress_bar=False), np.float32)

    def _asked(self, method: str, url: str, by: requests.Session, body: object = None) -> Any:
        answer = by.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()


def main(arguments: list[str]) -> int:
    """Prints {"tickets", "seconds", "cpu"} (seconds of a processor); loading is no part of it, as it happens once."""
    freshdesk, groq, kb, *labels = arguments
    script = Script(freshdesk, groq, Path(kb), tuple(labels))
    tickets = [int(line) for line in sys.stdin]
    begun, cpu = time.perf_counter(), time.process_time()
    for ticket_id in tickets:
        script.answer(ticket_id)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    print(json.dumps({"tickets": len(tickets), "seconds": seconds, "cpu": cpu}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
