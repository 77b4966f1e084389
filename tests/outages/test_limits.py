"""Several workers, each a process of its own, on one account: together they stay within what its headers tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.redis_server import running_redis
from tests.sandbox_server import running_sandbox
from worker.settings import ROOT

# Reads a ticket again and again from eight threads, as fast as it may, until it is put off for long.
WORKER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pydantic import SecretStr
from worker.adapters.breaker import Breaker
from worker.adapters.freshdesk import FreshdeskHelpdesk
from worker.adapters.pace import SharedPace, shared
from worker.adapters.turnstile import Turnstile
from worker.errors import Retryable

freshdesk, key, redis, ticket = sys.argv[1:]
shared._PATIENCE = 30  # a busy machine is no outage
turnstile = Turnstile(Breaker("freshdesk"), SharedPace(redis))
desk = FreshdeskHelpdesk(freshdesk, SecretStr(key), timeout=30, turnstile=turnstile, reserve=0.2)
desk.ping()
print("ready", flush=True)
sys.stdin.readline()

def read(_):
    done = 0
    while True:
        try:
            desk.thread(int(ticket))
            done += 1
        except Retryable as put_off:
            assert "allowance" in put_off.reason, put_off.reason
            return done

with ThreadPoolExecutor(8) as threads:
    print(json.dumps(sum(threads.map(read, range(8)))))
"""


def test_workers_together_leave_the_reserve_and_are_never_refused(tmp_path: Path) -> None:
    with running_sandbox(allowance="growth") as sandbox, running_redis(tmp_path) as redis:
        ticket = sandbox.mail("asha@example.com", "Withdrawal", "<p>Where is it?</p>", name="Asha Rao")
        command = [sys.executable, "-c", WORKER, sandbox.freshdesk_url, sandbox.api_key, redis.url, str(ticket)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        workers = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(3)]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        said = [worker.communicate("go\n", timeout=240)[0] for worker in workers]
        account = sandbox.state.limiter
        assert all(worker.returncode == 0 for worker in workers), "none of them met a 429"
        assert sum(json.loads(line) for line in said) > 20
        assert 120 <= account.used() <= 160, "of 200, a fifth is left to people"
