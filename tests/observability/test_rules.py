"""Alerts are told when they should be, and not else; Prometheus' configuration finds every process that counts."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from composed.declared import image_of, services
from setu_cli.embedded.home import Home
from setu_cli.embedded.stack import embedded_stack
from testbed.sources import ROOT
from testbed.tools import tool

FOLDER = ROOT / "deploy/prometheus"
Yaml = Any


def read(name: str) -> Yaml:
    return yaml.safe_load((FOLDER / name).read_text())


def rules(name: str) -> list[Yaml]:
    return [rule for group in read(name)["groups"] for rule in group["rules"]]


def promtool(*arguments: str) -> None:
    done = subprocess.run([tool("promtool"), *arguments], cwd=FOLDER, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_not_else():
    promtool("test", "rules", "alerts.test.yml")


def test_each_alert_is_tried_firing_and_not_firing():
    tried = {
        (case["alertname"], bool(case["exp_alerts"]))
        for test in read("alerts.test.yml")["tests"]
        for case in test["alert_rule_test"]
    }
    assert tried == {(rule["alert"], fires) for rule in rules("alerts.yml") for fires in (True, False)}


def test_each_alert_says_how_bad_it_is_and_what_to_do():
    for rule in rules("alerts.yml"):
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert rule["annotations"].keys() == {"summary", "description"}, rule["alert"]
        assert len(rule["annotations"]["description"]) > 100, rule["alert"]
        assert rule["alert"] in (ROOT / "docs/performance-monitoring.md").read_text(), "the guide lists it"


def test_prometheus_takes_both_configurations():
    for name in ("prometheus.yml", "embedded.yml"):
        promtool("check", "config", name)


def scraped() -> dict[str, int]:
    """The ports at which names are asked."""
    found = [each for config in read("prometheus.yml")["scrape_configs"] for each in config.get("dns_sd_configs", [])]
    return {name: each["port"] for each in found for name in each["names"]}


def test_every_process_of_compose_that_counts_is_asked_where_it_answers():
    own = {name: service for name, service in services().items() if image_of(service) is not None}
    expected = {}
    for name, service in own.items():
        if aliases := service.get("networks", {}).get("default", {}).get("aliases"):
            assert set(aliases) <= own.keys(), "found where that one is"
        elif "SETU_PROMETHEUS_PORT" in service["environment"]:
            expected[name] = int(service["environment"]["SETU_PROMETHEUS_PORT"])
        elif name.endswith("-api"):
            image = image_of(service)
            assert image is not None
            expected[name] = int(image.variables["PORT"])
    assert scraped() == expected


def test_jobs_are_called_alike_in_containers_without_and_in_the_alert_that_misses_them(tmp_path: Path):
    servers = {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1"}
    stack = embedded_stack(Home(tmp_path), gateway_port=8080, environment=servers)
    embedded = {process.name for process in stack.processes if process.metrics_port is not None}
    (missing,) = [rule["expr"] for rule in rules("alerts.yml") if rule["alert"] == "SetuProcessMissing"]
    assert embedded == {"gateway-api" if name == "gateway" else name for name in scraped()}
    assert embedded == set(re.findall(r'absent\(up\{job="([a-z-]+)"\}\)', missing))
