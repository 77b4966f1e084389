"""A mail of many lines that look alike is looked through once, not once more from each of its lines or characters."""

from __future__ import annotations

import re
from typing import Any

import pytest

from worker.intake.mailtext import headers, html, read, signatures

MANY = 1_000


class Counted:
    """A pattern, and how often it was asked."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.asked = 0

    def match(self, *where: Any) -> re.Match[str] | None:
        self.asked += 1
        return self._pattern.match(*where)


class Line(str):
    """A line that knows how often it was looked at."""

    looks = 0

    def strip(self, chars: str | None = None) -> str:
        Line.looks += 1
        return super().strip(chars)


@pytest.mark.parametrize(
    "mail",
    [
        "-----\nfoo\n" * MANY,
        "-----\na@b.example\n" * MANY,
        "-----\n=====\n" * MANY + "foo\n" * 20,
        "-----\n\n" * MANY + "x?",
    ],
)
def test_what_stands_below_each_of_many_rules_is_not_read_for_each_of_them(
    mail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = Counted(signatures._WEAK)
    monkeypatch.setattr(signatures, "_WEAK", weak)

    read("", mail)

    assert 0 < weak.asked <= 3 * mail.count("\n")


@pytest.mark.parametrize("lines", [15, 16])
def test_a_signature_has_at_most_fifteen_lines_however_many_rules_stand_between_them(lines: int) -> None:
    mail = "What is the fee?\n-----\n" + "=====\n\nasha@x.example\n" * lines
    assert (read("", mail).now == "What is the fee?") is (lines == 15)


def test_a_rule_above_a_quoted_mail_parts_off_what_stands_between_the_two() -> None:
    quoted = "On Mon, 2 Nov 2026 at 10:12, Support <support@peerwell.example> wrote:\n" + "> We answer.\n" * 20
    assert read("", f"What is the fee?\n-----\nasha@x.example\n{quoted}").now == "What is the fee?"


def test_what_stands_below_each_of_many_sign_offs_is_read_as_far_as_one_can_go() -> None:
    Line.looks = 0
    lines = [Line("Thanks") for _ in range(MANY)]

    assert len(signatures.without_closing(lines)) == MANY - 9
    assert 0 < Line.looks <= 10 * MANY


@pytest.mark.parametrize("drawn", ["-", "_", "=", "—", "- ", "--*", "*-"])
def test_the_words_of_a_separator_are_looked_for_once_in_a_line_of_dashes(
    drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = Counted(headers._NAMED)
    monkeypatch.setattr(headers, "_NAMED", named)

    assert not headers.separator((drawn * 200)[:199])
    assert named.asked <= 1


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("-----Original Message-----", True),
        ("=-=- * * Original Message:", True),
        ("**--** Forwarded message --", True),
        ("* -- *- Original Message", False),  # one dash is a mark of a list
        ("** ** Original Message", False),
        ("Original Message", False),
    ],
)
def test_a_separator_has_two_marks_of_a_rule_side_by_side_before_its_words(line: str, begins: bool) -> None:
    assert headers.separator(line) is begins


@pytest.mark.parametrize("unclosed", ["<p", "<!--", "<a href='", "<!--x>", "</p", "<x\n"])
def test_the_end_of_a_tag_that_nothing_ends_is_not_looked_for(unclosed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = html.BeautifulSoup

    def parsing(markup: str, parser: str) -> Any:
        parsed.append(markup)
        return parse(markup, parser)

    monkeypatch.setattr(html, "BeautifulSoup", parsing)
    seen, _ = html.seen_and_hidden("<p>When?</p>" + unclosed * MANY)

    assert seen.split() == ["When?", *(unclosed * MANY).split()]
    assert "".join(parsed).count("<") <= 3


def test_what_follows_a_tag_that_nothing_ends_stays() -> None:
    mail = "<p>Hello,</p><!-- seen --><p>is the fee for <b>x</b> &lt; y &amp; z <y, and what if it is <z?"
    assert read(mail).now == "Hello,\n\nis the fee for x < y & z <y, and what if it is <z?"
