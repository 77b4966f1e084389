"""A desk that really answers: real rules, the real knowledge base, a ledger, and a writer that a test scripts."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.builders import a_customer, a_message, a_thread
from tests.desk import Office, an_office, rules
from worker.adapters.directory import LedgerDirectory
from worker.adapters.memory_index import HashEmbedder, MemoryIndex
from worker.knowledge.documents import read_kb
from worker.knowledge.index import build
from worker.models import Usage
from worker.ports import Completion, Ledger
from worker.ports.shelf import Build, Points, Row, Tick, Trained
from worker.settings import ROOT
from worker.support.desk import Desk

QUESTION = "When will my IM withdrawal reach my bank?"


class Copyist:
    """A writer that copies the sentence it is told to, citing the first template; it remembers every prompt."""

    def __init__(
        self, sentence: str = "A withdrawal from IM reaches your registered bank account within 2 working days."
    ) -> None:
        self.sentence = sentence
        self.prompts: list[str] = []
        self.trouble: BaseException | None = None

    def complete(self, system: str, user: str, schema: dict[str, Any]) -> Completion:
        self.prompts.append(user)
        if self.trouble:
            raise self.trouble
        template = next(
            (
                alias
                for alias, title in re.findall(r'<template id="(T\d+)" title="([^"]*)"', user)
                if "arrives" in title
            ),
            "T1",
        )
        questions = re.findall(r'<question id="(Q\d+)"', user)
        said = [{"text": self.sentence, "sources": [template]}]
        answers = [{"question": q, "sentences": said} for q in questions]
        text = json.dumps({"language": "en", "answers": answers})
        return Completion(text=text, usage=Usage(model="copyist", calls=1, prompt_tokens=9, completion_tokens=9))

    def ping(self) -> str:
        return "copyist"


class Shared(MemoryIndex):
    """Takes the template choice that another process of this run of the tests has taught already: to teach it takes two
    seconds of computing."""

    def stage(self, rows: Sequence[Row], vectors: Points, build: Build, tick: Tick, head: Trained = b"") -> str:
        return super().stage(rows, vectors, build, tick, _taught_once(build.kb_hash, head))


def _taught_once(kb_hash: str, head: Trained) -> bytes:
    if isinstance(head, bytes):
        return head
    kept = Path(os.environ["DESKHAND_TESTS_ROOM"]) / kb_hash.replace("/", "_")
    with kept.with_suffix(".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not kept.exists():
            draft = kept.with_suffix(".draft")
            draft.write_bytes(head())
            draft.rename(kept)
    return kept.read_bytes()


@cache
def knowledge() -> tuple[MemoryIndex, HashEmbedder]:
    index, embedder = Shared(), HashEmbedder()
    build(read_kb(ROOT / "kb", rules().labels), embedder, index)
    return index, embedder


def answering(desk: Desk, ledger: Ledger) -> Desk:
    """The same desk with everything that drafting needs; Asha is registered and holds IM."""
    index, embedder = knowledge()
    ledger.customers.replace([a_customer("PW100231", email="asha@example.com", name="Asha Rao", segments=("IM",))])
    return replace(
        desk,
        ledger=ledger,
        directory=LedgerDirectory(ledger.customers),
        index=index,
        embedder=embedder,
        writer=Copyist(),
        rulebook=rules(),
    )


@contextmanager
def an_answering_office(folder: Path, **policy: Any) -> Iterator[Office]:
    """Sends automatically, gate open; Asha's question lies on ticket 1."""
    with an_office(folder, **policy) as opened:
        opened.desk = answering(opened.desk, opened.ledger)
        opened.helpdesk.thread_now = a_thread(1, a_message(QUESTION), subject="Withdrawal")
        yield opened
