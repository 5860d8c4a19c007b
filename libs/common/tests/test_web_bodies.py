"""How large bodies may be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request

from setu_common.contracts import Contract
from setu_common.web import EdgeTrust, create_app


class Lines(Contract):
    lines: tuple[str, ...]


def app() -> FastAPI:
    router = APIRouter()

    @router.post("/v1/lines")
    async def submit(lines: Lines) -> int:
        return len(lines.lines)

    @router.post("/v1/uploads")
    async def upload(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(
        service="demo",
        version="1",
        lifespan=lifespan,
        routers=[router],
        trust=EdgeTrust(),
        checks={},
        streamed=("/v1/uploads",),
    )


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_that_is_read_whole_has_a_limit_and_one_that_streams_has_none(told: bool) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield bytes(1 << 20)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url="http://127.0.0.1") as client:
        length = {"content-length": str(17 << 20)} if told else {}
        refused = await client.post("/v1/lines", content=body(), headers=length)
        taken = await client.post("/v1/uploads", content=body(), headers=length)
    assert (refused.status_code, refused.json()["code"]) == (413, "payload-too-large")
    assert (taken.status_code, taken.json()) == (200, 17 << 20)
