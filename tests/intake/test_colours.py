"""Writing in the colour of what it stands on is hidden, however the two colours are named; on another it is seen."""

from __future__ import annotations

import pytest

from worker.intake.mailtext import read


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
    ],
)
def test_writing_that_stands_out_from_its_background_is_seen(html: str) -> None:
    words = read(f"<p>When does it arrive?</p>{html}")
    assert "Thank you." in words.now + words.quoted
    assert not words.hidden
