"""What a dashboard consists of, and the JSON that Grafana wants for it. Panels are laid out in the order of their description."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]  # Any: JSON
Kind = Literal["timeseries", "stat", "gauge", "table", "bargauge", "barchart"]

PROMETHEUS: Final = {"type": "prometheus", "uid": "setu-prometheus"}
POSTGRES: Final = {"type": "grafana-postgresql-datasource", "uid": "setu-postgres"}
COLUMNS: Final = 24
_SCHEMA: Final = 39
GREEN, YELLOW, RED = "green", "yellow", "red"


@dataclass(frozen=True)
class Prom:
    """A PromQL expression.

    Args:
        expr: the expression.
        legend: what its series are called.
        instant: only as of now.
    """

    expr: str
    legend: str = ""
    instant: bool = False

    def json(self, ref: str) -> Json:
        """As Grafana has it."""
        return {
            "refId": ref,
            "datasource": PROMETHEUS,
            "expr": " ".join(self.expr.split()),
            "legendFormat": self.legend or "__auto",
            "instant": self.instant,
            "range": not self.instant,
            "format": "table" if self.instant and not self.legend else "time_series",
        }


@dataclass(frozen=True)
class Sql:
    """A statement for the ledger.

    Args:
        text: the statement.
        over_time: whether its first column is a time.
    """

    text: str
    over_time: bool = False

    def json(self, ref: str) -> Json:
        """As Grafana has it."""
        return {
            "refId": ref,
            "datasource": POSTGRES,
            "rawQuery": True,
            "editorMode": "code",
            "rawSql": " ".join(self.text.split()),
            "format": "time_series" if self.over_time else "table",
        }


@dataclass(frozen=True)
class Panel:
    """One panel.

    Args:
        title: what it is.
        description: what it says, and what to make of it.
        unit: of its values, as Grafana names units.
        queries: what it shows; all from the same source.
        kind: how.
        width: of 24 columns.
        height: in Grafana's rows.
        steps: colours from values on: thresholds, where they make sense.
        units: of single columns of a table.
        most: where its axis ends, if it always does.
        stacked: whether series are put upon one another.
    """

    title: str
    description: str
    unit: str
    queries: Sequence[Prom | Sql]
    kind: Kind = "timeseries"
    width: int = 8
    height: int = 8
    steps: Sequence[tuple[float, str]] = ()
    units: Sequence[tuple[str, str]] = ()
    most: float | None = None
    stacked: bool = False

    def json(self, number: int, x: int, y: int) -> Json:
        """As Grafana has it."""
        steps = [{"value": None, "color": GREEN}, *({"value": value, "color": color} for value, color in self.steps)]
        defaults: Json = {"unit": self.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
        if self.most is not None:
            defaults["max"] = self.most
        if self.kind == "timeseries":
            defaults["custom"] = _lines(stacked=self.stacked, marked=bool(self.steps))
        else:
            defaults["color"] = {"mode": "thresholds" if self.steps else "palette-classic"}
        overrides = [
            {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]}
            for name, unit in self.units
        ]
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": PROMETHEUS if isinstance(self.queries[0], Prom) else POSTGRES,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": defaults, "overrides": overrides},
            "options": _OPTIONS[self.kind],
            "targets": [query.json(chr(ord("A") + index)) for index, query in enumerate(self.queries)],
        }


@dataclass(frozen=True)
class Heading:
    """A line with a title, under which panels belong together."""

    title: str


@dataclass(frozen=True)
class Variable:
    """Something to choose among.

    Args:
        name: as queries name it: ``${name:sqlstring}``.
        label: as people read it.
        sql: what there is to choose.
    """

    name: str
    label: str
    sql: str

    def json(self) -> Json:
        """As Grafana has it."""
        return {
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": POSTGRES,
            "definition": self.sql,
            "query": self.sql,
            "refresh": 1,
            "includeAll": True,
            "multi": True,
            "current": {"text": "All", "value": "$__all"},
        }


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Args:
        uid: its name for links; never changed.
        title: what it is.
        description: whom it is for.
        items: headings and panels, in their order.
        since: how far back it looks at first.
        variables: what can be chosen.
    """

    uid: str
    title: str
    description: str
    items: Sequence[Heading | Panel]
    since: str = "now-6h"
    variables: Sequence[Variable] = ()

    def json(self) -> Json:
        """As Grafana has it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["setu"],
            "timezone": "browser",
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "schemaVersion": _SCHEMA,
            "time": {"from": self.since, "to": "now"},
            "links": [{"type": "dashboards", "tags": ["setu"], "title": "Setu", "asDropdown": True, "keepTime": True}],
            "templating": {"list": [variable.json() for variable in self.variables]},
            "annotations": {"list": []},
            "panels": list(self._panels()),
        }

    def _panels(self) -> Iterator[Json]:
        x = y = tallest = 0
        for number, item in enumerate(self.items, start=1):
            width = COLUMNS if isinstance(item, Heading) else item.width
            if x + width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            if isinstance(item, Heading):
                yield {
                    "id": number,
                    "type": "row",
                    "title": item.title,
                    "collapsed": False,
                    "panels": [],
                    "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1},
                }
                x, y, tallest = 0, y + 1, 0
                continue
            yield item.json(number, x, y)
            x, tallest = x + width, max(tallest, item.height)


def stat(title: str, description: str, unit: str, query: Prom | Sql, steps: Sequence[tuple[float, str]] = ()) -> Panel:
    """One number."""
    return Panel(title, description, unit, (query,), kind="stat", width=4, height=4, steps=steps)


def _lines(*, stacked: bool, marked: bool) -> Json:
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 30 if stacked else 5,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if marked else "off"},
    }


_REDUCED: Final[Json] = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Final[dict[Kind, Json]] = {
    "timeseries": {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"], "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {"reduceOptions": _REDUCED, "colorMode": "value", "graphMode": "area", "textMode": "auto"},
    "gauge": {"reduceOptions": _REDUCED, "showThresholdMarkers": True},
    "bargauge": {"reduceOptions": _REDUCED, "orientation": "horizontal", "displayMode": "basic"},
    "table": {"showHeader": True, "cellHeight": "sm"},
    "barchart": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "stacking": "normal"},
}
