"""Words that say nothing of the matter, and words that say the same: what free wording may change without harm.

Not a guard itself: evidence.py folds with these before it compares. Words that say the same are folded for finding the
place in a source only; bounds, denials and hard tokens are compared by what they are. Synonyms of daily speech, none of
this or that knowledge base.
"""

from __future__ import annotations

from worker.support.guard.content import COMMON, stem

EMPTY = COMMON | frozenset(
    """
    able note good know question kindly our please simply actually really certainly course sure surely yes
    unfortunately afraid sorry happy glad happily keep mind remember bear though although however therefore thus hence
    otherwise instead again still even well normally nothing something everything provided anybody nobody everybody
    anyone everyone someone else way ways case means mean reason because since while whether until unless that's it's
    you'll you're we'll we're i'm next would could might must shall fine right like whatever whichever look looks far
    long belong belongs turn turned turns apply applies applied happen happens happened roughly approximately come
    comes coming go goes total overall full fully simple thing things quite exactly rather later earlier much many lot
    usually generally typically
    often yourself worth anything lots mentioned asked wrote themselves itself along together currently
    """.split()
)
# A word, and those that say the same: as they stand, or folded already.
_SAME = {
    "reach": "arrive",
    "choose": "select pick tap chosen chose",
    "start": "begin commence join begun",
    "mail": "email",
    "need": "require",
    "pay": "payout paid",
    "work": "business valid",
    "please": "kindly",
    "extra": "additional further",
    "cost": "charge fee free gratis price collect",
    "return": "earn",
    "ask": "request",
    "possible": "permit allow",
    "minimum": "smallest least lowest",
    "maximum": "largest highest most limit cap",
    "try": "attempt tries trie",
    "people": "person anyone",
    "money": "cash",
    "reason": "purpose",
    "receive": "obtain given",
    "send": "sent",
    "take": "took taken deduct",
    "sell": "sold sale",
    "buy": "bought buyer",
    "lend": "lent",
    "keep": "kept held hold",
    "invest": "put",
    "withdraw": "redeem withdrawal withdrew",
    "over": "end past",
    "finish": "complete",
    "newest": "latest current",
    "change": "update modify alter edit replace",
    "mobile": "phone telephone",
    "document": "paper proof",
    "check": "verify verification examine review",
    "spread": "distribute",
    "repay": "repaid repayment",
    "process": "handle",
    "year": "yearly annual",
    "sign": "login log",
    "wife": "spouse husband",
    "loss": "lose lost losse",
}
# A word with its denial in it, and without: turns.py reads "not valid" for "invalid".
DENYING = {
    f"un{word}": word
    for word in (
        "available encrypted used worn opened paid verified signed secured safe successful restricted finished read"
        " sold damaged registered confirmed authorised authorized"
    ).split()
} | {
    f"in{word}": word
    for word in "valid correct complete active eligible sufficient accurate visible secure applicable".split()
}
ALIKE = {form: stem(one) for one, words in _SAME.items() for word in words.split() for form in (word, stem(word))}
ALIKE |= {form: ALIKE.get(stem(plain), stem(plain)) for word, plain in DENYING.items() for form in (word, stem(word))}
