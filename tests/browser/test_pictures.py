"""The pictures of the documentation, made from the sample tickets as `make run` shows them.

Each run makes them anew somewhere else; `make pictures` puts them in their place (DESKHAND_PICTURES).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.office import Office
from tests.stack.running import wait_until
from worker.adapters.store.ledger import SqlLedger
from worker.console.people import add_user, sign_in_link
from worker.models import Case
from worker.sandbox.samples import read_samples
from worker.settings import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.stack]

MODEST = 300_000  # bytes
SHOWN = ("queue", "case", "numbers", "lessons", "numbers-dark", "queue-phone")


def test_the_pictures_in_the_documentation_can_be_made_from_the_sample_tickets(
    chromium, office: Office, tmp_path: Path
):
    ledger, home = office.ledger, office.home
    office.samples_are_drafted()
    folder = Path(os.environ.get("DESKHAND_PICTURES") or tmp_path)
    add_user(ledger.users, "maya", "reviewer", None)

    def browse(
        name: str, path: str, width: int = 1280, height: int = 860, scheme: str = "light", key: str = ""
    ) -> None:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.goto(sign_in_link(ledger.users, "maya", home))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{home}/")
        page.goto(home + path)
        page.wait_for_load_state("load")
        if key:
            page.keyboard.press(key)
        page.screenshot(path=str(folder / f"{name}.png"))
        context.close()

    shown = _held(ledger, "long-mail-three-questions")
    browse("queue", "/")
    browse("case", f"/cases/{shown.case_id}", height=1060, key="s")
    browse("queue-phone", "/", width=390, height=844)
    edited = _work_through(chromium, ledger, home)
    wait_until(lambda: not ledger.cases.counts()["approved"], "the approved replies have left")
    browse("numbers", "/numbers?days=7", height=1400)
    browse("lessons", f"/lessons?template={edited}&days=7", height=520)
    browse("numbers-dark", "/numbers?days=7", scheme="dark")
    for name in SHOWN:
        assert 8_000 < (folder / f"{name}.png").stat().st_size < MODEST, name


def test_every_picture_that_is_committed_is_one_that_can_be_made_anew():
    committed = {path.stem for path in (ROOT / "docs" / "pictures").glob("*")}
    assert committed == set(SHOWN)


def _held(ledger: SqlLedger, key: str) -> Case:
    """The case of that sample: two of its three questions can be answered, and the page says which one is left."""
    subject = next(sample.subject for sample in read_samples() if sample.key == key)
    return next(row.case for row in ledger.reviews.held(limit=100) if row.case.subject == subject)


def _work_through(chromium, ledger: SqlLedger, home: str) -> str:
    """Some decisions, so that there is something to count: approved as they are, edited, rejected. The template of one
    that was edited."""
    edited = ""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(sign_in_link(ledger.users, "maya", home))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{home}/")
    csrf = page.locator("form[action='/logout'] input[name=csrf]").input_value()
    for number, row in enumerate(ledger.reviews.held(limit=8)):
        case_id = row.case.case_id
        page.goto(f"{home}/cases/{case_id}")
        page.wait_for_load_state("networkidle")
        form = {"csrf": csrf, "draft_id": ledger.cases.drafts(case_id)[-1][0]}
        if number % 4 == 1:
            text = page.locator("#text").input_value() + "\n\nThank you for your patience."
            page.request.post(f"{home}/cases/{case_id}/edit", form=form | {"text": text})
            edited = row.template_id
        draft_id, draft, _ = ledger.cases.drafts(case_id)[-1]
        form |= {"draft_id": draft_id, "body_hash": draft.body_hash}
        if number % 4 == 3:
            form["reason"] = "The customer has called in the meantime."
            page.request.post(f"{home}/cases/{case_id}/reject", form=form)
        else:
            page.request.post(f"{home}/cases/{case_id}/approve", form=form)
    context.close()
    return edited
