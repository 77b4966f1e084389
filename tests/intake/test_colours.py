"""Writing in the colour of what it stands on is hidden, however the two colours are named; on another it is seen."""

from __future__ import annotations

import pytest

from worker.intake.mailtext import colours, read


@pytest.mark.parametrize(
    "html",
    [
        '<span style="color:#ffffff;background-color:#fff">Free for life.</span>',
        '<span style="color: rgb(255, 255, 255); background: white">Free for life.</span>',
        '<span style="color:#fefefe">Free for life.</span>',
        '<span style="color:RGB(100%,100%,100%) !important">Free for life.</span>',
        '<font color="white">Free for life.</font>',
        '<div style="background:#123"><b style="color:#112233">Free for life.</b></div>',
        '<table><tr><td bgcolor="navy"><i style="color:#000080">Free for life.</i></td></tr></table>',
        '<span style="background:#222;color:transparent">Free for life.</span>',
        '<span style="color:rgba(0, 0, 0, 0)">Free for life.</span>',
        '<span style="color:#00000000">Free for life.</span>',
        '<div style="background:#fff"><b style="color:#fff;background:rgba(9,9,9,0)">Free for life.</b></div>',
    ],
)
def test_writing_in_the_colour_of_its_background_is_hidden(html: str) -> None:
    words = read(f"<p>When does it arrive?</p>{html}")
    assert words.now == "When does it arrive?"
    assert words.hidden == "Free for life."


@pytest.mark.parametrize(
    "html",
    [
        '<span style="color:#ccc">Thank you.</span>',
        '<div style="background-color:#003366"><span style="color:#fff">Thank you.</span></div>',
        '<table bgcolor="black"><tr><td><font color="white">Thank you.</font></td></tr></table>',
        '<span style="color:white;background:url(wave.png)">Thank you.</span>',
        '<span style="color:windowtext">Thank you.</span>',
        '<span style="background:#fff">Thank you.</span>',
        '<span style="color: rgb(0, 0, 0); background-color: rgba(0, 0, 0, 0);">Thank you.</span>',
        '<span style="color:#000;background:#0000">Thank you.</span>',
        '<span style="color:#000;background:rgba(0,0,0,.04)">Thank you.</span>',
        '<b style="color:rgb(1.2.3,0,0)">Thank you.</b>',
        '<b style="color:rgb(.,.,.)">Thank you.</b>',
    ],
)
def test_writing_that_stands_out_from_its_background_is_seen(html: str) -> None:
    words = read(f"<p>When does it arrive?</p>{html}")
    assert "Thank you." in words.now + words.quoted
    assert not words.hidden


def test_a_style_is_read_once_however_many_elements_stand_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read_so_far: list[int] = []
    monkeypatch.setattr(colours, "_COLOUR", _Counting(read_so_far))
    colours._styled.cache_clear()
    inner = '<b style="color:#111">x</b>' * 500
    read(f'<div style="{"color:#111;" * 2_000}">{inner}</div>')
    assert 0 < sum(read_so_far) < 5_000


class _Counting:
    def __init__(self, seen: list[int]) -> None:
        self._seen, self._pattern = seen, colours._COLOUR

    def findall(self, style: str) -> list[tuple[str, str]]:
        self._seen.append(len(style))
        return self._pattern.findall(style)
