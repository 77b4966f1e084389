"""How ill a model means it: which harm it does to its answers, and how often it leaves one as it is.

Set with `POST /sandbox/settings {"groq_temper": {...}}`; the journal tells of every completion what was planted in it.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from worker.sandbox.malice import KINDS, Scene, plant
from worker.sandbox.misbehave import with_something_said
from worker.sandbox.prompt import Prompt


class Temper(BaseModel):
    """`kinds`: of which one is drawn for each answer; `good`: the share of answers that are left alone. The draw
    follows from `seed` and the message alone, so that a second try comes out the same. `memory`: sentences that it
    knows from elsewhere; `strangers`: other people, each {"name", "email", "phone", "customer_id"}."""

    model_config = ConfigDict(extra="forbid")

    kinds: list[str] = Field(default_factory=lambda: list(KINDS), min_length=1)
    good: float = Field(default=0.0, ge=0, le=1)
    seed: int = 0
    memory: list[str] = Field(default_factory=list)
    strangers: list[dict[str, str]] = Field(default_factory=list)

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        if unknown := sorted(set(kinds) - KINDS.keys()):
            raise ValueError(f"no such harm: {', '.join(unknown)}; there are {', '.join(KINDS)}")
        return kinds

    def spoilt(self, answer: dict[str, Any], prompt: Prompt, system: str) -> tuple[dict[str, Any], str, list[str]]:
        """(answer, kind of harm, the words of it). Kind "" and no words where the answer is left as it was."""
        draw = random.Random(f"{self.seed} {prompt.message}")
        if draw.random() < self.good:
            return answer, "", []
        kind, mine = draw.choice(self.kinds), with_something_said(copy.deepcopy(answer), prompt)
        told = [one["sentences"] for one in mine["answers"]]
        planted = plant(kind, Scene(told, prompt, system, draw, self.memory, self.strangers))
        return (mine, kind, planted) if planted else (answer, "", [])
