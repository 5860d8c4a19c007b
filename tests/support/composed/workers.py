"""What the workers of docker-compose.yml are, by the code that they run."""

import importlib
import re

import pytest

from composed.declared import image_of, module_of, services
from setu_common.operations import WorkerSpec


def specs(monkeypatch: pytest.MonkeyPatch) -> dict[str, WorkerSpec]:
    """Of each worker's workload what the worker is; one with a GPU is the same worker."""
    monkeypatch.setenv("SETU_SERVICE_TOKEN", "only-for-this-test")
    makers = {"setu_gateway.worker": "spec_of", "setu_gateway.fetch_worker": "fetcher_spec_of"}
    made = {}
    for name, service in services().items():
        if image_of(service) is not None and "SETU_WORKER_READY_FILE" in service.get("environment", {}):
            module = importlib.import_module(str(module_of(service)))
            made[name.removesuffix("-gpu")] = getattr(module, makers.get(module.__name__, "specify"))(module.read_settings())
    return made


def at_once(told: str | None, spec: WorkerSpec) -> int:
    """How many operations a worker does at once.

    Args:
        told: its ``SETU_WORKER_CONCURRENCY``, of which compose may know a default; None if it has none.
        spec: what it is.
    """
    return int(re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", told)) if told is not None else spec.concurrency
