"""Addresses and keys that an operator may write, and those refused at start."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from worker.adapters.address import checked_key, checked_url
from worker.errors import BadConfiguration


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("https://acme.freshdesk.com", "https://acme.freshdesk.com"),
        ("https://acme.freshdesk.com/", "https://acme.freshdesk.com"),
        (" HTTPS://Acme.freshdesk.com// ", "https://acme.freshdesk.com"),
        ("http://127.0.0.1:8002/", "http://127.0.0.1:8002"),
        ("http://localhost:8002", "http://localhost:8002"),
        ("http://[::1]:8002", "http://[::1]:8002"),
    ],
)
def test_a_good_address_loses_its_slash(written: str, used: str) -> None:
    assert checked_url("FRESHDESK_URL", written) == used


@pytest.mark.parametrize(
    "written",
    [
        "",
        "acme.freshdesk.com",
        "http://acme.freshdesk.com",
        "http://127.0.0.1.example.com",
        "ftp://acme.freshdesk.com",
        "https://acme.freshdesk.com/api/v2",
        "https://acme.freshdesk.com/?x=1",
        "https://key:X@acme.freshdesk.com",
        "https://acme.freshdesk.com:port",
    ],
)
def test_a_bad_address_is_refused_by_the_name_of_its_setting(written: str) -> None:
    with pytest.raises(BadConfiguration, match="FRESHDESK_URL"):
        checked_url("FRESHDESK_URL", written)


def test_a_key_is_used_without_the_white_space_around_it() -> None:
    assert checked_key("GROQ_API_KEY", SecretStr(" gsk_1 \n")).get_secret_value() == "gsk_1"


@pytest.mark.parametrize("key", ["", "  ", "gsk 1", "gsk’1", "gsk\n1"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        checked_key("GROQ_API_KEY", SecretStr(key))
    assert "GROQ_API_KEY" in str(caught.value)
    assert "gsk" not in str(caught.value)


def test_a_path_is_kept_where_the_service_may_live_under_one() -> None:
    written = "https://gateway.example.com/groq/"
    assert checked_url("GROQ_BASE_URL", written, path_allowed=True) == "https://gateway.example.com/groq"
