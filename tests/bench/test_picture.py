"""The picture of what was measured: it says the figures, and refuses files that are of something else."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from worker.bench.run import main

PIPELINE = {
    "stages_p50_ms": {"read": 1.0, "segment": 0.0, "retrieve": 60.5},
    "calls_p50_ms": {"freshdesk": 12.0, "groq": 9.0},
    "deliver_p50_ms": 21.0,
}


def throughput(concurrency: int, rates: dict[str, float]) -> dict[str, object]:
    by = {n: {"tickets_per_second": rate, "ideal": concurrency * int(n)} for n, rate in rates.items()}
    return {"by_workers": by, "concurrency": concurrency, "llm_seconds": 1.0, "baseline_tickets_per_second": 0.9}


def put(folder: Path, name: str, told: object) -> str:
    (folder / name).write_text(f"progress\n{json.dumps(told)}\n", encoding="utf-8")
    return str(folder / name)


def drawn(folder: Path, *, pipeline: object = PIPELINE) -> tuple[int, Path]:
    loads = [put(folder, f"t{n}.json", throughput(n, {"1": 0.8 * n, "2": 1.4 * n})) for n in (8, 32)]
    queries = [
        put(folder, f"q{n}.json", {"passages": n, "query_p50_ms": n / 500, "search_p50_ms": n / 900})
        for n in (500, 5000)
    ]
    svg = folder / "speed.svg"
    options = ["--throughput", *loads, "--query", *queries, "--svg", str(svg)]
    return main(["picture", "--pipeline", put(folder, "p.json", pipeline), *options]), svg


def test_the_picture_says_stages_rates_and_sizes(tmp_path):
    code, svg = drawn(tmp_path)
    assert code == 0
    words = [node.text for node in ElementTree.parse(svg).iter() if node.tag.endswith("text")]
    assert {"retrieve", "60.5 ms", "of it groq", "9 ms"} <= set(words)
    assert "segment" not in words  # what takes no time needs no bar
    assert any(word.endswith("44.8") for word in words if word and word.startswith("Deskhand"))
    assert "plain script 0.9" in words
    assert "a question, ms 10" in words


def test_a_file_of_another_suite_is_refused_by_name(tmp_path, capsys):
    code, svg = drawn(tmp_path, pipeline={"p50_ms": 4.0})
    assert (code, svg.exists()) == (2, False)
    assert "lacks stages_p50_ms" in capsys.readouterr().err
