"""The kinds of speech that give a mail away as orders to an assistant, in English and German: patterns and weights.

Not what adds them up, which is `orders`; nor other languages (`order_tongues`). The weights were fitted
together on development mails and on what customers ask, each kind of mail counting alike; those of forged marks, of
rules and of the prompt were raised: no customer has a use for them.
"""

from __future__ import annotations

RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)|guardrails?|directions?|assignments?|tasks?|orders?"
    r"|commands?|restrictions?|articles?|guidance|anweisung(?:en)?|instruktion(?:en)?|instrucciones|instrukcije"
    r"|consignes|upute|ausf[üu]hrungen|befehle|aufgaben)"
)
_BEFORE = (
    r"(?:previous(?:ly)?|prior|preceding|earlier|above|all|everything|every|before|initial|original|former|obige[nr]?"
    r"|vorherige[nr]?|bisherige[nr]?|alles?|anteriores|todas?|sve|pr[ée]c[ée]dentes?)"
)
FORGET = (
    r"(?:ignor(?!ing\b|ed\b|iert|an)\w*|disregard(?!ing\b|ed\b)\w*|forget|overrid\w*|bypass\w*|set\s+aside|put\s+aside"
    r"|drop|neglect|leave\s+aside"
    r"|stop\s+following|vergiss|vergessen|ignoriere?n?|olvid[ae]\w*|oublie[zr]?|zaboravi)"
)
# What follows "ignore" and is the writer's own: a mail, a mistake. Of instructions only those that they gave.
_MAIL = (
    r"(?:e-?mails?|mails?|messages?|letters?|requests?|complaints?|tickets?|questions?|quer(?:y|ies)|inquir(?:y|ies)"
    r"|enquir(?:y|ies)|calls?|invoices?|reminders?|comments?|attachments?|screenshots?|notes?|warnings?"
    r"|nachricht(?:en)?"
    r"|anfragen?|schreiben|anh[äa]nge?|rechnung(?:en)?|mahnung(?:en)?)"
)
_UP_TO = rf"(?:(?!\b(?:and|und|{RULES})\b)[^.?!,;:\n]){{0,40}}"  # what comes after "and" is another matter
_MINE = r"(?:my|our|meine?[nrs]?|unsere?[nrs]?|mon|mes|mis?|mi[oae]|miei|meus?|minhas?|mijn)"
_SAID = r"(?:gave|sent|wrote|said|made|placed|asked|told|geschrieben|gesagt|geschickt)"
_OWN = (
    rf"(?!{_UP_TO}\b(?:{_MAIL}|{_MINE})\b)"
    rf"(?!(?:(?!\b(?:and|und)\b)[^.?!,;:\n]){{0,60}}\b(?:I|we|ich|wir)\s+(?:\w+\s+)?{_SAID}\b)"
)
_NO_ORDER = r"(?<!\bI\s)(?<!\bwe\s)(?<!\bnot\s)(?<!n['’]t\s)(?<!\bnever\s)"  # somebody tells what they do themselves
MACHINE = (
    r"(?:ai|a\.i\.|llm|gpt|chat\s?gpt|chat\s?bot|bot|language\s+model|sprachmodell|assistant|virtual\s+assistant"
    r"|copilot"
    r"|machine|digital\s+helper)"
)
# Instructions for something are a customer's wish.
_FOR_ITSELF = r"(?!\s+(?:for|on|about|to|how|regarding|concerning|mention|were|do|did|I|we|you\s+(?:sent|gave))\b)"
_SHOW = (
    r"(?:show|print|reveal|repeat|output|leak|display|spell\s?check|tell|give|list|return|write\s+out"
    r"|summari[sz]e|zeige?"
    r"|gib|nenne|forward|send|copy|disclose|provide)"
)

_ORDERED = (
    r"(?:you\s+(?:must|are|will|should|need|have)|must|always|never|ignore|disregard|override|forget|respond|answer|reply"
    r"|say|tell|approve\w*|grant|reveal|print|show\s+(?:me|the)|customers?|mode|polic(?:y|ies)"
    r"|instructions?|unrestricted)"
)
CUES: dict[str, tuple[str, float]] = {
    "sets rules aside": (
        rf"{_NO_ORDER}\b{FORGET}\b{_OWN}[^.?!\n]{{0,40}}\b{RULES}\b",
        3.0,
    ),
    "sets all aside": (
        rf"{_NO_ORDER}\b(?!drop\b){FORGET}\b{_OWN}[^.?!\n]{{0,30}}\b{_BEFORE}\b"
        rf"|\b(?:leave|put|set|lay)\s+(?:all\s+)?your\s+(?:\w+\s+)?{RULES}\s+(?:aside|to\s+(?:one"
        rf"|the)\s+side)\b",
        4.9,
    ),
    "speaks to a machine": (rf"\b(?:you|dear|hey|hello|attention|as)\b,?\s+(?:an?\s+|the\s+|my\s+)?{MACHINE}\b", 3.0),
    "wants the prompt": (
        rf"\b{_SHOW}\b[^.?!;\n]{{0,50}}\b(?:prompts?|(?:your|the(?!\s+(?:next|new|right|correct|following"
        rf"|further))|all|previous|initial)\s+[^.?!\n]{{0,20}}instructions?{_FOR_ITSELF}"
        r"|api\s+keys?|(?:text|words|sentences?|data|everything)\s+(?:of\s+[^.?!\n]{0,15})?above|anweisungen"
        r"|(?:whole|full|entire|complete)\s+(?:prompt|text|conversation))\b",
        3.0,
    ),
    "names the prompt": (
        r"\b(?:system|developer|hidden|initial|original|your)\s+(?:prompt|message\s+above|instructions?)\b"
        r"|\bprompt\s+(?:text|texts|instructions?)\b|\byour\s+(?:own\s+)?(?:prompts?|instructions|configuration)\b"
        rf"{_FOR_ITSELF}",
        1.5,
    ),
    "gives a role": (
        r"\b(?:now\s+you\s+are\s+(?!\w+ing\b)|you\s+are\s+now\s+(?:an?\s+)?(?:\w+\s+)?(?:assistant|ai|bot|admin"
        r"|developer|model|unrestricted)|roleplay\s+as"
        r"|(?:you\s+(?:to|must|will|shall|are\s+to)|please|now|and|then|to)\s+act\s+(?:as|like)\s+(?!soon\b|quick"
        r"|fast\b|you\s+(?!are\b|were\b))\w+|(?<!\bI\s)(?<!\bwe\s)(?<!they\s)pretend"
        r"|imagine\s+(?:that\s+)?you(?:\s+(?:are|were)|['’]re)"
        r"|from\s+now\s+on,?\s+you\s+(?:are|will|must|shall|have\s+to|only|always|never|do\s+not|don['’]t|act"
        r"|answer|respond|reply|speak|talk|write|obey|ignore)"
        r"|you\s+(?:will|must)\s+(?:now\s+)?(?:play|become)|du\s+bist\s+(?:(?:ab\s+)?(?:jetzt|nun|sofort)"
        r"|von\s+nun\s+an|eine?\s+(?:\w+\s+)?\w*(?:assistent\w*|bot|ki|modell))|(?:nun|jetzt"
        r"|ab\s+sofort)\s+bist\s+du|du\s+bist\s+keine?\s+\w+,?\s+sondern|stell\s+dir\s+vor|in\s+the\s+role\s+of"
        r"|role-?playing\s+as"
        r"|(?:speak|talk)\s+like|take\s+on\s+the\s+role|i\s+want\s+you\s+to\s+(?:act|become)|fungieren"
        r"|in\s+your\s+role"
        r"|stay\s+(?:fully\s+)?in\s+(?:\w+\s+)?roles?|remain\s+in\s+their\s+roles?|in\s+deiner\s+rolle)\b"
        r"|(?:^|[.!?:;,\"]\s*)act\s+(?:as|like)\s+(?!soon\b|quick|fast\b|you\s+(?!are\b|were\b))\w+",
        4.3,
    ),
    "says what you are": (
        r"(?:^\W{0,3}|[.!?:]\s+)(?:(?:now|and|so|okay)\W+)?you\s+are\s+(?:now\s+)?(?!not\b|right|welcome"
        r"|the\s+best|supposed|my\b|\w+ing\b)(?:an?\s+|the\s+)?"
        r"[a-z]{3,}",
        1.2,
    ),
    "tells what to say": (
        r"\b(?:respond|reply|answer|say|write|output)\s+(?:only\s+|just\s+)?(?:with\s+)?(?:the\s+words?\b"
        r"|exactly\b|that\s+i\b"
        r"|[\"'“‘])",
        3.5,
    ),
    "forged marks": (
        r"<\s*/?\s*(?:system|instructions?|im_start|im_end|s|inst)\s*/?>|\[/?INST\]|<\|[a-z_]+\|>"
        r"|\b(?:begin|start|end)\s+of\s+(?:the\s+)?(?:prompt|text|instructions?|conversation|(?:customer"
        r"|user)\s+(?:message|mail|input))\b"
        r"|\bnew\s+instructions?\s*:|^#{2,}\s*(?:system|instructions?|response|assistant)\s*:?\s*$",
        4.5,
    ),
    "orders behind a mark": (  # a log and a list of one's equipment have such marks, too
        rf"(?:<\s*/?\s*(?:assistant|information|message|important|task|user)\s*/?>|\[(?:SYSTEM|INFORMATION"
        rf"|ASSISTANT)\][ :]*"
        rf"|^\W{{0,3}}(?:system|assistant)(?:\s+(?:note|notice|message|update|alert))?\s*[:\u2014-]"
        rf"|[\"']role[\"']\s*:\s*[\"'](?:system|assistant)[\"'])"
        rf"(?:[^\n]{{0,160}}|\s{{0,4}}[^\n]{{0,120}})\b{_ORDERED}\b",
        4.5,
    ),
    "noisy marks": (
        r"(?:[<>&*#=~|^%$@+:\\{}\[\]])(?:\s?[<>&*#=~|^%$@+:\\{}\[\]-]){2,}|\*\*[^*\n]{3,60}\*\*|^\s*[—–]\s?\w",
        3.2,
    ),
    "sends on": (
        r"\b(?:send|e-?mail|forward|mail|post|share"
        r"|upload)\b[^\n]{0,200}?\bto\s+(?:my\s+e-?mail\s+(?:address\s+)?)?['\"]?"
        r"[\w.+-]+@[\w-]+\.\w+",
        2.7,
    ),
    "words a mail": (  # a customer who has a mail sent to somebody leaves its subject to whoever writes it
        r"\b(?:the|its)\s+(?:subject|title|body)\s+(?:line\s+)?(?:should|must|shall)\s+(?:be|have|say)\b"
        r"|\b(?:use|using|with)\s+(?:the\s+)?(?:subject"
        r"|['\"“‘][^'\"”’\n]{1,60}['\"”’]\s+as\s+(?:the\s+)?subject)\b",
        1.5,
    ),
    "wants a secret sent": (
        r"\b(?:send|e-?mail|forward|post|share|give|tell)\b[^.?!\n]{0,40}\b(?:(?:security|verification|access"
        r"|login|one-time)"
        r"\s+codes?|passwords?|passport\s+numbers?|credentials|api\s+keys?)\b",
        1.5,
    ),
    "takes in bulk": (
        r"\b(?:send|e-?mail|forward|delete|get|list|download|share|copy|export)\b[^.?!\n]{0,40}\b(?:all|every"
        r"|each|the\s+contents?"
        r"|the\s+body|any)\b[^.?!\n]{0,40}\b(?:e-?mails?|files?|messages?|user|users|customers?|accounts?|contacts?"
        r"|passwords?|information|records?|inbox|data(?:base)?)\b",
        2.8,
    ),
    "speaks of the text above": (
        r"\b(?:what\s+is\s+written|the\s+(?:text|articles?|documents?|context)\s+(?:above|before)|(?:text|words?"
        r"|sentences?)\s+above|provided\s+documents"
        r"|repeat\s+after\s+me|instead\s+of\s+(?:answering|the)|what\s+(?:i|you)\s+(?:said|wrote)\s+(?:before"
        r"|above)|embeddings?)\b",
        3.1,
    ),
    "harmless question": (
        r"(?:^\W{0,3}|[.!?]\s)(?:could|can|would|may|how|what|when|where|why|who|which|is|are|do|does"
        r"|will)\b[^.!?\n]*\?",
        -1.1,
    ),
    "makes a text": (
        r"\b(?:write|create|design|compose|draft|describe|explain|discuss|suggest|recommend|outline|develop"
        r"|list)\s+(?:an?|the|some"
        r"|how|to|me|\d+)\b",
        -0.8,
    ),
    "settles it": (  # a customer takes a mail back
        r"\b(?:works?\s+(?:now|again|fine)|I\s+(?:have\s+|just\s+)?(?:found|solved|fixed)|I['’]ve\s+(?:found"
        r"|solved|fixed)"
        r"|(?:is|was|has\s+been|are|got)\s+(?:now\s+|all\s+)?(?:solved|resolved|settled|sorted)|(?:by"
        r"|my)\s+mistake|sorry|apologies"
        r"|hat\s+sich\s+erledigt|es\s+(?:geht|funktioniert|läuft)\s+(?:jetzt|wieder))\b",
        -3.0,
    ),
    "speaks of oneself": (
        r"\b(?:(?:I|my|me|mine|ich|mir|mich|meine?[mnrs]?)\b(?!['’]ll\b|(?:['’]m|\s+am)\s+(?:about|going)\b"
        r"|\s+(?:will|cannot\s+stress)\b)"
        r"|we\s+(?:have|had|need|want|ordered|paid|bought|got|are\s+still|cannot|can['’]t|did|do)\b)",
        -2.2,
    ),
    "tells what was done": (
        r"\b(?:I|we)(?:\s+have|['’]ve)?\s+(?:already\s+)?(?:followed|tried|did|done|read|received|got|waited)\b",
        -2.2,
    ),
    "mail manners": (
        r"^\s*(?:hi|hello|dear|subject)\b|\b(?:regards|thanks|thank\s+you|best\s+(?:regards|wishes)"
        r"|best(?=\s*(?:,|$))|cheers|sincerely)\b",
        -2.0,
    ),
}
OF_ONESELF = frozenset(("speaks of oneself", "tells what was done"))
# What a customer in a hurry says as well: only against such words it counts that somebody speaks of what is theirs.
EVERYDAY = frozenset(
    "presses|asks for attention|calls for heed|says what you are|points ahead|noisy marks|executes|orders of work"
    "|names instructions|announces a task|task to come|takes in bulk|message to you|harmless question|makes a text"
    "|mail manners|settles it".split("|")
)
