"""Budgets that tell a webhook: noted where it is spent, told once by the gateway, signed as notices of jobs are, whatever is killed."""

import asyncio
import json
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setu_common.cost import Attribution, BudgetExhausted, Usage, attributed
from setu_common.cost.budgets import set_budget, set_job_budget
from setu_common.cost.ledger import SCHEMA, Ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.http import Guard, OutsideClient, OutsidePolicy
from setu_common.operations import Operations
from setu_common.settings import OperationSettings
from setu_common.testing import loopback
from setu_common.testing.outside import RecordingResolver
from setu_gateway import errors, repository
from setu_gateway.delivery.budget_notices import AlertDesk, BudgetNotifier
from setu_gateway.delivery.webhooks import PAUSES_S
from setu_gateway.pipeline.kinds import BESIDE, BUDGET_NOTICES, NOTICE_QUEUE, BudgetNoticeRequest, Noticed
from setu_gateway.settings import OutsideSettings
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import NOW
from setu_gateway.testing.stand import Stand

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SETTINGS = OutsideSettings(webhook_secret=SecretStr(SECRET), webhook_timeout_s=5)
TENANT = "local"
URL = "https://hooks.example/budgets"
ALERT = UUID("6f1c0000-0000-4000-8000-000000000001")


class Desk(AlertDesk):
    """Of a gateway of its own, with what it counted."""

    def __init__(self, database, store, hints) -> None:
        self.registry = CollectorRegistry()
        super().__init__(database, Operations(database, store, hints, OperationSettings()), self.registry)

    def counted(self, budget: str, level: str) -> float | None:
        return self.registry.get_sample_value("setu_budget_alerts_total", {"budget": budget, "level": level})


@pytest.fixture
def desk(database, store, hints) -> Desk:
    return Desk(database, store, hints)


@pytest.fixture
async def ledger(gateway_database_settings):
    database = Database(gateway_database_settings, SCHEMA)
    yield database
    await database.close()


@pytest.fixture
def spend(ledger):
    meter = Metering(Ledger(ledger), Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}})))

    async def spend(cents: int, job_id: UUID | None = None) -> None:
        with attributed(Attribution(tenant=TENANT, service="translate", job_id=job_id)):
            async with meter.call("fake", "dear", Usage(input_tokens=cents * 10_000)) as call:
                call.settle(Usage(input_tokens=cents * 10_000))

    return spend


@pytest.fixture
def budget(ledger):
    async def budget(usd: str, url: str | None = URL, job_id: UUID | None = None) -> None:
        async with ledger.transaction() as connection:
            if job_id is None:
                await set_budget(connection, TENANT, Decimal(usd), alert_url=url)
            else:
                await set_job_budget(connection, TENANT, job_id, Decimal(usd), alert_url=url)

    return budget


@pytest.fixture
def written(database):
    async def written() -> list[BudgetNoticeRequest]:
        async with database.reading() as connection:
            rows = await connection.execute(
                text("SELECT request FROM operation WHERE kind = 'budget-notices' AND queue = :queue ORDER BY created_at, id"),
                {"queue": NOTICE_QUEUE},
            )
            return [BUDGET_NOTICES.request.model_validate(request) for request in rows.scalars()]

    return written


async def test_four_fifths_and_the_end_of_a_budget_are_each_told_once(desk, spend, budget, written, hints):
    await budget("0.10")
    await spend(7)
    assert await desk.look() == 0
    await spend(1)
    assert await desk.look() == 1
    [notice] = await written()
    assert (notice.url, notice.tenant, notice.job_id, notice.level) == (URL, TENANT, None, "alert")
    assert (notice.limit_usd, notice.committed_usd) == (Decimal("0.10"), Decimal("0.08"))
    assert hints.looked == [NOTICE_QUEUE]
    await spend(1)
    for _ in range(2):
        with pytest.raises(BudgetExhausted):
            await spend(2)
    await desk.look()
    await desk.look()
    assert [each.level for each in await written()] == ["alert", "exhausted"]
    assert [desk.counted("month", level) for level in ("alert", "exhausted")] == [1, 1]


async def test_a_gateway_that_is_killed_before_its_commit_leaves_the_note_to_the_next_look(
    desk, spend, budget, written, *, database, store, hints, monkeypatch
):
    await budget("0.01")
    await spend(1)

    async def killed(*_: object) -> None:
        raise ConnectionResetError  # after the note was taken and before the transaction ended

    broken = Desk(database, store, hints)
    monkeypatch.setattr(broken._operations, "submit_in", killed)
    with pytest.raises(ConnectionResetError):
        await broken.look()
    assert await written() == []
    assert broken.counted("month", "alert") is None
    assert await desk.look() == 2
    assert {each.level for each in await written()} == {"alert", "exhausted"}  # both of one moment, in any order


async def test_of_many_gateways_that_look_at_once_one_takes_each_note(spend, budget, written, *, database, store, hints):
    jobs = [uuid4() for _ in range(10)]
    for job_id in jobs:
        await budget("0.01", job_id=job_id)
        await spend(1, job_id)
    desks = [Desk(database, store, hints) for _ in range(4)]
    while sum(await asyncio.gather(*[desk.look() for desk in desks])):
        pass
    notices = await written()
    assert sorted((each.job_id, each.level) for each in notices) == sorted(
        (job_id, level) for job_id in jobs for level in ("alert", "exhausted")
    )
    assert len({each.alert_id for each in notices}) == 20
    assert sum(desk.counted("job", level) or 0 for desk in desks for level in ("alert", "exhausted")) == 20


async def test_a_budget_that_tells_nobody_is_counted_all_the_same(desk, spend, budget, written):
    await budget("0.01", url=None)
    await spend(1)
    assert await desk.look() == 2
    assert await written() == []
    assert desk.counted("month", "alert") == 1


async def test_a_desk_goes_on_looking_after_an_outage_and_after_a_defect(desk, spend, budget, written, monkeypatch):
    await budget("0.01")
    await spend(1)
    looks = [errors.WebhookNotTaken("The database is away."), ZeroDivisionError()]
    look, done = desk.look, asyncio.Event()

    async def troubled() -> int:
        if looks:
            raise looks.pop(0)
        done.set()
        return await look()

    monkeypatch.setattr(desk, "look", troubled)
    monkeypatch.setattr("setu_gateway.delivery.budget_notices.LOOK_EVERY_S", 0)
    running = asyncio.create_task(desk.run())
    await done.wait()
    while len(await written()) < 2:  # noqa: ASYNC110  (what is waited for has no event)
        await asyncio.sleep(0)
    running.cancel()


async def test_the_notice_of_a_jobs_budget_is_erased_with_its_job(desk, spend, budget, *, database, store, jobs):
    job = await Stand(database, store, jobs).accept("en")
    await budget("0.01", job_id=job.id)
    await spend(1, job.id)
    await desk.look()
    async with database.reading() as connection:
        assert len(await repository.operations_beside(connection, job, [kind.name for kind in BESIDE])) == 2


class Receiver:
    """Takes notices, and answers as it is told."""

    def __init__(self) -> None:
        self.status = 204
        self.taken: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, request: Request) -> Response:
        self.taken.append((dict(request.headers), await request.body()))
        return Response(status_code=self.status)


def a_notice(url: str, **more: object) -> BudgetNoticeRequest:
    values = {
        "alert_id": ALERT, "tenant": "acme", "period": date(2026, 11, 1), "level": "alert", "limit_usd": Decimal(25),
        "committed_usd": Decimal("20.50"), "passed_at": NOW,
    }  # fmt: skip
    return BudgetNoticeRequest.model_validate({"url": url, **values, **more})


async def send(url: str, request: BudgetNoticeRequest, *, attempt: int = 1, settings: OutsideSettings = SETTINGS) -> Noticed:
    policy = OutsidePolicy.of(f"80,{urlsplit(url).port or 80}", "127.0.0.1")
    work = FakeWork()
    work.attempt = attempt
    async with OutsideClient(Guard(policy, RecordingResolver({}))) as client:
        return await BudgetNotifier(client, settings)(request, work)


async def test_a_notice_is_verified_by_the_librarys_own_verifier_and_each_attempt_has_its_id():
    receiver = Receiver()
    async with loopback(Starlette(routes=[Route("/", receiver.__call__, methods=["POST"])])) as url:
        assert (await send(url, a_notice(f"{url}/"))).status == 204
        await send(url, a_notice(f"{url}/"), attempt=2)
        await send(url, a_notice(f"{url}/", job_id=ALERT, level="exhausted", limit_usd=0, alert_id=uuid4()))
    (first, body), (again, _), (other, of_job) = receiver.taken
    assert Webhook(SECRET).verify(body, first) == {
        "type": "budget.alert",
        "timestamp": "2026-01-02T03:04:05Z",
        "data": {"tenant": "acme", "month": "2026-11", "limit_usd": "25", "committed_usd": "20.50", "used": 0.82},
    }
    assert first["webhook-id"] == again["webhook-id"] == f"budget_{ALERT.hex}" != other["webhook-id"]
    told = json.loads(of_job)
    assert told["type"] == "budget.exhausted"
    assert told["data"] == {"tenant": "acme", "job_id": str(ALERT), "limit_usd": "0", "committed_usd": "20.50"}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body.replace(b"alert", b"trick"), first)


async def test_a_receiver_that_does_not_take_it_is_asked_again_later():
    receiver = Receiver()
    receiver.status = 503
    async with loopback(Starlette(routes=[Route("/", receiver.__call__, methods=["POST"])])) as url:
        with pytest.raises(errors.WebhookNotTaken) as raised:
            await send(url, a_notice(f"{url}/"), attempt=3)
    assert raised.value.retry_after_s == PAUSES_S[2]
    assert BUDGET_NOTICES.max_attempts == len(PAUSES_S) + 1


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://127.0.0.1:8080/", "file:///etc/passwd"])
async def test_a_budget_does_not_call_private_addresses(url, api):
    refused = api.put("/v1/budgets/month", json={"limit_usd": 5, "alert_url": url})
    assert (refused.status_code, refused.json()["code"]) == (422, "webhook-url-refused")
    assert [each["field"] for each in refused.json()["errors"]] == ["alert_url"]
    async with OutsideClient(Guard(OutsidePolicy(), RecordingResolver({}))) as client:
        with pytest.raises(errors.WebhookUrlRefused):
            await BudgetNotifier(client, SETTINGS)(a_notice(url), FakeWork())
