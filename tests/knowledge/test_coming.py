"""A model that is not there yet: known by its name, begun once, by whoever sees that it will be needed."""

from __future__ import annotations

import pytest

from worker.adapters.memory_index import HashEmbedder
from worker.errors import BadConfiguration
from worker.knowledge.coming import Coming


def test_the_name_is_known_before_anything_is_loaded_which_happens_once():
    model = HashEmbedder(dim=8)
    made: list[HashEmbedder] = []

    def make() -> HashEmbedder:
        made.append(model)
        return model

    coming = Coming(model.name, make)
    assert coming.name == model.name
    assert not made
    coming.begin()
    coming.begin()
    assert coming.dim == 8
    assert (coming.embed(["fee"]) == model.embed(["fee"])).all()
    assert len(made) == 1


def test_a_model_that_cannot_be_loaded_is_told_to_whoever_needs_it():
    def make() -> HashEmbedder:
        raise BadConfiguration("EMBEDDING_MODEL: there is none")

    coming = Coming("none", make)
    for _ in range(2):
        with pytest.raises(BadConfiguration, match="there is none"):
            coming.embed(["fee"])
