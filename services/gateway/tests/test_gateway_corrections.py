"""Subtitles that people corrected come back: read, judged, kept, and handed on once."""

import json
from uuid import uuid4

import pytest

from setu_common.contracts import CorrectionRequest, EditedCue, EditedSubtitles, OperationState
from setu_common.errors import IdempotencyConflict, NotFound, SetuError
from setu_common.http import create_client
from setu_common.testing import loopback
from setu_gateway.app import make_app
from setu_gateway.errors import JobBeingErased, JobNotFound, SubtitlesNotReady, SubtitlesNotRequested, UnknownLanguage
from setu_gateway.intake.upload import Upload
from setu_gateway.learning.corrections import Corrections
from setu_gateway.learning.errors import (
    CorrectionDoesNotFit,
    CorrectionMissing,
    CorrectionTooLarge,
    CorrectionUnreadable,
    LearningRefused,
)
from setu_gateway.learning.reading import MOST_BYTES, cues_of_file, edited_subtitles, read_correction
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.samples import an_enhancement
from setu_gateway.testing.stand import Stand
from testbed.jobs import end_jobs

SRT = "1\n00:00:00,500 --> 00:00:01,500\nराज, तुम कहाँ थे?\n\n2\n00:00:02,000 --> 00:00:02,900\n<i>घर।</i>\n"
VTT = "WEBVTT\n\n00:00.500 --> 00:01.500\nराज, तुम कहाँ थे?\n\n00:02.000 --> 00:02.900\n<i>घर।</i>\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.50,0:00:01.50,Default,,0,0,0,,राज, तुम कहाँ थे?\nDialogue: 0,0:00:02.00,0:00:02.90,Default,,0,0,0,,{\\i1}घर।{\\i0}\n"
)
CUES = (EditedCue(start_s=0.5, end_s=1.5, text="राज, तुम कहाँ थे?"), EditedCue(start_s=2.0, end_s=2.9, text="घर।"))
DELIVERED = {"language": "hi", "profile": "netflix", "cues": [{**cue.model_dump(), "segments": [0]} for cue in CUES]}


@pytest.mark.parametrize("text", [SRT, VTT, ASS, json.dumps(DELIVERED)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_format_is_told_by_how_it_begins(text, encoding):
    assert cues_of_file(text.encode(encoding)) == CUES


def test_cues_that_were_emptied_are_left_out():
    assert [cue.text for cue in cues_of_file(SRT.replace("<i>घर।</i>", "").encode())] == [CUES[0].text]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("é".encode("latin-1"), "UTF-8"),
        (b"what is this?", "no cue"),
        (b"WEBVTT\n\n1:2:3:4:5 --> 00:01.000\nHello\n", "time"),
        (b'{"cues": 3}', "no cues"),
        (b'{"cues": [', "JSON"),
        (b'{"cues": [{"start_s": 1, "end_s": 2, "text": 3}]}', "needs times"),
        (b'{"cues": [{"start_s": -1, "end_s": 2, "text": "a"}]}', "needs times"),
        (b'{"cues": [{"start_s": 3, "end_s": 2, "text": "a"}]}', "before it begins"),
        (json.dumps({"cues": [{"start_s": 1, "end_s": 2, "text": "a" * 2001}]}).encode(), "2000"),
    ],
)
def test_what_can_not_be_read_is_told_with_what_to_do(content, told):
    with pytest.raises(CorrectionUnreadable, match=told):
        cues_of_file(content)


def test_subtitles_need_a_known_language_and_some_text():
    with pytest.raises(UnknownLanguage):
        edited_subtitles("xx", CUES)
    with pytest.raises(CorrectionMissing):
        edited_subtitles("hi", [])
    with pytest.raises(CorrectionTooLarge):
        edited_subtitles("hi", [CUES[0]] * 50_001)
    assert edited_subtitles(" HI ", CUES) == EditedSubtitles(language="hi", cues=CUES)


async def chunks(content: bytes):
    for start in range(0, len(content), 1 << 20):
        yield content[start : start + (1 << 20)]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b"])
async def test_more_than_a_film_has_is_not_read(kind):
    begins = b'--b\r\nContent-Disposition: form-data; name="subtitles"; filename="a.srt"\r\n\r\n' if "form" in kind else b""
    with pytest.raises(CorrectionTooLarge) as raised:
        await read_correction(chunks(begins + b" " * (MOST_BYTES + 1)), kind)
    assert raised.value.context == {"limit_bytes": MOST_BYTES}


@pytest.fixture
def stand(database, store, jobs) -> Stand:
    return Stand(database, store, jobs)


@pytest.fixture
def corrections(stand) -> Corrections:
    return at(stand)


def at(stand: Stand, **settings: object) -> Corrections:
    changed = PipelineSettings().model_copy(update=settings)
    return Corrections(database=stand.database, store=stand.store, operations=stand.own, pipeline=PIPELINE, settings=changed)


def edited(language: str = "en", *, end_s: float = 2.5, text: str = "Raj?") -> EditedSubtitles:
    return EditedSubtitles(language=language, cues=(EditedCue(start_s=1.0, end_s=end_s, text=text),))


async def asked(stand: Stand, operation_id) -> CorrectionRequest:
    async with stand.database.reading() as connection:
        found = await connection.exec_driver_sql("SELECT request FROM operation WHERE id = %(id)s", {"id": operation_id})
        return CorrectionRequest.model_validate(found.scalar_one())


async def test_a_correction_of_a_target_says_what_was_delivered_and_of_the_source_what_was_heard(stand, corrections):
    job = await stand.finish(await stand.accept("en"))
    target = await asked(stand, (await corrections.accept("local", job.id, edited("en"), None)).id)
    assert (target.job_id, target.language, target.source_language) == (job.id, "en", "fr")
    assert target.delivered is not None
    assert (target.delivered.language, target.delivered.translated) == ("en", an_enhancement("en").translated)
    assert await stand.store.load(target.edited, EditedSubtitles) == edited("en")
    source = await asked(stand, (await corrections.accept("local", job.id, edited("fr"), None)).id)
    assert (source.language, source.source_language, source.delivered) == ("fr", "fr", None)
    assert source.transcript == target.transcript
    assert target.accepted_at is not None
    assert source.accepted_at is not None
    assert target.accepted_at < source.accepted_at


async def test_a_correction_that_is_sent_again_is_the_same_and_another_one_under_its_key_is_refused(stand, corrections):
    job = await stand.finish(await stand.accept("en"))
    first = await corrections.accept("local", job.id, edited(), "a-key")
    assert (await corrections.accept("local", job.id, edited(), "a-key")).id == first.id
    with pytest.raises(IdempotencyConflict) as raised:
        await corrections.accept("local", job.id, edited(text="Rahul?"), "a-key")
    assert raised.value.context == {"operation_id": str(first.id)}
    with pytest.raises(IdempotencyConflict):
        await corrections.accept("local", job.id, edited("fr"), "a-key")
    assert (await corrections.accept("local", job.id, edited(), None)).id != first.id
    other = await stand.finish(await stand.accept("en"))
    assert (await corrections.accept("local", other.id, edited(), "a-key")).id != first.id


async def test_only_what_was_delivered_of_this_recording_can_be_corrected(stand, corrections):
    with pytest.raises(JobNotFound):
        await corrections.accept("local", uuid4(), edited(), None)
    job = await stand.accept("en")
    with pytest.raises(SubtitlesNotReady):
        await corrections.accept("local", job.id, edited(), None)
    job = await stand.finish(job)
    with pytest.raises(JobNotFound):
        await corrections.accept("other", job.id, edited(), None)
    with pytest.raises(SubtitlesNotRequested):
        await corrections.accept("local", job.id, edited("hi"), None)
    with pytest.raises(CorrectionDoesNotFit, match=r"at 13\.1 s, and the recording at 3\.0 s"):
        await corrections.accept("local", job.id, edited(end_s=13.1), None)
    assert (await corrections.accept("local", job.id, edited(end_s=12.9), None)).state is OperationState.QUEUED


async def refusing(stand: Stand) -> JobRecord:
    request = (await stand.accept("en")).request
    media = await stand.store.put("local", b"media", "video/mp4")
    overrides = request.overrides.model_copy(update={"learn": False})
    job = await stand.jobs.accept("local", Upload(request.model_copy(update={"overrides": overrides}), "talk.mp4", media), None)
    return await stand.finish(job)


async def test_nothing_is_learned_of_a_job_whose_caller_or_tenant_wants_none_of_it(stand, corrections):
    job = await refusing(stand)
    with pytest.raises(LearningRefused):
        await corrections.accept("local", job.id, edited(), None)
    willing = await stand.finish(await stand.accept("en"))
    with pytest.raises(LearningRefused):
        await at(stand, learn_not_from="acme,local").accept("local", willing.id, edited(), None)


async def test_a_job_that_is_being_erased_is_not_corrected_and_its_corrections_go_with_it(stand, corrections):
    job = await stand.finish(await stand.accept("en"))
    operation = await corrections.accept("local", job.id, edited(), None)
    kept = (await asked(stand, operation.id)).edited
    await stand.jobs.purge("local", job.id)
    with pytest.raises(JobBeingErased):
        await corrections.accept("local", job.id, edited(), None)
    for _ in range(3):
        await stand.advance(job)
    with pytest.raises(JobNotFound):
        await stand.jobs.get("local", job.id)
    with pytest.raises(NotFound):
        await corrections.get("local", operation.id)
    with pytest.raises(SetuError):
        await stand.store.read(kept)


async def test_nothing_but_corrections_is_told(stand, corrections):
    job = await stand.finish(await stand.accept("en"))
    operation = await corrections.accept("local", job.id, edited(), None)
    assert (await corrections.get("local", operation.id, 0, job.id)).kind == "corrections"
    async with stand.database.reading() as connection:
        rows = await connection.exec_driver_sql("SELECT id FROM operation WHERE kind <> 'corrections'")
        others = [row[0] for row in rows]
    assert len(others) >= 2
    for tenant, operation_id, job_id in (
        *(("local", other, None) for other in others), ("other", operation.id, None), ("local", operation.id, uuid4()),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await corrections.get(tenant, operation_id, 0, job_id)


@pytest.fixture
async def http(gateway_settings):
    async with loopback(make_app(gateway_settings)) as url, create_client(url, service_token=None, timeout_s=20) as client:
        yield client


async def test_a_file_is_sent_back_and_what_it_teaches_is_followed(http, database, gateway_settings):
    core = gateway_settings.core
    jobs = await end_jobs(core.database, core.redis, core.store)
    path = f"/jobs/{jobs.succeeded}/corrections"
    fields = {"language": "en"}
    sent = await http.post(path, data=fields, files={"subtitles": ("a.srt", SRT.encode())}, headers={"Idempotency-Key": "k"})
    assert sent.status_code == 202, sent.text
    assert sent.headers["location"] == f"{path}/{sent.json()['id']}"
    for where in (sent.headers["location"], f"/v1/operations/{sent.json()['id']}"):
        found = await http.get(where)
        assert (found.status_code, found.json()["kind"], found.json()["state"]) == (200, "corrections", "queued")
    as_json = await http.post(path, json={"language": "fr", "cues": [cue.model_dump() for cue in CUES]})
    assert as_json.status_code == 202, as_json.text
    for told, code in (
        ({"data": fields}, "unsupported-media-type"),
        ({"files": {"subtitles": ("a.srt", b"")}, "data": fields}, "correction-missing"),
        ({"files": {"subtitles": ("a.srt", SRT.encode())}}, "unknown-language"),
        ({"files": {"subtitles": ("a.srt", b"\xe9")}, "data": fields}, "subtitles-unreadable"),
        ({"files": {"subtitles": ("a.srt", SRT.encode())}, "data": fields | {"why": "so"}}, "unknown-field"),
        ({"json": [1]}, "malformed-upload"),
    ):
        assert (await http.post(path, **told)).json()["code"] == code
    assert (await http.get(f"{path}/{uuid4()}")).status_code == 404
    plan = await http.get(f"/jobs/{jobs.succeeded}/plan")
    assert plan.json()["prediction"]["plan"]["model"] == "tiny.en"
    assert (await http.get(f"/jobs/{jobs.failed}/plan")).json()["code"] == "plan-missing"
