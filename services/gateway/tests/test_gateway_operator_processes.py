"""Processes of the gateway's, killed while they tell of a budget or count their calls."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.ports import free_port
from setu_common.clients import GatewayClient
from setu_common.contracts import JobRequest
from setu_common.cost import Attribution, BudgetExhausted, Usage, attributed
from setu_common.cost.budgets import set_budget
from setu_common.cost.ledger import SCHEMA, Ledger, migrate_ledger
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback
from testbed.serving import launch, served

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """Says nothing to the first notice, and takes the others."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.one_waits = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.came.append((dict(request.headers), await request.body()))
        if len(self.came) == 1:
            self.one_waits.set()
            await asyncio.Event().wait()
        return Response(status_code=204)


@contextmanager
def worker(module: str, environment: dict[str, str], folder: Path) -> Iterator[int]:
    """The process's number."""
    is_ready = folder / f"{module}-ready"
    with Guarded(folder / f"guardian-of-{module}.log") as guarded:
        process = launch((module,), {**environment, "SETU_WORKER_READY_FILE": str(is_ready)}, folder)
        yield guarded.start_ready(process, partial(exists, is_ready), timeout_s=60)


def exists(path: Path, _started: object) -> bool:
    return path.exists()


def kill_children(pid: int) -> list[int]:
    children = [child.pid for child in psutil.Process(pid).children()]
    for child in children:
        os.kill(child, signal.SIGKILL)
    return children


async def until(holds: Callable[[], bool]) -> None:
    """The test's own timeout ends it."""
    while not holds():  # noqa: ASYNC110  (what is waited for has no event)
        await asyncio.sleep(0.05)


async def test_a_budget_is_told_of_once_though_the_worker_that_tells_it_is_killed(
    database_settings, service_environment, tmp_path
):
    migrate_ledger(database_settings)
    ledger = Database(database_settings, SCHEMA)
    meter = Metering(Ledger(ledger), Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}})))

    async def spend(cents: int) -> None:
        with attributed(Attribution(tenant="local", service="translate")):
            async with meter.call("fake", "dear", Usage(input_tokens=cents * 10_000)) as call:
                call.settle(Usage(input_tokens=cents * 10_000))

    receiver = Receiver()
    async with loopback(Starlette(routes=[Route("/", receiver.__call__, methods=["POST"])])) as outside:
        async with ledger.transaction() as connection:
            await set_budget(connection, "local", Decimal("0.10"), alert_url=f"{outside}/")
        await spend(8)  # before any gateway runs
        environment = {
            **service_environment,
            "SETU_GATEWAY_OUTSIDE_ALLOWED": "127.0.0.1",
            "SETU_GATEWAY_OUTSIDE_PORTS": str(urlsplit(outside).port),
            "SETU_GATEWAY_WEBHOOK_SECRET": SECRET,
        }
        with (
            served("setu_gateway.main", environment, tmp_path, timeout_s=60),
            worker("setu_gateway.fetch_worker", environment, tmp_path) as fetcher,
        ):
            await receiver.one_waits.wait()
            kill_children(fetcher)
            await until(lambda: len(receiver.came) == 2)
            with pytest.raises(BudgetExhausted):
                await spend(3)
            await until(lambda: len(receiver.came) == 3)
    await ledger.close()
    (first, body), (again, same), (last, end) = receiver.came
    assert body == same
    assert first["webhook-id"] == again["webhook-id"] != last["webhook-id"]
    assert [Webhook(SECRET).verify(*each)["type"] for each in ((same, again), (end, last))] == [
        "budget.alert",
        "budget.exhausted",
    ]


async def told(port: int) -> dict[tuple[str, ...], float]:
    """What a process tells Prometheus; nothing while it does not listen yet."""
    async with create_client(f"http://127.0.0.1:{port}", service_token=None, timeout_s=20) as client:
        try:
            answer = await HttpCaller(client, attempts=1).call("GET", "/metrics")
        except DependencyUnavailable:
            return {}
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


async def test_what_a_workers_children_counted_is_told_by_their_parent_though_they_are_killed(service_environment, tmp_path):
    port = free_port()
    away = {"SETU_GATEWAY_ASR_URL": f"http://127.0.0.1:{free_port()}", "SETU_PROMETHEUS_PORT": str(port)}
    failed = ("setu_call_attempts_total", "asr", "network")
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"RIFF....")
    with (
        served("setu_gateway.main", service_environment, tmp_path, timeout_s=60) as url,
        worker("setu_gateway.worker", {**service_environment, **away}, tmp_path) as parent,
    ):
        async with create_client(url, service_token=None) as http:
            await GatewayClient(HttpCaller(http)).submit_job(recording, JobRequest())
        while not (counted := (await told(port)).get(failed, 0)):  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.05)
        killed = kill_children(parent)
        await until(lambda: not any(psutil.pid_exists(pid) for pid in killed))
        kept = (await told(port))[failed]  # at least: they went on counting until they were killed
        assert kept >= counted
        while (await told(port))[failed] <= kept:  # noqa: ASYNC110  (the next children go on counting)
            await asyncio.sleep(0.05)
        states = {key: value for key, value in (await told(port)).items() if key[0] == "setu_breaker_state" and key[1] == "asr"}
        assert set(states.values()) == {0, 1}
