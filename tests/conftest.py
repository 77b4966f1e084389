"""What holds for every test: no settings leak in from the machine; where DESKHAND_NO_SKIP is set a skip is a failure.

Also how a run is spread over several processes. Builders are in tests/builders.py; servers that tests start are in the
modules named after them.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.kb_index import built_once, furnish
from worker.settings import ROOT, Settings

# The files that take longest, in the order in which they are begun: what is begun last is waited for alone. Those that
# compute (a whole stack) and those that wait (for a vendor that hangs, for a server to start) take turns.
BEGUN_FIRST = (
    "tests/stack/test_stack.py",  # builds the index that the others take a copy of
    "tests/crash/test_crash_points.py",
    "tests/outages/test_vendors.py",
    "tests/chaos/test_small_run.py",
    "tests/browser/test_pictures.py",
    "tests/browser/test_morning.py",
    "tests/stack/test_ends.py",
    "tests/contract/test_index.py",
    "tests/outages/test_redis.py",
    "tests/stack/test_other_servers.py",
    "tests/crash/test_paused.py",
    "tests/knowledge/test_isolation.py",
    "tests/browser/test_every_page.py",
    "tests/browser/test_numbers.py",
    "tests/knowledge/test_own_kb.py",
    "tests/adapters/test_freshdesk_trouble.py",
    "tests/evaluation/test_isolation.py",
    "tests/adapters/test_embedding.py",
)


# Files that one process runs, one after the other: they share the stack that is dear to start, or the model to load.
OFFICE, MODEL = "tests/browser/test_pictures.py", "tests/knowledge/test_isolation.py"
TOGETHER = {
    "tests/browser/test_morning.py": OFFICE,
    "tests/stack/test_ends.py": OFFICE,
    "tests/knowledge/test_own_kb.py": MODEL,
    "tests/evaluation/test_isolation.py": MODEL,
    "tests/adapters/test_embedding.py": MODEL,
}


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the first process; what it starts inherits it
        os.environ["DESKHAND_TESTS_ROOM"] = tempfile.mkdtemp(prefix="deskhand-tests-")
    # Before any module reads them: a developer's .env or shell must not decide how a test ends.
    os.environ["DESKHAND_ENV_FILE"] = os.devnull
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
        os.environ.pop(f"{name.upper()}_FILE", None)
    # Where no bytecode is kept, each of the hundreds of processes that tests start compiles all that it imports anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Several processes share the cores: a thread that spins while it waits for another takes the time of who has work.
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # A logger that a test made for good would write past what the next one listens to.
    configure = structlog.configure
    structlog.configure = lambda **wanted: configure(**(wanted | {"cache_logger_on_first_use": False}))
    # How long an example takes, or is thought up, tells of the machine.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
    config.option.loadscopereorder = False  # xdist would begin with the files that have most tests


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop("DESKHAND_TESTS_ROOM"), ignore_errors=True)


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    yield
    structlog.reset_defaults()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are cores: a third of the time of all tests is waiting."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER.get(file, file)

    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    """Where several processes are about to import all tests, each begins somewhere else: in a fresh clone, where none
    is compiled yet, they compile a share each instead of all the same ones at the same time."""
    ours = getattr(session.config, "workerinput", None)
    if ours is None or session.config.option.file_or_dir:
        return
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    begin = len(files) * int(ours["workerid"].removeprefix("gw")) // ours["workercount"]
    for path in files[begin:] + files[:begin]:
        with suppress(Exception, pytest.skip.Exception):  # told when it is collected
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_modifyitems(items):
    rank = {ROOT / name: number for number, name in enumerate(BEGUN_FIRST)}
    if gone := [str(path) for path in [*rank, *(ROOT / name for name in TOGETHER)] if not path.is_file()]:
        raise pytest.UsageError(f"tests/conftest.py names what is not there: {', '.join(gone)}")
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session")
def shared_room(tmp_path_factory) -> Path:
    """A folder that all processes of this run share."""
    room = tmp_path_factory.getbasetemp()
    return room.parent if "PYTEST_XDIST_WORKER" in os.environ else room


@pytest.fixture(scope="session")
def furnished(shared_room) -> Callable[[Path], Path]:
    """Makes a DATA_DIR that has an index over kb/ already."""
    return lambda data_dir: furnish(data_dir, built_once(shared_room))


@pytest.fixture(scope="session")
def office(tmp_path_factory, furnished) -> Iterator[Any]:
    """One stack in review mode for all tests that only need one. It starts where one ran before."""
    from tests.office import an_office

    with an_office(furnished(tmp_path_factory.mktemp("office") / "var")) as opened:
        yield opened


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """A machine that lacks what a test needs would otherwise pass without having looked."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("DESKHAND_NO_SKIP") or reporter is None:
        return
    skipped = len(reporter.stats.get("skipped", []))
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(
            f"\nDESKHAND_NO_SKIP is set, and {skipped} tests were skipped: that is a failure.", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
