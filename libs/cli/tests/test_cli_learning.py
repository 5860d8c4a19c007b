"""``setu plan`` and ``setu correct``, against a gateway that speaks the real wire."""

import asyncio
import threading
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from setu_common.contracts import (
    AsrPlan,
    Candidate,
    Corrected,
    Forecast,
    Operation,
    OperationState,
    PlanReason,
    PlanResult,
    Prediction,
    Problem,
)
from setu_common.errors import InvalidRequest, SetuError
from setu_common.testing.loopback import loopback

pytestmark = pytest.mark.enable_socket
SRT = "1\n00:00:00,000 --> 00:00:01,000\nराज\n"


class Learning:
    """A gateway that is sent corrections: each is looked at once before it has ended as ``end`` says."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[tuple[UUID, str, str]] = []
        self.refusal: SetuError | None = None
        self.planned = PlanResult(prediction=Prediction(plan=AsrPlan(), quality="balanced"))
        self.operation = Operation(
            id=uuid4(),
            kind="corrections",
            state=OperationState.QUEUED,
            version=1,
            progress=0,
            attempt=0,
            created_at=datetime.now(UTC),
        )
        self.end: dict[str, object] = {}
        self.looks = 0

    def app(self) -> FastAPI:
        app = FastAPI()
        app.get("/jobs/{job_id}/plan")(self.plan)
        app.post("/jobs/{job_id}/corrections", status_code=202)(self.correct)
        app.get("/jobs/{job_id}/corrections/{correction_id}")(self.look)
        return app

    async def plan(self, job_id: UUID) -> PlanResult:
        return self.planned

    async def correct(self, job_id: UUID, request: Request) -> JSONResponse:
        if self.refusal is not None:
            problem = self.refusal.problem("a-request")
            return JSONResponse(problem.model_dump(mode="json"), problem.status, media_type="application/problem+json")
        async with request.form() as form:
            file = form["subtitles"]
            assert not isinstance(file, str)
            self.sent.append((job_id, str(form["language"]), (await file.read()).decode()))
        return JSONResponse(self.operation.model_dump(mode="json"), 202)

    async def look(self, job_id: UUID, correction_id: UUID) -> Operation:
        assert correction_id == self.operation.id
        self.looks += 1
        return self.operation.model_copy(update=self.end) if self.looks > 1 else self.operation


@pytest.fixture
def gateway():
    """Served by a thread, since a command has the event loop of the test's own."""
    fake, up, done = Learning(), threading.Event(), asyncio.Event()

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
def edited(tmp_path):
    path = tmp_path / "film.hi.srt"
    path.write_text(SRT, "utf-8")
    return path


def test_corrected_subtitles_are_sent_and_what_they_teach_is_told(gateway, run, edited):
    job_id = uuid4()
    taught = Corrected(job_id=job_id, language="hi", segment_count=40, changed_count=3, wer=0.125, learned=("राज → Raj",))
    gateway.end = {"state": OperationState.SUCCEEDED, "result": taught.model_dump(mode="json")}
    done = run("correct", job_id, edited, "--language", "hi", "--url", gateway.url)
    assert done.exit_code == 0, done.output
    assert gateway.sent == [(job_id, "hi", SRT)]
    assert gateway.looks == 2
    assert "3 of 40 lines were changed" in done.output
    assert "12.5% of the words" in done.output
    assert "राज → Raj" in done.output


def test_who_does_not_wait_is_told_where_it_will_be(gateway, run, edited):
    done = run("correct", uuid4(), edited, "--language", "hi", "--no-wait", "--url", gateway.url)
    assert done.exit_code == 0, done.output
    assert (str(gateway.operation.id) in done.output.replace("\n", ""), gateway.looks) == (True, 0)


def test_a_refusal_and_a_failure_are_told_with_what_to_do(gateway, run, edited):
    gateway.end = {
        "state": OperationState.FAILED,
        "problem": Problem(title="No", status=422, code="no", detail="They do not fit."),
    }
    failed = run("correct", uuid4(), edited, "--language", "hi", "--url", gateway.url)
    assert (failed.exit_code, "They do not fit." in failed.output) == (1, True)
    gateway.refusal = InvalidRequest("Send another file.")
    refused = run("correct", uuid4(), edited, "--language", "hi", "--url", gateway.url)
    assert (refused.exit_code, "Send another file." in refused.output) == (1, True)


def test_a_file_that_is_not_there_and_an_unknown_language_are_refused_before_anything_is_sent(gateway, run, edited, tmp_path):
    assert run("correct", uuid4(), tmp_path / "no.srt", "--language", "hi", "--url", gateway.url).exit_code == 2
    assert run("correct", uuid4(), edited, "--language", "xx", "--url", gateway.url).exit_code == 2
    assert gateway.sent == []


def test_a_plan_is_shown_with_its_reasons_and_with_what_it_was_chosen_from(gateway, run):
    forecast = Forecast(
        candidate=Candidate(model="whisper-base"), expected_wer=0.21, wer_low=0.1, wer_high=0.3, expected_time_s=60, time_low_s=50,
        time_high_s=70, utility=-0.3, ruled_out="takes longer than the deadline",
    )  # fmt: skip
    gateway.planned = PlanResult(
        prediction=Prediction(
            plan=AsrPlan(model="tiny.en", source="predicted", explanation="Clean speech."),
            quality="speed",
            forecasts=(forecast,),
            reasons=(PlanReason(feature="snr_db", value=30, wer_points=-2, said="Little noise: 2 points fewer errors"),),
        )
    )
    shown = " ".join(run("plan", uuid4(), "--url", gateway.url).output.split())
    for told in (
        "tiny.en, beam 5",
        "predicted",
        "Clean speech.",
        "Little noise",
        "whisper-base, beam 5",
        "21% (10% to 30%)",
        "takes longer",
    ):
        assert told in shown
    gateway.planned = PlanResult(prediction=Prediction(plan=AsrPlan(), quality="speed", abstained="there is no model"))
    assert "Nothing was predicted: there is no model" in run("plan", uuid4(), "--url", gateway.url).output
