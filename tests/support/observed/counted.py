"""All that Setu counts, as its code has it: what it is called, and by which labels it is told apart.

What processes tell at ``/metrics`` is only what has happened there; this is what may ever be told.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.sources import ROOT

_TYPES: Final = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "GaugeMetricFamily": "gauge",
    "_gauge": "gauge",
}
_SUFFIXES: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True)
class Family:
    """A metric.

    Args:
        name: as the code names it.
        type: counter, gauge or histogram.
        labels: names of its labels.
        module: where it is made.
    """

    name: str
    type: str
    labels: frozenset[str]
    module: Path

    @property
    def samples(self) -> frozenset[str]:
        """What Prometheus calls its values."""
        return frozenset(self.name + suffix for suffix in _SUFFIXES[self.type])


def families() -> list[Family]:
    """Of all services and of what they share."""
    modules = [*ROOT.glob("libs/*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    return [family for module in sorted(modules) for family in _made_in(module)]


def _made_in(module: Path) -> Iterator[Family]:
    text = module.read_text()
    if "prometheus_client" not in text:
        return
    tree = ast.parse(text)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TYPES and node.args:
            (name, labels) = (node.args[0], next(iter(node.args[2:]), None))
            if node.func.id == "_gauge":  # ``DriftWatch``'s, which says what they have in common
                labels = next(iter(node.args[3:]), None)
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                prefix = "setu_optimizer_" if node.func.id == "_gauge" else ""
                yield Family(prefix + name.value, _TYPES[node.func.id], frozenset(_strings(labels, constants)), module)


def _strings(node: ast.expr | None, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The strings of a tuple or list, and of constants that it names."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element in elements:
                yield from _strings(element, constants)
        case ast.Starred(value=ast.Name(id=name)) | ast.Name(id=name) if name in constants:
            yield from _strings(constants[name], constants)
