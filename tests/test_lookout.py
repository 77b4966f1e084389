"""Before a pattern is looked for, the guards ask whether the text has a word that each of its matches has. Were a word
missing there, what it stands for would pass unseen."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.written_ways import ways_to_write
from worker.lookout import Patterns, has_any, needed, small_letters
from worker.rulebook import load_rulebook
from worker.rulebook.grammar import Condition
from worker.rulebook.patterns import compiled
from worker.settings import ROOT
from worker.support.guard import counterpart, disputed, folds, markup, orders, tokens, turns
from worker.support.promise_words import patterns

ODD = str.maketrans({"i": "İ", "s": "ſ", "k": "\u212a"})  # what patterns without regard to case take for these letters
Told = Callable[[str], bool]  # whether a pattern would be looked for in a text


def _any_of(words: object) -> Told:
    return lambda text: has_any(small_letters(text), words)


def _whole_word_of(fold: folds.Fold) -> Told:
    def told(text: str) -> bool:
        words = set(re.findall("[a-z]+", small_letters(text)))
        return bool(words & fold.needs) or (folds.ANY_DIGIT in fold.needs and re.search(r"\d", text) is not None)

    return told


def _asked(*groups: Patterns[Any]) -> list[tuple[re.Pattern[str], Told]]:
    return [
        (regex, lambda text, of=(patterns, name): of[1] in dict(of[0].worth_asking(small_letters(text))))
        for patterns in groups
        for name, regex in patterns.by_name.items()
        if patterns.needs[name]
    ]


def _of_rules() -> Iterator[Patterns[int]]:
    routing = load_rulebook(ROOT / "rules").routing
    for rule in (*routing.ignore, *routing.hand_over):
        for entries in _listed_patterns(rule.when):
            yield Patterns({at: compiled(entry) for at, entry in enumerate(entries)})


def _listed_patterns(condition: Condition) -> Iterator[tuple[str, ...]]:
    if condition.matches:
        yield condition.matches
    for part in (*(condition.all or ()), *(condition.any or ()), *([condition.not_] if condition.not_ else ())):
        yield from _listed_patterns(part)


LOOKED_FOR: dict[str, list[tuple[re.Pattern[str], Told]]] = {
    "amounts and links": [(fold.pattern, _any_of(fold.needs)) for fold in folds.ANYWHERE],
    "numbers, days and times": [(fold.pattern, _whole_word_of(fold)) for fold in folds.FOLDS],
    "telephone numbers": [(folds._PHONE, lambda text: tokens._PHONE_LONG.search(text) is not None)],
    "rules": _asked(*_of_rules()),
    "promises": _asked(patterns("Peerwell")),
    "cues": _asked(orders._SPEAKING_FOR, orders._SPEAKING_AGAINST),
    "what went wrong": _asked(disputed._WENT_WRONG),
    "bounds": _asked(turns._BEFORE, turns._AFTER),
    "turns": [(p, turns._may_turn) for p in (turns._TURNS, turns._FREE, turns._NO_DENIAL, turns._ASIDE, turns._UN)],
    "opposites": [
        (side, _any_of([word for word, at in counterpart._WORDS if at == i]))
        for i, pair in enumerate(counterpart.OPPOSED)
        for side in pair
    ],
    "markup": [
        (markup._MARKUP, lambda text: markup._MARKED.search(text) is not None),
        (markup._LINK, lambda text: markup._LINKED.search(small_letters(text)) is not None),
        (markup._HOST, lambda text: markup._DOTTED.search(text) is not None),
    ],
}


@pytest.mark.parametrize("what", LOOKED_FOR)
def test_whatever_a_pattern_finds_it_is_looked_for(what: str) -> None:
    for pattern, told in LOOKED_FOR[what]:
        ways = [text for way in ways_to_write(pattern) for text in (way, f"5 {way} ", way.upper(), way.translate(ODD))]
        texts = [text for text in ways if pattern.search(text)]
        assert texts, f"no way to write {pattern.pattern} is known here"
        assert [text for text in texts if not told(text)] == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\bmy (?:wife|husband)\b.{0,30}\bdied\b", {"died"}),
        (r"\b(?:hacked|hijacked)\b", {"acked"}),
        (r"\b(?:lawyers?|solicitors?) (?:will|shall)\b", {"lawyer", "solicitor"}),
        (r"(?:charged|billed)+ (?:\w{1,9} )?twice", {"twice"}),
        (r"unauthori[sz]ed", {"unauthori"}),
        ("PAYÉ", {"payé"}),
        (r"(?x) stop \s writing # to me", {"writing"}),
        (r"(?:refund)?\d{3}", set()),
        (r"(?:refund){0,3}\d", set()),
        (r"(?:refund|\d{3})", set()),
        (r"[^a-f]{2}(?!refund)", set()),
        ("[a-z]x?", set()),
    ],
)
def test_the_words_of_a_pattern_are_those_that_fewest_texts_have(pattern, words):
    assert set(needed(re.compile(pattern, re.I))) == words


@pytest.mark.parametrize(
    ("pattern", "text"), [("i\u0307ptal", "i\u0307ptal"), ("\u0307yy", "i\u0307yy"), ("İstan", "i\u0307stan")]
)
def test_a_dot_that_is_taken_off_a_letter_loses_no_match(pattern, text):
    patterns = Patterns({"it": re.compile(pattern, re.I)})
    assert dict(patterns.worth_asking(small_letters(f"Please: {text} now")))


def test_letters_that_a_pattern_takes_for_others_are_taken_for_them_here() -> None:
    every = map(chr, range(0xD800))
    plain = re.compile("[a-z]", re.I)
    odd = [char for char in every if not char.isascii() and plain.match(char)]
    assert {"ı", "İ", "ſ", "\u212a"} <= set(odd)
    for char in odd:
        [meant] = [letter for letter in map(chr, range(ord("a"), ord("z") + 1)) if re.fullmatch(letter, char, re.I)]
        assert small_letters(char) == meant
