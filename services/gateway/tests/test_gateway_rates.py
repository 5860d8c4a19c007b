"""Rate limits of the gateway, over HTTP: each tenant has its own, and none where there are no keys."""

from contextlib import ExitStack
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from openai import AsyncOpenAI, RateLimitError

from setu_common.db import connect
from setu_common.testing import loopback
from setu_common.web import limits
from setu_gateway.app import make_app
from setu_gateway.keys.book import KeyBook
from setu_gateway.settings import EdgeSettings

MEDIA = {"media": ("talk.mp4", b"media", "video/mp4")}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """However busy the machine is, Redis is not taken for away."""
    monkeypatch.setattr(limits, "ASK_LIMIT_S", 20.0)


@pytest.fixture
def settings(gateway_settings):
    edge = EdgeSettings(auth="keys", rate_per_minute=3, rate_per_minute_by_tenant={"large": 6, "free": 0})
    return replace(gateway_settings, edge=edge)


@pytest.fixture
def key(settings):
    """A key of a tenant's."""
    return lambda tenant: KeyBook(settings.core.database).create(tenant)[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_tenant_has_one_limit_for_all_its_keys_at_all_gateways(settings, key):
    with ExitStack() as running:
        first, second = (running.enter_context(TestClient(make_app(settings))) for _ in range(2))
        keys = [key("small"), key("small")]
        answers = [api.get("/jobs", headers=bearer(each)).status_code for api in (first, second) for each in keys]
        assert answers == [200, 200, 200, 429]
        large, free = key("large"), key("free")
        assert [first.get("/jobs", headers=bearer(large)).status_code for _ in range(7)] == [200] * 6 + [429]
        assert {first.get("/jobs", headers=bearer(free)).status_code for _ in range(20)} == {200}


def test_an_upload_counts_as_a_request_and_what_is_refused_is_not_stored(settings, key):
    small = bearer(key("small"))
    with TestClient(make_app(settings)) as api:
        answers = [api.post("/jobs", files=MEDIA, headers=small) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
        job = answers[0].headers["location"]
        assert api.get(job, headers=small).status_code == 429
        media = api.get(f"{job}/media.mkv", params={"wait": 0}, headers=small)
    assert media.status_code == 409, media.text
    assert media.headers["ratelimit"].startswith('"following";r=2;')
    assert answers[3].json()["code"] == "rate-limited"
    with connect(settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT count(*) FROM job").fetchone() == (3,)


def test_without_keys_nothing_is_limited(gateway_settings):
    edge = EdgeSettings(allowed_hosts="testserver", rate_per_minute=1)
    with TestClient(make_app(replace(gateway_settings, edge=edge))) as api:
        answers = [api.get("/jobs") for _ in range(5)]
    assert [(answer.status_code, "ratelimit" in answer.headers) for answer in answers] == [(200, False)] * 5


async def test_the_openai_sdk_is_told_of_limits_in_its_own_way(settings, key):
    async with (
        loopback(make_app(settings)) as url,
        AsyncOpenAI(base_url=f"{url}/v1", api_key=key("small"), max_retries=0, timeout=30) as client,
    ):
        for _ in range(3):
            with pytest.raises(Exception, match="no model"):
                await client.audio.transcriptions.create(file=b"RIFF", model="no-such-model")
        with pytest.raises(RateLimitError) as told:
            await client.audio.transcriptions.create(file=b"RIFF", model="whisper-1")
    assert told.value.code == "rate-limited"
    assert 0 < int(told.value.response.headers["retry-after"]) <= 60
    assert told.value.response.headers["x-should-retry"] == "true"
