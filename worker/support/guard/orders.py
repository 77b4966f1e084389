"""How much a text sounds like orders to an assistant: cues, each with its weight, added up to a chance.

Not a guard itself: `hostile` asks it about a mail and about what the mail hides. No model is asked, so that nothing
can be told to it. The cues are kinds of speech: setting rules aside, speaking to a machine, asking for the prompt,
announcing a task. Their weights were fitted together on development mails and on what customers ask, each kind of mail
counting alike; those of forged marks, of rules and of the prompt were raised: no customer has a use for them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

from worker.support.lookout import has_any, small_letters

_TASK = (
    r"(?:tasks?|instructions?|directives?|commands?|orders?|assignments?|imperatives?|missions?|objectives?|duty|duties"
    r"|prompts?|mandates?|responsibilit(?:y|ies)|undertakings?|guidelines?|guidance)"
)
_NEW = (
    r"(?:new|additional|added|extra|another|further|fresh|upcoming|forthcoming|impending|imminent|following|next|subsequent"
    r"|supplementary|supplemental|secondary|special|specific|latest|unexpected|last[-\s]minute|important|crucial|critical"
    r"|vital|urgent|pressing|immediate|second|bonus|incoming|essential|pivotal|paramount|high[-\s]priority|priority)"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)|guardrails?|directions?|assignments?|tasks?|orders?"
    r"|commands?|restrictions?|articles?|anweisung(?:en)?|instruktion(?:en)?|instrucciones|instrukcije|consignes|upute|ausf[üu]hrungen|befehle|aufgaben)"
)
_BEFORE = (
    r"(?:previous(?:ly)?|prior|preceding|earlier|above|all|everything|every|before|initial|original|former|obige[nr]?"
    r"|vorherige[nr]?|bisherige[nr]?|alles?|anteriores|todas?|sve|pr[ée]c[ée]dentes?)"
)
_FORGET = (
    r"(?:ignor\w*|disregard\w*|forget|forgot|overrid\w*|bypass\w*|set\s+aside|put\s+aside|drop|neglect|leave\s+aside"
    r"|stop\s+following|vergiss|vergessen|ignoriere?n?|olvid[ae]\w*|oublie[zr]?|zaboravi)"
)
_MACHINE = (
    r"(?:ai|a\.i\.|llm|gpt|chat\s?gpt|chat\s?bot|bot|language\s+model|sprachmodell|assistant|virtual\s+assistant|copilot"
    r"|machine|digital\s+helper)"
)
_SHOW = (
    r"(?:show|print|reveal|repeat|output|leak|display|spell\s?check|tell|give|list|return|write\s+out|summari[sz]e|zeige?"
    r"|gib|nenne|forward|send|copy|disclose|provide)"
)

CUES: dict[str, tuple[str, float]] = {
    "sets rules aside": (rf"\b{_FORGET}\b[^.?!\n]{{0,40}}\b{_RULES}\b", 3.0),
    "sets all aside": (rf"\b{_FORGET}\b[^.?!\n]{{0,30}}\b{_BEFORE}\b", 4.9),
    "speaks to a machine": (rf"\b(?:you|dear|hey|hello|attention|as)\b,?\s+(?:an?\s+|the\s+|my\s+)?{_MACHINE}\b", 3.0),
    "message to you": (r"\bmessage\s+(?:is\s+)?(?:from\s+[^,.\n]{1,40},\s*)?(?:for|to)\s+you\b", 1.0),
    "wants the prompt": (
        rf"\b{_SHOW}\b[^.?!\n]{{0,50}}\b(?:prompts?|(?:your|the|all|previous|initial)\s+[^.?!\n]{{0,20}}instructions?"
        r"|api\s+keys?|(?:text|words|sentences?|data|everything)\s+(?:of\s+[^.?!\n]{0,15})?above|anweisungen"
        r"|(?:whole|full|entire|complete)\s+(?:prompt|text|conversation))\b",
        3.0,
    ),
    "names the prompt": (
        r"\b(?:system|developer|hidden|initial|original|your)\s+(?:prompt|message\s+above|instructions?)\b"
        r"|\bprompt\s+(?:text|texts|instructions?)\b|\byour\s+(?:own\s+)?(?:prompts?|instructions|configuration)\b",
        1.5,
    ),
    "gives a role": (
        r"\b(?:now\s+you\s+are|you\s+are\s+now\s+(?:an?\s+)?(?:\w+\s+)?(?:assistant|ai|bot|admin|developer|model|unrestricted)|act\s+(?:as|like)|pretend|roleplay\s+as|imagine\s+(?:that\s+)?you|from\s+now\s+on,?\s+you"
        r"|you\s+(?:will|must)\s+(?:now\s+)?(?:play|become)|du\s+bist|nun\s+bist\s+du|stell\s+dir\s+vor|in\s+the\s+role\s+of|role-?playing\s+as"
        r"|(?:speak|talk)\s+like|take\s+on\s+the\s+role|i\s+want\s+you\s+to\s+(?:act|become)|fungieren|in\s+your\s+role"
        r"|stay\s+(?:fully\s+)?in\s+(?:\w+\s+)?roles?|remain\s+in\s+their\s+roles?|in\s+deiner\s+rolle)\b",
        4.3,
    ),
    "says what you are": (
        r"(?:^\W{0,3}|[.!?:]\s+)(?:(?:now|and|so|okay)\W+)?you\s+are\s+(?:now\s+)?(?!not\b|right|welcome|the\s+best)(?:an?\s+|the\s+)?"
        r"[a-z]{3,}",
        2.0,
    ),
    "tells what to say": (
        r"\b(?:respond|reply|answer|say|write|output)\s+(?:only\s+|just\s+)?(?:with\s+)?(?:the\s+words?\b|exactly\b|that\s+i\b"
        r"|[\"'“‘])",
        3.5,
    ),
    "announces a task": (rf"\b{_NEW}\s+(?:\w+\s+){{0,2}}?{_TASK}\b", 3.2),
    "points ahead": (
        r"\b(?:the\s+|this\s+)?(?:following|next|upcoming|subsequent|succeeding|ensuing|forthcoming)\s+(?:\w+\s+(?:of\s+)?)?"
        r"(?:parts?|sections?|information|lines?|words?|segments?|pieces?|paragraphs?|content|message|details?|sentences?"
        r"|passages?|text|stage|chapter|phase|moves?)\b|\b(?:what\s+(?:comes\s+next|follows|i'?m\s+about)|up\s+next|lies?\s+ahead"
        r"|read\s+(?:on\s+)?carefully|listen\s+(?:closely|carefully)|this\s+is\s+(?:the\s+moment|where|your\s+cue))\b",
        2.6,
    ),
    "task to come": (
        rf"\b{_TASK}\b[^.?!\n]{{0,40}}\b(?:below|ahead|await\w*|to\s+come|to\s+follow|follows?|coming|incoming|at\s+hand|looms?"
        r"|approach\w*|on\s+(?:the|your)\s+\w+|next|now|immediate(?:ly)?|arriv\w+|emerg\w+|for\s+you)\b",
        2.2,
    ),
    "calls for heed": (
        r"\b(?:attention(?:\s+\w+)?\s*[:!,]|(?:your|full|undivided|utmost)\s+attention|heed|take\s+note|listen(?:\s+up)?|pay\s+(?:close\s+)?attention|brace\s+yourself|stay\s+(?:alert|tuned"
        r"|focused|sharp)|prepare\s+(?:to|yourself)|ready\s+yourself|get\s+ready\s+(?:to|for)|gear\s+up|be\s+(?:advised|aware|prepared|ready|alert)"
        r"|stand\s+by|eyes\s+(?:here|on|open|wide)|(?:your|sharpen|shift)\s+(?:\w+\s+)?focus|alert|halt|pause|hold\s+on|stop\s+(?:everything|right)|heads\s?up)\b",
        2.8,
    ),
    "presses": (
        r"\b(?:urgent(?:ly|cy)?|immediate(?:ly)?|crucial|critical(?:ly)?|imperative|paramount|priority|prompt(?:ly)?"
        r"|pivotal|swift(?:ly)?|without\s+delay|vital|top\s+importance|of\s+the\s+essence|at\s+once|high\s+alert"
        r"|time[-\s]sensitive|non[-\s](?:negotiable|optional)|can(?:not|['’]t)\s+(?:wait|be\s+(?:ignored|overlooked|sidelined)))\b",
        2.7,
    ),
    "names instructions": (
        r"\b(?:the|these|this|here(?:['’]s|\s+is|\s+are)|my|an?|for)\s+(?:\w+\s+){0,2}?(?:instructions?|directives?|commands?|orders"
        r"|imperatives?|assignments?|missions?|to-?do\s+list|agenda)\b[^.?!\n]{0,60}\b(?:you|your|follow|read|us|we|our)\b"
        r"|\byou(?:['’]re|\s+are)\s+about\s+to\s+(?:read|see|receive|get|encounter|embark)\b",
        2.4,
    ),
    "orders of work": (
        r"\b(?:before|after)\s+(?:you\s+(?:can\s+)?)?(?:do|doing|solv\w+|answer\w*|continu\w+|proceed\w*|complet\w+|finish\w*"
        r"|mov\w+\s+on|that\s+you\s+can|anything\s+else|the\s+original)\b|\bdo\s+the\s+following\b"
        r"|\bin\s+addition\s+to\s+(?:your|the|what)\b|\bon\s+top\s+of\s+(?:your|what|the)\b|\b(?:your|the)\s+(?:current|original"
        r"|primary|main|existing|initial|previous|ongoing|regular)\s+(?:tasks?|assignments?|work|duties|workload|instructions?)\b",
        1.6,
    ),
    "executes": (
        r"\b(?:execut\w+|carry(?:ing)?\s+out|carried\s+out|follow(?:ed|ing)?\s+(?:the|these|this|my)|comply|complian\w+"
        r"|adhere\w*|adherence|implement\w*|perform\w*|undertake\w*|obey\w*|act\s+(?:on|upon))\b",
        0.3,
    ),
    "forged marks": (
        r"<\s*/?\s*(?:system|assistant|instructions?|information|message|important|task|user|im_start|im_end|s|inst)\s*/?>"
        r"|\[/?(?:INST|SYSTEM|INFORMATION)\]|<\|[a-z_]+\|>|^\s*(?:system|assistant)\s*:|\b(?:begin|end)\s+of\s+(?:prompt|text"
        r"|instructions?|conversation)\b|\bnew\s+instructions?\s*:",
        4.5,
    ),
    "noisy marks": (
        r"(?:[<>&*#=~|^%$@+:\\{}\[\]])(?:\s?[<>&*#=~|^%$@+:\\{}\[\]-]){2,}|\*\*[^*\n]{3,60}\*\*|^\s*[—–]\s?\w",
        3.2,
    ),
    "sends on": (
        r"\b(?:send|e-?mail|forward|mail|post|share|upload)\b[^\n]{0,200}?\bto\s+(?:my\s+e-?mail\s+(?:address\s+)?)?['\"]?"
        r"[\w.+-]+@[\w-]+\.\w+",
        2.7,
    ),
    "words a mail": (  # a customer who has a mail sent to somebody leaves its subject to whoever writes it
        r"\b(?:the|its)\s+(?:subject|title|body)\s+(?:line\s+)?(?:should|must|shall)\s+(?:be|have|say)\b"
        r"|\b(?:use|using|with)\s+(?:the\s+)?(?:subject|['\"“‘][^'\"”’\n]{1,60}['\"”’]\s+as\s+(?:the\s+)?subject)\b",
        1.5,
    ),
    "wants a secret sent": (
        r"\b(?:send|e-?mail|forward|post|share|give|tell)\b[^.?!\n]{0,40}\b(?:(?:security|verification|access|login|one-time)"
        r"\s+codes?|passwords?|passport\s+numbers?|credentials|api\s+keys?)\b",
        1.5,
    ),
    "takes in bulk": (
        r"\b(?:send|e-?mail|forward|delete|get|list|download|share|copy|export)\b[^.?!\n]{0,40}\b(?:all|every|each|the\s+contents?"
        r"|the\s+body|any)\b[^.?!\n]{0,40}\b(?:e-?mails?|files?|messages?|user|users|customers?|accounts?|contacts?"
        r"|passwords?|information|records?|inbox|data(?:base)?)\b",
        2.8,
    ),
    "speaks of the text above": (
        r"\b(?:what\s+is\s+written|the\s+(?:text|articles?|documents?|context)\s+(?:above|before)|(?:text|words?|sentences?)\s+above|provided\s+documents"
        r"|repeat\s+after\s+me|instead\s+of\s+(?:answering|the)|what\s+(?:i|you)\s+(?:said|wrote)\s+(?:before|above)|embeddings?)\b",
        3.1,
    ),
    "harmless question": (
        r"(?:^\W{0,3}|[.!?]\s)(?:could|can|would|may|how|what|when|where|why|who|which|is|are|do|does|will)\b[^.!?\n]*\?",
        -1.1,
    ),
    "makes a text": (
        r"\b(?:write|create|design|compose|draft|describe|explain|discuss|suggest|recommend|outline|develop|list)\s+(?:an?|the|some"
        r"|how|to|me|\d+)\b",
        -0.8,
    ),
    "mail manners": (r"^\s*(?:hi|hello|dear|subject)\b|\b(?:regards|thanks|thank\s+you|best|cheers|sincerely)\b", -2.0),
}
# By cue, what every match has one of, in small letters: looking for all cues everywhere takes five times as long.
_FORGETTING = (
    "ignor disregard forget forgot overrid bypass aside drop neglect stop vergiss vergessen olvid oublie zaboravi leave"
)
_TASKS = (
    "task instruction directive command order assignment imperative mission objective duty duties prompt mandate"
    " responsibilit undertaking guideline guidance"
)
_NEEDS = {
    "sets rules aside": _FORGETTING,
    "sets all aside": _FORGETTING,
    "message to you": "message",
    "wants the prompt": "prompt instruction api above anweisungen text conversation",
    "names the prompt": "prompt message instruction your",
    "says what you are": "you",
    "tells what to say": "respond reply answer say write output",
    "announces a task": _TASKS,
    "points ahead": "following next upcoming subsequent succeeding ensuing forthcoming this what ahead read listen",
    "task to come": _TASKS,
    "calls for heed": "attention heed take listen brace stay prepare ready gear advised aware alert stand eyes focus"
    " halt pause hold stop heads",
    "presses": "urgent immediate crucial critical imperative paramount priority prompt pivotal swift without vital"
    " essence importance once high time negotiable optional wait ignored overlooked sidelined",
    "names instructions": "instruction directive command orders imperative assignment mission list agenda about",
    "orders of work": "before after following addition top task assignment work duties instruction",
    "executes": "execut carry carried follow comply complian adhere implement perform undertake obey act",
    "forged marks": "< inst system assistant prompt text conversation information",
    "sends on": "send mail forward post share upload",
    "words a mail": "subject title body",
    "wants a secret sent": "send mail forward post share give tell",
    "takes in bulk": "mail file message user customer account contact password information record inbox data",
    "speaks of the text above": "what above before provided repeat instead embedding",
    "makes a text": "write create design compose draft describe explain discuss suggest recommend outline develop list",
}
# What no article has a use for: it speaks to its readers, and of no assistant who writes to them.
_TO_A_WRITER = re.compile(
    rf"(?:^|[.!?:]\s+)(?:dear\s+|hey\s+|attention,?\s+)?(?:the\s+)?{_MACHINE}\s*[:,]"
    rf"|\b(?:notes?|messages?|instructions?|orders?|hints?)\s+(?:for|to)\s+(?:the\s+|an?\s+|any\s+|every\s+)?{_MACHINE}\b"
    rf"|\b{_FORGET}\b[^.?!\n]{{0,30}}\b(?:{_RULES}|(?:other|previous|all)\s+(?:sources|passages|templates))\b"
    rf"|\bnew\s+{_RULES}\s*:|<\s*/?\s*(?:system|assistant|instructions?|message)\s*/?>|\[/?INST\]|<\|[a-z_]+\|>"
    r"|\b(?:tell|ask|inform|assure)\s+(?:the|every|each|all)\s+customers?\b|\bsystem\s+prompt\b",
    re.I | re.M,
)
BIAS = -4.0
TOGETHER = 3  # sentences
_COMPILED = {name: (re.compile(pattern, re.I | re.M), weight) for name, (pattern, weight) in CUES.items()}
_LOOKED_FOR = {name: (pattern, _NEEDS.get(name, "").split()) for name, (pattern, _) in _COMPILED.items()}
_END = re.compile(r"[.!?](?=\s)|\n+")
_FORMAT = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")


@lru_cache(maxsize=2048)
def to_a_writer(text: str) -> bool:
    """Whether a source gives orders to whoever writes from it: somebody has put them there."""
    return _TO_A_WRITER.search(_plain(text)) is not None


def cues(text: str) -> list[tuple[int, str]]:
    """(number of the sentence, name) of every cue in a text, each once a sentence."""
    plain = _plain(text)
    small = small_letters(plain)
    ends = [m.end() for m in _END.finditer(plain)]
    found = {
        (bisect_right(ends, match.end() - 1), name)
        for name, (pattern, needs) in _LOOKED_FOR.items()
        if not needs or has_any(small, needs)
        for match in pattern.finditer(plain)
    }
    return sorted(found)


def chance(text: str) -> float:
    """0..1: how surely the text gives orders to an assistant; from 0.5 on it counts as one that does.

    The cues of a few sentences in a row are added up: a long mail is not made suspicious by words far apart.
    """
    found = cues(text)
    best = max((_sum(found, first) for first, _ in found), default=0.0)
    return 1 / (1 + math.exp(-(BIAS + best)))


def _sum(found: list[tuple[int, str]], first: int) -> float:
    """The heaviest of the stretches that begin with this sentence."""
    return max(
        sum(_COMPILED[name][1] for name in {name for at, name in found if first <= at < first + length})
        for length in range(1, TOGETHER + 1)
    )


def _plain(text: str) -> str:
    return _FORMAT.sub("", unicodedata.normalize("NFKC", text))
