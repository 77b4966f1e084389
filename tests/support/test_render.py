"""The mail that leaves: greeting, paragraphs, lists and links, and nothing that a model could smuggle in."""

import re
import unicodedata

import pytest

from worker.intake.mailtext import clean
from worker.models import Part, Sentence
from worker.support import bodies
from worker.support.bodies import body_hash, plain
from worker.support.render import Letter, clean_html, host_allowed, render, render_text

LETTER = Letter("Hi Asha,", "Warm regards,\nThe Peerwell support team", ("help.peerwell.example",))


def a_part(*texts: str) -> Part:
    return Part(question="?", sentences=tuple(Sentence(text=t) for t in texts))


def test_greeting_paragraphs_lists_and_sign_off_are_made_by_code() -> None:
    html, text = render([a_part("You need two papers.", "- Your PAN", "- Your Aadhaar", "That is all.")], LETTER)
    assert html == (
        "<p>Hi Asha,</p><p>You need two papers.</p><ul><li>Your PAN</li><li>Your Aadhaar</li></ul><p>That is all.</p>"
        "<p>Warm regards,<br>The Peerwell support team</p>"
    )
    assert "- Your PAN\n- Your Aadhaar" in text


def test_sentences_of_one_template_paragraph_stay_together_and_its_breaks_are_kept() -> None:
    layout = "One is first. Two is second.\n\nThree is third."
    html, _ = render([a_part("One is first.", "Two is second.", "Three is third.")], LETTER, [layout])
    assert "<p>One is first. Two is second.</p><p>Three is third.</p>" in html


def test_markup_in_a_sentence_arrives_as_text() -> None:
    html, _ = render([a_part("See <script>alert(1)</script> & <img src=x onerror=y>.")], LETTER)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_only_links_of_the_list_become_links() -> None:
    html, _ = render([a_part("See https://help.peerwell.example/tax. Not https://evil.example/tax.")], LETTER)
    assert '<a href="https://help.peerwell.example/tax">' in html
    assert 'href="https://evil' not in html


def test_a_host_that_only_looks_right_is_refused() -> None:
    for url in (
        "http://help.peerwell.example/",
        "https://help.peerwell.example.evil.example/",
        "https://help.peerwell.example@evil.example/",
        "https://help.peerwell.example:8443/",
        "https://xhelp.peerwell.example.co/",
        "https://help.peerwell.example:99999/tax",
        "https://help.peerwell.example:port/tax",
        "https://[help]",
        "https://[help.peerwell.example]/login",
        "https://[::1",
    ):
        assert not host_allowed(url, ["help.peerwell.example"]), url
    assert host_allowed("https://a.help.peerwell.example/x", ["help.peerwell.example"])


@pytest.mark.parametrize(
    "link", ["https://[help]", "https://[your-bank]/login", "https://help.peerwell.example:99999/x", "http://[::1"]
)
def test_a_link_that_cannot_be_read_as_one_stays_words(link: str) -> None:
    for html, text in (render([a_part(f"See {link} for more.")], LETTER), render_text(f"See {link} now.", LETTER)):
        assert link in html
        assert link in text
        assert "<a" not in html
    assert clean_html(f'<a href="{link}">x</a>', LETTER.link_hosts) == "<a>x</a>"


def test_the_last_look_takes_out_whatever_is_not_on_the_allowlist() -> None:
    dirty = (
        '<p onclick="x()">Hi<img src="https://evil.example/p.png"><a href="javascript:x()">a</a><style>p{}</style></p>'
    )
    assert clean_html(dirty, ["help.peerwell.example"]) == "<p>Hi<a>a</a></p>"


def test_what_a_reviewer_typed_gets_the_same_light_formatting() -> None:
    html, _ = render_text("First line.\n\n1. One\n2. Two", LETTER)
    assert "<p>First line.</p><ol><li>One</li><li>Two</li></ol>" in html


def test_a_server_that_wraps_and_reformats_a_body_does_not_change_its_hash() -> None:
    ours, _ = render([a_part("It costs 1 % – see https://help.peerwell.example/x.", "- a", "- b")], LETTER)
    theirs = "<div>\n" + ours.replace("<p>", '<p dir="ltr">\n').replace("–", "&ndash;") + "\n</div>"
    assert body_hash(theirs) == body_hash(ours)
    assert body_hash(ours.replace("1 %", "2 %")) != body_hash(ours)


def test_plain_keeps_words_apart_that_tags_kept_apart() -> None:
    assert plain("<p>one</p><p>two<br>three</p>") == "one two three"


@pytest.mark.parametrize("said", ["<", "<a", "<br", "</p x", "<!--"])
def test_what_could_be_a_tag_is_looked_through_once(said: str) -> None:
    text = said * (6_000 // len(said))
    assert plain(f"{text}<p>one</p>").endswith("one")
    for pattern in (bodies._TAGS, bodies._BREAKS):
        begun = re.compile(pattern.pattern.removesuffix(">"), pattern.flags)
        tried = (begun.match(text, at) for at in range(len(text)))
        assert sum(len(match.group()) for match in tried if match) <= 2 * len(text)


@pytest.mark.parametrize("mark", ["\u0315\u0300", "\u0f73"])
def test_of_a_heap_of_accents_on_one_letter_no_more_are_put_in_order_than_any_language_has(mark: str) -> None:
    for text in (clean("I paid" + mark * 500 + " twice"), plain("I paid" + mark * 500 + " twice")):
        assert len(unicodedata.normalize("NFD", text)) < 120
        assert text.endswith(" twice")
    hindi = "\u092e\u0941\u091d\u0947\u092c\u0924\u093e\u0907\u090f\u0915\u093f" * 10
    assert clean(hindi) == unicodedata.normalize("NFC", hindi)
