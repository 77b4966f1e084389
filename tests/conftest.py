"""What holds for every test: no settings leak in from the machine; where DESKHAND_NO_SKIP is set a skip is a failure.

Builders are in tests/builders.py; servers that tests start are in the modules named after them.
"""

from __future__ import annotations

import os

import pytest

from worker.settings import Settings


def pytest_configure(config):
    # Before any module reads them: a developer's .env or shell must not decide how a test ends.
    os.environ["DESKHAND_ENV_FILE"] = os.devnull
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
        os.environ.pop(f"{name.upper()}_FILE", None)


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
