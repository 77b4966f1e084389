"""`bench.py picture`: one SVG for people, out of the JSON of earlier runs. Measures nothing.

Three panels: where a ticket's time goes, tickets a second over threads beside what is ideal and what the baseline
reaches, and what a question costs over the size of the knowledge base. The same figures stand in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from worker.errors import BadConfiguration
from worker.evaluation.suite import Figures, Screen, Suite

WIDE, HIGH = 300.0, 190.0  # of a panel's drawing, in the picture's own units
LEFT, TOP, APART = 96.0, 52.0, 110.0
_STYLE = """
text { font: 11px system-ui, sans-serif; fill: #333 } .title { font-size: 13px; font-weight: 600 }
.quiet { fill: #777 } .axis { stroke: #bbb; fill: none } .line { fill: none; stroke-width: 2 }
.ours { stroke: #1f6f8b; fill: #1f6f8b } .other { stroke: #b5651d; fill: #b5651d } .ideal { stroke: #999; fill: #999 }
.line.ours, .line.other, .line.ideal { fill: none } .ideal { stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .quiet { fill: #999 } .axis { stroke: #555 } }
"""
Point = tuple[float, float]


def measure(options: argparse.Namespace, screen: Screen) -> Figures:
    """Writes the picture. Raises BadConfiguration for a file that is no JSON of its suite."""
    pipeline, *_ = _read([options.pipeline], ("stages_p50_ms", "calls_p50_ms", "deliver_p50_ms"))
    throughput = _read(options.throughput, ("by_workers", "baseline_tickets_per_second"))
    queries = _read(options.query, ("passages", "query_p50_ms"))
    panels = [_stages(pipeline), _rates(throughput), _sizes(queries)]
    options.svg.write_text(picture(panels), encoding="utf-8")
    return {"svg": str(options.svg), "panels": len(panels)}


def picture(panels: Sequence[str]) -> str:
    """The panels side by side."""
    wide = len(panels) * (LEFT + WIDE) + (len(panels) - 1) * (APART - LEFT) + 24
    placed = [f'<g transform="translate({LEFT + n * (WIDE + APART):g} {TOP:g})">{p}</g>' for n, p in enumerate(panels)]
    box = f'viewBox="0 0 {wide:g} {TOP + HIGH + 56:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="Speed of Deskhand">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *placed, "</svg>"]) + "\n"


def bars(title: str, values: Mapping[str, tuple[float, str]], unit: str) -> str:
    """A bar for each name: its value and its class."""
    most = max((value for value, _ in values.values()), default=0.0) or 1.0
    step = HIGH / max(1, len(values))
    drawn = [_text(-LEFT + 8, -24, title, "title")]
    for n, (name, (value, kind)) in enumerate(values.items()):
        y = n * step
        drawn.append(_text(-6, y + step / 2 + 4, name, anchor="end"))
        wide = (WIDE - 60) * value / most
        drawn.append(f'<rect class="{kind}" x="0" y="{y + 2:g}" width="{wide:.1f}" height="{step - 4:.1f}"/>')
        drawn.append(_text(wide + 5, y + step / 2 + 4, f"{value:g} {unit}", "quiet"))
    return "".join(drawn)


def lines(title: str, across: str, series: Mapping[str, tuple[Sequence[Point], str]]) -> str:
    """A line for each name: its points and its class. Both axes begin at 0."""
    points = [point for those, _ in series.values() for point in those]
    far = max((x for x, _ in points), default=0.0) or 1.0
    top = max((y for _, y in points), default=0.0) or 1.0
    drawn = [_text(-LEFT + 8, -24, title, "title"), f'<path class="axis" d="M0 0V{HIGH:g}H{WIDE:g}"/>']
    drawn += [_text(-6, 4, f"{top:g}", "quiet", "end"), _text(-6, HIGH + 4, "0", "quiet", "end")]
    drawn.append(_text(WIDE / 2, HIGH + 34, across, "quiet", "middle"))
    for x in sorted({x for x, _ in points}):
        drawn.append(_text(WIDE * x / far, HIGH + 16, f"{x:g}", "quiet", "middle"))
    for name, (those, kind) in series.items():
        placed = [(WIDE * x / far, HIGH - HIGH * y / top) for x, y in sorted(those)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        drawn.append(f'<polyline class="line {kind}" points="{path}"><title>{escape(name)}</title></polyline>')
        drawn += [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in placed]
        x, y = placed[-1]
        drawn.append(_text(min(x, WIDE) - 4, y - 7, f"{name} {max(those)[1]:g}", anchor="end"))
    return "".join(drawn)


def _stages(told: Mapping[str, Any]) -> str:
    """In the order in which they happen; what of them is waiting for Groq and Freshdesk is a bar of its own."""
    values = {stage: (ms, "ours") for stage, ms in told["stages_p50_ms"].items() if ms >= 0.1}
    values["deliver"] = (told["deliver_p50_ms"], "ours")
    values |= {f"of it {part}": (ms, "other") for part, ms in told["calls_p50_ms"].items()}
    return bars("Where a ticket's time goes (medians, model at once)", values, "ms")


def _rates(told: Sequence[Mapping[str, Any]]) -> str:
    ours: dict[float, float] = {}
    ideal: dict[float, float] = {}
    for one in told:
        for workers, by in one["by_workers"].items():
            threads = float(one["concurrency"]) * int(workers)
            ours[threads] = by["tickets_per_second"]
            if by["ideal"]:
                ideal[threads] = by["ideal"]
    baseline = told[-1]["baseline_tickets_per_second"]
    series = {
        "threads by seconds of the model": (list(ideal.items()), "ideal"),
        "Deskhand": (list(ours.items()), "ours"),
        "plain script": ([(0.0, baseline), (max(ours), baseline)], "other"),
    }
    title = f"Tickets a second, the model taking {told[-1]['llm_seconds']:g} s"
    return lines(title, "threads, of one worker process or two", {n: s for n, s in series.items() if s[0]})


def _sizes(told: Sequence[Mapping[str, Any]]) -> str:
    by = {
        name: ([(float(one["passages"]), float(one[key])) for one in told], kind)
        for name, key, kind in (("a question, ms", "query_p50_ms", "ours"), ("search, ms", "search_p50_ms", "other"))
        if all(key in one for one in told)
    }
    return lines("What a question costs", "passages in the knowledge base", by)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    classes = f' class="{kind}"' if kind else ""
    return f'<text{classes} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _read(paths: Sequence[Path], wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The last line of each file, which is where a suite's JSON stands."""
    found: list[dict[str, Any]] = []
    for path in paths:
        try:
            told = json.loads(path.read_text(encoding="utf-8").strip().splitlines()[-1])
        except (OSError, ValueError, IndexError):
            raise BadConfiguration(f"{path} cannot be read, or its last line is no JSON.") from None
        missing = [key for key in wanted if not isinstance(told, dict) or key not in told]
        if missing:
            raise BadConfiguration(f"{path} lacks {missing[0]}: is it of another suite?")
        found.append(told)
    return found


def _arguments(parser: argparse.ArgumentParser) -> None:
    several: dict[str, Any] = {"type": Path, "nargs": "+", "required": True, "metavar": "FILE"}
    parser.add_argument("--pipeline", type=Path, required=True, metavar="FILE", help="JSON of `bench.py pipeline`")
    parser.add_argument("--throughput", **several, help="of `bench.py throughput`, of each number of threads one")
    parser.add_argument("--query", **several, help="of `bench.py query`, of each number of passages one")
    parser.add_argument("--svg", type=Path, required=True, metavar="FILE", help="where the picture is put")


SUITE = Suite(
    name="picture",
    about="Draws what the other suites have told, for people.",
    arguments=_arguments,
    measure=measure,
)
