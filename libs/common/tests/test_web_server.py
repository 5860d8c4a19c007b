"""A served app as a process: it says where it listens, and ends when told, whoever is still connected."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

APP = """
import asyncio, gc, sys
from contextlib import asynccontextmanager
from fastapi import APIRouter
from starlette.responses import Response
from setu_common.contracts import Contract
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings
from setu_common.web import EdgeTrust, create_app, events, serve

class Tick(Contract):
    count: int

router = APIRouter()

@router.get("/events")
async def follow() -> Response:
    async def ticks():
        yield 1, Tick(count=1)
        await asyncio.Event().wait()
    return await events(ticks())

@router.get("/settled")
async def settled() -> Tick:
    return Tick(count=gc.get_freeze_count())

@router.get("/slow")
async def slow(seconds: float) -> Tick:
    print("under way", flush=True)
    await asyncio.sleep(seconds)
    return Tick(count=7)

@asynccontextmanager
async def lifespan(app):
    yield
    print("closed what was opened", flush=True)

def app():
    return create_app(service="demo", version="1", lifespan=lifespan, routers=[router], trust=EdgeTrust(), checks={})

configure_logging(LogSettings(), "demo")
serve(app, "127.0.0.1", int(sys.argv[1]), shutdown_grace_s=int(sys.argv[2]))
"""
LONG_S = 60
SHORT_S = 2


class Served:
    """A running server and what it logged."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log
        self.port = self._listening_port()

    def connect(self, path: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return connection

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.endswith("}")]

    def end(self, sent: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        started = time.monotonic()
        self.process.send_signal(sent)
        return self.process.wait(timeout=LONG_S), time.monotonic() - started

    def is_under_way(self) -> bool:
        """Wait until a slow request is, and say whether it is."""
        assert self.process.stdout is not None
        return self.process.stdout.readline() == "under way\n"

    def _listening_port(self) -> int:
        deadline = time.monotonic() + LONG_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.lines():
                if line["event"] == "server.listening":
                    return int(str(line["port"]))
            time.sleep(0.05)
        pytest.fail(f"did not start: {self._log.read_text()}")


@contextmanager
def running(folder: Path, grace_s: int = LONG_S) -> Iterator[Served]:
    log = folder / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", APP, "0", str(grace_s)], stdout=subprocess.PIPE, stderr=out, text=True, env=os.environ
        ) as process,
    ):
        try:
            yield Served(process, log)
        finally:
            process.kill()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with running(tmp_path) as served:
        yield served


def all_of(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_told_to_end_it_ends_open_event_streams_at_once_and_closes_what_it_opened(served: Served) -> None:
    with served.connect("/events") as follower:
        first = follower.recv(65536)
        while b"id: 1" not in first:
            first += follower.recv(65536)
        code, took_s = served.end()
        assert all_of(follower).endswith(b"0\r\n\r\n")
    assert code == 0
    assert took_s < LONG_S / 2
    assert served.process.stdout is not None
    assert served.process.stdout.read() == "closed what was opened\n"
    assert [line["event"] for line in served.lines()] == ["server.listening", "server.stopping", "server.stopped"]


def test_told_to_end_it_lets_requests_under_way_end(served: Served) -> None:
    with served.connect("/slow?seconds=1") as caller:
        assert served.is_under_way()
        code, _ = served.end(signal.SIGINT)
        assert b'{"count":7}' in all_of(caller)
    assert code == 0


def test_requests_that_take_too_long_do_not_keep_it_from_ending(tmp_path: Path) -> None:
    with running(tmp_path, grace_s=SHORT_S) as served, served.connect("/slow?seconds=100"):
        assert served.is_under_way()
        code, took_s = served.end()
    assert code == 0
    assert took_s < LONG_S / 2


def test_what_is_not_http_is_a_problem_too(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nBad\x00Header: x\r\n\r\n")
        head, _, body = all_of(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "malformed-request"


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-c", APP, str(port), str(LONG_S)], check=False, capture_output=True, text=True, timeout=60
        )
    assert ended.returncode == 3
    assert (
        ended.stderr
        == f"Port {port} on 127.0.0.1 is in use by another program. Stop that program, or choose another port with --port.\n"
    )


def test_requests_leave_no_lines_of_their_own(served: Served) -> None:
    with served.connect("/slow?seconds=0") as caller:
        caller.recv(65536)
    served.end()
    assert [line["event"] for line in served.lines()] == ["server.listening", "server.stopping", "server.stopped"]


def test_what_a_server_is_made_of_is_not_searched_for_garbage_again(served: Served) -> None:
    with served.connect("/settled") as caller:
        answer = b""
        while not answer.endswith(b"}"):  # its head may come alone
            answer += caller.recv(65536)
    assert json.loads(answer[answer.index(b"{") :])["count"] > 50_000
