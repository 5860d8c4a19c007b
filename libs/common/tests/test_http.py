"""Calls end in an answer, a problem or an unavailable dependency."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import SecretStr

from setu_common.contracts import Problem
from setu_common.errors import DependencyUnavailable, RemoteProblem, is_retryable
from setu_common.http import HttpCaller, create_client, parse_retry_after
from setu_common.testing import loopback, raw_loopback

PROBLEM = Problem(title="No", status=409, detail="It is so. Do that.", code="conflict", retryable=False, request_id="r-1")
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def caller_of(base_url: str, **options) -> AsyncIterator[HttpCaller]:
    client = create_client(base_url, service_token=SecretStr("0123456789abcdef"), timeout_s=20, connect_timeout_s=10)
    async with client:
        yield HttpCaller(client, name="asr", **{"backoff_s": 0.01, **options})


@contextlib.asynccontextmanager
async def raw_server(behave: Behaviour) -> AsyncIterator[str]:
    async def after_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await behave(reader, writer)

    async with raw_loopback(after_the_request) as url:
        yield url


def echo() -> FastAPI:
    app = FastAPI()

    @app.api_route("/echo", methods=["GET", "POST"])
    async def _echo(request: Request) -> dict[str, object]:
        return {"headers": dict(request.headers), "body": (await request.body()).decode(), "query": dict(request.query_params)}

    return app


async def test_a_call_carries_the_token_its_body_and_the_bound_request_id():
    async with loopback(echo()) as url, caller_of(url) as caller:
        with structlog.contextvars.bound_contextvars(request_id="r-42"):
            seen = (
                await caller.call("POST", "/echo", json={"a": "é"}, params={"wait": 3}, headers={"Setu-Tenant": "t"})
            ).json()
    assert seen["headers"]["authorization"] == "Bearer 0123456789abcdef"
    assert seen["headers"]["x-request-id"] == "r-42"
    assert seen["headers"]["setu-tenant"] == "t"
    assert seen["query"] == {"wait": "3"}
    assert seen["body"] == '{"a":"é"}'


async def test_no_token_and_no_request_id_are_sent_where_there_are_none():
    async with loopback(echo()) as url, create_client(url, service_token=None) as client:
        seen = (await HttpCaller(client).call("GET", "/echo")).json()
    assert "authorization" not in seen["headers"]
    assert "x-request-id" not in seen["headers"]


async def test_a_problem_is_kept_as_the_other_side_put_it():
    app = FastAPI()

    @app.get("/x")
    async def _x() -> JSONResponse:
        return JSONResponse(PROBLEM.model_dump(), 409, media_type="application/problem+json; charset=utf-8")

    async with loopback(app) as url, caller_of(url) as caller:
        with pytest.raises(RemoteProblem) as raised:
            await caller.call("GET", "/x")
    assert raised.value.problem("r-2") == PROBLEM.model_copy(update={"request_id": "r-2"})
    assert not is_retryable(raised.value)


async def test_retry_after_of_the_header_completes_a_problem_that_lacks_it():
    app = FastAPI()

    @app.get("/x")
    async def _x() -> JSONResponse:
        return JSONResponse(PROBLEM.model_dump(), 429, {"Retry-After": "7"}, "application/problem+json")

    async with loopback(app) as url, caller_of(url) as caller:
        with pytest.raises(RemoteProblem) as raised:
            await caller.call("GET", "/x")
    assert raised.value.retry_after_s == 7


@pytest.mark.parametrize("media_type", ["text/html", "application/problem+json"])
async def test_an_answer_without_a_readable_problem_is_never_passed_on(media_type):
    app = FastAPI()

    @app.post("/x")
    async def _x() -> PlainTextResponse:
        return PlainTextResponse("<h1>secret stack trace</h1>", 502, {"Retry-After": "30"}, media_type)

    async with loopback(app) as url, caller_of(url) as caller:
        with pytest.raises(DependencyUnavailable) as raised:
            await caller.call("POST", "/x")
    assert "secret" not in raised.value.problem().model_dump_json()
    assert raised.value.context == {"status": 502}
    assert raised.value.retry_after_s == 30


async def test_nobody_listening_is_a_dependency_unavailable_that_names_it():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with caller_of(f"http://127.0.0.1:{port}") as caller:
        with pytest.raises(DependencyUnavailable, match="asr does not answer"):
            await caller.call("GET", "/x")


async def test_a_read_is_made_again_when_the_connection_breaks_off():
    calls = 0

    async def behave(reader, writer) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            await writer.drain()

    async with raw_server(behave) as url, caller_of(url) as caller:
        assert (await caller.call("GET", "/x")).text == "ok"
    assert calls == 3


@pytest.mark.parametrize(("headers", "expected_calls"), [({}, 1), ({"Idempotency-Key": "k"}, 3)])
async def test_a_post_is_made_again_only_if_it_is_keyed(headers, expected_calls):
    calls = 0

    async def behave(reader, writer) -> None:
        nonlocal calls
        calls += 1

    async with raw_server(behave) as url, caller_of(url) as caller:
        with pytest.raises(DependencyUnavailable):
            await caller.call("POST", "/x", headers=headers)
    assert calls == expected_calls


async def test_a_problem_is_not_asked_for_twice():
    calls = 0
    app = FastAPI()

    @app.get("/x")
    async def _x() -> JSONResponse:
        nonlocal calls
        calls += 1
        return JSONResponse(
            PROBLEM.model_dump() | {"status": 503, "retryable": True}, 503, media_type="application/problem+json"
        )

    async with loopback(app) as url, caller_of(url) as caller:
        with pytest.raises(RemoteProblem):
            await caller.call("GET", "/x")
    assert calls == 1


async def test_a_server_that_drips_bytes_for_ever_is_left_when_the_time_is_up():
    async def behave(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(behave) as url, caller_of(url) as caller:
        began = time.monotonic()
        with pytest.raises(DependencyUnavailable, match=r"within 0\.3 s"):
            await caller.call("GET", "/x", timeout_s=0.3)
    assert time.monotonic() - began < 10  # to its end it would take 20


async def test_a_server_that_asks_for_a_long_pause_is_not_waited_for():
    async def behave(reader, writer) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with raw_server(behave) as url, caller_of(url) as caller:
        with pytest.raises(DependencyUnavailable) as raised:
            await caller.call("GET", "/x")
    assert raised.value.retry_after_s == 3600


async def collect(caller: HttpCaller, path: str, seen: list[tuple[str, str]]) -> None:
    async for event in caller.events(path):
        seen.append((event.id, event.data))  # noqa: PERF401  (what came before an error is looked at)


async def test_events_come_one_by_one_and_a_broken_stream_is_an_unavailable_dependency():
    async def behave(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"18\r\n: ping\n\nid: 7\ndata: {}\n\n\r\n")
        await writer.drain()

    async with raw_server(behave) as url, caller_of(url) as caller:
        seen: list[tuple[str, str]] = []
        with pytest.raises(DependencyUnavailable):
            await collect(caller, "/x", seen)
    assert seen == [("7", "{}")]


async def test_a_refused_event_stream_raises_the_problem():
    app = FastAPI()

    @app.get("/x")
    async def _x() -> JSONResponse:
        return JSONResponse(PROBLEM.model_dump(), 404, media_type="application/problem+json")

    async with loopback(app) as url, caller_of(url) as caller:
        with pytest.raises(RemoteProblem):
            await collect(caller, "/x", [])


async def test_something_that_is_no_event_stream_is_an_unavailable_dependency():
    async with loopback(echo()) as url, caller_of(url) as caller:
        with pytest.raises(DependencyUnavailable):
            await collect(caller, "/echo", [])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("12", 12.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("Sun, 22 Nov 2026 10:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0.0),
        ("Sun, 99 Nov 2026 10:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value, expected):
    assert parse_retry_after(value, datetime(2026, 11, 22, 10, tzinfo=UTC)) == expected
