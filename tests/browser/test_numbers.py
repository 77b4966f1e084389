"""The numbers and the pages on the service in a real browser: accessible, on a phone, and their pictures drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from tests.browser.conftest import Served, complaints
from tests.console.history import write_history

pytestmark = pytest.mark.browser


def sign_in(page, console: Served) -> None:
    page.goto(console.link("maya", "admin"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{console.home}/")


def test_axe_finds_nothing_to_complain_about_in_numbers_by_day(page, console: Served):
    """test_every_page.py looks at the same history in the dark, and at the pages on the service by day."""
    sign_in(page, console)
    write_history(console.ledger, datetime.now(UTC), days=90, per_day=8, templates=52)
    page.goto(f"{console.home}/numbers?days=90")
    for fold in page.locator("summary").all():
        fold.click()
    assert complaints(page) == []


def test_the_pictures_are_drawn_to_scale_and_say_their_figures(page, console: Served):
    write_history(console.ledger, datetime.now(UTC), days=28, per_day=12, templates=4)
    sign_in(page, console)
    page.goto(f"{console.home}/numbers?days=28")
    pictures = page.locator("svg.columns-picture", has=page.locator("desc", has_text="on one day")).all()
    most = [
        int(re.findall(r"at most (\d+) on", picture.locator("desc").text_content() or "")[0]) for picture in pictures
    ]
    assert len(pictures) == 4
    for picture, of_this in zip(pictures, most, strict=True):
        frame = picture.bounding_box()
        drawn = [box for column in picture.locator(".value").all() if (box := column.bounding_box())]
        assert frame is not None
        highest = max((box["height"] for box in drawn), default=0)
        assert highest == pytest.approx(frame["height"] * of_this / max(most), abs=2)  # all four are on one scale
        assert all(box["y"] + box["height"] == pytest.approx(frame["y"] + frame["height"], abs=2) for box in drawn)
    assert len(page.get_by_role("img", name=re.compile("^Sent ")).locator(".value").all()) > 20
    bar = page.locator("#templates ~ .scroll .bar-picture").first
    whole = bar.bounding_box()
    pieces = [box for piece in bar.locator("rect").all() if (box := piece.bounding_box())]
    assert whole is not None
    assert sum(box["width"] for box in pieces) == pytest.approx(whole["width"], abs=2 + 2 * len(pieces))
    assert len({piece.evaluate("e => getComputedStyle(e).fill") for piece in bar.locator("rect").all()}) == len(pieces)


def test_a_table_is_downloaded(page, console: Served):
    write_history(console.ledger, datetime.now(UTC), days=7, per_day=4, templates=2)
    sign_in(page, console)
    page.goto(f"{console.home}/numbers?days=7")
    with page.expect_download() as started:
        page.get_by_role("link", name="Day by day as CSV").click()
    assert started.value.suggested_filename.startswith("deskhand-days-")
    assert len(started.value.path().read_text(encoding="utf-8-sig").splitlines()) == 8
