"""What every value of ours can do: be copied with a change, and stay as it is."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from tests.builders import a_source
from worker.models import Source


def test_a_copy_is_what_the_library_itself_would_make_and_leaves_the_first_as_it_was() -> None:
    source = Source(**a_source("Text").model_dump(exclude_defaults=True))
    before, fields_set = source.model_dump(), set(source.model_fields_set)
    ours = source.model_copy(update={"chance": 0.5, "dense": 0.25})
    theirs = BaseModel.__copy__(source)
    theirs.__dict__ |= {"chance": 0.5, "dense": 0.25}

    assert ours == theirs
    assert (ours.chance, ours.dense, ours.text) == (0.5, 0.25, "Text")
    assert ours.model_fields_set == fields_set | {"chance", "dense"}
    assert (source.model_dump(), source.model_fields_set) == (before, fields_set)
    assert Source.model_validate_json(ours.model_dump_json()) == ours
    assert hash(ours) == hash(theirs)


def test_a_copy_is_as_frozen_as_what_it_was_copied_from() -> None:
    with pytest.raises(ValidationError):
        a_source("Text").model_copy().text = "Other"  # type: ignore[misc]
