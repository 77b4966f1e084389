"""Dashboard, alerts and documents against the code: every metric, label and label value that they name exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from worker import metrics
from worker.adapters.memory import MemoryLedger
from worker.errors import Retryable
from worker.ledger_metrics import LedgerMetrics
from worker.models import Status, Step
from worker.outside_metrics import Gauge as Allowance
from worker.outside_metrics import Outside, OutsideMetrics
from worker.settings import ROOT

ALERTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "ops/alerts.yml").read_text(encoding="utf-8"))["groups"][0][
    "rules"
]
PANELS = [
    p for p in json.loads((ROOT / "ops/grafana/deskhand.json").read_text(encoding="utf-8"))["panels"] if "targets" in p
]
WELL = Outside(
    lambda: [Allowance("freshdesk", 700.0, 350.0, 0.0)],
    lambda: ["groq", "groq"],
    lambda: datetime.now(UTC) - timedelta(hours=2),
)
SCRAPED = {"job", "instance", "process", "le"}  # what Prometheus itself adds
VALUES = {  # label values that an expression may name
    ("deskhand_cases", "status"): {status.value for status in Status},
    ("deskhand_webhooks_total", "status"): {"202", "401", "413", "503"},
    ("deskhand_drafted_total", "step"): {step.value for step in Step},
    ("deskhand_drafted_total", "model"): {"template", ""},
    ("deskhand_drafted_total", "template"): {""},
    ("deskhand_call_seconds_bucket", "part"): {"freshdesk", "groq"},
}


def known() -> dict[str, set[str]]:
    """Every metric as Prometheus would see it, with its labels."""
    found: dict[str, set[str]] = {}
    for one in vars(metrics).values():
        if isinstance(one, Counter | Gauge | Histogram):
            name, labels = one._name, set(one._labelnames)
            ends = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}[type(one)]
            found |= {f"{name}{end}": labels | ({"le"} if end == "_bucket" else set()) for end in ends}
    for collector in (LedgerMetrics(MemoryLedger()), OutsideMetrics(WELL)):
        for family in collector.collect():
            found[family.name] = {label for sample in family.samples for label in sample.labels}
    return found


KNOWN = known()


def expressions() -> Iterator[tuple[str, str, str]]:
    """(whose, expression, the texts in which labels are shown)"""
    for alert in ALERTS:
        yield alert["alert"], alert["expr"], " ".join(alert["annotations"].values())
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


def wrong(expr: str, shown: str) -> list[str]:
    """What an expression names that is not there; [] for nothing. PromQL, as far as it is used here."""
    names = set(re.findall(r"\bdeskhand_\w+", expr))
    faults = [name for name in names if name not in KNOWN]
    labels = set().union(*(KNOWN.get(name, set()) for name in names)) | SCRAPED
    for inside in re.findall(r"\b(?:by|without) ?\(([^)]*)\)", expr):
        faults += [label for label in re.findall(r"\w+", inside) if label not in labels]
    for name, inside in re.findall(r"\b(deskhand_\w+)\{([^}]*)\}", expr):
        for label, how, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', inside):
            faults += [f"{name}.{label}"] if label not in KNOWN.get(name, set()) | SCRAPED else []
            may = VALUES.get((name, label))
            faults += [f"{label}={v}" for v in (value.split("|") if "~" in how else [value]) if may and v not in may]
    shows = {*re.findall(r"\{\{\s*(\w+)\s*\}\}", shown), *re.findall(r"\$labels\.(\w+)", shown)}
    kept = {label for inside in re.findall(r"\bby ?\(([^)]*)\)", expr) for label in re.findall(r"\w+", inside)}
    faults += [f"shows {label}" for label in shows - kept]
    faults += ["a counter without rate or increase"] * any(
        name.endswith("_total") and not re.search(rf"(?:rate|increase)\({name}", expr) for name in names
    )
    return faults + ["brackets"] * any(expr.count(a) != expr.count(b) for a, b in ("()", "[]", "{}"))


@pytest.mark.parametrize(("whose", "expr", "shown"), list(expressions()))
def test_every_expression_names_what_the_code_counts(whose, expr, shown):
    assert re.search(r"\bdeskhand_\w+", expr), whose
    assert wrong(expr, shown) == [], whose


@pytest.mark.parametrize(
    ("expr", "shown"),
    [
        ("max(deskhand_oldest_closed_seconds)", ""),
        ("sum by (stage) (rate(deskhand_calls_total[5m]))", ""),
        ('max(deskhand_cases{status="waiting"})', ""),
        ('max(deskhand_cases{state="held"})', ""),
        ("sum by (part) (rate(deskhand_calls_total[5m]))", "{{outcome}}"),
        ("sum(deskhand_calls_total)", ""),
        ("sum(rate(deskhand_calls_total[5m])", ""),
    ],
)
def test_an_expression_with_a_mistake_is_seen(expr, shown):
    assert wrong(expr, shown)


def test_every_metric_is_on_the_dashboard_or_in_an_alert():
    named = " ".join(expr for _, expr, _ in expressions())
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in KNOWN}
    assert {name for name in bare if name not in named} == {"deskhand_cases_total"}  # of doorbells: drafted has more


def test_every_metric_is_explained_in_the_operations_guide():
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in KNOWN}
    assert {name for name in bare if f"`{name}" not in guide} == set()


def test_every_alert_has_its_section_in_the_operations_guide_and_no_section_is_without_one():
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (Deskhand\w+)$", guide, re.M)
    assert sections == [alert["alert"] for alert in ALERTS]
    for alert in ALERTS:
        assert alert["annotations"]["runbook"] == f"docs/operations.md#{alert['alert'].lower()}"
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["for"]


def test_every_alerts_section_names_where_to_look_or_what_to_do():
    """A command, a setting, a metric, an event of the log, or another page; not only what has happened."""
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    sections = {alert["alert"]: guide.split(f"\n### {alert['alert']}\n")[1].split("\n##")[0] for alert in ALERTS}
    assert {name for name, text in sections.items() if not re.search(r"`[^`]+`|\]\(", text)} == set()
    assert "answers again" in sections["DeskhandRedisDown"]
    assert "full" in sections["DeskhandRedisDown"]


def test_the_made_up_hours_try_every_alert_that_wakes_somebody_on_series_that_the_code_has():
    """What comes of them is for Prometheus to say: `make alerts`."""
    stories = yaml.safe_load((ROOT / "ops/alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    tried = {tried["alertname"] for story in stories for tried in story["alert_rule_test"] if tried["exp_alerts"]}
    assert {alert["alert"] for alert in ALERTS if alert["labels"]["severity"] == "page"} <= tried
    for series in [one["series"] for story in stories for one in story["input_series"]]:
        name, _, labels = series.partition("{")
        assert name in KNOWN, series
        assert set(re.findall(r"(\w+)=", labels)) <= KNOWN[name] | SCRAPED, series


def test_the_panels_have_places_of_their_own():
    places = [p["gridPos"] for p in PANELS]
    cells = [(x, y) for g in places for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
    assert len({p["id"] for p in PANELS}) == len(PANELS)


def values(collector: OutsideMetrics) -> dict[str, float]:
    return {f"{s.name}{sorted(s.labels.values())}": s.value for family in collector.collect() for s in family.samples}


def test_limiter_and_index_are_told_when_prometheus_asks():
    told = values(OutsideMetrics(WELL))
    assert told["deskhand_allowance_left['freshdesk']"] == 350.0
    assert told["deskhand_left_alone['groq']"] == 2
    assert told["deskhand_left_alone['freshdesk']"] == 0
    assert 7199 < told["deskhand_index_age_seconds[]"] < 7300


def test_what_does_not_answer_is_left_out_and_the_rest_is_told():
    def gone() -> Any:
        raise Retryable("Redis does not answer", part="redis")

    told = values(OutsideMetrics(Outside(gone, gone, WELL.index_built)))
    assert list(told) == ["deskhand_index_age_seconds[]"]


def test_scraping_often_asks_the_parts_seldom():
    asked: list[int] = []
    collector = OutsideMetrics(Outside(lambda: asked.append(1) or [], lambda: [], WELL.index_built))
    for _ in range(5):
        values(collector)
    assert len(asked) == 1


def test_the_example_for_prometheus_names_the_processes_and_ports_that_compose_has():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    [job] = yaml.safe_load((ROOT / "ops/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    named = {target for group in job["static_configs"] for target in group["targets"]}
    named |= {f"{name}:{found['port']}" for found in job["dns_sd_configs"] for name in found["names"]}
    assert named == {"webhook:8000", "dispatcher:8030", "worker:8010"}
    assert {name.partition(":")[0] for name in named} <= set(compose)


def test_the_monitoring_of_a_message_counts_stage_model_template_and_tokens(tmp_path):
    """In a process of its own: the counters of this one belong to all tests."""
    code = f"""
import sys
from pathlib import Path
from tests.answering import an_answering_office
from worker import metrics, tasks
from worker.models import Ring
with an_answering_office(Path({str(tmp_path)!r})) as office:
    doorbell = office.ledger.doorbells.ring(Ring.WEBHOOK, 1)
    assert tasks.draft_doorbell(doorbell, office.desk, lambda *_: None) == "send"
one = lambda metric, *labels: metric.labels(*labels)._value.get()
assert one(metrics.DRAFTED, "send", "im-withdrawal-time", "copyist") == 1
assert one(metrics.TOKENS, "copyist", "prompt") == 9
stages = {{s.labels["stage"] for m in metrics.STAGE_SECONDS.collect() for s in m.samples}}
assert stages >= {{"gate", "retrieve", "generate"}}
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stderr[-2000:]
