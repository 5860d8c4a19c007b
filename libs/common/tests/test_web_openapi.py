"""The OpenAPI document tells the truth, also about what goes wrong."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import schemathesis
from fastapi import APIRouter, FastAPI, Query
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import Field, SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.result import Ok
from starlette.responses import Response, StreamingResponse

from setu_common.contracts import Contract
from setu_common.errors import Conflict, DependencyUnavailable, IdempotencyConflict, NotFound, Unauthorized
from setu_common.web import (
    EVENT_STREAM,
    AllowedHosts,
    CallerDep,
    EdgeTrust,
    Holder,
    InsideTrust,
    SubmissionDep,
    create_app,
    events,
    problems,
)

TOKEN = "a token of our own"


class Cue(Contract):
    text: str = Field(max_length=80)
    start_s: float = Field(default=0, ge=0, le=1e6)
    speaker: str | None = None


class Subtitles(Contract):
    language: Literal["en", "hi"]
    cues: tuple[Cue, ...] = Field(default=(), max_length=5)
    offset_ms: int = 0


def routes() -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/subtitles", status_code=202, responses={200: {"model": Subtitles}, **problems(IdempotencyConflict, Conflict)}
    )
    async def submit(subtitles: Subtitles, submission: SubmissionDep) -> Subtitles:
        return subtitles

    @router.get("/v1/subtitles")
    async def listed(
        caller: CallerDep,
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
        cursor: Annotated[str | None, Query(max_length=50)] = None,
    ) -> list[Subtitles]:
        return []

    @router.get("/v1/subtitles/{subtitles_id}")
    async def one(subtitles_id: UUID, caller: CallerDep, wait: Annotated[float, Query(ge=0, le=60)] = 0) -> Subtitles:
        if subtitles_id.int % 2:
            raise NotFound("There are no such subtitles.")
        return Subtitles(language="hi")

    @router.delete("/v1/subtitles/{subtitles_id}", responses=problems(DependencyUnavailable))
    async def remove(subtitles_id: UUID, caller: CallerDep, purge: bool = False) -> Subtitles:
        return Subtitles(language="hi")

    @router.get("/v1/subtitles/{subtitles_id}/events", response_class=StreamingResponse, responses=EVENT_STREAM)
    async def follow(subtitles_id: UUID, caller: CallerDep) -> Response:
        async def snapshots() -> AsyncIterator[tuple[int, Cue]]:
            yield 1, Cue(text="one")
            yield 2, Cue(text="two")

        return await events(snapshots())

    return router


def app_of(trust: EdgeTrust | InsideTrust) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    return create_app(service="demo", version="1", lifespan=lifespan, routers=[routes()], trust=trust, checks={})


def operation(document: Mapping[str, Any], method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][path][method]
    return found


def header_names(operation: Mapping[str, Any]) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}


@pytest.fixture
def inside() -> dict[str, Any]:
    return app_of(InsideTrust(SecretStr(TOKEN))).openapi()


@pytest.fixture
def edge() -> dict[str, Any]:
    return app_of(EdgeTrust()).openapi()


def test_every_error_is_described_as_a_problem(inside: dict[str, Any], edge: dict[str, Any]) -> None:
    for document in (inside, edge):
        assert "HTTPValidationError" not in str(document)
        for item in document["paths"].values():
            for each in item.values():
                for status, response in each["responses"].items():
                    if int(status) >= 400:
                        assert list(response["content"]) == ["application/problem+json"]
                        assert response["content"]["application/problem+json"]["schema"] == {
                            "$ref": "#/components/schemas/Problem"
                        }
        assert {"type", "title", "status", "code", "detail"} <= set(document["components"]["schemas"]["Problem"]["properties"])


def test_the_errors_of_a_route_are_those_it_names_and_those_it_cannot_help(
    inside: dict[str, Any], edge: dict[str, Any]
) -> None:
    assert set(operation(inside, "post", "/v1/subtitles")["responses"]) == {
        "200",
        "202",
        "400",
        "401",
        "409",
        "413",
        "422",
        "500",
    }
    assert set(operation(edge, "post", "/v1/subtitles")["responses"]) == {
        "200",
        "202",
        "400",
        "403",
        "409",
        "413",
        "422",
        "500",
    }
    assert set(operation(edge, "get", "/v1/subtitles/{subtitles_id}")["responses"]) == {"200", "403", "404", "422", "500"}
    assert set(operation(edge, "delete", "/v1/subtitles/{subtitles_id}")["responses"]) == {
        "200",
        "403",
        "404",
        "422",
        "500",
        "503",
    }
    assert set(operation(edge, "get", "/readyz")["responses"]) == {"200", "500", "503"}
    assert set(operation(inside, "get", "/healthz")["responses"]) == {"200", "500"}


def test_a_status_that_several_errors_share_names_them_all() -> None:
    description = problems(IdempotencyConflict, Conflict)[409]["description"]
    assert "`idempotency-conflict`" in description
    assert "`conflict`" in description


def test_inside_the_token_and_the_headers_of_services_are_described(inside: dict[str, Any]) -> None:
    submit = operation(inside, "post", "/v1/subtitles")
    assert header_names(submit) == {"Setu-Tenant", "Setu-Job", "Idempotency-Key", "Setu-Priority", "Setu-Reply-To"}
    assert header_names(operation(inside, "get", "/v1/subtitles")) == {"Setu-Tenant", "Setu-Job"}
    [scheme] = submit["security"]
    assert inside["components"]["securitySchemes"][next(iter(scheme))] == {"type": "http", "scheme": "bearer"}
    assert "security" not in operation(inside, "get", "/readyz")


def test_at_the_edge_only_what_a_caller_may_send_is_described(edge: dict[str, Any]) -> None:
    assert header_names(operation(edge, "post", "/v1/subtitles")) == {"Idempotency-Key"}
    assert header_names(operation(edge, "get", "/v1/subtitles")) == set()
    assert "securitySchemes" not in edge["components"]


def test_an_optional_parameter_is_left_out_and_not_null(edge: dict[str, Any]) -> None:
    cursor = next(each for each in operation(edge, "get", "/v1/subtitles")["parameters"] if each["name"] == "cursor")
    assert (cursor["required"], cursor["schema"]["type"], cursor["schema"]["maxLength"]) == (False, "string", 50)


# Whether everything that fits is taken and nothing else does: a JSON false is taken for the number 0, and headers that nobody
# knows are ignored, as HTTP wants; hence without that last check.
# Any: checks are functions or classes.
ALL_BUT_REFUSALS: list[Any] = [check for check in CHECKS.get_all() if check.__name__ != "negative_data_rejection"]
MANY = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


class OneKey:
    async def holder(self, key: str) -> Holder:
        if key != TOKEN:
            raise Unauthorized("No such key.")
        return Holder("acme", frozenset({"subtitles"}))


EDGE = EdgeTrust(hosts=AllowedHosts(["testserver"]))
KEYED = EdgeTrust(hosts=AllowedHosts(["testserver"]), keys=OneKey())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("trust", [EDGE, KEYED, InsideTrust(SecretStr(TOKEN))], ids=["edge", "keyed", "inside"])
def test_whatever_comes_is_answered_as_described(trust: EdgeTrust | InsideTrust, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app_of(trust))
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)

        @MANY
        @given(case=found.ok().as_strategy(generation_mode=mode))
        def answered_as_described(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=ALL_BUT_REFUSALS, headers={"Authorization": f"Bearer {TOKEN}"})

        with suppress(Unsatisfiable):  # a probe takes nothing, so nothing wrong can be sent to it
            answered_as_described()
