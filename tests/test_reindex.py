"""scripts/index_kb.py as ops see it, on a real Milvus Lite and a real ledger; only the embedding is a quick one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
from pymilvus import MilvusClient, MilvusException

from tests.builders import a_draft, a_reader, a_source, a_trace, an_identity
from tests.console.seed import a_conversation, hold
from tests.empty_ledger import empty_ledger
from tests.knowledge.kb_files import an_article, write_kb
from tests.the_script import the_script
from worker.adapters.memory_index import HashEmbedder
from worker.adapters.sole_writer import on_this_host
from worker.adapters.store.engine import sqlite_module
from worker.adapters.store.ledger import open_ledger
from worker.bootstrap import open_shelf
from worker.bootstrap_index import Reindexed
from worker.errors import Retryable
from worker.models import Kind, Part, Sentence
from worker.settings import load_settings
from worker.support.preview import Effect

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = {
    "Exit": "Early exit fee: 1 % of amount sold.",
    "Nominee": "Adding nominee: choose Family, then Nominee.",
    "Statement": "Monthly statement: download it under Documents.",
    "Bank": "Changing bank account: upload a cancelled cheque.",
}
ASKED = ("Early exit fee?", "Adding nominee?", "Monthly statement?", "Changing bank account?")

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    return tmp_path / "kb"


@pytest.fixture
def run(tmp_path: Path, kb: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run(*options)`: exit code, the JSON that it printed, and what it said on standard error."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("KB_DIR", str(kb))
    monkeypatch.setenv("DESKHAND_ENV_FILE", os.devnull)
    for name in ("DATABASE_URL", "MILVUS_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("worker.bootstrap_index.embedder_apart", lambda *_: nullcontext(HashEmbedder(dim=256)))
    monkeypatch.setattr("worker.bootstrap_index.embedder_name", lambda settings: HashEmbedder(dim=256).name)
    script = the_script("index_kb")

    def ran(*options: str) -> tuple[int, Any, str]:
        code = script.main([*options, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return ran


def write(kb: Path, *sections: str, **changed: str) -> None:
    """One article with these sections, all if none is named; `changed`: other words for some of them."""
    told = SECTIONS | changed
    body = "\n\n".join(f"## {name}\n{told[name]}" for name in sections or SECTIONS)
    write_kb(kb, articles=an_article(f"\n{body}\n"))


def answered(tmp_path: Path, *questions: str) -> None:
    """A ledger with a held ticket for each question, each citing the version of fees#exit that is never the index's."""
    url = empty_ledger(tmp_path / "var" / "deskhand.db")
    ledger = open_ledger(url)
    old = a_source("Old words.", "fees#exit", kind=Kind.PASSAGE, version="before")
    cites = (Part(question="How?", sentences=(Sentence(text="So.", sources=("fees#exit",)),)),)
    for ticket_id, question in enumerate(questions, 1):
        trace = a_trace(
            query=question,
            questions=(question,),
            reader=a_reader("public"),
            identity=an_identity(existing=True),
        )
        draft = a_draft(sources=(old,), parts=cites)
        hold(ledger, ticket_id, thread=a_conversation(ticket_id, f"<p>{question}</p>"), trace=trace, draft=draft)
    ledger.close()


def stale_tickets(tmp_path: Path) -> list[int]:
    ledger = open_ledger(f"sqlite:///{tmp_path / 'var' / 'deskhand.db'}")
    found = sorted(row.case.ticket_id for row in ledger.reviews.held() if row.case.stale)
    ledger.close()
    return found


def test_the_first_index_is_built_without_a_ledger_and_makes_none(run: Run, kb: Path, tmp_path: Path) -> None:
    write(kb)
    code, told, _ = run()

    assert (code, told["swapped"], told["effect"]) == (0, True, None)
    assert told["not_asked"] == "there was no index before"
    assert not (tmp_path / "var" / "deskhand.db").exists()


def test_a_preview_says_what_would_change_and_changes_nothing(run: Run, kb: Path, tmp_path: Path) -> None:
    write(kb)
    live = run()[1]["collection"]
    answered(tmp_path, *ASKED)
    write(kb, "Nominee", "Statement", "Bank", Bank="Changing bank account: upload a statement.")
    code, told, said = run("--preview")

    assert (code, told["swapped"], told["collection"]) == (0, False, live)
    assert (told["changed"], told["gone"]) == (["fees#bank"], ["fees#exit"])
    assert (told["effect"]["asked"], told["effect"]["lost"], told["effect"]["to_people"]) == (4, [1], [1])
    assert (told["refused"], said) == ([], "")
    assert stale_tickets(tmp_path) == []
    assert run("--preview")[1]["collection"] == live


def test_too_big_a_change_is_refused_until_somebody_insists(run: Run, kb: Path, tmp_path: Path) -> None:
    write(kb)
    live = run()[1]["collection"]
    answered(tmp_path, *ASKED)
    write(kb, "Nominee")
    code, told, said = run()

    assert (code, told["swapped"], told["collection"]) == (3, False, live)
    assert "3 of 4 tickets would lose their only source for a question; 5% may." in told["refused"]
    assert "--force" in said
    assert run("--at-start")[0] == 0, "the service starts on the index that it had"
    assert run("--preview")[1]["refused"] == told["refused"]

    code, told, _ = run("--force")
    assert (code, told["swapped"], told["refused"]) == (0, True, [])


def test_drafts_are_marked_after_a_swap_and_a_rollback_goes_back(run: Run, kb: Path, tmp_path: Path) -> None:
    write(kb)
    first = run()[1]["collection"]
    answered(tmp_path, *ASKED[:2])
    write(kb, Bank="Changing bank account: upload a statement.")

    assert run()[1]["stale"] == [2, 1]
    assert stale_tickets(tmp_path) == [1, 2]
    code, told, _ = run("--rollback")
    assert (code, told["collection"], told["stale"]) == (0, first, [2, 1])
    assert told["seconds"] < 60


def test_a_ledger_that_takes_no_marks_does_not_take_the_index_back(
    run: Run, kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(kb)
    first = run()[1]["collection"]
    answered(tmp_path, ASKED[0])
    write(kb, Bank="Changing bank account: upload a statement.")

    def away(*_: object) -> list[int]:
        raise Retryable("the database cannot now")

    monkeypatch.setattr("worker.support.stale.mark_stale", away)
    code, told, _ = run()

    assert (code, told["swapped"], told["not_marked"]) == (0, True, "the database cannot now")
    assert told["collection"] != first


def test_over_a_ledger_of_a_newer_release_the_first_index_goes_live_and_says_that_no_draft_was_marked(
    run: Run, kb: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "var" / "deskhand.db"
    empty_ledger(ledger)
    with closing(sqlite_module().connect(str(ledger))) as opened:
        opened.executescript("UPDATE alembic_version SET version_num = '9999'")
    write(kb)
    code, told, _ = run()

    assert (code, told["swapped"]) == (0, True)
    assert told["not_marked"] == f"{ledger} comes from a newer release (schema 9999): update first"

    write(kb, Bank="Changing bank account: upload a statement.")
    code, _, said = run()
    assert code == 2, "what the live index is compared with cannot be read"
    assert "stays as it is" in said


def test_a_file_that_lies_about_its_segment_is_refused_by_file_line_and_reason(run: Run, kb: Path) -> None:
    write(kb)
    live = run()[1]["collection"]
    table = "\n| | IM | IM+ |\n|---|---|---|\n| Fee | Rs 10 | Rs 20 |\n"
    write_kb(kb, articles=an_article(table, segments="[IM]"))
    code, told, said = run()

    assert (code, told) == (2, None)
    assert f"{kb}/articles/fees.md:10: a column for IM+ in a text labelled IM: the file lies about its segment." in said
    write(kb)
    assert run()[1]["collection"] == live


def test_as_many_old_indexes_stay_as_configured(run: Run, kb: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDEX_KEEP", "1")
    built = []
    for edition in range(3):
        write(kb, Bank=f"Edition {edition}.")
        built.append(run()[1]["collection"])

    with open_shelf(load_settings()) as shelf:
        assert sorted(shelf._link.call("listing", lambda client: client.list_collections())) == built[1:]
    assert run("--list")[1] == {"live": built[2], "earlier": [built[1]]}
    code, told, said = run("--rollback", "2")
    assert (code, told) == (1, None)
    assert "a single earlier index is kept, none of them 2 steps back: scripts/index_kb.py --list names them." in said
    assert run("--rollback", "1")[1]["collection"] == built[1]


def test_while_another_reindex_is_at_work_none_begins_and_none_goes_back(run: Run, kb: Path, tmp_path: Path) -> None:
    write(kb)
    with on_this_host(tmp_path / "var"):
        for options in ((), ("--preview",), ("--rollback",)):
            code, told, said = run(*options)
            assert (code, told) == (1, None)
            assert "another reindex is at work on it (process " in said
    assert run()[1]["swapped"]


def test_whoever_waited_for_another_reindex_reads_what_the_files_say_by_then(
    run: Run, kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(kb)
    with ExitStack() as other:
        other.enter_context(on_this_host(tmp_path / "var"))

        def meanwhile(seconds: float) -> None:
            write(kb, "Exit", "Nominee")
            other.close()

        monkeypatch.setattr("worker.adapters.sole_writer.time.sleep", meanwhile)
        assert run("--at-start")[1]["sources"] == 3  # a template and two sections


def test_a_full_disk_is_named_nothing_is_lost_and_what_was_left_makes_room_for_the_next(
    run: Run, kb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(kb)
    live = run()[1]["collection"]
    write(kb, Bank="Edition two.")

    def full(*_: object, **__: object) -> None:
        raise MilvusException(code=1, message="[Errno 28] No space left on device")

    with monkeypatch.context() as while_full:
        for call in ("insert", "drop_collection"):
            while_full.setattr(MilvusClient, call, full)
        code, told, said = run()
    assert (code, told) == (1, None)
    assert "The live index stays as it is: writing the new index: no space is left on the disk" in said
    assert "(DATA_DIR/milvus, or the disk of the server that MILVUS_URI names): make room there" in said
    with open_shelf(load_settings()) as shelf:
        assert len(shelf._link.call("listing", lambda client: client.list_collections())) == 2

    assert run("--preview")[1]["collection"] == live
    with open_shelf(load_settings()) as shelf:
        assert shelf._link.call("listing", lambda client: client.list_collections()) == [live]


def test_people_read_when_each_index_was_built_and_how_it_is_gone_back_to(
    kb: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert the_script("index_kb").main(["--list"]) == 0
    assert capsys.readouterr().out == "There is no index yet.\n"
    write(kb)
    live = run()[1]["collection"]
    assert the_script("index_kb").main(["--list"]) == 0
    at = f"{live[9:13]}-{live[13:15]}-{live[15:17]} {live[18:20]}:{live[20:22]} UTC"
    assert capsys.readouterr().out == f"live          {live}, of {at}\n"


def test_people_read_what_changes_in_templates_and_passages_and_for_whom() -> None:
    done = Reindexed(
        collection="deskhand_1",
        swapped=True,
        rows=9,
        sources=7,
        added=("fees#exit", "kyc"),
        gone=tuple(f"fees#{n}" for n in range(7)),
        renamed=(("fees#8", "costs#8"), ("tax", "tds")),
        unchanged=5,
        readable={"IM": (12, 5), "public": (3, 4)},
        looked=True,
        effect=Effect(asked=40, other_sources=(3, 2, 1), lost=(2,)),
        stale=(3,),
    )
    lines = [line.strip() for line in the_script("index_kb").told(done).splitlines()]

    assert lines[0].startswith("deskhand_1 is live. kb/: 7 sources")
    assert "added: 1 templates (kyc)" in lines
    assert "added: 1 passages (fees#exit)" in lines
    assert "gone: 7 passages (fees#0, fees#1, fees#2, fees#3, fees#4, ...)" in lines
    assert "renamed: 1 passages (fees#8 is now costs#8)" in lines
    assert lines[lines.index("renamed: 1 templates (tax is now tds)") + 1].startswith("rules/routing.yaml")
    assert "IM: 12 sources, then 5" in lines
    assert "40 answered tickets were asked again." in lines
    assert "get other sources: 3 (tickets 3, 2, 1)" in lines
    assert "were answered and are left to a person: 0" in lines
    assert "open drafts that cite what has changed: 1 (tickets 3)" in lines
    assert not any(line.startswith("public") for line in lines), "only what shrinks is named"
