"""No HTML, no Markdown link or image, no link outside the allowlist: written out, bare ("example.com/x"), as an address
of another kind ("tel:"), or broken up so that only a reader puts it together ("example[.]com").

PASS:
  reply: See https://help.peerwell.example/tax for more.
  source: See https://help.peerwell.example/tax for more.
FAIL:
  reply: See [here](https://evil.example) for more.
  source: See https://help.peerwell.example/tax for more.
"""

import re
from collections.abc import Iterator

from worker.lookout import small_letters
from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.render import host_allowed

_MARKUP = re.compile(
    r"</?[a-zA-Z][^>]*>|<!--|!?\[[^\]]*\]\([^)]*\)|&(?:#\d+|#x[0-9a-f]+|[a-z]+);|`|\*\*|~~|^#{1,6}\s|\|"
    r"|\[[^\]]*\]\[[^\]]*\]|^\[[^\]]*\]:|(?<!\w)_[^\W_][^_]*_(?!\w)",
    re.I,
)
_LINK = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]*://|www\.|(?:javascript|data|mailto|tel|sms|callto|skype|whatsapp|file|ftp):)[^\s<>\"')\]]*"
    r"[^\s<>\"')\].,;:!?]|(?<![:/\w])//\w[^\s]*|\bhxxps?\b\S*|\bhttps?\b(?!://)\S*|\\\\+\S*|\S*\[\.?(?:dot|at)?\]\S*"
    r"|\S+\s?\((?:dot|at|\.)\)\s?\S+|(?<![\w.+-])@\w{3,}|\b\w+\s+dot\s+\w+|\bwww\b(?!\.)[^\n]{0,20}|\b\w+\s\.\s?[a-z]{2,}\b"
    r"|[\w.+-]{1,64}@[a-z][\w-]+(?![\w-]*\.\w|[\w-])",
    re.I,
)
_HOST = re.compile(
    r"(?<![\w@./:-])(?:[a-z0-9-]+\.)+(?:[a-z]{2,}|xn--\w+)\b(?![\w.+-]*@)(?:/[^\s<>\"')\]]*)?|\b\d{1,3}(?:\.\d{1,3}){3}\b\S*",
    re.I,
)
# Something of which every match of the three has. They are long, and hardly any sentence has any.
_MARKED = re.compile(r"[<\[&`*~#|_]")
_LINKED = re.compile(r"[:/\\\[(@]|\s\.|www|http|hxxp|dot")
_DOTTED = re.compile(r"\.\S")
_ABBREVIATED = re.compile(r"(?:[a-z]\.)+[a-z]{1,2}\.?", re.I)


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        for match in _MARKUP.finditer(sentence.text) if _MARKED.search(sentence.text) else ():
            todo = "Take it out: a reply is plain sentences."
            yield Finding(guard="markup", what="It holds markup.", todo=todo, sentence=i, words=match.group())
        for match in _LINK.finditer(sentence.text) if _LINKED.search(small_letters(sentence.text)) else ():
            if not host_allowed(match.group(), reply.link_hosts):
                what, todo = "It holds a link to a place that is not on our list.", "Take the link out."
                yield Finding(guard="markup", what=what, todo=todo, sentence=i, words=match.group())
        for match in _HOST.finditer(sentence.text) if _DOTTED.search(sentence.text) else ():
            bare = match.group().rstrip(".,;:!?")
            if not (_ABBREVIATED.fullmatch(bare) or host_allowed(f"https://{bare}", reply.link_hosts)):
                what, todo = "It holds what looks like an address on the web.", "Take it out."
                yield Finding(guard="markup", what=what, todo=todo, sentence=i, words=bare)
