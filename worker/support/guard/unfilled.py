"""No unfilled placeholder, no template code, and no second greeting or sign-off.

PASS:
  reply: Your relationship manager is Kavita Rao.
  source: Your relationship manager is Kavita Rao.
FAIL:
  reply: "Your relationship manager is {{ relationship_manager }}."
  source: "Your relationship manager is {{ relationship_manager }}."
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

_LEFT = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\{\{|\}\}|\$?\{[^{}]*\}|\[[A-Za-z][A-Za-z _-]{1,30}\]|<<?[A-Za-z][A-Za-z _-]{1,30}>>?"
    r"|\bX{3,}\b|%[A-Za-z_]{3,}%|#[A-Z_]{2,}#|\$[A-Za-z_]{2,}\w*|_{3,}|\.{4,}"
    r"|\b(?:TBD|TBA|TODO)\b"
    r"|\b[NXYnxy] (?=(?:working |business )?(?:minutes|hours|days|weeks|months|years)\b)"
    r"|\blorem ipsum\b|\binsert\b[^.]{0,20}\bhere\b"
)
# Greeting and sign-off are written by code: one in a sentence is a letter inside the letter, to nobody or to another.
_LETTER = re.compile(
    r"^(?:dear|hi|hello|hey)\b[^.?!,]{0,40}[,!]|^(?:(?:best|kind|warm)\s+)?(?:regards|wishes)\b|^(?:yours\s+)?sincerely\b"
    r"|(?:^|[,;:–-]\s+)dear\s+\S+(?:\s+\S+)?,|\b(?:sir|madam)\b(?:\s*/\s*\w+)?[,!]",
    re.I,
)


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        for match in _LEFT.finditer(sentence.text):
            yield Finding(
                guard="unfilled",
                what=f"“{match.group()[:40]}” was not filled in.",
                todo="Fill it in, or take the sentence out.",
                sentence=i,
                words=match.group(),
            )
        if found := _LETTER.search(sentence.text):
            what = "It holds a greeting or a sign-off of its own."
            yield Finding(guard="unfilled", what=what, todo="Take it out.", sentence=i, words=found.group())
