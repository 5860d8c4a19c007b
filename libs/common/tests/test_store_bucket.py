"""The object store in a bucket, as far as it goes without one."""

import os
import time

import pytest

from setu_common.contracts import Reference
from setu_common.errors import DependencyUnavailable
from setu_common.settings import StoreSettings
from setu_common.store import Store
from setu_common.store.bucket_writing import Runtime

GONE = Reference(uri=f"setu://asr/acme/2026-01-31/{'0' * 64}-{'0' * 8}", bytes=1, media_type="a/b")


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    return Store(StoreSettings(url="s3://bucket/some/prefix"), "asr")


async def test_a_bucket_that_is_away_is_told_soon_and_without_its_secrets(store: Store) -> None:
    started = time.monotonic()
    for attempt in (store.check(), store.read(GONE), store.put("acme", b"x", "a/b"), store.delete(GONE.uri)):
        with pytest.raises(DependencyUnavailable) as caught:
            await attempt
        assert caught.value.retry_after_s
        assert "secret" not in caught.value.detail
    assert time.monotonic() - started < 30


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
