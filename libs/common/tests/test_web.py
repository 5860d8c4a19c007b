"""What every Setu app does around its routes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import httpx2
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Query, Request
from pydantic import Field, SecretStr, field_validator
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from setu_common.contracts import Contract, Submission
from setu_common.errors import DependencyUnavailable, NotFound
from setu_common.web import CallerDep, EdgeTrust, InsideTrust, SubmissionDep, create_app

TOKEN = "a token of our own"
JOB = "0f0ddc80-9ce7-4a9f-8746-c6265a73e021"
INSIDE = {"Authorization": f"Bearer {TOKEN}", "Setu-Tenant": "acme"}


class Line(Contract):
    text: str = Field(min_length=1, max_length=20)
    start_s: float = Field(default=0, ge=0)
    language: str = "en"

    @field_validator("language")
    @classmethod
    def known(cls, code: str) -> str:
        if code not in ("en", "hi"):
            raise ValueError(f"unknown language {code!r}; give 'en' or 'hi'")
        return code


class Lines(Contract):
    lines: tuple[Line, ...]


async def fine() -> None:
    pass


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/v1/lines", status_code=202)
    async def submit(lines: Lines, submission: SubmissionDep) -> Submission:
        return submission

    @router.get("/v1/lines")
    async def listed(caller: CallerDep, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> list[Line]:
        return []

    @router.get("/v1/lines/{line_id}")
    async def one(line_id: UUID, caller: CallerDep) -> Line:
        raise NotFound(f"There is no line {line_id}. GET /v1/lines lists those that exist.")

    @router.delete("/v1/lines/{line_id}")
    async def remove(line_id: UUID, caller: CallerDep) -> Line:
        raise DependencyUnavailable("The database does not answer. Try again.", retry_after_s=1.2)

    @router.get("/v1/who")
    async def who(caller: CallerDep, request: Request) -> dict[str, str | None]:
        structlog.get_logger("routes").info("asked")
        return {"tenant": caller.tenant, "job": str(caller.job_id) if caller.job_id else None}

    @router.get("/v1/crash")
    async def crash() -> Line:
        raise RuntimeError("a line of dialogue")

    @router.post("/v1/uploads")
    async def upload(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @router.get("/v1/teapot")
    async def teapot() -> Line:
        raise HTTPException(418, "an upstream body")

    return router


def app_of(trust: EdgeTrust | InsideTrust, checks: Mapping[str, Callable[[], Any]] | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(
        service="demo",
        version="1.2.3",
        lifespan=lifespan,
        routers=[routes()],
        trust=trust,
        checks=checks or {},
        streamed=("/v1/uploads",),
    )


def client_of(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1", headers=headers)


@pytest.fixture
async def inside() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app_of(InsideTrust(SecretStr(TOKEN))), **INSIDE) as client:
        yield client


@pytest.fixture
async def edge() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app_of(EdgeTrust())) as client:
        yield client


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:setu:problem:{code}")
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["title"]
    assert body["detail"]
    return body


# --- request ids


async def test_a_request_without_an_id_gets_one_that_no_other_has(edge: httpx2.AsyncClient) -> None:
    first, second = [(await edge.get("/healthz")).headers["x-request-id"] for _ in range(2)]
    assert first != second


async def test_a_sane_id_is_kept_in_the_answer_and_in_the_logs(edge: httpx2.AsyncClient) -> None:
    with capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        response = await edge.get("/v1/who", headers={"X-Request-Id": "call-1234.abc"})
    assert response.headers.get_list("x-request-id") == ["call-1234.abc"]
    assert [(line["event"], line["request_id"]) for line in logs] == [("asked", "call-1234.abc")]


@pytest.mark.parametrize("sent", ["short", "a" * 65, "has space in it", '"quoted-1234"', "-starts-oddly", ""])
async def test_an_odd_id_is_replaced(edge: httpx2.AsyncClient, sent: str) -> None:
    response = await edge.get("/healthz", headers={"X-Request-Id": sent})
    assert response.headers["x-request-id"] not in (sent, "")


# --- trust


async def test_inside_nobody_comes_in_without_the_token() -> None:
    async with client_of(app_of(InsideTrust(SecretStr(TOKEN))), **{"Setu-Tenant": "acme"}) as client:
        for authorization in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Basic x"}):
            response = await client.get("/v1/who", headers=authorization)
            body = problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
            assert TOKEN not in json.dumps(body)
        problem(await client.get("/no/such/path"), 401, "unauthorized")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
async def test_probes_and_the_api_description_are_open(path: str) -> None:
    async with client_of(app_of(InsideTrust(SecretStr(TOKEN)))) as client:
        assert (await client.get(path)).status_code == 200


async def test_inside_the_callers_headers_are_believed(inside: httpx2.AsyncClient) -> None:
    response = await inside.get("/v1/who", headers={"Setu-Job": JOB})
    assert response.json() == {"tenant": "acme", "job": JOB}


async def test_at_the_edge_nobody_can_pose_as_a_service(edge: httpx2.AsyncClient) -> None:
    response = await edge.get("/v1/who", headers={"Setu-Tenant": "victim", "SETU-JOB": JOB})
    assert response.json() == {"tenant": "local", "job": None}


async def test_what_travels_beside_a_request_is_read_from_its_headers(inside: httpx2.AsyncClient) -> None:
    sent = {"Setu-Job": JOB, "Idempotency-Key": "k-1", "Setu-Priority": "-7", "Setu-Reply-To": "gateway"}
    response = await inside.post("/v1/lines", json={"lines": []}, headers=sent)
    assert Submission.model_validate(response.json()) == Submission(
        tenant="acme", idempotency_key="k-1", job_id=UUID(JOB), priority=-7, reply_to="gateway"
    )


async def test_at_the_edge_a_caller_may_set_only_the_idempotency_key(edge: httpx2.AsyncClient) -> None:
    sent = {"Setu-Job": JOB, "Idempotency-Key": "k-1", "Setu-Priority": "99", "Setu-Reply-To": "gateway"}
    response = await edge.post("/v1/lines", json={"lines": []}, headers=sent)
    assert Submission.model_validate(response.json()) == Submission(tenant="local", idempotency_key="k-1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Setu-Tenant", "A B"),
        ("Setu-Tenant", "../x"),
        ("Setu-Job", "not-a-uuid"),
        ("Setu-Priority", "101"),
        ("Setu-Priority", "1e1"),
        ("Setu-Priority", "9" * 5000),
        ("Setu-Priority", "²"),
        ("Idempotency-Key", ""),
        ("Idempotency-Key", "k" * 256),
        ("Setu-Reply-To", "q" * 101),
    ],
)
async def test_a_header_that_cannot_be_taken_is_named(inside: httpx2.AsyncClient, name: str, value: str) -> None:
    raw = [(key.encode(), text.encode("latin-1")) for key, text in {**INSIDE, name: value}.items()]
    body = problem(await inside.post("/v1/lines", json={"lines": []}, headers=raw), 422, "invalid-request")
    assert [each["field"] for each in body["errors"]] == [f"header.{name}"]


async def test_inside_a_tenant_is_required() -> None:
    async with client_of(app_of(InsideTrust(SecretStr(TOKEN))), Authorization=f"Bearer {TOKEN}") as client:
        body = problem(await client.get("/v1/who"), 422, "invalid-request")
    assert body["errors"] == [{"field": "header.Setu-Tenant", "message": "Field required"}]


# --- problems


async def test_an_error_of_ours_is_told_as_it_is(edge: httpx2.AsyncClient) -> None:
    body = problem(await edge.get(f"/v1/lines/{JOB}"), 404, "not-found")
    assert body["detail"] == f"There is no line {JOB}. GET /v1/lines lists those that exist."


async def test_when_to_come_back_is_said_in_whole_seconds_as_well(edge: httpx2.AsyncClient) -> None:
    response = await edge.delete(f"/v1/lines/{JOB}")
    body = problem(response, 503, "dependency-unavailable")
    assert (body["retryable"], body["retry_after_s"], response.headers["retry-after"]) == (True, 1.2, "2")


async def test_a_defect_says_nothing_but_where_to_find_it(edge: httpx2.AsyncClient) -> None:
    with capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        body = problem(await edge.get("/v1/crash"), 500, "internal-error")
    assert "dialogue" not in json.dumps(body)
    assert [(line["event"], line["request_id"]) for line in logs] == [("request.crashed", body["request_id"])]


async def test_a_caller_who_leaves_in_the_middle_is_no_defect() -> None:
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/uploads", "query_string": b"", "headers": [(b"host", b"[::1]")]}
    with capture_logs() as logs:
        await app_of(EdgeTrust())(scope, receive, send)
    assert sent == []
    assert [(line["event"], line["log_level"]) for line in logs] == [("request.abandoned", "info")]


async def test_an_unknown_path_is_a_problem(edge: httpx2.AsyncClient) -> None:
    problem(await edge.get("/nothing/here"), 404, "not-found")
    problem(await edge.get("/v1/lines/"), 404, "not-found")


async def test_a_wrong_method_is_told_all_right_ones(edge: httpx2.AsyncClient) -> None:
    for path, allowed in {"/v1/lines": "GET, POST", f"/v1/lines/{JOB}": "DELETE, GET", "/healthz": "GET"}.items():
        response = await edge.put(path)
        problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == allowed


async def test_an_unusual_refusal_is_a_problem_without_the_words_of_others(edge: httpx2.AsyncClient) -> None:
    body = problem(await edge.get("/v1/teapot"), 418, "http-418")
    assert "upstream" not in json.dumps(body)


async def test_wrong_fields_are_named_and_their_content_is_not_repeated(edge: httpx2.AsyncClient) -> None:
    lines = [
        {"text": "fine"},
        {"text": "SECRET" * 9, "start_s": "SECRET"},
        {"text": "x", "language": "SECRET"},
        {"text": "x", "other": 1},
    ]
    response = await edge.post("/v1/lines", json={"lines": lines})
    body = problem(response, 422, "invalid-request")
    assert "SECRET" not in response.text
    assert [each["field"] for each in body["errors"]] == [
        "lines.1.text",
        "lines.1.start_s",
        "lines.2.language",
        "lines.3.other",
    ]
    assert all(each["message"] for each in body["errors"])


async def test_fields_outside_the_body_are_named_by_their_place(edge: httpx2.AsyncClient) -> None:
    body = problem(await edge.get("/v1/lines?limit=many"), 422, "invalid-request")
    assert [each["field"] for each in body["errors"]] == ["query.limit"]
    body = problem(await edge.get("/v1/lines/xyz"), 422, "invalid-request")
    assert [each["field"] for each in body["errors"]] == ["path.line_id"]


async def test_a_thousand_wrong_fields_make_no_endless_answer(edge: httpx2.AsyncClient) -> None:
    response = await edge.post("/v1/lines", json={"lines": [{} for _ in range(1000)]})
    assert len(problem(response, 422, "invalid-request")["errors"]) == 50


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"lines": "\xc3"}',
        b'{"lines": [' * 100_000,
        b'{"lines": ' + b"9" * 5000 + b"}",
        b"NaN",
        b'"\\ud800"',
        b'{"\\ud800": 1}',
        b'{"lines": [{"text": "\\ud800"}]}',
        b'{"lines": [{"text": "x", "\\u0000": 1}]}',
        b'{"lines": [{"text": "x", "start_s": NaN}]}',
    ],
    ids=lambda body: repr(body[:25]),
)
async def test_a_body_that_makes_no_sense_is_refused(edge: httpx2.AsyncClient, body: bytes) -> None:
    response = await edge.post("/v1/lines", content=body, headers={"content-type": "application/json"})
    status = response.status_code
    assert status in (400, 422)
    problem(response, status, "malformed-request" if status == 400 else "invalid-request")


async def test_malformed_json_is_told_apart_from_wrong_fields(edge: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    problem(await edge.post("/v1/lines", content=b"{", headers=headers), 400, "malformed-request")
    problem(await edge.post("/v1/lines", content=b'{"lines": "\xc3"}', headers=headers), 400, "malformed-request")
    problem(await edge.post("/v1/lines", content=b"{}", headers=headers), 422, "invalid-request")


@pytest.mark.parametrize("query", ["limit=%ff", "limit=%00", "limit=" + "9" * 5000, "limit=1e5", "%ff=%fe"])
async def test_a_query_that_makes_no_sense_is_refused_or_ignored(edge: httpx2.AsyncClient, query: str) -> None:
    assert (await edge.get(f"/v1/lines?{query}")).status_code in (200, 422)


# --- probes


async def test_a_live_process_says_what_it_is(edge: httpx2.AsyncClient) -> None:
    assert (await edge.get("/healthz")).json() == {"service": "demo", "version": "1.2.3", "status": "ok", "checks": []}


async def test_a_service_whose_needs_answer_is_ready() -> None:
    async with client_of(app_of(EdgeTrust(), {"database": fine, "store": fine})) as client:
        response = await client.get("/readyz")
    assert (response.status_code, response.json()["checks"]) == (200, ["database", "store"])


async def test_a_service_with_a_need_unmet_is_not_ready_and_says_which() -> None:
    async def away() -> None:
        raise DependencyUnavailable("postgresql://user:SECRET@host does not answer")

    async def broken() -> None:
        raise ZeroDivisionError

    async with client_of(app_of(EdgeTrust(), {"database": away, "store": fine, "hints": broken})) as client:
        response = await client.get("/readyz")
    body = problem(response, 503, "not-ready")
    assert body["context"] == {"failing": ["database", "hints"]}
    assert "database, hints" in body["detail"]
    assert "SECRET" not in response.text


async def test_a_check_that_hangs_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("setu_common.web.health.CHECK_TIMEOUT_S", 0.05)

    async def hangs() -> None:
        await asyncio.sleep(60)

    async with client_of(app_of(EdgeTrust(), {"database": hangs, "store": hangs})) as client:
        async with asyncio.timeout(5):
            body = problem(await client.get("/readyz"), 503, "not-ready")
    assert body["context"] == {"failing": ["database", "store"]}


# --- the life of an app


async def test_what_waits_is_told_before_the_service_closes_what_it_opened() -> None:
    order: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        order.append("closing was said" if app.state.closing.is_set() else "closing was not said")

    app = create_app(service="demo", version="1", lifespan=lifespan, routers=[], trust=EdgeTrust(), checks={})
    async with app.router.lifespan_context(app):
        assert not app.state.closing.is_set()
    assert order == ["closing was said"]
