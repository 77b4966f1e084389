"""What the documents say of the code is so: settings, guards, status moves, files and headings that they point to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from worker.models import SendState, Status
from worker.models.rows import MOVES
from worker.settings import Settings
from worker.support.guard import GUARDS
from worker.support.lessons import LIGHT_UP_TO

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / name
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "kb/README.md",
        "rules/README.md",
        "docs/architecture.md",
        "docs/console.md",
        "docs/guards.md",
        "docs/incidents.md",
        "docs/operations.md",
        "docs/performance.md",
        "docs/quality.md",
        "docs/freshdesk-setup.md",
        "docs/reliability.md",
        "docs/reliability-outages.md",
    )
]


def words_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def table_rows(text: str) -> dict[str, list[str]]:
    """Rows of all tables by their first cell, without the code marks around it."""
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {row[0].strip("`"): row[1:] for row in rows}


def diagram_moves(text: str, first_word: str) -> set[tuple[str, str]]:
    """The arrows of the state diagram that begins with `[*] --> first_word`, start and end left out."""
    diagrams = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", text, re.S)
    found = next(d for d in diagrams if f"[*] --> {first_word}" in d)
    return {(a, b) for a, b in re.findall(r"^\s*(\w+) --> (\w+)", found, re.M)}


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_setting_stands_in_the_operations_table_with_its_default() -> None:
    rows = table_rows(words_of("docs/operations.md"))
    for name, field in Settings.model_fields.items():
        assert name.upper() in rows, f"{name.upper()} is not in docs/operations.md"
        default = field.default
        if isinstance(default, int | float | str | Path) and str(default):
            assert f"`{default}`" in rows[name.upper()][0], f"{name.upper()}: the default is {default}"


def test_the_readme_lists_every_guard_and_no_other() -> None:
    readme = words_of("README.md")
    table = readme[readme.index("| guard |") :].split("\n\n")[0]
    listed = [row for row in table_rows(table) if row not in {"guard", "---"}]
    assert listed == list(GUARDS)


def test_the_picture_of_the_moves_is_the_table_of_the_moves() -> None:
    drawn = diagram_moves(words_of("docs/architecture.md"), "open")
    assert drawn == {(status.value, to.value) for status, onward in MOVES.items() for to in onward}
    assert {word for move in drawn for word in move} == {status.value for status in Status}


def test_the_picture_of_a_send_shows_every_state() -> None:
    drawn = diagram_moves(words_of("docs/architecture.md"), "queued")
    assert {word for move in drawn for word in move} == {state.value for state in SendState}


def test_the_ledgers_tables_are_all_described() -> None:
    from worker.adapters.store.schema import METADATA

    described = " ".join(table_rows(words_of("docs/architecture.md")))
    for table in METADATA.tables:
        assert re.search(rf"\b{table}\b", described), f"{table} is not in docs/architecture.md"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), f"{target} does not exist"
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), f"{target}: no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for name in set(
        re.findall(r"`?((?:scripts|worker|tests|docs|rules|kb)/[\w./-]+\.(?:py|sh|md|yaml|jinja))\b", text)
    ):
        assert (ROOT / name).exists(), f"{document.name} names {name}"


@pytest.mark.parametrize("name", ["docs/operations.md", "docs/reliability-outages.md"])
def test_metrics_and_log_events_that_ops_are_told_of_exist(name: str) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "worker").rglob("*.py"))
    text = words_of(name)
    metrics = set(re.findall(r"`(deskhand_\w+)", text)) - {"deskhand_inside", "deskhand_outside"}
    assert {metric for metric in metrics if metric.removesuffix("_total") not in sources} == set()
    events = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) - metrics
    events -= {"auto_send", "depends_on", "deskhand_inside", "deskhand_outside"}  # no events
    assert {event for event in events if f'"{event}"' not in sources} == set()


def test_the_guide_for_leads_names_the_bound_that_the_classes_have() -> None:
    assert f"up to {LIGHT_UP_TO:.0%} of the words changed" in words_of("docs/console.md")


def test_the_licence_is_apache_and_ours() -> None:
    licence = words_of("LICENSE")
    assert "Apache License" in licence
    assert "Copyright 2026 The Deskhand authors" in licence
    assert "[yyyy]" not in licence
    assert 'license = "Apache-2.0"' in words_of("pyproject.toml")


def test_every_group_that_the_rules_hand_over_to_is_named_in_the_set_up() -> None:
    groups = set(re.findall(r"^ +group: (.+)$", words_of("rules/routing.yaml"), re.M))
    setup = " ".join(words_of("docs/freshdesk-setup.md").split())
    assert groups
    assert {group for group in groups if group not in setup} == set()


def test_every_option_of_the_tool_that_forgets_stands_where_it_is_described() -> None:
    options = set(re.findall(r'add_argument\("(--\w+)"', words_of("scripts/forget.py")))
    assert "--email" in options
    manual = words_of("docs/operations.md")
    described = manual[manual.index("## Forget a customer") :].split("\n## ")[0]
    assert {option for option in options if not re.search(rf"{option}\b", described)} == set()


def test_the_guide_to_the_knowledge_base_tells_how_many_questions_its_templates_have() -> None:
    [told] = re.findall(r"^\| `questions` \| (\d+) to (\d+), as customers", words_of("kb/README.md"), re.M)
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "kb" / "templates").glob("*.md"))]
    counts = [len(yaml.safe_load(text.split("---\n")[1])["questions"]) for text in texts]
    assert int(told[0]) <= min(counts) <= max(counts) <= int(told[1])
