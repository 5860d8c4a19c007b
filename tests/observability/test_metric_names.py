"""What is counted is called as Prometheus would have it, is told apart by few things, and is all told in the guide."""

import re
import subprocess
import sys

from observed.asked import GRAFANA, metrics_of, promql
from observed.counted import families
from testbed.sources import ROOT

NOBODYS_NAME = {"tenant", "job", "job_id", "operation", "operation_id", "request_id", "key", "user", "path", "url"}
"""Labels that would have values without end. ``job`` is Prometheus' own."""
# Of the library that counts requests.
REQUESTS = {
    "http_requests_total",
    "http_request_duration_seconds_bucket",
    "http_request_duration_highr_seconds_bucket",
    "process_resident_memory_bytes",
}


def test_names_have_the_prefix_and_units_that_prometheus_asks_for():
    found = families()
    assert len(found) > 40
    assert len({family.name for family in found}) == len(found), "no two places make the same metric"
    for family in found:
        assert re.fullmatch(r"setu_[a-z0-9]+(_[a-z0-9]+)*", family.name), family
        assert not re.search(r"_(total|count|sum|bucket|ms|minutes|hours|kb|mb|percent)$", family.name), family
        assert not re.search(r"_(s|bytes?_per_.*|millis.*)$", family.name), family


def test_no_label_names_anybody_or_anything_without_end():
    labels = {label: family.name for family in families() for label in family.labels}
    assert labels.keys() >= {"kind", "queue", "provider", "model", "breaker"}
    assert labels.keys() & NOBODYS_NAME == set()


def test_panels_and_rules_ask_for_nothing_that_nobody_counts():
    told = REQUESTS.union(*(family.samples for family in families()))
    asked = {name: question.where for question in promql() for name in metrics_of(question.text) if ":" not in name}
    assert {name: where for name, where in asked.items() if name not in told} == {}
    recorded = {question.where.split(" / ")[1] for question in promql() if question.where.startswith("recording.yml")}
    used = {name: question.where for question in promql() for name in re.findall(r"\b\w+:\w+:\w+\b", question.text)}
    assert {name: where for name, where in used.items() if name not in recorded} == {}
    assert recorded <= used.keys(), "what is worked out is shown or judged somewhere"


def test_the_guide_lists_what_is_counted():
    guide = (ROOT / "docs/performance-monitoring.md").read_text()
    counted = {family.name + ("_total" if family.type == "counter" else "") for family in families()}
    assert {name for name in counted if f"`{name}" not in guide} == set()


def test_dashboards_lie_there_as_they_are_described():
    done = subprocess.run(
        [sys.executable, "write.py", "--check"], cwd=GRAFANA, check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
