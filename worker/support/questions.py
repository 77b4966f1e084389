"""What a customer wrote now, cut into its separate questions and requests, so that each is searched for and answered.

By rules alone: no model, no customer data kept. What leads up to a question stays with it ("I asked for it on Monday.
When will it arrive?"). Greetings, thanks and sign-offs are left out. Called by the pipeline before retrieval.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.support.sentences import abbreviated

MOST = 5
READ_TOGETHER = 1_500  # characters of a message that one search is made with: all of what two hundred words say
PARTS = 6  # of a long message; of a longer one its beginning and its end
CONTEXT = 240  # characters of what leads up to a question that stay with it
ELLIPTIC = 6  # words: as short as this, a question leans on the one before
POINTING = 12  # words: a longer question says by itself what it is about
_WRAPPED = 60  # from a line at least this long, a paragraph is taken to go on over the ends of its lines

_ASKS = (
    r"(?:how|what|whats|what's|when|where|why|who|whom|whose|which|can|could|may|might|shall|should|will|would|is|are|am"
    r"|was|were|do|does|did|has|have|had|isn't|aren't|can't|won't|kya|kab|kaise|kaisa|kitna|kitne|kitni|kyun|kyu|kyon"
    r"|kahan|kaun|kaunsa|kis)"
)
_WANTS = (
    r"(?:please|pls|plz|kindly|tell|let\s+me\s+know|help|send|give|share|show|explain|confirm|check|change|update|add|remove"
    r"|delete|close|cancel|reset|refund|return|transfer|move|withdraw|stop|unlock|block|unblock|provide|resend|correct"
    r"|i\s+(?:also\s+)?(?:want|need|wish|would\s+like|am\s+unable|cannot|can't|can\s+not|am\s+not\s+able)"
    r"|i'd\s+(?:also\s+)?like|we\s+(?:want|need)|need\s+to|want\s+to|mujhe|request\s+you|unable\s+to)"
)
_ASKING = re.compile(rf"(?:and\s+|but\s+|so\s+|also\s*,?\s+)?{_ASKS}\b", re.I)
_WANTING = re.compile(rf"(?:and\s+|but\s+|so\s+|also\s*,?\s+)?{_WANTS}\b", re.I)
_INSIDE = re.compile(
    r"\b(?:i\s+(?:want|need|would\s+like)|i'd\s+like|please|kindly|whether|kab|kaise|kitn[aei]|kyun?)\b", re.I
)
_ITEM = re.compile(r"^\s*(?:\(?\d{1,2}[.):]|\(?[a-e][.)]|[-*•–])\s+", re.I)
_STOP = re.compile(r"(?<=[?])[\s?!.]*\s*|(?<=[.!।])\s+")
_TURN = re.compile(
    r"(?:\s*[,;.]\s*|\s+)(?:and\s+also|also|plus|secondly|thirdly|lastly|furthermore|moreover|besides"
    r"|one\s+more\s+(?:thing|question)|another\s+(?:thing|question)|(?:ek\s+)?aur\s+(?:baat|sawal))\b\s*[,:;-]?\s*"
    rf"|\s*[,;]?\s+(?:and|or)\s+(?={_ASKS}\s+\w+\s+\w+)"
    rf"|\s*;\s*(?={_ASKS}\s)",
    re.I,
)
_LEAD = re.compile(
    r"^(?:(?:and\s+also|also|and|plus|secondly|firstly|first|second|thirdly|lastly|finally|next|another\s+(?:thing|question)"
    r"|one\s+more\s+(?:thing|question)|ps|p\.s\.)\b\s*[,:;-]*\s*(?:is\s+)?)+",
    re.I,
)
_GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|namaste|namaskar|greetings|good\s+(?:morning|afternoon|evening|day)|respected"
    r"|to\s+whom\s+it\s+may\s+concern|sir|madam|ma'am)\b"
    r"(?:[\s,/&]+(?:all|there|team|support|peerwell|sir|madam|ma'am|mam|everyone|customer|care|folks|and|or)\b)*"
    r"(?:\s+[^\W\d_][\w'.-]*(?:\s+[^\W\d_][\w'.-]*)?(?=\s*(?:[,!:]|$)))?\s*[,!.:/-]*\s*",
    re.I,
)
_POLITE = re.compile(
    r"^(?:many\s+|so\s+)?(?:thanks|thank\s+(?:you|u)|thankyou|thx|tia|dhanyavaad|dhanyawad|shukriya)\b[^?]{0,60}$"
    r"|^(?:best|kind|warm|with)?\s*(?:regards|wishes)\b.{0,60}$|^(?:yours\s+(?:sincerely|faithfully|truly)|sincerely|cheers)\b.{0,40}$"
    r"|^(?:i\s+)?hope\s+(?:you|this|all)\b[^?]{0,80}$|^(?:please\s+)?(?:help|reply|respond|do\s+the\s+needful)"
    r"(?:\s+(?:me|asap|soon|urgently|at\s+the\s+earliest|please|us))*[.!]*$"
    r"|^(?:i\s+)?(?:have|had)\s+(?:a\s+few|some|two|three|a\s+couple\s+of|\d)\s+(?:questions|queries|doubts)\b.{0,30}$"
    r"|^(?:looking\s+forward|awaiting|waiting\s+for)\b[^?]{0,60}$|^sent\s+from\s+my\b.*$",
    re.I,
)
_SIGN_OFF = re.compile(
    r"^(?:(?:best|kind|warm|with)\s+)?(?:regards|yours\s+\w+|sincerely|cheers|thanks|thank\s+you|thx)\b[^.?]{0,40}[.]?$",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:each|both|it|its|that|this|those|these|them|they|(?<!is )(?<!are )there|the\s+same|uska|iska|usme|isme)\b",
    re.I,
)
_WISH = re.compile(r"(?:i|we)(?:'d|\s+(?:would|want|wish|need))\s+(?:like\s+)?to\b[^?]*$", re.I)
_NUMBERED = re.compile(r"(?<!\S)\(?[1-9][.)]\s+(?=\w)")


def split_questions(words: str) -> tuple[str, ...]:
    """The questions and requests in `words`, in order, at most five; at least one unless there are no words at all.

    What comes after the fifth stays with the fifth. A message without question or request is one question as it is.
    """
    found: list[str] = []
    context: list[str] = []
    for sentence, item in _sentences(words):
        if _is_question(sentence) or item:
            found.append(_with(context, sentence))
            context = []
        else:
            context.append(sentence)
    if not found:
        whole = " ".join(context) or " ".join(words.split())
        return (whole,) if whole else ()
    if context:
        found[-1] = f"{found[-1]} {' '.join(context)}"
    unique = list({question.casefold().rstrip("?!. "): question for question in found}.values())
    return (*unique[: MOST - 1], " ".join(unique[MOST - 1 :])) if len(unique) >= MOST else tuple(unique)


def in_context(questions: Sequence[str], before: str = "") -> tuple[str, ...]:
    """What to search with for each question. One that points back ("where does it go?"), says only what for ("I would
    like to call") or is too short to stand alone ("what is the minimum?") is searched for together with the question
    before: alone it would find anything. `before`: what was asked earlier on the ticket, for the first of them."""
    texts: list[str] = []
    for question in questions:
        words = len(question.split())
        leans = words <= ELLIPTIC or (words <= POINTING and (_POINTS_BACK.search(question) or _WISH.match(question)))
        earlier = texts[-1] if texts else before
        texts.append(f"{earlier} {question}" if earlier and leans else question)
    return tuple(texts)


def in_parts(message: str, room: int = READ_TOGETHER) -> tuple[str, ...]:
    """The message cut into texts of at most `room` characters, between paragraphs, lines or words; at most PARTS.

    One search with all of a long mail would be a search for its average. What it asks stands where it begins and where
    it ends, so that is what is kept of a mail that has more than PARTS."""
    parts: list[str] = []
    rest = message.strip()
    while rest:
        cut = len(rest) if len(rest) <= room else _cut(rest, room)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if len(parts) > PARTS:
        parts = [*parts[: PARTS // 2], *parts[-(PARTS // 2) :]]
    return tuple(dict.fromkeys(parts))


def _cut(text: str, room: int) -> int:
    """Where to cut: the last good place in the second half of what there is room for."""
    for mark in ("\n\n", "\n", ". ", "? ", " "):
        place = text.rfind(mark, room // 2, room)
        if place > 0:
            return place + len(mark)
    return room


def _sentences(words: str) -> list[tuple[str, bool]]:
    """Sentences without politeness; True for an item of a list."""
    told: list[tuple[str, bool]] = []
    for line, item in _lines(words):
        if item:
            text = _LEAD.sub("", line).strip()
            told += [(text, True)] if re.search(r"\w", text) else []
            continue
        for whole in _stops(line):
            for piece in _turns(_GREETING.sub("", whole, count=1)):
                text = _LEAD.sub("", piece.strip()).strip(" ,;:-")
                if re.search(r"\w", text) and not _POLITE.match(text):
                    told.append((text, False))
    return told


def _lines(words: str) -> list[tuple[str, bool]]:
    """Lines, with those joined that a mail program wrapped; nothing after a sign-off."""
    lines: list[tuple[str, bool]] = []
    wrapped = False
    rows = _unrolled(words.replace("\r", "")).split("\n")
    for number, raw in enumerate(rows):
        text = " ".join(raw.split())
        if lines and _SIGN_OFF.match(text) and not any("?" in row for row in rows[number:]):
            break
        if not text:
            wrapped = False
        elif _ITEM.match(raw):
            lines.append((_ITEM.sub("", raw).strip(), True))
        elif wrapped and text[0].islower():
            lines[-1] = (f"{lines[-1][0]} {text}", lines[-1][1])
        else:
            lines.append((text, False))
        wrapped = bool(text) and (wrapped or len(text) >= _WRAPPED)
    return lines


def _unrolled(words: str) -> str:
    """A list within a line, "1) ... 2) ...", with a line for each item."""
    return _NUMBERED.sub(lambda m: f"\n{m.group(0)}", words) if len(_NUMBERED.findall(words)) > 1 else words


def _stops(line: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for stop in _STOP.finditer(line):
        if not abbreviated(line[start : stop.start()]):
            pieces.append(line[start : stop.start()])
            start = stop.end()
    return [piece.strip() for piece in (*pieces, line[start:]) if piece.strip()]


def _turns(sentence: str) -> list[str]:
    """A sentence cut where it turns to something else, if what follows asks or wants something."""
    pieces: list[str] = []
    start = 0
    for turn in _TURN.finditer(sentence):
        rest = _LEAD.sub("", sentence[turn.end() :])
        if (_ASKING.match(rest) or _WANTING.match(rest)) and len(sentence[start : turn.start()].split()) >= 2:
            pieces.append(sentence[start : turn.start()])
            start = turn.end()
    return [*pieces, sentence[start:]]


def _is_question(sentence: str) -> bool:
    return sentence.endswith("?") or bool(
        _ASKING.match(sentence) or _WANTING.match(sentence) or _INSIDE.search(sentence)
    )


def _with(context: list[str], question: str) -> str:
    """The question with the end of what led up to it."""
    kept: list[str] = []
    for sentence in reversed(context):
        if len(sentence) + sum(map(len, kept)) > CONTEXT:
            break
        kept.insert(0, sentence)
    return " ".join((*kept, question))
