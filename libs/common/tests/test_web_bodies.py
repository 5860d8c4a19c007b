"""How large bodies may be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import Field

from setu_common.contracts import Contract, LanguageCode
from setu_common.web import EdgeTrust, create_app


class Lines(Contract):
    lines: tuple[str, ...] = Field(min_length=1)
    language: LanguageCode = "hi"


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
    assert "16 MB at most (16777216 bytes)" in refused.json()["detail"]
    assert "413" in app().openapi()["paths"]["/v1/lines"]["post"]["responses"]
    assert (taken.status_code, taken.json()) == (200, 17 << 20)


@pytest.mark.parametrize("sent", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_json_that_is_not_declared_as_such_is_refused_with_the_header_to_send(sent: str | None) -> None:
    declared = {} if sent is None else {"content-type": sent}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url="http://127.0.0.1") as client:
        refused = await client.post("/v1/lines", content=b'{"lines": ["SECRET"]}', headers=declared)
        empty = await client.post("/v1/lines", content=b"", headers=declared)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    assert refused.json()["detail"].endswith("Send the body with Content-Type: application/json.")
    assert [each["field"] for each in refused.json()["errors"]] == ["header.Content-Type"]
    assert "SECRET" not in refused.text
    assert [each["message"] for each in empty.json()["errors"]] == ["Field required"]


async def test_a_list_whose_only_item_is_wrong_is_not_called_too_short_and_an_empty_one_is() -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url="http://127.0.0.1") as client:
        wrong = await client.post("/v1/lines", json={"lines": [1]})
        empty = await client.post("/v1/lines", json={"lines": []})
    assert [each["field"] for each in wrong.json()["errors"]] == ["lines.0"]
    assert [each["field"] for each in empty.json()["errors"]] == ["lines"]


async def test_an_unknown_language_is_told_in_a_sentence_that_does_not_repeat_it() -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app()), base_url="http://127.0.0.1") as client:
        refused = await client.post("/v1/lines", json={"lines": ["x"], "language": "SECRET"})
    (told,) = refused.json()["errors"]
    assert told["message"].startswith("this is no known language; give a code of two or three")
    assert "SECRET" not in refused.text
