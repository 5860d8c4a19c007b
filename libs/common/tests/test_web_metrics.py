"""``/metrics``: who is told, in which form; and what a worker's children count together, whatever is killed."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.web import EdgeTrust, InsideTrust, Metrics, create_app

TOKEN = SecretStr("0123456789abcdef")


@asynccontextmanager
async def nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


def app_of(trust: EdgeTrust | InsideTrust, **more) -> FastAPI:
    return create_app(service="probe", version="1", lifespan=nothing, routers=[], trust=trust, checks={}, **more)


def client_of(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1")


async def test_a_service_inside_tells_of_its_process_without_being_shown_the_token():
    async with client_of(app_of(InsideTrust(TOKEN))) as client:
        answer = await client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        assert "process_cpu_seconds_total" in answer.text
        assert (await client.get("/openapi.json")).json()["paths"].keys() == {"/healthz", "/readyz"}


async def test_an_edge_tells_nothing_unless_it_is_given_something_to_tell():
    async with client_of(app_of(EdgeTrust())) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_what_is_looked_up_is_looked_up_for_each_answer_and_told_in_the_form_that_is_asked_for():
    registry = CollectorRegistry()
    looks = Counter("looks", "Looks", registry=registry)

    async def refresh() -> None:
        looks.inc()

    async with client_of(app_of(InsideTrust(TOKEN), metrics=Metrics(registry, refresh=refresh))) as client:
        assert "looks_total 1.0" in (await client.get("/metrics")).text
        opened = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert "looks_total 2.0" in opened.text
        assert opened.text.endswith("# EOF\n")
        assert opened.headers["content-type"].startswith("application/openmetrics-text")


WORKER = """
import os, signal, sys, tempfile
from pathlib import Path
from prometheus_client import CollectorRegistry, generate_latest
from setu_common.http import BreakerChange, State
from setu_common.http.metrics import PrometheusObserver
from setu_common.observability.metrics import begin_child, children_counted

def child(number, kill):
    pid = os.fork()
    if pid == 0:
        begin_child()
        observer = PrometheusObserver(CollectorRegistry())
        observer.breaker_made("tmdb")
        for _ in range(number):
            observer.attempt_ended("tmdb", None, 0.01)
        if kill == "open":
            observer.breaker_changed(BreakerChange("tmdb", State.CLOSED, State.OPEN, "failures", 1, 1, 0))
        os.write(writing, b"x")
        signal.pause()
    os.read(reading, 1)
    return pid

def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def told(name):
    text = generate_latest(counted).decode()
    return float(sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name)))

reading, writing = os.pipe()
with children_counted() as counted:
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    BODY
print(sorted(each.name for each in Path(tempfile.gettempdir()).glob("setu-metrics-*")))
"""


def run(body: str, folder: Path, *, ends: int = 0) -> str:
    """What a worker's parent says that does this."""
    code = WORKER.replace("BODY", textwrap.indent(textwrap.dedent(body), "    ").strip())
    environment = os.environ | {"TMPDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == ends, done.stderr
    return done.stdout


def test_what_a_killed_child_counted_is_not_lost_and_its_circuits_are_forgotten(tmp_path):
    said = run(
        """
        first, second = child(3, "open"), child(4, "no")
        print(told("setu_call_attempts_total"), told('setu_breaker_state{breaker="tmdb",state="open"'))
        end(first)
        print(told("setu_call_attempts_total"), told('setu_breaker_state{breaker="tmdb",state="open"'))
        third = child(5, "no")
        print(told("setu_call_attempts_total"), told("setu_call_seconds_count"), told('setu_call_seconds_bucket{dependency="tmdb",le="0.02"}'))
        end(second); end(third)
        print(told("setu_call_attempts_total"), told("setu_call_seconds_count"), told("setu_breaker_state"))
        """,
        tmp_path,
    )
    assert said.splitlines() == ["7.0 1.0", "7.0 0.0", "12.0 12.0 12.0", "12.0 12.0 0.0", "[]"]


def test_however_many_children_die_there_are_few_files(tmp_path):
    said = run(
        """
        for _ in range(20):
            end(child(1, "no"))
        print(told("setu_call_attempts_total"), sorted(path.name for path in folder.glob("*.db")))
        """,
        tmp_path,
    )
    assert said.splitlines()[0] == "20.0 ['counter_0.db', 'histogram_0.db']"


def test_a_file_that_a_child_has_opened_and_not_written_yet_hides_nothing(tmp_path):
    said = run(
        """
        end(child(3, "no"))
        (folder / f"gauge_livemax_{os.getpid()}.db").touch()
        print(told("setu_call_attempts_total"))
        """,
        tmp_path,
    )
    assert said.splitlines()[0] == "3.0"


def test_what_a_killed_worker_left_behind_goes_when_another_starts_and_what_one_that_lives_uses_stays(tmp_path):
    run("os.kill(os.getpid(), signal.SIGKILL)", tmp_path, ends=-signal.SIGKILL)
    (left,) = tmp_path.glob("setu-metrics-*")
    code = WORKER.replace("BODY", "print(folder, flush=True); sys.stdin.read()")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as living:
        assert living.stdout is not None
        used = Path(living.stdout.readline().strip())
        assert not left.exists()
        assert run("print(folder.exists())", tmp_path).splitlines() == ["True", f"['{used.name}']"]
        assert used.exists()
        living.communicate("")
    assert list(tmp_path.glob("setu-metrics-*")) == []


def test_logs_need_no_prometheus():
    code = "import sys; sys.modules['prometheus_client'] = None; import setu_common.observability, setu_common.http, setu_common.clients"
    subprocess.run([sys.executable, "-c", code], check=True)


async def test_requests_are_told_apart_by_their_routes_and_by_nothing_that_callers_make_up():
    router = APIRouter()

    @router.get("/things/{thing_id}")
    async def thing(thing_id: str) -> dict[str, str]:
        if thing_id == "broken":
            raise ZeroDivisionError
        return {"id": thing_id}

    app = create_app(service="probe", version="1", lifespan=nothing, routers=[router], trust=InsideTrust(TOKEN), checks={})
    shown = {"Authorization": f"Bearer {TOKEN.get_secret_value()}", headers.TENANT: "acme"}
    async with client_of(app) as client:
        for thing_id in ("one", "two", "broken"):
            await client.get(f"/things/{thing_id}", headers=shown)
        await client.get("/things/one")  # without the token
        await client.request("BREW", "/things/one", headers=shown)
        for path in ("/nowhere/one", "/nowhere/two", "/healthz", "/readyz", "/metrics"):
            await client.get(path, headers=shown)
        text = (await client.get("/metrics")).text
    counted = {
        (each.labels["handler"], each.labels["method"], each.labels["status"]): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name == "http_requests_total"
    }
    assert counted == {
        ("/things/{thing_id}", "GET", "2xx"): 2,
        ("/things/{thing_id}", "GET", "4xx"): 1,
        ("/things/{thing_id}", "GET", "5xx"): 1,
        ("/things/{thing_id}", "OTHER", "4xx"): 1,
        ("none", "GET", "4xx"): 2,
    }


def test_the_requests_of_two_apps_are_not_counted_as_those_of_one():
    registry = CollectorRegistry()
    app_of(EdgeTrust(), metrics=Metrics(registry))
    with pytest.raises(RuntimeError, match="another app"):
        app_of(EdgeTrust(), metrics=Metrics(registry))
