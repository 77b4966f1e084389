"""No unfilled placeholder and no template code.

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
    r"\{\{.*?\}\}|\{%.*?%\}|\{\{|\}\}|\$\{[^}]*\}|\[[A-Za-z][A-Za-z _-]{1,30}\]|<[A-Za-z][A-Za-z _-]{1,30}>|\bX{3,}\b"
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
