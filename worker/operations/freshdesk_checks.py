"""What of the Freshdesk side can be seen with the bot agent's key: its rights, groups, form, automation rules, clock.

Pure judgements over answers, and the one check that fetches them. What the API does not show (whether the role may
write, the stock acknowledgement) is told as something to look at. Facts: docs/freshdesk-setup.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from worker.adapters.freshdesk.look import Look, Seen
from worker.operations.checkup import Said, broken, look, ok, warn

SCOPES = {1: "all tickets", 2: "the tickets of its groups", 3: "only tickets assigned to it"}
CLOCKS_APART = 120.0  # seconds: replies of ours are looked for from that long before they were sent
CREATION, UPDATE = 1, 4
REQUESTER = 2  # as the performer of an update rule
WEBHOOK_PATH = "/webhooks/freshdesk"
SETUP = "docs/freshdesk-setup.md, step"
ACKNOWLEDGEMENT = look(
    "acknowledgement",
    "whether Freshdesk itself answers every new ticket cannot be seen through its API",
    f"Admin > Email notifications > Requester notifications > New ticket created: off ({SETUP} 6).",
)


def freshdesk(at: Look, groups: Collection[str], field: str, status_after_reply: str) -> Iterator[Said]:
    """`groups`: those that the rules name; `field`: the custom field of the identity rules, "" for none."""
    me = at.at("agents/me")
    yield from account(me)
    if not me.well:
        return
    yield from agent(me.body)
    tickets = at.at("tickets", per_page=100)
    yield listing("tickets", tickets)
    yield listing("contacts", at.at("contacts", per_page=1))
    yield mailboxes(at.at("email_configs"), tickets)
    yield group_names(at.at("groups", per_page=100), groups)
    yield form(at.at("ticket_fields"), field, status_after_reply)
    yield from automations(at.at(f"automations/{CREATION}/rules"), at.at(f"automations/{UPDATE}/rules"))
    yield ACKNOWLEDGEMENT


def account(me: Seen) -> Iterator[Said]:
    """Address, key, allowance and clock, from one answer."""
    if me.status == 401:
        yield broken("freshdesk key", "refused (401)", "Copy the bot agent's key anew into FRESHDESK_API_KEY.")
    elif me.status == 429:
        yield warn("freshdesk key", "the account's allowance is used up (429)", "Wait a minute, then ask again.")
    elif not me.well:
        todo = "Is FRESHDESK_URL your account's own address, as https://yourcompany.freshdesk.com?"
        yield broken("freshdesk key", f"agents/me answers {me.status}", todo)
    else:
        yield ok("freshdesk key", "accepted")
    if me.limits.total is not None:
        said = f"{me.limits.remaining or 0:,.0f} of {me.limits.total:,.0f} calls left in this window"
        few = "A sent reply takes about nine: a plan with more calls a minute answers more."
        yield warn("freshdesk allowance", said, few) if me.limits.total < 100 else ok("freshdesk allowance", said)
    if me.ahead is None:
        yield look("clock", "Freshdesk told no time", "Make sure that this machine's clock is kept by NTP.")
    elif abs(me.ahead) > CLOCKS_APART:
        said = f"ours is {abs(me.ahead):,.0f} s {'behind' if me.ahead > 0 else 'ahead of'} Freshdesk's"
        yield broken("clock", said, "Let NTP keep this machine's clock: replies of ours may not be recognised.")
    elif abs(me.ahead) > 5:
        yield warn("clock", f"{abs(me.ahead):.0f} s apart from Freshdesk's", "Let NTP keep this machine's clock.")
    else:
        yield ok("clock", "as Freshdesk's")


def agent(me: dict[str, Any]) -> Iterator[Said]:
    """The bot agent: who it is, and which tickets it can see."""
    name = (me.get("contact") or {}).get("name") or "without a name"
    who, scope = f"agent {me.get('id')}, {name}", me.get("ticket_scope")
    seen = SCOPES.get(scope, f"a scope that is not known ({scope})") if isinstance(scope, int) else "an unknown scope"
    if scope == 1:
        yield ok("bot agent", f"{who}, sees {seen}")
    elif scope == 2:
        todo = f"Fine where these are all groups whose tickets Deskhand is to answer; else Global access ({SETUP} 1)."
        yield warn("bot agent", f"{who}, sees {seen}", todo)
    else:
        yield broken("bot agent", f"{who}, sees {seen}", f"Give it Global access or Group access ({SETUP} 1).")
    if me.get("signature"):
        yield warn(
            "signature", "the agent has one", "Empty it: Deskhand writes its own sign-off, the reply could get both."
        )
    rights = "Its role needs: reply, add notes, edit properties (status, priority, group, tags)"
    yield look("right to write", "cannot be seen without writing", f"{rights} ({SETUP} 1).")


def listing(name: str, seen: Seen) -> Said:
    """Whether the key may read a list that Deskhand depends on."""
    if seen.well:
        return ok(f"may read {name}", "yes")
    if seen.status == 429:
        return warn(f"may read {name}", "the allowance for lists is used up (429)", "Wait a minute, then ask again.")
    return broken(f"may read {name}", f"refused ({seen.status})", f"Give the bot agent's role the right ({SETUP} 1).")


def group_names(seen: Seen, wanted: Collection[str]) -> Said:
    if not seen.well or not isinstance(seen.body, list):
        todo = "Hand-overs then set no group; the note names it. Allow the role to list groups, or live with it."
        return warn("groups", f"cannot be read ({seen.status})", todo)
    there = {str(row.get("name", "")).casefold() for row in seen.body if isinstance(row, dict)}
    missing = sorted(name for name in wanted if name.casefold() not in there)
    if missing:
        todo = (
            f"Create them in Freshdesk, or change rules/routing.yaml ({SETUP} 2). Until then such tickets keep theirs."
        )
        return warn("groups", f"not in Freshdesk: {', '.join(missing)}", todo)
    return ok("groups", f"all {len(wanted)} that the rules name are there")


def mailboxes(seen: Seen, tickets: Seen) -> Said:
    """Whether replies leave from the mailbox that was written to; of no matter where the newest tickets came to one."""
    if seen.well and isinstance(seen.body, list):
        active = sum(isinstance(row, dict) and bool(row.get("active", True)) for row in seen.body)
        return ok("mailboxes", f"{active}; each customer is answered from the one they wrote to")
    rows = tickets.body if tickets.well and isinstance(tickets.body, list) else []
    used = {row.get("email_config_id") for row in rows if isinstance(row, dict)} - {None}
    says = f"cannot be read ({seen.status})"
    if len(used) < 2:
        return ok("mailboxes", f"{says}; no two of the newest tickets came to different ones")
    todo = f"Every reply leaves from the account's global address. Let the bot agent's role read them ({SETUP} 1)."
    return warn("mailboxes", f"{says}; the newest tickets came to {len(used)}", todo)


def form(seen: Seen, field: str, status_after_reply: str) -> Said:
    """The ticket form: the field of the identity rules, and what it asks for when a reply closes the ticket."""
    if not seen.well or not isinstance(seen.body, list):
        return look("ticket form", f"cannot be read ({seen.status})", "See docs/freshdesk-setup.md, steps 3 and 6.")
    rows = [row for row in seen.body if isinstance(row, dict)]
    needed = sorted(str(row.get("name")) for row in rows if row.get("required_for_closure") and not row.get("default"))
    if status_after_reply in ("resolved", "closed") and needed:
        todo = "Freshdesk will refuse the status after each reply: take STATUS_AFTER_REPLY=pending, or change the form."
        return warn("ticket form", f"to close a ticket it wants {', '.join(needed)}", todo)
    if field and field not in {row.get("name") for row in rows}:
        todo = f"Fine without one; else make the field, or correct rules/identity.yaml ({SETUP} 3)."
        return look("ticket form", f"has no field {field}", todo)
    return ok("ticket form", f"has {field}" if field else "fits")


def automations(created: Seen, updated: Seen) -> Iterator[Said]:
    """The two rules that ring at Deskhand. Most accounts show them to administrators only."""
    rules = {CREATION: created, UPDATE: updated}
    if not all(seen.well and isinstance(seen.body, list) for seen in rules.values()):
        status = next(seen.status for seen in rules.values() if not (seen.well and isinstance(seen.body, list)))
        todo = f"Look at them as an administrator ({SETUP} 5), and try them ({SETUP} 7)."
        yield look("automation rules", f"cannot be seen with the bot agent's key ({status})", todo)
        return
    yield _creation([rule for rule in created.body if isinstance(rule, dict) and rule.get("active", True)])
    yield _update([rule for rule in updated.body if isinstance(rule, dict) and rule.get("active", True)])
    mails = [rule for rule in (*created.body, *updated.body) if "email_to_requester" in json.dumps(rule)]
    if mails:
        named = ", ".join(f"“{rule.get('name')}”" for rule in mails)
        todo = "The customer gets that mail besides our reply: leave it to Deskhand, or to tickets of other channels."
        yield warn("other mails", f"rules that mail the requester: {named}", todo)


def _creation(rules: list[dict[str, Any]]) -> Said:
    ours = next((number for number, rule in enumerate(rules) if _rings(rule)), None)
    name = "rule for new tickets"
    if ours is None:
        return broken(
            name, "there is none that calls our webhook", f"Make rule A ({SETUP} 5). The poller finds mail later."
        )
    if wrong := _content(rules[ours]):
        return warn(name, wrong, f"Send the ticket's id and nothing else ({SETUP} 5).")
    if ours:
        todo = f"Put ours at the top, unless your account runs all matching rules ({SETUP} 5)."
        return warn(name, f"{ours} other rules stand above it, and the first that matches starves it", todo)
    return ok(name, f"“{rules[0].get('name')}”, the first one")


def _update(rules: list[dict[str, Any]]) -> Said:
    name, ours = "rule for replies", [rule for rule in rules if _rings(rule)]
    if not ours:
        return broken(
            name, "there is none that calls our webhook", f"Make rule B ({SETUP} 5). The poller finds mail later."
        )
    performer = (ours[0].get("performer") or {}).get("type")
    if performer not in (REQUESTER, str(REQUESTER)):
        return warn(
            name, "it does not run for requesters alone", f"Choose “Requester”, or our replies ring too ({SETUP} 5)."
        )
    if wrong := _content(ours[0]):
        return warn(name, wrong, f"Send the ticket's id and nothing else ({SETUP} 5).")
    return ok(name, f"“{ours[0].get('name')}”")


def _actions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    return [a for a in rule.get("actions") or () if isinstance(a, dict) and a.get("field_name") == "trigger_webhook"]


def _rings(rule: dict[str, Any]) -> bool:
    """Whether it calls the webhook's path, wherever we are reached from outside."""
    return any(WEBHOOK_PATH in str(action.get("url", "")) for action in _actions(rule))


def _content(rule: dict[str, Any]) -> str:
    """What is wrong with what the rule sends; "" for nothing."""
    ours = next(action for action in _actions(rule) if WEBHOOK_PATH in str(action.get("url", "")))
    content = json.dumps(ours.get("content", ""))
    if str(ours.get("request_type", "POST")).upper() not in ("POST", "3"):
        return "its request is no POST"
    if "ticket" not in content or "id" not in content:
        return "it does not send the ticket's id"
    return "it sends more than the ticket's id" if "description" in content or "comment" in content else ""
