"""Ctrl-C in a script: one line that says what is true now, the signal's code, and nothing half done left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from worker.settings import ROOT

WORKING = """
import sys, threading, time
from worker.breaking_off import end_quietly, say_instead
end_quietly("Broken off: nothing was changed.")
threading.Thread(target=time.sleep, args=(600,)).start()  # as one that waits for an answer
try:
    if len(sys.argv) > 1:
        say_instead(sys.argv[1])
    print("at work", flush=True)
    time.sleep(600)
finally:
    print("put away", flush=True)
"""


@pytest.fixture(autouse=True)
def heard():
    """What a shell starts in the background ignores SIGINT, and so does everything that this starts in turn."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ended(number: signal.Signals, *command: str, first: Path = ROOT) -> tuple[int, str, str]:
    """Exit code, standard output after "at work", standard error. `first`: where modules are looked for before all."""
    surroundings = {**os.environ, "PYTHONPATH": f"{first}{os.pathsep}{ROOT}", "DESKHAND_ENV_FILE": os.devnull}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=surroundings, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            assert process.stdout.readline() == "at work\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()  # one that has not heard it is waited for otherwise
        return process.returncode, out, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_is_broken_off_says_so_in_a_line_and_puts_away_what_was_begun(number: signal.Signals, code: int):
    assert ended(number, "-c", WORKING) == (code, "put away\n", "Broken off: nothing was changed.\n")


def test_what_is_not_true_any_more_is_not_said():
    assert ended(signal.SIGINT, "-c", WORKING, "The swap was under way.")[2] == "The swap was under way.\n"


def test_any_other_error_is_told_as_ever():
    words = "from worker.breaking_off import end_quietly\nend_quietly('Broken off.')\nraise ValueError('odd')"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, "ValueError: odd" in done.stderr, "Broken off" in done.stderr) == (1, True, False)


BROKEN_OFF = {
    "index_kb.py": ((), "the live index stays as it was"),
    "import_customers.py": (("{tmp}/customers.csv",), "all of it or nothing"),
    "doctor.py": ((), "not everything was looked at"),
    "replay.py": (("{tmp}/customers.csv",), "nothing was sent"),
    "evaluate.py": (("templates",), "there are no figures"),
    "bench.py": (("ack",), "there are no figures"),
    "chaos.py": (("--messages", "1"), "there is no count"),
}


# In the script's process: it stands still where it first wants settings, by then it is well under way.
STANDS_STILL = """
import sys, time
class Finder:
    def find_spec(name, *_):
        if name == "worker.settings":
            print("at work", flush=True)
            time.sleep(600)
sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize("script", BROKEN_OFF)
def test_ctrl_c_in_a_script_is_no_traceback(script: str, tmp_path: Path):
    arguments, words = BROKEN_OFF[script]
    (tmp_path / "sitecustomize.py").write_text(STANDS_STILL)
    (tmp_path / "customers.csv").write_text("customer_id,name\n")
    given = [one.format(tmp=tmp_path) for one in arguments]

    code, _, err = ended(signal.SIGINT, str(ROOT / "scripts" / script), *given, first=tmp_path)

    assert (code, len(err.splitlines())) == (130, 1), err
    assert words in err
