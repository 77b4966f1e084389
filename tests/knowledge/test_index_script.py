"""scripts/index_kb.py on an index that fits already: every start of a stack runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.knowledge.kb_files import ARTICLE, write_kb
from worker.adapters.milvus import MilvusShelf
from worker.adapters.sole_writer import on_this_host
from worker.settings import ROOT


def index_kb(
    data_dir: Path, *options: str, without: Sequence[str] = ("torch", "bs4"), **settings: str
) -> subprocess.CompletedProcess[str]:
    """The program where these modules cannot be imported: of itself neither a model nor what reads mails."""
    gone = data_dir / "gone"
    shutil.rmtree(gone, ignore_errors=True)
    gone.mkdir(parents=True)
    for name in without:
        (gone / f"{name}.py").write_text(f'raise ImportError("there is no {name}")\n')
    env = {**os.environ, "DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), "PYTHONPATH": str(gone)}
    command = [sys.executable, str(ROOT / "scripts" / "index_kb.py"), "--json", *options]
    return subprocess.run(command, cwd=ROOT, env=env | settings, capture_output=True, text=True, timeout=240)


def test_no_model_is_loaded_where_nothing_has_changed(tmp_path: Path, furnished: Any) -> None:
    done = index_kb(furnished(tmp_path / "var"), "--at-start")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["swapped"], report["embedded"]) == (False, 0)
    assert report["unchanged"] == report["sources"] > 400


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))


def test_of_the_rules_a_reindex_that_changes_nothing_asks_only_who_may_read_what(
    tmp_path: Path, rules: Path, furnished: Any
) -> None:
    data_dir = furnished(tmp_path / "var")
    for name in ("routing", "identity", "guards"):
        (rules / f"{name}.yaml").write_text("somebody: is at it\n")
    assert index_kb(data_dir, "--at-start", RULES_DIR=str(rules)).returncode == 0

    segments = (rules / "segments.yaml").read_text(encoding="utf-8")
    labels = next(line for line in segments.splitlines() if line.startswith("labels: ["))
    twice = f"{segments}\n{labels}\n"
    misspelt = segments.replace("labels: [", "lables: [")
    too_much = segments.replace("verified, reads: [public]", "verified, reads: [public, IM]")
    for wrong in (twice, misspelt, too_much):
        assert wrong != segments
        (rules / "segments.yaml").write_text(wrong, encoding="utf-8")
        done = index_kb(data_dir, "--at-start", RULES_DIR=str(rules))
        assert (done.returncode, "segments.yaml, " in done.stderr) == (2, True)

    (rules / "segments.yaml").write_text(segments, encoding="utf-8")
    (rules / "segments.yml").write_text(segments, encoding="utf-8")
    done = index_kb(data_dir, "--at-start", RULES_DIR=str(rules))
    assert (done.returncode, "segments.yml: this file is not read" in done.stderr) == (2, True)


def test_nothing_goes_live_beside_rules_that_no_worker_starts_with(tmp_path: Path, rules: Path, furnished: Any) -> None:
    (rules / "routing.yaml").write_text("somebody: is at it\n")
    done = index_kb(furnished(tmp_path / "var"), "--full", without=(), RULES_DIR=str(rules))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The live index stays as it is. Please correct:")
    assert "routing.yaml, line 1" in done.stderr


def test_nothing_goes_live_that_no_open_draft_could_be_compared_with(tmp_path: Path, furnished: Any) -> None:
    data_dir = furnished(tmp_path / "var")
    live = json.loads(index_kb(data_dir, "--at-start").stdout)["collection"]
    assert "there is no bs4" in index_kb(data_dir, "--full", without=["bs4"]).stderr
    assert json.loads(index_kb(data_dir, "--at-start").stdout)["collection"] == live


def test_everything_anew_needs_the_model(tmp_path: Path, furnished: Any) -> None:
    done = index_kb(furnished(tmp_path / "var"), "--full", without=["torch"])
    assert done.returncode == 1
    assert "there is no torch" in done.stderr


def test_a_slip_in_a_text_is_named_by_a_path_that_opens_wherever_the_texts_lie(tmp_path: Path) -> None:
    """KB_DIR is not the project's, and who reads the error need not stand beside it."""
    texts = write_kb(tmp_path / "texts", articles={"fees": ARTICLE.replace("[public]", "[Gold]")})
    done = index_kb(tmp_path / "var", without=(), KB_DIR=str(texts))
    assert done.returncode == 2
    [told] = [line for line in done.stderr.splitlines() if "Gold" in line]
    path, line, _ = told.strip().split(":", 2)
    assert Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1] == "segments: [Gold]"


def test_wrong_settings_are_told_and_end_with_their_own_code(tmp_path: Path) -> None:
    done = index_kb(tmp_path, EMBEDDING_PRECISION="nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The live index stays as it is. Please correct:")
    assert done.stderr.endswith("\n")


NOT_OURS = {"DATABASE_URL", "MILVUS_URI", "PYTHONUNBUFFERED"}  # unbuffered, what was said needs no flushing
REINDEX = """
import importlib.util, sys
from contextlib import nullcontext
import worker.bootstrap_index as module
from worker.adapters.memory_index import HashEmbedder

spec = importlib.util.spec_from_file_location("index_kb", "scripts/index_kb.py")
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
module.embedder_apart = lambda *_: nullcontext(HashEmbedder(dim=64))
module.embedder_name = lambda settings: HashEmbedder(dim=64).name
code = script.main(["--json"])
sys.stdout.write(f"ledger's libraries: {'sqlalchemy' in sys.modules}")
sys.stderr.write("the end")
script._leave(code + 40)
"""


def test_the_command_leaves_at_once_and_has_said_and_written_all_of_it(tmp_path: Path) -> None:
    """And where there is no ledger, nothing is loaded that only a ledger needs."""
    kb, data = write_kb(tmp_path / "kb", articles={"fees": ARTICLE}), tmp_path / "var"
    given = {"DESKHAND_ENV_FILE": os.devnull, "DATA_DIR": str(data), "KB_DIR": str(kb), "PYTHONPATH": str(ROOT)}
    env = {name: value for name, value in os.environ.items() if name not in NOT_OURS} | given
    done = subprocess.run(
        [sys.executable, "-c", REINDEX], cwd=ROOT, env=env, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 40, done.stderr
    said, _, loaded = done.stdout.partition("\n")
    report = json.loads(said)
    assert (report["swapped"], loaded) == (True, "ledger's libraries: False")
    assert done.stderr.endswith("the end")
    assert {path.name for path in data.iterdir()} == {"index-kept.npz", "index.lock", "milvus"}
    with on_this_host(data), MilvusShelf(str(data / "milvus")) as shelf:
        assert shelf.version() == report["collection"]
        assert len(shelf.contents().versions) == report["sources"]


def test_a_rollback_cannot_be_previewed_and_is_not_made_instead(tmp_path: Path) -> None:
    done = index_kb(tmp_path, "--rollback", "--preview")
    assert done.returncode == 2
    assert "--rollback goes back at once" in done.stderr
