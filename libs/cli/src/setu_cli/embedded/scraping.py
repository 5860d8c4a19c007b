"""Where Prometheus finds the processes of a running stack."""

import json
from pathlib import Path

from setu_cli.embedded.ports import LOOPBACK
from setu_cli.embedded.state import StackState


def targets_of(state: StackState) -> list[dict[str, object]]:
    """What Prometheus reads by ``file_sd_configs``; each process is a job of its own name, as in deploy/prometheus/prometheus.yml."""
    return [
        {"targets": [f"{LOOPBACK}:{process.metrics_port}"], "labels": {"job": process.name}}
        for process in state.processes
        if process.metrics_port is not None
    ]


def save_targets(path: Path, state: StackState) -> None:
    """Replace the file in one step, since Prometheus reads it again whenever it changes."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(targets_of(state), indent=1) + "\n")
    new.rename(path)
