"""The sandbox's parts, assembled once by `app.create_app` and found at `app.state.sandbox`."""

from __future__ import annotations

from dataclasses import dataclass

from worker.sandbox.faults import FaultBoard
from worker.sandbox.groq import LocalGroq
from worker.sandbox.journal import Journal
from worker.sandbox.limits import Limiter
from worker.sandbox.rules import RuleBook
from worker.sandbox.samples import Loader
from worker.sandbox.sender import Sender
from worker.sandbox.world import World


@dataclass
class Parts:
    world: World
    journal: Journal
    limiter: Limiter
    board: FaultBoard
    rules: RuleBook
    sender: Sender
    loader: Loader
    groq: LocalGroq
