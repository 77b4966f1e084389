"""The page of the gate, the switch, and blind reviews: what they show, who may do what, and that nothing is sent."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.builders import NOON
from tests.console.seed import Lead, a_console, a_full_trace, fields_of, hold, words_of
from worker.adapters.store.ledger import SqlLedger
from worker.console.curve import reliability
from worker.console.words import when
from worker.models import Assessed, GateMove, ReplyKind, RiskModel, Rung, Standing, Status, Treatment
from worker.support.desk import Policy

KIND = ReplyKind(template_id="im-withdrawal-time", segment="IM")
NUMBERS = {
    **{"outcomes": 400.0, "wrong": 2.0, "bound": 0.0171, "clopper_pearson": 0.0157, "quality": 41.0, "harm": 0.4},
    **{"budget": 2.0, "rated": 400.0},
}
REPORT = {
    "bins": [{"n": 300, "given": 0.01, "wrong": 0.007}, {"n": 100, "given": 0.12, "wrong": 0.15}],
    **{"calibration_error": 0.0098, "told": 400, "recent": 212, "own": 0.31},
    "alone": [[1.0, 0.12], [2.0, 0.31], [5.0, 0.8]],
    "kinds": [KIND.model_dump() | NUMBERS],
}


def a_night_was(ledger: SqlLedger) -> None:
    model = RiskModel(kind="logistic", n=400, wrong=30, intercept=-3.0, report=REPORT)
    ledger.earning.keep_model(model)
    before = Standing(kind=KIND, rung=Rung.REVIEW)
    after = Standing(kind=KIND, rung=Rung.FIVE, level=0, moved_at=NOON, opened_at=NOON)
    why = "With 95 % confidence, at most the budget of its replies is wrong."
    assert ledger.earning.step(GateMove(at=NOON, before=before, after=after, why=why, numbers=NUMBERS))


def assessed(ledger: SqlLedger, ticket_id: int, *, alone: bool, status: Status) -> str:
    trace = a_full_trace().model_copy(
        update={
            "assessed": Assessed(kind=KIND, features={"margin": 0.25}, risk=0.01, model=1, alone=alone, sampled=True)
        }
    )
    case_id = hold(ledger, ticket_id, trace=trace)
    way = [Status.HELD, Status.APPROVED, Status.SENT] if status is Status.SENT else [Status.HELD, status]
    for before, after in pairwise(way):
        assert ledger.cases.advance(case_id, before, after, None)
    return case_id


def the_text(page: str) -> str:
    area = BeautifulSoup(page, "html.parser").find("textarea", {"name": "text"})
    assert area is not None
    return area.text.lstrip("\n")


def test_a_ledger_without_history_says_that_everything_is_reviewed(ledger: SqlLedger):
    learning = a_console(ledger, policy=Policy(delivery="auto"))
    shown = words_of(Lead(learning, ledger, role="viewer").get("/gate").text)
    assert "Too little has been reviewed to say" in shown
    assert "No step has been taken yet" in shown


@pytest.mark.parametrize(
    ("policy", "reviewed"),
    [
        (Policy(delivery="auto"), True),
        (Policy(delivery="auto", gate_open=True), False),
        (Policy(delivery="review"), False),
        (Policy(delivery="shadow"), False),
    ],
    ids=["learned", "open", "review", "shadow"],
)
def test_that_all_is_reviewed_until_enough_is_known_is_said_only_of_a_gate_that_learns(
    ledger: SqlLedger, policy: Policy, reviewed: bool
):
    """An open one sends without a review from the first day; in review mode the reviews have no end."""
    shown = words_of(Lead(a_console(ledger, policy=policy), ledger).get("/gate").text)
    assert "Fifty decisions on drafts without findings are the least" in shown
    assert ("until then everything is reviewed" in shown) is reviewed


def test_a_stopped_gate_does_not_say_that_templates_may_be_sent(ledger: SqlLedger):
    ledger.earning.stop("Odd replies.", "tom")
    shown = words_of(Lead(a_console(ledger, policy=Policy(delivery="auto", gate_open=True)), ledger).get("/gate").text)
    assert "Automatic sending is off." in shown
    assert "GATE=open: unless it is stopped, every template that allows it may be sent without a review." in shown


def test_the_page_shows_what_would_leave_alone_each_kind_and_each_step_with_its_numbers(ledger: SqlLedger):
    a_night_was(ledger)
    page = Lead(a_console(ledger), ledger, role="viewer").get("/gate")
    shown = words_of(page.text)
    assert "At this budget, 2 wrong of 100, 31.0 % would go out alone" in shown
    assert "300 drafts with a risk of 1.0%: 0.7% wrong" in shown
    assert "review → 5 %" in shown
    assert "2 of 400 wrong, bound 1.7 % (a single look: 1.6 %), budget 2; evidence of quality 41" in shown
    assert page.text.count('class="bin"') == 2


def test_the_curve_fits_its_square_and_the_diagonal_is_where_risks_come_true():
    curve = reliability([{"n": 50, "given": 0.1, "wrong": 0.1}, {"n": 50, "given": 0.2, "wrong": 0.4}])
    assert curve.most == pytest.approx(0.44)
    first, second = curve.points
    assert first.x == pytest.approx(100 - first.y)
    assert second.x < 100 - second.y <= 100
    assert reliability([]).points == ()


def test_a_reviewer_stops_everything_and_only_an_admin_lets_it_go_on(ledger: SqlLedger):
    app = a_console(ledger)
    maya, root = Lead(app, ledger), Lead(app, ledger, login="root", role="admin")
    assert maya.submit("/gate", "/gate/stop", reason="Odd replies.").status_code == 303
    stop = ledger.earning.stopped()
    assert stop is not None
    assert (stop.by, stop.reason) == (maya.login, "Odd replies.")
    assert "Automatic sending is off" in words_of(maya.get("/gate").text)
    csrf = fields_of(maya.get("/").text, "/logout")["csrf"]
    assert maya.send("/gate/go-on", {"csrf": csrf}).status_code == 403
    assert ledger.earning.stopped() is not None

    assert root.submit("/gate", "/gate/go-on").status_code == 303
    assert ledger.earning.stopped() is None
    actions = [entry["action"] for entry in ledger.reviews.audit_log()]
    assert {"stop automatic sending", "allow automatic sending"} <= set(actions)


def test_a_viewer_changes_nothing(ledger: SqlLedger):
    viewer = Lead(a_console(ledger), ledger, role="viewer")
    csrf = fields_of(viewer.get("/").text, "/logout")["csrf"]
    for path in ("/gate/stop", "/gate/go-on", "/gate/budget", "/gate/harm", "/second-look"):
        assert viewer.send(path, {"csrf": csrf, "budget": "50", "reason": "x"}).status_code == 403, path
    assert ledger.earning.stopped() is None
    assert ledger.earning.budgets() == {}


def test_a_lead_sets_a_budget_and_takes_it_away_again(ledger: SqlLedger):
    a_night_was(ledger)
    maya = Lead(a_console(ledger), ledger)
    maya.submit("/gate", "/gate/budget", template_id="im-withdrawal-time", segment="IM", budget="0,5")
    assert ledger.earning.budgets() == {KIND: 0.5}
    assert "0.5 of 100" in words_of(maya.get("/gate").text)
    for said in ("100", "-1", "two", "1e1", "٣"):
        assert maya.submit("/gate", "/gate/budget", budget=said).status_code == 400, said
    maya.submit("/gate", "/gate/budget", template_id="im-withdrawal-time", segment="IM", budget="")
    assert ledger.earning.budgets() == {}


@pytest.mark.parametrize(("alone", "status"), [(True, Status.SENT), (False, Status.REJECTED)])
def test_a_second_look_says_nothing_of_what_became_of_the_draft(ledger: SqlLedger, alone: bool, status: Status):
    case_id = assessed(ledger, 4711, alone=alone, status=status)
    maya = Lead(a_console(ledger), ledger)
    page = maya.get("/second-look").text
    main = str(BeautifulSoup(page, "html.parser").find("main"))
    assert "1 to judge" in main
    assert case_id not in main
    assert "4711" not in main
    assert not {"alone", "sent alone", "rejected by", "approved by"} & set(words_of(main).lower().split(". "))
    assert "3 working days" in the_text(page)


def judged(ledger: SqlLedger, **changed: Any) -> tuple[str, str]:
    """Of the one draft there is: what was kept of the blind review, and the status of its case."""
    case_id = assessed(ledger, 1, alone=True, status=Status.SENT)
    maya = Lead(a_console(ledger), ledger)
    before = len(ledger.sends.of_case(case_id))
    fields = fields_of(maya.get("/second-look").text, "/second-look")
    text = changed.get("text", lambda same: same)(fields["text"])
    sent = maya.send("/second-look", fields | {"then": changed.get("then", "send"), "text": text})
    assert sent.status_code == 303
    assert len(ledger.sends.of_case(case_id)) == before
    assert ledger.earning.to_judge(10) == []
    entry = next(one for one in ledger.reviews.audit_log() if one["action"] == "blind review")
    case = ledger.cases.get(case_id)
    assert case is not None
    return str(entry["detail"]), case.status.value


def test_what_is_left_as_it_is_was_good_and_no_second_mail_is_sent(ledger: SqlLedger):
    assert judged(ledger) == (Treatment.UNTOUCHED.value, "sent")


def test_a_rewritten_one_was_wrong_as_in_the_queue(ledger: SqlLedger):
    assert judged(ledger, text=lambda _: "We are looking into it.") == (Treatment.REWRITTEN.value, "sent")
    assert ledger.earning.outcomes(1)[0].wrong is True


def test_a_word_changed_is_light_and_a_rejection_is_one(ledger: SqlLedger):
    assert judged(ledger, text=lambda same: same.replace("3 working", "2 working")) == ("light", "sent")


def test_a_rejected_one_stays_sent_and_is_wrong(ledger: SqlLedger):
    assert judged(ledger, then="reject") == ("rejected", "sent")
    assert ledger.earning.outcomes(1)[0].wrong is True


def test_a_draft_that_a_colleague_judged_first_is_kept_once(ledger: SqlLedger):
    case_id = assessed(ledger, 1, alone=True, status=Status.SENT)
    maya = Lead(a_console(ledger), ledger)
    fields = fields_of(maya.get("/second-look").text, "/second-look")
    ledger.earning.judge(ledger.cases.drafts(case_id)[-1][0], Treatment.REJECTED, "tom")
    assert maya.send("/second-look", fields | {"then": "send"}).status_code == 409
    assert ledger.earning.outcomes(1)[0].wrong is True


def test_the_page_of_a_case_says_what_the_gate_saw(ledger: SqlLedger):
    case_id = assessed(ledger, 1, alone=False, status=Status.REJECTED)
    shown = words_of(Lead(a_console(ledger), ledger).get(f"/cases/{case_id}").text)
    assert "Kind im-withdrawal-time, IM Risk that it is wrong 1.0 %, by model 1 margin 0.250" in shown


def test_a_wrong_reply_is_reported_from_its_case(ledger: SqlLedger):
    case_id = assessed(ledger, 1, alone=True, status=Status.SENT)
    maya = Lead(a_console(ledger), ledger)
    there, asked = f"/cases/{case_id}", maya.get(f"/cases/{case_id}").text
    assert "counts it against its kind of reply, and that is final." in words_of(asked)
    assert maya.submit(there, "/gate/harm", reason="The amount was wrong.").status_code == 200
    outcome = ledger.earning.outcomes(1)[0]
    assert outcome.wrong is True
    assert outcome.heard_at is not None
    again = fields_of(asked, "/gate/harm") | {"reason": "Again."}
    assert maya.send("/gate/harm", again).status_code == 409
    for lead in (maya, Lead(maya.browser.app, ledger, login="tom", role="viewer")):
        page = lead.get(there).text
        assert f"Reported by maya, {when(outcome.heard_at)} : The amount was wrong." in words_of(page)
        assert 'action="/gate/harm"' not in page
    held = hold(ledger, 2)
    assert "This reply was wrong" not in maya.get(f"/cases/{held}").text


def test_the_second_look_says_before_that_a_rejection_counts_and_is_final(ledger: SqlLedger):
    assessed(ledger, 1, alone=True, status=Status.SENT)
    page = BeautifulSoup(Lead(a_console(ledger), ledger).get("/second-look").text, "html.parser")
    reject = page.find("button", {"value": "reject"})
    assert reject is not None
    told = page.find(id=str(reject["aria-describedby"]))
    assert told is not None
    assert "counts this draft as wrong for the gate" in told.text
    assert "What you say is final: it cannot be taken back." in told.text


def test_ops_throw_the_switch_from_the_command_line(
    ledger: SqlLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from scripts.gate import main

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.setenv("DESKHAND_ENV_FILE", os.devnull)
    a_night_was(ledger)
    assert main(["stop", "Odd replies."]) == 0
    stop = ledger.earning.stopped()
    assert stop is not None
    assert stop.by.startswith("scripts/gate.py (")
    assert "Odd replies." in capsys.readouterr().out
    assert main(["go-on"]) == 0
    assert ledger.earning.stopped() is None
    assert "Not stopped." in capsys.readouterr().out
    assert main(["status"]) == 0
    assert capsys.readouterr().out.split() == [
        *("Ledger:", str(tmp_path / "ledger.db")),
        *("Not", "stopped."),
        *("im-withdrawal-time", "IM", "5", "%", "2", "of", "100", "since", "2026-03-02"),
    ]


def test_the_command_line_says_what_it_did_not_do(
    ledger: SqlLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from scripts.gate import main

    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    assert main(["stop", "  "]) == 2
    assert "say why" in capsys.readouterr().err
    assert ledger.earning.stopped() is None
    named = f"Ledger: {tmp_path / 'ledger.db'}"
    assert [main(["go-on"]), main(["status"])] == [0, 0]
    assert capsys.readouterr().out.splitlines() == [
        "There was nothing to take back.",
        named,
        "Not stopped.",
        named,
        "Not stopped.",
        "No kind of reply has a history yet: the gate learns at night.",
    ]
    assert [main(["stop", "Odd replies."]), main(["stop", "Even odder."])] == [0, 0]
    assert "the first reason stands" in capsys.readouterr().out
    stop = ledger.earning.stopped()
    assert stop is not None
    assert stop.reason == "Odd replies."
