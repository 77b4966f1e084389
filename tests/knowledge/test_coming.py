"""A model that is still being loaded: known by its name, and waited for by whoever needs it."""

from __future__ import annotations

import threading

import pytest

from worker.adapters.memory_index import HashEmbedder
from worker.errors import BadConfiguration
from worker.knowledge.coming import Coming


def test_the_name_is_known_before_the_model_is_there_and_the_rest_waits_for_it():
    loaded, model = threading.Event(), HashEmbedder(dim=8)

    def make() -> HashEmbedder:
        assert loaded.wait(30)
        return model

    coming = Coming(model.name, make)
    assert coming.name == model.name
    loaded.set()
    assert coming.dim == 8
    assert (coming.embed(["fee"]) == model.embed(["fee"])).all()


def test_a_model_that_cannot_be_loaded_is_told_to_whoever_needs_it():
    def make() -> HashEmbedder:
        raise BadConfiguration("EMBEDDING_MODEL: there is none")

    coming = Coming("none", make)
    for _ in range(2):
        with pytest.raises(BadConfiguration, match="there is none"):
            coming.embed(["fee"])
