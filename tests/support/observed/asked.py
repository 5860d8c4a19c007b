"""Every question of every panel and rule, as it lies in the files that are deployed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from testbed.sources import ROOT

Json = dict[str, Any]  # Any: JSON

GRAFANA: Final = ROOT / "deploy/grafana"
PROMETHEUS: Final = ROOT / "deploy/prometheus"
# What Grafana puts in place of them: from how far back, and over how long.
_RANGES: Final = {"$__rate_interval": "1m", "$__range": "1h", "$__interval": "15s"}


@dataclass(frozen=True)
class Question:
    """A query, and where it stands."""

    where: str
    text: str


def dashboards() -> dict[str, Json]:
    """The dashboards, by their file's name."""
    return {path.name: json.loads(path.read_text()) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}


def panels(board: Json) -> Iterator[Json]:
    """Those that show something."""
    return (panel for panel in board["panels"] if panel["type"] != "row")


def promql() -> list[Question]:
    """Of panels, and of rules."""
    found = []
    for board in dashboards().values():
        for panel in panels(board):
            exprs = [target["expr"] for target in panel["targets"] if "expr" in target]
            found += [Question(f"{board['title']} / {panel['title']}", _over_time(expr)) for expr in exprs]
    for name in ("recording.yml", "alerts.yml"):
        for group in yaml.safe_load((PROMETHEUS / name).read_text())["groups"]:
            found += [Question(f"{name} / {rule.get('alert') or rule['record']}", rule["expr"]) for rule in group["rules"]]
    return found


def sql(tenants: str = "SELECT tenant FROM ledger.call_intent") -> list[Question]:
    """Of panels, and of what can be chosen on dashboards; of the last year, and of all tenants."""
    found = []
    for board in dashboards().values():
        for panel in panels(board):
            texts = [target["rawSql"] for target in panel["targets"] if "rawSql" in target]
            found += [Question(f"{board['title']} / {panel['title']}", _concrete(text, tenants)) for text in texts]
        for variable in board["templating"]["list"]:
            found.append(Question(f"{board['title']} / {variable['name']}", variable["query"]))
    return found


def metrics_of(text: str) -> set[str]:
    """The metrics that an expression names, those that rules record not among them."""
    without_labels = re.sub(r"\{[^}]*\}", "", text)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*", without_labels) if re.match(r"(setu|http|process)_", name)}


def _over_time(expr: str) -> str:
    for name, value in _RANGES.items():
        expr = expr.replace(name, value)
    return expr


def _concrete(text: str, tenants: str) -> str:
    text = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '1 year' AND now()", text)
    return text.replace("${tenant:sqlstring}", tenants)
