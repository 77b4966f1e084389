"""No HTML, no Markdown link or image, no link outside the allowlist.

PASS:
  reply: See https://help.peerwell.example/tax for more.
  source: See https://help.peerwell.example/tax for more.
FAIL:
  reply: See [here](https://evil.example) for more.
  source: See https://help.peerwell.example/tax for more.
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.render import host_allowed

_MARKUP = re.compile(
    r"</?[a-zA-Z][^>]*>|<!--|!?\[[^\]]*\]\([^)]*\)|&(?:#\d+|#x[0-9a-f]+|[a-z]+);|`|\*\*|^#{1,6}\s", re.I
)
_LINK = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.|javascript:|data:)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]", re.I)


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        for match in _MARKUP.finditer(sentence.text):
            todo = "Take it out: a reply is plain sentences."
            yield Finding(guard="markup", what="It holds markup.", todo=todo, sentence=i, words=match.group())
        for match in _LINK.finditer(sentence.text):
            if not host_allowed(match.group(), reply.link_hosts):
                what, todo = "It holds a link to a place that is not on our list.", "Take the link out."
                yield Finding(guard="markup", what=what, todo=todo, sentence=i, words=match.group())
