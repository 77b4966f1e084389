"""A slip in a rule file or in kb/: the doctor tells it once, where it is and what to read, not as a wrong setting."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.operations.test_doctor import settings_for
from tests.sandbox_server import running_sandbox
from worker.bootstrap import embedder_name
from worker.operations.checkup import Health, Said
from worker.operations.doctor import examine
from worker.settings import ROOT, Settings


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "kb", tmp_path / "kb"))


@pytest.fixture(autouse=True)
def live_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Milvus answers, so that kb/ is read a second time, to be compared."""
    build = SimpleNamespace(collection="live", rows=7, built_at=datetime.now(UTC), model=embedder_name(Settings()))
    monkeypatch.setattr("worker.adapters.milvus.MilvusShelf.__init__", lambda *_, **__: None)
    monkeypatch.setattr("worker.adapters.milvus.MilvusShelf.built", lambda _: build)
    monkeypatch.setattr("worker.adapters.milvus.MilvusShelf.close", lambda _: None)


def examined(folder: Path) -> list[Said]:
    given = {"rules_dir": folder / "rules", "kb_dir": folder / "kb", "milvus_uri": "http://127.0.0.1:9"}
    with running_sandbox() as sandbox:
        return examine(settings_for(sandbox, folder, **given), folder / "none")


def test_a_slip_in_a_rule_file_is_told_once_and_with_what_to_read(tmp_path: Path, rules: Path, kb: Path) -> None:
    with (rules / "guards.yaml").open("a", encoding="utf-8") as file:
        file.write("emails: [\n")
    found = examined(tmp_path)
    [told] = [one for one in found if "guards.yaml" in one.says]
    assert (told.name, told.health) == ("rules", Health.BROKEN)
    assert "rules/README.md" in told.todo
    assert "setting" not in told.todo
    [freshdesk] = [one for one in found if one.name == "freshdesk"]
    assert (freshdesk.health, freshdesk.says.split(":")[0]) == (Health.LOOK, "not looked at")


def test_a_slip_in_an_article_is_no_slip_in_the_rules(tmp_path: Path, rules: Path, kb: Path) -> None:
    (kb / "articles" / "slip.md").write_text("no front matter\n", encoding="utf-8")
    found = examined(tmp_path)
    [told] = [one for one in found if "slip.md" in one.says]
    assert (told.name, told.health) == ("knowledge base", Health.BROKEN)
    assert "kb/README.md" in told.todo
    assert [one.health for one in found if one.name == "rules"] == [Health.OK]
    assert [one.health for one in found if one.name == "index and kb/"] == [Health.LOOK]
