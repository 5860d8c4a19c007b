"""Jobs whose recording lies at a URL, and all that a form or a JSON body may ask for: over HTTP, on a real database and store."""

import json
from pathlib import Path

import pytest

from setu_common.contracts import JobRequest, JobView, StageState
from setu_common.db import connect

# An address of the public internet, so that nobody has to be asked for it.
URL = "http://93.184.216.34/clips/My%20talk.mp4?signature=x"
WISHES = {
    "source_language": "hi",
    "context": {"terms": [{"source": "राज", "target": "Raj"}]},
    "overrides": {"asr": {"beam_size": 2}, "translation_engine": "nllb", "reuse": False},
    "subtitle_profile": "broadcast",
    "webhook_url": "http://93.184.216.34/done",
}


def submit(api, **fields):
    return api.post("/jobs", json={"media_url": URL, "target_languages": ["en"], **fields})


def upload(api, **fields: str):
    return api.post("/jobs", files={"media": ("talk.mp4", b"media", "video/mp4")}, data=fields)


@pytest.fixture
def left(gateway_settings, store_settings):
    """How many jobs, operations and objects there are."""

    def left() -> tuple[int, int, int]:
        files = [path for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]
        with connect(gateway_settings.core.database, "gateway") as connection:
            counted = connection.execute("SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM operation)").fetchone()
        assert counted is not None
        return (*counted, len(files))

    return left


@pytest.fixture
def asked(gateway_settings):
    """What a job asks for, as its row has it."""

    def asked(job: JobView) -> JobRequest:
        with connect(gateway_settings.core.database, "gateway") as connection:
            row = connection.execute("SELECT request FROM job WHERE id = %s", (job.id,)).fetchone()
        assert row is not None
        return JobRequest.model_validate(row[0])

    return asked


def test_a_recording_at_a_url_is_accepted_and_fetched_later(api, left, asked):
    response = submit(api)
    assert response.status_code == 202, response.text
    job = JobView.model_validate_json(response.content)
    assert response.headers["location"] == f"/jobs/{job.id}"
    assert (job.media, job.media_name) == (None, "My talk.mp4")
    assert [(stage.stage, stage.state) for stage in job.stages[:2]] == [
        ("fetch", StageState.WAITING), ("profile", StageState.WAITING)
    ]  # fmt: skip
    assert JobView.model_validate(api.get(f"/jobs/{job.id}").json()) == job
    assert [each["id"] for each in api.get("/jobs").json()["jobs"]] == [str(job.id)]
    assert asked(job) == JobRequest(media_url=URL, target_languages=("en",))
    assert left() == (1, 1, 0)


def test_json_and_form_may_ask_for_the_same(api, asked):
    by_json = JobView.model_validate(submit(api, **WISHES).json())
    as_fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in WISHES.items()}
    by_form = JobView.model_validate(upload(api, target_languages="en", **as_fields).json())
    assert asked(by_json) == JobRequest.model_validate({"media_url": URL, "target_languages": ["en"], **WISHES})
    assert asked(by_form) == asked(by_json).model_copy(update={"media_url": None})


def test_the_same_key_and_url_give_the_same_job_and_another_url_is_a_conflict(api, left):
    key = {"Idempotency-Key": "k"}
    first, second = (api.post("/jobs", json={"media_url": URL}, headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    other = api.post("/jobs", json={"media_url": f"{URL}y"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-conflict")
    assert left() == (1, 1, 0)


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"media_url": None}, "media-missing", "media_url"),
        ({"media_url": "http://127.0.0.1:8080/jobs"}, "media-url-refused", "SETU_GATEWAY_OUTSIDE_ALLOWED"),
        ({"media_url": "http://169.254.169.254/latest"}, "media-url-refused", "public internet"),
        ({"media_url": "file:///etc/passwd"}, "media-url-refused", "http://"),
        ({"media_url": "http://93.184.216.34:25/"}, "media-url-refused", "Port 25"),
        ({"media_url": "http://nowhere.invalid/a.mp4"}, "media-url-unresolvable", "spelling"),
        ({"webhook_url": "http://localhost/"}, "webhook-url-refused", "public internet"),
        ({"webhook_url": "http://nowhere.invalid/"}, "webhook-url-unresolvable", "spelling"),
        ({"subtitle_profile": "bbc"}, "unknown-subtitle-profile", "netflix"),
        ({"target_languages": ["klingon"]}, "unknown-language", "'hi'"),
        ({"target_langauges": ["en"]}, "unknown-field", "target_languages"),
        ({"overrides": {"asr": {"beam_size": 0}}}, "invalid-request", "errors"),
        ({"overrides": {"asr": {"prompt": "\x00"}}}, "invalid-request", "NUL"),
    ],
)
def test_what_can_not_be_taken_is_told_at_once_and_leaves_nothing(api, left, fields, code, says):
    response = submit(api, **fields)
    assert (response.status_code, response.json()["code"]) == (422, code), response.text
    assert says in response.json()["detail"]
    assert response.headers["content-type"] == "application/problem+json"
    assert left() == (0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"webhook_url": "http://10.0.0.1/"}, "webhook-url-refused"),
        ({"subtitle_profile": "bbc"}, "unknown-subtitle-profile"),
        ({"context": "{"}, "malformed-upload"),
        ({"context": '{"names": 1}'}, "unknown-field"),
        ({"media_url": URL}, "unknown-field"),
    ],
)
def test_a_form_is_judged_like_json(api, left, fields, code):
    response = upload(api, **fields)
    assert response.json()["code"] == code, response.text
    assert left() == (0, 0, 0)


def test_a_body_that_is_no_json_or_too_much_of_it_is_refused(api, left):
    typed = {"Content-Type": "application/json"}
    broken = api.post("/jobs", content=b'{"media_url": ', headers=typed)
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed-upload")
    large = api.post("/jobs", content=b" " * (2 << 20), headers=typed)
    assert (large.status_code, large.json()["code"]) == (413, "payload-too-large")
    assert left() == (0, 0, 0)
