"""What a person reads: where everything is, and how the sample tickets ended. Prints nothing itself."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from worker.models import Status
from worker.stack.once import Result
from worker.stack.plan import Plan

_LOUD = {"warning", "error", "critical"}
_ORDER = [Status.SENT, Status.HELD, Status.HANDED_OVER, Status.IGNORED, Status.REJECTED, Status.SUPERSEDED, None]


def where(plan: Plan, sign_in: str, samples: int) -> str:
    """`sign_in`: the console's one-time link. `samples`: how many sample tickets are being answered."""
    settings = plan.settings
    rows = [("Console", f"{sign_in}\n(signs you in, once)"), ("Webhook", f"{plan.webhook_url}/webhooks/freshdesk")]
    if plan.sandbox:
        rows.insert(1, ("Sandbox", f"{plan.sandbox_url}/\n(a local Freshdesk: write as a customer, see the replies)"))
    rows += [("Health", f"{plan.webhook_url}/readyz"), ("Logs", f"{plan.logs}/")]
    lines = [
        f"  {name:<9} {line}" if n == 0 else f"  {'':<9} {line}"
        for name, said in rows
        for n, line in enumerate(said.split("\n"))
    ]
    helpdesk = "the sandbox" if plan.sandbox else settings.freshdesk_url
    words = [f"Deskhand is up and answers for {helpdesk}.", "", *lines, "", _delivery(plan)]
    words += [f"{samples} sample tickets are being answered: follow them in the console."] if samples else []
    return "\n".join([*words, "Ctrl-C stops everything.", ""])


def _delivery(plan: Plan) -> str:
    settings = plan.settings
    mode = {
        "auto": "Replies that pass every check go out by themselves; the others are held for a lead.",
        "review": "Every reply is held for a lead (DELIVERY_MODE=review).",
        "shadow": "Drafts show in the console only; nothing is written to Freshdesk (DELIVERY_MODE=shadow).",
    }[settings.delivery_mode]
    if settings.groq_api_key.get_secret_value() or settings.groq_base_url:
        return mode
    return f"{mode}\nGROQ_API_KEY is not set: drafts are filled-in templates, and all of them are held."


def table(result: Result) -> str:
    """One line a ticket, grouped by outcome, and the totals."""
    width = max((len(end.sample.name) for end in result.ends), default=0)
    template_width = max((len(end.template) for end in result.ends), default=0)
    lines = []
    for end in sorted(result.ends, key=lambda e: (_ORDER.index(e.outcome), e.sample.ticket_id)):
        outcome = end.outcome.value if end.outcome else "NOT ENDED"
        reasons = textwrap.shorten(" ".join(end.reasons), 100, placeholder=" …")
        columns = (f"{end.sample.ticket_id:>4}", f"{end.sample.name:<{width}}", f"{outcome:<11}")
        lines.append("  ".join((*columns, f"{end.template:<{template_width}}", reasons)).rstrip())
    figures = result.figures()
    counted = {name: value for name, value in figures.items() if not name.endswith("seconds")}
    totals = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in counted.items())
    first = figures["first_reply_seconds"]
    replied = f", the first reply after {first} s" if first is not None else ""
    return "\n".join([*lines, "", f"{totals} in {figures['seconds']} s{replied}"])


def outcomes(result: Result) -> str:
    """How each sample ended and what its customer was told, as JSON that `diff` reads well: the same from every
    installation that answers alike."""
    told = {
        end.sample.name: {
            "outcome": end.outcome.value if end.outcome else None,
            "template": end.template,
            "reply": end.reply.splitlines(),
        }
        for end in result.ends
    }
    return json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


class Loudness:
    """How many warnings and errors the processes log from now on; logs of earlier runs are in the same files."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._sizes = {path: path.stat().st_size for path in logs.glob("*.log")}

    def words(self) -> str:
        """ "Warnings in the logs: worker 3, webhook 1", or "" if there are none."""
        counts = {path.stem: self._count(path) for path in sorted(self._logs.glob("*.log"))}
        loud = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        return f"Warnings in {self._logs}/: {loud}" if loud else ""

    def _count(self, path: Path) -> int:
        with path.open("rb") as file:
            start = self._sizes.get(path, 0)
            file.seek(start if start <= path.stat().st_size else 0)  # smaller than it was: it has been rotated
            return sum(_is_loud(line) for line in file)


def _is_loud(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("level") in _LOUD
