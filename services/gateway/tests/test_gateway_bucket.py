"""The gateway with a bucket as its store: recordings go into it as they come, are played from it in parts, and leave nothing when they fail."""

from dataclasses import replace

import pytest

from bucketed.places import Bucket, new_bucket
from bucketed.server import serving_s3
from setu_common.settings import StoreSettings
from setu_common.store.bucket_failures import BUSY, REFUSED
from setu_common.store.bucket_writing import PART_BYTES
from setu_gateway.settings import GatewaySettings, UploadSettings

RECORDING = bytes(range(251)) * (3 * PART_BYTES // 251)
LIMIT_BYTES = 4 * PART_BYTES


@pytest.fixture(scope="module")
def s3_server():
    with serving_s3() as server:
        yield server


@pytest.fixture
def bucket(s3_server, monkeypatch) -> Bucket:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return new_bucket(s3_server)


@pytest.fixture
def store_settings(bucket) -> StoreSettings:
    return bucket.settings


@pytest.fixture
def gateway_settings(gateway_settings) -> GatewaySettings:
    return replace(gateway_settings, upload=UploadSettings(max_upload_bytes=LIMIT_BYTES))


def submitted(api, content: bytes):
    return api.post("/jobs", data={"target_languages": "fr"}, files={"media": ("film.wav", content, "audio/wav")})


def test_a_recording_is_sent_on_in_parts_and_played_in_parts(api, bucket):
    job = submitted(api, RECORDING)
    assert job.status_code == 202, job.text
    (path,) = bucket.paths()
    assert path == job.json()["media"]["uri"].removeprefix("setu://")
    assert sum(asked["bytes"] for asked in bucket.server.asked("PUT", "partNumber")) == len(RECORDING)

    part = api.get(f"{job.headers['location']}/media", headers={"Range": "bytes=1000-70999"})
    assert (part.status_code, part.content) == (206, RECORDING[1000:71_000])
    assert [asked["range"] for asked in bucket.server.asked("GET") if asked["range"]] == ["bytes=1000-70999"]


def test_a_form_that_breaks_off_leaves_no_parts(api, bucket):
    body = b"".join(
        [
            b'--x\r\nContent-Disposition: form-data; name="target_languages"\r\n\r\nfr\r\n',
            b'--x\r\nContent-Disposition: form-data; name="media"; filename="film.wav"\r\nContent-Type: audio/wav\r\n\r\n',
            RECORDING,
        ]
    )
    answer = api.post("/jobs", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.is_client_error, answer.text
    assert bucket.server.asked("PUT", "partNumber"), "nothing had been sent yet"
    assert bucket.paths() == set()


def test_an_upload_that_a_bucket_is_too_busy_for_is_refused_and_leaves_no_parts(api, bucket):
    bucket.server.fail(method="PUT", query="partNumber=3", times=99)
    answer = submitted(api, RECORDING)
    assert (answer.status_code, answer.json()["detail"]) == (503, BUSY)
    assert bucket.server.asked("PUT", "partNumber=2"), "nothing had been sent yet"
    assert bucket.paths() == set()


def test_a_bucket_that_cannot_be_used_is_told_by_readiness_and_to_who_uploads(api, bucket):
    assert api.get("/readyz").status_code == 200
    bucket.server.fail(times=99, status=403, code="AccessDenied")
    ready, refused = api.get("/readyz"), submitted(api, b"a little")
    assert (ready.status_code, ready.json()["code"]) == (503, "not-ready")
    assert "answer: store." in ready.json()["detail"]
    assert (refused.status_code, refused.json()["detail"]) == (503, REFUSED)
    bucket.server.ask("calm")
    assert api.get("/readyz").status_code == 200
