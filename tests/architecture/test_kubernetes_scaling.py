"""KEDA gives each worker as many pods as its own queues want: what it asks is answered by the table that is the truth."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from composed.declared import image_of, services
from composed.workers import specs
from observed.reader import every_schema, reading
from setu_common.settings import DatabaseSettings
from testbed.kustomized import rendered
from testbed.sources import ROOT

Json = dict[str, Any]  # Any: YAML

OVERLAYS = ["volumes", "s3", "gpu", "dev"]
ALL = {overlay: rendered(ROOT / "deploy/kubernetes/overlays" / overlay) for overlay in OVERLAYS}
COMPOSED = {name: service for name, service in services().items() if image_of(service) is not None}


def found(kind: str, overlay: str) -> dict[str, Json]:
    return {each["metadata"]["name"]: each for each in ALL[overlay] if each["kind"] == kind}


def triggers(overlay: str) -> Iterator[tuple[str, str, str]]:
    for name, each in found("ScaledObject", overlay).items():
        for trigger in each["spec"]["triggers"]:
            yield name, trigger["name"], trigger["metadata"]["query"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_worker_is_scaled_on_its_own_queues_by_depth_and_by_age(overlay, monkeypatch):
    workers = specs(monkeypatch)
    assert found("ScaledObject", overlay).keys() == workers.keys()
    assert sorted((name, what) for name, what, _ in triggers(overlay)) == [
        (n, w) for n in sorted(workers) for w in ("age", "depth")
    ]
    for name, _, query in triggers(overlay):
        assert set(re.findall(r"FROM (\w+)\.operation", query)) == {workers[name].service}
        for queues in re.findall(r"queue = ANY \('\{(.*?)\}'\)", query):
            assert queues.split(",") == list(workers[name].queues)
        scaled = found("ScaledObject", overlay)[name]["spec"]
        assert scaled["scaleTargetRef"]["name"] == name
        assert "replicas" not in found("Deployment", overlay)[name]["spec"], "each deployment would take back what KEDA did"
        assert scaled["minReplicaCount"] >= (0 if (overlay, name) == ("gpu", "asr-worker") else 1), (
            "somebody must wake what sleeps"
        )


@pytest.fixture
def migrated(cloned_database) -> DatabaseSettings:
    return cloned_database("every_schema", every_schema)


ROWS = """
INSERT INTO {schema}.operation (id, tenant, kind, queue, state, request, request_sha256, max_attempts, timeout_s, created_at, not_before, asleep,
    lease_until, ended_at)
SELECT gen_random_uuid(), 'acme', 'any', queue, state, '{{}}', '', 3, 60, now() - waits, now() + sleeps, asleep,
    CASE WHEN state = 'running' THEN now() END, CASE WHEN state = 'failed' THEN now() END
FROM (VALUES
    (%(queue)s, 'queued', interval '90 s', interval '-90 s', false),
    (%(queue)s, 'queued', interval '10 s', interval '-10 s', false),
    (%(queue)s, 'queued', interval '1 h', interval '-20 s', true),
    (%(queue)s, 'queued', interval '1 h', interval '1 h', true),
    (%(queue)s, 'running', interval '2 h', interval '-2 h', false),
    (%(queue)s, 'failed', interval '2 h', interval '-2 h', false),
    ('of another', 'queued', interval '3 h', interval '-3 h', false)
) AS rows (queue, state, waits, sleeps, asleep)
"""
IN_HAND = 4  # two wait, one has slept enough, one is under way


def test_what_scales_a_worker_is_what_its_table_says(migrated, monkeypatch):
    workers = specs(monkeypatch)
    with psycopg.connect(migrated.url, autocommit=True) as db:
        for name, what, query in triggers("volumes"):
            assert db.execute(query).fetchone() == (0,), (name, what)
        for spec in workers.values():
            for queue in spec.queues:
                db.execute(ROWS.format(schema=spec.service).encode(), {"queue": queue})
        for name, what, query in triggers("volumes"):
            ((answer,),) = db.execute(query).fetchall()
            if what == "depth":
                assert answer == IN_HAND * len(workers[name].queues), name
            else:
                assert 90 <= answer < 600, name


def test_what_scales_a_worker_is_found_through_the_indexes_of_what_waits(migrated):
    with psycopg.connect(migrated.url, autocommit=True) as db:
        db.execute("SET enable_seqscan = off")
        for name, _, query in triggers("volumes"):
            plan = "\n".join(line for (line,) in db.execute(f"EXPLAIN {query}"))
            assert "Seq Scan" not in plan, (name, plan)
            assert {"operation_waiting", "operation_asleep"} <= set(re.findall(r"operation_\w+", plan)), (name, plan)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_role_that_the_guide_gives_keda_may_ask_that(migrated, overlay):
    with reading(migrated) as reader:
        for _, _, query in triggers(overlay):
            reader.execute(query)
