"""Where a replay writes its page and its rows: nothing that is still needed goes, and nothing is spent in vain."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.operations.test_replay import CSV, REPLY, script, tickets
from tests.operations.test_replay import at_the_desk as at_the_desk
from tests.operations.test_replay import office as office


def test_the_old_tickets_are_not_overwritten_with_what_is_said_of_them(at_the_desk, tmp_path, monkeypatch, capsys):
    old = tickets(tmp_path, CSV)
    (tmp_path / "here").symlink_to(tmp_path)
    (tmp_path / "again.csv").hardlink_to(old)
    monkeypatch.chdir(tmp_path)
    for way in ("--page", "--rows"):
        for same in ("old.csv", "./old.csv", "here/./old.csv", "here/old.csv", "again.csv", str(old)):
            assert script.main(["old.csv", way, same]) == 2, same
            said = f"{way} {Path(same)} is the file with the old tickets and would overwrite it: name another file.\n"
            assert capsys.readouterr().err == said
    assert old.read_text(encoding="utf-8") == CSV
    assert at_the_desk == []


def test_page_and_rows_do_not_overwrite_each_other(at_the_desk, tmp_path, monkeypatch, capsys):
    old = tickets(tmp_path, CSV)
    (tmp_path / "here").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert script.main([str(old), "--page", "report", "--rows", "here/report"]) == 2
    assert (
        capsys.readouterr().err == "--page report and --rows here/report are the same file: give each one of its own.\n"
    )
    assert at_the_desk == []
    assert sorted(path.name for path in tmp_path.iterdir() if "report" in path.name) == []


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (".", "that is a folder: name a file in it."),
        ("/proc/report", "it cannot be written (No such file or directory): name a file where you may write."),
        ("nowhere/report", "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_written_is_told_before_a_token_is_spent(
    at_the_desk, tmp_path, monkeypatch, capsys, where, said
):
    old = tickets(tmp_path, CSV)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    for way, other in (("--page", "--rows"), ("--rows", "--page")):
        assert script.main([str(old), way, where, other, "well"]) == 2
        assert capsys.readouterr().err == f"{way} {where}: {said}\n"
    assert at_the_desk == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_disk_that_is_full_in_the_end_takes_the_report_and_not_the_figures(at_the_desk, tmp_path, capsys):
    page = tmp_path / "report.html"
    full = stat.S_IMODE(os.stat("/dev/full").st_mode)
    assert script.main([str(tickets(tmp_path, CSV)), "--rows", "/dev/full", "--page", str(page), "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["tickets"] == 3
    assert said.err.splitlines()[-1] == (
        "/dev/full could not be written (No space left on device): what it holds is not complete."
    )
    assert "Traceback" not in said.err
    assert REPLY in page.read_text(encoding="utf-8")
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == full, "a device is everybody's"
