"""Keys at the edge: whose request it is, what it may do, and how refusals are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.responses import PlainTextResponse, Response

from setu_common.contracts import Problem
from setu_common.errors import Unauthorized
from setu_common.web import Allowed, Caller, EdgeTrust, Holder, create_app

READING = Allowed("lines:read")


class TwoKeys:
    """``reader`` and ``writer``."""

    async def holder(self, key: str) -> Holder:
        if key not in ("reader", "writer"):
            raise Unauthorized("No such key.")
        return Holder("acme", frozenset({"lines:read"} if key == "reader" else {"lines:write"}))


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/lines")
    async def lines(caller: Annotated[Caller, Depends(READING)], request: Request) -> dict[str, object]:
        return {"tenant": caller.tenant, "headers": sorted(request.headers.keys())}

    @router.get("/told/otherwise")
    async def told(caller: Annotated[Caller, Depends(READING)]) -> None:
        raise RuntimeError("a defect")

    return router


def plainly(problem: Problem) -> Response:
    return PlainTextResponse(problem.code, problem.status)


def app_of(trust: EdgeTrust) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(
        service="demo",
        version="1",
        lifespan=lifespan,
        routers=[routes()],
        trust=trust,
        checks={},
        refusals={"/told/": plainly},
    )


def client_of(trust: EdgeTrust) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app_of(trust), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def keyed() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(EdgeTrust(keys=TwoKeys())) as client:
        yield client


async def test_a_route_sees_the_tenant_of_the_key_and_never_the_key(keyed: httpx2.AsyncClient) -> None:
    answer = (await keyed.get("/lines", headers={"Authorization": "Bearer reader", "Setu-Tenant": "other"})).json()
    assert answer["tenant"] == "acme"
    assert "authorization" not in answer["headers"]


async def test_a_key_for_other_things_is_told_the_scope_that_it_lacks(keyed: httpx2.AsyncClient) -> None:
    response = await keyed.get("/lines", headers={"Authorization": "Bearer writer", "Setu-Scopes": "lines:read"})
    assert (response.status_code, response.json()["code"], response.json()["context"]) == (
        403,
        "scope-lacking",
        {"scope": "lines:read"},
    )
    assert "lines:read" in response.json()["detail"]


async def test_where_there_are_no_keys_everyone_may_do_everything() -> None:
    async with client_of(EdgeTrust()) as client:
        answer = (await client.get("/lines", headers={"Authorization": "Bearer whatever", "Setu-Scopes": "none"})).json()
    assert answer["tenant"] == "local"


async def test_a_part_of_the_routes_may_tell_refusals_and_defects_in_a_shape_of_its_own(keyed: httpx2.AsyncClient) -> None:
    response = await keyed.get("/told/otherwise")
    assert (response.status_code, response.text) == (401, "unauthorized")
    crashed = await keyed.get("/told/otherwise", headers={"Authorization": "Bearer reader"})
    assert (crashed.status_code, crashed.text) == (500, "internal-error")
    assert (await keyed.get("/lines")).headers["content-type"] == "application/problem+json"


def test_the_document_names_the_key_and_the_scope_of_each_route() -> None:
    document = app_of(EdgeTrust(keys=TwoKeys())).openapi()
    assert document["components"]["securitySchemes"] == {"apiKey": {"type": "http", "scheme": "bearer"}}
    lines = document["paths"]["/lines"]["get"]
    assert lines["security"] == [{"apiKey": ["lines:read"]}]
    assert "`scope-lacking`" in lines["responses"]["403"]["description"]
    assert "401" in lines["responses"]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert "securitySchemes" not in app_of(EdgeTrust()).openapi()["components"]


@pytest.mark.parametrize(
    ("path", "is_open"), [("/", True), ("/pages/a.js", True), ("/pages", False), ("/pagesx", False), ("/lines", False)]
)
async def test_a_page_that_asks_for_a_key_comes_without_one(path: str, is_open: bool) -> None:
    trust = EdgeTrust(keys=TwoKeys(), pages=("/", "/pages/"))
    asked = trust.admit("GET", path, [(b"host", b"localhost"), (b"setu-tenant", b"other")])
    if is_open:
        assert await asked == [(b"host", b"localhost")]
    else:
        with pytest.raises(Unauthorized):
            await asked
