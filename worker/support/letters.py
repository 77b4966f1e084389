"""Greeting, sign-off and tags as rules/guards.yaml has them: for drafts and for reviewers' edits alike."""

from worker.rulebook import Rulebook
from worker.support.outgoing import Tags
from worker.support.render import Letter


def letter_for(rulebook: Rulebook, first_name: str) -> Letter:
    """`first_name` "" greets without a name."""
    rules = rulebook.guards
    return Letter(greeting=rules.greet(first_name), sign_off=rules.sign_off, link_hosts=tuple(rules.link_hosts))


def tags_of(rulebook: Rulebook) -> Tags:
    tags = rulebook.guards.tags
    return Tags(sent=tags.sent, held=tags.held, handed_over=tags.handed_over)
