"""Composes an answer from the sources in a prompt: whole sentences, word for word, each with its source's id.

Not a language model: it compares words. A question that shares too little with every source is left unanswered, as a
careful model would. Pure; `groq` calls it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Any

from worker.sandbox.prompt import Block, Prompt, sentences

_WORD = re.compile(r"[A-Za-z\u0900-\u097f]+\+?|\d[\d,.]*\d|\d")
_LIST = re.compile(r"\s*(?:\||[-*•]|\d{1,2}[.)])")
_STOP = frozenset(
    "a about after all also am an and any are as at be been before but by can could did do does for from get had has "
    "have hello hi how i if in into is it its just know let like may me mail more my need no not now of on or our out "
    "please pls regards say see should so some sir madam dear team tell thank thanks that the their them then there "
    "these they this to up us was we were what when where which who why will with would you your yours ji hai ka ki ke "
    "ko se mein aur kya main mera meri mere hoon hain tha thi bhi toh".split()
)
# The customers' other words for what sources say in English.
_SAME = (
    ("money", "paisa paise rupaye fund funds"),
    ("withdraw", "nikala nikalna nikal redeem redemption"),
    ("day", "kab din"),
    ("interest", "byaj"),
    ("account", "khata"),
    ("reach", "credited arrive"),
    ("fee", "charge charges cost costs"),
    ("relationship", "rm"),
    ("tenure", "tenor"),
    ("maximum", "most max"),
    ("minimum", "least min"),
)
_ALSO = {other: word for word, others in _SAME for other in others.split()}
_ENOUGH = 0.25  # share of a question's weighted words that the chosen template must have
_ENOUGH_OF_ONE = 0.1  # where a single template and no passage is given: somebody else chose it already
_CLOSE = 0.7  # the same for a passage's sentence that is added to a template
_ALONE = 0.4  # and for one that answers alone
_FIRST = 1.15  # the first template is the one that the search liked best
_FIRST_AND_ONLY = 1.5  # all the more where the mail asks one thing
_NOWHERE = 1.5  # weight of a word that no source holds: either chatter or something that nobody covers


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light cut of English endings, so that "withdrawals" and "withdraw" meet."""
    word = _ALSO.get(word, word)
    for ending in (
        "ations",
        "ation",
        "ities",
        "ity",
        "ings",
        "ing",
        "als",
        "al",
        "ies",
        "ied",
        "es",
        "ed",
        "ly",
        "s",
        "y",
        "e",
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def content(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order; "IM+" stays apart from "IM"."""
    words = (w.casefold() for w in _WORD.findall(text))
    return [stem(w) for w in words if w not in _STOP and (len(w) > 1 or w.isdigit())]


@dataclass(frozen=True)
class Said:
    text: str
    source: str
    words: frozenset[str]

    @classmethod
    def of(cls, text: str, source: str) -> Said:
        return cls(text, source, frozenset(content(text)))

    def repeats(self, other: Said) -> bool:
        """The same again, or another source's way of putting it; other numbers make it something new."""
        if self.text == other.text:
            return True
        new = self.words - other.words
        return self.source != other.source and len(new) < 0.3 * len(self.words) and not any(w[0].isdigit() for w in new)


class Composer:
    """One prompt's worth of weights: words that few sources hold count more."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        documents = [set(content(f"{b.title} {b.text}")) for b in (*prompt.templates, *prompt.passages)]
        self._documents = len(documents)
        self._in: dict[str, int] = {}
        for document in documents:
            for word in document:
                self._in[word] = self._in.get(word, 0) + 1

    def compose(self) -> dict[str, Any]:
        """{"language", "answers": [{"question", "sentences": [{"text", "sources"}]}]}; no sentences: cannot answer."""
        questions = self._prompt.questions
        asked = [set(content(q.text)) for q in questions]
        chosen = [
            self._best_template(words, q.found, small_talk=len(words) <= 3 and "?" not in q.text)
            for words, q in zip(asked, questions, strict=True)
        ]
        for n, question in enumerate(questions[1:], 1):
            # "Where does it go?": no word of its own, but what was found for it first is what the last one is about.
            if chosen[n] is None and (before := chosen[n - 1]) and question.found[:1] == (before.id,):
                chosen[n] = before
        shares = self._dealt(asked, chosen)
        told: list[Said] = []
        answers = []
        for n, question in enumerate(questions):
            limit, least = (2, _CLOSE) if chosen[n] is not None else (3, _ALONE)
            own = _fresh(shares[n], told)
            more = _fresh(self._from_passages(asked[n], least), told, limit)
            said = [{"text": s.text, "sources": [s.source]} for s in own + more]
            answers.append({"question": question.id, "sentences": said})
        return {"language": "en", "answers": answers}

    def _dealt(self, asked: list[set[str]], chosen: list[Block | None]) -> list[list[Said]]:
        """Each question's sentences of its template. Questions that chose the same one share its sentences out, in runs
        that keep the template's order."""
        dealt: list[list[Said]] = [[] for _ in asked]
        for template in {t.id: t for t in chosen if t is not None}.values():
            askers = [n for n, t in enumerate(chosen) if t is template]
            told = [Said.of(text, template.id) for text in sentences(template.text)]
            for n, run in zip(askers, self._runs([asked[n] for n in askers], told), strict=True):
                dealt[n] = run
        return dealt

    def _runs(self, asked: list[set[str]], told: list[Said]) -> list[list[Said]]:
        """`told` cut into one run for each asker, none empty if there are enough, where the words fit best."""
        if len(told) < len(asked):
            return [told, *([] for _ in asked[1:])]

        def worth(cuts: tuple[int, ...]) -> float:
            edges = (0, *cuts, len(told))
            runs = zip(asked, edges, edges[1:], strict=False)
            return sum(self._share(words, one.words) for words, a, b in runs for one in told[a:b])

        best = max(combinations(range(1, len(told)), len(asked) - 1), key=worth)
        return [told[a:b] for a, b in pairwise((0, *best, len(told)))]

    def _best_template(self, asked: set[str], found: tuple[str, ...], *, small_talk: bool) -> Block | None:
        lone = len(self._prompt.templates) == 1 and not self._prompt.passages
        enough = _ENOUGH if not lone else 0.0 if small_talk else _ENOUGH_OF_ONE
        liked = _FIRST_AND_ONLY if found or len(self._prompt.questions) == 1 else _FIRST
        named = [t for i in found for t in self._prompt.templates if t.id == i]
        fitting = []
        for n, template in enumerate(named or self._prompt.templates):
            share = self._share(asked, content(f"{template.title} {template.text}"), content(template.title))
            if template.text and share >= enough:
                fitting.append((share * (1.0 if n else liked), -n, template))
        return max(fitting, key=lambda f: f[:2])[2] if fitting else None

    def _from_passages(self, asked: set[str], least: float) -> list[Said]:
        """The closest sentences, best first."""
        scored = []
        for passage in self._prompt.passages:
            # Steps, rows and lead-ins make no sense away from the list that they belong to.
            for text in (s for s in sentences(passage.text) if not _LIST.match(s) and not s.endswith(":")):
                one = Said.of(text, passage.id)
                share = self._share(asked, one.words)
                if share >= least and len(one.words & asked) >= 3:
                    scored.append((share, one))
        return [one for _, one in sorted(scored, key=lambda s: -s[0])]

    def _share(self, asked: set[str], words: Iterable[str], title: Iterable[str] = ()) -> float:
        """Weighted share of the asked words that are there; those in the title count half as much again."""
        total = sum(map(self._weight, asked))
        if not total:
            return 0.0
        shared, named = asked.intersection(words), asked.intersection(title)
        return (sum(map(self._weight, shared)) + 0.5 * sum(map(self._weight, named))) / total

    def _weight(self, word: str) -> float:
        there = self._in.get(word)
        return math.log(1 + (self._documents + 1) / (there + 0.5)) if there else _NOWHERE


def _fresh(candidates: Iterable[Said], told: list[Said], limit: int = 99) -> list[Said]:
    """Those that say something new; what is taken counts as told."""
    out: list[Said] = []
    for one in candidates:
        if len(out) < limit and not any(one.repeats(other) for other in told):
            out.append(one)
            told.append(one)
    return out
