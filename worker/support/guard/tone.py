"""The reply speaks as the templates do: calmly, of the matter, and not at length.

No exclamation mark, face or shouting where its sources have none, no word that scolds, jokes or talks of the writer
itself, and not many more words than what it rests on.

PASS:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
FAIL:
  reply: A withdrawal from IM reaches your bank within 2 working days, obviously!
  source: A withdrawal from IM reaches your bank within 2 working days.
"""

import re
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

_LOUD = re.compile(r"!|\?\?|(?:[:;]-?[()DP])(?!\w)|\b(?=[A-Z]*[AEIOU])[A-Z]{4,}(?:\s+[A-Z]{2,})+\b")
_UNFIT = re.compile(
    r"\b(?:lol|haha|omg|wtf|duh|hey|guys?|dude|buddy|darling|honey|honestly|frankly|obviously|clearly\s+you|actually\s+you"
    r"|fools?|foolish|stupid|idiots?|dumb|silly|ridiculous|nonsense|ashamed|shame|damn|hell|crap|shut\s+up|calm\s+down"
    r"|not\s+(?:our|my)\s+(?:problem|fault)|(?:do|does)(?:\s+not|n['’]t)\s+care|good\s+luck\s+with|your\s+own\s+fault|sue\s+us"
    r"|explained\s+(?:this\s+)?(?:to\s+you\s+)?(?:already|before)|read\s+(?:more\s+)?(?:carefully|properly)"
    r"|as\s+an?\s+(?:ai|assistant|language\s+model)|i\s+am\s+(?:only\s+)?an?\s+(?:ai|bot|assistant)|language\s+model|my\s+instructions)\b",
    re.I,
)
MOST = 1.5  # words of the reply for one of what it rests on
SOME = 60  # words that are never too many


def check(reply: Candidate) -> Iterator[Finding]:
    for i, sentence in reply.numbered():
        if i in reply.courteous and sentence.text.count("!") == 1 and sentence.text.endswith("!"):
            continue  # "You are welcome!"
        for pattern, what in ((_LOUD, "It is louder than its source"), (_UNFIT, "This is not how our templates speak")):
            found = pattern.search(sentence.text)
            if found and found.group().casefold() not in reply.support_of(sentence).casefold():
                yield Finding(
                    guard="tone",
                    what=f"{what}.",
                    todo="Say it calmly, or take it out.",
                    sentence=i,
                    words=found.group(),
                )
    texts = {i: s.text for i, s in reply.sources.items()}
    cited = {i for _, sentence in reply.numbered() for i in sentence.sources if i in texts}
    bound = max(SOME, MOST * sum(len(texts[i].split()) for i in cited))
    said = sum(len(sentence.text.split()) for _, sentence in reply.numbered())
    if cited and said > bound:
        what = f"It has {said} words, many more than what it rests on."
        yield Finding(guard="tone", what=what, todo="Shorten it to what was asked.")
