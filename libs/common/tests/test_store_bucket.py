"""The object store in a bucket: what it sends, what it does of what a bucket answers, and what it tells of it."""

import os
import random
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bucketed.places import Bucket
from setu_common.contracts import Reference
from setu_common.errors import DependencyUnavailable
from setu_common.settings import StoreSettings
from setu_common.store import Store
from setu_common.store.bucket import RETRY
from setu_common.store.bucket_failures import AWAY, BUSY, NO_BUCKET, REFUSED, Runtime
from setu_common.store.bucket_writing import PART_BYTES
from setu_common.store.writing import PIECE_BYTES
from setu_common.web.health import health_router

GONE = Reference(uri=f"setu://asr/acme/2026-01-31/{'0' * 64}-{'0' * 8}", bytes=1, media_type="a/b")
LARGE = random.Random(0).randbytes(4 * PART_BYTES + 17)
TRIES = 4


@pytest.fixture(autouse=True)
def _without_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RETRY["backoff"], "init_backoff", timedelta(seconds=0.02))


@pytest.fixture
def store(bucket: Bucket) -> Store:
    return Store(bucket.settings, "asr")


async def told_by_all(store: Store) -> set[str]:
    """What is told of each thing that can be asked of a store that can't be used."""
    told = set()
    for attempt in (store.check(), store.read(GONE), store.put("acme", b"x", "a/b"), store.delete(GONE.uri)):
        with pytest.raises(DependencyUnavailable) as caught:
            await attempt
        assert caught.value.retry_after_s
        assert os.environ["AWS_SECRET_ACCESS_KEY"] not in str(caught.value.problem())
        told.add(caught.value.detail)
    return told


# --- what is sent


async def test_a_small_object_is_one_request(store: Store, bucket: Bucket) -> None:
    await store.put("acme", bytes(PIECE_BYTES - 1), "a/b")
    assert [asked["method"] for asked in bucket.server.asked()] == ["PUT"]


async def test_a_large_object_is_sent_in_parts_that_s3_takes(store: Store, bucket: Bucket) -> None:
    reference = await store.put("acme", LARGE, "a/b")
    parts = [asked["bytes"] for asked in bucket.server.asked("PUT", "partNumber")]
    assert parts == [PART_BYTES] * 4 + [17]
    assert await store.read(reference) == LARGE


async def test_a_part_of_an_object_is_all_that_is_asked_of_a_bucket(store: Store, bucket: Bucket) -> None:
    reference = await store.put("acme", LARGE, "a/b")
    read = b"".join([chunk async for chunk in store.stream(reference, 70_000, start=100_000, stop=300_000)])
    assert read == LARGE[100_000:300_000]
    assert [asked["range"] for asked in bucket.server.asked("GET")] == ["bytes=100000-299999"]


async def test_a_thousand_objects_are_erased_in_two_requests(store: Store, bucket: Bucket) -> None:
    paths = [f"asr/acme/2026-01-31/{number:064x}-{number:08x}" for number in range(1203)]
    bucket.put(*paths)
    await store.delete(*(f"setu://{path}" for path in paths))
    assert bucket.paths() == set()
    assert len(bucket.server.asked()) == 2


# --- what fails for a moment


@pytest.mark.parametrize(
    "fault",
    [
        {"method": "PUT", "query": "partNumber=2", "times": 2},
        {"method": "PUT", "query": "partNumber=3", "status": 500, "code": "InternalError"},
        {"method": "PUT", "query": "partNumber=4", "status": 0},
        {"method": "POST", "query": "uploads"},
        {"method": "DELETE", "times": 2},
        {"method": "GET"},
        {"method": "GET", "status": 0, "after_bytes": 1_000_000},
    ],
)
async def test_what_fails_for_a_moment_is_asked_again(store: Store, bucket: Bucket, fault: dict[str, object]) -> None:
    bucket.server.fail(**fault)
    reference = await store.put("acme", LARGE, "a/b")
    assert b"".join([chunk async for chunk in store.stream(reference)]) == LARGE
    assert bucket.paths() == {reference.path}


async def test_a_bucket_that_is_too_busy_for_long_is_told_after_as_many_tries_as_the_policy_has(
    store: Store, bucket: Bucket
) -> None:
    bucket.server.fail(times=99)
    with pytest.raises(DependencyUnavailable) as caught:
        await store.put("acme", b"x", "a/b")
    assert caught.value.detail == BUSY
    assert len(bucket.server.asked("PUT")) == TRIES


@pytest.mark.parametrize("query", ["partNumber=1", "partNumber=3", "partNumber=5"])
async def test_an_upload_that_fails_for_good_leaves_no_parts(store: Store, bucket: Bucket, query: str) -> None:
    bucket.server.fail(method="PUT", query=query, times=TRIES)
    with pytest.raises(DependencyUnavailable):
        await store.put("acme", LARGE, "a/b")
    assert bucket.paths() == set()


async def test_an_upload_that_is_left_halfway_leaves_no_parts(store: Store, bucket: Bucket) -> None:
    async with store.writer("acme", "a/b") as writer:
        await writer.write(LARGE)
    assert bucket.server.asked("PUT", "partNumber")
    assert bucket.paths() == set()


# --- what can't be used


async def test_a_bucket_that_is_away_is_told_soon(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    started = time.monotonic()
    assert await told_by_all(Store(bucket.settings, "asr")) == {AWAY}
    assert time.monotonic() - started < 60


@pytest.mark.parametrize(("name", "value"), [("AWS_SECRET_ACCESS_KEY", "not-it"), ("AWS_ACCESS_KEY_ID", "AKIAOFNOBODY")])
async def test_credentials_that_are_refused_are_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert await told_by_all(Store(bucket.settings, "asr")) == {REFUSED}


async def test_keys_that_are_good_for_a_time_only_are_sent_with_their_token(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SETU_SECRETS_FOLDER", str(tmp_path))
    for written in ("", "for-an-hour"):
        (tmp_path / "AWS_SESSION_TOKEN").write_text(written)
        bucket.server.ask("calm")
        with suppress(DependencyUnavailable):  # this server knows no such token
            await Store(StoreSettings(url=bucket.settings.url), "asr").check()
        assert {asked["token"] for asked in bucket.server.asked()} == {written}


async def test_a_bucket_that_does_not_exist_is_told_and_not_taken_for_a_missing_object(bucket: Bucket) -> None:
    assert await told_by_all(Store(StoreSettings(url="s3://nobodys-bucket/x"), "asr")) == {NO_BUCKET}


def test_a_service_whose_bucket_can_not_be_used_is_not_ready(bucket: Bucket) -> None:
    def ready(settings: StoreSettings) -> int:
        app = FastAPI()
        app.include_router(health_router("asr", "1", {"store": Store(settings, "asr").check}))
        return TestClient(app, raise_server_exceptions=False).get("/readyz").status_code

    assert ready(bucket.settings) == 200
    assert ready(StoreSettings(url="s3://nobodys-bucket")) >= 500
    bucket.server.fail(times=1)
    assert ready(bucket.settings) >= 500


def test_a_process_forked_from_one_that_used_obstore_is_told_instead_of_hanging() -> None:
    runtime = Runtime()
    runtime.enter()
    runtime.enter()
    child = os.fork()
    if child == 0:
        try:
            runtime.enter()
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
