"""What all processes may hold of connections together is less than the servers take."""

import re
from typing import Any

import pytest
from bench.connections import KINDS, Held, most, most_of

from composed.declared import module_of, services
from composed.workers import at_once, specs
from testbed.kustomized import rendered
from testbed.sources import ROOT

Json = dict[str, Any]  # Any: YAML

GUIDE = (ROOT / "docs/deployment.md").read_text()
# What Postgres keeps for its superuser, Grafana's and KEDA's own pools, migrations, and somebody who looks.
OTHERS = 20
REDIS_TAKES = 10_000  # by default. Source: redis.conf, maxclients
ENTRIES = re.compile(r"setu_\w+\.(main|worker|fetch_worker|learning_worker)")
STAYING = {name: service for name, service in services().items() if ENTRIES.fullmatch(str(module_of(service)))}


def kind_of(name: str) -> str:
    """The process that a service runs; one with a GPU is an asr worker like any."""
    return name.removesuffix("-gpu")


def environment_of(container: Json) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}


def test_every_process_that_stays_is_reckoned_with():
    assert {kind_of(name) for name in STAYING} == KINDS.keys()


def test_what_compose_starts_finds_room_in_its_postgres(monkeypatch):
    workers = specs(monkeypatch)
    deployed = Held(0, 0)
    for name, service in STAYING.items():
        told = service["environment"].get("SETU_WORKER_CONCURRENCY")
        worker = workers.get(kind_of(name))
        deployed += most(kind_of(name), at_once(told, worker) if worker is not None else 0)
    command = " ".join(services()["postgres"]["command"])
    (takes,) = re.findall(r"max_connections=(\d+)", command)
    assert deployed.postgres + OTHERS <= int(takes)
    assert deployed.redis < REDIS_TAKES


@pytest.mark.parametrize("overlay", ["volumes", "s3", "gpu"])
def test_the_guide_says_how_many_connections_a_cluster_takes_at_rest_and_at_most(overlay, monkeypatch):
    workers = specs(monkeypatch)
    made = rendered(ROOT / "deploy/kubernetes/overlays" / overlay)
    scaled = {each["metadata"]["name"]: each["spec"] for each in made if each["kind"] == "ScaledObject"}
    least: dict[str, tuple[int, int]] = {}
    largest: dict[str, tuple[int, int]] = {}
    for each in made:
        name = each["metadata"]["name"]
        if each["kind"] == "Deployment" and name in KINDS:
            told = environment_of(each["spec"]["template"]["spec"]["containers"][0]).get("SETU_WORKER_CONCURRENCY")
            children = at_once(told, workers[name]) if name in workers else 0
            pods = each["spec"].get("replicas", 0)
            least[name] = (scaled[name]["minReplicaCount"] if name in scaled else pods, children)
            largest[name] = (scaled[name]["maxReplicaCount"] if name in scaled else pods, children)
    assert largest.keys() == KINDS.keys()
    (few, many) = re.search(r"allow (\d[\d,]*); with as many as KEDA may start, (\d[\d,]*)", GUIDE).groups()  # type: ignore[union-attr]  # or the test fails
    assert most_of(least).postgres + OTHERS <= int(few.replace(",", ""))
    assert most_of(largest).postgres + OTHERS <= int(many.replace(",", ""))
    assert most_of(largest).redis < REDIS_TAKES
