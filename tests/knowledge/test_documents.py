"""Reading kb/: what is taken over, and how each mistake is told to the person who made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.knowledge.kb_files import ARTICLE, LABELS, TEMPLATE, an_article, write_kb
from worker.errors import BadConfiguration
from worker.knowledge.documents import read_kb
from worker.support.facts import fill


def problems_of(folder) -> list[str]:
    with pytest.raises(BadConfiguration) as caught:
        read_kb(folder, LABELS)
    return caught.value.problems


def told(tmp_path, **files) -> str:
    """The one problem of these files."""
    [problem] = problems_of(write_kb(tmp_path / "kb", **files))
    return problem


def test_a_template_is_read_with_all_that_its_file_says(tmp_path):
    [template] = read_kb(write_kb(tmp_path / "kb"), LABELS).templates

    assert (template.template_id, template.topic, template.segments) == ("kyc-documents", "kyc", ("public",))
    assert template.questions == ("Which documents do you need?",)
    assert template.auto_send is True
    assert template.body == "Please have your PAN at hand."


def test_an_article_is_read_with_its_introduction_and_sections(tmp_path):
    [article] = read_kb(write_kb(tmp_path / "kb"), LABELS).articles

    assert (article.article_id, article.title, str(article.updated)) == ("fees", "Fees", "2026-09-14")
    assert [(s.anchor, s.blocks) for s in article.sections] == [
        ("intro", ("Peerwell tells you every fee before it arises.",)),
        ("opening-an-account", ("Opening an account is free.",)),
    ]


def test_the_version_follows_the_content_and_nothing_else(tmp_path):
    def version(name, text):
        return read_kb(write_kb(tmp_path / name, templates={"kyc-documents": text}), LABELS).templates[0].version

    first = version("a", TEMPLATE)
    assert version("b", TEMPLATE.replace("\n", "\r\n")) == first
    assert version("c", TEMPLATE.replace("PAN", "PAN card")) != first
    assert version("d", TEMPLATE.replace("[public]", "[IM]")) != first


@pytest.mark.parametrize(
    ("was", "becomes", "problem"),
    [
        ("[public]", "[IMX]", "5: unknown segment 'IMX': use public, IM or IM+"),
        ("[public]", "[]", "5: 'segments' is wrong"),
        ("[public]", "[IM, IM]", "5: a segment stands there twice"),
        ("id: kyc-documents", "id: kyc", "2: id 'kyc' is not the file's name: call it 'kyc-documents'"),
        ("id: kyc-documents", "id: KYC documents", "2: 'id' is wrong"),
        ("auto_send: true", "auto_send: maybe", "9: 'auto_send' is wrong"),
        ("needs: []\n", "", "1: 'needs' is missing: add it"),
        ("topic: kyc", "topik: kyc", "'topic' is missing"),
        ("topic: kyc", "topic: kyc\ntopic: app", "5: 'topic' stands there twice: keep one"),
        ("questions:\n  - Which documents do you need?", "questions: []", "6: 'questions' is missing"),
        ("- Which documents do you need?", "- Need: which?", "6: 'questions.0' must be text: put it in quotes"),
        ("title: Documents for KYC", "title: KYC: documents", "3: the front matter is not YAML"),
        ("---\nPlease", "Please", "1: the file must begin with front matter between two lines of ---"),
        ("Please have your PAN at hand.", "", "the template has no body"),
        ("your PAN", "{{ pan }}", "11: unknown placeholder 'pan': use first_name, name"),
        ("your PAN", "{{ firstname }}", "11: unknown placeholder 'firstname': did you mean 'first_name'?"),
        (
            "your PAN",
            "{{ phone }}",
            "11: unknown placeholder 'phone': this column of the customer file is not for replies",
        ),
        ("your PAN", "{{ name }}", "11: placeholder 'name' is not in needs: add it there"),
        ("your PAN", "{{ name", "11: a placeholder is broken: write {{ name }}"),
        ("your PAN", "{% if name %}", "11: a placeholder is broken"),
        ("needs: []", "needs: [name]", "8: needs names 'name', but the body does not use it"),
    ],
)
def test_each_mistake_in_a_template_is_told_with_file_and_line(tmp_path, was, becomes, problem):
    assert was in TEMPLATE
    problems = problems_of(write_kb(tmp_path / "kb", templates={"kyc-documents": TEMPLATE.replace(was, becomes)}))

    assert any(p.startswith(f"{tmp_path}/kb/templates/kyc-documents.md:") and problem in p for p in problems), problems


@pytest.mark.parametrize("written", ["firstname", "phone"])
def test_needs_makes_no_column_of_a_slip_or_of_what_is_withheld(tmp_path, written):
    text = TEMPLATE.replace("your PAN", f"{{{{ {written} }}}}").replace("needs: []", f"needs: [{written}]")
    assert f"unknown placeholder '{written}'" in told(tmp_path, templates={"kyc-documents": text})


def test_a_further_column_of_the_customer_file_is_a_placeholder_once_needs_names_it(tmp_path):
    text = TEMPLATE.replace("your PAN", "your PAN in {{ city }}").replace("needs: []", "needs: [city]")
    kb = read_kb(write_kb(tmp_path / "kb", templates={"kyc-documents": text}), LABELS)
    assert kb.templates[0].needs == ("city",)
    assert fill(kb.templates[0].body, {"city": "Pune"}) == "Please have your PAN in Pune at hand."


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path):
    folder = write_kb(
        tmp_path / "kb",
        templates={
            "kyc-documents": TEMPLATE.replace("[public]", "[IMX]").replace("PAN", "{{ pan }}"),
            "other": "no front matter",
        },
        articles=an_article("## Empty\n\n## Full\nSome text.\n"),
    )

    assert len(problems_of(folder)) == 4


def test_two_files_of_one_id_are_told_both(tmp_path):
    folder = write_kb(tmp_path / "kb")
    (folder / "templates" / "more").mkdir()
    (folder / "templates" / "more" / "kyc-documents.md").write_bytes(
        (folder / "templates" / "kyc-documents.md").read_bytes()
    )

    [problem] = problems_of(folder)
    assert f"id 'kyc-documents' is taken by {folder}/templates/" in problem


def test_a_readme_beside_the_files_is_for_people(tmp_path):
    folder = write_kb(tmp_path / "kb")
    (folder / "articles" / "README.md").write_text("How to write an article.")

    assert len(read_kb(folder, LABELS).articles) == 1


def test_a_file_that_is_no_text_is_told(tmp_path):
    folder = write_kb(tmp_path / "kb")
    (folder / "articles" / "broken.md").write_bytes(b"\xff\xfe\x00")

    assert f"{folder}/articles/broken.md:1: the file cannot be read" in problems_of(folder)[0]


def test_a_file_that_may_not_be_read_and_a_link_to_nothing_are_told_as_such(tmp_path, monkeypatch):
    folder = write_kb(tmp_path / "kb")
    (folder / "articles" / "gone.md").symlink_to("/nowhere/gone.md")
    (folder / "articles" / "locked.md").touch()
    read_bytes = Path.read_bytes

    def locked(path: Path) -> bytes:
        if path.name == "locked.md":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    gone, unread = problems_of(folder)[:2]

    assert gone.startswith(f"{folder}/articles/gone.md:1: the file is a link to /nowhere/gone.md, where nothing is: ")
    assert unread.startswith(
        f"{folder}/articles/locked.md:1: the file cannot be read (Permission denied): let this user"
    )
    assert "UTF-8" not in gone + unread


def test_an_empty_kb_is_refused(tmp_path):
    assert "there are no templates and no articles" in told(tmp_path, templates={}, articles={})


def test_an_article_needs_its_date(tmp_path):
    assert "'updated' is missing" in told(tmp_path, articles={"fees": ARTICLE.replace("updated: 2026-09-14\n", "")})


def test_a_date_that_there_is_not_is_told_with_its_line(tmp_path):
    wrong = ARTICLE.replace("2026-09-14", "2026-02-30")

    assert "fees.md:7: a date of the front matter is none (day is out of range for month)" in told(
        tmp_path, articles={"fees": wrong}
    )


def test_a_key_in_quotes_is_no_reason_to_break_off(tmp_path):
    wrong = ARTICLE.replace("segments: [public]", '"segments": [nobody]')

    assert "fees.md:1: unknown segment 'nobody'" in told(tmp_path, articles={"fees": wrong})


def test_the_mark_that_windows_editors_write_first_is_no_text(tmp_path):
    [article] = read_kb(write_kb(tmp_path / "kb", articles={"fees": "\ufeff" + ARTICLE}), LABELS).articles

    assert article.article_id == "fees"


def test_an_article_needs_no_questions(tmp_path):
    bare = ARTICLE.replace("questions:\n  - What does it cost?\n", "")

    assert read_kb(write_kb(tmp_path, articles={"fees": bare}), LABELS).articles[0].questions == ()


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path):
    kb = write_kb(tmp_path)
    (kb / "templates").rename(kb / "elsewhere")
    (kb / "templates").write_text("not a folder")
    with pytest.raises(BadConfiguration, match=r"templates cannot be read \(NotADirectoryError\)"):
        read_kb(kb, LABELS)
