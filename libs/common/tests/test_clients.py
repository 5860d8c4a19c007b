"""The typed clients, against servers that speak their routes on loopback."""

import asyncio
import contextlib
import re
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import SecretStr

from setu_common.clients import GatewayClient, OperationsClient
from setu_common.contracts import (
    TRANSLATIONS,
    JobPage,
    JobRequest,
    JobState,
    JobView,
    Operation,
    OperationState,
    Problem,
    Reference,
    Submission,
    TranslationRequest,
)
from setu_common.errors import DependencyUnavailable, RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback, raw_loopback

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MEDIA = Reference(uri=f"setu://gateway/local/2026-11-22/{'0' * 64}-00000000", bytes=3, media_type="video/mp4")
OPERATION = Operation(
    id=UUID(int=7), kind="translations", state=OperationState.QUEUED, version=0, progress=0, attempt=0, created_at=NOW
)


def job(version: int, state: JobState = JobState.RUNNING) -> JobView:
    return JobView(id=UUID(int=1), state=state, version=version, media_name="a", media=MEDIA, progress=0.5, created_at=NOW)


def as_json(model, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


@contextlib.asynccontextmanager
async def gateway_of(app) -> AsyncIterator[GatewayClient]:
    async with loopback(app) as url, create_client(url, service_token=None, timeout_s=60) as client:
        yield GatewayClient(HttpCaller(client, backoff_s=0.01), patience=3)


async def test_operations_travel_with_their_submission_in_the_headers():
    seen: list[tuple[str, str, dict[str, str], bytes]] = []
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def _any(request: Request) -> Response:
        target = request.url.path + ("?" + request.url.query if request.url.query else "")
        seen.append((request.method, target, dict(request.headers), await request.body()))
        return Response(status_code=204) if "purge" in target else as_json(OPERATION, 202)

    request = TranslationRequest(transcript=MEDIA, target_language="hi")
    submission = Submission(
        tenant="acme", idempotency_key="j/translate/hi/1", job_id=UUID(int=3), priority=-5, reply_to="gateway"
    )
    async with loopback(app) as url, create_client(url, service_token=SecretStr("0123456789abcdef")) as client:
        operations = OperationsClient(HttpCaller(client))
        assert await operations.submit(TRANSLATIONS, request, submission) == OPERATION
        assert await operations.get("acme", OPERATION.id, wait_s=2.5) == OPERATION
        assert await operations.get("acme", OPERATION.id) == OPERATION
        assert await operations.cancel("acme", OPERATION.id) == OPERATION
        await operations.purge("acme", OPERATION.id)

    path = f"/v1/operations/{OPERATION.id}"
    assert [(method, target) for method, target, _, _ in seen] == [
        ("POST", "/v1/translations"),
        ("GET", path + "?wait=2.5"),
        ("GET", path),
        ("DELETE", path),
        ("DELETE", path + "?purge=true"),
    ]
    assert TranslationRequest.model_validate_json(seen[0][3]) == request
    sent = seen[0][2]
    assert (sent["setu-tenant"], sent["setu-job"], sent["setu-priority"]) == ("acme", str(UUID(int=3)), "-5")
    assert (sent["setu-reply-to"], sent["idempotency-key"]) == ("gateway", "j/translate/hi/1")
    assert all(headers["setu-tenant"] == "acme" for _, _, headers, _ in seen)


async def test_an_answer_of_another_shape_is_an_unavailable_dependency_that_does_not_echo_it():
    app = FastAPI()

    @app.get("/jobs")
    async def _jobs() -> dict[str, str]:
        return {"jobs": "hunter2"}

    async with gateway_of(app) as gateway:
        with pytest.raises(DependencyUnavailable, match="no JobPage") as raised:
            await gateway.jobs()
    assert "hunter2" not in raised.value.detail


async def test_a_file_is_sent_in_chunks_after_the_fields_that_say_what_to_do(tmp_path):
    media = tmp_path / 'Ünï "quoted".mp4'
    media.write_bytes(bytes(range(256)) * 4096 * 3)
    largest = total = 0
    seen = bytearray()
    sent: dict[str, str] = {}
    app = FastAPI()

    @app.post("/jobs")
    async def _jobs(request: Request) -> Response:
        nonlocal largest, total
        async for chunk in request.stream():
            largest, total = max(largest, len(chunk)), total + len(chunk)
            seen.extend(chunk)
        sent.update(request.headers)
        return as_json(job(0), 202)

    progress: list[int] = []
    async with gateway_of(app) as gateway:
        request = JobRequest(source_language="hi", target_languages=("en", "fr"))
        assert await gateway.submit_job(media, request, "key-1", progress.append) == job(0)

    body = bytes(seen)
    names = re.findall(rb'form-data; name="([a-z_]+)"', body)
    assert names == [b"source_language", b"target_languages", b"target_languages", b"media"]
    assert 'filename="Ünï %22quoted%22.mp4"'.encode() in body
    assert media.read_bytes() in body
    assert sent["idempotency-key"] == "key-1"
    assert int(sent["content-length"]) == total
    assert progress == sorted(progress)
    assert progress[-1] == media.stat().st_size
    assert len(progress) > 10


async def test_a_file_is_never_in_memory_as_a_whole(tmp_path):
    media = tmp_path / "big.bin"
    with media.open("wb") as file:
        file.truncate(64 << 20)
    reads: list[int] = []
    received = 0

    async def app(scope, receive, send) -> None:
        nonlocal received
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        more = True
        while more:
            message = await receive()
            received += len(message["body"])
            if received < 1 << 20:
                reads.append(received)
                await asyncio.sleep(0.02)  # a slow reader: the sender must wait, not collect
            more = message["more_body"]
        body = job(0).model_dump_json().encode()
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    async with gateway_of(app) as gateway:
        tracemalloc.start()
        try:
            await gateway.submit_job(media, JobRequest(), None, lambda _: None)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert received > 64 << 20
    assert peak < 8 << 20


async def test_a_refusal_in_the_middle_of_an_upload_is_told(tmp_path):
    media = tmp_path / "big.bin"
    with media.open("wb") as file:
        file.truncate(32 << 20)
    problem = Problem(title="Large", status=413, code="payload-too-large", detail="At most 1 MB.")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = problem.model_dump_json().encode()
        writer.write(b"HTTP/1.1 413 Large\r\ncontent-type: application/problem+json\r\nconnection: close\r\n")
        writer.write(f"content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        while await reader.read(1 << 16):
            pass

    async with raw_loopback(refuse) as url, create_client(url, service_token=None) as client:
        with pytest.raises(RemoteProblem) as raised:
            await GatewayClient(HttpCaller(client)).submit_job(media, JobRequest())
    assert raised.value.remote.code == "payload-too-large"


async def test_an_upload_that_broke_off_is_sent_again_whole_under_the_same_key(tmp_path):
    media = tmp_path / "a.wav"
    media.write_bytes(b"RIFF" * 50_000)
    keys: list[str] = []
    bodies: list[int] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        keys.extend(re.findall(r"(?i)idempotency-key: (.+)\r", head))
        if len(keys) == 1:
            await reader.readexactly(1000)
        else:
            (length,) = re.findall(r"(?i)content-length: (\d+)", head)
            bodies.append((await reader.readexactly(int(length))).count(b"RIFF"))
            body = job(0).model_dump_json().encode()
            writer.write(f"HTTP/1.1 202 Accepted\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            await writer.drain()

    async with raw_loopback(behave) as url, create_client(url, service_token=None) as client:
        await GatewayClient(HttpCaller(client, backoff_s=0.01)).submit_job(media, JobRequest())
    assert bodies == [50_000]
    assert len(set(keys)) == 1
    assert len(keys) == 2


async def test_a_missing_file_is_the_callers_own_error(tmp_path):
    async with gateway_of(FastAPI()) as gateway:
        with pytest.raises(FileNotFoundError):
            await gateway.submit_job(tmp_path / "none.mp4", JobRequest())


async def test_jobs_are_read_cancelled_retried_erased_and_their_subtitles_fetched():
    seen: list[str] = []
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def _any(request: Request) -> Response:
        target = request.url.path + ("?" + request.url.query if request.url.query else "")
        seen.append(f"{request.method} {target}")
        if "purge" in target:
            return Response(status_code=204)
        if target.endswith(".vtt"):
            return Response("WEBVTT\n\nनमस्ते", media_type="text/vtt")
        return as_json(JobPage(jobs=(job(1),), next_cursor="c")) if target.startswith("/jobs?") else as_json(job(1))

    job_id = UUID(int=1)
    async with gateway_of(app) as gateway:
        assert (await gateway.jobs("a b")).next_cursor == "c"
        assert await gateway.job(job_id) == job(1)
        assert await gateway.cancel(job_id) == job(1)
        assert await gateway.retry(job_id) == job(1)
        await gateway.purge(job_id)
        assert (await gateway.subtitles(job_id, "hi", "vtt")).decode().endswith("नमस्ते")
    assert seen == [
        "GET /jobs?cursor=a+b",
        f"GET /jobs/{job_id}",
        f"DELETE /jobs/{job_id}",
        f"POST /jobs/{job_id}/retry",
        f"DELETE /jobs/{job_id}?purge=true",
        f"GET /jobs/{job_id}/subtitles/hi.vtt",
    ]


def event_app(connections: list[list[JobView]], resumed: list[str | None]) -> FastAPI:
    """Each connection gets its own list of snapshots, then the stream ends."""
    app = FastAPI()

    @app.get("/jobs/{job_id}/events")
    async def _events(job_id: str, request: Request) -> Response:
        resumed.append(request.headers.get("last-event-id"))
        if not connections:
            problem = Problem(title="Down", status=503, code="dependency-unavailable", retryable=True)
            return JSONResponse(problem.model_dump(), 503, media_type="application/problem+json")
        views = connections.pop(0)

        async def stream() -> AsyncIterator[str]:
            for view in views:
                yield f"id: {view.version}\ndata: {view.model_dump_json()}\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    return app


async def follow(gateway: GatewayClient, seen: list[int]) -> None:
    async for view in gateway.events(UUID(int=1)):
        seen.append(view.version)  # noqa: PERF401  (what came before an error is looked at)


async def test_events_go_on_after_a_lost_connection_and_end_with_the_job():
    resumed: list[str | None] = []
    app = event_app([[job(1), job(2)], [job(2), job(4)], [], [job(5, JobState.SUCCEEDED), job(6)]], resumed)
    async with gateway_of(app) as gateway:
        assert [view.version async for view in gateway.events(UUID(int=1))] == [1, 2, 4, 5]
    assert resumed == [None, "2", "4", "4"]


async def test_events_give_up_on_a_gateway_that_stays_away():
    resumed: list[str | None] = []
    async with gateway_of(event_app([[job(1)]], resumed)) as gateway:
        seen: list[int] = []
        with pytest.raises(RemoteProblem):
            await follow(gateway, seen)
    assert seen == [1]
    assert len(resumed) == 4  # one that gave something, three in vain


async def test_events_of_a_job_that_is_not_there_raise_at_once():
    app = FastAPI()
    calls = 0

    @app.get("/jobs/{job_id}/events")
    async def _events(job_id: str) -> Response:
        nonlocal calls
        calls += 1
        problem = Problem(title="None", status=404, code="not-found", detail="No such job.")
        return JSONResponse(problem.model_dump(), 404, media_type="application/problem+json")

    async with gateway_of(app) as gateway:
        with pytest.raises(RemoteProblem, match="No such job"):
            await follow(gateway, [])
    assert calls == 1
