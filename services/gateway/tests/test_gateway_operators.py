"""What operators do through the gateway: circuits of all processes, seen and forced, through a real Valkey; and what Prometheus is told."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from setu_cli.embedded.ports import free_port
from setu_common.clients.breakers import BreakersClient
from setu_common.http import Dependencies, HttpCaller, create_client
from setu_common.http.breaker_redis import SharedBreakers
from setu_common.settings import PrometheusSettings, RedisSettings
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.keys.book import KeyBook
from setu_gateway.settings import EdgeSettings

SUPPORT = str(Path(__file__).resolve().parents[3] / "tests/support")


class Member:
    """A process that calls ``tmdb`` (``testbed.breaker_member``), and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def hear(self, *events: str) -> str:
        """The next of these events."""
        assert self._process.stdout is not None
        return next(said for line in self._process.stdout if (said := json.loads(line)["event"]) in events)

    def told(self, order: str, *events: str) -> str:
        """Tell it something, and hear what becomes of it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return self.hear(*events)


@contextmanager
def member_of(redis: RedisSettings) -> Iterator[Member]:
    told = {"REDIS_URL": redis.url, "REDIS_KEY_PREFIX": redis.key_prefix, "PYTHONPATH": SUPPORT}
    command = [sys.executable, "-m", "testbed.breaker_member"]
    with subprocess.Popen(command, env=os.environ | told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        member = Member(process)
        member.hear("ready")
        yield member
        assert process.stdin is not None
        process.stdin.close()


@asynccontextmanager
async def asking(settings) -> AsyncIterator[HttpCaller]:
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as client:
        yield HttpCaller(client, name="gateway")


async def circuit(gateway: HttpCaller, name: str) -> dict:
    listed = (await gateway.call("GET", "/v1/breakers")).json()["breakers"]
    return next((each for each in listed if each["name"] == name), {})


async def until(gateway: HttpCaller, **stands: object) -> dict:
    """How ``tmdb`` is shown once it is shown so; the test's own timeout ends it."""
    while not (stands.items() <= (shown := await circuit(gateway, "tmdb")).items()):  # noqa: ASYNC110  (what is waited for has no event)
        await asyncio.sleep(0.01)
    return shown


async def test_an_operator_sees_what_another_process_calls_and_shuts_it_off_there_and_puts_it_back(gateway_settings):
    redis = gateway_settings.core.redis
    async with asking(gateway_settings) as gateway:
        with member_of(redis) as member, member_of(redis) as other:
            shown = await until(gateway, state="closed")
            assert (shown["mode"], shown["calls"], shown["shared"]) == ("auto", None, True)
            began_s = time.monotonic()
            forced = (await gateway.call("PUT", "/v1/breakers/tmdb", json={"mode": "open"})).json()
            assert (forced["state"], forced["mode"]) == ("open", "open")
            for each in (member, other):
                await asyncio.to_thread(each.hear, "open")
            print(f"forced open in two other processes after {time.monotonic() - began_s:.3f} s")  # noqa: T201  (a figure)
            assert await asyncio.to_thread(member.told, "call", "answered", "refused") == "refused"
            with member_of(redis) as late:  # who starts later finds the order
                assert await asyncio.to_thread(late.told, "call", "answered", "refused") == "refused"
            assert (await BreakersClient(gateway).force("tmdb", "auto")).mode == "auto"
            for each in (member, other):
                await asyncio.to_thread(each.hear, "closed")
                assert await asyncio.to_thread(each.told, "call", "answered", "refused") == "answered"
            await until(gateway, state="closed", mode="auto")
            assert {each.name: each.state for each in await BreakersClient(gateway).breakers()}["tmdb"] == "closed"


async def test_a_circuit_that_opened_by_itself_elsewhere_is_shown_open_and_can_be_forced_closed(gateway_settings):
    async with asking(gateway_settings) as gateway:
        with member_of(gateway_settings.core.redis) as member:
            await asyncio.to_thread(member.told, "fail", "open")
            shown = await until(gateway, state="open")
            assert shown["mode"] == "auto"
            assert 0 < shown["open_for_s"] <= 3600
            await gateway.call("PUT", "/v1/breakers/tmdb", json={"mode": "closed"})
            await asyncio.to_thread(member.hear, "closed")
            assert await asyncio.to_thread(member.told, "call", "answered", "refused") == "answered"


async def test_an_order_for_what_nobody_calls_is_refused(gateway_settings):
    async with asking(gateway_settings) as gateway:
        refused = await gateway.call("PUT", "/v1/breakers/tmbd", json={"mode": "open"}, ok=(404,))
        assert refused.json()["code"] == "not-found"


async def test_without_redis_the_gateway_says_that_nobody_else_hears_of_orders(gateway_settings):
    alone = replace(gateway_settings.core, redis=RedisSettings(url="redis://127.0.0.1:1/0"))
    async with asking(replace(gateway_settings, core=alone)) as gateway:
        forced = (await gateway.call("PUT", "/v1/breakers/metrics", json={"mode": "open"})).json()
        assert (forced["state"], forced["shared"]) == ("open", False)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/breakers"), ("PUT", "/v1/breakers/metrics"), ("GET", "/metrics")])
def test_where_there_are_keys_only_one_for_admin_opens_what_is_for_operators(gateway_settings, method, path):
    book = KeyBook(gateway_settings.core.database)
    keys = [book.create("acme", scopes=scopes)[1] for scopes in (["jobs:read", "jobs:write", "enhance"], ["admin"])]
    app = make_app(replace(gateway_settings, edge=EdgeSettings(auth="keys")))
    with TestClient(app, raise_server_exceptions=False) as client:
        body = {"mode": "auto"} if method == "PUT" else None
        shown = ({}, *({"Authorization": f"Bearer {key}"} for key in keys))
        assert [client.request(method, path, json=body, headers=each).status_code for each in shown] == [401, 403, 200]


def test_without_keys_whoever_reaches_the_gateway_is_told_what_it_counted(api):
    api.get("/v1/costs")  # of a metrics service that is not there
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(api.get("/metrics").text)
        for sample in family.samples
    }
    assert told["setu_breaker_state", "metrics", "closed"] == 1
    assert told["setu_call_attempts_total", "metrics", "network"] == 3
    assert told["setu_call_repeats_total", "metrics", "network"] == 2
    assert told["setu_call_seconds_count", "metrics"] == 3
    assert told["process_resident_memory_bytes",] > 0
    assert "/metrics" not in api.get("/openapi.json").json()["paths"]


async def test_prometheus_has_a_port_of_its_own_that_asks_for_no_key(gateway_settings):
    port = free_port()
    core = replace(gateway_settings.core, prometheus=PrometheusSettings(port=port))
    settings = replace(gateway_settings, core=core, edge=EdgeSettings(auth="keys"))
    async with asking(settings):
        own = HttpCaller(create_client(f"http://127.0.0.1:{port}", service_token=None, timeout_s=20), attempts=3, backoff_s=5)
        answer = await own.call("GET", "/metrics")
        assert "setu_breaker_state" in answer.text


async def test_the_state_of_a_circuit_that_only_others_use_is_theirs_and_time_passes(redis_settings):
    mine, theirs = Dependencies(), Dependencies()
    theirs.dependency("tmdb").breaker.adopt_open(60.0)
    async with (
        SharedBreakers(theirs, redis_settings.url, redis_settings.key_prefix),
        SharedBreakers(mine, redis_settings.url, redis_settings.key_prefix) as shared,
    ):
        while "tmdb" not in {each.name for each in mine.statuses()}:
            await shared._look()
        status = mine.status("tmdb")
        assert (str(status.state), status.calls) == ("open", None)
        assert status.open_for_s == pytest.approx(60.0, abs=30.0)


async def test_what_a_process_calls_is_known_before_it_calls_it_though_its_loop_stands_still_then(redis_settings):
    mine, theirs = Dependencies(), Dependencies()
    async with (
        SharedBreakers(theirs, redis_settings.url, redis_settings.key_prefix) as silent,
        SharedBreakers(mine, redis_settings.url, redis_settings.key_prefix),
    ):
        assert silent._task is not None
        silent._task.cancel()  # as in a worker's child between operations
        theirs.dependency("tmdb")
        await mine.announce()
        assert mine.statuses() == []
        await theirs.announce()
        await mine.announce()
        assert [(each.name, str(each.state)) for each in mine.statuses()] == [("tmdb", "closed")]
