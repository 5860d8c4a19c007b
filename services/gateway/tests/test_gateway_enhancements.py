"""The enhancer as other teams reach it, with its own API behind the gateway, and the audits of jobs."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from setu_common.clients import EnhancerClient
from setu_common.contracts import LinesToEnhance, QualityRequest
from setu_common.db import migrate
from setu_common.errors import DeadlineExceeded, RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback
from setu_enhancer.app import create_api
from setu_enhancer.migrate import VERSIONS
from setu_gateway.app import make_app
from setu_gateway.keys.book import KeyBook
from setu_gateway.settings import EdgeSettings, PipelineSettings
from setu_gateway.testing.samples import an_enhancement
from testbed.enhancing import enhancer_settings
from testbed.jobs import end_jobs

LINE = {"index": 3, "start_s": 1.0, "end_s": 2.0, "source": "राज आया", "draft": "King came"}
ASKED = {"source_language": "hi", "target_language": "en", "lines": [LINE]}
SOON = {"Prefer": "wait=0"}


@pytest.fixture
async def enhancer_url(gateway_settings, trust_settings) -> AsyncIterator[str]:
    migrate(gateway_settings.core.database, "enhancer", VERSIONS)
    settings = enhancer_settings(gateway_settings.core)
    async with loopback(create_api(settings, trust_settings)) as url:
        yield url


@pytest.fixture
async def http(gateway_settings, enhancer_url):
    settings = replace(gateway_settings, pipeline=PipelineSettings(enhancer_url=enhancer_url))
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as client:
        yield client


@pytest.fixture
def ended(gateway_settings):
    """End what is asked of the enhancer, as its worker does; each time with what is told."""

    async def end(result: dict | None, problem: dict | None = None, *, within_s: float = 10) -> None:
        state = "succeeded" if problem is None else "failed"
        async with await psycopg.AsyncConnection.connect(gateway_settings.core.database.url, autocommit=True) as db:
            async with asyncio.timeout(within_s):
                while True:
                    done = await db.execute(
                        "UPDATE enhancer.operation SET state = %s, result = %s, problem = %s, ended_at = now(), version = version + 1 "
                        "WHERE state = 'queued'",
                        (state, result and Jsonb(result), problem and Jsonb(problem)),
                    )
                    if done.rowcount:
                        return
                    await asyncio.sleep(0.02)

    return end


def result_of(*texts: str) -> dict:
    lines = [{"segment_index": n, "draft": "d", "text": text, "changed": True} for n, text in enumerate(texts)]
    return json.loads(an_enhancement("en", "hi").model_copy(update={"report": None}).model_dump_json()) | {"lines": lines}


async def test_lines_are_accepted_and_followed_where_the_answer_says(http, ended):
    accepted = await http.post("/v1/enhancements", json=ASKED, headers=SOON)
    assert (accepted.status_code, accepted.json()["state"]) == (202, "queued")
    location = accepted.headers["location"]
    assert location == f"/v1/operations/{accepted.json()['id']}"
    await ended(result_of("Raj came"))
    found = await http.get(location, params={"wait": 5})
    assert [line["text"] for line in found.json()["result"]["lines"]] == ["Raj came"]
    erased = await http.delete(location, params={"purge": "true"})
    assert erased.status_code == 200
    assert (await http.get(location)).status_code == 404


async def test_a_few_lines_are_answered_at_once_and_many_are_not_waited_for(http, ended):
    answer, _ = await asyncio.gather(http.post("/v1/enhancements", json=ASKED), ended(result_of("Raj came")))
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    many = ASKED | {"lines": [LINE | {"index": n} for n in range(51)]}
    assert (await http.post("/v1/enhancements", json=many)).status_code == 202


async def test_the_same_key_gives_the_same_answer_and_another_body_under_it_is_refused(http):
    key = {**SOON, "Idempotency-Key": "k"}
    one, same = [await http.post("/v1/enhancements", json=ASKED, headers=key) for _ in range(2)]
    assert one.json()["id"] == same.json()["id"]
    other = await http.post("/v1/enhancements", json=ASKED | {"mode": "all"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-conflict")
    without = [await http.post("/v1/enhancements", json=ASKED, headers=SOON) for _ in range(2)]
    assert len({each.json()["id"] for each in without}) == 2


@pytest.mark.parametrize("path", ["enhancements", "quality-scores"])
@pytest.mark.parametrize("key", ["é", "", "k" * 256])
async def test_a_key_that_cant_be_sent_on_is_refused_by_name(http, path, key):
    body = ASKED if path == "enhancements" else ASKED | {"lines": [{"source": "राज", "text": "Raj"}]}
    refused = await http.post(f"/v1/{path}", json=body, headers={**SOON, "Idempotency-Key": key.encode("latin-1")})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")
    assert [each["field"] for each in refused.json()["errors"]] == ["header.Idempotency-Key"]


@pytest.mark.parametrize("name", ["Prefer", "Setu-Tenant", "Setu-Priority", "X-Request-Id", "traceparent", "tracestate"])
async def test_other_headers_that_are_no_ascii_break_nothing(http, name):
    accepted = await http.post("/v1/enhancements", json=ASKED, headers={**SOON, name: b"wait=0, \xe9"})
    assert accepted.status_code == 202


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": [LINE, LINE]},
        {"lines": [LINE | {"index": n} for n in range(501)]},
        {"lines": [LINE | {"source": "x" * 2001}]},
        {"mode": "sometimes"},
        {"transcript": {"uri": f"setu://asr/other/2026-01-01/{'0' * 64}-00000000", "bytes": 1, "media_type": "a/b"}},
    ],
)
async def test_what_nobody_but_our_services_may_ask_is_refused(http, change):
    refused = await http.post("/v1/enhancements", json=ASKED | change, headers=SOON)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


async def test_nobody_sees_or_ends_what_another_tenant_asked_for(gateway_settings, enhancer_url):
    book = KeyBook(gateway_settings.core.database)
    settings = replace(
        gateway_settings, pipeline=PipelineSettings(enhancer_url=enhancer_url), edge=EdgeSettings(auth="keys", keys_ttl_s=0.05)
    )
    mine, other = ({"Authorization": f"Bearer {book.create(each)[1]}"} for each in ("acme", "other"))
    async with loopback(make_app(settings)) as url, create_client(url, service_token=None, timeout_s=20) as http:
        accepted = await http.post("/v1/enhancements", json=ASKED, headers={**mine, **SOON, "Setu-Tenant": "other"})
        location = accepted.headers["location"]
        assert (await http.get(location, headers=mine)).status_code == 200
        assert (await http.get(location, headers=other)).status_code == 404
        assert (await http.delete(location, headers=other)).status_code == 404
        assert (await http.get(location, headers=mine)).json()["state"] == "queued"


async def test_the_typed_client_waits_for_what_it_asks_for(http, ended):
    client = EnhancerClient(HttpCaller(http))
    lines = LinesToEnhance.model_validate(ASKED)
    result, _ = await asyncio.gather(client.enhance(lines), ended(result_of("Raj came")))
    assert [line.text for line in result.lines] == ["Raj came"]
    scores = QualityRequest.model_validate(ASKED | {"lines": [{"source": "राज", "text": "Raj"}]})
    score = {"total": 90, "accuracy": 90, "fluency": 90, "consistency": 90, "cultural": 90, "confidence": 0.5}
    report, _ = await asyncio.gather(client.score(scores), ended({"scores": [score], "mean": score}))
    assert report.mean.total == 90
    problem = {"title": "No", "status": 422, "code": "lines-differ", "detail": "They differ."}
    with pytest.raises(RemoteProblem, match="They differ"):
        await asyncio.gather(client.enhance(lines), ended(None, problem))
    with pytest.raises(DeadlineExceeded, match=r"/v1/operations/"):
        await client.enhance(lines, within_s=0.2)


async def test_what_became_of_a_jobs_lines_is_told_to_programs_and_to_people(http, gateway_settings):
    core = gateway_settings.core
    jobs = await end_jobs(core.database, core.redis, core.store)
    client = EnhancerClient(HttpCaller(http))
    audit = await client.of_job(jobs.succeeded, "en")
    assert [(line.draft, line.text, line.changed) for line in audit.lines] == [
        ("Good day.", "Hello.", True),
        ("Goodbye.", "Goodbye.", False),
    ]
    glossary = await client.glossary(jobs.succeeded, "en")
    assert [(entry.target, entry.provenance) for entry in glossary.entries] == [("Day", "caller")]
    assert await client.page_of_job(jobs.succeeded, "en") == b"<!doctype html>"
    page = await http.get(f"/jobs/{jobs.succeeded}/enhancements/en.html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert await missing(http, jobs.succeeded, "hi") == ("enhancement-missing", "into these languages: en")
    assert await missing(http, jobs.failed, "en") == ("enhancement-missing", "not edited: impossible")
    assert await missing(http, uuid4(), "en") == ("job-not-found", "")
    async with await psycopg.AsyncConnection.connect(core.database.url, autocommit=True) as db:
        await db.execute(
            "UPDATE gateway.stage SET note = 'not possible. Name a model.' WHERE stage = 'enhance' AND state = 'skipped'"
        )
    skipped = await http.get(f"/jobs/{jobs.failed}/enhancements/en")
    assert skipped.json()["detail"] == "The translation was not edited: not possible. Name a model."


async def missing(http, job_id: UUID, language: str) -> tuple[str, str]:
    """Why there is no audit: the code, and what of the detail is known here."""
    answer = await http.get(f"/jobs/{job_id}/enhancements/{language}")
    assert answer.status_code == 404
    told = ("into these languages: en", "not edited: impossible")
    return answer.json()["code"], next((each for each in told if each in answer.json()["detail"]), "")


async def test_whoever_erases_what_runs_is_told_that_it_is_being_cancelled(http, gateway_settings):
    accepted = await http.post("/v1/enhancements", json=ASKED, headers={"Prefer": "respond-async"})
    assert accepted.status_code == 202
    async with await psycopg.AsyncConnection.connect(gateway_settings.core.database.url, autocommit=True) as db:
        await db.execute("UPDATE enhancer.operation SET state = 'running', lease_until = now() + interval '1 hour'")
    refused = await http.delete(accepted.headers["location"], params={"purge": "true"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert "is being cancelled now" in refused.json()["detail"]


async def test_a_preference_that_says_nothing_of_waiting_leaves_the_usual_wait(http, ended):
    asking = http.post("/v1/enhancements", json=ASKED, headers={"Prefer": "return=minimal"})
    answer, _ = await asyncio.gather(asking, ended(result_of("Raj came")))
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
