"""The customer file: how it is read, and how customers are found in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_customer
from worker.adapters.directory import LedgerDirectory, normal_email, phone_digits, read_customers
from worker.adapters.memory import MemoryLedger
from worker.errors import BadConfiguration
from worker.models import Customer
from worker.ports import Directory

HEADER = "customer_id,name,email,alternate_emails,phone,segments,since"
ASHA = "C-1,Asha Rao,asha@example.com,,,IM,"


def a_file(tmp_path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def read(tmp_path: Path, *lines: str) -> list[Customer]:
    return read_customers(a_file(tmp_path, *lines), segments=["IM", "IM+"])


def problems(tmp_path: Path, *lines: str) -> list[str]:
    with pytest.raises(BadConfiguration) as refused:
        read(tmp_path, *lines)
    return [problem.removeprefix(f"{tmp_path / 'customers.csv'}, ") for problem in refused.value.problems]


def a_directory(*customers: Customer) -> Directory:
    ledger = MemoryLedger()
    ledger.customers.replace(customers)
    return LedgerDirectory(ledger.customers)


def test_a_full_line_becomes_a_customer(tmp_path: Path) -> None:
    line = 'C-1,"Rao, Asha",Asha@Example.com,a@b.example; c@d.example;,+91 98765 43210,IM;IM+,2024-03-31,gold,'

    [customer] = read(tmp_path, HEADER + ",plan,advisor", line)

    assert customer == Customer(
        customer_id="C-1", name="Rao, Asha", email="Asha@Example.com",
        alternate_emails=("a@b.example", "c@d.example"), phone="+91 98765 43210",
        segments=("IM", "IM+"), since=date(2024, 3, 31), facts={"plan": "gold"},
    )  # fmt: skip


def test_columns_may_stand_in_any_order_and_lines_may_be_blank(tmp_path: Path) -> None:
    reordered = "email,customer_id,name,since,segments,phone,alternate_emails"

    [customer] = read(tmp_path, reordered, "", "asha@example.com,C-1,Asha,,,,", " ")

    assert (customer.customer_id, customer.email, customer.segments) == ("C-1", "asha@example.com", ())


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = a_file(tmp_path, HEADER, ASHA, encoding="utf-8-sig")

    assert [one.customer_id for one in read_customers(path, segments=["IM"])] == ["C-1"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("C-2,Ravi,ravi.example.com,,,IM,", 'line 3, column email: "ravi.example.com" is not an e-mail address; '
         "write it as name@example.com."),
        ("C-2,Ravi,,,,IM,", 'line 3, column email: "" is not an e-mail address; write it as name@example.com.'),
        ("C-2,Ravi,r@x.example,nobody,,IM,", 'line 3, column alternate_emails: "nobody" is not an e-mail address; '
         "write it as name@example.com."),
        ("C-2,Ravi,r@x.example,,,IM;Gold,", 'line 3, column segments: unknown segment "Gold"; use one of: IM, IM+.'),
        ("C-2,Ravi,r@x.example,,,IM,31.3.2024", 'line 3, column since: "31.3.2024" is not a date; '
         "write it as 2024-03-31, or leave it empty."),
        ("C-2,Ravi,r@x.example,,,IM,2024-02-30", 'line 3, column since: "2024-02-30" is not a date; '
         "write it as 2024-03-31, or leave it empty."),
        ("C-1,Ravi,r@x.example,,,IM,", 'line 3, column customer_id: "C-1" is already on line 2; keep one of them.'),
        (",Ravi,r@x.example,,,IM,", "line 3, column customer_id: is empty; every customer needs an id of its own."),
        ("C-2,Ravi,ASHA@example.com,,,IM,", 'line 3, column email: "ASHA@example.com" is registered on line 2 too; '
         "it can verify only one of them."),
        ("C-2,Ravi,r@x.example,,,IM", "line 3: 6 columns instead of 7; check the commas, "
         "and put quotation marks around a value that holds one."),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_what_to_do(tmp_path: Path, line: str, problem: str) -> None:
    assert problems(tmp_path, HEADER, ASHA, line) == [problem]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADER, "C-1,A,bad,,,Gold,then", '"C-2","B', 'line two","also bad",,,IM,', "C-1,only")

    assert [problem.split(":")[0] for problem in found] == [
        "line 2, column since", "line 2, column email", "line 2, column segments", "line 3, column email", "line 5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (HEADER.replace("phone,", ""), "column phone: the column is missing"),
        (HEADER + ",plan,plan", "column plan: the column is there more than once"),
        (HEADER + ",", "column (no name): the column has no name"),
        (HEADER.replace(",", "/"), "column email: the column is missing"),
    ],
)
def test_a_bad_first_line_is_refused_before_the_others_are_read(tmp_path: Path, header: str, column: str) -> None:
    found = problems(tmp_path, header, "nonsense")

    assert any(f"line 1, {column}" in problem for problem in found)
    assert not any("line 2" in problem for problem in found)


@pytest.mark.parametrize(("sign", "called"), [(";", ";"), ("\t", "a tab"), ("|", "|")])
def test_what_a_spreadsheet_separated_otherwise_is_said_in_one_line(tmp_path: Path, sign: str, called: str) -> None:
    told = f"line 1: the columns are separated by {called}, save with commas."
    assert problems(tmp_path, HEADER.replace(",", sign), ASHA.replace(",", sign)) == [told]
    assert problems(tmp_path, f'"{HEADER.replace(",", f"{chr(34)}{sign}{chr(34)}")}"', "nonsense") == [told]


def test_a_file_that_is_no_text_no_csv_empty_or_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    for content, said in ((b"", "empty"), (f"{HEADER}\nC-1,M\xfcller".encode("latin-1"), "line 2: not UTF-8"),
                          (f'{HEADER}\n"C-1,A'.encode(), "quotation marks")):  # fmt: skip
        path.write_bytes(content)
        with pytest.raises(BadConfiguration, match=said):
            read_customers(path, segments=[])
    path.unlink()
    with pytest.raises(BadConfiguration, match="cannot be read"):
        read_customers(path, segments=[])


def test_an_address_tells_whether_it_is_the_registered_one() -> None:
    owner = a_customer("C-1", email="Family@Example.com")
    relative = a_customer("C-2", alternate_emails=("family@example.com",))

    directory = a_directory(relative, owner)

    assert directory.by_email(" FAMILY@example.COM ") == [(owner, True), (relative, False)]
    assert directory.by_email("nobody@example.com") == []
    assert directory.by_email(" ") == []


def test_dots_and_plus_tags_make_another_address() -> None:
    directory = a_directory(a_customer("C-1", email="asha.rao@example.com"))

    assert directory.by_email("asharao@example.com") == []
    assert directory.by_email("asha.rao+im@example.com") == []


def test_letters_that_unicode_folds_together_make_another_address() -> None:
    directory = a_directory(a_customer("C-1", email="kumar@strasse.example"))

    assert directory.by_email("KUMAR@STRASSE.example") != []
    assert directory.by_email("kumar@straße.example") == []
    assert directory.by_email("\u212aumar@strasse.example") == [], "the Kelvin sign is no k"


def test_a_telephone_number_is_compared_by_its_last_ten_digits() -> None:
    asha = a_customer("C-1", phone="098765 43210")

    directory = a_directory(asha, a_customer("C-2", phone="43210"))

    assert directory.by_phone("+91-98765-43210") == [asha]
    assert directory.by_phone("43210") == []
    assert directory.by_phone("") == []


def test_an_id_is_found_as_it_was_written() -> None:
    asha = a_customer("C-1")

    assert a_directory(asha).by_id(" C-1 ") == asha
    assert a_directory(asha).by_id("c-1") is None


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert phone_digits(phone_digits(text)) == phone_digits(text)
    assert normal_email(normal_email(text)) == normal_email(text)
