"""The HTTP face of operations: what a caller sees, on a real Postgres and a real store."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from probe.bench import SCHEMA, prepare
from probe.kinds import Done, Task
from probe.rig import BACK, FRONT, PATIENT, Told
from setu_common.contracts import OperationKind
from setu_common.db import Database
from setu_common.operations import Operations
from setu_common.operations.claims import Claim, Claims
from setu_common.operations.connection import HealingConnection
from setu_common.operations.payloads import Payloads
from setu_common.operations.routes import asked_wait_s, operations_router
from setu_common.operations.watcher import VersionWatcher
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_common.store import Store
from setu_common.testing import loopback
from setu_common.web import InsideTrust, create_app

TOKEN = "a token of our own"
KEYED = {"Idempotency-Key": "once"}
LARGE = "ई" * 200
SOON_S = 20


@dataclass
class Service:
    """A service's API, and the worker's means to move its operations on."""

    app: FastAPI
    client: httpx2.AsyncClient
    hints: Told
    claims: Claims
    payloads: Payloads
    folder: Path

    async def submit(
        self, tenant: str = "acme", kind: OperationKind[Task, Done] = FRONT, headers: Mapping[str, str] | None = None
    ) -> UUID:
        response = await self.client.post(f"/v1/{kind.name}", json={}, headers={"Setu-Tenant": tenant, **(headers or {})})
        assert response.status_code == 202, response.text
        return UUID(response.json()["id"])

    async def claimed(self) -> Claim:
        claim = await asyncio.to_thread(self.claims.next, FRONT.queue)
        assert claim is not None
        return claim

    async def finish(self, claim: Claim, text: str = "", after_s: float = 0) -> None:
        await asyncio.sleep(after_s)
        content, objects, _ = await self.payloads.pack(claim.tenant, Done(count=1, attempt=1, text=text))
        await asyncio.to_thread(self.claims.succeed, claim, content, objects, None)

    def files(self) -> int:
        return sum(path.is_file() for path in self.folder.rglob("*"))


@asynccontextmanager
async def served(database_settings: DatabaseSettings, store_settings: StoreSettings) -> AsyncIterator[Service]:
    database, store, hints = Database(database_settings, SCHEMA), Store(store_settings, SCHEMA), Told()
    operations = Operations(database, store, hints, PATIENT)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.operations = operations
        yield
        await operations.close()
        await database.close()

    trust = InsideTrust(SecretStr(TOKEN))
    router = operations_router([FRONT, BACK])
    app = create_app(service=SCHEMA, version="1", lifespan=lifespan, routers=[router], trust=trust, checks={})
    connection = HealingConnection(database_settings, SCHEMA)
    headers = {"Authorization": f"Bearer {TOKEN}", "Setu-Tenant": "acme"}
    async with loopback(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        claims, payloads = Claims(connection, PATIENT, "north", 1), Payloads(store, PATIENT.inline_bytes)
        yield Service(app, client, hints, claims, payloads, Path(store_settings.url.removeprefix("file://")))
    connection.close()


@pytest.fixture
async def service(cloned_database: Callable[..., DatabaseSettings], store_settings: StoreSettings) -> AsyncIterator[Service]:
    async with served(cloned_database(SCHEMA, prepare), store_settings) as service:
        yield service


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    return body


async def events_in(response: httpx2.Response) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


# --- submitting


async def test_a_submission_is_accepted_durably_and_says_where_to_look(service: Service) -> None:
    response = await service.client.post("/v1/fronts", json={"count": 7}, headers={"Setu-Priority": "5"})
    operation = response.json()
    claim = await service.claimed()

    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/operations/{operation['id']}"
    assert (operation["state"], operation["kind"], operation["attempt"]) == ("queued", "fronts", 0)
    assert (str(claim.id), claim.tenant, claim.request["count"]) == (operation["id"], "acme", 7)
    assert service.hints.told == [("front", None)]


async def test_each_kind_has_a_path_and_a_queue_of_its_own(service: Service) -> None:
    await service.submit(kind=BACK)

    assert service.hints.told == [("back", None)]
    assert service.claims.next("front") is None
    problem(await service.client.post("/v1/sides", json={}), 404, "not-found")


async def test_whoever_prefers_to_wait_gets_the_result_at_once(service: Service) -> None:
    asking = asyncio.create_task(service.client.post("/v1/fronts", json={}, headers={"Prefer": f"wait={SOON_S}"}))
    until = time.monotonic() + SOON_S
    while (claim := await asyncio.to_thread(service.claims.next, "front")) is None:
        assert time.monotonic() < until
    await service.finish(claim, LARGE)
    response = await asking

    assert response.status_code == 200
    assert response.headers["location"] == f"/v1/operations/{claim.id}"
    assert response.json()["result"] == {"count": 1, "attempt": 1, "text": LARGE}


@pytest.mark.parametrize("preference", ["wait=1", "respond-async, wait=1", "wait=never", "return=minimal"])
async def test_whoever_prefers_to_wait_is_told_to_look_later_if_it_takes_longer(service: Service, preference: str) -> None:
    response = await service.client.post("/v1/fronts", json={}, headers={"Prefer": preference})

    assert response.status_code == 202
    assert response.json()["state"] == "queued"


@pytest.mark.parametrize(
    ("preference", "wait_s"),
    [
        *((each, 20) for each in (None, "return=minimal", "wait=abc")),
        *((each, 60) for each in ("Wait=61", 'wait="1000000000"', "respond-async, wait=60")),
        ("Respond-Async", 0),
    ],
)
def test_what_a_caller_prefers_is_read_as_http_has_it(preference: str | None, wait_s: float) -> None:
    assert asked_wait_s(preference, usual_s=20) == wait_s


async def test_a_repeated_key_with_the_same_body_gives_the_same_operation(service: Service) -> None:
    first = await service.submit(headers=KEYED)
    second = await service.submit(headers=KEYED)
    other_tenant = await service.submit("brio", headers=KEYED)
    other_kind = await service.submit(kind=BACK, headers=KEYED)

    assert first == second
    assert len({first, other_tenant, other_kind}) == 3


@pytest.mark.parametrize("text", ["small", LARGE])
async def test_a_repeated_key_of_an_operation_that_has_ended_gives_its_result(service: Service, text: str) -> None:
    first = await service.submit(headers=KEYED)
    await service.finish(await service.claimed(), text)
    response = await service.client.post("/v1/fronts", json={}, headers=KEYED)

    assert response.status_code == 200
    assert response.json()["id"] == str(first)
    assert response.json()["result"]["text"] == text


async def test_a_repeated_key_with_another_body_is_refused(service: Service) -> None:
    await service.submit(headers=KEYED)
    response = await service.client.post("/v1/fronts", json={"count": 2}, headers=KEYED)

    problem(response, 409, "idempotency-conflict")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"count": "many"}, {}),
        ({"unknown": 1}, {}),
        ([], {}),
        ({}, {"Setu-Tenant": "No Tenant"}),
        ({}, {"Setu-Priority": "101"}),
        ({}, {"Setu-Reply-To": "elsewhere"}),
        ({}, {"Setu-Job": "no-id"}),
        ({}, {"Idempotency-Key": ""}),
    ],
)
async def test_what_cant_be_taken_is_refused_and_leaves_nothing_behind(
    service: Service, body: object, headers: dict[str, str]
) -> None:
    problem(await service.client.post("/v1/fronts", json=body, headers=headers), 422, "invalid-request")

    assert service.claims.next("front") is None
    assert service.hints.told == []


async def test_a_request_with_a_nul_is_taken_as_it_is(service: Service) -> None:
    assert (await service.client.post("/v1/fronts", json={"text": "a\0b"})).status_code == 202
    claim = await service.claimed()

    assert (await service.payloads.unpack(claim.request))["text"] == "a\0b"


async def test_a_database_that_is_away_is_a_503_that_says_when_to_come_back(store_settings: StoreSettings) -> None:
    nowhere = DatabaseSettings(url="postgresql://postgres@127.0.0.1:1/none", connect_timeout_s=1)
    async with served(nowhere, store_settings) as service:
        responses = [
            await service.client.post("/v1/fronts", json={}),
            await service.client.get(f"/v1/operations/{uuid4()}"),
            await service.client.get(f"/v1/operations/{uuid4()}/events"),
            await service.client.delete(f"/v1/operations/{uuid4()}"),
        ]

    for response in responses:
        problem(response, 503, "dependency-unavailable")
        assert int(response.headers["retry-after"]) >= 1
    assert service.hints.told == []


# --- following


async def test_an_operation_is_nobody_elses_business(service: Service) -> None:
    path = f"/v1/operations/{await service.submit()}"
    stranger = {"Setu-Tenant": "brio"}

    problem(await service.client.get(path, headers=stranger), 404, "not-found")
    problem(await service.client.get(f"{path}?wait=5", headers=stranger), 404, "not-found")
    problem(await service.client.get(f"{path}/events", headers=stranger), 404, "not-found")
    problem(await service.client.delete(path, headers=stranger), 404, "not-found")
    problem(await service.client.delete(f"{path}?purge=true", headers=stranger), 404, "not-found")
    assert (await service.client.get(path)).json()["state"] == "queued"


async def test_whoever_waits_hears_of_the_end_when_it_comes(service: Service) -> None:
    operation_id = await service.submit()
    finishing = asyncio.create_task(service.finish(await service.claimed(), LARGE, after_s=0.5))
    began = time.monotonic()
    response = await service.client.get(f"/v1/operations/{operation_id}?wait={SOON_S}")
    await finishing

    assert response.json()["state"] == "succeeded"
    assert response.json()["result"]["text"] == LARGE
    assert time.monotonic() - began < SOON_S / 2


async def test_whoever_waits_in_vain_gets_it_as_it_stands(service: Service) -> None:
    operation_id = await service.submit()
    await service.claimed()
    response = await service.client.get(f"/v1/operations/{operation_id}?wait=0.4")

    assert (response.status_code, response.json()["state"]) == (200, "running")
    problem(await service.client.get(f"/v1/operations/{operation_id}?wait=61"), 422, "invalid-request")


async def test_whoever_waits_is_answered_when_the_process_is_told_to_end(service: Service) -> None:
    operation_id = await service.submit()
    waiting = asyncio.create_task(service.client.get(f"/v1/operations/{operation_id}?wait=30"))
    await asyncio.sleep(0.4)
    assert not waiting.done()
    service.app.state.closing.set()
    response = await asyncio.wait_for(waiting, 5)

    assert (response.status_code, response.json()["state"]) == (200, "queued")


async def test_events_tell_each_change_and_end_with_the_operation(service: Service) -> None:
    operation_id = await service.submit()
    seen: list[tuple[str, float, int]] = []
    snapshot: dict[str, Any] = {}
    async with service.client.stream("GET", f"/v1/operations/{operation_id}/events") as response:
        claim: Claim | None = None
        async for event in events_in(response):
            snapshot = json.loads(event["data"])
            seen.append((snapshot["state"], snapshot["progress"], int(event["id"])))
            assert snapshot["version"] == int(event["id"])
            if claim is None:
                claim = await service.claimed()
            elif snapshot["progress"] == 0:
                await asyncio.to_thread(service.claims.beat, claim, 0.5, "half")
            elif snapshot["state"] == "running":
                await service.finish(claim, LARGE)

    assert seen == [("queued", 0, 1), ("running", 0, 2), ("running", 0.5, 3), ("succeeded", 1, 4)]
    assert snapshot["result"]["text"] == LARGE


async def test_events_of_an_operation_that_is_erased_end_with_a_problem(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = asyncio.Event()
    look = VersionWatcher._poll

    async def late(watcher: VersionWatcher) -> None:
        await erased.wait()  # a look between its cancellation and its end would end the events with that
        await look(watcher)

    monkeypatch.setattr(VersionWatcher, "_poll", late)
    operation_id = await service.submit()
    async with service.client.stream("GET", f"/v1/operations/{operation_id}/events") as response:
        events = []
        async for event in events_in(response):
            events.append(event)
            if len(events) == 1:
                await service.client.delete(f"/v1/operations/{operation_id}?purge=true")
                erased.set()

    assert events[-1]["event"] == "problem"
    assert json.loads(events[-1]["data"])["code"] == "not-found"


async def test_events_of_an_operation_that_has_ended_are_one_and_the_end(service: Service) -> None:
    operation_id = await service.submit()
    await service.finish(await service.claimed())
    response = await service.client.get(f"/v1/operations/{operation_id}/events")

    assert [json.loads(event["data"])["state"] async for event in events_in(response)] == ["succeeded"]


# --- cancelling and erasing


async def test_an_operation_that_waits_is_cancelled_at_once(service: Service) -> None:
    operation_id = await service.submit()
    path = f"/v1/operations/{operation_id}"

    assert (await service.client.delete(path)).json()["state"] == "cancelled"
    assert (await service.client.delete(path)).json()["state"] == "cancelled"
    assert service.claims.next("front") is None


async def test_the_cancellation_of_an_operation_that_runs_is_asked_for(service: Service) -> None:
    path = f"/v1/operations/{await service.submit()}"
    claim = await service.claimed()

    assert (await service.client.delete(path)).json()["state"] == "cancelling"
    assert service.claims.beat(claim, 0, "") == (True, False)
    refused = problem(await service.client.delete(f"{path}?purge=true"), 409, "conflict")
    assert "is being cancelled now" in refused["detail"]
    await service.finish(claim)
    assert (await service.client.get(path)).json()["state"] == "cancelled"


async def test_an_operation_that_has_ended_is_erased_with_what_it_wrote(service: Service) -> None:
    response = await service.client.post("/v1/fronts", json={"text": LARGE})
    path = response.headers["location"]
    await service.finish(await service.claimed(), LARGE)
    assert service.files() == 2

    erased = await service.client.delete(f"{path}?purge=true")

    assert (erased.status_code, erased.json()["state"]) == (200, "succeeded")
    assert service.files() == 0
    problem(await service.client.get(path), 404, "not-found")
    problem(await service.client.get(f"{path}/events"), 404, "not-found")


async def test_an_operation_that_waits_is_cancelled_and_erased_in_one_go(service: Service) -> None:
    path = f"/v1/operations/{await service.submit()}"

    assert (await service.client.delete(f"{path}?purge=true")).json()["state"] == "cancelled"
    problem(await service.client.get(path), 404, "not-found")


async def test_the_end_of_a_job_s_operation_wakes_its_submitter(service: Service) -> None:
    job_id = uuid4()
    operation_id = await service.submit(headers={"Setu-Job": str(job_id), "Setu-Reply-To": "pipeline"})
    service.hints.told.clear()
    await service.client.delete(f"/v1/operations/{operation_id}")

    assert service.hints.told == [("pipeline", job_id)]
