"""Paid calls that an API makes by itself are put down to who asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from setu_common.contracts import headers
from setu_common.cost import Attribution, attribution
from setu_common.web import EdgeTrust, InsideTrust, create_app

TOKEN = "a token of the test's own"
JOB = UUID("0c3f1c1e-5f0e-4c55-9a3b-2d6a0a6f7f11")


def app_of(trust: EdgeTrust | InsideTrust) -> tuple[FastAPI, list[Attribution | None]]:
    seen: list[Attribution | None] = []
    router = APIRouter()

    @router.post("/v1/enhancements/{number}")
    async def _enhance(number: int) -> dict[str, int]:
        seen.append(attribution())
        return {"number": number}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(service="enhancer", version="1", lifespan=lifespan, routers=[router], trust=trust, checks={}), seen


@pytest.mark.parametrize(("job", "expected"), [(str(JOB), JOB), ("no uuid", None), (None, None)])
def test_a_services_calls_are_put_down_to_the_tenant_the_job_and_the_route(job, expected):
    app, seen = app_of(InsideTrust(SecretStr(TOKEN)))
    sent = {"Authorization": f"Bearer {TOKEN}", headers.TENANT: "acme"} | ({headers.JOB: job} if job else {})
    with TestClient(app) as client:
        assert client.post("/v1/enhancements/7", headers=sent).status_code == 200
    assert seen == [Attribution("acme", "enhancer", expected, "/v1/enhancements")]
    assert attribution() is None


def test_a_stranger_can_not_have_calls_put_down_to_another():
    app, seen = app_of(EdgeTrust())
    with TestClient(app, base_url="http://localhost") as client:
        client.post("/v1/enhancements/7", headers={headers.TENANT: "acme", headers.JOB: str(JOB)})
    assert seen == [Attribution("local", "enhancer", None, "/v1/enhancements")]
