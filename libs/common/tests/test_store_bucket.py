"""The object store in a bucket, as far as it goes without one."""

import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from setu_common.contracts import Reference
from setu_common.errors import DependencyUnavailable
from setu_common.settings import StoreSettings
from setu_common.store import Store
from setu_common.store.bucket_writing import Runtime

CONTENT = bytes(range(256)) * 40
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


class OneObject(BaseHTTPRequestHandler):
    """Speaks as much of S3 as reading an object takes, ranges included, whatever the object's name."""

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        start = int(asked[1]) if asked else 0
        stop = int(asked[2]) + 1 if asked and asked[2] else len(CONTENT)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Last-Modified", "Sat, 31 Jan 2026 10:00:00 GMT")
        self.send_header("ETag", '"x"')
        self.end_headers()
        self.wfile.write(CONTENT[start:stop])

    def log_message(self, *_arguments: object) -> None:
        """Silence."""


@pytest.fixture
def endpoint(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose bucket answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OneObject)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    yield Store(StoreSettings(url="s3://bucket/some/prefix"), "asr")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("start", "stop"), [(0, None), (0, 1), (5000, None), (100, 9000), (10_239, 10_240), (7, 7)])
async def test_a_part_of_an_object_is_all_that_is_asked_of_a_bucket(endpoint: Store, start: int, stop: int | None) -> None:
    read = b"".join([chunk async for chunk in endpoint.stream(GONE, 1000, start=start, stop=stop)])
    assert read == CONTENT[start:stop]
