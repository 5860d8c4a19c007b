"""How many requests a tenant may make: together in Redis, or each process for itself."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from setu_cli.embedded.ports import free_port
from setu_common.settings import RedisSettings
from setu_common.testing import raw_loopback
from setu_common.web import EdgeTrust, Holder, RateLimits, create_app
from setu_common.web import limits as limits_module
from setu_common.web.limits import FOLLOWING, REQUESTS, Taken

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def there(redis_settings: RedisSettings, monkeypatch: pytest.MonkeyPatch) -> RedisSettings:
    """A real Redis, which is not taken for away however busy the machine is."""
    monkeypatch.setattr(limits_module, "ASK_LIMIT_S", 20.0)
    monkeypatch.setattr(limits_module, "CLOSED_S", 20.0)
    return redis_settings


def gone() -> RedisSettings:
    """A Redis that is not there."""
    return RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0")


async def allowed_of(limits: RateLimits, tenant: str, count: int, policy: str = REQUESTS) -> int:
    return sum([taken.allowed for _ in range(count) if (taken := await limits.take(tenant, policy)) is not None])


async def test_as_many_requests_as_the_limit_are_allowed_and_no_more(there: RedisSettings) -> None:
    async with RateLimits(there, lambda _: 7) as limits:
        takens = [await limits.take("acme", REQUESTS) for _ in range(9)]
    seen = [(taken.allowed, taken.left, taken.limit) for taken in takens if taken is not None]
    assert seen == [*((True, left, 7) for left in range(6, -1, -1)), (False, 0, 7), (False, 0, 7)]
    last = takens[-1]
    assert last is not None
    assert 50 < last.more_in_s <= 60


async def test_processes_count_together_and_tenants_and_what_is_followed_apart(there: RedisSettings) -> None:
    async with RateLimits(there, lambda _: 10) as first, RateLimits(there, lambda _: 10) as second:
        assert await allowed_of(first, "acme", 6) + await allowed_of(second, "acme", 6) == 10
        assert await allowed_of(second, "other", 3) == 3
        assert await allowed_of(second, "acme", 3, FOLLOWING) == 3


async def test_permissions_taken_in_advance_are_not_given_out_twice(there: RedisSettings) -> None:
    async with RateLimits(there, lambda _: 1000) as first, RateLimits(there, lambda _: 1000) as second:
        allowed = await asyncio.gather(*(allowed_of(limits, "acme", 40) for limits in (first, second) for _ in range(25)))
        assert sum(allowed) == 1000


async def test_few_requests_wait_for_redis(there: RedisSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    counted = RateLimits._counted

    async def counting(limits, *arguments):
        nonlocal asked
        asked += 1
        return await counted(limits, *arguments)

    monkeypatch.setattr(RateLimits, "_counted", counting)
    async with RateLimits(there, lambda _: 1000) as limits:
        at_once = await asyncio.gather(*(allowed_of(limits, "acme", 1) for _ in range(200)))
        assert (sum(at_once), asked) == (200, 10)
        assert await allowed_of(limits, "acme", 800) == 800
        before = asked
        assert await allowed_of(limits, "acme", 500) == 0
        assert asked == before + 1


async def test_a_tenant_without_a_limit_is_not_counted() -> None:
    async with RateLimits(gone(), lambda tenant: 0 if tenant == "free" else 1) as limits:
        assert await limits.take("free", REQUESTS) is None
        assert await allowed_of(limits, "acme", 2) == 1


async def test_while_redis_is_away_each_process_counts_for_itself() -> None:
    async with RateLimits(gone(), lambda _: 5) as first, RateLimits(gone(), lambda _: 5) as second:
        assert [await allowed_of(limits, "acme", 9) for limits in (first, second)] == [5, 5]


async def test_a_redis_that_takes_connections_and_says_nothing_holds_up_nobody() -> None:
    held = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()

    async with raw_loopback(silent) as url:
        settings = RedisSettings(url=url.replace("http", "redis"))
        async with RateLimits(settings, lambda _: 5) as limits, asyncio.timeout(10):
            assert await allowed_of(limits, "acme", 9) == 5
        held.set()


async def test_who_waits_as_long_as_told_may_go_on(there: RedisSettings) -> None:
    async with RateLimits(there, lambda _: 3, window_s=1) as limits:
        assert await allowed_of(limits, "acme", 3) == 3
        while (taken := await limits.take("acme", REQUESTS)) is not None and taken.allowed:
            pass  # the first may be a second ago by now
        for _ in itertools.count():
            taken = await limits.take("acme", REQUESTS)
            assert taken is not None
            if taken.allowed:
                break
            assert taken.more_in_s <= 1
            await asyncio.sleep(taken.more_in_s)


def test_the_headers_are_those_of_the_draft() -> None:
    taken = Taken(allowed=False, policy=REQUESTS, limit=1200, window_s=60, left=0, more_in_s=12.2)
    assert taken.headers == [(b"ratelimit-policy", b'"requests";q=1200;w=60'), (b"ratelimit", b'"requests";r=0;t=13')]


class OneKey:
    async def holder(self, key: str) -> Holder:
        return Holder(key, frozenset({"lines"}))


def app_of(limits: RateLimits) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    router = APIRouter()

    @router.get("/lines")
    async def lines() -> str:
        return "here"

    @router.post("/lines")
    async def add_line() -> str:
        return "added"

    @router.get("/v1/operations/{operation_id}")
    async def operation(operation_id: str) -> str:
        return operation_id

    @router.get("/lines/events")
    async def events() -> Response:
        return Response("data: here\n\n", media_type="text/event-stream")

    return create_app(
        service="demo",
        version="1",
        lifespan=lifespan,
        routers=[router],
        trust=EdgeTrust(keys=OneKey()),
        checks={},
        limits=limits,
    )


async def test_what_is_no_following_is_not_counted_as_such_whatever_it_says(there: RedisSettings) -> None:
    async with RateLimits(there, lambda _: 2) as limits:
        transport = httpx2.ASGITransport(app_of(limits))
        headers = {"Authorization": "Bearer acme"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            answers = [
                await client.request(method, path)
                for method, path in (
                    ("POST", "/lines?wait=0"),
                    ("GET", "/lines?since=1&wait=0"),
                    ("POST", "/lines/events"),
                    ("DELETE", "/v1/operations/7?wait=0"),
                    ("POST", "/lines?wait=0"),
                )
            ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
    assert {answer.headers["ratelimit"].split(";")[0] for answer in answers} == {'"requests"'}


async def test_too_many_requests_are_told_when_to_come_back_and_what_was_begun_can_still_be_followed(
    there: RedisSettings,
) -> None:
    async with RateLimits(there, lambda _: 2) as limits:
        transport = httpx2.ASGITransport(app_of(limits))
        headers = {"Authorization": "Bearer acme"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            answers = [await client.get("/lines") for _ in range(3)]
            followed, waited = await client.get("/lines/events"), await client.get("/v1/operations/7", params={"wait": 20})
            probed = [await client.get("/healthz") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[:2] for answer in answers] == [
        ['"requests"', "r=1"],
        ['"requests"', "r=0"],
        ['"requests"', "r=0"],
    ]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"requests";q=2;w=60'}
    problem = answers[2].json()
    assert (problem["code"], problem["retryable"], problem["context"]) == ("rate-limited", True, {"limit": 2, "window_s": 60})
    assert answers[2].headers["ratelimit"].endswith(f";t={answers[2].headers['retry-after']}")
    assert 50 < int(answers[2].headers["retry-after"]) <= 60
    assert (followed.status_code, waited.status_code) == (200, 200)
    assert waited.headers["ratelimit"].startswith('"following"')
    assert {answer.status_code for answer in probed} == {200}
    assert "ratelimit" not in probed[0].headers


def test_the_document_says_that_there_may_be_too_many() -> None:
    paths = app_of(RateLimits(gone(), lambda _: 1)).openapi()["paths"]
    assert "`rate-limited`" in paths["/lines"]["get"]["responses"]["429"]["description"]
    assert "429" not in paths["/healthz"]["get"]["responses"]
