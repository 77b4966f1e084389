"""The customer wrote in the language that templates, search and reply are in, and the reply is in it too, in plain
letters and digits.

The packaged embedding model reads English only, so what it finds for another language is luck. Letters and digits of
other scripts, raised or circled ones among them, no other guard reads: "⁹ days" is no number to them.

PASS:
  reply: A withdrawal from IM reaches your bank within 2 working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  message: Namaste, when does my withdrawal reach the bank?
FAIL:
  reply: A withdrawal from IM reaches your bank within ２ working days.
  source: A withdrawal from IM reaches your bank within 2 working days.
  message: Maine IM se paisa nikala hai, bank mein kab tak aayega?
"""

import re
import unicodedata
from collections.abc import Iterator

from worker.models import Finding
from worker.support.guard.candidate import Candidate

_WORD = re.compile(r"[^\W\d_]+")
PLAIN = frozenset("₹€£§°–—‘’“”«»•…×−·")  # besides ASCII and the letters of Latin alphabets
HALF = 0.5
# The most frequent words of each language that are no word of the others here.
_ENGLISH = frozenset(
    """
    the a an and or of to in is are was be been have has had i you your my me we it its this that for on at with from by
    as do does did can could will would should what when where which who how why not no if please there any but am
    about after before again more than they them our us so
    """.split()
)
_OTHERS = frozenset(
    """
    hai hain mein mera meri mere mujhe maine kya kab kaise kitna kitne kitni nahi nahin aur ka ki ke ko se tak hoga aap
    karna karo kar raha rahi tha thi liye kyun bhi ji yeh woh abhi paisa paise aayega aaya milega chahiye lagta hota
    der die das und ist nicht ich sie wann wie mein bitte ein eine zu mit auf kann können möchte habe haben wird werden
    für von dem kein keine wenn mich mir uns warum wieviel welche gibt lange dauert kostet guten danke konto kündigen
    le les des est je vous mon quand comment pas une dans pour sur et combien coûte bonjour souhaite savoir voudrais
    pouvez puis mes votre nous avec merci compte retrait quel quelle du au ma délai argent peux
    el los las es yo usted mi cuando como por una para en que hola quiero quisiera puedo cuánto cuesta gracias cuenta
    del mis está hay qué dónde cuál tengo dinero cambiar
    il lo gli di che è sono vorrei sapere quanto costa posso mio mia buongiorno grazie quando viene
    het een wat voor mijn hoe lang duurt kost ik wil weten hoeveel niet goedendag bij kunt
    olá gostaria custa meu minha não com obrigado conta você uma quero fechar
    dzień dobry chciałbym wiedzieć ile kosztuje czy mogę moje nie jest dla się
    hej hur mycket kostar ett jag och att det är kan får min
    """.split()
)


def english_share(text: str) -> float:
    """Of the frequent words in it that we know, the English ones; 1 where there are none."""
    words = [w.casefold() for w in _WORD.findall(text)]
    english, other = sum(w in _ENGLISH for w in words), sum(w in _OTHERS for w in words)
    return english / (english + other) if english + other else 1.0


def check(reply: Candidate) -> Iterator[Finding]:
    yield from _of_the_mail(reply)
    for i, sentence in reply.numbered():
        if (strange := _strange(sentence.text)) and (strange := strange - _of_the_sources(reply)):
            what = f"It holds letters or digits that are not plain ones ({' '.join(sorted(strange))[:40]})."
            apart = (word for word in sentence.text.split() if strange & {*word})
            words = next(apart, sentence.text)  # which has a strange blank, where no word is strange
            yield Finding(guard="language", what=what, todo="Write them anew.", sentence=i, words=words)
        if english_share(sentence.text) < HALF and _foreign(sentence.text) > 1:
            what = "A sentence is in another language than the reply."
            yield Finding(guard="language", what=what, todo="Take it out.", sentence=i, words=sentence.text)


def _of_the_sources(reply: Candidate) -> set[str]:
    """Every character that a source has."""
    return {*"".join((*(s.text + s.title for s in reply.sources.values()), *reply.facts.values()))}


def _strange(text: str) -> set[str]:
    """Characters that are no plain letter, digit or mark: other scripts, and look-alikes of ours."""
    if text.isascii():
        return set()
    return {
        char
        for char in text
        if not (
            char.isascii()
            or char in PLAIN
            or (char.isalpha() and unicodedata.name(char, "").startswith("LATIN SMALL LETTER"))
            or (char.isalpha() and unicodedata.name(char, "").startswith("LATIN CAPITAL LETTER"))
        )
    }


def _foreign(text: str) -> int:
    return sum(w.casefold() in _OTHERS for w in _WORD.findall(text))


def _of_the_mail(reply: Candidate) -> Iterator[Finding]:
    words = [w.casefold() for w in _WORD.findall(reply.message)]
    foreign_script = sum(1 for w in words if not w.isascii() and not re.fullmatch(r"[a-z\u00c0-\u024f]+", w))
    english, other = sum(w in _ENGLISH for w in words), sum(w in _OTHERS for w in words)
    if words and (foreign_script * 3 > len(words) or (other >= 2 and other > english)):
        yield Finding(
            guard="language",
            what="The mail does not seem to be in English; the search may have misread it.",
            todo="Check that the reply answers it, and answer in the customer's language if you can.",
        )
