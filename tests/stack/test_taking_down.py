"""What a stack says when it ends: processes that end by themselves meanwhile, logs of earlier runs, results."""

from __future__ import annotations

import sys
import xmlrpc.client
from typing import Any

import pytest

from tests.stack.running import run_stack, surroundings, wait_until
from worker.stack.__main__ import _cannot_write
from worker.stack.plan import Program
from worker.stack.supervise import Supervisor, last_lines

pytestmark = pytest.mark.stack


def test_a_process_that_ends_between_the_look_and_the_word_is_ended(tmp_path, monkeypatch):
    """Ctrl-C while all is being stopped: whoever is to be killed may have ended just then."""
    (tmp_path / "logs").mkdir()
    command = (sys.executable, "-c", "import time; time.sleep(600)")
    supervisor = Supervisor([Program("redis", command, {}, at_once=True)], tmp_path, {})
    supervisor.start()
    try:
        wait_until(lambda: supervisor.states()["redis"].word == "RUNNING", "it runs")
        call, asked = supervisor._call, []

        def ended_just_now(method: str, *arguments: object) -> Any:
            if method in ("stopProcess", "signalProcess"):
                asked.append(method)
                if method == "signalProcess":
                    call("stopProcess", "redis", True)
            return call(method, *arguments) if method != "stopProcess" else None

        monkeypatch.setattr(supervisor, "_call", ended_just_now)
        supervisor.stop_programs(["redis"], lambda: True)
        assert asked == ["stopProcess", "signalProcess"]
        assert supervisor.states()["redis"].word == "STOPPED"
        monkeypatch.undo()
        with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME"):
            supervisor._ask_running("signalProcess", "nobody", "KILL")
    finally:
        supervisor.shut_down()


def test_the_end_of_a_log_is_of_this_run_and_its_lines_are_short(tmp_path):
    log = tmp_path / "index.log"
    log.write_text("the report of an earlier run\n")
    begin = log.stat().st_size
    with log.open("a") as file:
        file.write("x" * 9000 + "\nno Milvus answers\n")

    first, last = last_lines(log, begin=begin)

    assert last == "no Milvus answers"
    assert len(first) < 600
    assert last_lines(log, begin=10**6)[0] == "the report of an earlier run"


def test_outcomes_that_could_not_be_written_are_refused_before_anything_runs(tmp_path):
    done = run_stack("--once", "--outcomes", str(tmp_path / "none" / "x.json"), env=surroundings(tmp_path / "var"))

    assert (done.code, done.out) == (2, "")
    assert done.err == f"--outcomes: there is no folder {tmp_path}/none. Make it, or name another file.\n"
    assert not (tmp_path / "var").exists()


def test_outcomes_may_be_asked_for_in_a_data_dir_that_is_still_to_be_made(tmp_path):
    data_dir = tmp_path / "var"
    assert _cannot_write(data_dir / "x.json", data_dir) == ""
    assert "there is no folder" in _cannot_write(data_dir / "deep" / "x.json", data_dir)
