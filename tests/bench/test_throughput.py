"""The measurement of a whole stack: what counts of a run, its bounds, its mails, and the script beside it."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from tests.sandbox_server import API_KEY, running_sandbox
from worker.bench.baseline import Script
from worker.bench.mails import QUESTIONS, customers, mails
from worker.bench.run import main
from worker.bench.throughput import Run, figures
from worker.settings import ROOT


def run(workers: int, rate: float, *, number: int = 40, line: int = 10, memory: float = 500.0) -> Run:
    """Tickets answered at a steady rate, after a start and before an end that are as slow as can be."""
    steady = [100.0 + n / rate for n in range(number - 2 * line)]
    answered = [*range(line), *steady, *(1000.0 + n for n in range(line))]
    worked = {f"worker-{n + 1}": 1.0 for n in range(workers)}
    return Run(workers, line, answered, {"milvus": 2.0, **worked}, {"milvus": 2000.0, "worker-1": memory})


def told(*runs: Run, baseline: float = 1.0) -> dict[str, object]:
    options = Namespace(workers=max(r.workers for r in runs), concurrency=32, llm_seconds=1.0, messages=40, repeats=1)
    return dict(figures(runs, {"tickets_per_second": baseline, "cpu_ms": 70.0}, options))


def test_the_filling_and_the_emptying_of_the_line_do_not_count():
    assert told(run(1, 27.0))["tickets_per_second"] == 27.0


def test_both_numbers_of_workers_and_the_baseline_have_their_bounds():
    good = [run(1, 26.0), run(2, 44.0)]
    found = told(*good)
    assert (found["tickets_per_second"], found["one_worker_tickets_per_second"], found["ideal"]) == (44.0, 26.0, 64.0)
    assert (found["within"], found["times_baseline"]) == (True, 44.0)
    assert not told(run(1, 24.0), run(2, 44.0))["within"]
    assert not told(run(1, 26.0), run(2, 39.0))["within"]
    assert not told(*good, baseline=2.0)["within"]


def test_what_each_process_computed_is_told_by_ticket_and_memory_is_that_of_the_largest_worker():
    found = told(run(1, 27.0), run(1, 27.0, memory=640.0), run(1, 27.0))
    assert found["cpu_ms_per_ticket"] == {"milvus": 50.0, "worker-1": 25.0}
    assert (found["cpu_ms_per_ticket_all"], found["rss_mb"]) == (75.0, 640)


def test_no_two_mails_say_the_same_and_each_comes_from_a_customer_that_is_known():
    written = list(mails(0, 160 * len(QUESTIONS)))
    assert len({mail["html"] for mail in written}) == len({mail["requester"]["email"] for mail in written})
    assert {mail["requester"]["email"] for mail in written} == {one.email for one in customers(len(written))}


def test_the_plain_script_reads_asks_and_replies_once_for_each_ticket(monkeypatch):
    monkeypatch.setenv("FRESHDESK_API_KEY", API_KEY)
    monkeypatch.setenv("GROQ_API_KEY", "any")

    class Model:
        def encode(self, texts, **_):
            return np.array([[float("withdraw" in text.lower()), 1.0] for text in texts])

    with running_sandbox() as sandbox:
        ticket_id = sandbox.mail("asha@example.com", "Withdrawal", "<p>When does my withdrawal arrive?</p>")
        script = Script(sandbox.freshdesk_url, sandbox.groq_url, ROOT / "kb", ("public", "IM", "IM+"), Model())
        script.answer(ticket_id)
        replies = sandbox.state.journal.read(kind="reply", ticket_id=ticket_id)
        assert len(replies) == sandbox.state.groq.completions == 1
        assert sandbox.state.limiter.spent_ever == 4  # a ticket with two includes, and the reply


def test_too_few_messages_for_a_steady_state_are_refused(capsys):
    assert main(["throughput", "--messages", "100"]) == 2
    assert "at least 192 messages" in capsys.readouterr().err
