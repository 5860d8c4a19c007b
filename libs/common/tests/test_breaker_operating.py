"""What operators, other services and Prometheus see of the layer."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr

from setu_common.errors import DependencyUnavailable
from setu_common.http import (
    BreakerPolicy,
    CircuitOpen,
    Dependencies,
    HttpCaller,
    Policy,
    RetryPolicy,
    create_client,
    remaining_s,
)
from setu_common.http.metrics import MOST_NAMES, PrometheusObserver
from setu_common.http.tracing import TRACE, parse_trace
from setu_common.testing import ManualTime, loopback
from setu_common.web import EdgeTrust, InsideTrust, breakers_router, create_app

TOKEN = SecretStr("0123456789abcdef")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
POLICY = Policy(breaker=BreakerPolicy(minimum=2, open_s=10.0), retry=RetryPolicy(retries={}))


async def away() -> None:
    raise DependencyUnavailable("It is away.")


async def well() -> None:
    return


@asynccontextmanager
async def nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def app_of(dependencies: Dependencies, trust: EdgeTrust | InsideTrust | None = None) -> FastAPI:
    app = create_app(
        service="probe",
        version="1",
        lifespan=nothing,
        routers=[breakers_router(dependencies)],
        trust=trust or InsideTrust(TOKEN),
        checks={},
    )

    @app.get("/v1/left")
    async def left() -> dict[str, object]:
        trace = TRACE.get()
        return {
            "left_s": remaining_s(),
            "parent": trace and trace.parent,
            "state": trace and trace.state,
            "logged": structlog.contextvars.get_contextvars().get("trace_id"),
        }

    return app


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[HttpCaller]:
    async with loopback(app) as url, create_client(url, service_token=TOKEN, timeout_s=20) as client:
        yield HttpCaller(client, name="probe")


async def test_an_operator_shuts_a_dependency_off_and_puts_it_back():
    dependencies = Dependencies()
    dependency = dependencies.dependency("tmdb", POLICY)
    async with asking(app_of(dependencies)) as caller:
        forced = (await caller.call("PUT", "/v1/breakers/tmdb", json={"mode": "open"})).json()
        assert (forced["mode"], forced["state"]) == ("open", "open")
        with pytest.raises(CircuitOpen, match="operator has shut tmdb off") as raised:
            await dependency.call(well, repeatable=False)
        assert raised.value.retry_after_s is None
        await caller.call("PUT", "/v1/breakers/tmdb", json={"mode": "auto"})
        await dependency.call(well, repeatable=False)
        [shown] = (await caller.call("GET", "/v1/breakers")).json()["breakers"]
        assert shown == {
            "name": "tmdb", "state": "closed", "mode": "auto", "open_for_s": None, "calls": 1, "failed": 0, "slow": 0,
            "shared": False,
        }  # fmt: skip


async def test_what_is_shown_is_what_happened_lately():
    clock = ManualTime()
    dependencies = Dependencies(timing=clock.timing)
    await dependencies.dependency("tmdb", POLICY).call(well, repeatable=False)
    assert dependencies.status("tmdb").calls == 1
    clock.advance(POLICY.breaker.window_s)
    assert dependencies.status("tmdb").calls == 0


async def test_a_circuit_forced_closed_lets_calls_through_whatever_happens():
    dependencies = Dependencies()
    dependency = dependencies.dependency("tmdb", POLICY)
    async with asking(app_of(dependencies)) as caller:
        await caller.call("PUT", "/v1/breakers/tmdb", json={"mode": "closed"})
    for _ in range(10):
        with pytest.raises(DependencyUnavailable, match="It is away"):
            await dependency.call(away, repeatable=False)


@pytest.mark.parametrize(("path", "mode", "code"), [("tmbd", "open", "not-found"), ("tmdb", "ajar", "invalid-request")])
async def test_a_wrong_order_is_refused_with_what_to_do_instead(path, mode, code):
    dependencies = Dependencies()
    dependencies.dependency("tmdb")
    async with asking(app_of(dependencies)) as caller:
        refused = await caller.call("PUT", f"/v1/breakers/{path}", json={"mode": mode}, ok=(404, 422))
    assert refused.json()["code"] == code


async def test_a_service_inside_inherits_the_deadline_and_the_trace_of_its_caller():
    trace = parse_trace(PARENT, "vendor=1")
    token = TRACE.set(trace)
    try:
        async with asking(app_of(Dependencies())) as caller:
            seen = (await caller.call("GET", "/v1/left", timeout_s=20)).json()
    finally:
        TRACE.reset(token)
    assert 0 < seen["left_s"] <= 20
    assert (seen["parent"], seen["state"]) == (PARENT, "vendor=1")
    assert seen["logged"] == "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_strangers_deadline_is_not_believed():
    async with asking(app_of(Dependencies(), EdgeTrust())) as caller:
        seen = (await caller.call("GET", "/v1/left", headers={"Setu-Deadline": f"{time.time() - 5:.3f}"})).json()
    assert seen["left_s"] is None


@pytest.mark.parametrize(("until", "left"), [("in an hour", True), ("soon", False), ("nan", False)])
async def test_a_deadline_that_cannot_be_read_is_none(until, left):
    until = f"{time.time() + 3600:.3f}" if until == "in an hour" else until
    async with loopback(app_of(Dependencies())) as url, create_client(url, service_token=None) as client:
        sent = {"Authorization": f"Bearer {TOKEN.get_secret_value()}", "Setu-Deadline": until}
        seen = (await HttpCaller(client).call("GET", "/v1/left", headers=sent)).json()
    assert (seen["left_s"] is not None) == left


async def test_a_request_that_nobody_waits_for_any_more_is_not_begun():
    async with loopback(app_of(Dependencies())) as url, create_client(url, service_token=None) as client:
        sent = {"Authorization": f"Bearer {TOKEN.get_secret_value()}", "Setu-Deadline": f"{time.time() - 1:.3f}"}
        refused = await HttpCaller(client).call("GET", "/v1/left", headers=sent, ok=(504,))
    assert refused.json()["code"] == "deadline-exceeded"


@pytest.mark.parametrize(
    "parent", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", PARENT.upper(), f"ff{PARENT[2:]}", f"{PARENT}-x", "00-1-2-3"]
)
def test_what_is_no_trace_is_not_handed_on(parent):
    assert parse_trace(parent, None) is None


async def test_prometheus_is_told_of_attempts_circuits_and_repetitions():
    registry, clock = CollectorRegistry(), ManualTime()
    dependencies = Dependencies([PrometheusObserver(registry)], timing=clock.timing)
    dependency = dependencies.dependency("tmdb", Policy(breaker=BreakerPolicy(minimum=2, open_s=10.0)))

    def told(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    assert told("setu_breaker_state", breaker="tmdb", state="closed") == 1
    await dependency.call(well, repeatable=False)
    with pytest.raises(DependencyUnavailable):
        await dependency.call(away, repeatable=True)
    with pytest.raises(CircuitOpen):
        await dependency.call(away, repeatable=True)
    assert told("setu_breaker_state", breaker="tmdb", state="open") == 1
    assert told("setu_breaker_state", breaker="tmdb", state="closed") == 0
    assert told("setu_breaker_changes_total", breaker="tmdb", state="open", cause="failures") == 1
    assert told("setu_call_attempts_total", dependency="tmdb", outcome="ok") == 1
    # The second of three attempts opens the circuit, two of three having failed; at the first it had one of two.
    assert told("setu_call_attempts_total", dependency="tmdb", outcome="network") == 1
    assert told("setu_call_attempts_total", dependency="tmdb", outcome="circuit-open") == 1
    assert told("setu_call_repeats_total", dependency="tmdb", failure="network") is None
    assert told("setu_call_seconds_count", dependency="tmdb") == 2


async def test_names_that_come_without_end_do_not_make_metrics_without_end():
    registry = CollectorRegistry()
    dependencies = Dependencies([PrometheusObserver(registry)])
    for number in range(3 * MOST_NAMES):
        await dependencies.dependency(f"host-{number}").call(well, repeatable=False)
    assert generate_latest(registry).count(b"setu_call_attempts_total{") == MOST_NAMES + 1
    assert registry.get_sample_value("setu_call_attempts_total", {"dependency": "other", "outcome": "ok"}) == 2 * MOST_NAMES


def test_the_layer_needs_neither_redis_nor_prometheus_nor_a_web_framework():
    absent = (
        "for name in ('redis', 'prometheus_client', 'fastapi', 'starlette', 'celery', 'sqlalchemy'): sys.modules[name] = None"
    )
    code = f"import sys\n{absent}\nimport setu_common.http, setu_common.clients"
    subprocess.run([sys.executable, "-c", code], check=True)
