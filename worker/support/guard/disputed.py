"""What went wrong for a customer is not answered with the rule alone.

A source tells what should happen. Who writes that it did not ("you took Rs 20 although I made two") has read it, or is
not helped by it: somebody has to look at that customer's case. Such a message is told by how it is worded, whatever it
is about, since no list of topics ever ends. What somebody only imagines ("what if it does not arrive?") is a question
like any other.

PASS:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  message: How long does a withdrawal from IM take, and what if my bank does not accept it?
FAIL:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  message: I asked for a withdrawal from IM on Monday and it has still not arrived. How long does it take?
"""

import re
from collections.abc import Iterator

from worker.lookout import Patterns, small_letters
from worker.models import Finding
from worker.support.guard.candidate import Candidate
from worker.support.sentences import sentences

_NOT = r"(?:not|never|n['’]?t|no\s+longer)"
_AUXILIARY = r"""(?:was|were|has|have|had|is|are|did|does|could|can|wo|will
    |(?<=I\s)do|(?<=we\s)do|(?<=you\s)do|(?<=they\s)do)"""
# What comes to a customer, whoever is the subject.
_COME = r"""(?:receiv|got\b|gotten|get\b|getting|hear|see\b|seen|find\b|found|reach|arriv|c[ao]me\b|coming|appear|show
    |work)\w*"""
# What others do for a customer. Of the customer's own doing ("I have not invested yet") it tells nothing.
_DONE = r"""(?:add|credit|pa(?:id|ying)|process|updat|refund|renew|cancel|reflect|approv|answer|repl[iy]|respon|open
    |load|accept|chang|clos|complet|confirm|deliver|ship|verif|happen|deduct|book|sent|match|activ|resolv|fix|gone|reset
    |remov|refus)\w*"""
# In verbose notation, one kind of sign after the other.
_SIGNS = (
    # "it was not added", "has still not been paid"
    rf"(?<!\bI\s)(?<!\bwe\s)\b{_AUXILIARY}\s?(?:still\s+)?{_NOT}\s+(?:\w+\s+){{0,2}}?{_DONE}",
    # "I have not received it", "it never arrived"
    rf"\b{_AUXILIARY}\s?(?:still\s+)?{_NOT}\s+(?:(?:yet|ever|even|still|been|able|to)\s+){{0,3}}{_COME}",
    rf"\bnever\s+(?:\w+ly\s+)?(?:{_COME}|(?:added|credited|paid|processed|updated|refunded|answered|replied)\b)",
    # "nothing happened", "I got no answer"
    r"\bnothing\s+(?:(?:has|is|was)\s+)?(?:happen|c[ao]me|arriv|chang|work|mov)",
    r"""\b(?:got|received|get|getting|see|seen|seeing|heard|shows?|there(?:['’]s|\s+is|\s+was)|still|with)\s+(?:back\s+)?
        (?:nothing|no\s+(?:reply|answer|response|reaction|reward|money|refund|confirmation|interest|sign|trace|result
        |success|effect|such\s+(?:option|button|page)|code|otp|credit|news)\b)""",
    # "still pending", "still shows", "still isn't"
    r"""\bstill\s+(?:not|nothing|no\b|pending|waiting|missing|stuck|on\s+hold|in\s+process\w*|processing|under\s+\w+
        |shows?|showing|says|charg\w+|deduct\w+|the\s+(?:old|same)|(?:was|is|has|have|did|does|are|ca)\s?n['’o]?t)\b""",
    r"\b(?:has|have|is|are|did|does)n['’]?t\s+still\b",
    # "although it was off"
    r"\b(?:although|and\s+yet|even\s+though|though\s+(?:I|we|you|it|my|our|your|the)|despite|in\s+spite\s+of)\b",
    # "but the fee you took"
    r"""\b(?:but|yet|and\s+(?:now|yet))\s+(?:\w+\s+){0,5}?(?:took|taken|charged?|shows?|showed|demands?|deducted|failed
        |cut|rejected|declined|refused|credited|(?:got|received|paid)\s+(?:me\s+)?(?:only|less|just)
        |only\s+(?:got|received))\b""",
    # "charged twice", "received less than I should"
    r"""\b(?:charged|took|taken|deducted|cut|paid|credited|got|received|shows?|showed|gave|added|sent|booked|renewed)\b
        [^.?!\n]{0,50}\b(?:instead\s+of|rather\s+than|when\s+I\s+(?:only|just|made|had|have|never|did)
        |(?:less|more)\s+than\s+(?:I|it|you|what|the|my)|too\s+(?:much|little|many|few)|wrongly|by\s+mistake
        |again|twice)\b""",
    # "shows a wrong amount", "is missing"
    r"""\b(?:shows?|showed|showing|has|have|had|got|received|sent|gave|is|was|are|were|seems?|looks?)\s+
        (?:me\s+|up\s+)?(?:the\s+|a\s+|an\s+)?(?:wrong|incorrect|missing)\b""",
    r"\b(?:the|a|an)\s+(?:wrong|incorrect)\s+\w|\bwrongly\b|\b(?:mistake|error)\s+(?:in|on|with)\s+(?:my|the)\b",
    # "I was told 2 %", "you say one day, but"
    r"""\b(?:told|promised|assured)\s+(?:me|us)\b(?!\s+(?:about|of|to)\b)
        |\b(?:was|were|been)\s+(?:told|promised|assured)\b
        |\b(?:you|they)\s+(?:say|said|write|wrote|promised?)\b[^.?!\n]{3,80}(?:;|\bbut\b|\byet\b|\band\s+(?:now|yet)\b)""",
    # "was rejected", "keeps failing"
    r"""\b(?:was|were|been|is|are|got|gets|has|have|keeps?(?:\s+(?:being|getting))?)\s+(?:\w+\s+)?(?:rejected|declined
        |refused|denied|fail(?:ed|ing|s)|stuck|delayed|reversed|bounced|overdue)\b|\block(?:ed|s)\s+me\s+out\b""",
)
_WENT_WRONG = Patterns({at: re.compile(sign, re.IGNORECASE | re.VERBOSE) for at, sign in enumerate(_SIGNS)})
# What is said after these is imagined, and not told.
_SUPPOSED = re.compile(r"\b(?:(?<!as\s)(?<!even\s)if|in\s+case|unless|suppose|supposing|what\s+happens)\b", re.I)
_ASKED_WHETHER = re.compile(r"\b(?:check|know|see|tell\s+me|wonder(?:ing)?|ask(?:ed|ing)?|sure)\s+$", re.I)
_BEFORE = 40  # characters in which that is looked for, or each "if" of a thousand would read all before it once more


def check(reply: Candidate) -> Iterator[Finding]:
    for sentence in sentences(reply.message):
        asked = _WENT_WRONG.worth_asking(small_letters(sentence))
        signs = [sign.start() for _, pattern in asked if (sign := pattern.search(sentence))]
        if signs and not _imagined(sentence[: min(signs)]):
            yield Finding(
                guard="disputed",
                what="The customer writes that something did not go as it should, and a rule is no answer to that.",
                todo="Look at this customer's case before you answer.",
                words=" ".join(sentence.split()),
            )
            return


def _imagined(before: str) -> bool:
    """Whether all that follows is supposed. Who asks us to check if something is so does not suppose it."""
    before = " ".join(before.split())  # or blanks of other widths would take what was asked out of reach
    supposed = (found.start() for found in _SUPPOSED.finditer(before))
    return any(not _ASKED_WHETHER.search(before, max(0, at - _BEFORE), at) for at in supposed)
