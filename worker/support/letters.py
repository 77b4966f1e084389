"""The greeting and the sign-off, from rules/guards.yaml: written by code, for drafts and for reviewers' edits alike."""

from worker.rulebook import Rulebook
from worker.support.render import Letter


def letter_for(rulebook: Rulebook, first_name: str) -> Letter:
    """`first_name` "" greets without a name."""
    rules = rulebook.guards
    greeting = rules.greeting.replace("{first_name}", first_name) if first_name else rules.greeting_without_name
    return Letter(greeting=greeting, sign_off=rules.sign_off, link_hosts=tuple(rules.link_hosts))
