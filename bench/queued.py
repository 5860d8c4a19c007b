"""Ten thousand jobs that wait: how fast POST /jobs and GET /jobs answer beside them, and whether the gateway's memory stays as it is."""

import asyncio
import secrets
import statistics
from collections.abc import Mapping

import httpx2
import psutil

from bench.bare import bare
from bench.client import form, head, load
from bench.figures import Figure, judged
from bench.gateway import JSON, URL_JOB
from setu_cli.embedded.ports import free_port

QUEUED = 10_000
CLIP_BYTES = 32 * 1024
REQUESTS = 1000
ROUNDS = 3
CONNECTIONS = 4
FILLING = 16
PAGE = 50
DEEP = 9000
MEGABYTE = 1 << 20


def measure() -> list[Figure]:
    """Start a gateway without workers, have it accept the jobs, ask it."""
    port = free_port()
    with bare() as ground:
        ground.migrated("gateway")
        with ground.served("gateway", port) as gateway:
            _send(port, head("/jobs", len(URL_JOB), JSON) + URL_JOB, QUEUED, FILLING)
            return _asked(port, gateway)


def _asked(port: int, process: psutil.Process) -> list[Figure]:
    before, behind = form()
    clip = before + secrets.token_bytes(CLIP_BYTES) + behind
    requests = {
        "POST /jobs": head("/jobs", len(clip)) + clip,
        "GET /jobs, the first page": _get("/jobs"),
        f"GET /jobs, the page behind {DEEP} jobs": _get(f"/jobs?cursor={_cursor(port)}"),
        "GET /jobs?state=queued": _get("/jobs?state=queued"),
        "GET /jobs?state=failed, of which there are none": _get("/jobs?state=failed"),
    }
    latencies_ms: dict[str, list[float]] = {name: [] for name in requests}
    grown_mb = []
    _round(port, requests)  # warms up: connections are opened, statements prepared
    for _ in range(ROUNDS):
        resting = process.memory_info().rss
        for name, taken_ms in _round(port, requests).items():
            latencies_ms[name].append(statistics.quantiles(taken_ms, n=20)[-1])
        grown_mb.append((process.memory_info().rss - resting) / MEGABYTE)
        told = ", ".join(f"{name} {p95[-1]:.1f} ms" for name, p95 in latencies_ms.items())
        print(f"  p95: {told}; memory {process.memory_info().rss / MEGABYTE:.1f} MB", flush=True)
    beside = f"beside {QUEUED} queued jobs of one tenant that it accepted, no worker running, fsync on"
    return [
        *(
            judged(
                f"{name}, p95",
                p95,
                unit="ms",
                goal=100,
                better="less",
                how=f"{REQUESTS} requests over {CONNECTIONS} connections in each of {ROUNDS} rounds, {beside}",
            )
            for name, p95 in latencies_ms.items()
        ),
        judged(
            "memory that the gateway gains",
            grown_mb,
            unit="MB",
            goal=4,
            better="less",
            how=f"resident set of its process after {REQUESTS} requests of each of these {len(requests)} kinds, less the one before, {beside}",
        ),
    ]


def _round(port: int, requests: Mapping[str, bytes]) -> dict[str, list[float]]:
    return {name: _send(port, request, REQUESTS, CONNECTIONS) for name, request in requests.items()}


def _send(port: int, request: bytes, count: int, connections: int) -> list[float]:
    """Send a request so often; how long each took, milliseconds."""
    measured = asyncio.run(load(port, request, count=count, connections=connections))
    if measured.failures:
        raise RuntimeError(f"{measured.failures} of {count} requests failed")
    return [1000 * each for each in measured.latencies_s]


def _cursor(port: int) -> str:
    """Where the page behind many jobs begins."""
    cursor = ""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for _ in range(DEEP // 200):
            page = (
                client.get("/jobs", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).raise_for_status().json()
            )
            cursor = page["next_cursor"]
    return cursor


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
