"""The commands about jobs, against a gateway that speaks the real wire and does as it is told."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from setu_common.contracts import (
    Degradation,
    Deliverable,
    JobPage,
    JobState,
    JobView,
    Problem,
    Reference,
    StageState,
    StageView,
)
from setu_common.errors import DependencyUnavailable, InvalidRequest, SetuError
from setu_common.testing.loopback import loopback
from toystack.watching import eventually

pytestmark = pytest.mark.enable_socket
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SRT = b"1\n00:00:00,000 --> 00:00:01,000\nHello.\n"


def job(state=JobState.SUCCEEDED, **changes) -> JobView:
    ended = STARTED + timedelta(seconds=7) if state.ended else None
    stages = (
        StageView(stage="transcribe", state=StageState.SUCCEEDED, run=1, progress=1, started_at=STARTED, duration_s=4.0),
        StageView(
            stage="translate", target="en", state=StageState.RUNNING, run=1, progress=0.5, started_at=STARTED, note="3 of 6"
        ),
    )
    fields = {
        "id": uuid4(),
        "state": state,
        "version": 1,
        "media_name": "clip.wav",
        "media": Reference(uri=f"setu://gateway/local/2026-01-02/{'0' * 64}-{'0' * 8}", bytes=1234, media_type="audio/wav"),
        "source_language": "fr",
        "target_languages": ("en",),
        "progress": 1.0 if state.ended else 0.4,
        "stages": stages,
        "created_at": STARTED,
        "ended_at": ended,
    }
    return JobView(**{**fields, **changes})


def delivered(**changes) -> JobView:
    files = tuple(
        Deliverable(language=language, format=form, url=f"/{language}.{form}", bytes=len(SRT))
        for language in ("fr", "en")
        for form in ("srt", "vtt", "json")
    )
    return job(deliverables=files, **changes)


class FakeGateway:
    """Keeps what it was asked, and answers with the next of ``answers`` or with ``jobs``."""

    def __init__(self) -> None:
        self.url = ""
        self.jobs: dict[UUID, list[JobView]] = {}
        self.keys: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.uploaded: list[dict[str, list[str]]] = []
        self.addressed: list[dict[str, object]] = []
        self.refusals: list[SetuError] = []
        self.next_job: list[JobView] = []

    def holds(self, *views: JobView) -> JobView:
        """A job that goes through these snapshots as it is watched."""
        views = tuple(view.model_copy(update={"id": views[0].id, "version": number}) for number, view in enumerate(views))
        self.jobs[views[0].id] = list(views)
        self.next_job = [views[0]]
        return views[0]

    def app(self):
        app = FastAPI()
        app.middleware("http")(self.refuse)
        app.post("/jobs", status_code=202)(self.submit)
        app.get("/jobs")(self.listed)
        app.get("/jobs/{job_id}")(self.one)
        app.delete("/jobs/{job_id}")(self.cancel)
        app.post("/jobs/{job_id}/retry")(self.retry)
        app.get("/jobs/{job_id}/events")(self.events)
        app.get("/jobs/{job_id}/subtitles/{name}")(self.subtitles)
        return app

    async def refuse(self, request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        self.asked.append((request.method, request.url.path))
        if request.method == "POST" and request.url.path == "/jobs":
            self.keys.append(request.headers["Idempotency-Key"])
        if self.refusals:
            problem = self.refusals.pop(0).problem("a-request")
            return JSONResponse(problem.model_dump(mode="json"), problem.status, media_type="application/problem+json")
        return await call_next(request)

    async def submit(self, request: Request) -> JobView:
        if request.headers["Content-Type"] == "application/json":
            self.addressed.append(await request.json())
            return self.next_job[0]
        async with request.form() as form:
            self.uploaded.append(
                {name: [str(value) for value in form.getlist(name) if isinstance(value, str)] for name in form}
            )
        return self.next_job[0]

    async def listed(self, cursor: str | None = None) -> JobPage:
        held = [views[-1].model_copy(update={"stages": ()}) for views in self.jobs.values()]
        first = int(cursor or 0)
        following = str(first + 2) if first + 2 < len(held) else None
        return JobPage(jobs=tuple(held[first : first + 2]), next_cursor=following)

    async def one(self, job_id: UUID) -> JobView:
        return self.jobs[job_id][-1]

    async def cancel(self, job_id: UUID) -> JobView:
        return self.jobs[job_id][-1].model_copy(update={"state": JobState.CANCELLING})

    async def retry(self, job_id: UUID) -> JobView:
        return self.jobs[job_id][0]

    async def events(self, job_id: UUID) -> StreamingResponse:
        async def told() -> AsyncIterator[str]:
            for view in self.jobs[job_id]:
                yield f"id: {view.version}\ndata: {view.model_dump_json()}\n\n"
            if not self.jobs[job_id][-1].state.ended:
                await asyncio.sleep(30)

        return StreamingResponse(told(), media_type="text/event-stream")

    async def subtitles(self, job_id: UUID, name: str) -> Response:
        return Response(SRT, media_type="text/plain")


@pytest.fixture
def gateway():
    """Served by a thread, since a command has the event loop of the test's own."""
    fake, up, done = FakeGateway(), threading.Event(), asyncio.Event()

    async def serve():
        async with loopback(fake.app()) as fake.url:
            up.set()
            await done.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert up.wait(10)
    yield fake
    loop.call_soon_threadsafe(done.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(b"RIFF" + bytes(5000))
    return path


def test_submit_saves_srt_and_vtt_of_every_language(gateway, run, clip, tmp_path):
    gateway.holds(job(JobState.QUEUED), job(JobState.RUNNING), delivered())
    done = run("submit", clip, "--to", "en", "--source", "fr", "--out", tmp_path / "out", "--url", gateway.url)
    assert done.exit_code == 0, done.output
    assert gateway.uploaded[0]["target_languages"] == ["en"]
    assert gateway.uploaded[0]["source_language"] == ["fr"]
    saved = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert saved == ["clip.en.srt", "clip.en.vtt", "clip.fr.srt", "clip.fr.vtt"]
    assert (tmp_path / "out" / "clip.en.srt").read_bytes() == SRT
    assert all(name in done.output for name in saved)
    assert "transcribe succeeded 4.0 s" in done.output


def test_submit_tries_again_with_the_same_key_while_the_gateway_is_away(gateway, run, clip, tmp_path):
    gateway.holds(delivered())
    gateway.refusals = [DependencyUnavailable("the database is away", retry_after_s=0.0) for _ in range(2)]
    done = run("submit", clip, "--to", "en", "--out", tmp_path, "--url", gateway.url)
    assert done.exit_code == 0, done.output
    assert len(gateway.keys) == 3
    assert len(set(gateway.keys)) == 1
    assert "the database is away" in done.output


def test_a_refusal_is_told_at_once_with_its_fields(gateway, run, clip, tmp_path):
    gateway.refusals = [InvalidRequest("the recording is no recording; send audio or video")]
    refused = run("submit", clip, "--url", gateway.url)
    assert refused.exit_code == 1
    assert "send audio or video" in refused.output
    assert len(gateway.keys) == 1


def test_a_job_that_failed_fails_the_command_says_why_and_how_to_retry(gateway, run, clip, tmp_path):
    problem = Problem(title="No speech", status=422, code="no-speech", detail="nobody speaks in it")
    failed = gateway.holds(job(JobState.RUNNING), job(JobState.FAILED, problem=problem))
    done = run("submit", clip, "--to", "en", "--out", tmp_path, "--url", gateway.url)
    assert done.exit_code == 1
    assert "nobody speaks in it" in done.output
    assert f"setu retry {failed.id} --url {gateway.url}" in done.output


def test_what_is_less_than_asked_is_told(gateway, run, clip, tmp_path):
    gateway.holds(delivered(degraded=(Degradation(stage="translate", target="en", reason="2 lines kept their source text"),)))
    done = run("submit", clip, "--to", "en", "--out", tmp_path, "--url", gateway.url)
    assert done.exit_code == 0
    assert "2 lines kept their source text" in done.output


def test_submit_without_waiting_prints_the_id_alone(gateway, run, clip):
    held = gateway.holds(job(JobState.QUEUED))
    done = run("submit", clip, "--no-wait", "--url", gateway.url)
    assert done.stdout.strip() == str(held.id)


def test_interrupted_it_says_how_to_go_on_and_how_to_cancel(gateway, clip, tmp_path):
    held = gateway.holds(job(JobState.RUNNING))
    command = [sys.executable, "-m", "setu_cli.main", "submit", str(clip), "--to", "en", "--url", gateway.url]
    # A shell that starts the tests in its background has them ignore interrupts, and what they start.
    command = ["env", "--default-signal=INT", *command]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=dict(os.environ))
    assert eventually(lambda: ("GET", f"/jobs/{held.id}/events") in gateway.asked)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f"setu jobs {held.id} --follow" in said
    assert f"setu cancel {held.id} --url {gateway.url}" in said
    assert ("DELETE", f"/jobs/{held.id}") not in gateway.asked


def test_every_wish_reaches_the_gateway(gateway, run, clip, tmp_path):
    gateway.holds(delivered())
    names = tmp_path / "names.txt"
    names.write_text("# who is who\nराज = Raj\n\nदिल्ली=Delhi\n", "utf-8")
    wishes = (
        "--term",
        "राज=Raaj",
        "--term",
        f"@{names}",
        "--prompt",
        "Raj, Delhi",
        "--model",
        "whisper-small",
        "--rules",
        "none",
    )
    more = (
        "--translation-engine",
        "llm",
        "--fresh",
        "--webhook",
        "https://example.org/told",
        "--quality",
        "speed",
        "--no-learn",
    )
    done = run("submit", clip, "--to", "en", *wishes, *more, "--out", tmp_path / "out", "--url", gateway.url)
    assert done.exit_code == 0, done.output
    form = gateway.uploaded[0]
    assert json.loads(form["context"][0]) == {
        "terms": [{"source": "राज", "target": "Raj"}, {"source": "दिल्ली", "target": "Delhi"}]
    }
    assert json.loads(form["overrides"][0]) == {
        "asr": {"model": "whisper-small", "prompt": "Raj, Delhi"}, "translation_engine": "llm", "reuse": False, "learn": False,
    }  # fmt: skip
    assert form["quality"] == ["speed"]
    assert form["subtitle_profile"] == ["none"]
    assert form["webhook_url"] == ["https://example.org/told"]


def test_an_address_is_sent_as_one_and_not_read_here(gateway, run, tmp_path):
    gateway.holds(delivered(media_name="talk.mp4"))
    done = run("submit", "https://media.example.org/talk.mp4", "--to", "en", "--out", tmp_path, "--url", gateway.url)
    assert done.exit_code == 0, done.output
    assert gateway.addressed == [{"media_url": "https://media.example.org/talk.mp4", "target_languages": ["en"]}]
    assert (tmp_path / "talk.en.srt").exists()


def test_the_formats_that_are_asked_for_are_saved(gateway, run, clip, tmp_path):
    gateway.holds(delivered())
    run("submit", clip, "--format", "json", "--format", "vtt", "--out", tmp_path / "out", "--url", gateway.url)
    assert sorted({path.suffix for path in (tmp_path / "out").iterdir()}) == [".json", ".vtt"]


def test_several_files_become_a_job_each_and_one_that_fails_holds_up_no_other(gateway, run, tmp_path):
    files = [tmp_path / f"{name}.wav" for name in ("one", "two", "three")]
    for path in files:
        path.write_bytes(b"RIFF" + bytes(100))
    gateway.refusals = [InvalidRequest("the recording is no recording")]
    gateway.holds(delivered(media_name="two.wav"))
    done = run("submit", *files, "--to", "en", "--out", tmp_path / "out", "--url", gateway.url)
    assert done.exit_code == 1
    assert f"{files[0]}: the recording is no recording" in done.output
    assert len(gateway.uploaded) == 2
    assert (tmp_path / "out" / "two.en.srt").exists()


def test_files_whose_subtitles_would_have_one_name_are_refused_before_anything_is_sent(gateway, run, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "talk.wav").write_bytes(b"RIFF")
    refused = run("submit", tmp_path / "a" / "talk.wav", tmp_path / "b" / "talk.wav", "--url", gateway.url)
    assert refused.exit_code == 2
    assert "another --out" in " ".join(refused.output.replace("│", " ").split())
    assert gateway.asked == []


@pytest.mark.parametrize("term", ["Raj", "=Raj", "राज=", "@/no/such/file"])
def test_a_term_that_is_none_is_refused_with_the_way_to_write_one(gateway, run, clip, term):
    refused = run("submit", clip, "--term", term, "--url", gateway.url)
    assert refused.exit_code == 2
    assert "SOURCE=TARGET" in refused.output or "can't be read" in refused.output


def test_an_unknown_language_is_refused_before_anything_is_sent(gateway, run, clip):
    refused = run("submit", clip, "--to", "klingon", "--url", gateway.url)
    assert refused.exit_code == 2
    assert "klingon" in refused.output
    assert gateway.asked == []


def test_jobs_lists_all_pages_up_to_the_limit(gateway, run):
    held = [gateway.holds(job()) for _ in range(5)]
    listed = run("jobs", "--url", gateway.url).output
    assert all(str(each.id) in listed for each in held)
    some = run("jobs", "--limit", 3, "--url", gateway.url).output
    assert sum(str(each.id) in some for each in held) == 3
    assert "There are more" in some


def test_no_jobs_yet_names_the_next_command(gateway, run):
    assert f"setu submit FILE --to en --url {gateway.url}" in run("jobs", "--url", gateway.url).output


def test_one_job_is_shown_in_detail_and_its_subtitles_are_saved(gateway, run, tmp_path):
    held = gateway.holds(delivered())
    shown = run("jobs", held.id, "--out", tmp_path / "out", "--url", gateway.url).output
    assert "translate → en" in shown
    assert "3 of 6" in shown
    assert "took 7.0 s" in shown
    assert (tmp_path / "out" / "clip.en.vtt").exists()


def test_a_job_whose_recording_is_yet_to_be_fetched_says_so(gateway, run):
    held = gateway.holds(job(JobState.RUNNING, media=None))
    assert "clip.wav, not fetched yet" in run("jobs", held.id, "--url", gateway.url).output


def test_a_name_from_the_gateway_cannot_lead_out_of_the_folder(gateway, run, tmp_path):
    held = gateway.holds(delivered(media_name="../../evil\\..\\x.wav"))
    assert run("jobs", held.id, "--out", tmp_path / "out", "--url", gateway.url).exit_code == 0
    assert min(path.name for path in (tmp_path / "out").iterdir()) == "x.en.srt"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_cancel_and_retry_ask_for_it_and_say_the_state(gateway, run):
    held = gateway.holds(job(JobState.RUNNING))
    assert "cancelling" in run("cancel", held.id, "--url", gateway.url).output
    assert f"setu jobs {held.id} --follow" in run("retry", held.id, "--url", gateway.url).output
    assert ("DELETE", f"/jobs/{held.id}") in gateway.asked
    assert ("POST", f"/jobs/{held.id}/retry") in gateway.asked


def test_without_a_stack_or_a_url_the_next_command_is_named(run, tmp_path):
    refused = run("jobs", "--home", tmp_path)
    assert refused.exit_code == 1
    assert f"setu up --home {tmp_path}" in refused.output
