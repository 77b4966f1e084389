"""What a sentence promises: an act of ours to come ("we will refund", "someone will call you by Friday"), an exception,
a guarantee, or an act that it claims is done ("I have escalated").

By grammar, without a model: who acts (we, a colleague, the money itself), a verb form that commits, an act. Denials
("we cannot refund"), wishes and questions promise nothing. The guard `commitments` asks whether the template promises
the same; deliver.py keeps what was sent with a promise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.lookout import small_letters
from worker.support.promise_words import patterns

# Act -> the beginnings of the verbs that are that act.
ACTS: dict[str, str] = {
    "payment": "refund reimburs compensat credit pay paid repay repaid return revers waiv transfer deposit releas cash"
    " reach arriv land",
    "call": "call phon ring telephon contact speak talk",
    "answer": "repl respon answer writ e-mail email inform notif updat let hear acknowledg send sent",
    "escalation": "escalat forward pass rais flag assign hand",
    "check": "check look review investigat trac verif examin ask",
}
_ACT_OF = [(act, re.compile(rf"(?:{'|'.join(stems.split())})", re.I)) for act, stems in ACTS.items()]
_NOUNS = re.compile(
    r"\b(?P<payment>refund|money|payment|amount|credit|cashback|compensation|reimbursement|reward|bonus)\b"
    r"|\b(?P<call>call(?:\s?back)?|phone\s+call)\b|\b(?P<answer>reply|response|answer|e-?mail|update|confirmation|news)\b",
    re.I,
)
# After "we will": what is no act for the customer but courtesy or a condition.
_NO_ACT = re.compile(
    r"(?:be\s+(?:happy|glad|pleased|delighted|here|there|sorry|unable|in\s+a\s+position|needing|asking)|need|require|want|like"
    r"|love|appreciate|have\s+to|ask|help|assist|support|see|know|understand|miss|hope|look\s+forward|remain|continue)\b",
    re.I,
)
_NOBODY = re.compile(r"(?:\b(?:nobody|no\s+one|none|neither|no|not|never)\b(?:\s+\w+){0,2}\s*|n['’]t\s+)$", re.I)
_DENIED = re.compile(
    r"\b(?:not|never|no|none|without|nor|cannot|unable|nothing|neither)\b[^.;]{0,24}$|n['’]t\b[^.;]{0,24}$", re.I
)
_IF = re.compile(
    r"\b(?:if|once|when|unless|as\s+soon\s+as|after|in\s+case|provided|until|should\s+you|so\s+that)\b", re.I
)
# Where a statement begins that the one before it does not condition.
_OPENS = re.compile(r"[;:–—]|\s-\s|,\s+and\s+(?=(?:we|i)\b)", re.I)
_WHICH = re.compile(r"\b(?:which|what|whether|how\s+much)\b(?:\s+\w+){0,6}\s*$|\bthat\s*$", re.I)
# Telling somebody something is a service; it is a promise where a time stands beside it.
_TELLS = re.compile(r"(?:tell|explain|show|guide|take\s+you\s+through)\b", re.I)
WHEN = re.compile(
    r"\b(?:by|within|in|before|until|on)\s+(?:the\s+)?(?:next\s+)?(?:\d|one\b|two\b|a\s+(?:day|week)|today|tomorrow|(?:mon|tues|"
    r"wednes|thurs|fri|satur|sun)day|end\s+of|this|next)|\b(?:today|tomorrow|tonight)\b",
    re.I,
)
_WORD = re.compile(r"[a-z-]+", re.I)
_SMALL = frozenset("to that you we into of the your a an".split())


@dataclass(frozen=True)
class Promise:
    """`act`: one of ACTS, "exception", "guarantee" or "action" (whatever else we would do; then `verb` tells which).
    `claimed`: it says that the act is done or under way. `conditional`: only if something else happens."""

    act: str
    words: str
    verb: str = ""
    claimed: bool = False
    conditional: bool = False


def promises(sentence: str, company: str = "we") -> tuple[Promise, ...]:
    """What the sentence promises, each act once, in order."""
    if sentence.rstrip("\"'”’) ").endswith("?"):
        return ()
    found = sorted(_found(sentence, company), key=lambda item: item[0])
    return tuple(dict.fromkeys(promise for _, promise in found))


def acts(sentence: str) -> frozenset[str]:
    """The acts that a sentence states, promised or not ("an answer comes within 24 hours"), unless it denies them: what
    a template says of itself in its own way. Besides the names of acts, the stems of all its words."""
    stated = set()
    for word in _WORD.finditer(sentence):
        if not _DENIED.search(sentence[max(0, word.start() - 40) : word.start()]):
            stated |= {act for act, stems in _ACT_OF if stems.match(word.group())} | {_stem(word.group())}
    return frozenset(stated)


def _found(sentence: str, company: str) -> Iterator[tuple[int, Promise]]:
    for name, pattern in patterns(company).worth_asking(small_letters(sentence)):
        for match in pattern.finditer(sentence):
            before = _OPENS.split(sentence[: match.start()])[-1]
            if match.groupdict().get("no") or _NOBODY.search(before):
                continue
            if name in ("exception", "guarantee"):
                if not _DENIED.search(before):
                    yield match.start(), Promise(name, match.group().strip(), conditional=_conditional(before))
                continue
            said = match.groupdict().get("verb") or match.group()
            rest = sentence[match.start("verb") :] if name == "we will" else ""
            if _NO_ACT.match(rest) or (_TELLS.match(rest) and not WHEN.search(sentence)):
                continue
            claimed = name in ("done", "was done", "doing")
            if claimed and (_conditional(before) or _WHICH.search(before)):  # "once it has been approved": no claim
                continue
            act, verb = _act(said, sentence[match.end() :])
            act = "payment" if name == "money comes" else act  # "will be in your account"
            yield match.start(), Promise(act, match.group().strip(), verb, claimed, _conditional(before))


def _conditional(before: str) -> bool:
    """Whether an "if" or "once" stands before, in the same sentence."""
    return bool(_IF.search(before))


def _act(said: str, rest: str) -> tuple[str, str]:
    """Which act a verb is; of "receive", "get" and "be", what is received tells ("a refund", "a call")."""
    words = _WORD.findall(said)
    verb = next((w for w in reversed(words) if w.lower() not in _SMALL), "")
    for word in reversed(words):
        for act, stems in _ACT_OF:
            if stems.match(word):
                return act, _stem(word)
    if noun := _NOUNS.search(rest[:60]):
        return noun.lastgroup or "action", _stem(verb)
    return "action", _stem(verb)


def _stem(word: str) -> str:
    folded = word.lower()
    for end in ("ying", "ied", "ies"):
        if folded.endswith(end) and len(folded) > len(end) + 2:
            return folded[: -len(end)] + "y"
    for end in ("ing", "ed", "es", "s", "e"):
        if folded.endswith(end) and len(folded) > len(end) + 2:
            folded = folded[: -len(end)]
            break
    return folded[:-1] if len(folded) > 3 and folded[-1] == folded[-2] else folded
