"""The ways in which help texts restrict what they say: restrictions.py looks for them.

Each is a way of wording, with no word of any company's matters. What a match covers is the restriction.
"""

import re

from worker.lookout import Patterns

GROUPS = """customers members users subscribers passengers guests clients holders investors borrowers lenders employees
    students residents tenants drivers travellers travelers buyers sellers shareholders owners companies accounts plans
    cards orders contracts policies tickets fares""".split()
_REST = r"(?:[^,;:.()–—]|[,:](?=\d)|\.(?=\w))+?(?=[,:](?!\d)|[;()–—]|\.(?:\s|$)|\s-\s|$)"  # to the end of the clause
_VERB = r"\b(?:can(?:not)?|may|must|will|shall|should|could|is|are|was|were|has|have|do|does|receives?|gets?|pays?)\b"
_NOUNS = rf"(?:(?!\s{_VERB})(?:[^,;:.()–—]|[,:](?=\d)|\.(?=\w)))+"  # to the end of what is named
_LIMITED = r"(?:above|below|over|under|of|from|with|without|that|who|whose|which|in|on|up\s+to|older|younger|longer)"
_SELECTED = r"(?:some|selected|certain|many|most|participating|eligible)"
# In verbose notation, one kind of restriction after the other.
_KINDS = (
    # "if your balance is zero"; not "even if", "please check if", "if you have any questions", "if it does not help"
    rf"""(?<!\beven\s)(?<!\bas\s)(?<!\bsee\s)(?<!\bcheck\s)(?<!\bknow\s)(?<!\bask\s)(?<!\bsure\s)(?<!\btell\sus\s)
    \bif\s+(?!so\b|not\b|any\b|possible|necessary|needed|required|in\s+doubt|it\s+is\s+convenient|it\s+suits
        |(?:an)?other\b|further\b|more\b|anything\b|(?:it|that|this)\s+(?:does|did|still)\b
        |you(?:['’]d|\s+would)?\s+(?:like|wish|want|prefer|need|have\s+(?:any|more|further|other)))
    {_REST}""",
    rf"""\b(?:unless|provided(?:\s+that)?|providing\s+that|(?:as|so)\s+long\s+as|on\s+condition\s+that|subject\s+to
        |in\s+case(?:\s+of)?|in\s+the\s+event\s+(?:of|that)|depending\s+on|only\s+when|until(?!\s+you\b)|up\s+to\s+the
        |whichever(?!\s+you\b)
        |while\s+(?:the|your|stocks|supplies)
        |but\s+(?:only|not|never|(?:it|this|they|we|you)\s+(?:cannot|can\s+only)))
    \s+{_REST}""",
    # "except in the first month"
    rf"""\b(?:except(?:ing)?(?:\s+(?:if|when|for|in|on|where))?|with\s+the\s+exception\s+of|excluding|barring
        |other\s+than|apart\s+from)
    \s+{_NOUNS}""",
    r",\s*[^,.;]+\s+(?:excepted|excluded)\b",
    # "at the discretion of the front desk", "on a best-effort basis", "on working days", "with prior approval"
    r"""\bat\s+(?:\S+\s+){1,2}discretion\b|\bon\s+an?\s+\S+(?:\s+\S+)?\s+basis\b
    |\bon\s+(?:working|business|week)\s?days\b""",
    r"""\bwith(?:out)?\s+(?:[^\s,.;]+\s+){0,4}?
        (?:approval|consent|permission|receipt|proof|certificate|voucher|notice)\b""",
    # "once your KYC is complete"; not "once a month"
    rf"\bonce\s+(?!an?\b|per\b|every\b|in\b|more\b|again\b|this\b|that\b|it\b|done\b){_REST}",
    # what comes before one of these without a comma is true of that only
    rf"(?<!,\s)\b(?:when|where|after|before|during)\s+(?!that\b|this\b|then\b|which\b){_REST}",
    rf"\bwithin\s+the\s+(?:first\s+{_REST}|\w+\s+area\b)",
    # "for balances above Rs 1,00,000", "on orders from our own stock", "for members", "for personal use"
    rf"\b(?:for|on)\s+(?:\w+\s+){{0,2}}?\w{{3,}}s\s+{_LIMITED}\s+{_NOUNS}",
    rf"\bfor\s+(?:\w+\s+){{0,2}}?(?:{'|'.join(GROUPS)})\b|\bfor\s+(?:[\w,-]{{1,30}}\s+){{1,3}}use\b",
    # "customers who have set up direct debit", "passengers whose fare includes it", "accounts held in your own name"
    rf"""\b(?:{"|".join(GROUPS)}|those|anyone|everyone|people)\s+(?:who|whose|that|with|on|in)\s+
        (?:(?:have|has|are|is)\s+)?(?:been\s+)?{_NOUNS}""",
    r"""\b(?!(?:has|have|had|been|be|is|was|are|were|it|you|we|they|not)\s)\w+\s+(?:held|left|kept|made|bought|purchased|placed|opened|issued|requested|booked)\s+
        (?:\S+\s+){0,3}\S+(?=[\s,.]|$)""",
    # "premium customers", "with the Premium plan"
    rf"""(?<!\band\s)(?<!\bor\s)(?<![\w-])
        (?!(?:our|all|most|many|the|these|those|other|your|their|any|more|two|several|and|for|of|to|with|as|by|that
            |when|which|from)\b)
        [\w-]{{1,30}}\s+(?=(?:{"|".join(GROUPS)})\b)""",
    r"\bwith\s+(?:the|an?)\s+[\w+-]+\s+(?:plan|account|card|subscription|membership|fare|ticket|tariff)\b",
    # "reserved for members", "in selected cities"
    rf"\b(?:reserved|available|offered|limited|restricted)\s+(?:only\s+)?(?:for|to|in)\s+(?!you\b){_REST}",
    rf"\bin\s+{_SELECTED}\s+\w+",
)
CONDITIONS = Patterns({at: re.compile(kind, re.IGNORECASE | re.VERBOSE) for at, kind in enumerate(_KINDS)})
# "With a term of 24 months, ...": what stands before everything else restricts all of it.
FRONTED = re.compile(
    r"^(?:in|on|with|for|from|starting|under|at|as\s+an?)\s+(?!addition\b|general\b|short\b|fact\b|total\b|brief\b"
    r"|th(?:is|at|ese|ose)\b|example\b|instance\b|your\b|our\b|the\s+(?:app|menu|website|settings|profile)\b|top\b|case\b"
    r"|order\s+to\b|future\b|rule\b|[\w\s]+\b(?:reasons?|purposes?|convenience)\b)(?:[^,;:]|,(?=\d))+(?=,\s)",
    re.I,
)
# "(Pro plan or higher)", "(not possible in the first month)"
ASIDE = re.compile(
    r"(?<=\()[^()]*\b(?:only|not|no|except|excluding|if|unless|from|plans?|higher|above|below|over|under|minimum|maximum"
    r"|at\s+least|at\s+most|up\s+to|until|after|before|during|within)\b[^()]*(?=\))",
    re.I,
)
DEADLINE = re.compile(rf"\bwithin\s+(?:\S+\s+){{1,3}}(?:of|after|from)\s+{_REST}", re.I)
CAN = re.compile(r"\b(?:can|may)\b", re.I)
# A sentence that restricts the one before it, and one that says to what the next one holds.
HOWEVER = re.compile(
    r"^(?:(?:however|but|please\s+note)\b.*\b(?:not|cannot|only|must|unless|except|limited|charge|fees?|costs?)"
    r"|exceptions?|not\s+(?:available|possible|valid|included|for)"
    r"|(?:this|it)\s+(?:does\s+not\s+(?:apply|hold|work)|is\s+(?:only|not\s+possible)|requires|only"
    r"|applies\s+(?:only\s+)?(?:to|for|if|when))|this\s+is\s+possible|for\s+now"
    r"|(?:they|it|this)\s+(?:is|are)\s+not\s+guaranteed"
    r"|(?:the\s+)?(?:request|bonus|offer|discount|refund|claim|reimbursement|change|upgrade|transfer)s?"
    r"\s+(?:has|must|is\s+only|requires?))\b"
    r"|\b(?:do(?:es)?\s+not\s+apply|(?:is|are)\s+(?:excluded|exempt(?:ed)?|not\s+(?:included|covered)|limited\s+to)"
    r"|conditions?\s+appl(?:y|ies))\b",
    re.I,
)
# "After you log in, open Settings": a step on the way, and no condition.
STEP = re.compile(
    r"^(?:after|when|once|in|on|from|under|with)\b.*\b(?:(?:log|sign)(?:ged|ging|ned|ning)?\s?in|open(?:ed)?|tap(?:ped)?"
    r"|click(?:ed)?|select(?:ed)?|screen|page|tab|menu|button)\b",
    re.I,
)
DENIAL = re.compile(r"\b(?:not|no|none|nothing|nobody|never|cannot|unable|impossible)\b|n['’]t\b", re.I)
THEN = re.compile(r"^(?:in\s+(?:that|this|which)\s+case|then|if\s+so|only\s+then)\b", re.I)
WHEN = re.compile(r"(?:if|once|when|after)\s+\w+", re.I)  # "once approved": what else but that was asked about
EXAMPLE = re.compile(r"\b(?:such\s+as|for\s+(?:example|instance)|e\.g\.|as\s+an\s+example)", re.I)
SUBJECT = re.compile(r"(?<=\w)\s+(?:you|we|it|your)\s", re.I)
AND_SO = re.compile(
    r";\s*|,?\s+(?:so|because|but(?!\s+(?:only|not|never|it|this|they|(?:we|you)\s+cannot)\b))\s+|,\s+and\s+"
    r"|\s+and\s+(?=(?:you|we|it|they|the|your|our|this|then|there)\b)|(?<=[ap]\.m\.)\s+(?=[A-Z])"
)
CONDITION_FIRST = re.compile(
    r"(?:if|once|when|after|unless|as\s+soon|provided|before|until|in\s+case)\b(?:[^,;:]|,(?=\d))+,", re.I
)
RESERVE = re.compile(  # "as often as you like" is no reserve
    r"\b(?:usually|normally|typically|generally|mostly|(?<!\bas\s)(?<!\bhow\s)often|sometimes|as\s+a\s+rule)\b", re.I
)
SOME_FIRST = re.compile(rf"^{_SELECTED}\s+(?:of\s+(?:our|the)\s+)?\w+", re.I)
SOME = re.compile(rf"\b{_SELECTED}\s+(?:of\s+(?:our|the)\s+)?\w+", re.I)
LESS_SURE = re.compile(
    rf"\b(?:usually|normally|typically|generally|mostly|often|sometimes|{_SELECTED}|as\s+a\s+rule|may|might|could|can\s+be"
    r"|expected|about|around|approximately|roughly|likely|should|up\s+to)\b",
    re.I,
)
MIGHT = re.compile(r"\b(?:we|it|there|this)\s+(?:may|could)\b|\bmight\b", re.I)  # "members may" allows
MAY_BE = re.compile(r"\b(?:may|might|could|can|should|possible|possibly|eligible|able)\b", re.I)
NOT_YOU_MAY = re.compile(
    r"(?<!\byou\s)(?:\b(?:may|might|could|can)\b)", re.I
)  # what "you can" is no promise as "you will"
WILL_BE = re.compile(
    r"(?:\b(?:will|shall)|['’]ll)\b(?!\s+(?:not|need|have\s+to|find|see|be\s+asked)\b)|\b(?:always|guaranteed)\b", re.I
)
