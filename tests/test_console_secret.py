"""The secret that a console makes for itself: whole or not there, and the same for all that start at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from worker import web
from worker.bootstrap_web import console_secret
from worker.errors import BadConfiguration
from worker.settings import ROOT, load_settings

AT_ONCE = 8
DIES = """
import os, sys
from worker.bootstrap_web import console_secret
from worker.settings import load_settings
setattr(os, sys.argv[1], lambda *_: os._exit(9))
console_secret(load_settings())
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """DATA_DIR."""
    folder = tmp_path / "var"
    folder.mkdir()
    monkeypatch.setenv("DATA_DIR", str(folder))
    monkeypatch.delenv("CONSOLE_SECRET", raising=False)
    return folder


def secret() -> str:
    return console_secret(load_settings())


def test_it_is_made_once_and_readable_by_its_owner_only(data: Path) -> None:
    first = secret()
    assert len(first) >= 32
    assert secret() == first
    assert (data / "console_secret").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in data.iterdir()] == ["console_secret"]


@pytest.mark.parametrize("moment", ["fsync", "link"])
def test_a_console_that_dies_while_it_makes_its_secret_starts_again(data: Path, moment: str) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, moment], cwd=ROOT, check=False)
    assert died.returncode == 9
    assert not (data / "console_secret").exists(), "a name that stands for nothing yet would be read by the next one"
    assert len(secret()) >= 32


def test_the_empty_file_of_an_earlier_release_that_died_is_filled(data: Path) -> None:
    (data / "console_secret").touch(0o644)
    first = secret()
    assert len(first) >= 32
    assert secret() == first
    assert (data / "console_secret").stat().st_mode & 0o777 == 0o600


def all_at_once(ask: Callable[[], str]) -> set[str]:
    together = Barrier(AT_ONCE)

    def one(_: int) -> str:
        together.wait()
        return ask()

    with ThreadPoolExecutor(AT_ONCE) as consoles:
        return set(consoles.map(one, range(AT_ONCE)))


@pytest.mark.parametrize("empty", [False, True])
def test_consoles_that_start_at_once_have_the_same_secret(data: Path, empty: bool) -> None:
    settings, path = load_settings(), data / "console_secret"
    for _ in range(25):
        path.unlink(missing_ok=True)
        if empty:
            path.touch()
        got = all_at_once(lambda: console_secret(settings))
        assert got == {path.read_text()}


def test_who_comes_second_goes_by_the_secret_of_the_first(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, winners = os.link, []

    def overtaken(made: Path, path: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        winners.append(secret())
        link(made, path)

    monkeypatch.setattr(os, "link", overtaken)
    assert [secret()] == winners


@pytest.mark.parametrize("found", [b"too short", b"\xff" * 43])
def test_a_secret_that_is_none_is_told_in_words(
    data: Path, found: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "console_secret").write_bytes(found)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{data / 'ledger.db'}")

    assert web.main(["console"]) == 2
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{data / 'console_secret'} holds no secret")
    assert "remove it" in said


def test_a_given_secret_that_is_too_short_and_a_folder_that_takes_none_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="CONSOLE_SECRET must have at least 16"):
        console_secret(load_settings(console_secret="short"))
    (tmp_path / "file").touch()
    with pytest.raises(BadConfiguration, match=f"^{tmp_path}/file.*: .* or set CONSOLE_SECRET"):
        console_secret(load_settings(data_dir=tmp_path / "file"))


def test_a_volume_without_hard_links_keeps_a_secret_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    assert secret() == secret()
    assert [kept.name for kept in data.iterdir()] == ["console_secret"]
