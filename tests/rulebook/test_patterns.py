"""A lead's regular expression meets any mail that a stranger cares to write."""

from __future__ import annotations

import pytest

from worker.rulebook.patterns import MOST_CHARACTERS, Unsafe, compiled


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a*b", "no upper end"),
        ("(a+)+$", "no upper end"),
        ("a{3,}", "no upper end"),
        (r"(a)\1", "refers back"),
        (r"(a)?(?(1)b|c)", "refers back"),
        ("(?:a{0,40}){0,40}b", "too many ways"),
        (".{0,40}x.{0,40}y.{0,40}z", "too many ways"),
        ("(?:(?:(?:x{0,100}){0,100}){0,100}){0,100}", "too many ways"),
        ("(?:(?:a|a){0,20}){0,20}b", "too many ways"),
        ("x{0,500}y", "repeats something up to 500 times"),
        ("x{0,3}", "fits an empty text"),
        ("(", "no regular expression"),
        ("a" * (MOST_CHARACTERS + 1), "characters"),
    ],
)
def test_patterns_that_a_long_mail_could_make_slow_are_refused(pattern, why):
    with pytest.raises(Unsafe, match=why):
        compiled(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\b(?:file|lodge) (?:a )?case\b", "I will LODGE a case"),
        (r"(?<!\bif )\bhacked\b", "was hacked"),
        (r"\bpaid.{0,40}\b(?:twice|two times)\b", "I paid it two times"),
        (r"(?>ab?)c", "abc"),
        (r"[a-c]{2,9}z", "abcz"),
    ],
)
def test_patterns_that_leads_need_are_taken(pattern, text):
    assert compiled(pattern).search(text)
