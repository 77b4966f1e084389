"""What keeps the stack from starting is said in one line, before anything runs."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta

import pytest

from tests.builders import a_thread
from tests.stack.running import Finished, run_stack, surroundings
from worker.adapters.store import migrate, open_ledger
from worker.models import Ring
from worker.settings import load_settings
from worker.stack.checks import CannotStart, check_ports, check_redis, free_port, only_one

pytestmark = pytest.mark.stack


def refused(done: Finished, code: int) -> str:
    """The one line; nothing on standard output."""
    lines = done.err.splitlines()
    assert (done.code, done.out, len(lines)) == (code, "", 1), done.err
    return lines[0]


def test_a_port_that_is_taken_is_named_with_its_setting_and_its_holder(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        line = refused(run_stack(env=surroundings(tmp_path, CONSOLE_PORT=str(port))), 1)
    assert f"CONSOLE_PORT: port {port} on 127.0.0.1 is taken, by process " in line


def test_a_host_that_is_not_this_machines_is_no_port_that_is_taken():
    settings = load_settings(webhook_host="192.0.2.1", webhook_port=free_port())
    with pytest.raises(CannotStart, match=r"no address of this machine. Set WEBHOOK_HOST to one"):
        check_ports(settings, sandbox=False)


def test_what_a_killed_stack_wrote_is_gone_before_anything_reads_it(tmp_path):
    stale = tmp_path / "stack.json"
    stale.write_text('{"database_url": "sqlite:///elsewhere.db"}')
    env = surroundings(tmp_path)
    refused(run_stack(env=env | {"SANDBOX_PORT": env["WEBHOOK_PORT"]}), 1)
    assert not stale.exists()


def test_two_processes_cannot_share_a_port(tmp_path):
    env = surroundings(tmp_path)
    line = refused(run_stack(env=env | {"SANDBOX_PORT": env["WEBHOOK_PORT"]}), 1)
    assert line.startswith(f"SANDBOX_PORT and WEBHOOK_PORT are both {env['WEBHOOK_PORT']}")


def test_a_redis_that_does_not_answer_is_named_without_its_password(tmp_path):
    port = free_port()
    line = refused(run_stack(env=surroundings(tmp_path, REDIS_URL=f"redis://:hush@127.0.0.1:{port}/0")), 1)
    assert line.startswith(f"REDIS_URL: no Redis answers at 127.0.0.1:{port} (ConnectionError).")
    assert "hush" not in line
    assert not (tmp_path / "supervisord.pid").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "redis://:hu/sh@127.0.0.1:1/0", "redis://127.0.0.1:port/0"])
def test_what_is_no_redis_address_is_refused_at_once_and_not_repeated(url):
    with pytest.raises(CannotStart, match=r"^REDIS_URL is no Redis address: write it as redis://host:6379/0\.$"):
        check_redis(url)


def test_a_data_dir_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    line = refused(run_stack(env=surroundings(tmp_path / "file" / "var")), 1)
    assert f"DATA_DIR {tmp_path}/file/var cannot be written" in line


def test_a_second_stack_on_the_same_data_dir_names_the_first(tmp_path):
    with only_one(tmp_path):
        line = refused(run_stack(env=surroundings(tmp_path)), 1)
    assert line.startswith("Another stack (process ")
    assert str(tmp_path) in line


def test_the_data_dir_is_free_again_when_its_holder_has_ended(tmp_path):
    with only_one(tmp_path), pytest.raises(CannotStart), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


def test_an_account_without_its_key_is_refused(tmp_path):
    line = refused(run_stack(env=surroundings(tmp_path, FRESHDESK_URL="https://acme.freshdesk.com")), 2)
    assert "FRESHDESK_API_KEY" in line


def test_an_account_without_a_webhook_secret_is_refused(tmp_path):
    account = {"FRESHDESK_URL": "https://acme.freshdesk.com", "FRESHDESK_API_KEY": "a-key-that-nobody-must-see"}
    done = run_stack(env=surroundings(tmp_path, **account))
    assert "FRESHDESK_WEBHOOK_SECRET" in refused(done, 2)
    assert "nobody-must-see" not in done.err


def test_every_wrong_setting_is_said_in_a_line_of_its_own(tmp_path):
    done = run_stack(env=surroundings(tmp_path, WEBHOOK_PORT="http", GATE="ajar"))
    assert [line.partition(":")[0] for line in done.err.splitlines()] == ["GATE", "WEBHOOK_PORT"]
    assert (done.code, done.out) == (2, "")


def test_the_sandbox_refuses_a_database_that_holds_cases_already(tmp_path):
    url = f"sqlite:///{tmp_path / 'used.db'}"
    migrate(url)
    with closing(open_ledger(url)) as ledger:
        doorbell = ledger.doorbells.claim(ledger.doorbells.ring(Ring.WEBHOOK, 1), timedelta(minutes=1))
        assert ledger.cases.open(a_thread(), "ticket", doorbell, timedelta(minutes=1))
    line = refused(run_stack(env=surroundings(tmp_path / "var", DATABASE_URL=url)), 2)
    assert line.startswith("DATABASE_URL holds cases already")


def test_the_samples_are_not_answered_on_a_real_account(tmp_path):
    account = {"FRESHDESK_URL": "https://acme.freshdesk.com", "FRESHDESK_API_KEY": "k"}
    assert "FRESHDESK_URL" in refused(run_stack("--once", env=surroundings(tmp_path, **account)), 2)
