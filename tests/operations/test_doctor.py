"""The doctor looks a real house over, beside the sandbox: what is wrong, what to do about it, and no secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.contract.steps import approved
from tests.sandbox_server import RunningSandbox, running_sandbox
from worker.adapters.freshdesk.look import Look
from worker.adapters.freshdesk.look import Seen as Answer
from worker.adapters.freshdesk.verdicts import Limits
from worker.adapters.store.ledger import open_ledger
from worker.adapters.store.migrations import migrate
from worker.errors import Permanent
from worker.operations import freshdesk_checks, house_checks
from worker.operations.checkup import Health, Said, exit_code, ok, run, warn, without_secrets
from worker.operations.doctor import examine
from worker.sandbox.rules import CREATION, Rule, default_rules
from worker.settings import ROOT, Settings

GROUPS = ("Customer care", "Escalations", "Grievance", "Payments", "Security")
HOOK = "https://deskhand.example/webhooks/freshdesk"


def settings_for(sandbox: RunningSandbox, folder: Path, **given) -> Settings:
    said = {
        "freshdesk_url": sandbox.freshdesk_url,
        "freshdesk_api_key": sandbox.api_key,
        "freshdesk_webhook_secret": "long enough to be a secret",
        "groq_base_url": sandbox.groq_url,
        "groq_api_key": "gsk-of-the-tests",
        "data_dir": folder,
        "redis_url": "redis://:pass-of-redis@127.0.0.1:1/0",
        "webhook_port": 1,
        "console_port": 1,
    }
    return Settings.model_validate(said | given)


def freshdesk_of(sandbox: RunningSandbox, *, status: str = "pending", field: str = "cf_customer_id") -> dict[str, Said]:
    look = Look(sandbox.freshdesk_url, SecretStr(sandbox.api_key), timeout=5)
    try:
        return {one.name: one for one in freshdesk_checks.freshdesk(look, GROUPS, field, status)}
    finally:
        look.close()


def unwell(found: dict[str, Said]) -> dict[str, Health]:
    return {name: one.health for name, one in found.items() if one.health in (Health.WARNING, Health.BROKEN)}


def answer(body, status: int = 200, **more) -> Answer:
    return Answer(status, body, Limits(), **more)


def test_an_account_that_is_set_up_as_the_guide_says_is_well_and_nothing_is_written_to_it():
    with running_sandbox(webhook_url=HOOK, groups=GROUPS) as sandbox:
        found = freshdesk_of(sandbox)
        assert unwell(found) == {}
        assert {name for name, one in found.items() if one.health is Health.LOOK} == {
            "acknowledgement",
            "right to write",
        }
        assert found["bot agent"].says.startswith("agent 7")
        assert sandbox.journal() == []


def test_what_is_missing_in_freshdesk_is_named_with_what_to_do():
    early = Rule(name="Tag VIPs", kind=CREATION, url="https://crm.example/hook")
    with running_sandbox(rules=[early, *default_rules(HOOK)], groups=GROUPS[:-1]) as sandbox:
        sandbox.state.rules.rules[-1].performer = "any"
        sandbox.state.world.required_for_closure.add("cf_reason")
        found = freshdesk_of(sandbox, status="closed")
    assert unwell(found) == dict.fromkeys(
        ("groups", "ticket form", "rule for new tickets", "rule for replies"), Health.WARNING
    )
    assert "Security" in found["groups"].says
    assert "cf_reason" in found["ticket form"].says
    assert all(one.todo for one in found.values() if one.health is not Health.OK)


def test_without_the_rules_no_webhook_rings():
    with running_sandbox(groups=GROUPS) as sandbox:
        found = freshdesk_of(sandbox)
    assert unwell(found) == dict.fromkeys(("rule for new tickets", "rule for replies"), Health.BROKEN)


def test_a_refused_key_ends_the_look_at_freshdesk():
    with running_sandbox(groups=GROUPS) as sandbox:
        sandbox.api_key = "another"
        found = freshdesk_of(sandbox)
    assert found["freshdesk key"].health is Health.BROKEN
    assert "bot agent" not in found


def test_rules_that_only_administrators_may_see_are_left_to_a_person():
    [said] = freshdesk_checks.automations(answer({"code": "access_denied"}, 403), answer([]))
    assert (said.health, "administrator" in said.todo) == (Health.LOOK, True)


@pytest.mark.parametrize(("second", "health"), [(43, Health.WARNING), (41, Health.OK), (None, Health.OK)])
def test_mailboxes_that_cannot_be_read_matter_where_customers_write_to_more_than_one(second, health):
    tickets = answer([{"id": 1, "email_config_id": 41}, {"id": 2, "email_config_id": second}])
    assert freshdesk_checks.mailboxes(answer({"code": "access_denied"}, 403), tickets).health is health
    assert freshdesk_checks.mailboxes(answer([{"id": 41}, {"id": 43}]), tickets).health is Health.OK


def test_a_rule_that_mails_every_requester_is_named():
    mail = {"name": "Thank you", "actions": [{"field_name": "send_email_to_requester", "email_body": "Thanks"}]}
    said = {one.name: one for one in freshdesk_checks.automations(answer([mail]), answer([]))}
    assert "Thank you" in said["other mails"].says


@pytest.mark.parametrize(
    ("seconds", "health"), [(0.4, Health.OK), (-30.0, Health.WARNING), (400.0, Health.BROKEN), (-400.0, Health.BROKEN)]
)
def test_a_clock_that_is_wrong_is_told(seconds, health):
    said = {one.name: one for one in freshdesk_checks.account(answer({}, ahead=seconds))}
    assert said["clock"].health is health


@pytest.mark.parametrize(("scope", "health"), [(1, Health.OK), (2, Health.WARNING), (3, Health.BROKEN)])
def test_what_the_bot_agent_sees_is_judged_by_its_scope(scope, health):
    said = {one.name: one for one in freshdesk_checks.agent({"id": 7, "ticket_scope": scope})}
    assert said["bot agent"].health is health


def test_the_whole_house_is_looked_over_side_by_side(tmp_path, monkeypatch):
    monkeypatch.setattr(house_checks, "IN_A_CONTAINER", tmp_path / "is-none")
    with running_sandbox(webhook_url=HOOK, groups=GROUPS) as sandbox:
        settings = settings_for(sandbox, tmp_path)
        migrate(settings.ledger_url)
        ledger = open_ledger(settings.ledger_url)
        ledger.doorbells.note_sweep()
        ledger.close()
        found = {one.name: one for one in examine(settings, tmp_path / "no-file")}
    assert unwell(found) == {
        "redis": Health.BROKEN,  # nothing listens there
        "index": Health.WARNING,
        "customers": Health.WARNING,
        "webhook": Health.WARNING,
        "console": Health.WARNING,
    }
    assert found["database schema"].says == house_checks.newest_version()
    assert found["groq"].health is Health.OK
    assert found["dispatcher"].health is Health.OK


def test_a_redis_that_does_not_answer_is_told_with_where_it_was_looked_for(tmp_path, monkeypatch):
    def away(settings):
        raise Permanent("Redis does not answer (ConnectionError)", part="redis")

    monkeypatch.setattr(house_checks.bootstrap, "ping_redis", away)
    [unset] = house_checks.redis_store(Settings(data_dir=tmp_path))
    assert unset.says.startswith("REDIS_URL is not set, and no stack runs on this DATA_DIR: Redis does not answer")
    assert unset.says.endswith(" at 127.0.0.1:6379")
    assert (unset.health, "REDIS_URL" in unset.todo) == (Health.BROKEN, True)

    [named] = house_checks.redis_store(Settings(data_dir=tmp_path, redis_url="redis://ops:pass-of-redis@cache:6390/0"))
    assert named.says == "Redis does not answer (ConnectionError) at cache:6390, which REDIS_URL names"

    stack = {"redis_url": "redis://:pass-of-redis@127.0.0.1:7001/0"}
    monkeypatch.setattr(Settings, "running_stack", lambda self: stack)
    [started] = house_checks.redis_store(Settings(data_dir=tmp_path))
    assert started.says == "Redis does not answer (ConnectionError) at 127.0.0.1:7001, which `make run` started"
    assert str(tmp_path / "logs" / "redis.log") in started.todo


def test_a_model_that_the_account_does_not_have_is_named(tmp_path):
    with running_sandbox() as sandbox:
        some = settings_for(sandbox, tmp_path, groq_models="llama-3.3-70b-versatile,no-such-model")
        none = settings_for(sandbox, tmp_path, groq_models="no-such-model")
        [missing], [gone] = house_checks.model(some), house_checks.model(none)
    assert (missing.health, gone.health) == (Health.WARNING, Health.BROKEN)
    assert "no-such-model" in missing.says


def test_a_ledger_of_another_release_is_told_and_not_touched(tmp_path):
    settings = Settings(data_dir=tmp_path, freshdesk_webhook_secret="x" * 20)
    migrate(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    with ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'later_0009'")
    found = {one.name: one for one in house_checks.database(settings)}
    assert found["database schema"].health is Health.BROKEN
    assert "database writable" not in found
    ledger.close()


def test_a_check_that_hangs_holds_up_nobody_and_is_told():
    stuck = threading.Event()
    found = run(
        {"hangs": lambda: [ok("hangs", "at last")] if stuck.wait(60) else [], "runs": lambda: [ok("runs", "")]}, 0.3
    )
    stuck.set()
    assert {one.name: one.health for one in found} == {"hangs": Health.BROKEN, "runs": Health.OK}


def test_a_check_that_fails_itself_is_told_without_foreign_words():
    def fails():
        raise ValueError("asha@example.com")

    [said] = run({"one": fails})
    assert said.health is Health.BROKEN
    assert "asha" not in said.says


def test_no_secret_gets_out_even_if_a_check_should_say_one():
    [said] = without_secrets([warn("x", "key gsk-of-the-tests is", "use gsk-of-the-tests")], ["gsk-of-the-tests", ""])
    assert "gsk" not in said.says + said.todo


def test_exit_codes_tell_broken_from_warnings():
    assert exit_code([ok("a", "")]) == 0
    assert exit_code([ok("a", ""), warn("b", "", "")]) == 2
    assert exit_code([warn("b", "", ""), Said("c", Health.BROKEN, "")]) == 1


def test_the_script_prints_one_object_and_none_of_its_secrets(tmp_path):
    with running_sandbox(webhook_url=HOOK, groups=GROUPS) as sandbox:
        settings = settings_for(sandbox, tmp_path)
        secret = ("freshdesk_api_key", "freshdesk_webhook_secret", "groq_api_key")
        env = {name.upper(): getattr(settings, name).get_secret_value() for name in secret}
        env |= {
            n.upper(): str(getattr(settings, n)) for n in ("freshdesk_url", "groq_base_url", "data_dir", "redis_url")
        }
        command = [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--json"]
        ran = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=240)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["broken"]) == (1, 1)  # Redis
    assert not any(word in ran.stdout + ran.stderr for word in (*(env[n.upper()] for n in secret), "pass-of-redis"))


def test_wrong_settings_are_told_as_findings(tmp_path):
    env = {"DATA_DIR": str(tmp_path), "WORKER_CONCURRENCY": "many"}
    command = [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--json"]
    ran = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 1
    assert "WORKER_CONCURRENCY" in json.loads(ran.stdout)["checks"][0]["says"]


def test_work_that_waits_for_long_and_a_dispatcher_that_is_gone_are_told(tmp_path, monkeypatch):
    settings = Settings(data_dir=tmp_path)
    migrate(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    monkeypatch.setattr(ledger.cases, "oldest_open", lambda: timedelta(hours=2))
    found = {one.name: one.health for one in house_checks._work(ledger)}
    ledger.close()
    assert found == {"open work": Health.WARNING, "dispatcher": Health.WARNING, "poller": Health.LOOK}


def test_what_shadow_mode_keeps_back_is_counted(tmp_path):
    settings = Settings(data_dir=tmp_path)
    migrate(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    approved(ledger)
    found = [list(house_checks._work(ledger, shadow=shadow)) for shadow in (True, False)]
    ledger.close()
    assert [[one.says for one in said if "shadow" in one.name] for said in found] == [
        ["1 of what was on its way to Freshdesk"],
        [],
    ]
