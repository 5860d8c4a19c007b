"""The routes, over HTTP, on a real database and store."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from setu_common.contracts import JobPage, JobRequest, JobState, JobView, StageState
from setu_common.db import connect
from setu_gateway import repository
from setu_gateway.pipeline.advance import carried_out
from setu_gateway.pipeline.decision import decide
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.testing.samples import (
    CAPTIONS,
    PLAN,
    PROFILE,
    TRANSCRIBE,
    enhance,
    failed,
    render,
    result_of,
    succeeded,
    translate,
)

MEDIA = {"media": ("talk.mp4", b"media", "video/mp4")}


@pytest.fixture
def move(api, database):
    """End stages of a job as the pipeline would, and write what follows."""

    async def move(job_id, *outcomes) -> None:
        async with database.transaction() as connection:
            before = await repository.load_job(connection, "local", job_id)
            assert before is not None
            ended = {stage.key: stage for stage in outcomes}
            seen = replace(before, stages=tuple(ended.get(stage.key, stage) for stage in before.stages))
            await repository.save_job(connection, before, carried_out(seen, decide(seen, PIPELINE)))

    return move


def submit(api, *targets: str, **headers: str | bytes):
    return api.post("/jobs", files=MEDIA, data={"target_languages": list(targets)}, headers=headers)


def submitted(api, *targets: str) -> JobView:
    response = submit(api, *targets)
    assert response.status_code == 202, response.text
    return JobView.model_validate_json(response.content)


def problem(response, status: int, code: str) -> dict:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), response.text
    body = response.json()
    assert body["code"] == code, body
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["detail"]
    return body


def objects(store_settings) -> list[Path]:
    return [path for path in Path(store_settings.url.removeprefix("file://")).rglob("*") if path.is_file()]


def test_a_job_is_accepted_and_can_be_looked_at_where_the_answer_says(api):
    response = submit(api, "en", "hi")
    assert response.status_code == 202
    job = JobView.model_validate_json(response.content)
    assert response.headers["location"] == f"/jobs/{job.id}"
    assert job.media is not None
    assert (job.state, job.version, job.media_name, job.media.bytes) == (JobState.QUEUED, 1, "talk.mp4", 5)
    assert job.target_languages == ("en", "hi")
    assert [(stage.stage, stage.target) for stage in job.stages] == list(
        PIPELINE.keys(JobRequest(target_languages=("en", "hi")))
    )
    assert JobView.model_validate(api.get(response.headers["location"]).json()) == job


def test_an_accepted_job_is_in_the_database_with_its_operation(api, gateway_settings):
    job = submitted(api, "en")
    with connect(gateway_settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT count(*) FROM stage WHERE job_id = %s", (job.id,)).fetchone() == (7,)
        assert connection.execute("SELECT job_id, state FROM operation").fetchall() == [(job.id, "queued")]


def test_a_refused_upload_leaves_neither_rows_nor_objects(api, gateway_settings, store_settings):
    problem(submit(api, "klingon"), 422, "unknown-language")
    problem(api.post("/jobs", files={"media": ("a.mp4", b"", "video/mp4")}), 422, "media-empty")
    problem(api.post("/jobs", data={"target_languages": "en"}, files={"other": b"x"}), 422, "unknown-field")
    problem(api.post("/jobs", json={"media": 1}), 422, "unknown-field")
    problem(api.post("/jobs", content=b"{}", headers={"Content-Type": "text/json"}), 415, "unsupported-media-type")
    problem(api.post("/jobs"), 415, "unsupported-media-type")
    problem(
        api.post("/jobs", content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=y"}), 400, "malformed-upload"
    )
    too_large = problem(api.post("/jobs", files={"media": ("a", b"a" * 1001, "a/b")}), 413, "upload-too-large")
    assert too_large["context"]["limit_bytes"] == 1000
    with connect(gateway_settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM job), (SELECT count(*) FROM operation)").fetchone() == (0, 0)
    assert objects(store_settings) == []


def test_a_body_that_says_it_is_too_large_is_refused_unread(api):
    headers = {"Content-Type": "multipart/form-data; boundary=y", "Content-Length": str(10**15)}
    problem(api.post("/jobs", content=b"", headers=headers), 413, "upload-too-large")


def test_the_same_key_and_request_give_the_same_job_and_keep_one_recording(api, store_settings):
    key = {"Idempotency-Key": "k1"}
    first, second = submit(api, "en", **key), submit(api, "en", **key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    assert first.headers["location"] == second.headers["location"]
    assert len(objects(store_settings)) == 1


def test_the_same_key_with_another_request_is_a_conflict_and_leaves_nothing(api, store_settings):
    key = {"Idempotency-Key": "k1"}
    first = submit(api, "en", **key)
    conflict = problem(submit(api, "hi", **key), 409, "idempotency-conflict")
    assert conflict["context"]["job_id"] == first.json()["id"]
    other_media = api.post("/jobs", files={"media": ("a", b"other", "a/b")}, data={"target_languages": "en"}, headers=key)
    problem(other_media, 409, "idempotency-conflict")
    assert len(objects(store_settings)) == 1


def test_the_key_of_a_job_that_is_being_erased_is_told_when_to_come_back(api, store_settings):
    key = {"Idempotency-Key": "k1"}
    first = submit(api, "en", **key).json()
    api.delete(f"/jobs/{first['id']}", params={"purge": "true"})
    response = submit(api, "en", **key)
    assert problem(response, 409, "job-being-erased")["retryable"] is True
    assert response.headers["retry-after"] == "2"
    assert len(objects(store_settings)) == 1


def test_jobs_without_a_key_are_jobs_of_their_own(api):
    assert submitted(api).id != submitted(api).id


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ключ".encode()])
def test_a_key_that_is_none_is_refused(api, key):
    problem(submit(api, **{"Idempotency-Key": key}), 422, "invalid-request")


def test_pages_go_through_all_jobs_newest_first(api):
    ids = [submitted(api).id for _ in range(5)]
    seen, cursor = [], None
    while True:
        page = JobPage.model_validate(api.get("/jobs", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json())
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.jobs) == 2
    assert seen == ids[::-1]


def test_a_page_shows_jobs_without_stages_and_of_one_state_where_asked(api, gateway_settings):
    cancelled, _ = submitted(api).id, submitted(api).id
    api.delete(f"/jobs/{cancelled}")
    page = JobPage.model_validate(api.get("/jobs", params={"state": "cancelling"}).json())
    assert [job.id for job in page.jobs] == [cancelled]
    assert page.jobs[0].stages == ()


def test_the_last_page_is_not_followed_by_an_empty_one(api):
    for _ in range(2):
        submitted(api)
    assert api.get("/jobs", params={"limit": 2}).json()["next_cursor"] is None


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": 10**30}, {"cursor": "x"}, {"cursor": "A" * 32}, {"cursor": "f" * 32}, {"cursor": "é"}, {"state": "done"}]
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(api, query):
    response = api.get("/jobs", params=query)
    if response.status_code != 200:  # some 24 bytes are a moment, however odd
        problem(response, 422, "invalid-request")


def test_an_unknown_job_is_not_found_by_any_route(api):
    unknown = f"/jobs/{uuid4()}"
    problem(api.get(unknown), 404, "job-not-found")
    problem(api.delete(unknown), 404, "job-not-found")
    problem(api.delete(unknown, params={"purge": "true"}), 404, "job-not-found")
    problem(api.post(f"{unknown}/retry"), 404, "job-not-found")
    problem(api.get(f"{unknown}/events"), 404, "job-not-found")
    problem(api.get(f"{unknown}/subtitles/en.srt"), 404, "job-not-found")
    problem(api.get("/jobs/1"), 422, "invalid-request")


async def test_another_tenants_job_is_not_found(api, database):
    job = submitted(api)
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE job SET tenant = 'other'"))
    problem(api.get(f"/jobs/{job.id}"), 404, "job-not-found")
    problem(api.delete(f"/jobs/{job.id}"), 404, "job-not-found")
    assert api.get("/jobs").json()["jobs"] == []


def test_a_caller_can_not_choose_its_tenant(api):
    job = submitted(api)
    assert api.get(f"/jobs/{job.id}", headers={"Setu-Tenant": "other"}).status_code == 200


def test_a_cancellation_is_written_once_and_wakes_the_pipeline(api, gateway_settings):
    job = submitted(api)
    with connect(gateway_settings.core.database, "gateway") as connection:
        connection.execute("UPDATE operation SET not_before = now() + interval '1 hour'")
        first, second = api.delete(f"/jobs/{job.id}"), api.delete(f"/jobs/{job.id}")
        assert (first.status_code, second.status_code) == (202, 202)
        assert (first.json()["state"], first.json()["version"], second.json()["version"]) == ("cancelling", 2, 2)
        assert connection.execute("SELECT not_before <= now() FROM operation").fetchall() == [(True,)]


async def test_what_has_ended_stays_as_it_is_when_cancelled(api, move):
    job = submitted(api)
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE), succeeded(CAPTIONS))
    assert api.delete(f"/jobs/{job.id}").json()["state"] == "succeeded"


async def test_a_retry_is_refused_unless_something_failed(api, move):
    job = submitted(api)
    problem(api.post(f"/jobs/{job.id}/retry"), 409, "job-not-ended")
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE), succeeded(CAPTIONS))
    problem(api.post(f"/jobs/{job.id}/retry"), 409, "nothing-to-retry")


async def test_a_retry_queues_the_job_again_with_an_operation_of_its_own(api, move, gateway_settings):
    job = submitted(api, "hi")
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE), succeeded(CAPTIONS), failed(translate("hi")))
    response = api.post(f"/jobs/{job.id}/retry")
    assert response.status_code == 202
    assert response.headers["location"] == f"/jobs/{job.id}"
    view = JobView.model_validate_json(response.content)
    assert (view.state, view.problem, view.ended_at) == (JobState.QUEUED, None, None)
    assert {(stage.stage, stage.target): (stage.run, stage.state) for stage in view.stages} == {
        PROFILE: (1, StageState.SUCCEEDED),
        PLAN: (1, StageState.SUCCEEDED),
        TRANSCRIBE: (1, StageState.SUCCEEDED),
        CAPTIONS: (1, StageState.SUCCEEDED),
        translate("hi"): (2, StageState.WAITING),
        enhance("hi"): (2, StageState.WAITING),
        render("hi"): (2, StageState.WAITING),
    }
    with connect(gateway_settings.core.database, "gateway") as connection:
        runs = connection.execute("SELECT request ->> 'run' FROM operation ORDER BY created_at").fetchall()
    assert runs == [("1",), ("2",)]


async def test_a_job_that_is_to_be_erased_is_not_retried(api, move):
    job = submitted(api)
    await move(job.id, failed(PROFILE))
    assert api.delete(f"/jobs/{job.id}", params={"purge": "true"}).status_code == 202
    problem(api.post(f"/jobs/{job.id}/retry"), 409, "job-being-erased")


async def test_erasing_an_ended_job_is_left_to_an_operation(api, move, gateway_settings):
    job = submitted(api)
    await move(job.id, failed(PROFILE))
    assert api.delete(f"/jobs/{job.id}", params={"purge": "true"}).json()["state"] == "failed"
    with connect(gateway_settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT count(*) FROM operation").fetchone() == (2,)


async def test_a_view_tells_each_stage_with_its_times(api, move):
    job = submitted(api)
    now = job.created_at
    done = replace(succeeded(TRANSCRIBE), started_at=now, ended_at=now + timedelta(seconds=3), model_time_s=2.5)
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), done)
    view = JobView.model_validate(api.get(f"/jobs/{job.id}").json())
    stage = view.stages[2]
    assert (stage.duration_s, stage.model_time_s, stage.cached, view.state) == (3.0, 2.5, False, JobState.RUNNING)
    assert view.source_language == "fr"


async def test_a_stage_whose_result_was_taken_from_earlier_work_says_so(api, move):
    job = submitted(api)
    await move(
        job.id,
        succeeded(PROFILE),
        succeeded(PLAN),
        replace(succeeded(TRANSCRIBE), result=result_of(TRANSCRIBE) | {"cached": True}),
    )
    view = JobView.model_validate(api.get(f"/jobs/{job.id}").json())
    assert [stage.cached for stage in view.stages] == [False, False, True, False]


async def test_subtitles_are_fetched_in_each_format(api, move, store):
    job = submitted(api)
    result = result_of(CAPTIONS)
    for file in result["files"]:
        media_type = {
            "srt": "application/x-subrip; charset=utf-8",
            "vtt": "text/vtt; charset=utf-8",
            "json": "application/json",
        }[file["format"]]
        file["reference"] = (await store.put("local", f"in {file['format']}".encode(), media_type)).model_dump(mode="json")
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE))
    await move(job.id, replace(succeeded(CAPTIONS), result=result))
    view = JobView.model_validate(api.get(f"/jobs/{job.id}").json())
    assert view.state is JobState.SUCCEEDED
    assert [(each.language, each.format) for each in view.deliverables] == [("fr", "srt"), ("fr", "vtt"), ("fr", "json")]
    fetched = {each.format: api.get(each.url) for each in view.deliverables}
    assert {name: response.text for name, response in fetched.items()} == {name: f"in {name}" for name in fetched}
    assert fetched["srt"].headers["content-type"] == "application/x-subrip; charset=utf-8"
    assert fetched["vtt"].headers["content-type"] == "text/vtt; charset=utf-8"
    assert fetched["json"].headers["content-type"] == "application/json"


async def test_subtitles_that_are_not_there_say_why(api, move):
    job = submitted(api, "hi")
    at = f"/jobs/{job.id}/subtitles"
    problem(api.get(f"{at}/hi.srt"), 409, "subtitles-not-ready")
    problem(api.get(f"{at}/pt.srt"), 409, "subtitles-not-ready")  # it may yet turn out to be the spoken language
    problem(api.get(f"{at}/en.doc"), 404, "unknown-format")
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE, "fr"))
    never = problem(api.get(f"{at}/pt.srt"), 404, "subtitles-not-requested")
    assert never["context"]["languages"] == ["fr", "hi"]
    problem(api.get(f"{at}/fr.srt"), 409, "subtitles-not-ready")
    await move(job.id, failed(CAPTIONS), failed(translate("hi")))
    hi, fr = (
        problem(api.get(f"{at}/hi.srt"), 409, "subtitles-failed"),
        problem(api.get(f"{at}/fr.vtt"), 409, "subtitles-failed"),
    )
    assert hi["context"]["failures"] == [{"stage": "translate", "code": "no-audio"}]
    assert fr["context"]["failures"] == [{"stage": "render", "code": "no-audio"}]


async def test_subtitles_of_a_cancelled_job_say_so(api, move):
    job = submitted(api, "en")
    api.delete(f"/jobs/{job.id}")
    await move(job.id)
    assert api.get(f"/jobs/{job.id}").json()["state"] == "cancelled"
    assert "cancelled" in problem(api.get(f"/jobs/{job.id}/subtitles/en.srt"), 409, "subtitles-failed")["detail"]


async def test_subtitles_that_the_store_lost_are_missing_and_no_defect(api, move):
    job = submitted(api)
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE))
    await move(job.id, succeeded(CAPTIONS))
    problem(api.get(f"/jobs/{job.id}/subtitles/fr.srt"), 404, "object-missing")


async def test_events_end_with_the_job_that_has_ended(api, move):
    job = submitted(api)
    await move(job.id, succeeded(PROFILE), succeeded(PLAN), succeeded(TRANSCRIBE), succeeded(CAPTIONS))
    response = api.get(f"/jobs/{job.id}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = dict(line.split(": ", 1) for line in response.text.strip().splitlines())
    view = JobView.model_validate(json.loads(lines["data"]))
    assert (lines["id"], view.state) == (str(view.version), JobState.SUCCEEDED)


def test_only_names_that_are_allowed_and_pages_of_those_may_use_it(api, store_settings):
    for host in ("testserver", "SETU.example:8080", "127.0.0.1:8080"):
        assert submit(api, Host=host, Origin=f"http://{host}").status_code == 202
    before = objects(store_settings)
    problem(api.get("/jobs", headers={"Host": "rebound.example"}), 403, "host-not-allowed")
    problem(submit(api, Host="rebound.example"), 403, "host-not-allowed")
    problem(submit(api, Origin="https://evil.example"), 403, "host-not-allowed")
    assert objects(store_settings) == before
    assert len(api.get("/jobs").json()["jobs"]) == 3


def test_the_document_tells_the_form_and_every_problem(api):
    document = api.get("/openapi.json").json()
    post = document["paths"]["/jobs"]["post"]
    form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["media"]["format"] == "binary"
    assert form["required"] == ["media"]
    assert set(form["properties"]) == (set(JobRequest.model_fields) - {"media_url"}) | {"media"}
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert (set(body["properties"]), body["required"]) == (set(JobRequest.model_fields), ["media_url"])
    assert "$ref" not in json.dumps(post["requestBody"])
    assert "media-url-refused" in post["responses"]["422"]["description"]
    assert "too-many-uploads" in post["responses"]["503"]["description"]
    assert "job-being-erased" in post["responses"]["409"]["description"]
    assert {"202", "400", "403", "408", "409", "413", "415", "422", "500", "503"} <= set(post["responses"])
    assert set(document["paths"]["/jobs/{id}/subtitles/{language}.{file_format}"]["get"]["responses"]) >= {
        "200",
        "404",
        "409",
    }


def test_the_gateway_is_ready_when_database_and_store_answer(api):
    assert api.get("/readyz").json()["checks"] == ["database", "store"]
