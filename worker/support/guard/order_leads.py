"""The kinds of speech that lead up to an order: announcing a task, pointing ahead, pressing, calling for heed.

Data like `order_words`, added up with it by `orders`. People in a hurry speak like that as well (`EVERYDAY` there), but
"order" is no such word here: in a shop it is what was bought.
"""

from __future__ import annotations

_TASK = (
    r"(?:tasks?|instructions?|directives?|commands?|assignments?|imperatives?|missions?|objectives?|duty|duties"
    r"|prompts?|mandates?|responsibilit(?:y|ies)|undertakings?|guidelines?|guidance)"
)
_NEW = (
    r"(?:new|additional|added|extra|another|further|fresh|upcoming|forthcoming|impending|imminent|following|next"
    r"|subsequent"
    r"|supplementary|supplemental|secondary|special|specific|latest|unexpected|last[-\s]minute|important|crucial"
    r"|critical"
    r"|vital|urgent|pressing|immediate|second|bonus|incoming|essential|pivotal|paramount|high[-\s]priority|priority)"
)

CUES: dict[str, tuple[str, float]] = {
    "message to you": (r"\bmessage\s+(?:is\s+)?(?:from\s+[^,.\n]{1,40},\s*)?(?:for|to)\s+you\b", 1.0),
    "announces a task": (rf"\b{_NEW}\s+(?:\w+\s+){{0,2}}?{_TASK}\b", 3.2),
    "points ahead": (
        r"\b(?:following|next|upcoming|subsequent|succeeding|ensuing|forthcoming)\s+(?:\w+\s+(?:of\s+)?)?"
        r"(?:parts?|sections?|words?|segments?|pieces?|paragraphs?|content|sentences?|passages?|text|stage"
        r"|chapter|phase|moves?)\b"
        r"|\b(?:next|upcoming|subsequent|succeeding|ensuing|forthcoming)\s+(?:\w+\s+(?:of\s+)?)?"
        r"(?:information|lines?|message|details?)\b|\b(?:what\s+(?:comes\s+next|follows|i'?m\s+about)|up\s+next"
        r"|lies?\s+ahead"
        r"|read\s+(?:on\s+)?carefully|listen\s+(?:closely|carefully)|this\s+is\s+(?:the\s+moment|where|your\s+cue))\b",
        2.6,
    ),
    "task to come": (
        rf"\b{_TASK}\b[^.?!\n]{{0,40}}\b(?:below|ahead|await\w*|to\s+come|to\s+follow|follows?|coming|incoming"
        rf"|at\s+hand|looms?"
        r"|approach\w*|on\s+(?:the|your)\s+\w+|next|now|immediate(?:ly)?|arriv\w+|emerg\w+|for\s+you)\b",
        2.2,
    ),
    "calls for heed": (
        r"\b(?:(?:your|full|undivided|utmost)\s+attention|heed|listen\s+up|brace|stay\s+(?:alert|tuned"
        r"|focused|sharp)|prepare\s+(?:to|yourself)|ready\s+yourself|get\s+ready\s+(?:to|for)|gear\s+up"
        r"|be\s+(?:prepared|ready|alert)"
        r"|eyes\s+(?:here|on|open|wide)|(?:your|sharpen|shift)\s+(?:\w+\s+)?focus|alert|hold\s+on\s+to"
        r"|stop\s+right)\b",
        2.8,
    ),
    "asks for attention": (  # as people do who have waited for too long
        r"\b(?:attention(?:\s+\w+)?\s*[:!,]|take\s+note|listen|pay\s+(?:close\s+)?attention|be\s+(?:advised"
        r"|aware)|stand\s+by"
        r"|pause|halt|hold\s+on|stop\s+everything|heads\s?up)",
        1.2,
    ),
    "presses": (
        r"\b(?:urgent(?:ly|cy)?|immediate(?:ly)?|crucial|critical(?:ly)?|imperative|paramount|priority"
        r"|prompt(?:ly|\s+(?:action|attention|response|execution))"
        r"|pivotal|swift(?:ly)?|without\s+delay|vital|top\s+importance|of\s+the\s+essence|at\s+once|high\s+alert"
        r"|time[-\s]sensitive|non[-\s](?:negotiable|optional)|can(?:not|['’]t)\s+(?:wait|be\s+(?:ignored"
        r"|overlooked|sidelined)))\b",
        2.7,
    ),
    "names instructions": (
        r"\b(?:the|these|this|here(?:['’]s|\s+is|\s+are)|my|an?|for)\s+(?:\w+\s+){0,2}?(?:instructions?"
        r"|directives?|commands?|orders"
        r"|imperatives?|assignments?|missions?|to-?do\s+list|agenda)\b[^.?!\n]{0,60}\b(?:you|your|follow|read|us"
        r"|we|our)\b"
        r"|\byou(?:['’]re|\s+are)\s+about\s+to\s+(?:read|see|receive|get|encounter|embark)\b",
        2.4,
    ),
    "orders of work": (
        r"\b(?:before|after)\s+(?:you\s+(?:can\s+)?)?(?:do|doing|solv\w+|answer\w*|continu\w+|proceed\w*"
        r"|complet\w+|finish\w*"
        r"|mov\w+\s+on|that\s+you\s+can|anything\s+else|the\s+original)\b|\bdo\s+the\s+following\b"
        r"|\bin\s+addition\s+to\s+(?:your|the|what)\b|\bon\s+top\s+of\s+(?:your|what|the)\b|\b(?:your"
        r"|the)\s+(?:current|original"
        r"|primary|main|existing|initial|previous|ongoing|regular)\s+(?:tasks?|assignments?|work|duties|workload"
        r"|instructions?)\b",
        1.6,
    ),
    "executes": (
        r"\b(?:execut\w+|carry(?:ing)?\s+out|carried\s+out|follow(?:ed|ing)?\s+(?:the|these|this|my)|comply"
        r"|complian\w+"
        r"|adhere\w*|adherence|implement\w*|perform\w*|undertake\w*|obey\w*|act\s+(?:on|upon))\b",
        0.3,
    ),
}
