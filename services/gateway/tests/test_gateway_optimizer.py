"""The optimizer behind the gateway, with its own API: predictions, the memory, and what jobs teach, on the real wire."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from setu_common.clients import OperationsClient
from setu_common.clients.context import ContextClient
from setu_common.contracts import OBSERVATIONS, AsrOverrides, PredictionRequest
from setu_common.db import migrate
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.keys.book import KeyBook
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.learning.lessons import lesson_of
from setu_gateway.learning.teaching import Teacher
from setu_gateway.pipeline.kinds import CORRECTION_LESSONS, LESSONS
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.settings import EdgeSettings, PipelineSettings
from setu_gateway.testing.fakes import FakeWork
from setu_gateway.testing.samples import a_profile
from setu_gateway.testing.stand import Stand
from setu_optimizer.app import create_api
from setu_optimizer.migrate import VERSIONS
from setu_optimizer.settings import read_settings

RAJ = {
    "source_language": "hi",
    "target_language": "en",
    "kind": "name",
    "sources": ["राज"],
    "target": "Raj",
    "scope": {"level": "series", "name": "Ghar"},
}
ASKED = PredictionRequest(profile=a_profile("en"), overrides=AsrOverrides(beam_size=2))


@pytest.fixture
async def optimizer_url(gateway_settings, trust_settings, monkeypatch) -> AsyncIterator[str]:
    core = gateway_settings.core
    monkeypatch.setenv("DATABASE_URL", core.database.url)
    monkeypatch.setenv("SETU_SERVICE_TOKEN", trust_settings.service_token.get_secret_value())
    migrate(core.database, "optimizer", VERSIONS)
    async with loopback(create_api(replace(read_settings(), core=core), trust_settings)) as url:
        yield url


@pytest.fixture
async def http(gateway_settings, optimizer_url):
    settings = replace(gateway_settings, pipeline=PipelineSettings(optimizer_url=optimizer_url))
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as client:
        yield client


@pytest.fixture
async def inside(optimizer_url, trust_settings):
    """The optimizer as the gateway's worker reaches it."""
    async with create_client(optimizer_url, service_token=trust_settings.service_token, timeout_s=20) as client:
        yield HttpCaller(client, name="optimizer")


async def test_what_is_only_thought_of_is_predicted_through_the_gateway(http):
    answer = await http.post("/v1/predictions", json=ASKED.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["plan"]["beam_size"] == 2
    refused = await http.post("/v1/predictions", json={"quality": "best"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


async def test_the_memory_is_asked_and_decided_about_through_the_gateway(http):
    added = await http.post("/v1/context/entries", json=RAJ)
    assert added.status_code == 200, added.text
    entry = added.json()
    listed = await http.get("/v1/context/entries", params={"target_language": "en", "text": "Raj"})
    assert [each["id"] for each in listed.json()["entries"]] == [entry["id"]]
    wanted = {"source_language": "hi", "target_languages": ["en"], "context": {"series": "Ghar"}}
    given = await http.post("/v1/context/retrievals", json=wanted)
    assert [each["entry"]["target"] for each in given.json()["pairs"][0]["given"]] == ["Raj"]
    vetoed = await http.post(f"/v1/context/entries/{entry['id']}/verdict", json={"verdict": "vetoed"})
    assert vetoed.json()["verdict"] == "vetoed"
    assert (await http.get("/v1/context/conflicts")).json() == {"conflicts": [], "more": False}
    assert (await http.delete(f"/v1/context/entries/{entry['id']}")).status_code == 409  # a veto lasts
    assert (await http.delete(f"/v1/context/entries/{uuid4()}")).status_code == 404
    assert (await http.delete(f"/v1/context/jobs/{uuid4()}")).status_code == 204


async def test_an_optimizer_that_is_away_is_said_to_be(gateway_settings):
    settings = replace(gateway_settings, pipeline=PipelineSettings(optimizer_url="http://127.0.0.1:9"))
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as http:
        answer = await http.post("/v1/predictions", json=ASKED.model_dump(mode="json"))
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "dependency-unavailable", True)


async def test_who_may_only_look_decides_nothing(gateway_settings, optimizer_url, database):
    book = KeyBook(gateway_settings.core.database)
    _, reading = book.create("acme", scopes=["jobs:read"])
    edge = EdgeSettings(allowed_hosts="*", auth="keys")
    settings = replace(gateway_settings, edge=edge, pipeline=PipelineSettings(optimizer_url=optimizer_url))
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as http:
        shown = {"Authorization": f"Bearer {reading}"}
        assert (await http.get("/v1/context/entries", headers=shown)).status_code == 200
        assert (await http.post("/v1/predictions", json=ASKED.model_dump(mode="json"), headers=shown)).status_code == 200
        for method, path in (
            ("POST", "/v1/context/entries"), ("POST", f"/v1/context/entries/{uuid4()}/verdict"),
            ("DELETE", f"/v1/context/entries/{uuid4()}"), ("DELETE", f"/v1/context/jobs/{uuid4()}"),
            ("POST", f"/jobs/{uuid4()}/corrections"),
        ):  # fmt: skip
            answer = await http.request(
                method, path, json=RAJ if path.endswith("entries") else {"verdict": "vetoed"}, headers=shown
            )
            assert (answer.status_code, answer.json()["code"]) == (403, "scope-lacking"), path


async def test_a_lesson_is_taken_once_and_taken_back_with_its_job(inside, database, store, jobs):
    stand = Stand(database, store, jobs)
    job = await stand.finish(await stand.accept("en"))
    lesson = lesson_of(job, PIPELINE)
    assert lesson is not None
    optimizer = OperationsClient(inside)
    async with database.transaction() as connection:
        found = await connection.exec_driver_sql(
            "UPDATE operation SET started_at = now() WHERE kind = %(kind)s RETURNING id", {"kind": LESSONS.name}
        )
        lesson_id = found.scalar_one()
    work = FakeWork(job_id=job.id)
    work.operation_id = lesson_id
    taught = await Teacher(optimizer).observe(lesson, work)
    assert (await optimizer.get("local", taught.operation_id)).kind == OBSERVATIONS.name
    later = lesson.model_copy(update={"cached": True})  # as a later release might write it
    assert await Teacher(optimizer).observe(later, work) == taught
    forgetter = Forgetter(
        database=database, store=store, operations=stand.own, optimizer=optimizer, memory=ContextClient(inside)
    )
    assert await forgetter.forget(job)
    async with database.reading() as connection:
        left = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM optimizer.operation), count(*) FROM operation WHERE kind IN (%(a)s, %(b)s)",
            {"a": LESSONS.name, "b": CORRECTION_LESSONS.name},
        )
        assert left.one() == (0, 0)
