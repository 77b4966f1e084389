"""Before a pattern is looked for, the guards ask whether the text has a word that each of its matches has. Were a word
missing there, what it stands for would pass unseen."""

import re
from collections.abc import Callable

import pytest

from tests.written_ways import ways_to_write
from worker.support.guard import counterpart, folds, markup, orders, tokens, turns
from worker.support.lookout import has_any, small_letters
from worker.support.promise_words import NEEDS, patterns

Told = Callable[[str], bool]  # whether a pattern would be looked for in a text


def _any_of(words: object) -> Told:
    return lambda text: has_any(small_letters(text), words)


def _whole_word_of(fold: folds.Fold) -> Told:
    def told(text: str) -> bool:
        words = set(re.findall("[a-z]+", small_letters(text)))
        return bool(words & fold.needs) or (folds.ANY_DIGIT in fold.needs and re.search(r"\d", text) is not None)

    return told


def _bounds(bounds: object) -> list[tuple[re.Pattern[str], Told]]:
    return [(pattern, _any_of(words)) for _, pattern, words in bounds]


LOOKED_FOR: dict[str, list[tuple[re.Pattern[str], Told]]] = {
    "amounts and links": [(fold.pattern, _any_of(fold.needs)) for fold in folds.ANYWHERE],
    "numbers, days and times": [(fold.pattern, _whole_word_of(fold)) for fold in folds.FOLDS],
    "telephone numbers": [(folds._PHONE, lambda text: tokens._PHONE_LONG.search(text) is not None)],
    "promises": [(pattern, _any_of(NEEDS[name])) for name, pattern in patterns("Peerwell").items()],
    "cues": [(pattern, _any_of(words)) for pattern, words in orders._LOOKED_FOR.values() if words],
    "bounds": _bounds([*turns._BEFORE, *turns._AFTER]),
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
        texts = [text for way in ways_to_write(pattern) for text in (way, f"5 {way} ") if pattern.search(text)]
        assert texts, f"no way to write {pattern.pattern} is known here"
        assert [text for text in texts if not told(text)] == []


def test_letters_that_a_pattern_takes_for_others_are_taken_for_them_here() -> None:
    every = map(chr, range(0xD800))
    plain = re.compile("[a-z]", re.I)
    odd = [char for char in every if not char.isascii() and plain.match(char)]
    assert {"ı", "İ", "ſ", "\u212a"} <= set(odd)
    for char in odd:
        [meant] = [letter for letter in map(chr, range(ord("a"), ord("z") + 1)) if re.fullmatch(letter, char, re.I)]
        assert small_letters(char) == meant
