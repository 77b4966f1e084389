"""What the columns hold as JSON: nouns as they are, and of what neither database stores a mark in its place."""

from __future__ import annotations

import json

import pytest

from worker.adapters.store.columns import Json, written
from worker.models import Customer

ODD = "a\x00b\ud800c"


def stored(name: str, **facts: str) -> dict[str, object]:
    noun = Customer(customer_id="PW1", name=name, email="asha@example.com", facts=facts)
    text = written(noun)
    text.encode()  # what a database is given
    assert "\\u0000" not in text
    assert Json().process_bind_param(text, None) == text  # type: ignore[arg-type]
    assert Json().process_bind_param(noun.model_dump(mode="json"), None) == json.dumps(  # type: ignore[arg-type]
        json.loads(text), ensure_ascii=False
    )
    return dict(json.loads(text))


@pytest.mark.parametrize("name", ["Asha", "आशा “M” \\ \n\t\x7f", "\\u0041"])
def test_a_noun_is_written_as_it_is(name: str):
    assert stored(name)["name"] == name


@pytest.mark.parametrize(("odd", "kept"), [("a\x00b", "a\ufffdb"), ("\ud800c", "\ufffdc"), (ODD, "a\ufffdb\ufffdc")])
def test_what_no_database_stores_is_replaced_wherever_it_stands(odd: str, kept: str):
    assert stored(odd)["name"] == kept
    assert stored("Asha", city=odd)["facts"] == {"city": kept}
