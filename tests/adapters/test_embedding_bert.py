"""The forward pass of our own: what sentence-transformers works out, and no other model than it can work out."""

from __future__ import annotations

import gc
import json
import shutil
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch

from worker.adapters import embedding_bert, embedding_pass
from worker.adapters.embedding_bert import Bert, read
from worker.adapters.embedding_library import Library
from worker.adapters.embedding_model import packaged_model
from worker.adapters.embedding_pass import compiled
from worker.ports.world import Vectors

TEXTS = [
    "When does my withdrawal arrive?",
    "",
    "  \n ",
    "I asked on Monday, and again on Thursday; nobody could tell me how long a withdrawal of Rs 12,500 takes. " * 3,
    "कब मिलेगा मेरा पैसा",
    "Ünïcödé ÀÉ 你好 \U0001f600 a\u200bb \x00 [SEP] [MASK]",
    "withdraw " * 400,
    "a" * 900,
]


@pytest.fixture(scope="module")
def bert() -> Bert:
    model = read(packaged_model(), brief=False)
    assert model is not None
    return model


def cosines(some: Vectors, others: Vectors) -> Vectors:
    return np.asarray((some * others).sum(axis=1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The packaged model once more, to be changed."""
    there = tmp_path / "model"
    shutil.copytree(packaged_model(), there, copy_function=lambda old, new: Path(new).symlink_to(Path(old)))
    return there


def change(file: Path, **told: object) -> None:
    changed = json.loads(file.read_text()) | told
    file.unlink()
    file.write_text(json.dumps(changed))


def test_its_vectors_are_those_of_sentence_transformers(bert: Bert) -> None:
    library = Library(str(packaged_model()))

    assert np.abs(bert.encode(TEXTS) - library.encode(TEXTS)).max() < 1e-5
    assert (bert.dim, bert.reads) == (library.dim, library.reads)
    assert [bert.spans(text) for text in TEXTS] == [library.spans(text) for text in TEXTS]


def test_in_bfloat16_they_point_the_same_way_alone_and_among_others(bert: Bert) -> None:
    brief = read(packaged_model(), brief=True)
    assert brief is not None
    together = brief.encode(TEXTS, brief.deep).reshape(-1, bert.dim)
    alone = np.concatenate([brief.encode([text], brief.deep) for text in TEXTS]).reshape(-1, bert.dim)

    assert cosines(together, bert.encode(TEXTS, bert.deep).reshape(-1, bert.dim)).min() > 0.9999
    assert cosines(together, alone).min() > 0.9999


def test_texts_that_do_not_fit_one_pass_go_through_several_in_order(
    bert: Bert, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = bert.encode(TEXTS)
    monkeypatch.setattr(embedding_bert, "PASS", 40)
    assert np.abs(bert.encode(TEXTS) - at_once).max() < 1e-5


def test_as_many_passes_go_at_a_time_as_a_text_may_use_cores(bert: Bert, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_bert, "PASS", 16)
    texts = [f"{TEXTS[0]} {number}" for number in range(6)]  # a pass for each
    alone, both, cores = bert.encode(texts[:1]), Barrier(2, timeout=60), list[int]()

    def beside_another(*given: Any) -> Any:
        both.wait()
        cores.append(torch.get_num_threads())
        return compiled().views(*given)

    monkeypatch.setattr(bert, "_program", compiled()._replace(views=beside_another))
    may_use = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        found = bert.encode(texts)
    finally:
        torch.set_num_threads(may_use)
    assert cores == [1] * 6
    assert np.allclose(found[0], alone[0], atol=1e-6)


def test_passes_come_in_few_lengths_since_the_kernels_of_each_are_kept() -> None:
    lengths = range(1, embedding_bert.PASS + 1)
    filled = [embedding_pass.filled_up(length) for length in lengths]

    assert len(set(filled)) <= 20
    assert all(length <= full < length + 32 for length, full in zip(lengths, filled, strict=True))


def test_a_pass_is_one_program_that_keeps_no_other_thread_waiting(bert: Bert) -> None:
    assert all(isinstance(one, torch.jit.ScriptFunction) for one in compiled())
    assert bert.encode(["Once."]).shape == (1, bert.dim)


def resident(file: Path) -> int:
    """Bytes of it that are mapped into this process and in memory."""
    held, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first, *more = line.split()
        if not first.endswith(":"):
            ours = more[-1:] == [str(file)]
        elif ours and first == "Rss:":
            held += 1024 * int(more[0])
    return held


@pytest.mark.parametrize("brief", [False, True])
def test_of_a_models_file_only_the_words_that_were_read_stay_in_memory(brief: bool) -> None:
    file = (packaged_model() / "model.safetensors").resolve()
    gc.collect()
    before = resident(file)
    model = read(packaged_model(), brief=brief)
    assert model is not None
    model.encode(TEXTS)
    assert 0 < resident(file) - before < 0.2 * file.stat().st_size


def test_any_layer_can_be_looked_at(bert: Bert) -> None:
    pieces = bert.pieces(TEXTS[:2])
    fifth, last = bert.states(pieces, (5, 6))

    assert [state.shape for state in fifth] == [(len(ids), bert.dim) for ids in pieces]
    means = np.stack([state.mean(0).numpy() for state in last])
    assert np.allclose(means / np.linalg.norm(means, axis=1, keepdims=True), bert.encode(TEXTS[:2]), atol=1e-5)
    assert not np.allclose(fifth[0].numpy(), last[0].numpy(), atol=0.1)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("config.json", {"hidden_act": "relu"}),
        ("config.json", {"model_type": "mpnet"}),
        ("config.json", {"position_embedding_type": "relative_key"}),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}),
        ("sentence_bert_config.json", {"do_lower_case": True}),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}),
    ],
)
def test_a_model_of_another_make_is_left_to_the_library(folder: Path, file: str, told: dict[str, object]) -> None:
    change(folder / file, **told)
    assert read(folder) is None


def test_a_model_without_unit_vectors_or_without_files_is_left_to_the_library(folder: Path, tmp_path: Path) -> None:
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").unlink()
    (folder / "modules.json").write_text(json.dumps(modules[:2]))
    assert read(folder) is None
    assert read(tmp_path) is None
