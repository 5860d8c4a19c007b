"""How many jobs may be open: what is refused, what it is told, and that nothing of it is read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx2
import pytest
from openai import AsyncOpenAI, RateLimitError
from sqlalchemy import text

from setu_common.operations import tally
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.intake.backlog import _LOOK, Backlog, TooManyOpenJobs, TooManyOpenJobsInAll
from setu_gateway.keys.book import KeyBook
from setu_gateway.settings import BacklogSettings, EdgeSettings

MEDIA = {"media": ("talk.mp4", b"media", "video/mp4")}
OTHER_MEDIA = {"media": ("talk.mp4", b"another", "video/mp4")}
LONG_BYTES = 10**8


@pytest.fixture
def looking(monkeypatch):
    """Each request looks anew."""
    monkeypatch.setattr(tally, "LOOK_EVERY_S", 0.0)


@pytest.fixture
def small(gateway_settings):
    return replace(gateway_settings, backlog=BacklogSettings(max_open_jobs=2, max_open_jobs_all=3))


@asynccontextmanager
async def served(settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        loopback(make_app(settings)) as url,
        httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
    ):
        yield client


async def end(database, count: int = 1) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE job SET state = 'succeeded', ended_at = now() WHERE id IN "
                "(SELECT id FROM job WHERE ended_at IS NULL ORDER BY created_at LIMIT :count)"
            ),
            {"count": count},
        )


async def jobs_in(database) -> int:
    async with database.reading() as connection:
        return (await connection.execute(text("SELECT count(*) FROM job"))).scalar_one()


def refusal(response: httpx2.Response, code: str) -> dict:
    assert (response.status_code, response.headers["content-type"]) == (429, "application/problem+json"), response.text
    body = response.json()
    assert (body["code"], body["retryable"]) == (code, True)
    return body


async def test_a_tenant_with_as_many_jobs_as_it_may_have_is_told_when_to_come_again(small, database, store_settings):
    async with served(small) as client:
        assert [(await client.post("/jobs", files=MEDIA)).status_code for _ in range(2)] == [202, 202]
        refused = await client.post("/jobs", files=MEDIA)
    body = refusal(refused, "too-many-open-jobs")
    assert body["context"] == {"limit": 2}
    assert "Send the recording again once some have ended" in body["detail"]
    assert refused.headers["retry-after"] == "300"  # none has ended lately
    assert await jobs_in(database) == 2


@pytest.mark.usefixtures("looking")
async def test_there_is_room_again_once_jobs_have_ended_and_how_fast_says_when(small, database):
    async with served(small) as client:
        for _ in range(2):
            await client.post("/jobs", files=MEDIA)
        await end(database, 2)
        assert [(await client.post("/jobs", files=MEDIA)).status_code for _ in range(2)] == [202, 202]
        refused = await client.post("/jobs", files=MEDIA)
    refusal(refused, "too-many-open-jobs")
    assert refused.headers["retry-after"] == "30"  # two in the last minute


@pytest.mark.parametrize("path", ["/jobs", "/v1/audio/transcriptions", "/v1/audio/translations"])
async def test_what_is_refused_is_not_read(small, store_settings, path):
    async with served(small) as client:
        for _ in range(2):
            await client.post("/jobs", files=MEDIA)
        where = urlsplit(str(client.base_url))
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {LONG_BYTES}\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        # Nothing of the body is ever sent: whoever waited for it would wait here for ever.
        async with asyncio.timeout(30):
            status = await reader.readline()
        writer.close()
    assert status.split()[1] == b"429"


async def test_a_request_that_was_taken_before_is_answered_with_its_job_however_many_are_open(small, database):
    key = {"Idempotency-Key": "once"}
    async with served(small) as client:
        first = await client.post("/jobs", files=MEDIA, headers=key)
        await client.post("/jobs", files=MEDIA)
        again = await client.post("/jobs", files=MEDIA, headers=key)
        other = await client.post("/jobs", files=OTHER_MEDIA, headers=key)
        refusal(await client.post("/jobs", files=MEDIA, headers={"Idempotency-Key": "new"}), "too-many-open-jobs")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-conflict")
    assert await jobs_in(database) == 2


async def test_tenants_have_a_limit_each_and_one_together(small, database):
    settings = replace(small, edge=EdgeSettings(auth="keys"))
    keys = KeyBook(settings.core.database)
    one, two = ({"Authorization": f"Bearer {keys.create(tenant)[1]}"} for tenant in ("one", "two"))
    async with served(settings) as client:
        assert [(await client.post("/jobs", files=MEDIA, headers=one)).status_code for _ in range(3)] == [202, 202, 429]
        assert (await client.post("/jobs", files=MEDIA, headers=two)).status_code == 202
        refusal(await client.post("/jobs", files=MEDIA, headers=two), "too-many-open-jobs-in-all")
    assert await jobs_in(database) == 3


async def test_uploads_at_the_same_moment_do_not_overshoot(small, database):
    async with served(small) as client:
        answers = await asyncio.gather(*(client.post("/jobs", files=MEDIA) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [202] * 2 + [429] * 10
    assert await jobs_in(database) == 2


async def test_an_upload_that_is_refused_for_what_it_is_takes_no_room(small):
    async with served(small) as client:
        for _ in range(5):
            assert (await client.post("/jobs", files={"media": ("a.mp4", b"", "video/mp4")})).status_code == 422
        assert (await client.post("/jobs", files=MEDIA)).status_code == 202


async def test_another_gateway_sees_what_was_taken_within_a_second(small):
    async with served(small) as first, served(small) as second:
        assert (await second.post("/jobs", files=MEDIA)).status_code == 202
        await first.post("/jobs", files=MEDIA)
        # The second has not looked since: it may let in what it believes there is room for, and no more.
        late = [(await second.post("/jobs", files=MEDIA)).status_code for _ in range(3)]
    assert late[1:] == [429, 429]


@pytest.mark.usefixtures("looking")
async def test_without_a_limit_there_is_none(gateway_settings, database):
    unlimited = replace(gateway_settings, backlog=BacklogSettings(max_open_jobs=0, max_open_jobs_all=0))
    async with served(unlimited) as client:
        assert {(await client.post("/jobs", files=MEDIA)).status_code for _ in range(3)} == {202}


@pytest.mark.parametrize(
    ("limits", "refusal_"), [({"max_open_jobs_all": 0}, TooManyOpenJobs), ({"max_open_jobs": 0}, TooManyOpenJobsInAll)]
)
async def test_either_limit_counts_alone(jobs, store, database, limits, refusal_):
    settings = BacklogSettings(**{"max_open_jobs": 1, "max_open_jobs_all": 1, **limits})
    backlog = Backlog(database, settings)
    async with backlog.place("one") as taken:
        taken()
    with pytest.raises(refusal_):
        async with backlog.place("one"):
            pytest.fail("there is no room")


async def test_the_openai_sdk_is_told_that_there_are_too_many_in_its_own_way(small):
    async with served(small) as client:
        for _ in range(2):
            await client.post("/jobs", files=MEDIA)
        async with AsyncOpenAI(base_url=f"{client.base_url}/v1", api_key="any", max_retries=0, timeout=30) as sdk:
            with pytest.raises(RateLimitError) as told:
                await sdk.audio.transcriptions.create(file=b"RIFF", model="whisper-1")
    assert told.value.code == "too-many-open-jobs"
    assert told.value.response.headers["retry-after"] == "300"
    assert told.value.response.headers["x-should-retry"] == "true"


async def test_what_is_looked_up_is_found_through_its_own_indexes(jobs, database):
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO job (id, tenant, request, media_name, body_sha256, objects, state, ended_at)"
                " SELECT gen_random_uuid(), 'one', '{}', '', '', '{}', CASE WHEN n <= 500 THEN 'queued' ELSE 'failed' END,"
                " CASE WHEN n > 500 THEN now() - interval '1 day' END FROM generate_series(1, 20000) AS n"
            )
        )
        await connection.execute(text("ANALYZE job"))
    async with database.reading() as connection:
        values = {"most": 100_000, "lately_s": 60, "most_ended": 10_000}
        plan = await connection.execute(text(f"EXPLAIN {_LOOK.text}"), values)
        lines = "\n".join(row[0] for row in plan)
    assert "job_open" in lines
    assert "job_ended" in lines
    assert "Seq Scan" not in lines
