"""A whole job whose recording, sound, transcript and subtitles lie in a bucket."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from bucketed.places import Bucket, new_bucket
from bucketed.server import serving_s3
from ownstack.jobs import Caller, named
from ownstack.speech import catalogue, recording
from ownstack.stack import OwnStack, own_stack
from ownstack.whole import declare_captions
from setu_cli.embedded.stack import SPEECH_MODEL
from setu_common.store.bucket_writing import PART_BYTES
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(180, func_only=True)]

JOB_S = 120.0
UNHEARD_BYTES = 3 * PART_BYTES


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with serving_s3() as server:
        yield new_bucket(server)


@pytest.fixture(scope="module")
def stack(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnStack]:
    catalogue().ensure(SPEECH_MODEL)
    settings = {"SETU_STORE_URL": bucket.settings.url, **bucket.server.environment}
    with own_stack(declare_captions, settings, tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """A few seconds of French in a file of many megabytes, of which nobody hears most."""
    file = recording(tmp_path, ("fr",), of=__name__)
    with file.open("ab") as opened:
        opened.write(b"junk" + struct.pack("<I", UNHEARD_BYTES) + bytes(UNHEARD_BYTES))
    return file


def test_a_job_lives_in_a_bucket_and_leaves_nothing_in_it(
    stack: OwnStack, caller: Caller, bucket: Bucket, long_file: Path
) -> None:
    job_id = caller.submitted(long_file, "fr")
    job = caller.ended(job_id, JOB_S)
    assert job["state"] == "succeeded", job["problem"]
    assert "-->" in caller.subtitles(job)["fr.srt"]
    assert eventually(lambda: bucket.paths() == named(stack), 10), (bucket.paths(), named(stack))
    assert not list(stack.home.store.rglob("*")), "something lies in the folder"

    sent = long_file.read_bytes()
    part = caller.http.get(f"/jobs/{job_id}/media", headers={"Range": "bytes=1000-70999"})
    assert (part.status_code, part.content) == (206, sent[1000:71_000])
    assert "bytes=1000-70999" in {asked["range"] for asked in bucket.server.asked("GET")}

    caller.gone(job_id, 30)
    assert eventually(lambda: bucket.paths() == set(), 10), bucket.paths()
