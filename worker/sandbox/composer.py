"""Composes an answer from the sources in a prompt: whole sentences, word for word, each with its source's id.

Not a language model: it compares words. A question that shares too little with every source is left unanswered, as a
careful model would. Pure; `groq` calls it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from worker.sandbox.prompt import Block, Prompt, sentences

_WORD = re.compile(r"[A-Za-z\u0900-\u097f]+\+?|\d[\d,.]*\d|\d")
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
)
_ALSO = {other: word for word, others in _SAME for other in others.split()}
_ENOUGH = 0.22  # share of a question's weighted words that the chosen template must have
_CLOSE = 0.55  # the same for a passage's sentence that is added to a template
_ALONE = 0.4  # and for one that answers alone
_FIRST = 1.15  # the first template is the one that was searched for


def stem(word: str) -> str:
    """A light cut of English endings, so that "withdrawals" and "withdraw" meet."""
    word = _ALSO.get(word, word)
    for ending in ("ations", "ation", "ings", "ing", "als", "al", "ies", "ied", "es", "ed", "ly", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


def content(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order; "IM+" stays apart from "IM"."""
    words = (w.casefold() for w in _WORD.findall(text))
    return [stem(w) for w in words if w not in _STOP and (len(w) > 1 or w.isdigit())]


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
        said: list[set[str]] = []
        answers = []
        for question in self._prompt.questions:
            chosen = self._answer(question, said)
            answers.append({"question": question.id, "sentences": [{"text": t, "sources": [s]} for t, s in chosen]})
        return {"language": "en", "answers": answers}

    def _answer(self, question: Block, said: list[set[str]]) -> list[tuple[str, str]]:
        asked = set(content(question.text))
        best = self._best_template(asked)
        out: list[tuple[str, str]] = []
        if best is not None:
            out = self._fresh(((s, best.id) for s in sentences(best.text)), said)
            if not out:  # all of it was said under an earlier question: that one answers both
                out = [(sentences(best.text)[0], best.id)]
        limit, least = (2, _CLOSE) if best is not None else (3, _ALONE)
        return out + self._fresh(self._from_passages(asked, least), said, limit)

    def _best_template(self, asked: set[str]) -> Block | None:
        scored = [
            (self._share(asked, content(f"{t.title} {t.text}"), content(t.title)) * (_FIRST if n == 0 else 1.0), -n, t)
            for n, t in enumerate(self._prompt.templates)
            if t.text
        ]
        score, _, best = max(scored, key=lambda s: s[:2], default=(0.0, 0, None))
        return best if score >= _ENOUGH else None

    def _from_passages(self, asked: set[str], least: float) -> list[tuple[str, str]]:
        scored = []
        for passage in self._prompt.passages:
            about = set(content(passage.title))
            for text in sentences(passage.text):
                words = set(content(text))
                share = self._share(asked, words | about, [])
                if share >= least and len(words & asked) >= 2:
                    scored.append((share, text, passage.id))
        return [(text, source) for _, text, source in sorted(scored, key=lambda s: -s[0])]

    def _share(self, asked: set[str], words: Iterable[str], title: Iterable[str]) -> float:
        """Weighted share of the asked words that are there; those in the title count half as much again."""
        total = sum(self._weight(w) for w in asked)
        if not total:
            return 0.0
        shared, named = asked.intersection(words), asked.intersection(title)
        return (sum(map(self._weight, shared)) + 0.5 * sum(map(self._weight, named))) / total

    def _weight(self, word: str) -> float:
        return math.log(1 + (self._documents + 1) / (self._in.get(word, 0) + 0.5))

    @staticmethod
    def _fresh(candidates: Iterable[tuple[str, str]], said: list[set[str]], limit: int = 99) -> list[tuple[str, str]]:
        """Those that say something new; what is taken counts as said."""
        out: list[tuple[str, str]] = []
        for text, source in candidates:
            words = set(content(text))
            if len(out) < limit and not any(len(words & s) > 0.7 * len(words) for s in said):
                out.append((text, source))
                said.append(words)
        return out
