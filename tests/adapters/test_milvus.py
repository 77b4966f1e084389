"""The Milvus adapter where its contract with the world ends: outages, two processes, broken builds, foreign words."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.knowledge.kb_files import a_passage
from tests.milvus import free_port
from tests.scripted_server import HASTY, PATIENT, refusing_url
from worker.adapters import milvus
from worker.adapters.memory_index import HashEmbedder
from worker.adapters.milvus import MilvusShelf
from worker.adapters.milvus_link import Link, judge
from worker.adapters.milvus_rows import K1, B, audience, readable, where
from worker.adapters.milvus_server import milvus_lite_command, start_milvus_lite, stop, wait_for_port
from worker.adapters.milvus_write import Writing
from worker.errors import BadConfiguration, Permanent, Retryable
from worker.knowledge.index import publish, row_of
from worker.models import Kind

EMBEDDER = HashEmbedder(dim=64)


def rows(*texts: str, labels=("public",)):
    return [row_of(a_passage(f"a#{n}", "Title", text, labels)) for n, text in enumerate(texts)]


def found(shelf, text: str = "money") -> list[str]:
    hits = shelf.search(Kind.PASSAGE, EMBEDDER.embed([text])[0], text, ("public",), 5)
    return [hit.source.text for hit in hits]


def collections(shelf) -> list[str]:
    return sorted(shelf._link.call("listing", lambda client: client.list_collections()))


@contextmanager
def hasty(shelf):
    """Gives up soon, for as long as nobody answers anyway."""
    shelf._link.timeout = HASTY
    try:
        yield
    finally:
        shelf._link.timeout = PATIENT


@pytest.fixture
def shelf(tmp_path):
    with MilvusShelf(str(tmp_path / "milvus")) as shelf:
        yield shelf


def test_a_server_and_an_in_process_client_see_the_same_directory_one_after_the_other(tmp_path):
    directory, port = tmp_path / "milvus", free_port()
    with MilvusShelf(str(directory)) as shelf:
        publish(rows("money"), EMBEDDER, shelf)
    with start_milvus_lite(directory, port), MilvusShelf(f"http://127.0.0.1:{port}") as served:
        assert found(served) == ["money"]
        publish(rows("more money"), EMBEDDER, served)
    with MilvusShelf(str(directory)) as shelf:
        assert found(shelf) == ["more money"]


def test_a_directory_that_another_process_has_open_is_told_and_may_be_tried_again(tmp_path):
    directory = tmp_path / "milvus"
    with start_milvus_lite(directory, free_port()), pytest.raises(Retryable, match="another process"):
        MilvusShelf(str(directory)).version()


def test_a_directory_that_cannot_be_made_is_told_with_what_to_set(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with MilvusShelf(str(tmp_path / "file" / "milvus")) as shelf, pytest.raises(Permanent, match="MILVUS_URI, or DATA"):
        shelf.version()


def test_threads_that_come_for_a_new_head_together_read_it_once(shelf, monkeypatch):
    publish(rows("money"), EMBEDDER, shelf)
    another, once = threading.Event(), []

    def read(*_):
        if once:
            another.set()
        once.append(True)
        another.wait(0.3)
        return b"a head"

    monkeypatch.setattr(milvus, "read_head", read)
    with ThreadPoolExecutor(4) as threads:
        heads = list(threads.map(lambda _: shelf.head(), range(4)))
    assert (len(once), set(heads)) == (1, {b"a head"})


def test_a_server_that_cannot_start_says_so_at_once(tmp_path):
    directory = tmp_path / "milvus"
    with MilvusShelf(str(directory)) as owner:
        owner.version()
        with pytest.raises(Retryable, match="ended with code"), start_milvus_lite(directory, free_port()):
            pytest.fail("two processes own one directory")


def test_the_server_listens_to_this_machine_alone(tmp_path):
    command = milvus_lite_command(tmp_path, 1)

    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_a_killed_server_is_trouble_for_a_while_and_the_connection_heals(tmp_path):
    directory, port = tmp_path / "milvus", free_port()
    with MilvusShelf(f"http://127.0.0.1:{port}", timeout=PATIENT) as shelf:
        first = start(directory, port)
        publish(rows("money"), EMBEDDER, shelf)
        assert found(shelf) == ["money"]
        first.kill()
        first.wait()
        with hasty(shelf), pytest.raises(Retryable):
            found(shelf)
        second = start(directory, port)
        try:
            assert found(shelf) == ["money"], "acknowledged rows outlive a kill, and are loaded again"
        finally:
            stop(second)


def test_a_server_that_does_not_answer_is_given_up_in_time(tmp_path):
    directory, port = tmp_path / "milvus", free_port()
    with (
        start_milvus_lite(directory, port) as server,
        MilvusShelf(f"http://127.0.0.1:{port}", timeout=PATIENT) as shelf,
    ):
        publish(rows("money"), EMBEDDER, shelf)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            with hasty(shelf), pytest.raises(Retryable):
                found(shelf)
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert found(shelf) == ["money"]


def test_a_server_that_is_not_there_is_retryable():
    with refusing_url() as url, pytest.raises(Retryable):
        MilvusShelf(url, timeout=HASTY).version()


def test_a_server_that_is_not_there_is_named_by_its_address_with_what_to_set():
    with pytest.raises(Retryable) as found:
        Link("http://root:hunter2@127.0.0.1:1", timeout=0.5).call("asking", lambda client: None)
    assert found.value.reason.startswith("no Milvus answers at 127.0.0.1:1 (connecting: ")
    assert "MILVUS_URI" in found.value.todo


def test_bm25_weighs_repetition_and_length_as_the_weights_of_the_search_were_fixed(shelf):
    told = ("fee fee account tax", "fee", "tax account")
    publish([row.model_copy(update={"words": w}) for row, w in zip(rows(*told), told, strict=True)], EMBEDDER, shelf)
    hits = shelf.search(Kind.PASSAGE, EMBEDDER.embed(["fee"])[0], "fee", ("public",), 3)
    scores = {hit.source.text: hit.lexical for hit in hits if hit.lexical}

    def score(often: int, length: int) -> float:
        rarity = math.log((3 - 2 + 0.5) / (2 + 0.5) + 1)
        return rarity * often * (K1 + 1) / (often + K1 * (1 - B + B * length / (7 / 3)))

    assert scores == {told[0]: pytest.approx(score(2, 4), rel=1e-3), told[1]: pytest.approx(score(1, 1), rel=1e-3)}


def test_a_search_goes_on_through_swaps(shelf):
    publish(rows("money 0"), EMBEDDER, shelf)
    ended, searches, failures = threading.Event(), [], []

    def search():
        while not ended.is_set():
            try:
                searches.append(found(shelf))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(1, 6):
        publish(rows(f"money {n}"), EMBEDDER, shelf)
    ended.set()
    for thread in threads:
        thread.join()

    assert failures == []
    assert all(len(texts) == 1 for texts in searches), "a search never sees two builds at once"
    assert found(shelf) == ["money 5"]


def test_two_earlier_collections_stay_and_older_ones_and_leftovers_go(shelf):
    shelf._link.call("making", lambda c: c.create_collection("deskhand_20200101T000000000000_dead", dimension=4))
    shelf._link.call("making", lambda c: c.create_collection("somebody_elses", dimension=4))
    built = [publish(rows(f"money {n}"), EMBEDDER, shelf).collection for n in range(4)]

    assert collections(shelf) == sorted([*built[1:], "somebody_elses"])
    assert shelf.earlier() == [built[2], built[1]]
    assert shelf.rollback(2) == built[1], "each that is kept can be gone back to"
    assert (found(shelf), shelf.earlier()) == (["money 1"], [built[2], built[3]])
    assert shelf.rollback(2) == built[3], "and forward from"
    assert shelf.rollback() == built[2]


def test_where_fewer_are_kept_than_before_the_older_ones_go_but_not_what_somebody_else_needs(tmp_path):
    with MilvusShelf(str(tmp_path / "milvus"), keep=3) as more:
        built = [publish(rows(f"money {n}"), EMBEDDER, more).collection for n in range(4)]
        more._link.call("naming", lambda c: c.create_alias(built[0], "for_the_auditors"))
    with MilvusShelf(str(tmp_path / "milvus"), keep=1) as fewer:
        built.append(publish(rows("money 4"), EMBEDDER, fewer).collection)

        assert collections(fewer) == sorted([built[0], *built[3:]])
        assert found(fewer) == ["money 4"]
        assert fewer.rollback() == built[3]


def test_an_index_that_was_built_before_another_metric_came_is_searched_with_its_own(shelf, monkeypatch):
    monkeypatch.setattr("worker.adapters.milvus_rows.METRIC", "COSINE")
    monkeypatch.setattr("worker.adapters.milvus_write.METRIC", "COSINE")
    publish(rows("money", "time"), EMBEDDER, shelf)
    monkeypatch.undo()
    hits = shelf.search(Kind.PASSAGE, EMBEDDER.embed(["Title\nmoney"])[0], "money", ("public",), 1)

    assert (shelf._looking.look().metric, hits[0].dense) == ("COSINE", pytest.approx(1.0, abs=1e-4))
    publish(rows("money", "more"), EMBEDDER, shelf)
    hits = shelf.search(Kind.PASSAGE, EMBEDDER.embed(["Title\nmoney"])[0], "money", ("public",), 1)
    assert (shelf._looking.look().metric, hits[0].dense) == ("IP", pytest.approx(1.0, abs=1e-4))


def test_a_build_that_breaks_off_leaves_the_live_one_and_no_leftover(shelf):
    live = publish(rows("money"), EMBEDDER, shelf).collection
    broken = [*rows("other"), row_of(a_passage("b#" + "x" * 400, "Title", "Text", ["public"]))]

    with pytest.raises(Permanent, match="shorten the id"):
        publish(broken, EMBEDDER, shelf)

    assert (shelf.version(), collections(shelf)) == (live, [live])
    assert found(shelf) == ["money"]


def test_an_embedder_that_fails_halfway_leaves_the_live_one_and_no_leftover(shelf):
    live = publish(rows("money"), EMBEDDER, shelf).collection

    class Failing(HashEmbedder):
        def embed(self, texts):
            if self.embedded:
                raise Retryable("embedding failed", part="embedding")
            return super().embed(texts)

    with pytest.raises(Retryable, match="embedding failed"):
        publish(rows("money", *(f"time {n}" for n in range(300))), Failing(dim=64), shelf)

    assert (shelf.version(), collections(shelf)) == (live, [live])


def test_two_rows_of_one_id_are_refused_before_anything_is_written(shelf):
    with pytest.raises(Permanent, match="two rows have one id"):
        publish([*rows("a"), *rows("b")], EMBEDDER, shelf)

    assert collections(shelf) == []


def test_a_text_longer_than_milvus_takes_is_cut_and_not_refused(shelf):
    publish(rows("rupee ₹ " * 12_000), EMBEDDER, shelf)

    [text] = found(shelf, "rupee")
    assert 50_000 < len(text.encode()) <= 60_000


def test_more_rows_than_one_answer_holds_are_all_read_back(shelf):
    texts = [f"money {n}" for n in range(40)]
    publish(rows(*texts), EMBEDDER, shelf)
    small = Writing(shelf._link, "deskhand_live", 2, page=7)

    contents = small.contents(shelf._looking.look())

    assert len(contents.vectors) == len(contents.versions) == 40


def test_a_vector_of_another_length_is_refused(shelf):
    publish(rows("money"), EMBEDDER, shelf)

    with pytest.raises(Permanent, match="8 numbers, the index 64"):
        shelf.search(Kind.PASSAGE, HashEmbedder(dim=8).embed(["x"])[0], "x", ("public",), 5)


def test_the_filter_holds_label_sets_of_the_index_and_nothing_that_was_asked():
    known = ["IM", "IM|IM+", "public"]

    assert readable(known, ("IM",)) == ["IM", "IM|IM+"]
    assert readable(known, ('IM"] or true', "")) == []
    assert where(Kind.PASSAGE, ["IM", "IM|IM+"]) == 'kind == "passage" and audience in ["IM", "IM|IM+"]'


@pytest.mark.parametrize("label", ['IM"', "IM|x", "", "IM]", "a\nb", "x" * 50])
def test_a_label_that_could_break_a_filter_is_refused(label):
    with pytest.raises(Permanent, match="label"):
        audience(["IM", label])


def test_a_label_set_that_somebody_wrote_into_the_index_does_not_get_into_a_filter():
    with pytest.raises(Permanent, match="label"):
        where(Kind.PASSAGE, ["IM", '"] or true or audience in ["IM+'])


def test_trouble_never_repeats_what_was_asked():
    for error in (RuntimeError("asha@example.com"), ValueError("asha@example.com")):
        assert "asha" not in judge(error, "searching").reason


def test_trouble_is_judged_by_its_code():
    from pymilvus.exceptions import MilvusException, ParamError

    assert isinstance(judge(MilvusException(2, "x"), "searching"), Retryable)
    assert isinstance(judge(MilvusException(8, "rate limit"), "searching"), Retryable)
    assert isinstance(judge(MilvusException(1100, "x"), "searching"), Permanent)
    assert isinstance(judge(MilvusException(65535, "auth check failure"), "searching"), Permanent)
    assert isinstance(judge(ParamError(message="x"), "searching"), Permanent)


@pytest.mark.parametrize("uri", ["", "localhost:19530"])
def test_an_address_without_a_scheme_is_told(uri):
    with pytest.raises(BadConfiguration, match="MILVUS_URI"):
        Link(uri)


def test_importing_the_adapters_loads_neither_pymilvus_nor_the_model():
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, worker.adapters.milvus, worker.adapters.embedding, worker.adapters.milvus_server;"
            "print([m for m in ('pymilvus', 'milvus_lite', 'torch', 'sentence_transformers') if m in sys.modules])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.strip() == "[]"


def start(directory, port: int) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(
        milvus_lite_command(directory, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for_port(server, port, 30)
    return server
