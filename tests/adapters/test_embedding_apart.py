"""A model in a process of its own: asked like any other, and gone with whoever started it. A small model stands in."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from worker.adapters import embedding_apart
from worker.adapters.embedding_apart import Apart
from worker.errors import BadConfiguration, Retryable

SMALL = '''
import numpy as np
import worker.adapters.embedding as module
from worker.errors import BadConfiguration, Permanent

class Small:
    """Says how long texts are."""

    dim = 2

    def __init__(self, model, brief, name):
        print("a library says something")
        if model == "none":
            raise BadConfiguration(f"EMBEDDING_MODEL: there is no {model!r}, brief={brief}")

    def embed(self, texts):
        print("and again")
        if "bad" in texts:
            raise Permanent("embedding failed", part="embedding", code=7)
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    def views(self, texts):
        return None

    def tune(self, texts, groups):
        return bytes(groups.tolist())

    def tuned(self, texts, layers):
        return self.embed(texts) * len(layers)

module.MiniLmEmbedder = Small
'''
Start = Callable[..., Apart]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    (tmp_path / "sitecustomize.py").write_text(SMALL)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    started: list[Apart] = []

    def apart(model: str | None = None, precision: str = "auto") -> Apart:
        started.append(Apart("small", model, precision))
        return started[-1]

    yield apart
    for one in started:
        one.close()
        assert one._process.returncode is not None


def test_it_answers_like_the_model_itself_and_what_that_raises_is_raised_here(start: Start):
    model = start()
    assert (model.name, model.dim) == ("small", 2)
    assert model.embed(["fee", "a"]).tolist() == [[3, 1], [1, 1]]
    with pytest.raises(Exception, match="embedding failed") as told:
        model.embed(["bad"])
    assert (type(told.value).__name__, told.value.part, told.value.code) == ("Permanent", "embedding", 7)
    assert model.views(["fee"]) is None
    assert model.tune(["fee", "a"], np.array([4, 2])) == b"\x04\x02"
    assert model.tuned(["fee"], b"12").tolist() == [[6, 2]]


def test_a_model_that_cannot_be_loaded_is_told_in_the_operators_words(start: Start):
    with pytest.raises(BadConfiguration, match="there is no 'none', brief=False") as told:
        start("none", "float32").embed(["fee"])
    assert len(told.value.problems) == 1


def test_a_process_that_was_killed_is_trouble_that_may_pass(start: Start):
    model = start()
    assert model.dim == 2
    model._process.send_signal(signal.SIGKILL)
    model._process.wait()
    for _ in range(2):
        with pytest.raises(Retryable, match="the embedding process is gone"):
            model.embed(["fee"])


def test_it_ends_by_itself_where_nobody_can_ask_any_more(start: Start):
    model = start()
    assert model.dim == 2
    assert model._process.stdin is not None
    model._process.stdin.close()  # as the system does when the process that started it is killed
    assert model._process.wait(60) == 0


def test_closing_ends_it_whatever_it_is_at(start: Start):
    with closing(start()) as model:
        pass
    assert model._process.returncode == -signal.SIGKILL


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next_one(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = start()
    assert model.dim == 2
    with monkeypatch.context() as stopped:
        stopped.setattr(embedding_apart.pickle, "load", stop)
        with pytest.raises(KeyboardInterrupt):
            model.embed(["four"])

    with pytest.raises(Retryable, match="gone"):
        model.embed(["another"])


def stop(file: object) -> None:
    raise KeyboardInterrupt


def test_nothing_that_lies_where_somebody_stands_is_taken_for_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = "import sys, types\nmodel = types.ModuleType('worker.adapters.embedding')\n"
    small += "model.MiniLmEmbedder = lambda *some, **more: types.SimpleNamespace(dim=2)\n"
    small += "sys.modules[model.__name__] = model\n"
    (tmp_path / "sitecustomize.py").write_text(small)
    here = tmp_path / "here"
    here.mkdir()
    (here / "numpy.py").write_text("raise SystemExit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(here)

    with closing(Apart("small", None, "auto")) as model:
        assert model.dim == 2
