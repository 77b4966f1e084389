"""Going back to an earlier collection where an answer is lost, a process dies or another build sweeps."""

from __future__ import annotations

import pytest

from tests.knowledge.kb_files import a_passage
from worker.adapters.memory_index import HashEmbedder
from worker.adapters.milvus import MilvusShelf
from worker.errors import Permanent, Retryable
from worker.knowledge.index import publish, row_of

EMBEDDER = HashEmbedder(dim=64)


def rows(text: str):
    return [row_of(a_passage("a#0", "Title", text, ("public",)))]


class _Unavailable(Exception):
    """As gRPC tells of an answer that was lost on its way."""

    class _Code:
        name = "UNAVAILABLE"

    def code(self):
        return self._Code


def test_a_rollback_whose_last_answer_is_lost_goes_back_once(tmp_path):
    with MilvusShelf(str(tmp_path / "m")) as shelf:
        first, second = (publish(rows(text), EMBEDDER, shelf).collection for text in ("one", "two"))
        point, moved = shelf._writing._point, []

        def losing(client, alias, name):
            point(client, alias, name)
            moved.append(alias)
            if len(moved) == 2:
                raise _Unavailable

        shelf._writing._point = losing

        assert (shelf.rollback(), shelf.version()) == (first, first)
        shelf._writing._point = point
        assert shelf.rollback() == second, "and forward again"


def test_going_back_to_what_is_live_already_is_not_told_as_done(tmp_path):
    with MilvusShelf(str(tmp_path / "m"), keep=1) as shelf:
        for text in ("one", "two"):
            publish(rows(text), EMBEDDER, shelf)
        point = shelf._writing._point

        def killed(client, alias, name):
            point(client, alias, name)
            raise KeyboardInterrupt

        shelf._writing._point = killed
        with pytest.raises(KeyboardInterrupt):
            shelf.rollback()
        shelf._writing._point = point

        with pytest.raises(Permanent, match="no earlier index"):
            shelf.rollback()


def test_a_staged_index_that_another_build_swept_away_moves_no_alias(tmp_path):
    with MilvusShelf(str(tmp_path / "m"), keep=1) as shelf:
        first, second = (publish(rows(text), EMBEDDER, shelf).collection for text in ("one", "two"))

        def swept(change, new):
            shelf.discard(new.version())
            return True

        with pytest.raises(Retryable):
            publish(rows("three"), EMBEDDER, shelf, look=swept)

        assert shelf.version() == second
        assert shelf.rollback() == first
