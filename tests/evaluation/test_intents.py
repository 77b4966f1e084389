"""The suite on template choice: figures that can be checked by hand, files that cannot be used, and a run in Milvus."""

from __future__ import annotations

import json

import numpy as np
import pytest

from worker.adapters.memory_index import HashEmbedder
from worker.evaluation import parts
from worker.evaluation.figures import auroc, interval
from worker.evaluation.intents import Judged, figures, mcc, recall
from worker.evaluation.run import main

WORDS = {"fees": ("fee", "charge", "price"), "nominee": ("nominee", "heir", "spouse"), "kyc": ("pan", "passport", "id")}
SHAPES = ("what about the {}", "tell me of my {} please", "{} question", "is there any {} here")


@pytest.fixture(autouse=True)
def quick_embedder(monkeypatch):
    monkeypatch.setattr(parts, "embedder", lambda: HashEmbedder(dim=512))


def a_csv(folder, name, rows, header="text,label"):
    path = folder / name
    path.write_text("\n".join([header, *(f"{text},{label}" for text, label in rows)]) + "\n", encoding="utf-8")
    return str(path)


def training(folder):
    rows = [(shape.format(word), label) for label, words in WORDS.items() for word in words for shape in SHAPES]
    return a_csv(folder, "train.csv", rows)


def judged(truth, best, chance, none=None, fits=None) -> Judged:
    truth, best = np.array(truth), np.array(best)
    return Judged(
        truth=truth,
        best=best,
        in_three=truth == best,
        chance=np.array(chance),
        fits=np.array(fits if fits is not None else chance),
        none=np.array(none if none is not None else [False] * len(truth)),
    )


def test_a_run_ends_with_one_json_object_of_all_figures(tmp_path, capsys):
    test = a_csv(tmp_path, "a.csv", [("again the heir", "nominee"), ("my passport", "kyc"), ("zebra giraffe", "oos")])
    more = a_csv(tmp_path, "b.csv", [("which charge", "fees")])

    assert main(["intents", "--train", training(tmp_path), "--test", test, "--test", more]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["n"], told["accuracy"], told["top3"], told["mcc"], told["oos_auroc"]) == (4, 1.0, 1.0, 1.0, 1.0)
    assert {"oos_recall_at_5pct_false_oos", "coverage_at_1pct_error", "coverage_at_2pct_error"} <= told.keys()
    assert told["ms_per_query"] > 0


def test_what_a_file_has_no_rows_for_is_null(tmp_path, capsys):
    test = a_csv(tmp_path, "a.csv", [("again the heir", "nominee")])

    assert main(["intents", "--train", training(tmp_path), "--test", test, "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["oos_auroc"] is None
    assert told["oos_recall_at_5pct_false_oos"] is None


def test_labels_that_nothing_was_learnt_for_are_named_and_counted(tmp_path, capsys):
    test = a_csv(tmp_path, "a.csv", [("the heir", "nominee"), ("a fee", "Fees"), ("an id", "Fees"), ("", "kyc")])

    assert main(["intents", "--train", training(tmp_path), "--test", test]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["unlearnt_rows"] == 2
    assert (
        "1 labels of the test file are on no training row, so that none of their 2 rows can be right: Fees (2)." in err
    )
    assert "Left out for lack of a text or a label: 1 rows." in err


def test_out_of_scope_is_one_label_in_small_and_large_letters(tmp_path, capsys):
    test = a_csv(tmp_path, "a.csv", [("the heir", "nominee"), ("zebra giraffe", "OOS"), ("lion", " Oos ")])

    assert main(["intents", "--train", training(tmp_path), "--test", test]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (told["accuracy"], told["oos_auroc"], told["unlearnt_rows"]) == (1.0, 1.0, 0)
    assert "Out of scope, that is labelled oos: 0 and 2 of them." in err


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ([("a", "x")], "question,label", "column text is missing"),
        ([], "text,label", "no rows"),
        ([("a", "x"), ("b", "x")], "text,label", "single label"),
        ([("", "x"), ("b", "")], "text,label", "no row with both"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path, capsys, rows, header, said):
    train = a_csv(tmp_path, "train.csv", rows, header)
    test = a_csv(tmp_path, "test.csv", [("a", "x")])

    assert main(["intents", "--train", train, "--test", test]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_coverage_is_how_many_of_the_surest_can_be_answered():
    truth = ["a"] * 100
    best = ["a"] * 59 + ["b"] + ["a"] * 40
    told = figures(judged(truth, best, np.linspace(1, 0, 100)))

    assert told["accuracy"] == 0.99
    assert told["coverage_at_1pct_error"] == 1.0
    assert figures(judged(truth, ["b", *best[1:]], np.linspace(1, 0, 100)))["coverage_at_1pct_error"] == 0.0


def test_none_said_of_a_question_with_a_template_counts_against_the_correlation():
    truth, best = ["a", "b", "", ""], ["a", "b", "a", "b"]

    assert figures(judged(truth, best, [1, 1, 0, 0], none=[False, False, True, True]))["mcc"] == 1.0
    assert figures(judged(truth, best, [1, 1, 0, 0]))["mcc"] < 0.6
    assert mcc(np.array(["a", "a"]), np.array(["a", "a"])) == 0.0


def test_measures_of_being_outside():
    inside, outside = np.linspace(0.5, 1, 100), np.array([0.1, 0.4, 0.9, 0.5])

    assert auroc(np.array([1.0, 0.0]), np.array([0.0, 0.0])) == 0.75
    assert recall(inside, outside) == 0.75
    assert auroc(inside, np.array([])) is None


def test_an_interval_holds_the_figure_and_narrows_with_more_rows():
    def width(n: int) -> float:
        rows = np.arange(n)
        low, high = interval(rows, lambda at: float((at % 2).mean()))
        assert low <= 0.5 <= high
        return high - low

    assert width(1000) < width(50) < 0.5
