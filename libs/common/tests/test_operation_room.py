"""Queues that have room for so much: what a service answers, and what its clients make of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from probe.bench import SCHEMA, prepare
from probe.kinds import Task
from probe.rig import BACK, FRONT, PATIENT, Told
from setu_common.clients import OperationsClient
from setu_common.contracts import Submission
from setu_common.db import Database
from setu_common.errors import RemoteProblem, is_retryable
from setu_common.http import Dependency, HttpCaller, inside_policy
from setu_common.operations import Operations, tally
from setu_common.operations.claims import Claim, Claims
from setu_common.operations.connection import HealingConnection
from setu_common.operations.room import _LOOK, Room
from setu_common.operations.routes import operations_router
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_common.store import Store
from setu_common.testing import loopback
from setu_common.web import InsideTrust, create_app

TOKEN = "a token of our own"
ROOM = 2
OWN = 1


@dataclass
class Service:
    """A service's API, and the worker's means to end its operations."""

    client: httpx2.AsyncClient
    claims: Claims

    async def submit(self, kind: str = "fronts", key: str | None = None, tenant: str = "acme") -> httpx2.Response:
        headers = {"Setu-Tenant": tenant, **({"Idempotency-Key": key} if key else {})}
        return await self.client.post(f"/v1/{kind}", json={}, headers=headers)

    async def submitted(self, **options: str) -> UUID:
        response = await self.submit(**options)
        assert response.status_code == 202, response.text
        return UUID(response.json()["id"])

    async def claimed(self) -> Claim:
        claim = await asyncio.to_thread(self.claims.next, FRONT.queue)
        assert claim is not None
        return claim


@pytest.fixture
def own() -> int:
    """How many a tenant may have in each queue."""
    return 0


@pytest.fixture
async def service(
    cloned_database: Callable[..., DatabaseSettings], store_settings: StoreSettings, own: int
) -> AsyncIterator[Service]:
    """A service with room for two in each queue."""
    settings = cloned_database(SCHEMA, prepare)
    database = Database(settings, SCHEMA)
    operations = Operations(database, Store(store_settings, SCHEMA), Told(), PATIENT)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.operations = operations
        yield
        await operations.close()
        await database.close()

    router = operations_router([FRONT, BACK], Room(database, [FRONT.queue, BACK.queue], ROOM, own))
    trust = InsideTrust(SecretStr(TOKEN))
    app = create_app(service=SCHEMA, version="1", lifespan=lifespan, routers=[router], trust=trust, checks={})
    connection = HealingConnection(settings, SCHEMA)
    headers = {"Authorization": f"Bearer {TOKEN}", "Setu-Tenant": "acme"}
    async with loopback(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        yield Service(client, Claims(connection, PATIENT, "north", 1))
    connection.close()


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request looks anew."""
    monkeypatch.setattr(tally, "LOOK_EVERY_S", 0.0)


def refusal(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 429, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["code"], body["retryable"]) == ("queue-full", True)
    return body


async def test_a_full_queue_says_when_to_come_again_and_knows_what_it_took_before(service: Service) -> None:
    first = await service.submitted(key="once")
    await service.submitted(tenant="brio")
    refused = await service.submit(key="another")

    assert refusal(refused)["context"] == {"queue": "front", "limit": ROOM, "of": "all"}
    assert refused.headers["retry-after"] == "300"  # nothing has ended lately
    assert await service.submitted(key="once") == first
    await service.submitted(kind="backs")  # a queue of its own


@pytest.mark.usefixtures("looking")
async def test_a_queue_has_room_again_once_what_waits_has_ended(service: Service) -> None:
    await service.submitted()
    await service.submitted()
    refusal(await service.submit())
    await asyncio.to_thread(service.claims.succeed, await service.claimed(), {}, (), None)

    await service.submitted()
    refused = await service.submit()
    refusal(refused)
    assert refused.headers["retry-after"] == "60"  # one has ended in the last minute


@pytest.mark.usefixtures("looking")
async def test_what_sleeps_in_a_queue_takes_room_and_what_runs_does_not(service: Service) -> None:
    for _ in range(ROOM):
        await service.submitted()
        await service.claimed()
    await service.submitted()
    await asyncio.to_thread(service.claims.park, await service.claimed(), 3600, None)
    await service.submitted()
    refusal(await service.submit())


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("own", [OWN])
async def test_a_tenant_that_has_its_share_of_a_queue_leaves_room_to_others(service: Service) -> None:
    first = await service.submitted(key="once")
    refused = await service.submit(key="another")
    body = refusal(refused)
    assert body["context"] == {"queue": "front", "limit": OWN, "of": "tenant"}
    assert "of this tenant" in body["detail"]
    assert refused.headers["retry-after"] == "300"  # nothing of its own has ended lately
    assert await service.submitted(key="once") == first
    await service.submitted(kind="backs")  # its share of another queue

    await service.submitted(tenant="brio")
    assert refusal(await service.submit(tenant="crux"))["context"] == {"queue": "front", "limit": ROOM, "of": "all"}


@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("own", [OWN])
async def test_what_ends_or_sleeps_of_others_is_nothing_to_a_tenant(service: Service) -> None:
    await service.submitted(tenant="brio")
    await asyncio.to_thread(service.claims.succeed, await service.claimed(), {}, (), None)
    await service.submitted()
    await asyncio.to_thread(service.claims.park, await service.claimed(), 3600, None)
    refused = await service.submit()
    assert refusal(refused)["context"]["of"] == "tenant"
    assert refused.headers["retry-after"] == "300"  # what has ended was another's
    await service.submitted(tenant="brio")


@pytest.mark.parametrize("own", [OWN])
async def test_a_tenant_does_not_overshoot_its_share_at_once(service: Service) -> None:
    answers = await asyncio.gather(*(service.submit() for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [202] * OWN + [429] * 5
    await service.submitted(tenant="brio")


async def test_submissions_at_the_same_moment_do_not_overshoot(service: Service) -> None:
    answers = await asyncio.gather(*(service.submit() for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [202] * ROOM + [429] * 10


async def test_a_client_takes_a_full_queue_for_busy_and_not_for_broken(service: Service) -> None:
    await service.submitted()
    await service.submitted()
    dependency = Dependency("probe", inside_policy())
    client = OperationsClient(HttpCaller(service.client, dependency=dependency))

    for number in range(3 * dependency.policy.breaker.minimum):
        with pytest.raises(RemoteProblem) as told:
            await client.submit(FRONT, Task(), Submission(tenant="acme", idempotency_key=f"job-{number}"))
        assert (told.value.remote.code, told.value.retry_after_s) == ("queue-full", 300)
        assert is_retryable(told.value)
    assert not dependency.breaker.refuses


async def test_what_is_looked_up_is_found_through_its_own_indexes(cloned_database: Callable[..., DatabaseSettings]) -> None:
    database = Database(cloned_database(SCHEMA, prepare), SCHEMA)
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO operation (id, tenant, kind, queue, request, request_sha256, max_attempts, timeout_s, begun_at, state, asleep, ended_at)"
                " SELECT gen_random_uuid(), 'one', 'fronts', 'front', '{}', '', 3, 60, now(), CASE WHEN n <= 500 THEN 'queued' ELSE 'failed' END,"
                " n <= 200, CASE WHEN n > 500 THEN now() - interval '1 day' END FROM generate_series(1, 20000) AS n"
            )
        )
        await connection.execute(text("ANALYZE operation"))
    async with database.reading() as connection:
        values = {"queue": "front", "most": 200_000, "lately_s": 60, "most_ended": 10_000}
        lines = "\n".join(row[0] for row in await connection.execute(text(f"EXPLAIN {_LOOK.text}"), values))
    await database.close()
    for index in ("operation_waiting", "operation_asleep", "operation_ended"):
        assert index in lines
    assert "Seq Scan" not in lines
