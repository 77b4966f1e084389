"""Replies of a word or two: what a slip of the keys leaves in a letter, and now and then all that is to be said.

Such a reply leaves only with a box ticked that says so (`WHOLE`), as the same key pressed twice is no second thought.
Called by deciding.py before an approval, and by the pages that show the box.
"""

from __future__ import annotations

import re

from worker.intake.mailtext.plain import visible
from worker.support import review
from worker.support.reviewdesk import Current

WHOLE = "whole"  # the name of the box in a form
_FEWEST = 3  # words of a reply that needs no such box
_WORD = re.compile(r"\d+|\w{2,}")  # single letters are what keys leave that were meant for the page


def scrap(text: str) -> str:
    """All that a reply says, without greeting and sign-off, if it is that little; "" if it says more, or nothing."""
    said = " ".join(visible(text).split())
    return said if len(_WORD.findall(said)) < _FEWEST else ""


def scrap_of(now: Current) -> str:
    """The same of the draft as it is stored."""
    return scrap(review.typed_text(now.draft, now.letter))


def unsure(said: str, form_says: str) -> str:
    """Why a reply that says only `said` is not sent yet; "" if it is none, or if the box was ticked."""
    if not said or form_says == "1":
        return ""
    return f"Not sent: the reply says only “{said[:80]}”. If that is all it should say, tick the box and send it."
