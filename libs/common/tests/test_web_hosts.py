"""Which names an edge answers to, and whose pages may change anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from setu_common.web import AllowedHosts, EdgeTrust, InsideTrust, create_app

TOKEN = "a token of our own"


def app_of(trust: EdgeTrust | InsideTrust) -> FastAPI:
    router = APIRouter()

    @router.get("/v1/who")
    async def who() -> str:
        return "you"

    @router.post("/v1/lines", status_code=202)
    async def submit(lines: dict[str, list[str]]) -> str:
        return "taken"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(service="demo", version="1", lifespan=lifespan, routers=[router], trust=trust, checks={})


def client_of(app: FastAPI, **headers: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://127.0.0.1", headers=headers)


@pytest.fixture
async def inside() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app_of(InsideTrust(SecretStr(TOKEN))), Authorization=f"Bearer {TOKEN}") as client:
        yield client


@pytest.fixture
async def edge() -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app_of(EdgeTrust())) as client:
        yield client


def problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["code"]) == (status, code)
    return body


def edge_of(*hosts: str) -> httpx2.AsyncClient:
    return client_of(app_of(EdgeTrust(hosts=AllowedHosts(hosts))))


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "127.8.9.1:1", "[::1]", "[::1]:8080", "setu.example:443"],
)
async def test_the_edge_answers_to_loopback_names_and_to_those_it_is_told(host: str) -> None:
    async with edge_of("Setu.example") as client:
        assert (await client.get("/v1/who", headers={"Host": host})).status_code == 200
        assert (await client.post("/v1/lines", json={"lines": []}, headers={"Host": host})).status_code == 202


@pytest.mark.parametrize(
    "host",
    ["rebound.example", "rebound.example:80", "127.0.0.1.evil.example", "127.evil.example", "127.0.0.1@evil.example", "localhost.evil",
     "128.0.0.1", "[::2]", "[::1].evil", "evil.example:80:127.0.0.1", "", ":80", "*", "setu.example.evil"],
)  # fmt: skip
async def test_the_edge_does_not_answer_to_other_names(host: str) -> None:
    async with edge_of("setu.example") as client:
        for path in ("/v1/who", "/no/such/path", "/openapi.json"):
            body = problem(await client.get(path, headers={"Host": host}), 403, "host-not-allowed")
            assert "SETU_GATEWAY_ALLOWED_HOSTS" in body["detail"]
        for path in ("/healthz", "/readyz"):
            assert (await client.get(path, headers={"Host": host})).status_code == 200


async def test_two_hosts_are_none(edge: httpx2.AsyncClient) -> None:
    twice = [(b"host", b"localhost"), (b"host", b"evil.example")]
    problem(await edge.get("/v1/who", headers=twice), 403, "host-not-allowed")


async def test_an_edge_that_is_told_so_answers_to_any_name() -> None:
    async with edge_of("*") as client:
        assert (await client.get("/v1/who", headers={"Host": "whatever.example"})).status_code == 200


async def test_inside_any_name_will_do(inside: httpx2.AsyncClient) -> None:
    assert (await inside.get("/v1/who", headers={"Host": "asr:8081"})).status_code == 200


@pytest.mark.parametrize("names", [("setu.example",), ("*", "setu.example")])
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1", 202),
        ("http://localhost:3000", 202),
        ("https://setu.example", 202),
        ("https://evil.example", 403),
        ("http://127.0.0.1.evil.example", 403),
        ("null", 403),
        ("", 403),
        ("127.0.0.1", 403),
    ],
)
async def test_no_page_of_another_host_changes_anything(names: tuple[str, ...], origin: str, status: int) -> None:
    async with edge_of(*names) as client:
        sent = await client.post("/v1/lines", json={"lines": []}, headers={"Origin": origin})
        assert sent.status_code == status
        if status == 403:
            problem(sent, 403, "host-not-allowed")
        assert (await client.get("/v1/who", headers={"Origin": origin})).status_code == 200


async def test_with_any_name_allowed_a_page_may_call_its_own_host() -> None:
    async with edge_of("*") as client:
        own = {"Host": "setu.internal:8080", "Origin": "http://setu.internal:8080"}
        assert (await client.post("/v1/lines", json={"lines": []}, headers=own)).status_code == 202
        other = own | {"Origin": "http://wiki.internal:8080"}
        problem(await client.post("/v1/lines", json={"lines": []}, headers=other), 403, "host-not-allowed")
