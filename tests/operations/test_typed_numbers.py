"""A number that cannot be meant, typed after a script's option: told as a wrong argument, before anything is done."""

from __future__ import annotations

import pytest

from tests.the_script import the_script

NOT_MEANT = {
    "doctor": ("--seconds", ("-1", "0", "nan", "inf", "1e300", "soon")),
    "index_kb": ("--rollback", ("-1", "0", "1.5", "last")),
    "forget": ("--requester", ("-5", "0", "asha", "9" * 30)),
    "replay": ("--ticket", ("-5", "0", "asha", "9" * 30)),
}


@pytest.mark.parametrize("name", NOT_MEANT)
def test_a_number_that_cannot_be_meant_is_a_wrong_argument_and_nothing_is_done(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read() -> None:
        raise AssertionError("the settings were read, so it had begun")

    monkeypatch.setattr("worker.settings.load_settings", read)
    option, numbers = NOT_MEANT[name]
    for number in numbers:
        script = the_script(name)
        with pytest.raises(SystemExit) as ended:
            script.main([f"{option}={number}"])
        assert ended.value.code == 2, number
        assert f"argument {option}: {number!r} is no number" in capsys.readouterr().err.replace("\n", " "), number
