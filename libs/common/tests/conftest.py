"""Places for objects: a folder, and a bucket on a server that speaks S3."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bucketed.places import Bucket, Folder, Place, new_bucket
from bucketed.server import Server, serving_s3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Server]:
    """A server that speaks S3, shared by the tests of this process."""
    with serving_s3() as server:
        yield server


@pytest.fixture
def bucket(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket of the test's own, with credentials for it in the environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return new_bucket(s3_server)


@pytest.fixture(params=["folder", "durable folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for objects of each kind."""
    if request.param == "bucket":
        bucket: Bucket = request.getfixturevalue("bucket")
        return bucket
    return Folder(tmp_path / "a store", durable=request.param == "durable folder")
